"""What a kind of target is: how its ARN looks, what PutTargets asks of it, and the request an event becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from eventbridge_local.core.arn import Arn
from eventbridge_local.targets.handover import AwsRequest, Handover

Role = Literal["required", "optional", "forbidden"]

#: Who takes the event: an AWS service through ``request``, an HTTP endpoint, another bus, or an archive.
Way = Literal["api", "http", "bus", "archive"]

INPUTS = frozenset({"Input", "InputPath", "InputTransformer"})

_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-[0-9]+")
_ACCOUNT = re.compile(r"[0-9]{12}")


class RulePlace(NamedTuple):
    """Where a rule is: account and Region of its bus, the bus's name, and the account that calls."""

    account: str
    region: str
    bus: str
    caller: str


#: Refuses a target with a ServiceError; it gets the target as boto3 sends it and the place of the rule.
Check = Callable[[Mapping[str, Any], RulePlace], None]


@dataclass(frozen=True, slots=True)
class Parameters:
    """The ``...Parameters`` member that belongs to a kind.

    Attributes:
        member: its name, such as ``EcsParameters``.
        required: whether PutTargets refuses a target without it.
        needs: members of it that must be there beyond those the API model requires.
        defaults: what ListTargetsByRule shows of members that were left out.
    """

    member: str
    required: bool = False
    needs: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of target.

    Attributes:
        name: in words.
        service: the service as ARNs spell it.
        resource: a regular expression for the whole last part of the ARN.
        client: the service that ``request`` calls, as boto3 spells it; None where there is no request.
        request: the request an event becomes. Raises AttemptFailed when the event makes no valid one.
        way: who takes the event.
        role: what PutTargets says about RoleArn.
        parameters: the member that belongs to it.
        inputs: which of Input, InputPath and InputTransformer it takes.
        input_refusal: AWS's words for the others, with ``{id}`` for the target's id.
        other_accounts: whether it may be in an account other than the rule's (User Guide eb-service-cross-account).
        place: which of the ARN's Region and account must be filled.
        checks: rules of PutTargets for this kind alone.
    """

    name: str
    service: str
    resource: str
    client: str | None = None
    request: Callable[[Handover], AwsRequest] | None = None
    way: Way = "api"
    role: Role = "required"
    parameters: Parameters | None = None
    inputs: frozenset[str] = INPUTS
    input_refusal: str = ""
    other_accounts: bool = False
    place: tuple[Literal["region", "account"], ...] = ("region", "account")
    checks: tuple[Check, ...] = ()

    def recognises(self, arn: Arn) -> bool:
        """Whether an ARN of this kind's service is one of this kind."""
        return (
            re.fullmatch(self.resource, arn.resource) is not None
            and _fits(_REGION, arn.region, "region" in self.place)
            and _fits(_ACCOUNT, arn.account, "account" in self.place)
        )


def _fits(pattern: re.Pattern[str], text: str, required: bool) -> bool:
    return pattern.fullmatch(text) is not None if text else not required


def api_call(handover: Handover, client: str, operation: str, params: Mapping[str, Any]) -> AwsRequest:
    """A request in the account and Region of the target's ARN; the rule's where the ARN names none."""
    arn = handover.arn
    return AwsRequest(client, operation, params, arn.account or handover.account, arn.region or handover.region)


def last_name(arn: Arn) -> str:
    """The bare name at the end of a resource such as ``project/site`` or ``cluster:sales``."""
    return re.split("[/:]", arn.resource)[-1]
