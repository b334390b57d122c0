"""How far a thing is from what was wanted, field by field; the record with the fewest differences is the nearest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

Kind = Literal["absent", "value", "type", "case", "length", "extra"]

T = TypeVar("T")

_MISSING: Any = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as wanted; ``path`` is dotted, with ``[n]`` for list members.

    ``said`` is the difference in words where somebody who knows more has found them already.
    """

    path: str
    kind: Kind
    wanted: Any
    got: Any = None
    said: str | None = None


def differences(wanted: Any, got: Any, path: str = "", *, exact: bool = False) -> Iterator[Difference]:
    """Every field in which ``got`` is not as ``wanted``.

    Args:
        wanted: a plain value, or anything with an ``==`` of its own (``unittest.mock.ANY``, dirty-equals...).
        exact: also report members that ``wanted`` does not name; otherwise a dict needs to be included only.
    """
    if isinstance(wanted, Mapping) and isinstance(got, Mapping):
        yield from _of_mappings(wanted, got, path, exact)
    elif _is_list(wanted) and _is_list(got):
        yield from _of_lists(wanted, got, path, exact)
    elif not _equal(wanted, got):
        yield Difference(path, _kind(wanted, got), wanted, got)


def fits(wanted: Any, got: Any) -> bool:
    """Whether nothing differs, members that are not named aside."""
    return next(differences(wanted, got), None) is None


def nearest(candidates: Iterable[tuple[T, Sequence[Difference]]]) -> tuple[T, Sequence[Difference]] | None:
    """The candidate with the fewest and mildest differences, the newest among equals; None when there are none."""
    return min(reversed(list(candidates)), key=lambda pair: _distance(pair[1]), default=None)


def _distance(found: Sequence[Difference]) -> tuple[int, int]:
    mild = sum(difference.kind in ("type", "case") for difference in found)
    return (len(found), -mild)


def _of_mappings(wanted: Mapping[str, Any], got: Mapping[str, Any], path: str, exact: bool) -> Iterator[Difference]:
    for key, value in wanted.items():
        inner = f"{path}.{key}" if path else str(key)
        there = got.get(key, _MISSING)
        if there is _MISSING:
            yield Difference(inner, "absent", value)
        else:
            yield from differences(value, there, inner, exact=exact)
    if exact:
        for key, there in got.items():
            if key not in wanted:
                yield Difference(f"{path}.{key}" if path else str(key), "extra", None, there)


def _of_lists(wanted: Sequence[Any], got: Sequence[Any], path: str, exact: bool) -> Iterator[Difference]:
    if len(wanted) != len(got):
        yield Difference(path, "length", wanted, got)
        return
    for index, (value, there) in enumerate(zip(wanted, got, strict=True)):
        yield from differences(value, there, f"{path}[{index}]", exact=exact)


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
