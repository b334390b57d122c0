"""Many patterns at once: a set of rules whose cost for an event follows the event's fields and the rules it satisfies.

Strategy: one walk over the event takes its values at all paths that rules look at (``_PathTrie``). Sub-rules that need
certain values wait for them in ``index``. Those that most events satisfy, because each field wants ``anything-but``
something, any value at all, or none, are not looked for but taken off (``_Exclusions``): they form groups that need and
forbid the same paths, and from each group that fits the event those are taken away that exclude one of its values. So
the cost follows what matches and what is taken away, and not what could have been. Only where several fields of a
sub-rule lie in arrays of objects does the pattern itself decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from threading import Lock
from typing import Any

from eventbridge_local.patterns.compile import Pattern, pattern_of
from eventbridge_local.patterns.conditions import Absent, AnythingBut, Equal, Exists, SubRule, Text
from eventbridge_local.patterns.events import event_tree, pairs_of
from eventbridge_local.patterns.index import Check, FieldIndex, Index, IndexedRule, IndexEntry
from eventbridge_local.patterns.match import SCALARS, plain_path
from eventbridge_local.visible import visible

_MISSING: Any = object()
_NO_SLOTS: frozenset[int] = frozenset()
_DEAD = 64  # removed rules the index may carry before it is built anew


class RuleSet:
    """Named patterns, matched together.

    >>> rules = RuleSet()
    >>> rules.add("big", '{"detail": {"total": [{"numeric": [">", 1000]}]}}')
    >>> rules.match({"detail": {"total": 5000}})
    ['big']
    """

    def __init__(self) -> None:
        self._rules: dict[str, IndexedRule] = {}
        self._next = 0
        self._entering = Lock()
        self._clear()

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def __repr__(self) -> str:
        names = [repr(name) for name in self._rules]
        shown = ", ".join(names[:5]) + ", ..." * (len(names) > 5)
        return visible(f"<RuleSet of {len(names)} rule{'s' * (len(names) != 1)}{shown and f': {shown}'}>")

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_table  # few tests run in a notebook

        rows = [(name, rule.pattern.text) for name, rule in self._rules.items()]
        return as_table(f"RuleSet of {len(self)}", ("rule", "pattern"), rows)

    def add(self, name: str, pattern: Pattern | str | Mapping[str, Any]) -> None:
        """Add a pattern; one of the same name is replaced and keeps its place in the order.

        Args:
            name: what ``match`` calls it.
            pattern: compiled, as JSON text, or as a dict.

        Raises:
            InvalidPattern: the pattern is invalid; nothing has changed.
        """
        compiled = pattern if type(pattern) is Pattern else pattern_of(pattern)
        old = self._rules.get(name)
        if old is None:
            order = self._next
            self._next += 1
        else:
            order = old.order
            self._drop(old)
        self._rules[name] = rule = IndexedRule(order, compiled)
        self._take_in(name, rule)
        if old is not None:
            self._tidy()

    def remove(self, name: str) -> None:
        """Take a pattern out.

        Args:
            name: the name it was added under.

        Raises:
            KeyError: there is none of that name.
        """
        rule = self._rules.pop(name)
        self._drop(rule)
        del self._names[rule.order]
        self._tidy()

    def match(self, event: Any) -> list[str]:
        """Return the names of all patterns the event satisfies, in the order they were added.

        Args:
            event: JSON text, a dict as ``json.loads`` gives, or an object with an ``envelope``.

        Raises:
            ValueError: text that is not a JSON object.
        """
        tree = event if type(event) is dict else event_tree(event)
        if len(self._rules) == 1:  # it decides faster by itself than through an index
            [(name, rule)] = self._rules.items()
            return [name] if rule.pattern.judge(tree) else []
        if self._waiting:
            self._enter_waiting()
        values, bound = self._trie.values(tree)
        matched: set[int] = self._exclusions.matched(values, bound, tree) if self._groups else set()
        # A dropped rule stays in the index until `_tidy` builds it anew; `live` tells.
        candidates = self._index.candidates(values)
        if self._always:
            candidates += self._always
        decided: set[int] = set()  # rules the whole pattern decided about; their other branches need no look
        for entry in dict.fromkeys(candidates) if len(candidates) > 1 else candidates:
            rule = entry.rule
            order = rule.order
            if not rule.live or order in matched or order in decided:
                continue
            if (bound or not entry.checks) and entry.needs_places(bound):
                decided.add(order)
                if rule.pattern.judge(tree):
                    matched.add(order)
            elif entry.holds(values):
                matched.add(order)
        if not matched:
            return []
        return list(map(self._names.__getitem__, sorted(matched) if len(matched) > 1 else matched))

    # -- keeping the index

    def _clear(self) -> None:
        self._names: dict[int, str] = {}
        #: The names at the top of an event that patterns look at; ``match`` needs no others. They are the keys of a
        #: dict and no set, so that their order is that of the rules.
        self.fields: dict[str, None] = {}
        self._trie = _PathTrie()
        self._index = Index()
        self._always: list[IndexEntry] = []  # rules with paths the trie does not hold
        self._exclusions = _Exclusions()
        self._groups: dict[int, list[tuple[_Group, IndexEntry]]] = {}  # by the order of the rule they hold sub-rules of
        self._dead = 0
        self._waiting: list[IndexedRule] = []  # until an event comes: to many rules put in a test none ever does

    def _take_in(self, name: str, rule: IndexedRule) -> None:
        self._names[rule.order] = name
        for branch in rule.pattern.branches:
            for path in branch:
                self.fields[path.partition(".")[0]] = None
        self._waiting.append(rule)

    def _drop(self, rule: IndexedRule) -> None:
        rule.live = False
        self._dead += 1
        for group, entry in self._groups.pop(rule.order, ()):
            group.remove(entry)

    def _tidy(self) -> None:
        if self._dead > _DEAD + len(self._rules):
            self._clear()
            for name, rule in self._rules.items():
                self._take_in(name, rule)

    def _enter_waiting(self) -> None:
        with self._entering:  # other threads may match meanwhile
            for rule in self._waiting:
                if rule.live:
                    self._enter(rule)
            self._waiting = []

    def _enter(self, rule: IndexedRule) -> None:
        if not all(plain_path(path) for path in rule.pattern.paths):
            self._always.append(IndexEntry(rule, ()))
            return
        for branch, subrule in enumerate(rule.pattern.subrules):
            entry = self._entry(rule, subrule)
            if all(map(_excludes_only, entry.checks)):
                group = self._exclusions.add(entry, branch)
                self._groups.setdefault(rule.order, []).append((group, entry))
            else:
                self._index.insert(entry)

    def _entry(self, rule: IndexedRule, subrule: SubRule) -> IndexEntry:
        slot = self._trie.slot
        return IndexEntry(rule, tuple(Check(slot(f.path), f.accepts, f.absent_ok, f.conditions) for f in subrule))


# -- the values of an event


class _PathTrie:
    """The paths all rules look at. Each has a number, its slot."""

    __slots__ = ("_root", "_slots")

    def __init__(self) -> None:
        self._root = _Node()
        self._slots = 0

    def slot(self, path: str) -> int:
        """Return the slot of a path, new or known."""
        node = self._root
        for name in path.split("."):
            node = node.below.setdefault(name, _Node()) if name not in node.below else node.below[name]
        if node.slot < 0:
            node.slot = self._slots
            self._slots += 1
        return node.slot

    def values(self, tree: dict[str, Any]) -> tuple[dict[int, Any], frozenset[int]]:
        """Return what the event holds at the paths that rules look at.

        Returns:
            Slot to value (a list where there are several), and the slots whose values may lie in an array element that
            binds them.
        """
        values: dict[int, Any] = {}
        arrays: list[_Node] = []  # where elements were entered
        todo: list[tuple[Any, _Node]] = [(tree, self._root)]
        while todo:
            inner, node = todo.pop()
            below = node.below
            for name, value in inner.items() if type(inner) is dict else pairs_of(inner):
                child = below.get(name)
                if child is None:
                    if "." not in name:
                        continue
                    child = _descend(node, name)
                    if child is None:
                        continue
                kind = type(value)
                if kind in SCALARS:
                    slot = child.slot
                    if slot >= 0:
                        if slot in values:
                            _put(values, slot, value)
                        else:
                            values[slot] = value
                elif kind is dict:
                    if child.below:
                        todo.append((value, child))
                elif _spread(value, child, values, todo):
                    arrays.append(child)
        return values, _slots_below(arrays) if arrays else _NO_SLOTS


class _Node:
    """One name on the way to the paths rules look at."""

    __slots__ = ("below", "slot")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.slot = -1


def _descend(node: _Node, name: str) -> _Node | None:
    following: _Node | None = node
    for piece in name.split("."):
        following = following.below.get(piece) if following is not None else None
    return following


def _slots_below(nodes: list[_Node]) -> frozenset[int]:
    """Return the slots at and below some nodes."""
    slots = set()
    todo = list(nodes)
    while todo:
        node = todo.pop()
        if node.slot >= 0:
            slots.add(node.slot)
        todo.extend(node.below.values())
    return frozenset(slots)


def _put(values: dict[int, Any], slot: int, value: Any) -> None:
    held = values.get(slot, _MISSING)
    if held is _MISSING:
        values[slot] = [value]
    elif type(held) is list:
        held.append(value)
    else:
        values[slot] = [held, value]


def _spread(value: Any, node: _Node, values: dict[int, Any], todo: list[tuple[Any, _Node]]) -> bool:
    """Take an array (or a value of an unusual kind) apart; tells whether a place in an array was entered."""
    bound = False
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, Mapping):
            if node.below:
                todo.append((item, node))
        elif isinstance(item, list | tuple):
            bound = bound or any(isinstance(each, Mapping | list | tuple) for each in item)
            stack.extend(reversed(item))
        elif node.slot >= 0:
            _put(values, node.slot, item)
    return bound


# -- sub-rules that only exclude

_Signature = tuple[frozenset[int], frozenset[int], int]  # paths needed, paths forbidden, number of the branch


def _excludes_only(check: Check) -> bool:
    """Return whether a field belongs here: one test besides ``exists: false``, and that a loose one."""
    tests = _tests(check)
    return len(tests) < 2 and all(isinstance(test, AnythingBut | Exists) for test in tests)


def _tests(check: Check) -> list[Any]:
    return [condition for condition in check.conditions if type(condition) is not Absent]


class _Exclusions:
    """All groups, found by a path they need; those that need none are found by the paths they forbid."""

    __slots__ = ("_by_forbidden", "_by_needed", "_by_signature", "_free")

    def __init__(self) -> None:
        self._by_signature: dict[_Signature, _Group] = {}
        self._by_needed: dict[int, list[_Group]] = {}
        self._by_forbidden: dict[int, set[_Group]] = {}
        self._free: set[_Group] = set()

    def add(self, entry: IndexEntry, branch: int) -> _Group:
        """Take a sub-rule in; ``branch`` is its number in its rule."""
        needed = frozenset(check.slot for check in entry.checks if not check.absent_ok)
        forbidden = frozenset(check.slot for check in entry.checks if not _tests(check))
        signature = (needed, forbidden, branch)
        group = self._by_signature.get(signature)
        if group is None:
            group = self._by_signature[signature] = _Group(needed, forbidden)
            self._enter(group, needed, forbidden)
        group.add(entry)
        return group

    def _enter(self, group: _Group, needed: frozenset[int], forbidden: frozenset[int]) -> None:
        if needed:
            # The path fewest groups are found by: it leads to the fewest in vain.
            slot = min(needed, key=lambda each: len(self._by_needed.get(each, ())))
            self._by_needed.setdefault(slot, []).append(group)
            return
        self._free.add(group)
        for slot in forbidden:
            self._by_forbidden.setdefault(slot, set()).add(group)

    def matched(self, values: dict[int, Any], bound: frozenset[int], tree: dict[str, Any]) -> set[int]:
        """Return the orders of the rules with a sub-rule here that the event satisfies; the set is the caller's.

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

    def _reached(self, values: dict[int, Any], bound: frozenset[int]) -> Iterator[_Group]:
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


class _Group:
    """Sub-rules that need the same paths and forbid the same, one of a rule at most."""

    __slots__ = ("_excluded", "_forbidden", "_members", "_needed", "slots")

    def __init__(self, needed: frozenset[int], forbidden: frozenset[int]) -> None:
        self._needed = needed
        self._forbidden = forbidden
        self._excluded: dict[int, _Excluded] = {}
        self._members: dict[int, IndexEntry] = {}
        self.slots = needed | forbidden

    def add(self, entry: IndexEntry) -> None:
        """Take a sub-rule in."""
        order = entry.rule.order
        self._members[order] = entry
        for check in entry.checks:
            for test in _tests(check):
                if isinstance(test, AnythingBut):
                    self._excluded.setdefault(check.slot, _Excluded()).add(order, check, test)
                    self.slots |= {check.slot}

    def remove(self, entry: IndexEntry) -> None:
        """Take a sub-rule out."""
        order = entry.rule.order
        del self._members[order]
        for check in entry.checks:
            for test in _tests(check):
                if isinstance(test, AnythingBut):
                    self._excluded[check.slot].remove(order, test)

    def accepted(self, values: dict[int, Any]) -> set[int]:
        """Return the orders of the sub-rules whose fields accept the values each by itself; the set is the caller's."""
        if not self._forbidden.isdisjoint(values):
            return set()
        return self._not_excluded(values, self._excluded.keys())

    def accepted_in_places(self, values: dict[int, Any], tree: dict[str, Any]) -> Iterator[int]:
        """Yield the same where values lie in array elements that fields must agree on: the pattern has the last word.

        A value at a path that needs none may lie in another element than the one that is agreed on.
        """
        for order in self._not_excluded(values, self._needed):
            if self._members[order].rule.pattern.judge(tree):
                yield order

    def _not_excluded(self, values: dict[int, Any], slots: Set[int]) -> set[int]:
        """Return the orders of the sub-rules that have what they need and exclude nothing at some paths."""
        if not self._needed <= values.keys():
            return set()
        accepted = set(self._members)
        for slot, excluded in self._excluded.items():
            if slot in slots and slot in values:
                value = values[slot]
                accepted -= excluded.refusing_all(value) if type(value) is list else excluded.refusing(value)
        return accepted


class _Excluding:
    """The sub-rules that exclude a value, by their order. Where ``exact`` is false the field has the last word."""

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
        """Return the orders of the sub-rules that one scalar does not satisfy."""
        found: list[_Excluding] = []
        self._excluding.hits(value, found)
        refusing: set[int] = set()
        for bucket in found:
            if bucket.exact:
                refusing.update(bucket.checks)
            else:
                refusing.update(order for order, check in bucket.checks.items() if not check.accepts(value))
        return refusing

    def refusing_all(self, values: list[Any]) -> set[int]:
        """Return the orders of the sub-rules that none of several scalars satisfies."""
        refusing = self.refusing(values[0])
        for value in values[1:]:
            if not refusing:
                break
            refusing &= self.refusing(value)
        return refusing
