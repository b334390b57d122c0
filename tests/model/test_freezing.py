"""freezegun and time-machine: a clock that nobody has taken over shows their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta

import boto3
import freezegun
import pytest
import time_machine

from eventbridge_local import mock_eventbridge

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)

Move = Callable[[timedelta], object]


@contextmanager
def by_freezegun() -> Iterator[Move]:
    # Other tests may have imported powertools, whose models freezegun would have made while time stands still.
    with freezegun.freeze_time(NOW, ignore=["aws_lambda_powertools", "pydantic"]) as frozen:
        yield lambda delta: frozen.tick(delta)


@contextmanager
def by_time_machine() -> Iterator[Move]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller.shift


#: Entered inside the test: pytest measures what is around it, and would measure years.
both = pytest.mark.parametrize("frozen", [by_freezegun, by_time_machine])
Frozen = Callable[[], AbstractContextManager[Move]]


@both
def test_events_carry_the_frozen_time(frozen: Frozen) -> None:
    """Through boto3 and through the handle, before and after a move, and in what a handler gets."""
    with frozen() as move, mock_eventbridge(region="us-east-1") as eb:
        spy = eb.connect("function", lambda event: None)
        eb.rule("rule", pattern={"source": ["shop"]}, to="function")
        events = boto3.client("events")
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
        move(timedelta(days=3))
        eb.put("shop", "Sold")
        assert [event["time"] for event in spy.events] == ["2026-03-06T09:00:00Z", "2026-03-09T09:00:00Z"]
        assert [made.at for made in eb.deliveries] == [NOW, NOW + timedelta(days=3)]
        assert not eb.clock.stepped


@both
def test_due_timers_run_when_asked(frozen: Frozen) -> None:
    """A move does not run what it passes over; ``run_due`` does, each instant once."""
    with frozen() as move, mock_eventbridge() as eb:
        eb.rule("rule", schedule="rate(10 minutes)", to="function")
        move(timedelta(hours=1))
        assert not eb.deliveries
        assert eb.clock.run_due()["fired"] == 6
        assert [made.event.time for made in eb.deliveries] == [NOW + timedelta(minutes=10 * n) for n in range(1, 7)]
        assert eb.clock.run_due().total == 0


@both
def test_taking_over(frozen: Frozen) -> None:
    """From the first step on only the test moves the clock, beginning at the frozen time."""
    with frozen() as move, mock_eventbridge() as eb:
        eb.rule("rule", schedule="rate(10 minutes)", to="function")
        move(timedelta(minutes=5))
        assert eb.clock.advance(minutes=5)["fired"] == 1
        move(timedelta(days=1))
        assert eb.clock.now == NOW + timedelta(minutes=10)


@both
def test_a_turn_backwards(frozen: Frozen) -> None:
    """Real clocks are set back too: what fired does not fire again, and nothing breaks."""
    with frozen() as move, mock_eventbridge() as eb:
        eb.rule("rule", schedule="rate(10 minutes)", to="function")
        move(timedelta(minutes=10))
        assert eb.clock.run_due()["fired"] == 1
        move(timedelta(minutes=-30))
        assert eb.clock.run_due().total == 0
        move(timedelta(minutes=40))
        assert eb.clock.run_due()["fired"] == 1


@both
def test_archives_expire(frozen: Frozen) -> None:
    """Retention goes by the frozen time, to the instant."""
    with frozen() as move, mock_eventbridge() as eb:
        archive = eb.archive("archive", days=1)
        eb.put("shop", "Sold")
        move(timedelta(days=1, microseconds=-1))
        assert len(archive) == 1
        move(timedelta(microseconds=1))
        assert len(archive) == 0
