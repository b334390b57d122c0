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

from eventbridge_local.errors import UsageError

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


class Budget:
    """What the evaluation of one source may cost, so that none takes long: values that use each other twice double it.

    Attributes:
        left: what is left of it; a unit takes about a microsecond.
    """

    __slots__ = ("left",)

    def __init__(self, units: int = 600_000) -> None:
        self.left = units

    def spend(self, units: int) -> None:
        """Take some away.

        Raises:
            UsageError: there is no more.
        """
        self.left -= units
        if self.left < 0:
            raise UsageError(
                "this source grows beyond all measure when it is evaluated: through values that use other values "
                "several times, loops in loops, or templates nested in themselves; write it with fewer of them"
            )


#: A text that is longer is no value of a template, which has 1 MB at most.
_LONGEST_TEXT = 4_000_000


def checked_length(length: int) -> None:
    """Raise UsageError for a text that is too long to be made."""
    if length > _LONGEST_TEXT:
        raise UsageError(
            f"this source makes a text of {length:,} characters from values that use other values several times; "
            f"a template has 1 MB at most"
        )


@dataclass(slots=True)
class GivenValues:
    """What the user gave as ``resources``, and what stacks export: shared by all stacks of one source.

    Args:
        given: values by export name, logical id, ``LogicalId.Attribute``, Terraform address, or dynamic reference.
        used: the names among them that something asked for.
        exports: by export name, a function that evaluates the exported value.
        budget: what the evaluation may cost.
    """

    given: Mapping[str, Any]
    used: set[str] = field(default_factory=set)
    exports: dict[str, Callable[[], Any]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

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
