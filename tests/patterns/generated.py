"""Random patterns and events for hypothesis: small alphabets, so that they meet often."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

from eventbridge_local.patterns import InvalidPattern, compile_pattern

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
LOOSE = st.builds(  # what most values satisfy
    lambda test, absent: [test, {"exists": False}] if absent else [test],
    st.builds(lambda words: {"anything-but": words}, st.lists(OPERANDS, min_size=1, max_size=2))
    | st.builds(lambda word: {"anything-but": {"prefix": word}}, OPERANDS)
    | st.builds(lambda flag: {"exists": flag}, st.booleans()),
    st.integers(0, 3).map(lambda number: number == 0),
)


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
LOOSE_FLAT = objects(LOOSE, 1)
PATTERN_OBJECTS = FLAT | objects(LISTS | FLAT, 1) | with_or(FLAT) | LOOSE_FLAT | with_or(LOOSE_FLAT)
EVENT_VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | objects(inner, 0), max_leaves=8)
EVENTS = objects(EVENT_VALUES, 0).map(dump)
PATTERNS = PATTERN_OBJECTS.map(dump)

STARRED = st.text('ab*:"', max_size=6).filter(lambda text: "**" not in text)
WILDCARDS = st.builds(lambda text: {"wildcard": text}, STARRED) | st.builds(
    lambda operands: {"anything-but": {"wildcard": operands}}, st.lists(STARRED, min_size=1, max_size=4)
)
WILDCARD_FLAT = objects(st.lists(WILDCARDS | st.sampled_from(["x", {"exists": False}]), min_size=1, max_size=3), 1)
WILDCARD_PATTERNS = (WILDCARD_FLAT | with_or(WILDCARD_FLAT)).map(dump)


def valid(text: str) -> bool:
    """Whether a pattern compiles; single operands may be refused."""
    try:
        compile_pattern(text)
    except InvalidPattern:
        return False
    return True
