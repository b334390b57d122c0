"""Bounds for events that cause each other: what one put may cause, and how many calls of one receiver may be open.

Strategy: whoever works off events keeps a ``Work``: a queue of its own, and for each event how it came about. An event
that a handler puts joins the queue of the work that called the handler, and counts as caused by its put. A thread or
task that has the handler's context (``contextvars``) counts there too. A thread without it begins a put of its own, so
its events are never counted as anybody else's. What such threads feed to each other is bounded by ``Gate``: they are
inside each other's calls.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from datetime import datetime
from threading import Lock, current_thread, get_ident
from types import FrameType
from typing import Any, Generic, NamedTuple, TypeVar

from eventbridge_local.model.arn import names_of
from eventbridge_local.model.records import Rule

A = TypeVar("A")

#: Deliveries that may cause each other in a row.
LONGEST_CHAIN = 100
#: Calls of one receiver that may be open at once.
MOST_OPEN = 100

#: A rule that matched, and what the receiver is called that put an event then; None where no handler was called.
_Step = tuple[Rule, str | None]


class Causes:
    """What one put has caused so far.

    Attributes:
        events: how many events were put because of it, itself not counted.
        cut: the sentence about the loop that was cut, None as long as there is none.
    """

    __slots__ = ("cut", "events")

    def __init__(self) -> None:
        self.events = 0
        self.cut: str | None = None


class Origin(NamedTuple):
    """How an event came about that another one has caused.

    Attributes:
        causes: what the put at the beginning has caused in all.
        number: which of the caused events it is, from 1.
        depth: how many deliveries in a row have led to it.
        via: those deliveries, the newest ones.
    """

    causes: Causes
    number: int
    depth: int
    via: tuple[_Step, ...]


class Work(Generic[A]):
    """The events that a thread works off. Every put makes one, so it has no initializer; its maker sets the queue.

    Attributes:
        queue: the arrivals that wait, each with its origin; None for what no event has caused.
        origin: that of the arrival it is at.
        causes: what its put has caused so far, None for nothing.
        rule: the rule it is at.
        receiver: the receiver that it called for that rule, by its name or ARN.
        now: the instant, as long as nothing was called since then; None asks the clock.
    """

    queue: deque[tuple[A, Origin | None]]
    origin: Origin | None = None
    causes: Causes | None = None
    rule: Rule | None = None
    receiver: str | None = None
    now: datetime | None = None

    def queue_caused(self, arrivals: Iterable[A], queue: deque[tuple[A, Origin | None]]) -> None:
        """Queue what a receiver puts, here or in another thread that has its context."""
        if self.origin is not None:
            causes, _, depth, via = self.origin
        else:
            causes, depth, via = self.causes or Causes(), 1, ()
            self.causes = causes
        if self.rule is not None:
            via = (*via[1 - LONGEST_CHAIN :], (self.rule, self.receiver))
        for arrival in arrivals:
            causes.events += 1
            queue.append((arrival, Origin(causes, causes.events, depth + 1, via)))


#: The work of the thread or task whose handler was called in this context.
CAUSE: ContextVar[Work[Any] | None] = ContextVar("eventbridge_local_cause", default=None)


def cut(origin: Origin, most: int) -> str | None:
    """Return why an event is not delivered, None for one that is.

    Args:
        most: how many events one put may cause.
    """
    causes, number, depth, via = origin
    if depth <= LONGEST_CHAIN and number <= most:
        return None
    if causes.cut is None:
        steps, turns = chain(via)
        beyond = f"one put caused more than {most:,} events (the option max_caused_events)"
        if not turns:
            causes.cut = f"{beyond}: {steps}"
        else:
            causes.cut = _ENDLESS + (f"{steps}; {beyond}" if depth <= LONGEST_CHAIN else steps)
    return causes.cut


def chain(via: tuple[_Step, ...]) -> tuple[str, bool]:
    """Return the last turn of a loop, from a rule up to that rule again, and True; of what is no loop all steps."""
    last = via[-1][0].arn
    earlier = [index for index, (rule, _) in enumerate(via[:-1]) if rule.arn == last]
    return _worded([*via[earlier[-1] : -1], (via[-1][0], None)] if earlier else [*via]), bool(earlier)


def _worded(steps: list[_Step]) -> str:
    rules = " -> ".join(rule.name for rule, _ in steps)
    handlers = " -> ".join(names_of(receiver)[-1] for _, receiver in steps if receiver is not None)
    return f"{rules} (handlers: {handlers})" if handlers else rules


_ENDLESS = "rules trigger each other in an endless loop: "


def crowd(rule: Rule, receiver: str) -> str:
    """Return what is said of a receiver that calls itself over threads."""
    return (
        f"{_ENDLESS}{_worded([(rule, receiver), (rule, None)])}; {MOST_OPEN} calls of the handler were open in threads "
        "at once, and so they were again when all had returned"
    )


class Gate:
    """Counts the open calls of one receiver, from all threads.

    When ``MOST_OPEN`` are open at once, it is not called again until all have returned. What comes meanwhile waits, and
    the thread whose call returns last sees to it: threads that have nothing to do with each other lose nothing. When
    as many are open again before nothing waits any more, what comes then is cut if an open call waits for it: such
    calls feed each other. Where nobody can tell who waits for whom, it is cut after ``_MOST_CROWDED`` calls.
    """

    __slots__ = ("_again", "_crowded", "_lock", "_open", "_seen_to", "_shut", "_waiting", "looped")

    def __init__(self) -> None:
        self._lock = Lock()
        #: The threads of the open calls.
        self._open: list[int] = []
        self._shut = False
        self._waiting: deque[Callable[[], None]] = deque()
        #: Whether a thread is at what has waited.
        self._seen_to = False
        #: Whether something has waited since nothing was open, and how many calls there were since then.
        self._again = False
        self._crowded = 0
        #: Whether the calls were seen to feed each other.
        self.looped = False

    def enter(self, later: Callable[[], None], *, once: bool = False) -> bool | None:
        """Ask to call the receiver.

        Args:
            later: called when all have returned, where this must wait.
            once: cut what an open call waits for when as many are open for the first time.

        Returns:
            True, and ``leave`` follows; False when it waits; None when it is cut.
        """
        with self._lock:
            if not self._shut and not self.looped:
                self._open.append(get_ident())
                self._crowded += 1
                self._shut = len(self._open) >= MOST_OPEN
                return True
            if self.looped or ((self._again or once) and (self._crowded > _MOST_CROWDED or _is_awaited_by(self._open))):
                self.looped = True
                return None
            self._waiting.append(later)
            return False

    def leave(self) -> None:
        """Note that a call has returned, and see to what has waited if it was the last one."""
        with self._lock:
            self._open.remove(get_ident())
            if self._open:
                return
            self._shut = False
            if self._seen_to:
                return
            self._seen_to = True
        while (later := self._next()) is not None:
            later()

    def _next(self) -> Callable[[], None] | None:
        """Return what is seen to next, None where nothing waits or all must return first."""
        with self._lock:
            if self._waiting and not self._shut:
                self._again = True
                return self._waiting.popleft()
            self._seen_to = False
            if not self._waiting and not self._open:
                self._again = self.looped = False
                self._crowded = 0
            return None


#: Calls that may come while there are always some that wait.
_MOST_CROWDED = 20_000
_MOST_FRAMES = 200


def _is_awaited_by(threads: Iterable[int]) -> bool:
    """Return whether one of these threads waits for the one that asks, or for the future that it works at."""
    frames, own = sys._current_frames(), get_ident()
    mine: list[object] = [current_thread()]
    for each in _owners(frames[own]):
        if type(each).__module__ == "concurrent.futures.thread":  # which has the future as an attribute
            mine.append(getattr(each, "future", each))
    return any(
        each is one
        for thread in threads
        if thread != own and thread in frames
        for each in _owners(frames[thread])
        for one in mine
    )


def _owners(innermost: FrameType) -> Iterator[object]:
    """Yield the objects whose methods a thread is in."""
    frame: FrameType | None = innermost
    for _ in range(_MOST_FRAMES):
        if frame is None:
            return
        yield frame.f_locals.get("self")
        frame = frame.f_back
