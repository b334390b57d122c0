"""Permissions of an event bus: the policy in its two forms, one statement at a time or the document whole.

The order of the checks is captured from AWS for the short form. The Policy form checks likewise: the document, then the
bus, then what the document says of the bus, then its size.
"""

from __future__ import annotations

import json
import re
from typing import Any

from eventbridge_local.errors import ServiceError, not_found, validation_error
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import bus_named
from eventbridge_local.operations.table import Answer, Context, Params, operation
from eventbridge_local.policies.conditions import known_operator, like
from eventbridge_local.policies.statements import (
    PUT_EVENTS,
    Document,
    policy_text,
    several,
    statement_of,
    statements_of,
)

VERSION = "2012-10-17"
_SHORT_FORM = ("Action", "Principal", "StatementId")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")
_ACCOUNT = re.compile(r"[0-9]{12}")


@operation("PutPermission")
def put_permission(ctx: Context, params: Params) -> Answer:
    """Add or replace one statement, or the whole policy. Source: facts 2.2, 2.3, 2.4."""
    if "Policy" in params:
        if any(member in params for member in (*_SHORT_FORM, "Condition")):
            raise validation_error(
                "Action, Principal, StatementId and Condition could not be combined with Policy parameter."
            )
        policy = _document(params["Policy"])
        bus = bus_named(ctx, params.get("EventBusName", "default"))
        _check_resources(policy, bus)
    else:
        _check_short_form(params)
        bus = bus_named(ctx, params.get("EventBusName", "default"))
        policy = _with_statement(bus.record.policy, params, bus.record.arn)
    if len(policy_text(policy)) > ctx.limits.event_bus_policy_size:
        raise ServiceError(
            "PolicyLengthExceededException",
            "Policy size would be larger than the maximum allowed.",
            hint=f"{len(policy_text(policy)):,} characters, of {ctx.limits.event_bus_policy_size:,} at most",
        )
    _store(ctx, bus, policy)
    return {}


def _check_short_form(params: Params) -> None:
    for member in _SHORT_FORM:
        if not params.get(member):
            raise validation_error(f"Parameter(s) {member} must be specified.")
    if params["Action"] != PUT_EVENTS:
        raise validation_error("Provided value in parameter 'action' is not supported.")
    condition = params.get("Condition")
    if condition is None:
        return
    for member, supported in (("Type", "StringEquals"), ("Key", "aws:PrincipalOrgID")):
        if condition[member] != supported:
            raise validation_error(f"Provided value in parameter 'condition.{member.lower()}' is not supported.")
    if not _ORGANIZATION.fullmatch(condition["Value"]):
        raise validation_error("Provided value in parameter 'condition.value' is invalid.")


def _with_statement(policy: Document | None, params: Params, bus_arn: str) -> Document:
    """Return the policy with the statement of a request in place of the one with its id, or at the end."""
    sid = params["StatementId"]
    statement = statement_of(sid, params["Principal"], bus_arn, params.get("Condition"))
    statements = [statement if each.get("Sid") == sid else each for each in statements_of(policy)]
    if statement not in statements:
        statements.append(statement)
    return {"Version": VERSION, **(policy or {}), "Statement": statements}


@operation("RemovePermission")
def remove_permission(ctx: Context, params: Params) -> Answer:
    """Remove one statement or all; with the last one the policy goes. Source: facts 2.2."""
    everything, sid = params.get("RemoveAllPermissions", False), params.get("StatementId")
    if everything and sid is not None:
        raise validation_error("StatementId could not be combined with All parameter.")
    if not everything and sid is None:
        raise validation_error("Parameter(s) StatementId must be specified.")
    bus = bus_named(ctx, params.get("EventBusName", "default"))
    policy = bus.record.policy
    if everything:
        _store(ctx, bus, None)
        return {}
    kept = [statement for statement in statements_of(policy) if statement.get("Sid") != sid]
    if policy is None or len(kept) == len(statements_of(policy)):
        sids = ", ".join(str(statement.get("Sid")) for statement in statements_of(policy))
        raise not_found("Statement with the provided id does not exist.", hint=f"statements here: {sids or 'none'}")
    _store(ctx, bus, {**policy, "Statement": kept} if kept else None)
    return {}


def _store(ctx: Context, bus: Bus, policy: Document | None) -> None:
    if policy != bus.record.policy:
        bus.record = bus.record._replace(policy=policy, modified=ctx.now)


def _document(text: str) -> Document:
    """Return the policy of a request, refused when it is none; only the text about principals is captured from AWS."""
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise _malformed("it is not JSON") from None
    if not isinstance(policy, dict) or not isinstance(policy.get("Statement"), list | dict):
        raise _malformed('a policy is an object with a "Statement"')
    for statement in statements_of(policy):
        _check_statement(statement)
    sids = [statement["Sid"] for statement in statements_of(policy) if "Sid" in statement]
    if len(set(sids)) < len(sids):
        raise _malformed('each "Sid" must be unique')
    return policy


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict):
        raise _malformed("a statement is an object")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _malformed('the "Effect" of a statement is "Allow" or "Deny"')
    if not isinstance(statement.get("Sid", ""), str):
        raise _malformed('the "Sid" of a statement is a string')
    _check_principal(statement.get("Principal", statement.get("NotPrincipal")))
    for element in ("Action", "Resource"):
        value = statement.get(element, statement.get(f"Not{element}", () if element == "Resource" else None))
        if not _is_texts(value):
            raise _malformed(f'the "{element}" of a statement is a string or a list of strings')
    condition = statement.get("Condition", {})
    if not isinstance(condition, dict) or not all(isinstance(keys, dict) for keys in condition.values()):
        raise _malformed('a "Condition" names operators, and each of them names keys')
    for operator in condition:
        if not known_operator(operator):
            raise _malformed(f"there is no operator {operator!r} for conditions here")


def _check_principal(principal: Any) -> None:
    """Refuse a principal that is not everyone, or accounts, users and roles by id or ARN, or services by name."""
    if principal == "*":
        return
    valid = isinstance(principal, dict) and bool(principal) and all(map(_is_texts, principal.values()))
    if not valid or not all(_is_aws_principal(each) for each in several(principal.get("AWS", ()))):
        raise validation_error("Policy contains an invalid principal")


def _is_aws_principal(text: str) -> bool:
    arn = parse_arn(text)
    known = arn is not None and arn.service in ("iam", "sts") and _ACCOUNT.fullmatch(arn.account) is not None
    return text == "*" or known or _ACCOUNT.fullmatch(text) is not None


def _is_texts(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, list | tuple) and all(isinstance(each, str) for each in value))


def _check_resources(policy: Document, bus: Bus) -> None:
    """Refuse a policy about another bus (quoted in public); it may name the bus, its rules, or wildcards."""
    for statement in statements_of(policy):
        for resource in several(statement.get("Resource", ())):
            if not _is_about(resource, bus):
                arn = parse_arn(resource)
                relative_id = resource if arn is None else arn.resource
                raise validation_error(f'The relative-id "{relative_id}" is invalid for ARN "{resource}"')


def _is_about(resource: str, bus: Bus) -> bool:
    if like(resource, bus.record.arn):
        return True
    arn, own = parse_arn(resource), parse_arn(bus.record.arn)
    if arn is None or own is None:
        return False
    rules = "rule/" if bus.name == "default" else f"rule/{bus.name}/"
    here = like(resource, str(own._replace(resource=arn.resource)))
    return here and (arn.resource.startswith(rules) or like(arn.resource, f"{rules}name"))


def _malformed(hint: str) -> ServiceError:
    return validation_error("Parameter Policy is not valid. Reason: Malformed policy.", hint=hint)
