"""Scenes in which an assertion of the handle, of a log or of a spy fails."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

from dirty_equals import IsPositive
from message_scenes import DEAD, FRAUD, ORDER, QUEUE, client, failing, put_elsewhere, scene

from eventbridge_local import EventBridge


def a_few(eb: EventBridge) -> EventBridge:
    """Three entries on the bus ``orders``: another event, one with a total in quotes, and a refused one."""
    eb.rule("FraudCheck", pattern=FRAUD, bus="orders", to="check-fraud")
    eb.put("shop.orders", "OrderCancelled", {"id": "o-1"}, bus="orders")
    eb.put(*ORDER, {"id": "o-1", "total": "120", "lines": [{"sku": "a"}, {"sku": "b"}]}, bus="orders")
    eb.put(*ORDER, "no json", bus="orders")
    return eb


@scene
def put_nothing(eb: EventBridge) -> None:
    eb.assert_put(*ORDER, {"id": "o-1"}, bus="orders")


@scene
def put_number_against_string(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"id": "o-1", "total": 120}, bus="orders")


@scene
def put_on_the_wrong_bus(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, bus="default")


@scene
def put_on_a_misspelt_bus(eb: EventBridge) -> None:
    a_few(eb).put(*ORDER, bus="oders")
    eb.assert_put(*ORDER, bus="oders")


@scene
def put_in_another_case(eb: EventBridge) -> None:
    a_few(eb).assert_put("Shop.Orders", "orderplaced")


@scene
def put_with_a_similar_name(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"ID": ANY})


@scene
def put_with_a_member_elsewhere(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"sku": "a"})


@scene
def put_with_a_member_in_a_list(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"lines": {"sku": "b"}})


@scene
def put_list_against_value(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"total": ["120"]})


@scene
def put_list_of_another_length(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"lines": [{"sku": "a"}]})


@scene
def put_dumped_twice(eb: EventBridge) -> None:
    eb.put(*ORDER, {"order": '{"id": "o-1"}'})
    eb.assert_put(*ORDER, {"order": {"id": "o-1"}})


@scene
def put_with_more_than_exactly(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"id": "o-1", "total": "120"}, exact=True)


@scene
def put_against_a_matcher(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"total": IsPositive})


@scene
def put_against_a_value_list(eb: EventBridge) -> None:
    a_few(eb).assert_put(*ORDER, {"total": [{"numeric": [">", 100]}]})


@scene
def put_against_one_of_several(eb: EventBridge) -> None:
    a_few(eb).assert_put(["shop.refunds", {"prefix": "bank."}])


@scene
def put_against_a_pattern(eb: EventBridge) -> None:
    a_few(eb).assert_put(pattern={"DetailType": ["OrderPlaced"], "detail": {"lines": [{"exists": True}]}})


@scene
def put_against_a_pattern_across_an_array(eb: EventBridge) -> None:
    eb.put(*ORDER, {"lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]})
    eb.assert_put(pattern={"detail": {"lines": {"sku": ["a"], "n": [2]}}})


@scene
def put_against_a_value_without_list(eb: EventBridge) -> None:
    a_few(eb).assert_put(pattern={"Source": "shop.orders"})


@scene
def put_against_an_operator_without_list(eb: EventBridge) -> None:
    a_few(eb).assert_put(pattern={"detail": {"total": {"numeric": [">", 1]}}})


@scene
def put_against_an_unknown_operator(eb: EventBridge) -> None:
    a_few(eb).assert_put(pattern={"source": [{"begins-with": "shop"}]})


@scene
def put_only_refused(eb: EventBridge) -> None:
    eb.put(*ORDER, "no json")
    eb.assert_put(*ORDER)


@scene
def put_too_few(eb: EventBridge) -> None:
    a_few(eb).assert_put("shop.orders", count=3)


@scene
def put_after_all(eb: EventBridge) -> None:
    a_few(eb).assert_not_put("shop.orders", bus="orders")


@scene
def delivered_nothing_put(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_nothing_matched(eb: EventBridge) -> None:
    a_few(eb).assert_delivered()


@scene
def delivered_pattern_differs(eb: EventBridge) -> None:
    a_few(eb).assert_delivered(rule="FraudCheck", count=1)


@scene
def delivered_rule_disabled(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    client().disable_rule(Name="Audit")
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_without_targets(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]})
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_with_a_schedule(eb: EventBridge) -> None:
    eb.rule("Nightly", schedule="rate(1 day)", to="report")
    eb.put(*ORDER)
    eb.assert_delivered(rule="Nightly")


@scene
def delivered_schedule_without_an_event(eb: EventBridge) -> None:
    eb.rule("Nightly", schedule="rate(1 day)", to="report")
    eb.assert_delivered(rule="Nightly")


@scene
def delivered_rule_on_another_bus(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, bus="orders", to=QUEUE)
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_in_another_region(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    put_elsewhere(region="eu-west-1")
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_in_another_account(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.refunds"]}, to=QUEUE)
    client().disable_rule(Name="Audit")
    put_elsewhere(account="111122223333")
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_with_targets_put_later(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]})
    eb.put(*ORDER)
    client().put_targets(Rule="Audit", Targets=[{"Id": "1", "Arn": QUEUE}])
    eb.assert_delivered(rule="Audit")


@scene
def delivered_rule_made_later(eb: EventBridge) -> None:
    eb.put(*ORDER)
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_unknown_rule(eb: EventBridge) -> None:
    a_few(eb).assert_delivered(rule="FraudChek")


@scene
def delivered_unknown_target(eb: EventBridge) -> None:
    a_few(eb).connect("check-frauds", lambda event: None)
    eb.assert_delivered(target="check-frauds")


@scene
def delivered_target_of_no_rule(eb: EventBridge) -> None:
    a_few(eb).assert_delivered(target="ledger")


@scene
def delivered_target_of_a_silent_rule(eb: EventBridge) -> None:
    a_few(eb).assert_delivered(target="check-fraud")


@scene
def delivered_payload_differs(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    eb.put(*ORDER, {"total": 5})
    eb.assert_delivered(rule="Audit", payload={"detail": {"total": "5"}, "DetailType": "OrderPlaced"})


@scene
def delivered_still_pending(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to="audit")
    eb.fail_target("audit", error="THROTTLING")
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_to_the_dead_letter_queue(eb: EventBridge) -> None:
    with_dead_letters(eb)
    eb.fail_target("audit", error="THROTTLING")
    eb.put(*ORDER)
    eb.clock.advance(hours=1)
    eb.assert_delivered(rule="Audit")


def with_dead_letters(eb: EventBridge) -> None:
    """A rule whose target is tried three times and has a dead-letter queue."""
    eb.rule("Audit", pattern={"source": ["shop.orders"]})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:audit"
    retry = {"MaximumRetryAttempts": 2}
    target = {"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": DEAD}, "RetryPolicy": retry}
    client().put_targets(Rule="Audit", Targets=[target])


@scene
def delivered_dropped(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to="audit")
    eb.fail_target("audit", error="NO_RESOURCE")
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit")


@scene
def delivered_too_few(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    eb.put(*ORDER)
    eb.assert_delivered(rule="Audit", count=2)


@scene
def delivered_after_all(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    eb.put(*ORDER)
    eb.assert_not_delivered(rule="Audit")


@scene
def logs_and_spies(eb: EventBridge) -> str:
    """Plain lookups that find none, or too many."""
    spy = eb.connect("audit", lambda event: None)
    seen: list[Any] = [
        failing(eb.events.one),
        failing(lambda: eb.deliveries.last),
        failing(lambda: eb.dead_letters[0]),
        failing(spy.calls.one),
        failing(lambda: spy.calls.last),
    ]
    a_few(eb)
    return "\n".join([*seen, failing(eb.events.one)])
