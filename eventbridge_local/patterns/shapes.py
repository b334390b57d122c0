"""What is left of an event once its values are judged, and the search for places that agree in it.

An array element is two bit masks, the fields with a value here and the fields satisfied here. Elements that look alike
are one, so what is searched stays small however long the arrays are. Facts: pattern language, section 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

State = frozenset[tuple[int, int]]  # array -> the element it is fixed to


@dataclass(slots=True)
class Element:
    """An array element (or the event itself) while it is walked."""

    present: int = 0
    satisfied: int = 0
    arrays: list[list[Element]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shape:
    """What is left of an element: masks of its own values, its arrays of shapes, and masks of all below it."""

    present: int
    satisfied: int
    arrays: tuple[tuple[Shape, ...], ...]
    all_present: int
    all_satisfied: int


@dataclass(slots=True)
class _Spot:
    """A shape at one position in the event; arrays carry numbers that states refer to."""

    present: int
    satisfied: int
    below: int  # mask of fields with a value here or deeper
    arrays: list[tuple[int, int, list[_Spot]]]  # (number, mask of the fields inside, elements)


def shape_of(elements: list[Element], keeps_absent: bool) -> Shape:
    """The event with equal elements made one and elements without a value of interest dropped.

    Args:
        elements: the event first, and every array element after the one it lies in.
        keeps_absent: whether it matters where values are that satisfy nothing.
    """
    known: dict[tuple[int, int, tuple[tuple[int, ...], ...]], int] = {}
    shapes: list[Shape] = []
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
    return shapes[last] if last >= 0 else Shape(0, 0, (), 0, 0)


def agree(order: list[int], absent_ok: frozenset[int], shape: Shape) -> bool:
    """Whether the fields find places that agree: go through them in order, keeping every way the arrays may be fixed.

    Args:
        order: the numbers of the fields.
        absent_ok: those that may have no value.
        shape: the event.
    """
    event = _lay_out(shape, sum(1 << number for number in order))
    states: set[State] = {frozenset()}
    later = [0] * (len(order) + 1)
    for at in range(len(order) - 1, -1, -1):
        later[at] = later[at + 1] | 1 << order[at]
    interest = _arrays_inside(event)
    for at, number in enumerate(order):
        bit = 1 << number
        known: dict[State, tuple[bool, list[State]]] = {}
        following: set[State] = set()
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


def _make_shape(key: tuple[int, int, tuple[tuple[int, ...], ...]], shapes: list[Shape]) -> Shape:
    present, satisfied, arrays = key
    inside = tuple(tuple(shapes[number] for number in array) for array in arrays)
    all_present, all_satisfied = present, satisfied
    for array in inside:
        for shape in array:
            all_present |= shape.all_present
            all_satisfied |= shape.all_satisfied
    return Shape(present, satisfied, inside, all_present, all_satisfied)


def _lay_out(shape: Shape, wanted: int) -> _Spot:
    """The shape position by position, only as far as the wanted fields go."""
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


def _spot(shape: Shape, wanted: int) -> _Spot:
    return _Spot(shape.present & wanted, shape.satisfied & wanted, shape.all_present & wanted, [])


def _arrays_inside(event: _Spot) -> dict[int, int]:
    """For each numbered array, the fields inside it."""
    inside = {}
    todo = [event]
    while todo:
        for number, mask, spots in todo.pop().arrays:
            inside[number] = mask
            todo.extend(spots)
    return inside


def _choices(event: _Spot, bit: int, state: State) -> tuple[bool, list[State]]:
    """Whether a field has any value at a place agreeing with `state`, and the ways to fix arrays that satisfy it."""
    fixed = dict(state)
    present = False
    choices: set[State] = set()
    todo: list[tuple[_Spot, State]] = [(event, frozenset())]
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
