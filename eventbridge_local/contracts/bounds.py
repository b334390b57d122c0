r"""What keeps the check of an event from taking for ever: steps are counted, and some regular expressions are refused.

Schemas that each refer to the next one twice stand for very many schemas, and jsonschema visits each of them. A repeat
directly inside of a repeat, such as ``(a+)+``, lets Python's ``re`` try each way to divide a text between the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from eventbridge_local.errors import UsageError

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
#: References that are followed for any event, and for each value of a large one.
_MOST, _MOST_FOR_A_VALUE = 20_000, 50


class Steps:
    """The references that are followed while one event is checked.

    Args:
        instance: what is checked. A large one may take more steps.
    """

    __slots__ = ("_instance", "_left", "_more")

    def __init__(self, instance: Any) -> None:
        self._instance = instance
        self._left = _MOST
        self._more = True

    def take(self) -> None:
        """Follow a reference.

        Raises:
            UsageError: there were too many.
        """
        self._left -= 1
        if self._left >= 0:
            return
        if self._more:  # most events are small, so nothing is counted before
            self._more = False
            self._left = _MOST_FOR_A_VALUE * sum(1 for _ in _values_in(self._instance)) - _MOST
        if self._left < 0:
            raise UsageError(
                "this contract takes too many steps for an event: its schemas refer to each other several times; "
                "use a $ref to each of them once"
            )


#: The steps of the check that is under way.
STEPS: ContextVar[Steps | None] = ContextVar("eventbridge_local_steps", default=None)


def counted_references(keywords: Mapping[str, Any]) -> dict[str, Callable[..., Iterator[Any]]]:
    """Return functions for the keywords that refer to other schemas, which count and then do what these do."""

    def counted(follow: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def check(validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[Any]:
            steps = STEPS.get()
            if steps is not None:
                steps.take()
            yield from follow(validator, reference, instance, schema) or ()

        return check

    return {name: counted(keywords[name]) for name in _REFERENCES if name in keywords}


def slow_patterns(schema: Any) -> Iterator[str]:
    """Yield the regular expressions of a schema that may take for ever."""
    for value in _values_in(schema):
        if isinstance(value, dict):
            named = value.get("patternProperties")
            patterns = [value.get("pattern"), *(named if isinstance(named, dict) else ())]
            yield from (each for each in patterns if isinstance(each, str) and is_slow(each))


def is_slow(pattern: str) -> bool:
    """Return whether a repeat stands in a repeat with nothing beside it that a match must have."""
    try:
        from re import _parser  # type: ignore[attr-defined]  # the only way to its tree

        tree = _parser.parse(pattern)
    except (re.error, RecursionError, OverflowError, ImportError):
        return False  # whoever uses it says what is wrong
    waiting: list[Any] = [tree]
    while waiting:
        for operator, argument in _items(waiting.pop()):
            waiting += _inside(operator, argument)
            if _repeats(operator, argument) and any(map(_only_repeats, _branches(argument[2]))):
                return True
    return False


def _items(tree: Any) -> list[tuple[str, Any]]:
    return [(str(operator), argument) for operator, argument in tree]


def _repeats(operator: str, argument: Any) -> bool:
    return operator in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] > 1_000  # without end, or nearly


def _inside(operator: str, argument: Any) -> list[Any]:
    if operator in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        return [argument[2]]
    if operator == "SUBPATTERN":
        return [argument[3]]
    if operator == "BRANCH":
        return list(argument[1])
    return [argument[1]] if operator in ("ASSERT", "ASSERT_NOT") else []


def _branches(tree: Any) -> list[list[tuple[str, Any]]]:
    """Return the alternatives of a repeated part, without the groups around it."""
    items = _items(tree)
    if len(items) == 1:
        operator, argument = items[0]
        if operator == "SUBPATTERN":
            return _branches(argument[3])
        if operator == "BRANCH":
            return [branch for each in argument[1] for branch in _branches(each)]
    return [items]


def _only_repeats(items: list[tuple[str, Any]]) -> bool:
    """Return whether a part is a repeat without end, beside which everything may be absent."""
    flat: list[tuple[str, Any]] = []
    for operator, argument in items:
        flat += _branches(argument[3])[0] if operator == "SUBPATTERN" else [(operator, argument)]
    repeats = [(operator, argument) for operator, argument in flat if _repeats(operator, argument)]
    others = [(operator, argument) for operator, argument in flat if not _repeats(operator, argument)]
    return bool(repeats) and all(_may_be_absent(*each) for each in others)


def _may_be_absent(operator: str, argument: Any) -> bool:
    return operator == "AT" or (operator in ("MAX_REPEAT", "MIN_REPEAT") and argument[0] == 0)


def _values_in(value: Any) -> Iterator[Any]:
    """Yield a JSON value and all that are in it."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
