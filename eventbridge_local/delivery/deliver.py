"""One event to one target: make the payload, hand it over, and see it through to one outcome.

Strategy: a delivery is one frozen ``Passage`` that is attempted at once, and again on the clock as long as the target's
retry policy allows. An attempt asks in order: has the test arranged a failure, has it connected a callable, what does
the kind of target do (a bus, an archive, an HTTP endpoint, another AWS service). What fails is raised as
``AttemptFailed``, and ``failures`` sees to what follows. Nothing of this is raised to the producer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from eventbridge_local.delivery.archives import keep
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import Forwarder
from eventbridge_local.delivery.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.delivery.http.invocations import Invocations
from eventbridge_local.delivery.journal import Delivery, Journal, Logbook, Outcome, Passage
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.delivery.kinds.base import Way
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, Handover, HttpRequest, unforeseen
from eventbridge_local.delivery.retries import Failures, let_out
from eventbridge_local.delivery.route import hop
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.policies.statements import may_put
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

_ENDED = "A handler before it ended the test run, so this target was not come to."


#: Puts an event on the bus of that name in a place.
Forward = Callable[[Scope, str, Event], None]


class Deliverer:
    """Hands events over to whoever stands behind a target."""

    def __init__(
        self,
        store: Store,
        journal: Journal,
        handlers: Handlers,
        forwarder: Forwarder,
        invocations: Invocations,
        faults: Faults,
        seed: object,
    ) -> None:
        self._world = store
        self._invocations = invocations
        self._logbook = Logbook(journal, store)
        self._handlers = handlers
        self._forwarder = forwarder
        self._faults = faults
        self._failures = Failures(store, self._logbook, handlers, forwarder, faults, seed, self._retry)
        self._unserved: dict[str, bool] = {}
        self.forward: Forward | None = None

    @property
    def ended(self) -> bool:
        """Whether the mock was reset, so that nothing is delivered any more."""
        return self._world.ended

    def look_around(self) -> None:
        """Ask anew who serves which service; it stays true while one event is routed."""
        self._unserved.clear()

    def deliver_all(self, scope: Scope, event: Event, rule: Rule) -> None:
        """Hand an event to every target of a rule that it matched."""
        now = self._world.clock.now
        undisturbed = not self._faults and not self._handlers
        for number_of, target in enumerate(rule.targets, 1):
            if self.ended:
                return
            if undisturbed and target.input is None and self._is_only_recorded(target.arn):
                # The short way for most targets of most tests: nobody is there, so nothing has to be made.
                number = self._logbook.next_delivery()
                self._logbook.add(Delivery(number, event, rule, target, None, "recorded", now))
                continue
            try:
                self._deliver(scope, event, rule, target)
            except BaseException:
                self._abandon(event, rule, rule.targets[number_of:])
                raise

    def abandon(self, event: Event, rules: Iterable[Rule]) -> None:
        """Write down that rules were not come to: Ctrl-C, or a test that failed inside a handler, ended the round."""
        for rule in rules:
            self._abandon(event, rule, rule.targets)

    def _abandon(self, event: Event, rule: Rule, targets: Iterable[Target]) -> None:
        now = self._world.clock.now
        for target in targets:
            number = self._logbook.next_delivery()
            self._logbook.add(Delivery(number, event, rule, target, None, "dropped", now, 0, "INTERRUPTED", _ENDED))

    def _is_only_recorded(self, arn: str) -> bool:
        kind = kind_of(arn)
        return kind is None or (kind.way == "api" and (kind.client is None or self._nobody(kind.client)))

    def _nobody(self, service: str) -> bool:
        known = self._unserved.get(service)
        if known is None:
            known = self._unserved[service] = self._forwarder.nobody(service)
        return known

    def _deliver(self, scope: Scope, event: Event, rule: Rule, target: Target) -> None:
        """Begin the passage of an event to a target, and end it too unless it has to wait."""
        now = self._world.clock.now
        untouched = Passage(self._logbook.next_delivery(), scope, event, rule, target, None, now)
        if way_to(target.arn) == "archive":
            # Before any transformation: an archive keeps the event, whatever its managed target spells.
            keep(scope, rule, event)
            self._logbook.outcome(untouched, "archived", now)
            return
        try:
            passage = replace(untouched, transformed=self._transformed(event, rule, target, now))
        except InvalidResult as invalid:
            # AWS neither retries nor delivers it (recorded).
            failed = AttemptFailed("INVALID_JSON", "Invalid input for target.")
            self._failures.end(replace(untouched, transformed=invalid.text), failed, now)
        except RecursionError as broken:  # a detail with more levels than Python's parser takes
            self._failures.end(untouched, unforeseen(broken), now)
        else:
            self._begin(passage, now)

    def _begin(self, passage: Passage, now: datetime) -> None:
        """An attempt, at once or when the rate limit of an API destination lets it go."""
        if way_to(passage.target.arn) == "http":
            turn = self._invocations.turn(self._handover(passage, now), passage.scope)
            if turn > now:
                self._failures.wait(passage, turn, partial(self._go, passage), now)
                return
        self._attempt(passage, now)

    def _go(self, passage: Passage) -> None:
        """The attempt of a passage whose turn has come."""
        self.look_around()
        self._attempt(passage, self._world.clock.now)

    def _retry(self, passage: Passage) -> None:
        """The attempt that a back-off has let wait; it takes a turn as the first did."""
        self.look_around()
        self._begin(passage, self._world.clock.now)

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
            self._failures.follow(passage, failed, now)
        except BaseException as broken:  # of whoever gives tokens, or a mistake of ours: the event must not be lost
            self._failures.end(passage, unforeseen(broken), now, broken)
            let_out(broken)
        else:
            self._logbook.outcome(passage, arrival.outcome, now, raised=arrival.raised, sent=arrival.sent)
            let_out(arrival.raised)

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
        event, scope = passage.event, passage.scope
        arn = parse_arn(passage.target.arn)
        assert arn is not None and self.forward is not None
        name = arn.resource.removeprefix("event-bus/")
        away = (arn.account, arn.region) != (scope.account, scope.region)
        there = self._world.scope(arn.account, arn.region)
        if away and name not in there.buses:
            return _Arrival("recorded")  # nobody made that bus in this mock
        if away and not may_put(
            self._world, passage.rule.created_by, passage.target.arn, event, by_rule=True, rule_arn=passage.rule.arn
        ):
            raise AttemptFailed("NO_PERMISSIONS", _NOT_PERMITTED.format(arn=passage.target.arn))
        arriving = hop(event, scope.region, arn.region, now, self._world.ids.uuid)
        self.forward(there, name, arriving)
        return _Arrival("delivered")

    def _to_http(self, passage: Passage, spy: TargetSpy | None, now: datetime) -> _Arrival:
        handover = self._handover(passage, now)
        request = self._invocations.request(handover, passage.scope)
        try:
            return _Arrival(self._invocations.exchange(request, handover, passage.scope, spy), sent=request)
        except AttemptFailed:
            raise
        except BaseException as raised:  # of the callable that stands in for the endpoint
            return _Arrival("delivered", raised, request)

    def _handover(self, passage: Passage, now: datetime) -> Handover:
        scope = passage.scope
        return Handover(
            passage.event,
            passage.rule,
            passage.target,
            passage.transformed,
            scope.account,
            scope.region,
            now,
            self._world.ids.uuid,
        )


def way_to(arn: str) -> Way:
    """Who takes an event for a target; what has no kind can only be recorded."""
    kind = kind_of(arn)
    return "api" if kind is None else kind.way


_WAYS: dict[Way, Callable[[Deliverer, Passage, TargetSpy | None, datetime], _Arrival]] = {
    "api": Deliverer._to_service,
    "bus": Deliverer._to_bus,
    "http": Deliverer._to_http,
}
