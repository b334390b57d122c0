"""Systems Manager: Run Command, Automation, OpsItems, and response plans of Incident Manager.

Run Command and Automation get parameters only from the target's input (API reference PutTargets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, api_call
from eventbridge_local.targets.kinds.shaping import fitted, transformed_object

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
    place=("region",),
)

AUTOMATION = Kind(
    name="Systems Manager Automation",
    service="ssm",
    resource=r"automation-definition/[^:]+(:[^:]+)?",
    client="ssm",
    request=_start_automation,
    place=("region",),
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
    place=("account",),
)
