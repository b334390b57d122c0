"""Beside moto: its services stay its own, ``events`` is ours, whichever of the two was entered first."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.events import events_backends

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge

KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": '{"id":"o-1"}'}
PATTERN = '{"source":["shop"]}'


@functools.cache
def early(service: str) -> Any:
    """A client made outside of both mocks, once."""
    return boto3.client(service, region_name="us-east-1", **KEYS)


def inside(service: str) -> Any:
    """A client made where it is used, with the credentials and the Region that it finds there."""
    return boto3.client(service, region_name="us-east-1")


@pytest.fixture(params=["early", "inside"])
def client(request: pytest.FixtureRequest) -> Callable[[str], Any]:
    """Clients made before the mocks, or in them."""
    if request.param == "early":
        for service in ("s3", "sqs", "events"):
            early(service)
        return early
    return inside


@contextmanager
def ours_inside() -> Iterator[EventBridge]:
    with mock_aws(), mock_eventbridge() as eb:
        yield eb


@contextmanager
def ours_outside() -> Iterator[EventBridge]:
    with mock_eventbridge() as eb, mock_aws():
        yield eb


def moto_knows() -> tuple[list[str], list[str]]:
    """The buses and the rules of moto's own EventBridge."""
    backend = events_backends[DEFAULT_ACCOUNT_ID]["us-east-1"]
    return list(backend.event_buses), [rule for bus in backend.event_buses.values() for rule in bus.rules]


def use_everything(client: Callable[[str], Any]) -> None:
    """A bucket, a queue, and an event through a rule."""
    client("s3").create_bucket(Bucket="shop")
    client("s3").put_object(Bucket="shop", Key="o-1", Body=b"order")
    assert client("s3").get_object(Bucket="shop", Key="o-1")["Body"].read() == b"order"
    url = client("sqs").create_queue(QueueName="audit")["QueueUrl"]
    client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert client("sqs").receive_message(QueueUrl=url)["Messages"][0]["Body"] == "hello"
    client("events").create_event_bus(Name="orders")
    client("events").put_rule(Name="r", EventPattern=PATTERN)
    arn = "arn:aws:sqs:us-east-1:123456789012:audit"
    client("events").put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    assert client("events").put_events(Entries=[ENTRY])["FailedEntryCount"] == 0


@pytest.mark.parametrize("both", [ours_inside, ours_outside])
def test_as_context_managers(both: Any, client: Callable[[str], Any]) -> None:
    """S3 and SQS are moto's, and every call of ``events`` comes to us and none to moto."""
    with both() as eb:
        use_everything(client)
        assert [call.operation for call in eb.calls] == ["CreateEventBus", "PutRule", "PutTargets", "PutEvents"]
        assert eb.events.one().detail == {"id": "o-1"}
        eb.assert_delivered(rule="r", target="audit", count=1)
        assert moto_knows() == (["default"], [])


@mock_aws
@mock_eventbridge
def decorated_ours_inside(client: Callable[[str], Any]) -> int:
    use_everything(client)
    assert moto_knows() == (["default"], [])
    return len(current_eventbridge().events)


@mock_eventbridge()
@mock_aws()
def decorated_ours_outside(client: Callable[[str], Any]) -> int:
    use_everything(client)
    assert moto_knows() == (["default"], [])
    return len(current_eventbridge().events)


@pytest.mark.parametrize("decorated", [decorated_ours_inside, decorated_ours_outside])
def test_as_decorators(decorated: Any, client: Callable[[str], Any]) -> None:
    """The order of the decorators makes no difference, and every call starts anew."""
    assert (decorated(client), decorated(client)) == (1, 1)


def test_the_fixture_with_moto_inside(eventbridge: EventBridge, client: Callable[[str], Any]) -> None:
    """The pytest fixture and a ``with mock_aws()`` in the test."""
    with mock_aws():
        use_everything(client)
    eventbridge.assert_put("shop", "Sold", {"id": "o-1"})


def test_a_handler_writes_to_motos_services(client: Callable[[str], Any]) -> None:
    """A connected Lambda handler uses S3 as it would in production."""

    def archive(event: Any, context: Any) -> None:
        client("s3").put_object(Bucket="shop", Key=event["detail"]["id"], Body=b"order")

    with ours_inside() as eb:
        client("s3").create_bucket(Bucket="shop")
        eb.rule("r", pattern=PATTERN, to=archive)
        client("events").put_events(Entries=[ENTRY])
        assert [one["Key"] for one in client("s3").list_objects_v2(Bucket="shop")["Contents"]] == ["o-1"]


def test_events_are_motos_again_when_ours_ends(client: Callable[[str], Any]) -> None:
    """Inside moto alone its own EventBridge answers, before and after ours, with its own state."""
    with mock_aws():
        client("events").create_event_bus(Name="motos")
        with mock_eventbridge():
            assert [bus["Name"] for bus in client("events").list_event_buses()["EventBuses"]] == ["default"]
            client("events").put_rule(Name="ours", EventPattern=PATTERN)
        assert [bus["Name"] for bus in client("events").list_event_buses()["EventBuses"]] == ["default", "motos"]
        assert client("events").list_rules()["Rules"] == []


def test_ours_goes_on_when_moto_ends(client: Callable[[str], Any]) -> None:
    """Our state does not depend on moto's beginning or end."""
    with mock_eventbridge() as eb:
        early("events").put_rule(Name="r", EventPattern=PATTERN)
        with mock_aws():
            client("events").put_events(Entries=[ENTRY])
        early("events").put_events(Entries=[ENTRY])
        assert [rule["Name"] for rule in early("events").list_rules()["Rules"]] == ["r"]
        assert len(eb.events) == 2


@pytest.mark.parametrize("both", [ours_inside, ours_outside])
def test_the_environment_is_restored(both: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Region and credentials of the environment are afterwards what they were."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    before = dict(os.environ)
    with both() as eb:
        assert eb.region == "eu-north-1"
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-north-1"
    assert dict(os.environ) == before


def test_left_out_of_order() -> None:
    """Contexts that end in the order in which they began leave nothing behind."""
    before = dict(os.environ)
    with ExitStack() as outer, ExitStack() as inner:
        outer.enter_context(mock_aws())
        eb = inner.enter_context(mock_eventbridge())
        early("events").put_events(Entries=[ENTRY])
        outer.close()
        early("events").put_events(Entries=[ENTRY])
        assert len(eb.events) == 2
    assert os.environ.get("AWS_DEFAULT_REGION") == before.get("AWS_DEFAULT_REGION")


def test_the_account_of_moto_is_ours() -> None:
    """ARNs of both mocks name the same account, so that a queue's ARN can be a target."""
    with ours_inside() as eb:
        url = early("sqs").create_queue(QueueName="audit")["QueueUrl"]
        arn = early("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        assert arn == f"arn:aws:sqs:us-east-1:{eb.account}:audit"
        eb.rule("r", pattern=PATTERN, to=arn)
        eb.put("shop", "Sold")
        assert eb.deliveries.one().arn == arn


def test_a_role_assumed_through_moto_selects_its_account() -> None:
    """Suites of several accounts assume roles; the bus they then see is that account's."""
    with ours_inside():
        sts = boto3.client("sts", region_name="us-east-1")
        role = "arn:aws:iam::222222222222:role/deploy"
        keys = sts.assume_role(RoleArn=role, RoleSessionName="deploy")["Credentials"]
        there = boto3.client(
            "events",
            region_name="us-east-1",
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
        )
        assert there.describe_event_bus()["Arn"] == "arn:aws:events:us-east-1:222222222222:event-bus/default"
        assert inside("events").describe_event_bus()["Arn"].split(":")[4] == DEFAULT_ACCOUNT_ID
