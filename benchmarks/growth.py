"""How times grow with what there is: rules, entries, targets, records and buses.

A figure is the slope of the line through the logarithms of sizes and times. All sizes are measured in turn, several
times, each in a mock of its own, and the least time of each counts: what else the machine does only adds to a time, and
would bend the line if it came in one size alone.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Sequence
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
        "slope_rules": slope(least(put_beside_rules, (100, 1_000, 10_000))),
        "slope_rules_all": slope(least(putting_rules, (250, 500, 1_000, 2_000))),
        "slope_entries": slope(least(put_of_entries, (1, 2, 5, 10))),
        "slope_targets": slope(least(fanning_out, (50, 150, 500, 1_500))),
        "slope_journal": slope(least(put_behind, (1_000, 4_000, 16_000))),
        "slope_where": slope(least(where, (1_000, 4_000, 16_000))),
        "slope_bus": slope(least(put_beside_buses, (10, 100, 1_000))),
        "slope_buses": slope(least(creating_buses, (250, 500, 1_000, 2_000))),
    }


def least(measure: Callable[[int], float], sizes: Sequence[int], times: int = 4) -> dict[int, float]:
    """Return the least seconds of each size; all sizes are measured in turn, several times."""
    rounds = []
    for _ in range(times):
        gc.collect()  # the mocks of the round before
        rounds.append([measure(size) for size in sizes])
    return {size: min(taken) for size, *taken in zip(sizes, *rounds, strict=True)}


def put_seconds(client: Any, entries: list[dict[str, Any]], rounds: int = 20) -> float:
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
    with mock_eventbridge(limits=MANY):
        client = new_client()
        return seconds(lambda: put_rules(client, rules))


def put_of_entries(entries: int) -> float:
    """Return the seconds of a put of that many entries."""
    with mock_eventbridge():
        client = new_client()
        put_rules(client, 1)
        target(client, "rule-0")
        return put_seconds(client, [entry(number) for number in range(entries)])


def fanning_out(targets: int) -> float:
    """Return the seconds of a put that reaches that many targets, five of each rule."""
    with mock_eventbridge(limits=MANY):
        client = new_client()
        for number in range(targets // 5):
            client.put_rule(Name=f"rule-{number}", EventPattern=_SHOP)
            five = [{"Id": str(each), "Arn": f"{QUEUE}-{number}-{each}"} for each in range(5)]
            client.put_targets(Rule=f"rule-{number}", Targets=five)
        return put_seconds(client, ONE, 6)


def put_behind(others: int) -> float:
    """Return the seconds of a put behind that many others."""
    with mock_with(others):
        return put_seconds(new_client(), ONE)


def where(events: int) -> float:
    """Return the seconds of the first ``where`` among that many events."""
    with mock_with(events) as eb:
        return seconds(look(eb))


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
    with mock_eventbridge(limits=Limits(event_buses=100_000)):
        client = new_client()
        return seconds(lambda: create_buses(client, buses))
