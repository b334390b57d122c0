"""Which rules the events of a run exercised, and which fields of their patterns ever made a difference.

A field decided when it alone kept an event out: without it the rule would have matched. A field that never decided
could be deleted from the pattern without any test noticing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eventbridge_local.delivery.journal_records import Routing
from eventbridge_local.model.records import Rule
from eventbridge_local.notebook import as_text
from eventbridge_local.patterns import Pattern
from eventbridge_local.report.explain import table
from eventbridge_local.report.hints import users_rules
from eventbridge_local.visible import visible_lines

#: A rule by its bus, its name, and its pattern, or its schedule where it has none.
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What the events did with one rule.

    Attributes:
        bus: the name of its bus.
        rule: its name.
        trigger: the text of its pattern; of its schedule where it has no pattern.
        met: how many events it was checked against while it was enabled.
        matched: how many of them it matched, or how often it fired.
        fields: the paths its pattern looks at.
        decided: those of them that alone kept an event out.
    """

    bus: str
    rule: str
    trigger: str
    met: int = 0
    matched: int = 0
    fields: tuple[str, ...] = ()
    decided: frozenset[str] = frozenset()

    @property
    def undecided(self) -> tuple[str, ...]:
        """Return the fields that never decided."""
        return tuple(path for path in self.fields if path not in self.decided)

    def __lt__(self, other: RuleCoverage) -> bool:
        return (self.bus, self.rule, self.trigger) < (other.bus, other.rule, other.trigger)

    def __or__(self, other: RuleCoverage) -> RuleCoverage:
        """Return both together; they must be of one rule."""
        return RuleCoverage(
            self.bus,
            self.rule,
            self.trigger,
            self.met + other.met,
            self.matched + other.matched,
            self.fields,
            self.decided | other.decided,
        )


class Coverage:
    """The rules of a run, by bus and name; ``str()`` is a report, ``first | second`` adds runs up."""

    def __init__(self, rules: Iterable[RuleCoverage] = ()) -> None:
        self._rules: dict[Key, RuleCoverage] = {}
        for rule in rules:
            key = (rule.bus, rule.rule, rule.trigger)
            known = self._rules.get(key)
            self._rules[key] = rule if known is None else known | rule

    @property
    def rules(self) -> tuple[RuleCoverage, ...]:
        """Return all rules there were."""
        return tuple(self._rules[key] for key in sorted(self._rules))

    @property
    def unmatched(self) -> tuple[RuleCoverage, ...]:
        """Return the rules that matched nothing."""
        return tuple(rule for rule in self.rules if not rule.matched)

    @property
    def undecided(self) -> tuple[tuple[RuleCoverage, str], ...]:
        """Return the fields that never decided, each with its rule."""
        return tuple((rule, path) for rule in self.rules for path in rule.undecided)

    def __iter__(self) -> Iterator[RuleCoverage]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self._rules)

    def __or__(self, other: Coverage) -> Coverage:
        return Coverage([*self, *other])

    def __repr__(self) -> str:
        return f"<Coverage: {len(self) - len(self.unmatched)} of {len(self)} rules matched>"

    def __str__(self) -> str:
        return visible_lines(self._lines())

    def _repr_html_(self) -> str:
        return as_text(str(self))

    def _lines(self) -> Iterator[str]:
        if not self._rules:
            yield "no mock had a rule"
            return
        fields = sum(len(rule.fields) for rule in self.rules)
        decided = fields - len(self.undecided)
        matched = len(self) - len(self.unmatched)
        yield f"{matched} of {len(self)} rules matched an event; {decided} of {fields} fields decided"
        rows = [
            (rule.rule, rule.bus, f"{rule.matched} of {rule.met}", ", ".join(rule.undecided) or "-")
            for rule in self.rules
            if rule.undecided or not rule.matched
        ]
        if rows:
            yield from table(("rule", "bus", "matched", "fields that never decided"), rows)
            yield "A field decided if it alone kept an event out. To test one, put an event that differs only in it."

    def as_data(self) -> list[list[Any]]:
        """Return plain values, to send to another process."""
        return [
            [rule.bus, rule.rule, rule.trigger, rule.met, rule.matched, list(rule.fields), sorted(rule.decided)]
            for rule in self
        ]

    @classmethod
    def from_data(cls, data: Sequence[Sequence[Any]]) -> Coverage:
        """Return the coverage that ``as_data`` made plain values of."""
        return cls(
            RuleCoverage(bus, rule, trigger, met, matched, tuple(fields), frozenset(decided))
            for bus, rule, trigger, met, matched, fields, decided in data
        )


def coverage_of(routings: Iterable[Routing], rules: Iterable[Rule]) -> Coverage:
    """Return the coverage of one mock.

    Args:
        routings: what became of each event.
        rules: the rules there are now; those that events were checked against before count too.
    """
    watched: dict[Key, _Watched] = {}
    for rule in users_rules(rules):
        watched.setdefault(_key(rule), _Watched(rule))
    for routing in routings:
        tree = routing.event.matched_on  # once for all rules, because the detail is read from its text
        for rule in users_rules(routing.rules):
            watched.setdefault(_key(rule), _Watched(rule)).check(rule, rule.name in routing.matched, tree)
    return Coverage(each.result() for each in watched.values())


def _key(rule: Rule) -> Key:
    return rule.bus, rule.name, _trigger(rule)


def _trigger(rule: Rule) -> str:
    return rule.schedule_text or "" if rule.pattern is None else rule.pattern.text


class _Watched:
    """Counts for one rule, and its pattern less one field each."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._met = self._matched = 0
        self._decided: set[str] = set()
        self._without = list(_without_one_field(rule.pattern)) if rule.pattern is not None else []

    def check(self, rule: Rule, fired: bool, tree: Mapping[str, Any]) -> None:
        if not rule.enabled or (rule.pattern is None and not fired):
            return
        self._met += 1
        self._matched += fired
        if not fired:
            self._decided.update(self._deciding(tree))

    def _deciding(self, tree: Mapping[str, Any]) -> Iterator[str]:
        for path, pattern in self._without:
            if path not in self._decided and (pattern is None or pattern.matches(tree)):
                yield path

    def result(self) -> RuleCoverage:
        rule = self._rule
        paths = () if rule.pattern is None else rule.pattern.paths
        return RuleCoverage(
            rule.bus, rule.name, _trigger(rule), self._met, self._matched, paths, frozenset(self._decided)
        )


def _without_one_field(pattern: Pattern) -> Iterator[tuple[str, Pattern | None]]:
    """Yield each branch of a pattern less one of its fields; None where nothing is left, which matches everything."""
    for branch in pattern.branches:
        for path in branch:
            rest = {other: conditions for other, conditions in branch.items() if other != path}
            yield path, Pattern(pattern.text, (rest,)) if rest else None
