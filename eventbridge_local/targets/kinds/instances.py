"""The built-in EC2 actions ``arn:aws:events:...:target/...``: the input is the id of a volume or an instance.

The console makes such targets, and templates written from it hold them (API reference PutTargets).
"""

from __future__ import annotations

import json
from typing import Any

from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, api_call

_OPERATIONS = {
    "create-snapshot": "CreateSnapshot",
    "reboot-instance": "RebootInstances",
    "stop-instance": "StopInstances",
    "terminate-instance": "TerminateInstances",
}


def _act(handover: Handover) -> AwsRequest:
    operation = _OPERATIONS[handover.arn.resource.removeprefix("target/")]
    name = _id(handover.payload)
    params: dict[str, Any] = {"VolumeId": name} if operation == "CreateSnapshot" else {"InstanceIds": [name]}
    return api_call(handover, "ec2", operation, params)


def _id(payload: str) -> str:
    try:
        value = json.loads(payload)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise AttemptFailed("INVALID_PARAMETER", "The input of this target must be the id of a volume or an instance.")
    return value


EC2_ACTION = Kind(
    name="EC2 action",
    service="events",
    resource=f"target/({'|'.join(_OPERATIONS)})",
    client="ec2",
    request=_act,
)
