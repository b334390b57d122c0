"""A near miss reads the same whether the test asked with ``detail=`` or with ``pattern=``, and in an explanation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from eventbridge_local import EventBridge, explain, mock_eventbridge

DETAIL = {
    "total": "120",
    "count": 5,
    "paid": "true",
    "refunded": False,
    "coupon": "null",
    "note": None,
    "state": "Running",
    "order": {"sku": "a"},
    "customerId": "c-1",
    "city": "Osaka",
}

#: Kind of mismatch: the field, the value that is asked for, and how the line of the difference goes on.
NEAR_MISSES = {
    "number against string": (
        "total",
        120,
        "wanted 120, got '120'   (EventBridge compares JSON types; '120' is a string, not a number)",
    ),
    "string against number": (
        "count",
        "5",
        "wanted '5', got 5   (EventBridge compares JSON types; 5 is a number, not a string)",
    ),
    "boolean against string": (
        "paid",
        True,
        "wanted true, got 'true'   (EventBridge compares JSON types; 'true' is a string, not a boolean)",
    ),
    "string against boolean": (
        "refunded",
        "false",
        "wanted 'false', got false   (EventBridge compares JSON types; false is a boolean, not a string)",
    ),
    "null against string": (
        "coupon",
        None,
        "wanted null, got 'null'   (EventBridge compares JSON types; 'null' is a string, not null)",
    ),
    "string against null": (
        "note",
        "null",
        "wanted 'null', got null   (EventBridge compares JSON types; null is null, not a string)",
    ),
    "another case": (
        "state",
        "RUNNING",
        "wanted 'RUNNING', got 'Running'   ('Running' differs from 'RUNNING' only in case)",
    ),
    "another value": ("city", "Lagos", "wanted 'Lagos', got 'Osaka'"),
    "a similar name": (
        "customer_id",
        "c-1",
        "wanted 'c-1', absent   (the event has detail.customerId; EventBridge compares names exactly)",
    ),
    "another level": ("sku", "a", "wanted 'a', absent   (sku is at detail.order.sku)"),
    "absent": ("country", "DE", "wanted 'DE', absent"),
}


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    """A mock with one event."""
    with mock_eventbridge() as eb:
        eb.put("shop", "Sold", DETAIL)
        yield eb


def line_of(eb: EventBridge, field: str, **asked: Any) -> str:
    """The line about a field in the message of a failing assert_put."""
    with pytest.raises(AssertionError) as failed:
        eb.assert_put(**asked)
    (line,) = [line for line in str(failed.value).splitlines() if line.startswith(f"    detail.{field} ")]
    return line.removeprefix(f"    detail.{field}").strip()


@pytest.mark.parametrize(("field", "value", "line"), NEAR_MISSES.values(), ids=NEAR_MISSES)
def test_one_near_miss_one_wording(eb: EventBridge, field: str, value: Any, line: str) -> None:
    """As a plain value, as a value list of the pattern language, and as a pattern."""
    assert line_of(eb, field, detail={field: value}) == line
    assert line_of(eb, field, pattern={"detail": {field: [value]}}) == line
    sentence, _, hint = line.partition("   (")
    explained = str(explain({"detail": {field: [value]}}, eb.events.last))
    assert sentence.removesuffix(", absent") in explained
    assert hint.removesuffix(")") in explained


def test_a_value_list_reads_like_a_pattern(eb: EventBridge) -> None:
    """Conditions of the pattern language are worded alike in a detail and in a pattern."""
    conditions = [{"numeric": [">", 100]}]
    line = line_of(eb, "total", detail={"total": conditions})
    assert line == line_of(eb, "total", pattern={"detail": {"total": conditions}})
    assert (
        line == "wanted numeric > 100, got '120'   (EventBridge compares JSON types; '120' is a string, not a number)"
    )


@pytest.mark.parametrize(
    ("field", "line"),
    [("country", "wanted {}, absent"), ("sku", "wanted {}, absent   (sku is at detail.order.sku)")],
)
@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([{"exists": True}], "exists: true"),
        ([{"prefix": "D"}, {"suffix": "E"}], "prefix 'D' or suffix 'E'"),
        ([{"numeric": [">", 100]}], "numeric > 100"),
    ],
)
def test_conditions_on_a_field_that_is_missing_read_alike(
    eb: EventBridge, field: str, line: str, conditions: list[Any], words: str
) -> None:
    """What is wanted of it is told in the words of the pattern."""
    assert line_of(eb, field, detail={field: conditions}) == line.format(words)
    assert line_of(eb, field, pattern={"detail": {field: conditions}}) == line.format(words)


def test_a_condition_on_an_object_reads_alike(eb: EventBridge) -> None:
    """An object has no value of its own, whichever way it is asked for."""
    asked = [{"exists": True}]
    line = "wanted exists: true, got an object or an empty array"
    assert line_of(eb, "order", pattern={"detail": {"order": asked}}).startswith(line)
    assert line in str(explain({"detail": {"order": asked}}, eb.events.last))
