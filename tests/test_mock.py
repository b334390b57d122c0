"""What mock_eventbridge is: context manager, async context manager, decorator; nesting and restoration."""

from __future__ import annotations

import asyncio
import os
import unittest
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventbridge_local import current_eventbridge, mock_eventbridge
from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.errors import DeliveryFailed, UsageError

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}


def put_one() -> str:
    client = boto3.client("events", region_name="us-east-1")
    return client.put_events(Entries=[ENTRY])["Entries"][0]["EventId"]


def test_with() -> None:
    """Inside ``with`` events are answered and recorded."""
    with mock_eventbridge() as eb:
        assert put_one() == eb.events.one().event_id


def test_async_with() -> None:
    """``async with`` gives the same handle."""

    async def body() -> int:
        async with mock_eventbridge() as eb:
            put_one()
            return len(eb.events)

    assert asyncio.run(body()) == 1


@mock_eventbridge
def bare() -> int:
    put_one()
    return len(current_eventbridge().events)


@mock_eventbridge(region="eu-west-1")
def with_brackets(extra: int = 0, *, keyword: int = 0) -> tuple[str, int]:
    return current_eventbridge().region, extra + keyword


def test_function_decorator() -> None:
    """A decorated function has a mock of its own at every call, keeps its arguments and its name."""
    assert (bare(), bare()) == (1, 1)
    assert with_brackets(1, keyword=2) == ("eu-west-1", 3)
    assert with_brackets.__name__ == "with_brackets"


def test_coroutine_decorator() -> None:
    """A decorated coroutine function stays one, and its mock lasts until it is done."""

    @mock_eventbridge()
    async def body() -> int:
        put_one()
        await asyncio.sleep(0)
        return len(current_eventbridge().events)

    assert asyncio.iscoroutinefunction(body)
    assert asyncio.run(body()) == 1


def test_generator_decorator() -> None:
    """A decorated generator, as fixtures are, holds its mock while it is suspended."""

    @mock_eventbridge
    def fixture() -> Iterator[int]:
        put_one()
        yield len(current_eventbridge().events)

    generator = fixture()
    assert next(generator) == 1
    assert len(current_eventbridge().events) == 1
    assert next(generator, None) is None
    with pytest.raises(UsageError):
        current_eventbridge()


def test_a_decorated_object_with_an_asynchronous_call() -> None:
    """It is awaited inside the mock, as a coroutine function is."""

    class Job:
        async def __call__(self) -> str:
            await asyncio.sleep(0)
            return current_eventbridge().account

    job: Any = mock_eventbridge(account="111122223333")(Job())
    assert asyncio.run(job()) == "111122223333"


def test_async_generator_decorator() -> None:
    """An async generator fixture too."""

    @mock_eventbridge
    async def fixture() -> AsyncIterator[int]:
        put_one()
        yield len(current_eventbridge().events)

    async def body() -> list[int]:
        return [value async for value in fixture()]

    assert asyncio.run(body()) == [1]


@pytest.mark.parametrize("how", ["asend", "athrow", "aclose"])
def test_what_is_sent_to_a_decorated_async_generator(how: str) -> None:
    """It reaches the generator itself, while the mock is still active."""
    seen: list[Any] = []

    @mock_eventbridge()
    async def fixture() -> AsyncGenerator[int, str]:
        try:
            seen.append((yield 1))
        except (ValueError, GeneratorExit) as error:
            seen.append(type(error))
            raise
        finally:
            seen.append(current_eventbridge().account)

    async def body() -> None:
        made = fixture()
        assert await anext(made) == 1
        if how == "asend":
            with pytest.raises(StopAsyncIteration):
                await made.asend("text")
        elif how == "athrow":
            with pytest.raises(ValueError, match="thrown"):
                await made.athrow(ValueError("thrown"))
        else:
            await made.aclose()

    asyncio.run(body())
    expected = {"asend": "text", "athrow": ValueError, "aclose": GeneratorExit}
    assert seen == [expected[how], "123456789012"]


@mock_eventbridge(account="111122223333")
class TestPlainClass:
    """Every test of a decorated class has a mock of its own, its set-up included."""

    def setup_method(self) -> None:
        put_one()

    def teardown_method(self, method: Any) -> None:
        assert len(current_eventbridge().events) == 2

    def test_first(self) -> None:
        """The set-up's event is there."""
        assert len(current_eventbridge().events) == 1
        put_one()

    def test_second(self) -> None:
        """The first test's event is not."""
        assert current_eventbridge().account == "111122223333"
        assert len(current_eventbridge().events) == 1
        put_one()


@mock_eventbridge
class TestUnittest(unittest.TestCase):
    """unittest's classes likewise."""

    def setUp(self) -> None:
        put_one()

    def test_first(self) -> None:
        """The set-up's event is there."""
        self.assertEqual(len(current_eventbridge().events), 1)

    def test_second(self) -> None:
        """The first test's event is not."""
        self.assertEqual(len(current_eventbridge().events), 1)


@mock_eventbridge
class TestAsyncUnittest(unittest.IsolatedAsyncioTestCase):
    """And asynchronous ones."""

    async def test_it(self) -> None:
        """The mock is active in the test's coroutine."""
        put_one()
        self.assertEqual(len(current_eventbridge().events), 1)


def test_nesting() -> None:
    """The inner mock starts empty, and the outer one is as it was when the inner ends."""
    client = boto3.client("events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")
    with mock_eventbridge(region="eu-west-1") as outer:
        client.create_event_bus(Name="outer")
        with mock_eventbridge(region="eu-west-2") as inner:
            assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-2"
            assert [bus["Name"] for bus in client.list_event_buses()["EventBuses"]] == ["default"]
            assert current_eventbridge() is inner
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
        assert [bus["Name"] for bus in client.list_event_buses()["EventBuses"]] == ["default", "outer"]
        assert current_eventbridge() is outer


def test_one_object_nested_in_itself() -> None:
    """The same object can be entered again while it is active, and again afterwards."""
    mock = mock_eventbridge()
    with mock as first, mock as second:
        assert first is not second
    with mock as third:
        assert len(third.events) == 0


def test_an_exit_too_many() -> None:
    """An exit needs an enter before it."""
    mock = mock_eventbridge()
    with mock:
        pass
    with pytest.raises(UsageError, match="is not active"):
        mock.__exit__(None, None, None)


def test_restored_after_an_exception() -> None:
    """An exception ends the mock and passes through unchanged."""
    with pytest.raises(ZeroDivisionError), mock_eventbridge():
        _ = 1 / 0
    with pytest.raises(UsageError, match="no mock_eventbridge is active"):
        current_eventbridge()
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_nothing_holds_the_targets_of_a_mock_that_has_ended() -> None:
    """What is known of a target is kept by the target itself, which has all that a test wrote in it."""

    def handler(event: Any) -> None:
        raise KeyError("total")

    with pytest.raises(ExceptionGroup), mock_eventbridge() as eb:
        eb.rule("invoices", pattern={"source": ["shop"]}, to=handler)
        eb.put("shop", "Sold")
        assert destination_of.cache_info().currsize == 1
    assert destination_of.cache_info().currsize == 0


def test_nothing_holds_the_targets_of_a_mock_that_was_reset() -> None:
    """A mock of all tests of a run is reset for each of them."""
    with mock_eventbridge() as eb:
        eb.rule("invoices", pattern={"source": ["shop"]}, to=print)
        eb.put("shop", "Sold")
        eb.reset()
        assert destination_of.cache_info().currsize == 0


def test_a_failed_handler_is_raised_when_the_context_ends() -> None:
    """Production would be silent about it; the producer's call is not disturbed."""

    def handler(event: Any, context: Any) -> None:
        raise KeyError("total")

    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge() as eb:
        eb.rule("invoices", pattern={"source": ["shop"]}, to=handler)
        assert eb.put("shop", "Sold").accepted
        spy_call = eb.deliveries.one()
        assert spy_call.outcome == "delivered"
    assert raised.value.message == "eventbridge_local: 1 check failed on exit"
    (error,) = raised.value.exceptions
    assert isinstance(error, KeyError)
    assert "rule 'invoices'" in error.__notes__[0]
    assert "assert_all_deliveries_succeeded=False" in error.__notes__[0]


def test_the_bodys_own_failure_stays_the_one_that_is_raised() -> None:
    """A handler's failure is a note on it."""

    def handler(event: Any) -> None:
        raise KeyError("total")

    with pytest.raises(ZeroDivisionError) as raised, mock_eventbridge() as eb:
        eb.rule("invoices", pattern={"source": ["shop"]}, to=handler)
        eb.put("shop", "Sold")
        _ = 1 / 0
    assert "KeyError('total')" in "".join(raised.value.__notes__)


def test_a_failed_handler_can_be_allowed() -> None:
    """With the option off nothing is raised, and the spy still knows."""

    def handler(event: Any) -> None:
        raise KeyError("total")

    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("invoices", pattern={"source": ["shop"]})
        spy = eb.connect("invoices", handler)
        boto3.client("events").put_targets(
            Rule="invoices", Targets=[{"Id": "1", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:invoices"}]
        )
        eb.put("shop", "Sold")
        assert isinstance(spy.calls.one().raised, KeyError)


def test_a_ring_of_rules_is_cut_and_named() -> None:
    """Handlers that publish what wakes them again do not hang the test; the rules are named at the end."""

    def ping(event: Any) -> None:
        boto3.client("events").put_events(Entries=[{"Source": "pong", "DetailType": "t", "Detail": "{}"}])

    def pong(event: Any) -> None:
        boto3.client("events").put_events(Entries=[{"Source": "ping", "DetailType": "t", "Detail": "{}"}])

    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge() as eb:
        eb.rule("on-ping", pattern={"source": ["ping"]}, to=ping)
        eb.rule("on-pong", pattern={"source": ["pong"]}, to=pong)
        eb.put("ping", "t")
    (error,) = raised.value.exceptions
    assert isinstance(error, DeliveryFailed)
    assert "on-ping -> on-pong -> on-ping" in str(error) or "on-pong -> on-ping -> on-pong" in str(error)


def test_a_hint_is_a_note_and_not_in_awss_message() -> None:
    """A refusal that ends the context carries our advice as a note."""
    with pytest.raises(ClientError) as raised, mock_eventbridge() as eb:
        eb.rule("r", pattern={"source": ["shop"]}, bus="orders")
        boto3.client("events").put_rule(Name="s", EventBusName="order", EventPattern='{"source":["a"]}')
    assert raised.value.response["Error"]["Message"] == "Event bus order does not exist."
    assert raised.value.__notes__ == [
        "eventbridge_local: there is no bus 'order' in us-east-1 of account 123456789012; did you mean 'orders'?"
    ]


def test_now_is_where_the_clock_stands() -> None:
    """Events are stamped with it."""
    with mock_eventbridge(now="2026-03-06T09:00Z") as eb:
        assert eb.put("shop", "Sold").event.time == datetime(2026, 3, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"acount": "123456789012"}, "did you mean 'account'"),
        ({"nonsense": 1}, "choose from account, region"),
        ({"account": 123}, "twelve digits"),
        ({"account": "12345678901a"}, "twelve digits"),
        ({"region": "Ireland"}, "'eu-west-1'"),
        ({"region": 7}, "write the name of an AWS Region"),
        ({"now": "yesterday"}, "ISO 8601"),
        ({"now": 7}, "aware datetime"),
        ({"now": datetime(2026, 1, 1)}, "no time zone"),
        ({"limits": 3}, "give a Limits"),
    ],
)
def test_wrong_options(options: dict[str, Any], words: str) -> None:
    """A wrong option is refused before anything is patched, with its name, its value and a way out."""
    with pytest.raises(UsageError, match=words):
        mock_eventbridge(**options)


@pytest.mark.parametrize("thing", ["orders", 3])
def test_a_positional_option_is_refused(thing: Any) -> None:
    """Options are keywords."""
    with pytest.raises(UsageError, match="give options by keyword"):
        mock_eventbridge(thing)


def test_the_same_seed_gives_the_same_ids() -> None:
    """Ids can be reproduced."""
    ids = []
    for _ in range(2):
        with mock_eventbridge(seed="s"):
            ids.append(put_one())
    assert ids[0] == ids[1]
