"""Archives and replays as users write tests about them (story 9), and events captured elsewhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.event_files import ArchiveView

MARCH = datetime(2026, 3, 1, tzinfo=UTC)

# The user's code: a loyalty service that is new in the shop, and the script that lets it catch up.


class Loyalty:
    def __init__(self) -> None:
        self.points: dict[str, int] = {}

    def handler(self, event: dict[str, Any], context: Any) -> None:
        customer = event["detail"]["customer"]
        self.points[customer] = self.points.get(customer, 0) + event["detail"]["total"]


def deploy_loyalty(client: Any) -> None:
    pattern = {"source": ["shop.orders"], "detail-type": ["OrderPlaced"]}
    client.put_rule(Name="Loyalty", EventPattern=json.dumps(pattern))
    arn = "arn:aws:lambda:us-east-1:123456789012:function:LoyaltyFunction"
    client.put_targets(Rule="Loyalty", Targets=[{"Id": "loyalty", "Arn": arn}])


def catch_up(client: Any, archive: str, first: datetime, last: datetime) -> None:
    """What an operator would run: replay the archive to the new rule alone."""
    described = client.describe_archive(ArchiveName=archive)
    rule = client.describe_rule(Name="Loyalty")["Arn"]
    client.start_replay(
        ReplayName="catch-up",
        EventSourceArn=described["ArchiveArn"],
        EventStartTime=first,
        EventEndTime=last,
        Destination={"Arn": described["EventSourceArn"], "FilterArns": [rule]},
    )


# Tests.


@pytest.fixture
def events(eventbridge: EventBridge) -> Any:
    return boto3.client("events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")


@pytest.fixture
def archive_of_march(eventbridge: EventBridge) -> ArchiveView:
    """Three orders of March, from before there was a loyalty service."""
    archive = eventbridge.archive("march", pattern={"source": ["shop.orders"]})
    for day, (customer, total) in enumerate([("ann", 120), ("bob", 80), ("ann", 30)]):
        order = {"id": f"o-{day}", "customer": customer, "total": total}
        eventbridge.put("shop.orders", "OrderPlaced", order, time=MARCH + timedelta(days=day))
    eventbridge.put("shop.stock", "ItemMissing")
    return archive


def test_new_consumer_catches_up(eventbridge: EventBridge, events: Any, archive_of_march: ArchiveView) -> None:
    """Story 9."""
    loyalty = Loyalty()
    deploy_loyalty(events)
    spy = eventbridge.connect("LoyaltyFunction", loyalty.handler)
    events.start_replay(ReplayName="catch-up", **archive_of_march.as_replay_request())
    assert len(spy.calls) == 3
    assert {call.event["replay-name"] for call in spy.calls} == {"catch-up"}
    assert [call.event["time"] for call in spy.calls] == [f"2026-03-0{day}T00:00:00Z" for day in (1, 2, 3)]
    assert loyalty.points == {"ann": 150, "bob": 80}


def test_the_operators_script(eventbridge: EventBridge, events: Any, archive_of_march: ArchiveView) -> None:
    """Only the new rule sees the old orders, and only those of the first two days; nothing is archived twice."""
    loyalty = Loyalty()
    eventbridge.rule("Invoices", pattern={"source": ["shop.orders"]}, to="InvoiceFunction")
    deploy_loyalty(events)
    eventbridge.connect("LoyaltyFunction", loyalty.handler)
    catch_up(events, "march", MARCH, MARCH + timedelta(days=2))
    assert loyalty.points == {"ann": 120, "bob": 80}
    eventbridge.assert_not_delivered(rule="Invoices")
    assert len(archive_of_march) == 3


def test_a_script_that_waits(eventbridge: EventBridge, events: Any, archive_of_march: ArchiveView) -> None:
    """Code that polls until the replay is over gets there, on a clock that nobody touches."""
    deploy_loyalty(events)
    catch_up(events, "march", MARCH, MARCH + timedelta(days=31))
    for _ in range(3):
        if events.describe_replay(ReplayName="catch-up")["State"] == "COMPLETED":
            break
    else:
        pytest.fail("the replay never ended")


@pytest.fixture
def at_noon() -> Iterator[EventBridge]:
    with mock_eventbridge(now="2026-03-31T12:00:00Z") as eb:
        yield eb


def test_an_operator_stops_a_replay(at_noon: EventBridge) -> None:
    """With a clock that the test steps, a replay is seen at every state and can be stopped in the middle."""
    client = boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    archive = at_noon.archive("march")
    for minute in range(100):
        at_noon.put("shop.orders", "OrderPlaced", {"n": minute}, time=MARCH + timedelta(minutes=minute))
    spy = at_noon.connect("LoyaltyFunction", lambda event: None)
    deploy_loyalty(client)
    client.start_replay(ReplayName="too-much", **archive.as_replay_request())
    at_noon.clock.advance(seconds=31)
    assert client.describe_replay(ReplayName="too-much")["State"] == "RUNNING"
    client.cancel_replay(ReplayName="too-much")
    at_noon.clock.advance(minutes=10)
    stopped = client.describe_replay(ReplayName="too-much")
    assert stopped["State"] == "CANCELLED"
    assert stopped["EventLastReplayedTime"] == MARCH + timedelta(minutes=29)
    assert len(spy.calls) == 30


def test_yesterdays_production_events_still_reach_my_rules(tmp_path: Path) -> None:
    """A capture, such as a Firehose of a rule makes it, through the rules of today."""
    capture = tmp_path / "yesterday.jsonl"
    envelope = {
        "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": "OrderPlaced",
        "source": "shop.orders", "account": "210987654321", "time": "2026-03-05T09:00:00Z", "region": "eu-west-1",
        "resources": [], "detail": {"total": 120},
    }  # fmt: skip
    cancelled = {**envelope, "detail-type": "OrderCancelled"}
    capture.write_text("\n".join([json.dumps(envelope), json.dumps(cancelled), "a line that was cut {"]))
    with mock_eventbridge(region="eu-west-1", account="210987654321") as eb:
        eb.rule("Large", pattern={"detail": {"total": [{"numeric": [">", 100]}]}}, to="InvoiceFunction")
        eb.rule("Renamed", pattern={"detail-type": ["OrderCanceled"]}, to="RefundFunction")
        report = eb.replay_from(capture)
        assert report.count == 2
        assert report.matched == {"Large": 2, "Renamed": 0}
        assert [str(bad) for bad in report.bad_lines] == ["line 3: not a JSON object"]
        eb.assert_delivered(target="InvoiceFunction", payload={"account": "210987654321", "detail": {"total": 120}})


def test_from_one_test_run_to_the_next(tmp_path: Path) -> None:
    """Events are saved by one mock and fill the archive of another."""
    path = tmp_path / "march.jsonl.gz"
    with mock_eventbridge() as eb:
        for day in range(3):
            eb.put("shop.orders", "OrderPlaced", {"customer": "ann", "total": 10}, time=MARCH + timedelta(days=day))
        assert eb.archive_to(path) == 3
    with mock_eventbridge() as eb:
        archive = eb.archive("march")
        eb.replay_from(path, replay_name=None)
        assert [event.time for event in archive.events] == [MARCH + timedelta(days=day) for day in range(3)]
