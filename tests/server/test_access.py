"""Nobody gets in but programs of this machine: not a page of a web site, not one whose name leads to this machine."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventbridge_local.errors import UsageError
from eventbridge_local.server import Server, serve
from eventbridge_local.server.access import Access
from eventbridge_local.server.http import Request, Unreadable

PATHS = [("GET", "/journal"), ("GET", "/events"), ("GET", "/deliveries"), ("GET", "/"), ("HEAD", "/journal"),
         ("OPTIONS", "/"), ("POST", "/"), ("PUT", "/")]  # fmt: skip


def ask(
    server: Server, method: str, path: str, *headers: tuple[str, str]
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Answer of the server to a request with exactly these headers; ``PORT`` in them is its port."""
    port = urlsplit(server.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value.replace("PORT", str(port)))
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_dns_rebinding(method: str, path: str, server: Server) -> None:
    """A page whose name leads to 127.0.0.1 is told from this machine by that name; it reads and does nothing."""
    server.eb.put("shop", "Secret")
    status, _, body = ask(server, method, path, ("Host", "evil.example:PORT"))
    assert status == 403
    assert b"shop" not in body
    if method != "HEAD":
        assert b"--allowed-host evil.example" in body
    status, _, body = ask(server, method, path, ("Host", "evil.example:PORT"), ("Origin", "http://evil.example:PORT"))
    assert status == 403


@pytest.mark.parametrize(("method", "path"), PATHS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1", "http://127.0.0.1:PORT", ""])
def test_web_pages(origin: str, method: str, path: str, server: Server) -> None:
    """A page of another origin, one of a file, and one of another port of this machine."""
    server.eb.put("shop", "Secret")
    status, headers, body = ask(server, method, path, ("Host", "localhost:PORT"), ("Origin", origin))
    assert status == 403
    assert b"shop" not in body
    assert not [name for name in headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_its_own_page(method: str, path: str, server: Server) -> None:
    """What the server itself showed to a browser may ask it on; nothing of CORS is in the answer."""
    pages = [f"http://{host}" for host in ("localhost:PORT", "127.0.0.1:PORT", "LOCALHOST:PORT", "localhost")]
    for page in [
        *pages,
        "https://localhost:PORT",
        "https://localhost",
    ]:  # a proxy on this machine may have a certificate
        host = page.partition("//")[2]
        status, headers, _ = ask(server, method, path, ("Host", host), ("Origin", page))
        assert status in (200, 400, 501)
        assert not [name for name in headers if name.lower().startswith("access-control")]


def test_two_origins(server: Server) -> None:
    headers = ("Origin", "http://localhost:PORT"), ("Origin", "http://evil.example")
    assert ask(server, "GET", "/", ("Host", "localhost:PORT"), *headers)[0] == 400


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:PORT", "LocalHost:1", "localhost.", "events.localhost:80", "127.0.0.1",
        "127.0.0.1:PORT", "127.8.9.10", "[::1]", "[::1]:PORT", "[0:0:0:0:0:0:0:1]:80", "[::ffff:127.0.0.1]:80",
        "localhost:",
    ],
)  # fmt: skip
def test_names_of_this_machine(host: str, server: Server) -> None:
    """Whatever the port: a tunnel has another one."""
    assert ask(server, "GET", "/", ("Host", host))[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 403), ("localhost.evil.example", 403), ("evil-localhost", 403),
        ("127.0.0.1.evil.example", 403), ("0.0.0.0", 403),
        ("0.0.0.0:PORT", 403), ("192.168.0.1", 403), ("[::]", 403), ("[::ffff:192.168.0.1]", 403),
        ("2130706433", 403), ("0x7f000001", 403), ("host.docker.internal", 403), ("127.0.0.1@evil.example", 400),
        ("localhost, evil.example", 400), ("localhost evil.example", 400), ("localhost/evil", 400),
        ("\xe4.localhost", 400),
        ("localhost:80:80", 400), ("localhost:port", 400), ("[::1", 400),
    ],
)  # fmt: skip
def test_other_names(host: str, status: int, server: Server) -> None:
    assert ask(server, "GET", "/", ("Host", host))[0] == status


def test_the_host_that_it_listens_on() -> None:
    """--host is a name of it, whatever it is."""
    access = Access("Events.Test", allow_remote=True, allowed_hosts=["other"])
    for host in ("events.test:80", "OTHER", "other.", "localhost", "127.0.0.1"):
        access.check(request(host))
    with pytest.raises(Unreadable, match=r"'evil\.example', which is no name of this machine"):
        access.check(request("evil.example"))


def request(host: str, **headers: str) -> Request:
    return Request("GET", "/", host, {"host": host, **headers}, 1, True)


def test_remote(sockets: Any) -> None:
    """As in a container: each network has a name of its own for it. Pages are refused all the same."""
    with Server(host="0.0.0.0", allow_remote=True) as server:
        for host in ("events", "events:4010", "host.docker.internal", "10.0.0.7", "localhost", "a_b.c-d"):
            assert ask(server, "GET", "/", ("Host", host))[0] == 200
            assert ask(server, "GET", "/", ("Host", host), ("Origin", "http://evil.example"))[0] == 403


def test_remote_with_names(sockets: Any) -> None:
    """Then only these, and those of this machine for whoever looks if it is well."""
    with Server(host="0.0.0.0", allow_remote=True, allowed_hosts=["events", "10.0.0.7"]) as server:
        for host in ("events:4010", "Events", "10.0.0.7", "localhost:PORT", "127.0.0.1", "0.0.0.0:PORT"):
            assert ask(server, "GET", "/", ("Host", host))[0] == 200
        assert ask(server, "GET", "/", ("Host", "evil.example"))[0] == 403


def test_names_without_remote(sockets: Any) -> None:
    """As Docker Desktop has it: host.docker.internal leads to 127.0.0.1 of the machine."""
    with serve(allowed_hosts="host.docker.internal") as url:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
        for host, status in (("host.docker.internal:4010", 200), ("localhost", 200), ("internal", 403)):
            connection.request("GET", "/", headers={"Host": host})
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("http://events", "; write 'events'"), ("events:4010", "; write 'events'"), ("events/", "; write 'events'"),
        ("*", ""), ("", ""), ("a b", ""), (".example", ""),
    ],
)  # fmt: skip
def test_what_is_no_name(name: str, advice: str) -> None:
    with pytest.raises(UsageError) as refused:
        Server(allowed_hosts=[name])
    assert str(refused.value) == (
        f"allowed host {name!r}: a host is a name or an address, without scheme and port{advice}"
    )


@pytest.mark.parametrize("name", ["::1", "[fe80::1]", "EVENTS.local.", "a_b", "10.0.0.1"])
def test_what_is_a_name(name: str) -> None:
    Access("127.0.0.1", allow_remote=False, allowed_hosts=[name])


def test_the_log_tells_who_was_refused(sockets: Any) -> None:
    said: list[str] = []
    with Server(say=said.append) as server:
        ask(server, "POST", "/", ("Host", "events:4010"))
        ask(server, "GET", "/journal", ("Host", "localhost"), ("Origin", "http://evil.example"))
    assert said == [
        "POST / refused: the request is for host 'events', which is no name of this machine; --allowed-host events "
        "(in Python allowed_hosts=['events']) takes it",
        "GET /journal refused: the request is from the web page 'http://evil.example', and pages are not answered",
    ]


@pytest.mark.parametrize("path", ["/", "/journal", "/events", "/deliveries", "/nothing"])
def test_what_browsers_are_told(path: str, server: Server) -> None:
    """What they get is what it says it is, and is not kept or shown inside another page."""
    _, headers, _ = ask(server, "GET", path, ("Host", "localhost"))
    kind = "application/json" if path in ("/events", "/deliveries") else "text/plain; charset=utf-8"
    assert headers["Content-Type"] == kind
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
