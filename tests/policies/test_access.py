"""The decision whether EventBridge may deliver: statements, roles, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from eventbridge_local.policies.access import (
    Permissions,
    RolePolicies,
    Sending,
    decide,
    merged,
    refusals,
    statements_in,
)
from eventbridge_local.policies.conditions import UNREAD, Guess, every, holds, some

RULE = "arn:aws:events:us-east-1:123456789012:rule/orders/placed"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"
ALLOW = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage"}
DENY = {"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"}
NOW = datetime(2026, 3, 6, tzinfo=UTC)


def allowed(*statements: Any, rule: str = RULE) -> bool | None:
    """Whether a queue with these statements gets events of the rule; None when a statement denies it."""
    found = list(refusals(Sending(rule, QUEUE), Permissions({QUEUE: statements})))
    return None if found and found[0].denied_by else not found


def when(**operators: dict[str, Any]) -> dict[str, Any]:
    return {**ALLOW, "Condition": operators}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ((), False),
        ((ALLOW,), True),
        (({**ALLOW, "Action": "*"},), True),
        (({**ALLOW, "Action": ["sqs:ReceiveMessage", "SQS:send*"]},), True),
        (({**ALLOW, "Action": "sns:Publish"},), False),
        (({**ALLOW, "Resource": QUEUE},), True),
        (({**ALLOW, "Resource": "arn:aws:sqs:*:*:ord*"},), True),
        (({**ALLOW, "Resource": QUEUE + "2"},), False),
        (({**ALLOW, "Resource": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"},), True),
        (({**ALLOW, "Principal": "*"},), True),
        (({**ALLOW, "Principal": {"AWS": "*"}},), True),
        (({**ALLOW, "Principal": {"Service": "*"}},), True),
        (({**ALLOW, "Principal": {"Service": ["sns.amazonaws.com", "events.amazonaws.com"]}},), True),
        (({**ALLOW, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}},), False),
        (({**ALLOW, "Principal": {"AWS": ["123456789012"], "Service": ["events.amazonaws.com"]}},), True),
        (({**ALLOW, "Principal": {"Service": "scheduler.amazonaws.com"}},), False),
        (({**ALLOW, "Principal": {"Service": "pipes.amazonaws.com"}},), False),
        (({**ALLOW, "Principal": {"Federated": "x"}},), False),
        ((when(ArnEquals={"aws:SourceArn": RULE}),), True),
        ((when(ArnLike={"AWS:sourcearn": "arn:aws:events:*:*:rule/*"}),), True),
        ((when(StringEquals={"aws:SourceArn": RULE}),), True),
        ((when(StringLike={"aws:SourceArn": "*placed"}),), True),
        ((when(ArnEquals={"aws:SourceArn": RULE + "2"}),), False),
        ((when(ArnLike={"aws:SourceArn": ["arn:aws:s3:::b", RULE]}),), True),
        ((when(ArnLike={"aws:SourceArn": "arn:aws:s3:::b"}),), False),
        ((when(StringEquals={"aws:SourceAccount": "123456789012"}),), True),
        ((when(StringEquals={"aws:SourceAccount": "111122223333"}),), False),
        ((when(StringNotEquals={"aws:SourceAccount": "111122223333"}),), True),
        ((when(StringEquals={"aws:PrincipalOrgID": "o-1"}),), False),
        ((when(StringEqualsIfExists={"aws:PrincipalOrgID": "o-1"}),), True),
        ((when(StringEquals={"aws:PrincipalType": "User"}),), True),
        ((when(StringEquals={"aws:PrincipalType": ["Service", "Account", "AssumedRole"]}),), False),
        ((when(Null={"aws:PrincipalType": "false"}),), True),
        ((when(Null={"aws:PrincipalType": "true"}),), False),
        ((when(StringEquals={"aws:SourceOrgID": "o-1"}),), True),
        ((when(StringEquals={"AWS:SourceOwner": "123456789012"}),), False),
        ((when(Bool={"aws:SecureTransport": "true"}, Null={"aws:SourceArn": "false"}),), True),
        ((when(Bool={"aws:SecureTransport": False}),), False),
        ((when(StringEquals={"aws:SourceAccount": "${aws:ResourceAccount}"}),), True),
        ((when(IpAddress={"aws:SourceIp": "10.0.0.0/8"}),), True),
        ((ALLOW, DENY), None),
        ((ALLOW, {**DENY, "NotPrincipal": {"Service": "events.amazonaws.com"}, "Principal": UNREAD}), True),
        ((ALLOW, {**DENY, "Action": "sqs:DeleteQueue"}), True),
        ((ALLOW, {**DENY, "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}}), None),
        ((ALLOW, {**DENY, "Condition": {"Bool": {"aws:PrincipalIsAWSService": "false"}}}), True),
        ((ALLOW, {**DENY, "Condition": {"ArnNotEquals": {"aws:SourceArn": RULE}}}), True),
        ((ALLOW, {**DENY, "Condition": {"ArnNotLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}}}), None),
        ((ALLOW, {**DENY, "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1"}}}), True),
        ((UNREAD,), True),
        ((ALLOW, UNREAD), True),
        ((UNREAD, DENY), None),
        (({**ALLOW, "Action": UNREAD},), True),
        (({**ALLOW, "Action": UNREAD, "Principal": {"Service": "sns.amazonaws.com"}},), False),
        (({**ALLOW, "Condition": UNREAD},), True),
        (({**ALLOW, "Effect": UNREAD},), True),
        (
            ({"Effect": "Allow", "NotPrincipal": {"AWS": "1"}, "NotAction": "sqs:DeleteQueue", "NotResource": "x"},),
            True,
        ),
        (({"Effect": "Allow", "Principal": "*", "NotAction": ["sqs:*"], "Resource": "*"},), False),
        (({"Effect": "Allow", "Action": "*", "Resource": "*"},), False),
    ],
)
def test_a_queue(statements: tuple[Any, ...], expected: bool | None) -> None:
    """What is not known is no refusal, and a Deny that is known is one."""
    assert allowed(*statements) is expected


@pytest.mark.parametrize(
    ("block", "allowing", "denying"),
    [
        ({"DateLessThan": {"aws:CurrentTime": "2026-03-07T00:00:00Z"}}, True, False),
        ({"DateLessThan": {"aws:CurrentTime": "2026-03-05T00:00:00Z"}}, False, True),
        ({"DateGreaterThanEquals": {"aws:EpochTime": "2026-03-07"}}, False, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True, True),
        ({"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, True, True),
    ],
)
def test_dates_and_addresses(block: dict[str, Any], allowing: bool, denying: bool) -> None:
    """A date is compared with the instant for which it is asked; the address of a call is not known."""

    def permitted(permissions: Permissions, role: str | None = None, at: datetime | None = NOW) -> bool:
        return not list(refusals(Sending(RULE, QUEUE, role), permissions, at))

    conditional = Permissions({QUEUE: [when(**block)]})
    assert permitted(conditional) is allowing
    assert permitted(conditional, at=None)
    assert permitted(Permissions({QUEUE: [ALLOW, {**DENY, "Condition": block}]})) is denying
    role = RolePolicies([{**ALLOW, "Action": "sts:AssumeRole"}], [{**ALLOW, "Condition": block}])
    assert permitted(Permissions({}, {ROLE: role}), ROLE) is allowing


def test_what_a_template_does_not_say_may_be_otherwise() -> None:
    """Account, Region and names that are made up; ARNs of other resources of the template are known to be others."""
    other = RULE + "-other"

    def said(named: bool, pattern: str) -> bool | None:
        guess = Guess(RULE, named=named, others=frozenset({RULE, other}))
        return holds({"ArnLike": {"aws:SourceArn": pattern}}, {"aws:SourceArn": guess})

    assert said(False, RULE) is said(True, RULE) is True
    assert said(False, other) is said(True, other) is False
    assert said(False, "arn:aws:events:eu-west-1:111122223333:rule/x") is None
    assert said(True, "arn:aws:events:eu-west-1:111122223333:rule/x") is False
    assert said(True, "arn:aws:events:eu-west-1:111122223333:rule/orders/*") is None
    assert said(False, "arn:aws:s3:::bucket") is False
    unnamed = Guess("arn:aws:events:us-east-1:123456789012:rule/shop-Placed-1A2B3C4D5E6F", made_up=True)
    for name, expected in (
        ("Placed", False),
        ("shop-*", None),
        ("live-Placed-XYZ123ABC456", None),
        ("shop-Placed", False),
    ):
        pattern = f"arn:aws:events:eu-west-1:111122223333:rule/{name}"
        assert holds({"ArnEquals": {"aws:SourceArn": pattern}}, {"aws:SourceArn": unnamed}) is expected
    assert holds({"StringEquals": {"k": "2"}}, {"k": Guess("1")}) is None
    assert holds({"StringNotEquals": {"k": "2"}}, {"k": Guess("1")}) is None
    assert holds({"StringNotEquals": {"k": "1"}}, {"k": Guess("1")}) is False


TRUST = [{"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}]
ROLE = "arn:aws:iam::123456789012:role/events"


@pytest.mark.parametrize(
    ("target", "action", "expected"),
    [
        ("states:us-east-1:123456789012:stateMachine:m", "states:StartExecution", []),
        ("states:us-east-1:123456789012:stateMachine:m:live", "states:*", []),
        ("states:us-east-1:123456789012:stateMachine:m", "states:StartSyncExecution", ["states:StartExecution"]),
        ("kinesis:us-east-1:123456789012:stream/s", "kinesis:PutRecord", []),
        ("firehose:us-east-1:123456789012:deliverystream/s", "firehose:PutRecordBatch", []),
        ("events:us-east-1:123456789012:event-bus/b", "events:PutEvents", []),
        ("events:us-east-1:123456789012:event-bus/b", "events:PutRule", ["events:PutEvents"]),
        ("events:us-east-1:123456789012:api-destination/d/1", "events:InvokeApiDestination", []),
        ("ecs:us-east-1:123456789012:cluster/c", "ecs:RunTask", ["iam:PassRole"]),
        ("ecs:us-east-1:123456789012:cluster/c", "iam:PassRole", ["ecs:RunTask"]),
        ("batch:us-east-1:123456789012:job-queue/q", "batch:SubmitJob", []),
        ("sqs:us-east-1:123456789012:q", "sns:Publish", ["sqs:SendMessage"]),
        ("lambda:us-east-1:123456789012:function:f", "lambda:InvokeFunction", []),
        ("redshift-serverless:us-east-1:123456789012:workgroup/w", "redshift-data:BatchExecuteStatement", []),
        ("ssm:us-east-1::document/d", "ssm:StartAutomationExecution", ["ssm:SendCommand"]),
        ("unheard-of:us-east-1:123456789012:x", "x:Y", []),
    ],
)
def test_a_role(target: str, action: str, expected: list[str]) -> None:
    """The action of each kind of target, on any resource."""
    role = RolePolicies(TRUST, [{"Effect": "Allow", "Action": action, "Resource": "*"}])
    sending = Sending(RULE, f"arn:aws:{target}", ROLE, None, "task")
    passing = frozenset({"task"} if target.startswith("ecs:") else ())
    found = refusals(sending, Permissions({}, {ROLE: role}, passing))
    assert [each.actions[0] for each in found] == expected


def test_a_role_and_its_trust() -> None:
    role = RolePolicies([{**TRUST[0], "Principal": {"Service": "states.amazonaws.com"}}], [UNREAD])
    [found] = refusals(Sending(RULE, QUEUE, ROLE), Permissions({QUEUE: []}, {ROLE: role}))
    assert found.actions == ("sts:AssumeRole",) and found.role == ROLE
    assert found.statement == TRUST[0]


def test_a_role_that_is_not_known_is_not_looked_at() -> None:
    """Neither is the policy of the queue, as the role decides; that of the dead-letter queue is."""
    assert not list(refusals(Sending(RULE, QUEUE, ROLE), Permissions({QUEUE: []})))
    [found] = refusals(Sending(RULE, QUEUE, ROLE, QUEUE), Permissions({QUEUE: []}))
    assert found.sent_to == "dead-letter queue"


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", []),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/a:*", []),
        ("arn:aws:logs:*:*:log-group:/aws/events/*:log-stream:*", []),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/a:*:*", []),
        (
            "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/b:*",
            ["logs:CreateLogStream", "logs:PutLogEvents"],
        ),
    ],
)
@pytest.mark.parametrize("ending", ["", ":*"])
def test_a_log_group(resource: str, expected: list[str], ending: str) -> None:
    """Both actions in one finding, and all the spellings of a log group."""
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/a"
    principal = {"Service": ["delivery.logs.amazonaws.com", "events.amazonaws.com"]}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "logs:*", "Resource": resource}
    found = list(refusals(Sending(RULE, arn + ending), Permissions({arn: [statement]})))
    assert [action for each in found for action in each.actions] == expected
    if found:
        assert not list(refusals(Sending(RULE, arn + ending), Permissions({arn: [found[0].statement]})))


def test_several_templates() -> None:
    """One template declares the queue, another the policy; or another has a policy for a queue that is not known."""
    queue, sending = Permissions({QUEUE: []}), Sending(RULE, QUEUE)
    assert len(list(refusals(sending, merged([queue, Permissions({})])))) == 1
    assert not list(refusals(sending, merged([queue, Permissions({}, elsewhere={("sqs", "orders"): [ALLOW]})])))
    assert list(refusals(sending, merged([queue, Permissions({}, elsewhere={("sns", "orders"): [ALLOW]})])))
    assert not list(refusals(sending, merged([queue, Permissions({}, doubts={"sqs"})])))
    assert not list(refusals(sending, merged([queue, Permissions({}, doubts={""})])))
    assert list(refusals(sending, merged([queue, Permissions({}, doubts={"sns"})])))
    assert not list(refusals(sending, merged([queue, Permissions({QUEUE: [ALLOW]})])))


def test_the_latest_version_of_a_function() -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:fraud"
    statement = {**ALLOW, "Action": "lambda:InvokeFunction", "Resource": arn}
    permissions = Permissions({arn: [statement]})
    assert not list(refusals(Sending(RULE, f"{arn}:$LATEST"), permissions))
    assert list(refusals(Sending(RULE, f"{arn}:live"), permissions))


def test_documents() -> None:
    assert statements_in('{"Statement": {"Effect": "Allow"}}') == [{"Effect": "Allow"}]
    assert statements_in({"Statement": [1, 2]}) == [1, 2]
    assert statements_in("no JSON") == statements_in(UNREAD) == statements_in({}) == [UNREAD]


JUNK: tuple[Any, ...] = (None, 5, "x", [], {}, [None], {"a": None}, {1: 2}, [[]], {"Service": {}}, UNREAD)


@pytest.mark.parametrize("element", ["Effect", "Principal", "Action", "Resource", "Condition", "NotAction"])
def test_a_policy_that_nobody_would_write(element: str) -> None:
    """A broken statement breaks nothing, wherever it is read from."""
    for junk in JUNK:
        statement = {**ALLOW, element: junk}
        list(refusals(Sending(RULE, QUEUE), Permissions({QUEUE: [statement, junk]})))
        list(refusals(Sending(RULE, QUEUE), Permissions({QUEUE: [{**statement, "Condition": {"StringEquals": junk}}]})))


def test_three_values() -> None:
    assert every([True, None]) is None and every([None, False]) is False and every([]) is True
    assert some([False, None]) is None and some([None, True]) is True and some([]) is False


def test_two_verdicts() -> None:
    assert decide([ALLOW], "sqs:SendMessage", (QUEUE,), {}, service=True)[0] == "allowed"
    assert decide([ALLOW, UNREAD], "sqs:SendMessage", (QUEUE,), {}, service=True)[0] == "undecided"
