"""Ids in the shapes AWS gives them, reproducible for a given seed."""

from __future__ import annotations

import random


class Ids:
    """A source of ids. The same seed gives the same ids in the same order, whatever else the process does.

    Args:
        seed: any int or text; None takes it from the operating system.
    """

    __slots__ = ("_bits",)

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits = random.Random(seed).getrandbits

    def uuid(self) -> str:
        """Lower-case hex in UUID form; AWS does not set the version bits of uuid4 either (recorded)."""
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
