"""The paths a set of rules looks at, and one walk that takes an event's values at all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.patterns.events import pairs_of
from eventbridge_local.patterns.matching import SCALARS

_MISSING: Any = object()
_NONE: frozenset[int] = frozenset()


class Node:
    """One name on the way to the paths rules look at."""

    __slots__ = ("below", "slot")

    def __init__(self) -> None:
        self.below: dict[str, Node] = {}
        self.slot = -1


class PathTrie:
    """The paths all rules look at. Each has a number, its slot."""

    __slots__ = ("_root", "_slots")

    def __init__(self) -> None:
        self._root = Node()
        self._slots = 0

    def slot(self, path: str) -> int:
        """The slot of a path, new or known."""
        node = self._root
        for name in path.split("."):
            node = node.below.setdefault(name, Node()) if name not in node.below else node.below[name]
        if node.slot < 0:
            node.slot = self._slots
            self._slots += 1
        return node.slot

    def values(self, tree: dict[str, Any]) -> tuple[dict[int, Any], frozenset[int]]:
        """What the event holds at the paths of interest.

        Returns:
            Slot to value (a list where there are several), and the slots whose values may lie in an array element that
            binds them.
        """
        values: dict[int, Any] = {}
        arrays: list[Node] = []  # where elements were entered
        todo: list[tuple[Any, Node]] = [(tree, self._root)]
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
        return values, _slots_below(arrays) if arrays else _NONE


def _descend(node: Node, name: str) -> Node | None:
    following: Node | None = node
    for piece in name.split("."):
        following = following.below.get(piece) if following is not None else None
    return following


def _slots_below(nodes: list[Node]) -> frozenset[int]:
    """The slots at and below some nodes."""
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


def _spread(value: Any, node: Node, values: dict[int, Any], todo: list[tuple[Any, Node]]) -> bool:
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
