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
from functools import partial

from eventbridge_local.bus import dead_letters
from eventbridge_local.bus.archives import keep
from eventbridge_local.bus.hops import hop
from eventbridge_local.bus.journal import Attempt, DeadLetter, Delivery, Journal, Outcome
from eventbridge_local.bus.retries import GiveUp, next_attempt, policy_of
from eventbridge_local.core.arn import parse_arn
from eventbridge_local.core.event import Event
from eventbridge_local.state.policies import may_put
from eventbridge_local.state.records import Rule, Target
from eventbridge_local.state.world import Place, World
from eventbridge_local.targets.faults import Faults
from eventbridge_local.targets.forward import Forwarder
from eventbridge_local.targets.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover, HttpRequest
from eventbridge_local.targets.http import Invocations
from eventbridge_local.targets.kinds import kind_of
from eventbridge_local.targets.kinds.kind import Way
from eventbridge_local.transforms import InputContext, InvalidResult


@dataclass(frozen=True, slots=True)
class _Arrival:
    """How an attempt ended that did not fail: what a connected callable raised, and the request that was made."""

    outcome: Outcome
    raised: BaseException | None = None
    sent: AwsRequest | HttpRequest | None = None


#: The sentence is the one captured for SQS; nobody recorded it for a bus.
_NOT_PERMITTED = (
    "User: events.amazonaws.com is not authorized to perform: events:PutEvents on resource: {arn} "
    "because no resource-based policy allows the events:PutEvents action"
)

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
        self,
        world: World,
        journal: Journal,
        handlers: Handlers,
        forwarder: Forwarder,
        invocations: Invocations,
        faults: Faults,
        seed: object,
    ) -> None:
        self._world = world
        self._invocations = invocations
        self._journal = journal
        self._handlers = handlers
        self._forwarder = forwarder
        self._faults = faults
        self._chance = random.Random(f"back-off {seed}").random if seed is not None else random.Random().random
        self._unserved: dict[str, bool] = {}
        self.forward: Forward | None = None

    def look_around(self) -> None:
        """Ask anew who serves which service; it stays true while one event is routed."""
        self._unserved.clear()

    def deliver_all(self, place: Place, event: Event, rule: Rule) -> None:
        """Hand an event to every target of a rule that it matched."""
        now = self._world.clock.now
        undisturbed = not self._faults and not self._handlers
        for target in rule.targets:
            if undisturbed and target.input is None and self._is_only_recorded(target.arn):
                # The short way for most targets of most tests: nobody is there, so nothing has to be made.
                number = self._journal.next_delivery()
                self._journal.add(Delivery(number, event, rule, target, None, "recorded", now))
            else:
                self._deliver(place, event, rule, target)

    def _is_only_recorded(self, arn: str) -> bool:
        kind = kind_of(arn)
        return kind is None or (kind.way == "api" and (kind.client is None or self._nobody(kind.client)))

    def _nobody(self, service: str) -> bool:
        known = self._unserved.get(service)
        if known is None:
            known = self._unserved[service] = self._forwarder.nobody(service)
        return known

    def _deliver(self, place: Place, event: Event, rule: Rule, target: Target) -> None:
        """Begin the passage of an event to a target, and end it too unless it has to wait."""
        number, now = self._journal.next_delivery(), self._world.clock.now
        if way_to(target.arn) == "archive":
            # Before any transformation: an archive keeps the event, whatever its managed target spells.
            keep(place, rule, event)
            self._note(Passage(number, place, event, rule, target, None, now), "archived", now)
            return
        try:
            transformed = self._transformed(event, rule, target, now)
        except InvalidResult as invalid:
            # AWS neither retries nor delivers it (recorded).
            passage = Passage(number, place, event, rule, target, invalid.text, now)
            self._end(passage, AttemptFailed("INVALID_JSON", "Invalid input for target."), now)
        else:
            self._begin(Passage(number, place, event, rule, target, transformed, now), now)

    def _begin(self, passage: Passage, now: datetime) -> None:
        """The first attempt, at once or when the rate limit of an API destination lets it go."""
        if way_to(passage.target.arn) == "http":
            turn = self._invocations.turn(self._handover(passage, now), passage.place)
            if turn > now:
                self._note(passage, "pending", now)
                self._world.clock.at(turn, lambda: self._retry(passage), "retried")
                return
        self._attempt(passage, now)

    def _transformed(self, event: Event, rule: Rule, target: Target, now: datetime) -> str | None:
        """What the target's input makes of an event, None when the target takes the event as it is.

        Raises:
            InvalidResult: the transformer made something that is not JSON.
        """
        if target.input is None:
            return None
        return target.input.payload(event.text, event.envelope, InputContext(rule.arn, rule.name, now))

    def _attempt(self, passage: Passage, now: datetime) -> None:
        try:
            if self._faults:
                self._faults.check(passage.target)
            spy = self._handlers.find(passage.target.arn)
            arrival = _WAYS[way_to(passage.target.arn)](self, passage, spy, now)
        except AttemptFailed as failed:
            self._failed(passage, failed, now)
            return
        self._note(passage, arrival.outcome, now, raised=arrival.raised, sent=arrival.sent)
        if arrival.raised is not None and not isinstance(arrival.raised, Exception | SystemExit):
            raise arrival.raised  # Ctrl-C, or a test framework's own way of failing a test

    # the ways to a target

    def _to_callable(self, passage: Passage, spy: TargetSpy) -> _Arrival:
        # A function that fails was still delivered to: EventBridge's part ends at the hand-over (recorded).
        return _Arrival(
            "delivered",
            spy(passage.payload, LambdaContext(passage.target.arn, self._world.ids.uuid(), passage.event.trace_header)),
        )

    def _to_service(self, passage: Passage, spy: TargetSpy | None, now: datetime) -> _Arrival:
        if spy is not None:
            return self._to_callable(passage, spy)
        kind = kind_of(passage.target.arn)
        if kind is None or kind.client is None or kind.request is None:
            return _Arrival("recorded")
        # Written also where nobody is there to get it: an event that makes no valid request fails on AWS.
        request = kind.request(self._handover(passage, now))
        sent = not self._nobody(kind.client) and self._forwarder.send(request) is not None
        return _Arrival("delivered" if sent else "recorded", sent=request)

    def _to_bus(self, passage: Passage, spy: TargetSpy | None, now: datetime) -> _Arrival:
        if spy is not None:
            return self._to_callable(passage, spy)
        event, place = passage.event, passage.place
        arn = parse_arn(passage.target.arn)
        assert arn is not None and self.forward is not None
        name = arn.resource.removeprefix("event-bus/")
        away = (arn.account, arn.region) != (place.account, place.region)
        there = self._world.place(arn.account, arn.region)
        if away and name not in there.buses:
            return _Arrival("recorded")  # nobody made that bus in this mock
        if away and not may_put(
            self._world, passage.rule.created_by, passage.target.arn, event, by_rule=True, rule_arn=passage.rule.arn
        ):
            raise AttemptFailed("NO_PERMISSIONS", _NOT_PERMITTED.format(arn=passage.target.arn))
        arriving = hop(event, place.region, arn.region, now, self._world.ids.uuid)
        self.forward(there, name, arriving)
        return _Arrival("delivered")

    def _to_http(self, passage: Passage, spy: TargetSpy | None, now: datetime) -> _Arrival:
        handover = self._handover(passage, now)
        request = self._invocations.request(handover, passage.place)
        try:
            return _Arrival(self._invocations.exchange(request, handover, passage.place, spy), sent=request)
        except AttemptFailed:
            raise
        except BaseException as raised:  # of the callable that stands in for the endpoint
            return _Arrival("delivered", raised, request)

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
            clock.at(verdict.due, lambda: self._retry(again), "retried")
        elif verdict.due <= now:
            self._end(passage, failed, now, verdict.condition)
        else:
            self._wait(passage, failed, now, None)
            clock.at(verdict.due, partial(self._end_later, passage, failed, verdict.condition), "given_up")

    def _retry(self, passage: Passage) -> None:
        self.look_around()
        self._attempt(passage, self._world.clock.now)

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
        if self._nobody("sqs"):
            return False
        return self._forwarder.send(_dead_letter_request(queue, body, written, passage.event.trace_header)) is not None

    def _note(
        self,
        passage: Passage,
        outcome: Outcome,
        now: datetime,
        failed: AttemptFailed | None = None,
        raised: BaseException | None = None,
        sent: AwsRequest | HttpRequest | None = None,
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
                sent,
            )
        )


def _dead_letter_request(queue: str, body: str, written: dict[str, str], trace_header: str | None) -> AwsRequest:
    arn = parse_arn(queue)
    assert arn is not None
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    params = {"QueueUrl": url, **dead_letters.message(body, written, trace_header)}
    return AwsRequest("sqs", "SendMessage", params, arn.account, arn.region)


def way_to(arn: str) -> Way:
    """Who takes an event for a target; what has no kind can only be recorded."""
    kind = kind_of(arn)
    return "api" if kind is None else kind.way


_WAYS: dict[Way, Callable[[Deliverer, Passage, TargetSpy | None, datetime], _Arrival]] = {
    "api": Deliverer._to_service,
    "bus": Deliverer._to_bus,
    "http": Deliverer._to_http,
}
