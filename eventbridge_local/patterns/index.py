"""Sub-rules by a value they need: what an event's values do not lead to is never looked at.

Every sub-rule waits in the bucket of one condition, that of its least loose field. A bucket that fills up becomes an
index over another field. What the values lead to is verified field by field.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from eventbridge_local.patterns.conditions import Condition
from eventbridge_local.patterns.lookup import FieldIndex, looseness
from eventbridge_local.patterns.syntax import Pattern

_FULL = 4  # entries in a bucket before it becomes an index of its own
_MISSING: Any = object()


class Rule:
    """A named pattern in the index; `order` says where its name comes in an answer."""

    __slots__ = ("live", "order", "pattern")

    def __init__(self, order: int, pattern: Pattern) -> None:
        self.order = order
        self.pattern = pattern
        self.live = True


Check = tuple[int, Callable[[Any], bool], bool, tuple[Condition, ...]]  # slot, accepts, absent is well, conditions


class Entry:
    """One sub-rule of a rule, with its fields as slots. Without any it is decided by the whole pattern."""

    __slots__ = ("checks", "rule")

    def __init__(self, rule: Rule, checks: tuple[Check, ...]) -> None:
        self.rule = rule
        self.checks = checks

    def needs_places(self, bound: frozenset[int]) -> bool:
        """Whether fields must agree on array elements, given the slots whose values lie in such elements."""
        return not self.checks or sum(check[0] in bound for check in self.checks) > 1

    def holds(self, values: dict[int, Any]) -> bool:
        """Whether the values satisfy all fields, each by itself."""
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
        self.entries: list[Entry] = []
        self.index: Index | None = None
        self.load = 0

    def add(self, entry: Entry, used: frozenset[int]) -> None:
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
    """Sub-rules by the conditions of one field each. `used` are the slots already decided on the way here."""

    __slots__ = ("_fields", "_rest", "_used")

    def __init__(self, used: frozenset[int] = frozenset()) -> None:
        self._used = used
        self._fields: dict[int, FieldIndex[_Bucket]] = {}
        self._rest: list[Entry] = []  # nothing to look these up by

    def insert(self, entry: Entry) -> None:
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
        slot, conditions = best[0], best[3]
        field = self._fields.get(slot)
        if field is None:
            field = self._fields[slot] = FieldIndex(_Bucket)
        used = self._used | {slot}
        for bucket in dict.fromkeys(map(field.bucket, conditions)):
            bucket.add(entry, used)

    def candidates(self, values: dict[int, Any]) -> list[Entry]:
        """The sub-rules the values lead to; one may come more than once."""
        candidates: list[Entry] = []
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
        """What looking a sub-rule up by this field may cost: loose conditions and full buckets are hit in vain."""
        cost = max(map(looseness, check[3]))
        field = self._fields.get(check[0])
        if field is None:
            return cost
        buckets = map(field.known, check[3])
        return cost + max(0 if bucket is None else bucket.load for bucket in buckets)


def _choices(entry: Entry, used: frozenset[int]) -> list[Check]:
    """The fields a sub-rule may be looked up by: those that need a value."""
    return [check for check in entry.checks if not check[2] and check[0] not in used]


def _hits_of_several(field: FieldIndex[_Bucket], values: list[Any], found: list[_Bucket]) -> None:
    """Add the buckets that any of several values leads to, each once."""
    several: list[_Bucket] = []
    for value in values:
        field.hits(value, several)
    found += dict.fromkeys(several)
