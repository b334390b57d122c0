"""The parts of the public interface: invalid patterns, kinds of arguments, explanations, rule sets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from eventbridge_local.patterns import (
    InvalidPattern,
    RuleSet,
    compile_pattern,
    explain,
    matches,
    operators,
    values,
)

EVENT: dict[str, Any] = {
    "source": "shop",
    "DetailType": "x",
    "detail": {
        "total": "5000",
        "state": "Running",
        "none": None,
        "o": {"k": 1},
        "n": [1, 2],
        "payload": {"id": 7},
        "a": [{"x": 1, "y": 3}, {"x": 2, "y": 2}],
    },
}
MISMATCHES: list[tuple[dict[str, Any], str, str]] = [
    ({"detail-type": ["x"]}, "absent", "the event has DetailType"),
    ({"detail": {"id": [7]}}, "wrong_level", "id is at detail.payload.id"),
    ({"detail": {"total": [{"numeric": [">", 1000]}]}}, "type", "'5000' is a string"),
    ({"detail": {"state": ["RUNNING"]}}, "case", "only in case"),
    ({"detail": {"o": [{"exists": True}]}}, "exists_on_non_leaf", "an object"),
    ({"detail": {"n": [3]}}, "element", "no element"),
    ({"detail": {"a": {"x": [1], "y": [2]}}}, "array_consistency", "different elements"),
    ({"source": [{"exists": False}]}, "present", "missing"),
    ({"source": ["cart"]}, "value", ""),
]


@dataclass(frozen=True)
class Envelope:
    """Anything with an envelope."""

    envelope: dict[str, Any] = field(default_factory=lambda: {"a": 1})


@pytest.mark.parametrize(("pattern", "kind", "hint"), MISMATCHES, ids=[kind for _, kind, _ in MISMATCHES])
def test_explanations_name_the_cause(pattern: dict[str, Any], kind: str, hint: str) -> None:
    """Each way of missing has its kind and its advice."""
    mismatch = explain(pattern, EVENT).mismatches[0]
    assert mismatch.kind == kind
    assert hint in mismatch.hint


def test_explanation_reads_like_a_table() -> None:
    """An explanation prints a line for each field, with advice below."""
    wanted = """\
detail.country  absent  wanted one of 'DE', 'FR'
detail.total    differs wanted numeric > 1000, got '5000'
                        EventBridge compares JSON types; '5000' is a string, not a number
source          ok      'shop'"""
    pattern = {"source": ["shop"], "detail": {"total": [{"numeric": [">", 1000]}], "country": ["DE", "FR"]}}
    assert str(explain(pattern, EVENT)) == wanted


def test_explanation_names_the_closest_branch_and_warns() -> None:
    """Of several branches the closest is explained, and branches the real engine may lose are pointed out."""
    explanation = explain(
        {"$or": [{"a": ["x"]}, {"a": ["x", "z"]}, {"source": ["shop"], "b": [1]}]}, {"source": "shop", "a": 1}
    )
    assert (explanation.branch, explanation.branches) == (1, 3)
    assert "branches 1 and 2" in explanation.warnings[0]
    assert str(explanation).startswith("closest: branch 1 of 3")


def test_invalid_pattern_carries_the_whole_message() -> None:
    """The reason has the engine's words and its position."""
    with pytest.raises(InvalidPattern) as caught:
        compile_pattern('{"string": "my-value"}')
    place = ' at [Source: (String)"{"string": "my-value"}"; line: 1, column: 13]'
    assert caught.value.reason == f'"string" must be an object or an array\n{place}'
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("pattern", ['{"a": [1]}', {"a": [1]}, compile_pattern('{"a": [1]}')])
@pytest.mark.parametrize("event", ['{"a": 1.0}', {"a": 1}, Envelope()])
def test_patterns_and_events_come_in_several_forms(pattern: Any, event: Any) -> None:
    """Text, trees, compiled patterns and objects with an envelope are all taken."""
    assert matches(pattern, event)
    rules = RuleSet()
    rules.add("one", pattern)
    assert rules.match(event) == ["one"]
    rules.add("other", {"no such field": [1]})  # one alone is not looked for in an index
    assert rules.match(event) == ["one"]


def test_rules_may_come_and_go_between_events() -> None:
    """A rule counts from the next event on, whether it is alone, one of several, new, replaced or gone."""
    rules = RuleSet()
    seen = [rules.match({"x": 1})]
    for change in (
        lambda: rules.add("a", {"x": [1]}),
        lambda: rules.add("b", {"x": [1], "y": [{"exists": False}]}),
        lambda: rules.add("a", {"x": [2]}),
        lambda: rules.remove("a"),
        lambda: rules.remove("b"),
    ):
        change()
        seen.append(rules.match({"x": 1}))
    assert seen == [[], ["a"], ["a", "b"], ["b"], ["b"], []]


def test_rule_set_keeps_its_order() -> None:
    """A replaced pattern keeps its place, a removed and added one goes to the end, a refused one changes nothing."""
    rules = RuleSet()
    for name in "abc":
        rules.add(name, {"x": [{"anything-but": "no"}]})
    rules.add("a", {"x": [1]})
    rules.remove("b")
    rules.add("b", {"x": [{"exists": True}]})
    with pytest.raises(InvalidPattern):
        rules.add("c", {"x": []})
    assert rules.match({"x": 1}) == ["a", "c", "b"]
    assert rules.match({"x": "no"}) == ["b"]
    assert (len(rules), "c" in rules, "d" in rules) == (3, True, False)


def test_many_changes_leave_the_index_right() -> None:
    """Adding and removing thousands of rules, which rebuilds the index, loses none and keeps none."""
    rules = RuleSet()
    for number in range(3000):
        rules.add(f"r{number}", {"s": ["x"], "id": [str(number % 50)], "n": [{"numeric": [">", number % 7]}]})
        if number % 3:
            rules.remove(f"r{number}")
    wanted = [f"r{number}" for number in range(0, 3000, 3) if number % 50 == 4 and number % 7 < 3]
    assert rules.match({"s": "x", "id": "4", "n": 3}) == wanted


def test_an_operator_cannot_be_registered_twice() -> None:
    """A name in the table of operators is taken once."""
    row = operators.OPERATORS["prefix"]
    with pytest.raises(ValueError, match="one name"):
        operators.table_of((row, row))


def test_no_form_of_a_character_hides_the_other() -> None:
    """Trying the lower form first is enough because neither form begins or ends with the other."""
    for code in [*range(0xD800), *range(0xE000, 0x10000)]:
        lower, upper = values.forms(chr(code))
        if lower != upper:
            assert not (
                upper.startswith(lower) or lower.startswith(upper) or upper.endswith(lower) or lower.endswith(upper)
            )
            assert values.fold(lower) == values.fold(upper)
