"""Targets that really exist: moto's, made and read back with boto3, and callables where moto has nothing to read."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import boto3

from eventbridge_local import EventBridge

Message = str | dict[str, Any]


@functools.cache
def client(service: str, region: str, account: str) -> Any:
    """A client that outlives the mocks; moto keeps accounts apart by a header of the request."""
    made = boto3.client(service, region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")

    def name_the_account(params: dict[str, Any], **_: Any) -> None:
        params["headers"]["x-moto-account-id"] = account

    made.meta.events.register("before-call", name_the_account)
    return made


class Targets:
    """What a scenario made to send events to, by ARN."""

    def __init__(self, eb: EventBridge) -> None:
        self._eb = eb
        self._read: dict[str, Callable[[], list[Message]]] = {}
        self._drop: dict[str, Callable[[], object]] = {}

    def make(self, kind: str, name: str, region: str, account: str) -> str:
        """Make a target; NotImplementedError for a kind that is not known here."""
        maker = _MAKERS.get(kind)
        if maker is None:
            raise NotImplementedError(f"no {kind} here")
        return maker(self, name, region, account)

    def destroy(self, arn: str) -> None:
        """Take away what is behind an ARN."""
        self._drop[arn]()

    def received(self, arn: str) -> list[Message]:
        """All messages so far, oldest first."""
        return self._read[arn]()

    def knows(self, arn: str) -> bool:
        return arn in self._read

    def _queue(self, name: str, region: str, account: str, **attributes: str) -> str:
        sqs = client("sqs", region, account)
        url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        seen: list[Message] = []
        self._read[arn] = lambda: _drained(sqs, url, seen)
        self._drop[arn] = lambda: sqs.delete_queue(QueueUrl=url)
        return arn

    def _fifo_queue(self, name: str, region: str, account: str) -> str:
        attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
        return self._queue(name if name.endswith(".fifo") else f"{name}.fifo", region, account, **attributes)

    def _topic(self, name: str, region: str, account: str) -> str:
        sns = client("sns", region, account)
        arn: str = sns.create_topic(Name=name)["TopicArn"]
        queue = self._queue(f"{name}-subscriber", region, account)
        sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue)
        self._read[arn] = lambda: [json.loads(_body(each))["Message"] for each in self.received(queue)]
        self._drop[arn] = lambda: sns.delete_topic(TopicArn=arn)
        return arn

    def _stream(self, name: str, region: str, account: str) -> str:
        kinesis = client("kinesis", region, account)
        kinesis.create_stream(StreamName=name, ShardCount=1)
        arn: str = kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
        self._read[arn] = lambda: _records(kinesis, name)
        self._drop[arn] = lambda: kinesis.delete_stream(StreamName=name)
        return arn

    def _firehose(self, name: str, region: str, account: str) -> str:
        s3, bucket = client("s3", "us-east-1", account), f"{name}-bucket".lower()
        s3.create_bucket(Bucket=bucket)
        role = f"arn:aws:iam::{account}:role/firehose"
        destination = {"BucketARN": f"arn:aws:s3:::{bucket}", "RoleARN": role}
        firehose = client("firehose", region, account)
        made = firehose.create_delivery_stream(DeliveryStreamName=name, ExtendedS3DestinationConfiguration=destination)
        arn: str = made["DeliveryStreamARN"]
        self._read[arn] = lambda: _objects(s3, bucket)
        self._drop[arn] = lambda: firehose.delete_delivery_stream(DeliveryStreamName=name)
        return arn

    def _log_group(self, name: str, region: str, account: str) -> str:
        logs = client("logs", region, account)
        logs.create_log_group(logGroupName=name)
        arn: str = f"arn:aws:logs:{region}:{account}:log-group:{name}"
        self._read[arn] = lambda: [
            event["message"] for event in logs.filter_log_events(logGroupName=name).get("events", ())
        ]
        self._drop[arn] = lambda: logs.delete_log_group(logGroupName=name)
        return arn

    def _state_machine(self, name: str, region: str, account: str) -> str:
        states = client("stepfunctions", region, account)
        definition = json.dumps({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}})
        arn: str = states.create_state_machine(
            name=name, definition=definition, roleArn=f"arn:aws:iam::{account}:role/states"
        )["stateMachineArn"]
        self._read[arn] = lambda: _executions(states, arn)
        self._drop[arn] = lambda: states.delete_state_machine(stateMachineArn=arn)
        return arn

    def _function(self, name: str, region: str, account: str) -> str:
        arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
        spy = self._eb.connect(arn, lambda event: None)
        self._read[arn] = lambda: [
            {"body": json.dumps(call.event), "trace_header": call.context.trace_header} for call in spy.calls
        ]
        return arn

    def _rest_api(self, name: str, region: str, account: str) -> str:
        arn = f"arn:aws:execute-api:{region}:{account}:{name[:10]}"
        self._read[arn] = lambda: [
            json.dumps(_request(each.request)) for each in self._eb.deliveries if each.arn.startswith(f"{arn}/")
        ]
        return arn


def _body(message: Message) -> str:
    return message if isinstance(message, str) else message["body"]


def _drained(sqs: Any, url: str, seen: list[Message]) -> list[Message]:
    """SQS hands a message out once; what was read is kept."""
    while True:
        got = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        ).get("Messages", ())
        if not got:
            return seen
        for message in got:
            system = message.get("Attributes", {})
            given = message.get("MessageAttributes", {})
            seen.append(
                {
                    "body": message["Body"],
                    "message_attributes": {name: value["StringValue"] for name, value in given.items()},
                    "group_id": system.get("MessageGroupId"),
                    "trace_header": system.get("AWSTraceHeader"),
                }
            )
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def _records(kinesis: Any, name: str) -> list[Message]:
    shard = kinesis.list_shards(StreamName=name)["Shards"][0]["ShardId"]
    start = kinesis.get_shard_iterator(StreamName=name, ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    records = kinesis.get_records(ShardIterator=start["ShardIterator"])["Records"]
    return [{"body": record["Data"].decode(), "partition_key": record["PartitionKey"]} for record in records]


def _objects(s3: Any, bucket: str) -> list[Message]:
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", ())]
    return [s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]


def _executions(states: Any, arn: str) -> list[Message]:
    found = states.list_executions(stateMachineArn=arn)["executions"]
    told = [states.describe_execution(executionArn=each["executionArn"]) for each in reversed(found)]
    return [{"body": each["input"], "execution_name": each["name"]} for each in told]


def _request(request: Any) -> dict[str, Any]:
    """An HTTP request as the scenarios look at it."""
    path = request.url.split("://", 1)[-1].partition("/")[2].partition("?")[0]
    headers = {name.lower(): value for name, value in request.headers.items()}
    return {"method": request.method, "path": f"/{path}", "headers": headers, "body": request.body}


_MAKERS: dict[str, Callable[[Targets, str, str, str], str]] = {
    "sqs_queue": Targets._queue,
    "sqs_fifo_queue": Targets._fifo_queue,
    "sns_topic": Targets._topic,
    "lambda_function": Targets._function,
    "log_group": Targets._log_group,
    "kinesis_stream": Targets._stream,
    "firehose_stream": Targets._firehose,
    "state_machine": Targets._state_machine,
    "rest_api": Targets._rest_api,
}
