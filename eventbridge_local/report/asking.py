"""Questions about one event: what became of it, and what every rule would make of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eventbridge_local.advice import suggest
from eventbridge_local.delivery.journal import Journal, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.report.dry_run import elsewhere, walk
from eventbridge_local.report.explain import EventExplanation, RoutingTable, Stop, only
from eventbridge_local.report.given import AnyEvent, Given, Reader
from eventbridge_local.report.hints import users_rules, why_unreached
from eventbridge_local.report.history import stops_of
from eventbridge_local.report.text import BusWording, location_of, location_of_rule


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
