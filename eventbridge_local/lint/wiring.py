"""What the rules of a template do together: buses, targets, dead letters, and the ways between buses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from eventbridge_local.iac import LoadedRule
from eventbridge_local.lint.covering import may_meet
from eventbridge_local.lint.finding import Problem
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.patterns import Pattern
from eventbridge_local.patterns import conditions as c
from eventbridge_local.schedules import InvalidSchedule, parse_schedule

_MOST_WAYS = 1_000


@dataclass(frozen=True, slots=True)
class Subject:
    """A rule, and its pattern where it has a valid one."""

    rule: LoadedRule
    pattern: Pattern | None


def problems(subject: Subject, undeclared: Sequence[str]) -> Iterator[Problem]:
    """What is wrong with one rule's surroundings."""
    rule = subject.rule
    if rule.bus in undeclared:
        yield Problem(
            "unknown-bus",
            f"bus {rule.bus!r} is not declared here; the deployment fails unless another stack has made it",
        )
    if not rule.targets:
        yield Problem("no-targets", "the rule has no targets, so nothing gets what it matches")
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
        return False  # told as refused


# between buses


@dataclass(frozen=True, slots=True)
class _Way:
    """A rule with a pattern that hands events from its bus to another, both as ``account/Region/name``."""

    subject: Subject
    start: str
    end: str


def between_buses(subjects: Sequence[Subject], home: str) -> Iterator[tuple[Subject, Problem]]:
    """Rules that feed each other, and events that would make a second hop.

    An event is sent to an event bus target only once (recorded: THIRD_ACCOUNT_HOP_DETECTED), so a ring does not run
    for ever, and a chain of three buses in one Region does not reach its end.

    Args:
        home: ``account/Region``.
    """
    ways = [way for subject in subjects for way in _ways(subject, home)][:_MOST_WAYS]
    behind: dict[str, list[_Way]] = {}
    for way in ways:
        behind.setdefault(way.start, []).append(way)
    for way in ways:
        for onwards in behind.get(way.end, ()):
            if _may_follow(way, onwards):
                yield way.subject, _hop_problem(way, onwards)


def _hop_problem(way: _Way, onwards: _Way) -> Problem:
    start, middle, end = _name(way.start), _name(way.end), _name(onwards.end)
    on = f"it hands events to bus {middle!r}, and rule {onwards.subject.rule.logical_id} hands them"
    if onwards.end == way.start:
        return Problem("loop", f"{on} back to {start!r}; EventBridge refuses the way back, so each is lost")
    return Problem("second-hop", f"{on} on to {end!r}; an event may go from bus to bus only once, so it is lost")


def _ways(subject: Subject, home: str) -> Iterator[_Way]:
    if subject.pattern is None:
        return
    for target in subject.rule.targets:
        arn = parse_arn(target.arn)
        if arn is not None and arn.service == "events" and arn.resource.startswith("event-bus/"):
            name = arn.resource.removeprefix("event-bus/")
            way = _Way(subject, f"{home}/{subject.rule.bus}", f"{arn.account}/{arn.region}/{name}")
            if way.start != way.end:  # AWS refuses a rule that feeds its own bus
                yield way


def _may_follow(way: _Way, onwards: _Way) -> bool:
    if way.end.rpartition("/")[0] != way.start.rpartition("/")[0] and onwards.end != way.start:
        return False  # over Regions an event may make a hop of each kind
    one, other = way.subject.pattern, onwards.subject.pattern
    assert one is not None and other is not None
    return any(may_meet(a, b) for a in one.subrules for b in other.subrules)


def _name(bus: str) -> str:
    return bus.split("/", 2)[2]


def aws_sources(subjects: Sequence[Subject], home: str) -> Iterator[tuple[Subject, Problem]]:
    """Rules on custom buses for events of AWS services, which arrive on the default bus and that no rule hands on."""
    fed = {way.end for subject in subjects if subject.rule.bus == "default" for way in _ways(subject, home)}
    for subject in subjects:
        bus = subject.rule.bus
        if bus == "default" or f"{home}/{bus}" in fed or subject.pattern is None or not _only_aws(subject.pattern):
            continue
        message = f"events of AWS services arrive on the default bus, and the rule is on {bus!r}; no rule hands them on"
        yield subject, Problem("aws-source-on-custom-bus", message)


def _only_aws(pattern: Pattern) -> bool:
    for rule in pattern.subrules:
        source: Mapping[str, tuple[c.Condition, ...]] = {each.path: each.conditions for each in rule}
        texts = [each.text for each in source.get("source", ()) if isinstance(each, c.Text | c.Prefix)]
        if len(texts) != len(source.get("source", ())) or not texts:
            return False
        if not all(text.startswith("aws.") and not text.startswith("aws.partner") for text in texts):
            return False
    return True
