"""The end of an HTTP exchange: one time for all its steps, while a socket's own timeout begins anew with each byte."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from typing import Any

#: Seconds that EventBridge waits for an endpoint (facts 7.8).
TIMEOUT = 5.0
#: Bytes of an answer that are taken from another service. AWS's own answers are 6 MB at most (those of functions).
_LONGEST_ANSWER = 16 * 1024 * 1024


class Deadline:
    """The end of an exchange.

    Args:
        timeout: seconds from now.
        seconds: returns the seconds of a clock.
    """

    def __init__(self, timeout: float, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._end = seconds() + timeout

    def left(self) -> float:
        """Return the seconds that are left. Raises TimeoutError when there are none."""
        left = self._end - self._seconds()
        if left <= 0:
            raise TimeoutError("timed out")
        return left


def seconds_now() -> float:
    """Return the seconds of a clock that only goes forward."""
    return time.monotonic()


class TimedSocket:
    """The socket of a connection that is kept for more requests, each of which has a deadline of its own.

    Args:
        sock: a connected socket, after the TLS handshake.
        deadline: returns the deadline of the request that is under way.
    """

    def __init__(self, sock: Any, deadline: Callable[[], Deadline]) -> None:
        self._sock = sock
        self._deadline = deadline

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    def sendall(self, data: Any, *flags: Any) -> None:
        """Send all of it in the time that is left."""
        rest = memoryview(data).cast("B")
        while rest:
            self._sock.settimeout(self._deadline().left())
            rest = rest[self._sock.send(rest, *flags) :]

    def makefile(self, mode: str = "rb", buffering: int | None = None, **_: Any) -> Any:
        """Return a file to read the answer from, as ``socket.makefile`` does."""
        raw = _TimedReader(self._sock, self._deadline())
        self._sock._io_refs += 1  # as the original counts the files that keep a closed socket open
        return raw if buffering == 0 else io.BufferedReader(raw)


class _TimedReader(socket.SocketIO):
    def __init__(self, sock: Any, deadline: Deadline) -> None:
        super().__init__(sock, "r")
        self._socket = sock
        self._until = deadline
        self._room = _LONGEST_ANSWER

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._until.left())
        count = super().readinto(buffer)
        self._room -= count or 0
        if self._room < 0:
            raise ConnectionError("the answer is too long")
        return count
