"""Rules with a schedule: armed, fired at their instants, and disarmed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge

ACCOUNT = "123456789012"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now="2026-03-06T09:00:30Z") as handle:
        yield handle


@pytest.fixture(scope="module")
def events() -> Any:
    """A client made outside of any mock, where one without keys would ask the machine for credentials."""
    keys = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    return boto3.client("events", region_name="us-east-1", **keys)


def times(spy: Any) -> list[str]:
    return [event["time"] for event in spy.events]


def test_report_runs_on_weekdays_only(eb: EventBridge) -> None:
    """Story 7: Friday to Wednesday, once for each due instant, with that instant as the event's time."""
    spy = eb.connect("DailyReport", lambda event: None)
    eb.rule("daily", schedule="cron(0 10 ? * MON-FRI *)", to="DailyReport")
    done = eb.clock.advance(days=5)
    assert [each[:10] for each in times(spy)] == ["2026-03-06", "2026-03-09", "2026-03-10"]
    assert done == {"fired": 3}


def test_the_event_is_as_captured(eb: EventBridge) -> None:
    """The envelope of a scheduled event; all targets of the rule share its id."""
    first, second = eb.connect("first", lambda event: None), eb.connect("second", lambda event: None)
    arn = eb.rule("tick", schedule="rate(5 minutes)", to=["first", "second"])
    eb.clock.advance(minutes=5)
    [event] = first.events
    assert event == {
        "version": "0",
        "id": event["id"],
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": "2026-03-06T09:05:30Z",
        "region": "us-east-1",
        "resources": [arn],
        "detail": {},
    }
    assert second.events == [event]


def test_other_rules_may_match_it(eb: EventBridge) -> None:
    """It is a real event on the default bus (captured)."""
    spy = eb.connect("watcher", lambda event: None)
    eb.rule("tick", schedule="rate(1 minute)")
    eb.rule("watch", pattern={"source": ["aws.events"]}, to="watcher")
    eb.clock.advance(minutes=2)
    assert times(spy) == ["2026-03-06T09:01:30Z", "2026-03-06T09:02:30Z"]


def test_a_rule_with_both_fires_on_both_and_once(eb: EventBridge, events: Any) -> None:
    """Its own schedule's event reaches its targets once, whether or not its pattern matches that event too."""
    spy = eb.connect("both", lambda event: None)
    pattern = '{"source": ["aws.events", "shop"]}'
    events.put_rule(Name="both", EventPattern=pattern, ScheduleExpression="rate(1 hour)")
    target = {"Id": "t", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:both"}
    events.put_targets(Rule="both", Targets=[target])
    eb.put("shop", "OrderPlaced")
    eb.clock.advance(hours=1)
    assert [event["source"] for event in spy.events] == ["shop", "aws.events"]


def test_the_input_of_a_target_is_honoured(eb: EventBridge, events: Any) -> None:
    """A constant Input is what most schedules send."""
    spy = eb.connect("job", lambda event: None)
    events.put_rule(Name="job", ScheduleExpression="rate(1 day)")
    target = {"Id": "t", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:job", "Input": '{"job": "nightly"}'}
    events.put_targets(Rule="job", Targets=[target])
    eb.clock.advance(days=2)
    assert spy.events == [{"job": "nightly"}] * 2


@pytest.mark.parametrize("how", ["disable", "delete", "replace", "put disabled"])
def test_disarming(eb: EventBridge, events: Any, how: str) -> None:
    """A rule that is disabled, deleted or replaced by one without a schedule does not fire again."""
    spy = eb.connect("tick", lambda event: None)
    eb.rule("tick", schedule="rate(1 minute)", to="tick")
    eb.clock.advance(minutes=1)
    if how == "disable":
        events.disable_rule(Name="tick")
    elif how == "delete":
        events.remove_targets(Rule="tick", Ids=["target-1"])
        events.delete_rule(Name="tick")
    elif how == "replace":
        events.put_rule(Name="tick", EventPattern='{"source": ["shop"]}')
    else:
        events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)", State="DISABLED")
    assert not eb.clock.advance(hours=1)
    assert len(spy.events) == 1


def test_enabling_goes_on_in_the_same_rhythm(eb: EventBridge, events: Any) -> None:
    """A series counts from when the schedule was put, not from when the rule was enabled again."""
    spy = eb.connect("tick", lambda event: None)
    eb.rule("tick", schedule="rate(10 minutes)", to="tick")
    events.disable_rule(Name="tick")
    eb.clock.advance(minutes=15)
    events.enable_rule(Name="tick")
    eb.clock.advance(minutes=10)
    assert times(spy) == ["2026-03-06T09:20:30Z"]


def test_another_schedule_begins_anew(eb: EventBridge, events: Any) -> None:
    """Putting another expression starts its own series; putting the same one again does not."""
    spy = eb.connect("tick", lambda event: None)
    eb.rule("tick", schedule="rate(10 minutes)", to="tick")
    eb.clock.advance(minutes=5)
    events.put_rule(Name="tick", ScheduleExpression="rate(10 minutes)", Description="the same")
    eb.clock.advance(minutes=5)
    events.put_rule(Name="tick", ScheduleExpression="rate(1 hour)")
    eb.clock.advance(hours=1)
    assert times(spy) == ["2026-03-06T09:10:30Z", "2026-03-06T10:10:30Z"]


def test_a_target_may_disable_its_own_rule(eb: EventBridge, events: Any) -> None:
    """As one-shot jobs do."""

    def once(event: Any) -> None:
        events.disable_rule(Name="once")

    spy = eb.connect("once", once)
    eb.rule("once", schedule="rate(1 minute)", to="once")
    eb.clock.advance(hours=1)
    assert len(spy.events) == 1


def test_schedules_of_two_places_do_not_meet(eb: EventBridge) -> None:
    """A rule of the same name in another Region has its own timer."""
    spy = eb.connect("tick", lambda event: None)
    eb.rule("tick", schedule="rate(1 minute)", to="tick")
    west = boto3.client("events", region_name="us-west-2")
    west.put_rule(Name="tick", ScheduleExpression="rate(2 minutes)")
    west.delete_rule(Name="tick")
    eb.clock.advance(minutes=2)
    assert len(spy.events) == 2


def test_two_rules_fire_in_due_order(eb: EventBridge) -> None:
    """Each at its own instant, whatever the order in which they were made."""
    seen: list[tuple[str, str]] = []

    def note(event: dict[str, Any]) -> None:
        seen.append((event["resources"][0].rpartition("/")[2], event["time"][11:16]))

    eb.connect("note", note)
    eb.rule("slow", schedule="cron(0/2 * * * ? *)", to="note")
    eb.rule("quick", schedule="cron(* * * * ? *)", to="note")
    eb.clock.advance(minutes=3)
    assert seen == [("quick", "09:01"), ("slow", "09:02"), ("quick", "09:02"), ("quick", "09:03")]


def test_the_journal_tells_what_fired(eb: EventBridge) -> None:
    """A scheduled event was put by nobody; it is named by its time."""
    eb.rule("tick", schedule="rate(1 minute)", to="function")
    eb.clock.advance(minutes=1)
    told = str(eb.journal)
    assert (
        "event aws.events 'Scheduled Event' of 2026-03-06T09:01:30Z was checked against 1 rule of bus 'default'" in told
    )
    assert "tick: matched" in told
    assert len(eb.events) == 0
    eb.assert_delivered(rule="tick", count=1)
