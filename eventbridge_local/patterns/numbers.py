"""Numbers as the engine compares them: by value when a double can stand for the text, by spelling otherwise."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

LONGEST_NUMBER = 1000  # characters; the engine's reader refuses longer ones
_LARGEST_EXPONENT = 2147483647
_SAFE_INTEGER = 2**53
_SMALLEST = 5e-324  # Python spells it 5e-324, Java 4.9e-324
_EXPONENT = re.compile(r"[eE]([+-]?\d+)$")


class SpelledNumber(float):
    """An event number no double stands for exactly; the text it was written with decides what it equals."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> SpelledNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


class ExponentOutOfRange(ValueError):
    """The exponent does not fit in the 32 bits the engine's number library keeps."""


def comparable(text: str) -> float | None:
    """The value a number text is compared by, or None where only its spelling counts.

    Args:
        text: a JSON number.
    Raises:
        ExponentOutOfRange: the exponent needs more than 32 bits.
    """
    value = float(text)
    if len(text) < 16 and "e" not in text and "E" not in text:
        return value + 0.0  # at most 15 digits always survive; adding zero turns -0.0 into 0.0
    exponent = _EXPONENT.search(text)
    if exponent and (len(exponent[1].lstrip("+-0")) > 10 or abs(int(exponent[1])) > _LARGEST_EXPONENT):
        raise ExponentOutOfRange(text)
    if value - value != 0:  # infinite
        return None
    spelled = "4.9e-324" if abs(value) == _SMALLEST else repr(abs(value))
    try:
        same = Decimal(spelled) == abs(Decimal(text).copy_abs())
    except InvalidOperation:
        return None
    return value + 0.0 if same else None


def comparable_or_none(text: str) -> float | None:
    """Like `comparable`, with an exponent out of range counting as not comparable."""
    try:
        return comparable(text)
    except ExponentOutOfRange:
        return None


def number_key(value: Any) -> float | None:
    """The number (float or int) an event value is compared by, or None for anything that is no comparable number.

    The result works as a dict key beside floats: Python hashes equal numbers alike whatever their type.
    """
    kind = type(value)
    if kind is int:
        if -_SAFE_INTEGER <= value <= _SAFE_INTEGER:
            whole: int = value
            return whole
        return _large_integer_key(value)
    if kind is float:
        number: float = value
        return number if number - number == 0 else None
    if isinstance(value, bool | str | SpelledNumber) or value is None:
        return None
    return _odd_number_key(value)


def spelling(value: Any) -> str | None:
    """The text of an event number that is not comparable, or None."""
    if isinstance(value, SpelledNumber):
        return value.text
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(int(value)) if _prints(value) else None
    return str(value) if isinstance(value, Decimal) else None


def read_float(text: str) -> float:
    """What a fraction or exponent of an event becomes: a float, or a SpelledNumber where a float would lie."""
    if len(text) < 16 and "e" not in text and "E" not in text:
        return float(text)
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; the limit is {LONGEST_NUMBER}")
    value = comparable_or_none(text)
    return SpelledNumber(text) if value is None else value


def read_integer(text: str) -> int:
    """What an integer of an event becomes; Python's own integers keep every digit."""
    if len(text) > LONGEST_NUMBER:
        raise ValueError(f"a number of {len(text)} characters; the limit is {LONGEST_NUMBER}")
    return int(text)


def _prints(value: int) -> bool:
    # Python refuses to spell integers of more than 4,300 digits; no pattern can hold one.
    return value.bit_length() < 4 * LONGEST_NUMBER


def _large_integer_key(value: int) -> float | None:
    return comparable_or_none(str(value)) if _prints(value) else None


def _odd_number_key(value: Any) -> float | None:
    if isinstance(value, int):
        return number_key(int(value))
    if isinstance(value, float):
        return number_key(float(value))
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < LONGEST_NUMBER:
        return comparable_or_none(str(value))
    return None
