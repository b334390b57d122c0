"""SQS queues: the payload is the body, without message attributes (recorded).

The trace header arrives as the system attribute AWSTraceHeader (captured). A FIFO queue must deduplicate by content,
since EventBridge sends no deduplication id (API reference, SqsParameters); a standard queue that is given a message
group is a fair queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from eventbridge_local.delivery.kinds.base import Kind, Parameters, RulePlace, api_call, bytes_of, last_name, object_of
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, Handover
from eventbridge_local.errors import validation_error
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.transforms import InvalidPath, is_object_template, parse_path, resolve_dynamic, select_text

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


# SNS topics: the payload is the message, without a subject (recorded).


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


# Kinesis data streams and Firehose streams: the payload is the record's data (recorded).


def _put_record(handover: Handover) -> AwsRequest:
    params = {
        "StreamName": last_name(handover.arn),
        "Data": bytes_of(handover.payload),
        "PartitionKey": _partition_key(handover),
    }
    return api_call(handover, "kinesis", "PutRecord", params)


def _partition_key(handover: Handover) -> str:
    """The JSON text at PartitionKeyPath in the original event, else ``<event id>_<uuid>`` (captured)."""
    path = handover.params.get("KinesisParameters", {}).get("PartitionKeyPath")
    if path:
        return select_text(parse_path(path), handover.event.envelope)
    return f"{handover.event.id}_{handover.new_id()}"


def _partition_key_path(target: Mapping[str, Any], at: RulePlace) -> None:
    path = target.get("KinesisParameters", {}).get("PartitionKeyPath")
    try:
        parse_path(path or "$")
    except InvalidPath as invalid:
        raise validation_error(
            f"Parameter(s) PartitionKeyPath not valid for target: {target['Id']}.", hint=str(invalid)
        ) from None


def _put_firehose_record(handover: Handover) -> AwsRequest:
    params = {"DeliveryStreamName": last_name(handover.arn), "Record": {"Data": bytes_of(handover.payload)}}
    # Whatever Region its ARN names, the stream is looked for in the rule's (captured).
    return AwsRequest("firehose", "PutRecord", params, handover.arn.account, handover.region)


KINESIS_STREAM = Kind(
    name="Kinesis data stream",
    service="kinesis",
    resource=r"stream/[^:/]+",
    client="kinesis",
    request=_put_record,
    parameters=Parameters("KinesisParameters"),
    other_accounts=True,
    checks=(_partition_key_path,),
)

FIREHOSE_STREAM = Kind(
    name="Firehose stream",
    service="firehose",
    resource=r"deliverystream/[^:/]+",
    client="firehose",
    request=_put_firehose_record,
)


# CloudWatch Logs groups: one log event for each event, in a stream that EventBridge makes and names by a UUID.
#
# Captured: the message is the envelope and the timestamp the event's time in whole seconds; with a transformer the
# result is an object of ``timestamp`` and ``message``, and the message's text alone is logged.


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


# Other event buses, and the archive behind a managed rule: both get the event itself, not a request.


def _another_bus(target: Mapping[str, Any], at: RulePlace) -> None:
    arn = parse_arn(target["Arn"])
    if arn is not None and (arn.account, arn.region, arn.resource) == (at.account, at.region, f"event-bus/{at.bus}"):
        raise validation_error("Source EventBus and Target EventBus must not be the same.")  # captured


def _no_retry_policy(target: Mapping[str, Any], at: RulePlace) -> None:
    if "RetryPolicy" in target:  # refused (captured), in words that nobody recorded
        raise validation_error(f"Parameter(s) RetryPolicy not supported for target: {target['Id']}.")


EVENT_BUS = Kind(
    name="event bus",
    service="events",
    resource=r"event-bus/.+",
    way="bus",
    inputs=frozenset(),
    input_refusal="Modifying the input for target {id} is not supported.",
    other_accounts=True,
    checks=(_another_bus, _no_retry_policy),
)

#: ``arn:aws:events:us-east-1:::``, the target of the rule that AWS makes for an archive.
ARCHIVE = Kind(name="archive", service="events", resource=r":", way="archive", role="optional", scope=("region",))
