"""The rate limit of API destinations: so many invocations a second, and the others wait their turn."""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

_SECOND = timedelta(seconds=1)


class Pace:
    """Gives every invocation its instant, first come first served.

    Within any second that begins at an invocation there are at most ``rate`` of them.
    """

    def __init__(self) -> None:
        self._turns: dict[str, deque[datetime]] = {}
        self._lock = Lock()  # events are put from several threads

    def turn(self, key: str, rate: int, now: datetime) -> datetime:
        """Reserve the earliest free instant and return it; ``now`` when there is no need to wait.

        Args:
            key: whose limit it is, such as the ARN of a destination.
            rate: invocations per second, from 1.
        """
        with self._lock:
            return _next(self._turns.setdefault(key, deque()), rate, now)


def _next(turns: deque[datetime], rate: int, now: datetime) -> datetime:
    """The instant after which ``turns``, the latest invocations, may have one more; it is added to them."""
    while len(turns) > rate:  # the limit was lowered
        turns.popleft()
    due = now
    if len(turns) == rate:
        due = max(now, turns.popleft() + _SECOND)
    if turns:
        due = max(due, turns[-1])
    turns.append(due)
    return due
