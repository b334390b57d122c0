"""Compiling a pattern, fast: the text becomes sub-rules, each a list of fields with their conditions.

A valid pattern never pays for error positions. An invalid one is read again by `refusal`, which words the error.
Facts: pattern language, sections 2 and 3.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from json import JSONDecoder
from typing import Any

from eventbridge_local.json_reader import DEEPEST, JsonError, read_tree
from eventbridge_local.json_text import check_depth
from eventbridge_local.patterns.conditions import Absent, Condition, Equal, Exists, Literal, Spelling, Text, exact_text
from eventbridge_local.patterns.events import event_tree
from eventbridge_local.patterns.invalid import InvalidPattern
from eventbridge_local.patterns.numbers import LONGEST_NUMBER, comparable_or_none
from eventbridge_local.patterns.operators import OPERATORS, Refused, Spelled
from eventbridge_local.patterns.refusal import RESERVED, reason_for_refusal

MOST_COMBINATIONS = 1000  # of $or branches, as AWS documents; the refusal's wording is ours, AWS's is not known
_MOST_ENTRIES = 1_000_000  # fields over all sub-rules: no pattern AWS would take comes near
_WHITE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Field:
    """One path of a sub-rule and its alternatives.

    `accepts` says whether a value meets any of them; `absent_ok` whether one of them is ``exists: false``.
    """

    path: str
    conditions: tuple[Condition, ...]
    absent_ok: bool = field(compare=False)
    accepts: Callable[[Any], bool] = field(compare=False, repr=False)


SubRule = tuple[Field, ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """A compiled pattern. Make one with `compile_pattern`.

    Args:
        text: the pattern's JSON text.
        subrules: alternatives, one unless the pattern has ``$or``; fields are sorted as the engine visits them.
    """

    text: str
    subrules: tuple[SubRule, ...] = field(repr=False)

    def matches(self, event: Any) -> bool:
        """Whether the event (JSON text, a tree, or an object with an ``envelope``) satisfies the pattern."""
        return self.judge(event if type(event) is dict else event_tree(event))

    @cached_property
    def judge(self) -> Callable[[dict[str, Any]], bool]:
        """The function that decides about an event's tree; built when first used."""
        from eventbridge_local.patterns.matching import judge_of  # matching is built on the classes above

        return judge_of(self.subrules)

    @cached_property
    def complexity(self) -> int:
        """The wildcard score AWS limits to 10; 0 for a pattern without wildcards."""
        from eventbridge_local.patterns.complexity import score

        return score(self.subrules)

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """The dotted paths the pattern looks at, sorted."""
        return tuple(sorted({field.path for rule in self.subrules for field in rule}))


def compile_pattern(text: str) -> Pattern:
    """Compile a pattern.

    Args:
        text: the pattern's JSON text; what follows its closing brace is ignored, as the engine does.
    Raises:
        InvalidPattern: in the engine's words.
    """
    try:
        rules = _rules(_decode(text))
    except (ValueError, RecursionError):
        rules = _second_try(text)
    made: dict[int, Field] = {}
    return Pattern(text, tuple(_subrule(rule, made) for rule in rules))


def pattern_of(pattern: Any) -> Pattern:
    """The compiled form of a pattern given as text, as a dict or compiled already.

    Raises:
        InvalidPattern: the pattern is invalid.
    """
    if isinstance(pattern, Pattern):
        return pattern
    return compile_pattern(pattern if isinstance(pattern, str) else _dump(pattern))


def _dump(tree: Any) -> str:
    import json

    try:
        return json.dumps(tree, ensure_ascii=False)
    except RecursionError:
        raise InvalidPattern(f"Document nesting depth exceeds the maximum allowed ({DEEPEST})") from None


def _second_try(text: str) -> list[dict[str, _Value]]:
    """Word the refusal, or compile what only the slow reader can read: very deep texts and unusual escapes."""
    reason = reason_for_refusal(text)
    if reason is not None:
        raise InvalidPattern(reason) from None
    try:
        return _rules(read_tree(text, tuple, Spelled)[0])
    except (JsonError, Refused) as error:  # pragma: no cover - the two compilers agree
        raise InvalidPattern("The pattern cannot be read") from error


def _spelled(text: str) -> Spelled:
    if len(text) > LONGEST_NUMBER:
        raise Refused
    return Spelled(text)


def _refuse_constant(name: str) -> Any:
    raise Refused


_DECODER = JSONDecoder(
    object_pairs_hook=tuple, parse_float=_spelled, parse_int=_spelled, parse_constant=_refuse_constant
)


def _decode(text: str) -> Any:
    tree, end = _DECODER.raw_decode(text, _WHITE.match(text).end())  # type: ignore[union-attr]
    check_depth(text, end)
    return tree


# -- objects and $or


@dataclass(slots=True)
class _Object:
    members: Iterator[tuple[str, Any]]
    joined: str | None  # the names on the way here; None at top level
    in_or: bool


@dataclass(slots=True)
class _Or:
    branches: Iterator[Any]
    joined: str | None
    before: list[dict[str, Any]]
    result: list[dict[str, Any]]
    begun: bool = False


_Value = tuple[Any, ...]  # the elements of a value list, with the identity that shares one Field among sub-rules


def _rules(tree: Any) -> list[dict[str, _Value]]:
    """The sub-rules of a decoded pattern, each from path to value list."""
    rules: list[dict[str, _Value]] = []
    work: list[_Object | _Or] = [_Object(_members(tree), None, False)]
    entries = 0
    while work:
        frame = work[-1]
        if isinstance(frame, _Or):
            rules = _next_branch(work, frame, rules)
            entries += sum(map(len, rules))
            if len(rules) > MOST_COMBINATIONS or len(frame.result) > MOST_COMBINATIONS or entries > _MOST_ENTRIES:
                raise InvalidPattern(f"Rule is too complex - $or makes more than {MOST_COMBINATIONS} combinations")
            continue
        member = next(frame.members, None)
        if member is None:
            work.pop()
            continue
        name, value = member
        joined = frame.joined
        kind = type(value)
        if name == "$or":
            work.append(_or(value, joined, rules))
        elif frame.in_or and name in RESERVED:
            raise Refused
        elif kind is tuple:
            work.append(_Object(_members(value), name if joined is None else f"{joined}.{name}", frame.in_or))
        elif kind is list and value:
            path = f"{joined}.{name}" if joined else name
            listed = tuple(map(_condition, value))
            rules = rules or [{}]
            entries += len(rules)
            for rule in rules:
                rule[path] = listed
        else:
            raise Refused
    return rules


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if type(value) is not tuple or not value:
        raise Refused
    return iter(value)


def _or(value: Any, joined: str | None, rules: list[dict[str, Any]]) -> _Or:
    if type(value) is not list or len(value) < 2:
        raise Refused
    return _Or(iter(value), joined, rules, [])


def _next_branch(work: list[_Object | _Or], frame: _Or, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if frame.begun:
        frame.result.extend(rules)
    frame.begun = True
    for branch in frame.branches:
        work.append(_Object(_members(branch), frame.joined, True))
        return [dict(rule) for rule in frame.before] or [{}]
    work.pop()
    return frame.result


# -- value lists


def _condition(value: Any) -> Condition:
    kind = type(value)
    if kind is str:
        return exact_text(value)
    if kind is tuple:
        if len(value) != 1:
            raise Refused
        operator = OPERATORS.get(value[0][0])
        if operator is None:
            raise Refused
        return operator(value[0][1])
    if kind is Spelled:
        number = comparable_or_none(value)
        return Spelling(str(value)) if number is None else Equal(number)
    if kind is list:
        raise Refused
    return Literal(value)


def utf16_order(path: str) -> bytes:
    """A sort key that orders texts by UTF-16 code units, as the engine sorts paths."""
    return path.encode("utf-16-be", "surrogatepass")


def _subrule(rule: dict[str, _Value], made: dict[int, Field]) -> SubRule:
    paths = sorted(rule) if len(rule) == 1 or all(map(str.isascii, rule)) else sorted(rule, key=utf16_order)
    fields = []
    for path in paths:
        listed = rule[path]
        found = made.get(id(listed))
        if found is None or found.path != path:
            found = made[id(listed)] = make_field(path, listed)
        fields.append(found)
    return tuple(fields)


def make_field(path: str, conditions: tuple[Condition, ...]) -> Field:
    """A field of a sub-rule."""
    absent_ok = any(type(condition) is Absent for condition in conditions)
    return Field(path, conditions, absent_ok, _acceptor([c for c in conditions if type(c) is not Absent]))


def _acceptor(conditions: list[Condition]) -> Callable[[Any], bool]:
    """One function for all alternatives; plain strings are looked up together."""
    texts = frozenset(condition.text for condition in conditions if type(condition) is Text)
    others = [condition.accepts for condition in conditions if type(condition) is not Text]
    if any(type(condition) is Exists for condition in conditions):
        return Exists().accepts
    if not others:
        return texts.__contains__
    if not texts and len(others) == 1:
        return others[0]

    def accepts(value: Any) -> bool:
        return value in texts or any(accept(value) for accept in others)

    return accepts
