"""Answers and refusals are what botocore's own parser would have made of AWS's bytes."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import create_parser
from dateutil.tz import tzlocal

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks import codec
from eventbridge_local.botocore_hooks.codec import service_model

NOW = datetime(2026, 3, 6, 9, 0, 5, 123_987, tzinfo=UTC)
PATTERN = json.dumps({"source": ["shop"]})
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
ARN = "arn:aws:events:us-east-1:123456789012:"
TEST_EVENT = json.dumps(
    {"id": "1", "account": "1", "source": "shop", "time": "2026-03-06T09:00:00Z", "region": "r", "detail-type": "t"}
)
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
TARGET = {
    "Id": "1",
    "Arn": FUNCTION,
    "InputTransformer": {"InputPathsMap": {"a": "$.detail.a"}, "InputTemplate": '{"a":<a>}'},
    "RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 60},
}


@functools.cache
def events_client() -> Any:
    return boto3.client(
        "events",
        region_name="us-east-1",
        aws_access_key_id="unused",
        aws_secret_access_key="unused",
        config=Config(parameter_validation=False),
    )


def on_the_wire(value: Any) -> Any:
    """An answer as AWS's JSON 1.1 has it: times in seconds, with milliseconds."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    raise TypeError(value)


def parsed_by_botocore(operation: str, answer: dict[str, Any]) -> dict[str, Any]:
    """What botocore makes of the bytes of an answer."""
    metadata = answer["ResponseMetadata"]
    body = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    response = {
        "body": json.dumps(body, default=on_the_wire).encode(),
        "headers": metadata["HTTPHeaders"],
        "status_code": metadata["HTTPStatusCode"],
    }
    parsed: dict[str, Any] = create_parser("json").parse(
        response, service_model().operation_model(operation).output_shape
    )
    parsed["ResponseMetadata"]["RetryAttempts"] = 0  # added by botocore's endpoint
    return parsed


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal and of the same types throughout; times also in zone."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, datetime):
        return one == other and type(one.tzinfo) is type(other.tzinfo) and one.utcoffset() == other.utcoffset()
    return bool(one == other)


@pytest.mark.parametrize(
    ("operation", "method", "params"),
    [
        ("CreateEventBus", "create_event_bus", {"Name": "new", "LogConfig": {"Level": "INFO"}}),
        ("DescribeEventBus", "describe_event_bus", {"Name": "shop"}),
        ("ListEventBuses", "list_event_buses", {"Limit": 1}),
        ("UpdateEventBus", "update_event_bus", {"Name": "shop", "Description": "é"}),
        ("DeleteEventBus", "delete_event_bus", {"Name": "none"}),
        ("PutRule", "put_rule", {"Name": "r", "EventPattern": PATTERN}),
        ("DescribeRule", "describe_rule", {"Name": "r"}),
        ("ListRules", "list_rules", {}),
        ("EnableRule", "enable_rule", {"Name": "r"}),
        ("PutTargets", "put_targets", {"Rule": "r", "Targets": [TARGET]}),
        ("ListTargetsByRule", "list_targets_by_rule", {"Rule": "r"}),
        ("ListRuleNamesByTarget", "list_rule_names_by_target", {"TargetArn": FUNCTION}),
        ("RemoveTargets", "remove_targets", {"Rule": "r", "Ids": ["1"]}),
        ("PutEvents", "put_events", {"Entries": [ENTRY, {}]}),
        ("TestEventPattern", "test_event_pattern", {"EventPattern": PATTERN, "Event": TEST_EVENT}),
        ("TagResource", "tag_resource", {"ResourceARN": f"{ARN}rule/r", "Tags": []}),
        ("ListTagsForResource", "list_tags_for_resource", {"ResourceARN": f"{ARN}event-bus/shop"}),
    ],
)
def test_answers(operation: str, method: str, params: dict[str, Any]) -> None:
    """Values, their types and the metadata are those that botocore parses out of the same answer as bytes."""
    with mock_eventbridge(now=NOW):
        events_client().create_event_bus(Name="shop", Tags=[{"Key": "a", "Value": "b"}])
        events_client().put_rule(Name="r", EventPattern=PATTERN)
        events_client().put_targets(Rule="r", Targets=[TARGET])
        answer = getattr(events_client(), method)(**params)
    parsed = parsed_by_botocore(operation, answer)
    assert same(answer, parsed), (answer, parsed)


def test_times_are_local_with_milliseconds() -> None:
    """A time is aware, in the machine's zone, and has the milliseconds that AWS sends."""
    with mock_eventbridge(now=NOW):
        created = events_client().describe_event_bus()["CreationTime"]
    assert isinstance(created.tzinfo, tzlocal)
    assert created == NOW.replace(microsecond=123_000)


@pytest.mark.parametrize(("at", "hours"), [(datetime.max, 9), (datetime.min, -9)])
def test_times_at_the_edge_of_the_calendar(at: datetime, hours: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A replay "of everything" can be described east and west of Greenwich too; botocore itself could not."""
    monkeypatch.setattr(codec, "_LOCAL", timezone(timedelta(hours=hours)))
    instant = at.replace(microsecond=0, tzinfo=UTC)
    assert codec.answered({"EventEndTime": instant}, "id", NOW)[1]["EventEndTime"] == instant


def test_times_before_1970_where_the_system_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local time of such an instant is an error of the system on Windows."""

    class Zone(tzinfo):
        def utcoffset(self, when: datetime | None) -> timedelta:
            raise OSError(22, "Invalid argument")

    monkeypatch.setattr(codec, "_LOCAL", Zone())
    with mock_eventbridge(now="1969-07-20T20:17:40Z"):
        bus = boto3.client("events", region_name="us-east-1").describe_event_bus()
    assert bus["CreationTime"] == datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC)


def test_metadata() -> None:
    """Every answer and every refusal has an id of its own, in the headers too, and the time of the mock."""
    with mock_eventbridge(now=NOW):
        answered = events_client().list_rules()["ResponseMetadata"]
        with pytest.raises(ClientError) as refused:
            events_client().describe_rule(Name="none")
    of_refusal = refused.value.response["ResponseMetadata"]
    for metadata, status in ((answered, 200), (of_refusal, 400)):
        assert set(metadata) == {"RequestId", "HTTPStatusCode", "HTTPHeaders", "RetryAttempts"}
        assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (status, 0)
        assert metadata["HTTPHeaders"]["x-amzn-requestid"] == metadata["RequestId"]
        assert metadata["HTTPHeaders"]["date"] == "Fri, 06 Mar 2026 09:00:05 GMT"
    assert answered["RequestId"] != of_refusal["RequestId"]


def test_a_refusal_is_what_botocore_parses() -> None:
    """The response of a ClientError equals the one parsed from AWS's bytes of the same refusal."""
    with mock_eventbridge(), pytest.raises(ClientError) as refused:
        events_client().describe_rule(Name="none")
    response = refused.value.response
    body = {"__type": response["Error"]["Code"], "message": response["Error"]["Message"]}
    wire = {
        "body": json.dumps(body).encode(),
        "headers": response["ResponseMetadata"]["HTTPHeaders"],
        "status_code": 400,
    }
    parsed = create_parser("json").parse(wire, service_model().operation_model("DescribeRule").output_shape)
    assert parsed["Error"] == response["Error"]
    assert set(response) == set(parsed) == {"Error", "ResponseMetadata"}


@pytest.mark.parametrize(
    ("name", "method", "params"),
    [
        ("ResourceNotFoundException", "describe_event_bus", {"Name": "none"}),
        ("ResourceAlreadyExistsException", "create_event_bus", {"Name": "default"}),
        ("InvalidEventPatternException", "put_rule", {"Name": "r", "EventPattern": "{"}),
        (
            "LimitExceededException",
            "create_event_bus",
            {"Name": "b", "Tags": [{"Key": f"k{number}", "Value": ""} for number in range(51)]},
        ),
    ],
)
def test_typed_exceptions(name: str, method: str, params: dict[str, Any]) -> None:
    """A modelled refusal is caught as the class the client has for it."""
    with mock_eventbridge(), pytest.raises(getattr(events_client().exceptions, name)) as refused:
        getattr(events_client(), method)(**params)
    assert refused.value.response["Error"]["Code"] == name
    assert type(refused.value).__name__ == name


def test_validation_is_a_bare_client_error() -> None:
    """ValidationException is not in the API model, so botocore has no class for it."""
    with mock_eventbridge(), pytest.raises(ClientError) as refused:
        events_client().put_rule(Name="r")
    assert type(refused.value) is ClientError


def test_a_caller_may_change_what_it_was_given() -> None:
    """Changing an answer, or a request after it was sent, changes nothing inside."""
    client = events_client()
    config = {"Level": "INFO", "IncludeDetail": "FULL"}
    target = json.loads(json.dumps(TARGET))
    with mock_eventbridge() as eb:
        created = client.create_event_bus(Name="shop", LogConfig=config)
        client.put_rule(Name="r", EventPattern=PATTERN)
        client.put_targets(Rule="r", Targets=[target])
        described, listed = client.describe_event_bus(Name="shop"), client.list_targets_by_rule(Rule="r")
        config["Level"] = "OFF"
        created["LogConfig"]["Level"] = "OFF"
        described["LogConfig"].clear()
        target["InputTransformer"]["InputPathsMap"].clear()
        listed["Targets"][0]["InputTransformer"]["InputPathsMap"]["b"] = "$"
        listed["Targets"].clear()
        assert client.describe_event_bus(Name="shop")["LogConfig"] == {"Level": "INFO", "IncludeDetail": "FULL"}
        assert client.list_targets_by_rule(Rule="r")["Targets"] == [TARGET]
        assert eb.calls.where(operation="CreateEventBus").one().params["LogConfig"]["Level"] == "INFO"


@pytest.mark.parametrize(
    "given",
    [
        datetime(2022, 3, 6, 9, 0, 0, tzinfo=UTC),
        datetime(2022, 3, 6, 9, 0, 0),
        datetime(2022, 3, 6, 11, 0, 0, 900_000, tzinfo=timezone(timedelta(hours=2))),
        1646557200,
        1646557200.9,
        "1646557200",
        "2022-03-06T09:00:00Z",
        "2022-03-06 09:00:00Z",
        "2022-03-06T10:00:00+01:00",
        "2022-03-06T09:00:00",
    ],
)
def test_times_of_events(given: Any) -> None:
    """Every form of time that botocore takes ends as the same second, in UTC; targets receive no fraction."""
    with mock_eventbridge() as eb:
        assert events_client().put_events(Entries=[{**ENTRY, "Time": given}])["FailedEntryCount"] == 0
        event = eb.events.one().event
    assert event.time.replace(microsecond=0) == datetime(2022, 3, 6, 9, tzinfo=UTC)
    assert event.time.tzinfo is UTC
    assert event.time_text == "2022-03-06T09:00:00Z"


def test_the_time_of_the_call() -> None:
    """An event without a time has that of the call."""
    with mock_eventbridge(now=NOW) as eb:
        events_client().put_events(Entries=[ENTRY])
        assert eb.events.one().event.time_text == "2026-03-06T09:00:05Z"
