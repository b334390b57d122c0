"""What ``eb.route`` says is what PutEvents then does: the rows people met, and random worlds."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local import EventBridge, make_event, mock_eventbridge
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.errors import DeliveryFailed, ServiceError

ACCOUNT, OTHER = "123456789012", "111122223333"
HERE, AWAY = "us-east-1", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
DLQ = f"arn:aws:sqs:{HERE}:{ACCOUNT}:dead"
SHOP = {"source": ["shop"]}
REACHED = {"delivered", "recorded"}
KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "value"}}


def bus_arn(name: str, account: str = ACCOUNT, region: str = HERE) -> str:
    return f"arn:aws:events:{region}:{account}:event-bus/{name}"


def call(eb: EventBridge, operation: str, account: str = ACCOUNT, region: str = HERE, **params: Any) -> Any:
    return perform(eb.service, operation, params, account, region)


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now="2026-03-06T09:00Z", assert_all_deliveries_succeeded=False) as eb:
        yield eb


def rule(eb: EventBridge, name: str, *arns: str, bus: str = "default", **more: Any) -> None:
    """A rule for everything of the shop, with targets that all have the same further members."""
    call(eb, "PutRule", Name=name, EventBusName=bus, EventPattern=json.dumps(SHOP))
    targets = [{"Id": f"t{number}", "Arn": arn, **more} for number, arn in enumerate(arns)]
    if targets:
        call(eb, "PutTargets", Rule=name, EventBusName=bus, Targets=targets)


def planned(eb: EventBridge, bus: str = "default") -> list[tuple[str, str | None]]:
    """Rule and error code of every target, as ``route`` has them."""
    table = eb.route(make_event("shop", "Sold"), bus=bus)
    return [(row.rule, target.error) for row in table.matched for target in row.targets]


def happened(eb: EventBridge, bus: str = "default") -> list[tuple[str, str | None]]:
    """The same as PutEvents has them."""
    eb.put("shop", "Sold", bus=bus)
    return [(made.rule.name, made.error) for made in eb.deliveries]


# the rows of what was wrong once


def test_a_bus_of_another_account_without_a_policy(eb: EventBridge) -> None:
    """The event is not let in, and the rules there are not reached."""
    call(eb, "CreateEventBus", OTHER, Name="theirs")
    call(eb, "PutRule", OTHER, Name="Theirs", EventBusName="theirs", EventPattern=json.dumps(SHOP))
    rule(eb, "Send", bus_arn("theirs", OTHER), RoleArn=ROLE)
    assert planned(eb) == [("Send", "NO_PERMISSIONS")]
    table = eb.route(make_event("shop", "Sold"))
    assert [row.rule for row in table.matched] == ["Send"] and not table
    assert "would fail: NO_PERMISSIONS" in str(table)
    assert "NO_PERMISSIONS" in str(eb.explain(make_event("shop", "Sold")))
    assert happened(eb) == [("Send", "NO_PERMISSIONS")]


def test_the_default_bus_of_an_account_that_nobody_used(eb: EventBridge) -> None:
    """It is there, it has no policy, and asking makes nothing."""
    rule(eb, "Send", bus_arn("default", OTHER), RoleArn=ROLE)
    assert planned(eb) == [("Send", "NO_PERMISSIONS")]
    assert eb.service.store.known_scope(OTHER, HERE) is None
    assert happened(eb) == [("Send", "NO_PERMISSIONS")]


def test_a_second_hop(eb: EventBridge) -> None:
    """From the default bus to a, and no further to b."""
    for name in ("a", "b"):
        call(eb, "CreateEventBus", Name=name)
    rule(eb, "First", bus_arn("a"), RoleArn=ROLE)
    rule(eb, "Second", bus_arn("b"), bus="a", RoleArn=ROLE)
    rule(eb, "Third", bus="b")
    wanted = [("First", None), ("Second", "THIRD_ACCOUNT_HOP_DETECTED")]
    assert planned(eb) == wanted
    table = eb.route(make_event("shop", "Sold"))
    assert [row.matched for row in table if row.rule == "Third"] == [False]
    assert happened(eb) == wanted


def hook(eb: EventBridge) -> str:
    connection = call(eb, "CreateConnection", Name="crm", AuthorizationType="API_KEY", AuthParameters=KEY)
    arn: str = call(
        eb,
        "CreateApiDestination",
        Name="hook",
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint="https://hook.example/",
        HttpMethod="POST",
    )["ApiDestinationArn"]
    eb.clock.advance(minutes=1)
    rule(eb, "Hook", arn, RoleArn=ROLE)
    return arn


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        (None, None),
        ("DeleteApiDestination", "NO_RESOURCE"),
        ("DeauthorizeConnection", "SDK_CLIENT_ERROR"),
        ("DeleteConnection", "NO_RESOURCE"),
    ],
)
def test_an_api_destination(eb: EventBridge, operation: str | None, code: str | None) -> None:
    """Deleted, deauthorized, or without its connection it gets nothing."""
    hook(eb)
    if operation is not None:
        call(eb, operation, Name="hook" if operation == "DeleteApiDestination" else "crm")
        eb.clock.advance(minutes=1)
    assert planned(eb) == [("Hook", code)]
    assert happened(eb) == [("Hook", code)]


@pytest.mark.parametrize("ending", ["\r", "\n", "\0"])
@pytest.mark.parametrize("kind", ["destination", "gateway"])
def test_a_header_that_would_end_its_line(eb: EventBridge, kind: str, ending: str) -> None:
    """No HTTP request can have it, whoever receives the request."""
    arn = hook(eb) if kind == "destination" else f"arn:aws:execute-api:{HERE}:{ACCOUNT}:a1b2c3/prod/POST/x"
    parameters = {"HeaderParameters": {"X-Note": "$.detail.note"}}
    rule(eb, "Note", arn, RoleArn=ROLE, HttpParameters=parameters)
    for detail, code in ({"note": "fine"}, None), ({"note": f"a{ending}X-Other: b"}, "INVALID_PARAMETER"):
        table = eb.route(make_event("shop", "Sold", detail))
        assert [target.error for row in table.matched if row.rule == "Note" for target in row.targets] == [code]
        eb.put("shop", "Sold", detail)
        assert [made.error for made in eb.deliveries if made.rule.name == "Note"][-1] == code


def test_arranged_failures_are_not_used_up(eb: EventBridge) -> None:
    """As many targets fail as ``times`` has left, however often somebody asks."""
    function = f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f"
    rule(eb, "Two", function, function)
    eb.fail_target("f", times=1, error="NO_RESOURCE")
    wanted = [("Two", "NO_RESOURCE"), ("Two", None)]
    assert planned(eb) == planned(eb) == wanted
    assert happened(eb) == wanted
    assert planned(eb) == [("Two", None), ("Two", None)]


def test_a_share_of_the_attempts_may_fail(eb: EventBridge) -> None:
    """Nobody knows before; the target counts as reached."""
    rule(eb, "One", f"arn:aws:lambda:{HERE}:{ACCOUNT}:function:f")
    eb.fail_target("f", rate=0.5, error="THROTTLING")
    table = eb.route(make_event("shop", "Sold"))
    assert table and table[0].targets[0].reached
    assert "f would get (may fail with THROTTLING)" in str(table)


INVALID = [
    (f"arn:aws:sns:{HERE}:{ACCOUNT}:news.fifo", {}),
    (f"arn:aws:events:{HERE}:{ACCOUNT}:target/terminate-instance", {"RoleArn": ROLE}),
    (f"arn:aws:ecs:{HERE}:{ACCOUNT}:cluster/c", {"RoleArn": ROLE, "Input": "[]", "EcsParameters": {
        "TaskDefinitionArn": f"arn:aws:ecs:{HERE}:{ACCOUNT}:task-definition/t"}}),
]  # fmt: skip


@pytest.mark.parametrize(("arn", "more"), INVALID, ids=["fifo topic", "ec2 action", "ecs task"])
@pytest.mark.parametrize("connected", [None, "unrelated", "target"])
@pytest.mark.parametrize("dead", [False, True], ids=["", "dead-letter queue"])
def test_an_invalid_request_has_one_outcome(
    eb: EventBridge, arn: str, more: dict[str, Any], connected: str | None, dead: bool
) -> None:
    """Whoever is connected: it is dropped, or goes to the dead-letter queue, and there is no request."""
    letters = {"DeadLetterConfig": {"Arn": DLQ}} if dead else {}
    rule(eb, "Bad", arn, **more, **letters)
    if connected is not None:
        eb.connect(arn if connected == "target" else "unrelated", lambda event: None)
    assert planned(eb) == [("Bad", "INVALID_PARAMETER")]
    assert happened(eb) == [("Bad", "INVALID_PARAMETER")]
    delivery = eb.deliveries.one()
    assert delivery.outcome == ("dead-lettered" if dead else "dropped")
    assert delivery.request is None and delivery.attempts == 1
    assert len(eb.dead_letters) == dead


def test_fifo_topics_are_named_wherever_they_matter(eb: EventBridge) -> None:
    """PutTargets accepts one, as AWS does; the outcome says what is wrong."""
    rule(eb, "News", f"arn:aws:sns:{HERE}:{ACCOUNT}:news.fifo")
    assert eb.calls.where(operation="PutTargets").one().error_code is None
    eb.put("shop", "Sold")
    unsupported = "EventBridge does not support SNS FIFO topics"
    assert unsupported in (eb.deliveries.one().reason or "")
    assert f"PutTargets accepted\n    hint: {unsupported}" in eb.journal.text()


def test_a_fifo_topic_fails_the_test() -> None:
    """At the end of the test the failed delivery says why."""
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:
        rule(eb, "News", f"arn:aws:sns:{HERE}:{ACCOUNT}:news.fifo")
        eb.put("shop", "Sold")
    assert failed.group_contains(DeliveryFailed, match="EventBridge does not support SNS FIFO topics")


def test_a_dead_letter_queue_in_china(eb: EventBridge) -> None:
    """Its URL has the domain of its partition, as that of a queue that is a target."""
    sent = []
    eb.service.engine._deliverer._services.send = sent.append  # type: ignore[method-assign, assignment]
    china, queue = "cn-north-1", "arn:aws-cn:sqs:cn-north-1:123456789012:{}"
    call(eb, "PutRule", region=china, Name="r", EventPattern=json.dumps(SHOP))
    target = {"Id": "t", "Arn": queue.format("orders"), "DeadLetterConfig": {"Arn": queue.format("dead")}}
    call(eb, "PutTargets", region=china, Rule="r", Targets=[target])
    eb.fail_target("orders", error="NO_RESOURCE")
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
    call(eb, "PutEvents", region=china, Entries=[entry])
    host = "https://sqs.cn-north-1.amazonaws.com.cn/123456789012"
    assert [request.params["QueueUrl"] for request in sent] == [f"{host}/dead"]
    assert eb.deliveries.one().request.params["QueueUrl"] == f"{host}/orders"  # type: ignore[union-attr]


def test_a_bus_of_another_account_that_does_not_let_us_in(eb: EventBridge) -> None:
    """PutEvents refuses the request, so no rule there matches."""
    call(eb, "CreateEventBus", OTHER, Name="theirs")
    call(eb, "PutRule", OTHER, Name="Theirs", EventBusName="theirs", EventPattern=json.dumps(SHOP))
    theirs = bus_arn("theirs", OTHER)
    table = eb.route(make_event("shop", "Sold"), bus=theirs)
    assert not table.matched
    assert f"PutEvents would refuse it: no policy lets account {ACCOUNT} put events on {theirs}" in str(table)
    with pytest.raises(ServiceError, match="AccessDenied"):
        eb.put("shop", "Sold", bus=theirs)


def test_an_entry_that_names_the_bus_of_another_account(eb: EventBridge) -> None:
    """The policy of that bus decides, as for PutEvents: the bus of the entry is no reason to raise."""
    theirs = bus_arn("default", OTHER)
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}", "EventBusName": theirs}
    refused = f"PutEvents would refuse it: no policy lets account {ACCOUNT} put events on {theirs}"
    assert eb.route(entry).trouble == refused
    assert refused in str(eb.explain(entry))
    call(eb, "PutRule", OTHER, Name="Theirs", EventPattern=json.dumps(SHOP))
    call(eb, "PutPermission", OTHER, Action="events:PutEvents", Principal=ACCOUNT, StatementId="us")
    assert [row.rule for row in eb.route(entry).matched] == ["Theirs"]
    assert eb.put("shop", "Sold", bus=theirs).accepted


def test_a_policy_that_denies(eb: EventBridge) -> None:
    """The sentence does not say that no policy allows it."""
    here = bus_arn("default")
    deny = {"Sid": "s", "Effect": "Deny", "Principal": "*", "Action": "events:PutEvents", "Resource": here}
    call(eb, "PutPermission", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    refused = f"PutEvents would refuse it: a policy forbids account {ACCOUNT} to put events on {here}"
    assert eb.route(make_event("shop", "Sold")).trouble == refused


def test_the_default_bus_of_a_region_that_nobody_used(eb: EventBridge) -> None:
    """Every account has one in every Region: nothing is dropped, no rule matches, and asking makes nothing."""
    table = eb.route(make_event("shop", "Sold"), bus=bus_arn("default", region=AWAY))
    assert table.trouble is None and not table.matched
    assert eb.service.store.known_scope(ACCOUNT, AWAY) is None


def test_an_arn_that_puts_a_region_into_another_partition(eb: EventBridge) -> None:
    """It is the ARN of no bus, as for PutEvents: no rule of the bus of that name is reached."""
    rule(eb, "Here")
    wrong = bus_arn("default").replace("arn:aws:", "arn:aws-cn:")
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}", "EventBusName": wrong}
    assert "there is no event bus" in (eb.route(entry).trouble or "") and not eb.route(entry).matched
    eb.put("shop", "Sold", bus=wrong)
    assert not eb.deliveries


# random worlds

#: The buses of a world: an account, a Region and a name.
BUSES = (
    (ACCOUNT, HERE, "default"),
    (ACCOUNT, HERE, "orders"),
    (ACCOUNT, HERE, "billing"),
    (ACCOUNT, AWAY, "default"),
    (OTHER, HERE, "default"),
    (OTHER, HERE, "theirs"),
    (OTHER, AWAY, "theirs"),
)
#: Buses that targets name and that nobody makes.
UNMADE = (bus_arn("missing"), bus_arn("missing", OTHER), bus_arn("default", OTHER, "ap-south-1"))
POLICIES = st.sampled_from(
    [
        None,
        {},
        {"Condition": {"StringEquals": {"events:source": "shop"}}},
        {"Condition": {"Bool": {"events:eventBusInvocation": "false"}}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": OTHER}}},
        {"Effect": "Deny"},
    ]
)
ERRORS = st.sampled_from(["NO_RESOURCE", "THROTTLING", "SDK_CLIENT_ERROR", "NO_PERMISSIONS"])
TRANSFORMERS = st.sampled_from(
    [
        {},
        {},
        {"InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": <n>}'}},
        {"InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '{"n": "<n>"}'}},
        {"InputTransformer": {"InputPathsMap": {"n": "$.detail.n"}, "InputTemplate": '"<n>"'}},
        {"InputTransformer": {"InputTemplate": '{"timestamp":<aws.events.event.ingestion-time>,"message":"m"}'}},
        {"InputPath": "$.detail.n"},
        {"Input": '"i-12345678"'},
        {"Input": "{}"},
        {"Input": ""},
    ]
)
HOOKS = ("kept", "deleted", "closed", "closing")
TASK = {"EcsParameters": {"TaskDefinitionArn": f"arn:aws:ecs:{HERE}:{ACCOUNT}:task-definition/t"}}
ARNS = st.sampled_from(
    [
        *[("lambda:{}:{}:function:f", {})] * 4,
        *[("lambda:{}:{}:function:g", {})] * 4,
        ("sqs:{}:{}:dead", {}),
        ("sqs:{}:{}:fair", {"SqsParameters": {"MessageGroupId": "$.detail.n"}}),
        ("sqs:{}:{}:q.fifo", {"SqsParameters": {"MessageGroupId": "one"}}),
        ("sns:{}:{}:news.fifo", {}),
        ("sns:{}:{}:news", {}),
        ("logs:{}:{}:log-group:/audit", {}),
        ("events:{}:{}:target/stop-instance", {"RoleArn": ROLE}),
        ("ecs:{}:{}:cluster/c", {"RoleArn": ROLE, **TASK}),
        ("kinesis:{}:{}:stream/s", {"RoleArn": ROLE, "KinesisParameters": {"PartitionKeyPath": "$.detail.n"}}),
        ("states:{}:{}:stateMachine:m", {"RoleArn": ROLE}),
        *((f"hook {name}", {"RoleArn": ROLE}) for name in HOOKS),
    ]
)
MADE = tuple(bus_arn(name, account, region) for account, region, name in BUSES)
HOPS = st.sampled_from([(arn, {"RoleArn": ROLE}) for arn in MADE + UNMADE])
SENT = st.tuples(ARNS, TRANSFORMERS, st.booleans(), st.sampled_from([None, 0, 3]))
HOPPING = st.tuples(HOPS, st.just({}), st.booleans(), st.none())
TARGETS = st.tuples(st.lists(SENT, min_size=1, max_size=3), st.lists(HOPPING, min_size=1, max_size=2))
PATTERNS = st.sampled_from([*[SHOP] * 6, {"source": ["bank"]}, {"source": ["shop"], "detail": {"n": [1, "one"]}}])
#: Pattern, whether it is enabled, and targets; the bus is that of the same number, and then any.
RULES = st.tuples(PATTERNS, st.sampled_from([*[True] * 7, False]), TARGETS.map(lambda both: both[0] + both[1]))
NAMES = st.sampled_from([*"fffggg", "dead", "dead", "fair", "news", "hook kept", "orders", "theirs", "/audit", "t1"])
FAULTS = st.lists(st.tuples(NAMES, ERRORS, st.sampled_from([1, 1, 2, 3, None])), max_size=3)
DETAILS = st.sampled_from([{"n": 1}, {"n": "one"}, {"n": 'a"b'}, {"n": None}, {"n": {"m": [1]}}, {}])
AN_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def build(eb: EventBridge, rules: list[Any], policies: list[Any]) -> dict[str, str]:
    """Make the buses, destinations, rules and targets of a world. Return the ARNs of the destinations."""
    for (account, region, name), policy in zip(BUSES, policies, strict=True):
        if name != "default":
            call(eb, "CreateEventBus", account, region, Name=name)
        if policy is not None:
            arn = bus_arn(name, account, region)
            plain = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": arn}
            document = json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "s", **plain, **policy}]})
            call(eb, "PutPermission", account, region, EventBusName=name, Policy=document)
    hooks = {name: make_hook(eb, name) for name in HOOKS}
    eb.clock.advance(minutes=1)
    for number, (pattern, enabled, targets) in enumerate(rules):
        account, region, bus = BUSES[number % len(BUSES)]
        name, state = f"r{number}", "ENABLED" if enabled else "DISABLED"
        call(eb, "PutRule", account, region, Name=name, EventBusName=bus, EventPattern=json.dumps(pattern), State=state)
        for place, ((text, more), made, dead, attempts) in enumerate(targets):
            arn = hooks.get(text.removeprefix("hook ")) or (
                text if text.startswith("arn:") else f"arn:aws:{text.format(region, account)}"
            )
            target = {"Id": f"t{place}", "Arn": arn, **more, **made}
            if dead:
                target["DeadLetterConfig"] = {"Arn": f"arn:aws:sqs:{region}:{account}:dead"}
            if attempts is not None:
                target["RetryPolicy"] = {"MaximumRetryAttempts": attempts}
            try:
                call(eb, "PutTargets", account, region, Rule=name, EventBusName=bus, Targets=[target])
            except ServiceError:
                continue  # not every kind takes every input, or a retry policy
    call(eb, "DeleteApiDestination", Name="deleted")
    call(eb, "DeauthorizeConnection", Name="closed")
    eb.clock.advance(minutes=1)
    call(eb, "DeauthorizeConnection", Name="closing")
    return hooks


def make_hook(eb: EventBridge, name: str) -> str:
    connection = call(eb, "CreateConnection", Name=name, AuthorizationType="API_KEY", AuthParameters=KEY)
    made = call(
        eb,
        "CreateApiDestination",
        Name=name,
        ConnectionArn=connection["ConnectionArn"],
        InvocationEndpoint=f"https://{name}.example/",
        HttpMethod="POST",
    )
    return str(made["ApiDestinationArn"])


@settings(max_examples=examples(100, 400))
@given(
    st.lists(RULES, min_size=len(BUSES), max_size=len(BUSES) + 3),
    st.lists(POLICIES, min_size=len(BUSES), max_size=len(BUSES)),
    FAULTS,
    st.sets(NAMES, max_size=3),
    st.sampled_from(["default", "default", "orders", "missing", MADE[3], MADE[5]]),
    DETAILS,
)
def test_what_is_planned_happens(
    rules: list[Any], policies: list[Any], faults: list[Any], connected: set[str], bus: str, detail: Any
) -> None:
    """Rule by rule and target by target: whether it is reached, the error code, and the exact payload."""
    with mock_eventbridge(
        account=ACCOUNT, region=HERE, now="2026-03-06T09:00Z", assert_all_deliveries_succeeded=False
    ) as eb:
        build(eb, rules, policies)
        for name, error, times in faults:
            eb.fail_target(name.removeprefix("hook "), error=error, times=times)
        for name in connected:
            eb.connect(name.removeprefix("hook "), lambda event: None)
        entry = {"Source": "shop", "DetailType": "Sold", "Detail": json.dumps(detail), "EventBusName": bus}
        before = len(eb.journal.records)
        table = eb.route(entry)
        assert str(eb.route(entry)) == str(table) and len(eb.journal.records) == before
        try:
            eb.put("shop", "Sold", detail, bus=bus)
        except ServiceError:  # the policy of the bus does not let the account put it
            assert not table.matched and "PutEvents would refuse it" in (table.trouble or "")
            return
        wanted = Counter(
            (row.arn, target.id, target.reached, target.error, AN_ID.sub("ID", target.payload or ""))
            for row in table.matched
            for target in row.targets
        )
        made = Counter(
            (each.rule.arn, each.target.id, each.outcome in REACHED, each.error, AN_ID.sub("ID", each.payload))
            for each in eb.deliveries
        )
        assert wanted == made
        assert all(each.request is None for each in eb.deliveries if each.error == "INVALID_PARAMETER")
