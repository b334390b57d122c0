"""The ``Condition`` part of a policy statement, evaluated as IAM evaluates it.

A block names an operator, such as ``ForAnyValue:StringLikeIfExists``, and holds keys with the values they may have.
All operators and all keys must hold; one of the values of a key is enough. What the request says of a key is a text,
several texts, or nothing at all.

A policy in a template, and what is known of a request before a deployment, may have parts that nobody knows yet. So
``holds`` answers True, False, or None for what is not known; None never for a policy and a request that are known.

What a request says is known by whoever asks, but two keys are everybody's: ``times`` tells them of an instant. The
address and the network that a call comes from are known to nobody here; see ``NETWORK_KEYS``.

Source: IAM User Guide, pages "IAM JSON policy elements: Condition operators" and "Single-valued vs. multivalued
context keys".
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from eventbridge_local.model.arn import parse_arn
from eventbridge_local.policies.values import bytes_of, instant_of, is_in_network, number_of

#: True, False, or None for what is not known.
Truth = bool | None


class Unread:
    """The type of ``UNREAD``."""

    def __repr__(self) -> str:
        return "UNREAD"


#: Stands in a policy for a value, a statement or a list of them that is known only after a deployment, and in a request
#: for what it says of a key.
UNREAD = Unread()

#: What is known of a request, by condition key; keys are in any case, as in IAM.
Context = Mapping[str, str | Sequence[str] | Unread]


class Guess(str):
    """A text of a request in whose place AWS may have another one, because a template does not say it.

    Account and Region of a template are those it is loaded in; names that it leaves to AWS are made up.

    Args:
        text: what is put in its place here.
        named: whether the last part of the ARN is certain, because the template names the resource.
        made_up: whether the name is certainly one that CloudFormation makes up, ``stack-Rule-1A2B3C4D5E6F``.
        others: texts that are certainly not this one: ARNs of other resources of the template.
    """

    named: bool
    made_up: bool
    others: frozenset[str]

    def __new__(
        cls, text: str, *, named: bool = False, made_up: bool = False, others: frozenset[str] = frozenset()
    ) -> Guess:
        made = super().__new__(cls, text)
        made.named = named
        made.made_up = made_up
        made.others = others
        return made

    def may_be(self, pattern: str) -> bool:
        """Return whether a pattern that does not fit this text may fit the one that AWS has."""
        if pattern in self.others:
            return False
        patterns, parts = pattern.split(":", 5), self.split(":", 5)
        if len(parts) != 6 or len(patterns) != 6:
            return True
        if not like(patterns[2], parts[2]):
            return False
        if self.made_up and not _WILDCARDS.search(patterns[5]):
            return _MADE_UP.search(patterns[5]) is not None
        return not self.named or like(patterns[5], parts[5])


def every(truths: Iterable[Truth]) -> Truth:
    """Return whether all are true: one that is false decides it, whatever is not known."""
    found = set(truths)
    return False if False in found else None if None in found else True


def some(truths: Iterable[Truth]) -> Truth:
    """Return whether one is true: it decides it, whatever is not known."""
    found = set(truths)
    return True if True in found else None if None in found else False


_WILDCARDS = re.compile("[*?]")
#: How names end that CloudFormation makes up; a version or alias may stand behind.
_MADE_UP = re.compile("-[A-Za-z0-9]{8,}(:|$)")
_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_SET_OPERATORS = ("ForAllValues", "ForAnyValue")


@functools.lru_cache(maxsize=512)
def _pieces(pattern: str) -> tuple[re.Pattern[str], ...]:
    """Return what stands between the stars of a pattern; neighbouring stars are one."""
    pieces = re.sub(r"\*+", "*", pattern).split("*")
    return tuple(re.compile(re.escape(piece).replace(r"\?", "."), re.DOTALL) for piece in pieces)


def like(pattern: str, text: str) -> bool:
    """Return whether a text fits a pattern in which ``*`` stands for anything and ``?`` for one character.

    Each piece between two stars is taken at the first place where it fits, because a later one leaves less to the
    pieces that follow. A regular expression would try all places: eight stars then take minutes.
    """
    first, *between = _pieces(pattern)
    if not between:
        return first.fullmatch(text) is not None
    found = first.match(text)
    for piece in between[:-1]:
        found = found and piece.search(text, found.end())
    if found is None:
        return False
    last = pattern.rpartition("*")[2]
    return len(text) - len(last) >= found.end() and between[-1].fullmatch(text, len(text) - len(last)) is not None


def arn_like(pattern: str, text: str) -> bool:
    """Compare as ``like`` does, but part by part of an ARN: a ``*`` does not match a colon."""
    patterns, parts = pattern.split(":", 5), text.split(":", 5)
    return parse_arn(text) is not None and len(patterns) == 6 and all(map(like, patterns, parts))


def _ordered(
    read: Callable[[str], Decimal | None], compare: Callable[[Decimal, Decimal], bool]
) -> Callable[[str, str], bool]:
    """Return a test that compares what two texts stand for; a text that stands for nothing passes no test."""

    def test(wanted: str, given: str) -> bool:
        limit, value = read(wanted), read(given)
        return limit is not None and value is not None and compare(value, limit)

    return test


def _equal(wanted: str, given: str) -> bool:
    return wanted == given


def _equal_in_any_case(wanted: str, given: str) -> bool:
    return wanted.casefold() == given.casefold()


def _equal_bytes(wanted: str, given: str) -> bool:
    data = bytes_of(wanted)
    return data is not None and data == bytes_of(given)


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
    "BinaryEquals": _Comparison(_equal_bytes),
    "IpAddress": _Comparison(is_in_network),
    "NotIpAddress": _Comparison(is_in_network, negated=True),
    **{
        f"{kind}{name}": _Comparison(_ordered(read, compare), negated=name == "NotEquals")
        for kind, read in (("Numeric", number_of), ("Date", instant_of))
        for name, compare in (
            ("Equals", operator.eq),
            ("NotEquals", operator.eq),
            ("LessThan", operator.lt),
            ("LessThanEquals", operator.le),
            ("GreaterThan", operator.gt),
            ("GreaterThanEquals", operator.ge),
        )
    },
}

#: Keys about where a call comes from. Nothing here knows that of a call, so a condition on them is not known either.
NETWORK_KEYS = ("aws:SourceIp", "aws:VpcSourceIp", "aws:SourceVpc", "aws:SourceVpcArn", "aws:SourceVpce")


def times(now: datetime) -> dict[str, str]:
    """Return what a request says of the time; ``now`` is aware."""
    seconds = now.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    return {"aws:CurrentTime": f"{seconds.isoformat()}Z", "aws:EpochTime": str(int(now.timestamp()))}


def known_operator(name: str) -> bool:
    """Return whether an operator, with its prefix and suffix, is one of IAM's."""
    prefix, colon, rest = name.rpartition(":")
    if colon and prefix not in _SET_OPERATORS:
        return False
    return rest == "Null" or rest.removesuffix("IfExists") in OPERATORS


def satisfied(block: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Return whether a ``Condition`` holds; one with an operator that is not known never does."""
    return holds(block, context) is True


def holds(block: Any, context: Context, *, complete: bool = True) -> Truth:
    """Return whether a ``Condition`` holds, None when it is not known.

    Args:
        block: the condition; values in it, or a part of it, may be ``UNREAD``.
        context: what is known of the request. A key without values is known to be absent; of one that is ``UNREAD``
            it is not known what the request says.
        complete: whether the request has no other keys. Otherwise it is not known what it says of them.
    """
    if not isinstance(block, Mapping):
        return None
    said = {key.lower(): None if values is UNREAD else _texts(values) for key, values in context.items()}
    absent: Sequence[str] | None = () if complete else None
    return every(
        _holds(str(name), said.get(str(key).lower(), absent), _wanted(values, said, complete))
        for name, keys in block.items()
        for key, values in (keys.items() if isinstance(keys, Mapping) else [("", UNREAD)])
    )


def _holds(name: str, given: Sequence[str] | None, wanted: Sequence[Any]) -> Truth:
    scope, _, plain = name.rpartition(":")
    if given is None or (plain == "Null" and UNREAD in wanted):
        return None
    if plain == "Null":
        return str(not given).lower() in {value.lower() for value in wanted}
    comparison = OPERATORS.get(plain.removesuffix("IfExists"))
    if comparison is None:
        return None
    if not given:
        return plain.endswith("IfExists") or scope == "ForAllValues" or (comparison.negated and scope != "ForAnyValue")
    fits = [_negated(some(fit(comparison.test, value, text) for value in wanted), comparison.negated) for text in given]
    # Without a set operator a negated test wants that no value fits, and a plain one that some value does.
    return every(fits) if scope == "ForAllValues" or (not scope and comparison.negated) else some(fits)


def fit(test: Callable[[str, str], bool], pattern: Any, text: str) -> Truth:
    """Return whether a value of a policy fits a text of the request, None when one of them is not known."""
    if pattern is UNREAD:
        return None
    if test(pattern, str(text)):
        return True
    return None if isinstance(text, Guess) and text.may_be(pattern) else False


def _negated(truth: Truth, negated: bool) -> Truth:
    return truth if truth is None else truth is not negated


#: What a request says, by key in lower case; None is not known.
_Said = Mapping[str, Sequence[str] | None]


def _wanted(values: Any, said: _Said, complete: bool) -> list[Any]:
    """Return the values of a policy with variables, such as ``${aws:PrincipalAccount}``, filled in."""
    filled = [_filled(value, said) if isinstance(value, str) else value for value in _texts(values)]
    return filled if complete else [UNREAD if isinstance(value, str) and "${" in value else value for value in filled]


def _filled(value: str, said: _Said) -> Any:
    if "${" not in value:
        return value
    if any(said.get(name.lower(), ()) is None for name in _VARIABLE.findall(value)):
        return UNREAD
    return _VARIABLE.sub(lambda found: next(iter(said.get(found.group(1).lower()) or ()), found.group()), value)


def _texts(values: Any) -> Sequence[Any]:
    """Return one value or several, as texts; JSON's true is ``true``."""
    several = values if isinstance(values, list | tuple | set | frozenset) else [values]
    return [_text(value) for value in several]


def _text(value: Any) -> Any:
    if value is UNREAD or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
