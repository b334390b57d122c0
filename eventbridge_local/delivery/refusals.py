"""What a refusal of another service means to EventBridge: an error code of dead letters, and its words.

The words have the form in which EventBridge quotes the Java SDK (captured for SQS, SNS, Lambda, ECS and STS). Whether
EventBridge tries again depends on the error code alone (``RETRIED`` in ``pending.py``): a refusal for want of
permission, of a resource or of a valid parameter is final, whatever the retry policy says (captured).
"""

from __future__ import annotations

import re
from uuid import NAMESPACE_OID, uuid5

from botocore.exceptions import ClientError

from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest

#: Error codes of one service that mean something else than the same words elsewhere.
_OF_SERVICE = {
    ("sns", "kmsdisabled"): "NO_PERMISSIONS",
    ("sts", "accessdenied"): "FAILED_TO_ASSUME_ROLE",
}

#: Parts of error codes, in lower case and without dots, and what they mean. The first that a code contains decides.
#: Captured: NonExistentQueue, AccessDenied (also of a key), AuthorizationError, KmsDisabled, InvalidParameterException.
_MEANINGS = (
    ("nonexistentqueue", "NO_RESOURCE"),
    ("doesnotexist", "NO_RESOURCE"),
    ("notfound", "NO_RESOURCE"),
    ("nosuch", "NO_RESOURCE"),
    ("kmsdisabled", "NO_RESOURCE"),
    ("kmsinvalidstate", "NO_RESOURCE"),
    ("accessdenied", "NO_PERMISSIONS"),
    ("authorizationerror", "NO_PERMISSIONS"),
    ("notauthorized", "NO_PERMISSIONS"),
    ("unauthorized", "NO_PERMISSIONS"),
    ("optinrequired", "NO_PERMISSIONS"),
    ("invalidsecurity", "NO_PERMISSIONS"),
    ("invalidclienttokenid", "NO_PERMISSIONS"),
    ("unrecognizedclient", "NO_PERMISSIONS"),
    ("signaturedoesnotmatch", "NO_PERMISSIONS"),
    ("throttl", "THROTTLING"),
    ("toomanyrequests", "THROTTLING"),
    ("provisionedthroughputexceeded", "THROTTLING"),
    ("requestlimitexceeded", "THROTTLING"),
    ("limitexceeded", "RESOURCE_LIMIT_EXCEEDED"),
    ("quotaexceeded", "RESOURCE_LIMIT_EXCEEDED"),
    ("overlimit", "RESOURCE_LIMIT_EXCEEDED"),
    ("alreadyexists", "RESOURCE_ALREADY_EXISTS"),
    ("resourceinuse", "RESOURCE_MODIFICATION_COLLISION"),
    ("concurrentmodification", "RESOURCE_MODIFICATION_COLLISION"),
    ("internal", "INTERNAL_ERROR"),
    ("serviceunavailable", "INTERNAL_ERROR"),
    ("validation", "INVALID_PARAMETER"),
    ("invalid", "INVALID_PARAMETER"),
    ("malformed", "INVALID_PARAMETER"),
)

#: The words and code of AWS for a queue that is not there, where a local stand-in words it otherwise (captured).
_NO_QUEUE = (
    "The specified queue does not exist or you do not have access to it.",
    "AWS.SimpleQueueService.NonExistentQueue",
)

#: How the Java SDK calls the services that receive events. Captured: SQS, SNS, Lambda, ECS and STS.
_JAVA_NAMES = {
    "batch": "AWSBatch",
    "codebuild": "AWSCodeBuild",
    "codepipeline": "AWSCodePipeline",
    "ec2": "AmazonEC2",
    "ecs": "AmazonECS",
    "firehose": "AmazonKinesisFirehose",
    "glue": "AWSGlue",
    "imagebuilder": "AWSimagebuilder",
    "inspector": "AmazonInspector",
    "kinesis": "AmazonKinesis",
    "lambda": "AWSLambdaInternal",
    "logs": "AWSLogs",
    "redshift-data": "AWSRedshiftDataAPI",
    "sagemaker": "AmazonSageMaker",
    "sns": "AmazonSNS",
    "sqs": "AmazonSQS",
    "ssm": "AWSSimpleSystemsManagement",
    "ssm-incidents": "AWSSSMIncidents",
    "stepfunctions": "AWSStepFunctions",
    "sts": "AWSSecurityTokenService",
}


def failure_of(request: AwsRequest, error: ClientError) -> AttemptFailed:
    """Return how an attempt fails that another service refused."""
    answered = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    code, message = str(answered.get("Code", "")), str(answered.get("Message", ""))
    status = metadata.get("HTTPStatusCode", 400)
    meaning = meaning_of(request.service, code, status)
    if request.service == "logs" and meaning == "NO_PERMISSIONS":  # captured
        return AttemptFailed(meaning, f"Could not complete putLogEvents call for {request.params['logGroupName']}.")
    if request.service == "sqs" and meaning == "NO_RESOURCE" and "queue" in code.lower():
        message, code = _NO_QUEUE
    return AttemptFailed(
        meaning,
        f"{message} (Service: {_JAVA_NAMES.get(request.service, request.service)}; Status Code: {status}; "
        f"Error Code: {code}; Request ID: {_request_id(metadata.get('RequestId', ''))}; Proxy: null)",
    )


_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def _request_id(answered: str) -> str:
    """Return a request id in the form of AWS's: a UUID, where a stand-in has other ones, such as moto."""
    return answered if _UUID.fullmatch(answered) else str(uuid5(NAMESPACE_OID, answered))


def meaning_of(service: str, code: str, status: int) -> str:
    """Return the error code of EventBridge for a refusal.

    Args:
        service: as boto3 spells it.
        code: the error code of the service, such as ``KMS.DisabledException``.
        status: the HTTP status, which decides where nothing is known of the code.
    """
    plain = code.lower().replace(".", "").removesuffix("exception")
    found = _OF_SERVICE.get((service, plain))
    found = found or next((meaning for part, meaning in _MEANINGS if part in plain), None)
    return found or ("INTERNAL_ERROR" if status >= 500 else "SDK_CLIENT_ERROR")
