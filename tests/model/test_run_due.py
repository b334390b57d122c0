"""``Clock.run_due``: what falls due in real time, for somebody who calls it again and again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from eventbridge_local.model import clock as clock_module
from eventbridge_local.model.clock import Clock

START = datetime(2026, 3, 6, 9, tzinfo=UTC)


class RealTime:
    """Stands in for the module ``time``: the test moves it."""

    def __init__(self) -> None:
        self.now = START

    def time(self) -> float:
        return self.now.timestamp()


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> RealTime:
    stand_in = RealTime()
    monkeypatch.setattr(clock_module, "time", stand_in)
    return stand_in


def test_runs_what_is_due_and_goes_on_following(real: RealTime) -> None:
    """Nothing before its time, everything after it once, and the clock stays with the real one."""
    clock, ran = Clock(), []
    clock.at(START + timedelta(seconds=10), lambda: ran.append(clock.now), "fired")
    assert clock.run_due().total == 0
    real.now += timedelta(seconds=12)
    assert clock.run_due() == {"fired": 1}
    assert clock.run_due().total == 0
    assert ran == [START + timedelta(seconds=12)], "a timer sees the real time, however late it is"
    real.now += timedelta(days=1)
    assert clock.now == real.now
    assert not clock.stepped


def test_order_and_timers_of_timers(real: RealTime) -> None:
    """In due order; what a timer sets for a time that has passed runs in the same call."""
    clock, ran = Clock(), []
    clock.at(START + timedelta(seconds=2), lambda: ran.append("second"))
    clock.at(
        START + timedelta(seconds=1),
        lambda: (ran.append("first"), clock.at(START + timedelta(seconds=3), lambda: ran.append("third"))),
    )
    clock.at(START + timedelta(seconds=1), lambda: ran.append("never")).cancel()
    real.now += timedelta(seconds=5)
    assert clock.run_due().total == 3
    assert ran == ["first", "second", "third"]


def test_a_clock_that_was_taken_over_stays(real: RealTime) -> None:
    """A frozen clock does not move, whatever the real time."""
    clock, ran = Clock(START), []
    clock.at(START + timedelta(seconds=1), lambda: ran.append("late"))
    real.now += timedelta(hours=1)
    assert clock.run_due().total == 0
    assert clock.now == START
    assert ran == []
