r"""Regular expressions of schemas, searched for in a time that grows with the text and never faster.

Strategy: Python's ``re`` tries one way after another, so ``(a|ab)*c`` takes for ever on a text that almost matches, and
``.*.*=`` takes the square of its length. JSON Schema asks only whether a pattern occurs at all. For that it is enough
to know which parts of the pattern could come next, all at once: the pattern becomes a graph, a text is read character
by character, and what a set of nodes makes of a character is remembered. Short texts and patterns without choices go to
``re``, which is faster. So do patterns with lookarounds, references to groups or flags, which no such graph has; those
are refused where they could take for ever.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from threading import Lock
from typing import Any

from eventbridge_local.errors import UsageError

#: Nodes of a graph; a pattern with more is too large, such as ``(a{1,500}){1,500}``.
_MOST_NODES = 4_000
#: What may be remembered of one graph, and the nodes that one search may visit beside what is remembered.
_MOST_KNOWN, _MOST_VISITS = 20_000, 400_000
#: Steps that ``re`` may take.
_MOST_STEPS = 2_000_000
#: A repeat that has no end, or nearly none, for the time it takes.
_MANY = 100

_FLAGS = re.UNICODE | re.IGNORECASE | re.ASCII | re.DOTALL | re.VERBOSE
_REPEATS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_LOOKS = ("ASSERT", "ASSERT_NOT")
_BEGINNINGS = ("AT_BEGINNING", "AT_BEGINNING_STRING")

_Item = tuple[str, Any]


def search(pattern: str, text: str) -> bool:
    """Return whether a pattern occurs in a text.

    Raises:
        UsageError: the pattern takes too many steps for this text.
        re.error: it is no regular expression.
    """
    return _searcher(pattern)(text)


def is_refused(pattern: str) -> bool:
    """Return whether a pattern may take for ever however short the text is, and has no graph."""
    try:
        tree = _parsed(pattern)
    except (re.error, RecursionError, OverflowError):
        return False  # whoever uses it says what is wrong
    return _has_choices_in_repeats(_items(tree)) and _parts_of(tree) is None


@lru_cache(maxsize=512)
def _searcher(pattern: str) -> Callable[[str], bool]:
    tree = _parsed(pattern)
    found = re.compile(pattern).search
    items = _items(tree)
    simple = not _has_choices_in_repeats(items)
    factor, power = _cost(items)
    power += _begins(items) is False
    parts: list[tuple[bool, _Graph]] | None = None

    def search(text: str) -> bool:
        nonlocal parts
        length = len(text)
        if simple and factor * (length + 1) ** power <= _MOST_STEPS:
            return found(text) is not None
        parts = parts or _parts_of(tree)
        if parts is None:
            raise _too_slow(pattern, length)
        return all(graph.occurs_in(text, pattern) is wanted for wanted, graph in parts)

    return search


def _too_slow(pattern: str, length: int) -> UsageError:
    return UsageError(
        f"the pattern {pattern!r} takes too many steps for a text of {length:,} characters; "
        "write fewer repeats, and let it begin with ^"
    )


# What a pattern may cost in ``re``.


def _parsed(pattern: str) -> Any:
    from re import _parser  # type: ignore[attr-defined]  # the only way to its tree

    return _parser.parse(pattern)


def _items(tree: Any) -> list[_Item]:
    return [(str(operator), argument) for operator, argument in tree]


def _begins(items: list[_Item]) -> bool:
    """Return whether a pattern can occur at the beginning of a text only."""
    return bool(items) and items[0][0] == "AT" and str(items[0][1]) in _BEGINNINGS


def _inside(operator: str, argument: Any) -> list[Any]:
    """Return the trees inside an item."""
    if operator in _REPEATS:
        return [argument[2]]
    if operator == "SUBPATTERN":
        return [argument[3]]
    if operator == "BRANCH":
        return list(argument[1])
    if operator == "GROUPREF_EXISTS":
        return [each for each in argument[1:] if each is not None]
    if operator in _LOOKS:
        return [argument[1]]
    return [argument] if operator == "ATOMIC_GROUP" else []


def _has_choices_in_repeats(items: list[_Item]) -> bool:
    """Return whether something that can be read in several ways is repeated: the ways multiply with each turn."""
    waiting = [(items, False)]
    while waiting:
        inner, repeated = waiting.pop()
        for operator, argument in inner:
            if repeated and (operator == "BRANCH" or (operator in _REPEATS and argument[0] != argument[1])):
                return True
            turns = repeated or (operator in _REPEATS and int(argument[1]) > 1)
            waiting += [(_items(each), turns) for each in _inside(operator, argument)]
    return False


def _cost(items: list[_Item]) -> tuple[int, int]:
    """Return in how many ways a pattern without choices in repeats is tried: a factor, and a power of the length."""
    factor, power, looks = 1, 0, 0
    for operator, argument in items:
        inner = [_cost(_items(each)) for each in _inside(operator, argument)]
        if operator == "BRANCH":
            factor *= sum(each for each, _ in inner)
        elif inner:
            factor *= inner[0][0]
        deepest = max((each for _, each in inner), default=0)
        if operator in _LOOKS:
            looks = max(looks, deepest)  # a text is looked through once for each of them
            continue
        power += deepest
        if operator in _REPEATS and argument[0] != argument[1]:
            ways = int(argument[1]) - int(argument[0]) + 1
            factor, power = (factor, power + 1) if ways > _MANY else (factor * ways, power)
    return factor, power + looks


# The graph of a pattern.

#: What a place in a text is: its beginning, its end, before a last line feed, behind and before a character of a word.
_START, _END, _LAST_FEED, _WORD_BEHIND, _WORD_AHEAD = 1, 2, 4, 8, 16
_PLACES: dict[str, Callable[[int], bool]] = {
    "AT_BEGINNING": lambda place: bool(place & _START),
    "AT_BEGINNING_STRING": lambda place: bool(place & _START),
    "AT_END": lambda place: bool(place & (_END | _LAST_FEED)),
    "AT_END_STRING": lambda place: bool(place & _END),
    "AT_BOUNDARY": lambda place: bool(place & _WORD_BEHIND) != bool(place & _WORD_AHEAD),
    # Before Python 3.14 there is none in an empty text.
    "AT_NON_BOUNDARY": lambda place: (
        bool(place & _WORD_BEHIND) == bool(place & _WORD_AHEAD)
        and (place & (_START | _END) != _START | _END or re.search(r"\B", "") is not None)
    ),
}
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}

_CharacterTest = Callable[[str], object]


class _NoGraph(Exception):
    """A pattern has something that no graph has, or too much."""


class _Graph:
    """Nodes by number. A node has a test of a character and one node behind it, or a test of the place, or neither.

    Args:
        items: what a pattern consists of.
        flags: its flags.
    """

    def __init__(self, items: list[_Item], flags: int) -> None:
        self._flags = flags & ~re.VERBOSE
        self._is_word = re.compile(r"\w", self._flags).match
        self._characters: list[_CharacterTest | None] = []
        self._places: list[Callable[[int], bool] | None] = []
        self._behind: list[tuple[int, ...]] = []
        self._has_boundaries = False
        self._lock = Lock()  # of what is remembered, for events are put from several threads
        self._last = self._node()
        self._first = self._sequence(items, self._last)
        self._forget()

    def _forget(self) -> None:
        """Begin anew with what is remembered: sets of nodes by number, and what each makes of a character."""
        self._sets = [frozenset([self._first])]
        self._numbers = {self._sets[0]: 0}
        self._known: dict[tuple[int, int, str], int] = {}

    def occurs_in(self, text: str, pattern: str) -> bool:
        """Return whether the pattern occurs in a text."""
        with self._lock:
            return self._occurs_in(text, pattern)

    def _occurs_in(self, text: str, pattern: str) -> bool:
        visits = reached = 0
        length = len(text)
        for index in range(length + 1):
            key = (reached, self._place(text, index, length), text[index] if index < length else "")
            following = self._known.get(key)
            if following is None:
                if len(self._known) >= _MOST_KNOWN:
                    nodes = self._sets[reached]
                    self._forget()
                    key = (self._number(nodes), *key[1:])
                nodes, visited = self._step(*key)
                visits += visited
                if visits > _MOST_VISITS:
                    raise _too_slow(pattern, length)
                following = self._known[key] = -1 if self._last in nodes else self._number(nodes)
            if following < 0:
                return True
            reached = following
        return False

    def _number(self, nodes: frozenset[int]) -> int:
        number = self._numbers.setdefault(nodes, len(self._sets))
        if number == len(self._sets):
            self._sets.append(nodes)
        return number

    def _place(self, text: str, index: int, length: int) -> int:
        place = _START if index == 0 else 0
        if index >= length - 1:
            place |= _END if index == length else _LAST_FEED if text[index] == "\n" else 0
        if self._has_boundaries:
            place |= _WORD_BEHIND if index and self._is_word(text[index - 1]) else 0
            place |= _WORD_AHEAD if index < length and self._is_word(text[index]) else 0
        return place

    def _step(self, reached: int, place: int, character: str) -> tuple[frozenset[int], int]:
        """Return the nodes behind a character, or the last one when it came before; and how many were visited."""
        seen, following = set(self._sets[reached]), {self._first}
        waiting = list(seen)
        while waiting:
            node = waiting.pop()
            if node == self._last:
                return frozenset([node]), len(seen)
            test, at = self._characters[node], self._places[node]
            if test is not None:
                if character and test(character):
                    following.update(self._behind[node])
            elif at is None or at(place):
                new = [each for each in self._behind[node] if each not in seen]
                seen.update(new)
                waiting += new
        return frozenset(following), len(seen)

    # from the tree, back to front

    def _node(
        self, *behind: int, character: _CharacterTest | None = None, place: Callable[[int], bool] | None = None
    ) -> int:
        if len(self._behind) >= _MOST_NODES:
            raise _NoGraph
        self._characters.append(character)
        self._places.append(place)
        self._behind.append(behind)
        return len(self._behind) - 1

    def _sequence(self, items: list[_Item], behind: int) -> int:
        for operator, argument in reversed(items):
            behind = self._item(operator, argument, behind)
        return behind

    def _item(self, operator: str, argument: Any, behind: int) -> int:
        if operator in ("MAX_REPEAT", "MIN_REPEAT"):
            return self._repeat(argument, behind)
        if operator == "BRANCH":
            return self._node(*[self._sequence(_items(each), behind) for each in argument[1]])
        if operator == "SUBPATTERN":
            _, added, removed, inner = argument
            if added or removed:
                raise _NoGraph
            return self._sequence(_items(inner), behind)
        if operator == "AT":
            place = _PLACES.get(str(argument))
            if place is None:
                raise _NoGraph
            self._has_boundaries |= "BOUNDARY" in str(argument)
            return self._node(behind, place=place)
        return self._node(behind, character=re.compile(_spelled(operator, argument), self._flags).match)

    def _repeat(self, argument: Any, behind: int) -> int:
        least, most, inner = argument
        items = _items(inner)
        if int(most) > _MOST_NODES * 100:  # without end
            again = self._node(behind)
            self._behind[again] = (self._sequence(items, again), behind)
            behind = again
        else:
            after = behind
            for _ in range(int(most) - int(least)):
                behind = self._node(self._sequence(items, behind), after)
        for _ in range(int(least)):
            behind = self._sequence(items, behind)
        return behind


def _spelled(operator: str, argument: Any) -> str:
    """Return the regular expression of one character."""
    if operator == "LITERAL":
        return f"\\U{argument:08x}"
    if operator == "NOT_LITERAL":
        return f"[^\\U{argument:08x}]"
    if operator == "ANY":
        return "."
    if operator != "IN":
        raise _NoGraph
    return f"[{''.join(_members(_items(argument)))}]"


def _members(items: list[_Item]) -> Iterator[str]:
    for operator, argument in items:
        if operator == "NEGATE":
            yield "^"
        elif operator == "LITERAL":
            yield f"\\U{argument:08x}"
        elif operator == "RANGE":
            yield f"\\U{argument[0]:08x}-\\U{argument[1]:08x}"
        else:
            yield _CATEGORIES[str(argument)]


def _parts_of(tree: Any) -> list[tuple[bool, _Graph]] | None:
    """Return the graphs of a pattern, each with whether it must occur; None where there are none.

    Lookaheads at the beginning of a text are graphs of their own. Other lookarounds, references, flags for lines and
    very many nodes are in no graph.
    """
    flags, items = tree.state.flags, _items(tree)
    if flags & ~_FLAGS:
        return None
    begin, rest = (items[:1], items[1:]) if _begins(items) else ([], items)
    parts: list[tuple[bool, _Graph]] = []
    try:
        while begin and rest and rest[0][0] in _LOOKS and rest[0][1][0] > 0:
            operator, (_, inner) = rest.pop(0)
            parts.append((operator == "ASSERT", _Graph([*begin, *_items(inner)], flags)))
        parts.append((True, _Graph([*begin, *rest], flags)))
    except (_NoGraph, RecursionError):
        return None
    return parts
