"""What the journal costs: memory for each event, and looking something up in many records."""

from __future__ import annotations

import json
import statistics
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from measuring import fresh, new_client, seconds

from eventbridge_local import EventBridge, mock_eventbridge

#: Puts events of 690 bytes of detail, ten a request, and prints the memory of the process (MB) at the given counts.
_FILLING = """
import json, sys
import boto3
from eventbridge_local import mock_eventbridge

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6

keep, per_request, *marks = json.loads(sys.argv[1])
with mock_eventbridge(**({} if keep == "default" else {"keep_records": keep})) as eb:
    client = boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    client.put_rule(Name="r", EventPattern='{"source":["shop.orders"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:orders"}])
    number = 0
    for mark in marks:
        while number < mark:
            entries = []
            for number in range(number + 1, number + 1 + per_request):
                detail = json.dumps({"id": f"o-{number}", "note": f"{number:06d}" + "x" * 650})
                entries.append({"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": detail})
            client.put_events(Entries=entries)
        print(megabytes())
"""


def measure() -> dict[str, float]:
    """Return the figures of all rows about the journal."""
    kept = filled(None, 1, 1_000, 6_000)
    default = filled("default", 10, 120_000, 140_000)
    bounded = filled(1_000, 10, 20_000, 60_000)
    where, length = looking(40_000)
    return {
        "record": (kept[1] - kept[0]) * 1e3 / 5_000,
        "million": default[1] + (default[1] - default[0]) / 20_000 * (1_000_000 - 140_000),
        "bounded": bounded[1] - bounded[0],
        "where": where * 1e3,
        "where_kept": memory_kept(5_000),
        "assert_put": asserting(10_000) * 1e3,
        "len": length * 1e6,
    }


def filled(keep: int | str | None, per_request: int, *marks: int) -> list[float]:
    """Return the megabytes of a process whose journal has got that many events."""
    return fresh(_FILLING, json.dumps([keep, per_request, *marks]))


@contextmanager
def mock_with(events: int) -> Iterator[EventBridge]:
    """A mock in which that many events were put, and a new client."""
    with mock_eventbridge(keep_records=None) as eb:
        client = new_client()
        eb.rule("orders", pattern={"source": ["shop.orders"]}, to="orders")
        for first in range(0, events, 10):
            client.put_events(Entries=[entry(number) for number in range(first, first + 10)])
        yield eb


def entry(number: int) -> dict[str, Any]:
    """Return an entry with some 300 bytes of detail."""
    detail = {"id": f"o-{number}", "total": number, "customer": {"id": "c-1"}, "note": "x" * 200}
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}


def look(eb: EventBridge) -> Callable[[], Any]:
    """Return an act that looks one event up by its detail."""
    return lambda: eb.events.where(source="shop.orders", detail={"id": "o-77"}).one()


def looking(events: int) -> tuple[float, float]:
    """Return the seconds of the first ``where`` and of ``len`` with that many events."""
    wheres, lengths = [], []
    for _ in range(2):
        with mock_with(events) as eb:
            lengths += [seconds(lambda eb=eb: len(eb.events)) for _ in range(7)]
            wheres.append(seconds(look(eb)))
    return statistics.median(wheres), statistics.median(lengths)


def memory_kept(events: int) -> float:
    """Return the bytes for each event that are still held after ``where`` has answered."""
    with mock_with(events) as eb:
        tracemalloc.start()
        look(eb)()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    return held / events


def asserting(events: int) -> float:
    """Return the seconds of the first ``assert_put`` with that many events."""
    taken = []
    for _ in range(3):
        with mock_with(events) as eb:
            taken.append(seconds(lambda eb=eb: eb.assert_put("shop.orders", "OrderPlaced", {"id": "o-77"})))
    return statistics.median(taken)
