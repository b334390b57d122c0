"""What a test asks for, made ready to be compared: plain values, matchers, and value lists of event patterns.

A list that holds an operator of the pattern language, such as ``[{"prefix": "shop."}]``, stands for its alternatives;
a list of plain values is a list, since a test that asks for one must not be content with a single value.
What has an ``==`` of its own (``unittest.mock.ANY``, dirty-equals) or is a hamcrest matcher decides for itself; its
text is taken before it is first asked, because some matchers show afterwards what they were last equal to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from eventbridge_local.patterns import Mismatch, compile_pattern, explain
from eventbridge_local.patterns.operators import OPERATORS

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
