"""Small indexes over one kind of condition each: beginnings and endings, texts in any case, literals, addresses.

A part may name too many buckets, never too few; what it names is verified afterwards. Ranges have `ranges`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar

from eventbridge_local.patterns.addresses import WIDTH, Address, read_address
from eventbridge_local.patterns.ignore_case import fold

B = TypeVar("B")
_GRAM = 3


class Part(Protocol[B]):
    """An index over one kind of condition."""

    def bucket(self, key: Any, make: Callable[[], B]) -> B:
        """The bucket of a key as `PART_OF` gives it, made when it is new."""

    def hits(self, value: Any, found: list[B]) -> None:
        """Add the buckets whose condition may accept the value."""


class Affixes(Generic[B]):
    """Beginnings (or endings) of strings, tried by length among those that share the first (or last) character."""

    __slots__ = ("_at_end", "_groups", "_lower")

    def __init__(self, at_end: bool, lower: bool) -> None:
        self._at_end = at_end
        self._lower = lower
        self._groups: dict[str, tuple[dict[str, B], list[int]]] = {}

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        text = key.lower() if self._lower else key
        known, lengths = self._groups.setdefault(text[-1] if self._at_end else text[0], ({}, []))
        if text not in known:
            known[text] = make()
            at = bisect_left(lengths, len(text))
            if at == len(lengths) or lengths[at] != len(text):
                lengths.insert(at, len(text))
        return known[text]

    def hits(self, value: str, found: list[B]) -> None:
        if self._lower:
            value = value.lower()
        group = self._groups.get(value[-1:] if self._at_end else value[:1])
        if group is None:
            return
        known, lengths = group
        size = len(value)
        for length in lengths:
            if length > size:
                break
            bucket = known.get(value[size - length :] if self._at_end else value[:length])
            if bucket is not None:
                found.append(bucket)


class Folded(Generic[B]):
    """Strings in any case."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, B] = {}

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        if key not in self._known:
            self._known[key] = make()
        return self._known[key]

    def hits(self, value: str, found: list[B]) -> None:
        bucket = self._known.get(fold(value))
        if bucket is not None:
            found.append(bucket)


class Inner(Generic[B]):
    """Literals somewhere inside a string, looked up by a few of their characters."""

    __slots__ = ("_known", "_sizes")

    def __init__(self) -> None:
        self._known: dict[str, B] = {}
        self._sizes: list[int] = []

    def bucket(self, key: str, make: Callable[[], B]) -> B:
        size = min(_GRAM, len(key))
        grams = [key[at : at + size] for at in range(len(key) - size + 1)]
        gram = next((each for each in grams if each not in self._known), grams[0])
        if size not in self._sizes:
            self._sizes.append(size)
        if gram not in self._known:
            self._known[gram] = make()
        return self._known[gram]

    def hits(self, value: str, found: list[B]) -> None:
        known = self._known
        for size in self._sizes:
            for gram in {value[at : at + size] for at in range(len(value) - size + 1)}:
                bucket = known.get(gram)
                if bucket is not None:
                    found.append(bucket)


class Addresses(Generic[B]):
    """Single addresses and blocks, by the bits that count."""

    __slots__ = ("_known", "_lengths")

    def __init__(self) -> None:
        self._known: dict[tuple[int, int, int], B] = {}
        self._lengths: dict[int, list[int]] = {4: [], 6: []}

    def bucket(self, key: tuple[int, int, int], make: Callable[[], B]) -> B:
        if key not in self._known:
            self._known[key] = make()
            if key[1] not in self._lengths[key[0]]:
                self._lengths[key[0]].append(key[1])
        return self._known[key]

    def hits(self, value: str, found: list[B]) -> None:
        address: Address | None = read_address(value)
        if address is None:
            return
        width = WIDTH[address.family]
        for bits in self._lengths[address.family]:
            bucket = self._known.get((address.family, bits, address.value >> (width - bits)))
            if bucket is not None:
                found.append(bucket)
