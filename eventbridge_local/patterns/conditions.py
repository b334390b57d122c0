"""What one alternative of a value list demands of one event value.

Each condition has ``accepts(value)``, where value is a scalar as `parse_event` or ``json.loads`` gives it. Facts:
pattern language, sections 5.2 and 5.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from eventbridge_local.patterns.addresses import Address, Block, read_address
from eventbridge_local.patterns.ignore_case import Units, end_of_match, start_of_match, units_of
from eventbridge_local.patterns.numbers import number_key, spelling
from eventbridge_local.patterns.wildcards import as_engine_text, wildcard_accepts

QUOTE = '"'


class Condition(Protocol):
    """One alternative of a value list."""

    def accepts(self, value: Any) -> bool:
        """Whether the scalar satisfies the condition."""


@dataclass(frozen=True, slots=True)
class Text:
    """The string `text`, character for character."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and value == self.text


@dataclass(frozen=True, slots=True)
class Literal:
    """One of true, false and null."""

    word: bool | None

    def accepts(self, value: Any) -> bool:
        return value is self.word


@dataclass(frozen=True, slots=True)
class Spelling:
    """A number no double stands for; only the same digits are equal to it."""

    text: str

    def accepts(self, value: Any) -> bool:
        return number_key(value) is None and spelling(value) == self.text


@dataclass(frozen=True, slots=True)
class Equal:
    """A number of the same value, however spelled."""

    number: float

    def accepts(self, value: Any) -> bool:
        return number_key(value) == self.number


@dataclass(frozen=True, slots=True)
class Range:
    """A number between two bounds; an open side is infinite."""

    low: float
    low_closed: bool
    high: float
    high_closed: bool

    def accepts(self, value: Any) -> bool:
        number = number_key(value)
        if number is None or not self.low <= number <= self.high:
            return False
        return (number != self.low or self.low_closed) and (number != self.high or self.high_closed)


@dataclass(frozen=True, slots=True)
class Prefix:
    """A string that begins with `text`. The engine sees the closing quote too, so the operand may name it."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and _with_closing_quote(self.text, value).startswith(self.text)


@dataclass(frozen=True, slots=True)
class Suffix:
    """A string that ends with `text`, the opening quote included."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and _with_opening_quote(self.text, value).endswith(self.text)


@dataclass(frozen=True, slots=True)
class Wildcard:
    """A string made of the pieces in order, with anything in between."""

    pieces: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and wildcard_accepts(self.pieces, as_engine_text(value))


@dataclass(frozen=True, slots=True)
class IgnoreCase:
    """A string equal to `text` in each character's lower or upper form."""

    text: str
    units: Units = field(compare=False, repr=False)

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if self.text.isascii() and value.isascii():
            return self.text.lower() == value.lower()
        text = as_engine_text(value)
        return end_of_match(self.units, text) == len(text)


@dataclass(frozen=True, slots=True)
class PrefixIgnoreCase:
    """A string that begins with `text` in any case."""

    text: str
    units: Units = field(compare=False, repr=False)

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        text = _with_closing_quote(self.text, value)
        if self.text.isascii() and text.isascii():
            return text[: len(self.text)].lower() == self.text.lower()
        return end_of_match(self.units, text) >= 0


@dataclass(frozen=True, slots=True)
class SuffixIgnoreCase:
    """A string that ends with `text` in any case."""

    text: str
    units: Units = field(compare=False, repr=False)

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        text = _with_opening_quote(self.text, value)
        if self.text.isascii() and text.isascii():
            return text[max(0, len(text) - len(self.text)) :].lower() == self.text.lower()
        return start_of_match(self.units, text) >= 0


@dataclass(frozen=True, slots=True)
class SameAddress:
    """A string that spells the same IP address; `text` is the operand's spelling."""

    text: str
    address: Address

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and read_address(value) == self.address


@dataclass(frozen=True, slots=True)
class InBlock:
    """A string that is an IP address inside a CIDR block; `text` is the operand's spelling."""

    text: str
    block: Block

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        address = read_address(value)
        return address is not None and self.block.holds(address)


@dataclass(frozen=True, slots=True)
class Exists:
    """Any value at all."""

    def accepts(self, value: Any) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Absent:
    """No value: decided by looking for values, so it accepts none."""

    def accepts(self, value: Any) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class AnythingBut:
    """Any value, of any kind, that none of the excluded conditions accepts."""

    excluded: tuple[Condition, ...]

    def accepts(self, value: Any) -> bool:
        return not any(condition.accepts(value) for condition in self.excluded)


def exact_text(text: str) -> Condition:
    """The condition a plain string of a value list stands for."""
    # Only a text with a dot or colon can be an address; the test keeps ordinary words cheap.
    if "." in text or ":" in text:
        address = read_address(text)
        if address is not None:
            return SameAddress(text, address)
    return Text(text)


def ignore_case(kind: Callable[[str, Units], Condition], operand: str) -> Condition:
    """One of the three conditions that ignore case, for an operand."""
    return kind(operand, units_of(operand))


def _with_closing_quote(operand: str, value: str) -> str:
    text = as_engine_text(value)
    return text + QUOTE if QUOTE in operand else text


def _with_opening_quote(operand: str, value: str) -> str:
    text = as_engine_text(value)
    return QUOTE + text if QUOTE in operand else text
