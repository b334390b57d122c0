"""Which days of a month a schedule fires on.

A month is fully described by its length and the weekday of its first day: 4 x 7 = 28 shapes. Every rule below maps a
shape to days, so a schedule works its rules out once per shape and never again. Weekdays count as AWS counts them,
1 = SUN to 7 = SAT.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

SUNDAY, SATURDAY = 1, 7
LENGTHS = range(28, 32)
WEEKDAYS = range(SUNDAY, SATURDAY + 1)


@dataclass(frozen=True, slots=True)
class Shape:
    """A month: how many days it has, and the weekday of its first."""

    length: int
    first: int

    def weekday(self, day: int) -> int:
        """The weekday of a day of the month."""
        return (self.first + day - 2) % 7 + 1


class DayRule(Protocol):
    """One way to name days of a month."""

    def days(self, shape: Shape) -> Iterable[int]:
        """The days, in any order; days the month does not have may be among them."""


@dataclass(frozen=True, slots=True)
class DaysOfMonth:
    """``1,15`` or ``28-3``: these days."""

    numbers: frozenset[int]

    def days(self, shape: Shape) -> Iterable[int]:
        """The numbers themselves."""
        return self.numbers


@dataclass(frozen=True, slots=True)
class LastDay:
    """``L``, ``L-3``, ``LW``, ``L-3W``: counted from the end, with W moved to the nearest weekday."""

    before: int
    weekday: bool

    def days(self, shape: Shape) -> Iterable[int]:
        """One day, or none when the month is too short."""
        day = shape.length - self.before
        if day < 1:
            return ()
        return (nearest_weekday(day, shape) if self.weekday else day,)


@dataclass(frozen=True, slots=True)
class NearestWeekdays:
    """``15W`` or ``1-5W``: for each of these days the nearest of Monday to Friday."""

    numbers: frozenset[int]

    def days(self, shape: Shape) -> Iterable[int]:
        """The nearest weekdays; a day the month does not have gives none."""
        return (nearest_weekday(day, shape) for day in self.numbers if day <= shape.length)


@dataclass(frozen=True, slots=True)
class DaysOfWeek:
    """``MON-FRI`` or ``1,7``: every such weekday."""

    numbers: frozenset[int]

    def days(self, shape: Shape) -> Iterable[int]:
        """All days of the month on these weekdays."""
        return (day for day in range(1, shape.length + 1) if shape.weekday(day) in self.numbers)


@dataclass(frozen=True, slots=True)
class LastOfWeekday:
    """``6L``: the last Friday of the month."""

    number: int

    def days(self, shape: Shape) -> Iterable[int]:
        """Exactly one day."""
        return (shape.length - (shape.weekday(shape.length) - self.number) % 7,)


@dataclass(frozen=True, slots=True)
class NthOfWeekday:
    """``3#2``: the second Tuesday of the month."""

    number: int
    nth: int

    def days(self, shape: Shape) -> Iterable[int]:
        """One day; the fifth may lie behind the end of the month."""
        return (1 + (self.number - shape.first) % 7 + 7 * (self.nth - 1),)


def nearest_weekday(day: int, shape: Shape) -> int:
    """The nearest Monday to Friday that is still in the same month."""
    weekday = shape.weekday(day)
    if weekday == SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == SUNDAY:
        return day + 1 if day < shape.length else day - 2
    return day


def shape_index(length: int, first: int) -> int:
    """Where a shape stands in the result of ``days_by_shape``."""
    return (length - 28) * 7 + first - 1


def days_by_shape(rules: Iterable[DayRule]) -> tuple[tuple[int, ...], ...]:
    """The firing days, ascending, of each of the 28 shapes of a month, at ``shape_index``."""
    rules = tuple(rules)
    shapes = (Shape(length, first) for length in LENGTHS for first in WEEKDAYS)
    return tuple(_days(rules, shape) for shape in shapes)


def _days(rules: tuple[DayRule, ...], shape: Shape) -> tuple[int, ...]:
    named = {day for rule in rules for day in rule.days(shape)}
    return tuple(sorted(day for day in named if day <= shape.length))
