"""Whether an account may put an event on a bus, as the policies in the store have it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eventbridge_local.delivery.route import permission_to_put
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.records import EventBus, Rule
from eventbridge_local.model.store import Bus, Store

OWNER, CALLER = "111111111111", "222222222222"
BUS = f"arn:aws:events:us-east-1:{OWNER}:event-bus/shop"
ORGANIZATION = "o-a1b2c3d4e5"

NOW = datetime(2026, 3, 6, tzinfo=UTC)


RULE = Rule("forward", f"arn:aws:events:us-east-1:{CALLER}:rule/forward", "default", "ENABLED", CALLER)


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": BUS} | more


def may_put(store: Store, caller: str, bus_arn: str, event: Event, rule: Rule | None = RULE) -> bool:
    return permission_to_put(store, caller, bus_arn, event, rule) == "Allow"


def event(**detail: Any) -> Event:
    return Event("1", "Sold", "shop.orders", CALLER, NOW, "us-east-1", (), "{}", detail)


def world_with(*statements: dict[str, Any], organization: str | None = None) -> Store:
    store = Store(Clock(NOW), Ids(1), Limits(), organization)
    document = {"Version": "2012-10-17", "Statement": list(statements)} if statements else None
    store.scope(OWNER, "us-east-1").buses["shop"] = Bus(EventBus("shop", BUS, NOW, NOW, {}, document))
    return store


def test_may_put() -> None:
    """A bus without policy is for its owner; one that nobody made takes direct calls alone; no ARN is no bus."""
    assert may_put(world_with(), OWNER, BUS, event())
    assert not may_put(world_with(), CALLER, BUS, event())
    assert may_put(world_with(statement()), CALLER, BUS, event())
    assert may_put(world_with(), CALLER, BUS + "2", event(), rule=None)
    assert not may_put(world_with(), CALLER, BUS + "2", event())
    assert not may_put(world_with(), CALLER, "shop", event())


def test_may_put_on_the_default_bus_of_an_account_nobody_used() -> None:
    """Every account has that bus, also one that nothing in the mock has looked at; its owner alone may put there."""
    default = f"arn:aws:events:us-east-1:{OWNER}:event-bus/default"
    store = Store(Clock(NOW), Ids(1), Limits(), None)
    assert may_put(store, OWNER, default, event())
    assert not may_put(store, CALLER, default, event())
    assert store.known_scope(OWNER, "us-east-1") is None


@pytest.mark.parametrize(
    ("block", "by_rule", "by_call"),
    [
        ({"Bool": {"events:eventBusInvocation": "true"}}, True, False),
        ({"StringEquals": {"aws:SourceAccount": CALLER}}, True, False),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:222222222222:rule/forward"}}, True, False),
        ({"StringEquals": {"aws:PrincipalAccount": CALLER}}, True, True),
        ({"StringEquals": {"events:source": "shop.orders", "events:detail-type": "Sold"}}, True, True),
        ({"StringEquals": {"events:detail.userIdentity.principalId": "AIDA"}}, True, True),
        ({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}, True, True),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-somebodyelse"}}, False, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-03-06T00:00:01Z"}}, True, True),
        ({"DateLessThan": {"aws:CurrentTime": "2026-03-06T00:00:00Z"}}, False, False),
        ({"NumericGreaterThan": {"aws:EpochTime": "1772755200"}}, False, False),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}, "Bool": {"aws:SecureTransport": "true"}}, True, True),
    ],
)
def test_what_is_known_of_an_event(block: dict[str, Any], by_rule: bool, by_call: bool) -> None:
    """The condition keys of the User Guide, for events that a rule sends and for those that PutEvents does."""
    store = world_with(statement(Condition=block), organization=ORGANIZATION)
    made = event(userIdentity={"principalId": "AIDA"}, service=1)
    assert may_put(store, CALLER, BUS, made) is by_rule
    assert may_put(store, CALLER, BUS, made, rule=None) is by_call


def test_without_an_organization_its_condition_fails() -> None:
    store = world_with(statement(Condition={"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}))
    assert not may_put(store, CALLER, BUS, event())


def test_a_permission_ends_by_the_clock() -> None:
    store = world_with(statement(Condition={"DateLessThan": {"aws:CurrentTime": "2026-03-07T00:00:00Z"}}))
    assert may_put(store, CALLER, BUS, event()) and may_put(store, CALLER, BUS, event(), rule=None)
    store.clock.advance(days=1)
    assert not may_put(store, CALLER, BUS, event())
    assert not may_put(store, CALLER, BUS, event(), rule=None)
