"""From resources, with properties as CloudFormation spells them, to the operations that make them.

Every format is brought to this one form first. A value that is not known leaves out as little as possible: a member
that only matters at deployment, one target, or the whole resource; and what needs a resource that is left out is left
out too. CloudFormation is free with types, the API is not, and a few members have other names there: see ``api_value``.

Sources: CloudFormation Template Reference for the names and types of properties, the API model of botocore for those of
the operations.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from eventbridge_local.iac.plan import Step, Unresolved
from eventbridge_local.iac.values import Path, Unknown, compact_json, first_unknown, text_of, unknowns
from eventbridge_local.model.arn import parse_arn

BUS = "AWS::Events::EventBus"
POLICY = "AWS::Events::EventBusPolicy"
CONNECTION = "AWS::Events::Connection"
DESTINATION = "AWS::Events::ApiDestination"
ARCHIVE = "AWS::Events::Archive"
ENDPOINT = "AWS::Events::Endpoint"
RULE = "AWS::Events::Rule"
#: Resources that only Terraform has: the whole policy of a bus, and a single target of a rule.
WHOLE_POLICY = "a policy of an event bus"
TARGET = "a target of a rule"

#: The order in which resources can be made, whatever refers to what.
ORDER = (BUS, WHOLE_POLICY, POLICY, CONNECTION, DESTINATION, ARCHIVE, ENDPOINT, RULE, TARGET)

#: Members without which a resource still routes events.
_HARMLESS = frozenset(("Description", "Tags", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "RetryPolicy"))
#: Services whose targets AWS accepts without a role.
_NEED_NO_ROLE = frozenset(("lambda", "sqs", "sns", "logs"))


@dataclass(frozen=True, slots=True)
class DeclaredResource:
    """A resource of EventBridge as a source declares it.

    Args:
        type: one of ``ORDER``.
        logical_id: what the source calls it.
        properties: evaluated, with ``Unknown`` where something is not known.
        name: its physical name.
        arn: the ARN that others refer to it by.
        file, line, column: where it is declared.
        place: returns the full path in the source of what is at a path within the properties.
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


class _Creation(NamedTuple):
    """The operation that creates a resource, its member for the name, and from property to member for the others."""

    operation: str
    name: str
    members: Mapping[str, str]


def _same(*names: str, **renamed: str) -> Mapping[str, str]:
    return {**{name: name for name in names}, **renamed}


_CREATIONS = {
    BUS: _Creation(
        "CreateEventBus",
        "Name",
        _same("EventSourceName", "Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig", "Tags"),
    ),
    CONNECTION: _Creation(
        "CreateConnection",
        "Name",
        _same(
            "Description", "AuthorizationType", "AuthParameters", "InvocationConnectivityParameters", "KmsKeyIdentifier"
        ),
    ),
    DESTINATION: _Creation(
        "CreateApiDestination",
        "Name",
        _same("Description", "ConnectionArn", "InvocationEndpoint", "HttpMethod", "InvocationRateLimitPerSecond"),
    ),
    ARCHIVE: _Creation(
        "CreateArchive",
        "ArchiveName",
        _same("Description", "EventPattern", "RetentionDays", "KmsKeyIdentifier", SourceArn="EventSourceArn"),
    ),
    ENDPOINT: _Creation(
        "CreateEndpoint",
        "Name",
        _same("Description", "RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn"),
    ),
    RULE: _Creation(
        "PutRule",
        "Name",
        _same("EventBusName", "EventPattern", "ScheduleExpression", "State", "Description", "RoleArn", "Tags"),
    ),
}


@dataclass(slots=True)
class PlanBuilder:
    """Collects the steps of a plan, resource by resource in ``ORDER``, and what had to be left out.

    Args:
        steps, unresolved: what was collected so far.
        statements: by name of a bus, the statements of its policy so far.
    """

    steps: list[Step] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    statements: dict[str, list[Any]] = field(default_factory=dict)
    _left_out: dict[tuple[str, ...], Unknown] = field(default_factory=dict)

    def add(self, declared: DeclaredResource) -> bool:
        """Add the steps of a resource; return False when it is left out."""
        missing = self._missing_parent(declared)
        if missing is not None:
            self.miss(declared, missing, "the resource is left out", ())
            return False
        special = _SPECIAL.get(declared.type)
        added = special(self, declared) if special else self.create(declared) is not None
        if not added and declared.type in (BUS, RULE) and isinstance(declared.name, str):
            remedy = self.unresolved[-1].remedy if self.unresolved else "what it lacks"
            bus = () if declared.type == BUS else (_bus_name(declared.properties),)
            self._left_out[(*bus, declared.name)] = Unknown(f"{declared.logical_id} is left out itself", remedy)
        return added

    def _missing_parent(self, declared: DeclaredResource) -> Unknown | None:
        """Return why the bus or rule that this resource belongs to by name was left out; None when it was not."""
        if not self._left_out or declared.type not in (POLICY, WHOLE_POLICY, RULE, TARGET):
            return None
        bus = _bus_name(declared.properties)
        return self._left_out.get((bus,)) or self._left_out.get((bus, str(declared.properties.get("Rule"))))

    def create(self, declared: DeclaredResource) -> dict[str, Any] | None:
        """Add the step of a resource that one operation creates; return its parameters, or None when it is left out."""
        creation = _CREATIONS[declared.type]
        given = {
            member: declared.properties[name]
            for name, member in creation.members.items()
            if declared.properties.get(name) is not None
        }
        params = self.known_members(declared, {creation.name: declared.name, **given}, harmless=_HARMLESS | {"RoleArn"})
        if params is not None:
            self.step(declared, creation.operation, params, declared.arn)
        return params

    def step(self, declared: DeclaredResource, operation: str, params: dict[str, Any], arn: Any = None) -> None:
        arn = arn if isinstance(arn, str) else None
        self.steps.append(
            Step(operation, params, declared.logical_id, declared.file, declared.line, declared.column, arn)
        )

    def known_members(
        self,
        declared: DeclaredResource,
        members: Mapping[str, Any],
        *,
        harmless: frozenset[str],
        what: str = "the resource",
        path: Path = (),
    ) -> dict[str, Any] | None:
        """Return ``members`` as the API takes them, without those that are not known and harmless to leave out.

        What is not known is listed in ``unresolved``.

        Args:
            declared: the resource.
            members: values by name, perhaps with ``Unknown`` in them.
            harmless: names of members that can be left out alone.
            what: what is left out when another member is not known.
            path: where the members are within the properties.

        Returns:
            None when a member is not known that cannot be left out alone.
        """
        missing = {name: unknowns(value) for name, value in members.items()}
        fatal = [name for name, found in missing.items() if found and name not in harmless]
        for name, found in missing.items():
            left_out = what if fatal else name
            for unknown in found:
                self.miss(declared, unknown, f"{left_out} is left out", unknown.path or (*path, name))
        if fatal:
            return None
        return {name: api_value(name, value) for name, value in members.items() if not missing[name]}

    def miss(self, declared: DeclaredResource, unknown: Unknown, consequence: str, path: Path) -> None:
        """List a value that is not known, once for each place."""
        entry = Unresolved(declared.place(path), f"{unknown.reason}, so {consequence}", unknown.remedy, declared.file)
        if entry not in self.unresolved:
            self.unresolved.append(entry)


def _bus_name(properties: Mapping[str, Any]) -> str:
    return str(properties.get("EventBusName") or "default").rpartition("event-bus/")[2]


def _bus(builder: PlanBuilder, declared: DeclaredResource) -> bool:
    params = builder.create(declared)
    policy = declared.properties.get("Policy")
    if params is not None and policy is not None:
        _whole_policy(builder, declared, params["Name"], policy)
    return params is not None


def _policy_of_bus(builder: PlanBuilder, declared: DeclaredResource) -> bool:
    bus = declared.properties.get("EventBusName", "default")
    params = builder.known_members(declared, {"EventBusName": bus}, harmless=frozenset())
    if params is not None:
        _whole_policy(builder, declared, params["EventBusName"], declared.properties.get("Policy"))
    return params is not None


def _whole_policy(builder: PlanBuilder, declared: DeclaredResource, bus: str, policy: Any) -> None:
    params = builder.known_members(declared, {"Policy": policy}, harmless=frozenset(), what="the policy")
    if params is None:
        return
    builder.statements[text_of(bus)] = _statements(params["Policy"])
    builder.step(declared, "PutPermission", {"EventBusName": bus, **params})


def _statements(policy: str) -> list[Any]:
    try:
        statements = json.loads(policy)["Statement"]
    except (ValueError, KeyError, TypeError):
        return []
    return statements if isinstance(statements, list) else [statements]


def _policy(builder: PlanBuilder, declared: DeclaredResource) -> bool:
    """Add one statement. The API replaces a whole policy, so each step repeats the statements before it."""
    names = ("EventBusName", "StatementId", "Statement", "Action", "Principal", "Condition")
    members = {name: value for name in names if (value := declared.properties.get(name)) is not None}
    params = builder.known_members(declared, members, harmless=frozenset())
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
    statements = builder.statements.setdefault(text_of(bus), [])
    statements.append(statement)
    policy = {"Version": "2012-10-17", "Statement": statements}
    builder.step(declared, "PutPermission", {"EventBusName": bus, "Policy": compact_json(policy)})
    return True


def _rule(builder: PlanBuilder, declared: DeclaredResource) -> bool:
    params = builder.create(declared)
    if params is None:
        return False
    declared_targets = declared.properties.get("Targets")
    if isinstance(declared_targets, Unknown):
        builder.miss(declared, declared_targets, "all targets are left out", ("Targets",))
    elif isinstance(declared_targets, list):
        targets = [_target(builder, declared, target, ("Targets", n)) for n, target in enumerate(declared_targets)]
        _put_targets(builder, declared, params["Name"], params.get("EventBusName"), targets)
    return True


def _single_target(builder: PlanBuilder, declared: DeclaredResource) -> bool:
    bus = declared.properties.get("EventBusName")
    members = {"Rule": declared.properties.get("Rule"), **({} if bus is None else {"EventBusName": bus})}
    params = builder.known_members(declared, members, harmless=frozenset(), what="the target")
    if params is None:
        return False
    target = _target(builder, declared, declared.properties["Target"], ())
    _put_targets(builder, declared, params["Rule"], params.get("EventBusName"), [target])
    return target is not None


def _target(builder: PlanBuilder, declared: DeclaredResource, target: Any, path: Path) -> Any:
    if isinstance(target, Unknown) or not isinstance(target, dict):
        unknown = first_unknown(target)
        if unknown:
            builder.miss(declared, unknown, "the target is left out", path)
        return None if unknown else target
    arn = parse_arn(text_of(target.get("Arn"))) if not first_unknown(target.get("Arn")) else None
    harmless = _HARMLESS | ({"RoleArn"} if arn and arn.service in _NEED_NO_ROLE else set())
    return builder.known_members(declared, target, harmless=harmless, what="the target", path=path)


def _put_targets(
    builder: PlanBuilder, declared: DeclaredResource, rule: str, bus: str | None, targets: list[Any]
) -> None:
    targets = [target for target in targets if target is not None]
    if targets:
        named = {"Rule": rule} if bus is None else {"Rule": rule, "EventBusName": bus}
        builder.step(declared, "PutTargets", {**named, "Targets": targets})


_SPECIAL: Mapping[str, Callable[[PlanBuilder, DeclaredResource], bool]] = {
    BUS: _bus,
    WHOLE_POLICY: _policy_of_bus,
    POLICY: _policy,
    RULE: _rule,
    TARGET: _single_target,
}


_RANKS = {
    "CreateEventBus": 0,
    "PutPermission": 1,
    "CreateConnection": 3,
    "CreateApiDestination": 4,
    "CreateArchive": 5,
    "CreateEndpoint": 6,
    "PutRule": 7,
    "PutTargets": 7,
}


def step_rank(step: Step) -> int:
    """Return a key that sorts steps into an order in which they can run.

    A whole policy replaces what is there, so it comes before a single action and principal, which is added.
    """
    return _RANKS[step.operation] + (step.operation == "PutPermission" and "Policy" not in step.params)


# values as the API takes them


#: Members that hold JSON: an object becomes its text, a text stays as it is.
_JSON = frozenset(("EventPattern", "Policy", "Statement"))
_INTEGERS = frozenset(
    (
        "MaximumRetryAttempts",
        "MaximumEventAgeInSeconds",
        "RetentionDays",
        "InvocationRateLimitPerSecond",
        "TaskCount",
        "Size",
        "Attempts",
        "weight",
        "base",
    )
)
_BOOLEANS = frozenset(("IsValueSecret", "WithEvent", "EnableECSManagedTags", "EnableExecuteCommand"))
_WHOLE = re.compile(r"-?[0-9]+\Z")

#: For the members inside one member, CloudFormation's name to the API's.
_RENAMED: Mapping[str, Mapping[str, str]] = {
    "EcsParameters": {"PlacementStrategies": "PlacementStrategy", "TagList": "Tags"},
    "NetworkConfiguration": {"AwsVpcConfiguration": "awsvpcConfiguration"},
    "CapacityProviderStrategy": {"CapacityProvider": "capacityProvider", "Weight": "weight", "Base": "base"},
    "PlacementStrategy": {"Type": "type", "Field": "field"},
    "PlacementConstraints": {"Type": "type", "Expression": "expression"},
}


def api_value(member: str, value: Any) -> Any:
    """Return ``value``, all of which is known, as the API takes it for ``member``."""
    if member in _JSON:
        return value if isinstance(value, str) else compact_json(value)
    if isinstance(value, dict):
        renamed = _RENAMED.get(member, {})
        inner = {renamed.get(name, name): part for name, part in value.items()} if renamed else value
        return {name: api_value(name, part) for name, part in inner.items() if part is not None}
    if isinstance(value, list):
        return [api_value(member, part) for part in value]
    if member in _INTEGERS:
        return int(value) if isinstance(value, str) and _WHOLE.match(value) else value
    if member in _BOOLEANS:
        return {"true": True, "false": False}.get(text_of(value).lower(), value)
    return text_of(value)
