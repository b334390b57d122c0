"""CloudWatch Logs groups: one log event for each event, in a stream that EventBridge makes and names by a UUID.

Captured: the message is the envelope and the timestamp the event's time in whole seconds; with a transformer the
result is an object of ``timestamp`` and ``message``, and the message's text alone is logged.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, RulePlace, api_call
from eventbridge_local.targets.kinds.shaping import object_of
from eventbridge_local.transforms import is_object_template

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _put_log_events(handover: Handover) -> AwsRequest:
    group = handover.arn.resource.removeprefix("log-group:").removesuffix(":*")
    params = {"logGroupName": group, "logStreamName": handover.new_id(), "logEvents": [_log_event(handover)]}
    return api_call(handover, "logs", "PutLogEvents", params)


def _log_event(handover: Handover) -> dict[str, Any]:
    if handover.transformed is None:
        return {"timestamp": _timestamp(handover.event.time_text), "message": handover.event.text}
    wanted = object_of(handover.transformed)
    message = wanted.get("message")
    if not isinstance(message, str):
        raise AttemptFailed("INVALID_PARAMETER", "The message for a log group must be a JSON string.")
    return {"timestamp": _timestamp(wanted.get("timestamp")), "message": message}


def _timestamp(value: Any) -> int:
    """Milliseconds since 1970 of an ISO 8601 text, or of a number that is these milliseconds already."""
    try:
        milliseconds = _milliseconds(value) if isinstance(value, str) else value
    except ValueError:
        milliseconds = None
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool) or milliseconds < 0:
        raise AttemptFailed("INVALID_PARAMETER", "The timestamp for a log group must be a time since 1970.")
    return milliseconds


def _milliseconds(text: str) -> int:
    instant = datetime.fromisoformat(text)
    since = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - _EPOCH
    return since // timedelta(milliseconds=1)


def _object_template(target: Mapping[str, Any], at: RulePlace) -> None:
    transformer = target.get("InputTransformer")
    if transformer is not None and not is_object_template(transformer["InputTemplate"]):
        raise validation_error(
            f"Input for target {target['Id']} is not a valid JSON text.",
            hint='A log group takes a template of the form {"timestamp": <time>, "message": "..."}.',
        )


LOG_GROUP = Kind(
    name="CloudWatch Logs group",
    service="logs",
    resource=r"log-group:[^:]+(:\*)?",
    client="logs",
    request=_put_log_events,
    role="forbidden",
    inputs=frozenset({"InputTransformer"}),
    input_refusal=(
        "Input and InputPath are not valid forms of input for target {id}. "
        "The only valid form of input is InputTransformer."
    ),
    checks=(_object_template,),
)
