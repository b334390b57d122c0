"""The strict checks when a mock ends. Their texts stand in tests/messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge
from eventbridge_local.errors import CheckFailed, UsageError
from eventbridge_local.options import Options


def failures(use: Any, **options: Any) -> list[str]:
    """What a mock ends with: ``event`` and ``rule`` for the two checks, the error's name for others."""
    try:
        with mock_eventbridge(**options) as eb:
            use(eb)
    except ExceptionGroup as group:
        return [str(e).split()[0] if isinstance(e, CheckFailed) else type(e).__name__ for e in group.exceptions]
    return []


def both_fail(eb: EventBridge) -> None:
    eb.rule("Refunds", pattern={"source": ["bank"]})
    eb.put("shop", "Sold")


def failing_handler(event: Any) -> None:
    raise KeyError("total")


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"strict": False}, []),
        ({"strict": True}, ["event", "rule"]),
        ({"strict": True, "assert_all_events_matched": False}, ["rule"]),
        ({"strict": True, "assert_all_rules_matched": False}, ["event"]),
        ({"assert_all_events_matched": True}, ["event"]),
        ({"assert_all_rules_matched": True}, ["rule"]),
        ({"strict": True, "assert_all_events_matched": False, "assert_all_rules_matched": False}, []),
    ],
)
def test_which_checks_run(options: dict[str, Any], expected: list[str]) -> None:
    """``strict`` turns both on, and each can be told otherwise."""
    assert failures(both_fail, **options) == expected


def test_one_group_with_failed_deliveries() -> None:
    """All that went wrong is in one group."""

    def use(eb: EventBridge) -> None:
        both_fail(eb)
        eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to=failing_handler)
        eb.put("shop.orders", "OrderPlaced")

    assert failures(use, strict=True) == ["KeyError", "event", "rule"]


def matched_on_a_second_bus(eb: EventBridge) -> None:
    eb.rule("Central", pattern={"source": ["shop"]}, bus="central")
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/central"
    eb.rule("PassOn", pattern={"source": ["shop"]}, to=arn)
    eb.put("shop", "Sold")


def a_schedule_that_fires(eb: EventBridge) -> None:
    eb.rule("Hourly", schedule="rate(1 hour)", to="report")
    eb.clock.advance(hours=1)


def a_disabled_rule(eb: EventBridge) -> None:
    eb.rule("Paused", pattern={"source": ["shop"]})
    boto3.client("events", region_name=eb.region).disable_rule(Name="Paused")


def a_refused_entry(eb: EventBridge) -> None:
    eb.put("shop", "Sold", "no json")


def a_deleted_rule(eb: EventBridge) -> None:
    eb.rule("Gone", pattern={"source": ["shop"]})
    boto3.client("events", region_name=eb.region).delete_rule(Name="Gone")


def an_archive(eb: EventBridge) -> None:
    eb.archive("all")


def only_an_archive_matched(eb: EventBridge) -> None:
    eb.archive("all")
    eb.put("shop", "Sold")


def a_scheduled_rule_that_never_fires(eb: EventBridge) -> None:
    eb.rule("Hourly", schedule="rate(1 hour)", to="report")


def a_bus_that_is_not_there(eb: EventBridge) -> None:
    eb.put("shop", "Sold", bus="oders")


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        (matched_on_a_second_bus, []),
        (a_schedule_that_fires, []),
        (a_disabled_rule, []),
        (a_refused_entry, ["entry"]),
        (a_deleted_rule, []),
        (an_archive, []),
        (only_an_archive_matched, ["event"]),
        (a_scheduled_rule_that_never_fires, ["rule"]),
        (a_bus_that_is_not_there, ["event"]),
    ],
)
def test_what_counts(use: Any, expected: list[str]) -> None:
    """A disabled rule is not asked to match, and an archive's rule is nobody's."""
    assert failures(use, strict=True, region="us-east-1") == expected


def test_the_bodys_failure_stays_and_is_told_once() -> None:
    """The checks are notes on it."""
    with pytest.raises(ZeroDivisionError) as raised, mock_eventbridge(strict=True) as eb:
        both_fail(eb)
        _ = 1 / 0
    notes = raised.value.__notes__
    assert len(notes) == 2
    assert all(note.startswith("eventbridge_local, also failed: ") for note in notes)
    assert "To allow this: assert_all_events_matched=False" in notes[0]


def test_what_the_options_mean() -> None:
    """None does as strict says."""
    assert not Options().events_must_match and not Options().rules_must_match
    assert Options(strict=True).events_must_match and Options(strict=True).rules_must_match
    assert not Options(strict=True, assert_all_rules_matched=False).rules_must_match


def test_a_template_that_cannot_be_read_leaves_no_mock_behind(tmp_path: Path) -> None:
    """The error is the loader's own, and the next mock is the only one."""
    with pytest.raises(UsageError) as raised:
        mock_eventbridge(template=tmp_path / "none.yaml", strict=True).__enter__()
    assert not getattr(raised.value, "__notes__", None)
    with pytest.raises(UsageError, match="no mock_eventbridge is active"):
        current_eventbridge()


def test_an_error_that_is_noted_twice_has_its_notes_once() -> None:
    """The pytest plugin tells the error before it is written down, and the fixture leaves with it afterwards."""
    mock = mock_eventbridge(strict=True)
    both_fail(mock.__enter__())
    error = ValueError("the test's own")
    mock.add_notes(error)
    mock.__exit__(ValueError, error, None)
    assert len(error.__notes__) == 2
