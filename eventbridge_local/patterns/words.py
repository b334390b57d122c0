"""Conditions in words, for explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import isinf
from typing import Any

from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.numbers import SpelledNumber

_LONGEST = 60
_MOST = 6


def value_words(value: Any) -> str:
    """A value of an event as an explanation shows it: strings in quotes, words and numbers as JSON has them."""
    if isinstance(value, SpelledNumber):
        return value.text
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # an integer of very many digits, or a very deep value
        shown = f"<{type(value).__name__}>"
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 4]}...{shown[-1]}"


def number_words(number: float) -> str:
    """A number without a needless fraction."""
    return str(int(number)) if number == int(number) and abs(number) < 1e16 else repr(number)


def listed(items: Iterable[str]) -> str:
    """Items with commas, the end of a long list left out."""
    words = list(items)
    more = f" and {len(words) - _MOST} more" if len(words) > _MOST else ""
    return ", ".join(words[:_MOST]) + more


def wanted_words(conditions: tuple[c.Condition, ...]) -> str:
    """What a value list wants."""
    plain = [each for each in conditions if type(each) in _PLAIN]
    groups = []
    if plain:
        exact = listed(map(condition_words, plain))
        groups.append(exact if len(plain) == 1 else f"one of {exact}")
    groups += [condition_words(each) for each in conditions if type(each) not in _PLAIN]
    return " or ".join(groups[:_MOST]) + (" or more" if len(groups) > _MOST else "")


def condition_words(condition: c.Condition) -> str:
    """One condition."""
    return _WORDS[type(condition)](condition)


def _range_words(condition: c.Range) -> str:
    bounds = []
    if not isinf(condition.low):
        bounds.append(f"{'>=' if condition.low_closed else '>'} {number_words(condition.low)}")
    if not isinf(condition.high):
        bounds.append(f"{'<=' if condition.high_closed else '<'} {number_words(condition.high)}")
    return "numeric " + " and ".join(bounds)


def _all_but_words(condition: c.AnythingBut) -> str:
    if not condition.excluded:
        return "anything"
    words = [condition_words(each) for each in condition.excluded]
    first, _, _ = words[0].partition(" ")
    if type(condition.excluded[0]) not in _PLAIN:
        words[1:] = [each.removeprefix(f"{first} ") for each in words[1:]]
    return f"anything but {listed(words)}"


def _wildcard_words(condition: c.Wildcard) -> str:
    pieces = (piece.replace("\\", "\\\\").replace("*", "\\*") for piece in condition.pieces)
    return f"wildcard {value_words('*'.join(pieces))}"


def _with_text(word: str) -> Callable[[Any], str]:
    return lambda condition: f"{word} {value_words(condition.text)}".strip()


_PLAIN = frozenset({c.Text, c.Literal, c.Equal, c.Spelling, c.SameAddress})
_WORDS: dict[type, Callable[[Any], str]] = {
    c.Text: _with_text(""),
    c.Literal: lambda condition: value_words(condition.word),
    c.Spelling: lambda condition: condition.text,
    c.Equal: lambda condition: number_words(condition.number),
    c.Range: _range_words,
    c.Prefix: _with_text("prefix"),
    c.Suffix: _with_text("suffix"),
    c.Wildcard: _wildcard_words,
    c.IgnoreCase: _with_text("equals-ignore-case"),
    c.PrefixIgnoreCase: _with_text("prefix equals-ignore-case"),
    c.SuffixIgnoreCase: _with_text("suffix equals-ignore-case"),
    c.SameAddress: _with_text("the address"),
    c.InBlock: _with_text("cidr"),
    c.Exists: lambda condition: "exists: true",
    c.Absent: lambda condition: "exists: false",
    c.AnythingBut: _all_but_words,
}
