"""What follows a failed attempt: another one, a dead letter, or a drop."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from eventbridge_local.delivery.faults import Faults
from eventbridge_local.delivery.forward import NotBuilt, Services
from eventbridge_local.delivery.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.delivery.journal import Journal, delivery_record
from eventbridge_local.delivery.journal_records import Attempt, DeadLetter, Delivery
from eventbridge_local.delivery.loops import crowd
from eventbridge_local.delivery.pending import (
    AttemptFailed,
    AwsRequest,
    PendingDelivery,
    RetryPolicy,
    dead_letter_queue,
    retry_policy,
)
from eventbridge_local.frozen import frozen
from eventbridge_local.model.arn import parse_arn, queue_url
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Store

_TOO_OLD = "MaximumEventAgeInSeconds"


class Failures:
    """Sees failed deliveries through to one outcome.

    Args:
        seed: makes the jitter of the back-off reproducible.
        retry: makes the next attempt of a delivery, when it is due.
    """

    def __init__(
        self,
        store: Store,
        journal: Journal,
        handlers: Handlers,
        services: Services,
        faults: Faults,
        seed: object,
        retry: Callable[[PendingDelivery], None],
    ) -> None:
        self._store = store
        self._journal = journal
        self._handlers = handlers
        self._services = services
        self._faults = faults
        self._seed = None if seed is None else f"back-off {seed}"
        self._random: random.Random | None = None
        self._retry = retry

    def _chance(self) -> float:
        """Return a random number from 0 up to and without 1. In most mocks no delivery fails."""
        if self._random is None:
            self._random = random.Random(self._seed)
        return self._random.random()

    def follow(self, pending: PendingDelivery, failed: AttemptFailed) -> None:
        """Go on after a failed attempt, as the error and the target's retry policy have it."""
        if not failed.retry:
            self.end(pending, failed)
            return
        now = pending.at
        verdict = next_attempt(
            retry_policy(pending.params),
            retries=pending.retries,
            first=pending.first,
            now=now,
            chance=self._chance(),
            not_before=failed.not_before,
        )
        if not isinstance(verdict, GiveUp):
            self._add(_attempt(pending, failed, verdict.due))
            self._add(delivery_record(pending, "pending", now, failed))
            again = pending._replace(retries=pending.retries + 1)
            self._store.at(verdict.due, partial(self._retry, again), "retried")
            return
        self._add(_attempt(pending, failed))
        if verdict.due <= now:
            self._close(pending, failed, verdict.condition)
        else:
            self._add(delivery_record(pending, "pending", now, failed))
            self._close_at(verdict.due, pending, failed, verdict.condition)

    def end(self, pending: PendingDelivery, failed: AttemptFailed, raised: BaseException | None = None) -> None:
        """End after an attempt that is not repeated; ``raised`` is what broke down on the way."""
        self._add(_attempt(pending, failed))
        self._close(pending, failed, raised=raised)

    def wait(self, pending: PendingDelivery, due: datetime, then: Callable[[], None]) -> None:
        """Let a delivery wait for its turn, within its retry window (facts 7.9).

        Which error the dead letter names when the window closes first is not recorded.
        """
        if pending.retries == 0:  # else it is pending already, and the journal says why
            self._add(delivery_record(pending, "pending", pending.at))
        expiry = pending.first + retry_policy(pending.params).age
        if due <= expiry:
            self._store.at(due, then, "retried")
        else:
            late = AttemptFailed("THROTTLING", "The invocation rate limit left no time before the event was too old.")
            self._close_at(max(expiry, pending.at), pending, late, _TOO_OLD)

    def _close_at(self, due: datetime, pending: PendingDelivery, failed: AttemptFailed, condition: str) -> None:
        def close() -> None:
            self._close(pending._replace(at=self._store.clock.now), failed, condition)

        self._store.at(due, close, "given_up")

    def _close(
        self,
        pending: PendingDelivery,
        failed: AttemptFailed,
        condition: str | None = None,
        raised: BaseException | None = None,
    ) -> None:
        """Send the dead letter where there is a queue for it, else drop the event."""
        now, queue = pending.at, dead_letter_queue(pending.target)
        # An empty text is no message: AWS was seen to keep nothing of it.
        if queue is None or not pending.payload:
            self._add(delivery_record(pending, "dropped", now, failed, raised))
            return
        spy = self._handlers.find(queue)
        may: bool | None = True
        if spy is not None:
            may = spy.gate.enter(partial(self._close, pending, failed, condition, raised), once=True)
            if may is False:
                self._add(delivery_record(pending, "pending", now))
                return
        try:
            if may is None:
                raise AttemptFailed("LOOP", crowd(pending.rule, queue))
            try:
                refused = self._send_dead_letter(pending, failed, condition, queue, spy)
            finally:
                if spy is not None:
                    spy.gate.leave()
        except AttemptFailed as lost:
            reason = f"{failed.reason} The dead-letter queue {queue} failed too: {lost.code} {lost.reason}"
            self._add(delivery_record(pending, "dropped", now, AttemptFailed(failed.code, reason), raised))
        else:
            self._add(delivery_record(pending, "dead-lettered", now, failed, refused or raised))
            let_out(refused)

    def _send_dead_letter(
        self,
        pending: PendingDelivery,
        failed: AttemptFailed,
        condition: str | None,
        queue: str,
        spy: TargetSpy | None = None,
    ) -> BaseException | None:
        """Send the dead letter. Return what the callable connected to the queue raised.

        Raises:
            AttemptFailed: the queue cannot be written; the event is lost then, as on AWS.
        """
        event, rule, target, payload = pending.event, pending.rule, pending.target, pending.payload
        written = attributes(rule, target, failed, pending.retries, condition)
        if self._faults.arranged and (struck := self._faults.strike(Target("", queue, {}))) is not None:
            raise struck
        if spy is not None:
            raised, sent = spy(payload, LambdaContext(queue, self._store.ids.uuid())), True
        else:
            request = _request(queue, payload, written, event.trace_header)
            raised, sent = None, self._is_sent(request)
        self._add(DeadLetter(pending.number, queue, payload, written, event, rule, target, pending.at, sent))
        return raised

    def _is_sent(self, request: AwsRequest) -> bool:
        """Send a dead letter. Return False where nothing here takes it."""
        try:
            return self._services.send(request) is not None
        except NotBuilt:
            return False

    def _add(self, record: Delivery | Attempt | DeadLetter) -> None:
        """Write a record down, unless a reset has ended the state that it belongs to."""
        if not self._store.ended:
            self._journal.add(record)


def _attempt(pending: PendingDelivery, failed: AttemptFailed, again: datetime | None = None) -> Attempt:
    return Attempt(pending.number, pending.retries + 1, pending.at, failed.code, failed.reason, again)


def let_out(raised: BaseException | None) -> None:
    """Raise Ctrl-C, and a test framework's own way of failing a test; all else that a callable raises is only noted."""
    if raised is not None and not isinstance(raised, Exception | SystemExit):
        raise raised


def _request(queue: str, body: str, written: dict[str, str], trace_header: str | None) -> AwsRequest:
    arn = parse_arn(queue)
    assert arn is not None
    params = {"QueueUrl": queue_url(arn), **message(body, written, trace_header)}
    return AwsRequest("sqs", "SendMessage", params, arn.account, arn.region)


# When a failed delivery is tried again, and when EventBridge gives up.
#
# AWS documents 24 hours, 185 attempts, exponential back-off and jitter, and not the delays themselves. Ours double from
# one second to ten minutes, each shortened at random by up to a quarter, so that under the default policy either limit
# may be the one that ends it.


_FIRST_DELAY = 1.0
_LONGEST_DELAY = 600.0
_JITTER = 0.25


@frozen
class Again:
    """The next attempt is due at ``due``."""

    due: datetime


@frozen
class GiveUp:
    """There is none; ``condition`` is the EXHAUSTED_RETRY_CONDITION, ``due`` when it is known."""

    condition: str
    due: datetime


def next_attempt(
    policy: RetryPolicy, *, retries: int, first: datetime, now: datetime, chance: float, not_before: datetime | None
) -> Again | GiveUp:
    """Return what follows on a failed attempt.

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


# The dead letter: what it says, as AWS writes it (facts 7.4).


def attributes(
    rule: Rule, target: Target, failed: AttemptFailed, retries: int, condition: str | None
) -> dict[str, str]:
    """Return the message attributes. Those about retries are absent after an error that is not retried."""
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
    """Return the members of SendMessage besides the queue."""
    params: dict[str, Any] = {
        "MessageBody": body,
        "MessageAttributes": {
            name: {"DataType": "String", "StringValue": value} for name, value in written.items() if value
        },
    }
    if trace_header is not None:
        params["MessageSystemAttributes"] = {"AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}}
    return params
