"""What is checked when a mock ends: deliveries, events that no rule matched, rules that matched no event."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventbridge_local.delivery.journal_records import Delivery, Entry, Routing
from eventbridge_local.errors import CheckFailed, DeliveryFailed, EventBridgeLocalError, add_note
from eventbridge_local.model.records import Rule
from eventbridge_local.patterns import explain
from eventbridge_local.report.expectations import nearest
from eventbridge_local.report.hints import (
    Seen,
    about_unreached,
    differing_fields,
    match_elsewhere,
    nearest_rule,
    users_rules,
)
from eventbridge_local.report.journal_text import (
    BusWording,
    bus_remedy,
    dropped_text,
    event_name,
    location_of,
    location_of_rule,
    target_name,
)
from eventbridge_local.visible import on_one_line

_MOST = 10
#: Events a rule is compared with to find the nearest, the newest ones.
_MOST_COMPARED = 200
_TO_ALLOW = "To allow this: {}=False"


def failed_deliveries(seen: Seen, deliveries: Sequence[Delivery], loops: Sequence[str]) -> Iterator[Exception]:
    """Yield what went wrong on the way to targets."""
    numbers, wording = {entry.event_id: entry.number for entry in seen.entries}, seen.bus_wording()
    for delivery in deliveries:
        failure = _failure_of(delivery)
        if failure is not None:
            add_note(failure, _failed_delivery(delivery, numbers.get(delivery.event.id), wording))
            yield failure
    for loop in loops:
        endless = "endless loop" in loop
        yield DeliveryFailed(f"{loop}; {_AGAIN if endless else _MEANT}")


_AGAIN = "a handler or a target puts an event that the first rule matches again"
_MEANT = "if so many are meant, allow more with mock_eventbridge(max_caused_events=...)"


def lost_failures(count: int) -> Iterator[Exception]:
    """Yield that deliveries failed of which the journal has dropped the records."""
    if count:
        deliveries = "delivery" if count == 1 else "deliveries"
        lost = dropped_text(count, ("failed delivery", "failed deliveries"))
        yield DeliveryFailed(
            f"{count:,} {deliveries} failed; {lost}\nTo allow this: assert_all_deliveries_succeeded=False"
        )


def lost_deliveries(option: str, count: int) -> Iterator[Exception]:
    """Yield that a check of all deliveries is undecided, because the journal has dropped some."""
    if count:
        yield CheckFailed(f"{option}: nobody can say; {dropped_text(count, ('delivery', 'deliveries'))}")


def _failure_of(delivery: Delivery) -> Exception | None:
    if isinstance(delivery.raised, Exception):
        return delivery.raised
    if isinstance(delivery.raised, SystemExit):
        return DeliveryFailed(f"the handler raised {delivery.raised!r}")
    if delivery.outcome == "pending":
        waits = "it waits for another attempt; eb.clock.advance(hours=24) makes the other attempts"
        return DeliveryFailed(
            on_one_line(f"{delivery.error} ({delivery.reason}); {waits}") if delivery.error else waits
        )
    if delivery.outcome in ("dead-lettered", "dropped") and delivery.error != "LOOP":  # which is reported once
        remedy = bus_remedy(delivery.rule, delivery.target.arn, delivery.reason)
        return DeliveryFailed(on_one_line(f"{delivery.error}: {delivery.reason}{remedy}"))
    return None


def unmatched_events(seen: Seen) -> Iterator[Exception]:
    """Yield the accepted events that no rule of a user matched on any bus."""
    by_event: dict[str, list[Routing]] = {}
    for routing in seen.routings:
        by_event.setdefault(routing.event.id, []).append(routing)
    missed = []
    for entry in seen.entries:
        if entry.event is not None:
            routings = by_event.get(entry.event.id, [])
            if not any(map(_matched_by_user, routings)):
                missed.append((entry, routings))
    wording = seen.bus_wording()
    if seen.lost_entries:
        yield CheckFailed(f"assert_all_events_matched: nobody can say; {dropped_text(seen.lost_entries)}")
    for entry, routings in missed[:_MOST]:
        yield CheckFailed(
            f"{_unmatched_event(entry, routings, seen, wording)}\n{_TO_ALLOW.format('assert_all_events_matched')}"
        )
    if len(missed) > _MOST:
        yield CheckFailed(f"and {len(missed) - _MOST} more events matched no rule; print(eb.journal) shows each")


def _matched_by_user(routing: Routing) -> bool:
    return any(rule.name in routing.matched for rule in users_rules(routing.rules))


def _unmatched_event(entry: Entry, routings: Sequence[Routing], seen: Seen, wording: BusWording) -> str:
    name = on_one_line(
        f"event #{entry.number} {entry.source} {entry.detail_type!r} on {wording.bus(location_of(entry))}"
    )
    if not routings:
        return f"{name} was checked against no rule"
    trouble = next((routing.trouble for routing in routings if routing.trouble), None)
    if trouble is not None:
        return f"{name} was dropped: {trouble}"
    if elsewhere := match_elsewhere(seen, routings, "the event"):
        return f"{name} matched no rule; {elsewhere}"
    count = len(users_rules(routings[0].rules))
    if count == 0:
        return f"{name} matched no rule: the bus had none when the event was put"
    none = "did not match the one rule there" if count == 1 else f"matched none of the {count} rules there"
    return f"{name} {none}; {nearest_rule(routings[0])}"


def unmatched_rules(seen: Seen) -> Iterator[Exception]:
    """Yield the enabled rules of users that matched no event and did not fire."""
    matched = {
        rule.arn for routing in seen.routings for rule in users_rules(routing.rules) if rule.name in routing.matched
    }
    missed = [rule for rule in users_rules(seen.rules) if rule.enabled and rule.arn not in matched]
    if seen.lost_routings and missed:
        names = ", ".join(repr(rule.name) for rule in missed[:_MOST]) + ", ..." * (len(missed) > _MOST)
        lost = dropped_text(seen.lost_routings)
        yield CheckFailed(f"assert_all_rules_matched: nobody can say whether {names} ever matched; {lost}")
        return
    wording = seen.bus_wording()
    for rule in missed[:_MOST]:
        yield CheckFailed(f"{_unmatched_rule(rule, seen, wording)}\n{_TO_ALLOW.format('assert_all_rules_matched')}")
    if len(missed) > _MOST:
        yield CheckFailed(f"and {len(missed) - _MOST} more rules never matched; print(eb.coverage()) lists them")


def _unmatched_rule(rule: Rule, seen: Seen, wording: BusWording) -> str:
    name = f"rule {rule.name!r} on {wording.bus(location_of_rule(rule))}"
    if rule.pattern is None:
        return f"{name} never fired; eb.clock.advance(...) moves the time to its schedule {rule.schedule_text!r}"
    pattern = rule.pattern
    checked = [routing for routing in seen.routings if any(each.arn == rule.arn for each in routing.rules)]
    newest = checked[-_MOST_COMPARED:]
    found = nearest((routing, explain(pattern, routing.event.matched_on).mismatches) for routing in newest)
    if found is not None:
        routing, mismatches = found
        count = f"any of {len(checked)} events" if len(checked) > 1 else "the one event"
        why = differing_fields(mismatches) or "it would match now; the rule was changed after the event"
        return f"{name} never matched {count} on its bus; closest was {seen.name_of(routing.event)}: {why}"
    if not seen.routings:
        return f"{name} never matched: no event was put"
    return f"{name} never matched: {'; '.join(about_unreached(seen, rule, 'it'))}"


# The end of a mock in words.


def failed_checks(count: int) -> str:
    """Return the first line of what is raised when a context ends."""
    return f"eventbridge_local: {count} check{'s' if count > 1 else ''} failed on exit"


def _failed_delivery(delivery: Delivery, number: int | None, wording: BusWording) -> str:
    """Return where a failure of a target comes from, and how to allow it; ``number`` is that of the event's entry."""
    event, bus = delivery.event, wording.bus(location_of_rule(delivery.rule))
    name = (
        event_name(event, None)
        if number is None
        else on_one_line(f"event #{number} {event.source} {event.detail_type!r}")
    )
    return (
        f"delivery to {target_name(delivery)!r}, rule {delivery.rule.name!r} on {bus}, {name}\n"
        "To allow this: assert_all_deliveries_succeeded=False"
    )


def failure(error: Exception) -> str:
    """Return one failed check, as a note on another error."""
    said = str(error) if isinstance(error, EventBridgeLocalError) else repr(error)
    return "\n    ".join(f"eventbridge_local, also failed: {said}".splitlines())
