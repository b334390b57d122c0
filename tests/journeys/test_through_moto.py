"""One event, eight targets: everything that moto serves receives it for real, and boto3 reads it back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.forward import NotLocal, Services
from eventbridge_local.delivery.http.loopback import is_loopback

REGION, ACCOUNT = "us-east-1", "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused", "region_name": REGION}


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_aws(), mock_eventbridge() as handle:
        yield handle


def client(service: str, **other: str) -> Any:
    return boto3.client(service, **{**KEYS, **other})


def make_queue(name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN of a new queue."""
    url = client("sqs").create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def messages(url: str) -> list[Any]:
    return client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    ).get("Messages", [])  # fmt: skip


def send_to(*targets: dict[str, Any]) -> None:
    events = client("events")
    for number, target in enumerate(targets):
        events.put_rule(Name=f"r{number}", EventPattern='{"source": ["shop.orders"]}')
        events.put_targets(Rule=f"r{number}", Targets=[{"Id": "t", **target}])


def test_one_event_reaches_everything(eb: EventBridge) -> None:
    """Queue, FIFO queue, topic with a queue behind it, log group, stream, delivery stream and state machine."""
    queue, queue_arn = make_queue("audit")
    fifo, fifo_arn = make_queue("ledger.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    subscriber, subscriber_arn = make_queue("subscriber")
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=subscriber_arn)
    client("logs").create_log_group(logGroupName="/events/orders")
    client("kinesis").create_stream(StreamName="clicks", ShardCount=1)
    client("s3").create_bucket(Bucket="lake")
    firehose = client("firehose").create_delivery_stream(
        DeliveryStreamName="lake",
        ExtendedS3DestinationConfiguration={"BucketARN": "arn:aws:s3:::lake", "RoleARN": ROLE},
    )["DeliveryStreamARN"]
    machine = client("stepfunctions").create_state_machine(
        name="fulfil",
        definition='{"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}}',
        roleArn=ROLE,
    )["stateMachineArn"]
    send_to(
        {"Arn": queue_arn},
        {"Arn": fifo_arn, "SqsParameters": {"MessageGroupId": "orders"}},
        {"Arn": topic},
        {"Arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/events/orders"},
        {
            "Arn": f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/clicks",
            "RoleArn": ROLE,
            "KinesisParameters": {"PartitionKeyPath": "$.detail.id"},
        },
        {"Arn": firehose, "RoleArn": ROLE},
        {"Arn": machine, "RoleArn": ROLE},
    )
    event = eb.put("shop.orders", "OrderPlaced", {"id": "o-1", "total": 12.5}).event
    assert event is not None

    [in_queue] = messages(queue)
    [in_fifo] = messages(fifo)
    [notified] = messages(subscriber)
    logged = client("logs").filter_log_events(logGroupName="/events/orders")["events"]
    shard = client("kinesis").list_shards(StreamName="clicks")["Shards"][0]["ShardId"]
    start = client("kinesis").get_shard_iterator(StreamName="clicks", ShardId=shard, ShardIteratorType="TRIM_HORIZON")[
        "ShardIterator"
    ]
    [record] = client("kinesis").get_records(ShardIterator=start)["Records"]
    [key] = [found["Key"] for found in client("s3").list_objects_v2(Bucket="lake")["Contents"]]
    [execution] = client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]
    started = client("stepfunctions").describe_execution(executionArn=execution["executionArn"])

    assert in_queue["Body"] == event.text
    assert (in_fifo["Body"], in_fifo["Attributes"]["MessageGroupId"]) == (event.text, "orders")
    assert json.loads(notified["Body"])["Message"] == event.text
    assert [each["message"] for each in logged] == [event.text]
    assert [each["timestamp"] for each in logged] == [int(event.time.timestamp()) * 1000]
    assert (record["Data"].decode(), record["PartitionKey"]) == (event.text, '"o-1"')
    assert client("s3").get_object(Bucket="lake", Key=key)["Body"].read().decode() == event.text
    assert json.loads(started["input"]) == event.envelope
    assert {each.outcome for each in eb.deliveries} == {"delivered"}


def test_a_missing_queue_is_a_dead_letter_in_another(eb: EventBridge) -> None:
    """The queue is gone; its dead-letter queue in moto gets the event with AWS's attributes (captured)."""
    dead, dead_arn = make_queue("dead")
    send_to({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:gone", "DeadLetterConfig": {"Arn": dead_arn}})
    entry = eb.put("shop.orders", "OrderPlaced", trace_header="Root=1-5759e988-bd862e3fe1be46a994272793")
    [letter] = messages(dead)
    attributes = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert letter["Body"] == entry.event.text  # type: ignore[union-attr]
    assert letter["Attributes"]["AWSTraceHeader"] == "Root=1-5759e988-bd862e3fe1be46a994272793"
    assert attributes["ERROR_CODE"] == "NO_RESOURCE"
    assert attributes["ERROR_MESSAGE"].startswith(
        "The specified queue does not exist or you do not have access to it. (Service: AmazonSQS; Status Code: 400; "
        "Error Code: AWS.SimpleQueueService.NonExistentQueue; Request ID: "
    )
    assert eb.dead_letters.one().sent
    with pytest.raises(ExceptionGroup):  # the default check at exit: the event did not reach its target
        eb_exit_check(eb)


def eb_exit_check(eb: EventBridge) -> None:
    """What leaving the context would say, said now, so that the fixture may leave in peace."""
    failed = [AssertionError(each.reason) for each in eb.deliveries if each.outcome == "dead-lettered"]
    eb.reset()
    raise ExceptionGroup("failed", failed)


def test_targets_live_in_their_own_account_and_region(eb: EventBridge) -> None:
    """The queue that gets the event is the one of the ARN, not one of the same name elsewhere."""
    west = client("sqs", region_name="us-west-2").create_queue(QueueName="audit")["QueueUrl"]
    east, _ = make_queue("audit")
    send_to({"Arn": f"arn:aws:sqs:us-west-2:{ACCOUNT}:audit"})
    eb.put("shop.orders", "OrderPlaced")
    assert len(client("sqs", region_name="us-west-2").receive_message(QueueUrl=west)["Messages"]) == 1
    assert messages(east) == []


def test_a_callable_comes_before_moto(eb: EventBridge) -> None:
    """What the test connects stands in for the real thing."""
    queue, arn = make_queue("audit")
    spy = eb.connect("audit", lambda event: None)
    send_to({"Arn": arn})
    eb.put("shop.orders", "OrderPlaced")
    assert (len(spy.calls), messages(queue)) == (1, [])


def test_a_function_that_moto_does_not_have_is_recorded(eb: EventBridge) -> None:
    """moto runs functions in containers, so only one that was made there is invoked."""
    send_to({"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:invoice"})
    eb.put("shop.orders", "OrderPlaced")
    assert eb.deliveries.one().outcome == "recorded"


def test_a_service_that_moto_does_not_have_is_recorded(eb: EventBridge) -> None:
    """As without moto: the delivery neither fails nor waits for another attempt."""
    send_to({"Arn": f"arn:aws:ssm-incidents::{ACCOUNT}:response-plan/outage", "RoleArn": ROLE})
    eb.put("shop.orders", "Sold")
    assert eb.deliveries.one().outcome == "recorded"


def test_half_a_surrogate_pair_reaches_a_topic(eb: EventBridge) -> None:
    """It cannot be sent in the form that SNS takes, and becomes ``?``."""
    topic = client("sns").create_topic(Name="news")["TopicArn"]
    paths = {"text": "$.detail.text"}
    send_to({"Arn": topic, "InputTransformer": {"InputPathsMap": paths, "InputTemplate": '"<text>"'}})
    eb.put("shop.orders", "Sold", '{"text": "a\\ud800b"}')
    assert eb.deliveries.one().outcome == "delivered"
    assert eb.deliveries.one().request.params["Message"] == '"a?b"'  # type: ignore[union-attr]


@pytest.mark.parametrize("forward", ["never", ["sns"]])
def test_forwarding_can_be_kept_out(forward: Any) -> None:
    """``never``, or a list without the service: the event is recorded and the queue stays empty."""
    with mock_aws(), mock_eventbridge(forward=forward) as eb:
        queue, arn = make_queue("audit")
        send_to({"Arn": arn})
        eb.put("shop.orders", "OrderPlaced")
        assert (eb.deliveries.one().outcome, messages(queue)) == ("recorded", [])


def test_an_endpoint_elsewhere_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """An endpoint that is not on this machine is never called; the text says which option allows it."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://queues.example.com:4566")
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        send_to({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:audit"})
        eb.put("shop.orders", "OrderPlaced")
        delivery = eb.deliveries.one()
    assert (delivery.outcome, delivery.error) == ("dropped", "SDK_CLIENT_ERROR")
    assert "mock_eventbridge(allow_hosts=['queues.example.com']) allows it" in str(delivery.reason)


def test_without_anybody_to_serve_it_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No moto and no endpoint: nothing is called, nothing fails."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", "http://127.0.0.1:4566")
    with mock_eventbridge() as eb:
        send_to({"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:audit"})
        eb.put("shop.orders", "OrderPlaced")
        assert eb.deliveries.one().outcome == "recorded"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:4566", True),
        ("http://sqs.localhost:4566", True),
        ("https://127.0.0.1", True),
        ("http://127.8.9.1:1", True),
        ("http://[::1]:4566", True),
        ("http://localstack:4566", False),
        ("http://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("https://sqs.us-east-1.amazonaws.com", False),
        ("", False),
    ],
)
def test_what_counts_as_this_machine(url: str, local: bool) -> None:
    """By name or address alone: looking a name up would itself be a network call."""
    assert is_loopback(url) is local


def test_a_configuration_file_may_name_the_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """As botocore itself reads it."""
    config = tmp_path / "config"
    config.write_text("[default]\nservices = here\n[services here]\nsqs =\n  endpoint_url = http://127.0.0.1:4566\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    services = Services()
    assert services.client("sqs", ACCOUNT, REGION).meta.endpoint_url == "http://127.0.0.1:4566"
    assert services.client("sns", ACCOUNT, REGION) is None


def test_allowed_hosts(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container beside the tests has a name of its own, which the user may allow."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localstack:4566")
    with pytest.raises(NotLocal):
        Services().client("sqs", ACCOUNT, REGION)
    assert Services(allow_hosts=["localstack"]).client("sqs", ACCOUNT, REGION) is not None
