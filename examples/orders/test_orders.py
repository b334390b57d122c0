"""How the shop tests itself. Each test starts with an empty EventBridge; the fixture comes with eventbridge_local."""

import json
import runpy
from pathlib import Path

import pytest
from shop import handlers
from shop.handlers import invoice_handler, loyalty_handler
from shop.publisher import announce
from shop.rules import deploy


def order(id: str, total: float, *, member: bool = True) -> str:
    return json.dumps({"id": id, "total": total, "customer": {"name": "Ada", "member": member}})


@pytest.fixture(autouse=True)
def empty_books():
    handlers.invoices.clear()
    handlers.points.clear()


@pytest.fixture
def bus(eventbridge):
    """The mock with the shop's rules in place."""
    deploy()
    return eventbridge


def test_an_order_is_announced(bus):
    announce([order("o-1", 120)])

    event = bus.assert_put("shop.orders", "OrderPlaced", {"id": "o-1"}, bus="orders")
    assert event.detail["total"] == 120


def test_an_order_is_invoiced(bus):
    spy = bus.connect("invoices", invoice_handler)
    announce([order("o-1", 120)])

    assert spy.calls.one().event["detail"]["id"] == "o-1"
    assert handlers.invoices == {"o-1": 120}


def test_the_invoice_is_announced_in_turn(bus):
    bus.connect("invoices", invoice_handler)
    announce([order("o-1", 120)])

    bus.assert_put("shop.invoices", "InvoiceWritten", {"order": "o-1", "amount": 120}, bus="orders")
    bus.assert_delivered(rule="everything-is-kept", count=2)


def test_a_large_order_earns_points(bus):
    bus.connect("loyalty", loyalty_handler)
    announce([order("o-1", 120)])

    assert handlers.points == {"Ada": 12}


@pytest.mark.parametrize("document", [order("o-1", 49.99), order("o-1", 120, member=False)], ids=["small", "no member"])
def test_other_orders_earn_none(bus, document):
    spy = bus.connect("loyalty", loyalty_handler)
    announce([document])

    assert not spy.calls
    bus.assert_not_delivered(rule="large-orders-earn-points")


def test_a_document_cut_off_does_not_cost_the_others(bus, caplog):
    outcomes = announce([order("o-1", 120), '{"id": "o-2", "tot', order("o-3", 20)])

    assert [outcome.ok for outcome in outcomes] == [True, False, True]
    assert (outcomes[1].error_code, outcomes[1].attempts) == ("MalformedDetail", 1)
    assert caplog.messages == ["order document 1 was not announced: MalformedDetail (Detail is malformed.)"]
    bus.assert_delivered(rule="every-order-is-invoiced", count=2)


def test_many_orders_go_out_ten_at_a_time(bus):
    outcomes = announce(order(f"o-{number}", 20) for number in range(25))

    assert all(outcome.ok for outcome in outcomes)
    puts = bus.calls.where(operation="PutEvents")
    assert [len(call.params["Entries"]) for call in puts] == [10, 10, 5]


def test_the_demo_tells_what_happened(capsys):
    runpy.run_path(str(Path(__file__).with_name("demo.py")), run_name="__main__")

    story = capsys.readouterr().out
    assert "document 1: refused, MalformedDetail" in story
    assert "points:   {'Ada': 12}" in story
    assert "large-orders-earn-points" in story
