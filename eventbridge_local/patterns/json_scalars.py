"""Strings, numbers and words of JSON, read from a `JsonText` until they end or fail in the engine's words.

Facts: pattern language, section 1.3.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NoReturn

from eventbridge_local.patterns.json_text import JsonError, JsonText, describe, join_pairs

LONGEST_NUMBER = 1000
_LONGEST_TOKEN = 256
_VALID = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NON_NUMERIC = "Non-standard token '{}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
_PLUS = (
    "JSON spec does not allow numbers to have plus signs: "
    "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "/": "/", "\\": "\\"}
WORDS = {"t": "true", "f": "false", "n": "null"}
_ODD_WORDS = {"N": "NaN", "I": "Infinity"}
_DIGITS = re.compile(r"[0-9]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_START_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "Pc"})
_PART_CATEGORIES = _START_CATEGORIES | {"Mn", "Mc", "Nd", "Cf"}


def match(source: JsonText, word: str, matched: int = 1, begin: int | None = None) -> None:
    """Consume the rest of a word whose first `matched` characters are known to be there."""
    start = source.at if begin is None else begin
    same = matched
    while same < len(word) and source.text[start + same : start + same + 1] == word[same]:
        same += 1
    source.at = start + same
    following = source.text[source.at : source.at + 1]
    if same < len(word) or (following and _is_part(following)):
        _bad_token(source, word[:same])


def _bad_token(source: JsonText, token: str) -> NoReturn:
    while source.at < len(source.text) and _is_part(source.text[source.at]):
        token += source.text[source.at]
        source.at += 1
        if len(token) >= _LONGEST_TOKEN:
            token += "..."
            break
    source.fail(f"Unrecognized token '{join_pairs(token)}': was expecting {_VALID}")


def read_odd(source: JsonText, char: str) -> NoReturn:
    """Fail at a value that begins like none; `char` is its first character."""
    if char in _ODD_WORDS:
        match(source, _ODD_WORDS[char])
        source.fail(_NON_NUMERIC.format(_ODD_WORDS[char]))
    if char == "+":
        _bad_sign(source, "+")
    if _is_start(char):
        source.at += 1
        _bad_token(source, char)
    source.unexpected(char, f"expected a valid value {_VALID}")


def _bad_sign(source: JsonText, sign: str) -> NoReturn:
    """A sign without a digit behind it."""
    start = source.at
    source.at += 1
    char = _need_number_char(source)
    if char == "I":
        source.at += 1
        char = _need_number_char(source)
        for second, word in (("N", f"{sign}INF"), ("n", f"{sign}Infinity")):
            if char == second:
                match(source, word, 3, start)
                source.fail(_NON_NUMERIC.format(word))
    if sign == "+":
        source.fail_at(f"Unexpected character ('+' (code 43)) in numeric value: {_PLUS}", source.at)
    _bad_number(source, char, "expected digit (0-9) to follow minus sign, for valid numeric value", source.at)


def _need_number_char(source: JsonText) -> str:
    return source.text[source.at : source.at + 1] or source.fail("Unexpected end-of-input in a Number value")


def read_number(source: JsonText, at_top: bool) -> str:
    """The spelling of the number that begins at the cursor; `at_top` where no object or array is open."""
    start = source.at
    first = start + (source.text[start] == "-")
    lead = source.text[first : first + 1]
    if not lead:
        source.at = first
        source.fail("Unexpected end-of-inputNo digit following sign")
    if lead == ".":
        source.at = first
        source.unexpected(lead, f"expected a valid value {_VALID}")
    if not "0" <= lead <= "9":
        _bad_sign(source, "-")
    end = _DIGITS.match(source.text, first).end()  # type: ignore[union-attr]
    if lead == "0" and end > first + 1:
        source.fail("Invalid numeric value: Leading zeroes not allowed", first + 1)
    end = _fraction(source, end, lead)
    source.at = end
    if end - start > LONGEST_NUMBER:
        limit = f"({LONGEST_NUMBER}, from `StreamReadConstraints.getMaxNumberLength()`)"
        raise JsonError(f"Number value length ({end - start}) exceeds the maximum allowed {limit}", None, None)
    if at_top:
        _root_space(source)
    return source.text[start:end]


def _fraction(source: JsonText, end: int, lead: str) -> int:
    """Behind the fraction and exponent that start at `end`, if any."""
    first_mark = end
    if source.text[end : end + 1] == ".":
        stop = _DIGITS.match(source.text, end + 1).end()  # type: ignore[union-attr]
        if stop == end + 1:
            found = source.text[stop : stop + 1]
            at = stop if found and lead == "0" else first_mark
            _bad_number(source, found or ".", "Decimal point not followed by a digit", at)
        end = stop
    if source.text[end : end + 1] not in ("e", "E"):
        return end
    digits = end + 1 + (source.text[end + 1 : end + 2] in ("+", "-"))
    stop = _DIGITS.match(source.text, digits).end()  # type: ignore[union-attr]
    if stop > digits:
        return stop
    found = source.text[digits : digits + 1]
    if not found:
        source.fail("Unexpected end-of-inputexpected a digit for number exponent", digits)
    return _bad_number(
        source, found, "Exponent indicator not followed by a digit", digits if lead == "0" else first_mark
    )


def _root_space(source: JsonText) -> None:
    following = source.text[source.at : source.at + 1]
    if not following or following == "\r":
        return
    if following not in " \t\n":
        source.unexpected(following, "Expected space separating root-level values")
    source.at += 1


def read_quoted(source: JsonText, what: str, ended: str) -> str:
    """The text up to the closing quote, which is consumed.

    Args:
        what: "name" or "string value", for messages.
        ended: the message where the text ends before.
    """
    parts = []
    while True:
        plain = _PLAIN.match(source.text, source.at)
        assert plain is not None
        parts.append(plain[0])
        source.at = plain.end()
        char = source.text[source.at : source.at + 1]
        if not char:
            source.fail(ended)
        if char == '"':
            source.at += 1
            return join_pairs("".join(parts))
        if char != "\\":
            reason = f"has to be escaped using backslash to be included in {what}"
            source.fail_at(f"Illegal unquoted character ({describe(char)}): {reason}", source.at)
        parts.append(_escape(source))


def _escape(source: JsonText) -> str:
    source.at += 1
    char = _escape_char(source)
    if char != "u":
        if char not in _ESCAPES:
            source.fail_at(f"Unrecognized character escape {describe(char)}", source.at)
        source.at += 1
        return _ESCAPES[char]
    value = 0
    for _ in range(4):
        source.at += 1
        char = _escape_char(source)
        digit = chr(ord(char) & 0xFF)  # the engine looks at the low byte only
        if digit not in "0123456789abcdefABCDEF":
            source.unexpected(char, "expected a hex-digit for character escape sequence")
        value = value << 4 | int(digit, 16)
    source.at += 1
    return chr(value)


def _escape_char(source: JsonText) -> str:
    return source.text[source.at : source.at + 1] or source.fail("Unexpected end-of-input in character escape sequence")


def _bad_number(source: JsonText, char: str, why: str, at: int) -> NoReturn:
    source.fail_at(f"Unexpected character ({describe(char)}) in numeric value: {why}", at)


def _is_start(char: str) -> bool:
    return unicodedata.category(char) in _START_CATEGORIES


def _is_part(char: str) -> bool:
    code = ord(char)
    control = code <= 8 or 14 <= code <= 27 or 127 <= code <= 159
    return control or unicodedata.category(char) in _PART_CATEGORIES
