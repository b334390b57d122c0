"""Events that a rule forwards to another bus: the policy of that bus, buses that are not there, and hops.

The codes, the words and the attributes of the dead letters are captured (September 2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventbridge_local import EventBridge, make_event, mock_eventbridge

ACCOUNT, OTHER = "123456789012", "210987654321"
HERE, AWAY = "us-east-1", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/forward"
DLQ = f"arn:aws:sqs:{HERE}:{ACCOUNT}:dead"
LACKING = ("NO_PERMISSIONS", "Lack of permissions to invoke cross account target.")
ALL = '{"source": [{"prefix": ""}]}'
#: Where the target bus may be.
PLACES = [(ACCOUNT, HERE), (ACCOUNT, AWAY), (OTHER, HERE), (OTHER, AWAY)]


def client(account: str = ACCOUNT, region: str = HERE) -> Any:
    return boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="x")


def arn_of(name: str, account: str = ACCOUNT, region: str = HERE) -> str:
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now="2026-09-15T12:34:56Z", assert_all_deliveries_succeeded=False) as handle:
        yield handle


def forward(
    target: str, bus: str = "default", account: str = ACCOUNT, region: str = HERE, name: str = "forward"
) -> str:
    """A rule that sends all events of a bus on. Returns its ARN."""
    events = client(account, region)
    rule: str = events.put_rule(Name=name, EventBusName=bus, EventPattern=ALL)["RuleArn"]
    queue = f"arn:aws:sqs:{region}:{account}:dead"
    made = {"Id": "1", "Arn": target, "RoleArn": ROLE, "DeadLetterConfig": {"Arn": queue}}
    assert events.put_targets(Rule=name, EventBusName=bus, Targets=[made])["FailedEntryCount"] == 0
    return rule


def sink(account: str, region: str, statement: dict[str, Any] | None = None) -> str:
    """A bus whose one rule has a queue; with a policy of one statement. Returns its ARN."""
    events, arn = client(account, region), arn_of("sink", account, region)
    events.create_event_bus(Name="sink")
    events.put_rule(Name="sink", EventBusName="sink", EventPattern=ALL)
    queue = f"arn:aws:sqs:{region}:{account}:work"
    events.put_targets(Rule="sink", EventBusName="sink", Targets=[{"Id": "1", "Arn": queue}])
    if statement is not None:
        document = {"Sid": "s", "Principal": "*", "Action": "events:PutEvents", "Resource": arn, **statement}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [document]})
        events.put_permission(EventBusName="sink", Policy=policy)
    return arn


def outcomes(eb: EventBridge) -> list[tuple[str, str, str | None, str | None]]:
    return [(each.rule.name, each.outcome, each.error, each.reason) for each in eb.deliveries]


def refused(eb: EventBridge, rule: str, target: str) -> None:
    """The forward went to the dead-letter queue at once, with AWS's words and nothing about retries."""
    assert ("forward", "dead-lettered", *LACKING) in outcomes(eb)
    letter = eb.dead_letters.one()
    assert letter.attributes == {
        "RULE_ARN": rule,
        "TARGET_ARN": target,
        "ERROR_CODE": LACKING[0],
        "ERROR_MESSAGE": LACKING[1],
    }
    assert letter.body == eb.deliveries.where(rule="forward").one().event.text
    assert "sink" not in [each[0] for each in outcomes(eb)]


def says_the_same(eb: EventBridge, *, fails: bool) -> None:
    """``route`` and ``explain`` of an event that is not put say what happens to one that is."""
    made = make_event("shop", "Sold")
    row = eb.route(made).matched[0]
    assert (row.rule, row.targets[0].error) == ("forward", LACKING[0] if fails else None)
    assert (LACKING[1] in str(eb.explain(made))) is fails


TRUE = {"Bool": {"events:eventBusInvocation": "true"}}
FALSE = {"Bool": {"events:eventBusInvocation": "false"}}
NAMED = {"StringEquals": {"events:source": "shop", "events:detail-type": "Sold"}}
ELSE = {"StringEquals": {"events:source": "bank"}}
BEGUN = {"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
ENDED = {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}
CALLER = {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}  # which nobody knows, so that it stops nothing


@pytest.mark.parametrize(("account", "region"), PLACES)
@pytest.mark.parametrize(
    ("condition", "denied"),
    [
        ({}, True),
        (TRUE, True),
        (FALSE, False),
        (NAMED, True),
        (ELSE, False),
        ({**TRUE, **NAMED}, True),
        (BEGUN, True),
        (ENDED, False),
        (CALLER, False),
    ],
    ids=str,
)
def test_a_deny(eb: EventBridge, account: str, region: str, condition: dict[str, Any], denied: bool) -> None:
    """It stops forwards wherever the bus is; a bus of the own account needs no Allow for the others."""
    statement = {"Effect": "Deny", **({"Condition": condition} if condition else {})}
    target = sink(account, region, statement)
    if account == OTHER:  # nothing gets there without an Allow
        allow = {"Action": "events:PutEvents", "Principal": "*", "StatementId": "allow"}
        client(account, region).put_permission(EventBusName="sink", **allow)
    rule = forward(target)
    says_the_same(eb, fails=denied)
    eb.put("shop", "Sold")
    if denied:
        refused(eb, rule, target)
    else:
        assert outcomes(eb) == [("forward", "delivered", None, None), ("sink", "recorded", None, None)]


@pytest.mark.parametrize(
    ("condition", "forwards", "calls"),
    [({}, 1, 1), (TRUE, 1, 0), (FALSE, 0, 1), (NAMED, 1, 1), (BEGUN, 1, 1), (ENDED, 0, 0), (CALLER, 1, 1)],
)
@pytest.mark.parametrize("region", [HERE, AWAY])
def test_an_allow_of_another_account(
    eb: EventBridge, region: str, condition: dict[str, Any], forwards: int, calls: int
) -> None:
    """One Allow lets in forwards, calls or both (captured, ``bus_forwarding.json``)."""
    target = sink(OTHER, region, {"Effect": "Allow", **({"Condition": condition} if condition else {})})
    rule = forward(target)
    says_the_same(eb, fails=not forwards)
    eb.put("shop", "Sold")
    assert len(eb.deliveries.where(rule="sink")) == forwards
    if not forwards:
        refused(eb, rule, target)
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}", "EventBusName": target}
    if calls:
        assert client().put_events(Entries=[entry])["FailedEntryCount"] == 0
    else:
        with pytest.raises(ClientError, match="no resource-based policy allows the events:PutEvents action"):
            client().put_events(Entries=[entry])
    assert len(eb.deliveries.where(rule="sink")) == forwards + calls


@pytest.mark.parametrize("condition", [TRUE, FALSE], ids=["forwards", "calls"])
@pytest.mark.parametrize("by", ["name", "ARN"])
def test_a_call_of_the_own_account(eb: EventBridge, condition: dict[str, Any], by: str) -> None:
    """A direct call has ``events:eventBusInvocation`` "false", whether it has the name or the ARN of the bus."""
    target = sink(ACCOUNT, HERE, {"Effect": "Deny", "Condition": condition})
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}", "EventBusName": "sink" if by == "name" else target}
    if condition is TRUE:
        client().put_events(Entries=[entry])
        assert outcomes(eb) == [("sink", "recorded", None, None)]
    else:
        with pytest.raises(ClientError, match="with an explicit deny in a resource-based policy"):
            client().put_events(Entries=[entry])
        assert "a policy forbids account" in str(eb.route(entry).trouble)


@pytest.mark.parametrize(("account", "region"), [place for place in PLACES if place[0] == OTHER])
@pytest.mark.parametrize("there", [True, False], ids=["without a policy", "not made"])
def test_a_bus_of_another_account_that_lets_nobody_in(eb: EventBridge, account: str, region: str, there: bool) -> None:
    target = sink(account, region) if there else arn_of("sink", account, region)
    rule = forward(target)
    says_the_same(eb, fails=True)
    eb.put("shop", "Sold")
    refused(eb, rule, target)
    assert f"account {OTHER} lets it in with create_event_bus in {region}" in str(eb.journal)


@pytest.mark.parametrize(("region", "outcome"), [(HERE, "delivered"), (AWAY, "recorded")])
def test_a_bus_of_the_own_account_that_is_not_there(eb: EventBridge, region: str, outcome: str) -> None:
    """AWS drops the event without a trace; there is no dead letter."""
    forward(arn_of("gone", ACCOUNT, region))
    says_the_same(eb, fails=False)
    eb.put("shop", "Sold")
    assert outcomes(eb) == [("forward", outcome, None, None)]
    assert not eb.dead_letters


def test_a_connected_bus_has_no_policy(eb: EventBridge) -> None:
    """A callable that stands in for a bus gets what is forwarded to it."""
    spy = eb.connect(arn_of("sink", OTHER), lambda event: None)
    forward(arn_of("sink", OTHER))
    says_the_same(eb, fails=False)
    eb.put("shop", "Sold")
    assert len(spy.events) == 1


def test_a_second_hop_over_regions(eb: EventBridge) -> None:
    """The dead letter holds the event as it came to that Region; the words are AWS's (captured)."""
    for region in (HERE, AWAY):
        client(ACCOUNT, region).create_event_bus(Name="b")
    forward(arn_of("b", ACCOUNT, AWAY))
    back = forward(arn_of("b"), "b", ACCOUNT, AWAY, name="back")
    entry = eb.put("shop", "Sold")
    letter = eb.dead_letters.one()
    assert letter.queue == f"arn:aws:sqs:{AWAY}:{ACCOUNT}:dead"
    assert letter.attributes == {
        "RULE_ARN": back,
        "TARGET_ARN": arn_of("b"),
        "ERROR_CODE": "THIRD_REGION_HOP_DETECTED",
        "ERROR_MESSAGE": "Unknown exception.",
    }
    body = json.loads(letter.body)
    assert body["id"] != entry.event_id and (body["account"], body["region"]) == (ACCOUNT, HERE)


@pytest.mark.parametrize("first", [HERE, AWAY], ids=["local, regional", "regional, local"])
def test_one_hop_of_each_kind(eb: EventBridge, first: str) -> None:
    """Both orders arrive; a further local hop is refused, with the event's new id in the words (captured)."""
    second = AWAY
    for region, name in ((first, "a"), (second, "b"), (second, "c")):
        client(ACCOUNT, region).create_event_bus(Name=name)
    forward(arn_of("a", ACCOUNT, first), name="one")
    forward(arn_of("b", ACCOUNT, second), "a", ACCOUNT, first, name="two")
    forward(arn_of("c", ACCOUNT, second), "b", ACCOUNT, second, name="three")
    entry = eb.put("shop", "Sold")
    one, two, three = eb.deliveries
    assert [one.outcome, two.outcome, three.error] == ["delivered", "delivered", "THIRD_ACCOUNT_HOP_DETECTED"]
    assert three.event.id != entry.event_id
    assert three.reason == (
        f"Event ingestion rejected for event {three.event.id} because an event can be sent to an event bus target only "
        "once. This event was previously delivered to an event bus target."
    )


def test_a_loop_of_two_buses_stops(eb: EventBridge) -> None:
    client().create_event_bus(Name="a")
    forward(arn_of("a"))
    forward(arn_of("default"), "a", name="back")
    eb.put("shop", "Sold")
    assert [(each[0], each[2]) for each in outcomes(eb)] == [
        ("forward", None),
        ("back", "THIRD_ACCOUNT_HOP_DETECTED"),
    ]


@pytest.mark.parametrize("creator", [ACCOUNT, OTHER])
def test_a_rule_of_another_account(eb: EventBridge, creator: str) -> None:
    """A bus may let others make rules on it; their rules reach the buses of their own account (captured)."""
    central = arn_of("central")
    client().create_event_bus(Name="central")
    rules = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["events:PutRule", "events:PutTargets"],
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [{**rules, "Resource": f"arn:aws:events:{HERE}:{ACCOUNT}:rule/central/*"}],
    }
    client().put_permission(EventBusName="central", Policy=json.dumps(policy))
    rule = client(creator).put_rule(Name="forward", EventBusName=central, EventPattern=ALL)["RuleArn"]
    assert rule == f"arn:aws:events:{HERE}:{ACCOUNT}:rule/central/forward"
    target = {"Id": "1", "Arn": sink(OTHER, HERE), "RoleArn": ROLE, "DeadLetterConfig": {"Arn": DLQ}}
    client(creator).put_targets(Rule="forward", EventBusName=central, Targets=[target])
    eb.put("shop", "Sold", bus="central")
    assert [each[2] for each in outcomes(eb)] == ([LACKING[0]] if creator == ACCOUNT else [None, None])
