"""What happened, to look at."""

from __future__ import annotations

from botocore.exceptions import ClientError

from eventbridge_local.delivery.journal import Call, DeadLetter, Entry, Journal, Record, Routing
from eventbridge_local.handle.base import Base
from eventbridge_local.model.clock import Clock
from eventbridge_local.report import journal_text
from eventbridge_local.report.hints import Seen
from eventbridge_local.report.logs import CallLog, DeadLetterLog, DeliveryLog, EventLog


class JournalView:
    """The journal for people: ``print(eb.journal)`` tells the whole story."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that happened, as frozen records, oldest first."""
        return tuple(self._journal.records)

    def text(self) -> str:
        """Each event, the rules it met and why one did not match, each delivery and its outcome."""
        return journal_text.journal(self.records)

    __str__ = text

    def end(self, after: Record | None = None) -> str:
        """The end of the story, newest last, as it stands under a failing test; of all, or of what came after a record.

        Without anything after that record it is empty.
        """
        records = journal_text.since(self.records, after)
        return journal_text.short(records) if records or after is None else ""

    def __repr__(self) -> str:
        return f"<Journal of {len(self._journal.records)} records>"


class Looking(Base):
    """Logs, the journal and the clock."""

    @property
    def events(self) -> EventLog:
        """Every entry of PutEvents so far, accepted or refused, in order."""
        return EventLog(self._service.journal.of(Entry))

    @property
    def deliveries(self) -> DeliveryLog:
        """Every hand-over to a target so far, with payload and outcome, in order."""
        made = self._service.journal.deliveries
        return DeliveryLog(delivery for delivery in made if delivery.outcome != "archived")

    @property
    def dead_letters(self) -> DeadLetterLog:
        """Every message for a dead-letter queue so far, with its attributes, in order."""
        return DeadLetterLog(self._service.journal.of(DeadLetter))

    @property
    def calls(self) -> CallLog:
        """Every API call so far, answered or refused, in order."""
        return CallLog(self._service.journal.of(Call))

    @property
    def journal(self) -> JournalView:
        """Everything that happened, for reading."""
        return JournalView(self._service.journal)

    @property
    def clock(self) -> Clock:
        """The time of this mock: ``now``, ``advance(minutes=5)``, ``advance_to(when)``, ``freeze()``."""
        return self._service.clock

    def hints_for(self, error: BaseException) -> list[str]:
        """What we know about a ``ClientError`` of this mock; AWS's own message stays as it is."""
        response = getattr(error, "response", None)
        if not isinstance(error, ClientError) or not isinstance(response, dict):
            return []
        asked = (error.operation_name, response.get("Error", {}).get("Code"))
        for call in reversed(self._service.journal.of(Call)):
            if (call.operation, call.error_code) == asked:
                hint = journal_text.hint_of(call)
                return [f"eventbridge_local: {hint}"] if hint else []
        return []

    def seen(self) -> Seen:
        """What the failures of this mock may tell of."""
        journal = self._service.journal
        return Seen(journal.of(Entry), journal.of(Routing), self._rules(), self._service.handlers.names)
