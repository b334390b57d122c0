"""Questions about one event: what became of it, and what every rule would make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from eventbridge_local.advice import suggest
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.journal import Journal, Routing
from eventbridge_local.delivery.route import Arrival, BusPlan, TargetPlan, plan_way
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import names_of, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.report.explain import EventExplanation, RoutingTable, RuleStep, Stop, TargetStep, judge, only
from eventbridge_local.report.given import AnyEvent, Given, Reader
from eventbridge_local.report.hints import users_rules, why_unreached
from eventbridge_local.report.history import stops_of
from eventbridge_local.report.text import BusWording, Location, location_of, location_of_rule


@dataclass(frozen=True, slots=True)
class Asking:
    """What the questions may look at; ``home`` is the scope of names without an ARN."""

    store: Store
    journal: Journal
    home: Scope
    reader: Reader
    faults: Faults
    handlers: Handlers

    def explain(self, thing: AnyEvent, rule: str | None) -> EventExplanation:
        """See ``EventBridge.explain``."""
        given = self.reader.read(thing)
        if given.event is None:
            if rule is not None:
                self._rule(rule)
            return EventExplanation(given.title, refused=given.refused, rule=rule)
        stops = stops_of(given.event.id, self.journal.of(Routing), self.journal.deliveries)
        dry = not stops
        if dry:
            stops = self._walk(given, None)
        if rule is None:
            return EventExplanation(given.title, stops, dry=dry)
        shown = only(stops, rule)
        if shown:
            return EventExplanation(given.title, shown, dry=dry, rule=rule)
        shown = tuple(stop for stop in stops if stop.trouble)
        notes = (self._unreached(self._rule(rule), stops, given.event),)
        return EventExplanation(given.title, shown, dry=dry, rule=rule, notes=notes)

    def route(self, thing: AnyEvent, bus: str | None) -> RoutingTable:
        """See ``EventBridge.route``."""
        given = self.reader.read(thing)
        if given.event is None:
            return RoutingTable(given.title, (), f"PutEvents would refuse it: {given.refused}")
        stops = self._walk(given, bus)
        rows = [rule for stop in stops for rule in stop.rules]
        rows += elsewhere(self.store, stops, given.event)
        words = BusWording([*map(location_of, stops), *map(location_of_rule, rows)])
        return RoutingTable(f"{given.title} on {words.bus(location_of(stops[0]))}", rows, stops[0].trouble)

    def _walk(self, given: Given, bus: str | None) -> tuple[Stop, ...]:
        assert given.event is not None
        for routing in self.journal.of(Routing):
            if bus is None and routing.event.id == given.event.id:
                return self._planned(self.store.scope(routing.account, routing.region), routing.bus, given.event)
        name = bus or given.bus or "default"
        arn = parse_arn(name)
        if arn is None:
            return self._planned(self.home, name, given.event)
        name = arn.resource.removeprefix("event-bus/")
        for scope in self.store.scopes:
            if (scope.account, scope.region) == (arn.account, arn.region):
                return self._planned(scope, name, given.event)
        return (Stop(name, arn.account, arn.region, trouble=f"there is no event bus {name!r} in that place"),)

    def _planned(self, scope: Scope, bus: str, event: Event) -> tuple[Stop, ...]:
        """Return what would become of an event that was put on a bus now."""
        way = plan_way(self.store, Arrival(scope, bus, event), self.faults, self.handlers)
        return tuple(self._stop(each) for each in way)

    def _stop(self, made: BusPlan) -> Stop:
        trouble = made.plan.trouble
        if trouble is not None and (scope := self.store.known_scope(made.account, made.region)) is not None:
            trouble += f"; there are {', '.join(map(repr, sorted(scope.buses)))}"
        rules = tuple(_planned_step(rule, made) for rule in users_rules(made.plan.rules))
        return Stop(made.bus, made.account, made.region, rules, trouble)

    def _rule(self, name: str) -> Rule:
        """The rule of that name or ARN, of today or as an event met it.

        Raises:
            UsageError: there is none.
        """
        rules = list(self._rules())
        for rule in rules:
            if name in (rule.name, rule.arn):
                return rule
        known = [rule.name for rule in users_rules(rules)]
        raise UsageError(f"rule={name!r}: there is no such rule{suggest(name, known, 10)}")

    def _rules(self) -> Iterator[Rule]:
        for scope in (self.home, *self.store.scopes):
            for bus in scope.buses.values():
                yield from bus.rules.values()
        for routing in self.journal.of(Routing):
            yield from routing.rules

    def _unreached(self, rule: Rule, stops: tuple[Stop, ...], event: Event) -> str:
        if rule.managed_by is not None:
            return f"rule {rule.name!r} is managed by {rule.managed_by}; only rules of your own are explained"
        return why_unreached(rule, list(map(location_of, stops)), event, "the event")


def _planned_step(rule: Rule, made: BusPlan) -> RuleStep:
    """Return what a rule would make of an event."""
    step = judge(rule, made.event)
    if rule.arn not in made.targets:
        return replace(step, matched=False)
    return replace(step, matched=True, targets=tuple(map(_target_step, made.targets[rule.arn])))


def _target_step(planned: TargetPlan) -> TargetStep:
    target, payload, refusal, may_fail = planned
    name = names_of(target.arn)[-1]
    if refusal is not None:
        about = f"{refusal.code} ({refusal.reason})"
        return TargetStep(target.id, target.arn, name, "would fail", payload, about, refusal.code)
    about = f"(may fail with {' or '.join(dict.fromkeys(may_fail))})" if may_fail else ""
    return TargetStep(target.id, target.arn, name, "would get", payload, about)


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
