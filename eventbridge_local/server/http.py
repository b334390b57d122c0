"""Requests of HTTP/1.1 as their bytes come in, read strictly: a request means one thing, or it is refused.

Strategy: a ``Reader`` has the bytes of one connection and the time that a request may take. ``read_head`` takes the
request line and the headers from it, ``read_body`` the body. What two programs could read in two ways (two lengths, a
length and chunks, a line break inside a header) is refused with a status, and the connection then ends, because
nobody knows where the next request begins. The rules are those of RFC 9112; its sections stand at the lines.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import urlsplit

from eventbridge_local.frozen import frozen

#: PutEvents takes a megabyte at most; anything near this is no request of ours.
LONGEST_BODY = 16 * 1024 * 1024
#: All headers and the request line together, in bytes. Session tokens of AWS have a few thousand.
LONGEST_HEAD = 64 * 1024
MOST_HEADERS = 100
#: How long a request may take from its first byte to its last, in seconds, however slowly its bytes drip.
REQUEST_SECONDS = 60.0
#: How long a connection may be open without a request, in seconds.
IDLE_SECONDS = 120.0
_LONGEST_LINE = 1024
_PIECE = 65_536

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%s) ([\x21-\x7e\x80-\xff]+) HTTP/([0-9])\.([0-9])" % _TOKEN)
_HEADER = re.compile(rb"(%s):(.*)" % _TOKEN)
_DIGITS = re.compile(r"[0-9]+")
_CHUNK_SIZE = re.compile(rb"(-?)([0-9A-Fa-f]+)[ \t]*(?:;.*)?")
_FIRST_BYTES = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z\r\n-]")
#: Control characters that no line may have (RFC 9110, 5.5); a tab is none of them.
_CONTROLS = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_TLS_HANDSHAKE = 0x16
#: Headers that say where a request ends or whom it is for; each may be there once.
_ONCE = frozenset(("host", "origin", "transfer-encoding"))


class Unreadable(Exception):
    """A request that cannot be read, with the status and the words to answer."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Gone(Exception):
    """The connection has ended, or is to end without an answer."""


@frozen
class Request:
    """A request without its body.

    Attributes:
        method: such as ``POST``.
        path: what is asked for, without query; ``*`` for the server as a whole.
        authority: host and port that it is for: those of an absolute target, otherwise of the Host header. None for one
            of HTTP/1.0 without them.
        headers: by name in lower case; values of repeated headers are joined by commas.
        minor: the 1 of HTTP/1.1.
        keeps_open: whether another request may follow.
    """

    method: str
    path: str
    authority: str | None
    headers: Mapping[str, str]
    minor: int
    keeps_open: bool


class Reader:
    """The bytes of one connection.

    Args:
        connection: a socket, or what has its ``recv`` and ``settimeout``.
        clock: returns seconds that pass.
    """

    def __init__(self, connection: socket.socket, clock: Callable[[], float] = time.monotonic) -> None:
        self._connection = connection
        self._clock = clock
        self._buffer = bytearray()
        self._deadline = 0.0

    def wait(self) -> int:
        """Wait for the first byte of a request and return it; from then on the time of the request runs.

        Raises:
            Gone: the client has closed the connection, or sent nothing for too long.
        """
        self._deadline = self._clock() + IDLE_SECONDS
        try:
            while not self._buffer:
                if not self._receive():
                    raise Gone
        except TimeoutError:
            raise Gone from None
        self._deadline = self._clock() + REQUEST_SECONDS
        return self._buffer[0]

    def line(self, longest: int) -> bytes:
        """Return the next line without its end; a line feed alone ends one too (RFC 9112, 2.2).

        Args:
            longest: how many bytes it may have with its end.

        Raises:
            OverflowError: it is longer.
            Gone: the connection ended before the line did.
            TimeoutError: the time of the request is over.
        """
        begin = 0
        while True:
            end = self._buffer.find(b"\n", begin, longest)
            if end >= 0:
                break
            if len(self._buffer) >= longest:
                raise OverflowError
            begin = len(self._buffer)
            if not self._receive():
                raise Gone
        found = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return found.removesuffix(b"\r")

    def exactly(self, length: int) -> bytes:
        """Return so many bytes; errors as for ``line``."""
        while len(self._buffer) < length:
            if not self._receive():
                raise Gone
        found = bytes(self._buffer[:length])
        del self._buffer[:length]
        return found

    @property
    def has_more(self) -> bool:
        """Whether there are bytes that nobody has taken yet."""
        return bool(self._buffer)

    def _receive(self) -> int:
        left = self._deadline - self._clock()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)
        piece = self._connection.recv(_PIECE)
        self._buffer += piece
        return len(piece)


# the head


def read_head(reader: Reader) -> Request:
    """Return the next request without its body.

    Raises:
        Unreadable: it is no request of HTTP/1.0 or 1.1, or may be read in two ways.
        Gone: the client has closed the connection.
        TimeoutError: its bytes came too slowly.
    """
    first = reader.wait()
    if first == _TLS_HANDSHAKE:
        raise Unreadable(400, "this server speaks http, not https; begin the endpoint URL with http://")
    if not _FIRST_BYTES.match(bytes((first,))):
        raise Unreadable(400, "this is no request of HTTP/1.1")
    method, target, minor, room = _request_line(reader)
    fields = list(_fields(reader, room))
    headers: dict[str, str] = {}
    for name, value in fields:
        if name in headers and name in _ONCE:
            raise Unreadable(400, f"the header {name} is there twice")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    if minor > 0 and "host" not in headers:
        raise Unreadable(400, "the header Host is missing")  # RFC 9112, 3.2
    path, authority = _target(method, target, headers.get("host"))
    return Request(method, path, authority, headers, minor, _keeps_open(minor, headers))


def _request_line(reader: Reader) -> tuple[str, str, int, int]:
    """Return method, target, the minor version, and how many bytes are left for the headers."""
    room = LONGEST_HEAD
    try:
        line = reader.line(room)
        if not line:  # a line break too much after the request before (RFC 9112, 2.2)
            line = reader.line(room)
    except OverflowError:
        raise Unreadable(414, f"a request line has {LONGEST_HEAD:,} bytes at most") from None
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise Unreadable(400, "the first line is no request of HTTP/1.1, such as: POST / HTTP/1.1")
    method, target, major, minor = found.groups()
    if major != b"1":
        raise Unreadable(505, "this server speaks HTTP/1.0 and HTTP/1.1")
    return method.decode(), target.decode("latin-1"), int(minor), room - len(line)


def _fields(reader: Reader, room: int) -> Iterator[tuple[str, str]]:
    """Yield the headers, or the trailers: each name in lower case, with its value.

    Args:
        room: how many bytes they may have together.
    """
    for _ in range(MOST_HEADERS + 1):
        try:
            line = reader.line(max(room, 1))
        except OverflowError:
            raise Unreadable(431, f"the headers have {LONGEST_HEAD:,} bytes at most") from None
        if not line:
            return
        room -= len(line) + 1
        found = _HEADER.fullmatch(line)
        # Also refused: a space before the colon (5.1), and a value that goes on in the next line (5.2).
        if found is None or _CONTROLS.search(line):
            raise Unreadable(400, "a header is no line of the form Name: value")
        yield found[1].decode().lower(), found[2].strip(b" \t").decode("latin-1")
    raise Unreadable(431, f"a request has {MOST_HEADERS} headers at most")


def _target(method: str, target: str, host: str | None) -> tuple[str, str | None]:
    """Return the path and the authority of a target: ``/path``, ``http://host/path`` or ``*`` (RFC 9112, 3.2)."""
    if target.startswith("/"):
        return target.partition("?")[0], host
    if target == "*" and method == "OPTIONS":
        return target, host
    try:
        parts = urlsplit(target)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme in ("http", "https") and parts.netloc:
        return parts.path or "/", parts.netloc  # the Host header does not count then
    raise Unreadable(400, "the target of the request is neither a path nor a URL")


def _keeps_open(minor: int, headers: Mapping[str, str]) -> bool:
    options = [option.strip() for option in headers.get("connection", "").lower().split(",")]
    return "close" not in options and (minor > 0 or "keep-alive" in options)


# the body


def read_body(reader: Reader, request: Request, go_on: Callable[[], None]) -> bytes:
    """Return the body of a request, of known length or in chunks.

    Args:
        go_on: called when the client waits for a word before it sends the body.

    Raises:
        Unreadable: it is too long, or nobody can tell where it ends.
        Gone: the connection ended before the body did.
        TimeoutError: its bytes came too slowly.
    """
    chunked, length = _is_chunked(request), _length(request)
    if chunked and length is not None:
        # One program would read the length and another one the chunks (RFC 9112, 6.3).
        raise Unreadable(400, "a request with Transfer-Encoding has no Content-Length")
    if not chunked and not length:
        return b""
    if length is not None and length > LONGEST_BODY:
        raise _too_long()
    expects = request.headers.get("expect")
    if expects is not None and request.minor > 0:
        if expects.lower() != "100-continue":
            raise Unreadable(417, "the only thing to expect is 100-continue")
        if not reader.has_more:
            go_on()
    try:
        return reader.exactly(length) if length is not None else b"".join(_chunks(reader))
    except Gone:
        raise Unreadable(400, "the connection ended before the body did") from None


def _is_chunked(request: Request) -> bool:
    """Return whether the body comes in chunks.

    Raises:
        Unreadable: it is encoded in another way.
    """
    text = request.headers.get("transfer-encoding")
    if text is None:
        return False
    codings = [coding.strip().lower() for coding in text.split(",")]
    if request.minor == 0 or codings[-1] != "chunked" or codings.count("chunked") > 1:
        raise Unreadable(400, "nobody can tell where a body with this Transfer-Encoding ends")  # RFC 9112, 6.1 and 6.3
    if codings != ["chunked"]:
        raise Unreadable(501, "the only Transfer-Encoding that is read is chunked")
    return True


def _length(request: Request) -> int | None:
    """Return the length that a request says its body has, None where it says nothing.

    Raises:
        Unreadable: it is no number, or there are two of them.
    """
    text = request.headers.get("content-length")
    if text is None:
        return None
    texts = {each.strip() for each in text.split(",")}  # the same length twice is that length (RFC 9110, 8.6)
    if len(texts) > 1:
        raise Unreadable(400, "there are several Content-Lengths")
    length = texts.pop()
    if not _DIGITS.fullmatch(length):
        raise Unreadable(400, "Content-Length is not a number")
    digits = length.lstrip("0") or "0"
    if len(digits) > len(str(LONGEST_BODY)):  # int() takes only so many digits
        raise _too_long()
    return int(digits)


def _chunks(reader: Reader) -> Iterator[bytes]:
    """Yield the chunks of a body, and read what is behind them."""
    room = LONGEST_BODY
    while True:
        try:
            found = _CHUNK_SIZE.fullmatch(reader.line(_LONGEST_LINE))
        except OverflowError:
            found = None
        if found is None:
            raise Unreadable(400, "a chunk has no length")
        digits = found[2].lstrip(b"0")
        if found[1] or len(digits) > len(f"{LONGEST_BODY:x}") or int(digits or b"0", 16) > room:
            raise _too_long()
        if not digits:
            for _ in _fields(reader, LONGEST_HEAD):
                pass  # trailers say nothing to us
            return
        length = int(digits, 16)
        room -= length
        yield reader.exactly(length)
        try:
            behind = reader.line(2)
        except OverflowError:
            behind = b"more"
        if behind:
            raise Unreadable(400, "a chunk is longer than it says")


def _too_long() -> Unreadable:
    return Unreadable(413, f"a request has {LONGEST_BODY:,} bytes at most")
