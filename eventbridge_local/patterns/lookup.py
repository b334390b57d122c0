"""Finding the conditions one value may satisfy without trying them all. `PART_OF` says which part holds a condition."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Generic, TypeVar

from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.addresses import WIDTH
from eventbridge_local.patterns.ignore_case import fold
from eventbridge_local.patterns.lookup_parts import Addresses, Affixes, Folded, Inner, Part
from eventbridge_local.patterns.numbers import number_key, spelling
from eventbridge_local.patterns.ranges import Ranges
from eventbridge_local.patterns.wildcards import as_engine_text

B = TypeVar("B")


class FieldIndex(Generic[B]):
    """All conditions that rules put on the value at one path.

    Args:
        make: makes an empty bucket.
    """

    __slots__ = ("_exact", "_exact_others", "_make", "_number_parts", "_parts", "_text_parts", "any")

    def __init__(self, make: Callable[[], B]) -> None:
        self._make = make
        self._exact: dict[Any, B] = {}  # strings and comparable numbers; the two never equal each other
        self._exact_others: dict[Any, B] | None = None  # words and spelled numbers
        self._text_parts: list[Part[B]] = []
        self._number_parts: list[Part[B]] = []
        self._parts: dict[str, Part[B]] | None = None
        self.any: B | None = None

    def bucket(self, condition: c.Condition) -> B:
        """The bucket a condition belongs to, made when it is new."""
        kind = type(condition)
        if isinstance(condition, c.Text):
            return self._of(self._exact, condition.text)
        if isinstance(condition, c.Equal):
            return self._of(self._exact, condition.number)
        if kind is c.Literal or kind is c.Spelling:
            if self._exact_others is None:
                self._exact_others = {}
            return self._of(self._exact_others, condition)
        place = PART_OF[kind](condition) if kind in PART_OF else None
        if place is None:
            if self.any is None:
                self.any = self._make()
            return self.any
        name, key = place
        return self._part(name).bucket(key, self._make)

    def known(self, condition: c.Condition) -> B | None:
        """The bucket of a plain string or number, if there is one; nothing is made."""
        if isinstance(condition, c.Text):
            return self._exact.get(condition.text)
        return self._exact.get(condition.number) if isinstance(condition, c.Equal) else None

    def hits(self, value: Any, found: list[B]) -> None:
        """Add the buckets of all conditions that may accept the value."""
        kind = type(value)
        if kind is str:
            bucket = self._exact.get(value)
            if bucket is not None:
                found.append(bucket)
            if self._text_parts:
                text = value if value.isascii() else as_engine_text(value)
                for part in self._text_parts:
                    part.hits(text, found)
        elif kind is bool or value is None:
            if self._exact_others is not None:
                self._other(c.Literal(value), found)
        else:
            self._odd_hits(value, found)
        if self.any is not None:
            found.append(self.any)

    def _odd_hits(self, value: Any, found: list[B]) -> None:
        if isinstance(value, str):  # a subclass
            self.hits(str.__str__(value), found)
            return
        number = number_key(value)
        if number is None:
            spelled = spelling(value)
            if spelled is not None and self._exact_others is not None:
                self._other(c.Spelling(spelled), found)
            return
        bucket = self._exact.get(number)
        if bucket is not None:
            found.append(bucket)
        for part in self._number_parts:
            part.hits(number, found)

    def _other(self, key: c.Condition, found: list[B]) -> None:
        bucket = (self._exact_others or {}).get(key)
        if bucket is not None:
            found.append(bucket)

    def _of(self, known: dict[Any, B], key: Any) -> B:
        bucket = known.get(key)
        if bucket is None:
            bucket = known[key] = self._make()
        return bucket

    def _part(self, name: str) -> Part[B]:
        if self._parts is None:
            self._parts = {}
        if name not in self._parts:
            part = self._parts[name] = _PARTS[name]()
            (self._number_parts if name == "ranges" else self._text_parts).append(part)
        return self._parts[name]


_PARTS: dict[str, Callable[[], Part[Any]]] = {
    "prefixes": lambda: Affixes(False, False),
    "suffixes": lambda: Affixes(True, False),
    "prefixes in any case": lambda: Affixes(False, True),
    "suffixes in any case": lambda: Affixes(True, True),
    "folded": Folded,
    "inner": Inner,
    "addresses": Addresses,
    "ranges": Ranges,
}


Place = tuple[str, Any]  # a part and the key in it


def _affix(name: str) -> Callable[[Any], Place | None]:
    # An empty operand accepts every string, and one with a quote may reach beyond the value.
    return lambda condition: (name, condition.text) if condition.text and c.QUOTE not in condition.text else None


def _affix_any_case(name: str) -> Callable[[Any], Place | None]:
    plain = _affix(name)
    return lambda condition: plain(condition) if condition.text.isascii() else None


def _folded(condition: c.IgnoreCase) -> Place:
    return "folded", fold("".join(lower for lower, _ in condition.units))


def _wildcard(condition: c.Wildcard) -> Place | None:
    """Wildcards go by their head, their tail, or a longer literal between stars."""
    head, tail = condition.pieces[0], condition.pieces[-1]
    longest = max(condition.pieces, key=len)
    if not longest:
        return None
    if len(longest) > 2 * max(len(head), len(tail)):
        return "inner", longest
    return ("prefixes", head) if len(head) >= len(tail) else ("suffixes", tail)


def _address(condition: c.SameAddress) -> Place:
    address = condition.address
    return "addresses", (address.family, WIDTH[address.family], address.value)


PART_OF: dict[type, Callable[[Any], Place | None]] = {
    c.Prefix: _affix("prefixes"),
    c.Suffix: _affix("suffixes"),
    c.PrefixIgnoreCase: _affix_any_case("prefixes in any case"),
    c.SuffixIgnoreCase: _affix_any_case("suffixes in any case"),
    c.IgnoreCase: _folded,
    c.Wildcard: _wildcard,
    c.SameAddress: _address,
    c.InBlock: lambda condition: ("addresses", (condition.block.family, condition.block.bits, condition.block.head)),
    c.Range: lambda condition: ("ranges", (condition.low, condition.high)),
}

_UNBOUNDED = (-inf, inf)
_LOOSENESS: dict[type, float] = {
    c.Text: 0,
    c.Equal: 0,
    c.Spelling: 0,
    c.IgnoreCase: 0,
    c.SameAddress: 0,
    c.Literal: 50,
    c.InBlock: 50,
}
_LOOSEST = 5000.0


def looseness(condition: c.Condition) -> float:
    """How many values a condition accepts, roughly; rules are looked up by their least loose field."""
    kind = type(condition)
    if kind in _LOOSENESS:
        return _LOOSENESS[kind]
    if isinstance(condition, c.Range):
        return 2000 if condition.low in _UNBOUNDED or condition.high in _UNBOUNDED else 200
    place = PART_OF[kind](condition) if kind in PART_OF else None
    return 120 / len(place[1]) if place else _LOOSEST
