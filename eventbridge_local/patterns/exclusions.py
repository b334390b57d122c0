"""Sub-rules that most events satisfy: each field wants ``anything-but`` something, any value at all, or none.

They are not looked for but taken off: sub-rules that need and forbid the same paths form a group, and from the groups
an event has the right paths for those are taken away that exclude one of its values. So the cost follows what matches
and what is taken away, and not what could have been.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import Any

from eventbridge_local.patterns.conditions import Absent, AnythingBut, Equal, Exists, Text
from eventbridge_local.patterns.index import Check, Entry
from eventbridge_local.patterns.lookup import FieldIndex

_Signature = tuple[frozenset[int], frozenset[int], int]  # paths needed, paths forbidden, number of the branch


def excludes_only(check: Check) -> bool:
    """Whether a field belongs here: one test besides ``exists: false``, and that a loose one."""
    tests = _tests(check)
    return len(tests) < 2 and all(isinstance(test, AnythingBut | Exists) for test in tests)


def _tests(check: Check) -> list[Any]:
    return [condition for condition in check[3] if type(condition) is not Absent]


class _Excluding:
    """The sub-rules that exclude a value, by their order. Where `exact` is false the field has the last word."""

    __slots__ = ("checks", "exact")

    def __init__(self) -> None:
        self.exact = False
        self.checks: dict[int, Check] = {}


class _Excluded:
    """What the sub-rules of a group exclude at one path."""

    __slots__ = ("_excluding",)

    def __init__(self) -> None:
        self._excluding: FieldIndex[_Excluding] = FieldIndex(_Excluding)

    def add(self, order: int, check: Check, test: AnythingBut) -> None:
        for excluded in test.excluded:
            bucket = self._excluding.bucket(excluded)
            bucket.exact = isinstance(excluded, Text | Equal)
            bucket.checks[order] = check

    def remove(self, order: int, test: AnythingBut) -> None:
        for excluded in test.excluded:
            self._excluding.bucket(excluded).checks.pop(order, None)

    def refusing(self, value: Any) -> set[int]:
        """The orders of the sub-rules that one scalar does not satisfy."""
        found: list[_Excluding] = []
        self._excluding.hits(value, found)
        refusing: set[int] = set()
        for bucket in found:
            if bucket.exact:
                refusing.update(bucket.checks)
            else:
                refusing.update(order for order, check in bucket.checks.items() if not check[1](value))
        return refusing

    def refusing_all(self, values: list[Any]) -> set[int]:
        """The orders of the sub-rules that none of several scalars satisfies."""
        refusing = self.refusing(values[0])
        for value in values[1:]:
            if not refusing:
                break
            refusing &= self.refusing(value)
        return refusing


class Group:
    """Sub-rules that need the same paths and forbid the same, one of a rule at most."""

    __slots__ = ("_excluded", "_forbidden", "_members", "_needed", "slots")

    def __init__(self, needed: frozenset[int], forbidden: frozenset[int]) -> None:
        self._needed = needed
        self._forbidden = forbidden
        self._excluded: dict[int, _Excluded] = {}
        self._members: dict[int, Entry] = {}
        self.slots = needed | forbidden

    def add(self, entry: Entry) -> None:
        """Take a sub-rule in."""
        order = entry.rule.order
        self._members[order] = entry
        for check in entry.checks:
            for test in _tests(check):
                if isinstance(test, AnythingBut):
                    self._excluded.setdefault(check[0], _Excluded()).add(order, check, test)
                    self.slots |= {check[0]}

    def remove(self, entry: Entry) -> None:
        """Take a sub-rule out."""
        order = entry.rule.order
        del self._members[order]
        for check in entry.checks:
            for test in _tests(check):
                if isinstance(test, AnythingBut):
                    self._excluded[check[0]].remove(order, test)

    def accepted(self, values: dict[int, Any]) -> set[int]:
        """The orders of the sub-rules whose fields accept the values, each by itself; the set is the caller's."""
        if not self._forbidden.isdisjoint(values):
            return set()
        return self._not_excluded(values, self._excluded.keys())

    def accepted_in_places(self, values: dict[int, Any], tree: dict[str, Any]) -> Iterator[int]:
        """The same where values lie in array elements that fields must agree on: the pattern has the last word.

        A value at a path that needs none may lie in another element than the one that is agreed on.
        """
        for order in self._not_excluded(values, self._needed):
            if self._members[order].rule.pattern.judge(tree):
                yield order

    def _not_excluded(self, values: dict[int, Any], slots: Set[int]) -> set[int]:
        """The orders of the sub-rules that have what they need and exclude nothing at some paths."""
        if not self._needed <= values.keys():
            return set()
        accepted = set(self._members)
        for slot, excluded in self._excluded.items():
            if slot in slots and slot in values:
                value = values[slot]
                accepted -= excluded.refusing_all(value) if type(value) is list else excluded.refusing(value)
        return accepted


class Exclusions:
    """All groups, found by a path they need; those that need none are found by the paths they forbid."""

    __slots__ = ("_by_forbidden", "_by_needed", "_by_signature", "_free")

    def __init__(self) -> None:
        self._by_signature: dict[_Signature, Group] = {}
        self._by_needed: dict[int, list[Group]] = {}
        self._by_forbidden: dict[int, set[Group]] = {}
        self._free: set[Group] = set()

    def add(self, entry: Entry, branch: int) -> Group:
        """Take a sub-rule in; `branch` is its number in its rule."""
        needed = frozenset(check[0] for check in entry.checks if not check[2])
        forbidden = frozenset(check[0] for check in entry.checks if not _tests(check))
        signature = (needed, forbidden, branch)
        group = self._by_signature.get(signature)
        if group is None:
            group = self._by_signature[signature] = Group(needed, forbidden)
            self._enter(group, needed, forbidden)
        group.add(entry)
        return group

    def _enter(self, group: Group, needed: frozenset[int], forbidden: frozenset[int]) -> None:
        if needed:
            # The path fewest groups are found by: it leads to the fewest in vain.
            slot = min(needed, key=lambda each: len(self._by_needed.get(each, ())))
            self._by_needed.setdefault(slot, []).append(group)
            return
        self._free.add(group)
        for slot in forbidden:
            self._by_forbidden.setdefault(slot, set()).add(group)

    def matched(self, values: dict[int, Any], bound: frozenset[int], tree: dict[str, Any]) -> set[int]:
        """The orders of the rules with a sub-rule here that the event satisfies; the set is the caller's.

        Args:
            values: the event's values by slot.
            bound: the slots whose values lie in array elements.
            tree: the event.
        """
        matched: set[int] = set()
        for group in self._reached(values, bound):
            if bound and len(group.slots & bound) > 1:
                matched.update(group.accepted_in_places(values, tree))
            elif matched:
                matched |= group.accepted(values)
            else:
                matched = group.accepted(values)
        return matched

    def _reached(self, values: dict[int, Any], bound: frozenset[int]) -> Iterator[Group]:
        by_needed = self._by_needed
        if by_needed:
            for slot in by_needed.keys() & values.keys():
                yield from by_needed[slot]
        if self._free:
            free = self._free.copy()
            for slot in self._by_forbidden.keys() & values.keys():
                if slot not in bound:
                    free -= self._by_forbidden[slot]
            yield from free
