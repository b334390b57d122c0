"""What follows a failed attempt: another one, a dead letter, or a drop."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import Forwarder
from eventbridge_local.delivery.handlers import Handlers, LambdaContext
from eventbridge_local.delivery.journal import Logbook, Passage
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Store

_TOO_OLD = "MaximumEventAgeInSeconds"

#: Makes the next attempt of a passage, when it is due.
Retry = Callable[[Passage], None]


class Failures:
    """Sees failed passages through to one outcome.

    Args:
        seed: makes the jitter of the back-off reproducible.
    """

    def __init__(
        self,
        store: Store,
        logbook: Logbook,
        handlers: Handlers,
        forwarder: Forwarder,
        faults: Faults,
        seed: object,
        retry: Retry,
    ) -> None:
        self._world = store
        self._logbook = logbook
        self._handlers = handlers
        self._forwarder = forwarder
        self._faults = faults
        self._chance = random.Random(f"back-off {seed}").random if seed is not None else random.Random().random
        self._retry = retry

    def follow(self, passage: Passage, failed: AttemptFailed, now: datetime) -> None:
        """Go on after a failed attempt, as the error and the target's retry policy have it."""
        if not failed.retry:
            self.end(passage, failed, now)
            return
        verdict = next_attempt(
            policy_of(passage.target.params),
            retries=passage.retries,
            first=passage.first,
            now=now,
            chance=self._chance(),
            not_before=failed.not_before,
        )
        if not isinstance(verdict, GiveUp):
            self._logbook.attempt(passage, failed, now, verdict.due)
            self._logbook.outcome(passage, "pending", now, failed)
            again = replace(passage, retries=passage.retries + 1)
            self._world.at(verdict.due, partial(self._retry, again), "retried")
            return
        self._logbook.attempt(passage, failed, now)
        if verdict.due <= now:
            self._close(passage, failed, now, verdict.condition)
        else:
            self._logbook.outcome(passage, "pending", now, failed)
            self._close_at(verdict.due, passage, failed, verdict.condition)

    def end(self, passage: Passage, failed: AttemptFailed, now: datetime, raised: BaseException | None = None) -> None:
        """End after an attempt that is not repeated; ``raised`` is what broke down on the way."""
        self._logbook.attempt(passage, failed, now)
        self._close(passage, failed, now, raised=raised)

    def wait(self, passage: Passage, due: datetime, then: Callable[[], None], now: datetime) -> None:
        """Let a passage wait for its turn, within its retry window (User Guide eb-api-destinations).

        Which error the dead letter names when the window closes first is not recorded.
        """
        if passage.retries == 0:  # else it is pending already, and the journal says why
            self._logbook.outcome(passage, "pending", now)
        expiry = passage.first + policy_of(passage.target.params).age
        if due <= expiry:
            self._world.at(due, then, "retried")
        else:
            late = AttemptFailed("THROTTLING", "The invocation rate limit left no turn before the event grew too old.")
            self._close_at(max(expiry, now), passage, late, _TOO_OLD)

    def _close_at(self, due: datetime, passage: Passage, failed: AttemptFailed, condition: str) -> None:
        self._world.at(due, lambda: self._close(passage, failed, self._world.clock.now, condition), "given_up")

    def _close(
        self,
        passage: Passage,
        failed: AttemptFailed,
        now: datetime,
        condition: str | None = None,
        raised: BaseException | None = None,
    ) -> None:
        """The dead letter where there is a queue for it, else the drop."""
        queue = queue_of(passage.target)
        # An empty text is no message: AWS was seen to keep nothing of it.
        if queue is None or not passage.payload:
            self._logbook.outcome(passage, "dropped", now, failed, raised)
            return
        try:
            refused = self._bury(passage, failed, now, condition, queue)
        except AttemptFailed as lost:
            reason = f"{failed.reason} The dead-letter queue {queue} failed too: {lost.code} {lost.reason}"
            self._logbook.outcome(passage, "dropped", now, AttemptFailed(failed.code, reason), raised)
        else:
            self._logbook.outcome(passage, "dead-lettered", now, failed, refused or raised)
            let_out(refused)

    def _bury(
        self, passage: Passage, failed: AttemptFailed, now: datetime, condition: str | None, queue: str
    ) -> BaseException | None:
        """Send the dead letter. Returns what the callable connected to the queue raised.

        Raises:
            AttemptFailed: the queue cannot be written; the event is lost then, as on AWS.
        """
        written = attributes(passage.rule, passage.target, failed, passage.retries, condition)
        if self._faults:
            self._faults.check(Target("", queue, {}))
        spy = self._handlers.find(queue)
        if spy is not None:
            raised = spy(passage.payload, LambdaContext(queue, self._world.ids.uuid()))
            self._logbook.dead_letter(passage, queue, written, now, sent=True)
            return raised
        request = _request(queue, passage.payload, written, passage.event.trace_header)
        sent = self._forwarder.send(request) is not None
        self._logbook.dead_letter(passage, queue, written, now, sent=sent)
        return None


def let_out(raised: BaseException | None) -> None:
    """Raise Ctrl-C, and a test framework's own way of failing a test; all else that a callable raises is only noted."""
    if raised is not None and not isinstance(raised, Exception | SystemExit):
        raise raised


def _request(queue: str, body: str, written: dict[str, str], trace_header: str | None) -> AwsRequest:
    arn = parse_arn(queue)
    assert arn is not None
    url = f"https://sqs.{arn.region}.amazonaws.com/{arn.account}/{arn.resource}"
    params = {"QueueUrl": url, **message(body, written, trace_header)}
    return AwsRequest("sqs", "SendMessage", params, arn.account, arn.region)


# When a failed delivery is tried again, and when EventBridge gives up.
#
# AWS documents 24 hours, 185 attempts, exponential back-off and jitter, and not the delays themselves. Ours double
# from
# one second to ten minutes, each shortened at random by up to a quarter, so that under the default policy either
# limit
# may be the one that ends it.


_FIRST_DELAY = 1.0
_LONGEST_DELAY = 600.0
_JITTER = 0.25


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long. Source of the defaults: User Guide, page eb-rule-retry-policy."""

    attempts: int = 185
    age: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Again:
    """The next attempt is due at ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is none; ``condition`` is the EXHAUSTED_RETRY_CONDITION, ``due`` when it is known."""

    condition: str
    due: datetime


def policy_of(params: Mapping[str, Any]) -> RetryPolicy:
    """The retry policy of a target as PutTargets got it."""
    given = params.get("RetryPolicy", {})
    default = RetryPolicy()
    age = given.get("MaximumEventAgeInSeconds")
    return RetryPolicy(
        given.get("MaximumRetryAttempts", default.attempts),
        default.age if age is None else timedelta(seconds=age),
    )


def next_attempt(
    policy: RetryPolicy, *, retries: int, first: datetime, now: datetime, chance: float, not_before: datetime | None
) -> Again | GiveUp:
    """What follows on a failed attempt.

    Args:
        retries: how many attempts followed the first one so far.
        first: the instant of the first attempt.
        chance: a random number from 0 up to 1, for the jitter.
        not_before: what the target asked for (Retry-After); the later of it and the back-off counts (User Guide).
    """
    if retries >= policy.attempts:
        return GiveUp("MaximumRetryAttempts", now)
    delay = min(_FIRST_DELAY * 2.0 ** min(retries, 30), _LONGEST_DELAY) * (1 - _JITTER * chance)
    due = max(now + timedelta(seconds=delay), not_before or now)
    expiry = first + policy.age
    return GiveUp("MaximumEventAgeInSeconds", max(expiry, now)) if due > expiry else Again(due)


# The dead letter: what it says, as AWS writes it (captured; User Guide eb-rule-dlq).


def attributes(
    rule: Rule, target: Target, failed: AttemptFailed, retries: int, condition: str | None
) -> dict[str, str]:
    """The message attributes. Those about retries are absent after an error that is not retried."""
    written = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target.arn,
        "ERROR_CODE": failed.code,
        "ERROR_MESSAGE": failed.reason,
    }
    if condition is not None:
        written |= {"RETRY_ATTEMPTS": str(retries), "EXHAUSTED_RETRY_CONDITION": condition}
    return written


def message(body: str, written: Mapping[str, str], trace_header: str | None) -> dict[str, Any]:
    """The members of SendMessage besides the queue."""
    params: dict[str, Any] = {
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in written.items() if value
        },
    }
    if trace_header is not None:
        params["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    return params


def queue_of(target: Target) -> str | None:
    """The ARN of a target's dead-letter queue, None when it has none."""
    arn: str | None = target.params.get("DeadLetterConfig", {}).get("Arn")
    return arn
