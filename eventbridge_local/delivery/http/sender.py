"""HTTP requests sent to this machine only, and what their answers mean for a delivery.

AWS calls HTTPS endpoints with certificates that a public authority signed. A server in a test has none, so a
certificate of a loopback host is not verified, and plain HTTP is spoken there too. Redirects are not followed and no
proxy is asked, as both could lead away.
"""

from __future__ import annotations

import http.client
import io
import json
import socket
import ssl
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, urlsplit

from eventbridge_local.delivery.forward import NotLocal
from eventbridge_local.delivery.http.deadline import TIMEOUT, Deadline
from eventbridge_local.delivery.http.loopback import connect, is_loopback
from eventbridge_local.delivery.http.requests import Headers, wire
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest
from eventbridge_local.errors import UsageError

#: Bytes of an answer that are read; EventBridge asks for a mebibyte with its Range header.
_LONGEST_ANSWER = 1_048_576


class Sender:
    """Sends to loopback hosts and to those that are allowed.

    Args:
        allows: says of a URL whether its host may be called.
        seconds: returns the seconds of a clock that only goes forward.
        timeout: seconds that the whole exchange may take, from connecting to the end of the answer.
    """

    def __init__(
        self,
        allows: Callable[[str], bool] = is_loopback,
        seconds: Callable[[], float] = time.monotonic,
        timeout: float = TIMEOUT,
    ) -> None:
        self._allows = allows
        self._timeout = timeout
        self._seconds = seconds

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request and return the answer.

        Raises:
            NotLocal: the host is not of this machine and not allowed; nothing was sent.
            AttemptFailed: the endpoint cannot be reached or does not answer in time, or HTTP has no such request.
        """
        if not self._allows(request.url):
            raise NotLocal("the HTTP target", request.url)
        try:
            deadline = Deadline(self._timeout, self._seconds)
            with closing(_connection(urlsplit(request.url), deadline)) as connection:
                return _exchange(connection, request, deadline)
        except TimeoutError:
            raise timed_out() from None
        except (OSError, http.client.HTTPException):
            raise unreachable() from None
        except ValueError as wrong:  # a header with a line break, a port that is no number
            raise unsendable(str(wrong)) from None


class _TimedSocket(io.RawIOBase):
    """A socket whose every step gets the time that is left, in place of a timeout that begins anew with each byte."""

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._sock.settimeout(self._deadline.left())
            rest = rest[self._sock.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)

    def close(self) -> None:
        """Stay open: ``http.client`` closes a connection before it reads the answer."""


def _connection(url: SplitResult, deadline: Deadline) -> http.client.HTTPConnection:
    connection = _connection_by_scheme(url)

    def connect_in_time(address: tuple[str, int], timeout: Any, source: Any = None) -> socket.socket:
        sock = connect(address, deadline.left(), source)
        sock.settimeout(deadline.left())  # of a TLS handshake
        return sock

    connection._create_connection = connect_in_time  # type: ignore[attr-defined]  # http.client has no public way
    return connection


def _connection_by_scheme(url: SplitResult) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme != "https":
        return http.client.HTTPConnection(host, url.port)
    context = ssl.create_default_context()
    if is_loopback(url.geturl()):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, url.port, context=context)


def _exchange(connection: http.client.HTTPConnection, request: HttpRequest, deadline: Deadline) -> HttpResponse:
    connection.connect()
    with closing(connection.sock):
        connection.sock = _TimedSocket(connection.sock, deadline)
        return _answered(connection, request)


def _answered(connection: http.client.HTTPConnection, request: HttpRequest) -> HttpResponse:
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
    body = wire(request.body)
    always = [("Host", parts.netloc), ("Content-Length", str(len(body)))]
    for name, value in Headers([*always, *request.headers.items()]).items():
        connection.putheader(name, wire(value))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = _unpacked(_read(answer), answer.getheader("Content-Encoding", ""))
    return HttpResponse(answer.status, Headers(answer.getheaders()), content.decode("utf-8", "replace"))


def _read(answer: http.client.HTTPResponse) -> bytes:
    """Return the body, or as much of it as is looked at."""
    content = b""
    while len(content) < _LONGEST_ANSWER and (part := answer.read1(_LONGEST_ANSWER - len(content))):
        content += part
    return content


def _unpacked(content: bytes, encoding: str) -> bytes:
    """Return the content without the compression that Accept-Encoding allows. What cannot be unpacked stays."""
    if encoding.strip().lower() not in ("gzip", "deflate"):
        return content
    try:
        return zlib.decompress(content, zlib.MAX_WBITS | 32)  # 32: tell gzip from deflate by the first bytes
    except zlib.error:
        return content


# What an endpoint's answer means for a delivery: done, again later, or never.
#
# Sources: User Guide, page "API destinations" (statuses that are retried, Retry-After); two dead letters that people
# published for the texts of an endpoint that cannot be reached and of one that does not answer in time. What
# EventBridge says of a status is not published; those codes and texts are our judgement.


_UNABLE = "Unable to invoke ApiDestination endpoint:"

#: Statuses after which an API destination is called again; all from 500 on are too.
RETRIED_BY_DESTINATIONS = frozenset((401, 407, 409, 429))
#: The same for API Gateway.
RETRIED_BY_GATEWAYS = frozenset((429,))


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What an endpoint answered. ``headers`` are found in any case; ``body`` is text."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: str = ""


def unreachable() -> AttemptFailed:
    """Return the failure of an endpoint that does not listen, or breaks the connection (captured text and code)."""
    return AttemptFailed("SDK_CLIENT_ERROR", f"{_UNABLE} API destination endpoint cannot be reached.", retry=True)


def timed_out() -> AttemptFailed:
    """Return the failure of an endpoint that gives no answer in five seconds. Its code on AWS was UNKNOWN."""
    reason = f"{_UNABLE} Timeout calling endpoint for API Destination: socket closed."
    return AttemptFailed("UNKNOWN", reason, retry=True)


def unsendable(why: str) -> AttemptFailed:
    """Return the failure of a request that HTTP cannot carry, now or later (our judgement)."""
    return AttemptFailed("SDK_CLIENT_ERROR", f"{_UNABLE} the request cannot be sent: {why}", retry=False)


def response_of(result: Any) -> HttpResponse:
    """Return what a connected callable returned, as a response.

    Args:
        result: None (200), a status, ``(status, headers)``, ``(status, headers, body)``, or a response; a body may be
            text or anything that JSON can carry.

    Raises:
        UsageError: it is nothing of these.
    """
    if isinstance(result, HttpResponse):
        return result
    if result is None:
        return HttpResponse()
    if isinstance(result, int) and not isinstance(result, bool):
        return HttpResponse(result)
    if isinstance(result, tuple) and 2 <= len(result) <= 3 and isinstance(result[0], int):
        status, headers, body = (*result, "")[:3]
        text = body if isinstance(body, str) else json.dumps(body)
        return HttpResponse(status, Headers((name, str(value)) for name, value in (headers or {}).items()), text)
    raise UsageError(
        f"the callable behind an HTTP endpoint returned {result!r}; return None for 200, a status such as 503, "
        "(status, headers), (status, headers, body), or an HttpResponse"
    )


def outcome_of(result: Any, now: datetime, retried: frozenset[int] = RETRIED_BY_DESTINATIONS) -> HttpResponse:
    """Return the response when it means success (2xx).

    Args:
        result: what ``response_of`` takes.
        now: the instant from which the seconds of a Retry-After count.
        retried: the statuses below 500 after which EventBridge tries again.

    Raises:
        AttemptFailed: any other status, with whether it is retried and the earliest instant of the next attempt.
        UsageError: a callable returned something else.
    """
    response = response_of(result)
    if 200 <= response.status < 300:
        return response
    reason = f"{_UNABLE} the endpoint answered with status code {response.status}."
    code = "THROTTLING" if response.status == 429 else "ERROR_FROM_TARGET"
    if response.status not in retried and response.status < 500:
        raise AttemptFailed("SDK_CLIENT_ERROR", reason, retry=False)
    seconds, not_before = _retry_after(response.headers, now)
    raise AttemptFailed(code, reason, retry=seconds is None or seconds >= 0, not_before=not_before)


def _retry_after(headers: Mapping[str, str], now: datetime) -> tuple[float | None, datetime | None]:
    """Return the seconds and the instant that a Retry-After asks for; None for what is neither a number nor a date."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = int(text)
    except ValueError:
        return None, _http_date(text)
    # Beyond a day no retry policy looks; a bound keeps the calendar from overflowing.
    return seconds, now + timedelta(seconds=min(seconds, 10 * 86_400)) if seconds >= 0 else None


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
