"""One event to one target: build the payload, hand it over, write down the outcome."""

from __future__ import annotations

from datetime import datetime

from eventbridge_local.bus.journal import Delivery, Journal, Outcome
from eventbridge_local.core.clock import Clock
from eventbridge_local.core.event import Event
from eventbridge_local.core.ids import Ids
from eventbridge_local.state.records import Rule, Target
from eventbridge_local.state.world import Place
from eventbridge_local.targets.handlers import Handlers, LambdaContext
from eventbridge_local.transforms import InputContext, InvalidResult


class Deliverer:
    """Hands events over to whoever stands behind a target, and never raises what that one raises."""

    def __init__(self, journal: Journal, handlers: Handlers, clock: Clock, ids: Ids) -> None:
        self._journal = journal
        self._clock = clock
        self._handlers = handlers
        self._ids = ids

    def deliver(self, place: Place, event: Event, rule: Rule, target: Target) -> None:
        try:
            payload = payload_of(event, rule, target, self._clock.now)
        except InvalidResult as invalid:
            # AWS neither retries nor delivers it (recorded); without a dead-letter queue it is gone.
            outcome = _unsent(target, invalid.text)
            self._note(event, rule, target, invalid.text, outcome, "INVALID_JSON", "Invalid input for target.")
            return
        spy = self._handlers.find(target.arn)
        if spy is None:
            self._note(event, rule, target, payload, "recorded")
            return
        raised = spy(payload, LambdaContext(target.arn, self._ids.uuid()))
        # A function that fails was still delivered to: EventBridge's part ends at the hand-over (recorded).
        self._note(event, rule, target, payload, "delivered", raised=raised)

    def _note(
        self,
        event: Event,
        rule: Rule,
        target: Target,
        payload: str | None,
        outcome: Outcome,
        error: str | None = None,
        reason: str | None = None,
        raised: BaseException | None = None,
    ) -> None:
        number = self._journal.next_delivery()
        self._journal.add(
            Delivery(number, event, rule, target, payload, outcome, error=error, reason=reason, raised=raised)
        )


def payload_of(event: Event, rule: Rule, target: Target, ingested: datetime) -> str:
    """The text a target receives for an event; ``ingested`` is when the bus took it in.

    Raises:
        InvalidResult: the target's transformer made something that is not JSON.
    """
    if target.input is None:
        return event.text
    return target.input.payload(event.text, event.envelope, InputContext(rule.arn, rule.name, ingested))


def _unsent(target: Target, text: str) -> Outcome:
    """Where an event goes that cannot be sent. An empty text is no message: AWS was seen to keep nothing of it."""
    return "dead-lettered" if text and "DeadLetterConfig" in target.params else "dropped"
