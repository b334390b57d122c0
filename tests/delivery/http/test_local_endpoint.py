"""A local stand-in for other services, found through AWS_ENDPOINT_URL as the user's own clients find it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge

QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
MD5 = hashlib.md5(b"{}").hexdigest()


@pytest.fixture
def eb(server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventBridge]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    with mock_eventbridge(now="2026-03-06T09:00Z", assert_all_deliveries_succeeded=False) as made:
        events = boto3.client("events", region_name="us-east-1")
        events.put_rule(Name="rule", EventPattern='{"source": ["shop"]}')
        events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": QUEUE, "Input": "{}"}])
        yield made


def answers(server: Any, *given: tuple[int, dict[str, Any]]) -> None:
    server.answers[:] = [
        (status, {"Content-Type": "application/x-amz-json-1.0"}, json.dumps(body)) for status, body in given
    ]


def test_a_queue(eb: EventBridge, server: Any) -> None:
    """The stand-in says how the queue's URL is spelled, and gets the message there."""
    answers(
        server, (200, {"QueueUrl": f"{server.url}/here/orders"}), (200, {"MessageId": "m", "MD5OfMessageBody": MD5})
    )
    eb.put("shop", "Sold")
    assert eb.deliveries.one().outcome == "delivered"
    asked, sent = server.requests
    assert asked.headers["X-Amz-Target"] == "AmazonSQS.GetQueueUrl"
    assert json.loads(sent.body) == {"QueueUrl": f"{server.url}/here/orders", "MessageBody": "{}"}


def test_a_queue_that_is_not_there(eb: EventBridge, server: Any) -> None:
    """The refusal becomes the error that AWS writes into dead letters, and is not tried again."""
    answers(server, (400, {"__type": "com.amazonaws.sqs#QueueDoesNotExist", "message": "no"}))
    eb.put("shop", "Sold")
    made = eb.deliveries.one()
    assert (made.outcome, made.error, made.attempts) == ("dropped", "NO_RESOURCE", 1)


@pytest.mark.parametrize("body", ["", "<html>", "[1]", "{"])
def test_a_server_that_talks_nonsense(eb: EventBridge, server: Any, body: str) -> None:
    """Nothing of it is raised to the producer, and the event is not lost from the journal."""
    server.answers[:] = [(200, {}, body)]
    assert eb.put("shop", "Sold").accepted
    eb.clock.advance(days=2)
    assert eb.deliveries.one().outcome == "dropped"


def test_a_server_that_is_busy_for_a_while(eb: EventBridge, server: Any) -> None:
    """Botocore makes one attempt; the next is EventBridge's, on the mock's clock."""
    refused = (503, {"__type": "ServiceUnavailable"})
    answers(server, refused, (200, {"QueueUrl": f"{server.url}/here/orders"}), (200, {"MD5OfMessageBody": MD5}))
    eb.put("shop", "Sold")
    assert (eb.deliveries.one().outcome, len(server.requests)) == ("pending", 1)
    eb.clock.advance(seconds=1)
    assert (eb.deliveries.one().outcome, len(server.requests)) == ("delivered", 3)
