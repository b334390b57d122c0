"""A JSON text with a cursor: how far the engine's reader (Jackson 2.17 and later) has consumed, and how it reports.

Facts: pattern language, section 1.2.
"""

from __future__ import annotations

import re
from typing import NoReturn

_SHOWN = 500
_COMMENT = (
    "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
)
_SPACE = "only regular white space (\\r, \\n, \\t) is allowed between tokens"
_RECORD_SEPARATOR = (
    " (consider enabling `JsonReadFeature.ALLOW_RS_CONTROL_CHAR` to allow use of Record Separators (\\u001E))"
)
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_WHITE = re.compile(r"[ \t\r\n]*")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_SURROGATE_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")


class JsonError(ValueError):
    """Text that is not JSON; carries the engine's words, the place it reports and how far it had consumed."""

    def __init__(self, message: str, at: int | None, cursor: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.cursor = cursor


class JsonText:
    """A text, counted in UTF-16 units as the engine does, and the place the reader has come to.

    Args:
        text: any Python string; characters above U+FFFF count as two.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = _ASTRAL.sub(_as_pair, text)
        self.at = 0

    def skip_white(self) -> str:
        """Pass white space; returns the character that follows, "" at the end."""
        self.at = _WHITE.match(self.text, self.at).end()  # type: ignore[union-attr]
        char = self.text[self.at : self.at + 1]
        if char and char < " ":
            more = _RECORD_SEPARATOR if char == "\x1e" else ""
            self.fail(f"Illegal character ({describe(char)}): {_SPACE}{more}", self.at + 1)
        if char == "/":
            self.unexpected(char, _COMMENT)
        return char

    def place(self, at: int) -> str:
        """The engine's words for a place: the source, cut at 500 units, then line and column."""
        shown = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04X}", self.text[:_SHOWN])
        cut = len(self.text) - _SHOWN
        truncated = f"[truncated {cut} chars]" if cut > 0 else ""
        breaks = [found.end() for found in _LINE_BREAK.finditer(self.text, 0, at)]
        column = at - (breaks[-1] if breaks else 0) + 1
        return f'[Source: (String)"{join_pairs(shown)}"{truncated}; line: {len(breaks) + 1}, column: {column}]'

    def unexpected(self, char: str, why: str) -> NoReturn:
        """Fail naming the character at the cursor."""
        self.fail_at(f"Unexpected character ({describe(char)}): {why}", self.at)

    def fail_at(self, message: str, at: int) -> NoReturn:
        """Fail naming the offending character at `at`, which the reader has already consumed."""
        raise JsonError(message, at, at + 1)

    def fail(self, message: str, at: int | None = None) -> NoReturn:
        """Fail reporting how far the reader has consumed, which is `at` or the cursor."""
        place = self.at if at is None else at
        raise JsonError(message, place, place)


def join_pairs(text: str) -> str:
    """The text with surrogate pairs joined into the characters they stand for."""
    return _SURROGATE_PAIR.sub(_as_character, text)


def _as_pair(found: re.Match[str]) -> str:
    offset = ord(found[0]) - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def _as_character(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def describe(char: str) -> str:
    """The engine's words for a character."""
    code = ord(char)
    if code < 32 or 127 <= code <= 159:
        return f"(CTRL-CHAR, code {code})"
    return f"'{char}' (code {code} / 0x{code:x})" if code > 255 else f"'{char}' (code {code})"
