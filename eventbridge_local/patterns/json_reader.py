"""A JSON reader that fails where, and in the words in which, the engine's reader (Jackson 2.17 and later) fails.

Slow and exact. It reads one token at a time and knows how far it has consumed, because the engine reports that
place and not the place of the mistake. Facts: the text layer of the pattern language, sections 1.1 to 1.4.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

Kind = Literal["{", "}", "[", "]", "name", "string", "number", "word", "end"]

DEEPEST = 1000
LONGEST_NUMBER = 1000
_SHOWN = 500
_LONGEST_TOKEN = 256
_VALID = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NON_NUMERIC = "Non-standard token '{}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
_PLUS = (
    "JSON spec does not allow numbers to have plus signs: "
    "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
)
_COMMENT = (
    "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
)
_SPACE = "only regular white space (\\r, \\n, \\t) is allowed between tokens"
_RECORD_SEPARATOR = (
    " (consider enabling `JsonReadFeature.ALLOW_RS_CONTROL_CHAR` to allow use of Record Separators (\\u001E))"
)
_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "/": "/", "\\": "\\"}
_WORDS = {"t": "true", "f": "false", "n": "null"}
_ODD_WORDS = {"N": "NaN", "I": "Infinity"}
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_WHITE = re.compile(r"[ \t\r\n]*")
_DIGITS = re.compile(r"[0-9]*")
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_SURROGATE_PAIR = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_START_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "Pc"})
_PART_CATEGORIES = _START_CATEGORIES | {"Mn", "Mc", "Nd", "Cf"}


class JsonError(ValueError):
    """Text that is not JSON; carries the engine's words, the place it reports and how far it had consumed."""

    def __init__(self, message: str, at: int | None, cursor: int | None) -> None:
        super().__init__(message)
        self.message = message
        self.at = at
        self.cursor = cursor


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, and the text of a name, number or word. A string's text is read on demand."""

    kind: Kind
    text: str = ""


@dataclass(slots=True)
class _Scope:
    closer: str  # "}" or "]", "" at top level
    start: int
    filled: bool = False

    @property
    def kind(self) -> str:
        return "Array" if self.closer == "]" else "Object"


@dataclass(slots=True)
class JsonReader:
    """Reads tokens of `text`, counting in UTF-16 units as the engine does.

    Args:
        text: any Python string; characters above U+FFFF count as two.
    """

    text: str
    at: int = 0
    _scopes: list[_Scope] = field(default_factory=lambda: [_Scope("", 0)])
    _waiting: Token | None = None
    _in_string: bool = False

    def __post_init__(self) -> None:
        self.text = _ASTRAL.sub(_as_pair, self.text)

    def next(self) -> Token:
        """Fetch the next token.

        Raises:
            JsonError: the text breaks the grammar before or inside that token.
        """
        if self._waiting is not None:
            token, self._waiting = self._waiting, None
            return token
        if self._in_string:
            self.string()
        char = self._skip_white()
        scope = self._scopes[-1]
        if not char:
            return self._end(scope)
        if char in "]}":
            return self._close(char)
        if scope.filled and scope.closer:
            char = self._comma(char, scope)
        scope.filled = True
        if scope.closer == "}":
            name = self._name(char)
            self._waiting = self._value(self._colon())
            return Token("name", name)
        return self._value(char)

    def string(self) -> str:
        """The text of the string value whose token was fetched last; consumes it."""
        self._in_string = False
        ended = "Unexpected end-of-input: was expecting closing quote for a string value"
        return join_pairs(self._quoted("string value", ended))

    def place(self, at: int) -> str:
        """The engine's words for a place: the source, cut at 500 units, then line and column."""
        shown = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04X}", self.text[:_SHOWN])
        cut = len(self.text) - _SHOWN
        truncated = f"[truncated {cut} chars]" if cut > 0 else ""
        breaks = [found.end() for found in _LINE_BREAK.finditer(self.text, 0, at)]
        column = at - (breaks[-1] if breaks else 0) + 1
        return f'[Source: (String)"{join_pairs(shown)}"{truncated}; line: {len(breaks) + 1}, column: {column}]'

    # -- between tokens

    def _skip_white(self) -> str:
        self.at = _WHITE.match(self.text, self.at).end()  # type: ignore[union-attr]
        char = self.text[self.at : self.at + 1]
        if char and char < " ":
            more = _RECORD_SEPARATOR if char == "\x1e" else ""
            self._fail(f"Illegal character ({_describe(char)}): {_SPACE}{more}", self.at + 1)
        if char == "/":
            self._unexpected(char, _COMMENT)
        return char

    def _end(self, scope: _Scope) -> Token:
        if scope.closer:
            place = self.place(scope.start)
            self._fail(f"Unexpected end-of-input: expected close marker for {scope.kind} (start marker at {place})")
        return Token("end")

    def _close(self, char: str) -> Token:
        scope = self._scopes[-1]
        if scope.closer == char:
            self._scopes.pop()
            self.at += 1
            return Token(char)  # type: ignore[arg-type]
        if not scope.closer:
            kind = "Array" if char == "]" else "Object"
            self._fail_at(f"Unexpected close marker '{char}': no open {kind} to close", self.at)
        where = f"for {scope.kind} starting at {self.place(scope.start)}"
        return self._fail_at(f"Unexpected close marker '{char}': expected '{scope.closer}' ({where})", self.at)

    def _comma(self, char: str, scope: _Scope) -> str:
        if char != ",":
            self._unexpected(char, f"was expecting comma to separate {scope.kind} entries")
        self.at += 1
        return self._skip_white() or self._fail(f"Unexpected end-of-input within/between {scope.kind} entries")

    def _name(self, char: str) -> str:
        if char != '"':
            self._unexpected(char, "was expecting double-quote to start field name")
        self.at += 1
        return join_pairs(self._quoted("name", "Unexpected end-of-input in field name"))

    def _colon(self) -> str:
        ended = "Unexpected end-of-input within/between Object entries"
        char = self._skip_white() or self._fail(ended)
        if char != ":":
            self._unexpected(char, "was expecting a colon to separate field name and value")
        self.at += 1
        return self._skip_white() or self._fail(ended)

    # -- values

    def _value(self, char: str) -> Token:
        if char == '"':
            self.at += 1
            self._in_string = True
            return Token("string")
        if char in "{[":
            return self._open(char)
        if char == "}":
            self._unexpected(char, "expected a value")
        if char in _WORDS:
            self._match(_WORDS[char])
            return Token("word", _WORDS[char])
        if char == "-" or "0" <= char <= "9":
            return self._number()
        return self._odd(char)

    def _open(self, char: str) -> Token:
        if len(self._scopes) > DEEPEST:
            limit = f"({DEEPEST}, from `StreamReadConstraints.getMaxNestingDepth()`)"
            raise JsonError(f"Document nesting depth ({DEEPEST + 1}) exceeds the maximum allowed {limit}", None, None)
        self._scopes.append(_Scope("}" if char == "{" else "]", self.at))
        self.at += 1
        return Token(char)  # type: ignore[arg-type]

    def _match(self, word: str, matched: int = 1, begin: int | None = None) -> None:
        """Consume the rest of a word whose first `matched` characters are known to be there."""
        start = self.at if begin is None else begin
        same = matched
        while same < len(word) and self.text[start + same : start + same + 1] == word[same]:
            same += 1
        self.at = start + same
        following = self.text[self.at : self.at + 1]
        if same < len(word) or (following and _is_part(following)):
            self._bad_token(word[:same])

    def _bad_token(self, token: str) -> NoReturn:
        while self.at < len(self.text) and _is_part(self.text[self.at]):
            token += self.text[self.at]
            self.at += 1
            if len(token) >= _LONGEST_TOKEN:
                token += "..."
                break
        self._fail(f"Unrecognized token '{join_pairs(token)}': was expecting {_VALID}")

    def _odd(self, char: str) -> NoReturn:
        if char in _ODD_WORDS:
            self._match(_ODD_WORDS[char])
            self._fail(_NON_NUMERIC.format(_ODD_WORDS[char]))
        if char == "+":
            self._bad_sign("+")
        if _is_start(char):
            self.at += 1
            self._bad_token(char)
        self._unexpected(char, f"expected a valid value {_VALID}")

    def _bad_sign(self, sign: str) -> NoReturn:
        """A sign without a digit behind it."""
        start = self.at
        self.at += 1
        char = self._need_number_char()
        if char == "I":
            self.at += 1
            char = self._need_number_char()
            for second, word in (("N", f"{sign}INF"), ("n", f"{sign}Infinity")):
                if char == second:
                    self._match(word, 3, start)
                    self._fail(_NON_NUMERIC.format(word))
        if sign == "+":
            self._fail_at(f"Unexpected character ('+' (code 43)) in numeric value: {_PLUS}", self.at)
        self._bad_number(char, "expected digit (0-9) to follow minus sign, for valid numeric value", self.at)

    def _need_number_char(self) -> str:
        return self.text[self.at : self.at + 1] or self._fail("Unexpected end-of-input in a Number value")

    def _number(self) -> Token:
        start = self.at
        first = start + (self.text[start] == "-")
        lead = self.text[first : first + 1]
        if not lead:
            self.at = first
            self._fail("Unexpected end-of-inputNo digit following sign")
        if lead == ".":
            self.at = first
            self._unexpected(lead, f"expected a valid value {_VALID}")
        if not "0" <= lead <= "9":
            self._bad_sign("-")
        end = _DIGITS.match(self.text, first).end()  # type: ignore[union-attr]
        if lead == "0" and end > first + 1:
            self._fail("Invalid numeric value: Leading zeroes not allowed", first + 1)
        end = self._fraction(end, lead)
        self.at = end
        if end - start > LONGEST_NUMBER:
            limit = f"({LONGEST_NUMBER}, from `StreamReadConstraints.getMaxNumberLength()`)"
            raise JsonError(f"Number value length ({end - start}) exceeds the maximum allowed {limit}", None, None)
        if len(self._scopes) == 1:
            self._root_space()
        return Token("number", self.text[start:end])

    def _fraction(self, end: int, lead: str) -> int:
        """Behind the fraction and exponent that start at `end`, if any."""
        first_mark = end
        if self.text[end : end + 1] == ".":
            stop = _DIGITS.match(self.text, end + 1).end()  # type: ignore[union-attr]
            if stop == end + 1:
                found = self.text[stop : stop + 1]
                at = stop if found and lead == "0" else first_mark
                self._bad_number(found or ".", "Decimal point not followed by a digit", at)
            end = stop
        if self.text[end : end + 1] not in ("e", "E"):
            return end
        digits = end + 1 + (self.text[end + 1 : end + 2] in ("+", "-"))
        stop = _DIGITS.match(self.text, digits).end()  # type: ignore[union-attr]
        if stop > digits:
            return stop
        found = self.text[digits : digits + 1]
        if not found:
            self._fail("Unexpected end-of-inputexpected a digit for number exponent", digits)
        return self._bad_number(
            found, "Exponent indicator not followed by a digit", digits if lead == "0" else first_mark
        )

    def _root_space(self) -> None:
        following = self.text[self.at : self.at + 1]
        if not following or following == "\r":
            return
        if following not in " \t\n":
            self._unexpected(following, "Expected space separating root-level values")
        self.at += 1

    # -- strings

    def _quoted(self, what: str, ended: str) -> str:
        parts = []
        while True:
            plain = _PLAIN.match(self.text, self.at)
            assert plain is not None
            parts.append(plain[0])
            self.at = plain.end()
            char = self.text[self.at : self.at + 1]
            if not char:
                self._fail(ended)
            if char == '"':
                self.at += 1
                return "".join(parts)
            if char != "\\":
                reason = f"has to be escaped using backslash to be included in {what}"
                self._fail_at(f"Illegal unquoted character ({_describe(char)}): {reason}", self.at)
            parts.append(self._escape())

    def _escape(self) -> str:
        self.at += 1
        char = self._escape_char()
        if char != "u":
            if char not in _ESCAPES:
                self._fail_at(f"Unrecognized character escape {_describe(char)}", self.at)
            self.at += 1
            return _ESCAPES[char]
        value = 0
        for _ in range(4):
            self.at += 1
            char = self._escape_char()
            digit = chr(ord(char) & 0xFF)  # the engine looks at the low byte only
            if digit not in "0123456789abcdefABCDEF":
                self._unexpected(char, "expected a hex-digit for character escape sequence")
            value = value << 4 | int(digit, 16)
        self.at += 1
        return chr(value)

    def _escape_char(self) -> str:
        return self.text[self.at : self.at + 1] or self._fail("Unexpected end-of-input in character escape sequence")

    # -- failing

    def _unexpected(self, char: str, why: str) -> NoReturn:
        self._fail_at(f"Unexpected character ({_describe(char)}): {why}", self.at)

    def _bad_number(self, char: str, why: str, at: int) -> NoReturn:
        self._fail_at(f"Unexpected character ({_describe(char)}) in numeric value: {why}", at)

    def _fail_at(self, message: str, at: int) -> NoReturn:
        """Fail naming the offending character at `at`, which the reader has already consumed."""
        raise JsonError(message, at, at + 1)

    def _fail(self, message: str, at: int | None = None) -> NoReturn:
        place = self.at if at is None else at
        raise JsonError(message, place, place)


def read_tree(text: str, make_object: Any, make_number: Any) -> tuple[Any, int]:
    """The first value of `text` as a tree, however deeply it nests (up to 1,000 levels), and where it ends.

    Args:
        make_object: called with a list of (name, value) pairs.
        make_number: called with the number's spelling.
    Raises:
        JsonError: the text is not JSON.
    """
    reader = JsonReader(text)
    words = {"true": True, "false": False, "null": None}
    stack: list[tuple[bool, list[Any]]] = [(False, [])]
    names: list[str] = []
    while True:
        token = reader.next()
        if token.kind == "name":
            names.append(token.text)
            continue
        value: Any
        if token.kind in "{[":
            stack.append((token.kind == "{", []))
            continue
        if token.kind in "}]":
            is_object, items = stack.pop()
            value = make_object(items) if is_object else items
        elif token.kind == "string":
            value = reader.string()
        elif token.kind == "end":
            raise JsonError("no value", reader.at, reader.at)
        else:
            value = make_number(token.text) if token.kind == "number" else words[token.text]
        is_object, items = stack[-1]
        items.append((names.pop(), value) if is_object else value)
        if len(stack) == 1:
            return value, len(join_pairs(reader.text[: reader.at]))


def join_pairs(text: str) -> str:
    """The text with surrogate pairs joined into the characters they stand for."""
    return _SURROGATE_PAIR.sub(_as_character, text)


def _as_pair(found: re.Match[str]) -> str:
    offset = ord(found[0]) - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def _as_character(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _describe(char: str) -> str:
    code = ord(char)
    if code < 32 or 127 <= code <= 159:
        return f"(CTRL-CHAR, code {code})"
    return f"'{char}' (code {code} / 0x{code:x})" if code > 255 else f"'{char}' (code {code})"


def _is_start(char: str) -> bool:
    return unicodedata.category(char) in _START_CATEGORIES


def _is_part(char: str) -> bool:
    code = ord(char)
    control = code <= 8 or 14 <= code <= 27 or 127 <= code <= 159
    return control or unicodedata.category(char) in _PART_CATEGORIES
