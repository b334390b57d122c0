"""JSON with positions. The standard library parses; a second look finds where the members of one object stand."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable
from typing import Any

from eventbridge_local.iac.values import Path

_BLANKS = " \t\r\n"
_skip = json.JSONDecoder().raw_decode


class BrokenJson(ValueError):
    """Text that is no JSON: what is wrong, at which line and column (from 1)."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


def read(text: str) -> tuple[Any, Callable[[Path], tuple[int, int] | None]]:
    """The value of ``text``, and a function from a path in it to a line and column.

    Raises:
        BrokenJson: the text is no JSON.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as broken:
        problem = broken.msg if text.strip() else "the file is empty"
        raise BrokenJson(problem, broken.lineno, broken.colno) from None
    except RecursionError:
        raise BrokenJson("nested too deep to be read", 1, 1) from None
    return value, _Places(text).locate


class _Places:
    """Positions in a JSON text, an object at a time and each object once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines: list[int] = []
        self._known: dict[Path, dict[str | int, tuple[int, int]]] = {}

    def locate(self, path: Path) -> tuple[int, int] | None:
        """The position of a member's name, or of an element; None when the text is one line or has no such thing."""
        if "\n" not in self._text.strip():
            return None
        found = self._children(path[:-1]).get(path[-1]) if path else None
        return self._position(found[0]) if found else None

    def _children(self, path: Path) -> dict[str | int, tuple[int, int]]:
        """For what stands at ``path``: where the name of each member begins, and where its value begins."""
        if path not in self._known:
            if path:
                found = self._children(path[:-1]).get(path[-1])
                start = found[1] if found else None
            else:
                start = self._after_blanks(0)
            self._known[path] = {} if start is None else self._scan(start)
        return self._known[path]

    def _scan(self, start: int) -> dict[str | int, tuple[int, int]]:
        opening = self._text[start]
        if opening not in "{[":
            return {}
        places: dict[str | int, tuple[int, int]] = {}
        at = self._after_blanks(start + 1)
        while self._text[at] not in "}]":
            named = at
            key: str | int = len(places)
            if opening == "{":
                key, at = _skip(self._text, at)
                at = self._after_blanks(self._after_blanks(at) + 1)
            places[key] = (named, at)
            at = self._after_blanks(_skip(self._text, at)[1])
            if self._text[at] == ",":
                at = self._after_blanks(at + 1)
        return places

    def _after_blanks(self, at: int) -> int:
        while self._text[at] in _BLANKS:
            at += 1
        return at

    def _position(self, offset: int) -> tuple[int, int]:
        if not self._lines:
            self._lines = [0, *(at + 1 for at, letter in enumerate(self._text) if letter == "\n")]
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1
