"""Inputs made to be slow: each must be decided, and none may take time that grows with its square."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from eventbridge_local.patterns import (
    InvalidPattern,
    RuleSet,
    check_complexity,
    compile_pattern,
    explain,
    matches,
    parse_event,
)
from eventbridge_local.patterns.compile import pattern_of

DEEP_EVENT = '{"a":' * 990 + "1" + "}" * 990
DEEP_PATTERN = '{"a":' * 990 + "[1]" + "}" * 990
ELEMENTS = [{"x": number % 7, "y": number % 5, "z": [{"w": number}]} for number in range(5_000)]
BOUNDED: dict[str, tuple[Any, Any, bool]] = {
    "long wildcard": ({"a": [{"wildcard": "*" + "a*" * 1500 + "b"}]}, {"a": "a" * 200_000}, False),
    "long text": ({"a": [{"wildcard": "*ab*ab*ab*"}]}, {"a": "a" * 1_000_000}, False),
    "ignoring case": ({"a": [{"equals-ignore-case": "ßK" * 20_000}]}, {"a": "SSk" * 20_000}, True),
    "elements": ({"a": {"x": [6], "y": [4], "z": {"w": [34]}}}, {"a": ELEMENTS}, True),
    "no element": ({"a": {"x": [6], "y": [4], "z": {"w": [35]}}}, {"a": ELEMENTS}, False),
    "absent in elements": ({"a": {"x": [6], "y": [{"exists": False}]}}, {"a": ELEMENTS}, False),
    "nested arrays": ({"a": [1], "b": {"c": [2]}}, '{"a":' + "[" * 900 + "1" + "]" * 900 + ',"b":[{"c":2}]}', True),
    "deep": (DEEP_PATTERN, DEEP_EVENT, True),
    "repeated arrays": (
        {"a": {"x": [1], "y": [1], "z": {"w": [1]}}},
        '{"a":' + json.dumps(ELEMENTS) + ',"a":' + json.dumps(ELEMENTS) + "}",
        True,
    ),
}


#: Anything that grew with the square of 5,000 elements would make 25 million calls and more.
MOST_CALLS = 5_000_000


def calls_of(act: Callable[[], None]) -> int:
    """How many functions ``act`` calls, of Python and of C: work that can be counted, whatever the machine."""
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("name", BOUNDED)
def test_hard_inputs_are_decided(name: str) -> None:
    """A hard pattern and event have the right verdict alone, in a rule set and explained, with bounded work."""
    pattern, event, wanted = BOUNDED[name]
    verdicts: list[bool] = []

    def judge() -> None:
        rules = RuleSet()
        rules.add("hard", pattern)
        rules.add("other", {"no such field": [1]})  # one alone is not looked for in an index
        verdicts.extend(map(bool, (matches(pattern, event), explain(pattern, event), rules.match(event))))

    assert calls_of(judge) < MOST_CALLS
    assert verdicts == [wanted] * 3


def _many_wildcards() -> dict[str, Any]:
    branches = [{f"f{at:02}": [*words] for at in range(25)} for words in ("x", "zx", "yxz", "uzxy")]
    return {"$or": branches, "zz": [{"wildcard": "*qw*"}]}


COMPLEX: dict[str, tuple[Any, bool]] = {
    "one star": ({"a": [{"wildcard": "*" + "ab" * 2000}]}, True),
    "1,500 stars": ({"a": [{"wildcard": "*" + "a*" * 1500 + "b"}]}, True),
    "long literals": ({"a": [{"wildcard": f"*{char * 3}{'xyzzy' * 180}"} for char in "abcd"]}, False),
    "side by side": (
        "{" + ",".join(f'"$or":[{{"a{at}":[1]}},{{"b{at}":[1]}}]' for at in range(9)) + ',"z":[{"wildcard":"*q*"}]}',
        False,
    ),
    "too many ways": (_many_wildcards(), True),
}


@pytest.mark.parametrize("name", COMPLEX)
def test_complexity_is_decided(name: str) -> None:
    """However a pattern multiplies states, the check comes to a verdict with bounded work."""
    tree, wanted = COMPLEX[name]
    pattern = compile_pattern(tree if isinstance(tree, str) else json.dumps(tree))
    refused: list[bool] = []

    def judge() -> None:
        try:
            check_complexity(pattern)
            refused.append(False)
        except InvalidPattern:
            refused.append(True)

    assert calls_of(judge) < MOST_CALLS
    assert refused == [wanted]


#: Rules nearly every event satisfies, and how many of 5,000 the event below does.
LOOSE: dict[str, tuple[Callable[[int], dict[str, Any]], int]] = {
    "two fields": (lambda at: {"a": [{"anything-but": f"x{at}"}], "b": [{"anything-but": [f"y{at}", "z"]}]}, 4_998),
    "a field is missing": (lambda at: {"a": [{"anything-but": f"x{at}"}], "c": [{"anything-but": f"y{at}"}]}, 0),
    "its own missing field": (lambda at: {"a": [{"anything-but": f"x{at}"}], f"c{at}": [{"exists": True}]}, 0),
    "absent": (lambda at: {f"c{at % 50}": [{"exists": False}], "d": [{"exists": False}]}, 5_000),
    "not absent": (lambda at: {f"c{at % 50}": [{"exists": False}], "a": [{"exists": False}]}, 0),
    "or absent": (lambda at: {"a": [{"exists": False}, {"anything-but": {"prefix": f"x{at % 100}"}}]}, 4_950),
    "branches": (lambda at: {"$or": [{"c": [{"anything-but": "y"}]}, {"b": [{"anything-but": f"y{at}"}]}]}, 4_999),
}


@pytest.mark.parametrize("name", LOOSE)
def test_loose_rules_cost_no_look_each(name: str) -> None:
    """Among 5,000 rules that only exclude, an event finds its own without looking at each."""
    make, matching = LOOSE[name]
    event = {"a": "x7", "b": "y8"}
    rules = RuleSet()
    for at in range(5_000):
        rules.add(str(at), make(at))
    rules.match({})  # the first event has rules entered in the index
    found: list[str] = []
    calls = calls_of(lambda: found.extend(rules.match(event)))
    assert len(found) == matching
    assert found == [str(at) for at in range(5_000) if matches(make(at), event)]
    assert calls < 2_000


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 5000 + "1" + "}" * 5000, '{"a":' + "[" * 1001 + "]" * 1001 + "}"]
)
def test_too_deep_is_an_error_of_value(text: str) -> None:
    """Nesting beyond 1,000 levels is refused, never a RecursionError."""
    with pytest.raises(ValueError):
        parse_event(text)
    with pytest.raises(InvalidPattern):
        compile_pattern(text)


def test_too_many_branches_are_refused() -> None:
    """Side by side $or multiply; beyond 1,000 combinations the pattern is refused instead of built."""
    pairs = ",".join(f'"$or":[{{"a{at}":[1]}},{{"b{at}":[1]}}]' for at in range(40))
    with pytest.raises(InvalidPattern, match="Or operator is producing over 1000 rule combinations"):
        compile_pattern("{" + pairs + "}")


@pytest.mark.parametrize(
    "text", ["NaN", "[NaN]", '{"a": NaN}', '{"a": -Infinity}', "[]", "", '{"a":1} x', '{"a":' + "1" * 5000 + "}"]
)
def test_events_are_strict_json_objects(text: str) -> None:
    """What is not strictly one JSON object is no event."""
    with pytest.raises(ValueError):
        parse_event(text)


def test_a_dict_that_is_too_deep_is_refused_as_its_text() -> None:
    """Given as a dict or as JSON, the sentence is the one of AWS's parser."""
    deep: dict[str, object] = {"a": ["x"]}
    for _ in range(100_000):
        deep = {"a": deep}
    text = '{"a":' * 1001 + '["x"]' + "}" * 1001
    with pytest.raises(InvalidPattern) as of_text:
        compile_pattern(text)
    with pytest.raises(InvalidPattern) as of_dict:
        pattern_of(deep)
    assert of_dict.value.reason == of_text.value.reason
