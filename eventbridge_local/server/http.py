"""The HTTP of the server: requests in, the bytes of ``botocore_hooks.wire`` out. Standard library only.

The account and the Region of a request are read from its signature, which is not checked. Its form is "AWS Signature
Version 4": ``AWS4-HMAC-SHA256 Credential=KEY/20260306/eu-west-1/events/aws4_request, ...``. With SigV4A, for global
endpoints, there is no Region in it and a header ``X-Amz-Region-Set`` instead.
"""

from __future__ import annotations

import contextlib
import http.server
import ipaddress
import json
import os
import re
import socket
import socketserver
import traceback
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any

from eventbridge_local.botocore_hooks.wire import WireResponse, refused, respond
from eventbridge_local.delivery.forward import SERVER_NAME, served_ports
from eventbridge_local.errors import ContractViolation, ServiceError, UnsupportedOperation
from eventbridge_local.operations.service import Service

#: PutEvents takes a megabyte at most; anything near this is no request of ours.
LONGEST_BODY = 16 * 1024 * 1024
_LONGEST_LINE = 1024
_PLAIN = "text/plain; charset=utf-8"

_CREDENTIAL = re.compile(r"\bCredential=([^/,\s]+)/(\d{8})/(?:([a-z]{2,}(?:-[a-z]+)+-\d+)/)?[a-z0-9-]+/aws4_request")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")

#: What a GET of a path shows: its content type and its text.
Pages = dict[str, Callable[[], tuple[str, str]]]


class Listener(http.server.ThreadingHTTPServer):
    """A bound socket.

    Args:
        address: host and port, 0 for any free one.
        service: what answers.
        account, region: of requests that name none.
        pages: what people may look at with a browser.
        after: called after each request of the API.

    Raises:
        OSError: the address cannot be bound.
    """

    daemon_threads = True
    #: A port that somebody listens on is refused. On Windows the first option would let both have it, elsewhere it only
    #: spares the wait after a server that has just ended; the second would let two servers share it on Linux.
    allow_reuse_address = os.name != "nt"
    allow_reuse_port = False

    def __init__(
        self,
        address: tuple[str, int],
        service: Service,
        account: str,
        region: str,
        pages: Pages,
        after: Callable[[], None],
    ) -> None:
        self.service = service
        self.account = account
        self.region = region
        self.pages = pages
        self.after = after
        self._connections: set[Any] = set()
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking DNS for the name of the host, as the class above would."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        host, port = self.server_address[:2]
        served_ports[port] = not ipaddress.ip_address(str(host).partition("%")[0]).is_loopback

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection in a thread of its own."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End one connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Give the address back, and close the connections that clients keep open: there will be no more answers."""
        super().server_close()
        served_ports.pop(self.server_address[1], None)
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing about clients that close their connection."""


class _Unreadable(Exception):
    """A request whose body cannot be read, with the status to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = SERVER_NAME
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = 65_536  # an answer in one packet; it is flushed after each request
    timeout = 120

    def do_POST(self) -> None:
        body = self._read()
        if body is not None:
            self._send(*self._answer(body))
            self.wfile.flush()
            self.server.after()

    def do_GET(self) -> None:
        if self._read() is None:
            return
        page = self.server.pages.get(self.path.partition("?")[0])
        kind, text = page() if page else (_PLAIN, f"there is no {self.path}; see /\n")
        self._send(200 if page else 404, {"Content-Type": kind}, text.encode("utf-8", "replace"))

    do_HEAD = do_GET

    def _answer(self, body: bytes) -> WireResponse:
        service = self.server.service
        headers = {name.lower(): value for name, value in self.headers.items()}
        account, region = scope_of(self.headers, self.server.account, self.server.region)  # type: ignore[arg-type]
        try:
            return respond(service, headers, body, account, region)
        except UnsupportedOperation as unsupported:
            error = ServiceError("UnknownOperationException", str(unsupported), 501)
        except ContractViolation as broken:
            error = ServiceError("ContractViolation", str(broken))
        except Exception as problem:
            traceback.print_exc()
            error = ServiceError("InternalFailure", f"eventbridge_local: {problem!r}", 500)
        return refused(error, service.ids.uuid(), service.clock.now)

    def _read(self) -> bytes | None:
        """Return the body; None when it cannot be read and that was answered."""
        try:
            return self._body()
        except _Unreadable as problem:
            self.close_connection = True
            self._send(problem.status, {"Content-Type": _PLAIN}, f"{problem}\n".encode())
            return None

    def _body(self) -> bytes:
        """Return the body, of known length or in chunks.

        Raises:
            _Unreadable: it is too long, or the headers make no sense.
        """
        if (self.headers.get("Transfer-Encoding") or "").lower() == "chunked":
            return self._chunks()
        length = self.headers.get("Content-Length") or "0"
        if not length.isdecimal():
            raise _Unreadable(400, "Content-Length is not a number")
        if int(length) > LONGEST_BODY:
            raise _Unreadable(413, f"a request has {LONGEST_BODY:,} bytes at most")
        return self.rfile.read(int(length))

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        room = LONGEST_BODY
        while True:
            size = self.rfile.readline(_LONGEST_LINE).partition(b";")[0].strip()
            try:
                length = int(size, 16)
            except ValueError:
                raise _Unreadable(400, "a chunk has no length") from None
            room -= length
            if length < 0 or room < 0:
                raise _Unreadable(413, f"a request has {LONGEST_BODY:,} bytes at most")
            if length == 0:
                while self.rfile.readline(_LONGEST_LINE).strip():
                    pass  # trailers
                return b"".join(parts)
            parts.append(self.rfile.read(length))
            self.rfile.readline(_LONGEST_LINE)

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response_only(status)
        common = {"Server": SERVER_NAME, "Date": formatdate(usegmt=True)}
        for name, value in {**common, **headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing; the log of the server shows more."""


def scope_of(headers: Mapping[str, str], account: str, region: str) -> tuple[str, str]:
    """Return the account and the Region that a request names.

    Args:
        headers: of the request; ``get`` must not mind their case.
        account: for a request without one. An access key id names an account when it is twelve digits.
        region: for a request without one.
    """
    found = _CREDENTIAL.search(headers.get("Authorization") or "")
    if found is None:
        return account, region
    key, named = found[1], found[3]
    if named is None:
        first = (headers.get("X-Amz-Region-Set") or "").split(",")[0].strip()
        named = first if _REGION.fullmatch(first) else region
    return key if _ACCOUNT.fullmatch(key) else account, named


def json_page(content: Any) -> tuple[str, str]:
    """Return a page of JSON."""
    return "application/json", json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n"


def text_page(text: str) -> tuple[str, str]:
    """Return a page of text."""
    return _PLAIN, text if text.endswith("\n") else text + "\n"
