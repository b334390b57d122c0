"""What follows a failed attempt: another one, a dead letter, or a drop."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from eventbridge_local.bus import dead_letters
from eventbridge_local.bus.passage import Logbook, Passage
from eventbridge_local.bus.retries import GiveUp, next_attempt, policy_of
from eventbridge_local.core.arn import parse_arn
from eventbridge_local.state.records import Target
from eventbridge_local.state.world import World
from eventbridge_local.targets.faults import Faults
from eventbridge_local.targets.forward import Forwarder
from eventbridge_local.targets.handlers import Handlers, LambdaContext
from eventbridge_local.targets.handover import AttemptFailed, AwsRequest

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
        world: World,
        logbook: Logbook,
        handlers: Handlers,
        forwarder: Forwarder,
        faults: Faults,
        seed: object,
        retry: Retry,
    ) -> None:
        self._world = world
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
        queue = dead_letters.queue_of(passage.target)
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
        written = dead_letters.attributes(passage.rule, passage.target, failed, passage.retries, condition)
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
    params = {"QueueUrl": url, **dead_letters.message(body, written, trace_header)}
    return AwsRequest("sqs", "SendMessage", params, arn.account, arn.region)
