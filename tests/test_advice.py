"""Advice on names: the name that was probably meant, or the names there are."""

from __future__ import annotations

import pytest

from eventbridge_local.advice import did_you_mean, nearest_name, suggest

RULES = ("orders", "refunds", "audit")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("order", "; did you mean 'orders'?"),
        ("ORDERS", "; did you mean 'orders'?"),
        ("refund-rule", "; did you mean 'refunds'?"),
        ("nothing like it", ""),
        ("", ""),
        (5, ""),
    ],
)
def test_did_you_mean(name: object, expected: str) -> None:
    """The ending names the known name as it is spelled, or is empty."""
    assert did_you_mean(name, RULES) == expected


def test_suggest_lists_what_there_is() -> None:
    """Where nothing is alike the names follow in their order, each once, and no more of them than wanted."""
    assert suggest("order", RULES) == "; did you mean 'orders'?"
    assert suggest("xyz", RULES) == "; choose from orders, refunds, audit"
    assert suggest("xyz", (*RULES, *RULES), most=2) == "; choose from orders, refunds and 1 more"
    assert suggest("xyz", RULES, most=3) == "; choose from orders, refunds, audit"
    assert suggest("xyz", ()) == "; there are none"


def test_case_does_not_count() -> None:
    """Neither that of the name nor that of the known names."""
    assert did_you_mean("throtling", ("THROTTLING", "ACCESS_DENIED")) == "; did you mean 'THROTTLING'?"


def test_likeness() -> None:
    """Names of few letters must be more alike: half of the letters in common says nothing."""
    assert nearest_name("orders", ("rds",)) is not None
    assert nearest_name("orders", ("rds",), likeness=0.75) is None
