"""``eb.explain`` and ``eb.route``: what they return. Their texts stand in tests/messages."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, make_event, mock_eventbridge, sample_event
from eventbridge_local.errors import ServiceError, UsageError

ORDER = ("shop.orders", "OrderPlaced")
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    """Two buses, the first of which passes orders on to the second."""
    with mock_eventbridge(now="2026-03-06T09:00Z", assert_all_deliveries_succeeded=False) as eb:
        eb.rule("Large", pattern={"detail": {"total": [{"numeric": [">", 100]}]}}, bus="orders", to="large")
        eb.rule("Central", pattern={"source": ["shop.orders"]}, bus="central", to="central")
        eb.rule("PassOn", pattern={"source": ["shop.orders"]}, bus="orders", to=f"{BUS}central")
        eb.rule("Back", pattern={"source": ["shop.orders"]}, bus="central", to=f"{BUS}orders")
        eb.rule("Paused", pattern={"source": ["shop.orders"]}, bus="orders", to="large")
        boto3.client("events", region_name="us-east-1").disable_rule(Name="Paused", EventBusName="orders")
        yield eb


def steps(found: Any) -> list[tuple[str, str, bool]]:
    return [(rule.bus, rule.rule, rule.matched) for rule in found.rules]


REACHED = [
    ("orders", "Large", False),
    ("orders", "PassOn", True),
    ("orders", "Paused", False),
    ("central", "Central", True),
    ("central", "Back", True),
]


def test_what_happened_and_what_would_happen_agree(eb: EventBridge) -> None:
    """The dry run takes the way the event takes, over buses too; the second hop goes nowhere."""
    detail = {"total": 5}
    entry = {"Source": ORDER[0], "DetailType": ORDER[1], "Detail": json.dumps(detail), "EventBusName": "orders"}
    dry = eb.explain(entry)
    assert dry.dry and steps(dry) == REACHED
    happened = eb.explain(eb.put(*ORDER, detail, bus="orders"))
    assert not happened.dry and steps(happened) == REACHED
    assert [target.outcome for rule in happened.matched for target in rule.targets] == [
        "delivered",
        "recorded",
        "dropped",
    ]
    assert [rule for rule in happened.rules if rule.rule == "Back" and not rule]


@pytest.mark.parametrize("form", ["entry", "event", "id", "envelope", "text"])
def test_every_form_of_an_event_that_was_put(eb: EventBridge, form: str) -> None:
    """All lead to what happened."""
    entry = eb.put(*ORDER, {"total": 500}, bus="orders")
    forms = {
        "entry": entry,
        "event": entry.event,
        "id": entry.event_id,
        "envelope": entry.envelope,
        "text": json.dumps(entry.envelope),
    }
    why = eb.explain(forms[form], rule="Large")
    assert why and not why.dry
    assert "event #1" in str(why) and "event #1" in repr(why)


def test_a_changed_copy_is_another_event(eb: EventBridge) -> None:
    """An envelope that a test changed is not what was put, whatever its id."""
    entry = eb.put(*ORDER, {"total": 500}, bus="orders")
    changed = {**entry.envelope, "detail": {"total": 1}}
    assert eb.explain(changed).dry
    assert not eb.route(changed, bus="orders")[0].matched


@pytest.mark.parametrize(
    "event", [make_event(*ORDER), sample_event("aws.s3", "Object Created")], ids=["made", "sample"]
)
def test_other_events(eb: EventBridge, event: dict[str, Any]) -> None:
    """What nobody put goes to the default bus, unless the question says otherwise."""
    assert eb.route(event).title.endswith("on bus 'default'")
    assert eb.route(event, bus="orders").title.endswith("on bus 'orders'")
    assert eb.route(event, bus=f"{BUS}orders").title.endswith("on bus 'orders'")


def test_the_envelope_may_be_short(eb: EventBridge) -> None:
    """Source and detail-type are enough."""
    assert eb.route({"source": "shop.orders", "detail-type": "x"}, bus="central").matched


def test_an_entry_of_the_log_keeps_its_bus(eb: EventBridge) -> None:
    """A dry run of what was put begins where it was put."""
    assert [row.rule for row in eb.route(eb.put(*ORDER, bus="central")).matched][:1] == ["Central"]


def test_a_dry_run_changes_nothing(eb: EventBridge) -> None:
    """No record, no delivery, no state, and the ids that follow are the same."""

    def run(ask: bool) -> tuple[Any, ...]:
        with mock_eventbridge(seed=7, now="2026-03-06T09:00Z") as other:
            spy = other.connect("audit", lambda event: None)
            other.rule("Audit", pattern={"source": ["shop"]}, to="audit")
            if ask:
                assert other.route(make_event("shop", "Sold")).matched
                assert other.explain({"Source": "shop", "DetailType": "Sold", "Detail": "{}"})
                assert other.explain(make_event("shop", "Sold"), rule="Audit")
                assert not other.route(
                    make_event("shop", "Sold"), bus="arn:aws:events:eu-west-1:111122223333:event-bus/x"
                )
            return len(other.journal.records), len(spy), len(other.calls), other.put("shop", "Sold").event_id

    assert run(ask=True) == run(ask=False)


def test_a_rule_by_arn_or_name(eb: EventBridge) -> None:
    """Both name it; what is on another bus is said to be, and a rule nobody made is refused."""
    entry = eb.put(*ORDER, {"total": 500}, bus="orders")
    arn = "arn:aws:events:us-east-1:123456789012:rule/orders/Large"
    assert [rule.rule for rule in eb.explain(entry, rule=arn).rules] == ["Large"]
    other = eb.explain(eb.put("bank", "Paid"), rule="Large")
    assert not other and "is on bus 'orders'" in str(other)
    with pytest.raises(UsageError, match="did you mean 'Large'"):
        eb.explain(entry, rule="Lage")


def test_a_deleted_rule_is_still_explained(eb: EventBridge) -> None:
    """As the event met it."""
    client = boto3.client("events", region_name="us-east-1")
    entry = eb.put(*ORDER, {"total": 1}, bus="orders")
    client.remove_targets(Rule="Large", EventBusName="orders", Ids=["target-1"])
    client.delete_rule(Name="Large", EventBusName="orders")
    assert "wanted numeric > 100, got 1" in str(eb.explain(entry, rule="Large"))


def test_a_refused_entry(eb: EventBridge) -> None:
    """Put or not, it says why; and nothing matches."""
    put = eb.explain(eb.put(*ORDER, "no json"))
    tried = eb.explain({"Source": ORDER[0], "DetailType": ORDER[1], "Detail": "no json"})
    assert put.refused == tried.refused == "MalformedDetail: Detail is malformed."
    assert not put and not tried
    assert not eb.route({"Source": "aws.s3", "DetailType": "x", "Detail": "{}"})


def test_an_entry_of_the_wrong_shape(eb: EventBridge) -> None:
    """AWS would refuse the whole request, in its words."""
    with pytest.raises(ServiceError, match="ValidationException"):
        eb.explain({"Source": "shop", "DetailType": "x", "Detail": "{}", "EventBusName": "a b"})


@pytest.mark.parametrize("time", ["2026-01-02T03:04:05Z", 1767323045, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)])
def test_the_time_of_an_entry(eb: EventBridge, time: Any) -> None:
    """In each form that boto3 takes, as in a file for ``aws events put-events``."""
    eb.rule("Timed", pattern={"source": ["shop"]}, to="timed")
    table = eb.route({"Source": "shop", "DetailType": "x", "Detail": "{}", "Time": time})
    assert '"time":"2026-01-02T03:04:05Z"' in (table.matched[0].targets[0].payload or "")


@pytest.mark.parametrize("time", ["yesterday", None, {}])
def test_the_time_of_an_entry_that_is_none(eb: EventBridge, time: Any) -> None:
    """The message says what a time looks like."""
    with pytest.raises(UsageError, match="give a datetime, ISO 8601 text or seconds since 1970"):
        eb.route({"Source": "shop", "DetailType": "x", "Detail": "{}", "Time": time})


def test_what_a_target_would_get(eb: EventBridge) -> None:
    """The exact text, after the transformation; and where that makes no JSON, that it would fail."""
    client = boto3.client("events", region_name="us-east-1")
    eb.rule("Shaped", pattern={"source": ["shop.orders"]}, bus="central")
    paths = {"note": "$.detail.note"}
    client.put_targets(
        Rule="Shaped",
        EventBusName="central",
        Targets=[
            {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:constant", "Input": '"always this"'},
            {
                "Id": "2",
                "Arn": "arn:aws:sqs:us-east-1:123456789012:shaped",
                "InputTransformer": {"InputPathsMap": paths, "InputTemplate": '{"note": "<note>"}'},
            },
        ],
    )
    (row,) = [row for row in eb.route(make_event(*ORDER, {"note": ["word"]}), bus="central") if row.rule == "Shaped"]
    assert [(target.name, target.outcome) for target in row.targets] == [
        ("constant", "would get"),
        ("shaped", "would fail"),
    ]
    assert row.targets[0].payload == '"always this"'
    assert "INVALID_JSON" in row.targets[1].about


def test_the_table_is_a_sequence(eb: EventBridge) -> None:
    """Rows can be counted, iterated, indexed and sliced; every rule of every bus has one."""
    table = eb.route(make_event(*ORDER, {"total": 500}), bus="central")
    assert [row.rule for row in table] == ["Central", "Back", "Large", "PassOn", "Paused"]
    assert (len(table), table[0].rule, len(table[1:])) == (5, "Central", 4)
    assert bool(table) and "2 of 5 rules match" not in repr(eb.route(make_event("bank", "Paid")))
    assert len(str(table).splitlines()) == 7


def test_rules_that_services_manage_are_left_out(eventbridge: EventBridge) -> None:
    """An archive's rule is nobody's question."""
    eventbridge.archive("all")
    assert len(eventbridge.route(make_event("shop", "Sold"))) == 0
    assert len(eventbridge.explain(eventbridge.put("shop", "Sold")).rules) == 0


def test_a_schedule_that_fired(eventbridge: EventBridge) -> None:
    """Its event is explained by its id, and its rule matched."""
    spy = eventbridge.connect("report", lambda event: None)
    eventbridge.rule("Hourly", schedule="rate(1 hour)", to="report")
    eventbridge.clock.advance(hours=1)
    why = eventbridge.explain(spy.calls.one().event["id"])
    assert why and [rule.rule for rule in why.matched] == ["Hourly"]


@pytest.mark.parametrize(
    "thing", [None, 5, [], {}, {"detail": {}}, "", "no id", "{", '{"source": 1, "detail-type": "x"}']
)
def test_what_is_no_event(eb: EventBridge, thing: Any) -> None:
    """Is refused with the list of what is one."""
    for ask in (eb.explain, eb.route):
        with pytest.raises(UsageError, match="event="):
            ask(thing)


def test_the_place_where_it_was_put(eb: EventBridge) -> None:
    """An event that a client put in another Region is routed there."""
    there = boto3.client("events", region_name="eu-west-1")
    there.put_rule(Name="Abroad", EventPattern='{"source": ["shop.orders"]}')
    there.put_events(Entries=[{"Source": ORDER[0], "DetailType": ORDER[1], "Detail": "{}"}])
    entry = eb.events.last
    assert eb.explain(entry).stops[0].region == "eu-west-1"
    assert [row.rule for row in eb.route(entry).matched] == ["Abroad"]


def test_two_rules_of_one_name(eb: EventBridge) -> None:
    """The one that the event met is meant."""
    eb.rule("Large", pattern={"source": ["bank"]}, bus="central", to="large")
    assert [rule.bus for rule in eb.explain(eb.put("bank", "Paid", bus="central"), rule="Large").rules] == ["central"]
