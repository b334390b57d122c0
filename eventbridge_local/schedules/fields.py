"""The six fields of a cron expression and the forms an item of a field may have.

Strategy: a field is a comma list, and an item is read by the first form of ``_FORMS`` that fits. The grammar is what
AWS was recorded to accept and refuse (native captures of September 2026, LocalStack's recordings), not only what the
User Guide page eb-create-rule-schedule lists: ``33x`` is 33, ``n/0`` is n, a name counts by its first three letters,
ranges wrap, years have no bounds but those of a 32-bit number. What nobody recorded is refused rather than guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
FIRST_YEAR = 1970
LARGEST_YEAR = 2**31 - 1


class BadField(ValueError):
    """What is wrong with a field, in our words."""


@dataclass(frozen=True, slots=True)
class Field:
    """One of the six fields: its name, its bounds, and the names of 1, 2, 3 and so on."""

    name: str
    low: int
    high: int
    wraps: bool = True
    names: tuple[str, ...] = ()


MINUTES = Field("minutes", 0, 59)
HOURS = Field("hours", 0, 23)
DAY_OF_MONTH = Field("day-of-month", 1, 31)
MONTH = Field("month", 1, 12, names=MONTHS)
DAY_OF_WEEK = Field("day-of-week", 1, 7, names=WEEKDAYS)
YEAR = Field("year", 0, LARGEST_YEAR, wraps=False)
FIELDS = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR)


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from ``start`` to ``stop`` in steps; ``stop`` below ``start`` wraps around the end of the field."""

    start: int
    stop: int
    step: int

    def numbers(self, field: Field) -> frozenset[int]:
        """All numbers of the span. A wrapped span keeps its step over the edge (50-10/5 is 50, 55, 0, 5, 10)."""
        size = field.high - field.low + 1
        stop = self.stop if self.stop >= self.start else self.stop + size
        return frozenset((number - field.low) % size + field.low for number in range(self.start, stop + 1, self.step))


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a comma list: its span, and the letter or ``#`` that follows it with what comes after."""

    span: Span
    mark: str = ""
    tail: str = ""


_STAR = re.compile(r"\*(?:/(?P<step>[0-9]+))?")
_NUMBERS = re.compile(r"(?P<start>[0-9]+)(?:-(?P<stop>[0-9]+))?(?:/(?P<step>[0-9]+))?(?P<rest>.*)")
_NAMES = re.compile(r"(?P<start>[A-Z]{3})(?:-(?P<stop>[A-Z]{3}))?(?P<rest>.*)")
_MARKS = "LW#"


def _star(form: re.Match[str], field: Field) -> Item:
    start = FIRST_YEAR if field is YEAR else field.low
    return Item(Span(start, field.high, max(int(form["step"] or 1), 1)))


def _numbers(form: re.Match[str], field: Field) -> Item:
    start = _within(int(form["start"]), field)
    stop = start if form["stop"] is None else _within(int(form["stop"]), field)
    if form["step"] is None:
        return _marked(Span(start, stop, 1), form["rest"], ranged=form["stop"] is not None)
    if form["stop"] is None:
        if form["rest"]:
            raise BadField(f"only digits may follow the / in {form.string!r}")
        stop = field.high
    return _marked(_stepped(start, stop, int(form["step"])), form["rest"], ranged=True)


def _stepped(start: int, stop: int, step: int) -> Span:
    """A step of zero means the start alone (recorded for ``33/0``)."""
    return Span(start, stop, step) if step else Span(start, start, 1)


def _names(form: re.Match[str], field: Field) -> Item:
    start = _named(form["start"], field)
    stop = start if form["stop"] is None else _named(form["stop"], field)
    return _marked(Span(start, stop, 1), form["rest"], ranged=form["stop"] is not None)


def _marked(span: Span, rest: str, *, ranged: bool) -> Item:
    if rest[:1] in ("-", "/"):
        raise BadField(f"{rest!r} is no range or step")
    if not rest or rest[0] not in _MARKS:
        return Item(span)  # AWS drops what follows: recorded for 33x and TUESDAY
    if ranged and rest[0] != "W":
        raise BadField(f"{rest[0]} cannot follow a range")
    return Item(span, rest[0], rest[1:])


def _named(name: str, field: Field) -> int:
    if name not in field.names:
        raise BadField(f"{name!r} is no name of the {field.name} field")
    return field.names.index(name) + 1


def _within(number: int, field: Field) -> int:
    if not field.low <= number <= field.high:
        raise BadField(f"{number} is not from {field.low} to {field.high} in the {field.name} field")
    return number


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Field], Item]], ...] = (
    (_STAR, _star),
    (_NUMBERS, _numbers),
    (_NAMES, _names),
)


def read_items(text: str, field: Field) -> tuple[Item, ...]:
    """The items of a field's comma list.

    Args:
        text: the field in upper case.
        field: which of the six it is.

    Raises:
        BadField: an item has none of the forms, or a number outside the field.
    """
    return tuple(_read_item(item, field) for item in text.split(","))


def _read_item(text: str, field: Field) -> Item:
    for pattern, read in _FORMS:
        form = pattern.fullmatch(text)
        if form is not None:
            item = read(form, field)
            if not field.wraps and item.span.stop < item.span.start:
                raise BadField(f"{text!r} runs backwards; only the other fields wrap around")
            return item
    raise BadField(f"{text!r} is no item of the {field.name} field")
