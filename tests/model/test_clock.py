"""The clock: it follows the real one until it is moved, and runs what falls due in order."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.errors import EventBridgeLocalError, UsageError
from eventbridge_local.model.clock import Clock

START = datetime(2026, 3, 6, 9, tzinfo=UTC)


def after(**delta: float) -> datetime:
    return START + timedelta(**delta)


def test_it_follows_the_real_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a start it shows what ``time.time`` says, aware and in UTC."""
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: START.timestamp())
    assert clock.now == START
    assert clock.now.tzinfo is UTC
    monkeypatch.setattr(time, "time", lambda: after(minutes=5).timestamp())
    assert clock.now == after(minutes=5)


def test_freezing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frozen, it stands; moved, it stands where it was moved to."""
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: START.timestamp())
    assert clock.freeze() == START
    monkeypatch.setattr(time, "time", lambda: after(hours=1).timestamp())
    assert clock.now == START
    clock.advance(minutes=5)
    assert clock.now == after(minutes=5)


@pytest.mark.parametrize("delta", [{"seconds": 0}, {}, {"microseconds": 1}])
def test_a_running_clock_can_be_moved_by_nearly_nothing(
    delta: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time that goes by while the clock is asked does not make a step forward one into the past."""
    ticks = iter(range(100))
    monkeypatch.setattr(time, "time", lambda: START.timestamp() + next(ticks))
    assert Clock().advance(**delta).total == 0


def test_other_zones_are_the_same_instant() -> None:
    """A start in another zone is shown in UTC."""
    clock = Clock(datetime(2026, 3, 6, 11, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now == START
    assert clock.now.utcoffset() == timedelta(0)
    clock.advance_to(datetime(2026, 3, 6, 12, tzinfo=timezone(timedelta(hours=2))))
    assert clock.now == after(hours=1)
    assert clock.now.utcoffset() == timedelta(0)


def test_naive_times_are_refused() -> None:
    """A time without a zone is a mistake of the user's, named by argument and value."""
    with pytest.raises(UsageError, match=r"now=datetime.*has no time zone"):
        Clock(datetime(2026, 3, 6))
    with pytest.raises(UsageError, match=r"when=datetime.*has no time zone"):
        Clock(START).advance_to(datetime(2027, 3, 6))


def test_the_past_is_refused() -> None:
    """The clock goes forward only, and a refused move leaves it where it was."""
    clock = Clock(START)
    with pytest.raises(UsageError, match="the clock already shows 2026-03-06T09:00:00"):
        clock.advance_to(after(seconds=-1))
    with pytest.raises(UsageError):
        clock.advance(minutes=-1)
    assert clock.now == START
    assert clock.advance_to(START).total == 0


def test_timers_run_in_due_order_each_at_its_instant() -> None:
    """What is due runs by time, ties in the order they were set, and sees its own instant; the rest waits."""
    clock = Clock(START)
    seen: list[tuple[str, datetime]] = []
    for name, minutes in (("late", 9), ("b", 2), ("a", 1), ("b too", 2), ("at the end", 5)):
        clock.at(after(minutes=minutes), lambda name=name: seen.append((name, clock.now)))
    assert clock.advance(minutes=5).total == 4
    assert seen == [
        ("a", after(minutes=1)),
        ("b", after(minutes=2)),
        ("b too", after(minutes=2)),
        ("at the end", after(minutes=5)),
    ]
    assert clock.advance(minutes=5).total == 1
    assert clock.now == after(minutes=10)


def test_cancelled_timers_do_not_run() -> None:
    """A timer can be cancelled before it is due, by another timer too, and is not counted."""
    clock = Clock(START)
    ran: list[str] = []
    first = clock.at(after(minutes=1), lambda: ran.append("first"))
    third = clock.at(after(minutes=3), lambda: ran.append("third"))
    clock.at(after(minutes=2), third.cancel)
    first.cancel()
    assert clock.advance(minutes=5).total == 1
    assert ran == []


def test_timers_may_set_timers() -> None:
    """What a timer sets runs within the same advance when it is due by then."""
    clock = Clock(START)
    seen: list[datetime] = []

    def every_minute() -> None:
        seen.append(clock.now)
        clock.at(clock.now + timedelta(minutes=1), every_minute)

    clock.at(after(minutes=1), every_minute)
    assert clock.advance(minutes=3, seconds=59).total == 3
    assert seen == [after(minutes=1), after(minutes=2), after(minutes=3)]


def test_a_timer_that_is_overdue_does_not_turn_time_back() -> None:
    """A timer set for the past runs at the next move, at the time it is then."""
    clock = Clock(START)
    seen: list[datetime] = []
    clock.at(after(hours=-1), lambda: seen.append(clock.now))
    assert clock.advance(seconds=0).total == 1
    assert seen == [START]


def test_a_timer_that_moves_the_clock_does_not_turn_time_back() -> None:
    """When a timer moves the clock beyond the end of the advance that runs it, the clock stays there."""
    clock = Clock(START)
    clock.at(after(minutes=1), lambda: clock.advance(minutes=30))
    clock.advance(minutes=5)
    assert clock.now == after(minutes=31)


def test_a_timer_that_raises() -> None:
    """Its error comes out, the clock stands at its instant, and the timers behind it still wait."""
    clock = Clock(START)
    ran: list[int] = []
    clock.at(after(minutes=1), lambda: [][0])
    clock.at(after(minutes=2), lambda: ran.append(1))
    with pytest.raises(IndexError):
        clock.advance(minutes=5)
    assert (clock.now, ran) == (after(minutes=1), [])
    assert clock.advance(minutes=5).total == 1


def test_a_timer_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """A timer that re-arms itself without end is stopped with an error."""
    monkeypatch.setattr("eventbridge_local.model.clock._RUNAWAY", 100)
    clock = Clock(START)

    def again() -> None:
        clock.at(clock.now, again)

    again()
    with pytest.raises(EventBridgeLocalError, match="starts itself again"):
        clock.advance(seconds=1)


@given(st.lists(st.integers(0, 50), max_size=20), st.lists(st.integers(1, 20), min_size=1, max_size=6))
def test_how_far_one_goes_at_a_time_does_not_matter(dues: list[int], steps: list[int]) -> None:
    """Going in many steps runs the same timers, at the same instants and in the same order, as going in one."""

    def ran(moves: list[int]) -> list[tuple[int, datetime]]:
        clock = Clock(START)
        seen: list[tuple[int, datetime]] = []
        for number, due in enumerate(dues):
            clock.at(after(seconds=due), lambda number=number: seen.append((number, clock.now)))
        for move in moves:
            clock.advance(seconds=move)
        return seen

    assert ran(steps) == ran([sum(steps)])


def test_what_happens_by_itself_is_over_at_once_while_the_clock_follows_the_real_one() -> None:
    """Nobody would move such a clock, so every step is taken before ``later`` returns."""
    clock, steps = Clock(), []
    clock.later(timedelta(seconds=1), lambda: steps.append(len(steps)) or len(steps) < 3)
    assert steps == [0, 1, 2]
    assert not clock.stepped


def test_what_happens_by_itself_takes_a_timer_for_each_step_once_the_test_moves_the_clock() -> None:
    """Between two steps a test can look, and an advance counts the steps under their kind."""
    clock, at = Clock(START), []
    clock.later(timedelta(minutes=1), lambda: at.append(clock.now) or len(at) < 3, "replayed")
    assert at == []
    assert clock.advance(minutes=2) == {"replayed": 2}
    assert at == [START + timedelta(minutes=1), START + timedelta(minutes=2)]
    assert clock.advance(hours=1) == {"replayed": 1}


def test_an_instant_that_takes_time_to_find_is_looked_for_when_timers_run() -> None:
    """Not before; the order among timers of one instant is still that in which they were set."""
    clock, asked, ran = Clock(START), [], []
    clock.at_next(lambda: asked.append(1) or after(minutes=1), lambda: ran.append("first"), "fired")
    clock.at(after(minutes=1), lambda: ran.append("second"))
    never = clock.at_next(lambda: None, lambda: ran.append("never"), "fired")
    gone = clock.at_next(lambda: after(minutes=1), lambda: ran.append("cancelled"), "fired")
    gone.cancel()
    assert asked == []
    assert clock.advance(days=1) == {"fired": 1, "timers": 1}
    assert (ran, asked) == (["first", "second"], [1])
    never.cancel()
