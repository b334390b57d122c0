"""Ignoring case the engine's way: each character of the operand stands for its lower and its upper form.

The text of an event is never folded, so this is neither ``casefold`` nor ``lower`` (pattern language, section 5.3).
"""

from __future__ import annotations

from eventbridge_local.patterns.wildcards import as_engine_text

# Characters that gained a case after Unicode 13, which the engine's Java knows.
_CASELESS = frozenset(
    "\u2c2f\u2c5f\ua7c0\ua7c1\ua7d0\ua7d1\ua7d6\ua7d7\ua7d8\ua7d9\u1c89\u1c8a\ua7cb\ua7cc\ua7cd\ua7da\ua7db\ua7dc"
)

Units = tuple[tuple[str, str], ...]


def forms(char: str) -> tuple[str, str]:
    """The lower and the upper form of one character; one of them may be several characters long."""
    if char in _CASELESS:
        return char, char
    return char.lower(), char.upper()


def units_of(operand: str) -> Units:
    """What each UTF-16 unit of an operand accepts; a character above U+FFFF only ever accepts ``??``."""
    units: list[tuple[str, str]] = []
    for char in as_engine_text(operand):
        units.extend((("?", "?"),) * 2 if char > "\uffff" else (forms(char),))
    return tuple(units)


def end_of_match(units: Units, text: str) -> int:
    """How much of the start of `text` the units take, or -1. No form starts with the other, so one try is enough."""
    at = 0
    for lower, upper in units:
        if text.startswith(lower, at):
            at += len(lower)
        elif text.startswith(upper, at):
            at += len(upper)
        else:
            return -1
    return at


def start_of_match(units: Units, text: str) -> int:
    """Where the end of `text` that the units take begins, or -1."""
    at = len(text)
    for lower, upper in reversed(units):
        if text.endswith(lower, 0, at):
            at -= len(lower)
        elif text.endswith(upper, 0, at):
            at -= len(upper)
        else:
            return -1
    return at


def fold(text: str) -> str:
    """A form that texts have in common whenever an operand accepts both; used to look operands up, not to decide."""
    return text.lower() if text.isascii() else text.upper().casefold()
