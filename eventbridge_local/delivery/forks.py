"""What forked processes did with their copies of a mock, which the mock itself cannot see.

A fork copies the mock, and what the child puts stays in the copy. The child counts its calls in memory that it shares
with its parent, so the parent can say so instead of showing nothing.
"""

from __future__ import annotations

import mmap
import os

_BYTES = 4096
#: The numbers of one child: its process id, its calls, its events.
_FIELDS = 3
_MOST = _BYTES // (8 * _FIELDS)

_REMEDY = "Use threads, or let both processes call `eventbridge-local serve`"


class Forks:
    """The counts of the processes that were forked while one mock was active."""

    def __init__(self) -> None:
        self._counts = memoryview(mmap.mmap(-1, _BYTES)).cast("Q")  # shared by all forked processes
        self._next = 0
        self._mine: int | None = None

    def prepare(self) -> None:
        """Give the next child its place; called before each fork. A child of a child counts as that child."""
        if self._mine is None:
            self._next = min(self._next + 1, _MOST)

    def begin_child(self) -> None:
        """Count what this process does from now on; called in a forked process."""
        if self._mine is None:
            self._mine = (self._next - 1) * _FIELDS

    def count_call(self, events: int) -> None:
        """Count one call of this process that put so many events."""
        if self._mine is not None:
            self._counts[self._mine] = os.getpid()
            self._counts[self._mine + 1] += 1
            self._counts[self._mine + 2] += events

    def clear(self) -> None:
        """Forget what was counted so far, unless this is a forked process."""
        if self._mine is None:
            for index in range(len(self._counts)):
                self._counts[index] = 0

    def text(self, *, events_only: bool = False) -> str:
        """Return what forked processes did, in words; "" where they did nothing, and in these processes themselves.

        Args:
            events_only: say something only if they put events.
        """
        if self._mine is not None:
            return ""
        places = range(0, self._next * _FIELDS, _FIELDS)
        ids = [str(self._counts[place]) for place in places if self._counts[place]]
        calls = sum(self._counts[place + 1] for place in places)
        events = sum(self._counts[place + 2] for place in places)
        if not (events if events_only else calls):
            return ""
        did = f"put {events:,} event{'s'[events == 1 :]}" if events else f"made {calls:,} call{'s'[calls == 1 :]}"
        who, has = ("a forked process", "it has") if len(ids) == 1 else (f"{len(ids)} forked processes", "they have")
        return f"{who} (pid {', '.join(ids)}) {did}; {has} a copy of this mock, so nothing of that is here. {_REMEDY}"
