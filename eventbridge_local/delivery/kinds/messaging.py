"""Targets that take the event as a message or a record: queues, topics, streams, log groups, and other event buses."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from eventbridge_local import transforms
from eventbridge_local.delivery.kinds.base import (
    Parameters,
    RuleScope,
    TargetKind,
    api_call,
    bytes_of,
    last_name,
    object_of,
)
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, PendingDelivery
from eventbridge_local.errors import validation_error
from eventbridge_local.model.arn import parse_arn, queue_url

# SQS queues: the payload is the body, without message attributes (recorded, facts 6.7).
#
# The trace header arrives as the system attribute AWSTraceHeader (facts 5.5). A FIFO queue must deduplicate by content,
# since EventBridge sends no deduplication id (API reference, SqsParameters); a standard queue that is given a message
# group is a fair queue.


def _message(pending: PendingDelivery, refusal: str) -> str:
    """Return the payload.

    Raises:
        AttemptFailed: it is empty. AWS delivers nothing then (captured for SQS), whatever a stand-in would take.
    """
    if not pending.payload:
        raise AttemptFailed("INVALID_PARAMETER", refusal)
    return pending.payload


def _send_message(pending: PendingDelivery) -> AwsRequest:
    body = _message(pending, "The request must contain the parameter MessageBody.")
    params: dict[str, Any] = {"QueueUrl": queue_url(pending.arn), "MessageBody": body}
    group = pending.params.get("SqsParameters", {}).get("MessageGroupId")
    if group is not None:
        params["MessageGroupId"] = transforms.resolve_dynamic(group, pending.event.envelope)
    if pending.event.trace_header is not None:
        header = {"StringValue": pending.event.trace_header, "DataType": "String"}
        params["MessageSystemAttributes"] = {"AWSTraceHeader": header}
    return api_call(pending, "sqs", "SendMessage", params)


QUEUE = TargetKind(
    name="SQS queue",
    service="sqs",
    resource=r"[^:/]+",
    client="sqs",
    request=_send_message,
    role="optional",
    parameters=Parameters("SqsParameters"),
    other_accounts=True,
)

FIFO_QUEUE = TargetKind(
    name="SQS FIFO queue",
    service="sqs",
    resource=r"[^:/]+\.fifo",
    client="sqs",
    request=_send_message,
    role="optional",
    parameters=Parameters("SqsParameters", required=True, needs=("MessageGroupId",)),
    other_accounts=True,
)


# SNS topics: the payload is the message, without a subject (recorded, facts 6.7).


def _publish(pending: PendingDelivery) -> AwsRequest:
    # Half a surrogate pair fits in JSON but not in the form that SNS takes; AWS's runtime writes ``?`` for it.
    message = bytes_of(_message(pending, "Invalid parameter: Empty message")).decode()
    return api_call(pending, "sns", "Publish", {"TopicArn": pending.target.arn, "Message": message})


#: PutTargets takes a FIFO topic. EventBridge cannot publish to it, as no target has a message group for a topic (User
#: Guide eb-targets).
FIFO_TOPIC = TargetKind(
    name="SNS FIFO topic",
    service="sns",
    resource=r"[^:/]+\.fifo",
    client="sns",
    role="optional",
    other_accounts=True,
    unsupported="EventBridge does not support SNS FIFO topics as targets",
)

TOPIC = TargetKind(
    name="SNS topic",
    service="sns",
    resource=r"[^:/]+",
    client="sns",
    request=_publish,
    role="optional",
    other_accounts=True,
)


# Kinesis data streams and Firehose streams: the payload is the record's data (recorded, facts 6.7).


_LONGEST_PARTITION_KEY = 256


def _put_record(pending: PendingDelivery) -> AwsRequest:
    params = {
        "StreamName": last_name(pending.arn),
        "Data": bytes_of(pending.payload),
        "PartitionKey": _partition_key(pending),
    }
    return api_call(pending, "kinesis", "PutRecord", params)


def _partition_key(pending: PendingDelivery) -> str:
    """Return the JSON text at PartitionKeyPath in the original event, else ``<event id>_<uuid>`` (facts 6.8).

    Raises:
        AttemptFailed: the text is longer than a partition key may be (API reference of Kinesis, PutRecord).
    """
    path = pending.params.get("KinesisParameters", {}).get("PartitionKeyPath")
    if not path:
        return f"{pending.event.id}_{pending.new_id()}"
    key = transforms.select_text(transforms.parse_path(path), pending.event.envelope)
    if len(key) > _LONGEST_PARTITION_KEY:
        raise AttemptFailed(
            "INVALID_PARAMETER",
            f"A partition key has at most {_LONGEST_PARTITION_KEY} characters, this has {len(key)}.",
        )
    return key


def _partition_key_path(target: Mapping[str, Any], at: RuleScope) -> None:
    path = target.get("KinesisParameters", {}).get("PartitionKeyPath")
    try:
        transforms.parse_path(path or "$")
    except transforms.InvalidPath as invalid:
        raise validation_error(
            f"Parameter(s) PartitionKeyPath not valid for target: {target['Id']}.", hint=str(invalid)
        ) from None


def _put_firehose_record(pending: PendingDelivery) -> AwsRequest:
    params = {"DeliveryStreamName": last_name(pending.arn), "Record": {"Data": bytes_of(pending.payload)}}
    # Whatever Region its ARN names, the stream is looked for in the rule's (facts 6.8).
    return AwsRequest("firehose", "PutRecord", params, pending.arn.account, pending.region)


KINESIS_STREAM = TargetKind(
    name="Kinesis data stream",
    service="kinesis",
    resource=r"stream/[^:/]+",
    client="kinesis",
    request=_put_record,
    parameters=Parameters("KinesisParameters"),
    other_accounts=True,
    checks=(_partition_key_path,),
)

FIREHOSE_STREAM = TargetKind(
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


def _put_log_events(pending: PendingDelivery) -> AwsRequest:
    group = pending.arn.resource.removeprefix("log-group:").removesuffix(":*")
    params = {"logGroupName": group, "logStreamName": pending.new_id(), "logEvents": [_log_event(pending)]}
    return api_call(pending, "logs", "PutLogEvents", params)


def _log_event(pending: PendingDelivery) -> dict[str, Any]:
    if pending.transformed is None:
        return {"timestamp": _timestamp(pending.event.time_text), "message": pending.event.text}
    wanted = object_of(pending.transformed)
    message = wanted.get("message")
    if not isinstance(message, str) or not message:
        raise AttemptFailed("INVALID_PARAMETER", "The message for a log group must be a JSON string that is not empty.")
    return {"timestamp": _timestamp(wanted.get("timestamp")), "message": message}


def _timestamp(value: Any) -> int:
    """Return the milliseconds since 1970 of an ISO 8601 text, or of a number that is these milliseconds already."""
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


def _object_template(target: Mapping[str, Any], at: RuleScope) -> None:
    transformer = target.get("InputTransformer")
    if transformer is not None and not transforms.is_object_template(transformer["InputTemplate"]):
        raise validation_error(
            f"Input for target {target['Id']} is not a valid JSON text.",
            hint='The template for a log group has the form {"timestamp": <time>, "message": "..."}.',
        )


LOG_GROUP = TargetKind(
    name="CloudWatch Logs group",
    service="logs",
    resource=r"log-group:[^:]+(:\*)?",
    client="logs",
    request=_put_log_events,
    admission="input",
    role="forbidden",
    inputs=frozenset({"InputTransformer"}),
    input_refusal=(
        "Input and InputPath are not valid forms of input for target {id}. "
        "The only valid form of input is InputTransformer."
    ),
    checks=(_object_template,),
)


# Other event buses, and the archive behind a managed rule: both get the event itself, not a request.


def _another_bus(target: Mapping[str, Any], at: RuleScope) -> None:
    arn = parse_arn(target["Arn"])
    if arn is not None and (arn.account, arn.region, arn.resource) == (at.account, at.region, f"event-bus/{at.bus}"):
        raise validation_error("Source EventBus and Target EventBus must not be the same.")  # captured


def _no_retry_policy(target: Mapping[str, Any], at: RuleScope) -> None:
    if "RetryPolicy" in target:
        raise validation_error("Retry policy is not supported for Event bus targets.")  # captured


EVENT_BUS = TargetKind(
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
ARCHIVE = TargetKind(name="archive", service="events", resource=r":", way="archive", role="optional", scope=("region",))
