"""Kinesis data streams and Firehose streams: the payload is the record's data (recorded)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, RulePlace, api_call, last_name
from eventbridge_local.targets.kinds.shaping import bytes_of
from eventbridge_local.transforms import InvalidPath, parse_path, select_text


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
