"""A real HTTP server on loopback, and the only tests that may connect sockets."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from eventbridge_local.delivery.http.sender import Sender


class Received(NamedTuple):
    """A request as it came over the wire. ``path`` has the query string."""

    method: str
    path: str
    headers: dict[str, str]
    body: str


class Server:
    """Answers with what stands in ``answers``, in order and the last one for ever: ``(status, headers, body)``."""

    def __init__(self, certificate: Path | None = None) -> None:
        self.requests: list[Received] = []
        self.answers: list[tuple[int, dict[str, str], str | bytes]] = [(200, {}, "")]
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.scheme = "http" if certificate is None else "https"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True)
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._http.server_address[1]}"

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                server.requests.append(Received(self.command, self.path, dict(self.headers.items()), body))
                status, headers, content = server.answers.pop(0) if len(server.answers) > 1 else server.answers[0]
                sent = content.encode() if isinstance(content, str) else content
                self.send_response(status)
                for name, value in {"Content-Length": str(len(sent)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(sent)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = answer

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def sockets(connected_sockets: list[Any]) -> Iterator[list[Any]]:
    """Let a test connect sockets, to this machine."""
    before = len(connected_sockets)
    yield connected_sockets
    hosts = {address[0] for address in connected_sockets[before:]}
    del connected_sockets[before:]
    assert hosts <= {"127.0.0.1", "::1"}


@pytest.fixture
def serve(sockets: list[Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Server]]:
    """Starts servers that end with the test, and that may take their time: a machine may be slow."""
    *others, _ = Sender.__init__.__defaults__ or ()
    monkeypatch.setattr(Sender.__init__, "__defaults__", (*others, 300.0))
    started: list[Server] = []

    def start(certificate: Path | None = None) -> Server:
        started.append(Server(certificate))
        return started[-1]

    yield start
    for server in started:
        server.close()


@pytest.fixture
def server(serve: Callable[..., Server]) -> Server:
    return serve()
