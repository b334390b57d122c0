"""Random cron expressions against a slow evaluator that tries every day and every minute, and against croniter.

The days come from croniter, so the slow evaluator is the judge of them; croniter judges what is ours, the minutes of a
day and the translation. The reference takes what an expression means instead of its text, so it shares no parser with
the library, and asks the standard library's calendar, so it shares no arithmetic either.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local.schedules import parse_schedule

EXAMPLES = examples(250, 1_000)
WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
SEARCHED_DAYS = 366 * 9

unhurried = settings(max_examples=EXAMPLES)

Numbers = tuple[str, frozenset[int]]
Days = tuple[str, Callable[[date], bool]]


@dataclass(frozen=True)
class Meaning:
    """An expression and what it means, field by field."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int] | None
    fires_on: Callable[[date], bool]


def slow_next_after(meaning: Meaning, instant: datetime) -> datetime | None:
    """The first firing strictly after an instant, searched for nine years."""
    for days in range(SEARCHED_DAYS):
        day = instant.date() + timedelta(days=days)
        if day.month not in meaning.months or (meaning.years is not None and day.year not in meaning.years):
            continue
        if meaning.fires_on(day):
            for hour in sorted(meaning.hours):
                for minute in sorted(meaning.minutes):
                    at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if at > instant:
                        return at
    return None


def aws_weekday(day: date) -> int:
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1


def month_of(day: date) -> list[date]:
    """All days of a date's month."""
    return [day.replace(day=number) for number in range(1, calendar.monthrange(day.year, day.month)[1] + 1)]


def is_nearest_weekday(day: date, number: int) -> bool:
    """Whether a date is the Monday to Friday nearest to the given day of its month, within the month."""
    days = month_of(day)
    if not 1 <= number <= len(days):
        return False
    working = [other for other in days if other.weekday() < 5]
    return day == min(working, key=lambda other: abs(other.day - number))


def is_nth(day: date, weekday: int, nth: int) -> bool:
    """Whether a date is the nth of its weekday in the month; -1 is the last."""
    same = [other for other in month_of(day) if aws_weekday(other) == weekday]
    return day in same and same.index(day) == (len(same) - 1 if nth == -1 else nth - 1)


@st.composite
def items(draw: st.DrawFn, low: int, high: int, names: list[str] | None = None, wraps: bool = True) -> Numbers:
    """One item of a comma list and its numbers, walked one by one."""
    form = draw(st.sampled_from(["number", "name", "range", "names", "start/step", "range/step", "*/step", "junk"]))
    first, last = draw(st.integers(low, high)), draw(st.integers(low, high))
    if not wraps:
        first, last = sorted((first, last))
    step = draw(st.integers(1, 20))
    ring = list(range(low, high + 1))
    walked = [ring[(first - low + i) % len(ring)] for i in range((last - first) % len(ring) + 1)]
    if names and form in ("name", "names"):
        spell = draw(st.sampled_from([str.upper, str.lower, str.title]))
        if form == "name":
            return spell(names[first - low]), frozenset({first})
        return f"{spell(names[first - low])}-{spell(names[last - low])}", frozenset(walked)
    if form in ("range", "names"):
        return f"{first}-{last}", frozenset(walked)
    if form == "start/step":
        return f"{first}/{step}", frozenset(ring[first - low :: step])
    if form == "range/step":
        return f"{first}-{last}/{step}", frozenset(walked[::step])
    if form == "*/step":
        return f"*/{step}", frozenset(ring[::step])
    return f"{first}{'x' if form == 'junk' else ''}", frozenset({first})


@st.composite
def numbers(draw: st.DrawFn, low: int, high: int, names: list[str] | None = None) -> Numbers:
    """A field of plain numbers: a star or a comma list."""
    if draw(st.integers(0, 3)) == 0:
        return "*", frozenset(range(low, high + 1))
    parts = draw(st.lists(items(low, high, names), min_size=1, max_size=3))
    return ",".join(text for text, _ in parts), frozenset().union(*(found for _, found in parts))


def days_of_month() -> st.SearchStrategy[Days]:
    """The day-of-month field in all its forms."""
    day = st.integers(1, 31)
    back = st.integers(0, 30)
    return st.one_of(
        numbers(1, 31).map(lambda field: (field[0], lambda at: at.day in field[1])),
        st.just(("L", lambda at: at == month_of(at)[-1])),
        st.just(("LW", lambda at: is_nearest_weekday(at, len(month_of(at))))),
        back.map(lambda n: (f"L-{n}", lambda at: at.day == len(month_of(at)) - n)),
        back.map(lambda n: (f"L-{n}W", lambda at: is_nearest_weekday(at, len(month_of(at)) - n))),
        day.map(lambda n: (f"{n}W", lambda at: is_nearest_weekday(at, n))),
        st.tuples(day, day).map(
            lambda n: (f"{n[0]}W,{n[1]}", lambda at: is_nearest_weekday(at, n[0]) or at.day == n[1]),
        ),
        st.tuples(day, day).map(
            lambda n: (
                f"{min(n)}-{max(n)}W",
                lambda at: any(is_nearest_weekday(at, number) for number in range(min(n), max(n) + 1)),
            )
        ),
    )


def days_of_week() -> st.SearchStrategy[Days]:
    """The day-of-week field in all its forms."""
    day = st.integers(1, 7)
    spelled = st.tuples(day, st.booleans()).map(lambda d: (WEEKDAYS[d[0] - 1] if d[1] else str(d[0]), d[0]))
    return st.one_of(
        numbers(1, 7, WEEKDAYS).map(lambda field: (field[0], lambda at: aws_weekday(at) in field[1])),
        st.just(("L", lambda at: aws_weekday(at) == 7)),
        spelled.map(lambda d: (f"{d[0]}L", lambda at: is_nth(at, d[1], -1))),
        st.tuples(spelled, st.integers(1, 5)).map(
            lambda d: (f"{d[0][0]}#{d[1]}", lambda at: is_nth(at, d[0][1], d[1])),
        ),
    )


@st.composite
def years(draw: st.DrawFn) -> tuple[str, frozenset[int] | None]:
    """The year field around the instants asked about."""
    if draw(st.booleans()):
        return "*", None
    first, length = draw(st.integers(2018, 2032)), draw(st.integers(0, 6))
    step = draw(st.integers(1, 3))
    return f"{first}-{first + length}/{step}", frozenset(range(first, first + length + 1, step))


@st.composite
def meanings(draw: st.DrawFn) -> Meaning:
    """A whole expression."""
    minutes, hours = draw(numbers(0, 59)), draw(numbers(0, 23))
    months, when = draw(numbers(1, 12, MONTHS)), draw(years())
    by_week = draw(st.booleans())
    day, fires_on = draw(days_of_week() if by_week else days_of_month())
    fields = [minutes[0], hours[0], "?" if by_week else day, months[0], day if by_week else "?", when[0]]
    return Meaning(f"cron({' '.join(fields)})", minutes[1], hours[1], months[1], when[1], fires_on)


instants = st.datetimes(datetime(2020, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC))


@unhurried
@given(meanings(), instants)
def test_agrees_with_the_slow_reference(meaning: Meaning, instant: datetime) -> None:
    """The next time is the one found by trying every day; beyond nine years only that there is none before."""
    found = parse_schedule(meaning.text).next_after(instant)
    slow = slow_next_after(meaning, instant)
    if slow is None and found is not None:
        assert found.date() >= instant.date() + timedelta(days=SEARCHED_DAYS)
    else:
        assert found == slow


@unhurried
@given(meanings(), instants)
def test_next_times_ascend_without_gaps(meaning: Meaning, instant: datetime) -> None:
    """A next time is later, on a whole minute, and also the next time of the microsecond before it."""
    schedule = parse_schedule(meaning.text)
    found = schedule.next_after(instant)
    if found is not None:
        assert found > instant
        assert (found.second, found.microsecond) == (0, 0)
        assert schedule.next_after(found - timedelta(microseconds=1)) == found


def croniter_field(number: int) -> str:
    """An AWS weekday in croniter's numbers: 1 = SUN becomes 0."""
    return str(number - 1)


WEEK_FIELDS = st.one_of(
    st.just(("*", "*")),
    st.lists(st.integers(1, 7), min_size=1, max_size=4, unique=True).map(
        lambda days: (",".join(map(str, days)), ",".join(map(croniter_field, days)))
    ),
    st.permutations(WEEKDAYS).map(lambda days: (f"{days[0]}-{days[1]}",) * 2),  # croniter reads SUN-SUN as every day
    st.tuples(st.integers(1, 7), st.integers(1, 5)).map(
        lambda d: (f"{d[0]}#{d[1]}", f"{croniter_field(d[0])}#{d[1]}"),
    ),
    st.integers(1, 7).map(lambda day: (f"{day}L", f"L{croniter_field(day)}")),
)
MONTH_DAY_FIELDS = st.sampled_from(["*", "1", "15,31", "10-20/3", "L", "28-3"]).map(lambda field: (field, field))
TIME_FIELDS = st.sampled_from(["0 10", "*/7 *", "5,35 8-17", "0 22-2", "59 23", "3/20 1/5"])


@settings(max_examples=min(EXAMPLES, 1000))
@given(TIME_FIELDS, MONTH_DAY_FIELDS, WEEK_FIELDS, st.booleans(), instants)
def test_agrees_with_croniter_where_its_dialect_reaches(
    time: str, month_day: tuple[str, str], week_day: tuple[str, str], by_week: bool, instant: datetime
) -> None:
    """croniter, asked in its own dialect, gives the same next time."""
    ours = f"cron({time} ? * {week_day[0]} *)" if by_week else f"cron({time} {month_day[0]} * ? *)"
    theirs = f"{time} * * {week_day[1]}" if by_week else f"{time} {month_day[1]} * *"
    assert parse_schedule(ours).next_after(instant) == croniter(theirs, instant).get_next(datetime)
