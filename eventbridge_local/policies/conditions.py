"""The ``Condition`` part of a policy statement, evaluated as IAM evaluates it.

A block names an operator, such as ``ForAnyValue:StringLikeIfExists``, and holds keys with the values they may have.
All operators and all keys must hold; one of the values of a key is enough. What the request says of a key is a text,
several texts, or nothing at all.

Source: IAM User Guide, pages "IAM JSON policy elements: Condition operators" and "Single-valued vs. multivalued
context keys".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from eventbridge_local.model.arn import parse_arn

#: What is known of a request, by condition key; keys are in any case, as in IAM.
Context = Mapping[str, str | Sequence[str]]

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_SET_OPERATORS = ("ForAllValues", "ForAnyValue")


@functools.lru_cache(maxsize=512)
def _wildcard(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(char) or re.escape(char) for char in pattern), re.DOTALL)


def like(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern in which ``*`` stands for anything and ``?`` for one character."""
    return _wildcard(pattern).fullmatch(text) is not None


def arn_like(pattern: str, text: str) -> bool:
    """Compare as ``like`` does, but part by part of an ARN: a ``*`` does not match a colon."""
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return parse_arn(text) is not None and len(patterns) == 6 and all(map(like, patterns, parts))


def _number(compare: Callable[[float, float], bool]) -> Callable[[str, str], bool]:
    def test(wanted: str, given: str) -> bool:
        try:
            return compare(float(given), float(wanted))
        except ValueError:
            return False

    return test


def _equal(wanted: str, given: str) -> bool:
    return wanted == given


def _equal_in_any_case(wanted: str, given: str) -> bool:
    return wanted.casefold() == given.casefold()


class _Comparison(NamedTuple):
    """``test`` is asked with a value of the policy and one of the request; ``negated`` wants that none fits."""

    test: Callable[[str, str], bool]
    negated: bool = False


OPERATORS: dict[str, _Comparison] = {
    "StringEquals": _Comparison(_equal),
    "StringNotEquals": _Comparison(_equal, negated=True),
    "StringEqualsIgnoreCase": _Comparison(_equal_in_any_case),
    "StringNotEqualsIgnoreCase": _Comparison(_equal_in_any_case, negated=True),
    "StringLike": _Comparison(like),
    "StringNotLike": _Comparison(like, negated=True),
    "ArnEquals": _Comparison(arn_like),
    "ArnLike": _Comparison(arn_like),
    "ArnNotEquals": _Comparison(arn_like, negated=True),
    "ArnNotLike": _Comparison(arn_like, negated=True),
    "Bool": _Comparison(_equal_in_any_case),
    "NumericEquals": _Comparison(_number(lambda given, wanted: given == wanted)),
    "NumericNotEquals": _Comparison(_number(lambda given, wanted: given == wanted), negated=True),
    "NumericLessThan": _Comparison(_number(lambda given, wanted: given < wanted)),
    "NumericLessThanEquals": _Comparison(_number(lambda given, wanted: given <= wanted)),
    "NumericGreaterThan": _Comparison(_number(lambda given, wanted: given > wanted)),
    "NumericGreaterThanEquals": _Comparison(_number(lambda given, wanted: given >= wanted)),
}


def known_operator(name: str) -> bool:
    """Return whether an operator, with its prefix and suffix, is one that ``satisfied`` evaluates."""
    prefix, colon, rest = name.rpartition(":")
    if colon and prefix not in _SET_OPERATORS:
        return False
    return rest == "Null" or rest.removesuffix("IfExists") in OPERATORS


def satisfied(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Return whether a ``Condition`` holds; one with an operator that is not known never does."""
    said = {key.lower(): _texts(values) for key, values in context.items()}
    return all(
        _holds(operator, said.get(key.lower(), ()), _texts(wanted), said)
        for operator, keys in block.items()
        for key, wanted in keys.items()
    )


def _holds(name: str, given: Sequence[str], wanted: Sequence[str], said: Mapping[str, Sequence[str]]) -> bool:
    scope, _, plain = name.rpartition(":")
    if plain == "Null":
        return str(not given).lower() in {value.lower() for value in wanted}
    operator = OPERATORS.get(plain.removesuffix("IfExists"))
    if operator is None:
        return False
    if not given:
        return plain.endswith("IfExists") or scope == "ForAllValues" or (operator.negated and scope != "ForAnyValue")
    wanted = [_filled(value, said) for value in wanted]
    fits = [any(operator.test(value, text) for value in wanted) is not operator.negated for text in given]
    # Without a set operator a negated test wants that no value fits, and a plain one that some value does.
    every = scope == "ForAllValues" or (not scope and operator.negated)
    return all(fits) if every else any(fits)


def _filled(value: str, said: Mapping[str, Sequence[str]]) -> str:
    """Return a value of the policy with its variables, such as ``${aws:PrincipalAccount}``, filled in."""
    if "${" not in value:
        return value
    return _VARIABLE.sub(lambda found: next(iter(said.get(found.group(1).lower(), ())), found.group()), value)


def _texts(values: Any) -> Sequence[str]:
    """Return one value or several, as texts; JSON's true is ``true``."""
    several = values if isinstance(values, list | tuple | set | frozenset) else [values]
    return [str(value).lower() if isinstance(value, bool) else str(value) for value in several]
