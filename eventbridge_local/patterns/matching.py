"""Deciding whether an event satisfies the sub-rules of a pattern.

Most events reach a verdict by looking the fields up, one after the other. Whatever makes that doubtful (objects inside
arrays, dotted or repeated keys) goes to `places`, which follows the engine's rules of array consistency.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eventbridge_local.patterns.numbers import SpelledNumber
from eventbridge_local.patterns.places import Places
from eventbridge_local.patterns.syntax import Field, SubRule

SCALARS = frozenset({str, int, float, bool, type(None), SpelledNumber})
_DEEPEST_PLAN = 16  # names in a path; dotted spellings of longer paths would be too many to list
_MISSING: Any = object()


class _Step(NamedTuple):
    """One name to look up in an object, what is wanted of its value, and what is wanted below it."""

    name: str
    accepts: Callable[[Any], bool] | None  # None: no field of the sub-rule ends here
    absent_ok: bool
    below: _Level | None
    below_absent_ok: bool


class _Level(NamedTuple):
    """What is wanted of one object: steps, and the dotted keys that would mean something to the sub-rule."""

    dotted: frozenset[str]
    steps: tuple[_Step, ...]


def judge_of(subrules: tuple[SubRule, ...]) -> Callable[[dict[str, Any]], bool]:
    """The function that tells whether an event's tree satisfies any of the sub-rules."""
    places = Places(subrules)
    plans = [_plan(rule) for rule in subrules]
    if None in plans:
        return places.judge

    def judge(tree: dict[str, Any]) -> bool:
        if type(tree) is not dict:
            return places.judge(tree)
        for plan in plans:
            verdict = _look_up(tree, plan)  # type: ignore[arg-type]
            if verdict:
                return True
            if verdict is None:
                return places.judge(tree)
        return False

    return judge


def plain_path(path: str) -> list[str] | None:
    """The names of a path, or None for one with empty names, which follow rules of their own (`places`)."""
    names = path.split(".")
    return names if all(names) else None


def _plan(rule: SubRule) -> _Level | None:
    """The look-ups of a sub-rule, or None where it needs the thorough way always."""
    named: list[tuple[list[str], Field]] = []
    for field in rule:
        names = plain_path(field.path)
        if names is None or len(names) > _DEEPEST_PLAN:
            return None
        named.append((names, field))
    return _level(named, 0)


def _level(named: list[tuple[list[str], Field]], depth: int) -> _Level:
    dotted: set[str] = set()
    groups: dict[str, list[tuple[list[str], Field]]] = {}
    for names, field in named:
        groups.setdefault(names[depth], []).append((names, field))
        dotted.update(".".join(names[depth:end]) for end in range(depth + 2, len(names) + 1))
    return _Level(frozenset(dotted), tuple(_step(name, group, depth + 1) for name, group in groups.items()))


def _step(name: str, group: list[tuple[list[str], Field]], depth: int) -> _Step:
    here = [field for names, field in group if len(names) == depth]
    deeper = [(names, field) for names, field in group if len(names) > depth]
    return _Step(
        name,
        here[0].accepts if here else None,
        not here or here[0].absent_ok,
        _level(deeper, depth) if deeper else None,
        all(field.absent_ok for _, field in deeper),
    )


def _look_up(tree: dict[str, Any], level: _Level) -> bool | None:
    """True or False, or None when only the thorough way can tell."""
    dotted, steps = level
    if dotted and not tree.keys().isdisjoint(dotted):
        return None
    for name, accepts, absent_ok, below, below_absent_ok in steps:
        value = tree.get(name, _MISSING)
        kind = type(value)
        if kind in SCALARS:
            if accepts is not None and not accepts(value):
                return False
            if not below_absent_ok:
                return False
        elif value is _MISSING:
            if not absent_ok or not below_absent_ok:
                return False
        elif kind is dict:
            if not absent_ok:
                return False
            if below is not None:
                verdict = _look_up(value, below)
                if not verdict:
                    return verdict
        elif kind is list:
            if below is not None:
                if not all(type(item) in SCALARS for item in value):
                    return None
                if not below_absent_ok:
                    return False
            if accepts is not None and not any_leaf(value, accepts, absent_ok):
                return False
        else:
            return None
    return True


def any_leaf(items: list[Any], accepts: Callable[[Any], bool], absent_ok: bool) -> bool:
    """Whether an array, nested arrays included, holds an accepted scalar; or none at all, where that is accepted."""
    found = False
    todo: list[Any] = [items]
    while todo:
        for item in todo.pop():
            if type(item) in SCALARS:
                if accepts(item):
                    return True
                found = True
            elif isinstance(item, list | tuple):
                todo.append(item)
            elif not isinstance(item, Mapping):
                found = True
                if accepts(item):
                    return True
    return absent_ok and not found
