"""One event on its way to one target, the requests it can become, and how an attempt to send it can fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, get_args

from eventbridge_local.frozen import frozen
from eventbridge_local.model.arn import Arn, parse_arn
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.typing import TargetError


class PendingDelivery(NamedTuple):
    """One event on its way to one target of a rule: all that the request for it is written from.

    Attributes:
        number: its number among all deliveries of this mock, from 1; 0 for one that is only planned.
        event: the event itself, before any transformation.
        rule: the rule that matched it.
        target: the target.
        account: the account of the rule's bus, not of the event.
        region: its Region.
        first: the instant of the first attempt, aware and in UTC.
        at: the instant of this attempt.
        transformed: the text that the target's input made of the event, None when the target takes the event as it is.
        retries: how many attempts came before this one.
    """

    number: int
    event: Event
    rule: Rule
    target: Target
    account: str
    region: str
    first: datetime
    at: datetime
    transformed: str | None = None
    retries: int = 0

    @property
    def payload(self) -> str:
        """The text to send."""
        return self.event.text if self.transformed is None else self.transformed

    @property
    def params(self) -> Mapping[str, Any]:
        """The target as PutTargets got it."""
        return self.target.params

    @property
    def arn(self) -> Arn:
        """The target's ARN in its parts; PutTargets accepts no other text."""
        parsed = parse_arn(self.target.arn)
        assert parsed is not None
        return parsed

    def new_id(self) -> str:
        """Return the id of what the request starts, such as an execution.

        It is made of the event's id, so that planning a request and sending it give the same one, and nothing that is
        only planned uses up an id of the mock.
        """
        return Ids(f"{self.event.id} {self.rule.arn} {self.target.id} {self.retries}").uuid()


class AwsRequest(NamedTuple):
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


@frozen
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

    def _masked(self) -> tuple[str, str, Mapping[str, str], str]:
        """Return what a copy outside of this process, or a reader, may see."""
        mask = getattr(self.headers, "masked", str)
        return self.method, mask(self.url), self.headers, mask(self.body)

    def __repr__(self) -> str:
        method, url, headers, body = self._masked()
        return f"HttpRequest(method={method!r}, url={url!r}, headers={headers!r}, body={body!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return HttpRequest, self._masked()

    def __copy__(self) -> HttpRequest:
        return self

    def __deepcopy__(self, memo: Any) -> HttpRequest:
        return self


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
    """Return the failure for an error that no target on AWS would raise. Another attempt would fail too."""
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
CODES = frozenset(get_args(TargetError))


# What a target says about failures.


@frozen
class RetryPolicy:
    """How often and how long. Source of the defaults: facts 7.2."""

    attempts: int = 185
    age: timedelta = timedelta(hours=24)


def retry_policy(params: Mapping[str, Any]) -> RetryPolicy:
    """Return the retry policy of a target as PutTargets got it."""
    given = params.get("RetryPolicy", {})
    default = RetryPolicy()
    age = given.get("MaximumEventAgeInSeconds")
    return RetryPolicy(
        given.get("MaximumRetryAttempts", default.attempts),
        default.age if age is None else timedelta(seconds=age),
    )


def dead_letter_queue(target: Target) -> str | None:
    """Return the ARN of a target's dead-letter queue, None when it has none."""
    arn: str | None = target.params.get("DeadLetterConfig", {}).get("Arn")
    return arn
