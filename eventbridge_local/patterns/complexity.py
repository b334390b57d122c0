"""The score by which AWS refuses patterns whose wildcards cost too much (pattern language, section 6.3).

The score is the number of wildcard prefixes that one input can keep alive at once, counted as the engine counts: on the
state machine it would build. That machine is built here, the tests of a field side by side in a `ValueMachine`, and
behind each test the fields that come next. Where the walk over it would take too long, a bound that is never too low
takes its place.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from math import inf
from typing import Any

from eventbridge_local.patterns.conditions import Absent, AnythingBut, Condition, Wildcard
from eventbridge_local.patterns.engine_machine import STAR, Budget, Operand, TooMuchWork, ValueMachine
from eventbridge_local.patterns.invalid import InvalidPattern
from eventbridge_local.patterns.syntax import Field, Pattern, SubRule

HIGHEST = 10
_MOST_WORK = 300_000  # arrows followed: some tenths of a second
_LOAD = 20  # what loading a test costs in this unit
_MOST_TOKENS = 5_000  # AWS takes patterns of 4,096 characters
_JAVA_SLOTS = 16
_BREAK = -2  # stands between two operands
_BETWEEN = (STAR, _BREAK)
TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)


def check_complexity(pattern: Pattern) -> None:
    """Refuse a pattern AWS would refuse for its wildcards.

    Raises:
        InvalidPattern: the score is above 10.
    """
    if score(pattern.subrules, HIGHEST + 1) > HIGHEST:
        raise InvalidPattern(TOO_COMPLEX)


def score(subrules: tuple[SubRule, ...], enough: float = inf) -> int:
    """The score of a pattern: 0 without wildcards.

    Args:
        enough: a score that need not be told from higher ones.
    """
    rules = [rule for rule in subrules if any(map(_operands, _conditions(rule)))]
    if not rules:
        return 0
    budget = Budget(_MOST_WORK)
    start = _Names()
    try:
        for rule in rules:
            start.add(rule, 0, budget)
        return start.score(enough, budget)
    except TooMuchWork:
        return never_too_low(rules)


def _conditions(rule: SubRule) -> list[Condition]:
    return [condition for field in rule for condition in field.conditions]


def _operands(condition: Condition) -> tuple[Wildcard, ...]:
    """The wildcards of a test, in the order the engine loads them."""
    if isinstance(condition, Wildcard):
        return (condition,)
    if isinstance(condition, AnythingBut):
        wildcards = {_spelled(other): other for other in condition.excluded if isinstance(other, Wildcard)}
        return tuple(wildcards[text] for text in _java_order(list(wildcards)))
    return ()


def _spelled(wildcard: Wildcard) -> str:
    """The operand as patterns spell it, in quotes."""
    pieces = (piece.replace("\\", "\\\\").replace("*", "\\*") for piece in wildcard.pieces)
    return f'"{"*".join(pieces)}"'


def _java_order(texts: list[str]) -> list[str]:
    """The order in which Java's HashSet gives back texts that were put in in this order."""
    slots = _JAVA_SLOTS
    while len(texts) > slots * 3 // 4:
        slots *= 2
    return sorted(texts, key=lambda text: _java_hash(text) % slots)


def _java_hash(text: str) -> int:
    code = 0
    units = text.encode("utf-16-be", "surrogatepass")
    for at in range(0, len(units), 2):
        code = (31 * code + (units[at] << 8 | units[at + 1])) & 0xFFFFFFFF
    return code ^ code >> 16


class _Names:
    """A place between two fields: the engine's tests of what may come next, by path."""

    __slots__ = ("_absent", "_fields")

    def __init__(self) -> None:
        self._fields: dict[str, _Tests] = {}
        self._absent: dict[str, _Names] = {}

    def add(self, rule: SubRule, at: int, budget: Budget) -> None:
        """Load a sub-rule from its field number `at` on."""
        todo = [(self, at)]
        while todo:
            names, at = todo.pop()
            budget.spend(_LOAD * len(rule[at].conditions))
            behind = names._load(rule[at], budget)
            if at + 1 < len(rule):
                todo += [(each, at + 1) for each in reversed(behind)]

    def _load(self, field: Field, budget: Budget) -> list[_Names]:
        """The places behind the tests of a field. A new test leads where the one before it in the list leads."""
        behind: dict[_Names, None] = {}
        last: _Names | None = None
        for condition in field.conditions:
            if isinstance(condition, Absent):
                last = self._absent.setdefault(field.path, last or _Names())
            else:
                last = self._fields.setdefault(field.path, _Tests()).add(condition, last or _Names(), budget)
            behind[last] = None
        return list(behind)

    def score(self, enough: float, budget: Budget) -> int:
        """The highest score of any field from here on; what comes only behind an absent field is not counted."""
        most = 0
        todo, seen = [self], {self}
        while todo and most < enough:
            for tests in todo.pop()._fields.values():
                most = max(most, tests.machine.most_alive(enough, budget))
                for names in tests.behind():
                    if names not in seen:
                        seen.add(names)
                        todo.append(names)
        return most


class _Tests:
    """The tests at one path, and the place behind each."""

    __slots__ = ("_others", "machine")

    def __init__(self) -> None:
        self.machine = ValueMachine()
        self._others: dict[Hashable, _Names] = {}  # tests without wildcards

    def add(self, condition: Condition, follows: _Names, budget: Budget) -> _Names:
        """Load a test; returns the place behind it, which is another one if the test was there."""
        test: Any = frozenset(condition.excluded) if isinstance(condition, AnythingBut) else condition
        operands = _operands(condition)
        if not operands:
            return self._others.setdefault(test, follows)
        for wildcard in operands:
            operand = Operand(wildcard.pieces)
            budget.spend(len(operand.tokens))
            found = self.machine.add(test, operand, follows)
            assert isinstance(found, _Names)
            follows = found
        return follows

    def behind(self) -> list[_Names]:
        """The places behind the tests."""
        return [*self._others.values(), *(each for each in self.machine.follows() if isinstance(each, _Names))]


def never_too_low(rules: Iterable[SubRule]) -> int:
    """A bound of the score that no machine exceeds, worked out without one.

    All operands of a path count as if nothing were shared and all their stars alive. Of the prefixes that end inside a
    literal, those alive at once end alike, so the longest of them says which others there may be.
    """
    paths: dict[str, list[int]] = {}
    for rule in rules:
        for field in rule:
            for condition in field.conditions:
                for wildcard in _operands(condition):
                    paths.setdefault(field.path, []).extend((*Operand(wildcard.pieces).tokens, _BREAK))
    return max(map(_bound, paths.values()), default=0)


def _bound(tokens: list[int]) -> int:
    """The bound for the operands of one path, with a break behind each."""
    if len(tokens) > _MOST_TOKENS:
        return len(tokens)
    starts, literals = 1, dict.fromkeys(tokens, 0)
    for at, token in enumerate(tokens):
        literals[token] |= 1 << at
        starts |= (token in _BETWEEN) << at + 1
    most = alive = 0
    for token in tokens:
        alive = 0 if token in _BETWEEN else (alive << 1 | starts) & literals[token]
        most = max(most, alive.bit_count())
    return tokens.count(STAR) + most
