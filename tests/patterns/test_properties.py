"""What holds for all patterns and events: every way of matching gives one verdict, and no text crashes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from generated import EVENTS, PATTERNS, WILDCARD_PATTERNS, valid
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lengths import examples
from plain_reading import reads_as_match

from eventbridge_local.patterns import InvalidPattern, RuleSet, compile_pattern, explain, matches, parse_event
from eventbridge_local.patterns.complexity import never_too_low, score
from eventbridge_local.patterns.match import ArrayMatcher

few = settings(max_examples=examples(150, 500), suppress_health_check=list(HealthCheck))
texts = settings(max_examples=examples(300, 1_000), suppress_health_check=list(HealthCheck))


@few
@given(st.lists(PATTERNS.filter(valid), min_size=1, max_size=12), st.lists(EVENTS, min_size=1, max_size=4), st.data())
def test_rule_set_agrees_with_each_pattern(patterns: list[str], events: list[str], data: Any) -> None:
    """A rule set names exactly the patterns that match by themselves, after additions, replacements and removals."""
    rules, kept = RuleSet(), {}
    for number, text in enumerate(patterns):
        name = str(number % 9)
        rules.add(name, text)
        kept[name] = text
    for name in data.draw(st.lists(st.sampled_from(sorted(kept)), unique=True, max_size=3)):
        rules.remove(name)
        del kept[name]
    for text in events:
        tree = parse_event(text)
        assert rules.match(tree) == [name for name, each in kept.items() if matches(each, tree)]


@few
@given(PATTERNS.filter(valid), EVENTS)
def test_matching_is_the_plain_reading(pattern: str, event: str) -> None:
    """The engine has the verdict of the slow evaluator that follows the language word for word."""
    assert bool(matches(pattern, event)) == reads_as_match(pattern, event)


@few
@given(WILDCARD_PATTERNS)
def test_no_score_is_above_its_bound(pattern: str) -> None:
    """The bound that stands in for a score too long to work out is never below it."""
    subrules = compile_pattern(pattern).subrules
    assert score(subrules) <= never_too_low(subrules)


@few
@given(PATTERNS.filter(valid), EVENTS)
def test_both_ways_of_matching_agree(pattern: str, event: str) -> None:
    """Looking fields up gives what following every place in every array gives."""
    compiled, tree = compile_pattern(pattern), parse_event(event)
    assert compiled.matches(tree) == ArrayMatcher(compiled.subrules).judge(tree)


@few
@given(PATTERNS.filter(valid), EVENTS)
def test_explain_agrees_with_matches(pattern: str, event: str) -> None:
    """An explanation has the verdict of matches, and names a mismatch exactly where there is no match."""
    explanation = explain(pattern, event)
    assert bool(explanation) == bool(matches(pattern, event)) == (not explanation.mismatches)
    assert str(explanation)
    assert "\n" not in repr(explanation)


@texts
@given(st.text(alphabet='{}[]",:$or\\u01d8 \n-.eaxists*\x00\ud83d😀', max_size=40) | PATTERNS)
def test_any_text_is_a_verdict_or_a_refusal(text: str) -> None:
    """Any text as a pattern compiles or raises InvalidPattern; as an event it parses or raises ValueError."""
    for call, error in ((compile_pattern, InvalidPattern), (parse_event, ValueError)):
        with suppress(error):
            call(text)


@texts
@given(PATTERNS, st.data())
def test_damaged_patterns_are_refused_in_words(text: str, data: Any) -> None:
    """Whatever one wrong character does to a pattern, it compiles or has a reason from the engine's list."""
    at = data.draw(st.integers(0, len(text)))
    damaged = text[:at] + data.draw(st.sampled_from([*'{}[]",:x0-\\', ""])) + text[at + 1 :]
    try:
        compile_pattern(damaged)
    except InvalidPattern as error:
        assert "cannot be read" not in error.reason
