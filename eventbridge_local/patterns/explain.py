"""Why an event does not satisfy a pattern: field by field, against the branch that came closest.

The verdict is always that of ``match``. This module adds reports of the fields, and hints on the usual mistakes: a name
spelled otherwise, another level, another JSON type, another letter case, different elements of an array.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from eventbridge_local.frozen import frozen
from eventbridge_local.patterns.compile import Pattern, pattern_of
from eventbridge_local.patterns.conditions import (
    Absent,
    AnythingBut,
    Condition,
    Equal,
    Field,
    SubRule,
    Text,
    Word,
    list_wording,
    listed,
)
from eventbridge_local.patterns.events import event_tree, pairs_of
from eventbridge_local.patterns.match import ArrayMatcher, Found
from eventbridge_local.patterns.values import number_key, number_wording, read_float, value_wording
from eventbridge_local.visible import visible, visible_lines

MismatchKind = Literal[
    "absent", "value", "type", "case", "element", "exists_on_non_leaf", "wrong_level", "array_consistency", "present"
]
_MOST_SEARCHED = 20_000  # values of the event looked at for a field of the same name
_LONGEST_NUMBER = 40
_MOST_COMPARED = 200  # sub-rules looked at for overlaps, and for the closest


@frozen
class Match:
    """The verdict on one pattern and one event; true or false."""

    matched: bool

    def __bool__(self) -> bool:
        return self.matched

    def __eq__(self, other: object) -> bool:
        return self.matched == bool(other) if isinstance(other, bool | Match) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.matched)


@frozen
class Mismatch:
    """One field that keeps an event from matching.

    Args:
        path: such as ``detail.total``.
        kind: ``absent``; ``wrong_level``, absent here but found elsewhere; ``present``, there though it must not be;
            ``exists_on_non_leaf``, an object or empty array where a value is wanted; ``type`` and ``case``, equal but
            for those; ``element``, an array without a fitting element; ``array_consistency``, satisfied only by
            different elements of an array; ``value`` otherwise.
        wanted: the conditions in words.
        actual: the event's value, a tuple where there are several, None where there is none.
        hint: a sentence of advice, or "".
    """

    path: str
    kind: MismatchKind
    wanted: str
    actual: Any = None
    hint: str = ""

    def __str__(self) -> str:
        return visible_lines(_lines(FieldReport(self.path, self.wanted, self.actual, self), len(self.path)))


@frozen
class FieldReport:
    """One field of the pattern.

    Args:
        path: such as ``detail.total``.
        wanted: the conditions in words.
        actual: the event's value, a tuple where there are several, None where there is none.
        mismatch: how it differs, None where it is satisfied.
    """

    path: str
    wanted: str
    actual: Any = None
    mismatch: Mismatch | None = None

    @property
    def ok(self) -> bool:
        """Whether the field is satisfied."""
        return self.mismatch is None


@frozen
class Explanation:
    """Whether an event matches, and why not; true or false as ``matches`` says.

    Args:
        matched: the verdict.
        fields: all fields of the branch of the pattern that is explained.
        branch: the number of that branch, from 1.
        branches: how many branches ``$or`` makes; 1 where the pattern has none.
        warnings: what the real engine is known to decide differently.
    """

    matched: bool
    fields: tuple[FieldReport, ...]
    branch: int = 1
    branches: int = 1
    warnings: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.matched

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """The fields that differ."""
        return tuple(each.mismatch for each in self.fields if each.mismatch is not None)

    def __repr__(self) -> str:
        verdict = "match" if self.matched else "no match"
        paths = ", ".join(each.path for each in self.mismatches)
        return visible(f"<Explanation: {verdict}{f' because of {paths}' if paths else ''}>")

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_text  # few tests run in a notebook

        return as_text(str(self))

    def __str__(self) -> str:
        width = max(len(each.path) for each in self.fields)
        lines = [line for each in self.fields for line in _lines(each, width)]
        if self.branches > 1:
            what = "satisfied" if self.matched else "closest"
            lines.insert(0, f"{what}: branch {self.branch} of {self.branches} of $or")
        return visible_lines([*lines, *(f"warning: {warning}" for warning in self.warnings)])


def matches(pattern: Pattern | str | Mapping[str, Any], event: Any) -> Match:
    """Tell whether an event satisfies a pattern.

    Args:
        pattern: JSON text, a dict, or a compiled pattern.
        event: JSON text, a dict, or an object with an ``envelope``, such as an entry of ``eb.events``.

    Returns:
        An object that is true or false.

    Raises:
        InvalidPattern: AWS would refuse the pattern; the text is AWS's.
        ValueError: the event is text that is not a JSON object.
    """
    return Match(pattern_of(pattern).matches(event))


def explain(pattern: Pattern | str | Mapping[str, Any], event: Any) -> Explanation:
    """Tell why an event does or does not satisfy a pattern. It never disagrees with ``matches``.

    Args:
        pattern: JSON text, a dict, or a compiled pattern.
        event: JSON text, a dict, or an object with an ``envelope``, such as an entry of ``eb.events``.

    Returns:
        An object that is true or false as ``matches`` says, and that tells the fields one by one when printed.

    Raises:
        InvalidPattern: AWS would refuse the pattern; the text is AWS's.
        ValueError: the event is text that is not a JSON object.
    """
    compiled = pattern_of(pattern)
    tree = event_tree(event)
    matcher = ArrayMatcher(compiled.subrules)
    verdicts = matcher.judge_each(tree)
    found = matcher.found(tree)
    matched = any(verdicts)
    at = verdicts.index(True) if matched else _closest(compiled.subrules, found)
    rule = compiled.subrules[at]
    reports = [_report(each, found[each.path], tree) for each in rule]
    if not matched and all(report.ok for report in reports):
        reports = [_inconsistent(report, found[report.path]) for report in reports]
    elif matched:
        # An absent_ok field may hold a value elsewhere in an array; the verdict has taken that into account.
        reports = [FieldReport(report.path, report.wanted, report.actual) for report in reports]
    branches = len(compiled.subrules)
    return Explanation(matched, tuple(reports), at + 1, branches, tuple(_overlaps(compiled.subrules)))


def _holds(each: Field, found: Found) -> bool:
    """Return whether a field by itself is satisfied."""
    if not found.values:
        return each.absent_ok
    return any(map(each.accepts, found.values))


def _closest(subrules: tuple[SubRule, ...], found: dict[str, Found]) -> int:
    """Return the sub-rule with the fewest unsatisfied fields."""
    known = {id(each): _holds(each, found[each.path]) for rule in subrules for each in rule}
    misses = [sum(not known[id(each)] for each in rule) for rule in subrules]
    return misses.index(min(misses))


def _report(each: Field, found: Found, tree: Mapping[str, Any]) -> FieldReport:
    wanted = list_wording(each.conditions)
    values = tuple(found.values)
    actual = values[0] if len(values) == 1 else values or None
    if _holds(each, found):
        return FieldReport(each.path, wanted, actual)
    kind, hint = _reason(each, found, tree)
    return FieldReport(each.path, wanted, actual, Mismatch(each.path, kind, wanted, actual, hint))


def _inconsistent(report: FieldReport, found: Found) -> FieldReport:
    """Explain fields that are each satisfied somewhere, but not in one element of the arrays they share."""
    if not found.in_array:
        return report
    hint = "each field is satisfied, but by different elements of an array; one element must satisfy all of them"
    mismatch = Mismatch(report.path, "array_consistency", report.wanted, report.actual, hint)
    return FieldReport(report.path, report.wanted, report.actual, mismatch)


def _overlaps(subrules: tuple[SubRule, ...]) -> Iterator[str]:
    """Find pairs of branches of which the engine is known to lose the later one."""
    earlier: dict[tuple[str, ...], list[tuple[int, list[frozenset[Any]]]]] = {}
    for number, rule in enumerate(subrules[:_MOST_COMPARED], 1):
        lists = [frozenset(each.conditions) for each in rule]
        same_paths = earlier.setdefault(tuple(each.path for each in rule), [])
        for other, others in same_paths:
            pairs = list(zip(others, lists, strict=True))
            if all(one & two for one, two in pairs) and any(two - one for one, two in pairs):
                yield (
                    f"branches {other} and {number} of $or share a value at {listed(each.path for each in rule)}; "
                    f"the real EventBridge may ignore branch {number}, so put it first or merge the two"
                )
        same_paths.append((number, lists))


# -- as text


def _lines(report: FieldReport, width: int) -> list[str]:
    mismatch = report.mismatch
    path = report.path.ljust(width)
    if mismatch is None:
        return [f"{path}  ok      {_shown(report.actual)}".rstrip()]
    state = "absent " if is_absent(mismatch) else "differs"
    lines = [f"{path}  {state} {mismatch_text(mismatch)}"]
    return [*lines, f"{'':{width}}          {mismatch.hint}"] if mismatch.hint else lines


def is_absent(mismatch: Mismatch) -> bool:
    """Return whether the event has no such field, as opposed to a field with another value."""
    return mismatch.kind in ("absent", "wrong_level")


def mismatch_text(mismatch: Mismatch) -> str:
    """Return what is wanted and what there is, such as ``wanted prefix 'DE', got 'FR'``."""
    if is_absent(mismatch):
        return f"wanted {mismatch.wanted}"
    several = "an object or an empty array" if mismatch.kind == "exists_on_non_leaf" else ""
    return f"wanted {mismatch.wanted}, got {several or _shown(mismatch.actual, none='null')}"


def _shown(actual: Any, none: str = "") -> str:
    if isinstance(actual, tuple):
        return f"[{listed(map(value_wording, actual))}]"
    return none if actual is None else value_wording(actual)


# -- hints


def _reason(field: Field, found: Found, tree: Mapping[str, Any]) -> tuple[MismatchKind, str]:
    """Return the kind of an unsatisfied field's mismatch, and a hint or "".

    Args:
        field: what the pattern wants.
        found: what the event has at the field's path.
        tree: the whole event.
    """
    if not found.values:
        return _nothing(field, found, tree)
    if all(type(each) is Absent for each in field.conditions):
        return "present", "exists: false matches only if the field is missing"
    for value in found.values:
        if hint := _type_hint(field.conditions, value):
            return "type", hint
    for value in found.values:
        if hint := _case_hint(field.conditions, value):
            return "case", hint
    return ("element", "no element of the array satisfies the condition") if len(found.values) > 1 else ("value", "")


def _nothing(field: Field, found: Found, tree: Mapping[str, Any]) -> tuple[MismatchKind, str]:
    if found.containers:
        return (
            "exists_on_non_leaf",
            "EventBridge compares values only; an object or an empty array is not a value",
        )
    return missing_hint(field.path, tree)


def missing_hint(wanted: str, tree: Mapping[str, Any]) -> tuple[Literal["absent", "wrong_level"], str]:
    """Return where a field that is missing may be instead: under a similar name, or on another level.

    Args:
        wanted: its path, such as ``detail.order-id``.
        tree: the whole event.
    """
    similar, name = _plain(wanted), wanted.rpartition(".")[2]
    for path in _paths(tree):
        if path != wanted and _plain(path) == similar:
            return "absent", f"the event has {path}; EventBridge compares names exactly"
    for path in _paths(tree):
        if path != wanted and path.rpartition(".")[2] == name:
            return "wrong_level", f"{name} is at {path}"
    return "absent", ""


def value_hint(wanted: str | float | bool | None, actual: Any) -> str:
    """Return in what a plain value is another than the wanted one only: the JSON type or the letter case; or ""."""
    if isinstance(wanted, str):
        condition: Condition = Text(wanted)
    elif wanted is None or isinstance(wanted, bool):
        condition = Word(wanted)
    elif (number := number_key(wanted)) is not None:
        condition = Equal(number)
    else:
        return ""
    return _type_hint((condition,), actual) or _case_hint((condition,), actual)


def _plain(path: str) -> str:
    return path.replace("-", "").replace("_", "").lower()


def _paths(tree: Mapping[str, Any]) -> Iterator[str]:
    """Return the paths of the event's values, nearest first."""
    level: list[tuple[str, Any]] = [("", tree)]
    count = 0
    while level:
        following: list[tuple[str, Any]] = []
        for path, value in level:
            count += 1
            if count > _MOST_SEARCHED:
                return
            if isinstance(value, Mapping):
                following += [(f"{path}.{name}" if path else name, each) for name, each in pairs_of(value)]
            elif isinstance(value, list | tuple):
                following += [(path, each) for each in value]
            else:
                yield path
        level = following


def _type_hint(conditions: Sequence[Condition], value: Any) -> str:
    """Return advice where a value of another JSON type would do."""
    if isinstance(value, str):
        number = _as_number(value)
        word = {"true": True, "false": False, "null": None}.get(value, value)
        fits_number = number is not None and _accepts(conditions, number)
        fits = fits_number or (word is not value and _accepts(conditions, word))
        types = f"a string, not {'a number' if fits_number else 'null' if word is None else 'a boolean'}"
    else:
        text = value_wording(value)
        key = number_key(value)
        spelled = {text, number_wording(key)} if key is not None else {text}
        fits = any(_accepts(conditions, each) for each in spelled)
        types = f"{'a number' if key is not None else 'null' if value is None else 'a boolean'}, not a string"
    return f"EventBridge compares JSON types; {value_wording(value)} is {types}" if fits else ""


def _as_number(text: str) -> float | None:
    if len(text) > _LONGEST_NUMBER or text.strip("+-.eE0123456789"):
        return None
    try:
        return read_float(text)
    except ValueError:
        return None


def _accepts(conditions: Sequence[Condition], value: Any) -> bool:
    # Conditions that take any type would take this one anyway; they say nothing about types.
    return any(each.accepts(value) for each in conditions if type(each) is not AnythingBut)


def _case_hint(conditions: Sequence[Condition], value: Any) -> str:
    for each in conditions:
        relaxed = each.ignoring_case()
        if relaxed is not None and relaxed.accepts(value):
            return f"{value_wording(value)} differs from {each.wording()} only in case"
    return ""
