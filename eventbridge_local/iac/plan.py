"""The plan of a source: API operations in the order in which they must run, and what is known about resources.

Every format makes a ``Plan``; ``run`` carries it out. ``report_of`` makes the ``LoadReport`` that ``load`` returns.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from eventbridge_local.iac.handlers import Handler
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.policies.access import Permissions
from eventbridge_local.visible import visible, visible_lines

_ARGUMENT = re.compile(r"(parameter|resource)s=\{'([^']*)': '\.\.\.'\}")
_RULE_TYPES = ("AWS::Events::Rule", "aws_cloudwatch_event_rule")


@dataclass(frozen=True, slots=True)
class Step:
    """One ordinary API operation.

    Args:
        operation: its name, such as ``PutRule``.
        params: its parameters as boto3 spells them.
        logical_id: what the source calls the resource; for Terraform its address.
        file: name of the file that declares it, relative to the source.
        line: line of the declaration, from 1; None where lines say nothing (JSON on one line).
        column: column of the declaration, from 1.
        arn: the ARN that later steps use for what this step makes. It may differ from the one AWS or the mock
            answers with, because some ARNs end in an id made at creation; ``run`` replaces it then.
    """

    operation: str
    params: dict[str, Any]
    logical_id: str
    file: str
    line: int | None = None
    column: int | None = None
    arn: str | None = None

    @property
    def place(self) -> str:
        """``file:line logical_id``, for messages."""
        return f"{self.file}:{self.line} {self.logical_id}" if self.line else f"{self.file} {self.logical_id}"


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that cannot be known without a deployment.

    Args:
        path: where it is, such as ``Resources.FraudRule.Properties.Targets[0].Arn``.
        reason: why it is not known, and what was left out for it.
        remedy: how to give it, as arguments of ``load``.
        file: name of the file.
    """

    path: str
    reason: str
    remedy: str
    file: str = ""

    @property
    def options(self) -> str:
        """How to give it, as options of the command line."""
        return _ARGUMENT.sub(lambda found: f"--{found[1]} {shlex.quote(found[2])}=VALUE", self.remedy)

    def __str__(self) -> str:
        return visible(f"{self.path}: {self.reason}; give {self.remedy}")


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the source that may receive an event.

    Args:
        logical_id: what the source calls it.
        type: the type as the source spells it, such as ``AWS::Lambda::Function`` or ``aws_sqs_queue``.
        arn: the ARN that targets name; None when it is not known.
        physical_name: its name once deployed; None when it is not known.
        handler: where a function's Python code is; None for other resources and other languages.
        dead_letter_arn: where the resource itself sends events that it cannot handle.
    """

    logical_id: str
    type: str
    arn: str | None
    physical_name: str | None
    handler: Handler | None = None
    dead_letter_arn: str | None = None


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


def _no_permissions() -> Permissions:
    return Permissions({})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a source declares about EventBridge.

    Args:
        source: the path that was read.
        steps: in the order in which they must run.
        unresolved: values that are not known before a deployment, in the order of the source.
        ignored: how many resources of each type are not used, because they are not part of EventBridge.
        names: resources by logical id, and by shorter names where those are unique (construct ids of CDK, names of
            functions in serverless.yml, resource names of Terraform, ids inside nested stacks).
        unused: names of parameters and resources that were given and that nothing asked for.
        permissions: returns the policies in the source. They are read when it is called.
    """

    source: str
    steps: tuple[Step, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=_nothing)
    names: Mapping[str, Resource] = field(default_factory=_nothing)
    unused: tuple[str, ...] = ()
    permissions: Callable[[], Permissions] = field(default=_no_permissions, compare=False, repr=False)

    @property
    def undeclared_buses(self) -> tuple[str, ...]:
        """The names of buses that rules are on and that the source does not declare, ``default`` left out."""
        declared = {"default", *(step.params.get("Name") for step in self.steps if step.operation == "CreateEventBus")}
        used = [step.params.get("EventBusName", "default") for step in self.steps if step.operation == "PutRule"]
        names = (name for name in used if isinstance(name, str) and parse_arn(name) is None)
        return tuple(dict.fromkeys(name for name in names if name not in declared))


def names_with_aliases(full: Mapping[str, Resource], short: Mapping[str, list[Resource]]) -> dict[str, Resource]:
    """Return ``full`` with the short names that mean one resource.

    A short name that means a rule and one other resource is that of the other: a test connects functions and queues,
    not rules.
    """
    names = dict(full)
    for alias, found in short.items():
        connectable = [resource for resource in found if resource.type not in _RULE_TYPES] or found
        if alias not in full and len(connectable) == 1:
            names[alias] = connectable[0]
    return names


@dataclass(frozen=True, slots=True)
class LoadedTarget:
    """A target of a loaded rule.

    Args:
        id: its id in the rule.
        arn: its ARN.
        dead_letter_arn: the ARN of its dead-letter queue, or None.
        params: the whole target as PutTargets received it.
    """

    id: str
    arn: str
    dead_letter_arn: str | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LoadedRule:
    """A loaded rule.

    Args:
        name: its physical name.
        logical_id: what the source calls it.
        bus: name of its bus.
        arn: its ARN.
        pattern: the event pattern as text; None for a rule with a schedule alone.
        schedule: the schedule expression, or None.
        state: ``ENABLED``, ``DISABLED`` or the third state of CloudTrail's read-only events.
        targets: in the order of the source.
        file: the file that declares it.
        line: the line there, from 1; None where it is not known.
    """

    name: str
    logical_id: str
    bus: str
    arn: str | None
    pattern: str | None
    schedule: str | None
    state: str
    targets: tuple[LoadedTarget, ...]
    file: str
    line: int | None

    def __lt__(self, other: LoadedRule) -> bool:
        return (self.bus, self.name) < (other.bus, other.name)


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was loaded. ``print`` shows it as a table.

    Args:
        source: the path that was read.
        rules: in the order in which they were put.
        unresolved: values that are not known, and how to give them.
        ignored: how many resources of each type are not used, because they are not part of EventBridge.
        names: resources by logical id and by unique short names.
        unused: names among ``parameters`` and ``resources`` that nothing asked for.
        operations: how many operations of each kind were run.
        assumed_buses: buses that the source uses and does not declare, and that were created for it.
    """

    source: str
    rules: tuple[LoadedRule, ...]
    unresolved: tuple[Unresolved, ...]
    ignored: Mapping[str, int]
    names: Mapping[str, Resource]
    unused: tuple[str, ...]
    operations: Mapping[str, int]
    assumed_buses: tuple[str, ...] = ()

    def rule(self, name: str) -> LoadedRule:
        """Return the rule of that name, ARN, logical id, or short name of a logical id.

        Args:
            name: one of these.

        Raises:
            KeyError: no rule has the name, or several have it; the text lists the rules.
        """
        resource = self.names.get(name)
        logical_id = resource.logical_id if resource else None
        for called in (
            [rule for rule in self.rules if name in (rule.logical_id, rule.name, rule.arn)],
            [rule for rule in self.rules if rule.logical_id == logical_id],
            [rule for rule in self.rules if rule.logical_id.rpartition(".")[2] == name],
        ):
            if len(called) == 1:
                return called[0]
        there = ", ".join(rule.logical_id for rule in self.rules) or "none"
        raise KeyError(f"there is no rule {name!r}, or more than one; the rules are: {there}")

    def __str__(self) -> str:
        return visible_lines(_lines(self))


def report_of(plan: Plan) -> LoadReport:
    """Return the report of a plan that was carried out with these steps."""
    operations: dict[str, int] = {}
    for step in plan.steps:
        operations[step.operation] = operations.get(step.operation, 0) + 1
    targets: dict[tuple[str, str], list[LoadedTarget]] = {}
    for step in plan.steps:
        if step.operation == "PutTargets":
            key = (bus_of(step.params), str(step.params["Rule"]))
            given = [params for params in step.params["Targets"] if isinstance(params, Mapping)]
            targets.setdefault(key, []).extend(_target(params) for params in given)
    rules = [_rule(step, targets) for step in plan.steps if step.operation == "PutRule"]
    return LoadReport(plan.source, tuple(rules), plan.unresolved, plan.ignored, plan.names, plan.unused, operations)


def bus_of(params: Mapping[str, Any]) -> str:
    """Return the name of the bus in an operation's parameters, which may give its ARN or leave it out."""
    name = str(params.get("EventBusName") or "default")
    arn = parse_arn(name)
    return arn.resource.removeprefix("event-bus/") if arn else name


def _target(params: Mapping[str, Any]) -> LoadedTarget:
    config = params.get("DeadLetterConfig")
    letters = config.get("Arn") if isinstance(config, Mapping) else None
    return LoadedTarget(params.get("Id", ""), params.get("Arn", ""), letters, params)


def _rule(step: Step, targets: Mapping[tuple[str, str], list[LoadedTarget]]) -> LoadedRule:
    params, bus = step.params, bus_of(step.params)
    return LoadedRule(
        name=params["Name"],
        logical_id=step.logical_id,
        bus=bus,
        arn=step.arn,
        pattern=params.get("EventPattern"),
        schedule=params.get("ScheduleExpression"),
        state=params.get("State", "ENABLED"),
        targets=tuple(targets.get((bus, str(params["Name"])), ())),
        file=step.file,
        line=step.line,
    )


def _lines(report: LoadReport) -> list[str]:
    lines = [f"{report.source}: {_count(len(report.rules), 'rule')}"]
    for rule in report.rules:
        trigger = rule.schedule or rule.pattern
        off = "" if rule.state != "DISABLED" else " (disabled)"
        lines.append(f"  {rule.name} on {rule.bus}{off}: {_short(trigger)}")
        for target in rule.targets:
            letters = f", dead letters to {target.dead_letter_arn}" if target.dead_letter_arn else ""
            lines.append(f"    -> {target.arn}{letters}")
        if not rule.targets:
            lines.append("    no targets")
    if report.unresolved:
        lines.append(f"  not resolved: {len(report.unresolved)}")
        lines.extend(f"    {entry}" for entry in report.unresolved)
    if report.unused:
        lines.append(f"  given, but the template does not use it: {', '.join(report.unused)}")
    if report.ignored:
        ignored = ", ".join(f"{kind} ({count})" for kind, count in report.ignored.items())
        lines.append(f"  ignored: {ignored}")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _short(text: str | None, longest: int = 90) -> str:
    text = text or ""
    return text if len(text) <= longest else text[: longest - 3] + "..."
