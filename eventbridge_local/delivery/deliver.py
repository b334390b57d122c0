"""One event to the targets of a rule that it matched: carry out what ``route`` has planned, to one outcome each.

A delivery is attempted at once, and again on the clock as long as its target's retry policy allows. ``route`` says
whether an attempt can be made at all; here the event is handed to whoever receives for the target: a connected
callable, another bus, an archive, an HTTP endpoint, another AWS service. What fails goes on in ``retries``. Nothing of
this is raised to the producer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from eventbridge_local.delivery.archives import keep
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import NotBuilt, Services
from eventbridge_local.delivery.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.delivery.journal import Journal, delivery_record
from eventbridge_local.delivery.journal_records import Delivery
from eventbridge_local.delivery.kinds import Destination, destination_of
from eventbridge_local.delivery.loops import CAUSE, Gate, crowd
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, HttpRequest, PendingDelivery, unforeseen
from eventbridge_local.delivery.retries import Failures, let_out
from eventbridge_local.delivery.route import Arrival, AttemptPlan, InputFailed, plan_attempt, with_input
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Store

if TYPE_CHECKING:
    from eventbridge_local.delivery.http.invocations import Invocations

#: A rule that an event matched, and those of its targets that are meant.
TargetsOfRule = tuple[Rule, Sequence[Target]]

_SKIPPED = "Skipped: an earlier handler ended the test run."


class Deliverer:
    """Hands events to whoever receives for a target.

    Args:
        accept: puts events on buses.
        seed: makes the delays between attempts reproducible.
        on_loop: called with a sentence about receivers whose calls feed each other over threads.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        handlers: Handlers,
        services: Services,
        invocations: Callable[[], Invocations],
        faults: Faults,
        seed: object,
        accept: Callable[[Iterable[Arrival]], object],
        on_loop: Callable[[str], None],
    ) -> None:
        self._store = store
        self._new_id = store.ids.uuid
        self._journal = journal
        self._handlers = handlers
        self._services = services
        self._invocations = invocations
        self._faults = faults
        self._accept = accept
        self._on_loop = on_loop
        #: Those of HTTP targets that no callable stands in for, by ARN.
        self._gates: dict[str, Gate] = {}
        #: Whether something receives for a service. It is asked again for each call that delivers, and each retry.
        self.received: dict[str, bool] = {}
        #: Targets whose deliveries are only recorded, as far as that is known since something was last called.
        self.only_recorded: set[Target] = set()
        self._failures = Failures(store, journal, handlers, services, faults, seed, self._retry)

    def count_recorded(self, arrival: Arrival) -> Sequence[TargetsOfRule]:
        """Count the deliveries that are no more than recorded, from the first one on. Return those that are left.

        These are the deliveries that nothing can refuse and nobody receives: what ``_attempt`` would record without
        anything else happening. Each that is left may call anything, so what comes behind it is not decided yet.
        """
        matched, known = arrival.matched, self.only_recorded
        recorded = 0
        for done, rule in enumerate(matched):
            targets = rule.targets
            for position, target in enumerate(targets):
                if target in known:
                    recorded += 1
                    continue
                if target.input is not None or not self._is_only_recorded(target):
                    arrival.recorded = recorded
                    others = [(rule, targets[position:])]
                    for other in matched[done + 1 :]:
                        others.append((other, other.targets))
                    return others
                known.add(target)
                recorded += 1
        arrival.recorded = recorded
        return ()

    def _is_only_recorded(self, target: Target) -> bool:
        """Return whether nothing can refuse a delivery to a target, and nobody receives it."""
        destination = destination_of(target)
        if not destination.takes_all or self._faults.arranged:
            return False
        if self._handlers.spies and self._handlers.find(target.arn) is not None:
            return False
        return not self._is_received(destination)

    def _is_received(self, destination: Destination) -> bool:
        """Return whether another AWS service receives for a target."""
        client = destination.client
        if client is None or destination.write is None:
            return False
        received = self.received.get(client)
        if received is None:
            received = self.received[client] = not self._services.has_no_receiver(client)
        return received

    def deliver(self, arrival: Arrival, rule: Rule, targets: Sequence[Target], now: datetime | None = None) -> None:
        """Deliver an event to targets of a rule that it matched.

        Args:
            now: the instant, as long as nothing was called since then; None asks the clock.
        """
        scope, event = arrival.scope, arrival.event
        for position, target in enumerate(targets, 1):
            if self._store.ended:
                return
            at, now = now or self._store.clock.now, None
            number = self._journal.next_delivery()
            try:
                self._begin(PendingDelivery(number, event, rule, target, scope.account, scope.region, at, at))
            except BaseException:  # only what ends a test run comes here
                self._skip(event, rule, targets[position:])
                raise
        self.only_recorded.clear()  # what was called may have connected a handler, or made a target fail

    def skip(self, event: Event, others: Iterable[TargetsOfRule]) -> None:
        """Write down that deliveries were skipped: Ctrl-C, or a test that failed inside a handler, ended the round."""
        for rule, targets in others:
            self._skip(event, rule, targets)

    def _skip(self, event: Event, rule: Rule, targets: Iterable[Target]) -> None:
        if self._store.ended:
            return
        now = self._store.clock.now
        for target in targets:
            number = self._journal.next_delivery()
            self._journal.add(Delivery(number, event, rule, target, None, "dropped", now, 0, "INTERRUPTED", _SKIPPED))

    def _begin(self, pending: PendingDelivery) -> None:
        """Make the input of the target, and the first attempt."""
        destination = destination_of(pending.target)
        if destination.way == "archive":
            # Before any transformation: an archive keeps the event, whatever its managed target spells.
            keep(self._store.scope(pending.account, pending.region), pending.rule, pending.event)
            self._journal.add(delivery_record(pending, "archived", pending.at))
            return
        if pending.target.input is not None:
            try:
                pending = with_input(pending)
            except InputFailed as failed:
                self._failures.end(failed.pending, failed.failed)
                return
        if destination.way == "http":
            self._in_turn(pending, destination)
        else:
            self._attempt(pending, destination)

    def _retry(self, pending: PendingDelivery) -> None:
        """Make the next attempt, which is due now."""
        self.received.clear()
        self._in_turn(pending._replace(at=self._store.clock.now), destination_of(pending.target))

    def _in_turn(self, pending: PendingDelivery, destination: Destination) -> None:
        """Make an attempt now, or when the rate limit of an API destination lets it go."""
        turn = self._invocations().turn(pending) if destination.way == "http" else pending.at
        if turn > pending.at:
            self._failures.wait(pending, turn, partial(self._attempt_in_turn, pending))
        else:
            self._attempt(pending, destination)

    def _attempt_in_turn(self, pending: PendingDelivery) -> None:
        """Make the attempt whose turn has come."""
        self.received.clear()
        self._attempt(pending._replace(at=self._store.clock.now), destination_of(pending.target))

    def _attempt(self, pending: PendingDelivery, destination: Destination) -> None:
        """Carry out the plan of an attempt, and write down how the delivery stands then."""
        spy = self._handlers.find(pending.target.arn) if self._handlers.spies else None
        strike = self._faults.strike if self._faults.arranged else None
        try:
            plan = plan_attempt(self._store, pending, destination, strike, self._new_id, spy is not None)
            if plan.refusal is not None:
                raise plan.refusal
            if spy is None and destination.way != "http":
                ended = _SEND[destination.way](self, pending, destination, plan, spy)
            else:
                ended = self._through_gate(pending, destination, plan, spy)
        except AttemptFailed as failed:
            self._failures.follow(pending, failed)
        except BaseException as broken:  # of whoever gives tokens, or a mistake of ours: the event must not be lost
            self._failures.end(pending, unforeseen(broken), broken)
            let_out(broken)
        else:
            if not self._store.ended:
                self._journal.add(ended)
            if ended.raised is not None:
                let_out(ended.raised)

    def _through_gate(
        self, pending: PendingDelivery, destination: Destination, plan: AttemptPlan, spy: TargetSpy | None
    ) -> Delivery:
        """Call a receiver that may put events in turn, unless too many of its calls are open."""
        gate = self._gates.setdefault(pending.target.arn, Gate()) if spy is None else spy.gate
        may = gate.enter(partial(self._attempt, pending, destination))
        if may is False:
            return delivery_record(pending, "pending", pending.at)
        if may is None:
            loop = crowd(pending.rule, pending.target.arn)
            self._on_loop(loop)
            return delivery_record(pending, "dropped", pending.at, AttemptFailed("LOOP", loop))
        work = CAUSE.get()
        if work is not None:
            work.receiver = pending.target.arn if spy is None else spy.target
        try:
            return _SEND[destination.way](self, pending, destination, plan, spy)
        finally:
            gate.leave()

    # the ways to a target

    def _to_callable(self, pending: PendingDelivery, spy: TargetSpy) -> Delivery:
        # A function that fails was still delivered to: EventBridge's part ends there (facts 7.5).
        context = LambdaContext(pending.target.arn, self._store.ids.uuid(), pending.event.trace_header)
        result, raised = spy.call(pending.payload, context)
        return delivery_record(pending, "delivered", pending.at, raised=raised, result=result)

    def _to_service(
        self, pending: PendingDelivery, destination: Destination, plan: AttemptPlan, spy: TargetSpy | None
    ) -> Delivery:
        if spy is not None:
            return self._to_callable(pending, spy)
        request = plan.request
        if not self._is_received(destination):
            return delivery_record(pending, "recorded", pending.at, sent=request)
        assert destination.write is not None
        request = destination.write(pending) if request is None else request
        assert isinstance(request, AwsRequest)
        try:
            sent = self._services.send(request) is not None
        except NotBuilt as lacking:
            return delivery_record(pending, "recorded", pending.at, sent=request)._replace(reason=lacking.reason)
        return delivery_record(pending, "delivered" if sent else "recorded", pending.at, sent=request)

    def _to_bus(
        self, pending: PendingDelivery, destination: Destination, plan: AttemptPlan, spy: TargetSpy | None
    ) -> Delivery:
        if spy is not None:
            return self._to_callable(pending, spy)
        if plan.onward is None:  # that bus was not made in this mock
            return delivery_record(pending, "recorded", pending.at)
        account, region, bus, event = plan.onward
        self._accept([Arrival(self._store.scope(account, region), bus, event)])
        return delivery_record(pending, "delivered", pending.at)

    def _to_http(
        self, pending: PendingDelivery, destination: Destination, plan: AttemptPlan, spy: TargetSpy | None
    ) -> Delivery:
        request = self._invocations().request(pending) if plan.request is None else plan.request
        assert isinstance(request, HttpRequest)
        try:
            outcome, result = self._invocations().exchange(request, pending, spy)
        except AttemptFailed:
            raise
        except BaseException as raised:  # of the callable that stands in for the endpoint
            return delivery_record(pending, "delivered", pending.at, raised=raised, sent=request)
        return delivery_record(pending, outcome, pending.at, sent=request, result=result)


_SEND: dict[str, Callable[[Deliverer, PendingDelivery, Destination, AttemptPlan, TargetSpy | None], Delivery]] = {
    "api": Deliverer._to_service,
    "bus": Deliverer._to_bus,
    "http": Deliverer._to_http,
}
