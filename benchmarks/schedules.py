"""What cron expressions cost: PutRule, a next time, and a simulated year of 100 schedules.

python benchmarks/schedules.py                       figures of this checkout
python benchmarks/schedules.py --against CHECKOUT    the same for both, in turn, and their ratios
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from eventbridge_local import mock_eventbridge
from eventbridge_local.schedules import parse_schedule

START = "2026-01-01T00:00Z"
NOW = datetime(2026, 3, 4, 11, 7, tzinfo=UTC)
ROUNDS = 3


def mixed(number: int) -> str:
    """Rates of 8 to 10 hours and crons every 8 hours of every day, as in clock.py."""
    return f"rate({8 + number % 3} hours)" if number % 2 else f"cron({number % 60} {number % 8}/8 * * ? *)"


def own_days(number: int) -> str:
    """Crons every 8 hours, nearly each with days of its own: the worst for remembering days."""
    time_of_day = f"{number % 60} {number % 8}/8"
    if number % 2:
        return f"cron({time_of_day} {number % 28 + 1}-{number * 3 % 28 + 1} * ? *)"
    return f"cron({time_of_day} ? * {number % 7 + 1},{number % 5 + 1} *)"


def nearest_weekdays(number: int) -> str:
    """Crons of a form that croniter cannot say."""
    return f"cron({number % 60} {number % 8}/8 1-{number % 28 + 1}W * ? *)"


def python_calls(act: Callable[[], object]) -> int:
    """How many Python functions are called."""
    count = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(seen)
    act()
    sys.setprofile(None)
    return count - 1  # without the lambda


def median_us(acts: list[Callable[[], object]]) -> float:
    """Median microseconds over several acts, each done once."""
    taken = []
    for act in acts:
        start = time.perf_counter()
        act()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1e6


def put_rule() -> dict[str, float]:
    """PutRule through boto3 with a rate, with days seen before, with days never seen in this process."""
    figures: dict[str, float] = {}
    with mock_eventbridge(now=START):
        events = boto3.client("events", region_name="us-east-1")

        def putting(text: str) -> Callable[[], object]:
            return lambda: events.put_rule(Name="rule", ScheduleExpression=text)

        def firing(text: str) -> Callable[[], object]:
            return lambda: parse_schedule(text).next_after(NOW)

        for text in ("rate(5 minutes)", "cron(0 10 ? * MON-FRI *)", "cron(0 10 2 * ? *)"):
            putting(text)()
            firing(text)()
        unseen = iter([f"cron(0 10 {first},{second} * ? *)" for first in range(3, 32) for second in range(3, first)])
        seen = [f"cron({minute} {hour} ? * MON-FRI *)" for hour in range(5) for minute in range(40)]
        figures["PutRule with a rate, calls"] = python_calls(putting("rate(7 minutes)"))
        figures["PutRule, days seen before, calls"] = python_calls(putting("cron(3 11 ? * MON-FRI *)"))
        figures["PutRule, new days, calls"] = python_calls(putting("cron(3 11 ? * MON,WED *)"))
        figures["PutRule with a rate, us"] = median_us([putting(f"rate({n} minutes)") for n in range(2, 102)])
        figures["PutRule, days seen before, us"] = median_us([putting(text) for text in seen])
        figures["PutRule, new days, us"] = median_us([putting(next(unseen)) for _ in range(100)])
    figures["read and next time, days seen before, calls"] = python_calls(firing("cron(3 11 ? * MON-FRI *)"))
    figures["read and next time, days seen before, us"] = median_us([firing(text) for text in seen])
    figures["read and next time, new days, us"] = median_us([firing(next(unseen)) for _ in range(100)])
    return figures


def a_year(expression: Callable[[int], str]) -> float:
    """Best seconds of some years of 100 schedules."""
    taken = []
    for _ in range(ROUNDS):
        with mock_eventbridge(now=START, keep_records=1_000) as eb:
            for number in range(100):
                eb.rule(f"rule-{number}", schedule=expression(number), to=f"function-{number}")
            start = time.perf_counter()
            eb.clock.advance(days=365)
            taken.append(time.perf_counter() - start)
    return min(taken)


def figures() -> dict[str, float]:
    """All figures of the checkout that is imported."""
    years = {"rates and crons": mixed, "days of their own": own_days, "nearest weekdays": nearest_weekdays}
    return put_rule() | {f"a year of 100 schedules, {name}, s": a_year(each) for name, each in years.items()}


def measured(checkout: Path) -> dict[str, float]:
    """The figures of a checkout, from a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, "--json"]
    done = subprocess.run(command, env=environment, cwd=checkout, capture_output=True, text=True, check=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def compare(other: Path) -> None:
    """Print the best figures of two checkouts, measured in turn, and the ratio of this one to the other."""
    here = Path(__file__).parents[1]
    runs: dict[Path, list[dict[str, float]]] = {other: [], here: []}
    for _ in range(ROUNDS):
        for checkout, done in runs.items():
            done.append(measured(checkout))
    for name in runs[here][0]:
        theirs, ours = (min(run[name] for run in done) for done in runs.values())
        print(f"{name:60} {theirs:10.4g} -> {ours:10.4g}   x {ours / theirs:.2f}")


def main() -> None:
    if sys.argv[1:2] == ["--json"]:
        print(json.dumps(figures()))
    elif sys.argv[1:2] == ["--against"]:
        compare(Path(sys.argv[2]).resolve())
    else:
        for name, figure in figures().items():
            print(f"{name:60} {figure:10.4g}")


if __name__ == "__main__":
    main()
