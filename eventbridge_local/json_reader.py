"""A JSON reader that fails where, and in the words in which, the parser of AWS (Jackson 2.17 and later) fails.

Strategy: AWS quotes its parser in error messages, with a line and a column. These are the place up to which the parser
had read, and often not the place of the mistake. So this reader fetches one token at a time, reads exactly as far as
Jackson does for that token, and counts as Jackson counts. It is slow and exact: valid texts go through Python's decoder
(see ``json_text``), and only a text that the decoder refuses is read again here.

Three things are easy to break:

* Positions are UTF-16 units, because Jackson counts Java characters. ``Source`` writes each character above U+FFFF as
  two, so that an index into its text is a position.
* The token of a member's name includes the colon and the first token of the value. Whoever complains about a name
  reports a place behind that token.
* A string value is read late: its token ends behind the opening quote, and the rest is read when somebody asks for the
  text or for the next token. A mistake inside the string is therefore found after mistakes of its kind.

Source: facts 12.1, 12.2, 12.3.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, NamedTuple, NoReturn

DEEPEST = 1000
"""The levels of nesting that the parser of AWS accepts."""
TOO_DEEP = (
    f"Document nesting depth ({DEEPEST + 1}) exceeds the maximum allowed "
    f"({DEEPEST}, from `StreamReadConstraints.getMaxNestingDepth()`)"
)
LONGEST_NUMBER = 1000
"""The characters of a number that the parser of AWS accepts."""
LINE_BREAK = re.compile(r"\r\n|\r|\n")
"""What ends a line for the parser of AWS."""

# Texts here and below are compiled when they are first needed, because most tests never have a mistake in their JSON.
_FOR_JAVA = (
    r"(?s) \((?:start marker at|for (?:Object|Array) starting at) \[Source: .*\)"
    r"|: enable `JsonReadFeature\.\w+` to allow"
)

TokenKind = Literal["{", "}", "[", "]", "name", "string", "number", "word", "end"]


class JsonError(ValueError):
    """A text that is not JSON.

    Args:
        message: what is wrong, in the words of AWS's parser, without the place.
        source: the text.
        at: the place the parser reports, in UTF-16 units from 0; None where it reports none.
        cursor: how far the parser has read, in the same units.
        word_at: where the stray word begins, if a stray word is what is wrong.
    """

    def __init__(
        self, message: str, source: Source, at: int | None, cursor: int | None, word_at: int | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.at = at
        self.cursor = cursor
        self.word_at = word_at

    @property
    def brief(self) -> str:
        """What is wrong, without the quoted text and the settings of the parser; for messages that are not AWS's."""
        return re.sub(_FOR_JAVA, "", self.message)

    @property
    def position(self) -> tuple[int, int]:
        """Line and column, both from 1."""
        return self.source.position(self.at or 0)


class Token(NamedTuple):
    """One token: its kind, and the text of a name, number or word. A string's text is read on demand."""

    kind: TokenKind
    text: str = ""


class JsonReader:
    """Read the tokens of a text one after the other.

    Args:
        text: any Python string.
    """

    __slots__ = ("_deepest", "_in_string", "_open", "_waiting", "source")

    def __init__(self, text: str, deepest: int = DEEPEST) -> None:
        self.source = Source(text)
        self._deepest = deepest
        self._open = [_Container("", 0)]  # the first one stands for the top level
        self._waiting: Token | None = None
        self._in_string = False

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
        char = self.source.skip_white()
        container = self._open[-1]
        if not char:
            return self._end(container)
        if char in "]}":
            return self._close(char)
        if container.filled and container.closer:
            char = self._comma(char, container)
        container.filled = True
        if container.closer == "}":
            name = self._name(char)
            self._waiting = self._value(self._colon())
            return Token("name", name)
        return self._value(char)

    def string(self) -> str:
        """Return the text of the string value whose token was fetched last, and read to its end."""
        self._in_string = False
        ended = "Unexpected end-of-input: was expecting closing quote for a string value"
        return _read_quoted(self.source, "string value", ended)

    # -- the marks between values

    def _end(self, container: _Container) -> Token:
        if container.closer:
            place = self.source.place(container.start)
            self.source.fail(
                f"Unexpected end-of-input: expected close marker for {container.kind} (start marker at {place})"
            )
        return Token("end")

    def _close(self, char: str) -> Token:
        container = self._open[-1]
        if container.closer == char:
            self._open.pop()
            self.source.at += 1
            return Token(char)  # type: ignore[arg-type]
        if not container.closer:
            kind = "Array" if char == "]" else "Object"
            self.source.fail_at(f"Unexpected close marker '{char}': no open {kind} to close", self.source.at)
        start = f"for {container.kind} starting at {self.source.place(container.start)}"
        return self.source.fail_at(
            f"Unexpected close marker '{char}': expected '{container.closer}' ({start})", self.source.at
        )

    def _comma(self, char: str, container: _Container) -> str:
        if char != ",":
            self.source.unexpected(char, f"was expecting comma to separate {container.kind} entries")
        self.source.at += 1
        return self.source.skip_white() or self.source.fail(
            f"Unexpected end-of-input within/between {container.kind} entries"
        )

    def _name(self, char: str) -> str:
        if char != '"':
            self.source.unexpected(char, "was expecting double-quote to start field name")
        self.source.at += 1
        return _read_quoted(self.source, "name", "Unexpected end-of-input in field name")

    def _colon(self) -> str:
        ended = "Unexpected end-of-input within/between Object entries"
        char = self.source.skip_white() or self.source.fail(ended)
        if char != ":":
            self.source.unexpected(char, "was expecting a colon to separate field name and value")
        self.source.at += 1
        return self.source.skip_white() or self.source.fail(ended)

    # -- values

    def _value(self, char: str) -> Token:
        if char == '"':
            self.source.at += 1
            self._in_string = True
            return Token("string")
        if char in "{[":
            return self._enter(char)
        if char == "}":
            self.source.unexpected(char, "expected a value")
        if char in _WORDS:
            _match(self.source, _WORDS[char])
            return Token("word", _WORDS[char])
        if char == "-" or "0" <= char <= "9":
            return Token("number", _read_number(self.source, len(self._open) == 1))
        return _read_odd(self.source, char)

    def _enter(self, char: str) -> Token:
        if len(self._open) > self._deepest:
            self.source.fail_nowhere(TOO_DEEP)
        self._open.append(_Container("}" if char == "{" else "]", self.source.at))
        self.source.at += 1
        return Token(char)  # type: ignore[arg-type]


def read_tree(
    text: str,
    make_object: Callable[[list[tuple[str, Any]]], Any],
    make_number: Callable[[str], Any],
    deepest: int = DEEPEST,
) -> tuple[Any, int]:
    """Read the first value of a text, which may nest up to 1,000 levels deep.

    Args:
        text: the JSON text; what follows its first value is not looked at.
        make_object: called with a list of (name, value) pairs.
        make_number: called with the number's spelling.
        deepest: the levels that the text may have.

    Returns:
        The value, and the index in ``text`` (in Python's characters) behind it.

    Raises:
        JsonError: the text is not JSON.
    """
    reader = JsonReader(text, deepest)
    tree = read_value(reader, make_object, make_number)
    return tree, len(join_pairs(reader.source.text[: reader.source.at]))


def read_value(
    reader: JsonReader, make_object: Callable[[list[tuple[str, Any]]], Any], make_number: Callable[[str], Any]
) -> Any:
    """Read one value from the tokens of a reader; arguments and errors as for ``read_tree``."""
    # A loop with a stack of its own: Python's recursion ends before the 1,000 levels that AWS reads.
    stack: list[tuple[bool, list[Any]]] = [(False, [])]
    names: list[str] = []
    while True:
        token = reader.next()
        if token.kind == "name":
            names.append(token.text)
            continue
        if token.kind in "{[":
            stack.append((token.kind == "{", []))
            continue
        value: Any
        if token.kind in "}]":
            is_object, items = stack.pop()
            value = make_object(items) if is_object else items
        elif token.kind == "string":
            value = reader.string()
        elif token.kind == "end":
            reader.source.fail("no value")
        else:
            value = make_number(token.text) if token.kind == "number" else _WORD_VALUES[token.text]
        is_object, items = stack[-1]
        items.append((names.pop(), value) if is_object else value)
        if len(stack) == 1:
            return value


class _Container:
    """An object or array that is not closed yet."""

    __slots__ = ("closer", "filled", "start")

    def __init__(self, closer: str, start: int) -> None:
        self.closer = closer  # "}" or "]", "" at top level
        self.start = start
        self.filled = False

    @property
    def kind(self) -> str:
        return "Array" if self.closer == "]" else "Object"


# -- the text and the places in it

_SHOWN = 500
_COMMENT = (
    "maybe a (non-standard) comment? (not recognized as one since Feature 'ALLOW_COMMENTS' not enabled for parser)"
)
_SPACE = "only regular white space (\\r, \\n, \\t) is allowed between tokens"
_RECORD_SEPARATOR = (
    " (consider enabling `JsonReadFeature.ALLOW_RS_CONTROL_CHAR` to allow use of Record Separators (\\u001E))"
)
_WHITE = re.compile(r"[ \t\r\n]*")
_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ASTRAL = re.compile(r"[\U00010000-\U0010ffff]")
_SURROGATE_PAIR = r"[\ud800-\udbff][\udc00-\udfff]"


class Source:
    """A text in UTF-16 units, and the place up to which it is read.

    Args:
        text: any Python string; characters above U+FFFF count as two.
    """

    __slots__ = ("at", "text")

    def __init__(self, text: str) -> None:
        self.text = _ASTRAL.sub(_as_pair, text)
        self.at = 0

    def skip_white(self) -> str:
        """Pass white space; return the character that follows, "" at the end."""
        self.at = _WHITE.match(self.text, self.at).end()  # type: ignore[union-attr]
        char = self.text[self.at : self.at + 1]
        if char and char < " ":
            more = _RECORD_SEPARATOR if char == "\x1e" else ""
            self.fail(f"Illegal character ({_described(char)}): {_SPACE}{more}", self.at + 1)
        if char == "/":
            self.unexpected(char, _COMMENT)
        return char

    def position(self, at: int) -> tuple[int, int]:
        """Return line and column of a place, both from 1. CR, LF and CR LF each end a line; a tab is one column."""
        breaks = [found.end() for found in LINE_BREAK.finditer(self.text, 0, at)]
        return len(breaks) + 1, at - (breaks[-1] if breaks else 0) + 1

    def place(self, at: int) -> str:
        """Return AWS's words for a place: the text, cut at 500 units, then line and column."""
        shown = _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04X}", self.text[:_SHOWN])
        cut = len(self.text) - _SHOWN
        truncated = f"[truncated {cut} chars]" if cut > 0 else ""
        line, column = self.position(at)
        return f'[Source: (String)"{join_pairs(shown)}"{truncated}; line: {line}, column: {column}]'

    def unexpected(self, char: str, why: str) -> NoReturn:
        """Fail at the character under the cursor, naming it."""
        self.fail_at(f"Unexpected character ({_described(char)}): {why}", self.at)

    def fail_at(self, message: str, at: int) -> NoReturn:
        """Fail at the offending character itself. Jackson reports it although it has already read it."""
        raise JsonError(message, self, at, at + 1)

    def fail(self, message: str, at: int | None = None, word_at: int | None = None) -> NoReturn:
        """Fail at the place up to which the text is read, which is ``at`` or the cursor."""
        place = self.at if at is None else at
        raise JsonError(message, self, place, place, word_at)

    def fail_nowhere(self, message: str) -> NoReturn:
        """Fail without a place, as Jackson does when a text exceeds one of its limits."""
        raise JsonError(message, self, None, None)


def join_pairs(text: str) -> str:
    """Return the text with surrogate pairs joined into the characters they stand for."""
    return re.sub(_SURROGATE_PAIR, _as_character, text)


def _as_pair(found: re.Match[str]) -> str:
    offset = ord(found[0]) - 0x10000
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def _as_character(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + low - 0xDC00)


def _described(char: str) -> str:
    """Return Jackson's description of a character."""
    code = ord(char)
    if code < 32 or 127 <= code <= 159:
        return f"(CTRL-CHAR, code {code})"
    return f"'{char}' (code {code} / 0x{code:x})" if code > 255 else f"'{char}' (code {code})"


# -- words

_LONGEST_TOKEN = 256
_VALID = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"
_NON_NUMERIC = "Non-standard token '{}': enable `JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS` to allow"
_WORDS = {"t": "true", "f": "false", "n": "null"}
_WORD_VALUES = {"true": True, "false": False, "null": None}
_ODD_WORDS = {"N": "NaN", "I": "Infinity"}
_START_CATEGORIES = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nl", "Sc", "Pc"})
_PART_CATEGORIES = _START_CATEGORIES | {"Mn", "Mc", "Nd", "Cf"}


def _match(source: Source, word: str, matched: int = 1, begin: int | None = None) -> None:
    """Read the rest of a word whose first ``matched`` characters are known to be there."""
    start = source.at if begin is None else begin
    same = matched
    while same < len(word) and source.text[start + same : start + same + 1] == word[same]:
        same += 1
    source.at = start + same
    following = source.text[source.at : source.at + 1]
    if same < len(word) or (following and _is_part(following)):
        _bad_token(source, word[:same])


def _bad_token(source: Source, token: str) -> NoReturn:
    start = source.at - len(token)
    while source.at < len(source.text) and _is_part(source.text[source.at]):
        token += source.text[source.at]
        source.at += 1
        if len(token) >= _LONGEST_TOKEN:
            token += "..."
            break
    source.fail(f"Unrecognized token '{join_pairs(token)}': was expecting {_VALID}", word_at=start)


def _read_odd(source: Source, char: str) -> NoReturn:
    """Fail at a value that begins like none; ``char`` is its first character."""
    start = source.at
    if char in _ODD_WORDS:
        _match(source, _ODD_WORDS[char])
        source.fail(_NON_NUMERIC.format(_ODD_WORDS[char]), word_at=start)
    if char == "+":
        _bad_sign(source, "+")
    if _category(char) in _START_CATEGORIES:
        source.at += 1
        _bad_token(source, char)
    source.unexpected(char, f"expected a valid value {_VALID}")


def _category(char: str) -> str:
    """Return the Unicode category of a character."""
    import unicodedata  # late, because it is a large table that only refusals need

    return unicodedata.category(char)


def _is_part(char: str) -> bool:
    """Return whether Java counts the character as part of an identifier, which is where Jackson ends a stray word."""
    code = ord(char)
    control = code <= 8 or 14 <= code <= 27 or 127 <= code <= 159
    return control or _category(char) in _PART_CATEGORIES


# -- numbers

_PLUS = (
    "JSON spec does not allow numbers to have plus signs: "
    "enable `JsonReadFeature.ALLOW_LEADING_PLUS_SIGN_FOR_NUMBERS` to allow"
)
_DIGITS = re.compile(r"[0-9]*")


def _read_number(source: Source, at_top: bool) -> str:
    """Read the number under the cursor and return its spelling; ``at_top`` where no object or array is open."""
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
        source.fail_nowhere(f"Number value length ({end - start}) exceeds the maximum allowed {limit}")
    if at_top:
        _root_space(source)
    return source.text[start:end]


def _fraction(source: Source, end: int, lead: str) -> int:
    """Return the end of the number whose whole part ends at ``end``."""
    # Jackson reads numbers that begin with 0 by another routine. It reports the offending character, where the usual
    # routine goes back to the first mark (the dot or the e); hence `lead`.
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
    at = digits if lead == "0" else first_mark
    return _bad_number(source, found, "Exponent indicator not followed by a digit", at)


def _root_space(source: Source) -> None:
    """Read the one character of white space that belongs to a number at top level."""
    following = source.text[source.at : source.at + 1]
    if not following or following == "\r":
        return
    if following not in " \t\n":
        source.unexpected(following, "Expected space separating root-level values")
    source.at += 1


def _bad_sign(source: Source, sign: str) -> NoReturn:
    """Fail at a sign without a digit behind it."""
    start = source.at
    source.at += 1
    char = _number_char(source)
    if char == "I":
        source.at += 1
        char = _number_char(source)
        for second, word in (("N", f"{sign}INF"), ("n", f"{sign}Infinity")):
            if char == second:
                _match(source, word, 3, start)
                source.fail(_NON_NUMERIC.format(word), word_at=start)
    if sign == "+":
        source.fail_at(f"Unexpected character ('+' (code 43)) in numeric value: {_PLUS}", source.at)
    _bad_number(source, char, "expected digit (0-9) to follow minus sign, for valid numeric value", source.at)


def _number_char(source: Source) -> str:
    return source.text[source.at : source.at + 1] or source.fail("Unexpected end-of-input in a Number value")


def _bad_number(source: Source, char: str, why: str, at: int) -> NoReturn:
    source.fail_at(f"Unexpected character ({_described(char)}) in numeric value: {why}", at)


# -- strings

_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "/": "/", "\\": "\\"}
_PLAIN = re.compile(r'[^"\\\x00-\x1f]*')


def _read_quoted(source: Source, what: str, ended: str) -> str:
    """Return the text up to the closing quote, and read over the quote.

    Args:
        source: read behind the opening quote.
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
            source.fail_at(f"Illegal unquoted character ({_described(char)}): {reason}", source.at)
        parts.append(_escape(source))


def _escape(source: Source) -> str:
    source.at += 1
    char = _escape_char(source)
    if char != "u":
        if char not in _ESCAPES:
            source.fail_at(f"Unrecognized character escape {_described(char)}", source.at)
        source.at += 1
        return _ESCAPES[char]
    value = 0
    for _ in range(4):
        source.at += 1
        char = _escape_char(source)
        digit = chr(ord(char) & 0xFF)  # Jackson looks at the low byte only, so U+0661 counts as "a"
        if digit not in "0123456789abcdefABCDEF":
            source.unexpected(char, "expected a hex-digit for character escape sequence")
        value = value << 4 | int(digit, 16)
    source.at += 1
    return chr(value)


def _escape_char(source: Source) -> str:
    return source.text[source.at : source.at + 1] or source.fail("Unexpected end-of-input in character escape sequence")
