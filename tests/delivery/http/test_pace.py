"""The rate limit of API destinations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.delivery.http.invocations import Pace

START = datetime(2026, 3, 6, 9, tzinfo=UTC)


def offsets(due: list[datetime]) -> list[float]:
    return [(when - START).total_seconds() for when in due]


def test_what_is_too_much_waits() -> None:
    """Two a second, five at once."""
    pace = Pace()
    assert offsets([pace.turn("a", 2, START) for _ in range(5)]) == [0, 0, 1, 1, 2]


def test_destinations_do_not_wait_for_each_other() -> None:
    """Each key has its own limit."""
    pace = Pace()
    assert offsets([pace.turn(key, 1, START) for key in "abab"]) == [0, 0, 1, 1]


def test_a_limit_may_change() -> None:
    """A lower limit counts from then on, a higher one too."""
    pace = Pace()
    for _ in range(4):
        pace.turn("a", 4, START)
    lowered = [pace.turn("a", 1, START) for _ in range(2)]
    assert offsets([*lowered, *(pace.turn("a", 3, START + timedelta(seconds=10)) for _ in range(4))]) == [
        1,
        2,
        10,
        10,
        10,
        11,
    ]


def test_nobody_overtakes() -> None:
    """A limit that is raised while some wait lets nobody pass them."""
    pace = Pace()
    for _ in range(3):
        pace.turn("a", 1, START)
    assert offsets([pace.turn("a", 3, START) for _ in range(4)]) == [2, 2, 3, 3]


@given(st.integers(1, 4), st.lists(st.floats(0, 2), max_size=40))
def test_never_more_than_the_limit(rate: int, gaps: list[float]) -> None:
    """Nobody goes before his time, order is kept, and rate + 1 invocations take at least a second."""
    pace, now, due = Pace(), START, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        due.append(pace.turn("a", rate, now))
        assert due[-1] >= now
    assert due == sorted(due)
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in zip(due, due[rate:], strict=False))


@given(st.integers(1, 4), st.lists(st.floats(0, 2), max_size=40))
def test_nobody_waits_without_need(rate: int, gaps: list[float]) -> None:
    """Whoever waits, waits for the one that is ``rate`` places before him, or behind somebody who does."""
    pace, now, due = Pace(), START, []
    for gap in gaps:
        now += timedelta(seconds=gap)
        when = pace.turn("a", rate, now)
        if when > now:
            assert when in ([] if len(due) < rate else [due[-rate] + timedelta(seconds=1)]) + due[-1:]
        due.append(when)
