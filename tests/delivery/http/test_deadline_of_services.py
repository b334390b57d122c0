"""The five seconds of a request to another service are for the whole exchange, through botocore's connections too."""

from __future__ import annotations

import itertools
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.delivery.http import deadline

JSON = "Content-Type: application/x-amz-json-1.0\r\n"
HEAD = f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: 4000000\r\n\r\n".encode()
CHUNKED = f"HTTP/1.1 200 OK\r\n{JSON}Transfer-Encoding: chunked\r\n\r\n".encode()
TARGETS = {
    "SQS": "arn:aws:sqs:us-east-1:123456789012:q",
    "SNS": "arn:aws:sns:us-east-1:123456789012:t",
    "LAMBDA": "arn:aws:lambda:us-east-1:123456789012:function:f",
    "SFN": "arn:aws:states:us-east-1:123456789012:stateMachine:m",
}


def take_request(connection: socket.socket) -> None:
    taken = b""
    while b"\r\n\r\n" not in taken:
        taken += connection.recv(65_536) or b"\r\n\r\n"
    head, _, body = taken.partition(b"\r\n\r\n")
    missing = int((re.findall(rb"content-length: (\d+)", head.lower()) or [b"0"])[0]) - len(body)
    while missing > 0:
        missing -= len(connection.recv(65_536)) or missing


@pytest.fixture
def drip(sockets: list[Any]) -> Iterator[Callable[[Iterator[bytes]], str]]:
    """Serve one part after another to whoever connects, until it goes away."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []
    answers: list[Iterator[bytes]] = []
    open_ones: list[socket.socket] = [listener]

    def answer_all() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                open_ones.append(connection)
                with connection, suppress(OSError):
                    for part in answers[0]:
                        if part == b"":
                            take_request(connection)
                        else:
                            connection.sendall(part)

    def drip(parts: Iterator[bytes]) -> str:
        answers.append(parts)
        threads.append(threading.Thread(target=answer_all, daemon=True))
        threads[0].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield drip
    for each in open_ones:
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
    listener.close()
    threads[0].join(60)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a second pass with each look at the clock, which is one look for each step of an exchange."""
    monkeypatch.setattr(deadline, "seconds_now", itertools.count(100.0).__next__)


def deliver(url: str, service: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
    with mock_eventbridge(region="us-east-1", assert_all_deliveries_succeeded=False) as eb:
        eb.rule("r", pattern={"source": ["shop"]}, to=TARGETS[service])
        eb.put("shop", "Sold")
        return eb.deliveries.one()


@pytest.mark.parametrize("service", ["SQS", "SNS", "SFN"])
@pytest.mark.parametrize(
    "parts",
    [
        lambda: itertools.chain([b""], itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
        lambda: itertools.chain([b"", HEAD], itertools.repeat(b" " * 1_000)),
        lambda: itertools.chain([b"", CHUNKED], itertools.repeat(b"1\r\n \r\n")),
    ],
    ids=["continue", "body", "chunks"],
)
@pytest.mark.usefixtures("clock")
def test_an_answer_without_end(service: str, parts: Any, drip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = deliver(drip(parts()), service, monkeypatch)
    assert (delivery.outcome, delivery.error) == ("pending", "TIMEOUT")


@pytest.mark.usefixtures("clock")
def test_a_function_that_never_answers(drip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its answer is a stream, of which only the beginning is read."""
    parts = itertools.chain([b""], itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n"))
    assert deliver(drip(parts), "LAMBDA", monkeypatch).error == "TIMEOUT"


def test_an_answer_that_is_longer_than_any(drip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = itertools.chain([b"", CHUNKED], itertools.repeat(b"10000\r\n" + b" " * 65_536 + b"\r\n"))
    monkeypatch.setattr(deadline, "seconds_now", lambda: 100.0)
    delivery = deliver(drip(parts), "SNS", monkeypatch)
    assert delivery.outcome != "delivered"


def test_connections_are_kept_and_each_request_has_its_time(drip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds pass from one request to the next; both are answered, over one connection."""
    seconds = itertools.count(100.0, 10.0)
    monkeypatch.setattr(deadline, "seconds_now", lambda: (seen.append(1), now[0])[1])
    now, seen = [next(seconds)], []  # type: ignore[var-annotated]
    body = b'{"QueueUrl": "http://127.0.0.1/123456789012/q", "MessageId": "1"}'
    answer = f"HTTP/1.1 200 OK\r\n{JSON}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def parts() -> Iterator[bytes]:
        for _ in range(4):
            yield b""
            now[0] = next(seconds)
            yield answer

    monkeypatch.setattr(deadline, "TIMEOUT", 15.0)
    delivery = deliver(drip(parts()), "SQS", monkeypatch)
    assert delivery.outcome == "delivered"
    assert seen
