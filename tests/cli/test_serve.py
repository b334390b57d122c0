"""The server over real sockets on this machine: SDKs, raw HTTP, the log, the clock, and the end."""

from __future__ import annotations

import http.client
import itertools
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import botocore
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from eventbridge_local.errors import ContractViolation, UnsupportedOperation, UsageError
from eventbridge_local.iac import PlanRefused, TemplateSource
from eventbridge_local.server import Server, serve, serving
from eventbridge_local.server import http as server_http
from eventbridge_local.server.serving import Ticker

TEMPLATES = Path(__file__).parent.parent / "cases" / "cli" / "templates"
ENTRY = {"Source": "shop", "DetailType": "Placed", "Detail": '{"total": 5000}', "EventBusName": "orders"}
JSON = "application/x-amz-json-1.1"


@pytest.fixture
def server(sockets: Any) -> Iterator[Server]:
    with Server(seed=1) as running:
        yield running


def client(url: str, *, region: str = "us-east-1", key: str = "test", **config: Any) -> Any:
    return boto3.client(
        "events",
        endpoint_url=url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=300, read_timeout=300, **config),
    )


def ask(url: str, method: str, path: str, body: Any = None, headers: Any = None) -> tuple[int, Any, bytes]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def post(url: str, operation: str, body: Any = b"{}", **headers: str) -> tuple[int, Any]:
    status, _, answer = ask(url, "POST", "/", body, {"X-Amz-Target": f"AWSEvents.{operation}", **headers})
    return status, json.loads(answer)


# SDKs


def test_boto3(sockets: Any) -> None:
    """Rules of a template and of a client, events, deliveries, an error with its words."""
    with serve(template=str(TEMPLATES / "shop.yaml")) as url:
        events = client(url)
        assert [rule["Name"] for rule in events.list_rules(EventBusName="orders")["Rules"]] == ["Fraud", "Invoices"]
        put = events.put_events(Entries=[ENTRY, {**ENTRY, "Detail": "nothing"}])
        assert put["FailedEntryCount"] == 1
        assert put["Entries"][1]["ErrorCode"] == "MalformedDetail"
        deliveries = json.loads(ask(url, "GET", "/deliveries")[2])
        assert [(each["rule"], each["outcome"]) for each in deliveries] == [
            ("Invoices", "recorded"),
            ("Fraud", "recorded"),
        ]
        assert deliveries[0]["payload"]["detail"] == {"total": 5000}
        kept = json.loads(ask(url, "GET", "/events")[2])
        assert [(each["accepted"], each["error_code"]) for each in kept] == [(True, None), (False, "MalformedDetail")]
        with pytest.raises(ClientError, match="Rule Nothing does not exist on EventBus default") as caught:
            events.describe_rule(Name="Nothing")
        assert caught.value.response["Error"]["Code"] == "ResourceNotFoundException"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize(
    ("region", "key", "expected"),
    [
        ("eu-west-1", "AKIDEXAMPLE", "arn:aws:events:eu-west-1:123456789012:event-bus/default"),
        ("us-gov-west-1", "test", "arn:aws-us-gov:events:us-gov-west-1:123456789012:event-bus/default"),
        ("eu-west-1", "999999999999", "arn:aws:events:eu-west-1:999999999999:event-bus/default"),
        ("eu-west-1", "9999999999990", "arn:aws:events:eu-west-1:123456789012:event-bus/default"),
        ("eu-west-1", "99999999999", "arn:aws:events:eu-west-1:123456789012:event-bus/default"),
    ],
)
def test_account_and_region_of_the_signature(region: str, key: str, expected: str, server: Server) -> None:
    """The Region that signed, and the account that a key of twelve digits names."""
    assert client(server.url, region=region, key=key).describe_event_bus()["Arn"] == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, "eu-north-1:111111111111"),
        ({"Authorization": "Bearer something"}, "eu-north-1:111111111111"),
        (
            {"Authorization": "AWS4-HMAC-SHA256 Credential=K/20260306/us-west-2/events/aws4_request, Signature=x"},
            "us-west-2:111111111111",
        ),
        (
            {
                "Authorization": "AWS4-ECDSA-P256-SHA256 Credential=222222222222/20260306/events/aws4_request",
                "X-Amz-Region-Set": "us-west-2,us-east-1",
            },
            "us-west-2:222222222222",
        ),
        (
            {
                "Authorization": "AWS4-ECDSA-P256-SHA256 Credential=K/20260306/events/aws4_request",
                "X-Amz-Region-Set": "*",
            },
            "eu-north-1:111111111111",
        ),
    ],
)
def test_scope(headers: dict[str, str], expected: str, sockets: Any) -> None:
    """Requests without a signature go to the server's own account and Region."""
    with serve(account="111111111111", region="eu-north-1") as url:
        assert post(url, "DescribeEventBus", **headers)[1]["Arn"] == f"arn:aws:events:{expected}:event-bus/default"


def test_botocore_unsigned(server: Server) -> None:
    events = client(server.url, region="eu-west-1", signature_version=botocore.UNSIGNED)
    assert events.describe_event_bus()["Arn"] == "arn:aws:events:us-east-1:123456789012:event-bus/default"


def test_many_threads(server: Server) -> None:
    """Every event of clients that put at once is routed once."""
    events = client(server.url, max_pool_connections=8)
    events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
    events.put_targets(Rule="all", Targets=[{"Id": "t", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
    entries = [{**ENTRY, "EventBusName": "default"}] * 5
    failures: list[Any] = []

    def put() -> None:
        for _ in range(10):
            failures.extend(entry for entry in events.put_events(Entries=entries)["Entries"] if "ErrorCode" in entry)

    threads = [threading.Thread(target=put) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(server.eb.events) == len(server.eb.deliveries) == 400
    assert len({delivery.event.id for delivery in server.eb.deliveries}) == 400


# raw HTTP


def test_answers_stay_on_one_connection(server: Server) -> None:
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    for method, path in (("POST", "/"), ("GET", "/journal"), ("POST", "/")):
        connection.request(method, path, b"{}", {"X-Amz-Target": "AWSEvents.ListRules"})
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


def test_headers(server: Server) -> None:
    """What AWS sends with an answer."""
    status, headers, body = ask(server.url, "POST", "/", b"", {"x-amz-target": "AWSEvents.ListRules"})
    assert (status, json.loads(body)) == (200, {"Rules": []})
    assert headers["Content-Type"] == JSON
    assert len(headers["x-amzn-RequestId"]) == 36
    assert headers.get_all("Content-Length") == [str(len(body))]
    assert len(headers.get_all("Date")) == 1


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("Nonsense", b"{}", "UnknownOperationException"),
        ("ListRules", b"{", "SerializationException"),
        ("ListRules", b"[]", "SerializationException"),
        ("DescribeRule", b"{}", "ValidationException"),
    ],
)
def test_refusals(operation: str, body: bytes, code: str, server: Server) -> None:
    status, answer = post(server.url, operation, body)
    assert (status, answer["__type"]) == (400, code)


def test_chunks(server: Server) -> None:
    """A body of unknown length."""
    parts = iter([b'{"Name": "chun', b'ked", "ScheduleExpression": "rate(1 day)"}'])
    assert post(server.url, "PutRule", parts)[0] == 200
    assert [rule["Name"] for rule in client(server.url).list_rules()["Rules"]] == ["chunked"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Length": "many"}, 400),
        ({"Content-Length": str(server_http.LONGEST_BODY + 1)}, 413),
        ({"Transfer-Encoding": "chunked"}, 400),
    ],
)
def test_bodies_that_cannot_be_read(headers: dict[str, str], status: int, server: Server) -> None:
    """A plain answer, the end of that connection, and the next one is served."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    connection.putrequest("POST", "/")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders(b"nothing\r\n")
    response = connection.getresponse()
    assert (response.status, response.headers["Connection"]) == (status, "close")
    connection.close()
    assert post(server.url, "ListRules")[0] == 200


@pytest.mark.parametrize(("sizes", "status"), [([500, 500], 200), ([500, 501], 413), ([1001], 413), ([5, -1], 413)])
def test_the_bound_of_a_body_in_chunks(
    sizes: list[int], status: int, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All chunks together have the bytes at most that a body of known length may have."""
    monkeypatch.setattr(server_http, "LONGEST_BODY", 1000)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=300)
    connection.putrequest("POST", "/")
    connection.putheader("X-Amz-Target", "AWSEvents.ListRules")
    connection.putheader("Transfer-Encoding", "chunked")
    body = iter(b'{"Limit": 5}'.ljust(sum(map(abs, sizes))))
    parts = (b"%x\r\n%s\r\n" % (size, bytes(itertools.islice(body, abs(size)))) for size in sizes)
    connection.endheaders(b"".join(parts) + b"0\r\n\r\n")
    assert connection.getresponse().status == status
    connection.close()


def test_head_has_no_body(server: Server) -> None:
    """Read as bytes: http.client would throw a body away."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=300) as connection:
        connection.sendall(b"HEAD /journal HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n")


def test_pages(server: Server) -> None:
    """What people see with a browser, and what is not there."""
    status, _, home = ask(server.url, "GET", "/")
    assert status == 200 and b"not for production" in home
    client(server.url).put_events(Entries=[{**ENTRY, "EventBusName": "default"}])
    assert b"event #1 shop 'Placed' put on bus 'default'" in ask(server.url, "GET", "/journal?x=1")[2]
    status, headers, body = ask(server.url, "HEAD", "/journal")
    assert status == 200 and int(headers["Content-Length"]) > 20 and body == b""
    assert ask(server.url, "GET", "/favicon.ico")[0] == 404
    assert ask(server.url, "PUT", "/")[0] == 501


@pytest.mark.parametrize(
    ("error", "status", "code", "words"),
    [
        (RuntimeError("oops"), 500, "InternalFailure", "oops"),
        (UnsupportedOperation("not yet"), 501, "UnknownOperationException", "not yet"),
        (ContractViolation("no such field"), 400, "ContractViolation", "no such field"),
    ],
)
def test_what_goes_wrong_here_is_answered(
    error: Exception, status: int, code: str, words: str, server: Server, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    """A mistake of ours is an answer with its words, and a traceback for whoever watches; the server goes on."""

    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(server.service, "call", fail)
    found, answer = post(server.url, "ListRules")
    assert (found, answer["__type"]) == (status, code)
    assert words in answer["message"]
    assert ("Traceback" in capfd.readouterr().err) is (status == 500)
    monkeypatch.undo()
    assert post(server.url, "ListRules")[0] == 200


# begin and end


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is free whenever the test's own server is not there: other programs are not given it."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        number = holder.getsockname()[1]
        if sys.platform != "linux":
            holder.close()  # only Linux lets two bind it as long as one of them does not listen
        yield number


def test_nothing_is_left(port: int, sockets: Any) -> None:
    """After the block nobody answers, not on connections that are open either, and the next server is empty."""
    with serve(port=port) as url:
        client(url).put_rule(Name="here", ScheduleExpression="rate(1 day)")
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=300)
        connection.request("GET", "/")
        connection.getresponse().read()
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        connection.request("GET", "/")
        connection.getresponse()
    connection.close()
    with pytest.raises(ConnectionRefusedError):
        ask(url, "GET", "/")
    with serve(port=port) as again:
        assert again == url
        assert client(again).list_rules()["Rules"] == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("eventbridge-local")]


def test_records_are_bounded(sockets: Any) -> None:
    """A server that runs for weeks does not grow; the log goes on all the same."""
    said: list[str] = []
    with Server(keep_records=100, say=said.append) as server:
        for _ in range(150):
            post(server.url, "ListRules")
        assert len(server.service.journal.records) == 100
    assert said == ["ListRules"] * 150
    with Server() as unbounded:
        assert unbounded.service.journal.most == 10_000


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.com", "::", ""])
def test_hosts_that_others_reach(host: str) -> None:
    """Refused before anything is bound."""
    with pytest.raises(UsageError, match="--allow-remote"):
        Server(host=host)


def test_allow_remote(sockets: Any) -> None:
    with Server(host="0.0.0.0", allow_remote=True) as server:
        assert ask(server.url.replace("0.0.0.0", "127.0.0.1"), "GET", "/")[0] == 200


def test_names_of_this_machine(sockets: Any) -> None:
    with Server(host="localhost") as server:
        assert ask(server.url, "GET", "/")[0] == 200


def test_port_is_taken(server: Server) -> None:
    port = urlsplit(server.url).port
    with pytest.raises(UsageError, match=f"{port}: .+; port 0 uses any"):
        Server(port=port or 0)


def test_refused_template() -> None:
    with pytest.raises(PlanRefused, match="prefxi"):
        Server(template=TemplateSource(str(TEMPLATES / "refused.yaml"), {}))


def test_unknown_option() -> None:
    with pytest.raises(UsageError, match=r"serve\(acount=...\): there is no such option; did you mean 'account"):
        Server(acount="1")


def test_options_of_tests() -> None:
    """What would be checked when a test ends is refused, not ignored."""
    for name in ("strict", "assert_all_events_matched"):
        with pytest.raises(UsageError, match=rf"serve\({name}=...\): a server does not know"):
            Server(**{name: True})


def test_contracts(sockets: Any) -> None:
    """An event that breaks its contract is refused over HTTP too."""
    schema = {"type": "object", "properties": {"total": {"type": "number"}}}
    with serve(contracts={("shop", "Placed"): schema}) as url:
        bad = {**ENTRY, "EventBusName": "default", "Detail": '{"total": "5"}'}
        with pytest.raises(ClientError, match="'5' is not of type 'number'") as caught:
            client(url).put_events(Entries=[bad])
        assert caught.value.response["Error"]["Code"] == "ContractViolation"


# the log


def test_log(sockets: Any) -> None:
    """Each call once, in words: what was put and refused as a story, answered calls in a line."""
    said: list[str] = []
    with Server(template=TemplateSource(str(TEMPLATES / "shop.yaml"), {}), say=said.append) as server:
        events = client(server.url)
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
        events.put_events(Entries=[ENTRY])
        with pytest.raises(ClientError):
            events.put_rule(Name="all", EventPattern="{}")
    assert said[0] == "PutRule 'all'"
    assert said[1].splitlines()[:3] == [
        "event #1 shop 'Placed' put on bus 'orders'",
        "event #1 was checked against 2 rules of bus 'orders'",
        "    Invoices: matched",
    ]
    assert said[2].startswith("PutRule refused: InvalidEventPatternException: Event pattern is not valid.")
    assert len(said) == 3


# the clock


class Monotonic:
    """Stands in for the module ``time`` of the ticker."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_clock_that_begins_elsewhere_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """``--now`` is where the clock begins; schedules fire as real time goes on."""
    real, ticks = Monotonic(), []
    monkeypatch.setattr(serving, "time", real)
    server = Server(now="2026-03-06T09:00Z")
    server.eb.rule("tick", schedule="rate(1 minute)", to="report")
    ticker = Ticker(server.service.clock, lambda: ticks.append(server.eb.clock.now))
    for seconds, fired in ((59.5, 0), (0.5, 1), (0.0, 1), (119.0, 2), (1.0, 3)):
        real.seconds += seconds
        ticker.tick()
        assert len(server.eb.deliveries) == fired
    assert server.eb.clock.now == datetime(2026, 3, 6, 9, 3, tzinfo=UTC)
    assert [delivery.event.time.minute for delivery in server.eb.deliveries] == [1, 2, 3]
    assert len(ticks) == 3
    server._listener.server_close()


def test_a_clock_that_was_moved_further_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever advances the clock of a server by hand is ahead of it, and nothing goes back."""
    monkeypatch.setattr(serving, "time", Monotonic())
    server = Server(now="2026-03-06T09:00Z")
    ticker = Ticker(server.service.clock, lambda: None)
    server.eb.clock.advance(hours=1)
    ticker.tick()
    assert server.eb.clock.now == datetime(2026, 3, 6, 10, tzinfo=UTC)
    server._listener.server_close()


def test_schedules_fire_in_real_time(sockets: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server's own thread runs what is due and says so; the clock stays with the real one."""
    monkeypatch.setattr(serving, "TICK", 0.001)
    fired, said = threading.Event(), []

    def say(text: str) -> None:
        said.append(text)
        fired.set()

    with Server(say=say) as server:
        server.service.clock.at(datetime.now(UTC) - timedelta(seconds=1), lambda: server.eb.put("shop", "Ticked"))
        assert fired.wait(300)
        assert not server.eb.clock.stepped
    assert said[0].startswith("event #1 shop 'Ticked' put on bus 'default'")


def test_trouble_of_a_timer_does_not_stop_the_clock(monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setattr(serving, "TICK", 0.001)
    later = threading.Event()
    server = Server()
    clock = server.service.clock
    clock.at(datetime.now(UTC) - timedelta(seconds=2), lambda: 1 / 0)
    ticker = Ticker(clock, lambda: None)
    ticker.start()
    clock.at(datetime.now(UTC) - timedelta(seconds=1), later.set)
    assert later.wait(300)
    ticker.stop()
    assert "ZeroDivisionError" in capfd.readouterr().err
    server._listener.server_close()


# as a process


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_process(stop: signal.Signals, sockets: Any) -> None:
    """``eventbridge-local serve``: it says where and what for, prints what happens, and Ctrl-C ends it."""
    command = [sys.executable, "-m", "eventbridge_local", "serve", "--template", str(TEMPLATES / "shop.yaml")]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes, preexec_fn=_heed_interrupts) as process:
        guard = threading.Timer(300, process.kill)  # rather a red test than one that waits for ever
        guard.start()
        assert process.stdout is not None and process.stderr is not None
        url = process.stdout.readline().removeprefix("eventbridge-local answers on ").strip()
        assert "not for production" in process.stdout.readline()
        assert url in process.stdout.readline()
        assert process.stdout.readline() == f"2 rules from {TEMPLATES / 'shop.yaml'}\n"
        client(url).put_events(Entries=[ENTRY])
        assert "event #1 shop 'Placed' put on bus 'orders'" in process.stdout.readline()
        process.send_signal(stop)
        rest, errors = process.communicate()
        guard.cancel()
    assert process.returncode == 0
    assert rest.endswith("stopped; its rules and events are gone\n")
    assert errors == ""


def _heed_interrupts() -> None:
    """Shells let background jobs ignore Ctrl-C, and their children inherit it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
