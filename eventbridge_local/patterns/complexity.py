"""The score by which AWS refuses patterns whose wildcards cost too much (facts 3.5, 12.13).

Strategy: the score is the number of wildcard prefixes that one input can keep alive at once, counted as the engine
counts: on the state machine it would build. That machine is built here, the tests of a field side by side in a
``_ValueMachine``, and behind each test the fields that come next (``_Names``). Where the walk over it would take too
long, a bound that is never too low takes its place (``never_too_low``).

The machine's quirks matter, because the score counts its states: which states a second operand finds and shares, and
which it makes anew. The rules kept here are those of states and sharing only: ``match`` does not use
the machine.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from math import inf
from typing import Final

from eventbridge_local.patterns.conditions import (
    Absent,
    AnythingBut,
    Condition,
    Field,
    InBlock,
    SameAddress,
    SubRule,
    Wildcard,
)
from eventbridge_local.patterns.values import forms, spell_wildcard

HIGHEST = 10
"""The highest score AWS accepts."""
_MOST_WORK = 300_000  # arrows followed: some tenths of a second
_LOAD = 20  # what loading a test costs in this unit
_MOST_TOKENS = 5_000  # AWS takes patterns of 4,096 characters
_JAVA_SLOTS = 16
_STAR: Final = -1
_OTHER: Final = -2  # a byte no operand names
_QUOTE = '"'
_BREAK = -2  # among tokens: stands between two operands
_BETWEEN = (_STAR, _BREAK)
TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a "
    "wildcard character"
)


def score(subrules: tuple[SubRule, ...], enough: float = inf) -> int:
    """Return the score of a pattern: 0 without wildcards.

    Args:
        enough: a score that need not be told from higher ones.
    """
    rules = [rule for rule in subrules if any(map(_operands, _conditions(rule)))]
    if not rules:
        return 0
    budget = _Budget(_MOST_WORK)
    start = _Names()
    try:
        for rule in rules:
            start.add(rule, 0, budget)
        return start.score(enough, budget)
    except _TooMuchWork:
        return never_too_low(rules)


def _conditions(rule: SubRule) -> list[Condition]:
    return [condition for field in rule for condition in field.conditions]


def _operands(condition: Condition) -> tuple[Wildcard, ...]:
    """Return the wildcards of a test, in the order the engine loads them."""
    if isinstance(condition, Wildcard):
        return (condition,)
    if isinstance(condition, AnythingBut):
        wildcards = {_spelled(other): other for other in condition.excluded if isinstance(other, Wildcard)}
        return tuple(wildcards[text] for text in _java_order(list(wildcards)))
    return ()


def _spelled(wildcard: Wildcard) -> str:
    """Return the operand as patterns spell it, in quotes."""
    return f'"{spell_wildcard(wildcard.pieces)}"'


def _java_order(texts: list[str]) -> list[str]:
    """Return the order in which Java's HashSet gives back texts that were put in in this order."""
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


def _same(condition: Condition) -> Hashable:
    """Return what is equal for tests that the engine takes for one, such as an address block in two spellings."""
    if isinstance(condition, AnythingBut):
        return frozenset(condition.excluded)
    return condition.key() if isinstance(condition, (InBlock, SameAddress)) else condition


class _Names:
    """A place between two fields: the engine's tests of what may come next, by path."""

    __slots__ = ("_absent", "_fields")

    def __init__(self) -> None:
        self._fields: dict[str, _Tests] = {}
        self._absent: dict[str, _Names] = {}

    def add(self, rule: SubRule, at: int, budget: _Budget) -> None:
        """Load a sub-rule from its field number ``at`` on."""
        todo = [(self, at)]
        while todo:
            names, at = todo.pop()
            budget.spend(_LOAD * len(rule[at].conditions))
            behind = names._load(rule[at], budget)
            if at + 1 < len(rule):
                todo += [(each, at + 1) for each in reversed(behind)]

    def _load(self, field: Field, budget: _Budget) -> list[_Names]:
        """Return the places behind the tests of a field. A new test leads where the one before it in the list leads."""
        behind: dict[_Names, None] = {}
        last: _Names | None = None
        for condition in field.conditions:
            if isinstance(condition, Absent):
                last = self._absent.setdefault(field.path, last or _Names())
            else:
                last = self._fields.setdefault(field.path, _Tests()).add(condition, last or _Names(), budget)
            behind[last] = None
        return list(behind)

    def score(self, enough: float, budget: _Budget) -> int:
        """Return the highest score of any field from here on; what comes only behind an absent field is not counted."""
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
        self.machine = _ValueMachine()
        self._others: dict[Hashable, _Names] = {}  # tests without wildcards

    def add(self, condition: Condition, follows: _Names, budget: _Budget) -> _Names:
        """Load a test; return the place behind it, which is another one if the test was there."""
        test = _same(condition)
        operands = _operands(condition)
        if not operands:
            return self._others.setdefault(test, follows)
        for wildcard in operands:
            operand = _Operand(wildcard.pieces)
            budget.spend(len(operand.tokens))
            found = self.machine.add(test, operand, follows)
            assert isinstance(found, _Names)
            follows = found
        return follows

    def behind(self) -> list[_Names]:
        """Return the places behind the tests."""
        return [*self._others.values(), *(each for each in self.machine.follows() if isinstance(each, _Names))]


def never_too_low(rules: Iterable[SubRule]) -> int:
    """Return a bound of the score that no machine exceeds, worked out without one.

    All operands of a path count as if nothing were shared and all their stars alive. Of the prefixes that end inside a
    literal, those alive at once end alike, so the longest of them says which others there may be.
    """
    paths: dict[str, list[int]] = {}
    for rule in rules:
        for field in rule:
            for condition in field.conditions:
                for wildcard in _operands(condition):
                    paths.setdefault(field.path, []).extend((*_Operand(wildcard.pieces).tokens, _BREAK))
    return max(map(_bound, paths.values()), default=0)


def _bound(tokens: list[int]) -> int:
    """Return the bound for the operands of one path, with a break behind each."""
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
    return tokens.count(_STAR) + most


# -- the machine for the values at one path
#
# A state is entered by a byte, or by any byte through a star; a star's state also leads to itself, and what follows a
# star can be entered from before it, for stars that stand for nothing. Operands come with their quotes, so none begins
# or ends with a star.


class _Budget:
    """How much work is left before a caller is told to stop."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        """Take units off.

        Raises:
            _TooMuchWork: there are none left.
        """
        self.left -= units
        if self.left < 0:
            raise _TooMuchWork


class _TooMuchWork(Exception):
    """The budget is spent."""


class _Operand:
    """A wildcard operand as the engine reads it: the bytes of the quoted text, with stars.

    Args:
        pieces: the literal texts between the stars.
    """

    __slots__ = ("forks", "tokens")

    def __init__(self, pieces: tuple[str, ...]) -> None:
        self.tokens: list[int] = []
        self.forks: list[bool | None] = []  # whether a character with two cases begins here; None: inside a character
        self._literal(_QUOTE)
        for number, piece in enumerate(pieces):
            if number:
                self.tokens.append(_STAR)
                self.forks.append(None)
            self._literal(piece)
        self._literal(_QUOTE)

    def _literal(self, text: str) -> None:
        for char in text:
            encoded = char.encode()
            self.tokens += encoded
            self.forks += [char <= "\uffff" and len(set(forms(char))) > 1, *[None] * (len(encoded) - 1)]


class _Arrow:
    """Where a byte leads: to a state, to the end of an operand, or to both. `reach` is a mask of the tests beyond."""

    __slots__ = ("end", "next", "reach")

    def __init__(self, next_: _State | None, end: _End | None) -> None:
        self.next = next_
        self.end = end
        self.reach = 0


class _State(_Arrow):
    """A state; `vague` says that more than one text leads here."""

    __slots__ = ("named", "others", "vague")

    def __init__(self, vague: bool) -> None:
        super().__init__(self, None)
        self.vague = vague
        self.named: dict[int, list[_Arrow]] = {}  # by byte
        self.others: list[_Arrow] = []  # for the bytes not named

    def arrows(self, token: int) -> list[_Arrow]:
        """Return where a byte leads, or a star: to what every byte leads to."""
        if token == _STAR:
            return [each for each in self.others if all(each in listed for listed in self.named.values())]
        return self.named.get(token, self.others)

    def add(self, token: int, arrow: _Arrow) -> None:
        """Let a token lead to `arrow`, too."""
        if token == _STAR:
            lists: Iterable[list[_Arrow]] = [*self.named.values(), self.others]
        else:
            lists = [self.named.setdefault(token, self.others.copy())]
        for listed in lists:
            if arrow not in listed:
                listed.append(arrow)


class _End(_Arrow):
    """The end of an operand of a test (`bit`), and the name of what follows."""

    __slots__ = ("bit", "follows")

    def __init__(self, bit: int, follows: object) -> None:
        super().__init__(None, self)
        self.bit = bit
        self.follows = follows


class _ValueMachine:
    """All wildcard tests at one path, behind one history of earlier paths."""

    def __init__(self) -> None:
        self._start = _State(vague=False)
        self._states = [self._start]  # arrows lead from older states to newer ones
        self._bits: dict[Hashable, int] = {}
        self._ends: dict[tuple[int, object], _End] = {}

    def add(self, test: Hashable, operand: _Operand, follows: object) -> object:
        """Load an operand of a test, sharing what the engine shares.

        Returns:
            `follows`, or what follows already where exactly this was loaded before.
        """
        tokens = operand.tokens
        last = len(tokens) - 1
        known, state, before = self._shared(operand)
        for at in range(known, last):
            arrows = state.arrows(tokens[at])
            following = _first_state(arrows)
            if arrows and following is None:
                following = self._go_on(state, tokens[at])
            elif following is None or following.vague:
                following = self._grow(state, before, tokens, at)
            before, state = state, following
        bit = self._bits.setdefault(test, len(self._bits))
        for arrow in state.arrows(tokens[last]):
            if arrow.end is not None and arrow.end.bit == bit:
                return arrow.end.follows
        end = self._ends.setdefault((bit, follows), _End(bit, follows))
        state.add(tokens[last], end)
        if before is not None and tokens[last - 1] == _STAR:
            before.add(tokens[last], end)
        return follows

    def _shared(self, operand: _Operand) -> tuple[int, _State, _State | None]:
        """Return how many tokens lead through shared states that exist, the last of these states and the one before."""
        state, before = self._start, None
        for at, token in enumerate(operand.tokens[:-1]):
            arrows = state.arrows(token)
            shared = next((each.next for each in arrows if _may_share(state, each.next, operand.forks[at])), None)
            if shared is None:
                return at, state, before
            before, state = state, shared
        return len(operand.tokens) - 1, state, before

    def _go_on(self, state: _State, token: int) -> _State:
        """Make the end of another operand that ends in the middle of this one a state as well."""
        following = self._new(state.vague)
        listed = state.named[token]
        listed[0] = _Arrow(following, listed[0].end)
        return following

    def _new(self, vague: bool) -> _State:
        self._states.append(_State(vague))
        return self._states[-1]

    def _grow(self, state: _State, before: _State | None, tokens: list[int], at: int) -> _State:
        token = tokens[at]
        following = self._new(state.vague or token == _STAR)
        if token == _STAR:
            following.add(_STAR, following)
        state.add(token, following)
        if token != _STAR and before is not None and tokens[at - 1] == _STAR:
            before.add(token, following)
        return following

    def follows(self) -> Iterator[object]:
        """Return what follows the operands."""
        return (end.follows for end in self._ends.values())

    def most_alive(self, enough: float, budget: _Budget) -> int:
        """Return the most states any input can be in at once, a state counting once for each test it can still meet.

        Args:
            enough: stop looking once so many are found.
        Raises:
            _TooMuchWork: the inputs differ in too many ways.
        """
        self._measure()
        most = 0
        todo = list(_following([self._start], budget))
        seen = set(todo)
        while todo and most < enough:
            arrows = todo.pop()
            beside = (
                star.reach.bit_count()
                for each in arrows
                if each.next is not None
                for star in each.next.arrows(_STAR)
                if star not in arrows
            )
            most = max(most, sum(each.reach.bit_count() for each in arrows) + sum(beside))
            for following in _following(arrows, budget):
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        return most

    def _measure(self) -> None:
        for end in self._ends.values():
            end.reach = 1 << end.bit
        for state in reversed(self._states):
            for listed in [*state.named.values(), state.others]:
                for arrow in listed:
                    if not isinstance(arrow, _State | _End):
                        arrow.reach = (arrow.next.reach if arrow.next else 0) | (arrow.end.reach if arrow.end else 0)
                    state.reach |= arrow.reach


def _may_share(state: _State, following: _State | None, forks: bool | None) -> bool:
    """Return whether an operand at `state` may go on through an existing state; `forks` is that of its token."""
    if following is None or following is state:
        return False
    if not following.vague or forks is None:
        return True
    return not forks and all(star is state for star in state.arrows(_STAR))


def _first_state(arrows: list[_Arrow]) -> _State | None:
    """Return the state to go on to: one that a single text leads to if there is one, else the first."""
    states = [each.next for each in arrows if each.next is not None]
    return next((each for each in states if not each.vague), states[0] if states else None)


def _following(arrows: Iterable[_Arrow], budget: _Budget) -> set[frozenset[_Arrow]]:
    """Return the sets of arrows that one more byte leads to."""
    states = [each.next for each in arrows if each.next is not None]
    tokens = {token for state in states for token in state.named} | {_OTHER}
    budget.spend(len(tokens) * len(states))
    found = {frozenset(arrow for state in states for arrow in state.arrows(token)) for token in tokens}
    found.discard(frozenset())
    return found
