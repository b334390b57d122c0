"""croniter walks the calendar: what it cannot say, what is said to it instead, how often, and from when on."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from croniter import croniter
from croniter.croniter import CroniterError
from freezegun import freeze_time

from eventbridge_local.schedules import Cron, next_fire_times, parse_schedule
from eventbridge_local.schedules import days as days_module
from eventbridge_local.schedules.days import FiringDays, first_firing_day, read_days


def croniter_next(expression: str, after: datetime) -> datetime | None:
    """What croniter gives for an expression, None where it refuses it or finds nothing."""
    try:
        found: datetime = croniter(expression, after).get_next(datetime)
    except CroniterError:
        return None
    return found


@pytest.mark.parametrize(
    ("ours", "theirs", "after", "expected"),
    [
        ("cron(0 0 L-3 * ? *)", "0 0 L-3 * *", "2026-02-01", "2026-02-25"),
        ("cron(0 0 L-3W * ? *)", "0 0 L-3W * *", "2026-03-01", "2026-03-27"),
        ("cron(0 0 LW * ? *)", "0 0 LW * *", "2026-01-01", "2026-01-30"),
        ("cron(0 0 31W * ? *)", "0 0 31W * *", "2026-06-01", "2026-07-31"),
        ("cron(0 0 29W * ? *)", "0 0 29W * *", "2026-02-01", "2026-03-30"),
        ("cron(0 0 1-5W AUG ? *)", "0 0 1-5W AUG *", "2026-07-31", "2026-08-03"),
        ("cron(0 0 1W,15W * ? *)", "0 0 1W,15W * *", "2026-01-02", "2026-01-15"),
        ("cron(0 0 20,3W AUG ? *)", "0 0 20,3W AUG *", "2026-08-01", "2026-08-03"),
        ("cron(0 0 10,16W AUG ? *)", "0 0 10,16W AUG *", "2026-08-10", "2026-08-17"),
        ("cron(0 0 1 1 ? 2100)", "0 0 1 1 * 0 2100", "2099-06-01", "2100-01-01"),
        ("cron(0 0 1 1 ? 2199)", "0 0 1 1 * 0 2199", "2026-06-01", "2199-01-01"),
    ],
    ids=lambda value: str(value) if "cron(" in str(value) else "",
)
def test_forms_that_croniter_cannot_say(ours: str, theirs: str, after: str, expected: str) -> None:
    """croniter refuses the form or gives another day, and the schedule gives AWS's."""
    start, answer = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (after, expected))
    assert croniter_next(theirs, start) != answer
    assert parse_schedule(ours).next_after(start) == answer


@pytest.mark.parametrize(
    ("ours", "theirs", "after", "expected"),
    [
        ("cron(0 0 ? * 1 *)", "0 0 * * 1", "2026-01-01", "2026-01-04"),  # a Sunday, croniter's 1 is Monday
        ("cron(0 0 ? * 6L *)", "0 0 * * 6L", "2026-01-01", "2026-01-30"),
        ("cron(0 0 ? * 3#2 *)", "0 0 * * 3#2", "2026-01-01", "2026-01-13"),
        ("cron(0 0 ? * L *)", "0 0 * * L", "2026-01-01", "2026-01-03"),
        ("cron(0 0 ? * 7-2 *)", "0 0 * * 7-2", "2026-01-05", "2026-01-10"),
        ("cron(0 0 5-5 * ? *)", "0 0 5-5 * *", "2026-01-05", "2026-02-05"),  # croniter reads 5-5 as every day
        ("cron(0 0 1/0 * ? *)", "0 0 1/0 * *", "2026-01-01", "2026-02-01"),
        ("cron(0 0 5x * ? *)", "0 0 5x * *", "2026-01-01", "2026-01-05"),
        ("cron(0 0 ? * TUESDAY *)", "0 0 * * TUESDAY", "2026-01-01", "2026-01-06"),
        ("cron(0 0 1 1 ? 2027)", "0 0 1 1 * 2027", "2026-01-01", "2027-01-01"),  # croniter's sixth field is seconds
    ],
    ids=lambda value: str(value) if "cron(" in str(value) else "",
)
def test_forms_that_are_translated(ours: str, theirs: str, after: str, expected: str) -> None:
    """The same letters mean something else to croniter, or nothing."""
    start, answer = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (after, expected))
    assert croniter_next(theirs, start) != answer
    assert parse_schedule(ours).next_after(start) == answer


@pytest.mark.parametrize(
    ("day_of_month", "month", "day_of_week", "walk"),
    [
        ("*", "*", "?", "* * * * *"),
        ("1,15", "JAN-MAR", "?", "* * 1,15 1,2,3 *"),
        ("30-2", "NOV-FEB", "?", "* * 1,2,30,31 1,2,11,12 *"),
        ("L", "*", "?", "* * L * *"),
        ("L-0", "*", "?", "* * L * *"),
        ("?", "*", "MON-FRI", "* * * * 1,2,3,4,5"),
        ("?", "2", "1,7", "* * * 2 0,6"),
        ("?", "*", "L", "* * * * 6"),
        ("?", "*", "FRIL", "* * * * L5"),
        ("?", "*", "TUE#3", "* * * * 2#3"),
        ("?", "1-12", "SUN-SAT", "* * * * *"),
    ],
)
def test_what_croniter_is_told(day_of_month: str, month: str, day_of_week: str, walk: str) -> None:
    """Where croniter can say the days, it is told them in its own numbers and nothing is counted by hand."""
    assert read_days(day_of_month, month, day_of_week) == FiringDays(walk)


@pytest.mark.parametrize("day_of_month", ["L-3", "LW", "L-3W", "15W", "1-5W", "3,15W"])
def test_croniter_walks_the_months_where_it_cannot_say_the_days(day_of_month: str) -> None:
    """The first days of the firing months are croniter's part."""
    days = read_days(day_of_month, "2,8", "?")
    assert days.walk == "* * 1 2,8 *"
    assert days.counted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every question croniter is asked from now on; nothing is remembered from other tests."""
    questions: list[Any] = []
    ask = croniter.get_next

    def watched(self: croniter, *args: Any, **kwargs: Any) -> Any:
        questions.append(kwargs["start_time"])
        return ask(self, *args, **kwargs)

    monkeypatch.setattr(croniter, "get_next", watched)
    first_firing_day.cache_clear()
    return questions


def test_croniter_is_asked_for_days_and_never_for_minutes(asked: list[Any]) -> None:
    """Three days of firing each minute are four questions, all of them a midnight."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert len(next_fire_times("cron(* * * * ? *)", after=start, count=3 * 1440)) == 3 * 1440
    assert asked == [datetime(2026, 1, day) for day in (1, 2, 3, 4)]


def test_rules_with_the_same_days_ask_once(asked: list[Any]) -> None:
    """What croniter said for one expression serves every other with the same days."""
    for minute in range(60):
        parse_schedule(f"cron({minute} 10 ? * MON-FRI *)").next_after(datetime(2026, 1, 5, 9, tzinfo=UTC))
    assert len(asked) == 1


def test_asking_leaves_the_shared_croniter_where_it_was() -> None:
    """Threads share one croniter for the same days, so that a question must not move it."""
    first_firing_day.cache_clear()
    walker = days_module._walker("* * 7 * *")
    assert first_firing_day(FiringDays("* * 7 * *"), date(2026, 3, 8)) == date(2026, 4, 7)
    assert walker.get_current(float) == 0


def test_threads_get_the_same_times() -> None:
    """The same expressions asked from several threads at once give what one thread gets."""
    starts = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=41 * number) for number in range(200)]

    def ask(start: datetime) -> datetime | None:
        return parse_schedule("cron(0 0 ? * 3#2 *)").next_after(start)

    expected = [ask(start) for start in starts]
    first_firing_day.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, starts)) == expected


def test_croniter_comes_with_the_first_cron_rule_and_not_before() -> None:
    """Neither the package, nor a mock, nor rate rules, nor reading a refused expression import it."""
    code = """
import sys
import eventbridge_local, eventbridge_local.schedules
from eventbridge_local import mock_eventbridge
seen = ["croniter" in sys.modules]
with mock_eventbridge() as eb:
    eb.rule("every", schedule="rate(5 minutes)", to="function")
    eb.rule("pattern", pattern={"source": ["shop"]}, to="function")
    eb.put("shop", "Sold")
    eb.clock.advance(hours=1)
    try:
        eb.rule("wrong", schedule="cron(0 10 * * * *)", to="function")
    except Exception as refused:
        assert "ScheduleExpression is not valid" in str(refused)
    seen.append("croniter" in sys.modules)
    eb.rule("daily", schedule="cron(0 10 * * ? *)", to="function")
    seen.append("croniter" in sys.modules)
print(seen)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert done.stdout.strip() == "[False, False, True]", done.stderr


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("cron(0 0 ? FEB MON#5 *)", "2072-03-01", "2112-02-29"),  # the longest wait there is: 40 years
        ("cron(0 0 29W FEB ? *)", "2096-03-01", "2104-02-29"),
        ("cron(0 0 L-28 FEB ? *)", "2096-03-01", "2104-02-01"),
        ("cron(0 0 29 FEB ? 2027-2500/99)", "2026-01-01", "2324-02-29"),
    ],
)
def test_rare_days_are_found(expression: str, after: str, expected: str) -> None:
    """The search reaches as far as the rarest day that exists."""
    start, answer = (datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (after, expected))
    assert parse_schedule(expression).next_after(start) == answer


@pytest.mark.parametrize("expression", ["cron(0 0 31 FEB ? *)", "cron(0 0 30W FEB ? *)", "cron(0 0 L-30 FEB ? *)"])
def test_days_that_do_not_exist_are_given_up(expression: str) -> None:
    """AWS accepts a day that no year has (captured for 31 FEB), and such a schedule never fires."""
    assert parse_schedule(expression).next_after(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_the_ends_of_the_calendar() -> None:
    """The first and the last days that a datetime can name raise nothing."""
    schedule = parse_schedule("cron(59 23 * * ? 0-9999)")
    assert schedule.next_after(datetime(1, 1, 1, tzinfo=UTC)) == datetime(1, 1, 1, 23, 59, tzinfo=UTC)
    last = datetime(9999, 12, 31, 23, 59, tzinfo=UTC)
    assert schedule.next_after(last - timedelta(minutes=1)) == last
    assert schedule.next_after(last) is None
    assert parse_schedule("cron(0 0 LW * ? *)").next_after(last) is None


def test_a_wall_clock_without_a_zone() -> None:
    """Calendar times can be asked for on any wall clock; zones are the caller's business."""
    schedule = parse_schedule("cron(30 2 ? * MON-FRI *)")
    assert isinstance(schedule, Cron)
    assert schedule.next_wall_time(datetime(2027, 3, 12, 2, 30)) == datetime(2027, 3, 15, 2, 30)


def test_a_frozen_clock_makes_no_difference() -> None:
    """freezegun replaces ``date`` and ``datetime`` in every module; the days found are the same."""
    first_firing_day.cache_clear()
    days_module._walker.cache_clear()
    start = datetime(2026, 1, 2, 10, tzinfo=UTC)
    # Other tests may have imported powertools, whose models freezegun would have made while time stands still.
    with freeze_time("2020-02-29", ignore=["aws_lambda_powertools", "pydantic"]):
        frozen = [parse_schedule(text).next_after(start) for text in ("cron(0 10 ? * MON-FRI *)", "cron(0 0 LW * ? *)")]
    assert frozen == [datetime(2026, 1, 5, 10, tzinfo=UTC), datetime(2026, 1, 30, tzinfo=UTC)]
