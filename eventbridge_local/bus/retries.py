"""When a failed delivery is tried again, and when EventBridge gives up.

AWS documents 24 hours, 185 attempts, exponential back-off and jitter, and not the delays themselves. Ours double from
one second to ten minutes, each shortened at random by up to a quarter, so that under the default policy either limit
may be the one that ends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

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
