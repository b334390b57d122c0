"""What would become of an event: nothing is delivered, written down or changed.

An event bus that is a target is followed, with the hops AWS allows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from eventbridge_local.delivery.pending import AttemptFailed
from eventbridge_local.delivery.route import hop
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.report.explain import RuleStep, Stop, TargetStep, judge
from eventbridge_local.report.hints import users_rules
from eventbridge_local.report.text import BusWording, Location, location_of
from eventbridge_local.transforms import InputContext, InvalidResult

_MOST_STOPS = 20


def walk(store: Store, scope: Scope, bus: str, event: Event) -> tuple[Stop, ...]:
    """Every bus the event would reach, the first one first.

    Args:
        place, bus: where it is put.
    """
    now = store.clock.now
    stops: list[Stop] = []
    waiting = deque([(scope, bus, event)])
    while waiting and len(stops) < _MOST_STOPS:
        here, name, arriving = waiting.popleft()
        stops.append(_stop(here, name, arriving, now))
        waiting.extend(_onwards(store, here, name, arriving, stops[-1]))
    return tuple(stops)


def elsewhere(store: Store, stops: tuple[Stop, ...], event: Event) -> Iterator[RuleStep]:
    """Yield the rules of all buses that the event would not reach, and whether they would match it there."""
    reached = {location_of(stop) for stop in stops}
    unreached = [
        (location, rule)
        for scope in store.scopes
        for bus in scope.buses.values()
        if (location := Location(scope.account, scope.region, bus.name)) not in reached
        for rule in users_rules(bus.rules.values())
    ]
    words = BusWording([*reached, *(location for location, _ in unreached)])
    for location, rule in unreached:
        step = judge(rule, event)
        there = "it would match there" if step.matched else step.why
        yield replace(step, matched=False, why=f"the event does not reach {words.bus(location)}; {there}")


def targets_of(rule: Rule, event: Event, now: datetime) -> tuple[TargetStep, ...]:
    """What the targets of a rule would get of an event that it matches."""
    return tuple(_target_step(rule, target, event, now) for target in rule.targets)


def _stop(scope: Scope, name: str, event: Event, now: datetime) -> Stop:
    bus = scope.buses.get(name)
    if bus is None:
        there = ", ".join(map(repr, sorted(scope.buses)))
        trouble = f"there is no event bus {name!r} in {scope.account}/{scope.region}; there are {there}"
        return Stop(name, scope.account, scope.region, trouble=trouble)
    rules = []
    for rule in users_rules(bus.rules.values()):
        step = judge(rule, event)
        rules.append(replace(step, targets=targets_of(rule, event, now)) if step.matched else step)
    return Stop(name, scope.account, scope.region, tuple(rules))


def _target_step(rule: Rule, target: Target, event: Event, now: datetime) -> TargetStep:
    name = names_of(target.arn)[-1]
    if target.input is None:
        return TargetStep(target.id, target.arn, name, "would get", event.text)
    try:
        made = target.input.payload(event.text, event.envelope, InputContext(rule.arn, rule.name, now))
    except InvalidResult as invalid:
        about = "INVALID_JSON, the input transformer makes something that is not JSON"
        return TargetStep(target.id, target.arn, name, "would fail", invalid.text, about)
    return TargetStep(target.id, target.arn, name, "would get", made)


def _onwards(store: Store, scope: Scope, bus: str, event: Event, stop: Stop) -> Iterator[tuple[Scope, str, Event]]:
    """The buses among the targets that were reached, where this mock has them."""
    scopes = {(each.account, each.region): each for each in store.scopes}
    for target in (target for rule in stop.rules for target in rule.targets if target.reached):
        arn = parse_arn(target.arn)
        if arn is None or arn.service != "events" or not arn.resource.startswith("event-bus/"):
            continue
        there, name = scopes.get((arn.account, arn.region)), arn.resource.removeprefix("event-bus/")
        if there is None or name not in there.buses:
            continue
        try:
            yield there, name, hop(event, scope.region, arn.region, store.clock.now, lambda: event.id)
        except AttemptFailed:
            continue
