"""How fast the pattern engine is, in units of ``json.loads`` of the same event text."""

from __future__ import annotations

import json
import random
import tracemalloc
from typing import Any

from measuring import Act, in_turns, medians, seconds
from moto.events.models import EventPattern
from synthetic import event, excluding_rule, loose_rule, naming_rules, unmet_rule

from eventbridge_local.patterns import RuleSet, compile_pattern, parse_event

RULES = 10_000
TYPICAL = json.dumps(
    {
        "source": ["shop.service7"],
        "detail-type": ["Thing 7 happened"],
        "detail": {"state": ["running", "stopping"], "total": [{"numeric": [">", 5]}]},
    }
)


def measure() -> dict[str, float]:
    """Return the figures of all rows about patterns."""
    texts = {size: json.dumps(event(random.Random(0), size)) for size in (1_000, 10_000)}
    return {**few_rules(texts[1_000]), **many_rules(texts), **excluding(texts[1_000]), **compiling(texts[1_000])}


def times(acts: dict[str, Act], rounds: int = 25) -> dict[str, float]:
    """Return the median seconds of each act, in turns of about a millisecond."""
    repeats = {name: max(1, int(0.001 / max(seconds(act, 3), 1e-7))) for name, act in acts.items()}

    def several(name: str) -> Act:
        def repeat(act: Act = acts[name], count: int = repeats[name]) -> None:
            for _ in range(count):
                act()

        return repeat

    found = medians(in_turns({name: several(name) for name in acts}, rounds))
    return {name: found[name] / repeats[name] for name in acts}


def rule_set(rules: list[dict[str, Any]]) -> RuleSet:
    """Return the rules under numbered names."""
    made = RuleSet()
    for number, rule in enumerate(rules):
        made.add(f"rule{number}", json.dumps(rule))
    return made


def few_rules(text: str) -> dict[str, float]:
    """Measure one rule, and a thousand against moto's matcher."""
    pattern, tree = compile_pattern(TYPICAL), parse_event(text)
    assert pattern.matches(tree)
    rules = naming_rules(1, 1_000, 5)
    moto, ours = [EventPattern.load(json.dumps(rule)) for rule in rules], rule_set(rules)
    assert ours.match(tree) == [f"rule{number}" for number, each in enumerate(moto) if each.matches_event(tree)]
    found = times({"loads": lambda: json.loads(text), "one": lambda: pattern.matches(tree)})
    against = times(
        {"moto": lambda: [each.matches_event(tree) for each in moto], "ours": lambda: ours.match(tree)}, rounds=9
    )
    return {"one_rule": found["one"] / found["loads"], "moto_patterns": against["moto"] / against["ours"]}


def many_rules(texts: dict[int, str]) -> dict[str, float]:
    """Measure 10,000 rules that name values, and 10 of them."""
    ten, many = (rule_set(naming_rules(1, count, 5)) for count in (10, RULES))
    trees = {size: parse_event(text) for size, text in texts.items()}
    found = times(
        {
            "loads 1k": lambda: json.loads(texts[1_000]),
            "loads 10k": lambda: json.loads(texts[10_000]),
            "10 1k": lambda: ten.match(trees[1_000]),
            "many 1k": lambda: many.match(trees[1_000]),
            "many 10k": lambda: many.match(trees[10_000]),
        }
    )
    return {
        "naming_1k": found["many 1k"] / found["loads 1k"],
        "naming_10k": found["many 10k"] / found["loads 10k"],
        "naming_of_10": found["many 1k"] / found["10 1k"],
    }


def excluding(text: str) -> dict[str, float]:
    """Measure 10,000 rules of which a quarter, or all, name nothing but what must not be there."""
    tree = parse_event(text)
    rules = naming_rules(1, RULES * 3 // 4, 5) + [excluding_rule(number) for number in range(RULES // 4)]
    random.Random(2).shuffle(rules)
    mixed, naming = rule_set(rules), rule_set(naming_rules(1, RULES, 5))
    loose, unmet = (rule_set([make(number) for number in range(RULES)]) for make in (loose_rule, unmet_rule))
    found = times(
        {
            "loads": lambda: json.loads(text),
            "mixed": lambda: mixed.match(tree),
            "naming": lambda: naming.match(tree),
            "loose": lambda: loose.match(tree),
            "unmet": lambda: unmet.match(tree),
        }
    )
    assert not unmet.match(tree)
    return {
        "anything_but": (found["mixed"] - found["naming"]) / len(mixed.match(tree)) * 1e6,
        "excluding": found["loose"] / len(loose.match(tree)) * 1e6,
        "unmet": found["unmet"] / found["loads"],
    }


def compiling(text: str) -> dict[str, float]:
    """Measure time and memory of compiling."""
    texts = [json.dumps(rule) for rule in naming_rules(1, RULES, 5)]
    tracemalloc.start()
    made = RuleSet()
    for number, each in enumerate(texts):
        made.add(f"rule{number}", compile_pattern(each))
    made.match(parse_event(text))
    total = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    found = times({"compile": lambda: compile_pattern(TYPICAL)})
    return {"compile": found["compile"] * 1e6, "pattern_memory": total / RULES / 1e3}
