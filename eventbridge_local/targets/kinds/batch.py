"""Batch job queues: SubmitJob with the settings of BatchParameters, and three members of the payload.

``ContainerOverrides``, ``DependsOn`` and ``Parameters`` are taken over, the first two in part (User Guide eb-targets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, RulePlace, api_call
from eventbridge_local.targets.kinds.shaping import fitted, lower_first, object_of

_OVERRIDES = ("command", "environment", "memory", "vcpus")
_BOUNDS = (("ArrayProperties", "Size", 2, 10_000), ("RetryStrategy", "Attempts", 1, 10))


def _submit_job(handover: Handover) -> AwsRequest:
    params = lower_first(handover.params["BatchParameters"]) | {"jobQueue": handover.target.arn}
    return api_call(handover, "batch", "SubmitJob", fitted("batch", "SubmitJob", params | _taken_over(handover)))


def _taken_over(handover: Handover) -> dict[str, Any]:
    payload = _payload(handover)
    taken: dict[str, Any] = {}
    if "Parameters" in payload:
        taken["parameters"] = payload["Parameters"]
    if "ContainerOverrides" in payload:
        taken["containerOverrides"] = _only(payload["ContainerOverrides"], _OVERRIDES)
    if "DependsOn" in payload:
        jobs = payload["DependsOn"]
        taken["dependsOn"] = [_only(job, ("jobId",)) for job in jobs] if isinstance(jobs, list) else jobs
    return taken


def _payload(handover: Handover) -> Mapping[str, Any]:
    """The payload, empty when it is no object: such a one has none of the members looked for."""
    if handover.transformed is None:
        return {}
    try:
        return object_of(handover.transformed)
    except AttemptFailed:
        return {}


def _only(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: inner for name, inner in lower_first(value).items() if name in names}


def _bounds(target: Mapping[str, Any], at: RulePlace) -> None:
    """Measured, September 2026."""
    for member, part, least, most in _BOUNDS:
        number = target["BatchParameters"].get(member, {}).get(part)
        if number is not None and not least <= number <= most:
            raise validation_error(
                f"Parameter {member} is not valid. Reason: {part} must be in between {least} and {most}."
            )


JOB_QUEUE = Kind(
    name="Batch job queue",
    service="batch",
    resource=r"job-queue/[^:/]+",
    client="batch",
    request=_submit_job,
    parameters=Parameters("BatchParameters", required=True),
    checks=(_bounds,),
)
