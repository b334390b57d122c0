"""What a test expects, and how far a thing is from it, field by field; the fewest differences are the closest.

An expected value is plain, a matcher with an ``==`` of its own, or a value list of an event pattern. Which value fits
is decided here. Why another does not is found and worded by the explanation of patterns, for plain values too, so
that the same near miss reads the same through ``detail=`` and through ``pattern=``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import eq, is_
from typing import Any, Literal, TypeVar

from eventbridge_local.patterns import Mismatch, compile_pattern, explain
from eventbridge_local.patterns.explain import MismatchKind, missing_hint, value_hint
from eventbridge_local.patterns.operators import OPERATORS

#: ``absent``, ``type``, ``case`` and the like as explanations of patterns have them; ``length`` of a list, ``extra``
#: for a member that was not expected, ``outcome`` of a delivery.
DifferenceKind = MismatchKind | Literal["length", "extra", "outcome"]

#: Differences that are less than another value.
_MILD = ("type", "case", "outcome")

T = TypeVar("T")

D = TypeVar("D", bound="Difference | Mismatch")

_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as expected.

    Attributes:
        path: dotted, with ``[n]`` for members of a list.
        kind: how it differs.
        expected: what was expected: a value, a matcher or, in words, the conditions of a pattern.
        actual: what is there; None where nothing is.
        text: the difference in words, where they are known; otherwise they are made of the two values.
        hint: what is probably wrong, where it is known; otherwise ``hint_on`` finds it.
    """

    path: str
    kind: DifferenceKind
    expected: Any
    actual: Any = None
    text: str | None = None
    hint: str = ""


def differences(expected: Any, actual: Any, path: str = "", *, exact: bool = False) -> Iterator[Difference]:
    """Yield every field in which ``actual`` is not as ``expected``.

    Args:
        expected: a plain value, a matcher, or a value list of an event pattern, at any depth.
        exact: also report members that ``expected`` does not name; otherwise a dict needs to be included only.
    """
    return _differences(ready(expected), actual, path, exact)


def fits_to(expected: Any, *, exact: bool = False) -> Callable[[Any], bool]:
    """Return a test for values: whether nothing differs from what is expected. The arguments are as above."""
    expected = ready(expected)
    if type(expected) is str:
        return partial(eq, expected)
    if expected is True:
        return partial(is_, True)
    return lambda actual: next(_differences(expected, actual, "", exact), None) is None


def needed_in_json(expected: Any) -> tuple[str, ...]:
    """Return what a JSON text must hold, if it has no backslash, so that what is parsed of it can fit.

    A text without backslashes has each key and each string of its values in it as they are. The longest comes first,
    because it is the least common.
    """
    return tuple(sorted(set(_needed(ready(expected))), key=len, reverse=True)) if isinstance(expected, Mapping) else ()


def holds(text: str, needed: Sequence[str]) -> bool:
    """Return whether a JSON text may hold what is needed in it, without parsing it."""
    for part in needed:
        if part not in text:
            return "\\" in text
    return True


def _needed(expected: Any) -> Iterator[str]:
    """Yield what a JSON text without backslashes must contain to fit, in its quotes."""
    left = [expected]  # and no generator inside a generator, of which Python 3.12 has 750 at most
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            for key, inner in value.items():
                if not isinstance(inner, PatternValue):  # which may be content with no member
                    left += (key, inner)
        elif _is_list(value):
            left += value
        elif type(value) is str and not _ESCAPED.search(value):
            yield f'"{value}"'


#: What JSON can only write with a backslash; half a surrogate pair among them.
_ESCAPED = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')


def nearest(candidates: Iterable[tuple[T, Sequence[D]]]) -> tuple[T, Sequence[D]] | None:
    """Return the candidate with the fewest and mildest differences, the last among equals; None where none is.

    Args:
        candidates: records with their differences, or rules or events with the mismatches of their explanation.
    """
    return min(reversed(list(candidates)), key=lambda pair: _distance(pair[1]), default=None)


def _distance(found: Sequence[Difference | Mismatch]) -> tuple[int, int]:
    mild = sum(difference.kind in _MILD for difference in found)
    return (len(found), -mild)


# Comparing.


#: An expected value, the actual one and their path.
_Pair = tuple[Any, Any, str]


def _differences(expected: Any, actual: Any, path: str, exact: bool) -> Iterator[Difference]:
    # With a list of the levels: Python 3.12 has 750 generators inside of each other at most.
    levels: list[Iterator[Difference | _Pair]] = [iter(((expected, actual, path),))]
    while levels:
        for found in levels[-1]:
            if isinstance(found, Difference):
                yield found
                continue
            expected, actual, path = found
            if isinstance(expected, Mapping) and isinstance(actual, Mapping):
                levels.append(_of_mappings(expected, actual, path, exact))
                break
            if isinstance(expected, PatternValue):
                yield from _of_pattern(expected, actual, path)
            elif _is_list(expected) and _is_list(actual):
                levels.append(_of_lists(expected, actual, path))
                break
            elif not _equal(expected, actual):
                yield Difference(path, _kind(expected, actual), expected, actual)
        else:
            levels.pop()


def _of_mappings(
    expected: Mapping[str, Any], actual: Mapping[str, Any], path: str, exact: bool
) -> Iterator[Difference | _Pair]:
    for key, value in expected.items():
        inner = _below(path, key)
        there = actual.get(key, _MISSING)
        if there is not _MISSING:
            yield value, there, inner
        elif not isinstance(value, PatternValue):
            yield Difference(inner, "absent", value)
        elif value.wanted:
            yield Difference(inner, "absent", Worded(value.wanted))
    if exact:
        for key, there in actual.items():
            if key not in expected:
                yield Difference(_below(path, key), "extra", None, there)


def _of_lists(expected: Sequence[Any], actual: Sequence[Any], path: str) -> Iterator[Difference | _Pair]:
    if len(expected) != len(actual):
        yield Difference(path, "length", expected, actual)
        return
    for index, (value, there) in enumerate(zip(expected, actual, strict=True)):
        yield value, there, f"{path}[{index}]"


def _of_pattern(expected: PatternValue, actual: Any, path: str) -> Iterator[Difference]:
    mismatch = expected.mismatch(actual)
    if mismatch is None:
        return
    # "absent" and "wrong_level" speak of the place that the value got for the comparison only.
    placed = mismatch.kind in ("absent", "wrong_level")
    kind = "value" if placed else mismatch.kind
    yield Difference(path, kind, Worded(mismatch.wanted), actual, hint="" if placed else mismatch.hint)


class Worded(str):
    """What is expected, in words; they are shown without quotes."""

    __slots__ = ()

    __repr__ = str.__str__


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _equal(expected: Any, actual: Any) -> bool:
    # JSON's true is not 1, though Python's is.
    if isinstance(expected, bool) is not isinstance(actual, bool) and isinstance(expected, bool | int | float):
        return False
    return bool(expected == actual)


def _kind(expected: Any, actual: Any) -> DifferenceKind:
    """Return how a value differs, as cheaply as it can be known: every record of a log is compared."""
    if isinstance(expected, str) and isinstance(actual, str):
        return "case" if expected.casefold() == actual.casefold() else "value"
    of_one_kind = isinstance(expected, bool) is isinstance(actual, bool)
    same_text = _as_text(expected) == _as_text(actual)
    return "type" if same_text or (expected == actual and not of_one_kind) else "value"


def _as_text(value: Any) -> str:
    """Return a value as its JSON text without quotes."""
    return str(value).lower() if isinstance(value, bool) else "null" if value is None else str(value)


# What is probably wrong; looked for only in what is shown.

_INDEX = re.compile(r"\[\d+\]")


def hint_on(difference: Difference, tree: Any) -> str:
    """Return what is probably wrong with a field, or "".

    Args:
        tree: what the path of the difference begins in: the whole event, or ``{"payload": ...}``.
    """
    if difference.hint or difference.text is not None:
        return difference.hint
    if difference.kind == "absent":
        return missing_hint(_INDEX.sub("", difference.path), tree)[1]
    expected, actual = difference.expected, difference.actual
    if isinstance(expected, _PLAIN) and isinstance(actual, _PLAIN):
        return value_hint(expected, actual)
    return _about_list(expected, actual)


def _about_list(expected: Any, actual: Any) -> str:
    """Say of one value against a list that holds it, both ways, that an event pattern would match."""
    if _is_list(expected) and any(next(_differences(each, actual, "", False), None) is None for each in expected):
        return "a list is compared with a list; use pattern={...} to ask for one of several values"
    if not _is_list(actual):
        return ""
    for index, each in enumerate(actual):
        if next(_differences(expected, each, "", False), None) is None:
            return f"element [{index}] fits; a list is compared as a whole; use pattern={{...}} to ask for one element"
    return ""


# What a test expects, made ready to be compared.
#
# A list that holds an operator of the pattern language, such as ``[{"prefix": "shop."}]``, means one of its
# alternatives; a list of plain values is a list, since a test that asks for one must not be content with one value.
# What has an ``==`` of its own (``unittest.mock.ANY``, dirty-equals) or is a hamcrest matcher decides for itself; its
# text is taken before it is first asked, because some matchers show afterwards what they were last equal to.


_PLAIN = (str, int, float, type(None))


class Matcher:
    """Something that decides for itself what it is equal to."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing
        self._text = repr(thing)
        self._is_hamcrest = callable(getattr(thing, "matches", None)) and hasattr(thing, "describe_to")

    def __eq__(self, other: object) -> bool:
        return bool(self._thing.matches(other) if self._is_hamcrest else self._thing == other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return str(self._thing) if self._is_hamcrest else self._text


class PatternValue:
    """The value list of an event pattern in the place of a value.

    Raises:
        InvalidPattern: AWS would refuse it.
    """

    def __init__(self, listed: list[Any]) -> None:
        self._text = repr(listed)
        self._pattern = compile_pattern(json.dumps({"value": listed}))

    @property
    def wanted(self) -> str:
        """Return what is wanted of a member that is missing, in words; "" when it may be missing."""
        found = explain(self._pattern, {}).mismatches
        return found[0].wanted if found else ""

    def mismatch(self, actual: Any) -> Mismatch | None:
        """Return why a value does not satisfy it, None when it does. Of several names of one thing one must."""
        names = actual.values if isinstance(actual, AnyOf) else (actual,)
        found = [explain(self._pattern, {"value": each}).mismatches for each in names]
        return found[0][0] if all(found) else None

    def __repr__(self) -> str:
        return self._text


class AnyOf:
    """Equal to each of several values: a target answers to its id, its ARN and its names."""

    def __init__(self, values: tuple[str, ...]) -> None:
        self.values = values

    def __eq__(self, other: object) -> bool:
        return other in self.values

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(self.values[0])


def ready(thing: Any) -> Any:
    """Return the same, with matchers and value lists of patterns in their wrappers, at any depth.

    Raises:
        InvalidPattern: a value list that AWS would refuse.
    """
    if type(thing) is str:  # as most are
        return thing
    if isinstance(thing, Mapping):
        return {name: ready(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return PatternValue(list(thing)) if _is_pattern(thing) else [ready(each) for each in thing]
    return thing if isinstance(thing, (*_PLAIN, Matcher, PatternValue)) else Matcher(thing)


def alternatives(thing: Any) -> Any:
    """Return what is expected of a text such as ``source``: a list of texts can only mean one of them."""
    plain = isinstance(thing, list | tuple) and thing and all(isinstance(each, str) for each in thing)
    return PatternValue(list(thing)) if plain else ready(thing)


def _is_pattern(listed: list[Any] | tuple[Any, ...]) -> bool:
    """Return whether a list holds an operator, and nothing else than operators and plain values."""
    operators = [
        each for each in listed if isinstance(each, Mapping) and len(each) == 1 and next(iter(each)) in OPERATORS
    ]
    plain = [each for each in listed if isinstance(each, _PLAIN)]
    return bool(operators) and len(operators) + len(plain) == len(listed)
