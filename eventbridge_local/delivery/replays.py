"""Replays: archived events put on their bus again, minute by minute, on the clock.

Strategy: a replay is a chain of steps, and ``_STEPS`` tells which step its state asks for. The first takes what the
archive holds of the interval, each of the next puts the events of one minute on the bus, the last ends it. While the
test steps the clock there is one step a second. While the clock follows real time all steps are taken before
StartReplay returns; its states are then shown one by one to whoever looks, because on AWS a replay takes minutes and
is still STARTING for the call that follows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.model.event import Event, replayed
from eventbridge_local.model.store import Scope, Store

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.archives import Archive, Replay

_STEP = timedelta(seconds=1)
_HISTORY = timedelta(days=90)
_ARCHIVE_GONE = "Archive resource not found."
_KEY_REFUSED = "Internal Failure."


@dataclass
class _ReplayRun:
    """A replay under way: what is left of it is made when it begins to run."""

    scope: Scope
    name: str
    archive: Archive
    locked: bool
    minutes: Iterator[tuple[datetime, list[Event]]] = field(default_factory=lambda: iter(()))

    @property
    def replay(self) -> Replay:
        return self.scope.replays[self.name]

    @replay.setter
    def replay(self, replay: Replay) -> None:
        self.scope.replays[self.name] = replay


class Replayer:
    """Runs replays. Their records are in ``scope.replays``, where an operation has put them."""

    def __init__(self, engine: Engine, store: Store) -> None:
        self._engine = engine
        self._store = store
        self._clock = store.clock
        self._ids = store.ids

    def start(self, scope: Scope, name: str, archive: Archive, locked: bool) -> None:
        """Run the replay of that name: on the clock when the test moves it, at once otherwise.

        The replay of a ``locked`` archive, whose key nobody may use, fails (captured).
        """
        run = _ReplayRun(scope, name, archive, locked)
        starting = run.replay
        self._clock.later(_STEP, partial(self._step, run), "replayed")
        if run.replay.state == ("FAILED" if locked else "COMPLETED"):  # at once; no handler cancelled it or the archive
            run.replay = replace(starting, upcoming=(run.replay,))

    def cancel(self, scope: Scope, name: str) -> Replay:
        """Cancel a replay that is STARTING or RUNNING: it is CANCELLING now, and CANCELLED a step later."""
        replay = scope.replays[name]
        cancelling = replace(replay, state="CANCELLING", upcoming=())
        if replay.upcoming:
            # AWS was recorded to say CANCELLING, without any time, to the DescribeReplay that follows. A replay that is
            # cancelled at once has no EventLastReplayedTime in the end either (captured).
            cancelled = replace(replay.upcoming[-1], state="CANCELLED", last_replayed=None)
            cancelling = replace(cancelling, upcoming=(cancelling, cancelled))
        scope.replays[name] = cancelling
        return cancelling

    def look(self, scope: Scope, name: str) -> Replay:
        """Return a replay as it is shown to a caller, and move on to the next state."""
        replay = scope.replays[name]
        if replay.upcoming:
            shown, *later = replay.upcoming
            replay = scope.replays[name] = replace(shown, upcoming=tuple(later))
        return replay

    def forget_old(self, scope: Scope) -> None:
        """Drop the records of replays that ended 90 days ago (User Guide, facts 9.5)."""
        now = self._clock.now
        for name, replay in list(scope.replays.items()):
            if replay.ended is not None and replay.ended + _HISTORY <= now:
                scope.replays.pop(name, None)

    # steps

    def _step(self, run: _ReplayRun) -> bool:
        """Take the next step of a replay. Return whether another one follows."""
        gone = run.scope.archives.get(run.archive.record.name) is not run.archive
        if (gone or run.locked) and run.replay.state != "CANCELLING":
            reason = _ARCHIVE_GONE if gone else _KEY_REFUSED
            run.replay = replace(run.replay, state="FAILED", state_reason=reason, ended=self._clock.now)
        else:
            _STEPS[run.replay.state](self, run)
        return run.replay.active and not self._store.ended

    def _begin(self, run: _ReplayRun) -> None:
        replay = run.replay = replace(run.replay, state="RUNNING")
        run.minutes = _minutes(run.archive, replay.start, replay.end)

    def _next_minute(self, run: _ReplayRun) -> None:
        minute, events = next(run.minutes, (None, []))
        if minute is None:
            run.replay = replace(run.replay, state="COMPLETED", ended=self._clock.now)
            return
        replay = run.replay = replace(run.replay, last_replayed=minute)
        filters = replay.destination.get("FilterArns")
        only = frozenset(filters) if filters else None
        scope, bus, uuid = run.scope, run.archive.record.bus, self._ids.uuid
        arrivals = (Arrival(scope, bus, replayed(event, uuid(), replay.name), only) for event in events)
        self._engine.accept(arrivals, anew=True)

    def _end_cancelled(self, run: _ReplayRun) -> None:
        run.replay = replace(run.replay, state="CANCELLED", ended=self._clock.now)


_STEPS: dict[str, Callable[[Replayer, _ReplayRun], None]] = {
    "STARTING": Replayer._begin,
    "RUNNING": Replayer._next_minute,
    "CANCELLING": Replayer._end_cancelled,
}


def minute_of(instant: datetime) -> datetime:
    """Return the whole minute an instant lies in, in UTC."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


def _minutes(archive: Archive, start: datetime, end: datetime) -> Iterator[tuple[datetime, list[Event]]]:
    """Yield the minutes that touch an interval and hold archived events, each with its events of the interval.

    A minute whose events all lie outside of the interval counts as replayed, too (captured, facts 9.7).
    """
    last = minute_of(end)
    until = last if last == end else last + timedelta(minutes=1)
    touched = archive.between(minute_of(start), until)
    for minute, events in groupby(touched, key=lambda event: minute_of(event.time)):
        yield minute, [event for event in events if start <= event.time < end]
