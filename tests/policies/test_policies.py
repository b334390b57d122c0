"""What bus policies allow: principals, actions, resources, conditions and their precedence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.policies.conditions import OPERATORS, UNREAD, known_operator, like, satisfied, times
from eventbridge_local.policies.statements import allows, policy_text, statement_of

OWNER, CALLER, OTHER = "111111111111", "222222222222", "333333333333"
BUS = f"arn:aws:events:us-east-1:{OWNER}:event-bus/shop"
ORGANIZATION = "o-a1b2c3d4e5"


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": BUS} | more


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allowed(*statements: dict[str, Any], caller: str = CALLER, action: str = "events:PutEvents", **more: Any) -> bool:
    asked = {"action": action, "principal_account": caller, "bus_arn": BUS, "context": {}} | more
    return allows(policy(*statements), **asked)


@pytest.mark.parametrize(
    ("principal", "takes_in"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": CALLER}, True),
        ({"AWS": f"arn:aws:iam::{CALLER}:root"}, True),
        ({"AWS": f"arn:aws:iam::{CALLER}:role/publisher"}, True),
        ({"AWS": f"arn:aws-cn:iam::{CALLER}:user/mia"}, True),
        ({"AWS": f"arn:aws:sts::{CALLER}:assumed-role/publisher/session"}, True),
        ({"AWS": [OTHER, CALLER]}, True),
        ({"AWS": [], "Service": "events.amazonaws.com"}, False),
        ({"AWS": OTHER}, False),
        ({"AWS": f"arn:aws:iam::{OTHER}:root"}, False),
        ({"Service": "events.amazonaws.com"}, False),
        ({"Federated": CALLER}, False),
        (CALLER, False),
    ],
)
def test_principals(principal: Any, takes_in: bool) -> None:
    """A principal of an account stands for all of it; the reverse holds for ``NotPrincipal``."""
    assert allowed(statement(Principal=principal)) is takes_in
    reverse = statement(NotPrincipal=principal)
    del reverse["Principal"]
    assert allowed(reverse) is not takes_in


def test_service_principal() -> None:
    """A service is allowed as itself, when the request says that it comes from one."""
    by_service = {"aws:PrincipalServiceName": "events.amazonaws.com"}
    assert allowed(statement(Principal={"Service": ["s3.amazonaws.com", "events.amazonaws.com"]}), context=by_service)
    assert not allowed(statement(Principal={"Service": "s3.amazonaws.com"}), context=by_service)


@pytest.mark.parametrize(
    ("actions", "takes_in"),
    [
        ("events:PutEvents", True),
        ("EVENTS:putevents", True),
        ("events:Put*", True),
        ("events:P?tEvents", True),
        ("*", True),
        (["events:PutRule", "events:*Events"], True),
        ("events:PutRule", False),
        ("sqs:*", False),
        ([], False),
    ],
)
def test_actions(actions: Any, takes_in: bool) -> None:
    """Actions are compared without case and with wildcards."""
    assert allowed(statement(Action=actions)) is takes_in
    reverse = statement(NotAction=actions)
    del reverse["Action"]
    assert allowed(reverse) is not takes_in


@pytest.mark.parametrize(
    ("resource", "takes_in"),
    [
        (BUS, True),
        ("*", True),
        (f"arn:aws:events:*:{OWNER}:event-bus/*", True),
        ([BUS + "2", BUS], True),
        (BUS + "2", False),
        (BUS.upper(), False),
    ],
)
def test_resources(resource: Any, takes_in: bool) -> None:
    """The resource of an event is the bus."""
    assert allowed(statement(Resource=resource)) is takes_in


def test_a_statement_without_a_resource_is_for_its_bus() -> None:
    without = statement()
    del without["Resource"]
    assert allowed(without)


def test_the_resource_may_be_a_rule() -> None:
    """Managing a rule is an action on the rule's ARN."""
    rule = f"arn:aws:events:us-east-1:{OWNER}:rule/shop/mine"
    managing = statement(Action="events:PutRule", Resource=f"arn:aws:events:us-east-1:{OWNER}:rule/shop/*")
    assert allowed(managing, action="events:PutRule", resource=rule)
    assert not allowed(managing, action="events:PutRule")


def test_own_account() -> None:
    """The owner needs no permission, and only a denial keeps it out."""
    assert allows(None, action="events:PutEvents", principal_account=OWNER, bus_arn=BUS, context={})
    assert not allows(None, action="events:PutEvents", principal_account=CALLER, bus_arn=BUS, context={})
    assert allowed(statement(Principal={"AWS": OTHER}), caller=OWNER)
    assert not allowed(statement(Effect="Deny"), caller=OWNER)


def test_deny_beats_allow() -> None:
    assert not allowed(statement(), statement(Effect="Deny", Principal={"AWS": CALLER}))
    assert allowed(statement(), statement(Effect="Deny", Principal={"AWS": OTHER}))


def test_a_single_statement_needs_no_list() -> None:
    single = {"Statement": statement()}
    assert allows(single, action="events:PutEvents", principal_account=CALLER, bus_arn=BUS, context={})


GIVEN: dict[str, Any] = {
    "events:source": "shop.orders",
    "aws:PrincipalOrgID": ORGANIZATION,
    "aws:SourceArn": "arn:aws:events:us-east-1:222222222222:rule/forward",
    "events:eventBusInvocation": "true",
    "events:TargetArn": ["arn:aws:sqs:us-east-1:222222222222:a", "arn:aws:sqs:us-east-1:222222222222:b"],
    "aws:PrincipalAccount": CALLER,
    "size": "10",
    "big": "9007199254740993",
    "data": "aGk=",
    "address": "203.0.113.7",
    "address6": "2001:db8::7",
    **times(datetime(2026, 3, 6, 10, 0, 0, 500_000, tzinfo=timezone(timedelta(hours=1)))),
}
NOW = "2026-03-06T09:00:00Z"
SECONDS = str(int(datetime(2026, 3, 6, 9, tzinfo=UTC).timestamp()))
A, B, C = (f"arn:aws:sqs:us-east-1:222222222222:{name}" for name in "abc")

CONDITIONS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"StringEquals": {"events:source": "shop.orders"}}, True),
    ({"StringEquals": {"EVENTS:SOURCE": ["other", "shop.orders"]}}, True),
    ({"StringEquals": {"events:source": "Shop.Orders"}}, False),
    ({"StringEquals": {"events:source": "shop.*"}}, False),
    ({"StringEquals": {"none": "x"}}, False),
    ({"StringEquals": {"events:source": "shop.orders", "none": "x"}}, False),
    ({"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}, True),
    ({"StringEqualsIfExists": {"none": "x"}}, True),
    ({"StringEqualsIfExists": {"events:source": "x"}}, False),
    ({"StringEqualsIgnoreCase": {"events:source": "Shop.Orders"}}, True),
    ({"StringNotEquals": {"events:source": "x"}}, True),
    ({"StringNotEquals": {"events:source": ["x", "shop.orders"]}}, False),
    ({"StringNotEquals": {"none": "x"}}, True),
    ({"StringNotEqualsIgnoreCase": {"events:source": "SHOP.ORDERS"}}, False),
    ({"StringLike": {"events:source": "shop.*"}}, True),
    ({"StringLike": {"events:source": "shop.order?"}}, True),
    ({"StringLike": {"events:source": "shop?"}}, False),
    ({"StringNotLike": {"events:source": "shop.*"}}, False),
    ({"StringEquals": {"aws:PrincipalAccount": "${aws:principalaccount}"}}, True),
    ({"StringLike": {"aws:SourceArn": "arn:aws:events:*:${aws:PrincipalAccount}:rule/*"}}, True),
    ({"StringEquals": {"events:source": "${none}"}}, False),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}, True),
    ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:*:rule/forward"}}, True),
    ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:rule/*"}}, False),
    ({"ArnLike": {"aws:SourceArn": "*"}}, False),
    ({"ArnNotEquals": {"aws:SourceArn": "arn:aws:events:*:*:rule/other"}}, True),
    ({"ArnNotLike": {"aws:SourceArn": "arn:aws:events:*:*:rule/*"}}, False),
    ({"Bool": {"events:eventBusInvocation": "true"}}, True),
    ({"Bool": {"events:eventBusInvocation": True}}, True),
    ({"Bool": {"events:eventBusInvocation": False}}, False),
    ({"Null": {"none": "true"}}, True),
    ({"Null": {"none": "false"}}, False),
    ({"Null": {"events:source": False}}, True),
    ({"Null": {"events:source": True}}, False),
    ({"NumericEquals": {"size": "10.0"}}, True),
    ({"NumericLessThan": {"size": 11}}, True),
    ({"NumericLessThan": {"size": 10}}, False),
    ({"NumericGreaterThanEquals": {"size": "10"}}, True),
    ({"NumericNotEquals": {"size": "10"}}, False),
    ({"NumericLessThan": {"events:source": "11"}}, False),
    ({"ForAnyValue:StringEquals": {"events:TargetArn": [A, C]}}, True),
    ({"ForAnyValue:StringEquals": {"events:TargetArn": C}}, False),
    ({"ForAnyValue:StringEquals": {"none": "x"}}, False),
    ({"ForAnyValue:StringNotEquals": {"events:TargetArn": A}}, True),
    ({"ForAnyValue:StringNotEquals": {"none": "x"}}, False),
    ({"ForAllValues:StringEquals": {"events:TargetArn": [A, B, C]}}, True),
    ({"ForAllValues:StringEquals": {"events:TargetArn": [A, C]}}, False),
    ({"ForAllValues:StringEquals": {"none": "x"}}, True),
    ({"ForAllValues:StringNotEquals": {"events:TargetArn": C}}, True),
    ({"ForAllValues:ArnLike": {"events:TargetArn": "arn:aws:sqs:*:222222222222:*"}}, True),
    ({"StringNotEquals": {"events:TargetArn": A}}, False),
    ({"ForAnyValue:StringLikeIfExists": {"none": "x"}}, True),
    ({"DateGreaterThan": {"events:source": "x"}}, False),
    ({"NumericEquals": {"big": "9007199254740992"}}, False),
    ({"NumericEquals": {"big": 9007199254740993}}, True),
    ({"NumericEquals": {"size": "nan"}}, False),
    ({"NumericLessThan": {"size": "inf"}}, False),
    ({"NumericLessThan": {"size": "1e999999"}}, True),
    ({"NumericNotEqualsIfExists": {"none": "1"}}, True),
    ({"DateEquals": {"aws:CurrentTime": NOW}}, True),
    ({"DateEquals": {"aws:currenttime": "2026-03-06T10:00+01:00"}}, True),
    ({"DateEquals": {"aws:CurrentTime": "2026-03-06T04:00:00.0-0500"}}, True),
    ({"DateEquals": {"aws:CurrentTime": SECONDS}}, True),
    ({"DateEquals": {"aws:EpochTime": NOW}}, True),
    ({"DateNotEquals": {"aws:CurrentTime": NOW}}, False),
    ({"DateNotEquals": {"aws:CurrentTime": ["2026-03-06", "2026-03-07"]}}, True),
    ({"DateLessThan": {"aws:CurrentTime": NOW}}, False),
    ({"DateLessThan": {"aws:CurrentTime": "2026-03-06T09:00:00.1Z"}}, True),
    ({"DateLessThanEquals": {"aws:CurrentTime": NOW}}, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-03-06"}}, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-03"}}, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2026-04"}}, False),
    ({"DateGreaterThanEquals": {"aws:CurrentTime": NOW}}, True),
    ({"DateGreaterThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}, "DateLessThan": {"aws:CurrentTime": NOW}}, False),
    ({"DateLessThan": {"aws:CurrentTime": "2026-13-40T00:00:00Z"}}, False),
    ({"DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00+24:00"}}, False),
    ({"DateLessThan": {"aws:CurrentTime": "next year"}}, False),
    ({"DateLessThanIfExists": {"aws:TokenIssueTime": NOW}}, True),
    ({"DateLessThan": {"aws:TokenIssueTime": NOW}}, False),
    ({"ForAnyValue:DateLessThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, True),
    ({"ForAllValues:DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, False),
    ({"NumericGreaterThan": {"aws:EpochTime": "1700000000"}}, True),
    ({"IpAddress": {"address": "203.0.113.0/24"}}, True),
    ({"IpAddress": {"address": ["10.0.0.0/8", "203.0.113.7"]}}, True),
    ({"IpAddress": {"address": "10.0.0.0/8"}}, False),
    ({"IpAddress": {"address": "2001:db8::/32"}}, False),
    ({"IpAddress": {"address6": "2001:DB8::/32"}}, True),
    ({"IpAddress": {"address": "0.0.0.0/0"}}, True),
    ({"IpAddress": {"address": "203.0.113.0/33"}}, False),
    ({"IpAddress": {"address": "203.0.113.*"}}, False),
    ({"IpAddress": {"none": "0.0.0.0/0"}}, False),
    ({"IpAddressIfExists": {"none": "10.0.0.0/8"}}, True),
    ({"NotIpAddress": {"address": "203.0.113.0/24"}}, False),
    ({"NotIpAddress": {"address": ["10.0.0.0/8", "2001:db8::/32"]}}, True),
    ({"NotIpAddress": {"none": "0.0.0.0/0"}}, True),
    ({"NotIpAddressIfExists": {"none": "0.0.0.0/0"}}, True),
    ({"ForAnyValue:NotIpAddress": {"address": "10.0.0.0/8"}}, True),
    ({"ForAllValues:IpAddress": {"none": "10.0.0.0/8"}}, True),
    ({"BinaryEquals": {"data": "aGk="}}, True),
    ({"BinaryEquals": {"data": "aGo="}}, False),
    ({"BinaryEquals": {"data": "aGk"}}, False),
    ({"BinaryEquals": {"size": "10"}}, False),
    ({"BinaryEqualsIfExists": {"none": "aGk="}}, True),
    ({"BoolIfExists": {"none": "true"}}, True),
    ({"ForAllValues:Null": {"none": "true"}}, True),
]


@pytest.mark.parametrize(("block", "holds"), CONDITIONS)
def test_conditions(block: dict[str, Any], holds: bool) -> None:
    """Operators, sets of values, absent keys and variables, as the IAM User Guide has them."""
    assert satisfied(block, GIVEN) is holds
    assert allowed(statement(Condition=block), context=GIVEN) is holds
    assert allowed(statement(), statement(Effect="Deny", Condition=block), context=GIVEN) is not holds


@pytest.mark.parametrize(
    "block",
    [
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"IpAddressIfExists": {"AWS:sourceip": "10.0.0.0/8"}},
        {"ForAnyValue:NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}},
        {"Null": {"aws:SourceIp": "true"}},
        {"Null": {"aws:SourceIp": "false"}},
        {"StringEquals": {"aws:PrincipalAccount": "${aws:SourceIp}"}},
        {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}, "StringEquals": {"events:source": "shop.orders"}},
    ],
)
def test_what_is_not_known_stops_nothing(block: dict[str, Any]) -> None:
    """Of a condition on the address of the caller an Allow lets in, and a Deny does not keep out."""
    context = {**GIVEN, "aws:SourceIp": UNREAD}
    assert allowed(statement(Condition=block), context=context)
    assert allowed(statement(), statement(Effect="Deny", Condition=block), context=context)
    decided = {**block, "StringLike": {"events:source": "x"}}  # another condition that fails decides
    assert not allowed(statement(Condition=decided), context=context)


@pytest.mark.parametrize(
    "name",
    [
        *OPERATORS,
        *(f"{name}IfExists" for name in OPERATORS),
        *(f"ForAnyValue:{name}" for name in OPERATORS),
        *(f"ForAllValues:{name}IfExists" for name in OPERATORS),
        "Null",
    ],
)
def test_known_operators(name: str) -> None:
    assert known_operator(name)


def test_all_operators_of_iam() -> None:
    """They are 26 and Null (IAM User Guide)."""
    compared = ("Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals")
    strings = ("Equals", "NotEquals", "EqualsIgnoreCase", "NotEqualsIgnoreCase", "Like", "NotLike")
    arns = ("ArnEquals", "ArnNotEquals", "ArnLike", "ArnNotLike")
    ordered = (f"{kind}{name}" for kind in ("Numeric", "Date") for name in compared)
    others = ("Bool", "BinaryEquals", "IpAddress", "NotIpAddress")
    assert OPERATORS.keys() == {*ordered, *(f"String{name}" for name in strings), *arns, *others}


UNKNOWN = ["", "Date", "DateLike", "NullIfExists", "ForSome:StringLike", "stringlike", "IfExists", "IPAddress"]


@pytest.mark.parametrize("name", [*UNKNOWN, "NotIpAddressEquals", "BinaryNotEquals", "BoolEquals", "ForAnyValue:"])
def test_unknown_operators(name: str) -> None:
    assert not known_operator(name)


WORDS = st.lists(st.sampled_from(["a", "b", "ab", "*", "A"]), max_size=3)
OPPOSITES = [(name, name.replace("Not", "")) for name in OPERATORS if "Not" in name]


@given(st.sampled_from(OPPOSITES), WORDS, WORDS)
def test_a_negated_operator_is_the_opposite(names: tuple[str, str], said: list[str], wanted: list[str]) -> None:
    """For every request, absent keys included, exactly one of an operator and its opposite holds."""
    negated, plain = names
    context = {"key": said} if said else {}
    assert satisfied({negated: {"key": wanted}}, context) is not satisfied({plain: {"key": wanted}}, context)


@given(st.text(alphabet="a.*?[]\\\n+", max_size=6))
def test_wildcards_take_everything_else_literally(text: str) -> None:
    assert like("*", text)
    assert like("?" * len(text), text)
    assert like(text, text)
    assert not like(text.replace("*", "").replace("?", "") + "x", text.replace("*", "").replace("?", ""))


def test_statement_of_the_short_form() -> None:
    """The partition of the principal is the bus's."""
    chinese = "arn:aws-cn:events:cn-north-1:111111111111:event-bus/shop"
    assert statement_of("s", CALLER, chinese) == {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws-cn:iam::{CALLER}:root"},
        "Action": "events:PutEvents",
        "Resource": chinese,
    }
    assert policy_text({"a": "é", "b": [1]}) == '{"a":"é","b":[1]}'
