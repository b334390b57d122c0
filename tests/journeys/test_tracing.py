"""Tracing in the process: the header that a library would have sent reaches the event, as it does over ``serve``."""

from __future__ import annotations

import asyncio
import inspect
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.endpoint import Endpoint

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.botocore_hooks import hook
from eventbridge_local.server import Server

KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused", "region_name": "us-east-1"}
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
ROOT = "Root=1-5759e988-bd862e3fe1be46a994272793"
HEADER = f"{ROOT};Parent=53995c3f42cd8ad8;Sampled=1"
VARIABLE = "_X_AMZN_TRACE_ID"


@pytest.fixture(autouse=True)
def local_sockets(connected_sockets: list[Any]) -> Iterator[None]:
    before = len(connected_sockets)
    yield
    assert {address[0] for address in connected_sockets[before:]} <= {"127.0.0.1"}
    del connected_sockets[before:]


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(region="us-east-1") as handle:
        yield handle


def put(**more: Any) -> None:
    boto3.client("events", **KEYS).put_events(Entries=[{**ENTRY, **more}])


def header(eb: EventBridge) -> str | None:
    event = eb.events.last.event
    assert event is not None
    return event.trace_header


@contextmanager
def xray() -> Iterator[str]:
    """A segment of aws_xray_sdk, whose patch of botocore is taken back at the end; gives the trace id."""
    core = pytest.importorskip("aws_xray_sdk.core")
    client = pytest.importorskip("botocore.client")
    from aws_xray_sdk.core.context import Context
    from aws_xray_sdk.ext.botocore.patch import patch

    core.xray_recorder.configure(sampling=False, context=Context())
    originals = client.BaseClient.__dict__["_make_api_call"], Endpoint.__dict__["prepare_request"]
    emitter, core.xray_recorder.emitter = core.xray_recorder.emitter, Silent()
    patch()
    try:
        segment = core.xray_recorder.begin_segment("test")
        segment.sampled = True
        yield segment.trace_id
        core.xray_recorder.end_segment()
    finally:
        client.BaseClient._make_api_call, Endpoint.prepare_request = originals
        core.xray_recorder.emitter = emitter
        del client._xray_enabled


class Silent:
    """Sends no segment to a daemon."""

    def send_entity(self, entity: Any) -> None: ...


@contextmanager
def open_telemetry() -> Iterator[str]:
    """A span of OpenTelemetry with botocore instrumented; gives the trace id as X-Ray spells it."""
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.botocore")
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    provider = sdk.TracerProvider()
    instrumentor = instrumentation.BotocoreInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        with provider.get_tracer("test").start_as_current_span("test") as span:
            number = f"{span.get_span_context().trace_id:032x}"
            yield f"1-{number[:8]}-{number[8:]}"
    finally:
        instrumentor.uninstrument()


libraries = pytest.mark.parametrize("library", [xray, open_telemetry])


@libraries
def test_the_header_of_a_library_reaches_the_event(eb: EventBridge, library: Any) -> None:
    with library() as trace_id:
        put()
        first = header(eb)
        put(TraceHeader=HEADER)
    assert first is not None
    assert first.startswith(f"Root={trace_id};Parent=")
    assert "Sampled=1" in first
    assert header(eb) == HEADER  # that of the entry comes first (facts 5.5)
    put()
    assert header(eb) is None


@libraries
def test_it_is_the_same_over_serve(library: Any) -> None:
    """Only the parent, which is the span of the call, is another one."""
    with Server() as server:
        with library() as trace_id:
            boto3.client("events", endpoint_url=server.url, **KEYS).put_events(Entries=[ENTRY])
        served = header(server.eb)
    with mock_eventbridge(region="us-east-1") as eb, library() as other_id:
        put()
    here = header(eb)
    assert served is not None and here is not None
    names = [[part.partition("=")[0] for part in each.split(";")] for each in (served, here)]
    assert names[0] == names[1]
    assert served.startswith(f"Root={trace_id};Parent=")
    assert here.startswith(f"Root={other_id};Parent=")


def test_the_header_of_an_asynchronous_client(eb: EventBridge) -> None:
    aiobotocore = pytest.importorskip("aiobotocore.session")

    async def put_async() -> None:
        async with aiobotocore.get_session().create_client("events", **KEYS) as events:
            await events.put_events(Entries=[ENTRY])

    with open_telemetry() as trace_id:
        asyncio.run(put_async())
    assert str(header(eb)).startswith(f"Root={trace_id};Parent=")


def test_a_library_that_wrapped_before_our_import(monkeypatch: pytest.MonkeyPatch, eb: EventBridge) -> None:
    """botocore's own function is known under any number of wrappers."""
    assert hook._PREPARE is inspect.unwrap(Endpoint.prepare_request)
    original = Endpoint.prepare_request

    def wrapped(self: Any, request: Any) -> AWSPreparedRequest:
        assert request.url.startswith("https://events.us-east-1.")
        request.headers["X-Amzn-Trace-Id"] = HEADER
        return original(self, request)

    monkeypatch.setattr(Endpoint, "prepare_request", wrapped)
    put()
    assert header(eb) == HEADER


def test_the_header_inside_of_lambda(eb: EventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore adds it by itself where its variables say that it runs in a function."""
    monkeypatch.setenv(VARIABLE, HEADER)
    put()
    assert header(eb) is None
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    put()
    assert header(eb) == HEADER


def test_nothing_is_asked_without_them(eb: EventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hook, "_header_sent", None)
    put()
    assert header(eb) is None


# the variable of a handler


def test_a_handler_finds_the_header(eb: EventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []
    eb.connect("f", lambda event, context: seen.append(os.environ.get(VARIABLE)))
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    put(TraceHeader=HEADER)
    assert (seen, VARIABLE in os.environ) == ([HEADER], False)
    monkeypatch.setenv(VARIABLE, "before")
    put(TraceHeader=HEADER)
    assert (seen[1], os.environ[VARIABLE]) == (HEADER, "before")


def test_it_is_restored_after_an_error(eb: EventBridge) -> None:
    def fail(event: Any) -> None:
        assert os.environ[VARIABLE] == HEADER
        raise ValueError("no")

    eb.connect("f", fail)
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    put(TraceHeader=HEADER)
    assert isinstance(eb.deliveries.one().raised, ValueError)
    assert VARIABLE not in os.environ
    eb.reset()


def test_a_handler_that_runs_a_coroutine(eb: EventBridge) -> None:
    seen: list[str | None] = []

    async def work() -> None:
        await asyncio.sleep(0)
        seen.append(os.environ.get(VARIABLE))

    eb.connect("f", lambda event: asyncio.run(work()))
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    put(TraceHeader=HEADER)
    assert (seen, VARIABLE in os.environ) == ([HEADER], False)


def test_a_header_goes_on_through_handlers(eb: EventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a handler puts carries on the trace of its event, where botocore thinks that it runs in Lambda."""
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    eb.connect("f", lambda event: put(Source="second"))
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    put(TraceHeader=HEADER)
    assert eb.events.last.source == "second"
    assert header(eb) == HEADER


def test_handlers_in_several_threads_leave_nothing(eb: EventBridge) -> None:
    """The first to begin ends last."""
    started, end = threading.Event(), threading.Event()
    other = mock_eventbridge(region="us-east-1")

    def slow() -> None:
        with other as mine:
            mine.connect("slow", lambda event: (started.set(), end.wait(30)))
            mine.rule("r", pattern={"source": ["shop"]}, to="slow")
            mine.put("shop", "Sold", trace_header=HEADER)

    eb.connect("f", lambda event: None)
    eb.rule("r", pattern={"source": ["shop"]}, to="f")
    thread = threading.Thread(target=slow)
    thread.start()
    assert started.wait(30)
    eb.put("shop", "Sold", trace_header=f"{ROOT};Sampled=0")
    assert os.environ[VARIABLE] == HEADER
    end.set()
    thread.join()
    assert VARIABLE not in os.environ
