"""``@frozen`` does what a frozen dataclass with slots does, as far as it goes."""

from __future__ import annotations

import copy
import pickle
from dataclasses import FrozenInstanceError
from typing import ClassVar

import pytest

from eventbridge_local.frozen import frozen


@frozen
class Point:
    """A point."""

    names: ClassVar[tuple[str, ...]] = ("x", "y")

    x: int
    y: int = 7

    def __str__(self) -> str:
        return f"{self.x}/{self.y}"


@frozen
class Other:
    x: int
    y: int = 7


def test_fields_are_arguments_in_their_order() -> None:
    assert (Point(1).x, Point(1).y, Point(1, 2).y, Point(y=3, x=4).x) == (1, 7, 2, 4)
    assert Point.names == ("x", "y")
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'x'"):
        Point()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        Point(1, z=2)  # type: ignore[call-arg]


def test_equal_are_instances_of_one_class_with_equal_fields() -> None:
    assert Point(1) == Point(1, 7)
    assert hash(Point(1)) == hash(Point(1, 7))
    assert Point(1) != Point(2)
    assert Point(1) != Other(1)
    assert Point(1) != (1, 7)


def test_nothing_changes() -> None:
    point = Point(1)
    for change in (lambda: setattr(point, "x", 2), lambda: setattr(point, "z", 2), lambda: delattr(point, "x")):
        with pytest.raises(FrozenInstanceError):
            change()
    assert not hasattr(point, "__dict__")


def test_what_a_class_defines_is_kept() -> None:
    assert str(Point(1)) == "1/7"
    assert repr(Point(1)) == "Point(x=1, y=7)"
    assert Point.__doc__ == "A point."
    assert (Point.__qualname__, Point.__module__) == ("Point", __name__)


@frozen
class Positive:
    number: int

    def __post_init__(self) -> None:
        if self.number <= 0:
            raise ValueError(self.number)


def test_instances_can_be_checked() -> None:
    assert Positive(1).number == 1
    with pytest.raises(ValueError, match="-1"):
        Positive(-1)


def test_matching_and_copies() -> None:
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)
    assert copy.copy(Point(1)) == copy.deepcopy(Point(1)) == pickle.loads(pickle.dumps(Point(1))) == Point(1)
