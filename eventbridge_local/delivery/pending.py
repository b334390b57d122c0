"""One event on its way to one target, the requests it can become, and how an attempt to send it can fail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from eventbridge_local.model.arn import Arn, parse_arn
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target


@dataclass(frozen=True)
class Handover:
    """All that a target kind needs to write its request.

    Args:
        event: the event itself, before any transformation.
        transformed: the text that the target's input made of it, None when the target takes the event as it is.
        account, region: the place of the rule, not of the event.
        now: the instant of this attempt.
        new_id: makes ids for what needs one of its own.
    """

    event: Event
    rule: Rule
    target: Target
    transformed: str | None
    account: str
    region: str
    now: datetime
    new_id: Callable[[], str]

    @property
    def payload(self) -> str:
        """The text to send."""
        return self.event.text if self.transformed is None else self.transformed

    @property
    def params(self) -> Mapping[str, Any]:
        """The target as PutTargets got it."""
        return self.target.params

    @cached_property
    def arn(self) -> Arn:
        """The target's ARN in its parts; PutTargets accepts no other text."""
        parsed = parse_arn(self.target.arn)
        assert parsed is not None
        return parsed


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A call of another AWS service.

    Attributes:
        service: as boto3 spells it, such as ``sqs``.
        operation: as the API spells it, such as ``SendMessage``.
        params: its members as boto3 spells them.
        account: the account of the target.
        region: the Region of the target.
    """

    service: str
    operation: str
    params: Mapping[str, Any]
    account: str
    region: str


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An HTTP request as it goes over the wire.

    Attributes:
        method: such as ``POST``.
        url: with its query.
        headers: by name, in the spelling they are sent with.
        body: as text.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: str


class AttemptFailed(Exception):
    """An attempt that did not reach its target.

    Args:
        code: an ERROR_CODE of dead-letter messages, such as ``NO_RESOURCE``.
        reason: the ERROR_MESSAGE.
        retry: whether EventBridge tries again; None takes what it does for that code.
        not_before: the instant a target asked to be left alone until (Retry-After).
    """

    def __init__(
        self, code: str, reason: str, *, retry: bool | None = None, not_before: datetime | None = None
    ) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
        self.retry = (code in RETRIED) if retry is None else retry
        self.not_before = not_before


def unforeseen(error: BaseException) -> AttemptFailed:
    """What becomes of an error that no target of AWS's would raise: the attempt failed and another would, too."""
    return AttemptFailed("UNKNOWN", f"{type(error).__name__}: {error}", retry=False)


#: Errors after which EventBridge tries again. The others (no permission, no such target, invalid JSON, a role that
#: cannot be assumed) go to the dead-letter queue at once (User Guide eb-rule-dlq; captured for the first three).
RETRIED = frozenset(
    (
        "CONNECTION_FAILURE",
        "ERROR_FROM_TARGET",
        "INTERNAL_ERROR",
        "RESOURCE_LIMIT_EXCEEDED",
        "RESOURCE_MODIFICATION_COLLISION",
        "SDK_CLIENT_ERROR",
        "THROTTLING",
        "TIMEOUT",
        "TRANSIENT_ASSUME_ROLE",
        "UNKNOWN",
    )
)

#: All codes of the User Guide's page on dead-letter queues.
CODES = RETRIED | {
    "CROSS_ACCOUNT_INGESTION_FAILED",
    "CROSS_REGION_INGESTION_FAILED",
    "EVENTS_IN_BATCH_REQUEST_REJECTED",
    "FAILED_TO_ASSUME_ROLE",
    "INVALID_JSON",
    "INVALID_PARAMETER",
    "NO_PERMISSIONS",
    "NO_RESOURCE",
    "RESOURCE_ALREADY_EXISTS",
    "THIRD_ACCOUNT_HOP_DETECTED",
    "THIRD_REGION_HOP_DETECTED",
}
