"""Journeys through failures: publishers as users write them, and what their tests say about them."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge
from eventbridge_local.batching import PutFailed, PutOutcome, put_all

# The user's code: a shop that publishes its orders, and an outbox that keeps what could not be sent.


def order(id: str) -> dict[str, str]:
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps({"id": id})}


def publish_all(entries: list[dict[str, str]]) -> list[PutOutcome]:
    client = boto3.client("events", region_name="us-east-1", config=Config(retries={"mode": "standard"}))
    return put_all(client, entries, sleep=lambda seconds: None)


class Outbox:
    """Sends, and keeps what the service does not take for a later try."""

    def __init__(self) -> None:
        self.waiting: list[dict[str, str]] = []

    def send(self, entry: dict[str, str]) -> bool:
        client = boto3.client("events", region_name="us-east-1", config=Config(retries={"total_max_attempts": 2}))
        try:
            answer = client.put_events(Entries=[entry])
        except (ClientError, ReadTimeoutError):
            answer = {"FailedEntryCount": 1}
        if answer["FailedEntryCount"]:
            self.waiting.append(entry)
        return not answer["FailedEntryCount"]


@pytest.fixture
def three_orders() -> list[dict[str, str]]:
    return [order("o-1"), order("o-2"), order("o-3")]


def ids(events: Any) -> list[str]:
    return [event.detail["id"] for event in events]


def test_only_refused_entries_are_resent(eventbridge: EventBridge, three_orders: list[dict[str, str]]) -> None:
    """Of a request that was taken in part, the publisher sends the rest again and nothing twice."""
    eventbridge.fail_put(entries=[1], code="ThrottlingException", times=1)
    publish_all(three_orders)
    assert ids(eventbridge.events.accepted) == ["o-1", "o-3", "o-2"]
    assert eventbridge.events.refused.one().error_code == "ThrottlingException"


def test_refused_entries_are_not_delivered(eventbridge: EventBridge, three_orders: list[dict[str, str]]) -> None:
    """The consumer sees each order once, the throttled one last."""
    spy = eventbridge.connect("InvoiceFunction", lambda event: None)
    eventbridge.rule("All", pattern={"source": ["shop.orders"]}, to="InvoiceFunction")
    eventbridge.fail_put(entries=[1, 2], code="InternalFailure", times=1)
    outcomes = publish_all(three_orders)
    assert [each.event["detail"]["id"] for each in spy.calls] == ["o-1", "o-2", "o-3"]
    assert [outcome.attempts for outcome in outcomes] == [1, 2, 2]
    assert "InternalFailure" in str(eventbridge.journal)


def test_final_refusals_are_not_resent(eventbridge: EventBridge, three_orders: list[dict[str, str]]) -> None:
    """A code that says the sender is wrong ends it for that entry."""
    eventbridge.fail_put(entries=[0], code="NotAuthorizedForDetailTypeException", times=None)
    outcomes = publish_all(three_orders)
    assert [outcome.ok for outcome in outcomes] == [False, True, True]
    assert len(eventbridge.calls) == 1


def test_a_throttled_request_is_retried_by_botocore(
    eventbridge: EventBridge, three_orders: list[dict[str, str]]
) -> None:
    """Two throttled requests go unnoticed by the publisher, as botocore's retries are meant to have it."""
    eventbridge.fail_call("PutEvents", code="ThrottlingException", times=2)
    assert [outcome.attempts for outcome in publish_all(three_orders)] == [1, 1, 1]
    assert [call.error_code for call in eventbridge.calls] == ["ThrottlingException", "ThrottlingException", None]
    assert ids(eventbridge.events.accepted) == ["o-1", "o-2", "o-3"]


def test_an_outage_is_told(eventbridge: EventBridge, three_orders: list[dict[str, str]]) -> None:
    """When the service stays away, the publisher fails loudly and says what was not sent."""
    eventbridge.fail_call("PutEvents", error="connection_refused", times=None)
    with pytest.raises(PutFailed, match="stopped after 0 accepted of 3 tried entries: Could not connect"):
        publish_all(three_orders)
    eventbridge.assert_not_put("shop.orders")
    eventbridge.fail_nothing()
    assert all(outcome.ok for outcome in publish_all(three_orders))


def test_an_outbox_under_load() -> None:
    """A soak of three hundred orders with everything that can fail: none is lost, and none is put twice."""
    with mock_eventbridge(seed=7, now="2026-03-06T09:00Z") as eb:
        eb.fail_put(code="InternalFailure", times=None, rate=0.1)
        eb.fail_call("PutEvents", status=503, times=None, rate=0.3)
        eb.fail_call("PutEvents", error="read_timeout", times=None, rate=0.3)
        outbox = Outbox()
        orders = [f"o-{number}" for number in range(300)]
        sent = sum(outbox.send(order(id)) for id in orders)
        assert 0 < sent < 300
        eb.fail_nothing()
        waiting, outbox.waiting = outbox.waiting, []
        assert all(map(outbox.send, waiting))
        assert sorted(ids(eb.events.accepted)) == sorted(orders)


@mock_eventbridge(now="2026-03-06T09:00Z")
async def slow_and_async() -> None:
    eb = current_eventbridge()
    eb.fail_call("PutEvents", latency=90, times=1)  # the default read timeout of botocore is 60 seconds
    async with get_session().create_client("events", region_name="us-east-1") as client:
        answer = await client.put_events(Entries=[order("o-1")])
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1
    assert eb.events.one().at.isoformat() == "2026-03-06T09:01:30+00:00"


def test_a_slow_service_and_an_async_publisher() -> None:
    """The first attempt times out on the clock of the mock, the second is taken."""
    asyncio.run(slow_and_async())
