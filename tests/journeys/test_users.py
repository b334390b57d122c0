"""Journeys: tests as users of the library write them, in each of the shapes it offers."""

from __future__ import annotations

import asyncio
import functools
import json
import unittest
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session

from eventbridge_local import EventBridge, current_eventbridge, explain, mock_eventbridge

KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}


# The user's code: a shop that announces its orders, and a function that writes invoices.


@functools.cache
def events() -> Any:
    return boto3.client("events", region_name="us-east-1", **KEYS)


def order_placed(id: str, total: float) -> dict[str, str]:
    detail = json.dumps({"id": id, "total": total})
    return {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": detail, "EventBusName": "orders"}


def place_order(id: str, total: float) -> None:
    answer = events().put_events(Entries=[order_placed(id, total)])
    if answer["FailedEntryCount"]:
        raise RuntimeError(answer["Entries"])


invoices: list[str] = []


def invoice_handler(event: dict[str, Any], context: Any) -> dict[str, int]:
    if event["detail"]["total"] < 0:
        raise ValueError(f"{context.function_name}: a negative total")
    invoices.append(event["detail"]["id"])
    return {"statusCode": 200}


def deploy() -> None:
    """What the user's infrastructure code would do, in plain boto3."""
    client = events()
    client.create_event_bus(Name="orders")
    pattern = {"source": ["shop.orders"], "detail": {"total": [{"numeric": [">=", 100]}]}}
    client.put_rule(Name="LargeOrders", EventBusName="orders", EventPattern=json.dumps(pattern))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:InvoiceFunction"
    client.put_targets(Rule="LargeOrders", EventBusName="orders", Targets=[{"Id": "invoice", "Arn": arn}])


@pytest.fixture(autouse=True)
def no_invoices() -> Iterator[None]:
    """The user's own state is clean for every test."""
    invoices.clear()
    yield
    invoices.clear()


# pytest, with the fixture


def test_order_is_announced(eventbridge: EventBridge) -> None:
    """An event was put; the assertion returns it for further plain asserts."""
    place_order("o-1", total=120)
    event = eventbridge.assert_put("shop.orders", "OrderPlaced", {"id": "o-1"}, bus="orders")
    assert event.detail["total"] == 120
    eventbridge.assert_not_put("shop.orders", "OrderCancelled")


def test_total_must_be_a_number() -> None:
    """A pattern can be tried on an event without any mock, and says which field spoils it."""
    event = {"source": "shop.orders", "detail-type": "OrderPlaced", "detail": {"total": "120"}}
    why = explain({"detail": {"total": [{"numeric": [">", 100]}]}}, event)
    assert not why
    assert why.mismatches[0].path == "detail.total"
    assert "wanted numeric > 100, got '120'" in str(why)


def test_invoice_is_written(eventbridge: EventBridge) -> None:
    """The user's Lambda handler is called as a target, after plain boto3 arranged everything."""
    deploy()
    spy = eventbridge.connect("InvoiceFunction", invoice_handler)
    place_order("o-1", total=120)
    place_order("o-2", total=20)
    assert spy.calls.one().event["detail-type"] == "OrderPlaced"
    assert spy.calls.one().result == {"statusCode": 200}
    assert invoices == ["o-1"]
    eventbridge.assert_delivered(rule="LargeOrders", target="InvoiceFunction", count=1)
    eventbridge.assert_not_delivered(payload={"detail": {"id": "o-2"}})


@pytest.mark.eventbridge(assert_all_deliveries_succeeded=False)
def test_a_failing_invoice_is_the_shops_secret(eventbridge: EventBridge) -> None:
    """The producer does not notice that a consumer failed; the test does."""
    eventbridge.rule("All", pattern={"source": ["shop.orders"]}, bus="orders", to=invoice_handler)
    place_order("o-1", total=-1)
    failure = eventbridge.deliveries.one().raised
    assert isinstance(failure, ValueError) and str(failure) == "invoice_handler: a negative total"


@pytest.mark.eventbridge(account="111122223333", region="eu-west-1", now="2026-03-06T09:00Z", seed=1)
def test_with_options(eventbridge: EventBridge) -> None:
    """The marker takes the same keywords as everything else."""
    boto3.client("events", **KEYS).put_events(Entries=[order_placed("o-1", 120)])
    envelope = eventbridge.events.one().envelope
    assert envelope["account"] == "111122223333"
    assert (envelope["region"], envelope["time"]) == ("eu-west-1", "2026-03-06T09:00:00Z")


def test_only_refused_entries_are_counted(eventbridge: EventBridge) -> None:
    """A request of which one entry is malformed partly succeeds, and both parts can be asked for."""
    broken = {**order_placed("o-2", 1), "Detail": "{'id': 'o-2'}"}
    answer = events().put_events(Entries=[order_placed("o-1", 1), broken, order_placed("o-3", 1)])
    assert answer["FailedEntryCount"] == 1
    assert [entry.detail["id"] for entry in eventbridge.events.accepted] == ["o-1", "o-3"]
    assert eventbridge.events.refused.one().error_code == answer["Entries"][1]["ErrorCode"] == "MalformedDetail"


class TestWithAFixtureOfOnesOwn:
    """A fixture that builds on ``eventbridge``."""

    @pytest.fixture
    def shop(self, eventbridge: EventBridge) -> EventBridge:
        """The shop as it is deployed."""
        deploy()
        return eventbridge

    def test_the_rules_are_there(self, shop: EventBridge) -> None:
        """What the fixture arranged is there."""
        place_order("o-1", total=100)
        shop.assert_delivered(rule="LargeOrders")

    def test_each_test_starts_anew(self, shop: EventBridge) -> None:
        """The other test's order is not."""
        assert len(shop.events) == 0


# Without the fixture


def test_with() -> None:
    """A ``with`` block as in the README; a client made before is answered."""
    events()
    with mock_eventbridge() as eb:
        place_order("o-1", total=120)
        assert len(eb.events) == 1


@mock_eventbridge(region="eu-west-1")
def test_decorated() -> None:
    """A decorated test asks for its handle."""
    place_order("o-1", total=120)
    assert current_eventbridge().region == "eu-west-1"
    current_eventbridge().assert_put("shop.orders", detail={"id": "o-1"}, count=1)


@pytest.mark.parametrize("total", [99, 100])
@mock_eventbridge
def test_decorated_and_parametrised(total: int) -> None:
    """The decorator keeps the test's arguments, so that pytest can fill them."""
    deploy()
    place_order("o-1", total=total)
    assert bool(current_eventbridge().deliveries) == (total >= 100)


@mock_eventbridge()
class TestDecoratedClass:
    """Every test of the class has a mock of its own, its ``setup_method`` included."""

    def setup_method(self) -> None:
        deploy()
        self.spy = current_eventbridge().connect("InvoiceFunction", invoice_handler)

    def test_large(self) -> None:
        """A large order is invoiced."""
        place_order("o-1", total=120)
        assert len(self.spy) == 1

    @pytest.mark.parametrize("total", [0, 99.99])
    def test_small(self, total: float) -> None:
        """A small one is not."""
        place_order("o-1", total=total)
        assert len(self.spy) == 0
        assert len(current_eventbridge().events) == 1


class TestUnittest(unittest.TestCase):
    """unittest, entering the context in ``setUp``."""

    def setUp(self) -> None:
        self.eb = self.enterContext(mock_eventbridge())
        deploy()

    def test_large(self) -> None:
        """A large order is delivered."""
        place_order("o-1", total=120)
        self.assertEqual(self.eb.assert_delivered(rule="LargeOrders").json["detail"]["id"], "o-1")

    def test_small(self) -> None:
        """A small one is not, and nothing is left of the other test."""
        place_order("o-2", total=20)
        self.eb.assert_not_delivered(rule="LargeOrders")
        self.assertEqual(len(self.eb.events), 1)


@mock_eventbridge(account="111122223333")
class TestDecoratedUnittest(unittest.TestCase):
    """unittest, decorated; set-up and tear-down run inside the mock."""

    def setUp(self) -> None:
        deploy()
        self.addCleanup(lambda: current_eventbridge().assert_put("shop.orders"))

    def tearDown(self) -> None:
        current_eventbridge().assert_put("shop.orders", count=1)

    def test_one(self) -> None:
        """One order."""
        place_order("o-1", total=120)

    def test_another(self) -> None:
        """Another, alone."""
        with self.subTest("inside"):
            place_order("o-2", total=120)
        self.assertEqual(current_eventbridge().account, "111122223333")


# Async


async def announce(id: str) -> Any:
    async with get_session().create_client("events", region_name="eu-west-1", **KEYS) as client:
        return await client.put_events(Entries=[order_placed(id, 120)])


def test_async_producer(eventbridge: EventBridge) -> None:
    """An asynchronous producer needs no other fixture."""
    answer = asyncio.run(announce("o-1"))
    entry = eventbridge.assert_put("shop.orders", "OrderPlaced", {"id": "o-1"})
    assert entry.event_id == answer["Entries"][0]["EventId"]
    assert entry.region == "eu-west-1"


def test_async_with() -> None:
    """``async with`` inside a coroutine, with tasks that put at the same time."""

    async def body() -> None:
        async with mock_eventbridge() as eb:
            eb.rule("All", pattern={"source": ["shop.orders"]}, bus="orders", to=invoice_handler)
            async with get_session().create_client("events", region_name=eb.region, **KEYS) as client:
                await asyncio.gather(*(client.put_events(Entries=[order_placed(f"o-{n}", n)]) for n in range(10)))
            assert sorted(invoices) == [f"o-{n}" for n in range(10)]

    asyncio.run(body())


def test_async_decorator() -> None:
    """The decorator on a coroutine function."""

    @mock_eventbridge()
    async def job() -> int:
        await announce("o-1")
        return len(current_eventbridge().events)

    assert asyncio.run(job()) == 1


@mock_eventbridge
class TestAsyncUnittest(unittest.IsolatedAsyncioTestCase):
    """An asynchronous TestCase, decorated."""

    async def asyncSetUp(self) -> None:
        deploy()

    async def test_it(self) -> None:
        """Set-up and test share the mock."""
        place_order("o-1", total=120)
        current_eventbridge().assert_delivered(rule="LargeOrders")


# texts


def test_a_character_in_two_halves_is_the_same_by_every_way() -> None:
    """botocore's JSON joins the halves of a surrogate pair; so does what the handle puts, in events and patterns."""
    smile, halves = "\U0001f600", "\ud83d\ude00"
    got: list[Any] = []
    with mock_eventbridge() as eb:
        eb.rule("whole", pattern={"source": [smile], "detail": {"a": [smile]}}, to=got.append)
        eb.rule("in-halves", pattern={"source": [halves], "detail": {"a": [halves]}}, to=got.append)
        eb.put(halves, "Smiled", {"a": halves})
        eb.put(halves, "Smiled", f'{{"a": "{halves}"}}')
        events().put_events(Entries=[{"Source": halves, "DetailType": "Smiled", "Detail": f'{{"a": "{halves}"}}'}])
        assert {entry.source for entry in eb.events} == {smile}
    assert [event["detail"] for event in got] == [{"a": smile}] * 6
