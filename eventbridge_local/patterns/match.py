"""Deciding whether an event satisfies the sub-rules of a pattern.

Strategy: most events reach a verdict by looking the fields up, one after the other (``judge_of``). That is right as
long as no two fields of the pattern lie in one array of objects. Whatever makes it doubtful (objects inside arrays,
dotted or repeated keys) goes to ``ArrayMatcher``, which follows the engine's full rules: every value has a place in the
arrays around it, and the places of all fields must agree. There the event is walked once and each value judged once;
what is left are bit masks. Array elements that look alike become one, so that the search for places that agree stays
small however long the arrays are. Source: facts 12.9, 12.10.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from eventbridge_local.frozen import frozen
from eventbridge_local.patterns.conditions import Field, SubRule
from eventbridge_local.patterns.events import pairs_of
from eventbridge_local.patterns.values import SpelledNumber

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
    """Return the function that tells whether an event's tree satisfies any of the sub-rules."""
    thorough = ArrayMatcher(subrules)
    plans = [_plan(rule) for rule in subrules]
    if None in plans:
        return thorough.judge

    if len(plans) == 1:  # as most patterns, which have no $or
        [only] = plans

        def judge_one(tree: dict[str, Any]) -> bool:
            verdict = _look_up(tree, only) if type(tree) is dict else None  # type: ignore[arg-type]
            return thorough.judge(tree) if verdict is None else verdict

        return judge_one

    def judge(tree: dict[str, Any]) -> bool:
        if type(tree) is not dict:
            return thorough.judge(tree)
        for plan in plans:
            verdict = _look_up(tree, plan)  # type: ignore[arg-type]
            if verdict:
                return True
            if verdict is None:
                return thorough.judge(tree)
        return False

    return judge


def plain_path(path: str) -> list[str] | None:
    """Return the names of a path, or None for one with empty names, which only ``ArrayMatcher`` understands."""
    names = path.split(".")
    return names if all(names) else None


def _plan(rule: SubRule) -> _Level | None:
    """Return the look-ups of a sub-rule, or None where it needs the thorough way always."""
    named: list[tuple[list[str], Field]] = []
    for each in rule:
        names = plain_path(each.path)
        if names is None or len(names) > _DEEPEST_PLAN:
            return None
        named.append((names, each))
    return _level(named, 0)


def _level(named: list[tuple[list[str], Field]], depth: int) -> _Level:
    dotted: set[str] = set()
    groups: dict[str, list[tuple[list[str], Field]]] = {}
    for names, each in named:
        groups.setdefault(names[depth], []).append((names, each))
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
    """Return True or False, or None when only the thorough way can tell."""
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
    """Return whether an array (also a nested one) holds an accepted scalar, or none at all where that is accepted."""
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


# -- by the full rules


class Found:
    """What an event has at one path: scalars, whether in an array element, and whether objects or arrays are there."""

    __slots__ = ("containers", "in_array", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.in_array = False
        self.containers = False


class ArrayMatcher:
    """Judge events against sub-rules by the full rules: arrays, dotted keys and repeated keys included.

    Args:
        subrules: of one pattern.
    """

    def __init__(self, subrules: tuple[SubRule, ...]) -> None:
        self.fields: list[Field] = []
        numbers: dict[int, int] = {}
        for rule in subrules:
            for each in rule:
                if numbers.setdefault(id(each), len(self.fields)) == len(self.fields):
                    self.fields.append(each)
        self._absent_ok = frozenset(number for number, each in enumerate(self.fields) if each.absent_ok)
        self._keeps_absent = bool(self._absent_ok)
        self._orders = [self._order(rule, numbers) for rule in subrules]
        self._root: _PathNode | None = None
        self._empty_in_use = any("" in _split_path(each.path) for each in self.fields)

    def judge(self, tree: Mapping[str, Any]) -> bool:
        """Return whether the event's tree satisfies any of the sub-rules."""
        shape = _shape_of(self._walk(tree), self._keeps_absent)
        return any(self._holds(order, shape) for order in self._orders)

    def judge_each(self, tree: Mapping[str, Any]) -> list[bool]:
        """Return the verdict of every sub-rule."""
        shape = _shape_of(self._walk(tree), self._keeps_absent)
        return [self._holds(order, shape) for order in self._orders]

    def found(self, tree: Mapping[str, Any]) -> dict[str, Found]:
        """Return what the event has at each path, wherever in its arrays."""
        found = {each.path: Found() for each in self.fields}
        todo: list[tuple[Any, _PathNode, bool]] = [(tree, self._trie(), False)]
        while todo:
            value, node, in_array = todo.pop()
            here = found[self.fields[node.ends[0]].path] if node.ends else Found()
            if isinstance(value, Mapping):
                here.containers = True
                todo += [
                    (child, below, in_array)
                    for name, child in pairs_of(value)
                    if (below := self._below(node, name)) is not None
                ]
            elif isinstance(value, list | tuple):
                here.containers = True
                for item in value:
                    todo.append((item, node, in_array or isinstance(item, Mapping | list | tuple)))
            else:
                here.values.append(value)
                here.in_array = here.in_array or in_array
        for each in found.values():
            each.values.reverse()  # the walk takes the last first
        return found

    def _order(self, rule: SubRule, numbers: dict[int, int]) -> list[int]:
        # The engine's order decides what exists: false means. Without it any order gives the same verdict, and one
        # that keeps the fields of an array together leaves the least to remember.
        if not any(each.absent_ok for each in rule):
            rule = tuple(sorted(rule, key=lambda each: each.path.split(".")))
        return [numbers[id(each)] for each in rule]

    # -- walking the event

    def _trie(self) -> _PathNode:
        root = _PathNode()
        for number, each in enumerate(self.fields):
            node = root
            for name in each.path.split("."):
                node = node.below.setdefault(name, _PathNode())
            node.ends.append(number)
        return root

    def _walk(self, tree: Mapping[str, Any]) -> list[_Element]:
        """Return the event and all array elements a field may lie in; outer ones come before inner ones."""
        if self._root is None:
            self._root = self._trie()
        event = _Element()
        elements = [event]
        todo: list[tuple[Any, _PathNode, _Element]] = [(tree, self._root, event)]
        while todo:
            value, node, element = todo.pop()
            if isinstance(value, Mapping):
                for name, child in pairs_of(value):
                    below = self._below(node, name)
                    if below is not None:
                        todo.append((child, below, element))
            elif isinstance(value, list | tuple):
                array: list[_Element] = []
                for item in value:
                    if isinstance(item, Mapping | list | tuple):
                        array.append(_Element())
                        todo.append((item, node, array[-1]))
                    else:
                        self._leaf(item, node, element)
                if array:
                    element.arrays.append(array)
                    elements.extend(array)
            else:
                self._leaf(value, node, element)
        return elements

    def _below(self, node: _PathNode, name: str) -> _PathNode | None:
        """Return where a key leads. A dot counts as nesting; empty names count only where the pattern has them."""
        if name and "." not in name:
            return node.below.get(name)
        if "" in _split_path(name) and not self._empty_in_use:
            return None
        following: _PathNode | None = node
        for piece in name.split("."):
            following = following.below.get(piece) if following is not None else None
        return following

    def _leaf(self, value: Any, node: _PathNode, element: _Element) -> None:
        for number in node.ends:
            element.present |= 1 << number
            if not element.satisfied >> number & 1 and self.fields[number].accepts(value):
                element.satisfied |= 1 << number

    # -- judging a sub-rule

    def _holds(self, order: list[int], shape: _Shape) -> bool:
        fields = self.fields
        missing = [number for number in order if not shape.all_satisfied >> number & 1]
        if any(not fields[number].absent_ok for number in missing):
            return False
        if not shape.arrays:
            return not any(shape.present >> number & 1 for number in missing)
        return _agree(order, self._absent_ok, shape)


class _PathNode:
    """The fields of a pattern by the names of their paths."""

    __slots__ = ("below", "ends")

    def __init__(self) -> None:
        self.below: dict[str, _PathNode] = {}
        self.ends: list[int] = []  # indexes of the fields whose path ends here


def _split_path(path: str) -> list[str]:
    """Return the names of a path as Java splits it: empty names at the end are dropped."""
    if not path:
        return [""]
    return path.rstrip(".").split(".") if path.strip(".") else []


# -- the search for places that agree

_State = frozenset[tuple[int, int]]  # array -> the element it is fixed to


class _Element:
    """An array element (or the event itself) while it is walked: masks of the fields with a value, and satisfied."""

    __slots__ = ("arrays", "present", "satisfied")

    def __init__(self) -> None:
        self.present = 0
        self.satisfied = 0
        self.arrays: list[list[_Element]] = []


@frozen
class _Shape:
    """What is left of an element: masks of its own values, its arrays of shapes, and masks of all below it."""

    present: int
    satisfied: int
    arrays: tuple[tuple[_Shape, ...], ...]
    all_present: int
    all_satisfied: int


class _Spot:
    """A shape at one position in the event; arrays carry numbers that states refer to."""

    __slots__ = ("arrays", "below", "present", "satisfied")

    def __init__(self, present: int, satisfied: int, below: int) -> None:
        self.present = present
        self.satisfied = satisfied
        self.below = below  # mask of fields with a value here or deeper
        self.arrays: list[tuple[int, int, list[_Spot]]] = []  # (number, mask of the fields inside, elements)


def _shape_of(elements: list[_Element], keeps_absent: bool) -> _Shape:
    """Return the event with equal elements made one and elements without a value of interest dropped.

    Args:
        elements: the event first, and every array element after the one it lies in.
        keeps_absent: whether it matters where values are that satisfy nothing.
    """
    known: dict[tuple[int, int, tuple[tuple[int, ...], ...]], int] = {}
    shapes: list[_Shape] = []
    numbers: dict[int, int] = {}
    for element in reversed(elements):
        arrays = []
        for array in element.arrays:
            inside = {numbers[id(child)] for child in array} - {-1}
            if inside:
                arrays.append(tuple(sorted(inside)))
        present = element.present if keeps_absent else element.satisfied
        key = (present, element.satisfied, tuple(sorted(arrays)))
        if not present and not arrays:
            numbers[id(element)] = -1
            continue
        if key not in known:
            known[key] = len(shapes)
            shapes.append(_make_shape(key, shapes))
        numbers[id(element)] = known[key]
    last = numbers[id(elements[0])]
    return shapes[last] if last >= 0 else _Shape(0, 0, (), 0, 0)


def _agree(order: list[int], absent_ok: frozenset[int], shape: _Shape) -> bool:
    """Return whether the fields find places that agree: try them in order, with every way the arrays may be fixed.

    Args:
        order: the numbers of the fields.
        absent_ok: those that may have no value.
        shape: the event.
    """
    event = _lay_out(shape, sum(1 << number for number in order))
    states: set[_State] = {frozenset()}
    later = [0] * (len(order) + 1)
    for at in range(len(order) - 1, -1, -1):
        later[at] = later[at + 1] | 1 << order[at]
    interest = _arrays_inside(event)
    for at, number in enumerate(order):
        bit = 1 << number
        known: dict[_State, tuple[bool, list[_State]]] = {}
        following: set[_State] = set()
        for state in states:
            relevant = frozenset(pair for pair in state if interest[pair[0]] & bit)
            if relevant not in known:
                known[relevant] = _choices(event, bit, relevant)
            found, choices = known[relevant]
            alive = frozenset(pair for pair in state if interest[pair[0]] & later[at + 1])
            if not found and number in absent_ok:
                following.add(alive)
            for choice in choices:
                following.add(alive | {pair for pair in choice if interest[pair[0]] & later[at + 1]})
        if not following:
            return False
        states = following
    return True


def _make_shape(key: tuple[int, int, tuple[tuple[int, ...], ...]], shapes: list[_Shape]) -> _Shape:
    present, satisfied, arrays = key
    inside = tuple(tuple(shapes[number] for number in array) for array in arrays)
    all_present, all_satisfied = present, satisfied
    for array in inside:
        for shape in array:
            all_present |= shape.all_present
            all_satisfied |= shape.all_satisfied
    return _Shape(present, satisfied, inside, all_present, all_satisfied)


def _lay_out(shape: _Shape, wanted: int) -> _Spot:
    """Return the shape position by position, only as far as the wanted fields go."""
    event = _spot(shape, wanted)
    todo = [(event, shape)]
    count = 0
    while todo:
        spot, shape = todo.pop()
        for array in shape.arrays:
            inside = [each for each in array if each.all_present & wanted]
            if not inside:
                continue
            spots = [_spot(each, wanted) for each in inside]
            mask = 0
            for each in spots:
                mask |= each.below
            # An array that has one kind of element only leaves nothing to choose, so it needs no number.
            spot.arrays.append((count if len(spots) > 1 else -1, mask, spots))
            count += len(spots) > 1
            todo.extend(zip(spots, inside, strict=True))
    return event


def _spot(shape: _Shape, wanted: int) -> _Spot:
    return _Spot(shape.present & wanted, shape.satisfied & wanted, shape.all_present & wanted)


def _arrays_inside(event: _Spot) -> dict[int, int]:
    """Return for each numbered array the fields inside it."""
    inside = {}
    todo = [event]
    while todo:
        for number, mask, spots in todo.pop().arrays:
            inside[number] = mask
            todo.extend(spots)
    return inside


def _choices(event: _Spot, bit: int, state: _State) -> tuple[bool, list[_State]]:
    """Return whether a field has a value at a place that agrees with `state`, and the ways to fix arrays for it."""
    fixed = dict(state)
    present = False
    choices: set[_State] = set()
    todo: list[tuple[_Spot, _State]] = [(event, frozenset())]
    while todo:
        spot, place = todo.pop()
        present = present or bool(spot.present & bit)
        if spot.satisfied & bit:
            choices.add(place)
        for number, mask, spots in spot.arrays:
            if not mask & bit:
                continue
            if number < 0:
                todo.append((spots[0], place))
            elif number in fixed:
                todo.append((spots[fixed[number]], place))
            else:
                todo.extend((each, place | {(number, at)}) for at, each in enumerate(spots))
    return present, list(choices)
