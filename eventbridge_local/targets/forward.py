"""Requests to other AWS services, sent where moto or a local endpoint serves them; and what their errors mean.

A refusal becomes an error code of EventBridge. Its text has the form in which EventBridge quotes the Java SDK
(captured for SQS).
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.exceptions import ConnectionError as BotoConnectionError

from eventbridge_local.targets.handover import AttemptFailed, AwsRequest, unforeseen
from eventbridge_local.targets.services import NotLocal, Services, moto_is_active

#: Error codes of other services, and what they become. The first that the code contains decides.
_MEANINGS = (
    ("NonExistentQueue", "NO_RESOURCE"),
    ("QueueDoesNotExist", "NO_RESOURCE"),
    ("NotFound", "NO_RESOURCE"),
    ("DoesNotExist", "NO_RESOURCE"),
    ("AccessDenied", "NO_PERMISSIONS"),
    ("NotAuthorized", "NO_PERMISSIONS"),
    ("Throttl", "THROTTLING"),
    ("TooManyRequests", "THROTTLING"),
    ("ProvisionedThroughputExceeded", "THROTTLING"),
    ("LimitExceeded", "RESOURCE_LIMIT_EXCEEDED"),
    ("AlreadyExists", "RESOURCE_ALREADY_EXISTS"),
    ("ResourceInUse", "RESOURCE_MODIFICATION_COLLISION"),
    ("Internal", "INTERNAL_ERROR"),
    ("ServiceUnavailable", "INTERNAL_ERROR"),
    ("Validation", "INVALID_PARAMETER"),
    ("Invalid", "INVALID_PARAMETER"),
    ("Malformed", "INVALID_PARAMETER"),
)

#: Exact words that were captured, where a local stand-in words the same refusal otherwise.
_CAPTURED = {
    ("sqs", "NO_RESOURCE"): (
        "The specified queue does not exist or you do not have access to it.",
        "AWS.SimpleQueueService.NonExistentQueue",
    ),
}

_JAVA_NAMES = {"sqs": "AmazonSQS", "sns": "AmazonSNS", "kinesis": "AmazonKinesis", "logs": "AWSLogs"}


class Forwarder:
    """Sends requests to whoever serves them on this machine."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def nobody(self, service: str) -> bool:
        """Whether nothing serves ``service`` here, so that a request for it need not even be written."""
        return self._services.nobody(service)

    def send(self, request: AwsRequest) -> Mapping[str, Any] | None:
        """Send ``request``. Returns the answer, None when nobody serves that service here.

        Raises:
            AttemptFailed: the service refused, did not answer or broke down, or its endpoint is configured wrongly.
        """
        try:
            client = self._services.client(request.service, request.account, request.region)
            if client is None:
                return None
            return _STEPS.get((request.service, request.operation), _call)(client, request)
        except ClientError as error:
            raise _refused(request, error) from None
        except NotImplementedError:
            return None  # moto says so of operations it does not have
        except (ReadTimeoutError, EndpointConnectionError, BotoConnectionError) as error:
            code = "TIMEOUT" if isinstance(error, ReadTimeoutError) else "CONNECTION_FAILURE"
            raise AttemptFailed(code, str(error)) from None
        except (NotLocal, BotoCoreError, ValueError) as error:  # the last of a URL that is none
            raise AttemptFailed("SDK_CLIENT_ERROR", str(error), retry=False) from None
        except Exception as broken:  # whoever stands in for the service broke down
            raise unforeseen(broken) from broken


def _call(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    answer: Mapping[str, Any] = client._make_api_call(request.operation, dict(request.params))
    return answer


def _send_message(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    """Whoever serves a queue has its own spelling of the queue's URL."""
    account, name = request.params["QueueUrl"].rsplit("/", 2)[-2:]
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    return _call(client, replace(request, params={**request.params, "QueueUrl": url}))


def _invoke(client: Any, request: AwsRequest) -> Mapping[str, Any] | None:
    """moto runs functions in containers, so only one that somebody made there is called; any other is recorded."""
    if moto_is_active():
        try:
            client.get_function(FunctionName=request.params["FunctionName"])
        except client.exceptions.ResourceNotFoundException:
            return None
    return _call(client, request)


def _put_log_events(client: Any, request: AwsRequest) -> Mapping[str, Any]:
    """EventBridge makes the stream it writes to."""
    names = {name: request.params[name] for name in ("logGroupName", "logStreamName")}
    with contextlib.suppress(client.exceptions.ResourceAlreadyExistsException):
        client.create_log_stream(**names)
    return _call(client, request)


#: Requests that need a step before them.
_STEPS: Mapping[tuple[str, str], Callable[[Any, AwsRequest], Mapping[str, Any] | None]] = {
    ("lambda", "Invoke"): _invoke,
    ("sqs", "SendMessage"): _send_message,
    ("logs", "PutLogEvents"): _put_log_events,
}


def _refused(request: AwsRequest, error: ClientError) -> AttemptFailed:
    told = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    status = metadata.get("HTTPStatusCode", 400)
    code, message = str(told.get("Code", "")), str(told.get("Message", ""))
    meaning = _meaning(code, status)
    message, code = _CAPTURED.get((request.service, meaning), (message, code))
    service = _JAVA_NAMES.get(request.service, request.service)
    return AttemptFailed(
        meaning,
        f"{message} (Service: {service}; Status Code: {status}; Error Code: {code}; "
        f"Request ID: {metadata.get('RequestId') or 'none'}; Proxy: null)",
    )


def _meaning(code: str, status: int) -> str:
    found = next((meaning for part, meaning in _MEANINGS if part in code), None)
    if found is not None:
        return found
    return "INTERNAL_ERROR" if status >= 500 else "SDK_CLIENT_ERROR"
