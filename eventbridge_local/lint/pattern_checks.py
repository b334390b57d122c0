"""Checks of a pattern alone: values and fields that no event has, and branches of ``$or`` that add nothing.

The envelope is that of the User Guide, page "AWS service event metadata"; only replayed events have ``replay-name``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from eventbridge_local.lint.findings import Problem
from eventbridge_local.patterns import Pattern, explain
from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.conditions import Field, SubRule

_TEXTS = ("version", "id", "detail-type", "source", "account", "time", "region", "replay-name")
_OPTIONAL = ("replay-name", "resources")
_FIELDS = (*_TEXTS, "resources", "detail")
_NO_TEXT = (c.Equal, c.Range, c.Spelling, c.Word)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
#: The form of texts of the envelope, and its wording.
_FORMS = {
    "version": (re.compile("0"), "it is always '0'"),
    "account": (re.compile(r"[0-9]{12}"), "it is a string of twelve digits"),
    "region": (re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+|"), "it is a Region such as 'eu-west-1'"),
    "time": (_TIME, "it is of the form 2026-03-06T09:00:00Z; use {'prefix': ...}"),
}
_MOST_BRANCHES = 60


def problems(pattern: Pattern) -> Iterator[Problem]:
    """Yield everything that is wrong with a pattern, whatever the bus and the events."""
    dead = [next(filter(None, map(_never_matches, rule)), None) for rule in pattern.subrules]
    if all(dead):
        yield from {each.message: each for each in dead if each}.values()
        return
    for number, each in enumerate(dead, 1):
        if each:
            yield Problem("or-unreachable", f"branch {number} of {len(dead)} of $or never matches: {each.message}")
    yield from _values(pattern)
    yield from _branches(pattern)
    yield from _overrides(json.JSONDecoder().raw_decode(pattern.text.lstrip())[0], "")


# fields and values that no event has


def _never_matches(field: Field) -> Problem | None:
    """Return why no event matches a field; None when one may."""
    top, _, below = field.path.partition(".")
    if top not in _FIELDS:
        return None if field.absent_ok else Problem("envelope-field", _about_name(top))
    if top == "detail":
        if below:
            lost = [_lost(field.path, each) for each in field.conditions]
            return Problem("never-matches", "; ".join(lost)) if all(lost) else None
        if field.absent_ok:
            return None
        return Problem("never-matches", "detail is an object, and EventBridge looks at values only; name a field in it")
    if below and not field.absent_ok:
        kind = "a list of texts" if top == "resources" else "a text"
        return Problem("never-matches", f"{field.path}: {top} is {kind} and has no fields")
    reasons = [_impossible(field.path, each) for each in field.conditions]
    if not below and all(reasons):
        return Problem("never-matches", "; ".join(dict.fromkeys(filter(None, reasons))))
    return None


def _about_name(name: str) -> str:
    plain = name.replace("-", "").replace("_", "").lower()
    near = next((each for each in _FIELDS if each.replace("-", "") == plain), None)
    if near:
        return f"no event has {name!r} at the top level; write {near!r}"
    return f"no event has {name!r} at the top level; fields of your own are below 'detail'"


def _lost(path: str, condition: c.Condition) -> str:
    """Return why a number is equal to no number of an event (captured, facts 3.6); nothing for any other condition."""
    if isinstance(condition, c.Spelling) and condition.is_lost:
        return f"{path}: {condition.text} is equal to no number on AWS, not even to itself; no double stands for it"
    return ""


def _impossible(path: str, condition: c.Condition) -> str:
    """Return why a field of the envelope never satisfies a condition; nothing when it may."""
    wording = condition.wording()
    if isinstance(condition, c.Absent):
        return "" if path in _OPTIONAL else f"{path}: every event has it, so {wording} is never true"
    if isinstance(condition, _NO_TEXT):
        return f"{path}: {wording} is not a string, and {path} is a string; EventBridge compares JSON types"
    if isinstance(condition, c.Text) and path in _FORMS and not _FORMS[path][0].fullmatch(condition.text):
        return f"{path}: {wording} is never its value; {_FORMS[path][1]}"
    return ""


# value lists


def _values(pattern: Pattern) -> Iterator[Problem]:
    for field in {id(each): each for rule in pattern.subrules for each in rule}.values():
        if "." not in field.path and field.path in _FIELDS:
            reasons = [_impossible(field.path, each) for each in field.conditions]
        else:
            reasons = [_lost(field.path, each) for each in field.conditions]
        if not all(reasons):
            yield from (Problem("useless-value", reason) for reason in filter(None, reasons))
        yield from _alternatives(field)


def _alternatives(field: Field) -> Iterator[Problem]:
    """Yield alternatives that accept what another one accepts or leaves out."""
    listed = field.conditions
    for one in listed:
        excluded = one.excluded if isinstance(one, c.AnythingBut) else ()
        taken = [each for each in excluded if any(covers(other, each) for other in listed)]
        if taken and len(taken) == len(excluded):
            wording = f"{one.wording()}, or what it leaves out; alternatives are joined by or, so every value matches"
            yield Problem("matches-everything", f"{field.path}: {wording}")
            return
        if taken:
            wording = f"{taken[0].wording()} is left out by {one.wording()}"
            yield Problem("useless-value", f"{field.path}: {wording}, and another alternative matches it")
    if field.absent_ok and any(isinstance(each, c.Exists) for each in listed):
        yield Problem("matches-everything", f"{field.path}: exists: true or exists: false is always true; remove it")
        return
    for at, small in enumerate(listed):
        for other, big in enumerate(listed):
            if at != other and covers(big, small):
                both = f"{small.wording()} is among {big.wording()}"
                same = f"{small.wording()} is there twice"
                yield Problem("redundant-value", f"{field.path}: {same if big == small else both}; one is enough")
                break


# $or


def _branches(pattern: Pattern) -> Iterator[Problem]:
    rules = pattern.subrules[:_MOST_BRANCHES]
    for number, small in enumerate(rules, 1):
        for other, big in enumerate(rules, 1):
            if number != other and rule_covers(big, small) and not (rule_covers(small, big) and number < other):
                takes = f"branch {other} matches every event that branch {number} matches"
                yield Problem("or-unreachable", f"{takes}, of {len(pattern.subrules)} of $or; remove one")
                break
    if len(rules) > 1:
        yield from (Problem("or-overlap", warning) for warning in explain(pattern, {}).warnings)


def _overrides(tree: Any, path: str) -> Iterator[Problem]:
    """Yield fields that are both beside ``$or`` and in a branch: the engine keeps one list for a path."""
    if not isinstance(tree, dict):
        return
    beside = set(_paths({name: value for name, value in tree.items() if name != "$or"}, path))
    for number, branch in enumerate(tree.get("$or", ()) if isinstance(tree.get("$or"), list) else (), 1):
        for both in sorted(beside & set(_paths(branch, path))):
            yield Problem(
                "or-overrides",
                f"{both} is beside $or and in its branch {number}; EventBridge uses only one of the two lists, "
                "so write both conditions into each branch",
            )
        yield from _overrides(branch, path)
    for name, value in tree.items():
        if name != "$or":
            yield from _overrides(value, f"{path}.{name}" if path else name)


def _paths(tree: Any, path: str) -> Iterator[str]:
    for name, value in tree.items():
        where = f"{path}.{name}" if path else name
        if name == "$or" and isinstance(value, list):
            for branch in value:
                yield from _paths(branch, path)
        elif isinstance(value, dict):
            yield from _paths(value, where)
        else:
            yield where


# whether one condition, field or branch of a pattern accepts everything that another accepts
#
# True is certain; where it cannot be decided, the answer is False.


_SEVERAL: Any = object()


def exact_value(condition: c.Condition) -> Any:
    """Return the one value that a condition accepts; ``_SEVERAL`` when there are several."""
    if isinstance(condition, c.Text):
        return condition.text
    if isinstance(condition, c.Word):
        return condition.word
    return condition.number if isinstance(condition, c.Equal) else _SEVERAL


def is_exact(condition: c.Condition) -> bool:
    """Return whether a condition accepts one value only."""
    return exact_value(condition) is not _SEVERAL


def covers(big: c.Condition, small: c.Condition) -> bool:
    """Return whether ``big`` accepts every value that ``small`` accepts."""
    if big == small:
        return True
    if isinstance(small, c.Absent) or isinstance(big, c.Absent):
        return False
    if isinstance(big, c.Exists):
        return True
    if is_exact(small):
        return big.accepts(exact_value(small))
    if isinstance(big, c.Range) and isinstance(small, c.Range):
        return _starts_lower(big, small) and _ends_higher(big, small)
    if isinstance(big, c.Prefix) and isinstance(small, c.Prefix):
        return small.text.startswith(big.text)
    if isinstance(big, c.Suffix) and isinstance(small, c.Suffix):
        return small.text.endswith(big.text)
    if isinstance(big, c.AnythingBut) and isinstance(small, c.AnythingBut):
        return all(any(covers(other, mine) for other in small.excluded) for mine in big.excluded)
    return False


def _starts_lower(big: c.Range, small: c.Range) -> bool:
    return big.low < small.low or (big.low == small.low and (big.low_closed or not small.low_closed))


def _ends_higher(big: c.Range, small: c.Range) -> bool:
    return big.high > small.high or (big.high == small.high and (big.high_closed or not small.high_closed))


def field_covers(big: Field, small: Field) -> bool:
    """Return whether every value that satisfies ``small`` satisfies ``big``; their paths are the same."""
    return all(any(covers(one, other) for one in big.conditions) for other in small.conditions)


def rule_covers(big: SubRule, small: SubRule) -> bool:
    """Return whether every event that matches ``small`` matches ``big``."""
    fields = {each.path: each for each in small}
    return all(each.path in fields and field_covers(each, fields[each.path]) for each in big)


def may_both_match(one: SubRule, other: SubRule) -> bool:
    """Return whether one event may match both. False is certain, except where arrays are."""
    fields = {each.path: each for each in other}
    return all(_fields_may_both_match(each, fields[each.path]) for each in one if each.path in fields)


def _fields_may_both_match(one: Field, other: Field) -> bool:
    return any(_conditions_may_both_match(a, b) for a in one.conditions for b in other.conditions)


def _conditions_may_both_match(a: c.Condition, b: c.Condition) -> bool:
    if isinstance(a, c.Absent) or isinstance(b, c.Absent):
        return type(a) is type(b)
    if is_exact(a):
        return b.accepts(exact_value(a))
    return a.accepts(exact_value(b)) if is_exact(b) else True
