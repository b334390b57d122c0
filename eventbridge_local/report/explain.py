"""``eb.explain`` and ``eb.route``: the way of an event, as it happened or as it would.

An ``Explainer`` is asked; an ``EventExplanation`` or a ``RoutingTable`` is the answer, made of a ``Stop`` for each bus
that the event reached, a ``RuleStep`` for each rule there and a ``TargetStep`` for each target of a rule that matched.
What happened is read from the journal; what would happen is the plan that delivery itself makes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, overload

from eventbridge_local.advice import suggest
from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.handlers import Handlers
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.journal_records import Delivery, Entry, Routing
from eventbridge_local.delivery.route import NO_BUS, Arrival, BusPlan, TargetPlan, permission_to_put, plan_way
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import read_event
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import events_arn, names_of, parse_arn, partition_of
from eventbridge_local.model.event import Event, changed
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope, Store
from eventbridge_local.notebook import as_table, as_text
from eventbridge_local.patterns import Explanation, explain
from eventbridge_local.report.hints import reason, users_rules, why_unreached
from eventbridge_local.report.journal_text import (
    BusWording,
    Location,
    failure,
    location_of,
    location_of_rule,
    outcome,
    target_name,
    value,
)
from eventbridge_local.visible import on_one_line, visible, visible_lines

_MOST_RULES = 3


#: Why a policy does not let an account put events on a bus, by what it says to them.
_REFUSED = {
    "Deny": "a policy forbids account {account} to put events on {bus}",
    None: "no policy lets account {account} put events on {bus}",
}


@dataclass(frozen=True, slots=True)
class Explainer:
    """Answers ``eb.explain`` and ``eb.route``; ``home`` is the scope of names without an ARN."""

    store: Store
    journal: Journal
    home: Scope
    reader: EventReader
    faults: Faults
    handlers: Handlers

    def explain(self, thing: AnyEvent, rule: str | None) -> EventExplanation:
        """See ``EventBridge.explain``."""
        asked = self.reader.read(thing)
        if asked.event is None:
            if rule is not None:
                self._named(rule)
            return EventExplanation(asked.title, refused=asked.refused, rule=rule)
        stops = stops_of(asked.event.id, self.journal.routings, self.journal.deliveries)
        dry = not stops
        if dry:
            stops = self._walk(asked, None)
        if rule is None:
            return EventExplanation(asked.title, stops, dry=dry)
        shown = only(stops, rule)
        if shown:
            return EventExplanation(asked.title, shown, dry=dry, rule=rule)
        shown = tuple(stop for stop in stops if stop.trouble)
        notes = tuple(self._unreached(each, stops, asked.event) for each in self._named(rule)[:_MOST_RULES])
        return EventExplanation(asked.title, shown, dry=dry, rule=rule, notes=notes)

    def route(self, thing: AnyEvent, bus: str | None) -> RoutingTable:
        """See ``EventBridge.route``."""
        asked = self.reader.read(thing)
        if asked.event is None:
            return RoutingTable(asked.title, (), f"{REFUSED} {asked.refused}")
        stops = self._walk(asked, bus)
        rows = [rule for stop in stops for rule in stop.rules]
        rows += elsewhere(self.store, stops, asked.event)
        wording = BusWording([*map(location_of, stops), *map(location_of_rule, rows)])
        return RoutingTable(f"{asked.title} on {wording.bus(location_of(stops[0]))}", rows, stops[0].trouble)

    def _walk(self, asked: AskedEvent, bus: str | None) -> tuple[Stop, ...]:
        assert asked.event is not None
        for routing in self.journal.routings:
            if bus is None and routing.event.id == asked.event.id:
                scope = self.store.scope(routing.account, routing.region)
                return self._planned(scope, routing.bus, asked.event, accepted=True)
        name = bus or asked.bus or "default"
        arn = parse_arn(name)
        if arn is None or arn.partition != partition_of(arn.region):  # that is no bus's ARN: no bus has such a name
            return self._planned(self.home, name, asked.event)
        name = arn.resource.removeprefix("event-bus/")
        known = self.store.known_scope(arn.account, arn.region)
        if known is None and name == "default":  # every account has one in every Region; asking makes nothing
            known = Scope(arn.account, arn.region, self.store.clock.now)
        if known is not None:
            return self._planned(known, name, asked.event)
        trouble = f"{NO_BUS} {name!r} in {arn.region} of account {arn.account}"
        return (Stop(name, arn.account, arn.region, trouble=trouble),)

    def _planned(self, scope: Scope, bus: str, event: Event, *, accepted: bool = False) -> tuple[Stop, ...]:
        """Return what would become of an event that was put on a bus now; ``accepted`` when the bus took it before."""
        caller, arn = self.home.account, scope.arn(f"event-bus/{bus}")
        effect = "Allow" if accepted else permission_to_put(self.store, caller, arn, event)
        if effect != "Allow":
            trouble = f"{REFUSED} {_REFUSED[effect].format(account=caller, bus=arn)}"
            return (Stop(bus, scope.account, scope.region, trouble=trouble),)
        way = plan_way(self.store, Arrival(scope, bus, event), self.faults, self.handlers)
        return tuple(map(_planned_stop, way))

    def _named(self, name: str) -> list[Rule]:
        """Return the rules of that name or ARN, as they are now or as they were when an event came.

        Raises:
            UsageError: there is none.
        """
        rules = list(self._rules())
        found = {rule.arn: rule for rule in reversed(rules) if name in (rule.name, rule.arn)}
        if found:
            return list(found.values())[::-1]
        known = [rule.name for rule in users_rules(rules)]
        raise UsageError(f"rule={name!r}: there is no such rule{suggest(name, known, 10)}")

    def _rules(self) -> Iterator[Rule]:
        for scope in (self.home, *self.store.scopes):
            for bus in scope.buses.values():
                yield from bus.rules.values()
        for routing in self.journal.routings:
            yield from routing.rules

    def _onward(self, rule: Rule, event: Event) -> str | None:
        """Return the id under which an event came from another Region to the bus of a rule."""
        home = location_of_rule(rule)
        bus = events_arn(home.region, home.account, f"event-bus/{home.bus}")
        sent = [each.event for each in self.journal.deliveries if each.target.arn == bus and each.event.id == event.id]
        for routing in self.journal.routings if sent else ():
            came = routing.event
            same = (came.source, came.detail_type, came.detail) == (event.source, event.detail_type, event.detail)
            if location_of(routing) == home and "regional" in came.hops and same:
                return came.id
        return None

    def _unreached(self, rule: Rule, stops: tuple[Stop, ...], event: Event) -> str:
        if rule.managed_by is not None:
            return f"rule {rule.name!r} is managed by {rule.managed_by}; only rules of your own are explained"
        if (onward := self._onward(rule, event)) is not None:
            return (
                f"rule {rule.name!r} is in {location_of_rule(rule).region}; the event went on to there with a new id, "
                f"as every event that crosses Regions: explain({onward!r}, rule=...) shows it"
            )
        if any(stop.trouble and location_of(stop) == location_of_rule(rule) for stop in stops):
            return f"rule {rule.name!r} is not checked against an event that its bus drops"
        if (failed := _failed_hop(rule, stops)) is not None:
            return failed
        if location_of_rule(rule) in map(location_of, stops) and (gone := self._deleted(rule, event)):
            return gone
        return why_unreached(rule, list(map(location_of, stops)), event, "the event")

    def _deleted(self, rule: Rule, event: Event) -> str:
        """Return when a rule was deleted that was not on its bus when an event came; "" when it never was."""
        routings = self.journal.routings
        came = next((n for n, routing in enumerate(routings) if routing.event.id == event.id), len(routings))
        before = any(each.arn == rule.arn for routing in routings[:came] for each in routing.rules)
        bus = self.store.known_bus(*location_of_rule(rule))
        is_there = bus is not None and rule.name in bus.rules
        if before:
            again = ", and was made again later" if is_there else ""
            return f"rule {rule.name!r} was deleted before the event was put{again}"
        return "" if is_there else f"rule {rule.name!r} was made after the event was put, and was deleted later"


def _failed_hop(rule: Rule, stops: Sequence[Stop]) -> str | None:
    """Return which rule sends the event on to the bus of a rule, and that it does not get there."""
    home = location_of_rule(rule)
    arn = events_arn(home.region, home.account, f"event-bus/{home.bus}")
    for stop in stops:
        for step in stop.rules:
            for target in step.targets:
                if target.arn == arn and target.error is not None:
                    bus = BusWording([home, *map(location_of, stops)]).bus(home)
                    way = f"rule {step.rule!r} sends the event there, and that fails: {target.error}"
                    return f"rule {rule.name!r} is on {bus}; {way}"
    return None


# The way of an event as records.

#: How the trouble of an event begins that never comes to a bus.
REFUSED = "PutEvents would refuse it:"

#: Outcomes with which an event has, or would have, reached its target.
REACHED = frozenset(("delivered", "recorded", "archived", "would get"))


@dataclass(frozen=True, slots=True)
class TargetStep:
    """A target of a rule that matched.

    Attributes:
        id: its id in the rule.
        arn: its ARN.
        name: what people call it, such as the name of the function.
        outcome: that of the delivery; ``would get`` in a dry run.
        payload: the exact text it got or would get; None where none could be made.
        about: more on the outcome, in words.
        error: a code such as ``NO_PERMISSIONS``, None where nothing fails or failed.
    """

    id: str
    arn: str
    name: str
    outcome: str
    payload: str | None = None
    about: str = ""
    error: str | None = None

    @property
    def reached(self) -> bool:
        """Return whether the event got there."""
        return self.outcome in REACHED


@dataclass(frozen=True, slots=True)
class RuleStep:
    """A rule and its verdict; true when it matched and one of its targets was reached.

    Attributes:
        rule: its name.
        bus: the name of its bus.
        state: ``ENABLED`` or ``DISABLED``, as the API spells it.
        matched: whether it matched, or would match.
        why: why not, in short; "" when it matched.
        explanation: the verdict on its pattern field by field, None for a rule without one.
        targets: what its targets got or would get; none when it did not match.
        arn: its ARN.
    """

    rule: str
    bus: str
    state: str
    matched: bool
    why: str = ""
    explanation: Explanation | None = None
    targets: tuple[TargetStep, ...] = ()
    arn: str = ""

    def __bool__(self) -> bool:
        return self.matched and any(target.reached for target in self.targets)

    def __lt__(self, other: RuleStep) -> bool:
        return (self.bus, self.rule, self.arn) < (other.bus, other.rule, other.arn)


@dataclass(frozen=True, slots=True)
class Stop:
    """A bus that the event reached.

    Attributes:
        bus: its name.
        account: its account.
        region: its Region.
        rules: the rules the event was checked against there.
        trouble: why nothing could match there at all, None when something could.
    """

    bus: str
    account: str
    region: str
    rules: tuple[RuleStep, ...] = ()
    trouble: str | None = None


def judge(rule: Rule, event: Event) -> RuleStep:
    """Return the verdict of a rule on an event, its targets left out."""
    explanation = None if rule.pattern is None else explain(rule.pattern, event.matched_on)
    why = reason(rule, explanation)
    return RuleStep(rule.name, rule.bus, rule.state, not why, why, explanation, arn=rule.arn)


def only(stops: Iterable[Stop], name: str) -> tuple[Stop, ...]:
    """Return the stops with a rule of that name or ARN, and that rule alone."""
    shown = [replace(stop, rules=tuple(rule for rule in stop.rules if name in (rule.rule, rule.arn))) for stop in stops]
    return tuple(stop for stop in shown if stop.rules)


# The answers.

_LONGEST_PAYLOAD = 100


@dataclass(frozen=True, repr=False)
class EventExplanation:
    """What became, or would become, of an event; true when it reached a target.

    Attributes:
        title: the event in a few words.
        stops: the buses it reached, each with the rules that it was checked against.
        refused: why PutEvents did not take it, None when it did.
        dry: True when the event was never put, so that this is what would happen.
        rule: the name of the one rule that was asked about, None for all.
        notes: advice in words.
    """

    title: str
    stops: tuple[Stop, ...] = ()
    refused: str | None = None
    dry: bool = False
    rule: str | None = None
    notes: tuple[str, ...] = field(default=())

    def __bool__(self) -> bool:
        return any(self.rules)

    @property
    def rules(self) -> tuple[RuleStep, ...]:
        """Return the rules that the event was checked against, on all buses."""
        return tuple(rule for stop in self.stops for rule in stop.rules)

    @property
    def matched(self) -> tuple[RuleStep, ...]:
        """Return those that matched."""
        return tuple(rule for rule in self.rules if rule.matched)

    def __repr__(self) -> str:
        count = len(self.rules)
        reached = sum(target.reached for rule in self.matched for target in rule.targets)
        verdict = (
            "refused" if self.refused else f"{len(self.matched)} of {count} rules matched, {reached} targets reached"
        )
        return visible(f"<EventExplanation of {self.title}: {verdict}>")

    def __str__(self) -> str:
        return visible_lines(self._lines())

    def _repr_html_(self) -> str:
        return as_text(str(self))

    def _lines(self) -> Iterator[str]:
        yield f"{self.title}, not put; this is what would happen" if self.dry else self.title
        if self.refused:
            yield f"    refused: {self.refused}"
        for stop in self.stops:
            yield from _stop_lines(stop, self.rule)
        yield from (f"    {note}" for note in self.notes)


def _stop_lines(stop: Stop, rule: str | None) -> Iterator[str]:
    yield f"bus {stop.bus!r} in {stop.region} of account {stop.account}"
    if stop.trouble is not None:
        yield f"    {_trouble_text(stop.trouble)}"
    elif not stop.rules:
        yield "    has no rules" if rule is None else f"    has no rule {rule!r}"
    for step in stop.rules:
        yield from _rule_lines(step)


def _rule_lines(step: RuleStep) -> Iterator[str]:
    if step.matched:
        yield f"    rule {step.rule!r} ({step.state}) matched"
        yield from (f"        -> {_target_text(target)}" for target in step.targets)
        if not step.targets:
            yield "        it has no targets; call PutTargets to add one"
        return
    yield f"    rule {step.rule!r} ({step.state}) did not match: {step.why}"
    if step.explanation is not None and not step.explanation:
        yield from (f"        {line}" for line in str(step.explanation).splitlines())


def _trouble_text(trouble: str) -> str:
    """Return why nothing could match. An event that PutEvents refuses is not dropped: it never came."""
    return trouble if trouble.startswith(REFUSED) else f"dropped: {trouble}"


def _target_text(target: TargetStep) -> str:
    about = (
        f" {target.about}" if target.about.startswith(("(", "after")) else f": {target.about}" if target.about else ""
    )
    colon = ":" if target.outcome == "would get" and not about else ";"
    # Of a delivery that would fail the text is worth reading only where it is what is wrong.
    unsent = target.outcome == "would fail" and target.error != "INVALID_JSON"
    payload = "" if target.payload is None or unsent else f"{colon} {_cut(target.payload)}"
    return f"{target.name} {target.outcome}{about}{payload}"


def _cut(payload: str) -> str:
    return payload if len(payload) <= _LONGEST_PAYLOAD else f"{payload[:_LONGEST_PAYLOAD]}…"


class RoutingTable(Sequence[RuleStep]):
    """Every rule and what it makes of an event, a row each; true when it would reach one of their targets.

    Attributes:
        title: the event in a few words.
        rows: the rules.
        trouble: why nothing can match at all, None when something can.
    """

    def __init__(self, title: str, rows: Sequence[RuleStep], trouble: str | None = None) -> None:
        self.title = title
        self.rows = tuple(rows)
        self.trouble = trouble

    @property
    def matched(self) -> tuple[RuleStep, ...]:
        """Return the rows of the rules that would match."""
        return tuple(row for row in self.rows if row.matched)

    @overload
    def __getitem__(self, index: int) -> RuleStep: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[RuleStep, ...]: ...
    def __getitem__(self, index: int | slice) -> RuleStep | tuple[RuleStep, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    def __bool__(self) -> bool:
        return any(self.rows)

    def __repr__(self) -> str:
        return visible(f"<RoutingTable of {self.title}: {len(self.matched)} of {len(self)} rules match>")

    def __str__(self) -> str:
        lines = [self.title]
        if self.trouble is not None:
            lines.append(_trouble_text(self.trouble))
        wording = BusWording([location_of_rule(row) for row in self.rows])
        cells = [cell for row in self.rows for cell in _row_cells(row, wording)]
        return visible_lines([*lines, *(table(_HEADINGS, cells) if cells else ["there are no rules"])])

    def _repr_html_(self) -> str:
        wording = BusWording([location_of_rule(row) for row in self.rows])
        return as_table(self.title, _HEADINGS, [cell for row in self.rows for cell in _row_cells(row, wording)])


_HEADINGS = ("rule", "bus", "match", "why not, or what its targets get")


def _row_cells(row: RuleStep, wording: BusWording) -> Iterator[tuple[str, ...]]:
    bus = wording.bus_name(location_of_rule(row))
    if not row.matched:
        yield row.rule, bus, "no", row.why
        return
    shown = [_target_text(target) for target in row.targets] or ["it has no targets"]
    yield row.rule, bus, "yes", shown[0]
    yield from (("", "", "", each) for each in shown[1:])


def table(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table; every column but the last is as wide as it must be."""
    rows = [headings, *cells]
    widths = [max(len(row[column]) for row in rows) for column in range(len(headings) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]]) for row in rows
    ]


# What happened, from the journal.


def stops_of(event_id: str, routings: Sequence[Routing], deliveries: Sequence[Delivery]) -> tuple[Stop, ...]:
    """Return every bus that an event reached, in order; across Regions it goes on under another id."""
    mine = [delivery for delivery in deliveries if delivery.event.id == event_id]
    return tuple(_stop(routing, mine) for routing in routings if routing.event.id == event_id)


def _stop(routing: Routing, deliveries: Sequence[Delivery]) -> Stop:
    rules = tuple(_step(rule, routing, deliveries) for rule in users_rules(routing.rules))
    return Stop(routing.bus, routing.account, routing.region, rules, routing.trouble)


def _step(rule: Rule, routing: Routing, deliveries: Sequence[Delivery]) -> RuleStep:
    step = judge(rule, routing.event)
    if rule.name not in routing.matched:
        return step if not step.matched else replace(step, matched=False, why="the replay left this rule out")
    return replace(step, matched=True, why="", targets=tuple(_targets(rule, deliveries)))


def _targets(rule: Rule, deliveries: Sequence[Delivery]) -> Iterator[TargetStep]:
    for delivery in deliveries:
        if delivery.rule.arn == rule.arn:
            about = outcome(delivery).removeprefix(delivery.outcome).removeprefix(":").strip(" ,")
            target = delivery.target
            yield TargetStep(
                target.id, target.arn, target_name(delivery), delivery.outcome, delivery.payload, about, delivery.error
            )


# What would happen, from the plan.


def _planned_stop(made: BusPlan) -> Stop:
    rules = tuple(_planned_step(rule, made) for rule in users_rules(made.plan.rules))
    return Stop(made.bus, made.account, made.region, rules, made.plan.trouble)


def _planned_step(rule: Rule, made: BusPlan) -> RuleStep:
    """Return what a rule would make of an event."""
    step = judge(rule, made.event)
    if rule.arn not in made.targets:
        return replace(step, matched=False)
    return replace(step, matched=True, targets=tuple(_target_step(rule, each) for each in made.targets[rule.arn]))


def _target_step(rule: Rule, planned: TargetPlan) -> TargetStep:
    target, payload, refusal, may_fail = planned
    name = names_of(target.arn)[-1]
    if refusal is not None:
        about = failure(rule, target.arn, refusal.code, refusal.reason)
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
    wording = BusWording([*reached, *(location for location, _ in unreached)])
    for location, rule in unreached:
        step = judge(rule, event)
        there = "it would match there" if step.matched else step.why
        yield replace(step, matched=False, why=f"the event does not reach {wording.bus(location)}; {there}")


# An event from whatever a test has: an entry, an event, an id, an envelope, an entry of PutEvents.

_NO_ID = "00000000-0000-0000-0000-000000000000"
_WHAT = (
    "give an entry of eb.events, an event, an event id, an envelope such as make_event(...) returns, "
    "or an entry as PutEvents takes it"
)

#: Anything that stands for an event.
AnyEvent = Entry | Event | str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class AskedEvent:
    """An event and how it is called.

    Attributes:
        event: None when PutEvents refused it, or would.
        title: the event in a few words.
        bus: where it was put; None when it does not say.
        refused: the refusal in AWS's words.
    """

    event: Event | None
    title: str
    bus: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class EventReader:
    """Reads events for one mock.

    Args:
        journal: where ids are looked up.
        try_out: what PutEvents would make of an entry, without putting it.
        account, region, now: for envelopes that do not say.
    """

    journal: Journal
    try_out: Callable[[Mapping[str, Any]], Entry]
    account: str
    region: str
    now: datetime

    def read(self, thing: AnyEvent) -> AskedEvent:
        """Return what a test has as an event.

        Raises:
            UsageError: it is no event, or there is no event of that id.
        """
        if isinstance(thing, Entry):
            return self._entry(thing, f"event #{thing.number}")
        if isinstance(thing, Event):
            return self._event(thing)
        if isinstance(thing, str):
            return self._text(thing)
        if isinstance(thing, Mapping):
            return self._mapping(thing)
        raise UsageError(f"event={value(thing)}: {_WHAT}")

    def _entry(self, entry: Entry, name: str) -> AskedEvent:
        refused = None if entry.accepted else f"{entry.error_code}: {entry.error_message}"
        title = on_one_line(f"{name} {entry.source} {entry.detail_type!r}")
        return AskedEvent(entry.event, title, entry.bus, refused)

    def _event(self, event: Event) -> AskedEvent:
        entry = _last(entry for entry in self.journal.entries if entry.event_id == event.id)
        if entry is not None:
            return self._entry(entry, f"event #{entry.number}")
        routing = _last(routing for routing in self.journal.routings if routing.event.id == event.id)
        return AskedEvent(
            event, on_one_line(f"event {event.source} {event.detail_type!r}"), routing.bus if routing else None
        )

    def _text(self, thing: str) -> AskedEvent:
        if thing.lstrip().startswith("{"):
            try:
                return self._mapping(decoded(thing))
            except ValueError as error:
                raise UsageError(f"event={value(thing)} is not JSON: {error}") from None
        events = [entry.event for entry in self.journal.entries if entry.event] + [
            routing.event for routing in self.journal.routings
        ]
        found = _last(event for event in events if event.id == thing)
        if found is None:
            raise UsageError(f"event={thing!r}: no event of this mock has that id; {_WHAT}")
        return self._event(found)

    def _mapping(self, thing: Mapping[str, Any]) -> AskedEvent:
        if "Source" in thing or "DetailType" in thing:
            return replace(self._entry(self.try_out(thing), "event"), bus=thing.get("EventBusName"))
        if not {"source", "detail-type"} <= set(thing):
            raise UsageError(f"event={value(thing)}: {_WHAT}")
        filled = {
            "id": _NO_ID,
            "account": self.account,
            "time": self.now.isoformat(),
            "region": self.region,
            "detail": {},
            **thing,
        }
        try:
            event = read_event(json.dumps(filled).encode())
        except (TypeError, ValueError) as error:
            raise UsageError(f"event={value(thing)}: {error}") from None
        known = _last(entry for entry in self.journal.entries if entry.event_id == event.id)
        if known is not None and known.envelope == event.envelope:
            return self._entry(known, f"event #{known.number}")
        # What a test changed in a copy is another event, even under the same id.
        return self._event(event if known is None else changed(event, id=_NO_ID))


def _last(found: Iterable[Any]) -> Any:
    """Return the newest of several, None of none."""
    last = None
    for last in found:  # noqa: B007
        pass
    return last
