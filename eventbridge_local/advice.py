"""Advice on names: which known name somebody probably meant, and which names there are.

The texts are endings of a sentence: ``f"there is no rule {name!r}{did_you_mean(name, rules)}"``.
"""

from __future__ import annotations

from collections.abc import Iterable


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``; did you mean 'orders'?`` for the known name most like ``name``, or nothing when none is like it."""
    near = nearest_name(name, known)
    return "" if near is None else f"; did you mean {near!r}?"


def suggest(name: object, known: Iterable[str], most: int | None = None) -> str:
    """Return ``did_you_mean``, or else the names to choose from.

    Args:
        name: what was written.
        known: the names there are, in the order in which they are listed.
        most: how many names are listed at most; None lists all.
    """
    names = list(dict.fromkeys(known))
    if not names:
        return "; there are none"
    more = f" and {len(names) - most} more" if most is not None and len(names) > most else ""
    return did_you_mean(name, names) or f"; choose from {', '.join(names[:most])}{more}"


def nearest_name(name: object, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """Return the known name most like ``name``, whatever its case; None when none is alike enough.

    Args:
        likeness: how alike they must be, from 0 to 1, as ``difflib`` measures it.
    """
    import difflib  # late, because a name is looked for only when something is refused

    by_folded_case = {each.casefold(): each for each in known}
    found = difflib.get_close_matches(str(name).casefold(), by_folded_case, 1, likeness)
    return by_folded_case[found[0]] if found else None
