"""Matching by the engine's full rules: every value has a place in the arrays around it, and places must agree.

The event is walked once and each value judged once against the fields at its path. What is left, a small `shapes.Shape`
however long the arrays are, is searched as the engine does. Facts: pattern language, sections 4 and 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventbridge_local.patterns.events import pairs_of
from eventbridge_local.patterns.shapes import Element, Shape, agree, shape_of
from eventbridge_local.patterns.syntax import Field, SubRule


@dataclass(slots=True)
class TrieNode:
    """The fields of a pattern by the names of their paths."""

    below: dict[str, TrieNode] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)  # indexes of the fields whose path ends here


@dataclass(slots=True)
class Found:
    """What an event has at one path: scalars, whether in an array element, and whether objects or arrays are there."""

    values: list[Any] = field(default_factory=list)
    in_array: bool = False
    containers: bool = False


class Places:
    """Judges events against sub-rules, arrays, dotted keys and repeated keys included.

    Args:
        subrules: of one pattern.
    """

    def __init__(self, subrules: tuple[SubRule, ...]) -> None:
        self.fields: list[Field] = []
        numbers: dict[int, int] = {}
        for rule in subrules:
            for each in rule:
                if numbers.setdefault(id(each), len(self.fields)) == len(self.fields):
                    self.fields.append(each)
        self._absent_ok = frozenset(number for number, each in enumerate(self.fields) if each.absent_ok)
        self._keeps_absent = bool(self._absent_ok)
        self._orders = [self._order(rule, numbers) for rule in subrules]
        self._root: TrieNode | None = None
        self._empty_in_use = any("" in split_path(each.path) for each in self.fields)

    def judge(self, tree: Mapping[str, Any]) -> bool:
        """Whether the event's tree satisfies any of the sub-rules."""
        shape = shape_of(self._walk(tree), self._keeps_absent)
        return any(self._holds(order, shape) for order in self._orders)

    def judge_each(self, tree: Mapping[str, Any]) -> list[bool]:
        """The verdict of every sub-rule."""
        shape = shape_of(self._walk(tree), self._keeps_absent)
        return [self._holds(order, shape) for order in self._orders]

    def found(self, tree: Mapping[str, Any]) -> dict[str, Found]:
        """What the event has at each path, wherever in its arrays."""
        found = {each.path: Found() for each in self.fields}
        todo: list[tuple[Any, TrieNode, bool]] = [(tree, self._trie(), False)]
        while todo:
            value, node, in_array = todo.pop()
            here = found[self.fields[node.ends[0]].path] if node.ends else Found()
            if isinstance(value, Mapping):
                here.containers = True
                todo += [
                    (child, below, in_array)
                    for name, child in pairs_of(value)
                    if (below := self._below(node, name)) is not None
                ]
            elif isinstance(value, list | tuple):
                here.containers = True
                for item in value:
                    todo.append((item, node, in_array or isinstance(item, Mapping | list | tuple)))
            else:
                here.values.append(value)
                here.in_array = here.in_array or in_array
        for each in found.values():
            each.values.reverse()  # the walk takes the last first
        return found

    def _order(self, rule: SubRule, numbers: dict[int, int]) -> list[int]:
        # The engine's order decides what exists: false means. Without it any order gives the same verdict, and one
        # that keeps the fields of an array together leaves the least to remember.
        if not any(each.absent_ok for each in rule):
            rule = tuple(sorted(rule, key=lambda each: each.path.split(".")))
        return [numbers[id(each)] for each in rule]

    # -- walking the event

    def _trie(self) -> TrieNode:
        root = TrieNode()
        for number, each in enumerate(self.fields):
            node = root
            for name in each.path.split("."):
                node = node.below.setdefault(name, TrieNode())
            node.ends.append(number)
        return root

    def _walk(self, tree: Mapping[str, Any]) -> list[Element]:
        """The event and all array elements a field may lie in; outer ones come before inner ones."""
        if self._root is None:
            self._root = self._trie()
        event = Element()
        elements = [event]
        todo: list[tuple[Any, TrieNode, Element]] = [(tree, self._root, event)]
        while todo:
            value, node, element = todo.pop()
            if isinstance(value, Mapping):
                for name, child in pairs_of(value):
                    below = self._below(node, name)
                    if below is not None:
                        todo.append((child, below, element))
            elif isinstance(value, list | tuple):
                array: list[Element] = []
                for item in value:
                    if isinstance(item, Mapping | list | tuple):
                        array.append(Element())
                        todo.append((item, node, array[-1]))
                    else:
                        self._leaf(item, node, element)
                if array:
                    element.arrays.append(array)
                    elements.extend(array)
            else:
                self._leaf(value, node, element)
        return elements

    def _below(self, node: TrieNode, name: str) -> TrieNode | None:
        """Where a key leads. A dot in it is as good as nesting; empty names count only where the pattern has them."""
        if name and "." not in name:
            return node.below.get(name)
        if "" in split_path(name) and not self._empty_in_use:
            return None
        following: TrieNode | None = node
        for piece in name.split("."):
            following = following.below.get(piece) if following is not None else None
        return following

    def _leaf(self, value: Any, node: TrieNode, element: Element) -> None:
        for number in node.ends:
            element.present |= 1 << number
            if not element.satisfied >> number & 1 and self.fields[number].accepts(value):
                element.satisfied |= 1 << number

    # -- judging a sub-rule

    def _holds(self, order: list[int], shape: Shape) -> bool:
        fields = self.fields
        missing = [number for number in order if not shape.all_satisfied >> number & 1]
        if any(not fields[number].absent_ok for number in missing):
            return False
        if not shape.arrays:
            return not any(shape.present >> number & 1 for number in missing)
        return agree(order, self._absent_ok, shape)


def split_path(path: str) -> list[str]:
    """The names of a path as Java splits it: empty names at the end are dropped."""
    if not path:
        return [""]
    return path.rstrip(".").split(".") if path.strip(".") else []
