"""Logs: views of the journal that can be iterated, filtered and asserted on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from eventbridge_local.advice import suggest
from eventbridge_local.delivery.journal import Kept
from eventbridge_local.delivery.journal_records import Call, DeadLetter, Delivery, Entry
from eventbridge_local.errors import UsageError, add_note
from eventbridge_local.model.arn import names_of
from eventbridge_local.notebook import as_table
from eventbridge_local.patterns import InvalidPattern, Pattern, compile_pattern, matches
from eventbridge_local.report.expectations import AnyOf, fits_to, holds, needed_in_json
from eventbridge_local.report.journal_text import advice_on, dropped_text, line_of
from eventbridge_local.visible import visible

T = TypeVar("T")

Field = Callable[[Any], Any]

#: pytest shows the test's line and the message, and not ours.
__tracebackhide__ = True


#: Of so few records the representation of a log shows each.
_SHOWN = 3
_LOOK = "print(eb.journal) shows what happened"


class Log(Sequence[T], Generic[T]):
    """Records of one kind, oldest first.

    A log of the handle, such as ``eb.events``, is live: it shows what is there when it is asked. What is selected from
    it, by ``where``, a slice and the like, does not change any more.

    Args:
        records: what the journal keeps of one kind, which makes a live log; or any records.
        dropped: for a selection: how many records were dropped from what it is selected from.
        elsewhere: for a selection: in words, what other processes did that belongs to what it is selected from.
    """

    #: What ``where`` can ask for, and where it is found on a record.
    fields: ClassVar[Mapping[str, Field]] = {}
    #: Which of these a notebook shows.
    columns: ClassVar[tuple[str, ...]] = ()
    #: What one record is called, and several.
    nouns: ClassVar[tuple[str, str]] = ("record", "records")
    #: What to do where a record is missing.
    _advice: ClassVar[str] = _LOOK

    def __init__(self, records: Iterable[T] | Kept[T], dropped: int = 0, elsewhere: str = "") -> None:
        self.kept: Kept[T] | tuple[T, ...] = records if isinstance(records, Kept) else tuple(records)
        self._dropped_before = dropped
        self._elsewhere_before = elsewhere

    @property
    def dropped(self) -> int:
        """Return how many records the journal has dropped that belong here, or, of a selection, may belong here."""
        return self.kept.dropped if isinstance(self.kept, Kept) else self._dropped_before

    @property
    def lost(self) -> str:
        """Return in words that records were dropped or belong to other processes, "" where all are here."""
        dropped = dropped_text(self.dropped, self.nouns) if self.dropped else ""
        return "; ".join(filter(None, [dropped, self._elsewhere]))

    @property
    def _elsewhere(self) -> str:
        """Return in words what forked processes did that would belong here, "" where they did nothing."""
        return self.kept.elsewhere() if isinstance(self.kept, Kept) else self._elsewhere_before

    @property
    def total(self) -> int:
        """Return how many records there were, with those that the journal has dropped.

        Raises:
            UsageError: nobody knows, because this is a selection of a log from which records were dropped.
        """
        if self._dropped_before:
            raise UsageError(f"total: a selection does not know it: {self.lost}")
        return len(self) + self.dropped

    @property
    def records(self) -> tuple[T, ...]:
        """Return the records that are there now."""
        return self.kept if isinstance(self.kept, tuple) else self.kept.now()

    def where(self, **expected: Any) -> Self:
        """Return the records whose fields equal (dicts: include) the given values.

        Args:
            **expected: fields of these records; values as for ``assert_put``.

        Raises:
            UsageError: a keyword that is no field of these records.
        """
        unknown = sorted(set(expected) - set(self.fields))
        if unknown:
            raise UsageError(f"where({unknown[0]}=...): there is no such field{suggest(unknown[0], self.fields)}")
        try:
            return self._selected(filter(fitting(type(self), expected), self.kept))
        except RecursionError:
            from eventbridge_local.deep import with_room  # nearly no event is so deep

            return with_room(lambda: self._selected(filter(fitting(type(self), expected), self.kept)))

    def _selected(self, records: Iterable[T]) -> Self:
        # The number first: a record that is dropped meanwhile was seen.
        dropped = self.dropped
        return type(self)(records, dropped, self._elsewhere)

    def one(self) -> T:
        """Return the only record.

        Raises:
            AssertionError: there is none, or more than one; or the journal has dropped records, so nobody knows.
        """
        records, lost = self.records, self.lost
        if len(records) == 1 and not lost:
            return records[0]
        shown = "".join(f"\n  {self._line(record)}" for record in records[:10])
        advice = "" if records else f"; {self._advice}"
        cause = f"; {lost}" if lost else ""
        raise AssertionError(visible(f"expected exactly one, found {len(records)}{cause}{advice}{shown}"))

    def _line(self, record: T) -> str:
        return line_of(record)

    @property
    def first(self) -> T:
        """Return the oldest record that is kept. Raises AssertionError when there is none."""
        return self._end(0)

    @property
    def last(self) -> T:
        """Return the newest record. Raises AssertionError when there is none."""
        return self._end(-1)

    def _end(self, index: int) -> T:
        if not self.kept:
            cause = f"; {self.lost}" if self.lost else ""
            raise AssertionError(visible(f"the {type(self).__name__} is empty{cause}; {self._advice}"))
        return self.kept[index]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> T | Self:
        if isinstance(index, slice):
            return self._selected(self.kept[index])
        try:
            return self.kept[index]
        except IndexError:
            raise IndexError(f"there is no index {index} in {self!r}; {self._advice}") from None

    def __len__(self) -> int:
        return len(self.kept)

    def __iter__(self) -> Iterator[T]:
        return iter(self.kept)

    def __reversed__(self) -> Iterator[T]:
        return reversed(self.kept)

    def __repr__(self) -> str:
        elsewhere = self._elsewhere
        end = self[-_SHOWN:] if len(self) <= _SHOWN else ()
        lines = "; ".join(self._line(record) for record in end)
        return visible(
            f"<{type(self).__name__} of {len(self)}{lines and f': {lines}'}{elsewhere and f'; {elsewhere}'}>"
        )

    def _repr_html_(self) -> str:
        rows = [[self.fields[name](record) for name in self.columns] for record in self.records]
        return as_table(f"{type(self).__name__} of {len(self)}", self.columns, rows)


class EventLog(Log[Entry]):
    """Entries of PutEvents, accepted and refused."""

    nouns = ("event", "events")
    columns = ("bus", "source", "detail_type", "detail", "error_code")
    fields: ClassVar[Mapping[str, Field]] = {
        # An event has both at once; the entry that became it would be made for each.
        "source": lambda entry: (entry.event or entry).source,
        "detail_type": lambda entry: (entry.event or entry).detail_type,
        "detail": lambda entry: entry.detail,
        "bus": lambda entry: entry.bus,
        "account": lambda entry: entry.account,
        "region": lambda entry: entry.region,
        "accepted": lambda entry: entry.accepted,
        "event_id": lambda entry: entry.event_id,
        "error_code": lambda entry: entry.error_code,
    }

    def matching(self, pattern: str | Mapping[str, Any]) -> EventLog:
        """Return the accepted events that an event pattern matches.

        Args:
            pattern: as a dict or as JSON text.

        Raises:
            InvalidPattern: AWS would refuse the pattern.
        """
        asked = compiled(pattern)
        return self._selected(each for each in self.kept if each.event and asked.matches(each.event.matched_on))

    @property
    def accepted(self) -> EventLog:
        """Return the entries that got an EventId."""
        return self._selected(entry for entry in self.kept if entry.accepted)

    @property
    def refused(self) -> EventLog:
        """Return the entries that got an ErrorCode."""
        return self._selected(entry for entry in self.kept if not entry.accepted)


class DeliveryLog(Log[Delivery]):
    """Deliveries from rules to targets."""

    nouns = ("delivery", "deliveries")
    columns = ("rule", "arn", "source", "detail_type", "outcome", "error")
    fields: ClassVar[Mapping[str, Field]] = {
        "rule": lambda delivery: delivery.rule.name,
        "target": lambda delivery: AnyOf((*names_of(delivery.target.arn)[::-1], delivery.target.id)),
        "arn": lambda delivery: delivery.target.arn,
        "bus": lambda delivery: delivery.rule.bus,
        "payload": lambda delivery: delivery.json,
        "outcome": lambda delivery: delivery.outcome,
        "error": lambda delivery: delivery.error,
        "source": lambda delivery: delivery.event.source,
        "detail_type": lambda delivery: delivery.event.detail_type,
        "detail": lambda delivery: delivery.event.detail,
    }

    def matching(self, pattern: str | Mapping[str, Any]) -> DeliveryLog:
        """Return the deliveries of events that an event pattern matches.

        Args:
            pattern: as a dict or as JSON text.

        Raises:
            InvalidPattern: AWS would refuse the pattern.
        """
        asked = compiled(pattern)
        return self._selected(each for each in self.kept if asked.matches(each.event.matched_on))


class DeadLetterLog(Log[DeadLetter]):
    """Messages for dead-letter queues."""

    nouns = ("dead letter", "dead letters")
    _advice = f"a handler that raises makes none, eb.fail_target(...) does; {_LOOK}"
    columns = ("queue", "rule", "payload", "error", "sent")
    fields: ClassVar[Mapping[str, Field]] = {
        "queue": lambda letter: AnyOf(names_of(letter.queue)[::-1]),
        "rule": lambda letter: letter.rule.name,
        "target": lambda letter: AnyOf((*names_of(letter.target.arn)[::-1], letter.target.id)),
        "payload": lambda letter: letter.json,
        "error": lambda letter: letter.attributes["ERROR_CODE"],
        "attributes": lambda letter: letter.attributes,
        "sent": lambda letter: letter.sent,
    }

    def matching(self, pattern: str | Mapping[str, Any]) -> DeadLetterLog:
        """Return the dead letters of events that an event pattern matches.

        Args:
            pattern: as a dict or as JSON text.

        Raises:
            InvalidPattern: AWS would refuse the pattern.
        """
        asked = compiled(pattern)
        return self._selected(each for each in self.kept if asked.matches(each.event.matched_on))


class CallLog(Log[Call]):
    """API calls, answered and refused."""

    nouns = ("call", "calls")
    columns = ("operation", "params", "error_code")
    fields: ClassVar[Mapping[str, Field]] = {
        "operation": lambda call: call.operation,
        "params": lambda call: call.params,
        "account": lambda call: call.account,
        "region": lambda call: call.region,
        "error_code": lambda call: call.error_code,
    }

    def matching(self, pattern: str | Mapping[str, Any]) -> CallLog:
        """Return the calls whose params, taken as an event, an event pattern matches.

        Args:
            pattern: as a dict or as JSON text.

        Raises:
            InvalidPattern: AWS would refuse the pattern.
        """
        compiled(pattern)
        return self._selected(call for call in self.kept if matches(pattern, call.params))


def compiled(pattern: str | Mapping[str, Any]) -> Pattern:
    """Return the pattern compiled.

    Raises:
        InvalidPattern: AWS would refuse it, with our advice as a note.
    """
    try:
        written = pattern if isinstance(pattern, str) else json.dumps(pattern)
    except (TypeError, ValueError) as wrong:
        raise UsageError(f"pattern={pattern!r}: give an event pattern as a dict or as JSON text: {wrong}") from None
    try:
        return compile_pattern(written)
    except InvalidPattern as refused:
        if advice := advice_on(written):
            add_note(refused, f"eventbridge_local: {advice}")
        raise


def fitting(log: type[Log[T]], expected: Mapping[str, Any], *, exact: bool = False) -> Callable[[T], bool]:
    """Return a test for the records of a log: whether their fields are as expected.

    What is quick to compare comes first, and a detail is only parsed if its text can be what is expected.

    Args:
        expected: by the names of ``where``, with ``-`` for ``_`` as an envelope spells them; and ``pattern``.
        exact: a detail or payload must have no other members.
    """
    needed = needed_in_json(expected["detail"]) if "detail" in expected else ()
    quick: list[_Check] = []
    slow: list[_Check] = []
    for name, value in expected.items():
        if name == "pattern":
            slow.append((_matched_on, compiled(value).matches))
        else:
            field = log.fields[name.replace("-", "_")]
            parsed = name in _PARSED
            (slow if parsed else quick).append((field, fits_to(value, exact=exact and parsed)))
    checks = quick + slow

    def test(record: Any) -> bool:
        # Loops, because generators take twice as long.
        if needed and record.event is not None and not holds(record.event.detail_text, needed):
            return False
        for field, fits in checks:  # noqa: SIM110
            if not fits(field(record)):
                return False
        return True

    return test


#: A field of a record, and the test that it has to pass.
_Check = tuple[Field, Callable[[Any], bool]]

#: Fields that are read from JSON.
_PARSED = ("detail", "payload", "params")


def _matched_on(record: Any) -> Any:
    return record.event.matched_on
