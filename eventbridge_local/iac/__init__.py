"""Infrastructure as code: rules from CloudFormation, SAM, CDK, Terraform and the Serverless Framework.

``read`` turns a source into a ``Plan``, which is data: ordinary API operations in the order in which they must run.
``run`` carries a plan out through the same operations that boto3's calls reach, so there is one validator for both.
Nothing is sent anywhere.

    run             from a path to rules on a bus; decides which format a path holds
    plan            ``Plan``, and the report of what was loaded
    steps           from declared resources to operations
    documents       YAML and JSON files with positions
    values, names   what is known before a deployment, and what resources will be called
    cloudformation  templates: intrinsic functions, stacks, nested templates
    sam, serverless, cdk   what these formats add to a template
    terraform       plans and states
    handlers        Python code of functions
"""

from __future__ import annotations

from eventbridge_local.iac.documents import BrokenFile
from eventbridge_local.iac.handlers import Handler
from eventbridge_local.iac.plan import (
    LoadedRule,
    LoadedTarget,
    LoadReport,
    Plan,
    Resource,
    Step,
    Unresolved,
    report_of,
)
from eventbridge_local.iac.run import (
    PlanRefused,
    TemplateSource,
    connect_handlers,
    create_undeclared_buses,
    load,
    read,
    run,
)

__all__ = [
    "BrokenFile",
    "Handler",
    "LoadReport",
    "LoadedRule",
    "LoadedTarget",
    "Plan",
    "PlanRefused",
    "Resource",
    "Step",
    "TemplateSource",
    "Unresolved",
    "connect_handlers",
    "create_undeclared_buses",
    "load",
    "read",
    "report_of",
    "run",
]
