"""An event on its way from a rule to a target, and how that is written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from eventbridge_local.bus.journal import Attempt, DeadLetter, Delivery, Journal, Outcome, Record
from eventbridge_local.core.event import Event
from eventbridge_local.state.records import Rule, Target
from eventbridge_local.state.world import Place, World
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, HttpRequest


@dataclass(frozen=True, slots=True)
class Passage:
    """An event on its way from a rule to a target. ``retries`` counts the attempts after the first."""

    number: int
    place: Place
    event: Event
    rule: Rule
    target: Target
    transformed: str | None
    first: datetime
    retries: int = 0

    @property
    def payload(self) -> str:
        return self.event.text if self.transformed is None else self.transformed


class Logbook:
    """Writes passages into the journal, until a reset ends the world they belong to."""

    def __init__(self, journal: Journal, world: World) -> None:
        self._journal = journal
        self._world = world

    def next_delivery(self) -> int:
        """The number of the next passage."""
        return self._journal.next_delivery()

    def add(self, record: Record) -> None:
        if not self._world.ended:
            self._journal.add(record)

    def outcome(
        self,
        passage: Passage,
        outcome: Outcome,
        now: datetime,
        failed: AttemptFailed | None = None,
        raised: BaseException | None = None,
        sent: AwsRequest | HttpRequest | None = None,
    ) -> None:
        """How a passage stands now; ``raised`` and ``sent`` as a Delivery has them."""
        error, reason = (None, None) if failed is None else (failed.code, failed.reason)
        self.add(
            Delivery(
                passage.number,
                passage.event,
                passage.rule,
                passage.target,
                passage.transformed,
                outcome,
                now,
                passage.retries + 1,
                error,
                reason,
                raised,
                sent,
            )
        )

    def attempt(self, passage: Passage, failed: AttemptFailed, now: datetime, again: datetime | None = None) -> None:
        """An attempt that failed, and when the next is due."""
        self.add(Attempt(passage.number, passage.retries + 1, now, failed.code, failed.reason, again))

    def dead_letter(self, passage: Passage, queue: str, written: dict[str, str], now: datetime, *, sent: bool) -> None:
        """What went to a dead-letter queue, with the message attributes."""
        rule, target = passage.rule, passage.target
        self.add(DeadLetter(passage.number, queue, passage.payload, written, passage.event, rule, target, now, sent))
