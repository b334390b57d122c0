"""Events of as many levels as AWS takes go through every reader and writer, and deeper ones are refused."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import EventBridge, make_event, mock_eventbridge
from eventbridge_local.cli.parser import main
from eventbridge_local.contracts import Contracts, infer_schema
from eventbridge_local.deep import with_room
from eventbridge_local.errors import UsageError
from eventbridge_local.model.limits import Limits
from eventbridge_local.server.serving import Server

LEVELS = Limits().event_nesting_levels


def objects(levels: int) -> str:
    return '{"a":' * levels + "1" + "}" * levels


def arrays(levels: int) -> str:
    return '{"a":' + "[" * (levels - 1) + "1" + "]" * (levels - 1) + "}"


def depth_of(value: Any) -> int:
    levels = 0
    while isinstance(value, dict | list):
        levels += 1
        value = next(iter(value.values() if isinstance(value, dict) else value), None)
    return levels


DETAILS = [
    pytest.param(make(levels), id=f"{make.__name__}-{levels}")
    for make in (objects, arrays)
    for levels in (900, 999, LEVELS)
]


@pytest.fixture(params=DETAILS)
def eb(request: pytest.FixtureRequest) -> Iterator[EventBridge]:
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("shop", pattern={"source": ["shop"]}, to=["f", "g"])
        eb.rule("deep", pattern={"detail": {"a": {"a": {"b": [{"exists": True}]}}}}, to="f")
        eb.connect("f", lambda event: None)
        eb.archive("all")
        assert eb.put("shop", "Sold", request.param).accepted
        yield eb


@pytest.mark.parametrize("make", [objects, arrays])
def test_one_level_more_is_refused(make: Callable[[int], str]) -> None:
    with mock_eventbridge() as eb:
        refused = eb.put("shop", "Sold", make(LEVELS + 1))
        assert (refused.accepted, refused.error_code) == (False, "MalformedDetail")
        assert "refused" in eb.journal.text()


def test_what_a_test_looks_at(eb: EventBridge) -> None:
    entry, levels = eb.events[0], depth_of(eb.events[0].detail)
    assert levels >= 900
    assert depth_of(entry.envelope["detail"]) == levels
    assert all(depth_of(each.json["detail"]) == levels for each in eb.deliveries)
    spy = eb.connect("g", lambda event: depth_of(event["detail"]))
    eb.put("shop", "Sold", entry.entry["Detail"])
    assert spy.calls.one().result == levels
    assert pickle.loads(pickle.dumps(entry)).event_id == entry.event_id
    assert eb.put("shop", "Again", entry.detail).accepted, "as a dict too"


@pytest.mark.parametrize(
    "fails",
    [
        lambda eb: eb.assert_put("other"),
        lambda eb: eb.assert_put(detail={"a": {"b": 2}}),
        lambda eb: eb.assert_put(detail={"a": {}}, exact=True),
        lambda eb: eb.assert_put(pattern={"detail": {"a": [{"exists": False}], "b": [1]}}),
        lambda eb: eb.assert_put("other", detail=eb.events[0].detail, exact=True),
        lambda eb: eb.assert_not_put("shop"),
        lambda eb: eb.assert_not_put(detail=eb.events[0].detail),
        lambda eb: eb.assert_delivered(payload={"detail": {"b": 1}}),
        lambda eb: eb.assert_delivered(rule="deep"),
        lambda eb: eb.assert_not_delivered(rule="shop"),
        lambda eb: eb.events.where(detail={"b": 1}).one(),
    ],
)
def test_failing_assertions(eb: EventBridge, fails: Callable[[EventBridge], Any]) -> None:
    with pytest.raises(AssertionError) as failed:
        fails(eb)
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


def test_assertions_that_hold(eb: EventBridge) -> None:
    detail = eb.events[0].detail
    eb.assert_put("shop", detail=detail)
    eb.assert_put("shop", detail=detail, exact=True)
    eb.assert_delivered(rule="shop", target="g", payload={"detail": detail})
    eb.assert_not_put(detail={"b": 1})
    assert len(eb.events.where(detail=detail)) == 1


def test_explanations_and_the_journal(eb: EventBridge) -> None:
    entry = eb.events[0]
    for thing in (entry, entry.event_id, entry.envelope, entry.entry, json.dumps(entry.envelope | {"detail": {}})):
        assert str(eb.explain(thing))
        assert str(eb.route(thing))
    assert "deep: no match" in eb.journal.text()
    assert str(eb.coverage())


def test_checks_at_the_end(eb: EventBridge) -> None:
    detail = eb.events[0].entry["Detail"]
    with pytest.raises(ExceptionGroup), mock_eventbridge(strict=True) as strict:
        strict.rule("r", pattern={"detail": {"a": {"b": [1]}}})
        strict.put("shop", "Sold", detail)


@pytest.mark.parametrize("archive", [None, "all"])
def test_files(eb: EventBridge, tmp_path: Path, archive: str | None) -> None:
    file, detail = tmp_path / "events.jsonl.gz", eb.events[0].entry["Detail"]
    assert eb.archive_to(file, archive) == 1
    report = eb.replay_from(file)
    assert (report.count, report.bad_count, report.matched["shop"]) == (1, 0, 1)
    spaced = tmp_path / "spaced.jsonl"
    envelope = {name: value for name, value in eb.events[0].envelope.items() if name != "detail"}
    spaced.write_text(f'{{"detail" : {detail}, {json.dumps(envelope)[1:]}\n', "utf-8")
    assert eb.replay_from(spaced).count == 1


def test_transformers(eb: EventBridge) -> None:
    target = {
        "Id": "t",
        "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
        "InputTransformer": {"InputPathsMap": {"x": "$.detail.a"}, "InputTemplate": '{"x": <x>}'},
    }
    eb._perform("PutTargets", Rule="shop", Targets=[target])
    eb.put("shop", "Sold", eb.events[0].entry["Detail"])
    made = eb.deliveries.where(target="t").one()
    assert made.outcome == "recorded"
    assert depth_of(made.json) == depth_of(eb.events[0].detail)


def test_samples_and_contracts(eb: EventBridge) -> None:
    detail = eb.events[0].entry["Detail"]
    event = make_event("shop", "Sold", detail)
    assert depth_of(event["detail"]) == depth_of(eb.events[0].detail)
    contracts = Contracts({("shop", "Sold"): {"$ref": "#/definitions/node", "definitions": {"node": NODE}}})
    assert contracts.check(event) == ()
    assert contracts.check(event, text=json.dumps({**event, "detail": {}})) == ()
    with mock_eventbridge(contracts=contracts) as checked:
        assert checked.put("shop", "Sold", detail).accepted


@pytest.mark.parametrize("make", [objects, arrays])
def test_a_violation_at_the_innermost_level(make: Callable[[int], str]) -> None:
    contracts = Contracts({("shop", "Sold"): {"$ref": "#/definitions/node", "definitions": {"node": NODE}}})
    event = make_event("shop", "Sold", make(LEVELS).replace("1", '"x"'))
    (violation,) = contracts.check(event)
    assert violation.path.startswith("detail")


@pytest.mark.parametrize("make", [objects, arrays])
def test_members_of_many_levels_are_compared(make: Callable[[int], str]) -> None:
    contracts = Contracts({("shop", "Sold"): {"properties": {"list": {"uniqueItems": True}}}})
    member = make(LEVELS - 2)
    for other, violations in ((member, 1), (member.replace("1", "2"), 0), (member.replace("1", "true"), 0)):
        assert len(contracts.check(make_event("shop", "Sold", f'{{"list":[{member},{other}]}}'))) == violations


NODE = {
    "anyOf": [
        {"type": "object", "additionalProperties": {"$ref": "#/definitions/node"}},
        {"type": "array", "items": {"$ref": "#/definitions/node"}},
        {"type": "integer"},
    ]
}


@pytest.mark.parametrize("detail", DETAILS)
def test_commands(detail: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event = f'{{"source": "shop", "detail-type": "Sold", "detail": {detail}}}'
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["shop"]}}}
    template = tmp_path / "template.json"
    template.write_text(json.dumps({"Resources": {"Rule": rule}}), "utf-8")
    entry = json.dumps({"Source": "shop", "DetailType": "Sold", "Detail": detail})
    whole = json.dumps({"id": "1", "account": "123456789012", "time": "2026-03-06T09:00:00Z", "region": "us-east-1"})
    (tmp_path / "events.jsonl").write_text(f"{whole[:-1]}, {event[1:]}\n", "utf-8")
    pattern = '{"source": ["shop"]}'
    for arguments in (["match", pattern, event], ["match", pattern, entry], ["explain", pattern, event]):
        assert main(arguments) == 0
        assert main([*arguments, "--json"]) == 0
    for given in (event, entry):
        assert main(["route", str(template), given]) == 0
    assert main(["replay", str(template), str(tmp_path / "events.jsonl")]) == 0
    assert "1 event, 0 of them" in capsys.readouterr().out


@pytest.mark.parametrize("detail", DETAILS)
def test_the_log_of_a_server(detail: str) -> None:
    said: list[str] = []
    server = Server(say=said.append)
    server.eb.put("shop", "Sold", detail)
    assert server._log is not None
    server._log.catch_up()
    server.close()
    assert "event #1" in said[0]


@pytest.mark.parametrize("draft", ["2020-12", "draft4", "openapi3"])
def test_schemas_that_are_inferred(draft: Any) -> None:
    assert infer_schema([make_event("shop", "Sold", objects(LEVELS))], draft=draft, whole_envelope=True)


# the room itself


def test_room_is_enough_once() -> None:
    def down(levels: int) -> int:
        return 0 if levels == 0 else 1 + down(levels - 1)

    assert with_room(down, 5_000) == 5_000
    with pytest.raises(UsageError, match="nested too deeply"):
        with_room(down, 10**6)
    with pytest.raises(UsageError, match="nested too deeply"):
        with_room(with_room, down, 5)
    with pytest.raises(KeyError):
        with_room(lambda: {}["a"])


def test_a_value_inside_itself() -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    with mock_eventbridge() as eb:
        eb.put("shop", "Sold", objects(900))
        with pytest.raises((UsageError, AssertionError)):
            eb.assert_put(detail=value)
