"""SNS topics: the payload is the message, without a subject (recorded)."""

from __future__ import annotations

from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, api_call


def _publish(handover: Handover) -> AwsRequest:
    if handover.arn.resource.endswith(".fifo"):
        # A target has no message group for a topic; the User Guide (eb-targets) leaves FIFO topics out.
        raise AttemptFailed(
            "INVALID_PARAMETER", "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
        )
    return api_call(handover, "sns", "Publish", {"TopicArn": handover.target.arn, "Message": handover.payload})


TOPIC = Kind(
    name="SNS topic",
    service="sns",
    resource=r"[^:/]+",
    client="sns",
    request=_publish,
    role="optional",
    other_accounts=True,
)
