"""The two kinds of schedule expressions of a rule, ``rate(value unit)`` and ``cron(...)``, and when each fires next.

A rate counts whole intervals from the creation of its rule. Its forms were recorded: one blank, lower case, singular
exactly for 1, leading zeros allowed, at most 2147483647. That the first firing comes one whole interval after the
creation is not documented and is our choice.

A cron expression names calendar times to the minute. ``days`` finds its next firing day, with croniter; the minutes of
that day and the years are worked out here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, timedelta

from eventbridge_local.errors import EventBridgeLocalError, UsageError
from eventbridge_local.schedules.days import FiringDays, first_firing_day, read_days
from eventbridge_local.schedules.fields import (
    HOURS,
    MINUTES,
    YEAR,
    BadField,
    Span,
    read_numbers,
    read_spans,
    split_fields,
)
from eventbridge_local.visible import visible

LARGEST_VALUE = 2**31 - 1

_RATE = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_ONE_DAY = timedelta(days=1)
#: Days that are looked at to count firings.
_MOST_COUNTED = 400


class InvalidSchedule(EventBridgeLocalError, ValueError):
    """A schedule expression that AWS refuses with ``Parameter ScheduleExpression is not valid.``

    Args:
        text: the expression as it was given.
        hint: what is wrong with it, in our words.
    """

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text, hint)
        self.text = text
        self.hint = hint

    def __str__(self) -> str:
        return visible(f"{self.text!r} is not a schedule expression: {self.hint}")


@dataclass(frozen=True, slots=True)
class Rate:
    """A schedule that fires every so many seconds after the rule was created."""

    text: str
    seconds: int

    def next_after(self, instant: datetime, *, created: datetime | None = None) -> datetime | None:
        """Return the first firing strictly after an instant.

        Args:
            instant: an aware datetime.
            created: when the rule was created, the zero point of the series; left out, ``instant`` itself.

        Returns:
            An aware datetime in UTC, ``created`` plus a whole number of intervals (User Guide
            eb-create-rule-schedule; recorded events are not on minute boundaries). ``None`` after the year 9999.

        Raises:
            UsageError: a datetime has no time zone.
        """
        instant = _in_utc(instant, "instant")
        start = instant if created is None else _in_utc(created, "created")
        try:
            interval = timedelta(seconds=self.seconds)
            passed = max((instant - start) // interval, 0)
            return start + (passed + 1) * interval
        except OverflowError:
            return None

    def count(self, first: datetime, until: datetime) -> int:
        """Return how many firings there are from a firing up to an instant."""
        return (until - first) // timedelta(seconds=self.seconds) + 1


@dataclass(frozen=True, slots=True)
class Cron:
    """A schedule of calendar times.

    Attributes:
        text: the expression as it was given.
        minutes: the firing minutes of a firing hour, 0 to 59, ascending.
        hours: the firing hours of a firing day, 0 to 23, ascending.
        days: the firing days of any year.
        years: the firing years.
    """

    text: str
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: FiringDays
    years: tuple[Span, ...]

    def next_after(self, instant: datetime, *, created: datetime | None = None) -> datetime | None:
        """Return the first firing strictly after an instant.

        Args:
            instant: an aware datetime.
            created: taken so that every schedule is called alike; calendar times do not depend on it.

        Returns:
            An aware datetime in UTC on a whole minute, or ``None`` when the schedule never fires again.

        Raises:
            UsageError: ``instant`` has no time zone.
        """
        found = self.next_wall_time(_in_utc(instant, "instant").replace(tzinfo=None))
        return None if found is None else found.replace(tzinfo=UTC)

    def next_wall_time(self, wall: datetime) -> datetime | None:
        """Return the first firing strictly after a time on a wall clock, whatever the clock's zone.

        Args:
            wall: a datetime without a zone.

        Returns:
            A datetime without a zone on a whole minute, or ``None`` when the schedule never fires again.
        """
        today = wall.date()
        day = self._first_day_from(today)
        if day == today:
            time = self._time_after(wall.hour, wall.minute)
            if time is not None:
                return datetime(day.year, day.month, day.day, *time)
            day = None if day == date.max else self._first_day_from(day + _ONE_DAY)
        return None if day is None else datetime(day.year, day.month, day.day, self.hours[0], self.minutes[0])

    def count(self, first: datetime, until: datetime) -> int:
        """Return about how many firings there are from a firing up to an instant; both in UTC.

        Only so many days are looked at; what lies beyond them is estimated.
        """
        begin, last, days = first.date(), until.date(), 0
        day: date | None = begin
        while day is not None and day <= last and days < _MOST_COUNTED:
            days += 1
            day = self._first_day_from(day + _ONE_DAY)
        if day is not None and day <= last:
            days = days * (last - begin).days // (day - begin).days
        return days * len(self.hours) * len(self.minutes)

    def _time_after(self, hour: int, minute: int) -> tuple[int, int] | None:
        """Return the first firing hour and minute of a firing day strictly after a time of day."""
        if hour in self.hours:
            index = bisect_right(self.minutes, minute)
            if index < len(self.minutes):
                return hour, self.minutes[index]
        index = bisect_right(self.hours, hour)
        return (self.hours[index], self.minutes[0]) if index < len(self.hours) else None

    def _first_day_from(self, day: date) -> date | None:
        """Return the first firing day of a firing year that is not before ``day``."""
        while (year := self._first_year_from(day.year)) is not None:
            found = first_firing_day(self.days, day if year == day.year else date(year, 1, 1))
            if found is None or found.year == year:
                return found
            day = found
        return None

    def _first_year_from(self, year: int) -> int | None:
        found = [first for span in self.years if (first := span.first_from(year)) is not None and first <= MAXYEAR]
        return min(found, default=None)


def parse_rate(text: str) -> Rate:
    """Read ``rate(5 minutes)``.

    Args:
        text: the whole expression, beginning with ``rate``.

    Raises:
        InvalidSchedule: with a hint, for every form AWS was recorded to refuse.
    """
    form = _RATE.fullmatch(text)
    if form is None:
        raise InvalidSchedule(text, "write rate(VALUE UNIT): a whole number, one space, minute(s), hour(s) or day(s)")
    digits, unit, plural = form.groups()
    value = int(digits) if len(digits.lstrip("0")) <= 10 else LARGEST_VALUE + 1
    if not 0 < value <= LARGEST_VALUE:
        raise InvalidSchedule(text, f"the value must be from 1 to {LARGEST_VALUE}")
    if (value == 1) == bool(plural):
        raise InvalidSchedule(text, f"with the value {value} write {unit if value == 1 else unit + 's'}")
    return Rate(text, value * _SECONDS[unit])


def parse_cron(text: str) -> Cron:
    """Read ``cron(0 10 ? * MON-FRI *)``.

    Args:
        text: the whole expression, beginning with ``cron``.

    Raises:
        InvalidSchedule: with a hint, for every form AWS was recorded to refuse.
    """
    if not (text.startswith("cron(") and text.endswith(")")):
        raise InvalidSchedule(text, "write cron(...) in lower case, without spaces around it or before the parenthesis")
    try:
        minutes, hours, day_of_month, month, day_of_week, year = split_fields(text[len("cron(") : -1])
        cron = Cron(
            text,
            minutes=tuple(read_numbers(minutes, MINUTES)),
            hours=tuple(read_numbers(hours, HOURS)),
            days=read_days(day_of_month, month, day_of_week),
            years=tuple(read_spans(year, YEAR)),
        )
    except BadField as wrong:
        raise InvalidSchedule(text, str(wrong)) from None
    # Here, so that importing it delays the first rule with a cron, and not the first advance of a clock.
    import croniter  # noqa: F401

    return cron


def _in_utc(instant: datetime, name: str) -> datetime:
    """Return the same instant in UTC; refuse a naive one, as a guess could be hours off. ``name`` is the argument's."""
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise UsageError(f"{name}={instant!r} has no time zone; pass an aware datetime, such as one with tzinfo=UTC")
    return instant.astimezone(UTC)
