"""Archives with the events they hold, and replays.

Strategy: an archive holds the same event objects as the journal, each with the instant it arrived, oldest first. What
costs time is done when somebody asks: an event is measured and expired events are dropped then. Each archive has one
timer, for the next event that expires, so that an advance of the clock drops and counts them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import Any, Literal

from eventbridge_local.json_text import compact
from eventbridge_local.model.clock import Clock, Timer
from eventbridge_local.model.event import Event

ArchiveState = Literal["ENABLED", "DISABLED", "UPDATING", "UPDATE_FAILED"]
ReplayState = Literal["STARTING", "RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"]

#: States in which a replay counts against the quota.
ACTIVE_STATES = frozenset({"STARTING", "RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True, eq=False)
class Rekeying:
    """A change of the key of an archive, found by identity: from which key to which, None for no key."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """An archive as DescribeArchive shows it, without its events. ``retention_days`` 0 means that they never expire.

    ``rekeying`` is the change of the key that is under way while the archive is UPDATING.
    """

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
    rekeying: Rekeying | None = None


class Archive:
    """An archive and the events in it."""

    __slots__ = ("_clock", "_held", "_lock", "_record", "_size", "_sizes", "_timer")

    def __init__(self, record: ArchiveRecord, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._held: deque[tuple[datetime, Event]] = deque()
        #: The sizes of the oldest events; newer ones are not measured yet.
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

    def add(self, event: Event) -> None:
        """Add an event, for as many days as the archive retains events."""
        with self._lock:
            self._held.append((self._clock.now, event))
            if self._timer is None:
                self._arm()

    def events(self) -> list[Event]:
        """Return the events it holds now, oldest arrival first."""
        with self._lock:
            self._drop_expired()
            return [event for _, event in self._held]

    def between(self, start: datetime, end: datetime) -> list[Event]:
        """Return the events with ``start <= time < end``, sorted by time; those of one instant in order of arrival."""
        return sorted((event for event in self.events() if start <= event.time < end), key=lambda event: event.time)

    def measure(self) -> tuple[int, int]:
        """Return the number of events and their bytes, as AWS counts them."""
        with self._lock:
            self._drop_expired()
            for _, event in islice(self._held, len(self._sizes), None):
                size = size_of(event)
                self._sizes.append(size)
                self._size += size
            return len(self._held), self._size

    def close(self) -> None:
        """Cancel the timer of an archive that was deleted."""
        with self._lock:
            self._disarm()

    def _drop_expired(self) -> None:
        now, before = self._clock.now, len(self._held)
        while self._held and (due := self._due()) is not None and due <= now:
            self._held.popleft()
            if self._sizes:
                self._size -= self._sizes.popleft()
        if len(self._held) < before:
            self._arm()

    def _due(self) -> datetime | None:
        """Return when the oldest event expires, None for never."""
        if not self._held or not self._record.retention_days:
            return None
        try:
            return self._held[0][0] + timedelta(days=self._record.retention_days)
        except OverflowError:  # beyond the year 9999
            return None

    def _arm(self) -> None:
        self._disarm()
        due = self._due()
        if due is not None:
            self._timer = self._clock.at(due, self._expire, "expired")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        with self._lock:
            self._timer = None
            self._drop_expired()


#: What AWS adds for each event; its account, Region and id do not count one by one.
_BYTES_OF_AN_EVENT = 26


def size_of(event: Event) -> int:
    """Return what an event adds to the SizeBytes of its archive (captured for ASCII, facts 9.3; judgement: UTF-8)."""
    texts = (event.source, event.detail_type, compact(event.detail_text), *event.resources)
    return _BYTES_OF_AN_EVENT + sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)


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
