"""Schedule expressions of rules: ``rate(...)`` and ``cron(...)``, read as AWS reads them and computed in UTC.

>>> from datetime import UTC, datetime
>>> parse_schedule("cron(0 10 ? * MON-FRI *)").next_after(datetime(2026, 1, 2, 10, tzinfo=UTC)).isoformat()
'2026-01-05T10:00:00+00:00'
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eventbridge_local.errors import UsageError
from eventbridge_local.schedules.expressions import Cron, InvalidSchedule, Rate, parse_cron, parse_rate

__all__ = ["Cron", "InvalidSchedule", "Rate", "Schedule", "next_fire_times", "parse_schedule"]

Schedule = Rate | Cron

_READERS: dict[str, Callable[[str], Schedule]] = {"rate": parse_rate, "cron": parse_cron}


def parse_schedule(text: str) -> Schedule:
    """Read a schedule expression.

    Args:
        text: ``rate(5 minutes)`` or ``cron(0 10 ? * MON-FRI *)``.

    Returns:
        A frozen ``Rate`` or ``Cron``; both have ``next_after(instant, created=...)``.

    Raises:
        InvalidSchedule: AWS refuses the expression (``Parameter ScheduleExpression is not valid.``); ``hint`` says
            why. The forms come from native captures and LocalStack's recordings, then from the User Guide page
            eb-create-rule-schedule.
    """
    read = _READERS.get(text[:4])
    if read is None:
        raise InvalidSchedule(text, "it must begin with rate( or cron(, in lower case")
    return read(text)


def next_fire_times(text: str, *, after: datetime, count: int = 5) -> list[datetime]:
    """Return the next times a schedule fires, to check an expression in a test.

    Args:
        text: a schedule expression.
        after: an aware datetime; all results are strictly later. A rate counts from it.
        count: how many times are wanted.

    Returns:
        At most ``count`` aware datetimes in UTC, ascending; fewer when the schedule comes to its end.

    Raises:
        InvalidSchedule: AWS refuses the expression.
        UsageError: ``after`` has no time zone, or ``count`` is negative.
    """
    if count < 0:
        raise UsageError(f"count={count} is negative; ask for 0 or more times")
    schedule = parse_schedule(text)
    times: list[datetime] = []
    while len(times) < count:
        found = schedule.next_after(times[-1] if times else after, created=after)
        if found is None:
            break
        times.append(found)
    return times
