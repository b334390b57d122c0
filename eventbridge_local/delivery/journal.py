"""What happened, as frozen records in order. Append-only; ``report`` finds the words for it.

Conservation: every accepted event has one ``Routing`` for each bus it reached, and every target of every rule named
in it has exactly one ``Delivery`` with one outcome.

The records are named tuples: as frozen as frozen dataclasses, and made five times faster; each event makes several.
"""

from __future__ import annotations

import functools
import json
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from operator import attrgetter
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, overload

from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, HttpRequest, PendingDelivery
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target

if TYPE_CHECKING:
    from eventbridge_local.delivery.forks import Forks

Outcome = Literal["delivered", "recorded", "dead-lettered", "dropped", "pending", "archived"]

R = TypeVar("R")
T = TypeVar("T")


class Call(NamedTuple):
    """One API call: what was asked and what was answered.

    Attributes:
        operation: such as ``PutRule``.
        params: its members as boto3 spells them.
        account: the caller's account.
        region: the Region that was called.
        at: the instant, aware and in UTC.
        result: the answer, None for a refusal.
        error_code: the code of a refusal, such as ``ResourceNotFoundException``.
        error_message: its text, in AWS's words.
        hint: our advice on it, None where we have none.
    """

    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    at: datetime
    result: Mapping[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    hint: str | None = None


class PutCall(Call):
    """A call of PutEvents that was answered: parameters and answer are made of its entries when somebody looks.

    A journal holds many of these, and each entry is there already.
    """

    __slots__ = ()

    @property
    def _entries(self) -> tuple[Entry, ...]:
        entries: Any = tuple.__getitem__(self, 1)
        return entries  # type: ignore[no-any-return]

    @property
    def params(self) -> Mapping[str, Any]:
        return {"Entries": [each.entry for each in self._entries]}

    @property
    def result(self) -> Mapping[str, Any]:
        failed = sum(each.event is None for each in self._entries)
        return {"FailedEntryCount": failed, "Entries": [each.result for each in self._entries]}

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, name) for name in self._fields)

    def __repr__(self) -> str:
        return repr(Call(*self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Call, tuple(self)


class Entry(NamedTuple):
    """One entry of PutEvents: accepted, then ``event`` is set, or refused with a code and a message.

    Attributes:
        number: its number among all entries of this mock, from 1.
        bus: the name of the bus it was put on.
        account: the account that put it.
        region: the Region it was put in.
        entry: the entry as it was given.
        at: the instant, aware and in UTC.
        event: the event, None for a refused entry.
        error_code: such as ``MalformedDetail``, None for an accepted entry.
        error_message: its text, in AWS's words.
    """

    number: int
    bus: str
    account: str
    region: str
    entry: Mapping[str, Any]
    at: datetime
    event: Event | None = None
    error_code: str | None = None
    error_message: str | None = None

    @property
    def accepted(self) -> bool:
        """Whether PutEvents took it."""
        return self.event is not None

    @property
    def event_id(self) -> str | None:
        """The id PutEvents returned, None for a refused entry."""
        return None if self.event is None else self.event.id

    @property
    def source(self) -> str | None:
        """Its Source, None where it had none."""
        return self.entry.get("Source")

    @property
    def detail_type(self) -> str | None:
        """Its DetailType, None where it had none."""
        return self.entry.get("DetailType")

    @property
    def detail(self) -> Any:
        """The detail as a dict; of a refused entry the text that was given."""
        return self.entry.get("Detail") if self.event is None else self.event.detail

    @property
    def result(self) -> dict[str, Any]:
        """What PutEvents answered for it."""
        if self.event is None:
            return {"ErrorCode": self.error_code, "ErrorMessage": self.error_message}
        return {"EventId": self.event.id}

    @property
    def envelope(self) -> dict[str, Any]:
        """The event as its targets see it; of a refused entry what there would be."""
        if self.event is not None:
            return self.event.envelope
        shown = {"detail-type": self.detail_type, "source": self.source, "detail": self.detail}
        return {key: value for key, value in shown.items() if value is not None}


#: Members of an entry that its event has as they were given.
_IN_EVENT: Mapping[str, Callable[[Event], str]] = {
    "Source": attrgetter("source"),
    "DetailType": attrgetter("detail_type"),
    "Detail": attrgetter("detail_text"),
}


class AcceptedEntry(Entry):
    """An entry that became an event: the entry as it was given is made when somebody looks.

    Its place has the names of the members, and the values that the event does not have.
    """

    __slots__ = ()

    @property
    def entry(self) -> Mapping[str, Any]:
        given: Any = tuple.__getitem__(self, 4)
        names, *others = given
        event: Any = self.event
        values = iter(others)
        return {name: _IN_EVENT[name](event) if name in _IN_EVENT else next(values) for name in names}

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, name) for name in self._fields)

    def __repr__(self) -> str:
        return repr(Entry(*self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, tuple(self)


#: Names of the members of entries, in a tuple that all entries of the same members share.
_GIVEN: dict[tuple[str, ...], tuple[tuple[str, ...]]] = {}


def accepted_entry(
    number: int, bus: str, account: str, region: str, entry: Mapping[str, Any], at: datetime, event: Event
) -> Entry:
    """Return the record of an entry that became an event; the arguments are those of ``Entry``."""
    names = tuple(entry)
    given: Any = _GIVEN.get(names) or _GIVEN.setdefault(names, (names,))
    if len(names) > len(_IN_EVENT):  # the three are required
        given = [*given]
        for name in names:
            if name not in _IN_EVENT:
                given.append(entry[name])
        given = tuple(given)
    return AcceptedEntry(number, bus, account, region, given, at, event)


class Routing(NamedTuple):
    """An event on a bus: the rules as they were at that moment, and the names of those that matched.

    ``trouble`` says why nothing could match at all: the bus does not exist, or rules feed each other in a loop.
    """

    event: Event
    bus: str
    account: str
    region: str
    rules: tuple[Rule, ...]
    matched: tuple[str, ...]
    trouble: str | None = None


class Attempt(NamedTuple):
    """One attempt that failed, of the delivery with that number; ``again`` is when the next is due, None at the end."""

    number: int
    attempt: int
    at: datetime
    error: str
    reason: str
    again: datetime | None = None


class DeadLetter(NamedTuple):
    """A message for a dead-letter queue.

    Attributes:
        number: the number of the delivery that failed.
        queue: the ARN of the queue.
        body: the text of the message: the event, not what the target's input made of it.
        attributes: the message attributes by name, such as ``ERROR_CODE``.
        event: the event.
        rule: the rule that matched it, as it was then.
        target: the target that could not be reached.
        at: the instant, aware and in UTC.
        sent: whether somebody took it: a connected handler, or the queue behind moto or a local endpoint.
    """

    number: int
    queue: str
    body: str
    attributes: Mapping[str, str]
    event: Event
    rule: Rule
    target: Target
    at: datetime
    sent: bool = False

    @property
    def json(self) -> Any:
        """The body parsed, or the text itself where it is no JSON."""
        return _json_or_text(self.body)


class Delivery(NamedTuple):
    """What one target of one rule got, and how it ended.

    While it waits for another attempt its outcome is ``pending``, and a later record of the same number tells the end;
    ``eb.deliveries`` has the latest one of each number.

    Attributes:
        number: its number among all deliveries of this mock, from 1.
        event: the event.
        rule: the rule that matched it, as it was then.
        target: the target.
        transformed: the text that the target's input made of the event, None when the event itself is sent.
        outcome: ``delivered``; ``recorded``, as nothing here receives it; ``pending``; ``dead-lettered``; or
            ``dropped``, as there is no dead-letter queue.
        at: the instant of the latest attempt, aware and in UTC.
        attempts: how many there were.
        error: a code such as ``INVALID_JSON``, None where nothing failed.
        reason: its text; of a delivery that is ``recorded``, what moto or a local endpoint lacks to carry it out.
        raised: what a connected handler raised.
        sent: the request that was made, where one was made.
    """

    number: int
    event: Event
    rule: Rule
    target: Target
    transformed: str | None
    outcome: Outcome
    at: datetime
    attempts: int = 1
    error: str | None = None
    reason: str | None = None
    raised: BaseException | None = None
    sent: AwsRequest | HttpRequest | None = None

    @property
    def request(self) -> AwsRequest | HttpRequest | None:
        """The request that was sent; where none was, the one that the kind of target would get.

        None for a target that gets no request of its own, such as another bus, and for an event that makes no valid
        one.
        """
        destination = destination_of(self.target)
        if self.sent is not None or destination.write is None:
            return self.sent
        arn = parse_arn(self.rule.arn)
        assert arn is not None
        pending = PendingDelivery(
            self.number, self.event, self.rule, self.target, arn.account, arn.region, self.at, self.at,
            self.transformed, self.attempts - 1,
        )  # fmt: skip
        try:
            return destination.write(pending)
        except (AttemptFailed, RecursionError):
            return None

    @property
    def payload(self) -> str:
        """The exact text that was sent, or would have been. It is written when it is first asked for."""
        return self.event.text if self.transformed is None else self.transformed

    @property
    def json(self) -> Any:
        """The payload parsed, or the text itself where it is no JSON (several lines of a text template)."""
        return _json_or_text(self.payload)

    @property
    def arn(self) -> str:
        """The ARN of the target."""
        return self.target.arn


def delivery_record(
    pending: PendingDelivery,
    outcome: Outcome,
    at: datetime,
    failed: AttemptFailed | None = None,
    raised: BaseException | None = None,
    sent: AwsRequest | HttpRequest | None = None,
) -> Delivery:
    """Return the record of how a delivery stands at an instant."""
    number, event, rule, target, _, _, _, _, transformed, retries = pending
    error, reason = (None, None) if failed is None else (failed.code, failed.reason)
    return Delivery(number, event, rule, target, transformed, outcome, at, retries + 1, error, reason, raised, sent)


#: Texts and names that many records have are shared as long as there are no more than these.
_MOST_SHARED = 10_000

Record = Call | Entry | Routing | Delivery | Attempt | DeadLetter


class Kept(Sequence[R]):
    """The records of one kind that a journal keeps, oldest first. It is live: it grows and shrinks with the journal.

    Attributes:
        dropped: how many the journal has dropped to make room for newer ones.
        elsewhere: returns in words what other processes did that belongs here; "" where there is nothing.
    """

    def __init__(self) -> None:
        self._records: deque[R] = deque()
        self.elsewhere: Callable[[], str] = str
        self.dropped = 0
        #: Takes the newest record.
        self.add: Callable[[R], None] = self._records.append

    def drop(self, oldest: R) -> None:
        """Let go of the oldest record."""
        self._records.popleft()
        self.dropped += 1

    def clear(self) -> None:
        self._records.clear()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._records)

    def now(self) -> tuple[R, ...]:
        """Return the records that are kept now."""
        # A server's threads add records meanwhile, and a deque that grows cannot be looped over.
        return tuple(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(self.now())

    def __reversed__(self) -> Iterator[R]:
        return reversed(self.now())

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[R]: ...
    def __getitem__(self, index: int | slice) -> R | Sequence[R]:
        return self.now()[index] if isinstance(index, slice) else self._records[index]


class KeptDeliveries(Kept[Delivery]):
    """Every delivery as it stands now, in the order of the first attempts, without what archives keep.

    Attributes:
        lost_failures: how many deliveries failed of which no record is kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self.add = self._add
        self._latest: dict[int, Delivery] = {}
        self._archived = 0
        #: The numbers of deliveries that wait for another attempt and of which no record is kept.
        self._lost_pending: set[int] = set()
        self._lost_ended = 0

    @property
    def lost_failures(self) -> int:
        return self._lost_ended + len(self._lost_pending)

    def _add(self, record: Delivery) -> None:
        if record.number in self._lost_pending:
            self._lost_pending.remove(record.number)
            self.dropped -= 1
        self._latest[record.number] = record
        self._archived += record.outcome == "archived"

    def drop(self, oldest: Delivery) -> None:
        """Let go of the oldest record; the delivery stays while a later record tells how it stands."""
        if self._latest[oldest.number] is not oldest:
            return
        del self._latest[oldest.number]
        if oldest.outcome == "archived":
            self._archived -= 1
            return
        self.dropped += 1
        if oldest.outcome == "pending":
            self._lost_pending.add(oldest.number)
        elif oldest.raised is not None or oldest.outcome in ("dead-lettered", "dropped"):
            self._lost_ended += 1

    def clear(self) -> None:
        super().clear()
        self._latest.clear()
        self._lost_pending.clear()
        self._archived = self._lost_ended = 0

    def with_archived(self) -> list[Delivery]:
        """Return all of them, and what archives keep."""
        return list(self._latest.values())

    def __len__(self) -> int:
        return len(self._latest) - self._archived

    def now(self) -> tuple[Delivery, ...]:
        """Return the deliveries that are kept now."""
        kept = self.with_archived()
        return tuple(each for each in kept if each.outcome != "archived") if self._archived else tuple(kept)

    def __getitem__(self, index: Any) -> Any:
        return self.now()[index]


class Journal:
    """The records of one mock, oldest first.

    Args:
        keep: the most records to keep; the oldest go first. None keeps all.
    """

    def __init__(self, keep: int | None = None) -> None:
        self.records: deque[Record] = deque()
        self.calls: Kept[Call] = Kept()
        self.entries: Kept[Entry] = Kept()
        self.routings: Kept[Routing] = Kept()
        self.dead_letters: Kept[DeadLetter] = Kept()
        self.kept_deliveries = KeptDeliveries()
        self._kept: dict[type, Kept[Any]] = {
            Call: self.calls,
            PutCall: self.calls,
            Entry: self.entries,
            AcceptedEntry: self.entries,
            Routing: self.routings,
            Delivery: self.kept_deliveries,
            Attempt: Kept(),
            DeadLetter: self.dead_letters,
        }
        # Looked up once, because each event adds several records.
        self._file = {kind: kept.add for kind, kept in self._kept.items()}
        #: The most records to keep.
        self.most = sys.maxsize if keep is None else keep
        self._lock = Lock()
        self._shared: dict[Any, Any] = {}
        #: Returns the value that is kept of several equal ones: ``shared(value, value)``.
        self.shared: Callable[[T, T], T] = self._shared.setdefault
        #: What forked processes did; None while none was forked.
        self.forks: Forks | None = None
        self._number_from_one()

    def watch_forks(self) -> None:
        """Learn what processes do that are forked from now on."""
        # Late, because few tests fork.
        from eventbridge_local.delivery.forks import Forks

        forks = self.forks = Forks()
        self.calls.elsewhere = forks.text
        for kept in (self.entries, self.kept_deliveries, self.dead_letters):
            kept.elsewhere = functools.partial(forks.text, events_only=True)

    def _number_from_one(self) -> None:
        # A count of the standard library gives no number twice, whatever the threads.
        #: Gives the number of the next entry, as people read it: the first is 1.
        self.next_entry: Callable[[], int] = count(1).__next__
        #: Gives the number of the next delivery, from 1.
        self.next_delivery: Callable[[], int] = count(1).__next__

    def add(self, record: Record) -> None:
        """Add a record, and let go of the oldest one if there are too many."""
        records = self.records
        with self._lock:
            records.append(record)
            self._file[type(record)](record)
            if len(records) > self.most:
                self._drop(records.popleft())

    def _drop(self, oldest: Record) -> None:
        self._kept[type(oldest)].drop(oldest)
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
        with self._lock:
            self.records.clear()
            for kept in self._kept.values():
                kept.clear()
            if self.forks is not None:
                self.forks.clear()
            self._number_from_one()


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
