"""Questions about one event: what became of it, and what every rule would make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eventbridge_local.delivery.journal import Journal, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.report.dry_run import elsewhere, walk
from eventbridge_local.report.explain import EventExplanation, RoutingTable, RuleStep, Stop, judge, only
from eventbridge_local.report.given import AnyEvent, Given, Reader
from eventbridge_local.report.hints import did_you_mean, users_rules
from eventbridge_local.report.history import stops_of


@dataclass(frozen=True, slots=True)
class Asking:
    """What the questions may look at; ``home`` is the place of names without an ARN."""

    store: Store
    journal: Journal
    home: Scope
    reader: Reader

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
        notes = (self._never_met(self._rule(rule), stops, given.event),)
        return EventExplanation(given.title, shown, dry=dry, rule=rule, notes=notes)

    def route(self, thing: AnyEvent, bus: str | None) -> RoutingTable:
        """See ``EventBridge.route``."""
        given = self.reader.read(thing)
        if given.event is None:
            return RoutingTable(given.title, (), f"PutEvents would refuse it: {given.refused}")
        stops = self._walk(given, bus)
        rows = [rule for stop in stops for rule in stop.rules]
        title = f"{given.title} on bus {stops[0].bus!r}"
        return RoutingTable(title, [*rows, *elsewhere(self.store, stops, given.event)], stops[0].trouble)

    def _walk(self, given: Given, bus: str | None) -> tuple[Stop, ...]:
        assert given.event is not None
        for routing in self.journal.of(Routing):
            if bus is None and routing.event.id == given.event.id:
                return walk(self.store, self.store.scope(routing.account, routing.region), routing.bus, given.event)
        name = bus or given.bus or "default"
        arn = parse_arn(name)
        if arn is None:
            return walk(self.store, self.home, name, given.event)
        name = arn.resource.removeprefix("event-bus/")
        for scope in self.store.scopes:
            if (scope.account, scope.region) == (arn.account, arn.region):
                return walk(self.store, scope, name, given.event)
        return (Stop(name, arn.account, arn.region, trouble=f"there is no event bus {name!r} in that place"),)

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
        raise UsageError(f"rule={name!r}: there is no such rule{did_you_mean(name, known)}")

    def _rules(self) -> Iterator[Rule]:
        for scope in (self.home, *self.store.scopes):
            for bus in scope.buses.values():
                yield from bus.rules.values()
        for routing in self.journal.of(Routing):
            yield from routing.rules

    def _never_met(self, rule: Rule, stops: tuple[Stop, ...], event: Event) -> str:
        step: RuleStep = judge(rule, event)
        would = "it would match it" if step.matched else f"it would not match it: {step.why}"
        buses = ", ".join(repr(stop.bus) for stop in stops)
        if rule.bus in {stop.bus for stop in stops}:
            return f"rule {rule.name!r} was made after the event was put; now {would}"
        return f"rule {rule.name!r} is on bus {rule.bus!r}, and the event went to bus {buses}; there {would}"
