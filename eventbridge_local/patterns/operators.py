"""The matchers of the pattern language, one function each, found by name in `OPERATORS`.

Each takes the operand as the fast reader gives it (objects as tuples of pairs, arrays as lists, numbers as `Spelled`
strings) and returns a condition. Anything wrong raises `Refused`; `refusal` finds the words for it afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

from eventbridge_local.patterns.addresses import read_block
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
    ignore_case,
)
from eventbridge_local.patterns.ignore_case import Units
from eventbridge_local.patterns.numbers import comparable
from eventbridge_local.patterns.wildcards import as_engine_text, read_wildcard


class Refused(ValueError):
    """The pattern is invalid; says nothing about why."""


class Spelled(str):
    """A number of a pattern, as written."""

    __slots__ = ()


Operator = Callable[[Any], Condition]

OPERATORS: dict[str, Operator] = {}
EXCLUDERS: dict[str, Operator] = {}  # the matchers that may stand inside anything-but, for one operand


def register(table: dict[str, Operator], name: str) -> Callable[[Operator], Operator]:
    """Enter a function into a table of operators under `name`.

    Raises:
        ValueError: the name is taken.
    """

    def enter(operator: Operator) -> Operator:
        if name in table:
            raise ValueError(f"there is already an operator {name!r}")
        table[name] = operator
        return operator

    return enter


def operator(name: str) -> Callable[[Operator], Operator]:
    """Register a matcher under the word patterns use for it."""
    return register(OPERATORS, name)


def excluder(name: str) -> Callable[[Operator], Operator]:
    """Register what may stand inside anything-but, under its inner name ("" for a plain operand)."""
    return register(EXCLUDERS, name)


def _string(value: Any) -> str:
    if type(value) is not str:
        raise Refused
    return value


def _number(value: Any) -> float:
    number = comparable(value) if type(value) is Spelled else None
    if number is None:
        raise Refused
    return number


@operator("exactly")
def _exactly(value: Any) -> Condition:
    return Text(_string(value))


def _any_case_or(value: Any, plain: Callable[[str], Condition], folded: Callable[[str, Units], Condition]) -> Condition:
    if type(value) is not tuple:
        return plain(as_engine_text(_string(value)))
    if len(value) != 1 or value[0][0] != "equals-ignore-case":
        raise Refused
    return ignore_case(folded, _string(value[0][1]))


@operator("prefix")
def _prefix(value: Any) -> Condition:
    return _any_case_or(value, Prefix, PrefixIgnoreCase)


@operator("suffix")
def _suffix(value: Any) -> Condition:
    return _any_case_or(value, Suffix, SuffixIgnoreCase)


@operator("equals-ignore-case")
@excluder("equals-ignore-case")
def _equals_ignore_case(value: Any) -> Condition:
    return ignore_case(IgnoreCase, _string(value))


@operator("wildcard")
@excluder("wildcard")
def _wildcard(value: Any) -> Condition:
    return Wildcard(read_wildcard(_string(value)))


@operator("exists")
def _exists(value: Any) -> Condition:
    if value is True:
        return Exists()
    if value is False:
        return Absent()
    raise Refused


@operator("cidr")
def _cidr(value: Any) -> Condition:
    return InBlock(value, read_block(_string(value)))


@operator("numeric")
def _numeric(value: Any) -> Condition:
    if type(value) is not list or len(value) not in (2, 4):
        raise Refused
    bounds = [(_string(value[at]), _number(value[at + 1])) for at in range(0, len(value), 2)]
    if len(bounds) == 1:
        sign, number = bounds[0]
        build = _ONE_BOUND.get(sign)
        if build is None:
            raise Refused
        return build(number)
    (low_sign, low), (high_sign, high) = bounds
    if low_sign not in (">", ">=") or high_sign not in ("<", "<=") or low >= high:
        raise Refused
    return Range(low, low_sign == ">=", high, high_sign == "<=")


_ONE_BOUND: dict[str, Callable[[float], Condition]] = {
    "=": Equal,
    "<": lambda number: Range(-inf, True, number, False),
    "<=": lambda number: Range(-inf, True, number, True),
    ">": lambda number: Range(number, False, inf, True),
    ">=": lambda number: Range(number, True, inf, True),
}


@excluder("prefix")
def _excluded_prefix(value: Any) -> Condition:
    return _prefix(_not_empty(value))


@excluder("suffix")
def _excluded_suffix(value: Any) -> Condition:
    return _suffix(_not_empty(value))


def _not_empty(value: Any) -> str:
    if not _string(value):
        raise Refused
    return str(value)


@excluder("")
def _excluded_value(value: Any) -> Condition:
    return Equal(_number(value)) if type(value) is Spelled else Text(_string(value))


@operator("anything-but")
def _anything_but(value: Any) -> Condition:
    inner = ""
    if type(value) is tuple:
        if len(value) != 1 or not value[0][0]:
            raise Refused
        inner, value = value[0]
    exclude = EXCLUDERS.get(inner)
    if exclude is None:
        raise Refused
    operands = value if type(value) is list else [value]
    if not inner and (not operands or len(set(map(type, operands))) != 1):
        raise Refused
    return AnythingBut(tuple(exclude(operand) for operand in operands))
