"""The part of the SAM transform that concerns EventBridge: events of functions and state machines become rules.

Source: AWS SAM Developer Guide, "EventBridgeRule", "CloudWatchEvent", "Schedule" and "Generated CloudFormation
resources", for names, target ids and defaults.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from eventbridge_local.iac.documents import Origin

TRANSFORM = "AWS::Serverless-2016-10-31"
FUNCTION = "AWS::Serverless::Function"
MACHINE = "AWS::Serverless::StateMachine"

_GLOBALS = {FUNCTION: "Function", MACHINE: "StateMachine"}
_TARGET_ID = {FUNCTION: "LambdaTarget", MACHINE: "StepFunctionsTarget"}
#: By event type, members of an event that belong to the rule: SAM's name to CloudFormation's.
_RULE_MEMBERS = {
    "Schedule": {"Schedule": "ScheduleExpression", "Name": "Name", "Description": "Description", "State": "State"},
    "EventBridgeRule": {
        "Pattern": "EventPattern",
        "EventBusName": "EventBusName",
        "RuleName": "Name",
        "State": "State",
    },
}
_RULE_MEMBERS["CloudWatchEvent"] = _RULE_MEMBERS["EventBridgeRule"]
_TARGET_MEMBERS = ("Input", "InputPath", "InputTransformer", "RetryPolicy")
_LONGEST_ID = 64


class _Addition(NamedTuple):
    logical_id: str
    resource: dict[str, Any]
    origin: Origin


def expand(template: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Return the template with globals applied and rules, roles and queues added, and the origin of each addition."""
    resources = template.get("Resources")
    if not isinstance(resources, dict):
        return template, {}
    shared = template.get("Globals")
    shared = shared if isinstance(shared, dict) else {}
    made: list[_Addition] = []
    out: dict[str, Any] = {}
    for logical_id, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind in _GLOBALS:
            resource = _with_globals(resource, shared.get(_GLOBALS[kind]))
            made.extend(_additions(logical_id, resource))
        out[logical_id] = resource
    for addition in made:
        out.setdefault(addition.logical_id, addition.resource)
    return {**template, "Resources": out}, {addition.logical_id: addition.origin for addition in made}


def _with_globals(resource: dict[str, Any], shared: Any) -> dict[str, Any]:
    """Return a resource with the globals in it; its own values win ("Globals section of the AWS SAM template")."""
    own = resource.get("Properties")
    own = own if isinstance(own, dict) else {}
    return {**resource, "Properties": _merged(shared, own) if isinstance(shared, dict) else own}


def _merged(shared: Any, own: Any) -> Any:
    if isinstance(shared, dict) and isinstance(own, dict):
        return {**shared, **{name: _merged(shared.get(name), value) for name, value in own.items()}}
    return shared + own if isinstance(shared, list) and isinstance(own, list) else own


def _additions(logical_id: str, resource: dict[str, Any]) -> Iterator[_Addition]:
    properties = resource["Properties"]
    base = ("Resources", logical_id, "Properties")
    alias = properties.get("AutoPublishAlias") if resource["Type"] == FUNCTION else None
    if isinstance(alias, str):
        function = {"FunctionName": {"Ref": logical_id}}
        origin = Origin((*base, "AutoPublishAlias"))
        yield _Addition(f"{logical_id}.Version", {"Type": "AWS::Lambda::Version", "Properties": function}, origin)
        named = {"Type": "AWS::Lambda::Alias", "Properties": {**function, "Name": alias}}
        yield _Addition(f"{logical_id}Alias{alias}", named, origin)
        yield _Addition(f"{logical_id}.Alias", named, origin)
    events = properties.get("Events")
    for event_id, event in events.items() if isinstance(events, dict) else ():
        kind = event.get("Type") if isinstance(event, dict) else None
        if kind == "ScheduleV2":
            yield _Addition(logical_id + event_id, {"Type": "AWS::Scheduler::Schedule"}, Origin(base))
        elif isinstance(kind, str) and kind in _RULE_MEMBERS:
            yield from _rule(logical_id, resource, event_id, event, alias)


def _rule(
    logical_id: str, resource: dict[str, Any], event_id: str, event: dict[str, Any], alias: Any
) -> Iterator[_Addition]:
    rule_id = logical_id + event_id
    given = event.get("Properties")
    given = given if isinstance(given, dict) else {}
    members = _RULE_MEMBERS[event["Type"]]
    origin = Origin(
        ("Resources", logical_id, "Properties", "Events", event_id),
        ("Properties",),
        {**{cfn: ours for ours, cfn in members.items()}, "Arn": ""},
        flat=True,
    )
    role = _role(logical_id, resource, rule_id)
    properties = {cfn: given[ours] for ours, cfn in members.items() if ours in given}
    if "Enabled" in given and "State" not in given:
        properties["State"] = _state(given["Enabled"])
    letters = given.get("DeadLetterConfig")
    queue_id = letters.get("QueueLogicalId", f"{rule_id}Queue") if isinstance(letters, dict) else None
    target = {
        "Id": _target_id(given, rule_id, _TARGET_ID[resource["Type"]]),
        "Arn": _arn(logical_id, resource["Type"], alias),
        **{name: given[name] for name in _TARGET_MEMBERS if name in given},
        **({"RoleArn": {"Fn::GetAtt": [f"{rule_id}Role", "Arn"]}} if role else {}),
        **({"DeadLetterConfig": {"Arn": _queue_arn(letters, queue_id)}} if isinstance(letters, dict) else {}),
    }
    condition = {"Condition": resource["Condition"]} if "Condition" in resource else {}
    yield _Addition(
        rule_id, {"Type": "AWS::Events::Rule", "Properties": {**properties, "Targets": [target]}, **condition}, origin
    )
    if role:
        yield role
    if isinstance(letters, dict) and letters.get("Type") == "SQS" and isinstance(queue_id, str):
        yield _Addition(queue_id, {"Type": "AWS::SQS::Queue", "Properties": {}, **condition}, origin)


def _state(enabled: Any) -> Any:
    if isinstance(enabled, dict) and "Fn::If" in enabled and isinstance(enabled["Fn::If"], list):
        condition, *values = enabled["Fn::If"]
        return {"Fn::If": [condition, *(_state(value) for value in values)]}
    if isinstance(enabled, dict):
        return enabled
    return "ENABLED" if enabled in (True, "true", "True") else "DISABLED"


def _target_id(given: Mapping[str, Any], rule_id: str, ending: str) -> Any:
    """Return the id of the target. SAM cuts an id that would be too long and adds letters of a hash."""
    target = given.get("Target")
    if isinstance(target, dict) and "Id" in target:
        return target["Id"]
    whole = rule_id + ending
    if len(whole) <= _LONGEST_ID:
        return whole
    digest = hashlib.sha1(rule_id.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()[:10]
    return f"{rule_id[: _LONGEST_ID - len(ending) - len(digest)]}{digest}{ending}"


def _arn(logical_id: str, kind: str, alias: Any) -> Any:
    if kind == MACHINE:
        return {"Ref": logical_id}
    return {"Ref": f"{logical_id}.Alias"} if isinstance(alias, str) else {"Fn::GetAtt": [logical_id, "Arn"]}


def _queue_arn(letters: Mapping[str, Any], queue_id: str | None) -> Any:
    return letters.get("Arn", {"Fn::GetAtt": [queue_id, "Arn"]})


def _role(logical_id: str, resource: dict[str, Any], rule_id: str) -> _Addition | None:
    if resource["Type"] != MACHINE:
        return None
    return _Addition(f"{rule_id}Role", {"Type": "AWS::IAM::Role", "Properties": {}}, Origin(("Resources", logical_id)))
