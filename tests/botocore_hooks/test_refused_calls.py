"""Calls that no mock answers and that are stopped: of threads and tasks that outlive a mock, and of child processes."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from moto import mock_aws
from processes import run_python

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks import active
from eventbridge_local.errors import UsageError

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}


def client(**options: Any) -> Any:
    return boto3.session.Session().client("events", **{**KEYS, **options})


def put(made: Any = None) -> int:
    count: int = (made or client()).put_events(Entries=[ENTRY])["FailedEntryCount"]
    return count


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as made:
        yield made


# threads


def test_a_thread_that_outlives_its_mock(pool: ThreadPoolExecutor) -> None:
    """Its call is an error that names the thing to do, and nothing is sent."""
    made = client()
    with mock_eventbridge():
        assert pool.submit(put, made).result() == 0
    for each in (made, None):  # a client of that time, and a new one
        with pytest.raises(UsageError, match=r"events\.put_events was stopped before anything was sent: its thread"):
            pool.submit(put, each).result()


def test_its_new_client_asks_nobody_for_credentials(pool: ThreadPoolExecutor) -> None:
    """A client that it makes after the end of the mock; a connection would fail this test."""
    with mock_eventbridge():
        pool.submit(put).result()
    bare = {"aws_access_key_id": None, "aws_secret_access_key": None}
    with pytest.raises(UsageError, match="before anything was sent"):
        pool.submit(lambda: put(client(**bare))).result()


def test_it_is_answered_while_another_mock_is_active(pool: ThreadPoolExecutor) -> None:
    """And stopped again after that one."""
    with mock_eventbridge():
        pool.submit(put).result()
    with mock_eventbridge() as other:
        assert pool.submit(put).result() == 0
        assert len(other.events) == 1
    with pytest.raises(UsageError, match="before anything was sent"):
        pool.submit(put).result()


def test_it_is_answered_while_moto_is_active(pool: ThreadPoolExecutor) -> None:
    """moto serves the call."""
    with mock_eventbridge():
        pool.submit(put).result()
    with mock_aws():
        assert pool.submit(put).result() == 0


def test_a_stubber_answers_it(pool: ThreadPoolExecutor) -> None:
    """What answers ``before-call`` comes first."""
    made = client()
    with mock_eventbridge():
        pool.submit(put, made).result()
    with Stubber(made) as stubber:
        stubber.add_response("put_events", {"FailedEntryCount": 7, "Entries": []})
        assert pool.submit(put, made).result() == 7


def refused_port() -> tuple[socket.socket, int]:
    bound = socket.socket()  # it does not listen, so that nobody else is given its port
    bound.bind(("127.0.0.1", 0))
    return bound, bound.getsockname()[1]


def call_local_endpoint(connected_sockets: list[Any]) -> None:
    """Call an endpoint of this machine at which nobody listens: botocore says so."""
    bound, port = refused_port()
    with bound:
        local = client(endpoint_url=f"http://127.0.0.1:{port}", config=Config(retries={"max_attempts": 0}))
        with pytest.raises(EndpointConnectionError):
            put(local)
    assert ("127.0.0.1", port) in connected_sockets
    connected_sockets.remove(("127.0.0.1", port))


def test_it_may_call_this_machine(pool: ThreadPoolExecutor, connected_sockets: list[Any]) -> None:
    """An endpoint of this machine is not AWS."""
    with mock_eventbridge():
        pool.submit(put).result()
    pool.submit(call_local_endpoint, connected_sockets).result()


def test_a_thread_that_called_no_mock_goes_on(pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """As does the thread that entered the mock: both ask botocore's endpoint."""
    sent: list[str] = []

    def send(endpoint: Any, model: Any, request: Any) -> Any:
        sent.append(threading.current_thread().name)
        raise InterruptedError("sent")

    monkeypatch.setattr("botocore.endpoint.Endpoint.make_request", send)
    pool.submit(int).result()
    with mock_eventbridge():
        put()
    with pytest.raises(InterruptedError):
        put()
    with pytest.raises(InterruptedError):
        pool.submit(put).result()
    assert len(sent) == 2


def test_a_thread_that_enters_a_mock_itself_knows_its_end(
    pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It called one that ended unseen before, and that is forgotten when it enters one of its own."""

    def send(*_: Any) -> Any:
        raise InterruptedError("sent")

    def inside() -> None:
        with mock_eventbridge():
            put()

    monkeypatch.setattr("botocore.endpoint.Endpoint.make_request", send)
    with mock_eventbridge():
        pool.submit(put).result()
    pool.submit(inside).result()
    with pytest.raises(InterruptedError):
        pool.submit(put).result()


def test_threads_that_are_gone_are_forgotten() -> None:
    """Nothing of botocore stays replaced for them."""
    with mock_eventbridge(), ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: put(), range(3)))
    with mock_eventbridge():
        pass
    assert not active.is_any_caller_left()
    assert "_make_request" not in repr(
        vars(boto3.session.botocore.client.BaseClient)["_make_request"].__code__.co_names
    )


# tasks


@pytest.mark.parametrize("kind", ["aiobotocore", "boto3"])
def test_a_task_that_outlives_its_mock(kind: str) -> None:
    """As a thread does; the task that entered the mock knows its end."""

    async def put_async() -> int:
        if kind == "boto3":
            return put()
        async with get_session().create_client("events", **KEYS) as made:
            count: int = (await made.put_events(Entries=[ENTRY]))["FailedEntryCount"]
            return count

    async def body() -> None:
        called, go = asyncio.Event(), asyncio.Event()

        async def child() -> int:
            await put_async()
            called.set()
            await go.wait()
            return await put_async()

        with mock_eventbridge():
            tasks = [asyncio.create_task(child())]
            await called.wait()
        go.set()
        with pytest.raises(UsageError, match="await the task"):
            await tasks[0]

    asyncio.run(body())


def test_a_thread_that_is_called_in_a_context_of_its_own(pool: ThreadPoolExecutor) -> None:
    """As ``asyncio.to_thread`` does, which copies the context of its task."""

    async def body() -> None:
        loop = asyncio.get_running_loop()
        with mock_eventbridge():
            put()
            await loop.run_in_executor(pool, copy_context().run, put)
        with pytest.raises(UsageError, match="before anything was sent"):
            await loop.run_in_executor(pool, copy_context().run, put)

    asyncio.run(body())


# child processes

CHILD = f"""
import sys

import boto3
import botocore.client

def put(*_):
    client = boto3.client("events", {", ".join(f"{name}={value!r}" for name, value in KEYS.items())})
    try:
        return client.put_events(Entries=[{ENTRY!r}])["FailedEntryCount"]
    except Exception as error:
        return f"{{type(error).__name__}}: {{error}}"

def put_inside(*_):
    from eventbridge_local import mock_eventbridge
    with mock_eventbridge() as eb:
        put()
        return len(eb.events)

def put_by_moto(*_):
    from moto import mock_aws
    with mock_aws():
        return put()

def make_client(*_):
    connected = []
    sys.addaudithook(lambda event, args: connected.append(args[1]) if event == "socket.connect" else None)
    boto3.client("events", region_name="us-east-1")
    return connected
"""

PARENT = """
import concurrent.futures, multiprocessing, sys
import child
from eventbridge_local import mock_eventbridge

if __name__ == "__main__":
    with mock_eventbridge():
        context = multiprocessing.get_context(sys.argv[1])
        with concurrent.futures.ProcessPoolExecutor(1, mp_context=context) as pool:
            print(pool.submit(getattr(child, sys.argv[2])).result())
"""


def run_parent(tmp_path: Path, method: str, function: str) -> str:
    (tmp_path / "child.py").write_text(CHILD)
    (tmp_path / "parent.py").write_text(PARENT)
    code = f"import runpy, sys; sys.argv = ['parent.py', {method!r}, {function!r}]; sys.path.insert(0, '.')\n"
    done = run_python(code + "runpy.run_path('parent.py', run_name='__main__')", folder=tmp_path, guarded=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


METHODS = ["spawn", "forkserver"] if hasattr(socket, "AF_UNIX") else ["spawn"]


@pytest.mark.parametrize("method", METHODS)
def test_a_child_process_that_is_started_anew(method: str, tmp_path: Path) -> None:
    """Its call is stopped and says why."""
    said = run_parent(tmp_path, method, "put")
    assert said.startswith("UsageError: events.put_events was stopped before anything was sent: this process was")
    assert "while a mock_eventbridge was active there" in said


@pytest.mark.parametrize(("function", "result"), [("put_inside", "1"), ("put_by_moto", "0")])
def test_a_child_process_with_a_mock_of_its_own(function: str, result: str, tmp_path: Path) -> None:
    """That one answers."""
    assert run_parent(tmp_path, "spawn", function) == result


def test_a_client_in_a_child_process_asks_nobody_for_credentials(tmp_path: Path) -> None:
    """Making it calls no metadata service."""
    assert run_parent(tmp_path, "spawn", "make_client") == "[]"
