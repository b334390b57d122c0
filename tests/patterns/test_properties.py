"""What holds for all patterns and events: every way of matching gives one verdict, and no text crashes."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventbridge_local.patterns import InvalidPattern, RuleSet, compile_pattern, explain, matches, parse_event
from eventbridge_local.patterns.places import Places

FUZZ = bool(os.environ.get("EVENTBRIDGE_LOCAL_FUZZ"))
few = settings(max_examples=5000 if FUZZ else 150, deadline=None, suppress_health_check=list(HealthCheck))
texts = settings(max_examples=20_000 if FUZZ else 300, deadline=None, suppress_health_check=list(HealthCheck))

WORDS = st.sampled_from(["a", "b", "ab", "A", "aB", "", "ß", "SS", "10.0.0.1", "1::2", "?", "\ud83d"])
NUMBERS = st.sampled_from([0, 1, 1.0, -1, 2.5, 9007199254740993, 1e20])
SCALARS = WORDS | NUMBERS | st.sampled_from([True, False, None])
NAMES = st.sampled_from(["a", "b", "a.b", "c", "a.b.c", ""])
OPERANDS = st.sampled_from(["a", "b", "A", "ab", '"', "ß", "a\ud83d"])
MATCHERS = st.one_of(
    st.builds(
        lambda name, text: {name: text},
        st.sampled_from(["prefix", "suffix", "exactly", "equals-ignore-case"]),
        OPERANDS,
    ),
    st.builds(lambda name, text: {name: {"equals-ignore-case": text}}, st.sampled_from(["prefix", "suffix"]), OPERANDS),
    st.builds(lambda text: {"wildcard": text}, st.sampled_from(["a*", "*a", "*", "a*b", "*a*", "*ab*a*"])),
    st.builds(lambda flag: {"exists": flag}, st.booleans()),
    st.builds(
        lambda items: {"anything-but": items},
        st.lists(OPERANDS, min_size=1, max_size=2)
        | st.lists(NUMBERS.filter(lambda n: n < 9e15), min_size=1, max_size=2),
    ),
    st.builds(
        lambda name, items: {"anything-but": {name: items}},
        st.sampled_from(["prefix", "suffix", "wildcard"]),
        st.lists(OPERANDS, min_size=1, max_size=2),
    ),
    st.builds(lambda sign: {"numeric": [sign, 1]}, st.sampled_from(["=", "<", "<=", ">", ">="])),
    st.just({"numeric": [">", 0, "<=", 2.5]}),
    st.sampled_from([{"cidr": "10.0.0.0/8"}, {"cidr": "::/0"}]),
)
LISTS = st.lists(SCALARS | MATCHERS, min_size=1, max_size=3)


class Pairs(list[tuple[str, Any]]):
    """An object that may repeat its keys."""


def dump(tree: Any) -> str:
    """JSON text of a tree with `Pairs`."""
    if isinstance(tree, Pairs):
        return "{" + ", ".join(f"{json.dumps(name)}: {dump(value)}" for name, value in tree) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(map(dump, tree)) + "]"
    return json.dumps(tree)


def objects(values: Any, smallest: int) -> Any:
    """Objects over some values."""
    return st.lists(st.tuples(NAMES, values), min_size=smallest, max_size=3).map(Pairs)


def with_or(inner: Any) -> Any:
    """Pattern objects that may hold an $or."""
    branches = st.lists(inner, min_size=2, max_size=3)
    return st.builds(lambda tree, listed: Pairs([*tree, ("$or", listed)]), inner, branches)


FLAT = objects(LISTS, 1)
PATTERN_OBJECTS = FLAT | objects(LISTS | FLAT, 1) | with_or(FLAT)
EVENT_VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | objects(inner, 0), max_leaves=8)
EVENTS = objects(EVENT_VALUES, 0).map(dump)
PATTERNS = PATTERN_OBJECTS.map(dump)


def valid(text: str) -> bool:
    """Whether a pattern compiles; single operands may be refused."""
    try:
        compile_pattern(text)
    except InvalidPattern:
        return False
    return True


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
def test_both_ways_of_matching_agree(pattern: str, event: str) -> None:
    """Looking fields up gives what following every place in every array gives."""
    compiled, tree = compile_pattern(pattern), parse_event(event)
    assert compiled.matches(tree) == Places(compiled.subrules).judge(tree)


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
