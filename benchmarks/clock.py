"""What a year of schedules costs, and one event to 300 rules with five targets each.

python benchmarks/clock.py
"""

from __future__ import annotations

import statistics
import time
import tracemalloc

from eventbridge_local import mock_eventbridge

START = "2026-01-01T00:00Z"


def expression(number: int) -> str:
    """Rates of 8 to 10 hours and crons every 8 hours, at different minutes."""
    return f"rate({8 + number % 3} hours)" if number % 2 else f"cron({number % 60} {number % 8}/8 * * ? *)"


def a_year(keep: int | None) -> tuple[int, float]:
    """Firings and seconds of a year of 100 schedules."""
    with mock_eventbridge(now=START, keep_records=keep) as eb:
        for number in range(100):
            eb.rule(f"rule-{number}", schedule=expression(number), to=f"function-{number}")
        start = time.perf_counter()
        done = eb.clock.advance(days=365)
        taken = time.perf_counter() - start
    return done["fired"], taken


def memory(days: int) -> float:
    """Megabytes that a bounded journal leaves after so many days; measured apart, because tracing is slow."""
    tracemalloc.start()
    with mock_eventbridge(now=START, keep_records=1_000) as eb:
        for number in range(100):
            eb.rule(f"rule-{number}", schedule=expression(number), to=f"function-{number}")
        eb.clock.advance(days=days)
        held = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    return held


def idle(days: int) -> float:
    """Seconds that an advance over idle time takes."""
    with mock_eventbridge(now=START) as eb:
        eb.rule("never", pattern={"source": ["shop"]}, to="function")
        start = time.perf_counter()
        eb.clock.advance(days=days)
        return time.perf_counter() - start


def fan_out(rules: int, targets: int) -> float:
    """Median seconds of one event that matches every rule."""
    with mock_eventbridge() as eb:
        for number in range(rules):
            names = [f"function-{number}-{target}" for target in range(targets)]
            eb.rule(f"rule-{number}", pattern={"source": ["shop"]}, to=names)
        taken = []
        for _ in range(21):
            start = time.perf_counter()
            eb.put("shop", "OrderPlaced", {"id": "o-1"})
            taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> None:
    fired, seconds = a_year(1_000)
    print(f"a year, 100 schedules: {fired:,} firings in {seconds:.1f} s (goal 8 for 100,000)")
    print(f"memory held after 30 days {memory(30):.1f} MB, after 120 days {memory(120):.1f} MB (goal: the same)")
    print(f"advance over 1 idle day {idle(1) * 1e6:.0f} us, over 10 idle years {idle(3_650) * 1e6:.0f} us")
    for rules in (30, 100, 300):
        print(f"one event to {rules} rules x 5 targets: {fan_out(rules, 5) * 1e3:.2f} ms (goal 5 at 300)")


if __name__ == "__main__":
    main()
