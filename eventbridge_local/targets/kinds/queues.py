"""SQS queues: the payload is the body, without message attributes (recorded).

The trace header arrives as the system attribute AWSTraceHeader (captured). A FIFO queue must deduplicate by content,
since EventBridge sends no deduplication id (API reference, SqsParameters); a standard queue that is given a message
group is a fair queue.
"""

from __future__ import annotations

from typing import Any

from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, api_call
from eventbridge_local.transforms import resolve_dynamic

_HOST = {"aws-cn": "amazonaws.com.cn"}


def _send_message(handover: Handover) -> AwsRequest:
    arn = handover.arn
    host = f"sqs.{arn.region}.{_HOST.get(arn.partition, 'amazonaws.com')}"
    params: dict[str, Any] = {
        "QueueUrl": f"https://{host}/{arn.account}/{arn.resource}",
        "MessageBody": handover.payload,
    }
    group = handover.params.get("SqsParameters", {}).get("MessageGroupId")
    if group is not None:
        params["MessageGroupId"] = resolve_dynamic(group, handover.event.envelope)
    if handover.event.trace_header is not None:
        header = {"StringValue": handover.event.trace_header, "DataType": "String"}
        params["MessageSystemAttributes"] = {"AWSTraceHeader": header}
    return api_call(handover, "sqs", "SendMessage", params)


QUEUE = Kind(
    name="SQS queue",
    service="sqs",
    resource=r"[^:/]+",
    client="sqs",
    request=_send_message,
    role="optional",
    parameters=Parameters("SqsParameters"),
    other_accounts=True,
)

FIFO_QUEUE = Kind(
    name="SQS FIFO queue",
    service="sqs",
    resource=r"[^:/]+\.fifo",
    client="sqs",
    request=_send_message,
    role="optional",
    parameters=Parameters("SqsParameters", required=True, needs=("MessageGroupId",)),
    other_accounts=True,
)
