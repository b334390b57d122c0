"""Commands without a template: ``match`` and ``explain`` for a pattern and an event, ``next`` for a schedule."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any

from eventbridge_local.cli.inputs import read_event, read_pattern
from eventbridge_local.cli.output import Terminal, count
from eventbridge_local.errors import UsageError
from eventbridge_local.patterns import Explanation
from eventbridge_local.patterns import explain as explain_pattern
from eventbridge_local.patterns.explain import FieldReport
from eventbridge_local.schedules import next_fire_times


def match(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print ``match`` or ``no match``; 0 when it matches, 1 when it does not."""
    _check(args)
    matched = read_pattern(args.pattern).matches(read_event(args.event))
    if terminal.as_json:
        terminal.document({"matched": matched})
    else:
        terminal.say(_verdict(matched, terminal))
    return 0 if matched else 1


def explain(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print the verdict and every field of the pattern; 0 when it matches, 1 when it does not."""
    _check(args)
    found = explain_pattern(read_pattern(args.pattern), read_event(args.event))
    if terminal.as_json:
        terminal.document(document_of(found))
    else:
        terminal.say(_verdict(found.matched, terminal))
        terminal.say("\n".join(f"    {line}" for line in str(found).splitlines()))
    return 0 if found else 1


def document_of(found: Explanation) -> dict[str, Any]:
    """Return an explanation as plain data."""
    return {
        "matched": found.matched,
        "branch": found.branch,
        "branches": found.branches,
        "fields": [_field(each) for each in found.fields],
        "warnings": list(found.warnings),
    }


def _field(report: FieldReport) -> dict[str, Any]:
    shown: dict[str, Any] = {"path": report.path, "ok": report.ok, "wanted": report.wanted}
    actual = report.actual
    shown["actual"] = list(actual) if isinstance(actual, tuple) else actual
    if report.mismatch is not None:
        shown |= {"kind": report.mismatch.kind, "hint": report.mismatch.hint}
    return shown


def _verdict(matched: bool, terminal: Terminal) -> str:
    return terminal.paint("match", "good") if matched else terminal.paint("no match", "bad")


def _check(args: argparse.Namespace) -> None:
    if args.pattern == args.event == "-":
        raise UsageError("PATTERN and EVENT are both -; standard input can be one of them, so give the other as a file")


# next


def upcoming(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print a line for each time; 0 when there are as many as asked for, 1 when the schedule ends before."""
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
        raise UsageError(f"--after {text!r}: this is after the last year of the calendar, 9999") from None


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
