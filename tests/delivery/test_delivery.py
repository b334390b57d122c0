"""Retries, dead letters, arranged failures and hops between buses, as a user sees them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

ACCOUNT = "123456789012"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:work"
DLQ = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now="2026-03-06T09:00Z", seed=1, assert_all_deliveries_succeeded=False) as handle:
        yield handle


@pytest.fixture(scope="module")
def events() -> Any:
    """A client made outside of any mock, where one without keys would ask the machine for credentials."""
    keys = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    return boto3.client("events", region_name="us-east-1", **keys)


def wire(
    eb: EventBridge, events: Any, arn: str = QUEUE, *, bus: str = "default", name: str = "r", **target: Any
) -> str:
    """A rule for everything on a bus, with one target. Returns its ARN."""
    rule = eb.rule(name, pattern={"source": [{"prefix": ""}]}, bus=bus)
    target = {"Id": "t", "Arn": arn, **target}
    events.put_targets(Rule=name, EventBusName=bus, Targets=[target])
    return rule


def test_gives_up_after_two_retries(eb: EventBridge, events: Any) -> None:
    """Story 8: a throttled target is tried three times in all, then the dead letter tells everything."""
    rule = wire(eb, events, RetryPolicy={"MaximumRetryAttempts": 2}, DeadLetterConfig={"Arn": DLQ})
    eb.fail_target("work", error="THROTTLING", reason="Rate exceeded")
    eb.put("shop.orders", "OrderPlaced", {"id": "o-1"})
    assert eb.deliveries.one().outcome == "pending"
    done = eb.clock.advance(hours=1)
    delivery = eb.deliveries.one()
    assert (done["retried"], delivery.attempts, delivery.outcome) == (2, 3, "dead-lettered")
    letter = eb.dead_letters.one()
    assert (letter.queue, letter.body, letter.sent) == (DLQ, delivery.event.text, False)
    assert letter.attributes == {
        "RULE_ARN": rule,
        "TARGET_ARN": QUEUE,
        "ERROR_CODE": "THROTTLING",
        "ERROR_MESSAGE": "Rate exceeded",
        "RETRY_ATTEMPTS": "2",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    }


def test_recovers_on_the_second_retry(eb: EventBridge, events: Any) -> None:
    """A target that comes back gets the event once; the journal counts the attempts."""
    wire(eb, events, DeadLetterConfig={"Arn": DLQ})
    spy = eb.connect("work", lambda event: None)
    eb.fail_target("t", error="TIMEOUT", times=2)
    eb.put("shop.orders", "OrderPlaced")
    eb.clock.advance(minutes=1)
    assert (eb.deliveries.one().outcome, eb.deliveries.one().attempts) == ("delivered", 3)
    assert len(spy.calls) == 1
    assert not eb.dead_letters


def test_the_event_grows_too_old(eb: EventBridge, events: Any) -> None:
    """The age ends it at its own instant, whatever attempts are left."""
    wire(eb, events, RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": DLQ})
    eb.fail_target(QUEUE, error="CONNECTION_FAILURE")
    eb.put("shop.orders", "OrderPlaced")
    eb.clock.advance(seconds=59)
    assert eb.deliveries.one().outcome == "pending"
    done = eb.clock.advance(seconds=1)
    letter = eb.dead_letters.one()
    assert done["given_up"] == 1
    assert letter.at == eb.clock.now
    assert letter.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert int(letter.attributes["RETRY_ATTEMPTS"]) == eb.deliveries.one().attempts - 1


@pytest.mark.parametrize("error", ["NO_RESOURCE", "NO_PERMISSIONS", "FAILED_TO_ASSUME_ROLE", "INVALID_PARAMETER"])
def test_what_is_not_tried_again(eb: EventBridge, events: Any, error: str) -> None:
    """A permanent error goes to the queue at once, without the attributes about retries."""
    wire(eb, events, DeadLetterConfig={"Arn": DLQ})
    eb.fail_target("work", error=error)
    eb.put("shop.orders", "OrderPlaced")
    assert eb.deliveries.one().outcome == "dead-lettered"
    assert set(eb.dead_letters.one().attributes) == {"RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"}
    assert not eb.clock.advance(days=2)


def test_without_a_queue_the_event_is_dropped(eb: EventBridge, events: Any) -> None:
    """What cannot be delivered and has no queue is gone, and the journal says why."""
    wire(eb, events)
    eb.fail_target("work", error="NO_RESOURCE")
    eb.put("shop.orders", "OrderPlaced")
    assert (eb.deliveries.one().outcome, eb.deliveries.one().error) == ("dropped", "NO_RESOURCE")
    assert not eb.dead_letters


def test_a_dead_letter_queue_that_fails(eb: EventBridge, events: Any) -> None:
    """The event is lost then, as on AWS; the reason names both failures."""
    wire(eb, events, DeadLetterConfig={"Arn": DLQ})
    eb.fail_target("work", error="NO_RESOURCE", reason="no work")
    eb.fail_target("dead", error="NO_PERMISSIONS", reason="no grave")
    eb.put("shop.orders", "OrderPlaced")
    delivery = eb.deliveries.one()
    assert (delivery.outcome, delivery.error) == ("dropped", "NO_RESOURCE")
    assert delivery.reason == f"no work The dead-letter queue {DLQ} failed too: NO_PERMISSIONS no grave"
    assert not eb.dead_letters


def test_an_empty_text_is_no_dead_letter(eb: EventBridge, events: Any) -> None:
    """SQS takes no message without a body, so the event is dropped; the code is that of the delivery (captured)."""
    wire(eb, events, Input="", DeadLetterConfig={"Arn": DLQ})
    dead_letters = eb.connect("dead", lambda event: None)
    eb.fail_target("work", error="NO_RESOURCE")
    eb.put("shop.orders", "OrderPlaced")
    assert (eb.deliveries.one().outcome, eb.deliveries.one().error) == ("dropped", "NO_RESOURCE")
    assert (len(dead_letters), len(eb.dead_letters)) == (0, 0)


def test_a_handler_may_stand_in_for_the_dead_letter_queue(eb: EventBridge, events: Any) -> None:
    """It is called with the body of the message."""
    wire(eb, events, DeadLetterConfig={"Arn": DLQ})
    grave = eb.connect("dead", lambda event: None)
    eb.fail_target("work", error="NO_RESOURCE")
    eb.put("shop.orders", "OrderPlaced", {"id": 1})
    assert grave.events[0]["detail"] == {"id": 1}
    assert eb.dead_letters.one().sent


def test_the_dead_letter_is_what_would_have_been_sent(eb: EventBridge, events: Any) -> None:
    """After the transformation (captured), as nothing else would fit the target's consumers."""
    transformer = {"InputPathsMap": {"id": "$.detail.id"}, "InputTemplate": '{"order":<id>}'}
    wire(eb, events, DeadLetterConfig={"Arn": DLQ}, InputTransformer=transformer)
    eb.fail_target("work", error="NO_RESOURCE")
    eb.put("shop.orders", "OrderPlaced", {"id": 7})
    assert eb.dead_letters.one().body == '{"order":7}'


def test_failures_by_rate_are_reproducible() -> None:
    """The same seed fails the same attempts."""

    def outcomes() -> list[str]:
        with mock_eventbridge(seed=7, assert_all_deliveries_succeeded=False) as eb:
            eb.rule("r", pattern={"source": ["s"]}, to="work")
            eb.fail_target("work", error="NO_RESOURCE", rate=0.5)
            for _ in range(20):
                eb.put("s", "t")
            return [each.outcome for each in eb.deliveries]

    first = outcomes()
    assert first == outcomes()
    assert {"recorded", "dropped"} == set(first)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"error": "THROTLING"}, "did you mean 'THROTTLING'?"),
        ({"error": "BOOM"}, "choose from CONNECTION_FAILURE, "),
        ({"times": 0}, "a whole number of at least 1"),
        ({"rate": 0}, "above 0 and up to 1"),
    ],
)
def test_fail_target_refuses_nonsense(eb: EventBridge, arguments: dict[str, Any], said: str) -> None:
    """A misspelt code would otherwise look like a target that works."""
    with pytest.raises(UsageError, match=said.replace("?", r"\?")):
        eb.fail_target("work", **arguments)


def test_pending_deliveries_are_named_at_exit() -> None:
    """A test that forgets to move the clock is told to."""
    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge() as eb:
        eb.rule("r", pattern={"source": ["s"]}, to="work")
        eb.fail_target("work", error="THROTTLING")
        eb.put("s", "t")
    assert "eb.clock.advance(hours=24)" in str(raised.value.exceptions[0])


def test_reset_forgets_what_was_waiting(eb: EventBridge, events: Any) -> None:
    """Neither retries nor arranged failures survive a reset."""
    wire(eb, events)
    eb.fail_target("work", error="THROTTLING")
    eb.put("s", "t")
    eb.reset()
    assert not eb.clock.advance(days=2)
    wire(eb, events)
    eb.put("s", "t")
    assert eb.deliveries.one().outcome == "recorded"


def test_a_second_hop_within_the_region_is_refused(eb: EventBridge, events: Any) -> None:
    """One hop from bus to bus is allowed, the next is a dead letter (captured)."""
    arns = {name: events.create_event_bus(Name=name)["EventBusArn"] for name in ("a", "b", "c")}
    wire(eb, events, arns["b"], bus="a", RoleArn=ROLE)
    wire(eb, events, arns["c"], bus="b", RoleArn=ROLE, DeadLetterConfig={"Arn": DLQ})
    wire(eb, events, f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:last", bus="c")
    entry = eb.put("s", "t", bus="a")
    letter = eb.dead_letters.one()
    assert letter.attributes["ERROR_CODE"] == "THIRD_ACCOUNT_HOP_DETECTED"
    assert letter.attributes["ERROR_MESSAGE"] == (
        f"Event ingestion rejected for event {entry.event_id} because an event can be sent to an event bus target "
        "only once. This event was previously delivered to an event bus target."
    )
    assert [each.outcome for each in eb.deliveries] == ["delivered", "dead-lettered"]


def test_one_local_and_one_regional_hop_are_allowed(eb: EventBridge, events: Any) -> None:
    """The id is kept within the Region and new beyond it; account and Region stay the producer's (recorded)."""
    west = boto3.client("events", region_name="us-west-2")
    there = west.create_event_bus(Name="there")["EventBusArn"]
    west.put_rule(Name="r", EventBusName="there", EventPattern='{"source": ["s"]}')
    function = f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:last"
    west.put_targets(Rule="r", EventBusName="there", Targets=[{"Id": "t", "Arn": function}])
    middle = events.create_event_bus(Name="middle")["EventBusArn"]
    wire(eb, events, middle, RoleArn=ROLE)
    wire(eb, events, there, bus="middle", RoleArn=ROLE)
    last = eb.connect("last", lambda event: None)
    entry = eb.put("s", "t")
    received = last.events[0]
    assert received["id"] != entry.event_id
    assert (received["region"], received["account"]) == ("us-east-1", ACCOUNT)
    assert [each.event.id == entry.event_id for each in eb.deliveries] == [True, True, False]


def test_a_missing_bus_in_the_same_place_swallows_the_event(eb: EventBridge, events: Any) -> None:
    """AWS counts it as delivered (captured); the journal says that nothing was there."""
    wire(eb, events, f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/gone", RoleArn=ROLE)
    eb.put("s", "t")
    assert eb.deliveries.one().outcome == "delivered"
    assert "there is no event bus 'gone'" in str(eb.journal)


def test_the_default_bus_of_an_account_nobody_used(eb: EventBridge, events: Any) -> None:
    """It is there and has no policy, so nobody else may put events on it; the account itself may, in any Region."""
    theirs, ours = "arn:aws:events:us-east-1:999999999999:event-bus/default", f"eu-west-1:{ACCOUNT}:event-bus/default"
    wire(eb, events, theirs, name="theirs", RoleArn=ROLE)
    wire(eb, events, f"arn:aws:events:{ours}", name="ours", RoleArn=ROLE)
    eb.put("s", "t")
    assert {each.rule.name: (each.outcome, each.error) for each in eb.deliveries} == {
        "theirs": ("dropped", "NO_PERMISSIONS"),
        "ours": ("delivered", None),
    }


def test_the_trace_header_of_an_entry_hides_that_of_the_request(eb: EventBridge) -> None:
    """The request's counts for entries that have none of their own; an entry's own stands even when it is invalid."""
    of_request, of_entry = (f"Root=1-5759e988-bd862e3fe1be46a99427279{digit}" for digit in "34")

    def add(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["X-Amzn-Trace-Id"] = of_request

    client = boto3.client("events", region_name="us-east-1")
    client.meta.events.register_first("before-call.eventbridge", add)
    client.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": QUEUE}])
    entry = {"Source": "s", "DetailType": "t", "Detail": "{}"}
    client.put_events(Entries=[entry, {**entry, "TraceHeader": of_entry}, {**entry, "TraceHeader": "none"}])
    assert [each.event.trace_header for each in eb.deliveries] == [of_request, of_entry, None]


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), pytest.fail.Exception("no")], ids=["Ctrl-C", "pytest.fail"])
def test_targets_that_were_not_come_to_have_an_outcome(eb: EventBridge, ending: BaseException) -> None:
    """Whatever ends the test run inside a handler, every target of every rule that matched is accounted for."""

    def end(event: Any) -> None:
        raise ending

    eb.connect("ends", end)
    eb.rule("first", pattern={"source": ["s"]}, to=["before", "ends", "after"])
    eb.rule("second", pattern={"source": ["s"]}, to=["later"])
    with pytest.raises(type(ending)):
        eb.put("s", "t")
    assert [(each.outcome, each.error) for each in eb.deliveries] == [
        ("recorded", None),
        ("delivered", None),
        ("dropped", "INTERRUPTED"),
        ("dropped", "INTERRUPTED"),
    ]
