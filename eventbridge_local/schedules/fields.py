"""Read the six fields of a cron expression as AWS reads them: the forms an item may have, and what is refused.

Strategy: a field is a comma list, and an item is read by the first form of ``_FORMS`` that fits. The grammar is what
AWS was recorded to accept and refuse (native captures of September 2026, LocalStack's recordings), not only what the
User Guide page eb-create-rule-schedule lists: ``33x`` is 33, ``n/0`` is n, a name counts by its first three letters,
ranges wrap, years have no bounds but those of a 32-bit number. What nobody recorded is refused rather than guessed.

croniter takes no part in this: it refuses much of what AWS accepts, and the other way round. What a field means leaves
this file as plain numbers, or as an ``Item`` with the mark (``L``, ``W``, ``#``) that only the two day fields know.
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
    """Says what is wrong with a field, in our words."""


@dataclass(frozen=True, slots=True)
class CronField:
    """One of the six fields: its name, its bounds, and the names of 1, 2, 3 and so on."""

    name: str
    low: int
    high: int
    wraps: bool = True
    names: tuple[str, ...] = ()


MINUTES = CronField("minutes", 0, 59)
HOURS = CronField("hours", 0, 23)
DAY_OF_MONTH = CronField("day-of-month", 1, 31)
MONTH = CronField("month", 1, 12, names=MONTHS)
DAY_OF_WEEK = CronField("day-of-week", 1, 7, names=WEEKDAYS)
YEAR = CronField("year", 0, LARGEST_YEAR, wraps=False)
FIELDS = (MINUTES, HOURS, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, YEAR)


@dataclass(frozen=True, slots=True)
class Span:
    """The numbers from ``start`` to ``stop`` in steps; ``stop`` below ``start`` wraps around the end of the field."""

    start: int
    stop: int
    step: int

    def numbers(self, field: CronField) -> list[int]:
        """Return all numbers of the span. A wrapped span keeps its step over the edge (50-10/5 is 50, 55, 0, 5, 10)."""
        if self.stop >= self.start:
            return list(range(self.start, self.stop + 1, self.step))
        size = field.high - field.low + 1
        wrapped = range(self.start, self.stop + size + 1, self.step)
        return [(number - field.low) % size + field.low for number in wrapped]

    def first_from(self, number: int) -> int | None:
        """Return the first number of the span that is at least ``number``; only for spans that do not wrap."""
        first = self.start if number <= self.start else number + (self.start - number) % self.step
        return first if first <= self.stop else None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a comma list: its span, and the letter or ``#`` that follows it with what comes after."""

    span: Span
    mark: str = ""
    tail: str = ""


def split_fields(text: str) -> list[str]:
    """Split what stands between the parentheses of ``cron(...)`` into its six fields.

    Args:
        text: ``0 10 ? * MON-FRI *``, in any case.

    Returns:
        The fields in the order of ``FIELDS``, in upper case.

    Raises:
        BadField: there are not six fields with one blank between them, or not exactly one of the day fields is ``?``.
    """
    text = text.upper()
    fields = text.split(" ")
    # split() without an argument takes any white space in any amount: where it differs, there was more than one blank.
    if len(fields) != len(FIELDS) or fields != text.split():
        names = ", ".join(field.name for field in FIELDS)
        raise BadField(f"there must be six fields ({names}) with exactly one space between them")
    if (fields[FIELDS.index(DAY_OF_MONTH)] == "?") == (fields[FIELDS.index(DAY_OF_WEEK)] == "?"):
        raise BadField("exactly one of day-of-month and day-of-week must be ?")
    return fields


def read_numbers(text: str, field: CronField) -> list[int]:
    """Return the numbers a field names, ascending and each once.

    Args:
        text: the field in upper case.
        field: which of the six it is; not the year, which may name two thousand million numbers.

    Raises:
        BadField: as ``read_spans`` does.
    """
    return numbers_of(read_spans(text, field), field)


def numbers_of(spans: list[Span], field: CronField) -> list[int]:
    """Return the numbers of some spans of a field, ascending and each once."""
    if len(spans) == 1 and spans[0].stop >= spans[0].start:
        return spans[0].numbers(field)
    return sorted({number for span in spans for number in span.numbers(field)})


def read_spans(text: str, field: CronField) -> list[Span]:
    """Return the spans of a field in which no ``L``, ``W`` or ``#`` may stand.

    Raises:
        BadField: as ``read_items`` does, and where an item has a mark.
    """
    items = read_items(text, field)
    for item in items:
        if item.mark:
            raise BadField(f"{item.mark} is not allowed in the {field.name} field")
    return [item.span for item in items]


def read_items(text: str, field: CronField) -> list[Item]:
    """Return the items of a field's comma list.

    Args:
        text: the field in upper case.
        field: which of the six it is.

    Raises:
        BadField: an item has none of the forms, or a number outside the field.
    """
    return [_read_item(item, field) for item in text.split(",")]


def _read_item(text: str, field: CronField) -> Item:
    for pattern, read in _FORMS:
        form = pattern.fullmatch(text)
        if form is not None:
            item = read(form, field)
            if not field.wraps and item.span.stop < item.span.start:
                raise BadField(f"{text!r} ends before it begins; only in other fields may a range wrap around")
            return item
    raise BadField(f"{text!r} is not valid in the {field.name} field")


def _star(form: re.Match[str], field: CronField) -> Item:
    # Years count from 1970 (User Guide: 1970-2199), although AWS was recorded to accept a year before it.
    start = FIRST_YEAR if field is YEAR else field.low
    return Item(Span(start, field.high, max(int(form["step"] or 1), 1)))


def _numbers(form: re.Match[str], field: CronField) -> Item:
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
    """Return the span; a step of zero means the start alone (recorded for ``33/0``)."""
    return Span(start, stop, step) if step else Span(start, start, 1)


def _names(form: re.Match[str], field: CronField) -> Item:
    start = _named(form["start"], field)
    stop = start if form["stop"] is None else _named(form["stop"], field)
    return _marked(Span(start, stop, 1), form["rest"], ranged=form["stop"] is not None)


def _marked(span: Span, rest: str, *, ranged: bool) -> Item:
    """Return the item with the mark that begins ``rest``, what follows the numbers or names."""
    if rest[:1] in ("-", "/"):
        raise BadField(f"{rest!r} is not a range or a step")
    if not rest or rest[0] not in _MARKS:
        return Item(span)  # AWS drops what follows: recorded for 33x and TUESDAY
    if ranged and rest[0] != "W":
        raise BadField(f"{rest[0]} cannot follow a range")
    return Item(span, rest[0], rest[1:])


def _named(name: str, field: CronField) -> int:
    if name not in field.names:
        raise BadField(f"{name!r} is not a name in the {field.name} field")
    return field.names.index(name) + 1


def _within(number: int, field: CronField) -> int:
    if not field.low <= number <= field.high:
        raise BadField(f"{number} is not from {field.low} to {field.high} in the {field.name} field")
    return number


_MARKS = "LW#"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], CronField], Item]], ...] = (
    (re.compile(r"\*(?:/(?P<step>[0-9]+))?"), _star),
    (re.compile(r"(?P<start>[0-9]+)(?:-(?P<stop>[0-9]+))?(?:/(?P<step>[0-9]+))?(?P<rest>.*)"), _numbers),
    (re.compile(r"(?P<start>[A-Z]{3})(?:-(?P<stop>[A-Z]{3}))?(?P<rest>.*)"), _names),
)
