"""Logs: views of the journal that can be iterated, filtered and asserted on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from eventbridge_local.advice import suggest
from eventbridge_local.delivery.journal import Call, DeadLetter, Delivery, Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import names_of
from eventbridge_local.patterns import InvalidPattern, compile_pattern, matches
from eventbridge_local.report.expectations import AnyOf, fits
from eventbridge_local.report.journal_text import advice_on, line_of

T = TypeVar("T")

Field = Callable[[Any], Any]

#: pytest shows the test's line and the message, and not ours.
__tracebackhide__ = True


_LOOK = "print(eb.journal) shows what happened"


class Log(Sequence[T], Generic[T]):
    """Records of one kind, oldest first. It does not grow: ask the handle again for what came since."""

    #: What ``where`` can ask for, and where it is found on a record.
    fields: ClassVar[Mapping[str, Field]] = {}

    def __init__(self, records: Iterable[T]) -> None:
        self._records = tuple(records)

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
        return type(self)(
            record
            for record in self._records
            if all(fits(value, self.fields[name](record)) for name, value in expected.items())
        )

    def one(self) -> T:
        """Return the only record. Raises AssertionError when there is none, or more than one."""
        if len(self) != 1:
            shown = "".join(f"\n  {self._line(record)}" for record in self._records[:10])
            advice = "" if self._records else f"; {_LOOK}"
            raise AssertionError(f"expected exactly one, found {len(self)}{advice}{shown}")
        return self._records[0]

    def _line(self, record: T) -> str:
        return line_of(record)

    @property
    def first(self) -> T:
        """Return the oldest record. Raises AssertionError when there is none."""
        return self._end(0)

    @property
    def last(self) -> T:
        """Return the newest record. Raises AssertionError when there is none."""
        return self._end(-1)

    def _end(self, index: int) -> T:
        if not self._records:
            raise AssertionError(f"the {type(self).__name__} is empty; {_LOOK}")
        return self._records[index]

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> T | Self:
        if isinstance(index, slice):
            return type(self)(self._records[index])
        try:
            return self._records[index]
        except IndexError:
            raise IndexError(f"there is no index {index} in {self!r}; {_LOOK}") from None

    def __len__(self) -> int:
        return len(self._records)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}>"


class EventLog(Log[Entry]):
    """Entries of PutEvents, accepted and refused."""

    fields: ClassVar[Mapping[str, Field]] = {
        "source": lambda entry: entry.source,
        "detail_type": lambda entry: entry.detail_type,
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
        compiled(pattern)
        return EventLog(entry for entry in self if entry.event and _satisfies(pattern, entry.event.matched_on))

    @property
    def accepted(self) -> EventLog:
        """Return the entries that got an EventId."""
        return EventLog(entry for entry in self if entry.accepted)

    @property
    def refused(self) -> EventLog:
        """Return the entries that got an ErrorCode."""
        return EventLog(entry for entry in self if not entry.accepted)


class DeliveryLog(Log[Delivery]):
    """Deliveries from rules to targets."""

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
        compiled(pattern)
        return DeliveryLog(delivery for delivery in self if _satisfies(pattern, delivery.event.matched_on))


class DeadLetterLog(Log[DeadLetter]):
    """Messages for dead-letter queues."""

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
        compiled(pattern)
        return DeadLetterLog(letter for letter in self if _satisfies(pattern, letter.event.matched_on))


class CallLog(Log[Call]):
    """API calls, answered and refused."""

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
        return CallLog(call for call in self if _satisfies(pattern, call.params))


def compiled(pattern: str | Mapping[str, Any]) -> None:
    """Raise InvalidPattern for a pattern that AWS would refuse, also when there is nothing to match."""
    written = pattern if isinstance(pattern, str) else json.dumps(pattern)
    try:
        compile_pattern(written)
    except InvalidPattern as refused:
        if advice := advice_on(written):
            refused.add_note(f"eventbridge_local: {advice}")
        raise


def _satisfies(pattern: str | Mapping[str, Any], event: Any) -> bool:
    return bool(matches(pattern, event))
