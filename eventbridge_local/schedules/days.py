"""Find the next day a cron expression fires on: croniter walks the calendar, in its own dialect.

Strategy: the two day fields and the month become one croniter expression, and croniter is asked for the next *day*.
Minutes are not its business: a rule that fires every minute asks once a day. Numbers are written out (``1,2,3``)
instead of passing AWS's ranges on, because croniter reads some differently: ``5-5`` is the whole field, weekdays count
from 0 = SUN.

Some days croniter has no form for: ``L-3``, ``L-3W``, ``LW``, ``1-5W``, ``31W`` of a month with 30 days (croniter 7
takes the 30th, croniter 6 knows no W at all). For these croniter walks the months, as the first day of each, and
``CountedDay`` picks the days of a month. The year field stays with ``Cron``, because croniter ends at 2099.
``tests/schedules/test_croniter.py`` shows each of these limits.

All of it is on plain dates without a zone, so that a schedule with a time zone of its own can stand on it too.
"""

from __future__ import annotations

import re
from calendar import monthrange
from copy import copy
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from eventbridge_local.schedules.fields import (
    DAY_OF_MONTH,
    DAY_OF_WEEK,
    MONTH,
    BadField,
    CronField,
    numbers_of,
    read_items,
    read_numbers,
)

if TYPE_CHECKING:
    from croniter import croniter

#: Every day that exists comes again within 40 years: the fifth Monday of February 2072 and 2112 are the farthest apart.
HORIZON_YEARS = 50

_SATURDAY, _SUNDAY = 5, 6  # as date.weekday() counts
_LAST_WEEKDAY = 7  # a bare L in the day-of-week field: SAT, as AWS counts
_LAST_DAY = re.compile(r"L(?:-(?P<before>[0-9]{1,2}))?(?P<nearest>W?)")
_LARGEST_OFFSET = 30


class CountedDay(NamedTuple):
    """A day of a month that croniter has no form for. A tuple, because it is compared and hashed for each firing.

    Attributes:
        number: 1 to 31 from the start of the month, or 0 to 30 before its last day.
        from_end: count from the last day.
        nearest: move to the nearest Monday to Friday of the same month.
    """

    number: int
    from_end: bool = False
    nearest: bool = False

    def in_month(self, first: date) -> date | None:
        """Return this day of the month that begins with ``first``, or None where the month is too short for it."""
        length = monthrange(first.year, first.month)[1]
        number = length - self.number if self.from_end else self.number
        if not 1 <= number <= length:
            return None
        day = first.replace(day=number)
        return _nearest_weekday(day, length) if self.nearest else day


class FiringDays(NamedTuple):
    """The days a cron expression fires on, in any year.

    Attributes:
        walk: for croniter: every minute of the firing days, or with ``counted`` of the first days of firing months.
        counted: which days of a firing month; empty where croniter can say the days.
    """

    walk: str
    counted: tuple[CountedDay, ...] = ()


@lru_cache(maxsize=1024)
def first_firing_day(days: FiringDays, start: date) -> date | None:
    """Return the first firing day that is not before ``start``.

    The answers are remembered: rules mostly share their days, and every firing asks whether its own day fires.

    Args:
        days: as ``read_days`` makes them.
        start: the first day to consider.

    Returns:
        The day, or None when no such day exists (``31 FEB``) or none is left before the year 10000.
    """
    if not days.counted:
        return _walk(days.walk, start)
    first_days = FiringDays(days.walk)
    month = first_firing_day(first_days, start.replace(day=1))
    while month is not None and month.year - start.year <= HORIZON_YEARS:
        found = [day for counted in days.counted if (day := counted.in_month(month)) is not None and day >= start]
        if found:
            return min(found)
        month = first_firing_day(first_days, month + timedelta(days=1))
    return None


def read_days(day_of_month: str, month: str, day_of_week: str) -> FiringDays:
    """Translate the fields that name days.

    Args:
        day_of_month: the field in upper case; ``?`` where ``day_of_week`` decides.
        month: the field in upper case.
        day_of_week: the field in upper case; ``?`` where ``day_of_month`` decides.

    Raises:
        BadField: AWS was recorded to refuse one of the fields, or nobody recorded it.
    """
    days, counted = ("*", ()) if day_of_month == "?" else _month_days(day_of_month)
    weekdays = "*" if day_of_week == "?" else _weekdays(day_of_week)
    return FiringDays(f"* * {days} {_listed(read_numbers(month, MONTH), MONTH)} {weekdays}", counted)


def _month_days(text: str) -> tuple[str, tuple[CountedDay, ...]]:
    """Return a day-of-month field as croniter writes it, and the counted days where croniter has no form for it."""
    last = _LAST_DAY.fullmatch(text)
    if last is not None:
        before, nearest = int(last["before"] or 0), bool(last["nearest"])
        if before > _LARGEST_OFFSET:
            raise BadField(f"{text} is more than {_LARGEST_OFFSET} days before the end of the month")
        return ("1", (CountedDay(before, from_end=True, nearest=nearest),)) if before or nearest else ("L", ())
    items = read_items(text, DAY_OF_MONTH)
    marks = {item.mark for item in items}
    if wrong := marks - {"", "W"}:
        raise BadField(f"{min(wrong)} does not follow a number in the day-of-month field")
    if "W" in marks:
        return "1", tuple(
            CountedDay(number, nearest=item.mark == "W") for item in items for number in item.span.numbers(DAY_OF_MONTH)
        )
    return _listed(numbers_of([item.span for item in items], DAY_OF_MONTH), DAY_OF_MONTH), ()


def _weekdays(text: str) -> str:
    """Return a day-of-week field as croniter writes it: 0 = SUN, ``L5`` for AWS's ``6L``."""
    if text == "L":
        return str(_LAST_WEEKDAY - 1)
    items = read_items(text, DAY_OF_WEEK)
    if len(items) > 1 and any(item.mark for item in items):
        raise BadField("L and # cannot be combined with other values in the day-of-week field")
    mark, number = items[0].mark, items[0].span.start - 1
    if mark == "L":
        return f"L{number}"
    if mark == "#":
        if items[0].tail not in {"1", "2", "3", "4", "5"}:
            raise BadField("after # write which of them in the month, 1 to 5")
        return f"{number}#{items[0].tail}"
    if mark:
        raise BadField(f"{mark} is not allowed in the day-of-week field")
    numbers = numbers_of([item.span for item in items], DAY_OF_WEEK)
    return _listed(numbers, DAY_OF_WEEK, shift=-1)


def _listed(numbers: list[int], field: CronField, shift: int = 0) -> str:
    """Return all numbers of a field as croniter writes them, ``shift`` added to each."""
    if len(numbers) == field.high - field.low + 1:
        return "*"
    return ",".join([str(number + shift) for number in numbers])


def _nearest_weekday(day: date, length: int) -> date:
    """Return the Monday to Friday nearest to a day within its month of ``length`` days."""
    if day.weekday() == _SATURDAY:
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.weekday() == _SUNDAY:
        return day + timedelta(days=1) if day.day < length else day - timedelta(days=2)
    return day


def _walk(expression: str, start: date) -> date | None:
    """Return the first day on or after ``start`` that croniter finds."""
    # croniter looks strictly after an instant. The expression fires in every minute of a day, so from midnight on it
    # finds 00:01 of this day, or 00:00 of a later one.
    midnight = datetime(start.year, start.month, start.day)
    # A copy, because a croniter keeps its position and threads share this one.
    walker = copy(_walker(expression))
    try:
        found: datetime = walker.get_next(datetime, start_time=midnight)
    except (ValueError, OverflowError):  # no such day within the horizon, or past the year 9999
        return None
    return found.date()


@lru_cache(maxsize=256)
def _walker(expression: str) -> croniter:
    # Imported here, because most programs that import the package never have a cron expression.
    from croniter import croniter

    return croniter(expression, 0, max_years_between_matches=HORIZON_YEARS)
