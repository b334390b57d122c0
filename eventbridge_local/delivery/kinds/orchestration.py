"""Targets that start a run of something: Step Functions, SageMaker pipelines, Glue workflows, Image Builder, Inspector.

The input reaches only Step Functions; the others are started and nothing more (User Guide eb-targets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.delivery.kinds.base import (
    Kind,
    Parameters,
    RulePlace,
    api_call,
    fitted,
    last_name,
    transformed_object,
)
from eventbridge_local.delivery.pending import AwsRequest, Handover
from eventbridge_local.errors import validation_error
from eventbridge_local.transforms import resolve_dynamic


def _start_execution(handover: Handover) -> AwsRequest:
    params: dict[str, Any] = {
        "stateMachineArn": handover.target.arn,
        "name": f"{handover.event.id}_{handover.new_id()}",  # it begins with the event's id (asserted on AWS)
        "input": handover.payload,
    }
    if handover.event.trace_header is not None:
        params["traceHeader"] = handover.event.trace_header
    return api_call(handover, "stepfunctions", "StartExecution", params)


def _start_pipeline(handover: Handover) -> AwsRequest:
    given = resolve_dynamic(handover.params.get("SageMakerPipelineParameters", {}), handover.event.envelope)
    params = {
        "PipelineName": last_name(handover.arn),
        "PipelineParameters": given.get("PipelineParameterList", []),
        "ClientRequestToken": handover.new_id(),
    }
    return api_call(
        handover, "sagemaker", "StartPipelineExecution", fitted("sagemaker", "StartPipelineExecution", params)
    )


def _start_workflow(handover: Handover) -> AwsRequest:
    return api_call(handover, "glue", "StartWorkflowRun", {"Name": last_name(handover.arn)})


def _start_image_pipeline(handover: Handover) -> AwsRequest:
    params = {"imagePipelineArn": handover.target.arn, "clientToken": handover.new_id()}
    return api_call(handover, "imagebuilder", "StartImagePipelineExecution", params)


def _start_assessment(handover: Handover) -> AwsRequest:
    return api_call(handover, "inspector", "StartAssessmentRun", {"assessmentTemplateArn": handover.target.arn})


STATE_MACHINE = Kind(
    name="Step Functions state machine",
    service="states",
    resource=r"stateMachine:[^:]+(:[^:]+)?",
    client="stepfunctions",
    request=_start_execution,
)

SAGEMAKER_PIPELINE = Kind(
    name="SageMaker pipeline",
    service="sagemaker",
    resource=r"pipeline/[^:/]+",
    client="sagemaker",
    request=_start_pipeline,
    parameters=Parameters("SageMakerPipelineParameters"),
)

GLUE_WORKFLOW = Kind(
    name="Glue workflow", service="glue", resource=r"workflow/[^:/]+", client="glue", request=_start_workflow
)

IMAGE_PIPELINE = Kind(
    name="Image Builder pipeline",
    service="imagebuilder",
    resource=r"image-pipeline/[^:/]+",
    client="imagebuilder",
    request=_start_image_pipeline,
)

ASSESSMENT_TEMPLATE = Kind(
    name="Inspector assessment template",
    service="inspector",
    resource=r"target/[^:/]+/template/[^:/]+",
    client="inspector",
    request=_start_assessment,
)


# Systems Manager: Run Command, Automation, OpsItems, and response plans of Incident Manager.
#
# Run Command and Automation get parameters only from the target's input (API reference PutTargets).


_COMMAND = frozenset({"DocumentName", "DocumentVersion", "Parameters"})
_OPS_ITEM = (
    "Title",
    "Description",
    "Source",
    "Category",
    "Severity",
    "Priority",
    "OperationalData",
    "Notifications",
)
_LONGEST_DESCRIPTION, _LONGEST_RAW_DATA = 2048, 10_000


def _send_command(handover: Handover) -> AwsRequest:
    wanted = transformed_object(handover)
    if wanted.keys() - _COMMAND:
        wanted = {"Parameters": wanted}  # the older form: the parameters of the document and nothing else
    params = {
        "DocumentName": handover.arn.resource.removeprefix("document/"),
        **wanted,
        "Targets": handover.params["RunCommandParameters"]["RunCommandTargets"],
    }
    return _in_the_rules_account(handover, "SendCommand", params)


def _start_automation(handover: Handover) -> AwsRequest:
    name, _, version = handover.arn.resource.removeprefix("automation-definition/").partition(":")
    params: dict[str, Any] = {"DocumentName": name}
    if version:
        params["DocumentVersion"] = version
    given = transformed_object(handover)
    if given:
        params["Parameters"] = given
    return _in_the_rules_account(handover, "StartAutomationExecution", params)


def _in_the_rules_account(handover: Handover, operation: str, params: dict[str, Any]) -> AwsRequest:
    """A document may belong to AWS or to another account; it runs where the rule is."""
    if isinstance(params.get("Parameters"), Mapping):
        given = params["Parameters"]
        params["Parameters"] = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    region = handover.arn.region or handover.region
    return AwsRequest("ssm", operation, fitted("ssm", operation, params), handover.account, region)


def _create_ops_item(handover: Handover) -> AwsRequest:
    event = handover.event
    wanted = {name[:1].upper() + name[1:]: value for name, value in transformed_object(handover).items()}
    params: dict[str, Any] = {
        "Title": event.detail_type,
        "Source": event.source,
        "Description": event.text[:_LONGEST_DESCRIPTION],
    }
    params |= {name: wanted[name] for name in _OPS_ITEM if name in wanted}
    if isinstance(params.get("OperationalData"), Mapping):
        params["OperationalData"] = {key: _upper_first(value) for key, value in params["OperationalData"].items()}
    return api_call(handover, "ssm", "CreateOpsItem", fitted("ssm", "CreateOpsItem", params))


def _upper_first(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name[:1].upper() + name[1:]: inner for name, inner in value.items()}


def _start_incident(handover: Handover) -> AwsRequest:
    details = {
        "source": handover.event.source,
        "timestamp": handover.event.time,
        "triggerArn": handover.rule.arn,
        "rawData": handover.payload[:_LONGEST_RAW_DATA],
    }
    params = {"responsePlanArn": handover.target.arn, "triggerDetails": details}
    return api_call(handover, "ssm-incidents", "StartIncident", params)


COMMAND_DOCUMENT = Kind(
    name="Systems Manager Run Command",
    service="ssm",
    resource=r"document/.+",
    client="ssm",
    request=_send_command,
    parameters=Parameters("RunCommandParameters", required=True),
    scope=("region",),
)

AUTOMATION = Kind(
    name="Systems Manager Automation",
    service="ssm",
    resource=r"automation-definition/[^:]+(:[^:]+)?",
    client="ssm",
    request=_start_automation,
    scope=("region",),
)

OPS_ITEM = Kind(
    name="Systems Manager OpsItem",
    service="ssm",
    resource=r"opsitem(/.*)?",
    client="ssm",
    request=_create_ops_item,
)

RESPONSE_PLAN = Kind(
    name="Incident Manager response plan",
    service="ssm-incidents",
    resource=r"response-plan/.+",
    client="ssm-incidents",
    request=_start_incident,
    scope=("account",),
)


# Redshift clusters and serverless workgroups: one statement or several through the Redshift Data API.


def _execute(handover: Handover) -> AwsRequest:
    params = dict(resolve_dynamic(handover.params["RedshiftDataParameters"], handover.event.envelope))
    if "SecretManagerArn" in params:
        params["SecretArn"] = params.pop("SecretManagerArn")
    serverless = handover.arn.service == "redshift-serverless"
    params |= {"WorkgroupName": handover.target.arn} if serverless else {"ClusterIdentifier": last_name(handover.arn)}
    operation = "BatchExecuteStatement" if params.get("Sqls") else "ExecuteStatement"
    return api_call(handover, "redshift-data", operation, fitted("redshift-data", operation, params))


def _one_of_each(target: Mapping[str, Any], at: RulePlace) -> None:
    """One form of statement, at most one of credentials. The beginning of the words was measured, their end not."""
    given = target["RedshiftDataParameters"]
    one_statement = ("Sql" in given) != bool(given.get("Sqls"))
    if not one_statement:
        raise validation_error(_either(target, "sql", "sqls"))
    if "DbUser" in given and "SecretManagerArn" in given:
        raise validation_error(_either(target, "dBUser", "secretManagerArn"))


def _either(target: Mapping[str, Any], one: str, other: str) -> str:
    members = f"RedshiftDataParameters.{one} or RedshiftDataParameters.{other}"
    return f"Either {members} must be provided for target {target['Id']}."


_STATEMENTS = Parameters("RedshiftDataParameters", required=True)

CLUSTER = Kind(
    name="Redshift cluster",
    service="redshift",
    resource=r"cluster:[^:/]+",
    client="redshift-data",
    request=_execute,
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)

WORKGROUP = Kind(
    name="Redshift Serverless workgroup",
    service="redshift-serverless",
    resource=r"workgroup/[^:/]+",
    client="redshift-data",
    request=_execute,
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)
