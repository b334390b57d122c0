"""The way of an event as records: the buses it reached, the rules it met there, and their targets.

``history`` makes them of what happened and ``asking`` of what would; ``explaining`` finds the words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.patterns import Explanation, explain
from eventbridge_local.report.hints import why_no_match
from eventbridge_local.report.text import BusWording, location_of_rule

#: Outcomes with which an event has, or would have, reached its target.
REACHED = frozenset(("delivered", "recorded", "archived", "would get"))


@dataclass(frozen=True, slots=True)
class TargetStep:
    """A target of a rule that matched.

    Attributes:
        id: its id in the rule.
        arn: its ARN.
        name: what people call it, such as the name of the function.
        outcome: that of the delivery; ``would get`` in a dry run.
        payload: the exact text it got or would get; None where none could be made.
        about: more on the outcome, in words.
        error: a code such as ``NO_PERMISSIONS``, None where nothing fails or failed.
    """

    id: str
    arn: str
    name: str
    outcome: str
    payload: str | None = None
    about: str = ""
    error: str | None = None

    @property
    def reached(self) -> bool:
        """Whether the event got there."""
        return self.outcome in REACHED


@dataclass(frozen=True, slots=True)
class RuleStep:
    """A rule and its verdict; true when it matched and one of its targets was reached.

    Attributes:
        rule: its name.
        bus: the name of its bus.
        state: ``ENABLED`` or ``DISABLED``, as the API spells it.
        matched: whether it matched, or would match.
        why: why not, in short; "" when it matched.
        explanation: the verdict on its pattern field by field, None for a rule without one.
        targets: what its targets got or would get; none when it did not match.
        arn: its ARN.
    """

    rule: str
    bus: str
    state: str
    matched: bool
    why: str = ""
    explanation: Explanation | None = None
    targets: tuple[TargetStep, ...] = ()
    arn: str = ""

    def __bool__(self) -> bool:
        return self.matched and any(target.reached for target in self.targets)


@dataclass(frozen=True, slots=True)
class Stop:
    """A bus that the event reached.

    Attributes:
        bus: its name.
        account: its account.
        region: its Region.
        rules: the rules the event met there.
        trouble: why nothing could match there at all, None when something could.
    """

    bus: str
    account: str
    region: str
    rules: tuple[RuleStep, ...] = ()
    trouble: str | None = None


def judge(rule: Rule, event: Event) -> RuleStep:
    """Return the verdict of a rule on an event, its targets left out."""
    explanation = None if rule.pattern is None else explain(rule.pattern, event.matched_on)
    why = why_no_match(rule, event)
    return RuleStep(rule.name, rule.bus, rule.state, not why, why, explanation, arn=rule.arn)


def only(stops: Iterable[Stop], name: str) -> tuple[Stop, ...]:
    """The stops with a rule of that name or ARN, and it alone."""
    shown = [replace(stop, rules=tuple(rule for rule in stop.rules if name in (rule.rule, rule.arn))) for stop in stops]
    return tuple(stop for stop in shown if stop.rules)


# ``eb.explain`` and ``eb.route``: the way of an event as a story and as a table.


_LONGEST_PAYLOAD = 100


@dataclass(frozen=True, repr=False)
class EventExplanation:
    """What became, or would become, of an event; true when it reached a target.

    Attributes:
        title: the event in a few words.
        stops: the buses it reached, each with the rules it met there.
        refused: why PutEvents did not take it, None when it did.
        dry: True when the event was never put, so that this is what would happen.
        rule: the name of the one rule that was asked about, None for all.
        notes: advice in words.
    """

    title: str
    stops: tuple[Stop, ...] = ()
    refused: str | None = None
    dry: bool = False
    rule: str | None = None
    notes: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return any(self.rules)

    @property
    def rules(self) -> tuple[RuleStep, ...]:
        """The rules the event met, on all buses."""
        return tuple(rule for stop in self.stops for rule in stop.rules)

    @property
    def matched(self) -> tuple[RuleStep, ...]:
        """Those that matched."""
        return tuple(rule for rule in self.rules if rule.matched)

    def __repr__(self) -> str:
        met = len(self.rules)
        reached = sum(target.reached for rule in self.matched for target in rule.targets)
        verdict = (
            "refused" if self.refused else f"{len(self.matched)} of {met} rules matched, {reached} targets reached"
        )
        return f"<EventExplanation of {self.title}: {verdict}>"

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.title}, not put; this is what would happen" if self.dry else self.title
        if self.refused:
            yield f"    refused: {self.refused}"
        for stop in self.stops:
            yield from _stop_lines(stop, self.rule)
        yield from (f"    {note}" for note in self.notes)


def _stop_lines(stop: Stop, rule: str | None) -> Iterator[str]:
    yield f"bus {stop.bus!r} in {stop.account}/{stop.region}"
    if stop.trouble is not None:
        yield f"    dropped: {stop.trouble}"
    elif not stop.rules:
        yield "    has no rules" if rule is None else f"    has no rule {rule!r}"
    for step in stop.rules:
        yield from _rule_lines(step)


def _rule_lines(step: RuleStep) -> Iterator[str]:
    if step.matched:
        yield f"    rule {step.rule!r} ({step.state}) matched"
        yield from (f"        -> {_target_text(target)}" for target in step.targets)
        if not step.targets:
            yield "        it has no targets; PutTargets gives it some"
        return
    yield f"    rule {step.rule!r} ({step.state}) did not match: {step.why}"
    if step.explanation is not None and not step.explanation:
        yield from (f"        {line}" for line in str(step.explanation).splitlines())


def _target_text(target: TargetStep) -> str:
    about = (
        f" {target.about}" if target.about.startswith(("(", "after")) else f": {target.about}" if target.about else ""
    )
    got = "" if target.payload is None else f"; {_cut(target.payload)}"
    return f"{target.name} {target.outcome}{about}{got}"


def _cut(payload: str) -> str:
    return payload if len(payload) <= _LONGEST_PAYLOAD else f"{payload[:_LONGEST_PAYLOAD]}…"


class RoutingTable(Sequence[RuleStep]):
    """Every rule and what it makes of an event, a row each; true when one of them hands it to a target.

    Attributes:
        title: the event in a few words.
        rows: the rules.
        trouble: why nothing can match at all, None when something can.
    """

    def __init__(self, title: str, rows: Sequence[RuleStep], trouble: str | None = None) -> None:
        self.title = title
        self.rows = tuple(rows)
        self.trouble = trouble

    @property
    def matched(self) -> tuple[RuleStep, ...]:
        """The rows of the rules that would match."""
        return tuple(row for row in self.rows if row.matched)

    @overload
    def __getitem__(self, index: int) -> RuleStep: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RuleStep, ...]: ...
    def __getitem__(self, index: int | slice) -> RuleStep | tuple[RuleStep, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return any(self.rows)

    def __repr__(self) -> str:
        return f"<RoutingTable of {self.title}: {len(self.matched)} of {len(self)} rules match>"

    def __str__(self) -> str:
        lines = [self.title]
        if self.trouble is not None:
            lines.append(f"dropped: {self.trouble}")
        words = BusWording([location_of_rule(row) for row in self.rows])
        cells = [cell for row in self.rows for cell in _row_cells(row, words)]
        return "\n".join([*lines, *(table(_HEADINGS, cells) if cells else ["there are no rules"])])


_HEADINGS = ("rule", "bus", "match", "why not, or what its targets get")


def _row_cells(row: RuleStep, words: BusWording) -> Iterator[tuple[str, ...]]:
    bus = words.bus_name(location_of_rule(row))
    if not row.matched:
        yield row.rule, bus, "no", row.why
        return
    told = [_target_text(target) for target in row.targets] or ["it has no targets"]
    yield row.rule, bus, "yes", told[0]
    yield from (("", "", "", each) for each in told[1:])


def table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table; every column but the last is as wide as it must be."""
    rows = [headings, *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]
