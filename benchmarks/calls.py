"""What a call costs: against the floor that botocore itself sets, and against moto."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from measuring import QUEUE, floor_client, in_turns, joined, medians, new_client, seconds
from moto import mock_aws
from path import walk_put_events

from eventbridge_local import mock_eventbridge
from eventbridge_local.model.limits import Limits

#: Mocks that are made anew: a test puts hundreds of events, not tens of thousands.
BLOCKS = 3
ROUNDS = 25
MANY = Limits(rules_per_event_bus=100_000)
TRANSFORMER = {"InputPathsMap": {"order": "$.detail.id"}, "InputTemplate": '{"order": <order>}'}
#: moto is told not to make a new default session, which takes most of the time of a small test.
NO_NEW_SESSION: Any = {"core": {"reset_boto3_session": False}}


def entry(number: int) -> dict[str, Any]:
    """Return an entry with a detail of some 300 bytes."""
    detail = {"id": f"o-{number}", "total": 120, "customer": {"id": "c-1", "country": "DE"}, "note": "x" * 200}
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}


ONE, TEN = [entry(1)], [entry(number) for number in range(10)]


def put_rules(client: Any, rules: int) -> None:
    """Put one rule that matches and ``rules - 1`` that do not."""
    for number in range(rules):
        source = "shop.orders" if number == 0 else f"shop.other-{number}"
        pattern = {"source": [source], "detail": {"total": [{"numeric": [">", 100]}]}}
        client.put_rule(Name=f"rule-{number}", EventPattern=json.dumps(pattern))


def measure() -> dict[str, float]:
    """Return the figures of all rows about calls."""
    floor, client = floor_client(), new_client()
    few, many = put_events(floor, client, 1), put_events(floor, client, 2_000)
    ours = {rules: faster_than_moto(client, rules) for rules in (1, 100)}
    return {
        "put_1x1": few["ours 1"] / few["floor 1"],
        "put_1x2000": many["ours 1"] / many["floor 1"],
        "put_10x1": few["ours 10"] / few["floor 10"],
        "moto_1x1": ours[1]["1"],
        "moto_10x1": ours[1]["10"],
        "moto_1x100": ours[100]["1"],
        "moto_10x100": ours[100]["10"],
        "callable": against_floor(floor, client, lambda order: None, {}),
        "transformer": against_floor(floor, client, None, {"InputTransformer": TRANSFORMER}),
        "put_rule": put_rule(floor, client),
        "small_test": small_test(client),
        "enter": entering(floor),
        **path_of_a_put(),
    }


def put_events(floor: Any, client: Any, rules: int) -> dict[str, float]:
    """Return the median seconds of 1 and 10 entries, at the floor and in a mock."""
    acts = {
        "floor 1": lambda: floor.put_events(Entries=ONE),
        "ours 1": lambda: client.put_events(Entries=ONE),
        "floor 10": lambda: floor.put_events(Entries=TEN),
        "ours 10": lambda: client.put_events(Entries=TEN),
    }

    def block() -> dict[str, list[float]]:
        with mock_eventbridge(limits=MANY) as eb:
            put_rules(client, rules)
            client.put_targets(Rule="rule-0", Targets=[{"Id": "1", "Arn": QUEUE}])
            taken = in_turns(acts, ROUNDS, 8)
            assert len(eb.deliveries) == ROUNDS * 8 * 11
        return taken

    return medians(joined(block() for _ in range(BLOCKS)))


def faster_than_moto(client: Any, rules: int) -> dict[str, float]:
    """Return how many times faster 1 and 10 entries are than with moto."""
    acts = {"1": lambda: client.put_events(Entries=ONE), "10": lambda: client.put_events(Entries=TEN)}

    def block() -> Iterator[dict[str, list[float]]]:
        with mock_eventbridge(forward="never"):
            put_rules(client, rules)
            client.put_targets(Rule="rule-0", Targets=[{"Id": "1", "Arn": QUEUE}])
            yield {f"ours {name}": taken for name, taken in in_turns(acts, 12, 8).items()}
        with mock_aws():
            put_rules(client, rules)
            yield {f"moto {name}": taken for name, taken in in_turns(acts, 8, 1).items()}

    found = medians(joined(part for _ in range(BLOCKS) for part in block()))
    return {name: found[f"moto {name}"] / found[f"ours {name}"] for name in acts}


def against_floor(floor: Any, client: Any, handler: Any, target: dict[str, Any]) -> float:
    """Return what one entry costs whose rule has that connected callable, or a queue with more members."""
    acts = {"floor": lambda: floor.put_events(Entries=ONE), "ours": lambda: client.put_events(Entries=ONE)}

    def block() -> dict[str, list[float]]:
        with mock_eventbridge() as eb:
            put_rules(client, 1)
            if handler is not None:
                eb.connect("orders", handler)
            client.put_targets(Rule="rule-0", Targets=[{"Id": "1", "Arn": QUEUE, **target}])
            return in_turns(acts, ROUNDS, 8)

    found = medians(joined(block() for _ in range(BLOCKS)))
    return found["ours"] / found["floor"]


def put_rule(floor: Any, client: Any) -> float:
    """Return what a new rule costs; no pattern comes twice."""
    number = count(1)

    def putting(using: Any) -> None:
        each = next(number)
        pattern = f'{{"source":["shop.orders"],"detail":{{"total":[{{"numeric":[">",{each}]}}]}}}}'
        using.put_rule(Name=f"rule-{each}", EventPattern=pattern)

    with mock_eventbridge(limits=MANY):
        found = medians(in_turns({"floor": lambda: putting(floor), "ours": lambda: putting(client)}, 60, 8))
    return found["ours"] / found["floor"]


def small_test(client: Any) -> float:
    """Return how many times faster a test of code is that puts one event; only in ours is it looked at."""

    def ours() -> None:
        with mock_eventbridge() as eb:
            client.put_events(Entries=ONE)
            eb.assert_put("shop.orders", "OrderPlaced")

    def moto() -> None:
        with mock_aws(config=NO_NEW_SESSION):
            client.put_events(Entries=ONE)

    acts = {"ours": ours, "moto": moto}
    in_turns(acts, 2)
    found = medians(in_turns(acts, 41))
    return found["moto"] / found["ours"]


def entering(floor: Any) -> float:
    """Return what entering and leaving costs, in calls of the floor."""

    def enter() -> None:
        with mock_eventbridge():
            pass

    seconds(enter, 5)
    found = medians(in_turns({"floor": lambda: floor.put_events(Entries=ONE), "enter": enter}, 60, 5))
    return found["enter"] / found["floor"]


def path_of_a_put() -> dict[str, float]:
    """Return how far a put walks through the package."""
    walk = walk_put_events()
    return {"path_functions": len(walk.functions), "path_files": len(walk.files), "path_changes": walk.changes}
