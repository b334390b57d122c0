"""The machine the real engine builds for the values at one path, as far as the wildcard score depends on it.

The score counts states of that machine, so its quirks matter: which states a second operand finds and shares, and which
it makes anew. The rules kept here are those of states and sharing; matching by it is out of the question, `matching`
does that. A state is entered by a byte, or by any byte through a star; a star's state also leads to itself, and what
follows a star can be entered from before it, for stars that stand for nothing. Operands come with their quotes, so
none begins or ends with a star. Facts: pattern language, section 6.3.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from eventbridge_local.patterns.ignore_case import forms

STAR: Final = -1
_OTHER: Final = -2  # a byte no operand names
_QUOTE = '"'


class Budget:
    """How much work is left before a caller is told to stop."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, units: int) -> None:
        """Take units off.

        Raises:
            TooMuchWork: there are none left.
        """
        self.left -= units
        if self.left < 0:
            raise TooMuchWork


class TooMuchWork(Exception):
    """The budget is spent."""


class Operand:
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
                self.tokens.append(STAR)
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
        """Where a byte leads, or a star: to what every byte leads to."""
        if token == STAR:
            return [each for each in self.others if all(each in listed for listed in self.named.values())]
        return self.named.get(token, self.others)

    def add(self, token: int, arrow: _Arrow) -> None:
        """Let a token lead to `arrow`, too."""
        if token == STAR:
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


class ValueMachine:
    """All wildcard tests at one path, behind one history of earlier paths."""

    def __init__(self) -> None:
        self._start = _State(vague=False)
        self._states = [self._start]  # arrows lead from older states to newer ones
        self._bits: dict[Hashable, int] = {}
        self._ends: dict[tuple[int, object], _End] = {}

    def add(self, test: Hashable, operand: Operand, follows: object) -> object:
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
        if before is not None and tokens[last - 1] == STAR:
            before.add(tokens[last], end)
        return follows

    def _shared(self, operand: Operand) -> tuple[int, _State, _State | None]:
        """How many tokens lead through states that are there and may be shared, the last of them and the one before."""
        state, before = self._start, None
        for at, token in enumerate(operand.tokens[:-1]):
            arrows = state.arrows(token)
            shared = next((each.next for each in arrows if _may_share(state, each.next, operand.forks[at])), None)
            if shared is None:
                return at, state, before
            before, state = state, shared
        return len(operand.tokens) - 1, state, before

    def _go_on(self, state: _State, token: int) -> _State:
        """Where another operand ends in the middle of this one, its end becomes a state as well."""
        following = self._new(state.vague)
        listed = state.named[token]
        listed[0] = _Arrow(following, listed[0].end)
        return following

    def _new(self, vague: bool) -> _State:
        self._states.append(_State(vague))
        return self._states[-1]

    def _grow(self, state: _State, before: _State | None, tokens: list[int], at: int) -> _State:
        token = tokens[at]
        following = self._new(state.vague or token == STAR)
        if token == STAR:
            following.add(STAR, following)
        state.add(token, following)
        if token != STAR and before is not None and tokens[at - 1] == STAR:
            before.add(token, following)
        return following

    def follows(self) -> Iterator[object]:
        """What follows the operands."""
        return (end.follows for end in self._ends.values())

    def most_alive(self, enough: float, budget: Budget) -> int:
        """The most states any input can be in at once, a state counting once for each test it can still meet.

        Args:
            enough: stop looking once so many are found.
        Raises:
            TooMuchWork: the inputs differ in too many ways.
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
                for star in each.next.arrows(STAR)
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
    """Whether an operand at `state` may go on through an existing state; `forks` is that of its token."""
    if following is None or following is state:
        return False
    if not following.vague or forks is None:
        return True
    return not forks and all(star is state for star in state.arrows(STAR))


def _first_state(arrows: list[_Arrow]) -> _State | None:
    """The state to go on to: one that a single text leads to if there is one, else the first."""
    states = [each.next for each in arrows if each.next is not None]
    return next((each for each in states if not each.vague), states[0] if states else None)


def _following(arrows: Iterable[_Arrow], budget: Budget) -> set[frozenset[_Arrow]]:
    """The sets of arrows that one more byte leads to."""
    states = [each.next for each in arrows if each.next is not None]
    tokens = {token for state in states for token in state.named} | {_OTHER}
    budget.spend(len(tokens) * len(states))
    found = {frozenset(arrow for state in states for arrow in state.arrows(token)) for token in tokens}
    found.discard(frozenset())
    return found
