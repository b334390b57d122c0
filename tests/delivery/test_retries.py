"""The retry policy as a pure function, and its laws."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.delivery.pending import RetryPolicy, retry_policy
from eventbridge_local.delivery.retries import Again, GiveUp, next_attempt

START = datetime(2026, 3, 6, 9, tzinfo=UTC)


def after(**delta: float) -> datetime:
    return START + timedelta(**delta)


@pytest.mark.parametrize(
    ("params", "attempts", "seconds"),
    [
        ({}, 185, 86_400),
        ({"RetryPolicy": {"MaximumRetryAttempts": 0}}, 0, 86_400),
        ({"RetryPolicy": {"MaximumEventAgeInSeconds": 60}}, 185, 60),
        ({"RetryPolicy": {"MaximumRetryAttempts": 3, "MaximumEventAgeInSeconds": 300}}, 3, 300),
    ],
)
def test_the_policy_of_a_target(params: dict[str, object], attempts: int, seconds: int) -> None:
    """What is not given has AWS's default of 185 attempts in 24 hours."""
    assert retry_policy(params) == RetryPolicy(attempts, timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("retries", "chance", "seconds"),
    [(0, 0, 1), (1, 0, 2), (3, 0, 8), (9, 0, 512), (10, 0, 600), (99, 0, 600), (1, 1, 1.5)],
)
def test_the_back_off(retries: int, chance: float, seconds: float) -> None:
    """Delays double up to ten minutes; jitter shortens them by up to a quarter."""
    verdict = next_attempt(RetryPolicy(), retries=retries, first=START, now=START, chance=chance, not_before=None)
    assert verdict == Again(after(seconds=seconds))


def test_the_attempts_are_used_up() -> None:
    """After the last retry that the policy allows there is no other."""
    policy = RetryPolicy(attempts=2)
    verdict = next_attempt(policy, retries=2, first=START, now=after(seconds=5), chance=0, not_before=None)
    assert verdict == GiveUp("MaximumRetryAttempts", after(seconds=5))


def test_the_event_is_too_old() -> None:
    """An attempt that would come after the event's age is not made; it ends at that age."""
    policy = RetryPolicy(age=timedelta(seconds=60))
    verdict = next_attempt(policy, retries=5, first=START, now=after(seconds=40), chance=0, not_before=None)
    assert verdict == GiveUp("MaximumEventAgeInSeconds", after(seconds=60))


def test_the_target_asks_for_more_time() -> None:
    """The later of the back-off and what the target asked for counts."""
    asked = next_attempt(RetryPolicy(), retries=0, first=START, now=START, chance=0, not_before=after(minutes=5))
    sooner = next_attempt(RetryPolicy(), retries=9, first=START, now=START, chance=0, not_before=after(seconds=1))
    assert (asked, sooner) == (Again(after(minutes=5)), Again(after(seconds=512)))


@given(
    attempts=st.integers(0, 185),
    age=st.integers(60, 86_400),
    chances=st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_every_policy_ends(attempts: int, age: int, chances: list[float]) -> None:
    """Always failing, a delivery ends within its attempts and its age, and time never goes back."""
    policy, now, retries = RetryPolicy(attempts, timedelta(seconds=age)), START, 0
    while isinstance(
        verdict := next_attempt(
            policy, retries=retries, first=START, now=now, chance=chances[retries % len(chances)], not_before=None
        ),
        Again,
    ):
        assert now < verdict.due <= START + policy.age
        now, retries = verdict.due, retries + 1
    assert retries <= attempts
    assert now <= verdict.due <= START + policy.age


def test_the_default_policy_can_end_either_way() -> None:
    """With much jitter the attempts run out within a day, with none the day does."""

    def end(chance: float) -> str:
        now, retries = START, 0
        policy = RetryPolicy()
        while isinstance(
            verdict := next_attempt(policy, retries=retries, first=START, now=now, chance=chance, not_before=None),
            Again,
        ):
            now, retries = verdict.due, retries + 1
        return verdict.condition

    assert (end(1), end(0)) == ("MaximumRetryAttempts", "MaximumEventAgeInSeconds")
