"""What a kind of target is: how its ARN looks, what PutTargets asks of it, and the request an event becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

import botocore.session
from botocore.validate import ParamValidator

from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, HttpRequest, PendingDelivery
from eventbridge_local.frozen import frozen
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import Arn

Role = Literal["required", "optional", "forbidden"]

#: For which events the request must be written to know whether the service would take it: for none, since any event
#: makes a valid one; for those that the target's own input, or a path in its parameters, has changed; or for every one.
Admission = Literal["any", "input", "every"]

#: Who takes the event: an AWS service through ``request``, an HTTP endpoint, another bus, or an archive.
Way = Literal["api", "http", "bus", "archive"]

INPUTS = frozenset({"Input", "InputPath", "InputTransformer"})

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_ACCOUNT = re.compile(r"[0-9]{12}")


class RuleScope(NamedTuple):
    """The scope of a rule: account and Region of its bus, the bus's name, and the account that calls."""

    account: str
    region: str
    bus: str
    caller: str


#: Refuses a target with a ServiceError; it gets the target as boto3 sends it and the scope of the rule.
Check = Callable[[Mapping[str, Any], RuleScope], None]


class Parameters(NamedTuple):
    """The ``...Parameters`` member that belongs to a kind.

    Attributes:
        member: its name, such as ``EcsParameters``.
        required: whether PutTargets refuses a target without it.
        needs: members of it that must be there beyond those the API model requires.
        defaults: what ListTargetsByRule shows of members that were left out.
        item_defaults: the same of members of each item, for members that are lists.
        missing: AWS's words for a target without it, with ``{id}`` for the target's id; "" for the usual sentence.
    """

    member: str
    required: bool = False
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = MappingProxyType({})
    item_defaults: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
    missing: str = ""

    def filled(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return the member as ListTargetsByRule shows it."""
        filled = {**self.defaults, **given}
        for name, defaults in self.item_defaults.items():
            if name in given:
                filled[name] = [{**defaults, **item} for item in given[name]]
        return filled


@frozen
class TargetKind:
    """A kind of target.

    Attributes:
        name: in words.
        service: the service as ARNs spell it.
        resource: a regular expression for the whole last part of the ARN.
        client: the service that ``request`` calls, as boto3 spells it; None where there is no request.
        request: the request an event becomes. Raises AttemptFailed when the event makes no valid one.
        admission: for which events the request must be written to know whether it is valid.
        unsupported: why EventBridge delivers nothing to such a target although PutTargets takes it; "" for all others.
        way: who takes the event.
        role: what PutTargets says about RoleArn.
        parameters: the member that belongs to it.
        inputs: which of Input, InputPath and InputTransformer it takes.
        input_refusal: AWS's words for the others, with ``{id}`` for the target's id.
        other_accounts: whether it may be in an account other than the rule's (facts 4.3).
        scope: which of the ARN's Region and account must be filled.
        checks: rules of PutTargets for this kind alone.
    """

    name: str
    service: str
    resource: str
    client: str | None = None
    request: Callable[[PendingDelivery], AwsRequest | HttpRequest] | None = None
    admission: Admission = "any"
    unsupported: str = ""
    way: Way = "api"
    role: Role = "required"
    parameters: Parameters | None = None
    inputs: frozenset[str] = INPUTS
    input_refusal: str = ""
    other_accounts: bool = False
    scope: tuple[Literal["region", "account"], ...] = ("region", "account")
    checks: tuple[Check, ...] = ()

    # A row of the table is found by identity, as the defaults of its parameters have no hash.
    __eq__ = object.__eq__
    __hash__ = object.__hash__

    def recognises(self, arn: Arn) -> bool:
        """Return whether an ARN of this kind's service is one of this kind."""
        return (
            re.fullmatch(self.resource, arn.resource) is not None
            and _fits(_REGION, arn.region, "region" in self.scope)
            and _fits(_ACCOUNT, arn.account, "account" in self.scope)
        )


def _fits(pattern: re.Pattern[str], text: str, required: bool) -> bool:
    return pattern.fullmatch(text) is not None if text else not required


def api_call(pending: PendingDelivery, client: str, operation: str, params: Mapping[str, Any]) -> AwsRequest:
    """Return a request in the account and Region of the target's ARN; those of the rule where the ARN names none."""
    arn = pending.arn
    return AwsRequest(client, operation, params, arn.account or pending.account, arn.region or pending.region)


def last_name(arn: Arn) -> str:
    """Return the bare name at the end of a resource such as ``project/site`` or ``cluster:sales``."""
    return re.split("[/:]", arn.resource)[-1]


# Payloads that other services read as parameters: taken apart, and cut down to what the operation's model knows.
#
# EventBridge maps the members it knows and ignores the others (captured for the overrides of ECS tasks, facts 6.9); a
# member of the wrong type makes the request impossible.


def transformed_object(pending: PendingDelivery) -> dict[str, Any]:
    """Return the object that a target's input made, empty when the target takes the event as it is.

    Raises:
        AttemptFailed: the input made something that is no object.
    """
    return {} if pending.transformed is None else object_of(pending.transformed)


def object_of(text: str) -> dict[str, Any]:
    """Return a text that must be a JSON object, parsed. Raises AttemptFailed when it is not one."""
    try:
        value = decoded(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AttemptFailed("INVALID_PARAMETER", "The input of this target must be a JSON object.")
    return value


def fitted(client: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of an operation less members that its model does not know, at any depth, and less nulls.

    Args:
        client, operation: as boto3 and the API spell them, such as ``ecs`` and ``RunTask``.

    Raises:
        AttemptFailed: what is left has a wrong type, or too little is left.
    """
    shape = _input_shape(client, operation)
    kept: dict[str, Any] = _known(shape, params)
    report = ParamValidator().validate(kept, shape)
    if report.has_errors():
        raise AttemptFailed("INVALID_PARAMETER", f"Invalid parameters for {operation}: {report.generate_report()}")
    return kept


@lru_cache(maxsize=64)
def _input_shape(client: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(client).operation_model(operation).input_shape


def _known(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            name: _known(members[name], inner) for name, inner in value.items() if name in members and inner is not None
        }
    if shape.type_name == "list" and isinstance(value, list | tuple):
        return [_known(shape.member, inner) for inner in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _known(shape.value, inner) for key, inner in value.items()}
    return value


def lower_first(value: Any) -> Any:
    """Return ``{"TaskCount": [{"Name": 1}]}`` as ``{"taskCount": [{"name": 1}]}``: AWS has both spellings."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: lower_first(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [lower_first(inner) for inner in value]
    return value


def bytes_of(text: str) -> bytes:
    """Return a payload as bytes. Half a surrogate pair cannot be sent; AWS's runtime writes ``?`` for it."""
    return text.encode("utf-8", "replace")
