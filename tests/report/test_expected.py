"""What a test may ask for: matchers and value lists of event patterns, at any depth."""

from __future__ import annotations

import re
from typing import Any
from unittest.mock import ANY

import pytest
from dirty_equals import IsDict, IsPartialDict, IsPositive, IsStr

from eventbridge_local import EventBridge
from eventbridge_local.errors import UsageError
from eventbridge_local.patterns import InvalidPattern
from eventbridge_local.report.expectations import AnyOf, differences, fits_to, ready

GOT = {
    "id": "o-1",
    "total": 120,
    "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}],
    "tags": ["x", "y"],
    "gift": None,
}


class HasLength:
    """A matcher in hamcrest's manner: no ``==``, but ``matches`` and ``describe_to``."""

    def __init__(self, length: int) -> None:
        self.length = length

    def matches(self, item: Any) -> bool:
        return len(item) == self.length

    def describe_to(self, description: Any) -> None: ...

    def __str__(self) -> str:
        return f"an object with length of <{self.length}>"

    def __repr__(self) -> str:  # without an address, since pytest names tests after it
        return f"HasLength({self.length})"


FITS: tuple[Any, ...] = (
    {"total": ANY},
    {"total": IsPositive, "id": IsStr(regex="o-.*")},
    {"lines": [ANY, {"sku": IsStr}]},
    {"lines": HasLength(2)},
    IsPartialDict(id="o-1"),
    {"total": [{"numeric": [">", 100]}]},
    {"total": [1, 2, {"numeric": ["=", 120]}]},
    {"id": [{"prefix": "o-"}]},
    {"lines": [{"sku": [{"suffix": "a"}]}, {"n": [{"numeric": [">", 1]}]}]},
    {"tags": [{"prefix": "y"}]},
    {"absent": [{"exists": False}]},
    {"absent": [{"exists": False}, "x"]},
    {"gift": None},
    {"gift": [{"exists": True}]},
    {"tags": ["x", "y"]},
    {"tags": ("x", "y")},
)
DIFFERS: tuple[Any, ...] = (
    {"absent": ANY},
    {"total": IsStr},
    {"total": [{"numeric": [">", 120]}]},
    {"id": [{"exists": False}]},
    {"lines": [{"exists": True}]},
    {"tags": ["x"]},
    {"id": ["o-1"]},
    {"id": "o-1", "lines": HasLength(3)},
    IsDict(id="o-1"),
    {"total": True},
    {"gift": False},
)


@pytest.mark.parametrize("wanted", FITS, ids=repr)
def test_fits(wanted: Any) -> None:
    assert fits_to(wanted)(GOT)


@pytest.mark.parametrize("wanted", DIFFERS, ids=repr)
def test_differs(wanted: Any) -> None:
    assert not fits_to(wanted)(GOT)


def test_data_that_looks_like_an_operator() -> None:
    """A list of the event that reads like a pattern is compared as what it is, when more than operators is in it."""
    assert fits_to({"lines": [{"prefix": "a", "n": 1}]})({"lines": [{"prefix": "a", "n": 1}]})


@pytest.mark.parametrize("wanted", [[{"numeric": [">", "1"]}], [{"prefix": 5}], [{"exists": "yes"}]], ids=repr)
def test_a_value_list_that_aws_refuses(wanted: Any, eventbridge: EventBridge) -> None:
    """Is refused whether or not there are events, so that no assertion passes for want of a valid question."""
    with pytest.raises(InvalidPattern):
        eventbridge.assert_not_put(detail={"total": wanted})


def test_a_matcher_shows_what_it_wanted() -> None:
    """Not what it was last equal to, as dirty-equals does."""
    matcher = IsPositive()
    wanted = ready({"total": matcher})
    assert not list(differences(wanted, {"total": 120}))
    (difference,) = differences(wanted, {"total": -1})
    assert repr(difference.expected) == "IsPositive()"


def test_one_of_several_sources(eventbridge: EventBridge) -> None:
    """A list can only mean alternatives where a text stands."""
    eventbridge.put("shop", "Sold")
    assert eventbridge.assert_put(["bank", "shop"], [{"suffix": "ld"}]).number == 1
    with pytest.raises(AssertionError, match=re.escape("wanted one of 'bank', 'post', got 'shop'")):
        eventbridge.assert_put(["bank", "post"])


def test_patterns_and_matchers_of_a_delivery(eventbridge: EventBridge) -> None:
    """The same holds for deliveries and for logs."""
    eventbridge.rule("Audit", pattern={"source": ["shop"]}, to="audit")
    eventbridge.put("shop", "Sold", {"total": 5})
    eventbridge.assert_delivered(target=[{"prefix": "aud"}], payload={"detail": {"total": [{"numeric": [">", 1]}]}})
    eventbridge.assert_delivered(rule=["Audit", "Other"], payload={"id": ANY})
    assert len(eventbridge.deliveries.where(target=[{"prefix": "aud"}], payload={"detail": {"total": IsPositive}})) == 1
    assert len(eventbridge.events.where(detail={"total": [{"numeric": ["<", 5]}]})) == 0
    with pytest.raises(AssertionError):
        eventbridge.assert_delivered(target=[{"prefix": "x"}])


def test_an_exact_payload(eventbridge: EventBridge) -> None:
    """With ``exact`` a payload has no other members."""
    eventbridge.rule("Audit", pattern={"source": ["shop"]}, to="audit")
    whole = eventbridge.put("shop", "Sold", {"total": 5}).envelope
    eventbridge.assert_delivered(payload=whole, exact=True)
    with pytest.raises(AssertionError, match=r"payload\.version +not wanted, got '0'"):
        eventbridge.assert_delivered(payload={"detail": {"total": 5}}, exact=True)
    with pytest.raises(UsageError, match="payload"):
        eventbridge.assert_delivered(exact=True)


def test_names_of_one_thing() -> None:
    """One of several names is enough, and all are tried."""
    assert fits_to([{"prefix": "arn:"}])(AnyOf(("audit", "arn:aws:x")))
    assert not fits_to([{"prefix": "z"}])(AnyOf(("audit", "arn:aws:x")))
