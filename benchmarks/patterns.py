"""Prints how fast the pattern engine is, in units of json.loads on the same event text in the same run.

Run: python benchmarks/patterns.py
"""

from __future__ import annotations

import json
import random
import sys
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent.parent)]

from synthetic import event, excluding_rule, loose_rule, naming_rules, unmet_rule

from eventbridge_local.patterns import RuleSet, compile_pattern, parse_event

SIZES = {"200 B": 200, "1 KB": 1000, "10 KB": 10_000}
TYPICAL = {
    "source": ["shop.service7"],
    "detail-type": ["Thing 7 happened"],
    "detail": {"state": ["running", "stopping"], "total": [{"numeric": [">", 5]}]},
}


def microseconds(call: Callable[[], Any], rounds: int = 7) -> float:
    """The best of several timings of a call."""
    call()
    start = time.perf_counter()
    call()
    repeat = max(1, int(0.02 / max(time.perf_counter() - start, 1e-7)))
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(repeat):
            call()
        best = min(best, (time.perf_counter() - start) / repeat)
    return best * 1e6


def rule_set(rules: list[dict[str, Any]]) -> RuleSet:
    """The rules under numbered names."""
    made = RuleSet()
    for number, rule in enumerate(rules):
        made.add(f"rule{number}", json.dumps(rule))
    return made


def row(what: str, time_: float, unit: float | None, goal: str, note: str = "") -> None:
    """Print one line of the table."""
    units = f"{time_ / unit:8.2f}x" if unit else " " * 9
    print(f"{what:44} {time_:10.2f} us {units}  goal {goal:28} {note}")


def one_rule(texts: dict[str, str]) -> None:
    """One rule on a parsed event."""
    pattern = compile_pattern(json.dumps(TYPICAL))
    for size, text in texts.items():
        tree = parse_event(text)
        assert pattern.matches(tree)
        goal = "<= 0.5x" if size == "1 KB" else ""
        row(f"one rule, {size}", microseconds(lambda tree=tree: pattern.matches(tree)), _loads(text), goal)


def many_rules(texts: dict[str, str]) -> None:
    """10,000 rules naming values, and 10 of them."""
    sets = {count: rule_set(naming_rules(1, count, 5)) for count in (10, 10_000)}
    for size, text in texts.items():
        tree, unit = parse_event(text), _loads(text)
        times = {count: microseconds(lambda each=each, tree=tree: each.match(tree)) for count, each in sets.items()}
        row(f"10 rules, {size}", times[10], unit, "")
        found = len(sets[10_000].match(tree))
        note = f"{found} match; {times[10_000] / times[10]:.2f}x the cost of 10 rules"
        row(f"10,000 rules naming values, {size}", times[10_000], unit, "<= 3x, <= 3x of 10 rules", note)


def many_matching(texts: dict[str, str]) -> None:
    """10,000 rules of which a quarter want anything but something."""
    rules = naming_rules(1, 7_500, 5) + [excluding_rule(number) for number in range(2_500)]
    random.Random(2).shuffle(rules)
    made, naming = rule_set(rules), rule_set(naming_rules(1, 10_000, 5))
    for size, text in texts.items():
        tree = parse_event(text)
        extra = microseconds(lambda tree=tree: made.match(tree)) - microseconds(lambda tree=tree: naming.match(tree))
        found = len(made.match(tree))
        row(
            f"a quarter anything-but alone, {size}",
            extra,
            None,
            "<= 0.3 us a name",
            f"{extra / found:.3f} us a name of {found}",
        )


def only_excluding(texts: dict[str, str]) -> None:
    """10,000 rules that name nothing: several anything-but fields, absent fields, and mixtures."""
    loose, unmet = (rule_set([make(number) for number in range(10_000)]) for make in (loose_rule, unmet_rule))
    for size, text in texts.items():
        tree, unit = parse_event(text), _loads(text)
        time_, found = microseconds(lambda tree=tree: loose.match(tree)), len(loose.match(tree))
        note = f"{time_ / found:.3f} us a name of {found}"
        row(f"10,000 rules that only exclude, {size}", time_, unit, "<= 0.3 us a name", note)
        time_ = microseconds(lambda tree=tree: unmet.match(tree))
        row(f"the same with a field no event has, {size}", time_, unit, "<= 3x", f"{len(unmet.match(tree))} match")


def against_moto(text: str) -> None:
    """1,000 patterns against moto's matcher."""
    from moto.events.models import EventPattern

    rules = naming_rules(1, 1_000, 5)
    theirs = [EventPattern.load(json.dumps(rule)) for rule in rules]
    ours = rule_set(rules)
    tree = parse_event(text)
    assert ours.match(tree) == [f"rule{number}" for number, each in enumerate(theirs) if each.matches_event(tree)]
    slow = microseconds(lambda: [each.matches_event(tree) for each in theirs], 3)
    fast = microseconds(lambda: ours.match(tree))
    row(f"moto, {len(theirs)} patterns, 1 KB", slow, None, "")
    row("ours", fast, None, ">= 200x faster", f"{slow / fast:.0f}x faster")


def compiling() -> None:
    """Time and memory of compiling."""
    text = json.dumps(TYPICAL)
    row("compile a typical rule", microseconds(lambda: compile_pattern(text)), None, "<= 150 us")
    texts = [json.dumps(rule) for rule in naming_rules(1, 10_000, 5)]
    tracemalloc.start()
    patterns = [compile_pattern(each) for each in texts]
    compiled, _ = tracemalloc.get_traced_memory()
    made = RuleSet()
    for number, pattern in enumerate(patterns):
        made.add(f"rule{number}", pattern)
    made.match(event(random.Random(0), 1000))
    total, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"memory for each of 10,000 rules: {compiled / 10_000:.0f} B compiled, {total / 10_000:.0f} B with the index")


def _loads(text: str) -> float:
    return microseconds(lambda: json.loads(text))


def main() -> None:
    """Print the table."""
    texts = {name: json.dumps(event(random.Random(0), size)) for name, size in SIZES.items()}
    for name, text in texts.items():
        row(f"json.loads, {name} ({len(text)} bytes)", _loads(text), None, "")
        row(f"parse_event, {name}", microseconds(lambda text=text: parse_event(text)), _loads(text), "")
    one_rule(texts)
    many_rules(texts)
    many_matching(texts)
    only_excluding(texts)
    compiling()
    against_moto(texts["1 KB"])


if __name__ == "__main__":
    main()
