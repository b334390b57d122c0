"""Targets that fail on demand."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterator
from dataclasses import dataclass

from eventbridge_local.errors import UsageError
from eventbridge_local.state.records import Target
from eventbridge_local.targets.handover import CODES, AttemptFailed
from eventbridge_local.targets.names import names_of

#: What EventBridge writes into ERROR_MESSAGE is not recorded for these codes; the text says who made the failure.
_REASON = "made to fail by the test with fail_target"


@dataclass(slots=True)
class Fault:
    """One arranged failure; ``left`` counts down, None never ends."""

    target: str
    error: str
    reason: str
    left: int | None
    rate: float

    def strikes(self, random_value: float) -> bool:
        """Whether it fails this attempt; a failure that strikes is used up."""
        if self.left == 0 or random_value >= self.rate:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class Faults:
    """The arranged failures of one mock.

    Args:
        seed: makes the failures of a ``rate`` below 1 reproducible.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = random.Random(seed)
        self._faults: list[Fault] = []

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, target: str, *, times: int | None, error: str, reason: str | None, rate: float) -> None:
        """Arrange a failure. Raises UsageError for a code that AWS does not have, or numbers that make no sense."""
        if error not in CODES:
            near = difflib.get_close_matches(error.upper(), sorted(CODES), 1)
            guess = f"did you mean {near[0]!r}?" if near else f"choose from {', '.join(sorted(CODES))}"
            raise UsageError(f"fail_target(error={error!r}): EventBridge has no such error code; {guess}")
        if times is not None and (not isinstance(times, int) or times < 1):
            raise UsageError(f"fail_target(times={times!r}): give a whole number from 1, or None for every time")
        if not 0 < rate <= 1:
            raise UsageError(f"fail_target(rate={rate!r}): give a share of the attempts, above 0 and up to 1")
        self._faults.append(Fault(target, error, reason or _REASON, times, rate))

    def clear(self) -> None:
        """Let every target work again."""
        self._faults.clear()

    def check(self, target: Target) -> None:
        """Raise AttemptFailed when a failure is arranged for this attempt."""
        for fault in self._of(target):
            if fault.strikes(self._random.random()):
                raise AttemptFailed(fault.error, fault.reason)

    def _of(self, target: Target) -> Iterator[Fault]:
        names = {*names_of(target.arn), target.id}
        return (fault for fault in self._faults if fault.target in names)
