"""Policies of event buses: the document PutPermission makes, and what it allows.

``allows`` is pure; ``may_put`` asks it about a bus of the world. The mock knows callers by account and not by user or
role, so a principal of an account, whichever, stands for everyone of it.

Source: recorded (the document), User Guide "Permissions for event buses" and "Using IAM policy conditions", IAM User
Guide "Policy evaluation logic".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from eventbridge_local.model.arn import parse_arn, partition_of
from eventbridge_local.model.event import Event
from eventbridge_local.model.store import Store
from eventbridge_local.policies.conditions import Context, like, satisfied

Document = Mapping[str, Any]
Effect = Literal["Allow", "Deny"]

PUT_EVENTS = "events:PutEvents"


def statement_of(sid: str, principal: str, bus_arn: str, condition: Mapping[str, str] | None = None) -> Document:
    """Return the statement that the short form of PutPermission makes (recorded, facts 2.2).

    Args:
        principal: twelve digits, or ``*`` for everyone.
        condition: the request's ``Condition`` with ``Type``, ``Key`` and ``Value``.
    """
    bus = parse_arn(bus_arn)
    partition = "aws" if bus is None else partition_of(bus.region)
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:{partition}:iam::{principal}:root"},
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
        if _applies(statement, action, principal_account, resource or bus_arn, context)
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


def may_put(
    store: Store, caller_account: str, bus_arn: str, event: Event, by_rule: bool = True, rule_arn: str | None = None
) -> bool:
    """Return whether an account may put an event on a bus: its own, or one of another account whose policy allows it.

    A bus that nobody made in this mock refuses nothing.

    Args:
        by_rule: the bus is the target of a rule of the caller; False for PutEvents.
        rule_arn: that rule, for policies with a condition on ``aws:SourceArn``.
    """
    said: dict[str, str] = {"events:eventBusInvocation": str(by_rule).lower()}
    if by_rule:
        said["aws:SourceAccount"] = caller_account
        if rule_arn is not None:
            said["aws:SourceArn"] = rule_arn
    content = (event.source, event.detail_type, event.tree)
    return effect_of_put(store, caller_account, bus_arn, *content, said) == "Allow"


def effect_of_put(
    store: Store,
    caller_account: str,
    bus_arn: str,
    source: str,
    detail_type: str,
    detail: Mapping[str, Any],
    said: Mapping[str, str],
) -> Effect | None:
    """Return what the policy of a bus says to an event; ``said`` are further condition keys of the request."""
    arn = parse_arn(bus_arn)
    if arn is None:
        return None
    name = arn.resource.removeprefix("event-bus/")
    bus = store.known_bus(arn.account, arn.region, name)
    if bus is None and name != "default":
        return "Allow"  # what nobody made here is outside of the mock: accepted and gone, like every unknown bus
    if bus is None or bus.record.policy is None:
        return "Allow" if arn.account == caller_account else None
    context: dict[str, str] = {
        **caller_context(store, caller_account, arn.region),
        "events:source": source,
        "events:detail-type": detail_type,
        **_details(detail),
        **said,
    }
    return effect_of(
        bus.record.policy, action=PUT_EVENTS, principal_account=caller_account, bus_arn=bus_arn, context=context
    )


def caller_context(store: Store, account: str, region: str) -> dict[str, str]:
    """Return what is known of every call: who makes it, and where."""
    context: dict[str, str] = {
        "aws:PrincipalAccount": account,
        "aws:PrincipalArn": root_arn(account, region),
        "aws:PrincipalIsAWSService": "false",
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
    }
    if store.organization is not None:
        context["aws:PrincipalOrgID"] = store.organization
    return context


def root_arn(account: str, region: str) -> str:
    """Return the ARN by which the mock calls a caller, of whom it knows only the account."""
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


def _applies(statement: Document, action: str, account: str, resource: str, context: Context) -> bool:
    return (
        _names(statement, "Principal", lambda principal: _is_principal(principal, account, context))
        and _names(statement, "Action", lambda actions: _any_like(actions, action, ignore_case=True))
        and _names(statement, "Resource", lambda resources: _any_like(resources, resource))
        and satisfied(statement.get("Condition", {}), context)
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
