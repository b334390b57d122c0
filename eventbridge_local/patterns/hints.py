"""What is probably wrong with a field: the kind of a mismatch and a sentence of advice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.events import pairs_of
from eventbridge_local.patterns.ignore_case import fold
from eventbridge_local.patterns.numbers import number_key, read_float
from eventbridge_local.patterns.places import Found
from eventbridge_local.patterns.syntax import Field
from eventbridge_local.patterns.words import number_words, value_words

Kind = Literal["absent", "value", "type", "case", "element", "exists_on_non_leaf", "wrong_level", "present"]
_MOST_SEARCHED = 20_000  # values of the event looked at for a field of the same name
_LONGEST_NUMBER = 40


def reason(field: Field, found: Found, tree: Mapping[str, Any]) -> tuple[Kind, str]:
    """The kind of an unsatisfied field's mismatch, and a hint or "".

    Args:
        field: what the pattern wants.
        found: what the event has at the field's path.
        tree: the whole event.
    """
    if not found.values:
        return _nothing(field, found, tree)
    if all(type(each) is c.Absent for each in field.conditions):
        return "present", "exists: false wants the field to be missing"
    for value in found.values:
        if hint := _type_hint(field, value):
            return "type", hint
    for value in found.values:
        if hint := _case_hint(field, value):
            return "case", hint
    return ("element", "no element of the array satisfies it") if len(found.values) > 1 else ("value", "")


def _nothing(field: Field, found: Found, tree: Mapping[str, Any]) -> tuple[Kind, str]:
    if found.containers:
        return "exists_on_non_leaf", "EventBridge looks at values only; an object or an empty array is not one"
    wanted_depth = field.path.count(".")
    name = field.path.rpartition(".")[2]
    for path in _paths(tree):
        if _plain(path) == _plain(field.path):
            return "absent", f"the event has {path}; EventBridge compares names exactly"
    for path in _paths(tree):
        if path.rpartition(".")[2] == name and (path.count(".") != wanted_depth or path != field.path):
            return "wrong_level", f"{name} is at {path}"
    return "absent", ""


def _plain(path: str) -> str:
    return path.replace("-", "").replace("_", "").lower()


def _paths(tree: Mapping[str, Any]) -> Iterator[str]:
    """The paths of the event's values, nearest first."""
    level: list[tuple[str, Any]] = [("", tree)]
    count = 0
    while level:
        following: list[tuple[str, Any]] = []
        for path, value in level:
            count += 1
            if count > _MOST_SEARCHED:
                return
            if isinstance(value, Mapping):
                following += [(f"{path}.{name}" if path else name, each) for name, each in pairs_of(value)]
            elif isinstance(value, list | tuple):
                following += [(path, each) for each in value]
            else:
                yield path
        level = following


def _type_hint(field: Field, value: Any) -> str:
    """Advice where a value of another JSON type would do."""
    if isinstance(value, str):
        number = _as_number(value)
        word = {"true": True, "false": False, "null": None}.get(value, value)
        fits = (number is not None and _accepts(field, number)) or (word is not value and _accepts(field, word))
        what = "a string"
    else:
        text = value_words(value)
        key = number_key(value)
        spelled = {text, number_words(key)} if key is not None else {text}
        fits = any(_accepts(field, each) for each in spelled)
        what = "a number" if key is not None else "not a string"
    return f"EventBridge compares JSON types; {value_words(value)} is {what}" if fits else ""


def _as_number(text: str) -> float | None:
    if len(text) > _LONGEST_NUMBER or text.strip("+-.eE0123456789"):
        return None
    try:
        return read_float(text)
    except ValueError:
        return None


def _accepts(field: Field, value: Any) -> bool:
    # Conditions that take any type would take this one anyway; they say nothing about types.
    return any(each.accepts(value) for each in field.conditions if type(each) is not c.AnythingBut)


def _case_hint(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        return ""
    for each in field.conditions:
        if isinstance(each, c.Text | c.Prefix | c.Suffix):
            text, folded = fold(each.text), fold(value)
            same = {c.Text: folded == text, c.Prefix: folded.startswith(text), c.Suffix: folded.endswith(text)}
            if same[type(each)]:
                return f"{value_words(value)} differs from {value_words(each.text)} only in case"
    return ""
