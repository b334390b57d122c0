"""When schedules fire, from tests/cases/schedules/fire_times.json, and the edges of ``next_fire_times``."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.errors import UsageError
from eventbridge_local.schedules import InvalidSchedule, next_fire_times, parse_schedule

CASES = json.loads((Path(__file__).parents[1] / "cases" / "schedules" / "fire_times.json").read_text("utf-8"))["cases"]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def title(case: dict[str, Any]) -> str:
    return f"{case['expression']} after {case['after']}"


@pytest.mark.parametrize("case", CASES, ids=title)
def test_fires_at(case: dict[str, Any]) -> None:
    """The next times are exactly these, and where the case says so there are no more."""
    expected = [datetime.fromisoformat(time) for time in case["times"]]
    count = len(expected) + bool(case.get("ends"))
    assert next_fire_times(case["expression"], after=datetime.fromisoformat(case["after"]), count=count) == expected


def test_times_are_in_utc_whatever_the_zone_of_the_instant() -> None:
    """Rules run in UTC; the zone of the instant asked about changes nothing but its spelling."""
    there = NOON.astimezone(timezone(timedelta(hours=-7)))
    assert next_fire_times("cron(0 13 * * ? *)", after=there, count=1) == [NOON + timedelta(hours=1)]
    assert all(time.tzinfo is UTC for time in next_fire_times("rate(1 hour)", after=there, count=2))


@pytest.mark.parametrize("text", ["cron(0 10 * * ? *)", "rate(5 minutes)"])
def test_a_naive_instant_is_a_mistake(text: str) -> None:
    """A datetime without a zone is refused instead of guessed."""
    with pytest.raises(UsageError, match="time zone"):
        parse_schedule(text).next_after(datetime(2026, 1, 1))


def test_a_naive_creation_time_is_a_mistake() -> None:
    """The same goes for the zero point of a rate."""
    with pytest.raises(UsageError, match="created="):
        parse_schedule("rate(5 minutes)").next_after(NOON, created=datetime(2026, 1, 1))


def test_five_times_are_the_default() -> None:
    """Without a count five times come back."""
    assert len(next_fire_times("rate(1 day)", after=NOON)) == 5


def test_no_times_when_none_are_wanted() -> None:
    """A count of zero still checks the expression."""
    assert next_fire_times("rate(1 day)", after=NOON, count=0) == []
    with pytest.raises(InvalidSchedule):
        next_fire_times("rate(1 days)", after=NOON, count=0)


def test_a_negative_count_is_a_mistake() -> None:
    """A negative count is refused with its value."""
    with pytest.raises(UsageError, match="count=-1"):
        next_fire_times("rate(1 day)", after=NOON, count=-1)


@pytest.mark.parametrize(
    ("seconds_later", "expected"),
    [(-3600, 300), (0, 300), (1, 300), (299, 300), (300, 600), (301, 600), (3000, 3300)],
)
def test_a_rate_counts_from_the_creation_of_its_rule(seconds_later: int, expected: int) -> None:
    """The series is the creation plus whole intervals, and the next time is strictly later."""
    created = datetime(2026, 9, 15, 22, 13, 16, 500, tzinfo=UTC)
    found = parse_schedule("rate(5 minutes)").next_after(created + timedelta(seconds=seconds_later), created=created)
    assert found == created + timedelta(seconds=expected)


def test_the_creation_does_not_move_a_calendar_time() -> None:
    """A cron schedule ignores when its rule was created."""
    schedule = parse_schedule("cron(0 10 * * ? *)")
    assert schedule.next_after(NOON, created=NOON - timedelta(days=9)) == schedule.next_after(NOON)
