"""The records of a put: small as the journal keeps them, complete and exact when somebody looks."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.batching import entry_size
from eventbridge_local.delivery.deliver import Deliverer
from eventbridge_local.delivery.journal_records import Call, Delivery, Entry
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.model.limits import Limits

SOLD: dict[str, Any] = {"Source": "shop", "DetailType": "Sold", "Detail": '{"n": 1}'}
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)

REQUESTS: dict[str, list[dict[str, Any]]] = {
    "one": [SOLD],
    "every member": [
        {
            **SOLD,
            "EventBusName": "default",
            "Resources": ["arn:a", "arn:b"],
            "Time": NOW,
            "TraceHeader": "Root=1-5759e988-bd862e3fe1be46a994272793",
        }
    ],
    "in another order": [dict(reversed(SOLD.items()))],
    "an ARN for the bus": [{**SOLD, "EventBusName": "arn:aws:events:us-east-1:123456789012:event-bus/default"}],
    "refused and accepted": [{**SOLD, "Detail": "no json"}, SOLD, {"Source": "shop"}, {**SOLD, "DetailType": "Paid"}],
}


@pytest.fixture
def eb() -> Any:
    with mock_eventbridge(now=NOW) as eb:
        yield eb


def put(entries: list[dict[str, Any]], **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = boto3.client("events").put_events(Entries=entries, **options)
    del answer["ResponseMetadata"]
    return answer


@pytest.mark.parametrize("name", REQUESTS)
def test_a_call_and_its_entries_are_as_they_were(eb: EventBridge, name: str) -> None:
    """Parameters, answer and entries, with the order of their members; also where the record is taken apart."""
    entries = REQUESTS[name]
    answer = put(entries)
    call = eb.calls.one()
    assert (call.params, call.result) == ({"Entries": entries}, answer)
    assert [list(each) for each in call.params["Entries"]] == [list(each) for each in entries]
    assert [each.entry for each in eb.events] == entries
    assert (call.error_code, call.error_message, call.hint) == (None, None, None)
    assert eb.calls.where(operation="PutEvents", params={"Entries": entries}).one() is call
    whole = Call("PutEvents", {"Entries": entries}, eb.account, eb.region, NOW, answer)
    assert (list(call), repr(call)) == (list(whole), repr(whole))
    for entry in eb.events:
        assert isinstance(entry, Entry) and list(entry)[4] == entry.entry
        assert repr(Entry(*entry)) == repr(entry)


def test_what_a_test_changes_in_it_is_its_own(eb: EventBridge) -> None:
    put([SOLD])
    eb.events.one().entry["Source"] = "bank"  # type: ignore[index]
    eb.calls.one().params["Entries"].clear()
    assert (eb.events.one().entry, eb.calls.one().params) == (SOLD, {"Entries": [SOLD]})


def test_an_endpoint_is_a_parameter(eb: EventBridge) -> None:
    """A call with more than entries keeps all of its parameters."""
    client = boto3.client("events")
    buses = [
        {"EventBusArn": f"arn:aws:events:{region}:{eb.account}:event-bus/default"}
        for region in ("us-east-1", "us-west-2")
    ]
    routing = {
        "FailoverConfig": {
            "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/a"},
            "Secondary": {"Route": "us-west-2"},
        }
    }
    client.create_endpoint(
        Name="both", RoutingConfig=routing, EventBuses=buses, ReplicationConfig={"State": "DISABLED"}
    )
    known = client.describe_endpoint(Name="both")["EndpointId"]
    answer = put([SOLD], EndpointId=known)
    call = eb.calls.last
    assert (call.params, call.result) == ({"Entries": [SOLD], "EndpointId": known}, answer)


def test_the_journal_keeps_no_dict_of_a_put(eb: EventBridge) -> None:
    """Neither parameters nor answer, nor what was parsed of the event."""
    put([SOLD, SOLD])
    waiting: list[Any] = list(eb.journal.records)
    assert len(waiting) == 5
    while waiting:
        record = waiting.pop()
        assert not isinstance(record, dict), record
        if not isinstance(record, type):
            waiting += gc.get_referents(record)


@pytest.mark.parametrize("keep", [None, 500])
def test_equal_texts_are_kept_once(keep: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources, detail-types and the names of matched rules; a journal that drops records begins again with them."""
    monkeypatch.setattr("eventbridge_local.delivery.journal._MOST_SHARED", 20)
    with mock_eventbridge(keep_records=keep) as eb:
        eb.rule("all", pattern={"source": ["shop"]}, to="arn:aws:sqs:us-east-1:123456789012:all")
        for number in range(100):
            put([{**SOLD, "DetailType": f"Sold {number}"}, SOLD])
        sold = [each.event for each in eb.events if each.detail_type == "Sold" and each.event]
        most = 1 if keep is None else 6
        assert len(sold) >= 70
        assert len({id(event.source) for event in sold}) <= most >= len({id(event.detail_type) for event in sold})
        assert len({id(kept.matched) for kept in eb.service.journal.routings._kept}) <= most
        assert keep is None or len(eb.service.journal._shared) <= 24


QUEUES = [f"arn:aws:sqs:us-east-1:123456789012:queue-{number}" for number in range(5)]


def test_a_short_journal_gives_the_same_record_each_time_and_a_long_one_an_equal_one(
    monkeypatch: pytest.MonkeyPatch, eb: EventBridge
) -> None:
    eb.rule("all", pattern={"source": ["shop"]}, to=QUEUES[0])
    put([SOLD, SOLD])
    logs: tuple[Any, ...] = (eb.events, eb.deliveries, eb.calls, eb.journal.records, eb.service.journal.routings)
    before = [log[-1] for log in logs]
    assert all(log[-1] is record and [*log][-1] is record for log, record in zip(logs, before, strict=True))
    monkeypatch.setattr("eventbridge_local.delivery.journal._MOST_REMEMBERED", 3)
    put([SOLD])
    assert all(log[-1] == [*log][-1] != record for log, record in zip(logs[:2], before, strict=False))
    assert [eb.events[1], eb.deliveries[1]] == before[:2] and eb.events[1] is before[0]


@pytest.mark.parametrize("keep", range(3, 20))
def test_the_deliveries_of_an_event_are_dropped_one_by_one(keep: int) -> None:
    """Each put makes eight records, five of them deliveries; what is kept are the newest ones of all."""
    with mock_eventbridge(now=NOW) as eb:
        eb.rule("all", pattern={"source": ["shop"]}, to=QUEUES)
        eb.service.journal.most = keep
        for _ in range(4):
            put([SOLD])
        records = eb.journal.records
        deliveries = [record for record in records if isinstance(record, Delivery)]
        assert len(records) == len(eb.service.journal.records) == keep
        assert list(eb.deliveries) == deliveries and len(eb.deliveries) == len(deliveries)
        assert [each.number for each in deliveries] == list(range(21 - len(deliveries), 21))
        assert eb.deliveries.dropped == 20 - len(deliveries)
        assert [each.target.arn for each in deliveries] == (QUEUES * 4)[20 - len(deliveries) :]
        assert eb.events.total == 4 and eb.deliveries.total == 20


@pytest.mark.parametrize("fails", [False, True])
def test_deliveries_that_are_only_counted_are_those_that_would_be_made(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal is the same when each delivery is made by itself."""

    def happened() -> list[Any]:
        with mock_eventbridge(now=NOW, seed=1, assert_all_deliveries_succeeded=False) as eb:
            client = boto3.client("events")
            eb.connect("handler", lambda event: client.put_events(Entries=[{**SOLD, "Source": "handler"}]))
            if fails:
                eb.fail_target("queue-4", error="NO_PERMISSIONS", times=1)
            eb.rule("queues", pattern={"source": ["shop"]}, to=QUEUES[:3])
            eb.rule("both", pattern={"source": ["shop"]}, to=[QUEUES[0], "handler", QUEUES[1]])
            eb.rule("handled", pattern={"source": ["handler"]}, to=[QUEUES[3], QUEUES[4]])
            eb.rule("fifo", pattern={"source": ["bank"]}, to=["arn:aws:sns:us-east-1:123456789012:topic.fifo"])
            put([SOLD, {**SOLD, "Source": "bank"}, SOLD])
            put([{**SOLD, "Source": "handler"}])
            return list(eb.journal.records)

    def made_by_itself(_: Deliverer, arrival: Arrival) -> Any:
        return [(rule, rule.targets) for rule in arrival.matched]

    counted = happened()
    monkeypatch.setattr(Deliverer, "count_recorded", made_by_itself)
    assert [without_params(each) for each in counted] == [without_params(each) for each in happened()]


def without_params(record: Any) -> Any:
    """Return a record in which rules and targets, which no two mocks share, are told by their names."""
    if isinstance(record, Delivery):
        return record._replace(rule=record.rule.name, target=record.target.arn)  # type: ignore[arg-type]
    if hasattr(record, "rules"):
        return record._replace(rules=tuple(rule.name for rule in record.rules))
    return record._replace(rule=None, target=None) if hasattr(record, "target") else record


@pytest.mark.parametrize("extra", [0, 1])
def test_the_size_of_a_request_is_exact_where_its_body_is_larger(extra: int) -> None:
    """Letters beyond ASCII take more bytes in a body than they count."""
    limit = 1_000
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": '{"n": "' + "é" * 480 + '"}'}
    entry["DetailType"] += "x" * (limit - entry_size(entry) + extra)
    with mock_eventbridge(limits=Limits(put_events_request_size=limit)):
        client = boto3.client("events")
        if not extra:
            assert client.put_events(Entries=[entry])["FailedEntryCount"] == 0
        else:
            with pytest.raises(client.exceptions.ClientError, match="over the limit"):
                client.put_events(Entries=[entry])
