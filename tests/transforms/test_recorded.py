"""What targets received and what PutTargets refused, from tests/cases/transforms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.errors import ServiceError
from eventbridge_local.transforms import InputContext, InvalidResult, check_target_input, compile_input

FOLDER = Path(__file__).parents[1] / "cases" / "transforms"
DELIVERED = json.loads((FOLDER / "delivered.json").read_text("utf-8"))
REFUSED = json.loads((FOLDER / "refused.json").read_text("utf-8"))["cases"]
DOCUMENTED = json.loads((FOLDER / "documented.json").read_text("utf-8"))["cases"]

CONTEXT = InputContext(
    rule_arn="arn:aws:events:us-east-1:123456789012:rule/shop/orders",
    rule_name="orders",
    ingestion_time=datetime(2026, 1, 2, 3, 4, 6, 78_000, tzinfo=UTC),
)


def envelope(event: dict[str, Any]) -> str:
    """The text of an event, as the bus writes it, around a detail and its resources."""
    event = {
        "version": "0",
        "id": "11111111-2222-3333-4444-555555555555",
        "detail-type": "orders.create-order-command",
        "source": "orders.create-order-command",
        "account": "123456789012",
        "time": "2026-01-02T03:04:05Z",
        "region": "us-east-1",
        "resources": event["resources"],
        "detail": event["detail"],
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


def payload(target: dict[str, Any], event_name: str) -> str:
    """What a target receives for one of the events of the case file."""
    check_target_input({"Id": "t1", **target})
    text = envelope(DELIVERED["events"][event_name])
    return compile_input(target).payload(text, json.loads(text), CONTEXT)


def name(case: dict[str, Any]) -> str:
    return str(case["name"])


@pytest.mark.parametrize("case", [case for case in DELIVERED["cases"] if "delivered" in case], ids=name)
def test_delivers_as_recorded(case: dict[str, Any]) -> None:
    """The exact body AWS delivered is built."""
    assert payload(case["target"], case["event"]) == case["delivered"]


@pytest.mark.parametrize("case", [case for case in DELIVERED["cases"] if "invalid" in case], ids=name)
def test_dead_letters_as_recorded(case: dict[str, Any]) -> None:
    """A result that is not JSON is not delivered, and its text is kept for the dead letter."""
    with pytest.raises(InvalidResult) as invalid:
        payload(case["target"], case["event"])
    assert invalid.value.text == case["invalid"]


@pytest.mark.parametrize("case", DOCUMENTED, ids=name)
def test_delivers_as_documented(case: dict[str, Any]) -> None:
    """The examples of the User Guide come out, white space of object templates aside."""
    template = {"InputTemplate": case["template"], "InputPathsMap": case["paths"]}
    assert payload({"InputTransformer": template}, "instance") == case["delivered"]


@pytest.mark.parametrize("case", REFUSED, ids=name)
def test_refuses_in_the_words_of_aws(case: dict[str, Any]) -> None:
    """PutTargets refuses with AWS's code and exact message."""
    with pytest.raises(ServiceError) as refusal:
        check_target_input(case["target"])
    assert (refusal.value.code, refusal.value.message) == ("ValidationException", case["message"])
