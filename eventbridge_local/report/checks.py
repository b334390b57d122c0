"""What is checked when a mock ends: deliveries, entries that were refused, events and rules that matched nothing."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Hashable, Iterator, Sequence

from eventbridge_local.delivery.journal_records import Call, Delivery, Entry, Routing
from eventbridge_local.delivery.route import NO_BUS
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


def lost_entries(seen: Seen, calls: Sequence[Call]) -> Iterator[Exception]:
    """Yield the entries of PutEvents that were refused and not accepted later, and those of a bus that is not there.

    AWS answers with HTTP 200 to both, so code that does not look at FailedEntryCount never learns of it.

    Args:
        calls: the calls of the mock, which say where in its request an entry was.
    """
    if seen.lost_entries:
        yield CheckFailed(f"assert_all_entries_accepted: nobody can say; {dropped_text(seen.lost_entries)}")
    missed = _never_accepted(seen)
    if not missed:
        return
    indices, wording, to_allow = _indices(calls), seen.bus_wording(), _TO_ALLOW.format("assert_all_entries_accepted")
    for entry, trouble in missed[:_MOST]:
        index = entry.position if entry.event is None else indices.get(entry.event.id)
        yield CheckFailed(f"{_lost_entry(entry, trouble, index, wording)}\n{to_allow}")
    if len(missed) > _MOST:
        yield CheckFailed(
            f"and {len(missed) - _MOST} more entries were not accepted; print(eb.journal) shows each\n{to_allow}"
        )


def _never_accepted(seen: Seen) -> list[tuple[Entry, str]]:
    """Return the entries that are lost, each with the name of its bus if that is why, in order."""
    missing = _on_missing_buses(seen)
    lost: dict[Hashable, list[Entry]] = {}
    for entry in seen.entries:
        waiting = lost.get(_content(entry))
        if not entry.arranged if entry.event is None else entry.event.id in missing:
            # A resend of an entry that is lost again is the same loss; two of one request are two losses.
            resent = next((each for each in waiting or () if not _in_one_request(each, entry)), None)
            if waiting and resent is not None:
                waiting.remove(resent)
            lost.setdefault(_content(entry), []).append(entry)
        elif entry.event is not None and waiting:
            waiting.pop(0)
    found = sorted((entry for entries in lost.values() for entry in entries), key=lambda entry: entry.number)
    return [(entry, "" if entry.event is None else missing[entry.event.id]) for entry in found]


def _on_missing_buses(seen: Seen) -> dict[str, str]:
    """Return why nothing could happen to the events that were put on a bus that is not there, by their ids."""
    return {
        routing.event.id: routing.trouble
        for routing in reversed(seen.routings)
        if routing.trouble is not None and routing.trouble.startswith(NO_BUS)
    }


def _content(entry: Entry) -> Hashable:
    """Return what makes two entries the same to a producer. A resend may have another time."""
    detail = entry.entry.get("Detail")
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        detail = json.dumps(json.loads(detail), sort_keys=True)  # type: ignore[arg-type]
    resources = tuple(entry.entry.get("Resources", ()))
    return entry.account, entry.region, entry.bus, entry.source, entry.detail_type, detail, resources


def _in_one_request(one: Entry, other: Entry) -> bool:
    """Return whether two refused entries came in one request."""
    if one.position is None or other.position is None:
        return False
    return one.number - one.position == other.number - other.position


def _indices(calls: Sequence[Call]) -> dict[str, int]:
    """Return the position in its request of each accepted entry, by the id of its event."""
    found: dict[str, int] = {}
    for call in calls:
        if call.operation in ("PutEvents", "PutPartnerEvents") and call.result is not None:
            for index, result in enumerate(call.result.get("Entries", ())):
                if "EventId" in result:
                    found[result["EventId"]] = index
    return found


def _lost_entry(entry: Entry, trouble: str, index: int | None, wording: BusWording) -> str:
    kind = "entry" if entry.event is None else "event"
    at = "" if index is None else f", index {index} of its request,"
    what = on_one_line(f"{entry.source} {entry.detail_type!r}")
    name = f"{kind} #{entry.number} {what} on {wording.bus(location_of(entry))}{at}"
    if entry.event is None:
        why = f"{entry.error_code}: {entry.error_message}"
        return f"{name} was refused and not accepted later: {why}\n{_READ_THE_ANSWER}"
    return f"{name} was lost: {trouble}\nAWS answers with an EventId all the same"


_READ_THE_ANSWER = (
    "PutEvents raises no error then: look at FailedEntryCount of its answer, or use eventbridge_local.put_all and look "
    "at outcome.ok"
)


def unmatched_events(seen: Seen, *, without_lost: bool = False) -> Iterator[Exception]:
    """Yield the accepted events that no rule of a user matched on any bus.

    Args:
        without_lost: leave out the events of buses that are not there, because ``lost_entries`` yields them.
    """
    left_out = _on_missing_buses(seen) if without_lost else {}
    by_event: dict[str, list[Routing]] = {}
    for routing in seen.routings:
        by_event.setdefault(routing.event.id, []).append(routing)
    missed = []
    for entry in seen.entries:
        if entry.event is not None and entry.event.id not in left_out:
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
