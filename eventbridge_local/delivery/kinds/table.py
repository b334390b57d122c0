"""All kinds of targets, and the way from an ARN to its kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from eventbridge_local import transforms
from eventbridge_local.delivery.kinds import compute, messaging, orchestration, web
from eventbridge_local.delivery.kinds.base import RuleScope, TargetKind, Way
from eventbridge_local.delivery.pending import AwsRequest, HttpRequest, PendingDelivery
from eventbridge_local.errors import ServiceError, queue_of_another_region, validation_error, wrong_arn
from eventbridge_local.model import records
from eventbridge_local.model.arn import Arn, is_role_arn, parse_arn

#: The first that recognises an ARN is its kind.
KINDS: tuple[TargetKind, ...] = (
    compute.FUNCTION,
    messaging.FIFO_QUEUE,
    messaging.QUEUE,
    messaging.FIFO_TOPIC,
    messaging.TOPIC,
    messaging.LOG_GROUP,
    messaging.KINESIS_STREAM,
    messaging.FIREHOSE_STREAM,
    orchestration.STATE_MACHINE,
    messaging.EVENT_BUS,
    web.API_DESTINATION,
    web.API_GATEWAY,
    web.GRAPHQL_API,
    compute.TASK,
    compute.JOB_QUEUE,
    compute.BUILD_PROJECT,
    compute.PIPELINE,
    orchestration.SAGEMAKER_PIPELINE,
    orchestration.GLUE_WORKFLOW,
    orchestration.IMAGE_PIPELINE,
    orchestration.ASSESSMENT_TEMPLATE,
    orchestration.CLUSTER,
    orchestration.WORKGROUP,
    orchestration.COMMAND_DOCUMENT,
    orchestration.AUTOMATION,
    orchestration.OPS_ITEM,
    orchestration.RESPONSE_PLAN,
    compute.EC2_ACTION,
    messaging.ARCHIVE,
)

_NO_ARN = Arn("", "", "", "", "")

SERVICES = frozenset(kind.service for kind in KINDS)


@lru_cache(maxsize=8192)
def kind_of(arn: str) -> TargetKind | None:
    """Return the kind of target that an ARN names, None when EventBridge has no such target."""
    parsed = parse_arn(arn)
    if parsed is None:
        return None
    return next((kind for kind in KINDS if kind.service == parsed.service and kind.recognises(parsed)), None)


class Destination(NamedTuple):
    """What depends on a target alone, decided once for all its events.

    Attributes:
        way: who takes the event; an ARN of no kind can only be recorded.
        arn: its ARN in its parts.
        client: the service that is called, as boto3 spells it; None where no service is.
        write: writes the request that an event becomes; None where there is none.
        written: whether the request of each event must be written to know whether it is valid; any is where False.
        unsupported: why EventBridge delivers nothing to it, "" where it does.
        takes_all: whether nothing but an arranged failure can be wrong before the event is sent.
    """

    way: Way
    arn: Arn
    client: str | None
    write: Callable[[PendingDelivery], AwsRequest | HttpRequest] | None
    written: bool
    unsupported: str
    takes_all: bool


@lru_cache(maxsize=8192)
def destination_of(target: records.Target) -> Destination:
    """Return what depends on a target alone."""
    kind, arn = kind_of(target.arn), parse_arn(target.arn) or _NO_ARN
    if kind is None:
        return Destination("api", arn, None, None, False, "", True)
    written = kind.request is not None and (
        kind.admission == "every"
        or (kind.admission == "input" and target.input is not None)
        # What lies at a path in the event is looked up while the request is written, and that may fail.
        or (kind.parameters is not None and _has_paths(target.params.get(kind.parameters.member)))
    )
    takes_all = kind.way == "api" and not written and not kind.unsupported
    return Destination(kind.way, arn, kind.client, kind.request, written, kind.unsupported, takes_all)


def _has_paths(value: Any) -> bool:
    """Return whether parameters take something from the event, such as ``"$.detail.id"``."""
    if isinstance(value, Mapping):
        return any(map(_has_paths, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_paths, value))
    return isinstance(value, str) and value.startswith("$")


# What PutTargets refuses about a target, in AWS's words; nothing is looked up.
#
# Strategy: a table of rules, each of which looks at one thing; what differs between kinds stands in the kinds. Nobody
# recorded which of two mistakes AWS names first. The order of ``_RULES`` is ours, from the ARN to the details.


Target = Mapping[str, Any]

_INPUTS = ("Input", "InputPath", "InputTransformer")

#: Every member that belongs to some kind, less SqsParameters, which any target may carry (measured).
_PARAMETERS = tuple(
    sorted({kind.parameters.member for kind in KINDS if kind.parameters is not None} - {"SqsParameters"})
)


def check_target(target: Target, at: RuleScope) -> None:
    """Refuse a target that PutTargets would refuse.

    Args:
        target: a target as boto3 sends it, its shape already checked.
        at: where its rule is, and who calls.

    Raises:
        ServiceError: in AWS's words, or as near to them as anybody recorded.
    """
    kind = _kind(target["Arn"])
    for rule in _RULES:
        rule(target, kind, at)


def stored(target: Target) -> Target:
    """Return a target as ListTargetsByRule shows it: with the defaults of its parameters (facts 4.1)."""
    kind = kind_of(target["Arn"])
    own = None if kind is None else kind.parameters
    if own is None or not own.defaults or own.member not in target:
        return target
    return {**target, own.member: own.filled(target[own.member])}


def _kind(text: str) -> TargetKind:
    kind = kind_of(text)
    if kind is not None and kind.way == "archive":  # only AWS itself puts these
        raise validation_error(
            f"Parameter {text} is not valid. Reason: Service as target config for ARN: {text} not found."
            " The API call hasn't been recognized as managed rules call"  # captured
        )
    if kind is not None:
        return kind
    arn = parse_arn(text)
    if arn is not None and arn.service not in SERVICES:
        raise validation_error(f"{arn.service} is not a supported service for a target.")
    raise wrong_arn(text)


def _call_from_another_account(target: Target, kind: TargetKind, at: RuleScope) -> None:
    if at.caller != at.account and kind.way != "bus":
        raise validation_error("Only EventBus targets are allowed on cross-account PutTargets calls.")


def _account(target: Target, kind: TargetKind, at: RuleScope) -> None:
    """Only some kinds may be in another account (User Guide eb-service-cross-account, facts 4.3)."""
    arn = parse_arn(target["Arn"])
    if arn is not None and arn.account not in ("", at.account) and not kind.other_accounts and "account" in kind.scope:
        raise ServiceError(
            "AccessDeniedException",
            f"Access to the resource {target['Arn']} is denied. Reason: Adding cross-account target is not permitted.",
        )


def _role(target: Target, kind: TargetKind, at: RuleScope) -> None:
    role = target.get("RoleArn")
    if role is None and kind.role == "required":
        raise validation_error(f"RoleArn is required for target {target['Arn']}.")
    if role is not None and kind.role == "forbidden":
        raise validation_error(f"RoleArn is not supported for target {target['Arn']}.")
    if role is not None and not is_role_arn(role):
        raise wrong_arn(role)


def _parameters_of_other_kinds(target: Target, kind: TargetKind, at: RuleScope) -> None:
    own = None if kind.parameters is None else kind.parameters.member
    others = [member for member in _PARAMETERS if member in target and member != own]
    if others:
        raise validation_error(f"Parameter(s) {', '.join(others)} not supported for target: {target['Id']}.")


def _own_parameters(target: Target, kind: TargetKind, at: RuleScope) -> None:
    own = kind.parameters
    if own is None or not own.required:
        return
    given = target.get(own.member)
    if given is None and own.missing:
        raise validation_error(own.missing.format(id=target["Id"]))
    if given is None or any(name not in given for name in own.needs):
        raise validation_error(f"Parameter(s) {own.member} must be specified for target: {target['Id']}.")


def _inputs(target: Target, kind: TargetKind, at: RuleScope) -> None:
    if any(member in target and member not in kind.inputs for member in _INPUTS):
        raise validation_error(kind.input_refusal.format(id=target["Id"]))


def _input_texts(target: Target, kind: TargetKind, at: RuleScope) -> None:
    transforms.check_target_input(target)


def _own_checks(target: Target, kind: TargetKind, at: RuleScope) -> None:
    for check in kind.checks:
        check(target, at)


def _dead_letters(target: Target, kind: TargetKind, at: RuleScope) -> None:
    """A standard queue in the rule's Region (measured; the words for another Region are captured for buses)."""
    text = target.get("DeadLetterConfig", {}).get("Arn")
    if text is None:
        return
    arn = parse_arn(text)
    if arn is None:
        raise wrong_arn(text)
    if arn.service != "sqs":
        raise validation_error(f"{arn.service} is not supported as a dead letter resource")
    queue = kind_of(text)
    if queue is None:
        raise wrong_arn(text)
    if arn.resource.endswith(".fifo"):
        raise validation_error("SQS FIFO is not supported by Dead Letter Queues")
    if arn.region != at.region:
        raise queue_of_another_region(text)


_RULES: tuple[Callable[[Target, TargetKind, RuleScope], None], ...] = (
    _call_from_another_account,
    _role,
    _account,
    _parameters_of_other_kinds,
    _own_parameters,
    _inputs,
    _input_texts,
    _own_checks,
    _dead_letters,
)
