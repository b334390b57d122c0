"""Inputs made to be slow: each must be decided, and none may take time that grows with its square."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from eventbridge_local.patterns import InvalidPattern, RuleSet, compile_pattern, explain, matches, parse_event

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


@pytest.mark.parametrize("name", BOUNDED)
def test_hard_inputs_are_decided(name: str) -> None:
    """A hard pattern and event have the right verdict alone, in a rule set and explained, within seconds."""
    pattern, event, wanted = BOUNDED[name]
    start = time.monotonic()
    rules = RuleSet()
    rules.add("hard", pattern)
    assert bool(matches(pattern, event)) is bool(explain(pattern, event)) is bool(rules.match(event)) is wanted
    assert time.monotonic() - start < 10, "a minute-long hang, not a matter of milliseconds"


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
    with pytest.raises(InvalidPattern, match="combinations"):
        compile_pattern("{" + pairs + "}")


@pytest.mark.parametrize(
    "text", ["NaN", "[NaN]", '{"a": NaN}', '{"a": -Infinity}', "[]", "", '{"a":1} x', '{"a":' + "1" * 5000 + "}"]
)
def test_events_are_strict_json_objects(text: str) -> None:
    """What is not strictly one JSON object is no event."""
    with pytest.raises(ValueError):
        parse_event(text)
