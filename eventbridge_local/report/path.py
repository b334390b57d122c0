"""The way of an event as records: the buses it reached, the rules it met there, and their targets.

``history`` makes them of what happened and ``dry_run`` of what would; ``explaining`` finds the words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from eventbridge_local.core.event import Event
from eventbridge_local.patterns import Explanation, explain
from eventbridge_local.report.hints import spoilers
from eventbridge_local.state.records import Rule

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
    """

    id: str
    arn: str
    name: str
    outcome: str
    payload: str | None = None
    about: str = ""

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
    """The verdict of a rule on an event, its targets left out."""
    explanation = None if rule.pattern is None else explain(rule.pattern, event.matched_on)
    step = RuleStep(rule.name, rule.bus, rule.state, False, explanation=explanation, arn=rule.arn)
    if explanation is None:
        return replace(step, why="has a schedule and no pattern")
    if not rule.enabled:
        return replace(step, why="disabled" if explanation else f"disabled; {spoilers(explanation)}")
    return replace(step, matched=True) if explanation else replace(step, why=spoilers(explanation))


def only(stops: Iterable[Stop], name: str) -> tuple[Stop, ...]:
    """The stops with a rule of that name or ARN, and it alone."""
    shown = [replace(stop, rules=tuple(rule for rule in stop.rules if name in (rule.rule, rule.arn))) for stop in stops]
    return tuple(stop for stop in shown if stop.rules)
