"""Payloads, the reserved variables, and dynamic parameters, away from the recorded cases."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from eventbridge_local.transforms import (
    InputContext,
    compile_input,
    parse_path,
    reserved_variables,
    resolve_dynamic,
    select_text,
)

EVENT_TEXT = (
    '{"version":"0","id":"e1","detail-type":"order","source":"shop","account":"123456789012",'
    '"time":"2026-01-02T03:04:05Z","region":"eu-west-1","resources":["r"],'
    '"detail":{"price":1.00,"big":1e3,"id":"o-1","who":{"name":"mia"},"none":null,"half":0.5}}'
)
EVENT: dict[str, Any] = json.loads(EVENT_TEXT)
CONTEXT = InputContext("arn:rule", "rule", datetime(2026, 1, 2, 4, 4, 6, 999_999, timezone(timedelta(hours=1))))


def payload(target: dict[str, Any]) -> str:
    return compile_input(target).payload(EVENT_TEXT, EVENT, CONTEXT)


@pytest.mark.parametrize("target", [{}, {"Id": "t1", "Arn": "arn:queue"}, {"InputPath": "$"}], ids=str)
def test_the_whole_event_is_delivered_to_the_letter(target: dict[str, Any]) -> None:
    """Without an input option, or with the path to everything, the event's own text arrives."""
    assert payload(target) == EVENT_TEXT


@pytest.mark.parametrize("text", ["", "null", ' { "a" : 1.0 } ', '"text"'])
def test_constant_input_is_delivered_to_the_letter(text: str) -> None:
    """Input is not even squeezed."""
    assert payload({"Input": text}) == text


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.detail.who", '{"name":"mia"}'),
        ("$.detail.id", '"o-1"'),
        ("$.detail.none", "{}"),
        ("$.detail.nowhere", "{}"),
        ("$.detail.nowhere[*]", "{}"),
        ("$.resources[*]", '["r"]'),
    ],
)
def test_a_selection_is_json_text(path: str, text: str) -> None:
    """InputPath and the partition key of a stream share one rule."""
    assert payload({"InputPath": path}) == text
    assert select_text(parse_path(path), EVENT) == text


def test_the_empty_path_selects_nothing() -> None:
    """An empty InputPath delivers an empty object."""
    assert payload({"InputPath": ""}) == "{}"


def test_the_full_event_keeps_the_spelling_of_its_numbers() -> None:
    """aws.events.event.json is the event's own text, not written anew."""
    template = {"InputTransformer": {"InputTemplate": '{"full": <aws.events.event.json>}'}}
    assert payload(template) == f'{{"full":{EVENT_TEXT}}}'


def test_reserved_variables() -> None:
    """Times are cut to milliseconds in UTC; the short event has no detail, and its time is a number."""
    variables = reserved_variables(EVENT_TEXT, EVENT, CONTEXT)
    assert variables["aws.events.rule-arn"] == "arn:rule"
    assert variables["aws.events.rule-name"] == "rule"
    assert variables["aws.events.event.ingestion-time"] == "2026-01-02T03:04:06.999Z"
    assert list(variables["aws.events.event"].items()) == [
        ("id", "e1"),
        ("account", "123456789012"),
        ("detailType", "order"),
        ("time", int(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).timestamp() * 1000)),
        ("source", "shop"),
        ("region", "eu-west-1"),
        ("resources", ["r"]),
        ("version", "0"),
    ]


def test_templates_without_a_map_know_the_reserved_variables() -> None:
    """No InputPathsMap is needed for them."""
    assert payload({"InputTransformer": {"InputTemplate": '"<aws.events.rule-name>"'}}) == '"rule"'


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("$.detail.id", "o-1"),
        ("$.detail.half", "0.5"),
        ("$.detail.who", '{"name":"mia"}'),
        ("$.detail.none", ""),
        ("$.detail.nowhere", ""),
        ("$.resources[0]", "r"),
        ("orders/$.detail.id", "orders/$.detail.id"),
        ("$.detail['id']", "$.detail['id']"),
        ("$", "$"),
        ("$5.00", "$5.00"),
        (["$.detail.id", "x"], ["o-1", "x"]),
        (
            {"$.detail.id": "$.source", "list": [{"a": "$.region"}]},
            {"$.detail.id": "shop", "list": [{"a": "eu-west-1"}]},
        ),
        (3, 3),
        (None, None),
    ],
)
def test_dynamic_parameters(value: Any, resolved: Any) -> None:
    """A string that is wholly a path becomes the text found there; everything else stays."""
    assert resolve_dynamic(value, EVENT) == resolved


def test_dynamic_parameters_leave_the_target_alone() -> None:
    """The stored parameters are not changed."""
    stored = {"PathParameterValues": ["$.detail.id"]}
    assert resolve_dynamic(stored, EVENT) == {"PathParameterValues": ["o-1"]}
    assert stored == {"PathParameterValues": ["$.detail.id"]}
