"""The records of a journal: frozen, and complete when somebody looks at them.

Conservation: every accepted event has one ``Routing`` for each bus it reached, and every target of every rule named
in it has exactly one ``Delivery`` with one outcome.

The records are named tuples: as frozen as frozen dataclasses, and made five times faster. Some are made of the
``Arrival`` of an event each time somebody looks; see ``journal.py``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, HttpRequest, PendingDelivery
from eventbridge_local.delivery.route import IN_EVENT, Arrival, PutArrival, RefusedEntry
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.visible import on_one_line, visible

Outcome = Literal["delivered", "recorded", "dead-lettered", "dropped", "pending", "archived"]


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
        position: of a refused entry: where it stood in the request, from 0.
        arranged: whether ``fail_put`` made it fail.
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
    position: int | None = None
    arranged: bool = False

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
        return {name: IN_EVENT[name](event) if name in IN_EVENT else next(values) for name in names}

    @property
    def source(self) -> str:
        return self.event.source  # type: ignore[union-attr]

    @property
    def detail_type(self) -> str:
        return self.event.detail_type  # type: ignore[union-attr]

    def __iter__(self) -> Iterator[Any]:
        return (getattr(self, name) for name in self._fields)

    def __repr__(self) -> str:
        return repr(Entry(*self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Entry, tuple(self)


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

    def __repr__(self) -> str:
        failed = _failed(self.attributes.get("ERROR_CODE"), self.attributes.get("ERROR_MESSAGE"))
        outcome = f"for {_name(self.queue)}{'' if self.sent else ' (not sent)'}"
        return _in_short(self, outcome, failed)

    @property
    def target_id(self) -> str:
        """The id, in its rule, of the target that could not be reached."""
        return self.target.id

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
        result: what a connected handler returned.
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
    result: Any = None

    def __repr__(self) -> str:
        return _in_short(self, self.outcome, _failed(self.error, self.reason))

    @property
    def target_id(self) -> str:
        """The id of the target in its rule."""
        return self.target.id

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


Record = Call | Entry | Routing | Delivery | Attempt | DeadLetter

# Records that are made when somebody looks.

#: What is kept of an entry.
KeptEntry = PutArrival | RefusedEntry

_tuple = tuple.__new__  # makes a named tuple in half the time


def entry_of(kept: KeptEntry) -> Entry:
    """Return the record of an entry."""
    scope = kept.caller
    if isinstance(kept, RefusedEntry):
        code, message = kept.refusal.code, kept.refusal.message
        return Entry(
            kept.number, kept.bus, scope.account, scope.region, kept.entry, kept.put_at, None, code, message,
            kept.position, kept.arranged,
        )  # fmt: skip
    place = (
        kept.number, kept.bus, scope.account, scope.region, kept.given, kept.put_at, kept.event,
        None, None, None, False,
    )  # fmt: skip
    return _tuple(AcceptedEntry, place)


def routing_of(kept: Arrival) -> Routing:
    """Return the record of what became of an event on a bus."""
    scope, matched = kept.scope, tuple([rule.name for rule in kept.matched])
    return Routing(kept.event, kept.bus, scope.account, scope.region, kept.rules or (), matched, kept.trouble)


def recorded_deliveries(kept: Arrival) -> list[Delivery]:
    """Return the deliveries that were no more than recorded."""
    assert kept.at is not None
    pairs = [(rule, target) for rule in kept.matched for target in rule.targets]
    return [
        Delivery(number, kept.event, rule, target, None, "recorded", kept.at)
        for number, (rule, target) in enumerate(pairs[: kept.recorded], kept.first)
    ]


def call_of(kept: Call | tuple[KeptEntry, ...]) -> Call:
    """Return the record of a call; what is kept of one of PutEvents are its entries."""
    if isinstance(kept, Call):
        return kept
    entries = tuple(map(entry_of, kept))
    first = entries[0]
    return PutCall("PutEvents", entries, first.account, first.region, first.at)  # type: ignore[arg-type]


def is_same(record: Record, other: Record | None) -> bool:
    """Return whether two records stand for the same thing that happened; a long journal makes some anew each time."""
    return record is other or (type(record) in _MADE and record == other)


_MADE = (PutCall, AcceptedEntry, Routing, Delivery)


#: So much of a name or a reason is shown in a line.
_MOST = 60


def _in_short(record: Delivery | DeadLetter, outcome: str, failed: str) -> str:
    """Return what a debugger shows of a record: one line, without the records in it."""
    event, rule, target = record.event, record.rule, record.target
    told = (
        f"{type(record).__name__} #{record.number} {outcome}: event {event.id} ({_cut(event.detail_type)}), "
        f"rule {_cut(rule.name)}, target {_cut(target.id)} ({_name(target.arn)}){failed}"
    )
    return f"<{visible(on_one_line(told))}>"


def _failed(error: str | None, reason: str | None) -> str:
    return "".join((f", {_cut(error)}" if error else "", f": {_cut(reason)}" if reason else ""))


def _name(arn: str) -> str:
    """Return the last part of an ARN, such as the name of a queue."""
    return _cut(names_of(arn)[-1])


def _cut(text: str) -> str:
    return text if len(text) <= _MOST else f"{text[:_MOST]}..."


def _json_or_text(text: str) -> Any:
    try:
        return decoded(text)
    except ValueError:
        return text
