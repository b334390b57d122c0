"""One virtual clock for everything that takes time.

The clock follows the real one until it is first moved or frozen; from then on only the test moves it. Timers run in
due order, ties in the order they were set, and a timer may set timers that are due within the same advance.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from typing import Any, TypedDict, Unpack

from eventbridge_local.errors import EventBridgeLocalError, UsageError

_RUNAWAY = 1_000_000
#: Schedules are no runaway, however long an advance is: each fires at most once a minute.
_BOUNDED = "fired"
#: A year before Python's calendar ends, so that whoever reckons from an instant of the clock need not fear for it.
_END = datetime(9999, 1, 1, tzinfo=UTC)
#: A shorter advance says nothing about its length.
_LONG = timedelta(days=30)


class Advance(dict[str, int]):
    """What an advance did, by kind: ``{"fired": 3, "retried": 1}``. A kind that did not occur counts 0.

    The kinds are ``fired`` (schedules), ``retried`` and ``given_up`` (deliveries), ``expired`` (archived events, event
    sources), ``replayed`` (minutes of replays) and ``changed`` (states that move by themselves).
    """

    def __missing__(self, kind: str) -> int:
        return 0

    @property
    def total(self) -> int:
        """How many timers ran in all."""
        return sum(self.values())

    def __repr__(self) -> str:
        return f"<Advance {', '.join(f'{kind}={count}' for kind, count in self.items()) or 'nothing was due'}>"


class Span(TypedDict, total=False):
    """The keywords of ``advance``, each a number of its unit; the parts add up.

    Keys:
        seconds: seconds.
        minutes: minutes.
        hours: hours.
        days: days.
        weeks: weeks.
        milliseconds: milliseconds.
        microseconds: microseconds.
    """

    seconds: float
    minutes: float
    hours: float
    days: float
    weeks: float
    milliseconds: float
    microseconds: float


_UNITS = tuple(Span.__annotations__)


class Timer:
    """A callback that is due at an instant; ``cancel()`` disarms it. ``kind`` says in ``Advance`` what it did."""

    __slots__ = ("callback", "cancelled", "due", "kind")

    def __init__(self, due: datetime, callback: Callable[[], None], kind: str) -> None:
        self.due = due
        self.callback = callback
        self.kind = kind
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """The time of a mock.

    Args:
        start: aware datetime to freeze at, or None to follow the real clock.
    """

    def __init__(self, start: datetime | None = None) -> None:
        self._fixed = None if start is None else _before_the_end(aware(start, "now"), "now")
        self._timers: list[tuple[datetime, int, Timer]] = []
        #: Timers whose instant is not found yet; their order is that in which they were set, as for all others.
        self._unset: list[tuple[int, Timer, Callable[[], datetime | None]]] = []
        self._moving = Lock()  # several threads may move the clock
        #: Called with the instant before a long advance, to say how long it will be.
        self.announce: Callable[[datetime], None] | None = None
        self._order = itertools.count()

    @property
    def now(self) -> datetime:
        """The current instant, aware and in UTC."""
        # Computed from time.time so that freezegun and time-machine, which replace it, are followed.
        return self._fixed or datetime.fromtimestamp(time.time(), UTC)

    @property
    def stepped(self) -> bool:
        """Whether the test moves the clock; until it does, the clock follows the real one."""
        return self._fixed is not None

    def __repr__(self) -> str:
        count = len(self._timers) + len(self._unset)
        moved = "moved by the test" if self.stepped else "follows the real clock"
        return f"<Clock {self.now.isoformat(timespec='seconds')}, {moved}, {count} timer{'s' * (count != 1)}>"

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_text  # few tests run in a notebook

        return as_text(repr(self))

    def freeze(self) -> datetime:
        """Stop following the real clock; returns the instant at which it stands."""
        self._fixed = self.now
        return self._fixed

    def at(self, due: datetime, callback: Callable[[], None], kind: str = "timers") -> Timer:
        """Run ``callback`` when the clock reaches ``due``; ``kind`` is the word an advance counts it under."""
        timer = Timer(due, callback, kind)
        heapq.heappush(self._timers, (due, next(self._order), timer))
        return timer

    def at_next(self, find_due: Callable[[], datetime | None], callback: Callable[[], None], kind: str) -> Timer:
        """Run ``callback`` at an instant that takes time to find; it is looked for when timers are next run.

        Most rules with a schedule are put in tests that never move the clock, so that nobody needs their next firing.

        Args:
            find_due: returns the instant, None for never. The timer then has it as ``due``.
            callback: what to run.
            kind: the word an advance counts it under.
        """
        timer = Timer(_END, callback, kind)
        self._unset.append((next(self._order), timer, find_due))
        return timer

    def later(self, delay: timedelta, step: Callable[[], object], kind: str = "changed") -> None:
        """Let happen what AWS does by itself a while after a call, such as authorizing a connection.

        While the clock follows the real one nobody would move it, so everything happens at once. Once the test moves
        the clock, each step is a timer, and what lies between two steps can be looked at.

        Args:
            delay: the time before each step.
            step: takes one step, and returns True when another one follows.
            kind: the word an advance counts the steps under.
        """
        if self.stepped:
            self.at(self.now + delay, lambda: self.later(delay, step, kind) if step() is True else None, kind)
        else:
            while step() is True:
                pass

    def disarm(self) -> None:
        """Drop everything that waits for its time."""
        self._timers.clear()
        self._unset.clear()

    def advance(self, duration: timedelta | None = None, /, **delta: Unpack[Span]) -> Advance:
        """Move forward, running what falls due; returns what was done.

        Args:
            duration: how far, as ``advance(timedelta(minutes=5))``.
            **delta: the same by its parts, as ``advance(minutes=5)``: ``seconds``, ``minutes``, ``hours``, ``days``,
                ``weeks``, ``milliseconds`` and ``microseconds``; not below zero in all.

        Raises:
            UsageError: it would go back, or is no duration.
        """
        step = _duration(duration, delta)
        if step is None:
            raise _after_the_end("when")
        if step < timedelta(0):
            raise UsageError(f"advance({step}): the clock cannot go back; give a positive duration")
        try:
            when = self.freeze() + step
        except OverflowError:
            raise _after_the_end("when") from None
        return self._go_to(_before_the_end(when, "when"))

    def advance_to(self, when: datetime | date | str) -> Advance:
        """Move forward to ``when``, running what falls due, each at its own instant; returns what was done.

        Args:
            when: an aware datetime, an ISO 8601 text such as ``2026-03-06T09:00Z``, or a date. A date, and a text
                without a time zone, are in UTC.

        Raises:
            UsageError: ``when`` is none of these, is naive, lies in the past of this clock, or after the year 9998.
        """
        instant = _before_the_end(instant_of(when, "when"), "when")
        if instant < self.now:
            raise UsageError(f"advance_to(when={instant.isoformat()}): the clock already shows {self.now.isoformat()}")
        return self._go_to(instant)

    def _go_to(self, when: datetime) -> Advance:
        now = self.freeze()
        if self.announce is not None and when - now > _LONG:
            self.announce(when)
        done = self._run_to(when)
        self._move_to(when)
        return done

    def run_due(self) -> Advance:
        """Run what is due by now, without taking the clock over; returns what was done.

        For a clock that follows the real one: somebody who lives as long as a server calls this again and again, and
        timers run late by as much as the call does.
        """
        return self._run_to(self.now)

    def _run_to(self, when: datetime) -> Advance:
        """Run the timers up to ``when``; a clock that was taken over shows the instant of each meanwhile."""
        done: Counter[str] = Counter()
        ran = 0
        while (timer := self._take(when)) is not None:
            timer.callback()
            done[timer.kind] += 1
            ran += timer.kind != _BOUNDED
            if ran > _RUNAWAY:
                raise EventBridgeLocalError(
                    f"over {_RUNAWAY:,} timers ran in one advance; one of them starts itself again"
                )
        return Advance(done)

    def _take(self, when: datetime) -> Timer | None:
        """Remove and return the next timer due by ``when``; a clock that the test moves shows its instant."""
        with self._moving:
            self._set_due()
            while self._timers and self._timers[0][0] <= when:
                timer = heapq.heappop(self._timers)[2]
                if not timer.cancelled:
                    self._forward(timer.due)
                    return timer
        return None

    def _set_due(self) -> None:
        """Find the instants of the timers that have none yet."""
        while self._unset:
            order, timer, find_due = self._unset.pop()
            due = None if timer.cancelled else find_due()
            if due is not None:
                timer.due = due
                heapq.heappush(self._timers, (due, order, timer))

    def _move_to(self, when: datetime) -> None:
        with self._moving:
            self._forward(when)

    def _forward(self, when: datetime) -> None:
        if self._fixed is not None:
            self._fixed = max(when, self._fixed)  # a timer, or another thread, may have moved it further


def _duration(duration: Any, delta: Mapping[str, Any]) -> timedelta | None:
    """Return how far to advance, None for what no timedelta can hold.

    Raises:
        UsageError: it is no duration.
    """
    if duration is not None and delta:
        raise UsageError("advance(...): give a timedelta or keywords such as minutes=5, not both")
    if isinstance(duration, timedelta):
        return duration
    if duration is not None:
        raise UsageError(f"advance({duration!r}): name the unit, as advance(minutes=5), or give a timedelta")
    for name, value in delta.items():
        if name not in _UNITS:
            advice = {"years": "; write days=365", "months": "; write days=30"}.get(name, "")
            raise UsageError(f"advance({name}=...): there is no such unit{advice}; choose from {', '.join(_UNITS)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise UsageError(f"advance({name}={value!r}): give a number, as advance({name}=5)")
    try:
        return timedelta(**delta)
    except OverflowError:
        if any(value < 0 for value in delta.values()):
            raise UsageError(f"advance({_spelled(delta)}): give a positive duration") from None
        return None


def _spelled(delta: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in delta.items())


def _after_the_end(argument: str) -> UsageError:
    return UsageError(f"{argument} is beyond the calendar: the clock ends with the year 9998")


def _before_the_end(when: datetime, argument: str) -> datetime:
    if when >= _END:
        raise UsageError(f"{argument}={when.isoformat()}: the clock ends with the year 9998")
    return when


def aware(when: datetime, argument: str) -> datetime:
    """Return ``when`` in UTC; a naive datetime is refused because its zone would be a guess."""
    if when.tzinfo is None or when.utcoffset() is None:
        raise UsageError(f"{argument}={when!r} has no time zone; write datetime(..., tzinfo=UTC)")
    try:
        return when.astimezone(UTC)
    except OverflowError:
        beyond = "out of range in UTC, outside of the calendar of the years 1 to 9999"
        raise UsageError(f"{argument}={when.isoformat()!r}: this is {beyond}") from None


def instant_of(given: Any, argument: str) -> datetime:
    """Return what a user calls an instant, in UTC.

    Args:
        given: an aware datetime; or an ISO 8601 text or a date, which are in UTC where they name no time zone.
        argument: its name, for the message.

    Raises:
        UsageError: it is none of these, or outside of the calendar.
    """
    if isinstance(given, str):
        from dateutil import parser  # imported when it is used, as few tests write times as text

        try:
            when = parser.isoparse(given)
        except (ValueError, OverflowError):
            raise UsageError(f"{argument}={given!r}: write ISO 8601, such as '2026-03-06T09:00Z'") from None
        return aware(when.replace(tzinfo=UTC) if when.tzinfo is None else when, argument)
    if isinstance(given, datetime):
        return aware(given, argument)
    if isinstance(given, date):
        return datetime(given.year, given.month, given.day, tzinfo=UTC)
    raise UsageError(f"{argument}={given!r}: give an aware datetime, a date or an ISO 8601 text")
