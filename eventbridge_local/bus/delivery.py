"""One event to one target: build the payload, hand it over, write down the outcome."""

from __future__ import annotations

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
            transformed = self._transformed(event, rule, target)
        except InvalidResult as invalid:
            # AWS neither retries nor delivers it (recorded); without a dead-letter queue it is gone.
            outcome = _unsent(target, invalid.text)
            self._note(event, rule, target, invalid.text, outcome, "INVALID_JSON", "Invalid input for target.")
            return
        spy = self._handlers.find(target.arn)
        if spy is None:
            self._note(event, rule, target, transformed, "recorded")
            return
        payload = event.text if transformed is None else transformed
        raised = spy(payload, LambdaContext(target.arn, self._ids.uuid()))
        # A function that fails was still delivered to: EventBridge's part ends at the hand-over (recorded).
        self._note(event, rule, target, transformed, "delivered", raised=raised)
        if raised is not None and not isinstance(raised, Exception | SystemExit):
            raise raised  # Ctrl-C, or a test framework's own way of failing a test

    def _transformed(self, event: Event, rule: Rule, target: Target) -> str | None:
        """What the target's input makes of an event, None when the target takes the event as it is.

        Raises:
            InvalidResult: the transformer made something that is not JSON.
        """
        if target.input is None:
            return None
        return target.input.payload(event.text, event.envelope, InputContext(rule.arn, rule.name, self._clock.now))

    def _note(
        self,
        event: Event,
        rule: Rule,
        target: Target,
        transformed: str | None,
        outcome: Outcome,
        error: str | None = None,
        reason: str | None = None,
        raised: BaseException | None = None,
    ) -> None:
        number = self._journal.next_delivery()
        self._journal.add(
            Delivery(number, event, rule, target, transformed, outcome, error=error, reason=reason, raised=raised)
        )


def _unsent(target: Target, text: str) -> Outcome:
    """Where an event goes that cannot be sent. An empty text is no message: AWS was seen to keep nothing of it."""
    return "dead-lettered" if text and "DeadLetterConfig" in target.params else "dropped"
