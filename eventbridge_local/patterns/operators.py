"""The operators of the pattern language: one row each in ``OPERATORS``, and everything else asks the table.

A row has the operator's name, the grammar of its operand with the words of each refusal, the conditions it makes, and
its grammar inside ``anything-but``, if it may stand there. A condition class (``conditions``) has the rest: whether a
value matches, its part of the index, its words in explanations. So a new operator is a row here and, unless it makes
conditions that exist, a class there.

Two compilers read patterns: ``compile`` is fast and reads a decoded tree, ``refuse`` is slow, reads the engine's tokens
and knows how far the engine has read. Both run the grammars below, which only see ``Tokens``. The grammars take tokens
in the engine's order and refuse at the moment the engine refuses, because the place that AWS reports is how far it has
read by then. So do not reorder the steps of a grammar, however odd they look. Source: facts 12.5,
12.6, 12.7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from types import MappingProxyType
from typing import NoReturn, Protocol

from eventbridge_local.frozen import frozen
from eventbridge_local.json_reader import Token
from eventbridge_local.patterns.conditions import (
    Absent,
    AnythingBut,
    Condition,
    Equal,
    Exists,
    IgnoreCase,
    InBlock,
    Prefix,
    PrefixIgnoreCase,
    Range,
    Suffix,
    SuffixIgnoreCase,
    Text,
    Wildcard,
)
from eventbridge_local.patterns.values import (
    BadOperand,
    ExponentOutOfRange,
    comparable,
    engine_text,
    read_block,
    read_wildcard,
)


class Tokens(Protocol):
    """The tokens of an operator's object behind the first one of the operand, up to its closing brace."""

    @property
    def next(self) -> Callable[[], Token]:
        """Fetch the next token."""

    def text(self, token: Token) -> str:
        """Return the text of a string, whose token was fetched last."""

    def fail(self, message: str, placed: bool = True) -> NoReturn:
        """Refuse the pattern; ``placed`` says whether the engine reports line and column."""

    def place_twice(self, twice: bool) -> None:
        """Set whether refusals from now on, broken JSON included, report their place two times."""


Grammar = Callable[[Tokens, Token], Condition]
"""Reads an operand, given its first token, and the closing brace of the operator; returns the condition."""


@frozen
class Exclusion:
    """How an operator stands inside ``anything-but``: with a string, or a list of strings.

    Args:
        make: makes the condition that excludes values.
        not_a_string: the refusal of anything else.
        empty: the refusal of an empty string, None where one is accepted.
    """

    make: Callable[[str], Condition]
    not_a_string: str
    empty: str | None = None


@frozen
class Operator:
    """One operator.

    Args:
        name: the word that patterns use.
        grammar: how its operand is read, what is refused and in which words, and the condition it makes.
        makes: the condition classes the grammar makes.
        exclusion: how it stands inside ``anything-but``, None if it may not.
    """

    name: str
    grammar: Grammar
    makes: tuple[type[Condition], ...]
    exclusion: Exclusion | None = None


def _rows() -> tuple[Operator, ...]:
    affix = "prefix/suffix match pattern must be a string"
    empty = "Null prefix/suffix not allowed"
    ignore_case = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    wildcard = "wildcard match pattern must be a string"
    return (
        Operator("exactly", _string("exact match pattern must be a string", Text), (Text,)),
        Operator(
            "prefix",
            _affix("prefix", _prefix, PrefixIgnoreCase.of),
            (Prefix, PrefixIgnoreCase),
            Exclusion(_prefix, affix, empty),
        ),
        Operator(
            "suffix",
            _affix("suffix", _suffix, SuffixIgnoreCase.of),
            (Suffix, SuffixIgnoreCase),
            Exclusion(_suffix, affix, empty),
        ),
        Operator(
            "equals-ignore-case",
            _string("equals-ignore-case match pattern must be a string", IgnoreCase.of),
            (IgnoreCase,),
            Exclusion(IgnoreCase.of, ignore_case),
        ),
        Operator("wildcard", _string(wildcard, _wildcard), (Wildcard,), Exclusion(_wildcard, wildcard)),
        Operator("exists", _exists, (Exists, Absent)),
        # "prefix" is the engine's word here.
        Operator("cidr", _string("prefix match pattern must be a string", _block), (InBlock,)),
        Operator("numeric", _numeric, (Equal, Range)),
        Operator("anything-but", _anything_but, (AnythingBut,)),
    )


# -- operands of text

_ONE_KEY = "Only one key allowed in match expression"


def _string(refusal: str, make: Callable[[str], Condition]) -> Grammar:
    """Return the grammar of a string."""

    def grammar(tokens: Tokens, token: Token) -> Condition:
        condition = _made(tokens, make, _text(tokens, token, refusal))
        _close(tokens, _ONE_KEY)
        return condition

    return grammar


def _affix(name: str, plain: Callable[[str], Condition], any_case: Callable[[str], Condition]) -> Grammar:
    """Return the grammar of a string, or ``{"equals-ignore-case": string}``."""
    plain_grammar = _string(f"{name} match pattern must be a string", plain)

    def grammar(tokens: Tokens, token: Token) -> Condition:
        if token.kind != "{":
            return plain_grammar(tokens, token)
        inner = tokens.next()
        if inner.kind != "name":
            tokens.fail(f"{name.capitalize()} expression name not found")
        if inner.text != "equals-ignore-case":
            tokens.fail(f"Unsupported {name} pattern: {inner.text}")
        text = _text(tokens, tokens.next(), "equals-ignore-case match pattern must be a string")
        _close(tokens, _ONE_KEY)
        _close(tokens, _ONE_KEY)
        return any_case(text)

    return grammar


def _prefix(text: str) -> Condition:
    return Prefix(engine_text(text))


def _suffix(text: str) -> Condition:
    return Suffix(engine_text(text))


def _wildcard(text: str) -> Condition:
    return Wildcard(read_wildcard(text))


def _block(text: str) -> Condition:
    return InBlock(text, read_block(text))


def _text(tokens: Tokens, token: Token, refusal: str) -> str:
    """Return the text of a string; anything else is refused."""
    if token.kind != "string":
        tokens.fail(refusal)
    return tokens.text(token)


def _made(tokens: Tokens, make: Callable[[str], Condition], text: str) -> Condition:
    try:
        return make(text)
    except BadOperand as bad:
        return tokens.fail(bad.message, bad.placed)


def _close(tokens: Tokens, refusal: str) -> None:
    if tokens.next().kind != "}":
        tokens.fail(refusal)


# -- exists


def _exists(tokens: Tokens, token: Token) -> Condition:
    if token.kind != "word" or token.text not in ("true", "false"):
        tokens.fail("exists match pattern must be either true or false.")
    _close(tokens, _ONE_KEY)
    return Exists() if token.text == "true" else Absent()


# -- numeric

_TOO_MANY = "Too many elements in numeric expression"
_ONE_BOUND: Mapping[str, Callable[[float], Condition]] = {
    "=": Equal,
    "<": lambda number: Range(-inf, True, number, False),
    "<=": lambda number: Range(-inf, True, number, True),
    ">": lambda number: Range(number, False, inf, True),
    ">=": lambda number: Range(number, True, inf, True),
}


def _numeric(tokens: Tokens, token: Token) -> Condition:
    if token.kind != "[":
        tokens.fail("Value of numeric must be an array.")
    first = tokens.next()
    if first.kind != "string":
        tokens.fail(f"Invalid member in numeric match: {_shown(tokens, first)}")
    sign = tokens.text(first)
    number = tokens.next()
    if sign not in _ONE_BOUND:
        tokens.fail(f"Unrecognized numeric range operator: {sign}")
    if number.kind != "number":
        tokens.fail(f"Value of {'equals' if sign == '=' else sign} must be numeric")
    following = tokens.next()
    if following.kind == "]":
        condition = _ONE_BOUND[sign](_number(tokens, number.text))
    else:
        if sign[0] != ">":
            tokens.fail(_TOO_MANY)
        condition = _two_bounds(tokens, sign, number.text, following)
    _close(tokens, _TOO_MANY)
    return condition


def _two_bounds(tokens: Tokens, low_sign: str, low_text: str, token: Token) -> Condition:
    """Read the upper bound, which begins with ``token``; the engine looks at the numbers after all of it."""
    if token.kind != "string":
        tokens.fail(f"Bad value in numeric range: {_shown(tokens, token)}")
    high_sign = tokens.text(token)
    if high_sign not in ("<", "<="):
        tokens.fail(f"Bad numeric range operator: {high_sign}")
    number = tokens.next()
    if number.kind != "number":
        tokens.fail(f"Value of {high_sign} must be numeric")
    if tokens.next().kind != "]":
        tokens.fail("Too many terms in numeric range expression")
    low = _number(tokens, low_text)
    high = _number(tokens, number.text)
    if low >= high:
        tokens.fail("Bottom must be less than top")
    return Range(low, low_sign == ">=", high, high_sign == "<=")


def _number(tokens: Tokens, text: str, placed: bool = True) -> float:
    """Return the value of a number, which must be one that a double stands for exactly."""
    try:
        number = comparable(text)
    except ExponentOutOfRange:
        tokens.fail("value exceeds limits", placed)
    return tokens.fail(f"Cannot compare number : {text}", placed) if number is None else number


def _shown(tokens: Tokens, token: Token) -> str:
    """Return a token as its text."""
    return tokens.text(token) if token.kind == "string" else token.text or token.kind


# -- anything-but

_NO_OPERAND = "Value of anything-but must be an array or single string/number value."
_NO_ELEMENT = "Inside anything but list, start|null|boolean is not supported."
_MIXED = "Inside anything but list, either all values are number or string, mixed type is not supported"


def _anything_but(tokens: Tokens, token: Token) -> Condition:
    if token.kind != "{":
        excluded = _excluded_values(tokens, token)
        _close(tokens, _TOO_MANY)
        return AnythingBut(excluded)
    name = tokens.next()
    if name.kind != "name":
        tokens.fail("Anything-But expression name not found")
    inner = OPERATORS.get(name.text)
    if inner is None or inner.exclusion is None:
        tokens.fail(f"Unsupported anything-but pattern: {name.text}")
    excluded = _excluded_by(tokens, tokens.next(), inner.exclusion)
    _close(tokens, _TOO_MANY)
    _close(tokens, _TOO_MANY)
    return AnythingBut(excluded)


def _excluded_values(tokens: Tokens, token: Token) -> tuple[Condition, ...]:
    """Read strings or numbers: one, or a list of one kind."""
    if token.kind == "string":
        return (Text(tokens.text(token)),)
    if token.kind == "number":
        return (Equal(_number(tokens, token.text, placed=False)),)
    if token.kind != "[":
        tokens.fail(_NO_OPERAND)
    excluded: list[Condition] = []
    kinds = set()
    # The engine catches what goes wrong while it fetches an element and appends the place a second time.
    tokens.place_twice(True)
    while (token := tokens.next()).kind != "]":
        if token.kind == "string":
            excluded.append(Text(tokens.text(token)))
        elif token.kind == "number":
            tokens.place_twice(False)
            excluded.append(Equal(_number(tokens, token.text)))
            tokens.place_twice(True)
        else:
            tokens.fail(_NO_ELEMENT)
        kinds.add(token.kind)
    tokens.place_twice(False)
    if len(kinds) != 1:
        tokens.fail(_MIXED)
    return tuple(excluded)


def _excluded_by(tokens: Tokens, token: Token, exclusion: Exclusion) -> tuple[Condition, ...]:
    """Return what an operator inside anything-but excludes: one string, or a list, which may be empty."""
    if token.kind == "[":
        texts = []
        tokens.place_twice(True)
        while (token := tokens.next()).kind != "]":
            texts.append(_excluded_text(tokens, token, exclusion))
        tokens.place_twice(False)
    elif token.kind in ("string", "number"):
        texts = [_excluded_text(tokens, token, exclusion)]
    else:
        tokens.fail(_NO_OPERAND)
    return tuple(_made(tokens, exclusion.make, text) for text in texts)


def _excluded_text(tokens: Tokens, token: Token, exclusion: Exclusion) -> str:
    text = _text(tokens, token, exclusion.not_a_string)
    if not text and exclusion.empty:
        tokens.fail(exclusion.empty)
    return text


# -- the table


def table_of(rows: tuple[Operator, ...]) -> Mapping[str, Operator]:
    """Return operators by name.

    Raises:
        ValueError: two have the same name.
    """
    table = {row.name: row for row in rows}
    if len(table) < len(rows):
        raise ValueError("two operators have one name")
    return MappingProxyType(table)


OPERATORS: Mapping[str, Operator] = table_of(_rows())

RESERVED = frozenset(OPERATORS) | {
    *("=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case"),
    *("date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range"),
    *("ip-address-in-range", "ip-address-not-in-range"),
}
"""The names that no field inside ``$or`` may have."""
