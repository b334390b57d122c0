"""What a call costs: PutEvents against the floor botocore itself sets and against moto; entering; importing.

Every figure is a ratio of two times measured in this process, alternating, as the median of several rounds.

    python benchmarks/main_job.py
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

from eventbridge_local import mock_eventbridge

ROUNDS = 15
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "unused", "aws_secret_access_key": "unused"}


def entry(number: int) -> dict[str, Any]:
    """An entry with a detail of some 300 bytes."""
    detail = {"id": f"o-{number}", "total": 120, "customer": {"id": "c-1", "country": "DE"}, "note": "x" * 200}
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}


class Canned:
    """The least a ``before-call`` handler can do."""

    class Http:
        status_code = 200

    def __call__(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        return self.Http, {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}


def seconds(act: Callable[[], Any], times: int) -> float:
    """The time one ``act`` takes, over ``times``."""
    start = time.perf_counter()
    for _ in range(times):
        act()
    return (time.perf_counter() - start) / times


def medians(acts: dict[str, tuple[Callable[[], Any], int]]) -> dict[str, float]:
    """The median time of each act; rounds alternate, so that a slow moment of the machine hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, (act, times) in acts.items():
            taken[name].append(seconds(act, times))
    return {name: statistics.median(values) for name, values in taken.items()}


def put_rules(client: Any, count: int) -> None:
    """One rule that matches and ``count - 1`` that do not."""
    for number in range(count):
        source = "shop.orders" if number == 0 else f"shop.other-{number}"
        pattern = {"source": [source], "detail": {"total": [{"numeric": [">", 100]}]}}
        client.put_rule(Name=f"rule-{number}", EventPattern=json.dumps(pattern))


@contextmanager
def moto_client(rules: int) -> Iterator[Any]:
    """A client of moto's with that many rules."""
    with mock_aws():
        client = boto3.client("events", **CREDENTIALS)
        put_rules(client, rules)
        yield client


@cache
def ours_client() -> Any:
    """One client for all rounds, as users have one for all tests."""
    return boto3.session.Session().client("events", **CREDENTIALS)


def compare_calls(rules: int) -> None:
    """PutEvents with 1 and 10 entries, in the three ways."""
    one, ten = [entry(1)], [entry(number) for number in range(10)]
    floor = boto3.session.Session().client("events", **CREDENTIALS)
    floor.meta.events.register_first("before-call.eventbridge.PutEvents", Canned())
    with moto_client(rules) as client:
        acts = {"1": (lambda: client.put_events(Entries=one), 20), "10": (lambda: client.put_events(Entries=ten), 5)}
        moto = medians(acts)
    ours = ours_client()
    calls = {
        "floor 1": lambda: floor.put_events(Entries=one),
        "ours 1": lambda: ours.put_events(Entries=one),
        "floor 10": lambda: floor.put_events(Entries=ten),
        "ours 10": lambda: ours.put_events(Entries=ten),
    }
    taken: list[dict[str, float]] = []
    for _ in range(ROUNDS):
        # A mock of its own for each round: a test puts tens of events, not tens of thousands.
        with mock_eventbridge() as eb:
            put_rules(ours, rules)
            # Ours has a target and moto's has none: moto would pay for its queue, and that is another service.
            arn = "arn:aws:sqs:us-east-1:123456789012:orders"
            ours.put_targets(Rule="rule-0", Targets=[{"Id": "1", "Arn": arn}])
            taken.append({name: seconds(act, 50) for name, act in calls.items()})
            assert len(eb.deliveries) == 50 + 500
    found = {name: statistics.median(each[name] for each in taken) for name in taken[0]}
    for count, goal in (("1", 1.6), ("10", 2.5)):
        ratio = found[f"ours {count}"] / found[f"floor {count}"]
        times = f"{found[f'ours {count}'] * 1e6:.0f} us against {found[f'floor {count}'] * 1e6:.0f} us"
        report(f"PutEvents, {count} entries, {rules} rules, against the floor", f"{ratio:.2f} x", f"<= {goal} x", times)
        faster = moto[count] / found[f"ours {count}"]
        goal_text = {1: ">= 3.5 x", 100: ">= 25 x"}[rules]
        moto_times = f"moto {moto[count] * 1e6:.0f} us"
        report(f"PutEvents, {count} entries, {rules} rules, faster than moto", f"{faster:.1f} x", goal_text, moto_times)


def entering() -> None:
    """Entering and leaving, after the first."""
    mock = mock_eventbridge()
    with mock:
        pass

    def enter() -> None:
        with mock:
            pass

    taken = statistics.median(seconds(enter, 200) for _ in range(ROUNDS))
    report("enter and leave", f"{taken * 1e6:.0f} us", "<= 100 us", "")


def importing() -> None:
    """What our import adds to botocore's, in fresh interpreters."""
    # boto3 users have imported botocore's session and client already; that is the base.
    base = "import botocore.session, botocore.client, botocore.handlers"
    with_ours = f"{base}, eventbridge_local"
    used = f"{base}; from eventbridge_local import mock_eventbridge"
    found = {name: statistics.median(import_time(code) for _ in range(9)) for name, code in
             {"base": base, "ours": with_ours, "used": used}.items()}  # fmt: skip
    for what, name in (("import eventbridge_local", "ours"), ("import mock_eventbridge", "used")):
        report(f"{what} beyond botocore", f"{(found[name] - found['base']) * 1e3:.1f} ms", "<= 20 ms", "")


def import_time(code: str) -> float:
    """Seconds that running ``code`` takes in a fresh interpreter, measured inside it."""
    script = f"import time; start = time.perf_counter()\n{code}\nprint(time.perf_counter() - start)"
    return float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)


def report(what: str, measured: str, goal: str, note: str) -> None:
    """One row of the table."""
    print(f"{what:<58} {measured:>10}  goal {goal:<10} {note}")


if __name__ == "__main__":
    os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")
    compare_calls(1)
    compare_calls(100)
    entering()
    importing()
