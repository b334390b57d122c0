"""Requests as bytes: each is read in one way, or answered with a refusal; none is left without an answer."""

from __future__ import annotations

import contextlib
import json
import random
import re
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventbridge_local.server import Server, http
from eventbridge_local.server.http import Gone, Reader, Request, Unreadable, read_body, read_head

Talk = Callable[[Server, bytes], bytes]
Connect = Callable[[Server], socket.socket]

HOST = b"Host: localhost\r\n"
LIST = b"X-Amz-Target: AWSEvents.ListRules\r\n"
CLOSE = b"Connection: close\r\n"


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + HOST + LIST + b"".join(each + b"\r\n" for each in headers) + b"\r\n" + body


def get(*headers: bytes, target: bytes = b"/journal", version: bytes = b"1.1") -> bytes:
    return b"GET %s HTTP/%s\r\n" % (target, version) + b"".join(each + b"\r\n" for each in headers) + b"\r\n"


def statuses(answers: bytes) -> list[int]:
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", answers)]


# what is refused

CHUNKED = b"Transfer-Encoding: chunked"
REFUSED: dict[str, tuple[bytes, int]] = {
    # lengths
    "a length of 5,000 digits": (post(b"Content-Length: " + b"9" * 5_000), 413),
    "a length of 5,000 zeros is 0": (post(b"Content-Length: " + b"0" * 5_000, b"Connection: close"), 200),
    "a length that is just too long": (post(b"Content-Length: 16777217"), 413),
    "a negative length": (post(b"Content-Length: -5"), 400),
    "a length with a sign": (post(b"Content-Length: +2", body=b"{}"), 400),
    "a length with a fraction": (post(b"Content-Length: 2.0", body=b"{}"), 400),
    "a length in hexadecimal": (post(b"Content-Length: 0x2", body=b"{}"), 400),
    "a length with an underscore": (post(b"Content-Length: 1_0", body=b"{}        "), 400),
    "a length in digits of another script": (post("Content-Length: ²".encode("latin-1"), body=b"{}"), 400),
    "an empty length": (post(b"Content-Length:", body=b"{}"), 400),
    "two lengths": (post(b"Content-Length: 2", b"Content-Length: 3", body=b"{} "), 400),
    "two lengths in one header": (post(b"Content-Length: 2, 3", body=b"{} "), 400),
    "the same length twice": (post(b"Content-Length: 2", b"Content-Length: 2", b"Connection: close", body=b"{}"), 200),
    # encodings
    "gzip, chunked": (post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"), 501),
    "gzip": (post(b"Transfer-Encoding: gzip"), 400),
    "chunked, gzip": (post(b"Transfer-Encoding: chunked, gzip"), 400),
    "chunked twice": (post(b"Transfer-Encoding: chunked, chunked"), 400),
    "two headers": (post(CHUNKED, CHUNKED), 400),
    "identity": (post(b"Transfer-Encoding: identity"), 400),
    "an empty encoding": (post(b"Transfer-Encoding:"), 400),
    "a length and chunks": (post(b"Content-Length: 2", CHUNKED, body=b"0\r\n\r\n"), 400),
    "chunks in capital letters": (post(b"Transfer-Encoding: CHUNKED", b"Connection: close", body=b"0\r\n\r\n"), 200),
    "chunks of HTTP/1.0": (post(CHUNKED, body=b"0\r\n\r\n").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
    # chunks
    "no size": (post(CHUNKED, body=b"\r\n"), 400),
    "a size with 0x": (post(CHUNKED, body=b"0x2\r\n{}\r\n0\r\n\r\n"), 400),
    "a size with a sign": (post(CHUNKED, body=b"+2\r\n{}\r\n0\r\n\r\n"), 400),
    "a size with an underscore": (post(CHUNKED, body=b"1_0\r\n{}\r\n0\r\n\r\n"), 400),
    "a negative size": (post(CHUNKED, body=b"-2\r\n{}\r\n0\r\n\r\n"), 413),
    "a size of 5,000 digits": (post(CHUNKED, body=b"f" * 5_000 + b"\r\n"), 400),
    "a size of 500 digits": (post(CHUNKED, body=b"f" * 500 + b"\r\n"), 413),
    "a size of many zeros": (post(CHUNKED, b"Connection: close", body=b"0" * 500 + b"2\r\n{}\r\n0\r\n\r\n"), 200),
    "a chunk that is longer": (post(CHUNKED, body=b"2\r\n{}{}\r\n0\r\n\r\n"), 400),
    "an extension": (post(CHUNKED, b"Connection: close", body=b"2;name=value\r\n{}\r\n0\r\n\r\n"), 200),
    "trailers": (post(CHUNKED, b"Connection: close", body=b"2\r\n{}\r\n0\r\nA: b\r\n\r\n"), 200),
    "trailers without end": (post(CHUNKED, body=b"0\r\n" + b"A: b\r\n" * 200), 431),
    # heads
    "long headers": (get(b"A: " + b"x" * 1_000_000), 431),
    "long headers together": (get(*[b"A: " + b"x" * 1_000] * 99), 431),
    "many headers": (get(*[b"A: x"] * 101), 431),
    "a long token": (get(b"Host: localhost", b"X-Amz-Security-Token: " + b"x" * 12_000, b"Connection: close"), 200),
    "a long target": (get(target=b"/" + b"x" * 100_000), 414),
    "a header that goes on in the next line": (get(b"Host: localhost", b"A: b", b" c"), 400),
    "a space before the colon": (get(b"Host: localhost", b"Content-Length : 2"), 400),
    "no colon": (get(b"Host: localhost", b"something"), 400),
    "a control in a header": (get(b"Host: localhost", b"A: \x1b[31m"), 400),
    "a return in a header": (get(b"Host: localhost", b"A: b\rContent-Length: 2"), 400),
    "no host": (get(), 400),
    "two hosts": (get(b"Host: localhost", b"Host: localhost"), 400),
    "a host that is none": (get(b"Host: local host"), 400),
    "an empty host": (get(b"Host:"), 400),
    # request lines
    "HTTP/0.9": (b"GET /\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "HTTP/3.0": (get(version=b"3.0"), 505),
    "two spaces": (b"GET  / HTTP/1.1\r\n\r\n", 400),
    "no version": (b"GET / HTTP\r\n\r\n", 400),
    "a control in the target": (get(target=b"/\x1b[2J"), 400),
    "a target that is no path": (get(b"Host: localhost", target=b"journal"), 400),
    "a target of a tunnel": (b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", 400),
    "a URL of another kind": (get(b"Host: localhost", target=b"ftp://localhost/journal"), 400),
    "a URL that is none": (get(b"Host: localhost", target=b"http://[::1/journal"), 400),
    "a handshake of TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "no text at all": (b"\x00\x01\x02", 400),
    "another expectation": (post(b"Expect: money", b"Content-Length: 2", body=b"{}"), 417),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_read(name: str, server: Server, talk: Talk) -> None:
    """One answer, the end of that connection, and the server goes on."""
    sent, status = REFUSED[name]
    answer = talk(server, sent)
    assert statuses(answer) == [status], answer
    assert b"\r\nConnection: close\r\n" in answer
    assert statuses(talk(server, post(b"Content-Length: 2", b"Connection: close", body=b"{}"))) == [200]


def test_a_refusal_is_of_the_form_that_sdks_read(server: Server, talk: Talk) -> None:
    body = talk(server, post(b"Content-Length: many")).partition(b"\r\n\r\n")[2]
    assert json.loads(body) == {"__type": "ValidationException", "message": "Content-Length is not a number"}


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("CreateEndpoint", {"Name": "e", "EventBuses": [[]]}),
        ("CreateEndpoint", {"Name": "e", "RoutingConfig": [], "EventBuses": "b"}),
        ("PutEvents", {"Entries": {"Source": "shop"}}),
        ("PutEvents", {"Entries": [None]}),
        ("PutEvents", {"Entries": [{"Source": ["shop"], "Detail": {}, "Time": True}]}),
        ("PutTargets", {"Rule": 1, "Targets": [[{"Id": "1"}]]}),
        ("TagResource", {"ResourceARN": "a", "Tags": [["Key", "Value"]] * 300}),
        ("PutRule", None),
        ("PutRule", [{}]),
        ("PutRule", "name"),
    ],
)
def test_values_of_wrong_types(operation: str, body: Any, server: Server, talk: Talk) -> None:
    """As AWS refuses them; tests/botocore_hooks/test_constraints.py has all members of all operations."""
    sent = json.dumps(body).encode()
    answer = talk(
        server,
        post(b"Content-Length: %d" % len(sent), b"Connection: close", body=sent).replace(
            b"ListRules", operation.encode()
        ),
    )
    assert statuses(answer) == [400]
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["__type"] == "SerializationException"


def test_a_body_that_ends_early(server: Server, connect: Connect) -> None:
    """The client says that no more comes, and still gets an answer; of chunks too."""
    for sent in (post(b"Content-Length: 5", body=b"{}"), post(CHUNKED, body=b"5\r\n{}")):
        connection = connect(server)
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert statuses(connection.recv(65_536)) == [400]


def test_a_client_that_goes_leaves_nothing(server: Server, connect: Connect, capfd: Any) -> None:
    """At the first byte, in the headers, in the body, and before it has read the answer."""
    for sent in (
        b"",
        b"P",
        b"POST / HTTP/1.1\r\nHost: local",
        post(b"Content-Length: 9", body=b"{"),
        get(*[HOST[:-2]]),
    ):
        connection = connect(server)
        connection.sendall(sent)
        reset = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        connection.close()
    last = connect(server)
    last.sendall(get(b"Host: localhost", b"Connection: close"))
    assert statuses(last.recv(65_536)) == [200]
    assert capfd.readouterr().err == ""


# what is taken


def test_pipelining(server: Server, talk: Talk) -> None:
    """Requests that come at once are answered in turn, whatever the length of their bodies is made of."""
    sent = [
        get(b"Host: localhost", target=b"/nothing"),
        post(b"Content-Length: 2", body=b"{}"),
        post(CHUNKED, body=b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        b"\r\n" + b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        get(b"Host: localhost", b"Connection: close"),
    ]
    answers = talk(server, b"".join(sent))
    assert statuses(answers) == [404, 200, 200, 501, 200, 200, 200]
    assert answers.count(b'{"Rules":[]}') == 2
    assert answers.endswith(b"nothing happened\n")


def test_line_feeds_alone(server: Server, talk: Talk) -> None:
    """As people type them."""
    assert statuses(talk(server, b"GET / HTTP/1.1\nHost: localhost\nConnection: close\n\n")) == [200]


def test_http_1_0(server: Server, talk: Talk) -> None:
    """Without a host, closed after the answer unless both want it open."""
    assert statuses(talk(server, get(version=b"1.0") + get(version=b"1.0"))) == [200]
    kept = talk(server, get(b"Connection: keep-alive", version=b"1.0") + get(version=b"1.0"))
    assert statuses(kept) == [200, 200]
    assert b"\r\nConnection: keep-alive\r\n" in kept
    assert statuses(talk(server, get(b"Host: evil.example", version=b"1.0"))) == [403]


def test_methods(server: Server, talk: Talk) -> None:
    options = talk(server, b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert statuses(options) == [200]
    assert b"\r\nAllow: GET, HEAD, OPTIONS, POST\r\n" in options
    assert b"\r\nContent-Length: 0\r\n" in options
    for method in (b"PUT", b"DELETE", b"PATCH", b"TRACE", b"BREW"):
        answer = talk(server, method + b" / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert statuses(answer) == [501]
        assert b"\r\nAllow: GET, HEAD, OPTIONS, POST\r\n" in answer


def test_a_url_as_the_target(server: Server, talk: Talk) -> None:
    """As a client sends it that takes the server for a proxy; the host in it counts, and the header does not."""
    asked = get(b"Host: evil.example", b"Connection: close", target=b"http://127.0.0.1:80/journal?x=1")
    assert talk(server, asked).endswith(b"nothing happened\n")
    bare = get(b"Host: localhost", b"Connection: close", target=b"http://localhost")
    assert b"eventbridge-local answers" in talk(server, bare)
    assert statuses(talk(server, get(b"Host: localhost", target=b"http://evil.example/journal"))) == [403]
    assert statuses(talk(server, get(b"Host: localhost", target=b"http://localhost@evil.example/"))) == [400]


def test_a_client_that_waits_before_its_body(server: Server, connect: Connect) -> None:
    """Expect: 100-continue: the word comes first, and not for a body that is refused anyway."""
    connection = connect(server)
    connection.sendall(post(b"Content-Length: 2", b"Expect: 100-continue"))
    assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.sendall(b"{}")
    assert statuses(connection.recv(65_536)) == [200]
    connection.sendall(post(b"Content-Length: 99999999", b"Expect: 100-continue"))
    assert statuses(connection.recv(65_536)) == [413]
    other = connect(server)
    other.sendall(post(b"Content-Length: 2", b"Expect: 100-continue").replace(b"localhost", b"evil.example"))
    assert statuses(other.recv(65_536)) == [403]


def test_an_answer_is_not_taken_back_by_what_the_client_still_sends(server: Server, connect: Connect) -> None:
    """A body that is too long is refused at once; who sends it to its end before it reads still gets the answer."""
    connection = connect(server)
    connection.sendall(post(b"Content-Length: 20000000", body=b"x" * 20_000_000))
    assert statuses(connection.recv(65_536)) == [413]


# slow clients


class Drip:
    """A connection that sends one byte a second."""

    def __init__(self, sent: bytes) -> None:
        self.seconds = 0.0
        self.sent: Iterator[int] = iter(sent)

    def settimeout(self, seconds: float) -> None:
        self.patience = seconds

    def recv(self, _: int) -> bytes:
        self.seconds += 1
        if self.patience < 1:
            raise TimeoutError
        return bytes((next(self.sent),))

    def now(self) -> float:
        return self.seconds


def read(connection: Drip) -> bytes:
    reader = Reader(connection, connection.now)  # type: ignore[arg-type]
    return read_body(reader, read_head(reader), lambda: None)


@pytest.mark.parametrize(
    "sent", [b"GET / HTTP/1.1\r\nA: " + b"x" * 500, b"POST / HTTP/1.0\r\nContent-Length: 500\r\n\r\n" + b"x" * 500]
)
def test_a_request_that_drips(sent: bytes) -> None:
    """A request has a time to its end, not to each byte."""
    connection = Drip(sent)
    with pytest.raises(TimeoutError):
        read(connection)
    assert connection.seconds <= http.REQUEST_SECONDS + 2


def test_a_request_that_is_slow_enough() -> None:
    assert read(Drip(b"POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}")) == b"{}"


def test_a_connection_without_a_request() -> None:
    """It ends without an answer."""
    silent = Drip(b"")
    silent.recv = lambda _: (_ for _ in ()).throw(TimeoutError)  # type: ignore[method-assign]
    with pytest.raises(Gone):
        read(silent)


def test_too_slow_is_answered(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.01)
    connection = connect(server)
    connection.sendall(b"POST / HTTP/1.1\r\nHost: local")
    assert statuses(connection.recv(65_536)) == [408]


def test_slow_clients_keep_nobody_waiting(server: Server, connect: Connect, talk: Talk) -> None:
    slow = [connect(server) for _ in range(20)]
    begun = [b"P", b"POST / HTTP/1.1\r\nHost", post(b"Content-Length: 5", body=b"{"), b""]
    for each, begin in zip(slow, begun * 5, strict=True):
        each.sendall(begin)
    assert statuses(talk(server, get(b"Host: localhost", b"Connection: close"))) == [200]


# the pure part


def test_a_request() -> None:
    """All of it, from a pair of sockets."""
    near, far = socket.socketpair()
    with near, far:
        far.sendall(b"POST /a/b?c=d HTTP/1.1\r\nHost: h:1\r\nX-A:\t one \r\nx-a: two\r\nConnection: a, Close\r\n\r\n")
        request = read_head(Reader(near))
    headers = {"host": "h:1", "x-a": "one, two", "connection": "a, Close"}
    assert request == Request("POST", "/a/b", "h:1", headers, 1, False)


def test_where_a_line_feed_would_end_it() -> None:
    """A request is read from pieces of any length."""
    text = post(CHUNKED, body=b"2\r\n{}\r\n0\r\n\r\n")
    for size in range(1, len(text), 7):
        pieces = iter([text[at : at + size] for at in range(0, len(text), size)])
        connection = Drip(b"")
        connection.recv = lambda _, pieces=pieces: next(pieces)  # type: ignore[method-assign,misc]
        assert read(connection) == b"{}"


def test_random_bytes_are_requests_or_refused() -> None:
    """Nothing but the errors that are answered."""
    chance = random.Random(1)
    pieces = [
        b"GET ", b"POST ", b"/", b" HTTP/1.1\r\n", b"Host: a\r\n", b"\r\n", b"\n", b"Content-Length: ", b"2", b"-",
        CHUNKED + b"\r\n", b"\x00", b"\xff", b":", b" ", b"{}", b"0\r\n\r\n", b"http://", b"[",
        b"Expect: 100-continue\r\n",
    ]  # fmt: skip
    for _ in range(2_000):
        sent = b"".join(chance.choices(pieces, k=chance.randrange(1, 20)))
        left = iter((sent,))
        connection = Drip(b"")
        connection.recv = lambda _, left=left: next(left, b"")  # type: ignore[method-assign,misc]
        with contextlib.suppress(Unreadable, Gone):
            assert isinstance(read(connection), bytes)


def test_blanks_inside_a_value_take_no_time_of_their_own() -> None:
    """A value of 60,000 blanks between two letters took 6 s to read."""
    for value in (b"x" + b" " * 60_000 + b"y", b"x" + b" \t" * 30_000 + b"y"):
        found = http._HEADER.fullmatch(b"A: \t" + value + b" \t ")
        assert found is not None
        assert found[2].strip(b" \t") == value
