"""Many patterns at once: an index whose cost follows the event's fields and the rules it satisfies.

Sub-rules that need certain values wait for them in `index`; those that take nearly everything are in `exclusions`,
where the few that do not match are taken off. Only where several fields of a sub-rule lie in arrays of objects does
the pattern itself decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.patterns.events import event_tree
from eventbridge_local.patterns.exclusions import Exclusions, Group, excludes_only
from eventbridge_local.patterns.index import Entry, Index, Rule
from eventbridge_local.patterns.matching import plain_path
from eventbridge_local.patterns.path_trie import PathTrie
from eventbridge_local.patterns.syntax import Pattern, SubRule, pattern_of

_DEAD = 64  # removed rules the index may carry before it is built anew


class RuleSet:
    """Named patterns, matched together.

    >>> rules = RuleSet()
    >>> rules.add("big", '{"detail": {"total": [{"numeric": [">", 1000]}]}}')
    >>> rules.match({"detail": {"total": 5000}})
    ['big']
    """

    def __init__(self) -> None:
        self._rules: dict[str, Rule] = {}
        self._next = 0
        self._clear()

    def __len__(self) -> int:
        return len(self._rules)

    def __contains__(self, name: object) -> bool:
        return name in self._rules

    def add(self, name: str, pattern: Pattern | str | Mapping[str, Any]) -> None:
        """Add a pattern; one of the same name is replaced and keeps its place in the order.

        Args:
            name: what ``match`` calls it.
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
        self._rules[name] = rule = Rule(order, compiled)
        self._names[order] = name
        self._enter(rule)
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
        """The names of all patterns the event satisfies, in the order they were added.

        Args:
            event: JSON text, a dict as ``json.loads`` gives, or an object with an ``envelope``.

        Raises:
            ValueError: text that is not a JSON object.
        """
        tree = event if type(event) is dict else event_tree(event)
        values, bound = self._trie.values(tree)
        matched = self._exclusions.matched(values, bound, tree)
        candidates = self._index.candidates(values)
        if self._always:
            candidates += self._always
        refused: set[int] = set()  # rules the whole pattern decided against; their other branches need no look
        for entry in dict.fromkeys(candidates):
            rule = entry.rule
            order = rule.order
            if not rule.live or order in matched or order in refused:
                continue
            if (bound or not entry.checks) and entry.needs_places(bound):
                (matched if rule.pattern.judge(tree) else refused).add(order)
            elif entry.holds(values):
                matched.add(order)
        if not matched:
            return []
        names = self._names
        return [names[order] for order in sorted(matched)]

    # -- keeping the index

    def _clear(self) -> None:
        self._names: dict[int, str] = {}
        self._trie = PathTrie()
        self._index = Index()
        self._always: list[Entry] = []  # rules with paths the trie does not hold
        self._exclusions = Exclusions()
        self._groups: dict[int, list[tuple[Group, Entry]]] = {}  # by the order of the rule they hold sub-rules of
        self._dead = 0

    def _drop(self, rule: Rule) -> None:
        rule.live = False
        self._dead += 1
        for group, entry in self._groups.pop(rule.order, ()):
            group.remove(entry)

    def _tidy(self) -> None:
        if self._dead > _DEAD + len(self._rules):
            self._clear()
            for name, rule in self._rules.items():
                self._names[rule.order] = name
                self._enter(rule)

    def _enter(self, rule: Rule) -> None:
        if not all(plain_path(path) for path in rule.pattern.paths):
            self._always.append(Entry(rule, ()))
            return
        for branch, subrule in enumerate(rule.pattern.subrules):
            entry = self._entry(rule, subrule)
            if all(map(excludes_only, entry.checks)):
                group = self._exclusions.add(entry, branch)
                self._groups.setdefault(rule.order, []).append((group, entry))
            else:
                self._index.insert(entry)

    def _entry(self, rule: Rule, subrule: SubRule) -> Entry:
        slots = ((self._trie.slot(field.path), field) for field in subrule)
        return Entry(rule, tuple((slot, field.accepts, field.absent_ok, field.conditions) for slot, field in slots))
