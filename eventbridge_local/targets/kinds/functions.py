"""Lambda functions: invoked asynchronously with the event as payload (recorded)."""

from __future__ import annotations

from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, api_call
from eventbridge_local.targets.kinds.shaping import bytes_of


def _invoke(handover: Handover) -> AwsRequest:
    # The trace header goes to a function as an HTTP header, which no member of Invoke stands for.
    qualifier = handover.arn.resource.removeprefix("function:").partition(":")[2]
    arn = handover.target.arn.removesuffix(f":{qualifier}") if qualifier else handover.target.arn
    params = {"FunctionName": arn, "InvocationType": "Event", "Payload": bytes_of(handover.payload)}
    return api_call(handover, "lambda", "Invoke", {**params, "Qualifier": qualifier} if qualifier else params)


FUNCTION = Kind(
    name="Lambda function",
    service="lambda",
    resource=r"function:[^:]+(:[^:]+)?",
    client="lambda",
    request=_invoke,
    role="optional",
    other_accounts=True,
)
