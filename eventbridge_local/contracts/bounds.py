r"""What keeps the check of an event from taking for ever: steps are counted, and regular expressions have bounds.

Schemas that each refer to the next one twice stand for very many schemas, and jsonschema visits each of them. A repeat
directly inside of a repeat, such as ``(a+)+``, is a mistake that Python's ``re`` makes much of: it tries each way to
divide a text between the two. It is refused; other patterns are searched for by ``linear_search``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from itertools import combinations
from typing import Any

from eventbridge_local.contracts.linear_search import is_refused, search
from eventbridge_local.errors import UsageError

_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
#: References that are followed for any event, and for each value of a large one.
_MOST, _MOST_FOR_A_VALUE = 20_000, 50


class Steps:
    """The references that are followed while one event is checked.

    Args:
        instance: what is checked. A large one may take more steps.
        in_stages: calls what follows a reference, where the instance has very many levels (``deep.in_stages``).
    """

    __slots__ = ("_instance", "_left", "_more", "in_stages")

    def __init__(self, instance: Any, in_stages: Callable[[Callable[[], list[Any]]], list[Any]] | None = None) -> None:
        self.in_stages = in_stages
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


def bounded(validator: Any, **keywords: Any) -> Any:
    """Return a validator class whose references are counted and whose regular expressions take bounded time.

    Args:
        validator: a class of jsonschema.
        keywords: functions for keywords that mean something else than in ``validator``.
    """
    from jsonschema import validators

    theirs = validator.VALIDATORS
    extend: Callable[..., Any] = validators.extend
    made = extend(
        validator, {**_counted_references(theirs), **_bounded_patterns(theirs), **_unique_items(theirs), **keywords}
    )
    evolve = made.evolve

    def evolve_bounded(self: Any, **changes: Any) -> Any:
        # A schema that names its dialect makes jsonschema change to its own class.
        evolved = evolve(self, **changes)
        own = _BOUNDED.get(type(evolved))
        if own is None:
            return evolved
        fields = [each for each in type(evolved).__attrs_attrs__ if each.init]
        return own(**{each.alias: getattr(evolved, each.name) for each in fields})

    made.evolve = evolve_bounded
    if not keywords:
        _BOUNDED[validator] = made
    return made


#: The bounded class for each class of jsonschema.
_BOUNDED: dict[Any, Any] = {}


def _bounded_patterns(keywords: Mapping[str, Any]) -> dict[str, Callable[..., Iterator[Any]]]:
    """Return functions for the keywords that have regular expressions."""
    from jsonschema.exceptions import ValidationError

    def pattern(validator: Any, wanted: str, instance: Any, schema: Any) -> Iterator[Any]:
        if validator.is_type(instance, "string") and not search(wanted, instance):
            yield ValidationError(f"{instance!r} does not match {wanted!r}")

    def pattern_properties(validator: Any, schemas: Mapping[str, Any], instance: Any, schema: Any) -> Iterator[Any]:
        if not validator.is_type(instance, "object"):
            return
        for wanted, inner in schemas.items():
            for name, value in instance.items():
                if search(wanted, name):
                    yield from validator.descend(value, inner, path=name, schema_path=wanted)

    def additional(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
        patterns = schema.get("patternProperties")
        if patterns and validator.is_type(instance, "object"):
            matched = {name for name in instance if any(search(each, name) for each in patterns)}
            instance = {name: value for name, value in instance.items() if name not in matched}
            never = {_Never.of(each, number): inner for number, (each, inner) in enumerate(patterns.items())}
            schema = {**schema, "patternProperties": never}
        yield from keywords["additionalProperties"](validator, allowed, instance, schema) or ()

    made: dict[str, Callable[..., Iterator[Any]]] = {
        "pattern": pattern,
        "patternProperties": pattern_properties,
        "additionalProperties": additional,
    }
    return {name: check for name, check in made.items() if name in keywords}


class _Never(str):
    """A pattern that occurs nowhere and is shown as another one in the messages of jsonschema."""

    shown: str

    @classmethod
    def of(cls, pattern: str, number: int) -> _Never:
        never = cls(f"(?!)(?#{number})")
        never.shown = pattern
        return never

    def __repr__(self) -> str:
        return repr(self.shown)

    def __lt__(self, other: object) -> bool:
        return isinstance(other, _Never) and self.shown < other.shown


def _counted_references(keywords: Mapping[str, Any]) -> dict[str, Callable[..., Iterator[Any]]]:
    """Return functions for the keywords that refer to other schemas, which count and then do what these do."""

    def counted(follow: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
        def check(validator: Any, reference: Any, instance: Any, schema: Any) -> Iterator[Any]:
            steps = STEPS.get()
            if steps is not None:
                steps.take()
                if steps.in_stages is not None:
                    yield from steps.in_stages(lambda: list(follow(validator, reference, instance, schema) or ()))
                    return
            yield from follow(validator, reference, instance, schema) or ()

        return check

    return {name: counted(keywords[name]) for name in _REFERENCES if name in keywords}


def _unique_items(keywords: Mapping[str, Any]) -> dict[str, Callable[..., Iterator[Any]]]:
    """Return the function for ``uniqueItems``, which compares members of very many levels without recursion."""
    from jsonschema.exceptions import ValidationError

    def unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
        steps = STEPS.get()
        flat = not isinstance(instance, list) or not any(isinstance(each, dict | list) for each in instance)
        if flat or steps is None or steps.in_stages is None:
            yield from keywords["uniqueItems"](validator, wanted, instance, schema) or ()
        elif wanted and any(_same(one, other) for one, other in combinations(instance, 2)):
            yield ValidationError(f"{instance!r} has non-unique elements")

    return {"uniqueItems": unique_items} if "uniqueItems" in keywords else {}


def _same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are equal, of which true is not 1, without recursion."""
    left = [(one, other)]
    while left:
        mine, theirs = left.pop()
        if isinstance(mine, dict) and isinstance(theirs, dict):
            if mine.keys() != theirs.keys():
                return False
            left += [(value, theirs[name]) for name, value in mine.items()]
        elif isinstance(mine, list) and isinstance(theirs, list):
            if len(mine) != len(theirs):
                return False
            left += zip(mine, theirs, strict=True)
        elif isinstance(mine, bool) is not isinstance(theirs, bool) or mine != theirs:
            return False
    return True


def slow_patterns(schema: Any) -> Iterator[str]:
    """Yield the regular expressions of a schema that may take for ever."""
    for value in _values_in(schema):
        if isinstance(value, dict):
            named = value.get("patternProperties")
            patterns = [value.get("pattern"), *(named if isinstance(named, dict) else ())]
            yield from (each for each in patterns if isinstance(each, str) and (is_slow(each) or is_refused(each)))


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
