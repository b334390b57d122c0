"""Rules from what is deployed: CloudFormation, SAM, CDK, Terraform and the Serverless Framework.

``read`` turns a source into a ``Plan``, which is data: ordinary API operations in the order in which they must run.
``run`` carries a plan out through the same operations that boto3's calls reach, so there is one validator for both.
Nothing here knows the mock, and nothing is sent anywhere.
"""

from __future__ import annotations

from eventbridge_local.iac.documents import BrokenFile
from eventbridge_local.iac.handlers import Handler
from eventbridge_local.iac.plan import Plan, Resource, Step, Unresolved
from eventbridge_local.iac.reading import read
from eventbridge_local.iac.report import LoadedRule, LoadedTarget, LoadReport, report_of
from eventbridge_local.iac.running import PlanRefused, run

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
    "Unresolved",
    "read",
    "report_of",
    "run",
]
