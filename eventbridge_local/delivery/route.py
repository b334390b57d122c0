"""What becomes of an event on a bus: which rules match, and what each of their targets would get or why it fails.

Strategy: everything that decides stands here, and nothing here changes anything. The engine asks for the plan of one
bus, the deliverer for the plan of each attempt, and both carry it out; ``eb.route`` and ``eb.explain``
ask for the plan of the whole way and print it. So what is explained is what happens.

A plan is made of what stands in the store at that moment. It takes no id and no random number of the mock, and uses no
arranged failure up: whoever carries it out hands in what takes them (``strike``, ``new_id``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

from eventbridge_local import transforms
from eventbridge_local.advice import suggest
from eventbridge_local.delivery.faults import Faults, Forecast
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.kinds import Destination, destination_of
from eventbridge_local.delivery.pending import (
    AttemptFailed,
    AwsRequest,
    HttpRequest,
    PendingDelivery,
    dead_letter_queue,
    retry_policy,
    unforeseen,
)
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.event import Event, changed
from eventbridge_local.model.records import USABLE, Rule, Target
from eventbridge_local.model.store import Scope, Store

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.rare_records import ApiDestination, Connection
    from eventbridge_local.policies.statements import Effect

#: Captured for every refusal of a bus that is a target, also in one account.
_NOT_PERMITTED = "Lack of permissions to invoke cross account target."
#: How the sentence begins that says that an event came to a bus that does not exist.
NO_BUS = "there is no event bus"
#: The code and the words for each kind of hop that was made before (captured).
_HOP_TWICE = {
    "local": (
        "THIRD_ACCOUNT_HOP_DETECTED",
        "Event ingestion rejected for event {id} because an event can be sent to an event bus target only once. "
        "This event was previously delivered to an event bus target.",
    ),
    "regional": ("THIRD_REGION_HOP_DETECTED", "Unknown exception."),
}

#: Says how an arranged failure makes an attempt to reach a target fail; None when it lets it pass.
Strike = Callable[[Target], AttemptFailed | None]
NewId = Callable[[], str]


class Arrival:
    """An event that comes to the bus of that name in a scope, and what became of it there.

    It is the one record of this: the engine fills it in, and the journal keeps it and makes ``Routing`` and
    ``Delivery`` of it when somebody looks.

    Attributes:
        only: the ARNs of the rules that may see it, None for all (replays).
        fired: the rule whose schedule made it; that rule's targets get it whatever its pattern says.
        rules: all rules of the bus at that moment; None before.
        matched: those of them whose targets get the event, in order.
        trouble: why none could match at all, None when one could.
        recorded: how many deliveries from the first one on, in order, are no more than recorded, because nobody
            receives them.
        first: the number of the first of them.
        at: their instant.
    """

    __slots__ = ("at", "bus", "event", "fired", "first", "matched", "only", "recorded", "rules", "scope", "trouble")

    def __init__(
        self, scope: Scope, bus: str, event: Event, only: frozenset[str] | None = None, fired: str | None = None
    ) -> None:
        self.scope = scope
        self.bus = bus
        self.event = event
        self.only = only
        self.fired = fired
        self.rules: tuple[Rule, ...] | None = None
        self.matched: tuple[Rule, ...] = ()
        self.trouble: str | None = None
        self.recorded = 0
        self.first = 0
        self.at: datetime | None = None


#: Members of an entry that its event has as they were given.
IN_EVENT: Mapping[str, Callable[[Event], str]] = {
    "Source": attrgetter("source"),
    "DetailType": attrgetter("detail_type"),
    "Detail": attrgetter("detail_text"),
}
#: Names of the members of entries, in a tuple that all entries of the same members share.
_NAMES: dict[tuple[str, ...], tuple[tuple[str, ...]]] = {}


class PutArrival(Arrival):
    """An event that comes to a bus by PutEvents, with what the journal has on its entry.

    Attributes:
        number: that of the entry among all entries of this mock, from 1; the journal gives it.
        caller: the account and Region that it was put in.
        given: the names of the members of the entry, and the values that the event does not have.
        put_at: the instant, aware and in UTC.
    """

    __slots__ = ("caller", "given", "number", "put_at")

    def __init__(
        self, scope: Scope, bus: str, event: Event, caller: Scope, entry: Mapping[str, Any], put_at: datetime
    ) -> None:
        # All of it, because to call the method above takes a third of the time that this takes.
        self.scope = scope
        self.bus = bus
        self.event = event
        self.only = None
        self.fired = None
        self.rules = None
        self.matched = ()
        self.trouble = None
        self.recorded = 0
        self.first = 0
        self.at = None
        self.number = 0
        self.caller = caller
        self.put_at = put_at
        names = tuple(entry)
        given: tuple[Any, ...] = _NAMES.get(names) or _NAMES.setdefault(names, (names,))
        if len(names) > len(IN_EVENT):  # the three are required
            given = (*given, *[entry[name] for name in names if name not in IN_EVENT])
        self.given = given


class RefusedEntry:
    """An entry of PutEvents that became no event; attributes as those of ``PutArrival``, and the refusal.

    Attributes:
        position: where it stood in the request, from 0.
        arranged: whether the test made it fail.
    """

    __slots__ = ("arranged", "bus", "caller", "entry", "number", "position", "put_at", "refusal")

    def __init__(
        self,
        bus: str,
        caller: Scope,
        entry: Mapping[str, Any],
        put_at: datetime,
        refusal: ServiceError,
        position: int,
        arranged: bool = False,
    ) -> None:
        self.position = position
        self.arranged = arranged
        self.number = 0
        self.bus = bus
        self.caller = caller
        self.entry = entry
        self.put_at = put_at
        self.refusal = refusal


class Plan(NamedTuple):
    """What one bus makes of an event.

    Attributes:
        rules: all rules of the bus at this moment.
        matched: those of them whose targets get the event, in order.
        trouble: why none could match at all, None when one could.
    """

    rules: tuple[Rule, ...] = ()
    matched: tuple[Rule, ...] = ()
    trouble: str | None = None


class Onward(NamedTuple):
    """An event that goes on to another bus, which may not exist."""

    account: str
    region: str
    bus: str
    event: Event


class AttemptPlan(NamedTuple):
    """What one attempt to reach a target comes to: a failure before anything is sent, or what is sent.

    Attributes:
        refusal: why it fails, None when it does not.
        request: the request, where it had to be written to know that it is valid.
        onward: where the event goes on to, for a target that is another bus.
        nowhere: True for a bus of the sender's own account in another Region that was not made in this mock.
    """

    refusal: AttemptFailed | None = None
    request: AwsRequest | HttpRequest | None = None
    onward: Onward | None = None
    nowhere: bool = False


_tuple = tuple.__new__  # makes a named tuple in half the time


def plan(arrival: Arrival) -> Plan:
    """Return what a bus makes of an event."""
    scope, name, only, fired = arrival.scope, arrival.bus, arrival.only, arrival.fired
    bus = scope.buses.get(name)
    if bus is None:
        advice = suggest(name, sorted(scope.buses), 5)
        return Plan(trouble=f"{NO_BUS} {name!r} in {scope.region} of account {scope.account}{advice}")
    rules, matched = bus.match(arrival.event)
    if only is not None:
        matched = tuple(rule for rule in matched if rule.arn in only)
    if fired is not None and fired in bus.rules and bus.rules[fired] not in matched:
        matched = (bus.rules[fired], *matched)
    return _tuple(Plan, (rules, matched, None))


def with_input(pending: PendingDelivery) -> PendingDelivery:
    """Return the delivery with what its target's input makes of the event.

    Raises:
        InputFailed: the input transformer makes something that is not JSON. AWS neither retries nor delivers it
            (facts 6.6).
    """
    event, rule, target = pending.event, pending.rule, pending.target
    if target.input is None:
        return pending
    try:
        text, envelope = event.read()
        context = transforms.InputContext(rule.arn, rule.name, pending.at)
        return pending._replace(transformed=target.input.payload(text, envelope, context))
    except transforms.InvalidResult as invalid:
        failed = AttemptFailed("INVALID_JSON", "Invalid input for target.")
        raise InputFailed(pending._replace(transformed=invalid.text), failed) from None
    except transforms.TooLarge:
        raise InputFailed(pending, AttemptFailed("INVALID_PARAMETER", "Input for target is too large.")) from None
    except RecursionError as broken:  # a detail with more levels than Python's parser takes
        raise InputFailed(pending, unforeseen(broken)) from None


class InputFailed(Exception):
    """A target's input makes nothing that could be sent.

    Args:
        pending: the delivery, with the text that was made.
        failed: how its only attempt fails.
    """

    def __init__(self, pending: PendingDelivery, failed: AttemptFailed) -> None:
        super().__init__(pending, failed)
        self.pending = pending
        self.failed = failed


def plan_attempt(
    store: Store,
    pending: PendingDelivery,
    destination: Destination,
    strike: Strike | None,
    new_id: NewId,
    connected: bool,
) -> AttemptPlan:
    """Return what an attempt to reach a target comes to.

    Args:
        destination: what depends on the target alone.
        strike: asked first; None where no failure is arranged.
        new_id: gives an event its new id when it goes on to another Region.
        connected: whether a callable stands in for the target.
    """
    if strike is None and destination.takes_all:
        return _PASSES
    try:
        if strike is not None and (struck := strike(pending.target)) is not None:
            return AttemptPlan(struck)
        if destination.unsupported:
            return AttemptPlan(AttemptFailed("INVALID_PARAMETER", destination.unsupported))
        if destination.written:
            assert destination.write is not None
            return AttemptPlan(request=destination.write(pending))
        if destination.way == "bus" and not connected:
            return _onward(store, pending, destination, new_id)
        if destination.way == "http":
            from eventbridge_local.delivery.http.requests import check_http_parameters  # few tests have such a target

            if destination.arn.service == "events":
                usable_destination(store, pending)
            check_http_parameters(pending)
        return _PASSES
    except AttemptFailed as failed:
        return AttemptPlan(failed)
    except RecursionError as broken:
        return AttemptPlan(unforeseen(broken))


_PASSES = AttemptPlan()


# from bus to bus


def _onward(store: Store, pending: PendingDelivery, destination: Destination, new_id: NewId) -> AttemptPlan:
    """Return the way of an event to a bus that is a target.

    Who sends it is the account that made the rule. A bus of that account which does not exist takes the event, and it
    is gone; one of another account refuses it as if it were there (captured).

    Raises:
        AttemptFailed: it has made a hop of this kind already, or the policy of the bus does not let it in.
    """
    arn, event, rule = destination.arn, pending.event, pending.rule
    name, sender = arn.resource.removeprefix("event-bus/"), rule.created_by
    arriving = hop(event, pending.region, arn.region, pending.at, new_id)
    missing = name != "default" and store.known_bus(arn.account, arn.region, name) is None
    if missing and arn.account == sender:
        if arn.region != pending.region:
            return AttemptPlan(nowhere=True)
    elif permission_to_put(store, sender, pending.target.arn, event, rule) != "Allow":
        raise AttemptFailed("NO_PERMISSIONS", _NOT_PERMITTED)
    return AttemptPlan(onward=Onward(arn.account, arn.region, name, arriving))


def hop(event: Event, from_region: str, to_region: str, now: datetime, new_id: NewId) -> Event:
    """Return an event as it arrives at another bus.

    Within a Region it keeps its id and time; over Regions it gets new ones. Account and Region stay those of the
    producer either way. An event makes one hop of each kind (facts 7.6).

    Raises:
        AttemptFailed: it has made a hop of this kind already.
    """
    kind = "local" if from_region == to_region else "regional"
    if kind in event.hops:
        code, words = _HOP_TWICE[kind]
        raise AttemptFailed(code, words.format(id=event.id))
    hops = (*event.hops, kind)
    if kind == "local":
        return changed(event, hops=hops)
    return changed(event, hops=hops, id=new_id(), time=now)


class Content(NamedTuple):
    """What a policy may ask about an event, for an entry that makes none."""

    source: str
    detail_type: str
    tree: Mapping[str, Any]


def permission_to_put(
    store: Store, caller: str, bus_arn: str, event: Event | Content, rule: Rule | None = None
) -> Effect | None:
    """Return what the policy of a bus says to an event that an account puts on it; None when it says nothing.

    Args:
        caller: the account that calls PutEvents, or that made the rule.
        rule: the rule whose target the bus is; None for PutEvents.
    """
    arn = parse_arn(bus_arn)
    if arn is None:
        return None
    name = arn.resource.removeprefix("event-bus/")
    bus = store.known_bus(arn.account, arn.region, name)
    if bus is None and name != "default" and rule is None:
        return "Allow"  # a bus that was not made here is outside of the mock: it takes everything
    if bus is None or bus.record.policy is None:
        return "Allow" if arn.account == caller else None
    # Late, because few tests have a bus with a policy.
    from eventbridge_local.policies.statements import caller_context, effect_of_put

    context = caller_context(caller, arn.region, store.organization, store.clock.now)
    context["events:eventBusInvocation"] = "false" if rule is None else "true"
    if rule is not None:
        source = parse_arn(rule.arn)
        context |= {"aws:SourceAccount": caller if source is None else source.account, "aws:SourceArn": rule.arn}
    return effect_of_put(
        bus.record.policy,
        caller_account=caller,
        bus_arn=bus_arn,
        source=event.source,
        detail_type=event.detail_type,
        detail=event.tree,
        context=context,
    )


# API destinations


def api_destination_of(store: Store, pending: PendingDelivery) -> ApiDestination | None:
    """Return the API destination that a target names. One that was deleted and made anew has another ARN."""
    parts = pending.arn.resource.split("/")
    scope = store.known_scope(pending.account, pending.region)
    if scope is None or parts[0] != "api-destination" or len(parts) < 2:
        return None
    found = scope.api_destinations.get(parts[1])
    return found if found is not None and found.arn == pending.target.arn else None


def usable_destination(store: Store, pending: PendingDelivery) -> tuple[ApiDestination, Connection]:
    """Return the API destination of a target, with its connection, when it may be invoked.

    Raises:
        AttemptFailed: NO_RESOURCE where the destination or its connection is gone, SDK_CLIENT_ERROR where the
            connection is not authorized. What AWS does then is not recorded (judgement): an authorization under way
            is waited for, and anything else is final.
    """
    destination = api_destination_of(store, pending)
    if destination is None:
        raise AttemptFailed("NO_RESOURCE", f"API destination {pending.target.arn} does not exist.")
    connection = store.scope(pending.account, pending.region).connection(destination.connection_arn)
    if connection is None:
        deleted = destination.connection_arn or f"of API destination {destination.name}"
        raise AttemptFailed("NO_RESOURCE", f"Connection {deleted} does not exist.")
    if connection.state not in USABLE:
        # While its connection is about to lose its parameters or to be deleted, a destination is ACTIVE.
        state = "ACTIVE without credentials" if destination.active else "INACTIVE"
        raise AttemptFailed(
            "SDK_CLIENT_ERROR",
            f"API destination {destination.name} is {state}: connection {connection.name} is {connection.state}.",
            retry=connection.state in ("AUTHORIZING", "CREATING", "UPDATING"),
        )
    return destination, connection


# the whole way, for those who only want to know


class TargetPlan(NamedTuple):
    """What a target of a rule that matches would get.

    Attributes:
        payload: the exact text, also where it fails.
        refusal: why it fails, None when the event gets there.
        may_fail: the error codes of failures that are arranged for a share of the attempts.
    """

    target: Target
    payload: str
    refusal: AttemptFailed | None
    may_fail: tuple[str, ...] = ()


class BusPlan(NamedTuple):
    """What one of the buses on an event's way would make of it; ``targets`` by the ARN of the rule that matches."""

    account: str
    region: str
    bus: str
    event: Event
    plan: Plan
    targets: Mapping[str, tuple[TargetPlan, ...]]


def plan_way(store: Store, arrival: Arrival, faults: Faults, handlers: Handlers) -> Iterator[BusPlan]:
    """Yield what would become of an event on every bus that it reaches, the first one first.

    Buses come in the order in which the engine gets to them, so that arranged failures strike the same targets.
    """
    forecast = Forecast(faults)
    scope = arrival.scope
    waiting = deque([(Onward(scope.account, scope.region, arrival.bus, arrival.event), arrival.only, arrival.fired)])
    while waiting:
        (account, region, name, arriving), only, fired = waiting.popleft()
        here = store.known_scope(account, region)
        made = Plan() if here is None else plan(Arrival(here, name, arriving, only, fired))
        targets: dict[str, tuple[TargetPlan, ...]] = {}
        for rule in made.matched:
            planned = []
            for target in rule.targets:
                pending = PendingDelivery(0, arriving, rule, target, account, region, store.clock.now, store.clock.now)
                one, onward = _plan_target(store, pending, forecast, handlers)
                planned.append(one)
                if onward is not None:
                    waiting.append((onward, None, None))
            targets[rule.arn] = tuple(planned)
        yield BusPlan(account, region, name, arriving, made, targets)


def _plan_target(
    store: Store, pending: PendingDelivery, forecast: Forecast, handlers: Handlers
) -> tuple[TargetPlan, Onward | None]:
    """Return what would become of a delivery, and where the event goes on to."""
    target = pending.target
    destination = destination_of(target)
    if destination.way == "archive":
        return TargetPlan(target, pending.payload, None), None
    before = len(forecast.may_fail)
    try:
        pending = with_input(pending)
        connected = handlers.find(target.arn) is not None
        attempt = plan_attempt(store, pending, destination, forecast.strike, lambda: pending.event.id, connected)
        refusal, onward = attempt.refusal, attempt.onward
    except InputFailed as failed:
        pending, refusal, onward = failed.pending, failed.failed, None
    if refusal is not None and pending.payload and _ends_at_once(pending, refusal):
        queue = dead_letter_queue(target)
        if queue is not None:
            forecast.strike(Target("", queue, {}))  # the dead letter uses up what is arranged for its queue
    return TargetPlan(target, pending.payload, refusal, tuple(forecast.may_fail[before:])), onward


def _ends_at_once(pending: PendingDelivery, refusal: AttemptFailed) -> bool:
    """Return whether no attempt follows on this one."""
    return not refusal.retry or retry_policy(pending.target.params).attempts == 0
