"""Laws of what one condition takes of another: a yes is certain."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.lint.pattern_checks import covers, field_covers, may_both_match, rule_covers
from eventbridge_local.patterns import compile_pattern

TEXT = st.text("abA.", max_size=3)
NUMBER = st.integers(-3, 3)
VALUE = TEXT | NUMBER | st.sampled_from([True, False, None])
EXCLUDED = st.lists(TEXT, min_size=1, max_size=2) | st.lists(NUMBER, min_size=1, max_size=2)
CONDITION = st.one_of(
    VALUE,
    st.builds(lambda op, text: {op: text}, st.sampled_from(["prefix", "suffix", "equals-ignore-case"]), TEXT),
    st.builds(lambda text: {"wildcard": text}, st.text("ab*", max_size=3).filter(lambda text: "**" not in text)),
    st.builds(lambda sign, n: {"numeric": [sign, n]}, st.sampled_from(["<", "<=", ">", ">=", "="]), NUMBER),
    st.builds(lambda low: {"numeric": [">=", low, "<", low + 2]}, NUMBER),
    st.builds(lambda values: {"anything-but": values}, EXCLUDED),
    st.builds(lambda text: {"anything-but": {"prefix": text}}, TEXT.filter(bool)),
    st.booleans().map(lambda there: {"exists": there}),
)
LIST = st.lists(CONDITION, min_size=1, max_size=3)
PATTERN = st.dictionaries(st.sampled_from("xyz"), LIST, min_size=1, max_size=3)
EVENT = st.dictionaries(st.sampled_from("xyz"), VALUE, max_size=3)


def rule_of(pattern: dict[str, Any]) -> Any:
    (rule,) = compile_pattern(json.dumps(pattern)).subrules
    return rule


@given(CONDITION, CONDITION, st.lists(VALUE, min_size=1, max_size=20))
def test_a_covered_condition_accepts_nothing_more(big: Any, small: Any, values: list[Any]) -> None:
    """What the smaller accepts, the bigger accepts."""
    (one,), (other,) = rule_of({"x": [big]}), rule_of({"x": [small]})
    if covers(one.conditions[0], other.conditions[0]):
        assert all(one.accepts(value) for value in values if other.accepts(value))
        assert one.absent_ok or not other.absent_ok


@given(CONDITION)
def test_everything_covers_itself(condition: Any) -> None:
    (one,), (same,) = rule_of({"x": [condition]}), rule_of({"x": [condition]})
    assert covers(one.conditions[0], same.conditions[0])
    assert field_covers(one, same)


@given(PATTERN, PATTERN, st.lists(EVENT, min_size=1, max_size=20))
def test_a_covered_rule_matches_nothing_more(big: Any, small: Any, events: list[Any]) -> None:
    """An event that the smaller pattern matches, the bigger one matches."""
    if rule_covers(rule_of(big), rule_of(small)):
        one, other = compile_pattern(json.dumps(big)), compile_pattern(json.dumps(small))
        assert all(one.matches(event) for event in events if other.matches(event))


@given(PATTERN, st.sampled_from("xyz"), LIST, st.lists(EVENT, min_size=1, max_size=10))
def test_a_longer_rule_is_covered(pattern: Any, name: str, more: Any, events: list[Any]) -> None:
    """A rule with a further field takes no more than the rule without."""
    if name not in pattern:
        assert rule_covers(rule_of(pattern), rule_of({**pattern, name: more}))


@given(PATTERN, PATTERN, EVENT)
def test_rules_that_match_one_event_may_both_match(one: Any, other: Any, event: Any) -> None:
    """The no is certain: where both match an event, the answer is yes."""
    both = [compile_pattern(json.dumps(pattern)).matches(event) for pattern in (one, other)]
    if all(both):
        assert may_both_match(rule_of(one), rule_of(other))
        assert may_both_match(rule_of(other), rule_of(one))
