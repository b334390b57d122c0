"""The error a test author reads."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path

import pytest

from eventbridge_local.contracts import Contracts, Violation, violation_error
from eventbridge_local.errors import ContractViolation, EventBridgeLocalError

TOTAL = Violation(
    "shop.orders",
    "OrderPlaced",
    "detail.total",
    "'120' is not of type 'number'",
    "shop.orders@OrderPlaced",
    Path("schemas/shop.orders@OrderPlaced.json"),
)
ID = replace(TOTAL, path="detail", problem="'id' is a required property")


def test_one_event() -> None:
    """Event and contract, a line for each violation, what to do."""
    assert str(violation_error([TOTAL, ID], "put on bus 'orders'")) == (
        "event 'OrderPlaced' of 'shop.orders' breaks the contract shop.orders@OrderPlaced"
        " in schemas/shop.orders@OrderPlaced.json (put on bus 'orders')\n"
        "    detail.total: '120' is not of type 'number'\n"
        "    detail: 'id' is a required property\n"
        "Correct the code that puts the event, or the contract if it is out of date."
    )


def test_several_events() -> None:
    """Each has its own heading."""
    shipped = replace(ID, detail_type="OrderShipped", contract="shop.orders@OrderShipped", file=None)
    (missing,) = Contracts({"a@B": {}}, require=True).check({"source": "a", "detail-type": "C", "detail": {}})
    assert str(violation_error([TOTAL, shipped, missing], "PutEvents")) == (
        "event 'OrderPlaced' of 'shop.orders' breaks the contract shop.orders@OrderPlaced"
        " in schemas/shop.orders@OrderPlaced.json (PutEvents)\n"
        "    detail.total: '120' is not of type 'number'\n"
        "event 'OrderShipped' of 'shop.orders' breaks the contract shop.orders@OrderShipped given in code (PutEvents)\n"
        "    detail: 'id' is a required property\n"
        "event 'C' of 'a' has no contract (PutEvents)\n"
        "    event: there is no contract for a@C; did you mean 'a@B'?\n"
        "Correct the code that puts the event, or the contract if it is out of date.\n"
        "Write a contract for the event, or correct its source and detail-type;"
        " require=False allows events without one."
    )


def test_many_violations_are_cut() -> None:
    """Nobody reads two hundred lines."""
    lines = str(violation_error([TOTAL] * 23, "PutEvents")).splitlines()
    assert lines.count("    detail.total: '120' is not of type 'number'") == 20
    assert lines[-2] == "    and 3 more"


def test_it_is_a_test_failure_that_carries_the_findings() -> None:
    """It is an AssertionError, and survives the way to another process."""
    error = violation_error(iter([TOTAL]), "PutEvents")
    assert isinstance(error, EventBridgeLocalError)
    assert isinstance(error, AssertionError)
    assert error.violations == (TOTAL,)
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.violations) == (str(error), (TOTAL,))
    with pytest.raises(ContractViolation, match=r"detail\.total: '120' is not of type 'number'"):
        raise error
