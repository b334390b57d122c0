"""Sends requests, to this machine only.

AWS calls HTTPS endpoints with certificates that a public authority signed. A server in a test has none, so a
certificate of a loopback host is not verified, and plain HTTP is spoken there too. Redirects are not followed and no
proxy is asked, as both could lead away.
"""

from __future__ import annotations

import http.client
import ssl
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from urllib.parse import SplitResult, urlsplit

from eventbridge_local.targets.handover import HttpRequest
from eventbridge_local.targets.http.headers import Headers, wire
from eventbridge_local.targets.http.outcome import HttpResponse, timed_out, unreachable, unsendable
from eventbridge_local.targets.services import NotLocal, is_loopback

#: Seconds that EventBridge waits for an endpoint (User Guide).
TIMEOUT = 5.0
#: Bytes of an answer that are read; EventBridge asks for a mebibyte with its Range header.
_LONGEST_ANSWER = 1_048_576


class Sender:
    """Sends to loopback hosts and to those that are allowed.

    Args:
        allows: says of a URL whether its host may be called.
        timeout: seconds to wait for an answer.
    """

    def __init__(self, allows: Callable[[str], bool] = is_loopback, timeout: float = TIMEOUT) -> None:
        self._allows = allows
        self._timeout = timeout

    def send(self, request: HttpRequest) -> HttpResponse:
        """Send, and read the answer.

        Raises:
            NotLocal: the host is not of this machine and not allowed; nothing was sent.
            AttemptFailed: the endpoint cannot be reached or does not answer in time, or HTTP has no such request.
        """
        if not self._allows(request.url):
            raise NotLocal("the HTTP target", request.url)
        try:
            with closing(_connection(urlsplit(request.url), self._timeout)) as connection:
                return _exchange(connection, request, time.monotonic() + self._timeout)
        except TimeoutError:
            raise timed_out() from None
        except (OSError, http.client.HTTPException):
            raise unreachable() from None
        except ValueError as wrong:  # a header with a line break, a port that is no number
            raise unsendable(str(wrong)) from None


def _connection(url: SplitResult, timeout: float) -> http.client.HTTPConnection:
    host = url.hostname or ""
    if url.scheme != "https":
        return http.client.HTTPConnection(host, url.port, timeout=timeout)
    context = ssl.create_default_context()
    if is_loopback(url.geturl()):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection(host, url.port, timeout=timeout, context=context)


def _exchange(connection: http.client.HTTPConnection, request: HttpRequest, deadline: float) -> HttpResponse:
    parts = urlsplit(request.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
    body = wire(request.body)
    always = [("Host", parts.netloc), ("Content-Length", str(len(body)))]
    for name, value in Headers([*always, *request.headers.items()]).items():
        connection.putheader(name, wire(value))
    connection.endheaders(body)
    answer = connection.getresponse()
    content = _unpacked(_read(answer, deadline), answer.getheader("Content-Encoding", ""))
    return HttpResponse(answer.status, Headers(answer.getheaders()), content.decode("utf-8", "replace"))


def _read(answer: http.client.HTTPResponse, deadline: float) -> bytes:
    """The body, whose end must come before the deadline: a stream of events has none, and single reads come in time."""
    content = b""
    while len(content) < _LONGEST_ANSWER and (part := answer.read1(_LONGEST_ANSWER - len(content))):
        content += part
        if time.monotonic() > deadline:
            raise TimeoutError
    return content


def _unpacked(content: bytes, encoding: str) -> bytes:
    """The content without the compression that Accept-Encoding invited; what cannot be unpacked stays as it is."""
    if encoding.strip().lower() not in ("gzip", "deflate"):
        return content
    try:
        return zlib.decompress(content, zlib.MAX_WBITS | 32)  # 32: tell gzip from deflate by the first bytes
    except zlib.error:
        return content
