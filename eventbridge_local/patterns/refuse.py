"""The words of a refusal: an invalid pattern read token by token, as the engine's compiler reads it, until it fails.

Strategy: only patterns that the fast compiler found invalid come here, so this may be slow, and it makes no conditions
of its own. What decides about a message is the order in which the engine looks at things, and what decides about the
place is how much it has read by then (see ``json_reader``): a name is judged when the first token of its value is
already read, a value list element when its text is not read yet. Objects, ``$or`` and value lists are below; what is
inside an operator is read by the same grammars that the fast compiler uses (``operators``), here over exact tokens.
Source: facts 3.4, 12.3, 12.5, 12.8.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from eventbridge_local.json_reader import JsonError, JsonReader, Token
from eventbridge_local.patterns.operators import OPERATORS, RESERVED


def reason_for_refusal(text: str) -> str | None:
    """Return the engine's message for an invalid pattern, its place included, or None for a valid one.

    Args:
        text: the pattern's JSON text.
    """
    tokens = ExactTokens(text)
    try:
        _pattern(tokens)
    except JsonError as error:
        places = (error.at, error.cursor) if tokens.twice else (error.at,)
        return error.message + "".join(f"\n at {error.source.place(at)}" for at in places if at is not None)
    return None


class ExactTokens:
    """The tokens of a text as the engine fetches them; see ``operators.Tokens``."""

    __slots__ = ("_reader", "next", "twice")

    def __init__(self, text: str) -> None:
        self._reader = JsonReader(text)
        self.next = self._reader.next
        self.twice = False

    def text(self, token: Token) -> str:
        """Read a string to its end, which moves the place of later refusals."""
        return self._reader.string()

    def fail(self, message: str, placed: bool = True) -> NoReturn:
        """Refuse, reporting how far the engine has read."""
        if not placed:
            self._reader.source.fail_nowhere(message)
        self._reader.source.fail(message)

    def place_twice(self, twice: bool) -> None:
        """Set whether refusals from now on report their place two times."""
        self.twice = twice


@dataclass(slots=True, eq=False, repr=False)
class _Frame:
    """An object (or the array of an ``$or``) being read, and whether it stands inside an ``$or``."""

    is_or: bool
    in_or: bool
    filled: int = 0


def _pattern(tokens: ExactTokens) -> None:
    if tokens.next().kind != "{":
        tokens.fail("Filter is not an object")
    # A stack of its own: a pattern may nest deeper than Python's.
    frames = [_Frame(is_or=False, in_or=False)]
    while frames:
        if frames[-1].is_or:
            _branch(tokens, frames)
        else:
            _field(tokens, frames)


def _branch(tokens: ExactTokens, frames: list[_Frame]) -> None:
    frame = frames[-1]
    token = tokens.next()
    if token.kind == "]":
        if frame.filled < 2:
            tokens.fail("There must have at least 2 Objects in $or relationship.")
        frames.pop()
        return
    if token.kind != "{":
        tokens.fail("Only JSON object is allowed in array of $or relationship.")
    frame.filled += 1
    frames.append(_Frame(is_or=False, in_or=True))


def _field(tokens: ExactTokens, frames: list[_Frame]) -> None:
    frame = frames[-1]
    token = tokens.next()
    if token.kind == "}":
        if not frame.filled:
            tokens.fail("Empty objects are not allowed")
        frames.pop()
        return
    frame.filled += 1
    name = token.text
    if frame.in_or and name in RESERVED:
        tokens.fail(f"{name} is Ruler reserved fieldName which cannot be used inside $or.")
    value = tokens.next()
    if name == "$or":
        if value.kind != "[":
            tokens.fail("It must be an Array followed with $or.")
        frames.append(_Frame(is_or=True, in_or=True))
    elif value.kind == "{":
        frames.append(_Frame(is_or=False, in_or=frame.in_or))
    elif value.kind == "[":
        _value_list(tokens)
    else:
        tokens.fail(f'"{name}" must be an object or an array')


def _value_list(tokens: ExactTokens) -> None:
    filled = False
    while (token := tokens.next()).kind != "]":
        filled = True
        if token.kind == "string":
            tokens.text(token)
        elif token.kind == "[":
            tokens.fail("Match value must be String, number, true, false, or null")
        elif token.kind == "{":
            _operator(tokens)
    if not filled:
        tokens.fail("Empty arrays are not allowed")


def _operator(tokens: ExactTokens) -> None:
    token = tokens.next()
    if token.kind != "name":
        tokens.fail("Match expression name not found")
    operator = OPERATORS.get(token.text)
    if operator is None:
        tokens.fail(f"Unrecognized match type {token.text}")
    operator.grammar(tokens, tokens.next())
