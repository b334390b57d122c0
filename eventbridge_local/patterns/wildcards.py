"""Wildcard operands: reading them, and matching them in time that grows with the text only."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[*\\]")
_LONE = re.compile(r"[\ud800-\udfff]")


class BadWildcard(ValueError):
    """A wildcard operand the engine refuses; the text is the engine's, without a position."""


def as_engine_text(text: str) -> str:
    """The text as the engine's bytes read it: half of a surrogate pair standing alone is a question mark."""
    return text if text.isascii() else _LONE.sub("?", text)


def read_wildcard(operand: str) -> tuple[str, ...]:
    """The literal pieces of a wildcard operand, between its stars.

    Args:
        operand: such as ``a*b``; ``\\*`` is a star and ``\\\\`` a backslash.
    Returns:
        One piece more than there are stars: ``("a", "b")``.
    Raises:
        BadWildcard: two stars in a row, or a backslash before something else.
    """
    pieces = [""]
    at, star = 0, -1  # star: where the last star stood
    while found := _SPECIAL.search(operand, at):
        pieces[-1] += operand[at : found.start()]
        start = found.start()
        at = found.end()
        if found[0] == "*":
            if star == start - 1 and star >= 0:
                raise BadWildcard(f"Consecutive wildcard characters at pos {_position(operand, star)}")
            star = start
            pieces.append("")
            continue
        escaped = operand[at : at + 1]
        if escaped not in ("*", "\\"):
            raise BadWildcard(f"Invalid escape character at pos {_position(operand, start)}")
        pieces[-1] += escaped
        at += 1
    pieces[-1] += operand[at:]
    return tuple(map(as_engine_text, pieces))


def wildcard_accepts(pieces: tuple[str, ...], text: str) -> bool:
    """Whether the text is the pieces in order with anything between them.

    Taking each middle piece at its first place is enough, so nothing is ever tried twice.
    """
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


def _position(operand: str, offset: int) -> int:
    # Bytes of UTF-8, counted with the opening quote in front.
    return 1 + len(as_engine_text(operand[:offset]).encode())
