"""A service of the Serverless Framework as the CloudFormation template that the framework would deploy.

Only functions, their ``eventBridge`` and ``schedule`` events, and the file's own ``resources`` are made.
Source: Serverless Framework documentation, "EventBridge Events" and "Schedule"; the names of rules, targets and logical
ids are the framework's.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from eventbridge_local.iac.documents import Document
from eventbridge_local.iac.intrinsics import text_of
from eventbridge_local.iac.naming import stack_name
from eventbridge_local.iac.origins import Origin
from eventbridge_local.iac.serverless_variables import Variables
from eventbridge_local.iac.stack import Exports
from eventbridge_local.iac.templates import Account
from eventbridge_local.iac.unknown import Path, Unknown, first_unknown

_LONGEST = 64
_SECTIONS = ("Resources", "Outputs", "Conditions", "Parameters", "Mappings", "Transform")
_NAMES = {
    "EventPattern": "pattern",
    "EventBusName": "eventBus",
    "ScheduleExpression": "schedule",
    "Name": "name",
    "Description": "description",
    "State": "enabled",
    "Input": "input",
    "InputPath": "inputPath",
    "InputTransformer": "inputTransformer",
    "RetryPolicy": "retryPolicy",
    "DeadLetterConfig": "deadLetterQueueArn",
}

Template = dict[str, Any]
Origins = dict[str, Origin]


def is_serverless(document: Document) -> bool:
    """Whether this is a ``serverless.yml``, whatever its name."""
    data = document.data
    return "service" in data and "provider" in data and "Resources" not in data


def template_of(
    document: Document, parameters: Mapping[str, Any], exports: Exports, where: Account
) -> tuple[Document, str, Origins]:
    """The service as a template, the name of its stack, and where each resource comes from."""
    variables = Variables(document.data, document.path.parent, parameters, exports, where.account, where.region)
    data = variables.resolved(document.data)
    template, origins = _own_resources(data)
    service = data["service"].get("name") if isinstance(data["service"], dict) else data["service"]
    stack = stack_name(f"{service}-{variables.stage}" if not isinstance(service, Unknown) else document.path.stem)
    resources = template.get("Resources")
    template["Resources"] = resources = resources if isinstance(resources, dict) else {}
    for key, function, path in _functions(data):
        for logical_id, resource, origin in _function(key, function, path, stack, data.get("provider")):
            resources.setdefault(logical_id, resource)
            origins.setdefault(logical_id, origin)
    exports.used.update(variables.used)
    return Document(FilePath(document.path), template, document.locate), stack, origins


def _own_resources(data: Mapping[str, Any]) -> tuple[Template, Origins]:
    """The sections of ``resources``, which may be one template or a list of them."""
    given = data.get("resources")
    parts: list[tuple[Path, Any]] = [(("resources",), given)]
    if isinstance(given, list):
        parts = [(("resources", number), part) for number, part in enumerate(given)]
    template: Template = {}
    origins: Origins = {}
    for path, part in parts:
        if not isinstance(part, dict):
            continue
        for section in _SECTIONS:
            content = part.get(section)
            before = template.get(section)
            if isinstance(content, dict):
                template[section] = {**(before if isinstance(before, dict) else {}), **content}
            elif content is not None:
                template[section] = content
        resources = template.get("Resources")
        for logical_id in resources if isinstance(resources, dict) else ():
            origins.setdefault(logical_id, Origin((*path, "Resources", logical_id), ("Properties",)))
    return template, origins


def _functions(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    given = data.get("functions")
    parts: list[tuple[Path, Any]] = [(("functions",), given)]
    if isinstance(given, list):
        parts = [(("functions", number), part) for number, part in enumerate(given)]
    for path, part in parts:
        for key, function in part.items() if isinstance(part, dict) else ():
            if isinstance(function, dict):
                yield key, function, (*path, key)


def _function(
    key: str, function: Mapping[str, Any], path: Path, stack: str, provider: Any
) -> Iterator[tuple[str, dict[str, Any], Origin]]:
    provider = provider if isinstance(provider, dict) else {}
    name = function.get("name") or f"{stack}-{key}"
    logical_id = f"{_normal(key)}LambdaFunction"
    properties = {
        "FunctionName": name,
        "Handler": function.get("handler"),
        "Runtime": function.get("runtime") or provider.get("runtime"),
        "Code": ".",
    }
    condition = {"Condition": function["condition"]} if "condition" in function else {}
    yield logical_id, {"Type": "AWS::Lambda::Function", "Properties": properties, **condition}, Origin(path, alias=key)
    events = function.get("events")
    schedules = 0
    for number, event in enumerate(events if isinstance(events, list) else ()):
        if not isinstance(event, dict):
            continue
        place = (*path, "events", number)
        if event.get("eventBridge"):
            for made_id, resource, origin in _event_bridge(event["eventBridge"], name, logical_id, number + 1, place):
                yield made_id, {**resource, **(condition if "Targets" in resource["Properties"] else {})}, origin
        for expression in _expressions(event.get("schedule")):
            schedules += 1
            made_id = f"{_normal(key)}EventsRuleSchedule{schedules}"
            resource = _schedule(event["schedule"], expression, key, logical_id)
            yield made_id, {**resource, **condition}, Origin((*place, "schedule"), (), _NAMES, flat=True)


def _event_bridge(
    event: Any, function: Any, logical_id: str, number: int, place: Path
) -> Iterator[tuple[str, dict[str, Any], Origin]]:
    event = event if isinstance(event, dict) else {}
    origin = Origin((*place, "eventBridge"), (), {**_NAMES, "Arn": ""}, flat=True)
    bus = event.get("eventBus")
    if isinstance(bus, str) and bus.startswith("arn"):
        bus = bus.partition("/")[2]
    elif isinstance(bus, str) and bus != "default":
        made = {"Type": "AWS::Events::EventBus", "Properties": {"Name": bus}}
        yield f"{_normal(bus)}EventBridgeEventBus", made, origin
    usual = f"{text_of(function)}-rule-{number}" if not first_unknown(function) else f"{logical_id}-rule-{number}"
    name = event.get("name") or _cut(usual, f"rule-{number}")
    target = {
        "Id": _cut(f"{name}-target", "target") if isinstance(name, str) else "target",
        "Arn": {"Fn::GetAtt": [logical_id, "Arn"]},
        "Input": _json_input(event.get("input")),
        "InputPath": event.get("inputPath"),
        "InputTransformer": _transformer(event.get("inputTransformer")),
        "RetryPolicy": _retries(event.get("retryPolicy")),
        "DeadLetterConfig": {"Arn": event["deadLetterQueueArn"]} if event.get("deadLetterQueueArn") else None,
    }
    properties = {
        "Name": name,
        "EventBusName": None if bus == "default" else bus,
        "EventPattern": event.get("pattern"),
        "ScheduleExpression": event.get("schedule"),
        "Description": event.get("description"),
        "State": _state(event.get("enabled")),
        "Targets": [_present(target)],
    }
    rule = {"Type": "AWS::Events::Rule", "Properties": _present(properties)}
    yield f"{_letters(usual)}EventBridgeRule", rule, origin


def _schedule(event: Any, expression: Any, key: str, logical_id: str) -> dict[str, Any]:
    event = event if isinstance(event, dict) else {}
    if event.get("method") == "scheduler":
        return {"Type": "AWS::Scheduler::Schedule", "Properties": {}}
    given = event.get("input")
    if isinstance(given, dict) and isinstance(given.get("body"), str):
        given = {**given, "body": _parsed(given["body"])}
    target = {
        "Id": f"{key}Schedule",
        "Arn": {"Fn::GetAtt": [logical_id, "Arn"]},
        "Input": _json_input(given),
        "InputPath": event.get("inputPath"),
        "InputTransformer": _transformer(event.get("inputTransformer")),
    }
    properties = {
        "ScheduleExpression": expression,
        "State": _state(event.get("enabled")),
        "Name": event.get("name"),
        "Description": event.get("description"),
        "Targets": [_present(target)],
    }
    return {"Type": "AWS::Events::Rule", "Properties": _present(properties)}


def _expressions(schedule: Any) -> list[Any]:
    rate = schedule.get("rate") if isinstance(schedule, dict) and "rate" in schedule else schedule
    if rate is None:
        return []
    return rate if isinstance(rate, list) else [rate]


def _json_input(value: Any) -> Any:
    return {"Fn::ToJsonString": value} if isinstance(value, (dict, list)) else value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _transformer(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return {name[:1].upper() + name[1:]: value for name, value in given.items()}


def _retries(given: Any) -> Any:
    if not isinstance(given, dict):
        return given
    return _present(
        {
            "MaximumEventAgeInSeconds": given.get("maximumEventAge"),
            "MaximumRetryAttempts": given.get("maximumRetryAttempts"),
        }
    )


def _state(enabled: Any) -> Any:
    if isinstance(enabled, Unknown):
        return enabled
    return "DISABLED" if enabled in (False, "false") else "ENABLED"


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _cut(name: str, ending: str) -> str:
    """The framework puts a hash into names that are too long."""
    if len(name) <= _LONGEST:
        return name
    return f"{name[: 31 - len(ending)]}{hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()}-{ending}"


def _normal(name: str) -> str:
    name = str(name).replace("-", "Dash").replace("_", "Underscore")
    return name[:1].upper() + name[1:]


def _letters(name: str) -> str:
    name = re.sub(r"[^0-9A-Za-z]", "", name)
    return name[:1].upper() + name[1:]
