"""Sub-rules by a value they need: what an event's values do not lead to is never looked at.

Strategy, from the outside in:

* ``Index``: every sub-rule waits in the bucket of one of its fields only, the least loose one. A bucket that fills up
  becomes an index of its own over another field. So an event with 5 values looks into 5 buckets, however many rules
  there are, and into the next level only where the first one hit.
* ``FieldIndex``: all conditions on the value at one path. A plain value is one look into a dict; the other conditions
  are kept in parts, each made for one kind of condition (``Condition.key`` says which part and under which key).
* The parts may name too many buckets, never too few. What they name is verified field by field (``Entry.holds``), so a
  part only ever decides about speed.

Sub-rules that take nearly every value have no value to wait for; ``ruleset`` treats them apart.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from math import inf, isinf
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from eventbridge_local.patterns.compile import Pattern
from eventbridge_local.patterns.conditions import Condition, IndexPart, Spelling, Word
from eventbridge_local.patterns.values import WIDTH, Address, engine_text, fold, number_key, read_address, spelling

_FULL = 4  # entries in a bucket before it becomes an index of its own
_GRAM = 3  # characters by which literals inside a text are looked up
_PENDING = 16  # ranges that wait until the tree of ranges is built anew
_MISSING: Any = object()

B = TypeVar("B")


class IndexedRule:
    """A named pattern in the index; ``order`` says where its name comes in an answer."""

    __slots__ = ("live", "order", "pattern")

    def __init__(self, order: int, pattern: Pattern) -> None:
        self.order = order
        self.pattern = pattern
        self.live = True


class Check(NamedTuple):
    """What a sub-rule asks of one path.

    Args:
        slot: the number of the path.
        accepts: decides about a value there.
        absent_ok: whether the path may have no value.
        conditions: the alternatives behind ``accepts``.
    """

    slot: int
    accepts: Callable[[Any], bool]
    absent_ok: bool
    conditions: tuple[Condition, ...]


class IndexEntry:
    """One sub-rule of a rule, with its fields as slots. Without any it is decided by the whole pattern."""

    __slots__ = ("checks", "rule")

    def __init__(self, rule: IndexedRule, checks: tuple[Check, ...]) -> None:
        self.rule = rule
        self.checks = checks

    def needs_places(self, bound: frozenset[int]) -> bool:
        """Return whether fields must agree on array elements, given the slots whose values lie in such elements."""
        # One field alone always agrees with itself.
        return not self.checks or sum(check.slot in bound for check in self.checks) > 1

    def holds(self, values: dict[int, Any]) -> bool:
        """Return whether the values satisfy all fields, each by itself."""
        for slot, accepts, absent_ok, _ in self.checks:
            value = values.get(slot, _MISSING)
            if value is _MISSING:
                if not absent_ok:
                    return False
            elif type(value) is list:
                if not any(map(accepts, value)):
                    return False
            elif not accepts(value):
                return False
        return True


class _Bucket:
    """Sub-rules that share a condition; too many of them are indexed by another field."""

    __slots__ = ("entries", "index", "load")

    def __init__(self) -> None:
        self.entries: list[IndexEntry] = []
        self.index: Index | None = None
        self.load = 0

    def add(self, entry: IndexEntry, used: frozenset[int]) -> None:
        self.load += 1
        if self.index is not None:
            self.index.insert(entry)
            return
        self.entries.append(entry)
        if len(self.entries) > _FULL and any(_choices(each, used) for each in self.entries[-_FULL:]):
            self.index = Index(used)
            entries, self.entries = self.entries, []
            for each in entries:
                self.index.insert(each)


class Index:
    """Sub-rules by the conditions of one field each; ``used`` are the slots already decided on the way here."""

    __slots__ = ("_fields", "_rest", "_used")

    def __init__(self, used: frozenset[int] = frozenset()) -> None:
        self._used = used
        self._fields: dict[int, FieldIndex[_Bucket]] = {}
        self._rest: list[IndexEntry] = []  # nothing to look these up by

    def insert(self, entry: IndexEntry) -> None:
        """Take a sub-rule in."""
        best: Check | None = None
        lowest = inf
        for check in _choices(entry, self._used):
            cost = self._cost(check)
            if cost < lowest:
                lowest, best = cost, check
        if best is None:
            self._rest.append(entry)
            return
        slot, conditions = best.slot, best.conditions
        field = self._fields.get(slot)
        if field is None:
            field = self._fields[slot] = FieldIndex(_Bucket)
        used = self._used | {slot}
        for bucket in dict.fromkeys(map(field.bucket, conditions)):
            bucket.add(entry, used)

    def candidates(self, values: dict[int, Any]) -> list[IndexEntry]:
        """Return the sub-rules the values lead to; one may come more than once."""
        candidates: list[IndexEntry] = []
        todo = [self]
        while todo:
            index = todo.pop()
            if index._rest:
                candidates += index._rest
            fields = index._fields
            found: list[_Bucket] = []
            for slot in fields if len(fields) < len(values) else values:
                if slot in fields and slot in values:
                    value = values[slot]
                    if type(value) is list:
                        _hits_of_several(fields[slot], value, found)
                    else:
                        fields[slot].hits(value, found)
            for bucket in found:
                if bucket.index is None:
                    candidates += bucket.entries
                else:
                    todo.append(bucket.index)
        return candidates

    def _cost(self, check: Check) -> float:
        """Return what a look-up of a sub-rule by this field may cost: loose conditions and full buckets hit in vain."""
        # Without the second part, 10,000 rules with one source and distinct details would all wait for that source.
        cost = max(condition.looseness() for condition in check.conditions)
        field = self._fields.get(check.slot)
        if field is None:
            return cost
        buckets = map(field.known, check.conditions)
        return cost + max(0 if bucket is None else bucket.load for bucket in buckets)


def _choices(entry: IndexEntry, used: frozenset[int]) -> list[Check]:
    """Return the fields a sub-rule may be looked up by: those that need a value."""
    return [check for check in entry.checks if not check.absent_ok and check.slot not in used]


def _hits_of_several(field: FieldIndex[_Bucket], values: list[Any], found: list[_Bucket]) -> None:
    """Add the buckets that any of several values leads to, each once."""
    several: list[_Bucket] = []
    for value in values:
        field.hits(value, several)
    found += dict.fromkeys(several)


# -- the conditions on one value


class FieldIndex(Generic[B]):
    """All conditions that rules put on the value at one path.

    Args:
        make: makes an empty bucket.
    """

    __slots__ = ("_exact", "_make", "_number_parts", "_odd", "_parts", "_text_parts", "any")

    def __init__(self, make: Callable[[], B]) -> None:
        self._make = make
        self._exact: dict[Any, B] = {}  # strings and comparable numbers; the two never equal each other
        self._odd: dict[Any, B] | None = None  # words and spelled numbers
        self._text_parts: list[Part[B]] = []
        self._number_parts: list[Part[B]] = []
        self._parts: dict[IndexPart, Part[B]] | None = None
        self.any: B | None = None

    def bucket(self, condition: Condition) -> B:
        """Return the bucket a condition belongs to, made when it is new."""
        place = condition.key()
        if place is None:
            if self.any is None:
                self.any = self._make()
            return self.any
        part, key = place
        if part == "exact":
            return self._of(self._exact, key)
        if part == "odd":
            if self._odd is None:
                self._odd = {}
            return self._of(self._odd, key)
        return self._part(part).bucket(key, self._make)

    def known(self, condition: Condition) -> B | None:
        """Return the bucket of a plain string or number, if there is one; nothing is made."""
        place = condition.key()
        return self._exact.get(place[1]) if place is not None and place[0] == "exact" else None

    def hits(self, value: Any, found: list[B]) -> None:
        """Add the buckets of all conditions that may accept the value."""
        kind = type(value)
        if kind is str:
            bucket = self._exact.get(value)
            if bucket is not None:
                found.append(bucket)
            if self._text_parts:
                text = value if value.isascii() else engine_text(value)
                for part in self._text_parts:
                    part.hits(text, found)
        elif kind is bool or value is None:
            if self._odd is not None:
                self._other(Word(value), found)
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
            if spelled is not None and self._odd is not None:
                self._other(Spelling(spelled), found)
            return
        bucket = self._exact.get(number)
        if bucket is not None:
            found.append(bucket)
        for part in self._number_parts:
            part.hits(number, found)

    def _other(self, key: Condition, found: list[B]) -> None:
        bucket = (self._odd or {}).get(key)
        if bucket is not None:
            found.append(bucket)

    def _of(self, known: dict[Any, B], key: Any) -> B:
        bucket = known.get(key)
        if bucket is None:
            bucket = known[key] = self._make()
        return bucket

    def _part(self, name: IndexPart) -> Part[B]:
        if self._parts is None:
            self._parts = {}
        if name not in self._parts:
            part = self._parts[name] = _PARTS[name]()
            (self._number_parts if name == "range" else self._text_parts).append(part)
        return self._parts[name]


# -- the parts, each over one kind of condition


class Part(Protocol[B]):
    """An index over one kind of condition."""

    def bucket(self, key: Any, make: Callable[[], B]) -> B:
        """Return the bucket of a key as ``Condition.key`` gives it, made when it is new."""

    def hits(self, value: Any, found: list[B]) -> None:
        """Add the buckets whose condition may accept the value."""


class _Affixes(Generic[B]):
    """Beginnings (or endings) of strings, tried by length among those that share the first (or last) character."""

    __slots__ = ("_at_end", "_groups", "_lower")

    def __init__(self, at_end: bool, lower: bool) -> None:
        self._at_end = at_end
        self._lower = lower
        self._groups: dict[str, tuple[dict[str, B], list[int]]] = {}

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        text = key.lower() if self._lower else key
        known, lengths = self._groups.setdefault(text[-1] if self._at_end else text[0], ({}, []))
        if text not in known:
            known[text] = make()
            at = bisect_left(lengths, len(text))
            if at == len(lengths) or lengths[at] != len(text):
                lengths.insert(at, len(text))
        return known[text]

    def hits(self, value: str, found: list[B]) -> None:
        if self._lower:
            value = value.lower()
        group = self._groups.get(value[-1:] if self._at_end else value[:1])
        if group is None:
            return
        known, lengths = group
        size = len(value)
        for length in lengths:
            if length > size:
                break
            bucket = known.get(value[size - length :] if self._at_end else value[:length])
            if bucket is not None:
                found.append(bucket)


class _Folded(Generic[B]):
    """Strings in any case."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, B] = {}

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def hits(self, value: str, found: list[B]) -> None:
        bucket = self._known.get(fold(value))
        if bucket is not None:
            found.append(bucket)


class _Inner(Generic[B]):
    """Literals somewhere inside a string, looked up by a few of their characters."""

    __slots__ = ("_known", "_sizes")

    def __init__(self) -> None:
        self._known: dict[str, B] = {}
        self._sizes: list[int] = []

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        size = min(_GRAM, len(key))
        grams = [key[at : at + size] for at in range(len(key) - size + 1)]
        # The rarest part of a literal would be best. A part nobody waits for yet is nearly as good, and known at once.
        gram = next((each for each in grams if each not in self._known), grams[0])
        if size not in self._sizes:
            self._sizes.append(size)
        if gram not in self._known:
            self._known[gram] = make()
        return self._known[gram]

    def hits(self, value: str, found: list[B]) -> None:
        known = self._known
        for size in self._sizes:
            for gram in {value[at : at + size] for at in range(len(value) - size + 1)}:
                bucket = known.get(gram)
                if bucket is not None:
                    found.append(bucket)


class _Addresses(Generic[B]):
    """Single addresses and blocks, by the bits that count."""

    __slots__ = ("_known", "_lengths")

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], B] = {}
        self._lengths: dict[int, list[int]] = {4: [], 6: []}

    def bucket(self, key: tuple[int, int, int], make: Callable[[], B]) -> B:
        if key not in self._known:
            self._known[key] = make()
            if key[1] not in self._lengths[key[0]]:
                self._lengths[key[0]].append(key[1])
        return self._known[key]

    def hits(self, value: str, found: list[B]) -> None:
        address: Address | None = read_address(value)
        if address is None:
            return
        width = WIDTH[address.family]
        for bits in self._lengths[address.family]:
            bucket = self._known.get((address.family, bits, address.value >> (width - bits)))
            if bucket is not None:
                found.append(bucket)


_Interval = tuple[float, float, Any]


class _Ranges(Generic[B]):
    """Ranges of numbers. New ones wait in a short list until there are enough to build the tree anew."""

    __slots__ = ("_intervals", "_known", "_pending", "_tree")

    def __init__(self) -> None:
        self._known: dict[tuple[float, float], B] = {}
        self._intervals: list[_Interval] = []
        self._pending: list[_Interval] = []
        self._tree: _Stab | None = None

    def bucket(self, key: tuple[float, float], make: Callable[[], B]) -> B:
        if key not in self._known:
            self._known[key] = make()
            self._pending.append((*key, self._known[key]))
        return self._known[key]

    def hits(self, value: Any, found: list[B]) -> None:
        # Built when looked at and not when added to, so that adding n ranges does not build n trees.
        if len(self._pending) > _PENDING + len(self._intervals) // 4:
            self._intervals += self._pending
            self._pending = []
            self._tree = _Stab(self._intervals)
        for low, high, bucket in self._pending:
            if low <= value <= high:
                found.append(bucket)
        if self._tree is not None:
            self._tree.hits(value, found)


class _Stab:
    """A static tree of intervals: those around the centre, those left of it, those right of it.

    Around the centre, those sorted by their low end that begin at or before a number left of the centre are exactly
    those that hold it; likewise by the high end right of it. So a look costs what it finds, and a step for each level.
    """

    __slots__ = ("_by_high", "_by_low", "_centre", "_highs", "_left", "_lows", "_right")

    def __init__(self, intervals: list[_Interval]) -> None:
        ends = sorted(end for low, high, _ in intervals for end in (low, high) if not isinf(end))
        self._centre = centre = ends[len(ends) // 2]
        around = [each for each in intervals if each[0] <= centre <= each[1]]
        self._by_low = sorted(around, key=lambda each: each[0])
        self._by_high = sorted(around, key=lambda each: -each[1])
        self._lows = [each[0] for each in self._by_low]
        self._highs = [-each[1] for each in self._by_high]
        left = [each for each in intervals if each[1] < centre]
        right = [each for each in intervals if each[0] > centre]
        self._left = _Stab(left) if left else None
        self._right = _Stab(right) if right else None

    def hits(self, number: float, found: list[Any]) -> None:
        node: _Stab | None = self
        while node is not None:
            if number <= node._centre:
                found.extend(each[2] for each in node._by_low[: bisect_right(node._lows, number)])
                node = node._left if number < node._centre else None
            else:
                found.extend(each[2] for each in node._by_high[: bisect_right(node._highs, -number)])
                node = node._right


_PARTS: dict[IndexPart, Callable[[], Part[Any]]] = {
    "prefix": lambda: _Affixes(at_end=False, lower=False),
    "suffix": lambda: _Affixes(at_end=True, lower=False),
    "prefix any case": lambda: _Affixes(at_end=False, lower=True),
    "suffix any case": lambda: _Affixes(at_end=True, lower=True),
    "folded": _Folded,
    "inner": _Inner,
    "address": _Addresses,
    "range": _Ranges,
}
