"""``next``: when a schedule fires."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from eventbridge_local.cli.output import Terminal, count
from eventbridge_local.errors import UsageError
from eventbridge_local.schedules import next_fire_times


def upcoming(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print a line for each time; 0 when there are as many as were asked for, 1 when the schedule ends before."""
    after = datetime.now(UTC) if args.after is None else _instant(args.after)
    times = next_fire_times(args.expression, after=after, count=args.count)
    if terminal.as_json:
        terminal.document(
            {"expression": args.expression, "after": _iso(after), "times": [_iso(each) for each in times]}
        )
    else:
        for each in times:
            terminal.say(f"{_iso(each)}  {_WEEKDAYS[each.weekday()]}")
        if len(times) < args.count:
            terminal.note(f"it fires {count(len(times), 'more time')} after {_iso(after)}, and then never again")
    return 0 if len(times) == args.count else 1


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--after {text!r}: write ISO 8601, such as 2026-03-06T09:00Z") from None
    try:
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"--after {text!r}: that is beyond the calendar") from None


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
