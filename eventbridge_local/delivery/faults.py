"""What all arranged failures have in common: how often they strike, and how a wrong argument is answered."""

from __future__ import annotations

import difflib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

from eventbridge_local.delivery.pending import CODES, AttemptFailed
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import names_of
from eventbridge_local.model.records import Target


@dataclass(slots=True)
class Strikes:
    """How often a failure strikes: ``left`` counts down, None never ends; ``rate`` is a share, above 0 and up to 1."""

    left: int | None
    rate: float

    def strikes(self, random_value: float) -> bool:
        """Whether it strikes now; a failure that strikes is used up by one.

        Args:
            random_value: 0 up to and without 1.
        """
        if self.left == 0 or random_value >= self.rate:
            return False
        self.use_up()
        return True

    def use_up(self) -> None:
        """Count one strike."""
        if self.left is not None:
            self.left -= 1


F = TypeVar("F", bound=Strikes)


class Arrangements(Generic[F]):
    """The failures of one kind that are arranged, in the order they were.

    Args:
        seed: makes the failures of a ``rate`` below 1 reproducible.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = random.Random(seed)
        self._faults: list[F] = []
        self._lock = Lock()

    def __bool__(self) -> bool:
        return bool(self._faults)

    def clear(self) -> None:
        """Let nothing of this kind fail any more."""
        self._faults.clear()


def check_numbers(method: str, times: int | None, rate: float, share_of: str) -> None:
    """Raise UsageError when ``times`` or ``rate`` of a method makes no sense."""
    if times is not None and (type(times) is not int or times < 1):
        raise UsageError(f"{method}(times={times!r}): give a whole number from 1, or None for every time")
    if not isinstance(rate, int | float) or not 0 < rate <= 1:
        raise UsageError(f"{method}(rate={rate!r}): give a share of the {share_of}, above 0 and up to 1")


def guess_among(word: object, known: Iterable[str]) -> str:
    """What somebody may have meant who wrote ``word``: the nearest of the known words, or all of them."""
    choices = sorted(known)
    by_case = {choice.casefold(): choice for choice in choices}
    near = difflib.get_close_matches(str(word).casefold(), by_case, 1)
    return f"did you mean {by_case[near[0]]!r}?" if near else f"choose from {', '.join(choices)}"


# Targets that fail on demand.


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
