"""A service of the Serverless Framework as the CloudFormation template that the framework would deploy.

Only functions, their ``eventBridge`` and ``schedule`` events, and the file's own ``resources`` are made. Variables such
as ``${self:custom.bus}``, ``${opt:stage, 'dev'}`` and ``${file(bus.yml):name}`` are replaced first.

Source: Serverless Framework documentation, "EventBridge Events", "Schedule" and "Variables"; the names of rules,
targets and logical ids are the framework's.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from os.path import isfile
from pathlib import Path as FilePath
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.documents import Document, Origin, read_document
from eventbridge_local.iac.names import stack_name
from eventbridge_local.iac.values import Environment, GivenValues, Path, Unknown, checked_length, first_unknown, text_of

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
    """Return whether a document is a ``serverless.yml``, whatever its name."""
    data = document.data
    return "service" in data and "provider" in data and "Resources" not in data


def template_of(
    document: Document, parameters: Mapping[str, Any], given: GivenValues, environment: Environment
) -> tuple[Document, str, Origins]:
    """Return the service as a template, the name of its stack, and where each resource comes from.

    Args:
        document: the ``serverless.yml``.
        parameters: values of ``${opt:...}``, ``${param:...}`` and ``${env:...}``.
        given: what the user gave as ``resources``.
        environment: the account and Region it is loaded in.
    """
    variables = Variables(document.data, document.path.parent, parameters, given, environment)
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
    given.used.update(variables.used)
    return Document(FilePath(document.path), template, document.locate), stack, origins


def _own_resources(data: Mapping[str, Any]) -> tuple[Template, Origins]:
    """Return the sections of ``resources``, which may be one template or a list of them."""
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
    """Return a name of at most 64 characters; the framework puts a hash into longer ones."""
    if len(name) <= _LONGEST:
        return name
    digest = hashlib.md5(name.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()
    return f"{name[: 31 - len(ending)]}{digest}-{ending}"


def _normal(name: str) -> str:
    name = str(name).replace("-", "Dash").replace("_", "Underscore")
    return name[:1].upper() + name[1:]


def _letters(name: str) -> str:
    name = re.sub(r"[^0-9A-Za-z]", "", name)
    return name[:1].upper() + name[1:]


# Variables
#
# They are replaced innermost first, in the whole file, before anything else is looked at. ``${AWS::Region}`` and
# ``${Name}`` are not variables; they belong to ``Fn::Sub``. Source: Serverless Framework documentation, "Variables".

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_SOURCE = re.compile(r"(?P<type>[A-Za-z]\w*)(?:\((?P<argument>[^)]*)\))?(?::(?P<address>(?!:).*))?\Z", re.DOTALL)
_QUOTE_OR_COMMA = re.compile(r"""['",]""")
_LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")

_ABSENT = object()
_NO_VARIABLE = object()


@dataclass(slots=True)
class Variables:
    """Resolves the variables of one service.

    Args:
        data: the file as it was read.
        folder: where ``${file(...)}`` starts from.
        parameters: values of ``${opt:...}`` and ``${param:...}`` by bare name, of others as ``env:NAME``.
        given: what the user gave as ``resources``.
        environment: the account and Region it is loaded in.
        used: names among the parameters that were asked for.
    """

    data: dict[str, Any]
    folder: FilePath
    parameters: Mapping[str, Any]
    given: GivenValues
    environment: Environment
    used: set[str] = field(default_factory=set)
    _busy: list[str] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """``${sls:stage}``: the option, else what the provider says, else ``dev``."""
        given = self._parameter("stage")
        if given is not _ABSENT:
            return str(given)
        provider = self.data.get("provider")
        declared = self.resolved(provider.get("stage")) if isinstance(provider, dict) else None
        return declared if isinstance(declared, str) else "dev"

    def resolved(self, node: Any) -> Any:
        """Return ``node`` with every variable in it replaced; what is not known becomes an ``Unknown``."""
        if isinstance(node, dict):
            self.given.budget.spend(len(node))
            return {key: self.resolved(value) for key, value in node.items()}
        if isinstance(node, list):
            self.given.budget.spend(len(node))
            return [self.resolved(value) for value in node]
        return self._text(node) if isinstance(node, str) and "${" in node else node

    def _text(self, text: str) -> Any:
        """Return a text with its variables replaced, innermost first; what belongs to ``Fn::Sub`` stays."""
        start = 0
        while True:
            match = _INNERMOST.search(text, start)
            if match is None:
                return text
            self.given.budget.spend(20 + match.end() // 100)
            value = self._variable(match[1].strip())
            if value is _NO_VARIABLE:
                start = match.end()
                continue
            if match[0] == text or isinstance(value, Unknown):
                return value
            unknown = first_unknown(value)
            if unknown:
                return unknown
            text = text[: match.start()] + ("" if value is None else text_of(value)) + text[match.end() :]
            checked_length(len(text))
            start = 0

    def _variable(self, expression: str) -> Any:
        first, *fallbacks = _alternatives(expression)
        value = self._source(first.strip())
        if value is _NO_VARIABLE:
            return value
        for fallback in fallbacks:
            if value is not _ABSENT and value is not None:
                break
            value = self._fallback(fallback.strip())
        if value is _ABSENT:
            return Unknown(f"${{{first}}} has no value", _remedy(first))
        return value

    def _fallback(self, text: str) -> Any:
        if text[:1] in ("'", '"') and text[-1:] == text[:1]:
            return text[1:-1]
        if text in _LITERALS:
            return _LITERALS[text]
        if _NUMBER.match(text):
            return float(text) if "." in text else int(text)
        value = self._source(text)
        return text if value is _NO_VARIABLE else value

    def _source(self, text: str) -> Any:
        match = _SOURCE.match(text)
        lookup = _SOURCES.get(match["type"]) if match else None
        if match is None or lookup is None or (match["address"] is None and match["argument"] is None):
            return _NO_VARIABLE
        if text in self._busy:
            return Unknown(f"${{{text}}} depends on itself", "another value for it")
        self._busy.append(text)
        try:
            return lookup(self, match["argument"] or "", (match["address"] or "").strip())
        finally:
            self._busy.pop()

    def _parameter(self, *names: str) -> Any:
        for name in names:
            if name in self.parameters:
                self.used.add(name)
                return self.parameters[name]
        return _ABSENT


def _alternatives(expression: str) -> list[str]:
    """Return a variable and its fallbacks: what stands between commas, each with an even number of quotes after it."""
    marks = list(_QUOTE_OR_COMMA.finditer(expression))
    left = sum(mark[0] != "," for mark in marks)
    parts, start = [], 0
    for mark in marks:
        if mark[0] != ",":
            left -= 1
        elif left % 2 == 0:
            parts.append(expression[start : mark.start()])
            start = mark.end()
    return [*parts, expression[start:]]


def _self(variables: Variables, _: str, address: str) -> Any:
    found = _at(variables, variables.data, address)
    if found is _ABSENT and address == "provider.stage":
        return variables.stage
    if found is _ABSENT and address == "provider.region":
        return variables.environment.region
    return found


def _at(variables: Variables, node: Any, address: str) -> Any:
    """Return the value at ``a.b.0.c``; a part of the way may be a variable itself."""
    for part in address.split(".") if address else ():
        if isinstance(node, str):
            node = variables.resolved(node)
        if isinstance(node, Unknown):
            return node
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return _ABSENT
    return variables.resolved(node)


def _option(variables: Variables, _: str, address: str) -> Any:
    if address == "region" and not {"region", "opt:region"} & variables.parameters.keys():
        return variables.environment.region
    return variables._parameter(f"opt:{address}", address)


def _param(variables: Variables, _: str, address: str) -> Any:
    """Return what was given, else the file's ``params`` for the stage, else its ``params.default``."""
    given = variables._parameter(f"param:{address}", address)
    if given is not _ABSENT:
        return given
    for stage in (variables.stage, "default"):
        found = _at(variables, variables.data, f"params.{stage}.{address}")
        if found is not _ABSENT:
            return found
    return _ABSENT


def _environment_variable(variables: Variables, _: str, address: str) -> Any:
    given = variables._parameter(f"env:{address}")
    return os.environ.get(address, _ABSENT) if given is _ABSENT else given


def _serverless(variables: Variables, _: str, address: str) -> Any:
    return {"stage": variables.stage, "instanceId": "local"}.get(address, _ABSENT)


def _aws(variables: Variables, _: str, address: str) -> Any:
    return {"accountId": variables.environment.account, "region": variables.environment.region}.get(address, _ABSENT)


def _file(variables: Variables, argument: str, address: str) -> Any:
    path = variables.folder / argument.strip()
    if path.suffix not in (".yml", ".yaml", ".json"):
        return _deployed(variables, f"file({argument})", address)
    if not isfile(path):
        return _ABSENT
    variables.given.budget.spend(5_000)
    return _at(variables, read_document(path).data, address)


def _deployed(variables: Variables, kind: str, address: str) -> Any:
    """Return what was given for a variable that only a deployment can look up."""
    name = f"{kind}:{address}" if address else kind
    given = variables.given.take(name)
    return Unknown(f"${{{name}}} is looked up during deployment", _remedy(name)) if given is None else given


def _boolean(variables: Variables, argument: str, _: str) -> Any:
    word = argument.strip().strip("'\"").lower()
    if word in ("true", "1"):
        return True
    if word in ("false", "0", "null", ""):
        return False
    raise UsageError(f"strToBool({argument}): write true, false, 1 or 0")


def _remedy(name: str) -> str:
    kind, colon, rest = name.partition(":")
    if kind in ("opt", "param"):
        return f"parameters={{{rest!r}: '...'}}"
    if kind == "env":
        return f"parameters={{{name!r}: '...'}} or the variable {rest}"
    return f"a value for {rest} in the file" if kind == "self" and colon else f"resources={{{name!r}: '...'}}"


_SOURCES: Mapping[str, Callable[[Variables, str, str], Any]] = {
    "self": _self,
    "opt": _option,
    "param": _param,
    "env": _environment_variable,
    "sls": _serverless,
    "aws": _aws,
    "file": _file,
    "strToBool": _boolean,
    "cf": lambda variables, argument, address: _deployed(variables, f"cf({argument})" if argument else "cf", address),
    "ssm": lambda variables, argument, address: _deployed(variables, "ssm", address),
    "s3": lambda variables, argument, address: _deployed(variables, "s3", address),
    "git": lambda variables, argument, address: _deployed(variables, "git", address),
    "output": lambda variables, argument, address: _deployed(variables, "output", address),
    "vault": lambda variables, argument, address: _deployed(variables, "vault", address),
}
