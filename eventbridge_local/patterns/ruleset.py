"""Many patterns at once: an index whose cost follows the event's fields and the rules it satisfies.

Every sub-rule waits in the bucket of one condition, that of its least loose field. A bucket that fills up becomes an
index over another field. What the event's values lead to is verified field by field; rules that want nothing but one
``anything-but`` are not looked for at all but taken off a list when their value is excluded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import Any

from eventbridge_local.patterns.conditions import AnythingBut, Condition, Equal, Text
from eventbridge_local.patterns.events import event_tree
from eventbridge_local.patterns.lookup import FieldIndex, looseness
from eventbridge_local.patterns.matching import plain_path
from eventbridge_local.patterns.path_trie import PathTrie
from eventbridge_local.patterns.syntax import Pattern, pattern_of

_FULL = 4  # entries in a bucket before it becomes an index of its own
_DEAD = 64  # removed rules the index may carry before it is built anew
_MISSING: Any = object()


class RuleSet:
    """Named patterns, matched together.

    >>> rules = RuleSet()
    >>> rules.add("big", '{"detail": {"total": [{"numeric": [">", 1000]}]}}')
    >>> rules.match({"detail": {"total": 5000}})
    ['big']
    """

    def __init__(self) -> None:
        self._rules: dict[str, _Rule] = {}
        self._next = 0
        self._clear()

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def add(self, name: str, pattern: Pattern | str | Mapping[str, Any]) -> None:
        """Add a pattern; one of the same name is replaced and keeps its place in the order.

        Args:
            pattern: compiled, as JSON text, or as a dict.
        Raises:
            InvalidPattern: the pattern is invalid; nothing has changed.
        """
        compiled = pattern_of(pattern)
        old = self._rules.get(name)
        if old is not None:
            self._drop(old)
        order = self._next if old is None else old.order
        self._next += old is None
        self._rules[name] = rule = _Rule(order, compiled)
        self._names[order] = name
        self._enter(rule)
        self._tidy()

    def remove(self, name: str) -> None:
        """Take a pattern out.

        Raises:
            KeyError: there is none of that name.
        """
        rule = self._rules.pop(name)
        self._drop(rule)
        del self._names[rule.order]
        self._tidy()

    def match(self, event: Any) -> list[str]:
        """The names of all patterns the event satisfies, in the order they were added.

        Args:
            event: JSON text, a tree as ``json.loads`` or `parse_event` gives, or an object with an ``envelope``.
        Raises:
            ValueError: text that is not a JSON object.
        """
        tree = event if type(event) is dict else event_tree(event)
        values, bound = self._trie.values(tree)
        matched = self._add_all_but(values)
        candidates = list(self._always)
        _collect(self._index, values, candidates)
        refused: set[int] = set()  # rules the whole pattern decided against; their other branches need no look
        for entry in dict.fromkeys(candidates):
            rule = entry.rule
            order = rule.order
            if not rule.live or order in matched or order in refused:
                continue
            if entry.holds(values, bound, tree):
                matched.add(order)
            elif bound and len(entry.checks) > 1:
                refused.add(order)
        if not matched:
            return []
        names = self._names
        return [names[order] for order in sorted(matched)]

    # -- keeping the index

    def _clear(self) -> None:
        self._names: dict[int, str] = {}
        self._trie = PathTrie()
        self._index = _Index(frozenset())
        self._always: list[_Entry] = []  # rules with paths the trie does not hold
        self._all_but: dict[int, _AllBut] = {}
        self._dead = 0

    def _drop(self, rule: _Rule) -> None:
        rule.live = False
        self._dead += 1
        if rule.all_but is not None:
            all_but, condition = rule.all_but
            all_but.remove(rule.order, condition)
            rule.all_but = None

    def _tidy(self) -> None:
        if self._dead > _DEAD + len(self._rules):
            self._clear()
            for name, rule in self._rules.items():
                self._names[rule.order] = name
                self._enter(rule)

    def _enter(self, rule: _Rule) -> None:
        subrules = rule.pattern.subrules
        if not all(plain_path(path) for path in rule.pattern.paths):
            self._always.append(_Entry(rule, ()))
            return
        for subrule in subrules:
            entry = _Entry(rule, tuple(self._check(field) for field in subrule))
            only = subrule[0].conditions[0]
            alone = len(subrules) == len(subrule) == len(subrule[0].conditions) == 1
            if alone and isinstance(only, AnythingBut):
                self._enter_all_but(entry, only)
            else:
                self._index.insert(entry)

    def _check(self, field: Any) -> _Check:
        return (self._trie.slot(field.path), field.accepts, field.absent_ok, field.conditions)

    def _enter_all_but(self, entry: _Entry, condition: AnythingBut) -> None:
        slot = entry.checks[0][0]
        all_but = self._all_but.get(slot)
        if all_but is None:
            all_but = self._all_but[slot] = _AllBut()
        all_but.add(entry.rule.order, condition)
        entry.rule.all_but = (all_but, condition)

    def _add_all_but(self, values: dict[int, Any]) -> set[int]:
        matched: set[int] = set()
        for slot, all_but in self._all_but.items():
            value = values.get(slot, _MISSING)
            if value is not _MISSING:
                for each in value if type(value) is list else (value,):
                    matched = matched | all_but.without(each) if matched else all_but.without(each)
        return matched


class _Rule:
    """A named pattern in the index."""

    __slots__ = ("all_but", "live", "order", "pattern")

    def __init__(self, order: int, pattern: Pattern) -> None:
        self.order = order
        self.pattern = pattern
        self.live = True
        self.all_but: tuple[_AllBut, AnythingBut] | None = None


_Check = tuple[int, Callable[[Any], bool], bool, tuple[Condition, ...]]


class _Entry:
    """One sub-rule of a rule, with its fields as slots. Without any it is decided by the whole pattern."""

    __slots__ = ("checks", "rule")

    def __init__(self, rule: _Rule, checks: tuple[_Check, ...]) -> None:
        self.rule = rule
        self.checks = checks

    def holds(self, values: dict[int, Any], bound: bool, tree: dict[str, Any]) -> bool:
        """Whether the event satisfies the sub-rule (or, where places in arrays matter, the rule)."""
        checks = self.checks
        if len(checks) != 1 and (bound or not checks):
            return self.rule.pattern.judge(tree)
        for slot, accepts, absent_ok, _ in checks:
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


class _Excluding:
    """The rules that exclude a value, by their order. Where `exact` is false their conditions have the last word."""

    __slots__ = ("exact", "rules")

    def __init__(self) -> None:
        self.exact = False
        self.rules: dict[int, AnythingBut] = {}


class _AllBut:
    """The rules that want anything but something at one path, and what each excludes."""

    __slots__ = ("_excluding", "_members")

    def __init__(self) -> None:
        self._members: set[int] = set()
        self._excluding: FieldIndex[_Excluding] = FieldIndex(_Excluding)

    def add(self, order: int, condition: AnythingBut) -> None:
        """Take a rule in."""
        self._members.add(order)
        for excluded in condition.excluded:
            bucket = self._excluding.bucket(excluded)
            bucket.exact = isinstance(excluded, Text | Equal)
            bucket.rules[order] = condition

    def remove(self, order: int, condition: AnythingBut) -> None:
        """Take a rule out."""
        self._members.discard(order)
        for excluded in condition.excluded:
            self._excluding.bucket(excluded).rules.pop(order, None)

    def without(self, value: Any) -> set[int]:
        """The rules that accept the value; the set is the caller's."""
        found: list[_Excluding] = []
        self._excluding.hits(value, found)
        accepted = self._members.copy()
        for bucket in found:
            if bucket.exact:
                accepted.difference_update(bucket.rules)
            else:
                accepted.difference_update(
                    order for order, condition in bucket.rules.items() if not condition.accepts(value)
                )
        return accepted


class _Bucket:
    """Sub-rules that share a condition; too many of them are indexed by another field."""

    __slots__ = ("entries", "index", "load")

    def __init__(self) -> None:
        self.entries: list[_Entry] = []
        self.index: _Index | None = None
        self.load = 0

    def add(self, entry: _Entry, used: frozenset[int]) -> None:
        self.load += 1
        if self.index is not None:
            self.index.insert(entry)
            return
        self.entries.append(entry)
        if len(self.entries) > _FULL and any(_choices(each, used) for each in self.entries[-_FULL:]):
            self.index = _Index(used)
            entries, self.entries = self.entries, []
            for each in entries:
                self.index.insert(each)


class _Index:
    """Sub-rules by the conditions of one field each. `used` are the slots already decided on the way here."""

    __slots__ = ("fields", "rest", "used")

    def __init__(self, used: frozenset[int]) -> None:
        self.used = used
        self.fields: dict[int, FieldIndex[_Bucket]] = {}
        self.rest: list[_Entry] = []  # nothing to look these up by

    def insert(self, entry: _Entry) -> None:
        best: _Check | None = None
        lowest = inf
        for check in _choices(entry, self.used):
            cost = self._cost(check)
            if cost < lowest:
                lowest, best = cost, check
        if best is None:
            self.rest.append(entry)
            return
        slot, conditions = best[0], best[3]
        field = self.fields.get(slot)
        if field is None:
            field = self.fields[slot] = FieldIndex(_Bucket)
        used = self.used | {slot}
        for bucket in dict.fromkeys(map(field.bucket, conditions)):
            bucket.add(entry, used)

    def _cost(self, check: _Check) -> float:
        """What looking a sub-rule up by this field may cost: loose conditions and full buckets are hit in vain."""
        cost = max(map(looseness, check[3]))
        field = self.fields.get(check[0])
        if field is None:
            return cost
        buckets = map(field.known, check[3])
        return cost + max(0 if bucket is None else bucket.load for bucket in buckets)


def _choices(entry: _Entry, used: frozenset[int]) -> list[_Check]:
    """The fields a sub-rule may be looked up by: those that need a value."""
    return [check for check in entry.checks if not check[2] and check[0] not in used]


def _collect(index: _Index, values: dict[int, Any], candidates: list[_Entry]) -> None:
    """Add the sub-rules the values lead to."""
    todo = [index]
    while todo:
        index = todo.pop()
        if index.rest:
            candidates += index.rest
        fields = index.fields
        found: list[_Bucket] = []
        if len(fields) < len(values):
            for slot, field in fields.items():
                if slot in values:
                    _hits(field, values[slot], found)
        else:
            for slot, value in values.items():
                if slot in fields:
                    _hits(fields[slot], value, found)
        for bucket in found:
            if bucket.index is None:
                candidates += bucket.entries
            else:
                todo.append(bucket.index)


def _hits(field: FieldIndex[_Bucket], value: Any, found: list[_Bucket]) -> None:
    if type(value) is list:
        several: list[_Bucket] = []
        for each in value:
            field.hits(each, several)
        found += dict.fromkeys(several)
    else:
        field.hits(value, found)
