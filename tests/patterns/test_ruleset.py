"""Rules of every mixture of loose and narrow fields, against events with every mixture of arrays, in one rule set."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from eventbridge_local.patterns import RuleSet, explain, matches, parse_event

LISTS: tuple[list[Any] | None, ...] = (
    None,
    ["y"],
    [{"anything-but": "x"}],
    [{"anything-but": {"prefix": "y"}}],
    [{"exists": True}],
    [{"exists": False}],
    [{"exists": False}, {"anything-but": ["x", "z"]}],
)
ABSENT = object()
OUTER = (
    ABSENT,
    {"p": "x"},
    {"p": "y", "q": "x"},
    {"p": ["x", "y"], "q": ["x", "x"]},
    [{"p": "x"}, {"q": "y"}],
    [{"p": "y"}, {"p": "x", "q": "z"}],
    [[{"p": "y"}, {"q": "x"}], {"p": "x"}],
)
INNER = (ABSENT, "x", "y", ["x", "y"], [])


def pattern(above: str, p: Any, q: Any, b: Any) -> dict[str, Any]:
    """A pattern with the given value lists, those that are not None."""
    inner = {name: value for name, value in (("p", p), ("q", q)) if value}
    return ({above: inner} if inner else {}) | ({"b": b} if b else {})


FLAT = [tree for lists in product(LISTS, repeat=3) if (tree := pattern("a", *lists))]
EVENTS = [
    {name: value for name, value in (("a", outer), ("b", inner)) if value is not ABSENT}
    for outer, inner in product(OUTER, INNER)
]


def either(at: int) -> dict[str, Any]:
    """Two patterns, alike but for one list, as the branches of one."""
    return {"$or": [FLAT[at], FLAT[(at + 1) % len(FLAT)]]}


@pytest.fixture(scope="module", params=["flat", "branches", "some removed"])
def rules(request: pytest.FixtureRequest) -> tuple[RuleSet, dict[str, Any]]:
    """A rule set, and the patterns in it by name."""
    trees = [either(at) for at in range(len(FLAT))] if request.param == "branches" else FLAT
    patterns = {str(at): tree for at, tree in enumerate(trees)}
    made = RuleSet()
    for name, tree in patterns.items():
        made.add(name, tree)
    if request.param == "some removed":
        for name in [name for name in patterns if int(name) % 3]:
            made.remove(name)
            del patterns[name]
    return made, patterns


@pytest.mark.parametrize("number", range(len(EVENTS)))
def test_each_rule_matches_as_by_itself(rules: tuple[RuleSet, dict[str, Any]], number: int) -> None:
    """The rule set names the patterns that match by themselves, in order."""
    made, patterns = rules
    event = EVENTS[number]
    assert made.match(event) == [name for name, tree in patterns.items() if matches(tree, event)]


@pytest.mark.parametrize("number", ["1.0000000000000001", "1e309", "-1e400", "1e-400", "18446744073709551616.5"])
def test_numbers_that_match_nothing(number: str) -> None:
    """Captured from AWS: not even themselves. A set of rules, one pattern and an explanation say so alike."""
    rules = RuleSet()
    rules.add("lost", f'{{"v":[{number}]}}')
    rules.add("other", f'{{"v":[{number},"x"]}}')
    rules.add("there", '{"v":[{"exists":true}]}')
    event = f'{{"v":{number}}}'
    assert rules.match(parse_event(event)) == ["there"]
    assert not matches(f'{{"v":[{number}]}}', event)
    assert "no number equals it on AWS, not even itself" in str(explain(f'{{"v":[{number}]}}', event))


@pytest.mark.parametrize("number", ["9007199254740993", "-9007199254740993", "18446744073709551617"])
def test_whole_numbers_match_themselves(number: str) -> None:
    """However large they are; their neighbours do not (captured)."""
    rules = RuleSet()
    rules.add("same", f'{{"v":[{number}]}}')
    assert rules.match(parse_event(f'{{"v":{number}}}')) == ["same"]
    assert rules.match(parse_event(f'{{"v":{int(number) - 1}}}')) == []
