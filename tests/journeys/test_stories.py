"""Twelve tests that people want to write, as they would write them.

The code under test stands at the top; each story below is one question about it.
"""

from __future__ import annotations

import asyncio
import functools
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from moto import mock_aws

from eventbridge_local import ContractViolation, EventBridge, explain, make_event, mock_eventbridge, put_all

DEPLOYED = Path(__file__).parents[2] / "examples" / "formats"
TEMPLATE = DEPLOYED / "cloudformation" / "template.yaml"
SCHEMAS = Path(__file__).parents[1] / "cases" / "stories" / "schemas"
KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}

# The code under test: a shop that announces orders, and the functions that listen.


@functools.cache
def events() -> Any:
    return boto3.client("events", region_name="us-east-1", **KEYS)


def order_placed(id: str, total: float = 120, bus: str = "orders") -> dict[str, str]:
    detail = json.dumps({"id": id, "total": total})
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": detail, "EventBusName": bus}


def place_order(id: str, total: float, bus: str = "orders") -> None:
    events().put_events(Entries=[order_placed(id, total, bus)])


invoices: list[str] = []
reports: list[str] = []
members: list[str] = []


def invoice_handler(event: dict[str, Any], context: Any) -> None:
    invoices.append(event["detail"]["id"])


def daily_report(event: dict[str, Any], context: Any) -> None:
    reports.append(event["time"])


def loyalty_handler(event: dict[str, Any], context: Any) -> None:
    members.append(event["detail"]["id"])


@pytest.fixture(autouse=True)
def clean() -> None:
    """What the shop remembers of the test before."""
    invoices.clear()
    reports.clear()
    members.clear()


@pytest.fixture
def orders_bus(eventbridge: EventBridge) -> EventBridge:
    """The bus of the shop."""
    events().create_event_bus(Name="orders")
    return eventbridge


# 1


def test_order_is_announced(orders_bus: EventBridge) -> None:
    """Assert that an event was put."""
    place_order("o-1", total=120)
    event = orders_bus.assert_put("shop.orders", "OrderPlaced", {"id": "o-1"}, bus="orders")
    assert event.detail["total"] == 120


# 2


def publish_all(entries: list[dict[str, str]]) -> None:
    put_all(events(), entries, sleep=lambda seconds: None)


def test_only_refused_entries_are_resent(orders_bus: EventBridge) -> None:
    """PutEvents answers 200 while an entry fails."""
    orders_bus.fail_put(entries=[1], code="ThrottlingException", times=1)
    publish_all([order_placed("o-1"), order_placed("o-2"), order_placed("o-3")])
    assert [entry.detail["id"] for entry in orders_bus.events.accepted] == ["o-1", "o-3", "o-2"]
    assert orders_bus.events.refused.one().error_code == "ThrottlingException"


# 3


@pytest.mark.eventbridge(template=TEMPLATE)
def test_big_orders_reach_fraud_check(eventbridge: EventBridge) -> None:
    """My deployed pattern catches it."""
    eventbridge.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders")
    eventbridge.assert_delivered(rule="FraudCheckRule", count=1)


# 4


def test_total_must_be_a_number() -> None:
    """Why did it not match?"""
    why = explain(
        {"detail": {"total": [{"numeric": [">", 100]}]}}, make_event("shop.orders", "OrderPlaced", {"total": "120"})
    )
    assert not why
    assert why.mismatches[0].path == "detail.total"
    assert "EventBridge compares JSON types" in str(why)


@pytest.mark.eventbridge(template=TEMPLATE)
def test_why_did_the_order_go_nowhere(eventbridge: EventBridge) -> None:
    """The same for an event that was put, with its whole way."""
    order = eventbridge.put("shop.orders", "OrderPlaced", {"total": "5000"}, bus="orders")
    why = eventbridge.explain(order, rule="FraudCheckRule")
    assert not why
    assert "wanted numeric > 1000, got '5000'" in str(why)
    assert eventbridge.explain(order, rule="InvoiceRule")
    assert [row.rule for row in eventbridge.route(order).matched] == ["invoice"]


# 5


@pytest.mark.eventbridge(template=TEMPLATE)
def test_invoice_is_written(eventbridge: EventBridge) -> None:
    """My Lambda handler is the target."""
    spy = eventbridge.connect("InvoiceFunction", invoice_handler)
    place_order("o-1", total=120)
    assert spy.calls.one().event["detail-type"] == "OrderPlaced"
    assert invoices == ["o-1"]


# 6


def make_queue(name: str) -> tuple[Any, str, str]:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return sqs, url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def test_event_lands_in_queue(eventbridge: EventBridge) -> None:
    """SQS through moto, in the same process."""
    with mock_aws():
        sqs, url, arn = make_queue("audit")
        eventbridge.rule("audit", pattern={"source": [{"prefix": "shop."}]}, to=arn)
        place_order("o-1", total=120, bus="default")
        body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body["source"] == "shop.orders"


# 7


@pytest.mark.eventbridge(template=TEMPLATE, now="2026-03-06T09:00Z")
def test_report_runs_on_weekdays_only(eventbridge: EventBridge) -> None:
    """A schedule ticks: Friday 09:00 to Wednesday 09:00, in no time."""
    spy = eventbridge.connect("DailyReportFunction", daily_report)
    eventbridge.clock.advance(days=5)
    assert [call.event["time"][:10] for call in spy.calls] == ["2026-03-06", "2026-03-09", "2026-03-10"]


# 8


@pytest.fixture
def webhook_rule(eventbridge: EventBridge) -> None:
    """A rule whose target is tried twice more, and then has a dead-letter queue."""
    eventbridge.rule("webhook", pattern={"source": ["shop.orders"]})
    target = {
        "Id": "webhook",
        "Arn": "arn:aws:lambda:us-east-1:123456789012:function:webhook",
        "RetryPolicy": {"MaximumRetryAttempts": 2},
        "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:123456789012:dlq"},
    }
    events().put_targets(Rule="webhook", Targets=[target])


@pytest.mark.eventbridge(assert_all_deliveries_succeeded=False)
@pytest.mark.usefixtures("webhook_rule")
def test_gives_up_after_two_retries(eventbridge: EventBridge) -> None:
    """Retry, then dead-letter."""
    eventbridge.fail_target("webhook", error="THROTTLING")
    eventbridge.put("shop.orders", "OrderPlaced", {"id": "o-1"})
    eventbridge.clock.advance(hours=1)
    delivery = eventbridge.deliveries.one()
    assert (delivery.attempts, delivery.outcome) == (3, "dead-lettered")
    assert eventbridge.dead_letters.where(queue="dlq").last.attributes["ERROR_CODE"] == "THROTTLING"


# 9


def test_new_consumer_catches_up(orders_bus: EventBridge) -> None:
    """Replay an archive."""
    archive_of_march = orders_bus.archive("march", bus="orders")
    for number in range(3):
        place_order(f"o-{number}", total=1)
    orders_bus.rule("LoyaltyRule", pattern={"source": ["shop.orders"]}, bus="orders", to="LoyaltyFunction")
    spy = orders_bus.connect("LoyaltyFunction", loyalty_handler)
    events().start_replay(ReplayName="catch-up", **archive_of_march.as_replay_request())
    assert len(spy.calls) == 3
    assert {call.event["replay-name"] for call in spy.calls} == {"catch-up"}


# 10


@pytest.mark.eventbridge(contracts=SCHEMAS)
def test_producer_honours_the_contract(eventbridge: EventBridge) -> None:
    """A contract on events."""
    with pytest.raises(ContractViolation, match=r"detail\.total: '120' is not of type 'number'"):
        eventbridge.put("shop.orders", "OrderPlaced", {"id": "o-1", "total": "120"})


@pytest.mark.eventbridge(contracts=SCHEMAS)
def test_producer_honours_the_contract_through_boto3(eventbridge: EventBridge) -> None:
    """It fails in the code that puts the event, and nothing of the request was put."""
    with pytest.raises(ContractViolation, match=r"detail\.total: -1 is less than the minimum of 0"):
        events().put_events(Entries=[order_placed("o-1", 1, "default"), order_placed("o-2", -1, "default")])
    assert not eventbridge.events


# 11


@pytest.mark.parametrize("source", ["cloudformation/template.yaml", "cdk/cdk.out", "terraform/plan.json"])
def test_every_rule_has_a_dead_letter_queue(source: str) -> None:
    """Load rules from what is deployed."""
    with mock_eventbridge() as eb:
        report = eb.load(DEPLOYED / source, parameters={"Stage": "test"})
        assert not report.unresolved
        assert all(target.dead_letter_arn for rule in report.rules for target in rule.targets)


# 12


async def announce(id: str) -> None:
    async with get_session().create_client("events", region_name="eu-west-1", **KEYS) as client:
        await client.put_events(Entries=[order_placed(id)])


def test_async_producer(eventbridge: EventBridge) -> None:
    """An asynchronous client; the same fixture, no event-loop ceremony."""
    asyncio.run(announce("o-1"))
    eventbridge.assert_put("shop.orders", "OrderPlaced", {"id": "o-1"})
