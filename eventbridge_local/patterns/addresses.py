"""IP addresses and CIDR blocks as the engine reads them, which is more lenient than Python's ipaddress."""

from __future__ import annotations

import re
from typing import NamedTuple

_V4 = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+", re.ASCII)
_V6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", re.ASCII)
_MAPPED = 0xFFFF
_LONGEST_V4 = 15
_MASK = re.compile(r"[+-]?\d+")
WIDTH = {4: 32, 6: 128}  # bits of an address, by family


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
        """Whether the address lies in the block."""
        return address.family == self.family and address.value >> (WIDTH[self.family] - self.bits) == self.head


class BadBlock(ValueError):
    """A cidr operand the engine refuses; the text is the engine's."""


def looks_like_address(text: str) -> bool:
    """Whether the text has the shape of an IPv4 or IPv6 address."""
    return bool(_V4.fullmatch(text) or _V6.fullmatch(text))


def read_address(text: str) -> Address | None:
    """The address a text stands for, or None. A mapped IPv6 address becomes the IPv4 address inside it."""
    if "." in text:
        return _read_v4(text)
    if ":" in text and _V6.fullmatch(text):
        return _read_v6(text)
    return None


def read_block(text: str) -> Block:
    """The block a cidr operand stands for.

    Raises:
        BadBlock: with the engine's wording.
    """
    parts = text.split("/")
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    if len(parts) != 2:
        raise BadBlock("Malformed CIDR, one '/' required")
    bits = _read_mask(parts[1])
    address = read_address(parts[0])
    if address is None:
        word = "Invalid" if looks_like_address(parts[0]) else "Nonstandard"
        raise BadBlock(f"{word} IP address: {parts[0]}")
    width = WIDTH[address.family]
    if bits >= width:
        raise BadBlock(f"IPv{address.family} mask bits must be < {width}")
    return Block(address.family, bits, address.value >> (width - bits))


def _read_mask(text: str) -> int:
    if not _MASK.fullmatch(text) or len(text.lstrip("+-").lstrip("0")) > 10 or not -(2**31) <= int(text) < 2**31:
        raise BadBlock("Malformed CIDR, mask bits must be an integer")
    bits = int(text)
    if bits < 0:
        raise BadBlock("Malformed CIDR, mask bits must not be negative")
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
    """The eight groups of an IPv6 text with its ``::`` written out, or None."""
    head, gap, tail = text.partition("::")
    left = head.split(":") if head else []
    if not gap:
        return left if len(left) == 8 and all(left) else None
    right = tail.split(":") if tail else []
    missing = 8 - len(left) - len(right)
    if missing < 1 or not all(left) or not all(right):
        return None
    return left + ["0"] * missing + right
