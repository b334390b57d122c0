"""JSON as text: writing it compactly, checking it, squeezing it, and saying where it is broken.

``json`` alone would not do: it takes NaN, and reading and writing again would change the spelling of numbers.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from eventbridge_local.core.event import sendable

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[ \t\r\n]+|[^" \t\r\n]+')
_BLANK = re.compile(r"[ \t\r\n]*")
_WORD_BEFORE_COLON = re.compile(r"[^\W\d]\w*(?=:)")
_SHOWN_SOURCE = 500


class BrokenJson(ValueError):
    """A text that is not JSON.

    Args:
        text: the whole text.
        position: the index of the offending character.
    """

    def __init__(self, text: str, position: int) -> None:
        super().__init__(text, position)
        self.text = text
        self.position = position


class JsonText(str):
    """JSON that is already written, to be inserted as it is."""

    __slots__ = ()


def write(value: Any) -> str:
    """A value as compact JSON text, with letters beyond ASCII as they are; ``JsonText`` stays what it is."""
    if isinstance(value, JsonText):
        return str(value)
    return sendable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def minify(text: str) -> str:
    """Valid JSON text without white space between its tokens; numbers and escapes keep their spelling."""
    return "".join(token for token in _TOKEN.findall(text) if not token.isspace())


def check_one(text: str) -> None:
    """Make sure that a text is one JSON value.

    Raises:
        BrokenJson: it is not.
    """
    end = _blank_end(text, _value_end(text, _blank_end(text, 0)))
    if end < len(text):
        raise BrokenJson(text, end)


def check_lines(text: str) -> None:
    """Make sure that a text is one JSON value, or several with a line break between them.

    Raises:
        BrokenJson: it is not.
    """
    end = _value_end(text, _blank_end(text, 0))
    while (start := _blank_end(text, end)) < len(text):
        if "\n" not in text[end:start]:
            raise BrokenJson(text, start)
        end = _value_end(text, start)


def where(broken: BrokenJson) -> str:
    """The place of a mistake in the words of Jackson, the JSON parser behind EventBridge's messages.

    Three places are known: column 1 for ``not-json`` and for ``hello null`` (native captures), column 4 for
    ``env:dev`` (quoted in a public thread). So a stray word stands for its beginning, but for its end when a colon
    follows. All other places are our judgement: the first character that does not fit. Jackson shows 500 characters.
    """
    text, position = broken.text, broken.position
    word = _WORD_BEFORE_COLON.match(text, position)
    if word is not None:
        position = word.end()
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    hidden = len(text) - _SHOWN_SOURCE
    cut = f"[truncated {hidden} chars]" if hidden > 0 else ""
    return f'[Source: (String)"{text[:_SHOWN_SOURCE]}"{cut}; line: {line}, column: {column}]'


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=_refuse_constant)


def _blank_end(text: str, start: int) -> int:
    form = _BLANK.match(text, start)
    assert form is not None
    return form.end()


def _value_end(text: str, start: int) -> int:
    try:
        return _DECODER.raw_decode(text, start)[1]
    except json.JSONDecodeError as wrong:
        raise BrokenJson(text, wrong.pos) from None
    except (ValueError, RecursionError):
        raise BrokenJson(text, start) from None
