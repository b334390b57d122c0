"""An event's way over a bus: order, cascades, failures, and that nothing is lost or doubled."""

from __future__ import annotations

import functools
import inspect
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eventbridge_local import EventBridge, matches, mock_eventbridge
from eventbridge_local.delivery.journal_records import Delivery, Entry, Routing

EVERYTHING = {"source": [{"prefix": ""}]}
SHOP = {"source": ["shop"]}


@functools.cache
def client() -> Any:
    return boto3.client("events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")


def entry(source: str = "shop", detail: str = "{}", bus: str = "default") -> dict[str, str]:
    return {"Source": source, "DetailType": "Sold", "Detail": detail, "EventBusName": bus}


def delivered(eb: EventBridge) -> list[tuple[str, str, str]]:
    """Source, rule and target of each delivery, in order."""
    return [(made.event.source, made.rule.name, made.target.id) for made in eb.deliveries]


def test_the_order_of_deliveries() -> None:
    """Entries in the order of the request; for each its rules, and for each of these its targets as they were put."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=EVERYTHING, to=["x", "y"])
        eb.rule("b", pattern=SHOP, to=["z", "x"])
        client().put_events(Entries=[entry("shop"), entry("bank"), entry("shop")])
        shop = [
            ("shop", "a", "target-1"),
            ("shop", "a", "target-2"),
            ("shop", "b", "target-1"),
            ("shop", "b", "target-2"),
        ]
        bank = [("bank", "a", "target-1"), ("bank", "a", "target-2")]
        assert delivered(eb) == shop + bank + shop
        assert [made.number for made in eb.deliveries] == list(range(1, 11))


def test_delivered_before_the_call_returns() -> None:
    """There is nothing to wait for after PutEvents."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to="x")
        spy = eb.connect("x", lambda event: event["id"])
        answer = client().put_events(Entries=[entry()])
        assert spy.calls.one().result == answer["Entries"][0]["EventId"]


def test_what_a_handler_puts_waits_behind_the_request() -> None:
    """A cascade comes after all entries of the request that started it, and before the call returns."""
    with mock_eventbridge() as eb:
        seen: list[str] = []

        def handler(event: Any) -> None:
            seen.append(event["source"])
            if event["source"].startswith("shop"):
                client().put_events(Entries=[entry(f"after-{event['source']}")])
                seen.append(f"end of {event['source']}")

        eb.rule("a", pattern=EVERYTHING, to=handler)
        client().put_events(Entries=[entry("shop-1"), entry("shop-2")])
        assert seen == [
            "shop-1", "end of shop-1", "shop-2", "end of shop-2", "after-shop-1", "after-shop-2"
        ]  # fmt: skip


def test_a_long_cascade_does_not_recurse() -> None:
    """Ninety events that cause each other are worked off on a flat stack."""
    depths: list[int] = []
    with mock_eventbridge() as eb:

        def handler(event: Any) -> None:
            depths.append(len(inspect.stack(0)))
            if event["detail"]["left"]:
                eb.put("shop", "Step", {"left": event["detail"]["left"] - 1})

        eb.rule("a", pattern=SHOP, to=handler)
        eb.put("shop", "Step", {"left": 90})
        assert len(eb.deliveries) == 91
        assert len(set(depths)) == 1


def test_a_handlers_exception_never_reaches_the_producer() -> None:
    """The call answers as ever, later targets and entries are served, and the failure is recorded."""

    def fail(event: Any) -> None:
        raise KeyError("total")

    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("a", pattern=EVERYTHING, to=[fail, "after"])
        spy = eb.connect("after", lambda event: None)
        answer = client().put_events(Entries=[entry(), entry("bank")])
        assert answer["FailedEntryCount"] == 0
        assert len(spy) == 2
        assert [made.outcome for made in eb.deliveries] == ["delivered"] * 4
        assert [type(made.raised) for made in eb.deliveries] == [KeyError, type(None)] * 2


def test_an_interrupt_leaves_the_bus_working() -> None:
    """What is no ``Exception`` passes through, and the next call works as ever."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("a", pattern=SHOP, to="x")
        eb.connect("x", interrupt)
        with pytest.raises(KeyboardInterrupt):
            eb.put("shop", "Sold")
        spy = eb.connect("x", lambda event: None)
        assert eb.put("shop", "Sold").accepted
        assert len(spy) == 1


def test_an_interrupted_delivery_is_written_down() -> None:
    """The hand-over that was interrupted is in the journal, and in the spy, as every other."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("a", pattern=SHOP, to="x")
        spy = eb.connect("x", interrupt)
        with pytest.raises(KeyboardInterrupt):
            eb.put("shop", "Sold")
        assert isinstance(spy.calls.one().raised, KeyboardInterrupt)
        assert isinstance(eb.deliveries.one().raised, KeyboardInterrupt)


def interrupt(event: Any) -> None:
    raise KeyboardInterrupt


def test_exit_of_a_handler_never_reaches_the_producer() -> None:
    """A handler that calls ``sys.exit`` ends its own run, as on AWS, and not the producer's."""

    def leave(event: Any) -> None:
        raise SystemExit(1)

    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("a", pattern=SHOP, to=leave)
        assert eb.put("shop", "Sold").accepted
        assert isinstance(eb.deliveries.one().raised, SystemExit)


def test_an_unknown_bus() -> None:
    """An event for a bus that does not exist gets an id and is gone, as on AWS; the journal says so."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=EVERYTHING, to="x")
        answer = client().put_events(Entries=[entry(bus="missing"), entry()])
        assert answer["FailedEntryCount"] == 0 and answer["Entries"][0]["EventId"]
        assert [made.event.id for made in eb.deliveries] == [answer["Entries"][1]["EventId"]]
        lost = next(record for record in eb.journal.records if isinstance(record, Routing))
        assert (
            lost.trouble == "there is no event bus 'missing' in us-east-1 of account 123456789012; choose from default"
        )


def test_a_disabled_rule() -> None:
    """It does not match until it is enabled again, and its targets stay."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to="x")
        client().disable_rule(Name="a")
        eb.put("shop", "Sold", {"n": 1})
        client().enable_rule(Name="a")
        eb.put("shop", "Sold", {"n": 2})
        assert [made.event.detail for made in eb.deliveries] == [{"n": 2}]


def test_two_rules_with_the_same_target() -> None:
    """The target gets the event twice, with the same id."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to="x")
        eb.rule("b", pattern=EVERYTHING, to="x")
        spy = eb.connect("x", lambda event: None)
        eb.put("shop", "Sold")
        assert len(spy) == 2
        assert spy.events[0] == spy.events[1]
        assert {made.event.id for made in eb.deliveries} == {spy.events[0]["id"]}


def test_buses_and_regions_are_apart() -> None:
    """Rules see only the events of their own bus in their own Region."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=EVERYTHING, to="x")
        eb.rule("a", pattern=EVERYTHING, bus="orders", to="y")
        eb.put("shop", "Sold", bus="orders")
        boto3.client(
            "events", region_name="eu-west-1", aws_access_key_id="unused", aws_secret_access_key="unused"
        ).put_events(Entries=[entry()])
        assert [made.target.arn.rpartition(":")[2] for made in eb.deliveries] == ["y"]


@pytest.mark.parametrize("change", ["delete", "disable", "targets", "add", "bus"])
def test_a_handler_that_changes_rules_meanwhile(change: str) -> None:
    """The event that is on its way meets the rules as they were; the next one meets them as they are."""
    with mock_eventbridge() as eb:

        def handler(event: Any) -> None:
            if change == "add":
                eb.rule("new", pattern=SHOP, bus="orders", to="late")
            elif change == "disable":
                client().disable_rule(Name="a", EventBusName="orders")
            else:
                for name in ("a", "b"):
                    ids = [target["Id"] for target in targets(name)]
                    if ids:
                        client().remove_targets(Rule=name, EventBusName="orders", Ids=ids)
                    if change != "targets":
                        client().delete_rule(Name=name, EventBusName="orders")
                if change == "bus":
                    client().delete_event_bus(Name="orders")

        def targets(name: str) -> list[Any]:
            try:
                return client().list_targets_by_rule(Rule=name, EventBusName="orders")["Targets"]
            except client().exceptions.ResourceNotFoundException:
                return []

        eb.rule("a", pattern=SHOP, bus="orders", to=[handler, "second"])
        eb.rule("b", pattern=SHOP, bus="orders", to="third")
        client().put_events(Entries=[entry(bus="orders"), entry("bank", bus="orders")])
        names = [made.target.arn.rpartition(":")[2] for made in eb.deliveries]
        assert names == ["handler", "second", "third"]
        eb.put("shop", "Sold", bus="orders")
        late = [made.target.arn.rpartition(":")[2] for made in eb.deliveries[3:]]
        assert late == {"add": ["handler", "second", "third", "late"], "disable": ["third"]}.get(change, [])


def test_a_handler_that_resets_meanwhile() -> None:
    """Forgetting everything from inside a handler does not break the producer's call."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to=lambda event: eb.reset())
        assert client().put_events(Entries=[entry(), entry()])["FailedEntryCount"] == 0
        eb.rule("b", pattern=SHOP, to="x")
        eb.put("shop", "Sold")
        assert delivered(eb)[-1] == ("shop", "b", "target-1")


# conservation

SOURCES = st.sampled_from(["shop", "bank", "shop.orders"])
PATTERNS = st.sampled_from(
    [
        SHOP,
        EVERYTHING,
        {"source": ["shop", "bank"]},
        {"source": [{"prefix": "shop"}]},
        {"detail": {"n": [1, 2]}},
        {"detail": {"n": [{"numeric": [">", 1]}]}, "source": [{"anything-but": "bank"}]},
        {"$or": [{"source": ["bank"]}, {"detail": {"n": [{"exists": False}]}}]},
        {"detail": {"absent": [{"exists": True}]}},
    ]
)
RULES = st.lists(
    st.tuples(
        PATTERNS, st.sampled_from(["default", "orders"]), st.lists(st.sampled_from("xyz"), max_size=5), st.booleans()
    ),
    max_size=6,
)
ENTRIES = st.lists(
    st.tuples(
        SOURCES,
        st.sampled_from(['{"n":1}', '{"n":2}', "{}", "no json"]),
        st.sampled_from(["default", "orders", "missing"]),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=60)
@given(RULES, ENTRIES, st.sets(st.sampled_from("xyz")))
def test_conservation(rules: list[Any], entries: list[Any], connected: set[str]) -> None:
    """Every accepted event has one delivery for each target of each enabled rule of its bus that it matches."""
    with mock_eventbridge() as eb:
        for number, (pattern, bus, to, enabled) in enumerate(rules):
            eb.rule(f"r{number}", pattern=pattern, bus=bus, to=to)
            if not enabled:
                client().disable_rule(Name=f"r{number}", EventBusName=bus)
        spies = [eb.connect(name, lambda event: None) for name in connected]
        client().put_events(Entries=[entry(source, detail, bus) for source, detail, bus in entries])
        expected = Counter(
            (put.event_id, f"r{number}", f"target-{place}")
            for put in eb.events.accepted
            for number, (pattern, bus, to, enabled) in enumerate(rules)
            if enabled and bus == put.bus and matches(pattern, put.envelope)
            for place in range(1, len(to) + 1)
        )
        made = Counter((each.event.id, each.rule.name, each.target.id) for each in eb.deliveries)
        assert made == expected
        assert len(eb.events.refused) == sum(detail == "no json" for _, detail, _ in entries)
        routed = Counter(record.event.id for record in eb.journal.records if isinstance(record, Routing))
        assert routed == Counter(put.event_id for put in eb.events.accepted)
        assert sum(map(len, spies)) == len(eb.deliveries.where(outcome="delivered"))


def test_threads_lose_nothing() -> None:
    """What many threads put at once is all accepted, numbered and delivered, each event once."""
    threads, each = 8, 25
    start = threading.Barrier(threads)
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to=["x", "y"])
        spy = eb.connect("x", lambda event: None)
        client()

        def put(number: int) -> list[str]:
            start.wait()
            answers = [client().put_events(Entries=[entry(), entry()]) for _ in range(each)]
            return [result["EventId"] for answer in answers for result in answer["Entries"]]

        with ThreadPoolExecutor(threads) as pool:
            ids = [one for batch in pool.map(put, range(threads)) for one in batch]
        eb.put("shop", "Last")  # whoever was working has finished before this returns
        total = threads * each * 2
        assert len(set(ids)) == total
        assert sorted(put.number for put in eb.events) == list(range(1, total + 2))
        made = Counter((one.event.id, one.target.id) for one in eb.deliveries)
        assert set(made.values()) == {1}
        assert len(made) == 2 * (total + 1)
        assert len(spy) == total + 1


def test_threads_beside_changes_of_rules() -> None:
    """Rules that come and go in another thread break nobody's call, and later events are served."""
    stop = threading.Event()
    with mock_eventbridge() as eb:
        client()
        eb.rule("kept", pattern=SHOP, to="x")

        def churn() -> None:
            while not stop.is_set():
                client().put_rule(Name="passing", EventPattern='{"source":["shop"]}')
                client().delete_rule(Name="passing")

        with ThreadPoolExecutor(3) as pool:
            churning = [pool.submit(churn) for _ in range(2)]
            try:
                for _ in range(150):
                    assert client().put_events(Entries=[entry()])["FailedEntryCount"] == 0
            finally:
                stop.set()
            for one in churning:
                one.result()
        assert len(eb.deliveries.where(rule="kept")) == 150


def test_the_records_come_in_order() -> None:
    """An entry is written before its routing, and that before its deliveries."""
    with mock_eventbridge() as eb:
        eb.rule("a", pattern=SHOP, to=["x", "y"])
        eb.put("shop", "Sold")
        records = [record for record in eb.journal.records if isinstance(record, Entry | Routing | Delivery)]
        kinds = (Entry, Routing, Delivery, Delivery)
        assert all(isinstance(*each) for each in zip(records, kinds, strict=True))
