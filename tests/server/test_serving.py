"""A server under load and at its end: many connections, readers that do not read, errors of handlers, signals."""

from __future__ import annotations

import contextlib
import errno
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from eventbridge_local.cli import main
from eventbridge_local.server import Server, listener, log, serving

Connect = Callable[[Server], socket.socket]
Talk = Callable[[Server, bytes], bytes]

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
#: A template that has a note on standard error.
TEMPLATE = Path(__file__).parent.parent / "cases" / "cli" / "templates" / "foreign_bus.yaml"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
HOSTILE = "x\x1b]0;owned\x07\x9b2J\u202etxt\u2066\u2028\r\x7fy"


def put(url: str, *entries: dict[str, Any]) -> tuple[int, Any]:
    return call(url, "PutEvents", {"Entries": list(entries)})


def call(url: str, operation: str, params: Any) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
    try:
        connection.request("POST", "/", json.dumps(params), {"X-Amz-Target": f"AWSEvents.{operation}"})
        response = connection.getresponse()
        return response.status, json.loads(response.read())
    finally:
        connection.close()


def page(url: str, path: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


LIST = b"POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: AWSEvents.ListRules\r\nContent-Length: 2\r\n\r\n{}"


class Slow:
    """A handler, or a reader of the log, that goes on when it may."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.may_go_on = threading.Event()

    def __call__(self, *_: Any) -> None:
        self.begun.set()
        assert self.may_go_on.wait(300)


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.may_go_on.set()


# many at once


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound the queue of connections below that")
def test_two_hundred_connections_at_once(sockets: Any, connect: Connect) -> None:
    """They wait until somebody accepts them, and all are answered."""
    server = Server()
    opened = [connect(server) for _ in range(200)]  # nobody has accepted one yet
    for each in opened:
        each.sendall(LIST)
    with server:
        for each in opened:
            assert each.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_no_room_for_a_connection(server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file descriptor, or a thread, for it, others are served, and it too when there is room."""
    assert page(server.url, "/")[0] == 200  # all its own threads have begun
    accept, start = socket.socket.accept, threading.Thread.start
    descriptors = iter([OSError(errno.EMFILE, "Too many open files")] * 2)
    threads = iter([RuntimeError("can't start new thread")])

    def accepts(listening: socket.socket) -> Any:
        for failure in descriptors:
            raise failure
        return accept(listening)

    def starts(thread: threading.Thread) -> None:
        for failure in threads:
            raise failure
        start(thread)

    monkeypatch.setattr(listener, "_PAUSE", 0.001)
    monkeypatch.setattr(socket.socket, "accept", accepts)
    monkeypatch.setattr(threading.Thread, "start", starts)
    assert connect(server).recv(65_536) == b""  # it had no thread
    last = connect(server)
    last.sendall(LIST)
    assert last.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")


# the reader of the log


def test_answers_do_not_wait_for_the_log(sockets: Any, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that is held: everything is answered, on one connection and on others, also what goes wrong."""
    monkeypatch.setattr(log, "_TROUBLE_SECONDS", 0.001)
    with Server(say=slow) as server:
        put(server.url, ENTRY)
        assert slow.begun.wait(300)
        assert [put(server.url, ENTRY)[0] for _ in range(20)] == [200] * 20
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=300)
        for _ in range(20):
            connection.request("GET", "/journal")
            assert connection.getresponse().read()
        connection.close()
        monkeypatch.setattr(server.service, "call", lambda *_: 1 / 0)
        assert call(server.url, "ListRules", {})[0] == 500
        monkeypatch.undo()
        slow.may_go_on.set()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("filled_before", [False, True])
def test_a_pipe_that_nobody_reads(filled_before: bool, sockets: Any) -> None:
    """``serve | something`` answers when that no longer reads, or never did, and a signal ends it."""
    reading, writing = os.pipe()
    if filled_before:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while os.write(writing, b"x" * 4096):
                pass
        os.set_blocking(writing, True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = serve_in("--port", str(port), "--template", str(TEMPLATE), stdout=writing)
    os.close(writing)
    guard = threading.Timer(300, process.kill)  # rather a red test than one that waits for ever
    guard.start()
    try:
        assert process.stderr is not None
        assert process.stderr.readline().startswith(b"note: bus 'platform'")
        url = f"http://127.0.0.1:{port}"
        rules = [{"Name": f"r{number}", "EventPattern": '{"source": ["else"]}'} for number in range(100)]
        assert [call(url, "PutRule", rule)[0] for rule in rules] == [200] * 100
        assert [put(url, *[ENTRY] * 10)[0] for _ in range(5)] == [200] * 5  # 5,000 lines of "no match"
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
        assert process.stderr.read() == b""
    finally:
        guard.cancel()
        process.kill()
        process.communicate()
        os.close(reading)


def serve_in(*options: str, **pipes: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "eventbridge_local", "serve", *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, preexec_fn=_heed_interrupts, **pipes)


def _heed_interrupts() -> None:
    """Shells let background jobs ignore Ctrl-C, and their children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_reader_that_is_gone(sockets: Any) -> None:
    """``serve | head -1``: it goes on answering, and says nothing of it."""
    process = serve_in(stdout=subprocess.PIPE)
    guard = threading.Timer(300, process.kill)
    guard.start()
    try:
        assert process.stdout is not None and process.stderr is not None
        url = process.stdout.readline().decode().split()[-1]
        process.stdout.close()
        assert [put(url, ENTRY)[0] for _ in range(5)] == [200] * 5
        process.send_signal(signal.SIGTERM)
        process.wait()
        assert process.stderr.read() == b""
    finally:
        guard.cancel()
        process.kill()
        process.wait()
        process.stderr.close()  # type: ignore[union-attr]


# handlers and errors


class EndOfTheTest(BaseException):
    """As pytest.fail raises."""


@pytest.mark.parametrize("raised", [EndOfTheTest("over"), KeyboardInterrupt(), SystemExit(3), ValueError("no")])
def test_what_handlers_raise(raised: BaseException, server: Server, capfd: Any) -> None:
    """It ends no connection, and not the server."""

    def fail(event: Any) -> None:
        raise raised

    server.eb.connect("f", fail)
    server.eb.rule("r", pattern={"source": ["shop"]}, to="f")
    status, answer = put(server.url, ENTRY)
    ends = not isinstance(raised, Exception | SystemExit)
    assert status == (500 if ends else 200)
    assert ("__type" in answer) is ends
    assert put(server.url, {**ENTRY, "Source": "other"})[0] == 200
    assert type(raised).__name__ in (capfd.readouterr().err if ends else page(server.url, "/journal")[1])


def test_what_a_timer_raises(sockets: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """Schedules go on, whatever one of their targets raises."""
    monkeypatch.setattr(serving, "TICK", 0.001)
    later = threading.Event()

    def fail() -> None:
        raise EndOfTheTest

    with Server() as server:
        clock = server.service.clock
        clock.at(datetime.now(UTC) - timedelta(seconds=2), fail)
        clock.at(datetime.now(UTC) - timedelta(seconds=1), later.set)
        assert later.wait(300)
    assert "EndOfTheTest" in capfd.readouterr().err


def test_a_page_that_cannot_be_made(server: Server, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setattr(type(server.eb.journal), "text", lambda _: 1 / 0)
    status, text = page(server.url, "/journal")
    assert (status, text) == (500, "eventbridge_local: ZeroDivisionError('division by zero')\n")
    assert "ZeroDivisionError" in capfd.readouterr().err
    assert page(server.url, "/events")[0] == 200


def test_pages_of_deep_events(server: Server) -> None:
    """As many levels as AWS takes."""
    detail = '{"a":' * 990 + "1" + "}" * 990
    assert put(server.url, {**ENTRY, "Detail": detail})[1]["FailedEntryCount"] == 0
    call(server.url, "PutRule", {"Name": "r", "EventPattern": '{"source": ["shop"]}'})
    call(
        server.url, "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}]}
    )
    assert put(server.url, {**ENTRY, "Detail": detail})[1]["FailedEntryCount"] == 0
    for path in ("/journal", "/events", "/deliveries"):
        status, text = page(server.url, path)
        assert status == 200, text
        assert path == "/journal" or text.count('"a"') >= 990


def test_nothing_steers_a_terminal(sockets: Any, talk: Talk, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what the pages show, as people look at them with curl, and not the log; a program gets what was put."""
    said: list[str] = []
    with Server(say=said.append) as server:
        put(server.url, {"Source": HOSTILE, "DetailType": HOSTILE, "Detail": json.dumps({HOSTILE: HOSTILE})})
        call(server.url, "PutRule", {"Name": HOSTILE, "EventPattern": HOSTILE})
        for path in ("/journal", "/events", "/deliveries", "/\x9b2J"):
            sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode("latin-1")
            text = talk(server, sent).decode().replace("\r\n", "\n")
            assert not STEERING.search(text), ascii(text)
        assert json.loads(page(server.url, "/events")[1])[0]["event"]["source"] == HOSTILE
        monkeypatch.setattr(server.service, "call", lambda *_: fail(HOSTILE))
        call(server.url, "ListRules", {})
        monkeypatch.undo()
    assert len(said) >= 2
    printed = "\n".join([*said, capfd.readouterr().err])
    assert "ValueError" in printed
    assert not STEERING.search(printed), ascii(printed)


def fail(text: str) -> None:
    raise ValueError(text)


# the end


def test_an_answer_that_is_being_made(
    sockets: Any, slow: Slow, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is still sent; connections without one are cut, and so is what takes too long."""
    monkeypatch.setattr(listener, "GRACE_SECONDS", 300)
    server = Server().__enter__()
    server.eb.connect("slow", slow)
    server.eb.rule("r", pattern={"source": ["shop"]}, to="slow")
    idle, half, busy = connect(server), connect(server), connect(server)
    half.sendall(b"POST / HTTP/1.1\r\nHost")
    body = json.dumps({"Entries": [ENTRY]}).encode()
    busy.sendall(LIST.replace(b"ListRules", b"PutEvents").replace(b": 2", b": %d" % len(body))[:-2] + body)
    assert slow.begun.wait(300)
    closing = threading.Thread(target=server.close)
    closing.start()
    assert server._listener.stopping.wait(300)
    slow.may_go_on.set()
    assert busy.recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert busy.recv(65_536) == idle.recv(65_536) == half.recv(65_536) == b""
    closing.join()


def test_an_answer_that_never_comes(
    sockets: Any, slow: Slow, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "GRACE_SECONDS", 0.001)
    server = Server().__enter__()
    server.eb.connect("slow", slow)
    server.eb.rule("r", pattern={"source": ["shop"]}, to="slow")
    busy = connect(server)
    body = json.dumps({"Entries": [ENTRY]}).encode()
    busy.sendall(LIST.replace(b"ListRules", b"PutEvents").replace(b": 2", b": %d" % len(body))[:-2] + body)
    assert slow.begun.wait(300)
    server.close()
    assert busy.recv(65_536) == b""


def test_closed_without_having_run(sockets: Any) -> None:
    """And closed twice."""
    server = Server()
    assert server.close()
    assert server.close()
    with Server() as other:
        pass
    assert other.close()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_signals_with_open_connections(stop: signal.Signals, sockets: Any) -> None:
    """One that is kept open, one in the middle of a request, and one without any."""
    process = serve_in(stdout=subprocess.PIPE)
    guard = threading.Timer(300, process.kill)
    guard.start()
    assert process.stdout is not None
    port = urlsplit(process.stdout.readline().decode().split()[-1]).port or 0
    opened = [socket.create_connection(("127.0.0.1", port), timeout=300) for _ in range(3)]
    opened[0].sendall(LIST)
    assert opened[0].recv(65_536).startswith(b"HTTP/1.1 200 OK\r\n")
    opened[1].sendall(LIST[:-10])
    process.send_signal(stop)
    out, err = process.communicate()
    guard.cancel()
    assert process.returncode == 0
    assert out.endswith(b"stopped; its rules and events are gone\n")
    assert err == b""
    for each in opened:
        assert each.recv(65_536) == b""
        each.close()


def test_a_port_that_is_taken(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """One line that says what to do."""
    port = urlsplit(server.url).port
    assert main(["serve", "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert re.fullmatch(
        rf"eventbridge-local: cannot listen on 127\.0\.0\.1:{port}: .+; port 0 uses any free port\n", said.err
    )


@pytest.mark.parametrize("host", ["a\x00b", "x" * 300, "a..b"])
def test_a_host_that_is_none(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--host", host, "--allow-remote"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("eventbridge-local: cannot listen on ")
    assert said.count("\n") == 1
    assert not STEERING.search(said)


def test_allowed_host_of_the_command_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be given several times, and a wrong one is an error of one line."""
    given: list[Any] = []

    def run(server: Server, greet: Any) -> None:
        given.append(server._listener.access._names)

    monkeypatch.setattr(Server, "run", run)
    assert main(["serve", "--allowed-host", "events", "--allowed-host", "10.0.0.7"]) == 0
    assert given == [{"events", "10.0.0.7", "127.0.0.1"}]
    capsys.readouterr()
    assert main(["serve", "--allowed-host", "events:4010"]) == 2
    assert capsys.readouterr().err == (
        "eventbridge-local: allowed host 'events:4010': a host is a name or an address, without scheme and port; "
        "write 'events'\n"
    )
