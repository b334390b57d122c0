"""All checks on the plan of a template: refusals, patterns, targets, dead letters, policies, ways between buses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eventbridge_local.botocore_hooks import codec
from eventbridge_local.contracts import Contracts
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.errors import ServiceError, notes_of, one_line
from eventbridge_local.iac import LoadedRule, Plan, PlanRefused, create_undeclared_buses, report_of, run
from eventbridge_local.lint import event_checks, pattern_checks
from eventbridge_local.lint.findings import Finding, Problem
from eventbridge_local.lint.pattern_checks import may_both_match
from eventbridge_local.mock import build_service
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.options import Options
from eventbridge_local.patterns import InvalidPattern, Pattern, compile_pattern
from eventbridge_local.patterns import conditions as c
from eventbridge_local.policies.access import Permissions, Sending, refusals
from eventbridge_local.report.permissions import text_of as forbidden_text
from eventbridge_local.schedules import InvalidSchedule, parse_schedule


def check(plan: Plan, account: str, region: str, contracts: Contracts | None = None) -> list[Finding]:
    """Return every finding, by file and line.

    Args:
        plan: the plan of the template.
        account, region: those that the plan was read for.
        contracts: the contracts on events of the project.
    """
    root = Path(plan.source) if Path(plan.source).is_dir() else Path(plan.source).parent
    scope = f"{account}/{region}"
    rules = [_subject(rule) for rule in report_of(plan).rules]
    found = [
        *_refusals(plan, account, region),
        *(_at(checked.rule, problem) for checked, problem in _problems(plan, rules, scope, contracts)),
        *_unresolved(plan),
    ]
    placed = [replace(each, file=str(root / each.file)) for each in dict.fromkeys(found)]
    return sorted(placed, key=lambda each: (each.file, each.line or 0))


def _subject(rule: LoadedRule) -> CheckedRule:
    if not isinstance(rule.pattern, str):
        return CheckedRule(rule, None)
    try:
        return CheckedRule(rule, compile_pattern(rule.pattern))
    except InvalidPattern:
        return CheckedRule(rule, None)  # reported as refused


def _problems(
    plan: Plan, rules: list[CheckedRule], scope: str, contracts: Contracts | None
) -> Iterator[tuple[CheckedRule, Problem]]:
    undeclared, permissions = plan.undeclared_buses, plan.permissions()
    roles = {step.logical_id: step.params.get("RoleArn") for step in plan.steps if step.operation == "PutRule"}
    for checked in rules:
        if checked.pattern is not None:
            yield from _of(checked, pattern_checks.problems(checked.pattern))
            yield from _of(checked, event_checks.problems(checked.pattern, contracts))
        for problem in _surroundings(checked, undeclared):
            if problem.code != "no-targets" or not _targets_left_out(plan, checked.rule):
                yield checked, problem
        role = roles.get(checked.rule.logical_id)
        yield from _of(checked, _permissions(checked.rule, role, permissions))
    yield from between_buses(rules, scope)
    yield from aws_sources(rules, scope)


def _of(checked: CheckedRule, found: Iterable[Problem]) -> Iterator[tuple[CheckedRule, Problem]]:
    return ((checked, problem) for problem in found)


def _at(rule: LoadedRule, problem: Problem) -> Finding:
    return Finding(problem.code, problem.message, rule.logical_id, rule.file, rule.line)


def _refusals(plan: Plan, account: str, region: str) -> list[Finding]:
    """Return what AWS would refuse at deployment: all steps are tried; the first refusal of a resource counts."""
    service = build_service(Options(forward="never", seed=0))

    def carry_out(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return codec.perform(service, operation, params, account, region)

    list(create_undeclared_buses(plan, carry_out))
    steps = iter(plan.steps)
    refused: dict[str, PlanRefused] = {}

    def perform(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        step = next(steps)  # they are run in order, each once
        if step.logical_id in refused:
            return {}
        try:
            answer = carry_out(operation, params)
        except ServiceError as error:
            refused[step.logical_id] = PlanRefused(step, error)
            return {}
        for failed in answer.pop("FailedEntries", None) or ():
            refused[step.logical_id] = PlanRefused(step, ServiceError(failed["ErrorCode"], failed["ErrorMessage"]))
        return answer

    run(plan, perform)
    return [_refusal(each) for each in refused.values()]


def _refusal(refused: PlanRefused) -> Finding:
    step = refused.step
    refusal = "; ".join([one_line(str(refused.error)), *notes_of(refused)])
    message = f"AWS would refuse this at deployment: {refusal}"
    return Finding("refused", message, step.logical_id, step.file, step.line)


def _unresolved(plan: Plan) -> Iterator[Finding]:
    for entry in plan.unresolved:
        message = f"{entry.path}: {entry.reason}; give {entry.options}"
        yield Finding("unresolved", message, _resource_of(entry.path), entry.file)


def _resource_of(path: str) -> str:
    """Return the resource in the path of a value: ``Stack.Logical`` of ``Stack.Resources.Logical.Properties.Name``."""
    parts = path.split(".")
    if "Resources" in parts[:-1]:
        at = parts.index("Resources")
        return ".".join([*parts[:at], parts[at + 1]])
    kind = next((at for at, part in enumerate(parts) if part.startswith("aws_")), 0)
    return ".".join(parts[: kind + 2])


def _targets_left_out(plan: Plan, rule: LoadedRule) -> bool:
    """Return whether the rule may have targets in the source that are not known here."""
    for entry in plan.unresolved:
        name = _resource_of(entry.path)
        if entry.file == rule.file and (rule.logical_id.startswith(name) or "aws_cloudwatch_event_target" in name):
            return True
    return False


# what the rules of a template do together


_MOST_HOPS = 1_000


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule, and its pattern where it has a valid one."""

    rule: LoadedRule
    pattern: Pattern | None


def _surroundings(checked: CheckedRule, undeclared: Sequence[str]) -> Iterator[Problem]:
    """Yield what is wrong with the bus, the targets and the schedule of one rule."""
    rule = checked.rule
    if rule.bus in undeclared:
        yield Problem(
            "unknown-bus",
            f"bus {rule.bus!r} is not declared here; the deployment fails unless another stack has made it",
        )
    if not rule.targets:
        yield Problem("no-targets", "the rule has no targets, so the events that it matches are not delivered")
    for target in rule.targets:
        kind = kind_of(target.arn)
        if kind is not None and kind.unsupported:
            yield Problem("unsupported-target", f"target {names_of(target.arn)[-1]}: {kind.unsupported}")
    bare = [names_of(target.arn)[-1] or target.id for target in rule.targets if not target.dead_letter_arn]
    if bare:
        yield Problem(
            "no-dlq", f"{_listed(bare)}: no dead-letter queue; what cannot be delivered is lost after the last retry"
        )
    if rule.schedule is not None and _ended(rule.schedule):
        yield Problem("schedule-ended", f"{rule.schedule} never fires again")


def _listed(names: list[str]) -> str:
    return f"target{'s' * (len(names) > 1)} {', '.join(names)}"


def _ended(expression: str) -> bool:
    try:
        now = datetime.now(UTC)
        return parse_schedule(expression).next_after(now, created=now) is None
    except InvalidSchedule:
        return False  # reported as refused


def _permissions(rule: LoadedRule, role: str | None, permissions: Permissions) -> Iterator[Problem]:
    """Yield what EventBridge may not do that the targets of a rule need.

    ``policies.access`` decides, as for ``assert_targets_permitted``: only what the template declares is looked at, and
    nothing is said where a value that is not known may permit the delivery.

    Args:
        rule: the rule.
        role: the RoleArn of the rule itself.
        permissions: the policies in the template.
    """
    for target in rule.targets if rule.arn is not None else ():
        for refusal in refusals(Sending.of(rule.arn or "", target.params, role), permissions, datetime.now(UTC)):
            code = "role" if refusal.role is not None else "target" if refusal.sent_to == "target" else "dlq"
            yield Problem(f"{code}-permission", "; ".join(forbidden_text(refusal).split("\n", 1)).replace("\n", " "))


# between buses


@dataclass(frozen=True, slots=True)
class _Hop:
    """A rule with a pattern that sends events from its bus to another, both as ``account/Region/name``."""

    checked: CheckedRule
    start: str
    end: str


def between_buses(rules: Sequence[CheckedRule], scope: str) -> Iterator[tuple[CheckedRule, Problem]]:
    """Yield rules that send events to each other's buses, and rules that would make an event take a second hop.

    An event goes to an event bus target only once (recorded: THIRD_ACCOUNT_HOP_DETECTED), so a rule loop between buses
    ends, and a chain of three buses in one Region does not reach its end.

    Args:
        rules: the rules of the template.
        scope: ``account/Region`` of the plan.
    """
    hops = [hop for checked in rules for hop in _hops(checked, scope)][:_MOST_HOPS]
    by_start: dict[str, list[_Hop]] = {}
    for hop in hops:
        by_start.setdefault(hop.start, []).append(hop)
    for hop in hops:
        for onwards in by_start.get(hop.end, ()):
            if _may_follow(hop, onwards):
                yield hop.checked, _hop_problem(hop, onwards)


def _hop_problem(hop: _Hop, onwards: _Hop) -> Problem:
    start, middle, end = _name(hop.start), _name(hop.end), _name(onwards.end)
    on = f"it sends events to bus {middle!r}, and rule {onwards.checked.rule.logical_id} sends them"
    if onwards.end == hop.start:
        return Problem("loop", f"{on} back to {start!r}; EventBridge refuses the way back, so each is lost")
    return Problem("second-hop", f"{on} on to {end!r}; an event may go from bus to bus only once, so it is lost")


def _hops(checked: CheckedRule, scope: str) -> Iterator[_Hop]:
    if checked.pattern is None:
        return
    for target in checked.rule.targets:
        arn = parse_arn(target.arn)
        if arn is not None and arn.service == "events" and arn.resource.startswith("event-bus/"):
            name = arn.resource.removeprefix("event-bus/")
            hop = _Hop(checked, f"{scope}/{checked.rule.bus}", f"{arn.account}/{arn.region}/{name}")
            if hop.start != hop.end:  # AWS refuses a rule that feeds its own bus
                yield hop


def _may_follow(hop: _Hop, onwards: _Hop) -> bool:
    if hop.end.rpartition("/")[0] != hop.start.rpartition("/")[0] and onwards.end != hop.start:
        return False  # across Regions an event may take a hop of each kind
    one, other = hop.checked.pattern, onwards.checked.pattern
    assert one is not None and other is not None
    return any(may_both_match(a, b) for a in one.subrules for b in other.subrules)


def _name(bus: str) -> str:
    return bus.split("/", 2)[2]


def aws_sources(rules: Sequence[CheckedRule], scope: str) -> Iterator[tuple[CheckedRule, Problem]]:
    """Yield rules on custom buses that wait for events of AWS services, which arrive only on the default bus."""
    fed = {hop.end for checked in rules if checked.rule.bus == "default" for hop in _hops(checked, scope)}
    for checked in rules:
        bus = checked.rule.bus
        if bus == "default" or f"{scope}/{bus}" in fed or checked.pattern is None or not _only_aws(checked.pattern):
            continue
        message = f"events of AWS services arrive on the default bus, and the rule is on {bus!r}; no rule sends them on"
        yield checked, Problem("aws-source-on-custom-bus", message)


def _only_aws(pattern: Pattern) -> bool:
    for rule in pattern.subrules:
        source: Mapping[str, tuple[c.Condition, ...]] = {each.path: each.conditions for each in rule}
        texts = [each.text for each in source.get("source", ()) if isinstance(each, c.Text | c.Prefix)]
        if len(texts) != len(source.get("source", ())) or not texts:
            return False
        if not all(text.startswith("aws.") and not text.startswith("aws.partner") for text in texts):
            return False
    return True
