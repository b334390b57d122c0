"""Differences between what was wanted and what is there."""

from __future__ import annotations

import copy
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.report.expectations import Difference, differences, fits_to, hint_on, nearest

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.sampled_from(["id", "total", "lines", "sku"])
THINGS = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
OBJECTS = st.dictionaries(KEYS, THINGS, max_size=4)


class Over:
    """Equal to every number above a bound, as the matchers of assertion libraries are."""

    def __init__(self, bound: float) -> None:
        self.bound = bound

    def __eq__(self, other: object) -> bool:
        return isinstance(other, int | float) and other > self.bound

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Over({self.bound})"


def removed(thing: Any, choose: Any) -> Any:
    """``thing`` with some members of its objects left out, at any depth."""
    if isinstance(thing, dict):
        return {key: removed(value, choose) for key, value in thing.items() if choose(st.booleans())}
    if isinstance(thing, list):
        return [removed(value, choose) for value in thing]
    return thing


@given(THINGS)
def test_a_thing_fits_itself(thing: Any) -> None:
    """Every JSON value fits its own copy, also exactly."""
    assert fits_to(thing)(copy.deepcopy(thing))
    assert list(differences(thing, copy.deepcopy(thing), exact=True)) == []


@given(OBJECTS, st.data())
def test_fewer_wanted_members_keep_it_fitting(thing: dict[str, Any], data: st.DataObject) -> None:
    """What wants less of a thing still fits it."""
    assert fits_to(removed(thing, data.draw))(thing)


@given(THINGS, THINGS)
def test_no_differences_if_and_only_if_it_fits(wanted: Any, got: Any) -> None:
    """``fits_to`` is that ``differences`` finds nothing."""
    assert fits_to(wanted)(got) == (list(differences(wanted, got)) == [])


@given(THINGS, THINGS)
def test_exact_differences_are_found_from_both_sides(one: Any, other: Any) -> None:
    """Exactly, one differs from the other if and only if the other differs from the one."""
    assert bool(list(differences(one, other, exact=True))) == bool(list(differences(other, one, exact=True)))


@given(OBJECTS, OBJECTS)
def test_exact_finds_what_partial_finds(wanted: dict[str, Any], got: dict[str, Any]) -> None:
    """With ``exact`` there are only more differences, all of them extra members."""
    partial = list(differences(wanted, got))
    exact = list(differences(wanted, got, exact=True))
    assert [each for each in exact if each.kind != "extra"] == partial


@given(OBJECTS, KEYS)
def test_an_extra_member_shows_only_when_exact(thing: dict[str, Any], key: str) -> None:
    """A member that was not named is free unless ``exact``."""
    got = {**thing, key: 1}
    wanted = {name: value for name, value in thing.items() if name != key}
    assert fits_to(wanted)(got)
    assert list(differences(wanted, got, "detail", exact=True)) == [Difference(f"detail.{key}", "extra", None, 1)]


@pytest.mark.parametrize(
    ("wanted", "got", "expected"),
    [
        (120, "120", [Difference("d", "type", 120, "120")]),
        ("120", 120, [Difference("d", "type", "120", 120)]),
        (None, "null", [Difference("d", "type", None, "null")]),
        (True, "true", [Difference("d", "type", True, "true")]),
        ("DE", "de", [Difference("d", "case", "DE", "de")]),
        ("DE", "FR", [Difference("d", "value", "DE", "FR")]),
        ({"a": 1}, {}, [Difference("d.a", "absent", 1)]),
        ({"a": None}, {}, [Difference("d.a", "absent", None)]),
        ({"a": None}, {"a": None}, []),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3, "e": 0}]}}, [Difference("d.a.b[1].c", "value", 2, 3)]),
        ([1, 2], [1], [Difference("d", "length", [1, 2], [1])]),
        ([1, 2], [2, 1], [Difference("d[0]", "value", 1, 2), Difference("d[1]", "value", 2, 1)]),
        ((1, 2), [1, 2], []),
        ({}, {"a": 1}, []),
        ({"a": 1}, [1], [Difference("d", "value", {"a": 1}, [1])]),
        ("ab", ["a", "b"], [Difference("d", "value", "ab", ["a", "b"])]),
        (1, 1.0, []),
        (0.1, 0.1, []),
    ],
)
def test_differences(wanted: Any, got: Any, expected: list[Difference]) -> None:
    """Each kind of difference with its path."""
    assert list(differences(wanted, got, "d")) == expected


@given(
    st.dictionaries(st.text(max_size=4), THINGS | st.floats(), max_size=4), st.dictionaries(KEYS, THINGS, max_size=4)
)
def test_every_difference_has_a_hint_or_none(expected: dict[str, Any], actual: dict[str, Any]) -> None:
    """Looking for a hint never fails, whatever was expected."""
    for found in differences({"detail": expected}, {"detail": actual}):
        assert isinstance(hint_on(found, {"detail": actual}), str)


def test_a_path_without_a_beginning() -> None:
    """At the top the path is the key alone."""
    assert [each.path for each in differences({"a": {"b": 1}, "c": [1]}, {"a": {"b": 2}, "c": [2]})] == ["a.b", "c[0]"]


@pytest.mark.parametrize(
    ("wanted", "got"), [(True, 1), (1, True), (False, 0), (0, False), (1.0, True), (True, "True"), ([True], [1])]
)
def test_a_boolean_is_no_number(wanted: Any, got: Any) -> None:
    """JSON's true is not 1, nor a string."""
    assert not fits_to(wanted)(got)


@pytest.mark.parametrize(("wanted", "got"), [(True, 1), (0, False)])
def test_a_boolean_against_its_likes_is_a_difference_of_type(wanted: Any, got: Any) -> None:
    """What a reader would take for the same is reported as a difference of type, so that the text names the types."""
    assert [each.kind for each in differences(wanted, got)] == ["type"]


@pytest.mark.parametrize("got", [None, True, 1, "text", [1], {"a": 1}])
def test_any_fits_everything_there_is(got: Any) -> None:
    """``ANY`` fits whatever is there, at any depth."""
    assert fits_to(ANY)(got)
    assert fits_to({"a": ANY, "b": [ANY]})({"a": got, "b": [got]})


def test_any_does_not_fit_what_is_absent() -> None:
    """A member wanted with ``ANY`` must be there."""
    assert list(differences({"a": ANY}, {})) == [Difference("a", "absent", ANY)]


def test_an_equality_of_ones_own() -> None:
    """An object decides by its own ``==``, and is shown as it is when it does not fit."""
    wanted = {"total": Over(100), "lines": [{"n": Over(0)}]}
    assert fits_to(wanted)({"total": 120, "lines": [{"n": 1}]})
    (found,) = differences(wanted, {"total": 99.5, "lines": [{"n": 1}]})
    assert (found.path, found.kind, repr(found.expected), found.actual) == ("total", "value", "Over(100)", 99.5)


def test_extra_members_are_reported_in_the_order_they_have() -> None:
    """The same failure reads the same in every run: extra members come in the order of the event."""
    names = [f"member-{number}" for number in range(20)]
    found = [each.path for each in differences({}, dict.fromkeys(names, 1), exact=True)]
    assert found == names


def test_nearest() -> None:
    """The fewest differences win, then the milder ones, then the newest."""
    hard, mild = Difference("a", "value", 1, 2), Difference("a", "type", 1, "1")
    assert nearest([]) is None
    assert nearest([("old", [hard]), ("new", [hard])]) == ("new", [hard])
    assert nearest([("mild", [mild]), ("hard", [hard])]) == ("mild", [mild])
    assert nearest([("one", [hard]), ("two", [mild, mild])]) == ("one", [hard])
