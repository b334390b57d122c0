"""Bounds for events that cause each other: what one put may cause, and how many calls of one receiver may be open.

Strategy: whoever works off events keeps a ``Work``: a queue of its own, and for each event how it came about. An event
that a handler puts joins the queue of the work that called the handler, and counts as caused by its put. A thread or
task that has the handler's context (``contextvars``) counts there too. A thread without it begins a put of its own, so
its events are never counted as anybody else's. What such threads feed to each other is bounded by ``Gate``: they are
inside each other's calls.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from datetime import datetime
from threading import Lock
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
    the calls are open as often while that is done, they feed each other, and what comes then is cut.
    """

    __slots__ = ("_late", "_lock", "_open", "_shut", "_waiting", "looped")

    def __init__(self) -> None:
        self._lock = Lock()
        self._open = 0
        self._shut = False
        #: Whether what has waited is seen to.
        self._late = False
        self._waiting: list[Callable[[], None]] = []
        #: Whether the calls were seen to feed each other.
        self.looped = False

    def enter(self, later: Callable[[], None] | None) -> bool | None:
        """Ask to call the receiver.

        Args:
            later: called when all have returned, where this must wait; None for what cannot wait.

        Returns:
            True, and ``leave`` follows; False when it waits; None when it is cut.
        """
        with self._lock:
            if not self._shut and not self.looped:
                self._open += 1
                self._shut = self._open >= MOST_OPEN
                return True
            if self._late or later is None:
                self.looped = True
                return None
            self._waiting.append(later)
            return False

    def leave(self) -> None:
        """Note that a call has returned, and see to what has waited if it was the last one."""
        with self._lock:
            self._open -= 1
            if self._open:
                return
            self._shut = False
            if self._late or not self._waiting:
                self.looped = self.looped and self._late
                return
            self._late, waiting, self._waiting = True, self._waiting, []
        try:
            for later in waiting:
                later()
        finally:
            with self._lock:
                self._late = self.looped = False
