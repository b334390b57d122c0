"""Finding the ranges a number lies in, in time that follows how many there are to find."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from math import isinf
from typing import Any, Generic, TypeVar

B = TypeVar("B")
_PENDING = 16

_Interval = tuple[float, float, Any]


class _Stab:
    """A static tree of intervals: those around the centre, those left of it, those right of it."""

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


class Ranges(Generic[B]):
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
        if len(self._pending) > _PENDING + len(self._intervals) // 4:
            self._intervals += self._pending
            self._pending = []
            self._tree = _Stab(self._intervals)
        for low, high, bucket in self._pending:
            if low <= value <= high:
                found.append(bucket)
        if self._tree is not None:
            self._tree.hits(value, found)
