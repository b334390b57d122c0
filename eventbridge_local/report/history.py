"""What became of an event that went over a bus, from the journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from eventbridge_local.delivery.journal import Delivery, Routing
from eventbridge_local.model.records import Rule
from eventbridge_local.report.explain import RuleStep, Stop, TargetStep, judge
from eventbridge_local.report.hints import users_rules
from eventbridge_local.report.journal_text import outcome
from eventbridge_local.report.text import target_name


def stops_of(event_id: str, routings: Sequence[Routing], deliveries: Sequence[Delivery]) -> tuple[Stop, ...]:
    """Every bus that an event reached, in order; over Regions it goes on under another id."""
    mine = [delivery for delivery in deliveries if delivery.event.id == event_id]
    return tuple(_stop(routing, mine) for routing in routings if routing.event.id == event_id)


def _stop(routing: Routing, deliveries: Sequence[Delivery]) -> Stop:
    rules = tuple(_step(rule, routing, deliveries) for rule in users_rules(routing.rules))
    return Stop(routing.bus, routing.account, routing.region, rules, routing.trouble)


def _step(rule: Rule, routing: Routing, deliveries: Sequence[Delivery]) -> RuleStep:
    step = judge(rule, routing.event)
    if rule.name not in routing.matched:
        return step if not step.matched else replace(step, matched=False, why="the replay left this rule out")
    return replace(step, matched=True, why="", targets=tuple(_targets(rule, deliveries)))


def _targets(rule: Rule, deliveries: Sequence[Delivery]) -> Iterator[TargetStep]:
    for delivery in deliveries:
        if delivery.rule.arn == rule.arn:
            about = outcome(delivery).removeprefix(delivery.outcome).removeprefix(":").strip(" ,")
            target = delivery.target
            yield TargetStep(
                target.id, target.arn, target_name(delivery), delivery.outcome, delivery.payload, about, delivery.error
            )
