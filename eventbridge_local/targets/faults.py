"""Targets that fail on demand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from eventbridge_local.core.arranged import Arrangements, Strikes, check_numbers, guess_among
from eventbridge_local.errors import UsageError
from eventbridge_local.state.records import Target
from eventbridge_local.targets.handover import CODES, AttemptFailed
from eventbridge_local.targets.names import names_of

#: What EventBridge writes into ERROR_MESSAGE is not recorded for these codes; the text says who made the failure.
_REASON = "made to fail by the test with fail_target"


@dataclass(slots=True)
class Fault(Strikes):
    """One arranged failure of attempts to reach a target."""

    target: str
    error: str
    reason: str


class Faults(Arrangements[Fault]):
    """The targets of one mock that are made to fail."""

    def add(self, target: str, *, times: int | None, error: str, reason: str | None, rate: float) -> None:
        """Arrange a failure. Raises UsageError for a code that AWS does not have, or numbers that make no sense."""
        if error not in CODES:
            hint = guess_among(error, CODES)
            raise UsageError(f"fail_target(error={error!r}): EventBridge has no such error code; {hint}")
        check_numbers("fail_target", times, rate, "attempts")
        self._faults.append(Fault(times, rate, target, error, reason or _REASON))

    def check(self, target: Target) -> None:
        """Raise AttemptFailed when a failure is arranged for this attempt."""
        with self._lock:
            for fault in self._of(target):
                if fault.strikes(self._random.random()):
                    raise AttemptFailed(fault.error, fault.reason)

    def _of(self, target: Target) -> Iterator[Fault]:
        names = {*names_of(target.arn), target.id}
        return (fault for fault in self._faults if fault.target in names)
