"""How all rows are measured: CPU time, in turns, the median of many short rounds.

The machine may be busy. CPU time does not count the moments in which others run; what slows the processor itself hits
all acts of a round alike, because they alternate; and the median leaves out the rounds that were disturbed.
"""

from __future__ import annotations

import math
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import boto3

Act = Callable[[], Any]
CREDENTIALS = {"region_name": "us-east-1", "aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"


def seconds(act: Act, times: int = 1) -> float:
    """Return the CPU seconds that one ``act`` takes, over ``times``."""
    start = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - start) / times


def in_turns(acts: Mapping[str, Act], rounds: int, times: int = 1) -> dict[str, list[float]]:
    """Return the seconds of each act in each round; each round does all of them."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            taken[name].append(seconds(act, times))
    return taken


def medians(taken: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Return the median of each."""
    return {name: statistics.median(values) for name, values in taken.items()}


def joined(parts: Iterable[Mapping[str, list[float]]]) -> dict[str, list[float]]:
    """Return the rounds of several blocks as those of one."""
    taken: dict[str, list[float]] = {}
    for part in parts:
        for name, values in part.items():
            taken.setdefault(name, []).extend(values)
    return taken


def slope(figures: Mapping[int, float]) -> float:
    """Return the slope of the line through the logarithms of sizes and times (least squares)."""
    sizes, times = ([math.log(each) for each in part] for part in (figures.keys(), figures.values()))
    return statistics.linear_regression(sizes, times).slope


def loop_ms() -> float:
    """Return the CPU milliseconds of a fixed loop: how fast this machine is at the moment."""

    def loop() -> None:
        table = {number: str(number) for number in range(1_000)}
        for _ in range(50):
            for key in table:
                table[key] = table[key].upper()

    return statistics.median(seconds(loop) for _ in range(31)) * 1e3


def cached_bytecode() -> dict[str, str]:
    """Return this environment without the variable that keeps Python from writing bytecode.

    With it every interpreter compiles the library again, if it was installed in place; that is no figure of ours.
    """
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def fresh(code: str, *arguments: str) -> list[float]:
    """Return the numbers that ``code`` prints in a fresh interpreter."""
    environment = {"AWS_EC2_METADATA_DISABLED": "true", **cached_bytecode()}
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


class Canned:
    """The least that a ``before-call`` handler can do."""

    class Http:
        status_code = 200

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def __call__(self, **_: Any) -> tuple[Any, dict[str, Any]]:
        return self.Http, self._answer


def new_client() -> Any:
    """Return a client of a session of its own."""
    return boto3.session.Session().client("events", **CREDENTIALS)


def floor_client() -> Any:
    """Return a client whose calls cost what botocore itself costs."""
    client = new_client()
    events = client.meta.events
    events.register_first(
        "before-call.eventbridge.PutEvents", Canned({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})
    )
    events.register_first("before-call.eventbridge.PutRule", Canned({"RuleArn": "arn:aws:events:us-east-1:1:rule/r"}))
    return client
