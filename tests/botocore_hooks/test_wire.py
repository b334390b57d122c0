"""The service over the wire: what botocore's own parser makes of the bytes is what clients get without them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from backend import backend
from botocore.awsrequest import AWSResponse
from botocore.endpoint import convert_to_response_dict
from botocore.model import OperationModel
from botocore.parsers import create_parser
from conformance import Skipped, load, run

from eventbridge_local.botocore_hooks import codec, wire
from eventbridge_local.botocore_hooks.attempts import Raw
from eventbridge_local.botocore_hooks.codec import service_model
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.operations.service import Service

ACCOUNT, REGION = "123456789012", "eu-west-1"
NOW = datetime(2026, 3, 6, 9, 0, 5, 385_999, tzinfo=UTC)
TESTS = Path(__file__).parents[1]


def operation_cases() -> Any:
    """The runner of tests/cases/operations, which lies in no package."""
    spec = importlib.util.spec_from_file_location("operation_cases", TESTS / "operations" / "test_cases.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def parsed(response: wire.WireResponse, model: OperationModel) -> dict[str, Any]:
    """What botocore makes of a response, as its endpoint does it."""
    http = AWSResponse("https://events.test/", response.status, response.headers, Raw(response.body))
    received = convert_to_response_dict(http, model)
    parser = create_parser("json")
    result: dict[str, Any] = parser.parse(received, model.output_shape)
    if response.status >= 300:
        shape = model.service_model.shape_for_error_code(result["Error"]["Code"])
        result.update(parser.parse(received, shape) if shape is not None else {})
    result["ResponseMetadata"]["RetryAttempts"] = 0
    assert result["ResponseMetadata"]["HTTPHeaders"].pop("content-length") == str(len(response.body))
    return result


def exactly(value: Any) -> Any:
    """A value with its types, so that True is not 1, and a time has its zone."""
    if isinstance(value, dict):
        return {key: exactly(member) for key, member in value.items()}
    if isinstance(value, list):
        return [exactly(member) for member in value]
    zone = type(value.tzinfo) if isinstance(value, datetime) else None
    return type(value), str(value), zone


class BothWays:
    """Lets everything that is answered without bytes be answered with bytes too, and compares."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: set[tuple[str, bool]] = set()
        self.wrong: list[tuple[str, Any, Any]] = []
        self._names: list[tuple[Any, str]] = []
        carry_out: Callable[..., Any] = Service.call
        answered, refused = codec.answered, codec.refused

        def call(service: Service, name: str, *args: Any) -> Any:
            try:
                answer = carry_out(service, name, *args)
            except ServiceError as error:
                self._names.append((error, name))
                raise
            self._names.append((answer, name))
            return answer

        def answer_twice(answer: Any, request_id: str, now: datetime) -> Any:
            response = answered(answer, request_id, now)
            self.compare(answer, response[1], wire.answered(answer, request_id, now))
            return response

        def refuse_twice(error: ServiceError, request_id: str, now: datetime) -> Any:
            response = refused(error, request_id, now)
            self.compare(error, response[1], wire.refused(error, request_id, now))
            return response

        monkeypatch.setattr(Service, "call", call)
        monkeypatch.setattr(codec, "answered", answer_twice)
        monkeypatch.setattr(codec, "refused", refuse_twice)

    def compare(self, outcome: Any, without_bytes: Any, response: wire.WireResponse) -> None:
        name = next(name for known, name in reversed(self._names) if known is outcome)
        self._names.clear()
        self.seen.add((name, response.status == 200))
        with_bytes = parsed(response, service_model().operation_model(name))
        if exactly(with_bytes) != exactly(without_bytes):
            self.wrong.append((name, with_bytes, without_bytes))


@pytest.fixture
def both_ways(monkeypatch: pytest.MonkeyPatch) -> Iterator[BothWays]:
    """Watches a test; afterwards no answer may have differed."""
    both = BothWays(monkeypatch)
    yield both
    assert not both.wrong, f"{len(both.wrong)} differ; the first: {both.wrong[0]}"


def test_the_answers_of_all_operation_cases(both_ways: BothWays) -> None:
    """Every operation, answered and refused, parses from bytes to exactly what the short way gives."""
    module = operation_cases()
    for case in module.CASES:
        module.test_case(*case.values)
    answered = {name for name, success in both_ways.seen if success}
    assert answered >= set(service_model().operation_names) - {"TestEventPattern"}
    assert len(both_ways.seen) > 100


def test_the_answers_of_recorded_scenarios(both_ways: BothWays) -> None:
    """The same for what was recorded of the control plane and of PutEvents."""
    themes = ("event_buses", "put_events", "request_validation", "rules", "targets", "test_event_pattern")
    for scenario in load(TESTS / "cases" / "scenarios"):
        if str(scenario).startswith(themes):
            with backend(scenario.needs) as opened:
                try:
                    run(scenario, opened)
                except Skipped:
                    continue
    assert {("TestEventPattern", True), ("TestEventPattern", False), ("PutEvents", True)} <= both_ways.seen


# Requests nobody's client made


@pytest.fixture
def service() -> Service:
    return Service(Clock(NOW), Ids(1), Limits())


def ask(service: Service, operation: str, body: Any) -> wire.WireResponse:
    headers = {"X-Amz-Target": f"AWSEvents.{operation}", "Content-Type": "application/x-amz-json-1.1"}
    return wire.respond(service, headers, json.dumps(body).encode(), ACCOUNT, REGION)


def test_a_response(service: Service) -> None:
    """Status, headers and body of a success, with times as AWS sends them: epoch seconds with milliseconds."""
    assert ask(service, "CreateEventBus", {"Name": "orders"}).status == 200
    response = ask(service, "DescribeEventBus", {"Name": "orders"})
    body = json.loads(response.body)
    assert body["CreationTime"] == 1772787605.385
    assert body["Arn"] == f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
    request_id = response.headers.pop("x-amzn-RequestId")
    assert len(request_id) == 36
    assert response.headers == {
        "Content-Type": "application/x-amz-json-1.1",
        "Content-Length": str(len(response.body)),
        "Date": "Fri, 06 Mar 2026 09:00:05 GMT",
    }


@pytest.mark.parametrize("year", [1969, 1970, 2026])
def test_whole_seconds_are_whole_numbers(year: int) -> None:
    """A time without a fraction travels without one; times before 1970 are negative."""
    when = datetime(year, 1, 1, tzinfo=UTC)
    body = wire.answered({"At": when, "Later": when.replace(microsecond=250_000)}, "id", NOW).body
    seconds = int(when.timestamp())
    assert body == f'{{"At":{seconds},"Later":{seconds + 0.25}}}'.encode()


def test_an_event(service: Service) -> None:
    """What is put over the wire is in the journal like everything else, its time read from epoch seconds."""
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": '{"name":"Ü\\ud800"}', "Time": 1772787600}
    response = ask(service, "PutEvents", {"Entries": [entry, {**entry, "Source": ""}]})
    answer = json.loads(response.body)
    accepted, refused = service.journal.records[0], service.journal.records[-1]
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][1]["ErrorCode"] == "InvalidArgument"
    assert accepted.event_id == answer["Entries"][0]["EventId"]  # type: ignore[union-attr]
    assert accepted.event.time == datetime(2026, 3, 6, 9, tzinfo=UTC)  # type: ignore[union-attr]
    assert refused.operation == "PutEvents"  # type: ignore[union-attr]


def test_a_refusal(service: Service) -> None:
    """The code is in __type and the words are in message."""
    response = ask(service, "DescribeRule", {"Name": "none"})
    assert response.status == 400
    assert json.loads(response.body) == {
        "__type": "ResourceNotFoundException",
        "message": "Rule none does not exist on EventBus default.",
    }


PUT_RULE = {"X-Amz-Target": "AWSEvents.PutRule"}


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "PutRule"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "AWSEvents.PutRules"}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "AWSEvents."}, b"{}", "UnknownOperationException"),
        ({"X-Amz-Target": "DynamoDB_20120810.PutRule"}, b"{}", "UnknownOperationException"),
        (PUT_RULE, b"{", "SerializationException"),
        (PUT_RULE, b'{"Name": "\xff"}', "SerializationException"),
        (PUT_RULE, b"[" * 100_000, "SerializationException"),
        (PUT_RULE, b'["Name"]', "SerializationException"),
        (PUT_RULE, b"null", "SerializationException"),
        (PUT_RULE, b'"PutRule"', "SerializationException"),
        (PUT_RULE, b'{"Name": 5}', "SerializationException"),
        (PUT_RULE, b"{}", "ValidationException"),
        (PUT_RULE, b"", "ValidationException"),
        (PUT_RULE, b'{"Name": null}', "ValidationException"),
    ],
)
def test_bad_requests(service: Service, headers: dict[str, str], body: bytes, code: str) -> None:
    """Whatever is sent, the answer is one of AWS's JSON errors with HTTP 400, and nothing has changed."""
    response = wire.respond(service, headers, body, ACCOUNT, REGION)
    content = json.loads(response.body)
    assert (response.status, content["__type"]) == (400, code)
    assert isinstance(content["message"], str)
    assert response.headers["Content-Length"] == str(len(response.body))
    assert not service.store.scope(ACCOUNT, REGION).buses["default"].rules


@pytest.mark.parametrize("name", ["x-amz-target", "X-Amz-Target", "X-AMZ-TARGET"])
def test_header_names_have_no_case(service: Service, name: str) -> None:
    """Servers hand over header names as they came, botocore hands over bytes."""
    response = wire.respond(service, {name: b"AWSEvents.ListRules"}, b"{}", ACCOUNT, REGION)
    assert json.loads(response.body) == {"Rules": []}
