"""What a value of a source can be before it is deployed, shared by all formats.

A value that is not known before a deployment is an ``Unknown``. It is carried through evaluation beside the values that
are known: an intrinsic function that gets an ``Unknown`` returns an ``Unknown``, and a text of which one part is not
known is not known at all. The place where the value is used decides what is left out for it; nothing is put instead.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Path = tuple[str | int, ...]


class Environment(NamedTuple):
    """An account and a Region, as CDK uses the word: where a source is loaded, or what it was made for."""

    account: str
    region: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known before a deployment.

    Args:
        reason: why it is not known.
        remedy: how to give it, as arguments of ``load``.
        path: where in the source it was needed.
    """

    reason: str
    remedy: str
    path: Path = ()


class NoValue:
    """``AWS::NoValue``: the member or element it stands for is absent."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = NoValue()


@dataclass(slots=True)
class GivenValues:
    """What the user gave as ``resources``, and what stacks export: shared by all stacks of one source.

    Args:
        given: values by export name, logical id, ``LogicalId.Attribute``, Terraform address, or dynamic reference.
        used: the names among them that something asked for.
        exports: by export name, a function that evaluates the exported value.
    """

    given: Mapping[str, Any]
    used: set[str] = field(default_factory=set)
    exports: dict[str, Callable[[], Any]] = field(default_factory=dict)

    def take(self, *names: str) -> Any:
        """Return the value given under the first of ``names`` that has one, else None."""
        for name in names:
            if name in self.given:
                self.used.add(name)
                return self.given[name]
        return None


def unknowns(value: Any) -> list[Unknown]:
    """Return every unknown value inside ``value``, at any depth."""
    found: list[Unknown] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Unknown]) -> None:
    """Add every unknown value inside ``value`` to ``found``."""
    if isinstance(value, Unknown):
        found.append(value)
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            if type(inner) is not str:  # as most values are
                _collect(inner, found)


def first_unknown(*values: Any) -> Unknown | None:
    """Return the first unknown value inside any of ``values``."""
    for value in values:
        if type(value) is not str and (found := unknowns(value)):
            return found[0]
    return None


def known(value: Any) -> Any:
    """Return the value, or None when it or a part of it is not known."""
    return None if isinstance(value, NoValue) or first_unknown(value) else value


def text_of(value: Any) -> str:
    """Return a scalar as CloudFormation writes it into a text."""
    if value is NO_VALUE:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else compact_json(value)


def compact_json(value: Any) -> str:
    """Return ``value`` as JSON without blanks; what JSON does not have is written as its text."""
    return _write(value)


_write = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, default=str).encode


def path_text(path: Path) -> str:
    """Return a path as ``Resources.Rule.Properties.Targets[0].Arn``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
