"""The five seconds of an HTTP target are for the whole exchange. Socket and clock are made up: a step takes 1 s."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from eventbridge_local.delivery.http.sender import Sender
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest

URL = "http://127.0.0.1:1/"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Wire:
    """A socket that answers in parts and takes a second for each step, and a clock that shows it."""

    def __init__(self, parts: Iterator[bytes], *, step: float = 1.0, most: int = 65_536) -> None:
        self.now = 100.0
        self.closed = 0
        self.timeouts: list[float] = []
        self._parts = parts
        self._step = step
        self._most = most

    def seconds(self) -> float:
        return self.now

    def connect(self, address: Any, timeout: float, source: Any = None) -> Wire:
        self.timeouts.append(timeout)
        self.now += self._step
        return self

    def setsockopt(self, *option: Any) -> None: ...

    def settimeout(self, timeout: float) -> None:
        self.timeouts.append(timeout)

    def send(self, data: Any) -> int:
        self.now += self._step
        return min(len(data), self._most)

    def recv_into(self, buffer: Any) -> int:
        self.now += self._step
        part = next(self._parts, b"")
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self.closed += 1


def byte_by_byte(data: bytes) -> Iterator[bytes]:
    return (bytes([byte]) for byte in data)


def for_ever(part: bytes) -> Iterator[bytes]:
    while True:
        yield part


def exchange(wire: Wire, monkeypatch: pytest.MonkeyPatch, body: str = "{}") -> Any:
    monkeypatch.setattr("eventbridge_local.delivery.http.sender.connect", wire.connect)
    return Sender(lambda url: True, wire.seconds).send(HttpRequest("POST", URL, {}, body))


@pytest.mark.parametrize(
    "parts",
    [
        lambda: byte_by_byte(HEAD),
        lambda: for_ever(CONTINUE),
        lambda: for_ever(CONTINUE * 300),
        lambda: iter([HEAD, *byte_by_byte(b"x" * 400)]),
        lambda: iter([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"1\r\nx\r\n"] * 400]),
        lambda: for_ever(b"HTTP/1.1 200 OK\r\nX-A: b\r\n"),
    ],
    ids=["head", "continue", "many continues", "body", "chunks", "headers"],
)
def test_an_answer_that_drips(parts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(parts())
    with pytest.raises(AttemptFailed) as failed:
        exchange(wire, monkeypatch)
    assert failed.value.code == "UNKNOWN" or "cannot be reached" in failed.value.reason
    assert wire.now <= 106
    assert all(timeout <= 105 - 100 for timeout in wire.timeouts)
    assert wire.timeouts == sorted(wire.timeouts, reverse=True), "each step gets what is left"
    assert wire.closed


def test_a_request_that_is_taken_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(iter([HEAD]), most=10)
    with pytest.raises(AttemptFailed, match="Timeout calling endpoint"):
        exchange(wire, monkeypatch, "x" * 1_000)
    assert wire.now <= 106


def test_an_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(iter([CONTINUE, HEAD + b"x" * 200, b"x" * 200]), step=0.5)
    response = exchange(wire, monkeypatch)
    assert (response.status, response.body) == (200, "x" * 400)
    assert wire.closed
