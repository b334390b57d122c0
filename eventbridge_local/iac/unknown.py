"""Values that are not known, carried through evaluation beside those that are.

An intrinsic that meets an ``Unknown`` gives an ``Unknown``: a text of which one part is missing is missing whole. Where
the value lands decides what is left out for it; nothing is ever put in its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value nobody has told us: why, and how to give it."""

    reason: str
    remedy: str
    path: Path = ()


class NoValue:
    """``AWS::NoValue``: the member or element it stands for is absent."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = NoValue()


def unknowns(value: Any) -> Iterator[Unknown]:
    """Every unknown value inside ``value``, at any depth."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from unknowns(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from unknowns(inner)


def first_unknown(*values: Any) -> Unknown | None:
    """The first unknown value inside any of ``values``."""
    return next((found for value in values for found in unknowns(value)), None)


def known(value: Any) -> Any:
    """The value, or None when it or a part of it is not known."""
    return None if isinstance(value, NoValue) or first_unknown(value) else value


def path_text(path: Path) -> str:
    """``Resources.Rule.Properties.Targets[0].Arn``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
