"""Bytes that are more or less HTTP, against the parser of the server, and against a server on this machine.

However the bytes are cut into pieces, they mean the same. What is whole is read as it was meant; everything else is
refused, and the server goes on.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local.server import Server
from eventbridge_local.server.http import Gone, Reader, Unreadable, read_body, read_head

BODY = b'{"Entries": [{"Source": "shop", "DetailType": "t", "Detail": "{}"}]}'
#: A request that is answered, whatever came before it on other connections.
GOOD = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Amz-Target: AWSEvents.PutEvents\r\nConnection: close\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
STATUSES = {100, 200, 400, 403, 404, 408, 413, 414, 417, 431, 501, 505}


class Message(NamedTuple):
    """A request as it is meant.

    Attributes:
        method, path: of its first line.
        headers: in their order; those about the body come behind them.
        body: what it carries.
        chunks: how many bytes each chunk has; () for a body of known length.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    chunks: tuple[int, ...]

    def write(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", "Host: localhost:8080"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines.append("Transfer-Encoding: chunked" if self.chunks else f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + (self.chunked() if self.chunks else self.body)

    def chunked(self) -> bytes:
        written, left, number = b"", self.body, 0
        while left:
            size = self.chunks[number % len(self.chunks)]
            written += b"%x\r\n%s\r\n" % (len(left[:size]), left[:size])
            left, number = left[size:], number + 1
        return written + b"0\r\n\r\n"


messages = st.builds(
    Message,
    st.sampled_from(["POST", "GET", "HEAD", "OPTIONS", "BREW"]),
    st.sampled_from(["/", "/journal", "/events?x=1", "/deliveries", "/none"]),
    st.lists(
        st.tuples(
            st.sampled_from(["X-Amz-Target", "Authorization", "Accept", "X-Amzn-Trace-Id"]),
            st.sampled_from(
                [
                    "AWSEvents.PutEvents",
                    "AWSEvents.ListRules",
                    "AWSEvents.",
                    "AWS4-HMAC-SHA256 Credential=111111111111/20260306/eu-west-1/events/aws4_request, x",
                    "é",
                    "",
                ]
            ),
        ),
        max_size=3,
        unique_by=lambda pair: pair[0],
    ).map(tuple),
    st.sampled_from([BODY, b"", b"{}", b"[1, 2]", b"\xff\x00", b"0\r\n\r\n", b"{" * 2_000]),
    st.sampled_from([(), (), (1,), (7, 1), (10_000,)]),
)

#: Lines and parts of them that have brought down parsers.
BITS = [
    *(
        b"",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\t",
        b":",
        b"\xff",
        b"\x16\x03\x01",
        b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
    ),
    *(
        b"Content-Length: 5\r\n",
        b"Content-Length: +5\r\n",
        b"Content-Length: " + b"9" * 5_000,
        b"content-length:\xb2\r\n",
    ),
    *(
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
    ),
    *(
        b"Host: shop.example\r\n",
        b"Host: [::1\r\n",
        b"Host:\r\n",
        b"Origin: null\r\n",
        b"Origin: http://localhost:8080\r\n",
    ),
    *(
        b"Expect: 100-continue\r\n",
        b"Expect: x\r\n",
        b" folded\r\n",
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
    ),
    *(b"GET http://[::1/ HTTP/1.1\r\n", b"GET http:// HTTP/1.1\r\n", b"GET / HTTP/9.9\r\n", b"GET / HTTP/1.0\r\n\r\n"),
    *(
        b"ffffffffffffffffffffff\r\n",
        b"-1\r\n",
        b"0x5\r\n",
        b"5;a=b\r\nhello\r\n0\r\n\r\n",
        b"A: b\r\n" * 101,
        b"a" * 70_000,
    ),
]


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """Some messages after each other, with a few places spoiled."""
    stream = b"".join(message.write() for message in draw(st.lists(messages, min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(stream)))
        bit = draw(st.one_of(st.sampled_from(BITS), st.binary(max_size=4)))
        stream = stream[:at] + bit + stream[at + draw(st.integers(0, 8)) :]
    return stream


class Pieces:
    """What a Reader reads of, in pieces; then the end of the connection."""

    def __init__(self, stream: bytes, cuts: list[int]) -> None:
        ends = sorted({cut % (len(stream) + 1) for cut in cuts} | {len(stream)})
        self.pieces = [stream[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]
        self.pieces = [piece for piece in self.pieces if piece]

    def settimeout(self, seconds: float) -> None:
        pass

    def recv(self, most: int) -> bytes:
        if not self.pieces:
            return b""
        piece, rest = self.pieces[0][:most], self.pieces[0][most:]
        self.pieces[:1] = [rest] if rest else []
        return piece


def read_all(stream: bytes, cuts: list[int]) -> list[Any]:
    """Everything that the parser makes of a stream: requests with their bodies, then how it ends."""
    reader = Reader(Pieces(stream, cuts), clock=lambda: 0.0)  # type: ignore[arg-type]
    found: list[Any] = []
    while True:
        try:
            request = read_head(reader)
            found.append((request, read_body(reader, request, lambda: None)))
        except Gone:
            return [*found, "gone"]
        except Unreadable as problem:
            return [*found, (problem.status, str(problem))]
        if not request.keeps_open:
            return [*found, "closed"]


@settings(max_examples=examples(150, 1_000))
@given(streams(), st.lists(st.integers(0, 5_000), max_size=5))
def test_pieces_mean_the_same(stream: bytes, cuts: list[int]) -> None:
    whole = read_all(stream, [])
    assert read_all(stream, cuts) == whole
    assert whole[-1] in ("gone", "closed") or whole[-1][0] in STATUSES


@settings(max_examples=examples(100, 500))
@given(st.lists(messages, min_size=1, max_size=3))
def test_what_is_whole_is_read_as_it_was_meant(several: list[Message]) -> None:
    *found, end = read_all(b"".join(message.write() for message in several), [])
    assert end == "gone"
    read = [(request.method, request.path, body) for request, body in found]
    assert read == [(each.method, each.path.partition("?")[0], each.body) for each in several]
    for message, (request, _) in zip(several, found, strict=True):
        assert request.authority == "localhost:8080"
        assert all(request.headers[name.lower()] == value for name, value in message.headers)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(seed=1, keep_records=1_000) as running:
        yield running


_HEAD = re.compile(rb"HTTP/1\.1 ([0-9]{3}) [^\r\n]*\r\n((?:[A-Za-z-]+: [^\r\n]*\r\n)*)\r\n")


def statuses(answer: bytes) -> list[int]:
    """The statuses of all answers on a connection; an answer to HEAD has no body, whatever its length says."""
    found = []
    while answer:
        head = _HEAD.match(answer)
        assert head is not None, answer[:200]
        found.append(int(head[1]))
        answer = answer[head.end() :]
        length = re.search(rb"Content-Length: ([0-9]+)", head[2])
        if length is not None and not answer.startswith(b"HTTP/1.1 "):
            assert len(answer) >= int(length[1]) or not answer
            answer = answer[int(length[1]) :]
    return found


def exchange(server: Server, stream: bytes) -> bytes:
    """Send bytes, then nothing more; return all that comes back."""
    host, port = re.fullmatch(r"http://([0-9.]+):([0-9]+)", server.url).groups()  # type: ignore[union-attr]
    answer = b""
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        try:
            connection.sendall(stream)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                answer += piece
        except ConnectionError:
            pass  # of a request that is much too long, the server does not read the rest
    return answer


def test_a_server_answers_whatever_comes(server: Server, connected_sockets: list[Any]) -> None:
    """Each answer is whole, none is an error of ours, and a request that is right is answered afterwards."""

    @settings(max_examples=examples(60, 200))
    @given(streams())
    def sent(stream: bytes) -> None:
        found = statuses(exchange(server, stream))
        assert set(found) <= STATUSES, (found, stream)

    try:
        sent()
        assert statuses(exchange(server, GOOD)) == [200]
    finally:
        connected_sockets.clear()
