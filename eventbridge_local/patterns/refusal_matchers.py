"""Words what is wrong with a matcher, token by token, as the engine's compiler does. One check for each operator.

Facts: pattern language, sections 2.4 to 2.7 and 9.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from eventbridge_local.json_reader import JsonError, JsonReader, Token
from eventbridge_local.patterns.addresses import BadBlock, read_block
from eventbridge_local.patterns.numbers import ExponentOutOfRange, comparable
from eventbridge_local.patterns.wildcards import BadWildcard, read_wildcard

ONE_KEY = "Only one key allowed in match expression"
TOO_MANY = "Too many elements in numeric expression"
_ANYTHING_BUT_KIND = "Inside anything but list, start|null|boolean is not supported."
_ANYTHING_BUT_MIXED = "Inside anything but list, either all values are number or string, mixed type is not supported"
_ANYTHING_BUT_VALUE = "Value of anything-but must be an array or single string/number value."
_NOT_A_STRING = {
    "equals-ignore-case": "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
}


class Unlocated(Exception):
    """A refusal the engine gives no position for."""


class Twice(JsonError):
    """A failure among the elements of an anything-but list: the engine appends where it stands once more."""


@dataclass(slots=True)
class Walk:
    """A reader, and the ways the compiler complains of what it reads."""

    reader: JsonReader

    def fail(self, message: str) -> NoReturn:
        """Refuse, reporting how far the reader has consumed."""
        self.reader.source.fail(message)

    def need_string(self, token: Token, message: str) -> str:
        """The text of a string; anything else is refused."""
        if token.kind != "string":
            self.fail(message)
        return self.reader.string()

    def close(self, message: str) -> None:
        """The matcher must end here."""
        if self.reader.next().kind != "}":
            self.fail(message)


def _shown(token: Token, walk: Walk) -> str:
    """A token as its text."""
    if token.kind == "string":
        return walk.reader.string()
    return token.text or token.kind


def _exactly(walk: Walk, token: Token) -> None:
    walk.need_string(token, "exact match pattern must be a string")
    walk.close(ONE_KEY)


def _affix(name: str) -> Callable[[Walk, Token], None]:
    def check(walk: Walk, token: Token) -> None:
        if token.kind != "{":
            walk.need_string(token, f"{name} match pattern must be a string")
            walk.close(ONE_KEY)
            return
        inner = walk.reader.next()
        if inner.kind != "name":
            walk.fail(f"{name.capitalize()} expression name not found")
        if inner.text != "equals-ignore-case":
            walk.fail(f"Unsupported {name} pattern: {inner.text}")
        walk.need_string(walk.reader.next(), "equals-ignore-case match pattern must be a string")
        walk.close(ONE_KEY)
        walk.close(ONE_KEY)

    return check


def _ignore_case(walk: Walk, token: Token) -> None:
    walk.need_string(token, "equals-ignore-case match pattern must be a string")
    walk.close(ONE_KEY)


def _check_wildcard(walk: Walk, operand: str) -> None:
    try:
        read_wildcard(operand)
    except BadWildcard as error:
        walk.fail(str(error))


def _wildcard(walk: Walk, token: Token) -> None:
    _check_wildcard(walk, walk.need_string(token, "wildcard match pattern must be a string"))
    walk.close(ONE_KEY)


def _exists(walk: Walk, token: Token) -> None:
    if token.text not in ("true", "false") or token.kind != "word":
        walk.fail("exists match pattern must be either true or false.")
    walk.close(ONE_KEY)


def _cidr(walk: Walk, token: Token) -> None:
    operand = walk.need_string(token, "prefix match pattern must be a string")
    try:
        read_block(operand)
    except BadBlock as error:
        raise Unlocated(str(error)) from None
    walk.close(ONE_KEY)


def _compare(walk: Walk, text: str, located: bool = True) -> float:
    try:
        value = comparable(text)
        message = f"Cannot compare number : {text}"
    except ExponentOutOfRange:
        value, message = None, "value exceeds limits"
    if value is not None:
        return value
    if not located:
        raise Unlocated(message)
    return walk.fail(message)


def _numeric(walk: Walk, token: Token) -> None:
    if token.kind != "[":
        walk.fail("Value of numeric must be an array.")
    reader = walk.reader
    first = reader.next()
    if first.kind != "string":
        walk.fail(f"Invalid member in numeric match: {_shown(first, walk)}")
    operator = reader.string()
    number = reader.next()
    if operator not in ("=", "<", "<=", ">", ">="):
        walk.fail(f"Unrecognized numeric range operator: {operator}")
    if number.kind != "number":
        walk.fail(f"Value of {'equals' if operator == '=' else operator} must be numeric")
    following = reader.next()
    upper = None
    if following.kind != "]":
        if operator[0] != ">":
            walk.fail(TOO_MANY)
        upper = _upper_bound(walk, following)
    bottom = _compare(walk, number.text)
    if upper is not None and bottom >= _compare(walk, upper):
        walk.fail("Bottom must be less than top")
    walk.close(TOO_MANY)


def _upper_bound(walk: Walk, token: Token) -> str:
    if token.kind != "string":
        walk.fail(f"Bad value in numeric range: {_shown(token, walk)}")
    operator = walk.reader.string()
    if operator not in ("<", "<="):
        walk.fail(f"Bad numeric range operator: {operator}")
    number = walk.reader.next()
    if number.kind != "number":
        walk.fail(f"Value of {operator} must be numeric")
    if walk.reader.next().kind != "]":
        walk.fail("Too many terms in numeric range expression")
    return number.text


def _anything_but(walk: Walk, token: Token) -> None:
    inner = ""
    if token.kind == "{":
        name = walk.reader.next()
        if name.kind != "name":
            walk.fail("Anything-But expression name not found")
        inner = name.text
        if inner not in _NOT_A_STRING:
            walk.fail(f"Unsupported anything-but pattern: {inner}")
        token = walk.reader.next()
    if token.kind == "[":
        _anything_but_list(walk, inner)
    elif token.kind not in ("string", "number"):
        walk.fail(_ANYTHING_BUT_VALUE)
    elif inner:
        operand = _inner_member(walk, token, inner)
        if inner == "wildcard":
            _check_wildcard(walk, operand)
    elif token.kind == "number":
        _compare(walk, token.text, located=False)
    else:
        walk.reader.string()
    walk.close(TOO_MANY)
    if inner:
        walk.close(TOO_MANY)


def _inner_member(walk: Walk, token: Token, inner: str) -> str:
    operand = walk.need_string(token, _NOT_A_STRING[inner])
    if not operand and inner in ("prefix", "suffix"):
        walk.fail("Null prefix/suffix not allowed")
    return operand


def _anything_but_list(walk: Walk, inner: str) -> None:
    kinds: set[str] = set()
    operands: list[str] = []
    while True:
        try:
            token = walk.reader.next()
            if token.kind == "]":
                break
            if inner:
                operands.append(_inner_member(walk, token, inner))
                continue
            if token.kind == "string":
                walk.reader.string()
            elif token.kind != "number":
                walk.fail(_ANYTHING_BUT_KIND)
        except JsonError as error:
            raise Twice(error.message, error.source, error.at, error.cursor) from None
        kinds.add(token.kind)
        if token.kind == "number":
            _compare(walk, token.text)
    if not inner and len(kinds) != 1:
        walk.fail(_ANYTHING_BUT_MIXED)
    if inner == "wildcard":
        for operand in operands:
            _check_wildcard(walk, operand)


MATCHERS: dict[str, Callable[[Walk, Token], None]] = {
    "exactly": _exactly,
    "prefix": _affix("prefix"),
    "suffix": _affix("suffix"),
    "equals-ignore-case": _ignore_case,
    "wildcard": _wildcard,
    "exists": _exists,
    "cidr": _cidr,
    "numeric": _numeric,
    "anything-but": _anything_but,
}
