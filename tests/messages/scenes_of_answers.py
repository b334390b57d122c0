"""Scenes in which somebody asks: explain, route, coverage, the journal, a refusal with a hint."""

from __future__ import annotations

import boto3
from message_scenes import FRAUD, ORDER, QUEUE, client, put_elsewhere, scene
from scenes_of_assertions import a_few, with_dead_letters

from eventbridge_local import EventBridge, make_event


def a_shop(eb: EventBridge) -> EventBridge:
    """Rules of every kind on two buses, one of which passes events on to the other."""
    central = "arn:aws:events:us-east-1:123456789012:event-bus/central"
    eb.rule("FraudCheck", pattern=FRAUD, bus="orders", to="check-fraud")
    eb.rule("Audit", pattern={"source": [{"prefix": "shop."}]}, bus="orders", to=QUEUE)
    eb.rule("PassOn", pattern={"source": ["shop.orders"]}, bus="orders", to=central)
    eb.rule("Loyalty", pattern={"detail-type": ["OrderPlaced"]}, bus="central", to="loyalty")
    eb.rule("Empty", pattern={"source": ["shop.orders"]}, bus="central")
    eb.rule("Paused", pattern={"source": ["shop.orders"]}, bus="central", to="loyalty")
    eb.rule("Nightly", schedule="rate(1 day)", to="report")
    client().disable_rule(Name="Paused", EventBusName="central")
    return eb


EVENT = make_event(*ORDER, {"total": 5000, "country": "DE"}, id="1", time="2026-03-06T09:00:00Z")


@scene
def explain_what_happened(eb: EventBridge) -> object:
    return eb.explain(a_shop(eb).put(*ORDER, {"total": "5000"}, bus="orders"))


@scene
def explain_one_rule(eb: EventBridge) -> object:
    entry = a_shop(eb).put(*ORDER, {"total": "5000"}, bus="orders")
    return eb.explain(entry, rule="FraudCheck")


@scene
def explain_a_rule_on_another_bus(eb: EventBridge) -> object:
    return eb.explain(a_shop(eb).put(*ORDER), rule="FraudCheck")


@scene
def explain_a_rule_in_another_region(eb: EventBridge) -> object:
    a_shop(eb)
    put_elsewhere(region="eu-west-1")
    return eb.explain(eb.events.last, rule="FraudCheck")


@scene
def explain_a_rule_made_later(eb: EventBridge) -> object:
    entry = eb.put(*ORDER)
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    return eb.explain(entry, rule="Audit")


@scene
def explain_what_would_happen(eb: EventBridge) -> object:
    return a_shop(eb).explain(EVENT)


@scene
def explain_a_refused_entry(eb: EventBridge) -> object:
    return eb.explain({"Source": "shop.orders", "DetailType": "OrderPlaced", "Detail": "{'id': 1}"})


@scene
def explain_an_unknown_bus(eb: EventBridge) -> object:
    return eb.explain(a_shop(eb).put(*ORDER, bus="oders"))


@scene
def explain_retries(eb: EventBridge) -> object:
    with_dead_letters(eb)
    eb.fail_target("audit", error="THROTTLING")
    entry = eb.put(*ORDER)
    eb.clock.advance(hours=1)
    return eb.explain(entry)


@scene
def route_an_event(eb: EventBridge) -> object:
    return a_shop(eb).route(EVENT, bus="orders")


@scene
def route_an_event_that_would_fail(eb: EventBridge) -> object:
    theirs = "arn:aws:events:us-east-1:111122223333:event-bus/default"
    eb.rule("Send", pattern={"source": ["shop.orders"]}, to=theirs)
    eb.rule("News", pattern={"source": ["shop.orders"]}, to="arn:aws:sns:us-east-1:123456789012:news.fifo")
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=["audit", "flaky", QUEUE])
    eb.fail_target("audit", error="THROTTLING", times=1)
    eb.fail_target("flaky", error="SDK_CLIENT_ERROR", rate=0.5)
    return eb.route(EVENT)


@scene
def explain_an_event_that_would_fail(eb: EventBridge) -> object:
    eb.rule("Send", pattern={"source": ["shop.orders"]}, to="arn:aws:events:us-east-1:111122223333:event-bus/default")
    return eb.explain(EVENT)


@scene
def route_an_event_that_would_be_refused(eb: EventBridge) -> object:
    put_elsewhere(account="111122223333")
    return eb.route(EVENT, bus="arn:aws:events:us-east-1:111122223333:event-bus/default")


@scene
def route_an_event_to_an_unknown_bus(eb: EventBridge) -> object:
    return a_shop(eb).route(EVENT, bus="oders")


@scene
def route_an_event_of_another_region(eb: EventBridge) -> object:
    a_shop(eb)
    put_elsewhere(region="eu-west-1")
    return eb.route(eb.events.last)


@scene
def coverage_of_a_run(eb: EventBridge) -> object:
    a_shop(eb).put(*ORDER, {"total": 5000, "country": "DE"}, bus="orders")
    eb.put(*ORDER, {"total": 50, "country": "DE"}, bus="orders")
    return eb.coverage()


@scene
def journal_of_a_test(eb: EventBridge) -> object:
    a_few(eb)
    with_dead_letters(eb)
    eb.fail_target("audit", error="THROTTLING")
    eb.put(*ORDER)
    return eb.journal


@scene
def journal_of_two_regions(eb: EventBridge) -> object:
    eb.rule("Audit", pattern={"source": ["shop.orders"]}, to=QUEUE)
    put_elsewhere(region="eu-west-1")
    eb.put(*ORDER)
    return eb.journal


@scene
def journal_of_a_client_in_another_region(eb: EventBridge) -> object:
    put_elsewhere(region="eu-west-1")
    return eb.journal


@scene
def refused_bus_with_a_hint(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop"]}, bus="orders")
    try:
        client().put_rule(Name="Audit", EventBusName="order", EventPattern='{"source": ["shop"]}')
    except Exception as error:
        for hint in eb.hints_for(error):
            error.add_note(hint)
        raise


@scene
def refused_rule_of_another_region_with_a_hint(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop"]}, bus="orders")
    client_of_ireland = boto3.client("events", region_name="eu-west-1")
    try:
        client_of_ireland.disable_rule(Name="Audit")
    except Exception as error:
        for hint in eb.hints_for(error):
            error.add_note(hint)
        raise


@scene
def refused_unknown_rule_with_a_hint(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": ["shop"]})
    try:
        client().disable_rule(Name="Adit")
    except Exception as error:
        for hint in eb.hints_for(error):
            error.add_note(hint)
        raise


@scene
def refused_pattern_with_a_hint(eb: EventBridge) -> None:
    try:
        client().put_rule(Name="Audit", EventPattern='{"DetailType": "OrderPlaced"}')
    except Exception as error:
        for hint in eb.hints_for(error):
            error.add_note(hint)
        raise


@scene
def refused_rule_with_a_hint(eb: EventBridge) -> None:
    eb.rule("Audit", pattern={"source": "shop"})
