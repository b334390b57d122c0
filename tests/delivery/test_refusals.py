"""What EventBridge makes of a refusal of another service: the error code, AWS's words, and that it is final.

The rows of ``CAPTURED`` are from AWS (September 2026).
"""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventbridge_local import mock_eventbridge
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.pending import CODES, RETRIED, AwsRequest
from eventbridge_local.delivery.refusals import _MEANINGS, failure_of, meaning_of

ACCOUNT = "123456789012"
REQUEST_ID = "8f9c01d0-0000-5000-8000-000000000000"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
DLQ = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
ECS = {"TaskDefinitionArn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:task-definition/t:1"}
TARGETS: dict[str, dict[str, Any]] = {
    "sqs": {"Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:work"},
    "sns": {"Arn": f"arn:aws:sns:us-east-1:{ACCOUNT}:news"},
    "lambda": {"Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"},
    "logs": {"Arn": f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/audit"},
    "ecs": {"Arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/c", "RoleArn": ROLE, "EcsParameters": ECS},
    "kinesis": {"Arn": f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s", "RoleArn": ROLE},
}

#: Service, error code and status, what it means, and how the text calls the service.
CAPTURED = [
    ("sqs", "AWS.SimpleQueueService.NonExistentQueue", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sqs", "AccessDenied", 403, "NO_PERMISSIONS", "AmazonSQS"),
    ("sqs", "KMS.AccessDeniedException", 400, "NO_PERMISSIONS", "AmazonSQS"),
    ("sqs", "KMS.DisabledException", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sns", "AuthorizationError", 403, "NO_PERMISSIONS", "AmazonSNS"),
    ("lambda", "AccessDeniedException", 403, "NO_PERMISSIONS", "AWSLambdaInternal"),
    ("ecs", "InvalidParameterException", 400, "INVALID_PARAMETER", "AmazonECS"),
    ("sts", "AccessDenied", 403, "FAILED_TO_ASSUME_ROLE", "AWSSecurityTokenService"),
]
BY_ANALOGY = [
    ("sqs", "QueueDoesNotExist", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sqs", "KmsDisabled", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sqs", "KmsAccessDenied", 400, "NO_PERMISSIONS", "AmazonSQS"),
    ("sqs", "KmsNotFound", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sqs", "KMS.InvalidStateException", 400, "NO_RESOURCE", "AmazonSQS"),
    ("sqs", "KmsOptInRequired", 403, "NO_PERMISSIONS", "AmazonSQS"),
    ("sqs", "RequestThrottled", 403, "THROTTLING", "AmazonSQS"),
    ("sns", "KMSDisabled", 400, "NO_PERMISSIONS", "AmazonSNS"),
    ("sns", "KMSAccessDenied", 400, "NO_PERMISSIONS", "AmazonSNS"),
    ("sns", "NotFound", 404, "NO_RESOURCE", "AmazonSNS"),
    ("sns", "InvalidParameter", 400, "INVALID_PARAMETER", "AmazonSNS"),
    ("sns", "Throttled", 429, "THROTTLING", "AmazonSNS"),
    ("sns", "InternalError", 500, "INTERNAL_ERROR", "AmazonSNS"),
    ("lambda", "TooManyRequestsException", 429, "THROTTLING", "AWSLambdaInternal"),
    ("lambda", "ServiceException", 500, "INTERNAL_ERROR", "AWSLambdaInternal"),
    ("ecs", "ClusterNotFoundException", 400, "NO_RESOURCE", "AmazonECS"),
    ("ecs", "ServerException", 500, "INTERNAL_ERROR", "AmazonECS"),
    ("ecs", "ClientException", 400, "SDK_CLIENT_ERROR", "AmazonECS"),
    ("kinesis", "ProvisionedThroughputExceededException", 400, "THROTTLING", "AmazonKinesis"),
    ("kinesis", "ResourceNotFoundException", 400, "NO_RESOURCE", "AmazonKinesis"),
    ("kinesis", "LimitExceededException", 400, "RESOURCE_LIMIT_EXCEEDED", "AmazonKinesis"),
    ("stepfunctions", "ExecutionAlreadyExists", 400, "RESOURCE_ALREADY_EXISTS", "AWSStepFunctions"),
    ("stepfunctions", "StateMachineDoesNotExist", 400, "NO_RESOURCE", "AWSStepFunctions"),
    ("logs", "ResourceNotFoundException", 400, "NO_RESOURCE", "AWSLogs"),
    ("firehose", "ResourceNotFoundException", 400, "NO_RESOURCE", "AmazonKinesisFirehose"),
    ("unheard-of", "Odd", 418, "SDK_CLIENT_ERROR", "unheard-of"),
]


def error(code: str, status: int, message: str = "said so") -> ClientError:
    metadata = {"HTTPStatusCode": status, "RequestId": REQUEST_ID}
    return ClientError({"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}, "Send")


@pytest.mark.parametrize(("service", "code", "status", "meaning", "name"), [*CAPTURED, *BY_ANALOGY])
def test_meanings_and_names(service: str, code: str, status: int, meaning: str, name: str) -> None:
    failed = failure_of(AwsRequest(service, "Send", {}, ACCOUNT, "us-east-1"), error(code, status))
    assert failed.code == meaning_of(service, code, status) == meaning
    assert failed.retry is (meaning in RETRIED)
    assert f"(Service: {name}; Status Code: {status}; Error Code: " in failed.reason
    assert failed.reason.endswith(f"; Request ID: {REQUEST_ID}; Proxy: null)")


def test_a_request_id_of_a_stand_in_gets_the_form_of_those_of_aws() -> None:
    """AWS's are UUIDs (captured); moto's are not. The same id is always written the same way."""
    refused = error("AccessDenied", 403)
    refused.response["ResponseMetadata"]["RequestId"] = "Zq" * 26
    reasons = {failure_of(AwsRequest("sqs", "Send", {}, ACCOUNT, "us-east-1"), refused).reason for _ in range(2)}
    assert re.search("Request ID: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}; Proxy: null", reasons.pop())
    assert not reasons


def test_every_meaning_is_a_code_of_dead_letters() -> None:
    assert {meaning for _, meaning in _MEANINGS} <= CODES


def test_a_queue_that_is_not_there_has_the_words_of_aws() -> None:
    """Whatever a stand-in says; a key that is not there is no queue."""
    request = AwsRequest("sqs", "SendMessage", {}, ACCOUNT, "us-east-1")
    for code in ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"):
        assert failure_of(request, error(code, 400)).reason == (
            "The specified queue does not exist or you do not have access to it. (Service: AmazonSQS; "
            "Status Code: 400; Error Code: AWS.SimpleQueueService.NonExistentQueue; "
            f"Request ID: {REQUEST_ID}; Proxy: null)"
        )
    assert failure_of(request, error("KMS.NotFoundException", 400)).reason.startswith("said so (Service: AmazonSQS;")


def test_the_words_of_ecs() -> None:
    """Captured, but for the request id."""
    words = "Override for container named X is not a container in the TaskDefinition."
    failed = failure_of(
        AwsRequest("ecs", "RunTask", {}, ACCOUNT, "us-east-1"), error("InvalidParameterException", 400, words)
    )
    assert (failed.code, failed.retry) == ("INVALID_PARAMETER", False)
    assert failed.reason == (
        f"{words} (Service: AmazonECS; Status Code: 400; Error Code: InvalidParameterException; "
        f"Request ID: {REQUEST_ID}; Proxy: null)"
    )


def test_the_words_of_a_log_group_that_may_not_be_written() -> None:
    request = AwsRequest("logs", "PutLogEvents", {"logGroupName": "/aws/events/audit"}, ACCOUNT, "us-east-1")
    failed = failure_of(request, error("AccessDeniedException", 400))
    assert (failed.code, failed.reason) == (
        "NO_PERMISSIONS",
        "Could not complete putLogEvents call for /aws/events/audit.",
    )


class Refusing:
    """A client that refuses every call, but those to the dead-letter queue."""

    class exceptions:
        ResourceNotFoundException = ResourceAlreadyExistsException = KeyError

    def __init__(self, refusal: ClientError) -> None:
        self.refusal = refusal
        self.letters: list[dict[str, Any]] = []

    def get_queue_url(self, QueueName: str, **_: Any) -> dict[str, str]:
        return {"QueueUrl": f"https://queues.example/{ACCOUNT}/{QueueName}"}

    def create_log_stream(self, **_: Any) -> None:
        raise self.refusal

    def _make_api_call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        if params.get("QueueUrl", "").endswith("/dead"):
            self.letters.append(params)
            return {}
        raise self.refusal


@pytest.mark.parametrize("service", TARGETS)
@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [("AccessDeniedException", 403, "NO_PERMISSIONS"), ("InvalidParameterException", 400, "INVALID_PARAMETER")],
)
def test_a_final_refusal_is_dead_lettered_at_once(
    service: str, code: str, status: int, meaning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One attempt, whatever the retry policy says; the dead letter has nothing about retries."""
    refusing = Refusing(error(code, status))
    monkeypatch.setattr(Services, "has_no_receiver", lambda self, service: False)
    monkeypatch.setattr(Services, "client", lambda self, *place: refusing)
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        events = boto3.client("events", region_name="us-east-1")
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
        target = {"Id": "t", **TARGETS[service], "DeadLetterConfig": {"Arn": DLQ}}
        events.put_targets(Rule="r", Targets=[{**target, "RetryPolicy": {"MaximumRetryAttempts": 185}}])
        eb.put("shop", "Sold", trace_header="Sampled=0")
        delivery = eb.deliveries.one()
        assert (delivery.outcome, delivery.error, delivery.attempts) == ("dead-lettered", meaning, 1)
        (letter,) = refusing.letters
        assert json.loads(letter["MessageBody"])["source"] == "shop"
        sent = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
        assert sent.keys() == {"RULE_ARN", "TARGET_ARN", "ERROR_CODE", "ERROR_MESSAGE"}
        assert (sent["ERROR_CODE"], sent["TARGET_ARN"]) == (meaning, target["Arn"])
        trace = letter["MessageSystemAttributes"]["AWSTraceHeader"]["StringValue"]
        assert trace == delivery.event.trace_header and trace.startswith("Root=1-") and trace.endswith(";Sampled=0")
