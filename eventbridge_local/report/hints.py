"""What is probably wrong when a rule or a target got nothing: the reasons people meet, each in a sentence."""

from __future__ import annotations

import difflib
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eventbridge_local.delivery.journal import Entry, Routing
from eventbridge_local.model.arn import names_of
from eventbridge_local.model.records import Rule
from eventbridge_local.patterns import Explanation, Mismatch, explain


@dataclass(frozen=True, slots=True)
class Seen:
    """What the hints may know of a mock.

    Args:
        entries, routings: what was put, and what became of each event.
        rules: the rules there are now, of all buses.
        connected: what handlers stand in for.
    """

    entries: Sequence[Entry]
    routings: Sequence[Routing]
    rules: Sequence[Rule]
    connected: Sequence[str] = ()


NOTHING_PUT = "nothing was put at all; is the code under test reached, and does it use boto3's `events` client?"


def _refused(entry: Entry) -> str:
    return f"entry #{entry.number} was refused: {entry.error_code}: {entry.error_message}"


def about_delivery(seen: Seen, rule: str | None, target: str | None) -> Iterator[str]:
    """Why the wanted rule or target got nothing."""
    if not seen.routings:
        refused = [entry for entry in seen.entries if not entry.accepted]
        yield f"no event was accepted; {_refused(refused[-1]) if refused else NOTHING_PUT}"
        return
    if rule is not None:
        met = [(routing, each) for routing in seen.routings for each in routing.rules if each.name == rule]
        yield _why_not(*met[-1]) if met else _never_met(seen, rule)
    if target is not None:
        yield from _about_target(seen, target)
    if rule is None and target is None:
        yield from _about_last(seen)


def _why_not(routing: Routing, rule: Rule) -> str:
    """Why a rule that met an event did not deliver it."""
    if not rule.enabled:
        return f"rule {rule.name!r} is disabled; EnableRule makes it see events again"
    if rule.name in routing.matched:
        return f"rule {rule.name!r} matched" + (
            "" if rule.targets else ", but it has no targets; PutTargets gives it some"
        )
    if rule.pattern is None:
        return (
            f"rule {rule.name!r} has a schedule and no pattern, so that no event matches it; "
            "eb.clock.advance(...) lets it fire"
        )
    why = textwrap.indent(str(explain(rule.pattern, routing.event.matched_on)), "    ")
    return f"rule {rule.name!r} on bus {rule.bus!r} does not match the last event:\n{why}"


def _never_met(seen: Seen, name: str) -> str:
    """The rule saw no event: it is on another bus, came too late, or is called otherwise."""
    buses = sorted({routing.bus for routing in seen.routings})
    there = [rule for rule in seen.rules if rule.name == name]
    if there and there[0].bus not in buses:
        return (
            f"rule {name!r} is on bus {there[0].bus!r}, and all events were put on {', '.join(map(repr, buses))}; "
            "EventBusName says where an entry goes"
        )
    if there:
        return f"rule {name!r} on bus {there[0].bus!r} was made after the last event; make it before the event is put"
    return f"there is no rule {name!r}{did_you_mean(name, [rule.name for rule in users_rules(seen.rules)])}"


def _about_target(seen: Seen, name: str) -> Iterator[str]:
    """No rule has such a target; or those that have it did not match."""
    having = [rule for rule in seen.rules if any(_answers_to(name, each.arn, each.id) for each in rule.targets)]
    if not having:
        known = [names_of(target.arn)[-1] for rule in users_rules(seen.rules) for target in rule.targets]
        handler = "; a handler is connected to it, which only a target of a rule can reach" * (name in seen.connected)
        yield f"no rule has a target {name!r}{handler}{did_you_mean(name, known)}"
        return
    for rule in having[:3]:
        met = [(routing, each) for routing in seen.routings for each in routing.rules if each.arn == rule.arn]
        yield _why_not(*met[-1]) if met else _never_met(seen, rule.name)


def _answers_to(name: str, arn: str, target_id: str) -> bool:
    return name == target_id or name in names_of(arn)


def _about_last(seen: Seen) -> Iterator[str]:
    """Nothing in particular was asked for: what became of the last event."""
    routing = seen.routings[-1]
    if routing.trouble is not None:
        yield f"the last event was dropped: {routing.trouble}"
    elif not routing.matched:
        yield f"the last event matched no rule on bus {routing.bus!r}; {nearest_rule(routing)}"


def nearest_rule(routing: Routing) -> str:
    """Which rule an unmatched event came closest to, and the fields that spoiled it."""
    rules = users_rules(routing.rules)
    if not rules:
        return f"bus {routing.bus!r} has no rules"
    by_distance = [
        (rule, explain(rule.pattern, routing.event.matched_on)) for rule in rules if rule.enabled and rule.pattern
    ]
    disabled = [rule.name for rule in rules if not rule.enabled and _satisfied(rule, routing)]
    if disabled:
        return f"rule {disabled[0]!r} would match it and is disabled"
    if not by_distance:
        return f"none of its {len(rules)} rules is enabled and has a pattern"
    rule, why = min(by_distance, key=lambda pair: len(pair[1].mismatches))
    return f"nearest was rule {rule.name!r}: {spoilers(why)}"


def _satisfied(rule: Rule, routing: Routing) -> bool:
    return rule.pattern is not None and rule.pattern.matches(routing.event.matched_on)


def spoilers(why: Explanation, most: int = 3) -> str:
    """The fields that differ, in short: ``detail.total differs, detail.country absent``."""
    found = why.mismatches
    said = [f"{mismatch.path} {_verb(mismatch)}" for mismatch in found[:most]]
    return ", ".join(said) + (f" and {len(found) - most} more" if len(found) > most else "")


def _verb(mismatch: Mismatch) -> str:
    return "is absent" if mismatch.kind in ("absent", "wrong_level") else "differs"


def users_rules(rules: Iterable[Rule]) -> list[Rule]:
    """The rules that somebody put; archives and the like keep rules of their own."""
    return [rule for rule in rules if rule.managed_by is None]


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """``; did you mean 'orders'?``, or what there is when nothing is like it."""
    near = difflib.get_close_matches(name, known, 1)
    if near:
        return f"; did you mean {near[0]!r}?"
    shown = list(dict.fromkeys(known))
    more = f" and {len(shown) - 10} more" if len(shown) > 10 else ""
    return f"; there are {', '.join(map(repr, shown[:10]))}{more}" if shown else "; there are none at all"
