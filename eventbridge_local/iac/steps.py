"""From resources, with properties as CloudFormation spells them, to the operations that make them.

Every format is brought to this one form first. What is not known leaves out as little as can be: a member that only
matters at deployment, one target, or the whole resource; and what needs a resource that is left out is left out too.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eventbridge_local.iac.intrinsics import text_of
from eventbridge_local.iac.members import api_value
from eventbridge_local.iac.plan import Step, Unresolved
from eventbridge_local.iac.unknown import Path, Unknown, first_unknown, unknowns
from eventbridge_local.model.arn import parse_arn

BUS = "AWS::Events::EventBus"
POLICY = "AWS::Events::EventBusPolicy"
CONNECTION = "AWS::Events::Connection"
DESTINATION = "AWS::Events::ApiDestination"
ARCHIVE = "AWS::Events::Archive"
ENDPOINT = "AWS::Events::Endpoint"
RULE = "AWS::Events::Rule"
#: A whole policy of a bus, and a single target of a rule: resources that only Terraform has.
WHOLE_POLICY = "a policy of an event bus"
TARGET = "a target of a rule"

#: The order in which resources can be made, whatever refers to what.
ORDER = (BUS, WHOLE_POLICY, POLICY, CONNECTION, DESTINATION, ARCHIVE, ENDPOINT, RULE, TARGET)

#: Members without which a resource routes events all the same.
_HARMLESS = frozenset(("Description", "Tags", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "RetryPolicy"))
#: Services whose targets AWS accepts without a role.
_NEED_NO_ROLE = frozenset(("lambda", "sqs", "sns", "logs"))


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource of EventBridge as a source declares it.

    Args:
        type: one of ``ORDER``.
        logical_id: what the source calls it.
        properties: evaluated, with ``Unknown`` where something is not known.
        name: its physical name.
        arn: the ARN that others refer to it by.
        file, line, column: where it is declared.
        place: gives the full path of what stands at a path within the properties.
    """

    type: str
    logical_id: str
    properties: Mapping[str, Any]
    name: Any
    arn: Any
    file: str
    line: int | None
    column: int | None
    place: Callable[[Path], str]


class Simple(NamedTuple):
    """A resource that one operation makes: the operation, the member for the name, and the other members."""

    operation: str
    name: str
    members: Mapping[str, str]


def _same(*names: str, **renamed: str) -> Mapping[str, str]:
    return {**{name: name for name in names}, **renamed}


_SIMPLE = {
    BUS: Simple(
        "CreateEventBus",
        "Name",
        _same("EventSourceName", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "Tags"),
    ),
    CONNECTION: Simple(
        "CreateConnection",
        "Name",
        _same(
            "Description", "AuthorizationType", "AuthParameters", "InvocationConnectivityParameters", "KmsKeyIdentifier"
        ),
    ),
    DESTINATION: Simple(
        "CreateApiDestination",
        "Name",
        _same("Description", "ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond"),
    ),
    ARCHIVE: Simple(
        "CreateArchive",
        "ArchiveName",
        _same("Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier", SourceArn="EventSourceArn"),
    ),
    ENDPOINT: Simple(
        "CreateEndpoint",
        "Name",
        _same("Description", "RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn"),
    ),
    RULE: Simple(
        "PutRule",
        "Name",
        _same("EventBusName", "EventPattern", "ScheduleExpression", "State", "Description", "RoleArn", "Tags"),
    ),
}


@dataclass(slots=True)
class Builder:
    """Makes steps, resource by resource in ``ORDER``, and remembers what was left out.

    Args:
        steps, unresolved: what came of it so far.
    """

    steps: list[Step] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    _statements: dict[str, list[Any]] = field(default_factory=dict)
    _gone: dict[tuple[str, ...], Unknown] = field(default_factory=dict)

    def add(self, declared: Declared) -> bool:
        """Add the steps of a resource; False when it was left out."""
        lost = self._lost_home(declared)
        if lost is not None:
            self.miss(declared, lost, "the resource is left out", ())
            return False
        special = _SPECIAL.get(declared.type)
        added = special(self, declared) if special else self.simple(declared) is not None
        if not added and declared.type in (BUS, RULE) and isinstance(declared.name, str):
            remedy = self.unresolved[-1].remedy if self.unresolved else "what it lacks"
            bus = () if declared.type == BUS else (_bus_name(declared.properties),)
            self._gone[(*bus, declared.name)] = Unknown(f"{declared.logical_id} is left out itself", remedy)
        return added

    def _lost_home(self, declared: Declared) -> Unknown | None:
        """Why the bus or rule that this resource belongs to by name is not there, if a source of ours left it out."""
        if not self._gone or declared.type not in (POLICY, WHOLE_POLICY, RULE, TARGET):
            return None
        bus = _bus_name(declared.properties)
        return self._gone.get((bus,)) or self._gone.get((bus, str(declared.properties.get("Rule"))))

    def simple(self, declared: Declared) -> dict[str, Any] | None:
        """The step of a resource that one operation makes; its parameters, or None when it was left out."""
        simple = _SIMPLE[declared.type]
        given = {
            member: declared.properties[name]
            for name, member in simple.members.items()
            if declared.properties.get(name) is not None
        }
        params = self.settled(declared, {simple.name: declared.name, **given}, harmless=_HARMLESS | {"RoleArn"})
        if params is not None:
            self.step(declared, simple.operation, params, declared.arn)
        return params

    def step(self, declared: Declared, operation: str, params: dict[str, Any], arn: Any = None) -> None:
        arn = arn if isinstance(arn, str) else None
        self.steps.append(
            Step(operation, params, declared.logical_id, declared.file, declared.line, declared.column, arn)
        )

    def settled(
        self,
        declared: Declared,
        members: Mapping[str, Any],
        *,
        harmless: frozenset[str],
        what: str = "the resource",
        path: Path = (),
    ) -> dict[str, Any] | None:
        """``members`` as the API takes them, less those that are harmless and not known.

        Lists what is not known. None when something is missing that cannot be left out alone.
        """
        lost = {name: list(unknowns(value)) for name, value in members.items()}
        fatal = [name for name, found in lost.items() if found and name not in harmless]
        for name, found in lost.items():
            gone = what if fatal else name
            for unknown in found:
                self.miss(declared, unknown, f"{gone} is left out", unknown.path or (*path, name))
        if fatal:
            return None
        return {name: api_value(name, value) for name, value in members.items() if not lost[name]}

    def miss(self, declared: Declared, unknown: Unknown, consequence: str, path: Path) -> None:
        """List a value that is not known, each place once."""
        entry = Unresolved(declared.place(path), f"{unknown.reason}, so {consequence}", unknown.remedy, declared.file)
        if entry not in self.unresolved:
            self.unresolved.append(entry)


def _bus_name(properties: Mapping[str, Any]) -> str:
    return str(properties.get("EventBusName") or "default").rpartition("event-bus/")[2]


def _bus(builder: Builder, declared: Declared) -> bool:
    params = builder.simple(declared)
    policy = declared.properties.get("Policy")
    if params is not None and policy is not None:
        _whole_policy(builder, declared, params["Name"], policy)
    return params is not None


def _terraform_policy(builder: Builder, declared: Declared) -> bool:
    bus = declared.properties.get("EventBusName", "default")
    settled = builder.settled(declared, {"EventBusName": bus}, harmless=frozenset())
    if settled is not None:
        _whole_policy(builder, declared, settled["EventBusName"], declared.properties.get("Policy"))
    return settled is not None


def _whole_policy(builder: Builder, declared: Declared, bus: str, policy: Any) -> None:
    settled = builder.settled(declared, {"Policy": policy}, harmless=frozenset(), what="the policy")
    if settled is None:
        return
    builder._statements[text_of(bus)] = _statements(settled["Policy"])
    builder.step(declared, "PutPermission", {"EventBusName": bus, **settled})


def _statements(policy: str) -> list[Any]:
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return statements if isinstance(statements, list) else [statements]


def _policy(builder: Builder, declared: Declared) -> bool:
    """One statement. The API replaces a whole policy, so each step repeats the statements before it."""
    wanted = ("EventBusName", "StatementId", "Statement", "Action", "Principal", "Condition")
    members = {name: value for name in wanted if (value := declared.properties.get(name)) is not None}
    params = builder.settled(declared, members, harmless=frozenset())
    if params is None:
        return False
    bus = params.setdefault("EventBusName", "default")
    if "Statement" not in params:
        builder.step(declared, "PutPermission", params)
        return True
    try:
        statement = json.loads(params["Statement"])
    except ValueError:
        statement = params["Statement"]
    if isinstance(statement, dict) and "StatementId" in params:
        statement = {"Sid": params["StatementId"], **statement}
    statements = builder._statements.setdefault(text_of(bus), [])
    statements.append(statement)
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"), ensure_ascii=False)
    builder.step(declared, "PutPermission", {"EventBusName": bus, "Policy": policy})
    return True


def _rule(builder: Builder, declared: Declared) -> bool:
    params = builder.simple(declared)
    if params is None:
        return False
    declared_targets = declared.properties.get("Targets")
    if isinstance(declared_targets, Unknown):
        builder.miss(declared, declared_targets, "all targets are left out", ("Targets",))
    elif isinstance(declared_targets, list):
        targets = [_target(builder, declared, target, ("Targets", n)) for n, target in enumerate(declared_targets)]
        _put_targets(builder, declared, params["Name"], params.get("EventBusName"), targets)
    return True


def _lone_target(builder: Builder, declared: Declared) -> bool:
    bus = declared.properties.get("EventBusName")
    members = {"Rule": declared.properties.get("Rule"), **({} if bus is None else {"EventBusName": bus})}
    params = builder.settled(declared, members, harmless=frozenset(), what="the target")
    if params is None:
        return False
    target = _target(builder, declared, declared.properties["Target"], ())
    _put_targets(builder, declared, params["Rule"], params.get("EventBusName"), [target])
    return target is not None


def _target(builder: Builder, declared: Declared, target: Any, path: Path) -> Any:
    if isinstance(target, Unknown) or not isinstance(target, dict):
        unknown = first_unknown(target)
        if unknown:
            builder.miss(declared, unknown, "the target is left out", path)
        return None if unknown else target
    arn = parse_arn(text_of(target.get("Arn"))) if not first_unknown(target.get("Arn")) else None
    harmless = _HARMLESS | ({"RoleArn"} if arn and arn.service in _NEED_NO_ROLE else set())
    return builder.settled(declared, target, harmless=harmless, what="the target", path=path)


def _put_targets(builder: Builder, declared: Declared, rule: str, bus: str | None, targets: list[Any]) -> None:
    targets = [target for target in targets if target is not None]
    if targets:
        named = {"Rule": rule} if bus is None else {"Rule": rule, "EventBusName": bus}
        builder.step(declared, "PutTargets", {**named, "Targets": targets})


_SPECIAL: Mapping[str, Callable[[Builder, Declared], bool]] = {
    BUS: _bus,
    WHOLE_POLICY: _terraform_policy,
    POLICY: _policy,
    RULE: _rule,
    TARGET: _lone_target,
}
