"""What happened, in order: the journal of a mock. Append-only; ``report`` finds the words for it.

Strategy: a put leaves at least four records, and most of them nobody ever looks at. So the journal keeps the one
``Arrival`` that the engine has filled in, once for each record, with a number that says which of its records is meant.
``Call``, ``Entry``, ``Routing`` and the deliveries that were no more than recorded are made of it when somebody looks.
All other records are kept as they are. A short journal remembers what it has made, so that a test gets the same record
each time; a long one makes it anew, an equal one.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from itertools import repeat
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, overload

from eventbridge_local.delivery.journal_records import (
    Attempt,
    Call,
    DeadLetter,
    Delivery,
    Entry,
    KeptEntry,
    Outcome,
    Record,
    Routing,
    call_of,
    entry_of,
    recorded_deliveries,
    routing_of,
)
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, HttpRequest, PendingDelivery
from eventbridge_local.delivery.route import Arrival

if TYPE_CHECKING:
    from eventbridge_local.delivery.forks import Forks

_tuple = tuple.__new__  # makes a named tuple in half the time

R = TypeVar("R")
T = TypeVar("T")


def _itself(kept: Any) -> Any:
    return kept


#: Which record of what is kept is meant. A number from 0 is that of a delivery among those that were only recorded;
#: all of these together are ``_RECORDED``.
_ITSELF, _CALL, _ENTRY, _ROUTING, _RECORDED = -1, -2, -3, -4, -5
_MAKERS: Mapping[int, Callable[[Any], Any]] = {
    _ITSELF: _itself,
    _CALL: call_of,
    _ENTRY: entry_of,
    _ROUTING: routing_of,
    _RECORDED: recorded_deliveries,
}

#: The most records of a journal that remembers what it has made.
_MOST_REMEMBERED = 1_000
#: Texts that many records have are shared as long as there are no more than these.
_MOST_SHARED = 10_000


class Kept(Sequence[R]):
    """The records of one kind that a journal keeps, oldest first. It is live: it grows and shrinks with the journal.

    Args:
        maker: makes a record of what is kept of it.
        made: does so too, and remembers it; for as long as there are few.

    Attributes:
        dropped: how many the journal has dropped to make room for newer ones.
        elsewhere: returns in words what other processes did that belongs here; "" where there is nothing.
    """

    def __init__(self, maker: Callable[[Any], R] = _itself, made: Callable[[Any], R] = _itself) -> None:
        self._kept: deque[Any] = deque()
        self.elsewhere: Callable[[], str] = str
        self._maker = maker
        self._made = made
        self.dropped = 0
        #: Takes what is kept of the newest record; ``extend`` takes that of several.
        self.add: Callable[[Any], None] = self._kept.append
        self.extend: Callable[[Iterable[Any]], None] = self._kept.extend

    def drop(self, oldest: Any) -> None:
        """Let go of the oldest record."""
        self._kept.popleft()
        self.dropped += 1

    def clear(self) -> None:
        self._kept.clear()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._kept)

    def now(self) -> tuple[R, ...]:
        """Return the records that are kept now."""
        kept = tuple(self._kept)
        return tuple(map(self._made if len(kept) <= _MOST_REMEMBERED else self._maker, kept))

    # A copy, because a server's threads add records meanwhile, and a deque that grows cannot be looped over.

    def __iter__(self) -> Iterator[R]:
        kept = tuple(self._kept)
        return map(self._made if len(kept) <= _MOST_REMEMBERED else self._maker, kept)

    def __reversed__(self) -> Iterator[R]:
        kept = tuple(self._kept)[::-1]
        return map(self._made if len(kept) <= _MOST_REMEMBERED else self._maker, kept)

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[R]: ...
    def __getitem__(self, index: int | slice) -> R | Sequence[R]:
        if isinstance(index, slice):
            return tuple(map(self._made, tuple(self._kept)[index]))
        return self._made(self._kept[index])


_NONE_PARTLY = (None, 0)


class KeptDeliveries(Kept[Delivery]):
    """Every delivery as it stands now, in the order of the first attempts, without what archives keep.

    Args:
        recorded: makes the deliveries of an event that were only recorded.

    Attributes:
        lost_failures: how many deliveries failed of which no record is kept.
        latest: what is kept, by the number; of deliveries that were only recorded their event, by the first number.
        size: how many deliveries that is.
    """

    def __init__(self, recorded: Callable[[Arrival], list[Delivery]]) -> None:
        super().__init__()
        self._recorded = recorded
        self.add = self._add
        self.latest: dict[int, Delivery | Arrival] = {}
        self.size = 0
        self._archived = 0
        #: The oldest event of which some deliveries were dropped and others not, and how many.
        self._partly: tuple[Arrival | None, int] = _NONE_PARTLY
        #: The numbers of deliveries that wait for another attempt and of which no record is kept.
        self._lost_pending: set[int] = set()
        self._lost_ended = 0

    @property
    def lost_failures(self) -> int:
        return self._lost_ended + len(self._lost_pending)

    def _add(self, record: Delivery) -> None:
        number = record.number
        if number in self._lost_pending:
            self._lost_pending.remove(number)
            self.dropped -= 1
        self.size += number not in self.latest
        self.latest[number] = record
        self._archived += record.outcome == "archived"

    def drop(self, oldest: Delivery) -> None:
        """Let go of the oldest record; the delivery stays while a later record tells how it stands."""
        if self.latest[oldest.number] is not oldest:
            return
        del self.latest[oldest.number]
        self.size -= 1
        if oldest.outcome == "archived":
            self._archived -= 1
            return
        self.dropped += 1
        if oldest.outcome == "pending":
            self._lost_pending.add(oldest.number)
        elif oldest.raised is not None or oldest.outcome in ("dead-lettered", "dropped"):
            self._lost_ended += 1

    def drop_recorded(self, arrival: Arrival, index: int) -> None:
        """Let go of one of the deliveries that were only recorded, the oldest of all."""
        self.dropped += 1
        self.size -= 1
        if index + 1 < arrival.recorded:
            self._partly = (arrival, index + 1)
        else:
            del self.latest[arrival.first]
            self._partly = _NONE_PARTLY

    def clear(self) -> None:
        super().clear()
        self.latest.clear()
        self._lost_pending.clear()
        self._partly = _NONE_PARTLY
        self.size = self._archived = self._lost_ended = 0

    def with_archived(self) -> list[Delivery]:
        """Return all of them, and what archives keep."""
        found: list[Delivery] = []
        partly, gone = self._partly
        for kept in list(self.latest.values()):
            if isinstance(kept, Delivery):
                found.append(kept)
            else:
                found += self._recorded(kept)[gone if kept is partly else 0 :]
        return found

    def __len__(self) -> int:
        return self.size - self._archived

    def now(self) -> tuple[Delivery, ...]:
        """Return the deliveries that are kept now."""
        kept = self.with_archived()
        return tuple(each for each in kept if each.outcome != "archived") if self._archived else tuple(kept)

    def __iter__(self) -> Iterator[Delivery]:
        return self._each(1)

    def __reversed__(self) -> Iterator[Delivery]:
        return self._each(-1)

    def _each(self, step: int) -> Iterator[Delivery]:
        """Yield them forwards or backwards, each made when it is its turn."""
        partly, gone = self._partly
        for kept in list(self.latest.values())[::step]:
            if isinstance(kept, Delivery):
                if kept.outcome != "archived":
                    yield kept
            else:
                yield from self._recorded(kept)[gone if kept is partly else 0 :][::step]

    def __getitem__(self, index: Any) -> Any:
        return self.now()[index]


class KeptRecords(Sequence[Record]):
    """The records of all kinds that a journal keeps, oldest first. It is live.

    Args:
        lock: held while records are added.
        made: makes a record of what is kept of it; its first argument says which.

    Attributes:
        gone: how many there were before these: dropped, or forgotten.
    """

    def __init__(self, lock: Lock, made: Callable[[int, Any], Any]) -> None:
        self._made = made
        self._kept: deque[Any] = deque()
        #: Which record of each is meant.
        self._which: deque[int] = deque()
        self._lock = lock
        self.gone = 0

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def total(self) -> int:
        """How many there ever were, gone ones included."""
        return self.gone + len(self._kept)

    def since(self, total: int) -> tuple[list[Record], int]:
        """Return the records that came when there had been that many, and how many there have been now."""
        with self._lock:
            skipped = max(0, total - self.gone)
            kept, which = tuple(self._kept)[skipped:], tuple(self._which)[skipped:]
            total = self.total
        found: list[Record] = []
        of, recorded = None, []
        for each, meant in zip(kept, which, strict=True):
            if meant < 0:
                found.append(self._made(meant, each))
            else:
                if each is not of:
                    of, recorded = each, self._made(_RECORDED, each)
                found.append(recorded[meant])
        return found, total

    def now(self) -> list[Record]:
        """Return the records that are kept now."""
        return self.since(0)[0]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.now())

    def __reversed__(self) -> Iterator[Record]:
        return iter(self.now()[::-1])

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | Sequence[Record]:
        if isinstance(index, slice):
            return self.now()[index]
        with self._lock:
            kept, meant = self._kept[index], self._which[index]
        return self._made(meant, kept) if meant < 0 else self._made(_RECORDED, kept)[meant]  # type: ignore[no-any-return]


class Journal:
    """The records of one mock, oldest first.

    Args:
        keep: the most records to keep; the oldest go first. None keeps all.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._lock = Lock()
        #: What was made while the journal was short, each with what it was made of: which, so, stays what it is.
        self._remembered: dict[tuple[int, int], tuple[Any, Any]] = {}
        self.records = KeptRecords(self._lock, self.made)
        self.calls: Kept[Call] = Kept(call_of, partial(self.made, _CALL))
        self.entries: Kept[Entry] = Kept(entry_of, partial(self.made, _ENTRY))
        self.routings: Kept[Routing] = Kept(routing_of, partial(self.made, _ROUTING))
        self.dead_letters: Kept[DeadLetter] = Kept()
        self.kept_deliveries = KeptDeliveries(partial(self.made, _RECORDED))
        #: Where records go that are kept as they are.
        self._by_kind: dict[type, Kept[Any]] = {
            Call: self.calls,
            Delivery: self.kept_deliveries,
            Attempt: Kept(),
            DeadLetter: self.dead_letters,
        }
        self._made_of: dict[int, Kept[Any]] = {_CALL: self.calls, _ENTRY: self.entries, _ROUTING: self.routings}
        #: The most records to keep.
        self.most = sys.maxsize if keep is None else keep
        self._shared: dict[Any, Any] = {}
        #: Returns the value that is kept of several equal ones: ``shared(value, value)``.
        self.shared: Callable[[T, T], T] = self._shared.setdefault
        #: What forked processes did; None while none was forked.
        self.forks: Forks | None = None
        self._entries_begun = self._deliveries_begun = 0

    def watch_forks(self) -> None:
        """Learn what processes do that are forked from now on."""
        # Late, because few tests fork.
        from eventbridge_local.delivery.forks import Forks

        forks = self.forks = Forks()
        self.calls.elsewhere = forks.text
        for kept in (self.entries, self.kept_deliveries, self.dead_letters):
            kept.elsewhere = partial(forks.text, events_only=True)

    def next_delivery(self) -> int:
        """Return the number of the next delivery, as people read it: the first is 1."""
        with self._lock:
            self._deliveries_begun += 1
            return self._deliveries_begun

    def add(self, record: Call | Delivery | Attempt | DeadLetter) -> None:
        """Add a record, and let go of the oldest one if there are too many."""
        records = self.records
        with self._lock:
            records._kept.append(record)
            records._which.append(_ITSELF)
            self._by_kind[type(record)].add(record)
            if len(records._kept) > self.most:
                self._drop()

    def add_entries(self, entries: Sequence[KeptEntry]) -> None:
        """Add the entries of a request, accepted and refused; they get their numbers."""
        records = self.records
        with self._lock:
            for number, entry in enumerate(entries, self._entries_begun + 1):
                entry.number = number
            self._entries_begun += len(entries)
            records._kept.extend(entries)
            records._which.extend((_ENTRY,) * len(entries))
            self.entries.extend(entries)
            if len(records._kept) > self.most:
                self._drop()

    def add_put(self, entries: tuple[KeptEntry, ...]) -> None:
        """Add the call of PutEvents that has put these entries."""
        records = self.records
        with self._lock:
            records._kept.append(entries)
            records._which.append(_CALL)
            self.calls.add(entries)
            if len(records._kept) > self.most:
                self._drop()

    def add_routing(self, arrival: Arrival) -> None:
        """Add what became of an event on a bus, with its deliveries that were only recorded; they get their numbers."""
        kept, which, recorded = self.records._kept, self.records._which, arrival.recorded
        with self._lock:
            kept.append(arrival)
            which.append(_ROUTING)
            self.routings.add(arrival)
            if recorded:
                deliveries = self.kept_deliveries
                first = arrival.first = self._deliveries_begun + 1
                self._deliveries_begun += recorded
                if recorded == 1:  # as of most events; the other way takes ten times as long
                    kept.append(arrival)
                    which.append(0)
                else:
                    kept.extend(repeat(arrival, recorded))
                    which.extend(range(recorded))
                deliveries.latest[first] = arrival
                deliveries.size += recorded
            if len(kept) > self.most:
                self._drop()

    def made(self, meant: int, kept: Any) -> Any:
        """Return one of the records that stand for what is kept."""
        if meant == _ITSELF:
            return kept
        key = (id(kept), meant)
        known = self._remembered.get(key) if self._remembered else None
        if known is not None:
            return known[1]
        record = _MAKERS[meant](kept)
        if len(self.records) <= _MOST_REMEMBERED:
            # The first one stays, whatever the threads.
            return self._remembered.setdefault(key, (kept, record))[1]
        return record

    def put_entry(self, kept: KeptEntry) -> Entry:
        """Return the record of an entry that was added."""
        entry: Entry = self.made(_ENTRY, kept)
        return entry

    def _drop(self) -> None:
        """Let go of the oldest records while there are too many."""
        kept, which = self.records._kept, self.records._which
        too_many = len(kept) - self.most
        self.records.gone += too_many
        for _ in range(too_many):
            oldest, meant = kept.popleft(), which.popleft()
            if self._remembered and (meant < 0 or meant + 1 == oldest.recorded):
                self._remembered.pop((id(oldest), meant if meant < 0 else _RECORDED), None)
            if meant >= 0:
                self.kept_deliveries.drop_recorded(oldest, meant)
            elif meant == _ITSELF:
                self._by_kind[type(oldest)].drop(oldest)
            else:
                self._made_of[meant].drop(oldest)
        if len(self._shared) > _MOST_SHARED:  # which events that are gone may have had
            self._shared.clear()

    def entry(self, number: int) -> Entry:
        """Return the entry of that number, which must be among the records that are kept."""
        found: Entry = next(record for record in reversed(self.entries) if record.number == number)
        return found

    @property
    def deliveries(self) -> list[Delivery]:
        """Every delivery as it stands now, in the order of the first attempts, and what archives keep."""
        return self.kept_deliveries.with_archived()

    def clear(self) -> None:
        """Forget all records, and count from 1 again."""
        records = self.records
        with self._lock:
            records.gone += len(records)
            records._kept.clear()
            records._which.clear()
            self._remembered.clear()
            for kept in (*self._by_kind.values(), *self._made_of.values()):
                kept.clear()
            if self.forks is not None:
                self.forks.clear()
            self._entries_begun = self._deliveries_begun = 0


def delivery_record(
    pending: PendingDelivery,
    outcome: Outcome,
    at: datetime,
    failed: AttemptFailed | None = None,
    raised: BaseException | None = None,
    sent: AwsRequest | HttpRequest | None = None,
    result: Any = None,
) -> Delivery:
    """Return the record of how a delivery stands at an instant."""
    number, event, rule, target, _, _, _, _, transformed, retries = pending
    error, reason = (None, None) if failed is None else (failed.code, failed.reason)
    fields = (number, event, rule, target, transformed, outcome, at, retries + 1, error, reason, raised, sent, result)
    return _tuple(Delivery, fields)
