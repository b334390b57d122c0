"""How times grow with what there is: rules, entries, targets, records and buses.

A figure is the slope of the line through the logarithms of sizes and times. Sizes are measured in turn where that is
possible, each in a mock of its own.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable
from statistics import median
from typing import Any

from calls import MANY, entry, put_rules
from journal import look, mock_with
from measuring import QUEUE, new_client, seconds, slope

from eventbridge_local import mock_eventbridge
from eventbridge_local.model.limits import Limits

ONE = [entry(1)]
_SHOP = json.dumps({"source": ["shop.orders"]})


def measure() -> dict[str, float]:
    """Return the slopes of all rows."""
    gc.collect()
    gc.disable()  # how often it runs depends on all that the process holds, and it costs more the more that is
    try:
        return slopes()
    finally:
        gc.enable()


def slopes() -> dict[str, float]:
    """Measure all sizes of all rows."""
    return {
        "slope_rules": slope({size: put_beside_rules(size) for size in (100, 1_000, 10_000)}),
        "slope_rules_all": slope({size: putting_rules(size) for size in (250, 500, 1_000, 2_000)}),
        "slope_entries": slope(by_entries((1, 2, 5, 10))),
        "slope_targets": slope({5 * rules: fanning_out(rules) for rules in (10, 30, 100, 300)}),
        "slope_journal": slope(put_by_journal((1_000, 4_000, 16_000))),
        "slope_where": slope({size: where(size) for size in (1_000, 4_000, 16_000)}),
        "slope_bus": slope({size: put_beside_buses(size) for size in (10, 100, 1_000)}),
        "slope_buses": slope({size: creating_buses(size) for size in (250, 500, 1_000, 2_000)}),
    }


def put_seconds(client: Any, entries: list[dict[str, Any]], rounds: int = 60) -> float:
    """Return the median seconds of a put."""
    client.put_events(Entries=entries)
    return median(seconds(lambda: client.put_events(Entries=entries), 5) for _ in range(rounds))


def target(client: Any, rule: str) -> None:
    """Give a rule a recorded target."""
    client.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": QUEUE}])


def put_beside_rules(rules: int) -> float:
    """Return the seconds of a put that matches one of that many rules."""
    with mock_eventbridge(limits=MANY):
        client = new_client()
        put_rules(client, rules)
        target(client, "rule-0")
        return put_seconds(client, ONE)


def putting_rules(rules: int) -> float:
    """Return the seconds of putting that many rules."""

    def once() -> float:
        with mock_eventbridge(limits=MANY):
            client = new_client()
            return seconds(lambda: put_rules(client, rules))

    return median(once() for _ in range(3))


def by_entries(sizes: Iterable[int]) -> dict[int, float]:
    """Return the seconds of a put, by the number of its entries."""
    with mock_eventbridge():
        client = new_client()
        put_rules(client, 1)
        target(client, "rule-0")
        return {size: put_seconds(client, [entry(number) for number in range(size)]) for size in sizes}


def fanning_out(rules: int) -> float:
    """Return the seconds of a put that matches all rules, each with five targets."""
    with mock_eventbridge(limits=MANY):
        client = new_client()
        for number in range(rules):
            client.put_rule(Name=f"rule-{number}", EventPattern=_SHOP)
            targets = [{"Id": str(each), "Arn": f"{QUEUE}-{number}-{each}"} for each in range(5)]
            client.put_targets(Rule=f"rule-{number}", Targets=targets)
        return put_seconds(client, ONE, 12)


def put_by_journal(sizes: Iterable[int]) -> dict[int, float]:
    """Return the seconds of a put behind that many others."""
    found = {}
    for size in sizes:
        with mock_with(size):
            found[size] = put_seconds(new_client(), ONE, 80)
    return found


def where(events: int) -> float:
    """Return the seconds of the first ``where`` among that many events."""

    def once() -> float:
        with mock_with(events) as eb:
            return seconds(look(eb))

    return median(once() for _ in range(3))


def create_buses(client: Any, buses: int) -> None:
    """Create that many buses."""
    for number in range(buses):
        client.create_event_bus(Name=f"bus-{number}")


def put_beside_buses(buses: int) -> float:
    """Return the seconds of a put on one of that many buses."""
    with mock_eventbridge(limits=Limits(event_buses=100_000)) as eb:
        client = new_client()
        create_buses(client, buses)
        eb.rule("orders", pattern=json.loads(_SHOP), bus="bus-7", to=QUEUE)
        return put_seconds(client, [{**ONE[0], "EventBusName": "bus-7"}])


def creating_buses(buses: int) -> float:
    """Return the seconds of creating that many buses."""

    def once() -> float:
        with mock_eventbridge(limits=Limits(event_buses=100_000)):
            client = new_client()
            return seconds(lambda: create_buses(client, buses))

    return median(once() for _ in range(3))
