"""Scenes in which a mock ends badly, or a contract is broken."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
from message_scenes import ORDER, QUEUE, client, scene, shop
from scenes_of_assertions import with_dead_letters

from eventbridge_local import EventBridge

FORBIDDEN = Path(__file__).parent.parent / "cases" / "permissions"
PLACED = {"shop.orders@OrderPlaced": {"required": ["id"], "properties": {"total": {"type": "number"}}}}


def broken(event: Any) -> None:
    raise KeyError("total")


@scene
def exit_with_failed_deliveries(_: EventBridge) -> None:
    with shop(assert_all_deliveries_succeeded=True) as eb:
        eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to=broken)
        with_dead_letters(eb)
        eb.fail_target("audit", error="NO_PERMISSIONS", times=1)
        eb.put(*ORDER)
        eb.fail_target("audit", error="THROTTLING")
        eb.put(*ORDER)


@scene
def exit_with_a_rule_loop(_: EventBridge) -> None:
    def again(event: Any) -> None:
        client().put_events(Entries=[{"Source": "shop.orders", "DetailType": "Again", "Detail": "{}"}])

    with shop(assert_all_deliveries_succeeded=True) as eb:
        eb.rule("Again", pattern={"source": ["shop.orders"]}, to=again)
        eb.put(*ORDER)


@scene
def exit_strict(_: EventBridge) -> None:
    with shop(strict=True) as eb:
        eb.rule("Refunds", pattern={"source": ["shop.orders"], "detail-type": ["OrderRefunded"]}, to=QUEUE)
        eb.rule("Elsewhere", pattern={"source": ["shop.orders"]}, bus="orders", to=QUEUE)
        eb.rule("Unmet", pattern={"source": ["nobody"]}, bus="empty", to=QUEUE)
        eb.rule("Nightly", schedule="rate(1 day)", to="report")
        eb.put(*ORDER)
        eb.put("bank", "Paid")
        eb.put("bank", "Paid", bus="orders")
        eb.put(*ORDER, bus="oders")


@scene
def exit_strict_with_very_many(_: EventBridge) -> None:
    with shop(strict=True) as eb:
        for number in range(13):
            eb.put(*ORDER)
            eb.rule(f"Rule-{number}", pattern={"source": ["nobody"]}, to=QUEUE)


@scene
def exit_with_forbidden_targets(_: EventBridge) -> None:
    with shop(assert_targets_permitted=True) as eb:
        eb.load(FORBIDDEN / "mistakes.yaml")


@scene
def exit_with_forbidden_roles(_: EventBridge) -> None:
    with shop(assert_targets_permitted=True) as eb:
        eb.load(FORBIDDEN / "roles_lacking.yaml")
        eb.load(FORBIDDEN / "sam_by_hand.yaml")


@scene
def exit_after_the_test_failed(_: EventBridge) -> None:
    with shop(strict=True, assert_all_deliveries_succeeded=True) as eb:
        eb.rule("Refunds", pattern={"source": ["shop.orders"], "detail-type": ["OrderRefunded"]}, to=QUEUE)
        eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to=broken)
        eb.put(*ORDER)
        eb.assert_put("shop.orders", "OrderShipped")


@scene
def exit_with_misspelt_targets(_: EventBridge) -> None:
    with shop() as eb:
        eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to="invoices")
        with_dead_letters(eb)
        spy = eb.connect("invoice", broken)
        eb.connect("kept", broken)
        eb.connect("arn:aws:lambda:eu-west-1:123456789012:function:audit", broken)
        eb.fail_target("audti")
        eb.put(*ORDER)
        eb.put(*ORDER, bus="defualt")
        spy.calls.one()


@scene
def exit_with_lost_entries(_: EventBridge) -> None:
    with shop(assert_all_entries_accepted=True) as eb:
        eb.rule("Bills", pattern={"source": ["shop.orders"]}, bus="billing")
        lost = [
            {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": "{'id': 'o-1'}"},
            {"Source": "aws.orders", "DetailType": "OrderPlaced", "Detail": "{}"},
            {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": "{}", "EventBusName": "biling"},
            {"Source": "shop.orders", "Detail": "{}"},
        ]
        client().put_events(Entries=[{"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": "{}"}, *lost])


@scene
def exit_with_stand_ins_for_nothing(_: EventBridge) -> None:
    with shop(assert_all_connected_used=True) as eb:
        eb.rule("Welcome", pattern={"source": ["shop.orders"]}, to=["welcome", "mailer"])
        eb.connect("welcom", print)
        eb.connect("mailer", print)
        eb.connect("arn:aws:lambda:eu-west-1:123456789012:function:welcome", print)
        eb.connect("https://crm.example/events", print)
        eb.fail_target("somebody-else")


@scene
def exit_without_permission_for_a_bus(_: EventBridge) -> None:
    with shop(assert_all_deliveries_succeeded=True) as eb:
        central = boto3.client("events", "us-east-1", aws_access_key_id="222222222222", aws_secret_access_key="unused")
        bus = central.create_event_bus(Name="central")["EventBusArn"]
        eb.rule("ToCentral", pattern={"source": ["shop.orders"]}, to=bus)
        eb.put(*ORDER)


@scene
def contract_broken_on_put(_: EventBridge) -> None:
    with shop(contracts=PLACED):
        entries = [
            {"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": json.dumps(detail)}
            for detail in ({"id": "o-1", "total": 1}, {"id": "o-2", "total": "120"}, {"total": 3})
        ]
        client().put_events(Entries=entries)


@scene
def contract_broken_on_delivery(_: EventBridge) -> None:
    import tempfile
    from pathlib import Path

    from eventbridge_local import make_event

    with tempfile.TemporaryDirectory() as folder, shop(contracts=PLACED) as eb:
        captured = Path(folder) / "captured.jsonl"
        captured.write_text(json.dumps(make_event(*ORDER, {"id": "o-1", "total": "120"})), encoding="utf-8")
        eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to="invoices")
        eb.replay_from(captured)
