"""What schedules and many deliveries cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from statistics import median
from typing import Any

from measuring import new_client, seconds

from eventbridge_local import mock_eventbridge

START = "2026-01-01T00:00Z"


def measure() -> dict[str, float]:
    """Return the figures of all rows about schedules and many deliveries."""
    known, new = cron_calls()
    return {
        "cron_calls": known,
        "cron_new_calls": new,
        "year": median(a_year() for _ in range(3)) * 1e6,
        "idle": idle(3_650) * 1e6,
        "fan_out": fan_out(300, 5) * 1e6,
    }


def cron_calls() -> tuple[int, int]:
    """Return the Python calls of ``put_rule`` with a cron, its days known from another rule and not."""
    with mock_eventbridge(now=START):
        client = new_client()

        def putting(text: str) -> Callable[[], object]:
            return lambda: client.put_rule(Name="rule", ScheduleExpression=text)

        for text in ("cron(0 10 ? * MON-FRI *)", "cron(0 10 2 * ? *)"):
            putting(text)()
        return python_calls(putting("cron(3 11 ? * MON-FRI *)")), python_calls(putting("cron(3 11 ? * MON,WED *)"))


def python_calls(act: Callable[[], object]) -> int:
    """Return how many Python functions are called."""
    found = 0

    def seen(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(seen)
    act()
    sys.setprofile(None)
    return found - 1  # without the lambda


def expression(number: int) -> str:
    """Return a rate of 8 to 10 hours or a cron every 8 hours, each at another minute."""
    return f"rate({8 + number % 3} hours)" if number % 2 else f"cron({number % 60} {number % 8}/8 * * ? *)"


def a_year() -> float:
    """Return the seconds of each firing in a year of 100 schedules."""
    with mock_eventbridge(now=START, keep_records=1_000) as eb:
        for number in range(100):
            eb.rule(f"rule-{number}", schedule=expression(number), to=f"function-{number}")
        fired = 0

        def advance() -> None:
            nonlocal fired
            fired = eb.clock.advance(days=365)["fired"]

        return seconds(advance) / fired


def idle(days: int) -> float:
    """Return the seconds that an advance over idle time takes."""
    with mock_eventbridge(now=START) as eb:
        eb.rule("never", pattern={"source": ["shop"]}, to="function")
        return median(seconds(lambda: eb.clock.advance(days=days)) for _ in range(15))


def fan_out(rules: int, targets: int) -> float:
    """Return the seconds of each delivery of one event that matches every rule."""
    with mock_eventbridge() as eb:
        for number in range(rules):
            names = [f"function-{number}-{target}" for target in range(targets)]
            eb.rule(f"rule-{number}", pattern={"source": ["shop"]}, to=names)
        taken = median(seconds(lambda: eb.put("shop", "OrderPlaced", {"id": "o-1"})) for _ in range(31))
    return taken / (rules * targets)
