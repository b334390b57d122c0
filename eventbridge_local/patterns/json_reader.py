"""A JSON reader that fails where, and in the words in which, the engine's reader (Jackson 2.17 and later) fails.

Slow and exact. It reads one token at a time and knows how far it has consumed, because the engine reports that
place and not the place of the mistake. Facts: the text layer of the pattern language, sections 1.1 to 1.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from eventbridge_local.patterns.json_scalars import WORDS, match, read_number, read_odd, read_quoted
from eventbridge_local.patterns.json_text import JsonError, JsonText, join_pairs

Kind = Literal["{", "}", "[", "]", "name", "string", "number", "word", "end"]

DEEPEST = 1000


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


class JsonReader:
    """Reads the tokens of a text.

    Args:
        text: any Python string.
    """

    __slots__ = ("_in_string", "_scopes", "_waiting", "source")

    def __init__(self, text: str) -> None:
        self.source = JsonText(text)
        self._scopes = [_Scope("", 0)]
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
        return read_quoted(self.source, "string value", ended)

    def _end(self, scope: _Scope) -> Token:
        if scope.closer:
            place = self.source.place(scope.start)
            self.source.fail(
                f"Unexpected end-of-input: expected close marker for {scope.kind} (start marker at {place})"
            )
        return Token("end")

    def _close(self, char: str) -> Token:
        scope = self._scopes[-1]
        if scope.closer == char:
            self._scopes.pop()
            self.source.at += 1
            return Token(char)  # type: ignore[arg-type]
        if not scope.closer:
            kind = "Array" if char == "]" else "Object"
            self.source.fail_at(f"Unexpected close marker '{char}': no open {kind} to close", self.source.at)
        where = f"for {scope.kind} starting at {self.source.place(scope.start)}"
        return self.source.fail_at(
            f"Unexpected close marker '{char}': expected '{scope.closer}' ({where})", self.source.at
        )

    def _comma(self, char: str, scope: _Scope) -> str:
        if char != ",":
            self.source.unexpected(char, f"was expecting comma to separate {scope.kind} entries")
        self.source.at += 1
        return self.source.skip_white() or self.source.fail(
            f"Unexpected end-of-input within/between {scope.kind} entries"
        )

    def _name(self, char: str) -> str:
        if char != '"':
            self.source.unexpected(char, "was expecting double-quote to start field name")
        self.source.at += 1
        return read_quoted(self.source, "name", "Unexpected end-of-input in field name")

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
            return self._open(char)
        if char == "}":
            self.source.unexpected(char, "expected a value")
        if char in WORDS:
            match(self.source, WORDS[char])
            return Token("word", WORDS[char])
        if char == "-" or "0" <= char <= "9":
            return Token("number", read_number(self.source, len(self._scopes) == 1))
        return read_odd(self.source, char)

    def _open(self, char: str) -> Token:
        if len(self._scopes) > DEEPEST:
            limit = f"({DEEPEST}, from `StreamReadConstraints.getMaxNestingDepth()`)"
            raise JsonError(f"Document nesting depth ({DEEPEST + 1}) exceeds the maximum allowed {limit}", None, None)
        self._scopes.append(_Scope("}" if char == "{" else "]", self.source.at))
        self.source.at += 1
        return Token(char)  # type: ignore[arg-type]


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
            raise JsonError("no value", reader.source.at, reader.source.at)
        else:
            value = make_number(token.text) if token.kind == "number" else words[token.text]
        is_object, items = stack[-1]
        items.append((names.pop(), value) if is_object else value)
        if len(stack) == 1:
            return value, len(join_pairs(reader.source.text[: reader.source.at]))
