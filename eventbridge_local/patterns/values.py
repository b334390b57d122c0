"""Values as the engine compares them: numbers, letters in any case, wildcard texts, IP addresses.

The engine is written in Java and works on UTF-8 bytes, so none of these comparisons is Python's own. Each part says
where the two differ. Source: facts 3.6, 12.6, 12.7, 12.12.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from eventbridge_local.json_reader import LONGEST_NUMBER
from eventbridge_local.json_text import HALF_PAIR


class BadOperand(ValueError):
    """An operand the engine refuses.

    Args:
        message: the engine's words.
        placed: whether the engine tells line and column with it.
    """

    def __init__(self, message: str, placed: bool = True) -> None:
        super().__init__(message)
        self.message = message
        self.placed = placed


# -- numbers
#
# The engine compares numbers as doubles, but only where a double stands for exactly the number that is written. Where
# none does, two whole numbers are equal only if they are spelled alike (9007199254740993), and any other number equals
# nothing, not even itself (1.0000000000000001, 1e309): so AWS was captured to do, which the open-source engine does
# not. Events keep the spelling of such numbers, to show it: `SpelledNumber`.

_LARGEST_EXPONENT = 2147483647
SAFE_INTEGER = 2**53
_SMALLEST = 5e-324  # Python spells it 5e-324, Java 4.9e-324
_EXPONENT = re.compile(r"[eE]([+-]?\d+)$")


class SpelledNumber(float):
    """A number of an event, with a fraction or an exponent, that no double stands for exactly. It equals nothing."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> SpelledNumber:
        number = super().__new__(cls, text)
        number.text = text
        return number


class ExponentOutOfRange(ValueError):
    """The exponent does not fit in the 32 bits the engine's number library keeps."""


def comparable(text: str) -> float | None:
    """Return the value a number text is compared by, or None where only its spelling counts.

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
    """Do as ``comparable`` does, with an exponent out of range counting as not comparable."""
    try:
        return comparable(text)
    except ExponentOutOfRange:
        return None


def number_key(value: Any) -> float | None:
    """Return the number (float or int) an event value is compared by, None for what is no comparable number.

    The result works as a dict key beside floats: Python hashes equal numbers alike whatever their type.
    """
    kind = type(value)
    if kind is int:
        if -SAFE_INTEGER <= value <= SAFE_INTEGER:
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
    """Return the text that decides what a whole number of an event equals that is not comparable, or None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(int(value)) if _prints(value) else None
    text = str(value) if isinstance(value, Decimal) else ""
    return text if is_whole(text) else None


def is_whole(text: str) -> bool:
    """Return whether the text of a number is one of digits alone, which even without a double is equal to itself."""
    return text.lstrip("-").isdecimal()


def read_float(text: str) -> float:
    """Return what a fraction or exponent of an event becomes: a float, or a SpelledNumber where a float would lie."""
    if len(text) < 16 and "e" not in text and "E" not in text:
        return float(text)
    if len(text) > LONGEST_NUMBER:
        raise _too_long(text)
    value = comparable_or_none(text)
    return SpelledNumber(text) if value is None else value


def read_integer(text: str) -> int:
    """Return what an integer of an event becomes; Python's own integers keep every digit."""
    if len(text) > LONGEST_NUMBER:
        raise _too_long(text)
    return int(text)


def _too_long(text: str) -> ValueError:
    return ValueError(f"a number of {len(text)} characters; the limit is {LONGEST_NUMBER}")


def _prints(value: int) -> bool:
    # Python refuses to spell integers of more than 4,300 digits; no pattern can hold one.
    return value.bit_length() < 4 * LONGEST_NUMBER


def _large_integer_key(value: int) -> float | None:
    return comparable_or_none(str(value)) if _prints(value) else None


def _odd_number_key(value: Any) -> float | None:
    """Take subclasses of int and float, and Decimal, which events given as dicts may hold."""
    if isinstance(value, int):
        return number_key(int(value))
    if isinstance(value, float):
        return number_key(float(value))
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) < LONGEST_NUMBER:
        return comparable_or_none(str(value))
    return None


# -- texts


def engine_text(text: str) -> str:
    """Return the text as the engine's bytes read it: half of a surrogate pair standing alone is a question mark."""
    return text if text.isascii() else HALF_PAIR.sub("?", text)


# -- letters in any case
#
# Each character of an operand stands for its lower and its upper form. The text of an event is never folded, so this is
# neither `casefold` nor `lower`: the operand "ss" does not accept "ß", and the operand "ß" accepts "SS".

_CASELESS = frozenset(  # they gained a case after Unicode 13, which the engine's Java knows
    "\u2c2f\u2c5f\ua7c0\ua7c1\ua7d0\ua7d1\ua7d6\ua7d7\ua7d8\ua7d9\u1c89\u1c8a\ua7cb\ua7cc\ua7cd\ua7da\ua7db\ua7dc"
)

Units = tuple[tuple[str, str], ...]


def forms(char: str) -> tuple[str, str]:
    """Return the lower and the upper form of one character; one of them may be several characters long."""
    if char in _CASELESS:
        return char, char
    return char.lower(), char.upper()


def units_of(operand: str) -> Units:
    """Return what each UTF-16 unit of an operand accepts; a character above U+FFFF only ever accepts ``??``."""
    units: list[tuple[str, str]] = []
    for char in engine_text(operand):
        units.extend((("?", "?"),) * 2 if char > "\uffff" else (forms(char),))
    return tuple(units)


def end_of_match(units: Units, text: str) -> int:
    """Return how much of the start of ``text`` the units take, or -1."""
    # No form of a character begins with its other form, so trying each form once is enough.
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
    """Return where the end of ``text`` that the units take begins, or -1."""
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
    """Return a form that texts have in common whenever an operand accepts both: to look operands up, not to decide."""
    return text.lower() if text.isascii() else text.upper().casefold()


# -- wildcards

_SPECIAL = re.compile(r"[*\\]")


def read_wildcard(operand: str) -> tuple[str, ...]:
    """Return the literal pieces of a wildcard operand, between its stars.

    Args:
        operand: such as ``a*b``; ``\\*`` is a star and ``\\\\`` a backslash.
    Returns:
        One piece more than there are stars: ``("a", "b")``.
    Raises:
        BadOperand: two stars in a row, or a backslash before something else.
    """
    pieces = [""]
    at, star = 0, -1  # star: where the last star stood
    while found := _SPECIAL.search(operand, at):
        pieces[-1] += operand[at : found.start()]
        start = found.start()
        at = found.end()
        if found[0] == "*":
            if star == start - 1 and star >= 0:
                raise BadOperand(f"Consecutive wildcard characters at pos {_byte_position(operand, star)}")
            star = start
            pieces.append("")
            continue
        escaped = operand[at : at + 1]
        if escaped not in ("*", "\\"):
            raise BadOperand(f"Invalid escape character at pos {_byte_position(operand, start)}")
        pieces[-1] += escaped
        at += 1
    pieces[-1] += operand[at:]
    return tuple(map(engine_text, pieces))


def spell_wildcard(pieces: tuple[str, ...]) -> str:
    """Return the operand that ``read_wildcard`` reads as these pieces."""
    return "*".join(piece.replace("\\", "\\\\").replace("*", "\\*") for piece in pieces)


def wildcard_accepts(pieces: tuple[str, ...], text: str) -> bool:
    """Return whether the text is the pieces in order with anything between them."""
    # Taking each middle piece at its first place is enough, so nothing is ever tried twice and the time grows with the
    # text only.
    head, tail = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return text == head
    end = len(text) - len(tail)
    at = len(head)
    if end < at or not text.startswith(head) or not text.endswith(tail):
        return False
    for piece in pieces[1:-1]:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _byte_position(operand: str, offset: int) -> int:
    # Bytes of UTF-8, counted with the opening quote in front.
    return 1 + len(engine_text(operand[:offset]).encode())


# -- IP addresses and blocks, which the engine reads more leniently than Python's ipaddress does

_V4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_V6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", re.ASCII)
_MAPPED = 0xFFFF
_LONGEST_V4 = 15
_MASK = re.compile(r"[+-]?\d+")
WIDTH = {4: 32, 6: 128}
"""The bits of an address, by family."""


class Address(NamedTuple):
    """An address: its family (4 or 6) and its value as an integer."""

    family: int
    value: int


class Block(NamedTuple):
    """A CIDR block: family, number of leading bits that count, and those bits as an integer."""

    family: int
    bits: int
    head: int

    def holds(self, address: Address) -> bool:
        """Return whether the address lies in the block."""
        return address.family == self.family and address.value >> (WIDTH[self.family] - self.bits) == self.head


def read_address(text: str) -> Address | None:
    """Return the address a text stands for, or None. A mapped IPv6 address becomes the IPv4 address inside it."""
    if "." in text:
        return _read_v4(text)
    if ":" in text and _V6.fullmatch(text):
        return _read_v6(text)
    return None


def read_block(text: str) -> Block:
    """Return the block a cidr operand stands for.

    Raises:
        BadOperand: with the engine's wording, which names no place.
    """
    parts = text.split("/")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    if len(parts) != 2:
        raise BadOperand("Malformed CIDR, one '/' required", placed=False)
    bits = _read_mask(parts[1])
    address = read_address(parts[0])
    if address is None:
        word = "Invalid" if _V4.fullmatch(parts[0]) or _V6.fullmatch(parts[0]) else "Nonstandard"
        raise BadOperand(f"{word} IP address: {parts[0]}", placed=False)
    width = WIDTH[address.family]
    if bits >= width:
        raise BadOperand(f"IPv{address.family} mask bits must be < {width}", placed=False)
    return Block(address.family, bits, address.value >> (width - bits))


def _read_mask(text: str) -> int:
    if not _MASK.fullmatch(text) or len(text.lstrip("+-").lstrip("0")) > 10 or not -(2**31) <= int(text) < 2**31:
        raise BadOperand("Malformed CIDR, mask bits must be an integer", placed=False)
    bits = int(text)
    if bits < 0:
        raise BadOperand("Malformed CIDR, mask bits must not be negative", placed=False)
    return bits


def _read_v4(text: str) -> Address | None:
    if len(text) > _LONGEST_V4 or not _V4.fullmatch(text):
        return None
    value = 0
    for part in text.split("."):
        number = int(part)
        if number > 255:
            return None
        value = value << 8 | number
    return Address(4, value)


def _read_v6(text: str) -> Address | None:
    groups = _groups(text)
    if groups is None:
        return None
    value = 0
    for group in groups:
        digits = group.lstrip("0")
        if len(digits) > 4:
            return None
        value = value << 16 | int(digits or "0", 16)
    if value >> 32 == _MAPPED:
        return Address(4, value & 0xFFFFFFFF)
    return Address(6, value)


def _groups(text: str) -> list[str] | None:
    """Return the eight groups of an IPv6 text with its ``::`` written out, or None."""
    head, gap, tail = text.partition("::")
    left = head.split(":") if head else []
    if not gap:
        return left if len(left) == 8 and all(left) else None
    right = tail.split(":") if tail else []
    missing = 8 - len(left) - len(right)
    if missing < 1 or not all(left) or not all(right):
        return None
    return left + ["0"] * missing + right


# -- values in words


_LONGEST_SHOWN = 60


def value_wording(value: Any) -> str:
    """Return a value of an event as explanations show it: strings in quotes, words and numbers as JSON has them."""
    if isinstance(value, SpelledNumber):
        return value.text
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    try:
        shown = repr(value)
    except (ValueError, RecursionError):  # an integer of very many digits, or a very deep value
        shown = f"<{type(value).__name__}>"
    return shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 4]}...{shown[-1]}"


def number_wording(number: float) -> str:
    """Return a number without a needless fraction."""
    return str(int(number)) if number == int(number) and abs(number) < 1e16 else repr(number)
