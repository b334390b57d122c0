"""PutTargets' checks of a target's input beyond the recorded refusals."""

from __future__ import annotations

from typing import Any

import pytest

from eventbridge_local.errors import ServiceError
from eventbridge_local.patterns import InvalidPattern, compile_pattern
from eventbridge_local.transforms import check_target_input


def transformer(template: str, **paths: str) -> dict[str, Any]:
    return {"Id": "t1", "InputTransformer": {"InputTemplate": template, "InputPathsMap": paths}}


def refusal(target: dict[str, Any]) -> ServiceError:
    with pytest.raises(ServiceError) as refused:
        check_target_input(target)
    return refused.value


@pytest.mark.parametrize(
    "target",
    [
        {"Id": "t1"},
        {"Id": "t1", "Input": ""},
        {"Id": "t1", "Input": "null"},
        {"Id": "t1", "Input": ' {"a": [1, "two"]}\n'},
        {"Id": "t1", "InputPath": ""},
        {"Id": "t1", "InputPath": "$.detail.items[*].slash/key"},
        {"Id": "t1", "InputTransformer": {"InputTemplate": '"<undefined>"'}},
        {"Id": "t1", "InputTransformer": {"InputTemplate": '{"value":<aws.events.unknown>}'}},
        transformer("<v>", v="$.a"),
        transformer("[<v>, 1]", v="$.a"),
        transformer('"one <v>"\n"two"', v="$.a"),
        transformer('{"a": {"b": <v>, "c": "<v>: <v>"}}', v="$.a"),
        transformer('{"a": <aws.events.event.json>, "b": <aws.events.event>}', v="$.a"),
        transformer('"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"', v="$.a"),
        transformer('{"a": "1 < 2 and <b >"}', v="$.a"),
    ],
    ids=str,
)
def test_accepts(target: dict[str, Any]) -> None:
    """What AWS was seen to accept, and what follows from it, passes."""
    check_target_input(target)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("not-json", "line: 1, column: 1"),
        ("env:dev", "line: 1, column: 4"),
        ('{"a": 1}}', "line: 1, column: 9"),
        ('{\n "a": oops\n}', "line: 2, column: 7"),
        ("NaN", "line: 1, column: 1"),
    ],
)
def test_input_must_be_json(text: str, place: str) -> None:
    """The message shows the text and the place of the mistake, and a note tells what to write."""
    error = refusal({"Id": "t1", "Input": text})
    assert error.message == f'JSON syntax error in input for target t1: [Source: (String)"{text}"; {place}]'


@pytest.mark.parametrize(
    ("text", "shown", "place"),
    [
        ('{"😀": [1;]}', '{"😀": [1;]}', "line: 1, column: 10"),
        ('{\r"a": [1;]}', '{\r"a": [1;]}', "line: 2, column: 8"),
        ('{\r\n"a": [1;]}', '{\r\n"a": [1;]}', "line: 2, column: 8"),
        ('{\t"\x7f": [1;]}', '{\\u0009"\\u007F": [1;]}', "line: 1, column: 10"),
        ('{"a": ["x\\y;]}', '{"a": ["x\\y;]}', "line: 1, column: 11"),
        ('{"a": [1,]}', '{"a": [1,]}', "line: 1, column: 10"),
    ],
)
def test_places_are_counted_as_for_patterns(text: str, shown: str, place: str) -> None:
    """Characters above U+FFFF count twice, CR ends a line, control characters are shown escaped."""
    source = f'[Source: (String)"{shown}"; {place}]'
    for way in ({"Input": text}, {"InputTransformer": {"InputTemplate": text}}):
        assert source in refusal({"Id": "t1", **way}).message
    with pytest.raises(InvalidPattern) as invalid:
        compile_pattern(text)
    assert invalid.value.reason.endswith(source)


def test_a_long_source_is_cut() -> None:
    """Jackson shows the first 500 characters and counts the rest."""
    message = refusal({"Id": "t1", "Input": "x" * 600}).message
    assert f'"{"x" * 500}"[truncated 100 chars]; line: 1, column: 1]' in message
    message = refusal({"Id": "t1", "Input": "😀" * 300}).message
    assert f'"{"😀" * 250}"[truncated 100 chars]; line: 1, column: 1]' in message


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (transformer("{<v>: 1}", v="$.a"), "InputTemplate placeholder present as a JSON object key for target t1."),
        (
            transformer('{"a": [{"x <v> y" : 1}]}', v="$.a"),
            "InputTemplate placeholder present as a JSON object key for target t1.",
        ),
        (
            transformer("[<aws.events.event>]", v="$.a"),
            "InputTemplate for target t1 contains placeholder aws.events.event valid only for JSON template.",
        ),
        (
            transformer('{"a": <aws.events.unknown>}', v="$.a"),
            "InputTemplate for target t1 contains invalid placeholder aws.events.unknown.",
        ),
        (
            transformer('{"a": <v>', v="$.a"),
            'Invalid InputTemplate for target t1 : [Source: (String)"{"a": null"; line: 1, column: 11].',
        ),
        (transformer("<v>", v=""), "InputPath for target t1 is invalid."),
    ],
)
def test_refuses(target: dict[str, Any], message: str) -> None:
    """Variations of the recorded refusals have the same words."""
    assert refusal(target).message == message


def test_advice_stays_out_of_the_message() -> None:
    """Our hint is not part of what AWS would say."""
    error = refusal({"Id": "t1", "InputPath": "$.a.*"})
    assert error.message == "InputPath for target t1 is invalid."
    assert error.hint is not None
    assert "'$.a.*'" in error.hint
