"""Targets that start something: Step Functions, pipelines, workflows, Systems Manager, Redshift statements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local import transforms
from eventbridge_local.delivery.kinds.base import (
    Parameters,
    RuleScope,
    TargetKind,
    api_call,
    fitted,
    last_name,
    transformed_object,
)
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, PendingDelivery
from eventbridge_local.errors import validation_error
from eventbridge_local.json_text import JsonError, check_value

# Step Functions, SageMaker pipelines, Glue workflows, Image Builder, Inspector.
#
# The input reaches only Step Functions; the others are started and nothing more (User Guide eb-targets).


def _start_execution(pending: PendingDelivery) -> AwsRequest:
    """Return the request. Raises AttemptFailed for an input that is not one JSON value, as StartExecution asks for."""
    if pending.transformed is not None:
        try:
            check_value(pending.transformed)
        except JsonError:
            raise AttemptFailed("INVALID_PARAMETER", "The input of a state machine must be JSON.") from None
    params: dict[str, Any] = {
        "stateMachineArn": pending.target.arn,
        "name": f"{pending.event.id}_{pending.new_id()}",  # it begins with the event's id (asserted on AWS)
        "input": pending.payload,
    }
    if pending.event.trace_header is not None:
        params["traceHeader"] = pending.event.trace_header
    return api_call(pending, "stepfunctions", "StartExecution", params)


def _start_pipeline(pending: PendingDelivery) -> AwsRequest:
    given = transforms.resolve_dynamic(pending.params.get("SageMakerPipelineParameters", {}), pending.event.envelope)
    params = {
        "PipelineName": last_name(pending.arn),
        "PipelineParameters": given.get("PipelineParameterList", []),
        "ClientRequestToken": pending.new_id(),
    }
    return api_call(
        pending, "sagemaker", "StartPipelineExecution", fitted("sagemaker", "StartPipelineExecution", params)
    )


def _start_workflow(pending: PendingDelivery) -> AwsRequest:
    return api_call(pending, "glue", "StartWorkflowRun", {"Name": last_name(pending.arn)})


def _start_image_pipeline(pending: PendingDelivery) -> AwsRequest:
    params = {"imagePipelineArn": pending.target.arn, "clientToken": pending.new_id()}
    return api_call(pending, "imagebuilder", "StartImagePipelineExecution", params)


def _start_assessment(pending: PendingDelivery) -> AwsRequest:
    return api_call(pending, "inspector", "StartAssessmentRun", {"assessmentTemplateArn": pending.target.arn})


STATE_MACHINE = TargetKind(
    name="Step Functions state machine",
    service="states",
    resource=r"stateMachine:[^:]+(:[^:]+)?",
    client="stepfunctions",
    request=_start_execution,
    admission="input",
)

SAGEMAKER_PIPELINE = TargetKind(
    name="SageMaker pipeline",
    service="sagemaker",
    resource=r"pipeline/[^:/]+",
    client="sagemaker",
    request=_start_pipeline,
    admission="input",
    parameters=Parameters("SageMakerPipelineParameters"),
)

GLUE_WORKFLOW = TargetKind(
    name="Glue workflow", service="glue", resource=r"workflow/[^:/]+", client="glue", request=_start_workflow
)

IMAGE_PIPELINE = TargetKind(
    name="Image Builder pipeline",
    service="imagebuilder",
    resource=r"image-pipeline/[^:/]+",
    client="imagebuilder",
    request=_start_image_pipeline,
)

ASSESSMENT_TEMPLATE = TargetKind(
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


def _send_command(pending: PendingDelivery) -> AwsRequest:
    wanted = transformed_object(pending)
    if wanted.keys() - _COMMAND:
        wanted = {"Parameters": wanted}  # the older form: the parameters of the document and nothing else
    params = {
        "DocumentName": pending.arn.resource.removeprefix("document/"),
        **wanted,
        "Targets": pending.params["RunCommandParameters"]["RunCommandTargets"],
    }
    return _in_the_rules_account(pending, "SendCommand", params)


def _start_automation(pending: PendingDelivery) -> AwsRequest:
    name, _, version = pending.arn.resource.removeprefix("automation-definition/").partition(":")
    params: dict[str, Any] = {"DocumentName": name}
    if version:
        params["DocumentVersion"] = version
    given = transformed_object(pending)
    if given:
        params["Parameters"] = given
    return _in_the_rules_account(pending, "StartAutomationExecution", params)


def _in_the_rules_account(pending: PendingDelivery, operation: str, params: dict[str, Any]) -> AwsRequest:
    """Return a request in the account of the rule. The document may belong to AWS or another account."""
    if isinstance(params.get("Parameters"), Mapping):
        given = params["Parameters"]
        params["Parameters"] = {name: value if isinstance(value, list) else [value] for name, value in given.items()}
    region = pending.arn.region or pending.region
    return AwsRequest("ssm", operation, fitted("ssm", operation, params), pending.account, region)


def _create_ops_item(pending: PendingDelivery) -> AwsRequest:
    event = pending.event
    wanted = {name[:1].upper() + name[1:]: value for name, value in transformed_object(pending).items()}
    params: dict[str, Any] = {
        "Title": event.detail_type,
        "Source": event.source,
        "Description": event.text[:_LONGEST_DESCRIPTION],
    }
    params |= {name: wanted[name] for name in _OPS_ITEM if name in wanted}
    if isinstance(params.get("OperationalData"), Mapping):
        params["OperationalData"] = {key: _upper_first(value) for key, value in params["OperationalData"].items()}
    return api_call(pending, "ssm", "CreateOpsItem", fitted("ssm", "CreateOpsItem", params))


def _upper_first(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name[:1].upper() + name[1:]: inner for name, inner in value.items()}


def _start_incident(pending: PendingDelivery) -> AwsRequest:
    details = {
        "source": pending.event.source,
        "timestamp": pending.event.time,
        "triggerArn": pending.rule.arn,
        "rawData": pending.payload[:_LONGEST_RAW_DATA],
    }
    params = {"responsePlanArn": pending.target.arn, "triggerDetails": details}
    return api_call(pending, "ssm-incidents", "StartIncident", params)


COMMAND_DOCUMENT = TargetKind(
    name="Systems Manager Run Command",
    service="ssm",
    resource=r"document/.+",
    client="ssm",
    request=_send_command,
    admission="input",
    parameters=Parameters(
        "RunCommandParameters",
        required=True,
        missing="Parameter RunCommandParameters is not valid for target {id}.",  # quoted in public threads
    ),
    scope=("region",),
)

AUTOMATION = TargetKind(
    name="Systems Manager Automation",
    service="ssm",
    resource=r"automation-definition/[^:]+(:[^:]+)?",
    client="ssm",
    request=_start_automation,
    admission="input",
    scope=("region",),
)

OPS_ITEM = TargetKind(
    name="Systems Manager OpsItem",
    service="ssm",
    resource=r"opsitem(/.*)?",
    client="ssm",
    request=_create_ops_item,
    admission="input",
)

RESPONSE_PLAN = TargetKind(
    name="Incident Manager response plan",
    service="ssm-incidents",
    resource=r"response-plan/.+",
    client="ssm-incidents",
    request=_start_incident,
    scope=("account",),
)


# Redshift clusters and serverless workgroups: one statement or several through the Redshift Data API.


def _execute(pending: PendingDelivery) -> AwsRequest:
    params = dict(transforms.resolve_dynamic(pending.params["RedshiftDataParameters"], pending.event.envelope))
    if "SecretManagerArn" in params:
        params["SecretArn"] = params.pop("SecretManagerArn")
    serverless = pending.arn.service == "redshift-serverless"
    params |= {"WorkgroupName": pending.target.arn} if serverless else {"ClusterIdentifier": last_name(pending.arn)}
    operation = "BatchExecuteStatement" if params.get("Sqls") else "ExecuteStatement"
    return api_call(pending, "redshift-data", operation, fitted("redshift-data", operation, params))


def _one_of_each(target: Mapping[str, Any], at: RuleScope) -> None:
    """Refuse two forms of statement or of credentials. The beginning of the words was measured, their end not."""
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

CLUSTER = TargetKind(
    name="Redshift cluster",
    service="redshift",
    resource=r"cluster:[^:/]+",
    client="redshift-data",
    request=_execute,
    admission="input",
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)

WORKGROUP = TargetKind(
    name="Redshift Serverless workgroup",
    service="redshift-serverless",
    resource=r"workgroup/[^:/]+",
    client="redshift-data",
    request=_execute,
    admission="input",
    parameters=_STATEMENTS,
    checks=(_one_of_each,),
)
