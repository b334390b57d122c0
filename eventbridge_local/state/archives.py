"""Archives with the events they keep, and replays.

An archive keeps the event objects that the journal holds too, each with the instant it came in, oldest first. What
costs time is done when somebody asks: the size of an event is measured then, and what is past its days is dropped
then. One timer for each archive, for the next event to expire, makes an advance of the clock drop and count them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import Any, Literal

from eventbridge_local.core.clock import Clock, Timer
from eventbridge_local.core.event import Event

ArchiveState = Literal["ENABLED", "DISABLED"]
ReplayState = Literal["STARTING", "RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"]

#: States in which a replay counts against the quota.
ACTIVE_STATES = frozenset({"STARTING", "RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """An archive as DescribeArchive shows it, less what it keeps. ``retention_days`` 0 is for ever."""

    name: str
    arn: str
    bus: str
    bus_arn: str
    created: datetime
    pattern: str | None = None
    description: str | None = None
    retention_days: int = 0
    kms_key: str | None = None
    state: ArchiveState = "ENABLED"
    state_reason: str | None = None


class Archive:
    """An archive and the events in it."""

    __slots__ = ("_clock", "_kept", "_lock", "_record", "_size", "_sizes", "_timer")

    def __init__(self, record: ArchiveRecord, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._kept: deque[tuple[datetime, Event]] = deque()
        #: The sizes of the oldest events; those that came since the last look are not measured yet.
        self._sizes: deque[int] = deque()
        self._size = 0
        self._timer: Timer | None = None
        self._lock = Lock()

    @property
    def record(self) -> ArchiveRecord:
        return self._record

    @record.setter
    def record(self, record: ArchiveRecord) -> None:
        with self._lock:
            self._record = record
            self._arm()

    def keep(self, event: Event) -> None:
        """Keep an event from now on, for as many days as the archive keeps events."""
        with self._lock:
            self._kept.append((self._clock.now, event))
            if self._timer is None:
                self._arm()

    def events(self) -> list[Event]:
        """What the archive holds at this moment, in the order it came."""
        with self._lock:
            self._drop_expired()
            return [event for _, event in self._kept]

    def between(self, start: datetime, end: datetime) -> list[Event]:
        """The events with ``start <= time < end``, by their time; those of one instant in the order they came."""
        return sorted((event for event in self.events() if start <= event.time < end), key=lambda event: event.time)

    def measure(self) -> tuple[int, int]:
        """The number of events and the bytes of their envelopes."""
        with self._lock:
            self._drop_expired()
            for _, event in islice(self._kept, len(self._sizes), None):
                size = size_of(event)
                self._sizes.append(size)
                self._size += size
            return len(self._kept), self._size

    def close(self) -> None:
        """Disarm the timer of an archive that was deleted."""
        with self._lock:
            self._disarm()

    def _drop_expired(self) -> None:
        now, before = self._clock.now, len(self._kept)
        while self._kept and (due := self._due()) is not None and due <= now:
            self._kept.popleft()
            if self._sizes:
                self._size -= self._sizes.popleft()
        if len(self._kept) < before:
            self._arm()

    def _due(self) -> datetime | None:
        """When the oldest event expires, None for never."""
        if not self._kept or not self._record.retention_days:
            return None
        try:
            return self._kept[0][0] + timedelta(days=self._record.retention_days)
        except OverflowError:  # beyond the year 9999
            return None

    def _arm(self) -> None:
        self._disarm()
        due = self._due()
        if due is not None:
            self._timer = self._clock.at(due, self._ring, "expired")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        with self._lock:
            self._timer = None
            self._drop_expired()


def size_of(event: Event) -> int:
    """The bytes of an event's envelope."""
    return len(event.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as DescribeReplay shows it; ``start`` and ``end`` are whole seconds, the end is not replayed.

    ``upcoming`` are the states it takes one by one, each when somebody looks, while the clock follows real time.
    """

    name: str
    arn: str
    archive_arn: str
    destination: Mapping[str, Any]
    start: datetime
    end: datetime
    started: datetime
    description: str | None = None
    state: ReplayState = "STARTING"
    state_reason: str | None = None
    last_replayed: datetime | None = None
    ended: datetime | None = None
    upcoming: tuple[Replay, ...] = ()

    @property
    def active(self) -> bool:
        return self.state in ACTIVE_STATES
