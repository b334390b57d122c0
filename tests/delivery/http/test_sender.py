"""Sending over real sockets, to this machine only."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.delivery.forward import NotLocal, Services
from eventbridge_local.delivery.http.invocations import Headers, Sender
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest


def post(url: str, body: str = "", **headers: str) -> HttpRequest:
    return HttpRequest("POST", url, Headers(headers.items()), body)


def test_a_request_arrives_as_it_is(server: Any) -> None:
    """Method, path, query, headers and body; nothing is added but what HTTP needs."""
    server.answers = [(201, {"X-Answer": "a"}, "ä")]
    answer = Sender().send(post(f"{server.url}/a%20b?c=d%20e", "öl", X_A="1", Connection="close"))
    assert (answer.status, answer.headers["x-answer"], answer.body) == (201, "a", "ä")
    (got,) = server.requests
    assert (got.method, got.path, got.body) == ("POST", "/a%20b?c=d%20e", "öl")
    host = server.url.removeprefix("http://")
    assert got.headers == {"Host": host, "Content-Length": "3", "X_A": "1", "Connection": "close"}


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"])
def test_methods(server: Any, method: str) -> None:
    """All that an API destination may have."""
    server.answers = [(200, {}, "body")]
    answer = Sender().send(HttpRequest(method, server.url, {}, "{}"))
    assert (server.requests[0].method, server.requests[0].path, server.requests[0].body) == (method, "/", "{}")
    assert answer.body == ("" if method == "HEAD" else "body")


def test_redirects_are_not_followed(server: Any) -> None:
    """They could lead away from this machine, and AWS counts them as failures."""
    server.answers = [(302, {"Location": "https://elsewhere.example/"}, "")]
    assert Sender().send(post(server.url)).status == 302
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("encoding", "content"),
    [("gzip", gzip.compress(b"packed")), ("deflate", zlib.compress(b"packed")), ("gzip", b"packed"), ("br", b"packed")],
    ids=["gzip", "deflate", "not gzip at all", "unknown"],
)
def test_answers_are_unpacked(server: Any, encoding: str, content: bytes) -> None:
    """EventBridge accepts gzip and deflate; what cannot be unpacked is taken as it is."""
    server.answers = [(200, {"Content-Encoding": encoding}, content)]
    assert Sender().send(post(server.url)).body == "packed"


def test_no_more_than_a_mebibyte_of_an_answer_in_chunks_is_read(server: Any) -> None:
    """EventBridge asks for that much with its Range header; chunks do not say beforehand how many there will be."""
    chunk = b"FFFF\r\n" + b"x" * 0xFFFF + b"\r\n"
    server.answers = [(200, {"Transfer-Encoding": "chunked"}, chunk * 40 + b"0\r\n\r\n")]
    assert len(Sender().send(post(server.url)).body) == 1_048_576


@pytest.mark.parametrize(
    "url", ["https://crm.example/x", "http://192.0.2.1/", "https://localhost.example/", "https://1.127.0.0.1/"]
)
def test_nothing_leaves_the_machine(url: str) -> None:
    """The error names the option that would allow it, and no socket is opened."""
    with pytest.raises(NotLocal, match="allow_hosts="):
        Sender().send(post(url))


def test_hosts_that_are_allowed(sockets: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """``allow_hosts`` lets a name be looked up; ``forward='never'`` lets nothing be called."""
    looked_up: list[str] = []

    def nowhere(host: str, *_: Any, **__: Any) -> Any:
        looked_up.append(host)
        raise socket.gaierror("not in a test")

    monkeypatch.setattr(socket, "getaddrinfo", nowhere)
    sender = Sender(Services(allow_hosts=["crm.example"]).reaches)
    with pytest.raises(AttemptFailed, match="cannot be reached"):
        sender.send(post("https://crm.example/"))
    assert looked_up == ["crm.example"]
    for forward in ("never", ["sqs"]):
        with pytest.raises(NotLocal):
            Sender(Services(forward=forward, allow_hosts=["crm.example"]).reaches).send(post("https://crm.example/"))
    assert Services(forward=["sqs", "http"]).reaches("http://127.0.0.1/")


@pytest.fixture
def deaf(sockets: list[Any]) -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_no_answer_in_time(deaf: str) -> None:
    """It is retried; text and code are those of a dead letter that somebody published."""
    with pytest.raises(AttemptFailed, match="Timeout calling endpoint") as failed:
        Sender(timeout=0.01).send(post(deaf))
    assert (failed.value.code, failed.value.retry) == ("UNKNOWN", True)


@pytest.fixture
def endless(sockets: list[Any]) -> Iterator[str]:
    """An address that answers with a stream of events: each part comes in time, and the end never."""
    stop = threading.Event()

    def stream(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection, contextlib.suppress(OSError):
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
            while not stop.wait(0.005):
                connection.sendall(b":\n\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=stream, args=(listening,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        stop.set()
        thread.join()


def test_an_answer_without_end(endless: str) -> None:
    """The time is for the whole answer, not for each part of it."""
    with pytest.raises(AttemptFailed, match="Timeout calling endpoint"):
        Sender(timeout=0.1).send(post(endless))


def test_nobody_listens(sockets: list[Any]) -> None:
    """It is retried; text and code are those of a dead letter that somebody published."""
    with socket.socket() as bound:  # and does not listen, so that nobody else is given its port
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(AttemptFailed, match="API destination endpoint cannot be reached") as failed:
            Sender().send(post(f"http://127.0.0.1:{bound.getsockname()[1]}"))
    assert (failed.value.code, failed.value.retry) == ("SDK_CLIENT_ERROR", True)


@pytest.mark.parametrize(("name", "value"), [("X-A", "a\r\nX-B: b"), ("X-A", "a\n")])
def test_headers_cannot_be_smuggled(server: Any, name: str, value: str) -> None:
    """A value out of an event may hold a line break; that request is not sent, now or later."""
    with pytest.raises(AttemptFailed, match="cannot be sent") as failed:
        Sender().send(HttpRequest("POST", server.url, {name: value}, ""))
    assert (failed.value.retry, server.requests) == (False, [])


def test_a_port_that_is_none(sockets: list[Any]) -> None:
    """The authorization endpoint of a connection is not checked when it is made."""
    with pytest.raises(AttemptFailed, match="cannot be sent"):
        Sender().send(post("http://localhost:x/"))


def test_half_a_surrogate_pair_is_sent(server: Any) -> None:
    """As a question mark."""
    Sender().send(post(server.url, chr(0xD800), X_A=chr(0xD800)))
    assert (server.requests[0].body, server.requests[0].headers["X_A"]) == ("?", "?")


def test_an_answer_that_is_no_http(sockets: list[Any], server: Any) -> None:
    """TLS spoken to a plain server fails as an endpoint that cannot be reached."""
    with pytest.raises(AttemptFailed, match="cannot be reached"):
        Sender().send(post(server.url.replace("http:", "https:")))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate that nobody signed, with its key."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "somebody.example")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2020, 1, 1))
        .not_valid_after(datetime(2020, 1, 1) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = tmp_path / "certificate.pem"
    path.write_bytes(private + signed.public_bytes(pem))
    return path


def test_https_with_any_certificate(serve: Callable[..., Any], certificate: Path) -> None:
    """A loopback server needs no certificate that anybody trusts."""
    server = serve(certificate)
    assert Sender().send(post(f"{server.url}/x")).status == 200
    assert server.requests[0].path == "/x"


def test_other_hosts_need_a_good_certificate(serve: Callable[..., Any], certificate: Path, monkeypatch: Any) -> None:
    """What is verified is all that is not loopback by name."""
    server = serve(certificate)
    monkeypatch.setattr("eventbridge_local.delivery.http.sender.is_loopback", lambda url: False)
    with pytest.raises(AttemptFailed, match="cannot be reached"):
        Sender(lambda url: True).send(post(server.url))
    assert server.requests == []
