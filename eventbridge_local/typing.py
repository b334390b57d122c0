"""Types to annotate with.

>>> from eventbridge_local.typing import Handler

The words that arguments may have are literals here, once: checkers refuse another one, editors offer them, and the code
that checks them when a test runs reads them from here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

#: A Lambda handler ``(event, context)``, or any callable of one argument, ``(event)``.
Handler = Callable[..., Any]

#: An event pattern: JSON text, or the same as a dict.
EventPattern = str | Mapping[str, Any]

#: What ``fail_target(error=...)`` takes: the codes of the User Guide's page on dead-letter queues.
TargetError = Literal[
    "CONNECTION_FAILURE",
    "CROSS_ACCOUNT_INGESTION_FAILED",
    "CROSS_REGION_INGESTION_FAILED",
    "ERROR_FROM_TARGET",
    "EVENTS_IN_BATCH_REQUEST_REJECTED",
    "FAILED_TO_ASSUME_ROLE",
    "INTERNAL_ERROR",
    "INVALID_JSON",
    "INVALID_PARAMETER",
    "NO_PERMISSIONS",
    "NO_RESOURCE",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_LIMIT_EXCEEDED",
    "RESOURCE_MODIFICATION_COLLISION",
    "SDK_CLIENT_ERROR",
    "THIRD_ACCOUNT_HOP_DETECTED",
    "THIRD_REGION_HOP_DETECTED",
    "THROTTLING",
    "TIMEOUT",
    "TRANSIENT_ASSUME_ROLE",
    "UNKNOWN",
]

#: What ``fail_put(code=...)`` offers: the codes that PutEvents has for entries.
EntryCode = Literal[
    "InternalFailure",
    "ThrottlingException",
    "AccessDeniedException",
    "InvalidAccountIdException",
    "InvalidArgument",
    "MalformedDetail",
    "RedactionFailure",
    "NotAuthorizedForSourceException",
    "NotAuthorizedForDetailTypeException",
]

#: What ``fail_call(code=...)`` offers: the codes of whole calls.
CallCode = Literal[
    "AccessDeniedException",
    "ConcurrentModificationException",
    "ExpiredTokenException",
    "IllegalStatusException",
    "IncompleteSignature",
    "IncompleteSignatureException",
    "InternalException",
    "InternalFailure",
    "InvalidClientTokenId",
    "InvalidEventPatternException",
    "InvalidSignatureException",
    "InvalidStateException",
    "LimitExceededException",
    "MalformedHttpRequestException",
    "ManagedRuleException",
    "MissingAuthenticationTokenException",
    "NotAuthorized",
    "OperationDisabledException",
    "OptInRequired",
    "PolicyLengthExceededException",
    "RequestAbortedException",
    "RequestEntityTooLargeException",
    "RequestExpired",
    "RequestTimeoutException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "SerializationException",
    "ServiceUnavailable",
    "ThrottlingException",
    "UnknownOperationException",
    "UnrecognizedClientException",
    "ValidationError",
    "ValidationException",
]

#: What ``fail_call(error=...)`` takes: what can happen to a connection.
ConnectionFailure = Literal["connect_timeout", "connection_closed", "connection_refused", "read_timeout"]

#: The operations of the API, as it spells them.
Operation = Literal[
    "ActivateEventSource",
    "CancelReplay",
    "CreateApiDestination",
    "CreateArchive",
    "CreateConnection",
    "CreateEndpoint",
    "CreateEventBus",
    "CreatePartnerEventSource",
    "DeactivateEventSource",
    "DeauthorizeConnection",
    "DeleteApiDestination",
    "DeleteArchive",
    "DeleteConnection",
    "DeleteEndpoint",
    "DeleteEventBus",
    "DeletePartnerEventSource",
    "DeleteRule",
    "DescribeApiDestination",
    "DescribeArchive",
    "DescribeConnection",
    "DescribeEndpoint",
    "DescribeEventBus",
    "DescribeEventSource",
    "DescribePartnerEventSource",
    "DescribeReplay",
    "DescribeRule",
    "DisableRule",
    "EnableRule",
    "ListApiDestinations",
    "ListArchives",
    "ListConnections",
    "ListEndpoints",
    "ListEventBuses",
    "ListEventSources",
    "ListPartnerEventSourceAccounts",
    "ListPartnerEventSources",
    "ListReplays",
    "ListRuleNamesByTarget",
    "ListRules",
    "ListTagsForResource",
    "ListTargetsByRule",
    "PutEvents",
    "PutPartnerEvents",
    "PutPermission",
    "PutRule",
    "PutTargets",
    "RemovePermission",
    "RemoveTargets",
    "StartReplay",
    "TagResource",
    "TestEventPattern",
    "UntagResource",
    "UpdateApiDestination",
    "UpdateArchive",
    "UpdateConnection",
    "UpdateEndpoint",
    "UpdateEventBus",
]

__all__ = [
    "CallCode",
    "ConnectionFailure",
    "EntryCode",
    "EventPattern",
    "Handler",
    "Operation",
    "TargetError",
]
