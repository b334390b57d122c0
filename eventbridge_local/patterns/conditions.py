"""What a pattern demands of one event value: conditions, and the fields that gather them.

A condition class says everything about its kind of condition: ``accepts`` decides about a value (match), ``key`` tells
the index where to find it, ``looseness`` how selective it is, and ``wording`` puts it into words for explanations.
The values are scalars as ``parse_event`` or ``json.loads`` gives them. Source: facts 12.11, 12.12.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import inf, isinf
from typing import Any, ClassVar, Literal

from eventbridge_local.frozen import frozen
from eventbridge_local.patterns.values import (
    SAFE_INTEGER,
    WIDTH,
    Address,
    Block,
    Units,
    end_of_match,
    engine_text,
    fold,
    is_whole,
    number_key,
    number_wording,
    read_address,
    spell_wildcard,
    spelling,
    start_of_match,
    units_of,
    value_wording,
    wildcard_accepts,
)

QUOTE = '"'
LOOSEST = 5000.0

IndexPart = Literal[
    "exact", "odd", "prefix", "suffix", "prefix any case", "suffix any case", "folded", "inner", "address", "range"
]
"""The parts of the index, each made for one kind of condition; see ``index``."""
Key = tuple[IndexPart, Any]


class Condition:
    """One alternative of a value list."""

    __slots__ = ()

    is_value: ClassVar[bool] = False
    """Whether the condition is a plain value of a pattern and no operator."""

    def accepts(self, value: Any) -> bool:
        """Return whether the scalar satisfies the condition."""
        raise NotImplementedError

    def wording(self) -> str:
        """Return the condition in words."""
        raise NotImplementedError

    def key(self) -> Key | None:
        """Return the part of the index that finds the condition and its key there; None where only trying helps."""
        return None

    def looseness(self) -> float:
        """Return roughly how many values the condition accepts; rules are looked up by their least loose field."""
        key = self.key()
        return 120 / len(key[1]) if key else LOOSEST

    def ignoring_case(self) -> Condition | None:
        """Return the condition that also accepts other letter cases, None where case does not matter already."""
        return None


# -- plain values


@frozen
class Text(Condition):
    """The string ``text``, character for character."""

    text: str
    is_value = True

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and value == self.text

    def wording(self) -> str:
        return value_wording(self.text)

    def key(self) -> Key:
        return "exact", self.text

    def looseness(self) -> float:
        return 0

    def ignoring_case(self) -> Condition:
        return IgnoreCase.of(self.text)


@frozen
class Word(Condition):
    """One of the words true, false and null."""

    word: bool | None
    is_value = True

    def accepts(self, value: Any) -> bool:
        return value is self.word

    def wording(self) -> str:
        return value_wording(self.word)

    def key(self) -> Key:
        return "odd", self

    def looseness(self) -> float:
        return 50


@frozen
class Spelling(Condition):
    """A number no double stands for; only the same digits are equal to it, and no number if it is not whole."""

    text: str
    is_value = True

    def accepts(self, value: Any) -> bool:
        return number_key(value) is None and spelling(value) == self.text

    @property
    def is_lost(self) -> bool:
        """Whether no value of an event is equal to it, not even the same text."""
        return not is_whole(self.text)

    def wording(self) -> str:
        return f"{self.text} (no number equals it on AWS, not even itself)" if self.is_lost else self.text

    def key(self) -> Key:
        return "odd", self

    def looseness(self) -> float:
        return 0


@frozen
class Equal(Condition):
    """A number of the same value, however spelled."""

    number: float
    is_value = True

    def accepts(self, value: Any) -> bool:
        return number_key(value) == self.number

    def wording(self) -> str:
        return number_wording(self.number)

    def key(self) -> Key:
        return "exact", self.number

    def looseness(self) -> float:
        return 0


@frozen
class SameAddress(Condition):
    """A string that spells the same IP address; ``text`` is the operand's spelling."""

    text: str
    address: Address
    is_value = True

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and read_address(value) == self.address

    def wording(self) -> str:
        return f"the address {value_wording(self.text)}"

    def key(self) -> Key:
        return "address", (self.address.family, WIDTH[self.address.family], self.address.value)

    def looseness(self) -> float:
        return 0


_ADDRESS_BEGINS_WITH = frozenset("0123456789abcdefABCDEF:")


def exact_text(text: str) -> Condition:
    """Return the condition a plain string of a value list stands for."""
    # The test keeps ordinary words cheap: only a text with a dot or colon can be an address.
    if text[:1] in _ADDRESS_BEGINS_WITH and ("." in text or ":" in text):
        address = read_address(text)
        if address is not None:
            return SameAddress(text, address)
    return Text(text)


# -- numbers


@frozen
class Range(Condition):
    """A number between two bounds; an open side is infinite."""

    low: float
    low_closed: bool
    high: float
    high_closed: bool

    def accepts(self, value: Any) -> bool:
        # Whole numbers come most; they are compared as they are (``number_key``).
        number = value if type(value) is int and -SAFE_INTEGER <= value <= SAFE_INTEGER else number_key(value)
        if number is None or not self.low <= number <= self.high:
            return False
        return (number != self.low or self.low_closed) and (number != self.high or self.high_closed)

    def wording(self) -> str:
        bounds = []
        if not isinf(self.low):
            bounds.append(f"{'>=' if self.low_closed else '>'} {number_wording(self.low)}")
        if not isinf(self.high):
            bounds.append(f"{'<=' if self.high_closed else '<'} {number_wording(self.high)}")
        return "numeric " + " and ".join(bounds)

    def key(self) -> Key:
        return "range", (self.low, self.high)

    def looseness(self) -> float:
        return 2000 if self.low == -inf or self.high == inf else 200


# -- texts


@frozen
class Prefix(Condition):
    """A string that begins with ``text``. The engine sees the closing quote too, so the operand may name it."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and _with_closing_quote(self.text, value).startswith(self.text)

    def wording(self) -> str:
        return f"prefix {value_wording(self.text)}"

    def key(self) -> Key | None:
        return ("prefix", self.text) if _is_inside(self.text) else None

    def ignoring_case(self) -> Condition:
        return PrefixIgnoreCase.of(self.text)


@frozen
class Suffix(Condition):
    """A string that ends with ``text``, the opening quote included."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and _with_opening_quote(self.text, value).endswith(self.text)

    def wording(self) -> str:
        return f"suffix {value_wording(self.text)}"

    def key(self) -> Key | None:
        return ("suffix", self.text) if _is_inside(self.text) else None

    def ignoring_case(self) -> Condition:
        return SuffixIgnoreCase.of(self.text)


@frozen
class IgnoreCase(Condition):
    """A string equal to ``text`` in each character's lower or upper form."""

    text: str
    units: Units

    @classmethod
    def of(cls, text: str) -> IgnoreCase:
        """Make the condition of an operand."""
        return cls(text, units_of(text))

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if self.text.isascii() and value.isascii():
            return self.text.lower() == value.lower()
        text = engine_text(value)
        return end_of_match(self.units, text) == len(text)

    def wording(self) -> str:
        return f"equals-ignore-case {value_wording(self.text)}"

    def key(self) -> Key:
        return "folded", fold("".join(lower for lower, _ in self.units))

    def looseness(self) -> float:
        return 0


@frozen
class PrefixIgnoreCase(Condition):
    """A string that begins with ``text`` in any case."""

    text: str
    units: Units

    @classmethod
    def of(cls, text: str) -> PrefixIgnoreCase:
        """Make the condition of an operand."""
        return cls(text, units_of(text))

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        text = _with_closing_quote(self.text, value)
        if self.text.isascii() and text.isascii():
            return text[: len(self.text)].lower() == self.text.lower()
        return end_of_match(self.units, text) >= 0

    def wording(self) -> str:
        return f"prefix equals-ignore-case {value_wording(self.text)}"

    def key(self) -> Key | None:
        return ("prefix any case", self.text) if self.text.isascii() and _is_inside(self.text) else None


@frozen
class SuffixIgnoreCase(Condition):
    """A string that ends with ``text`` in any case."""

    text: str
    units: Units

    @classmethod
    def of(cls, text: str) -> SuffixIgnoreCase:
        """Make the condition of an operand."""
        return cls(text, units_of(text))

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        text = _with_opening_quote(self.text, value)
        if self.text.isascii() and text.isascii():
            return text[max(0, len(text) - len(self.text)) :].lower() == self.text.lower()
        return start_of_match(self.units, text) >= 0

    def wording(self) -> str:
        return f"suffix equals-ignore-case {value_wording(self.text)}"

    def key(self) -> Key | None:
        return ("suffix any case", self.text) if self.text.isascii() and _is_inside(self.text) else None


@frozen
class Wildcard(Condition):
    """A string made of the pieces in order, with anything in between."""

    pieces: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and wildcard_accepts(self.pieces, engine_text(value))

    def wording(self) -> str:
        return f"wildcard {value_wording(spell_wildcard(self.pieces))}"

    def key(self) -> Key | None:
        """Return the head, the tail, or a literal between stars that is much longer than both."""
        head, tail = self.pieces[0], self.pieces[-1]
        longest = max(self.pieces, key=len)
        if not longest:
            return None
        if len(longest) > 2 * max(len(head), len(tail)):
            return "inner", longest
        return ("prefix", head) if len(head) >= len(tail) else ("suffix", tail)


@frozen
class InBlock(Condition):
    """A string that is an IP address inside a CIDR block; ``text`` is the operand's spelling."""

    text: str
    block: Block

    def accepts(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        address = read_address(value)
        return address is not None and self.block.holds(address)

    def wording(self) -> str:
        return f"cidr {value_wording(self.text)}"

    def key(self) -> Key:
        return "address", (self.block.family, self.block.bits, self.block.head)

    def looseness(self) -> float:
        return 50


def _is_inside(operand: str) -> bool:
    """Return whether an affix can be looked up: "" accepts every string, and one with a quote may pass its end."""
    return bool(operand) and QUOTE not in operand


def _with_closing_quote(operand: str, value: str) -> str:
    text = engine_text(value)
    return text + QUOTE if QUOTE in operand else text


def _with_opening_quote(operand: str, value: str) -> str:
    text = engine_text(value)
    return QUOTE + text if QUOTE in operand else text


# -- presence and absence


@frozen
class Exists(Condition):
    """Any value at all."""

    def accepts(self, value: Any) -> bool:
        return True

    def wording(self) -> str:
        return "exists: true"


@frozen
class Absent(Condition):
    """No value: decided by looking for values, so it accepts none."""

    def accepts(self, value: Any) -> bool:
        return False

    def wording(self) -> str:
        return "exists: false"


@frozen
class AnythingBut(Condition):
    """Any value, of any kind, that none of the excluded conditions accepts."""

    excluded: tuple[Condition, ...]

    def accepts(self, value: Any) -> bool:
        return not any(condition.accepts(value) for condition in self.excluded)

    def wording(self) -> str:
        if not self.excluded:
            return "anything"
        words = [condition.wording() for condition in self.excluded]
        first, _, _ = words[0].partition(" ")
        if not self.excluded[0].is_value:  # prefix 'a', 'b' instead of prefix 'a', prefix 'b'
            words[1:] = [each.removeprefix(f"{first} ") for each in words[1:]]
        return f"anything but {listed(words)}"


# -- fields


@frozen
class Field:
    """One path of a pattern and its alternatives. Make one with ``make_field``.

    ``accepts`` says whether a value meets any of them; ``absent_ok`` whether one of them is ``exists: false``. Both
    follow from the alternatives, so these decide whether fields are equal.
    """

    path: str
    conditions: tuple[Condition, ...]
    absent_ok: bool
    accepts: Callable[[Any], bool]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Field) and (self.path, self.conditions) == (other.path, other.conditions)

    def __hash__(self) -> int:
        return hash((self.path, self.conditions))


SubRule = tuple[Field, ...]
"""The fields of one alternative of a pattern, sorted as the engine visits them. Without ``$or`` there is only one."""


def make_field(path: str, conditions: tuple[Condition, ...]) -> Field:
    """Make a field of a sub-rule."""
    if len(conditions) == 1 and type(conditions[0]) is not Absent:  # as most have
        return Field(path, conditions, False, _acceptor_of_one(conditions[0]))
    tests = [condition for condition in conditions if type(condition) is not Absent]
    return Field(path, conditions, len(tests) < len(conditions), _acceptor(tests))


def _acceptor_of_one(condition: Condition) -> Callable[[Any], bool]:
    return frozenset((condition.text,)).__contains__ if type(condition) is Text else condition.accepts


def _acceptor(conditions: list[Condition]) -> Callable[[Any], bool]:
    """Return one function for all alternatives; plain strings are looked up together."""
    if len(conditions) == 1:
        return _acceptor_of_one(conditions[0])
    texts = frozenset([condition.text for condition in conditions if type(condition) is Text])
    others = [condition.accepts for condition in conditions if type(condition) is not Text]
    if not others:
        return texts.__contains__
    if any(type(condition) is Exists for condition in conditions):
        return Exists().accepts

    def accepts(value: Any) -> bool:
        return value in texts or any(accept(value) for accept in others)

    return accepts


# -- several conditions in words

_MOST_LISTED = 6


def listed(items: Iterable[str]) -> str:
    """Return items with commas, the end of a long list left out."""
    words = list(items)
    more = f" and {len(words) - _MOST_LISTED} more" if len(words) > _MOST_LISTED else ""
    return ", ".join(words[:_MOST_LISTED]) + more


def list_wording(conditions: tuple[Condition, ...]) -> str:
    """Return what a value list wants, in words."""
    plain = [each for each in conditions if each.is_value]
    groups = []
    if plain:
        exact = listed(each.wording() for each in plain)
        groups.append(exact if len(plain) == 1 else f"one of {exact}")
    groups += [each.wording() for each in conditions if not each.is_value]
    return " or ".join(groups[:_MOST_LISTED]) + (" or more" if len(groups) > _MOST_LISTED else "")
