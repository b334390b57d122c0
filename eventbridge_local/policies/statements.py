"""Policies of event buses: the document PutPermission makes, and what it allows.

Nothing here looks anything up: whoever asks passes the document of the bus. The mock knows callers by account and not
by user or role, so a principal of an account, whichever, stands for everyone of it. Nor does it know the network a call
comes from. As in ``access``, what is not known stops nothing: a condition on it holds in an Allow and not in a Deny.

Source: recorded (the document), User Guide "Permissions for event buses" and "Using IAM policy conditions", IAM User
Guide "Policy evaluation logic".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from eventbridge_local.model.arn import parse_arn, partition_of
from eventbridge_local.policies.conditions import NETWORK_KEYS, UNREAD, Context, Truth, Unread, holds, like, times

Document = Mapping[str, Any]
Effect = Literal["Allow", "Deny"]

PUT_EVENTS = "events:PutEvents"
#: Twelve digits that are no account (captured): the short form keeps them as they are, a whole policy is refused.
NO_ACCOUNT = "000000000000"


def statement_of(sid: str, principal: str, bus_arn: str, condition: Mapping[str, str] | None = None) -> Document:
    """Return the statement that the short form of PutPermission makes (recorded, facts 2.2).

    Args:
        principal: twelve digits, or ``*`` for everyone.
        condition: the request's ``Condition`` with ``Type``, ``Key`` and ``Value``.
    """
    bus = parse_arn(bus_arn)
    assert bus is not None
    root = principal if principal == NO_ACCOUNT != bus.account else root_arn(principal, bus.region)
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": root},
        "Action": PUT_EVENTS,
        "Resource": bus_arn,
        **({"Condition": {condition["Type"]: {condition["Key"]: condition["Value"]}}} if condition else {}),
    }


def policy_text(policy: Document) -> str:
    """Return the document as DescribeEventBus shows it; its length is what counts for the limit."""
    return json.dumps(policy, separators=(",", ":"), ensure_ascii=False)


def statements_of(policy: Document | None) -> list[Document]:
    """Return the statements of a policy, which may hold a single one without a list."""
    statements = [] if policy is None else policy.get("Statement", [])
    return [statements] if isinstance(statements, Mapping) else list(statements)


def effect_of(
    policy: Document | None,
    *,
    action: str,
    principal_account: str,
    bus_arn: str,
    context: Context,
    resource: str | None = None,
) -> Effect | None:
    """Return what a policy says to a request; the arguments are those of ``allows``. None when it says nothing."""
    effects = {
        statement.get("Effect")
        for statement in statements_of(policy)
        if _counts(statement, _applies(statement, action, principal_account, resource or bus_arn, context))
    }
    if "Deny" in effects:
        return "Deny"
    owner = parse_arn(bus_arn)
    return "Allow" if "Allow" in effects or (owner is not None and owner.account == principal_account) else None


def allows(
    policy: Document | None,
    *,
    action: str,
    principal_account: str,
    bus_arn: str,
    context: Context,
    resource: str | None = None,
) -> bool:
    """Return whether a caller may do something to a bus.

    Args:
        policy: the document of the bus, None when it has none.
        action: such as ``events:PutEvents``.
        principal_account: the caller's account.
        bus_arn: the bus, whose own account is always allowed unless a statement denies.
        context: condition keys and their values, such as ``{"events:source": "shop"}``.
        resource: the ARN the action is on, when that is a rule of the bus.
    """
    asked = {"action": action, "principal_account": principal_account, "bus_arn": bus_arn, "resource": resource}
    return effect_of(policy, context=context, **asked) == "Allow"  # type: ignore[arg-type]


def effect_of_put(
    policy: Document | None,
    *,
    caller_account: str,
    bus_arn: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    context: Context,
) -> Effect | None:
    """What the policy of a bus says to an event that an account puts on it; None when it says nothing.

    Args:
        policy: the document of the bus, None when it has none.
        detail: the detail, parsed.
        context: what else is known of the request, by condition key (see ``caller_context``).
    """
    known = {**context, "events:source": source, "events:detail-type": detail_type, **_details(detail)}
    return effect_of(policy, action=PUT_EVENTS, principal_account=caller_account, bus_arn=bus_arn, context=known)


def caller_context(
    account: str, region: str, organization: str | None, now: datetime
) -> dict[str, str | Sequence[str] | Unread]:
    """What is known of every call: who makes it, where and when.

    Args:
        now: the instant of the call, aware.
        organization: the id of the AWS organization that the caller belongs to, None when to none.
    """
    context: dict[str, str | Sequence[str] | Unread] = {
        **times(now),
        **dict.fromkeys(NETWORK_KEYS, UNREAD),
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": root_arn(account, region),
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
    }
    if organization is not None:
        context["aws:PrincipalOrgID"] = organization
    return context


def root_arn(account: str, region: str) -> str:
    """Return the ARN of an account as a principal, by which the mock calls each caller of that account too."""
    return f"arn:{partition_of(region)}:iam::{account}:root"


def _details(detail: Mapping[str, Any]) -> dict[str, str]:
    """Return the three members of the detail that policies may ask for (User Guide)."""
    found = {}
    for path in ("eventTypeCode", "service", "userIdentity.principalId"):
        value: Any = detail
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(value, str):
            found[f"events:detail.{path}"] = value
    return found


def _counts(statement: Document, applies: Truth) -> bool:
    """Return whether a statement has its effect; where that is not known, an Allow has it and a Deny has not."""
    return statement.get("Effect") == "Allow" if applies is None else applies


def _applies(statement: Document, action: str, account: str, resource: str, context: Context) -> Truth:
    return (
        _names(statement, "Principal", lambda principal: _is_principal(principal, account, context))
        and _names(statement, "Action", lambda actions: _any_like(actions, action, ignore_case=True))
        and _names(statement, "Resource", lambda resources: _any_like(resources, resource))
        and holds(statement.get("Condition", {}), context)
    )


def _names(statement: Document, element: str, test: Any) -> bool:
    """Return whether an element or its ``Not`` form covers the request. Without Resource a policy is for its bus."""
    if element in statement:
        return bool(test(statement[element]))
    if f"Not{element}" in statement:
        return not test(statement[f"Not{element}"])
    return element == "Resource"


def _is_principal(principal: Any, account: str, context: Context) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    if any(_is_account(each, account) for each in several(principal.get("AWS", ()))):
        return True
    service = context.get("aws:PrincipalServiceName")
    return any(service == each for each in several(principal.get("Service", ())))


def _is_account(principal: str, account: str) -> bool:
    arn = parse_arn(principal)
    return principal in ("*", account) or (arn is not None and arn.account == account)


def _any_like(patterns: Any, text: str, *, ignore_case: bool = False) -> bool:
    fold = str.lower if ignore_case else str
    return any(like(fold(pattern), fold(text)) for pattern in several(patterns))


def several(value: Any) -> Iterable[str]:
    """Return a member that may be one text or a list of them."""
    return [value] if isinstance(value, str) else list(value)
