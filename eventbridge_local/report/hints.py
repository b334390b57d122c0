"""Why a rule or a target got nothing: the usual reasons, each in a sentence.

The order of events and changes is read from the journal: a routing has the rules as they were when the event came.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventbridge_local.advice import nearest_name, suggest
from eventbridge_local.delivery.journal_records import Entry, Routing, is_same
from eventbridge_local.model.arn import names_of
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.patterns import Explanation, Mismatch, explain
from eventbridge_local.report.expectations import nearest
from eventbridge_local.report.journal_text import BusWording, Location, event_name, location_of, location_of_rule
from eventbridge_local.visible import on_one_line

_MOST_RULES = 3
NOTHING_PUT = "no event was put; is the code under test called, and does it use boto3's `events` client?"


#: S3 sends nothing to EventBridge by default, neither on AWS nor in moto.
_NO_UPLOAD = (
    "a bucket sends them after put_bucket_notification_configuration with "
    "NotificationConfiguration={'EventBridgeConfiguration': {}}"
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hints may know of a mock.

    Args:
        entries, routings: what was put, and what became of each event.
        rules: the rules there are now, of all buses.
        connected: what handlers stand in for.
        logical_ids: what loaded templates call rules.
        lost_entries, lost_routings: how many of them the journal has dropped.
    """

    entries: Sequence[Entry]
    routings: Sequence[Routing]
    rules: Sequence[Rule]
    connected: Sequence[str] = ()
    lost_entries: int = 0
    lost_routings: int = 0
    logical_ids: Sequence[str] = ()

    def name_of(self, event: Event) -> str:
        """Return what an event is called, by the number of its entry where it has one."""
        number = next((entry.number for entry in self.entries if entry.event_id == event.id), None)
        return event_name(event, number)

    def bus_wording(self) -> BusWording:
        """Return words for the buses of this mock that have rules or had events."""
        rules, events = map(location_of_rule, self.rules), map(location_of, self.routings)
        return BusWording([*rules, *events, *map(location_of, self.entries)])


#: How alike the names of two buses are if one of them is most likely misspelt; buses of two stages are less alike.
_MISSPELT = 0.8
_DIGITS = re.compile("[0-9]+")


def about_bus(bus: object, buses: Collection[str], routings: Sequence[Routing]) -> str:
    """Return that there is no bus of that name, but one of a similar name; "" where there is one, or none like it.

    Args:
        bus: what a test asks for; anything but names is nobody's mistake.
        buses: the names of the buses there are now.
        routings: what became of the events; a bus that had one is not misspelt, also when it is gone.
    """
    names = [bus] if isinstance(bus, str) else bus if isinstance(bus, list | tuple) else []
    for name in names:
        if not isinstance(name, str) or name in buses:
            continue
        near = nearest_name(name, buses, _MISSPELT)
        numbered = near is not None and _DIGITS.sub("", near) == _DIGITS.sub("", name)
        if near is None or numbered or any(each.bus == name and each.trouble is None for each in routings):
            continue
        return f"there is no event bus {name!r}; did you mean {near!r}?"
    return ""


def about_delivery(seen: Seen, rule: str | None, target: str | None) -> Iterator[str]:
    """Yield the reasons why the rule or the target with that name got nothing."""
    waiting = [each for each in seen.rules if each.pattern is None and _is_asked_for(each, rule, target)]
    if waiting and not seen.routings:
        name = f"rule {waiting[0].name!r}"
        yield _about_schedule(name) if waiting[0].enabled else f"{name} is disabled; call EnableRule to enable it"
        return
    if not seen.routings:
        refused = [entry for entry in seen.entries if not entry.accepted]
        yield f"no event was accepted; {about_refused(refused[-1])}" if refused else _nothing_put(seen, rule, target)
        return
    if rule is not None:
        yield from _about_rule(seen, rule)
    if target is not None:
        yield from _about_target(seen, target)
    if rule is None and target is None:
        yield from _about_last(seen)


def _is_asked_for(each: Rule, rule: str | None, target: str | None) -> bool:
    return each.name == rule or (target is not None and _has_target(each, target))


def _nothing_put(seen: Seen, rule: str | None, target: str | None) -> str:
    """Return what may be wrong where no event was put; a rule for events of S3 may miss the setting of the bucket."""
    asked = (each for each in seen.rules if _is_asked_for(each, rule, target))
    from_s3 = next((each for each in asked if each.pattern is not None and '"aws.s3"' in each.pattern.text), None)
    if from_s3 is None:
        return NOTHING_PUT
    return f"no event was put; rule {from_s3.name!r} is for events of S3: {_NO_UPLOAD}"


def about_refused(entry: Entry) -> str:
    """Return the refusal of an entry in AWS's words."""
    return f"entry #{entry.number} was refused: {entry.error_code}: {entry.error_message}"


def _about_rule(seen: Seen, name: str) -> Iterator[str]:
    """Yield why no rule of that name delivered anything; accounts, Regions and buses may each have one."""
    rules = {rule.arn: rule for rule in seen.rules if rule.name == name}
    checked = [(routing, rule) for routing in seen.routings for rule in routing.rules if rule.name == name]
    if checked:
        yield from _why_not(seen, *checked[-1])
        yield from _about_deleted(seen, *checked[-1])
    for rule in list(rules.values())[:_MOST_RULES]:
        yield from about_unreached(seen, rule)
    if not checked and not rules:
        known = [*(rule.name for rule in users_rules(seen.rules)), *seen.logical_ids]
        yield f"there is no rule {name!r}{suggest(name, known, 10)}"


def _about_deleted(seen: Seen, routing: Routing, rule: Rule) -> Iterator[str]:
    """Yield that a rule was gone when later events came to its bus."""
    at = next(index for index, each in enumerate(seen.routings) if is_same(each, routing))
    after = seen.routings[at + 1 :]
    # An event that a bus drops is checked against no rule.
    later = [each for each in after if location_of(each) == location_of(routing) and each.trouble is None]
    if later:
        yield f"rule {rule.name!r} was deleted before {seen.name_of(later[0].event)} was put"


def about_unreached(seen: Seen, rule: Rule, subject: str = "") -> Iterator[str]:
    """Yield that events came to the bus before the rule was made, and that events went elsewhere."""
    home = location_of_rule(rule)
    never = all(each.arn != rule.arn for routing in seen.routings for each in routing.rules)
    here = [routing for routing in seen.routings if location_of(routing) == home]
    there = [routing for routing in seen.routings if location_of(routing) != home]
    if here and never:
        yield why_unreached(rule, [home], here[-1].event, seen.name_of(here[-1].event), subject)
    if there and not here:
        last = there[-1].event
        yield why_unreached(rule, list(map(location_of, there)), last, seen.name_of(last), subject)
        if there[-1].trouble is not None:
            yield f"{seen.name_of(last)} was dropped: {there[-1].trouble}"
        return
    for routing in reversed(there):
        if _would_match(rule, routing.event):
            yield why_unreached(rule, [location_of(routing)], routing.event, seen.name_of(routing.event), subject)
            return


def why_unreached(rule: Rule, went: Sequence[Location], event: Event, name: str, subject: str = "") -> str:
    """Return why a rule was not checked against any of some events: they went elsewhere, or it was made later.

    Args:
        rule: a rule that was on none of these buses when the events came.
        went: the buses that the events reached.
        event: the last of the events, to say whether the rule would match it.
        name: what that event is called.
        subject: what the rule is called; by default by its name.
    """
    home, went = location_of_rule(rule), list(dict.fromkeys(went))
    subject = subject or f"rule {rule.name!r}"
    if rule.pattern is None:
        return _about_schedule(subject)
    why = why_no_match(rule, event)
    if home in went:
        would = f"now it would not match: {why}" if why else "now it would match"
        return f"{subject} was made after {name} was put; make the rule first; {would}"
    would = f"and it would not match: {why}" if why else "otherwise it would match"
    wording = BusWording([home, *went])
    who = name if len(went) == 1 else "the events"
    if wording.several_buses:
        said = f"{subject} is on {wording.bus(home)}, {who} went to {', '.join(map(wording.bus, went))}"
    else:
        said = f"{subject} is in {wording.scope(home)}, {who} went to {', '.join(map(wording.scope, went))}"
    return f"{said} ({wording.remedy}); {would}"


def _about_schedule(subject: str) -> str:
    return (
        f"{subject} has a schedule and no pattern, so no event matches it; "
        "move the time with eb.clock.advance(...) and it fires"
    )


def _why_not(seen: Seen, routing: Routing, rule: Rule) -> Iterator[str]:
    """Yield why a rule that was checked against an event delivered nothing.

    Args:
        rule: as it was when the event came; it may have changed since.
    """
    event = seen.name_of(routing.event)
    now = next((each for each in seen.rules if each.arn == rule.arn), None)
    if rule.name in routing.matched:
        yield f"rule {rule.name!r} matched {event}{_about_targets(rule, now)}"
        return
    if rule.pattern is None:
        yield _about_schedule(f"rule {rule.name!r}")
        return
    if not rule.enabled and now is not None and now.enabled:
        yield f"rule {rule.name!r} was disabled when {event} was put; enable it first"
    elif not rule.enabled:
        yield f"rule {rule.name!r} is disabled; call EnableRule to enable it"
    why = explain(rule.pattern, routing.event.matched_on)
    if why:
        return
    fields = textwrap.indent(str(why), "    ")
    yield f"rule {rule.name!r} on {seen.bus_wording().bus(location_of_rule(rule))} does not match {event}:\n{fields}"
    if now is not None and _satisfies(routing.event, now):
        yield f"the pattern of rule {rule.name!r} was changed after that, and would match now"


def _about_targets(rule: Rule, now: Rule | None) -> str:
    if now is not None and len(now.targets) > len(rule.targets):
        return ", but PutTargets was called after that; call PutTargets first"
    return "" if rule.targets else ", but it has no targets; call PutTargets to add one"


def _about_target(seen: Seen, name: str) -> Iterator[str]:
    """Yield that no rule has such a target, or why those that have it delivered nothing."""
    having = [rule for rule in seen.rules if _has_target(rule, name)]
    if not having:
        known = [names_of(target.arn)[-1] for rule in users_rules(seen.rules) for target in rule.targets]
        handler = ", so the handler that is connected to it is never called" * (name in seen.connected)
        yield f"no rule has a target {name!r}{handler}{suggest(name, known, 10)}"
        return
    for rule in having[:_MOST_RULES]:
        checked = [(routing, each) for routing in seen.routings for each in routing.rules if each.arn == rule.arn]
        if checked:
            routing, then = checked[-1]
            if then.name in routing.matched and then.targets and not _has_target(then, name):
                event = seen.name_of(routing.event)
                yield f"rule {rule.name!r} matched {event}, but target {name!r} was added after that; add it first"
            else:
                yield from _why_not(seen, routing, then)
        yield from about_unreached(seen, rule)


def _has_target(rule: Rule, name: str) -> bool:
    return any(name == target.id or name in names_of(target.arn) for target in rule.targets)


def _about_last(seen: Seen) -> Iterator[str]:
    """Yield what became of the last event; no rule and no target was named."""
    routing = seen.routings[-1]
    if routing.trouble is not None:
        yield f"the last event was dropped: {routing.trouble}"
    elif not routing.matched:
        elsewhere = match_elsewhere(seen, [routing], "the last event")
        bus = seen.bus_wording().bus(location_of(routing))
        yield f"the last event matched no rule on {bus}; {elsewhere or nearest_rule(routing)}"


def match_elsewhere(seen: Seen, routings: Sequence[Routing], name: str) -> str:
    """Return that a rule of another bus, account or Region would match an event; "" where none would.

    Args:
        routings: the buses that the event reached.
        name: what the event is called.
    """
    went, event = list(map(location_of, routings)), routings[-1].event
    others = (rule for rule in users_rules(seen.rules) if location_of_rule(rule) not in went)
    rule = next((rule for rule in others if _would_match(rule, event)), None)
    return "" if rule is None else why_unreached(rule, went, event, name)


def nearest_rule(routing: Routing) -> str:
    """Return which rule of its bus came closest to match an event, and the fields that differ."""
    rules = users_rules(routing.rules)
    if not rules:
        return f"bus {routing.bus!r} has no rules"
    disabled = [rule for rule in rules if not rule.enabled and _satisfies(routing.event, rule)]
    if disabled:
        return f"rule {disabled[0].name!r} is disabled; it would match if it were enabled"
    found = nearest(
        (rule, explain(rule.pattern, routing.event.matched_on).mismatches)
        for rule in reversed(rules)
        if rule.enabled and rule.pattern
    )
    if found is None:
        return "no rule of it is enabled and has a pattern"
    rule, mismatches = found
    return f"closest was rule {rule.name!r}: {differing_fields(mismatches)}"


def _would_match(rule: Rule, event: Event) -> bool:
    return rule.enabled and _satisfies(event, rule)


def _satisfies(event: Event, rule: Rule) -> bool:
    return rule.pattern is not None and rule.pattern.matches(event.matched_on)


def why_no_match(rule: Rule, event: Event) -> str:
    """Return in short why a rule does not match an event: its state, then its fields; "" when it matches."""
    return reason(rule, None if rule.pattern is None else explain(rule.pattern, event.matched_on))


def reason(rule: Rule, explanation: Explanation | None) -> str:
    """Return the same from the explanation of the rule's pattern, None for a rule without one."""
    if explanation is None:
        return "has a schedule and no pattern"
    differing = "" if explanation else differing_fields(explanation.mismatches)
    return differing if rule.enabled else "; ".join(filter(None, ("disabled", differing)))


def differing_fields(found: Sequence[Mismatch], most: int = 3) -> str:
    """Return the fields that differ, in short: ``detail.total differs, detail.country is absent``."""
    said = [on_one_line(f"{mismatch.path} {_verb(mismatch)}") for mismatch in found[:most]]
    return ", ".join(said) + (f" and {len(found) - most} more" if len(found) > most else "")


def _verb(mismatch: Mismatch) -> str:
    return "is absent" if mismatch.kind in ("absent", "wrong_level") else "differs"


def users_rules(rules: Iterable[Rule]) -> list[Rule]:
    """Return the rules that somebody put; archives and endpoints have managed rules of their own."""
    return [rule for rule in rules if rule.managed_by is None]
