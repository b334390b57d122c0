"""One event to one target: make the payload, hand it over, and see it through to one outcome.

Strategy: a delivery is one frozen ``Passage`` that is attempted at once, and again on the clock as long as the target's
retry policy allows. An attempt asks in order: has the test arranged a failure, has it connected a callable, what does
the kind of target do (a bus, an archive, an HTTP endpoint, another AWS service). What fails is raised as
``AttemptFailed`` and ends in another attempt, a dead letter or a drop. Nothing of this is raised to the producer.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial

from eventbridge_local.bus import dead_letters
from eventbridge_local.bus.archives import keep
from eventbridge_local.bus.hops import hop
from eventbridge_local.bus.journal import Attempt, DeadLetter, Delivery, Journal, Outcome
from eventbridge_local.bus.retries import GiveUp, next_attempt, policy_of
from eventbridge_local.core.arn import parse_arn
from eventbridge_local.core.event import Event
from eventbridge_local.state.records import Rule, Target
from eventbridge_local.state.world import Place, World
from eventbridge_local.targets.faults import Faults
from eventbridge_local.targets.forward import Forwarder
from eventbridge_local.targets.handlers import Handlers, LambdaContext
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover
from eventbridge_local.transforms import InputContext, InvalidResult


def kind_of(arn):  # placeholder until targets.kinds is in
    return None


#: Puts an event on the bus of that name in a place.
Forward = Callable[[Place, str, Event], None]


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


class Deliverer:
    """Hands events over to whoever stands behind a target."""

    def __init__(
        self, world: World, journal: Journal, handlers: Handlers, forwarder: Forwarder, faults: Faults, seed: object
    ) -> None:
        self._world = world
        self._journal = journal
        self._handlers = handlers
        self._forwarder = forwarder
        self._faults = faults
        self._chance = random.Random(f"back-off {seed}").random if seed is not None else random.Random().random
        self.forward: Forward | None = None

    def deliver(self, place: Place, event: Event, rule: Rule, target: Target) -> None:
        number, now = self._journal.next_delivery(), self._world.clock.now
        try:
            transformed = self._transformed(event, rule, target, now)
        except InvalidResult as invalid:
            # AWS neither retries nor delivers it (recorded).
            passage = Passage(number, place, event, rule, target, invalid.text, now)
            self._end(passage, AttemptFailed("INVALID_JSON", "Invalid input for target."), now)
        else:
            self._attempt(Passage(number, place, event, rule, target, transformed, now), now)

    def _transformed(self, event: Event, rule: Rule, target: Target, now: datetime) -> str | None:
        """What the target's input makes of an event, None when the target takes the event as it is.

        Raises:
            InvalidResult: the transformer made something that is not JSON.
        """
        if target.input is None:
            return None
        return target.input.payload(event.text, event.envelope, InputContext(rule.arn, rule.name, now))

    def _attempt(self, passage: Passage, now: datetime) -> None:
        raised = None
        try:
            if self._faults:
                self._faults.check(passage.target)
            spy = self._handlers.find(passage.target.arn)
            if spy is None:
                outcome = _WAYS[way_to(passage.target.arn)](self, passage, now)
            else:
                outcome: Outcome = "delivered"
                # A function that fails was still delivered to: EventBridge's part ends at the hand-over (recorded).
                raised = spy(passage.payload, LambdaContext(passage.target.arn, self._world.ids.uuid()))
        except AttemptFailed as failed:
            self._failed(passage, failed, now)
            return
        self._note(passage, outcome, now, raised=raised)
        if raised is not None and not isinstance(raised, Exception | SystemExit):
            raise raised  # Ctrl-C, or a test framework's own way of failing a test

    # the ways to a target

    def _to_service(self, passage: Passage, now: datetime) -> Outcome:
        kind = kind_of(passage.target.arn)
        if kind is None or kind.request is None or self._forwarder.nobody(kind.service):
            return "recorded"
        answer = self._forwarder.send(kind.request(self._handover(passage, now)))
        return "recorded" if answer is None else "delivered"

    def _to_bus(self, passage: Passage, now: datetime) -> Outcome:
        event, place = passage.event, passage.place
        arn = parse_arn(passage.target.arn)
        assert arn is not None and self.forward is not None
        name = arn.resource.removeprefix("event-bus/")
        away = (arn.account, arn.region) != (place.account, place.region)
        there = self._world.place(arn.account, arn.region)
        if away and name not in there.buses:
            return "recorded"  # nobody made that bus in this mock
        arriving = hop(event, place.region, arn.region, now, self._world.ids.uuid)
        self.forward(there, name, arriving)
        return "delivered"

    def _to_archive(self, passage: Passage, now: datetime) -> Outcome:
        return "archived" if keep(passage.place, passage.rule, passage.event) else "recorded"

    def _to_http(self, passage: Passage, now: datetime) -> Outcome:
        return "recorded"

    def _handover(self, passage: Passage, now: datetime) -> Handover:
        place = passage.place
        return Handover(
            passage.event,
            passage.rule,
            passage.target,
            passage.transformed,
            place.account,
            place.region,
            now,
            self._world.ids.uuid,
        )

    # what follows a failure

    def _failed(self, passage: Passage, failed: AttemptFailed, now: datetime) -> None:
        if not failed.retry:
            self._end(passage, failed, now)
            return
        verdict = next_attempt(
            policy_of(passage.target.params),
            retries=passage.retries,
            first=passage.first,
            now=now,
            chance=self._chance(),
            not_before=failed.not_before,
        )
        clock = self._world.clock
        if not isinstance(verdict, GiveUp):
            self._wait(passage, failed, now, verdict.due)
            again = replace(passage, retries=passage.retries + 1)
            clock.at(verdict.due, lambda: self._attempt(again, clock.now), "retried")
        elif verdict.due <= now:
            self._end(passage, failed, now, verdict.condition)
        else:
            self._wait(passage, failed, now, None)
            clock.at(verdict.due, partial(self._end_later, passage, failed, verdict.condition), "given_up")

    def _wait(self, passage: Passage, failed: AttemptFailed, now: datetime, due: datetime | None) -> None:
        self._journal.add(Attempt(passage.number, passage.retries + 1, now, failed.code, failed.reason, due))
        self._note(passage, "pending", now, failed)

    def _end_later(self, passage: Passage, failed: AttemptFailed, condition: str) -> None:
        self._end(passage, failed, self._world.clock.now, condition)

    def _end(self, passage: Passage, failed: AttemptFailed, now: datetime, condition: str | None = None) -> None:
        """The dead letter where there is a queue for it, else the drop."""
        self._journal.add(Attempt(passage.number, passage.retries + 1, now, failed.code, failed.reason))
        queue = dead_letters.queue_of(passage.target)
        # An empty text is no message: AWS was seen to keep nothing of it.
        if queue is None or not passage.payload:
            self._note(passage, "dropped", now, failed)
            return
        try:
            self._bury(passage, failed, now, condition, queue)
        except AttemptFailed as lost:
            reason = f"{failed.reason} The dead-letter queue {queue} failed too: {lost.code} {lost.reason}"
            self._note(passage, "dropped", now, AttemptFailed(failed.code, reason))
        else:
            self._note(passage, "dead-lettered", now, failed)

    def _bury(self, passage: Passage, failed: AttemptFailed, now: datetime, condition: str | None, queue: str) -> None:
        """Send the dead letter.

        Raises:
            AttemptFailed: the queue cannot be written; the event is lost then, as on AWS.
        """
        rule, target, body = passage.rule, passage.target, passage.payload
        written = dead_letters.attributes(rule, target, failed, passage.retries, condition)
        sent = self._send_dead_letter(queue, body, written, passage)
        self._journal.add(DeadLetter(passage.number, queue, body, written, passage.event, rule, target, now, sent))

    def _send_dead_letter(self, queue: str, body: str, written: dict[str, str], passage: Passage) -> bool:
        if self._faults:
            self._faults.check(Target("", queue, {}))
        spy = self._handlers.find(queue)
        if spy is not None:
            spy(body, LambdaContext(queue, self._world.ids.uuid()))
            return True
        if self._forwarder.nobody("sqs"):
            return False
        return self._forwarder.send(_dead_letter_request(queue, body, written, passage.event.trace_header)) is not None

    def _note(
        self,
        passage: Passage,
        outcome: Outcome,
        now: datetime,
        failed: AttemptFailed | None = None,
        raised: BaseException | None = None,
    ) -> None:
        error, reason = (None, None) if failed is None else (failed.code, failed.reason)
        self._journal.add(
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
            )
        )


def _dead_letter_request(queue: str, body: str, written: dict[str, str], trace_header: str | None) -> AwsRequest:
    arn = parse_arn(queue)
    assert arn is not None
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    params = {"QueueUrl": url, **dead_letters.message(body, written, trace_header)}
    return AwsRequest("sqs", "SendMessage", params, arn.account, arn.region)


@lru_cache(maxsize=4096)
def way_to(arn: str) -> str:
    """Which of the ways below leads to a target."""
    parsed = parse_arn(arn)
    if parsed is None:
        return "service"
    if parsed.service == "events":
        return next((way for start, way in _EVENTS_RESOURCES if parsed.resource.startswith(start)), "service")
    return "http" if parsed.service == "execute-api" else "service"


_EVENTS_RESOURCES = (("event-bus/", "bus"), ("api-destination/", "http"), ("", "archive"))

_WAYS: dict[str, Callable[[Deliverer, Passage, datetime], Outcome]] = {
    "archive": Deliverer._to_archive,
    "bus": Deliverer._to_bus,
    "http": Deliverer._to_http,
    "service": Deliverer._to_service,
}
