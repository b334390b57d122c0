"""Words the refusal of a pattern exactly: reads it token by token, as the engine's compiler does, until it fails.

Only run for patterns the fast compiler found invalid. Here are objects, ``$or`` and value lists; `refusal_matchers` has
the operators. Facts: sections 2, 3.2 and 9 of the pattern language.
"""

from __future__ import annotations

from dataclasses import dataclass

from eventbridge_local.json_reader import JsonError, JsonReader
from eventbridge_local.patterns.refusal_matchers import MATCHERS, Twice, Unlocated, Walk

RESERVED = frozenset(
    {"exactly", "equals-ignore-case", "prefix", "suffix", "anything-but", "exists", "wildcard", "numeric", "cidr"}
    | {"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"}
    | {"date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"}
    | {"ip-address-in-range", "ip-address-not-in-range"}
)


@dataclass(slots=True)
class _Frame:
    """An object (or the array of an ``$or``) being read, and whether it stands inside an ``$or``."""

    is_or: bool
    in_or: bool
    filled: int = 0


def reason_for_refusal(text: str) -> str | None:
    """The engine's message for an invalid pattern, position included, or None for a valid one.

    Args:
        text: the pattern's JSON text.
    """
    walk = Walk(JsonReader(text))
    try:
        _filter(walk)
    except Twice as error:
        return _located(walk.reader, error.message, error.at, error.cursor)
    except JsonError as error:
        return _located(walk.reader, error.message, error.at)
    except Unlocated as error:
        return str(error)
    return None


def _located(reader: JsonReader, message: str, *places: int | None) -> str:
    return message + "".join(f"\n at {reader.source.place(at)}" for at in places if at is not None)


def _filter(walk: Walk) -> None:
    if walk.reader.next().kind != "{":
        walk.fail("Filter is not an object")
    frames = [_Frame(is_or=False, in_or=False)]
    while frames:
        if frames[-1].is_or:
            _branch(walk, frames)
        else:
            _field(walk, frames)


def _branch(walk: Walk, frames: list[_Frame]) -> None:
    frame = frames[-1]
    token = walk.reader.next()
    if token.kind == "]":
        if frame.filled < 2:
            walk.fail("There must have at least 2 Objects in $or relationship.")
        frames.pop()
        return
    if token.kind != "{":
        walk.fail("Only JSON object is allowed in array of $or relationship.")
    frame.filled += 1
    frames.append(_Frame(is_or=False, in_or=True))


def _field(walk: Walk, frames: list[_Frame]) -> None:
    frame = frames[-1]
    token = walk.reader.next()
    if token.kind == "}":
        if not frame.filled:
            walk.fail("Empty objects are not allowed")
        frames.pop()
        return
    frame.filled += 1
    name = token.text
    if frame.in_or and name in RESERVED:
        walk.fail(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
    value = walk.reader.next()
    if name == "$or":
        if value.kind != "[":
            walk.fail("It must be an Array followed with $or.")
        frames.append(_Frame(is_or=True, in_or=True))
    elif value.kind == "{":
        frames.append(_Frame(is_or=False, in_or=frame.in_or))
    elif value.kind == "[":
        _value_list(walk)
    else:
        walk.fail(f'"{name}" must be an object or an array')


def _value_list(walk: Walk) -> None:
    filled = False
    while (token := walk.reader.next()).kind != "]":
        filled = True
        if token.kind == "string":
            walk.reader.string()
        elif token.kind == "[":
            walk.fail("Match value must be String, number, true, false, or null")
        elif token.kind == "{":
            _matcher(walk)
    if not filled:
        walk.fail("Empty arrays are not allowed")


def _matcher(walk: Walk) -> None:
    token = walk.reader.next()
    if token.kind != "name":
        walk.fail("Match expression name not found")
    check = MATCHERS.get(token.text)
    if check is None:
        walk.fail(f"Unrecognized match type {token.text}")
    check(walk, walk.reader.next())
