"""Compiling a pattern: the text becomes sub-rules, each a list of fields with their conditions.

Strategy: Python's decoder reads the text, and this module turns its tree into sub-rules and gives up at the first thing
that is wrong, without looking for words or places; a valid pattern never pays for them. An invalid pattern is then read
again by ``refuse``, which words the refusal. Operators are read by the same grammars both times (``operators``).
Source: facts 12.4, 12.5, 12.8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any, NoReturn

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.json_reader import DEEPEST, LONGEST_NUMBER, TOO_DEEP, JsonError, Token, read_tree
from eventbridge_local.json_text import check_depth
from eventbridge_local.patterns.conditions import (
    Condition,
    Equal,
    Field,
    Spelling,
    SubRule,
    Word,
    exact_text,
    make_field,
)
from eventbridge_local.patterns.events import event_tree
from eventbridge_local.patterns.match import judge_of
from eventbridge_local.patterns.operators import OPERATORS, RESERVED
from eventbridge_local.patterns.values import comparable_or_none

MOST_COMBINATIONS = 1000
"""The combinations of ``$or`` branches that AWS documents; that it refuses more, and how, is captured (facts 3.5)."""
TOO_MANY_COMBINATIONS = f"Or operator is producing over {MOST_COMBINATIONS} rule combinations"
_MOST_ENTRIES = 1_000_000  # fields over all sub-rules: no pattern AWS would take comes near


class InvalidPattern(EventBridgeLocalError, ValueError):
    """A pattern the engine refuses.

    Args:
        reason: the engine's whole message, with the ``at [Source: ...]`` line where it has one. AWS puts
            ``Event pattern is not valid. Reason: `` in front.
    """

    __module__ = "eventbridge_local.patterns"  # the name that tests see is the name to import it by

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, eq=False)
class Pattern:
    """A compiled pattern. Make one with ``compile_pattern``.

    Args:
        text: the pattern's JSON text.
        branches: alternatives, one unless the pattern has ``$or``, each from path to conditions.
    """

    text: str
    branches: Sequence[Mapping[str, tuple[Condition, ...]]] = field(repr=False)

    def matches(self, event: Any) -> bool:
        """Return whether the event (JSON text, a tree, or an object with an ``envelope``) satisfies the pattern."""
        return self.judge(event if type(event) is dict else event_tree(event))

    def __reduce__(self) -> tuple[Any, ...]:
        return compile_pattern, (self.text,)  # what is made when first used is no part of a copy

    @cached_property
    def subrules(self) -> tuple[SubRule, ...]:
        """The alternatives with their fields sorted as the engine visits them; made when first used."""
        made: dict[int, Field] = {}
        return tuple([_subrule(branch, made) for branch in self.branches])

    @cached_property
    def judge(self) -> Callable[[dict[str, Any]], bool]:
        """The function that decides about an event's tree; built when first used."""
        return judge_of(self.subrules)

    @cached_property
    def complexity(self) -> int:
        """The wildcard score AWS limits to 10; 0 for a pattern without wildcards."""
        found: int = _complexity().score(self.subrules)
        return found

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
    except (ValueError, RecursionError, StopIteration):
        rules = _second_try(text)
    return Pattern(text, rules)


def pattern_of(pattern: Any) -> Pattern:
    """Return the compiled form of a pattern given as text, as a dict or compiled already.

    Raises:
        InvalidPattern: the pattern is invalid.
    """
    if isinstance(pattern, Pattern):
        return pattern
    return compile_pattern(pattern if isinstance(pattern, str) else _dump(pattern))


def check_complexity(pattern: Pattern) -> None:
    """Refuse a pattern AWS would refuse for its wildcards.

    Raises:
        InvalidPattern: the score is above 10.
    """
    text = pattern.text
    # Only wildcards make a score. The name of the operator may be spelled with escapes.
    if "wildcard" in text or "\\" in text:
        complexity = _complexity()
        if complexity.score(pattern.subrules, complexity.HIGHEST + 1) > complexity.HIGHEST:
            raise InvalidPattern(complexity.TOO_COMPLEX)


def _complexity() -> Any:
    """Return the module that scores wildcards, imported late: few patterns have one."""
    from eventbridge_local.patterns import complexity

    return complexity


def _dump(tree: Any) -> str:
    try:
        return json.dumps(tree, ensure_ascii=False)
    except RecursionError:
        raise InvalidPattern(TOO_DEEP) from None


def _second_try(text: str) -> list[dict[str, _ValueList]]:
    """Word the refusal, or compile what only the slow reader can read: very deep texts and unusual escapes."""
    # Late, because the patterns of most tests are valid.
    from eventbridge_local.patterns.refuse import reason_for_refusal

    reason = reason_for_refusal(text)
    if reason is not None:
        raise InvalidPattern(reason) from None
    try:
        return _rules(read_tree(text, tuple, _Spelled)[0])
    except (JsonError, _Refused) as error:  # pragma: no cover - the two compilers agree
        raise InvalidPattern("The pattern cannot be read") from error


# -- from text to a tree: objects as tuples of pairs, arrays as lists, numbers as they are spelled

_WHITE = re.compile(r"[ \t\r\n]*")


class _Refused(ValueError):
    """The pattern is invalid; says nothing about why."""


class _Spelled(str):
    """A number of a pattern, as written."""

    __slots__ = ()


def _spelled(text: str) -> _Spelled:
    if len(text) > LONGEST_NUMBER:
        raise _Refused
    return _Spelled(text)


def _refuse_constant(name: str) -> Any:
    raise _Refused


def _scanner(spelled: Callable[[str], _Spelled]) -> Callable[[str, int], tuple[Any, int]]:
    """Return what reads the value that begins at an index; where none begins it raises StopIteration."""
    decoder: Any = json.JSONDecoder(
        object_pairs_hook=tuple, parse_float=spelled, parse_int=spelled, parse_constant=_refuse_constant
    )
    return decoder.scan_once  # type: ignore[no-any-return]


_SCAN = _scanner(_spelled)
#: For texts in which no number can be too long.
_SCAN_SHORT = _scanner(_Spelled)


def _decode(text: str) -> Any:
    scan = _SCAN_SHORT if len(text) <= LONGEST_NUMBER else _SCAN
    tree, end = scan(text, 0 if text[:1] == "{" else _WHITE.match(text).end())  # type: ignore[union-attr]
    if end > DEEPEST:  # a shorter text cannot be too deep
        check_depth(text, end)
    return tree


# -- objects and $or


#: An object that is being read: its members, the names on the way to it (None at top level), and whether it is in $or.
_Object = tuple[Iterator[tuple[str, Any]], str | None, bool]


class _Or:
    """The branches of a ``$or`` that are being read, and what stands before them and comes of them."""

    __slots__ = ("before", "begun", "branches", "joined", "result")

    def __init__(self, branches: Iterator[Any], joined: str | None, before: list[dict[str, Any]]) -> None:
        self.branches = branches
        self.joined = joined
        self.before = before
        self.result: list[dict[str, Any]] = []
        self.begun = False


_ValueList = tuple[Condition, ...]  # its identity is what shares one Field among sub-rules


def _rules(tree: Any) -> list[dict[str, _ValueList]]:
    """Return the sub-rules of a decoded pattern, each from path to value list."""
    # A stack of its own instead of recursion, and one list of sub-rules that every field is added to: an $or in between
    # multiplies the sub-rules made so far, as the engine does it, and the fields behind it go into all of them.
    rules: list[dict[str, _ValueList]] = []
    work: list[_Object | _Or] = [(_members(tree), None, False)]
    entries = 0
    while work:
        frame = work[-1]
        if isinstance(frame, _Or):
            rules = _next_branch(work, frame, rules)
            entries += sum(map(len, rules))
            if len(rules) > MOST_COMBINATIONS or len(frame.result) > MOST_COMBINATIONS or entries > _MOST_ENTRIES:
                raise InvalidPattern(TOO_MANY_COMBINATIONS)
            continue
        members, joined, in_or = frame
        for name, value in members:
            kind = type(value)
            if name == "$or":
                work.append(_or(value, joined, rules))
                break
            if in_or and name in RESERVED:
                raise _Refused
            if kind is tuple and value:
                work.append((iter(value), name if joined is None else f"{joined}.{name}", in_or))
                break
            if kind is not list or not value:
                raise _Refused
            path = f"{joined}.{name}" if joined else name
            listed = tuple(map(_condition, value))
            rules = rules or [{}]
            entries += len(rules)
            for rule in rules:
                rule[path] = listed
        else:
            work.pop()
    return rules


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if type(value) is not tuple or not value:
        raise _Refused
    return iter(value)


def _or(value: Any, joined: str | None, rules: list[dict[str, Any]]) -> _Or:
    if type(value) is not list or len(value) < 2:
        raise _Refused
    return _Or(iter(value), joined, rules)


def _next_branch(work: list[_Object | _Or], frame: _Or, rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if frame.begun:
        frame.result.extend(rules)
    frame.begun = True
    for branch in frame.branches:
        work.append((_members(branch), frame.joined, True))
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
            raise _Refused
        operator = OPERATORS.get(value[0][0])
        if operator is None:
            raise _Refused
        tokens = _TreeTokens(value[0][1])
        return operator.grammar(tokens, tokens.next())
    if kind is _Spelled:
        number = comparable_or_none(value)
        return Spelling(str(value)) if number is None else Equal(number)
    if kind is list:
        raise _Refused
    return Word(value)


class _TreeTokens:
    """The tokens of a decoded operand and of the brace behind it; see ``operators.Tokens``."""

    __slots__ = ("next",)

    def __init__(self, operand: Any) -> None:
        tokens: list[Token] = []
        _add_tokens(operand, tokens)
        tokens.append(_CLOSE)
        self.next: Callable[[], Token] = iter(tokens).__next__

    text: Callable[[Token], str] = itemgetter(1)

    def fail(self, message: str, placed: bool = True) -> NoReturn:
        """Give up; ``refuse`` finds the words and the place."""
        raise _Refused

    def place_twice(self, twice: bool) -> None:
        """Do nothing: this reader knows no places."""


_OPEN, _CLOSE, _OPEN_LIST, _CLOSE_LIST = Token("{"), Token("}"), Token("["), Token("]")
_SCALARS: dict[type, str] = {str: "string", _Spelled: "number"}
_token = tuple.__new__  # makes a Token in half the time that Token() takes
_WORDS = {True: Token("word", "true"), False: Token("word", "false"), None: Token("word", "null")}


def _add_tokens(value: Any, tokens: list[Token]) -> None:
    kind = type(value)
    if kind in _SCALARS:
        tokens.append(_token(Token, (_SCALARS[kind], value)))
    elif kind is list:
        tokens.append(_OPEN_LIST)
        for element in value:
            scalar = _SCALARS.get(type(element))
            if scalar is None:
                _add_tokens(element, tokens)
            else:  # as nearly all elements are
                tokens.append(_token(Token, (scalar, element)))
        tokens.append(_CLOSE_LIST)
    elif kind is tuple:
        tokens.append(_OPEN)
        for name, inner in value:
            tokens.append(_token(Token, ("name", name)))
            _add_tokens(inner, tokens)
        tokens.append(_CLOSE)
    else:
        tokens.append(_WORDS[value])


# -- sub-rules


def _subrule(rule: Mapping[str, _ValueList], made: dict[int, Field]) -> SubRule:
    paths = sorted(rule) if len(rule) == 1 or all(map(str.isascii, rule)) else sorted(rule, key=_utf16_order)
    fields = []
    for path in paths:
        listed = rule[path]
        found = made.get(id(listed))
        if found is None or found.path != path:
            found = made[id(listed)] = make_field(path, listed)
        fields.append(found)
    return tuple(fields)


def _utf16_order(path: str) -> bytes:
    # By UTF-16 code units, as the engine sorts paths; Python sorts by code points.
    return path.encode("utf-16-be", "surrogatepass")
