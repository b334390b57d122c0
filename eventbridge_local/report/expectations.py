"""How far a thing is from what was wanted, field by field; the record with the fewest differences is the nearest."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from eventbridge_local.patterns import Mismatch, compile_pattern, explain
from eventbridge_local.patterns.operators import OPERATORS

Kind = Literal["absent", "value", "type", "case", "length", "extra", "outcome"]

T = TypeVar("T")

_MISSING: Any = object()
_MOST_SEARCHED = 2_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as wanted; ``path`` is dotted, with ``[n]`` for list members.

    ``said`` is the difference in words where somebody who knows more has found them already, and ``hint`` what is
    probably wrong.
    """

    path: str
    kind: Kind
    wanted: Any
    got: Any = None
    said: str | None = None
    hint: str = ""


def differences(wanted: Any, got: Any, path: str = "", *, exact: bool = False) -> Iterator[Difference]:
    """Every field in which ``got`` is not as ``wanted``.

    Args:
        wanted: a plain value, a matcher, or a value list of an event pattern (see ``wanted``), at any depth.
        exact: also report members that ``wanted`` does not name; otherwise a dict needs to be included only.
    """
    return _differences(ready(wanted), got, path, exact)


def _differences(wanted: Any, got: Any, path: str, exact: bool) -> Iterator[Difference]:
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        yield from _of_mappings(wanted, got, path, exact)
    elif isinstance(wanted, PatternValue):
        yield from _of_pattern(wanted, got, path)
    elif _is_list(wanted) and _is_list(got):
        yield from _of_lists(wanted, got, path, exact)
    elif not _equal(wanted, got):
        yield Difference(path, _kind(wanted, got), wanted, got, hint=_about_list(wanted, got))


def fits(wanted: Any, got: Any) -> bool:
    """Whether nothing differs, members that are not named aside."""
    return next(differences(wanted, got), None) is None


def nearest(candidates: Iterable[tuple[T, Sequence[Difference]]]) -> tuple[T, Sequence[Difference]] | None:
    """The candidate with the fewest and mildest differences, the newest among equals; None when there are none."""
    return min(reversed(list(candidates)), key=lambda pair: _distance(pair[1]), default=None)


def _distance(found: Sequence[Difference]) -> tuple[int, int]:
    mild = sum(difference.kind in ("type", "case", "outcome") for difference in found)
    return (len(found), -mild)


def _of_mappings(wanted: Mapping[str, Any], got: Mapping[str, Any], path: str, exact: bool) -> Iterator[Difference]:
    for key, value in wanted.items():
        inner = _below(path, key)
        there = got.get(key, _MISSING)
        if there is not _MISSING:
            yield from _differences(value, there, inner, exact)
        elif not (isinstance(value, PatternValue) and value.absent_ok):
            yield Difference(inner, "absent", value, hint=_about_name(str(key), got, path))
    if exact:
        for key, there in got.items():
            if key not in wanted:
                yield Difference(_below(path, key), "extra", None, there)


def _of_lists(wanted: Sequence[Any], got: Sequence[Any], path: str, exact: bool) -> Iterator[Difference]:
    if len(wanted) != len(got):
        yield Difference(path, "length", wanted, got)
        return
    for index, (value, there) in enumerate(zip(wanted, got, strict=True)):
        yield from _differences(value, there, f"{path}[{index}]", exact)


def _of_pattern(wanted: PatternValue, got: Any, path: str) -> Iterator[Difference]:
    mismatch = wanted.mismatch(got)
    if mismatch is not None:
        # "absent" and "wrong_level" speak of the place that the value got for the comparison only.
        hint = "" if mismatch.kind in ("absent", "wrong_level") else mismatch.hint
        yield Difference(path, "value", Worded(mismatch.wanted), got, hint=hint)


class Worded(str):
    """What is wanted, in words; they are shown without quotes."""

    __slots__ = ()

    __repr__ = str.__str__


def _below(path: str, key: object) -> str:
    return f"{path}.{key}" if path else str(key)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _equal(wanted: Any, got: Any) -> bool:
    # JSON's true is not 1, though Python's is.
    if isinstance(wanted, bool) is not isinstance(got, bool) and isinstance(wanted, bool | int | float):
        return False
    return bool(wanted == got)


def _kind(wanted: Any, got: Any) -> Kind:
    if isinstance(wanted, str) and isinstance(got, str):
        return "case" if wanted.casefold() == got.casefold() else "value"
    of_one_kind = isinstance(wanted, bool) is isinstance(got, bool)
    return "type" if str(wanted) == str(got) or (wanted == got and not of_one_kind) else "value"


# what is probably wrong


def _about_name(name: str, got: Mapping[str, Any], path: str) -> str:
    """Where a member that is missing may be instead: under a similar name, or elsewhere below."""
    for key in got:
        if _plain(str(key)) == _plain(name):
            return f"the event has {_below(path, key)}; names are compared exactly"
    return next((f"{name} is at {where}" for where in _paths(got, path) if where.rpartition(".")[2] == name), "")


def _plain(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


def _paths(tree: Any, path: str) -> Iterator[str]:
    """The paths of all members below, nearest first."""
    waiting = [(path, tree)]
    for where, value in waiting:
        if len(waiting) > _MOST_SEARCHED:
            return
        if isinstance(value, Mapping):
            inner = [(_below(where, key), each) for key, each in value.items()]
            yield from (below for below, _ in inner)
        else:
            inner = [(f"{where}[{n}]", each) for n, each in enumerate(value)] if _is_list(value) else []
        waiting += inner


def _about_list(wanted: Any, got: Any) -> str:
    """One value against a list that holds it: said both ways, because an event pattern would match."""
    if _is_list(wanted) and any(next(_differences(each, got, "", False), None) is None for each in wanted):
        return "a list asks for a list; pattern={...} asks for one of several values"
    if not _is_list(got):
        return ""
    for index, each in enumerate(got):
        if next(_differences(wanted, each, "", False), None) is None:
            return f"element [{index}] fits; a list is compared as a whole, pattern={{...}} asks for one element"
    return ""


# What a test asks for, made ready to be compared: plain values, matchers, and value lists of event patterns.
#
# A list that holds an operator of the pattern language, such as ``[{"prefix": "shop."}]``, stands for its
# alternatives;
# a list of plain values is a list, since a test that asks for one must not be content with a single value.
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
        #: Whether it allows the member to be missing.
        self.absent_ok = self._pattern.matches({})

    def mismatch(self, got: Any) -> Mismatch | None:
        """Why a value does not satisfy it, None when it does. Of several names of one thing one must."""
        names = got.values if isinstance(got, AnyOf) else (got,)
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
    """The same, with matchers and value lists of patterns in their wrappers, at any depth.

    Raises:
        InvalidPattern: a value list that AWS would refuse.
    """
    if isinstance(thing, Mapping):
        return {name: ready(value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return PatternValue(list(thing)) if _is_pattern(thing) else [ready(each) for each in thing]
    return thing if isinstance(thing, (*_PLAIN, Matcher, PatternValue)) else Matcher(thing)


def alternatives(thing: Any) -> Any:
    """What is wanted of a text such as ``source``: a list of texts can only mean one of them."""
    plain = isinstance(thing, list | tuple) and thing and all(isinstance(each, str) for each in thing)
    return PatternValue(list(thing)) if plain else ready(thing)


def _is_pattern(listed: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list holds an operator, and nothing else than operators and plain values."""
    operators = [
        each for each in listed if isinstance(each, Mapping) and len(each) == 1 and next(iter(each)) in OPERATORS
    ]
    plain = [each for each in listed if isinstance(each, _PLAIN)]
    return bool(operators) and len(operators) + len(plain) == len(listed)
