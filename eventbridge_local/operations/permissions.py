"""Permissions of an event bus: the policy in its two forms, one statement at a time or the document whole.

The order of the checks is captured from AWS for the short form. With Policy the bus comes first (captured), then the
document, then its size.
"""

from __future__ import annotations

import re

from eventbridge_local.errors import ServiceError, not_found, validation_error
from eventbridge_local.model.arn import Arn, parse_arn
from eventbridge_local.model.hash_order import in_hash_order
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import bus_named
from eventbridge_local.operations.table import Answer, Context, Params, operation
from eventbridge_local.policies.documents import PolicyBus, read_policy
from eventbridge_local.policies.statements import PUT_EVENTS, Document, policy_text, statement_of, statements_of

VERSION = "2012-10-17"
_SHORT_FORM = ("Action", "Principal", "StatementId")
_ORGANIZATION = re.compile(r"o-[a-z0-9]{10,32}")


@operation("PutPermission")
def put_permission(ctx: Context, params: Params) -> Answer:
    """Add or replace one statement, or the whole policy. Source: facts 2.2, 2.3, 2.4."""
    if "Policy" in params:
        if any(member in params for member in (*_SHORT_FORM, "Condition")):
            raise validation_error(
                "Action, Principal, StatementId and Condition could not be combined with Policy parameter."
            )
        bus = bus_named(ctx, params.get("EventBusName", "default"))
        policy = read_policy(params["Policy"], PolicyBus(bus.name, _arn_of(bus)))
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
    """Return the policy with the statement of a request, in place of one with the same id.

    The statements come in the order of a Java HashMap of their ids; captured for four that were put one by one.
    """
    sid = params["StatementId"]
    by_sid = {str(each.get("Sid")): each for each in statements_of(policy)}
    by_sid[sid] = statement_of(sid, params["Principal"], bus_arn, params.get("Condition"))
    statements = [by_sid[name] for name in in_hash_order(by_sid)]
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


def _arn_of(bus: Bus) -> Arn:
    arn = parse_arn(bus.record.arn)
    assert arn is not None
    return arn
