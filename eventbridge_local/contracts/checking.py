"""Where events meet their contracts: before they are put, and at the end for those that came another way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventbridge_local.bus.journal import Delivery, Entry
from eventbridge_local.contracts.collection import Contracts
from eventbridge_local.contracts.violations import Violation, violation_error
from eventbridge_local.core.event import Event
from eventbridge_local.errors import ContractViolation


def violations_of(contracts: Contracts, event: Event) -> Sequence[Violation]:
    """What an event does that its contract does not allow. Its text is written only when there is a contract."""
    contract = contracts.for_event(event.source, event.detail_type)
    return contracts.check(event.matched_on, text=None if contract is None else event.text)


def check_put(contracts: Contracts, events: Sequence[tuple[str, Event]]) -> None:
    """Look at the events of one PutEvents request, each with its bus.

    Raises:
        ContractViolation: an event does not keep its contract; all of the request are named.
    """
    broken = [(bus, each) for bus, event in events for each in violations_of(contracts, event)]
    if broken:
        buses = sorted({bus for bus, _ in broken})
        where = f"put on bus {buses[0]!r}" if len(buses) == 1 else f"put on buses {', '.join(map(repr, buses))}"
        raise violation_error([violation for _, violation in broken], where)


def delivered_against(
    contracts: Contracts, entries: Sequence[Entry], deliveries: Sequence[Delivery]
) -> Iterator[ContractViolation]:
    """Deliveries of events that nobody put here and that break their contract, one error for each rule.

    Events of PutEvents were looked at when they were put. Those of files, replays and schedules, and what a bus in
    another Region passed on, are looked at here.
    """
    put = {entry.event_id for entry in entries}
    broken: dict[str, list[Violation]] = {}
    for delivery in deliveries:
        if delivery.event.id not in put and delivery.rule.managed_by is None:
            broken.setdefault(delivery.rule.name, []).extend(violations_of(contracts, delivery.event))
    for rule, violations in broken.items():
        if violations:
            yield violation_error(list(dict.fromkeys(violations)), f"delivered by rule {rule!r}")
