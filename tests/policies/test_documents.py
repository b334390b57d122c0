"""Whole policies of an event bus: what AWS refuses about them, in which words, and how it answers those it takes.

``CAPTURED`` is from AWS (September 2026, stackd ``permissions.json``); ``BY_ANALOGY`` has IAM's words for a mistake
that nobody captured here.
"""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest

from eventbridge_local.errors import ServiceError
from eventbridge_local.model.arn import Arn
from eventbridge_local.policies.conditions import OPERATORS
from eventbridge_local.policies.documents import ACTIONS, PolicyBus, read_policy

ACCOUNT, OTHER = "123456789012", "222222222222"
SHOP = PolicyBus("shop", Arn("aws", "events", "us-east-1", ACCOUNT, "event-bus/shop"))
DEFAULT = PolicyBus("default", SHOP.arn._replace(resource="event-bus/default"))
ARN = str(SHOP.arn)
STATEMENT = {
    "Sid": "s",
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{OTHER}:root"},
    "Action": "events:PutEvents",
    "Resource": ARN,
}
LEFT_OUT: Any = object()


def policy(*statements: Any, **more: Any) -> str:
    document = {"Version": "2012-10-17", "Statement": list(statements) or [STATEMENT], **more}
    return json.dumps({name: value for name, value in document.items() if value is not LEFT_OUT}, separators=(",", ":"))


def one(**changes: Any) -> str:
    """A policy of one statement with some elements changed or left out."""
    changed = {**STATEMENT, **changes}
    return policy({name: value for name, value in changed.items() if value is not LEFT_OUT})


def refusal(text: str, bus: PolicyBus = SHOP) -> str:
    with pytest.raises(ServiceError) as refused:
        read_policy(text, bus)
    assert refused.value.code == "ValidationException"
    return refused.value.message


def invalid(words: str, column: int = 38, line: int = 1) -> str:
    return f"Invalid statement at line {line} column {column}: {words}"


def invalid_names(*names: str, column: int = 38) -> str:
    shown = ", ".join(f'"events:{name}"' for name in names)
    return invalid(f"The following action names are invalid: {shown}", column)


def relative(resource: str) -> str:
    return f'The relative-id "{resource}" is invalid for ARN "arn:aws:events:us-east-1:{ACCOUNT}:{resource}"'


VENDOR = invalid("Action field includes AWS services that are inconsistent with specified vendor")
NOT_UNIQUE = "The Statement Ids in the policy are not unique"
SECOND = 38 + len(json.dumps(STATEMENT, separators=(",", ":")))

CAPTURED = [
    ("{", "This policy contains invalid Json"),
    ("", "This policy contains invalid Json"),
    ("null", "This text appears not to be a policy"),
    ("{}", "Missing required field Version"),
    (policy(Statement=[]), "Could not parse the policy: Statement is empty!"),
    (one(Sid=LEFT_OUT), "Missing required field Sid"),
    (one(Resource=LEFT_OUT), "Missing required field Resource"),
    (policy(STATEMENT, STATEMENT), invalid(NOT_UNIQUE, SECOND)),
    (one(Action="iam:ListUsers"), VENDOR),
    (one(Action="events:NoSuchAction"), invalid_names("NoSuchAction")),
    (one(Action="events:NoSuch*"), invalid_names("NoSuch*")),
    (
        one(Action=["events:PutPermission", "events:RemovePermission"]),
        invalid_names("RemovePermission", "PutPermission"),
    ),
    (one(Action=LEFT_OUT, NotAction="events:PutEvents"), "Has prohibited field NotAction"),
    (one(Resource=LEFT_OUT, NotResource=ARN + "-other"), "Has prohibited field NotResource"),
    (one(Principal=LEFT_OUT, NotPrincipal={"AWS": OTHER}), "Has prohibited field NotPrincipal"),
    (one(Resource=ARN + "-other"), relative("event-bus/shop-other")),
    (one(Resource=[ARN, ARN + "-other"]), relative("event-bus/shop-other")),
    (one(Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/*"), relative("event-bus/*")),
    (one(Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/*"), relative("rule/*")),
    (one(Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/other/*"), relative("rule/other/*")),
    (
        one(Resource="arn:aws:events:us-east-1:*:event-bus/shop"),
        'The namespace "*" is invalid for ARN "arn:aws:events:us-east-1:*:event-bus/shop"',
    ),
    (one(Principal={"AWS": "000000000000"}), "Policy contains an invalid principal"),
]

BY_ANALOGY = [
    ("[]", "This text appears not to be a policy"),
    ("1", "This text appears not to be a policy"),
    ('{"Version": NaN}', "This policy contains invalid Json"),
    (policy() + "x", "This policy contains invalid Json"),
    ("[" * 100_000, "This policy contains invalid Json"),
    (policy(Version="2012-10-18"), "The policy must contain a valid version string"),
    (policy(Version=None), "The policy must contain a valid version string"),
    (policy(Statement=LEFT_OUT), "Missing required field Statement"),
    (policy(Statement={}), "Could not parse the policy: Statement is empty!"),
    (policy(Statement="x"), "Syntax errors in policy."),
    (policy("x"), "Syntax errors in policy."),
    (policy(Id=1), "Syntax errors in policy."),
    (policy(Extra=1), "Unknown field Extra"),
    (one(Extra=1), "Unknown field Extra"),
    (one(Sid=""), "Missing required field Sid"),
    (one(Sid=1), "Syntax errors in policy."),
    (one(Sid=[]), "Syntax errors in policy."),
    (one(Effect=LEFT_OUT), "Missing required field Effect"),
    (one(Effect="allow"), "Invalid effect: allow"),
    (one(Principal=LEFT_OUT), "Missing required field Principal"),
    (one(Action=LEFT_OUT), "Missing required field Action"),
    (one(Action=[]), "Missing required field Action"),
    (one(Action=None), "Syntax errors in policy."),
    (one(Action="PutEvents"), VENDOR),
    (one(Action=["events:PutRule", "sqs:*"]), VENDOR),
    (
        policy(STATEMENT, {**STATEMENT, "Sid": "t", "Action": "events:PutEvent"}),
        invalid_names("PutEvent", column=SECOND),
    ),
    (one(Resource=[]), "Missing required field Resource"),
    (one(Resource=1), "Syntax errors in policy."),
    (one(Resource="shop"), 'Resource shop must be in ARN format or "*".'),
    (one(Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:rule/shop/"), relative("rule/shop/")),
    (
        one(Resource=f"arn:aws:events:us-east-1:{OTHER}:event-bus/shop"),
        f'The namespace "{OTHER}" is invalid for ARN "arn:aws:events:us-east-1:{OTHER}:event-bus/shop"',
    ),
    (
        one(Resource=f"arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/shop"),
        f'The relative-id "event-bus/shop" is invalid for ARN "arn:aws:events:eu-west-1:{ACCOUNT}:event-bus/shop"',
    ),
    (one(Condition="x"), "Syntax errors in policy."),
    (one(Condition={"StringEquals": "x"}), "Syntax errors in policy."),
    (one(Condition={"IPAddress": {"aws:SourceIp": "10.0.0.0/8"}}), "Syntax errors in policy."),
    (one(Condition={"DateLike": {"aws:CurrentTime": "2026-*"}}), "Syntax errors in policy."),
    (one(Condition={"ForSomeValues:StringLike": {"events:source": "a"}}), "Syntax errors in policy."),
    (one(Condition={"NullIfExists": {"events:source": "true"}}), "Syntax errors in policy."),
    *(
        (one(Principal=principal), "Policy contains an invalid principal")
        for principal in (
            "me",
            {},
            {"AWS": "12345"},
            {"AWS": [OTHER, "x"]},
            {"AWS": 1},
            {"AWS": ARN},
            {"Service": None},
        )
    ),
    (one(Principal={"AWS": "arn:aws:iam::000000000000:role/r"}), "Policy contains an invalid principal"),
]


@pytest.mark.parametrize(("text", "words"), [*CAPTURED, *BY_ANALOGY], ids=lambda text: str(text)[:60])
def test_refusals(text: str, words: str) -> None:
    assert refusal(text) == words


def test_the_place_is_behind_what_comes_before_the_statement() -> None:
    """Captured for texts of one line: behind the bracket, and behind the statement before."""
    text = json.dumps(
        {"Version": "2012-10-17", "Statement": [STATEMENT, {**STATEMENT, "Action": "events:X"}]}, indent=2
    )
    assert refusal(text).startswith("Invalid statement at line 12 column 6: The following action names")
    first = json.dumps({"Statement": [{**STATEMENT, "Action": "events:X"}], "Version": "2012-10-17"}, indent=1)
    assert refusal(first).startswith("Invalid statement at line 2 column 16: The following action names")
    single = json.dumps(
        {"Version": "2012-10-17", "Statement": {**STATEMENT, "Action": "events:X"}}, separators=(",", ":")
    )
    assert refusal(single).startswith("Invalid statement at line 1 column 37: The following action names")


def test_the_order_of_many_names() -> None:
    """That of a Java HashSet; none is named twice, and names that are valid are not named."""
    wrong = [f"events:X{number}" for number in range(20)]
    shown = refusal(one(Action=[*wrong, *wrong, "events:PutRule"])).split(": ", 2)[2].replace('"', "").split(", ")
    assert sorted(shown) == sorted(wrong) != shown


def test_every_action_of_the_service() -> None:
    """Fifteen are taken in any case, alone or by a wildcard; every other is refused (captured for all)."""
    operations = botocore.session.Session().get_service_model("events").operation_names
    actions = [f"events:{name}" for name in operations]
    taken = [action for action in actions if is_taken(one(Action=action))]
    assert tuple(taken) == tuple(sorted(ACTIONS)) and len(taken) == 15
    assert all(is_taken(one(Action=action.lower())) for action in ACTIONS)
    for name in (
        "InvokeApiDestination",
        "RetrieveConnectionCredentials",
        "AllowVendedLogDeliveryForResource",
        "PutEvent",
    ):
        assert refusal(one(Action=f"events:{name}")) == invalid_names(name)


def is_taken(text: str) -> bool:
    try:
        read_policy(text, SHOP)
    except ServiceError:
        return False
    return True


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": "*"},
        {"Action": "events:*"},
        {"Action": ["events:Put*", "events:Remove*"]},
        {"Action": "events:Delete*", "Effect": "Deny", "Principal": "*"},
        {"Principal": {"Service": "events.amazonaws.com"}},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/r"}},
        {"Resource": "*"},
        {"Resource": f"arn:aws:events:*:{ACCOUNT}:event-bus/shop"},
        {"Resource": f"arn:*:events:us-east-1:{ACCOUNT}:event-bus/shop"},
        {"Resource": f"arn:aws:events:us-east-1:{ACCOUNT}:rule/shop/owned"},
        {"Resource": [ARN, f"arn:aws:events:us-east-1:{ACCOUNT}:rule/shop/*"]},
        {"Sid": "deny-delete"},
        {"Condition": {"StringEqualsIfExists": {"events:creatorAccount": OTHER}}},
    ],
    ids=str,
)
def test_what_is_taken_is_answered_as_it_was_given(changes: dict[str, Any]) -> None:
    """Captured, wildcards too."""
    assert json.loads(one(**changes)) == read_policy(one(**changes), SHOP)


@pytest.mark.parametrize("name", [*OPERATORS, "Null"])
def test_every_operator_of_iam_is_taken(name: str) -> None:
    """With its forms; AWS takes them, and the text is answered as it was given."""
    forms = [name, f"ForAllValues:{name}", f"ForAnyValue:{name}"]
    forms += [f"{form}IfExists" for form in forms if name != "Null"]
    block = {form: {"aws:CurrentTime": "true"} for form in forms}
    assert read_policy(one(Condition=block), SHOP)["Statement"][0]["Condition"] == block


def test_the_answered_form() -> None:
    """Account ids become ARNs, a single statement a list, and the order is that of the grammar."""
    given = {
        "Statement": dict(reversed(STATEMENT.items())) | {"Principal": {"AWS": [OTHER, "*"]}},
        "Version": "2012-10-17",
    }
    answered = read_policy("  " + json.dumps(given, indent=4) + "\n", SHOP)
    expected = {**STATEMENT, "Principal": {"AWS": [f"arn:aws:iam::{OTHER}:root", "*"]}}
    assert json.dumps(answered) == json.dumps({"Version": "2012-10-17", "Statement": [expected]})
    china = PolicyBus("shop", Arn("aws-cn", "events", "cn-north-1", ACCOUNT, "event-bus/shop"))
    by_id = read_policy(one(Principal={"AWS": OTHER}, Resource=str(china.arn)), china)
    assert by_id["Statement"][0]["Principal"] == {"AWS": f"arn:aws-cn:iam::{OTHER}:root"}


def test_rules_of_the_default_bus() -> None:
    """Their ARNs do not name the bus."""
    for resource in ("rule/r", "rule/*", "event-bus/default"):
        read_policy(one(Resource=f"arn:aws:events:us-east-1:{ACCOUNT}:{resource}"), DEFAULT)
    assert refusal(one(), DEFAULT) == relative("event-bus/shop")


def test_an_account_that_the_mock_is_in_is_one() -> None:
    local = PolicyBus("shop", SHOP.arn._replace(account="000000000000"))
    read_policy(one(Principal={"AWS": "000000000000"}, Resource="*"), local)
