"""What a replay costs: 100,000 archived events through 100 rules with recorded targets; and a capture through them.

python benchmarks/replay.py [events]
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from eventbridge_local import EventBridge, mock_eventbridge

RULES = 100
PER_REQUEST = 10
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue-{}"
CAPTURE_BYTES = 100 * 2**20


def entry(number: int) -> dict[str, Any]:
    """An entry with a detail of some 300 bytes; ten of them in each minute, each of them for one of the rules."""
    detail = {"id": f"o-{number}", "total": 120, "customer": {"id": "c-1", "country": "DE"}, "note": "x" * 200}
    return {
        "Source": f"shop.service-{number % RULES}",
        "DetailType": "OrderPlaced",
        "Detail": json.dumps(detail),
        "Time": MARCH + timedelta(seconds=6 * number),
    }


def put_rules(eb: EventBridge) -> None:
    """The rules; every event matches one of them."""
    for number in range(RULES):
        pattern = {"source": [f"shop.service-{number}"], "detail": {"total": [{"numeric": [">", 100]}]}}
        eb.rule(f"rule-{number}", pattern=pattern, to=QUEUE.format(number))


def seconds(act: Callable[[], Any]) -> float:
    """The time one ``act`` takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def replaying(events: int, stepped: bool) -> float:
    """The seconds a replay of that many events takes."""
    with mock_eventbridge() as eb:
        client = boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        archive = eb.archive("march")
        for first in range(0, events, PER_REQUEST):
            client.put_events(Entries=[entry(first + number) for number in range(PER_REQUEST)])
        put_rules(eb)
        request = archive.as_replay_request()
        if stepped:
            eb.clock.freeze()
            client.start_replay(ReplayName="catch-up", **request)
            taken = seconds(lambda: eb.clock.advance(days=1))
        else:
            taken = seconds(lambda: client.start_replay(ReplayName="catch-up", **request))
        assert client.describe_replay(ReplayName="catch-up")["State"] == "COMPLETED"
        assert len(eb.deliveries) == events
        assert len(archive) == events
        return taken


def reading_a_capture(folder: Path) -> tuple[float, float, int]:
    """Events a second, memory in MB that a large file costs, and how many events it holds."""
    path = folder / "capture.jsonl"
    with mock_eventbridge() as eb:
        for number in range(1000):
            eb.put("shop.service-1", "OrderPlaced", entry(number)["Detail"])
        eb.archive_to(path)
    block = path.read_bytes()
    repeats = CAPTURE_BYTES // len(block)
    with path.open("wb") as file:
        for _ in range(repeats):
            file.write(block)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with mock_eventbridge(keep_records=1000) as eb:
        put_rules(eb)
        start = time.perf_counter()
        count = eb.replay_from(path).count
        taken = time.perf_counter() - start
    assert count == repeats * 1000
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return count / taken, grown, count


def report(what: str, measured: str, goal: str, note: str) -> None:
    """One row of the table."""
    print(f"{what:<58} {measured:>14}  goal {goal:<10} {note}")


if __name__ == "__main__":
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    events = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:  # first, because the peak of the memory never comes down
        rate, grown, count = reading_a_capture(Path(folder))
    size = f"{CAPTURE_BYTES // 2**20} MB, {count:,} events"
    report(f"replay_from, {RULES} rules", f"{rate:,.0f} events/s", "-", size)
    report(f"replay_from, memory for {size}", f"{grown:.0f} MB", "<= 200 MB", "keep_records=1000")
    for stepped in (False, True):
        taken = replaying(events, stepped)
        how = "clock stepped" if stepped else "clock not touched"
        report(f"replay of {events:,} events, {RULES} rules, {how}", f"{taken:.1f} s", "<= 8 s", "")
