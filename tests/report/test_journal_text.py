"""The journal as people read it: one small story, whole."""

from __future__ import annotations

import itertools
import textwrap
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventbridge_local import mock_eventbridge

STORY = """
    PutRule refused: ResourceNotFoundException: Event bus order does not exist.
        hint: there is no bus 'order' in us-east-1 of account 123456789012; did you mean 'orders'?
    event #1 shop.orders 'OrderPlaced' put on bus 'orders'
    event #1 was checked against 5 rules of bus 'orders'
        invoices: matched
            -> invoice delivered
            -> kept recorded (no handler is connected)
        fraud: no match
            detail.total  differs wanted numeric > 1000, got 120
            source        ok      'shop.orders'
        paused: disabled
        empty: matched
            the rule has no targets
        failing: matched
            -> fail delivered, then the handler raised KeyError('total')
    entry #2 shop.orders 'OrderPlaced' put on bus 'orders'
        refused: MalformedDetail: Detail is malformed.
    event #3 shop.invoices 'InvoiceWritten' put on bus 'default'
    event #3 was checked against 1 rule of bus 'default'
        nightly: has a schedule and no pattern
    event #4 shop 'Sold' put on bus 'missing'
    event #4 was checked against 0 rules of bus 'missing'
        dropped: there is no event bus 'missing' in us-east-1 of account 123456789012; choose from default, orders
"""


def fail(event: Any, context: Any) -> None:
    raise KeyError("total")


def test_the_whole_story() -> None:
    """Every call that was refused, every entry, the rules it met and why not, every delivery, in order."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        orders = {"source": ["shop.orders"]}
        queue = "arn:aws:sqs:us-east-1:123456789012:kept"
        eb.rule("invoices", pattern=orders, bus="orders", to=["invoice", queue])
        eb.rule("fraud", pattern={**orders, "detail": {"total": [{"numeric": [">", 1000]}]}}, bus="orders", to="check")
        eb.rule("paused", pattern=orders, bus="orders", to="check")
        eb.rule("empty", pattern=orders, bus="orders")
        eb.rule("failing", pattern=orders, bus="orders", to=fail)
        eb.rule("nightly", schedule="rate(1 day)", to="check")
        eb.connect("invoice", lambda event: None)
        client = boto3.client("events")
        client.disable_rule(Name="paused", EventBusName="orders")
        with pytest.raises(ClientError):
            client.put_rule(Name="r", EventBusName="order", EventPattern='{"source":["a"]}')
        eb.put("shop.orders", "OrderPlaced", {"id": "o-1", "total": 120}, bus="orders")
        eb.put("shop.orders", "OrderPlaced", "no json", bus="orders")
        eb.put("shop.invoices", "InvoiceWritten", {"id": "o-1"})
        eb.put("shop", "Sold", bus="missing")
        assert eb.journal.text() == textwrap.dedent(STORY).strip("\n")
        assert str(eb.journal) == eb.journal.text()


def test_an_empty_journal() -> None:
    """Nothing happened."""
    with mock_eventbridge() as eb:
        assert eb.journal.text() == "nothing happened"
        assert repr(eb.journal) == "<Journal of 0 records>"


def test_calls_that_succeed_are_not_told() -> None:
    """Arranging is no part of the story, but of the records."""
    with mock_eventbridge() as eb:
        eb.rule("r", pattern={"source": ["shop"]}, bus="orders")
        assert eb.journal.text() == "nothing happened"
        assert [record.operation for record in eb.journal.records] == ["CreateEventBus", "PutRule"]


def test_what_a_handler_puts_is_told_after_it() -> None:
    """A cascade reads in the order in which it was worked off, each delivery below the rule that made it."""
    with mock_eventbridge() as eb:
        eb.rule("on-sold", pattern={"source": ["shop"]}, to="announce")
        eb.connect("announce", lambda event: eb.put("news", "Announced"))
        eb.put("shop", "Sold")
        assert eb.journal.text() == textwrap.dedent("""\
            event #1 shop 'Sold' put on bus 'default'
            event #1 was checked against 1 rule of bus 'default'
                on-sold: matched
                    -> announce delivered
            event #2 news 'Announced' put on bus 'default'
            event #2 was checked against 1 rule of bus 'default'
                on-sold: no match
                    source  differs wanted 'shop', got 'news'""")


def test_a_rule_deleted_later_is_still_told() -> None:
    """The story tells the rules as they were when the event came."""
    with mock_eventbridge() as eb:
        eb.rule("r", pattern={"source": ["bank"]})
        eb.put("shop", "Sold")
        boto3.client("events").delete_rule(Name="r")
        assert "    r: no match" in eb.journal.text()


def test_the_same_event_to_the_same_rule_name_on_two_buses() -> None:
    """Rules of one name on two buses keep their deliveries apart."""
    with mock_eventbridge() as eb:
        for bus in ("default", "orders"):
            eb.rule("r", pattern={"source": ["shop"]}, bus=bus, to=f"of-{bus}")
            eb.put("shop", "Sold", bus=bus)
        told = [line.strip() for line in eb.journal.text().splitlines() if "->" in line]
        assert told == [f"-> of-{bus} recorded (no handler is connected)" for bus in ("default", "orders")]


def test_a_request_of_too_many_entries_has_a_hint_to_put_all() -> None:
    """In the journal, and as a note on the error that ends the test."""
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
    hint = "a request has at most 10 entries, here are 11; eventbridge_local.put_all sends any number of them"
    with pytest.raises(ClientError) as refused, mock_eventbridge() as eb:
        boto3.client("events", region_name=eb.region).put_events(Entries=[entry] * 11)
    assert hint in str(eb.journal) and hint in "".join(refused.value.__notes__)


def test_notes_of_a_mismatch_stand_below_its_field() -> None:
    """As in assertions and explanations."""
    with mock_eventbridge() as eb:
        eb.rule("big", pattern={"detail": {"total": [{"numeric": [">", 9]}]}})
        eb.put("shop", "Sold", {"total": "12"})
        with pytest.raises(AssertionError) as failed:
            eb.assert_delivered(rule="big")
    notes = [
        (line, below)
        for text in (str(eb.journal), str(failed.value))
        for line, below in itertools.pairwise(text.splitlines())
        if "EventBridge compares JSON types" in below
    ]
    assert len(notes) == 2
    assert {below.index("EventBridge") - line.index("differs") for line, below in notes} == {len("differs ")}
