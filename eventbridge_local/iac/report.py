"""What ``load`` answers: the rules with their targets, and everything that was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eventbridge_local.iac.plan import Plan, Resource, Step, Unresolved
from eventbridge_local.model.arn import parse_arn


@dataclass(frozen=True, slots=True)
class LoadedTarget:
    """A target of a loaded rule.

    Args:
        id: its id in the rule.
        arn: its ARN.
        dead_letter_arn: the ARN of its dead-letter queue, or None.
        params: the whole target as PutTargets got it.
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


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What was loaded. ``print`` it for a table.

    Args:
        source: the path that was read.
        rules: in the order in which they were put.
        unresolved: values that are not known, and how to give them.
        ignored: how many resources of each type have no part in EventBridge.
        names: resources by logical id and by unique short names.
        unused: names among ``parameters`` and ``resources`` that nothing asked for.
        operations: how many operations of each kind were run.
    """

    source: str
    rules: tuple[LoadedRule, ...]
    unresolved: tuple[Unresolved, ...]
    ignored: Mapping[str, int]
    names: Mapping[str, Resource]
    unused: tuple[str, ...]
    operations: Mapping[str, int]

    def rule(self, name: str) -> LoadedRule:
        """The rule of that name, ARN, logical id, or short name of a logical id.

        Args:
            name: one of these.

        Raises:
            KeyError: no rule is called so, or several are; its text says which there are.
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
        raise KeyError(f"no single rule is called {name!r}; there are: {there}")

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def report_of(plan: Plan) -> LoadReport:
    """The report of a plan, as its steps stand."""
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
    """The name of the bus that parameters name or give the ARN of; ``default`` when they do not."""
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
        lines.append(f"  given but not asked for: {', '.join(report.unused)}")
    if report.ignored:
        ignored = ", ".join(f"{kind} ({count})" for kind, count in report.ignored.items())
        lines.append(f"  ignored: {ignored}")
    return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _short(text: str | None, longest: int = 90) -> str:
    text = text or ""
    return text if len(text) <= longest else text[: longest - 3] + "..."
