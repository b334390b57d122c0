"""The socket of the server: connections in, the answers of ``botocore_hooks.wire`` and a few pages out.

Strategy: one thread accepts, and each connection has a thread of its own, so that a slow client keeps nobody waiting.
A connection is a loop: a request is read (``http``), let in (``access``), answered. A request that cannot be read or is
not let in gets an answer too, and is the last one of its connection. No error of a connection leaves its thread.

The account and the Region of a request are read from its signature, which is not checked. Its form is "AWS Signature
Version 4": ``AWS4-HMAC-SHA256 Credential=KEY/20260306/eu-west-1/events/aws4_request, ...``. With SigV4A, for global
endpoints, there is no Region in it and a header ``X-Amz-Region-Set`` instead.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import json
import os
import re
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Protocol

from eventbridge_local.botocore_hooks.wire import WireResponse, refused, respond
from eventbridge_local.deep import with_room
from eventbridge_local.delivery.forward import SERVER_NAME, served_ports
from eventbridge_local.errors import ContractViolation, ServiceError, UnsupportedOperation
from eventbridge_local.operations.service import Service
from eventbridge_local.server.access import Access
from eventbridge_local.server.http import REQUEST_SECONDS, Gone, Reader, Request, Unreadable, read_body, read_head
from eventbridge_local.visible import visible, visible_json

#: How long requests that are being answered may still take when the server stops, in seconds.
GRACE_SECONDS = 2.0
#: What a client may still send after it got its last answer, in bytes and seconds.
_LEFT_OVER = 64 * 1024 * 1024
_LEFT_OVER_SECONDS = 2.0
#: How long nothing is accepted when the process has no room for another connection, in seconds.
_PAUSE = 0.05
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_PLAIN = "text/plain; charset=utf-8"
_METHODS = "GET, HEAD, OPTIONS, POST"
#: For browsers: what they get is what it says it is, is not kept, and is nothing for another page. There is no header
#: of CORS, so no page of another origin reads an answer.
_FOR_BROWSERS = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}

_CREDENTIAL = re.compile(
    r"\bCredential=([^/,\s]+)/(\d{8})/(?:([a-z]{2,}(?:-[a-z]+)+-\d+)/)?[a-z0-9-]+/aws4_request", re.ASCII
)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+", re.ASCII)

#: What a GET of a path shows: its content type and its text.
Pages = dict[str, Callable[[], tuple[str, str]]]


class Watcher(Protocol):
    """Who is told what happens. None of this may wait for a reader for long."""

    def catch_up(self) -> None:
        """A request of the API was answered."""

    def note(self, text: str) -> None:
        """Something else is to be known, such as a request that was refused."""

    def trouble(self, error: BaseException) -> None:
        """An error that is a mistake of ours, or comes from a connected handler."""


class Listener(socketserver.ThreadingTCPServer):
    """A bound socket.

    Args:
        address: host and port, 0 for any free one.
        service: what answers.
        account, region: of requests that name none.
        pages: what people may look at with a browser.
        access: which requests are let in.
        watcher: is told what happens.

    Attributes:
        stopping: set when no more requests are answered.

    Raises:
        OSError: the address cannot be bound.
    """

    daemon_threads = True
    #: A port that somebody listens on is refused. On Windows the first option would let both have it, elsewhere it only
    #: spares the wait after a server that has just ended; the second would let two servers share it on Linux.
    allow_reuse_address = os.name != "nt"
    allow_reuse_port = False
    #: Connections that wait until they are accepted. The system may have a lower bound of its own.
    request_queue_size = 1024

    def __init__(
        self,
        address: tuple[str, int],
        service: Service,
        account: str,
        region: str,
        pages: Pages,
        access: Access,
        watcher: Watcher,
    ) -> None:
        self.service = service
        self.account = account
        self.region = region
        self.pages = pages
        self.access = access
        self.watcher = watcher
        self.stopping = threading.Event()
        self._connections: set[Any] = set()
        self._answering: set[Any] = set()
        self._changed = threading.Condition()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Connection)

    def server_bind(self) -> None:
        """Bind, and let the forwarding know that this process is behind the port."""
        super().server_bind()
        host, port = self.server_address[:2]
        served_ports[port] = not ipaddress.ip_address(str(host).partition("%")[0]).is_loopback

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection; without room for one, wait a little, as the next try would fail at once."""
        try:
            return super().get_request()
        except OSError as problem:
            if problem.errno in _NO_ROOM:
                time.sleep(_PAUSE)
            raise

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection in a thread of its own."""
        with self._changed:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End one connection."""
        with self._changed:
            self._connections.discard(request)
        super().shutdown_request(request)

    def begin_answer(self, connection: Any) -> bool:
        """Note that a request of a connection is being answered; False when it is too late for that."""
        with self._changed:
            if self.stopping.is_set():
                return False
            self._answering.add(connection)
            return True

    def end_answer(self, connection: Any) -> None:
        """Note that the answer was sent."""
        with self._changed:
            self._answering.discard(connection)
            self._changed.notify_all()

    def server_close(self) -> None:
        """Give the address back and end the connections: those that are being answered may finish that."""
        super().server_close()
        served_ports.pop(self.server_address[1], None)
        with self._changed:
            self.stopping.set()
            _cut(self._connections - self._answering)
            self._changed.wait_for(lambda: not self._answering, GRACE_SECONDS)
            _cut(self._connections)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: no thread for the connection, which is the only error that comes here."""


def _cut(connections: set[Any]) -> None:
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


class _Connection(socketserver.BaseRequestHandler):
    server: Listener
    request: socket.socket

    def handle(self) -> None:
        """Answer the requests of the connection in turn, until one of both sides ends it."""
        reader = Reader(self.request)
        try:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self._answer_next(reader):
                pass
            self._take_the_rest()
        except (Gone, OSError):
            pass  # the client has gone
        except Exception as mistake:
            self.server.watcher.trouble(mistake)

    def _answer_next(self, reader: Reader) -> bool:
        """Answer one request and return whether another one may follow."""
        request = None
        try:
            request = read_head(reader)
            self.server.access.check(request)
            body = read_body(reader, request, self._go_on)
        except Unreadable as problem:
            self._refuse(request, problem)
            return False
        except TimeoutError:
            self._refuse(request, Unreadable(408, "the request came too slowly"))
            return False
        if not self.server.begin_answer(self.request):
            return False
        try:
            self._send(request, self._answer(request, body), closes=not request.keeps_open)
        finally:
            self.server.end_answer(self.request)
            if request.method == "POST":
                self.server.watcher.catch_up()
        return request.keeps_open

    def _refuse(self, request: Request | None, problem: Unreadable) -> None:
        """Answer a request that is not read any further."""
        what = "request" if request is None else f"{request.method} {request.path}"
        self.server.watcher.note(f"{what} refused: {problem}")
        if request is not None and request.method == "POST":
            # SDKs understand this form.
            code = "AccessDeniedException" if problem.status == 403 else "ValidationException"
            answer = self._refused(ServiceError(code, str(problem), problem.status))
        else:
            answer = _plain(problem.status, str(problem))
        self._send(request, answer, closes=True)

    def _answer(self, request: Request, body: bytes) -> WireResponse:
        if request.method == "POST":
            return self._call(request, body)
        if request.method in ("GET", "HEAD"):
            return self._page(request.path)
        if request.method == "OPTIONS":
            return WireResponse(200, {"Allow": _METHODS}, b"")
        answer = _plain(501, f"there is no {request.method} here; use {_METHODS}")
        return answer._replace(headers={**answer.headers, "Allow": _METHODS})

    def _call(self, request: Request, body: bytes) -> WireResponse:
        """Carry out an operation of the API."""
        account, region = scope_of(request.headers, self.server.account, self.server.region)
        try:
            return respond(self.server.service, request.headers, body, account, region)
        except UnsupportedOperation as unsupported:
            return self._refused(ServiceError("UnknownOperationException", str(unsupported), 501))
        except ContractViolation as broken:
            return self._refused(ServiceError("ContractViolation", str(broken)))
        except BaseException as problem:  # also what a handler raises to end a test run: this thread is not its
            self.server.watcher.trouble(problem)
            return self._refused(ServiceError("InternalFailure", f"eventbridge_local: {problem!r}", 500))

    def _refused(self, error: ServiceError) -> WireResponse:
        return refused(error, self.server.service.ids.uuid(), self.server.service.clock.now)

    def _page(self, path: str) -> WireResponse:
        page = self.server.pages.get(path)
        if page is None:
            return _plain(404, f"there is no {path}; see /")
        try:
            try:
                kind, text = page()
            except RecursionError:
                kind, text = with_room(page)
        except Exception as problem:
            self.server.watcher.trouble(problem)
            return _plain(500, f"eventbridge_local: {problem!r}")
        return WireResponse(200, {"Content-Type": kind}, text.encode("utf-8", "replace"))

    # the bytes

    def _go_on(self) -> None:
        self.request.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _send(self, request: Request | None, answer: WireResponse, *, closes: bool) -> None:
        status, headers, body = answer
        common = {"Server": SERVER_NAME, "Date": formatdate(usegmt=True), **_FOR_BROWSERS}
        lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
        lines += [f"{name}: {value}" for name, value in {**common, **headers, "Content-Length": len(body)}.items()]
        if closes:
            lines.append("Connection: close")
        elif request is not None and request.minor == 0:
            lines.append("Connection: keep-alive")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        self.request.settimeout(REQUEST_SECONDS)
        self.request.sendall(head if request is not None and request.method == "HEAD" else head + body)

    def _take_the_rest(self) -> None:
        """Read what the client still sends: to close a connection with unread bytes would take the answer back."""
        self.request.shutdown(socket.SHUT_WR)
        deadline, room = time.monotonic() + _LEFT_OVER_SECONDS, _LEFT_OVER
        while room > 0 and (left := deadline - time.monotonic()) > 0:
            self.request.settimeout(left)
            piece = self.request.recv(1 << 16)
            if not piece:
                return
            room -= len(piece)


_PHRASES = {each.value: each.phrase for each in HTTPStatus}


def _plain(status: int, text: str) -> WireResponse:
    return WireResponse(status, {"Content-Type": _PLAIN}, f"{visible(text)}\n".encode())


def scope_of(headers: Mapping[str, str], account: str, region: str) -> tuple[str, str]:
    """Return the account and the Region that a request names.

    Args:
        headers: of the request, by name in lower case.
        account: for a request without one. An access key id names an account when it is twelve digits.
        region: for a request without one.
    """
    found = _CREDENTIAL.search(headers.get("authorization", ""))
    if found is None:
        return account, region
    key, named = found[1], found[3]
    if named is None:
        first = headers.get("x-amz-region-set", "").split(",")[0].strip()
        named = first if _REGION.fullmatch(first) else region
    return key if _ACCOUNT.fullmatch(key) else account, named


def json_page(content: Any) -> tuple[str, str]:
    """Return a page of JSON."""
    return "application/json", visible_json(json.dumps(content, ensure_ascii=False, indent=2, default=str)) + "\n"


def text_page(text: str) -> tuple[str, str]:
    """Return a page of text."""
    return _PLAIN, visible(text if text.endswith("\n") else text + "\n")
