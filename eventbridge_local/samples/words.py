"""Names in error messages: the one that was probably meant, and the ones there are."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, words: Iterable[str], likeness: float = 0.6) -> str | None:
    """The word most like ``word``, whatever its case; None when none is alike to that degree, from 0 to 1."""
    spellings = {each.lower(): each for each in words}
    found = difflib.get_close_matches(word.lower(), spellings, 1, likeness)
    return spellings[found[0]] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """``; did you mean 'this'?``, or a full stop when nothing is alike."""
    near = nearest(word, words)
    return "." if near is None else f"; did you mean {near!r}?"
