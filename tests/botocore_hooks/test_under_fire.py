"""The stack of mocks with many tasks and threads at once, and with the ways in which test frameworks enter a mock."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import unittest
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import copy_context
from random import Random
from typing import Any, ClassVar

import boto3
import pytest
from aiobotocore.session import get_session
from processes import run_python

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge
from eventbridge_local.botocore_hooks import active
from eventbridge_local.errors import UsageError

KEYS = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}
REGIONS = ("eu-west-1", "eu-west-2", "ap-southeast-2")
#: One for all threads and tasks, as applications have one.
CLIENT = boto3.client("events", region_name="us-east-1", **KEYS)


def put(source: str) -> None:
    result = CLIENT.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}"}])
    assert result["FailedEntryCount"] == 0


def sources(eb: EventBridge) -> list[str]:
    return [entry.source for entry in eb.events]


@pytest.fixture(autouse=True)
def nothing_stays(request: pytest.FixtureRequest) -> Iterator[None]:
    """No mock is active after a function, and the environment is as it was."""
    yield
    if request.cls is not None:
        return  # which has a mock of all its tests
    assert not active.is_any_active()
    assert "AWS_DEFAULT_REGION" not in os.environ
    with pytest.raises(UsageError, match="no mock_eventbridge is active"):
        current_eventbridge()


# asyncio


async def work(number: int, depth: int, put_one: Callable[[str], Awaitable[None]], random: Random) -> None:
    """Enter a mock and others inside it, with a turn for the other tasks at each step; each sees its own events."""
    region = random.choice(REGIONS)
    async with mock_eventbridge(region=region) as eb:
        expected = []
        for step in range(3):
            name = f"{number}.{depth}.{step}"
            await asyncio.sleep(0)
            assert current_eventbridge() is eb
            await put_one(name)
            expected.append(name)
            if depth and random.random() < 0.7:
                await work(number, depth - 1, put_one, random)
            if random.random() < 0.3:
                await asyncio.to_thread(put, f"{name}.thread")
                expected.append(f"{name}.thread")
        assert sources(eb) == expected


async def put_sync(source: str) -> None:
    put(source)


@asynccontextmanager
async def putting(kind: str) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Gives a function that puts an event with a client of this kind."""
    if kind == "boto3":
        yield put_sync
        return
    async with get_session().create_client("events", region_name="us-east-1", **KEYS) as client:

        async def put_one(source: str) -> None:
            await client.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}"}])

        yield put_one


@pytest.mark.parametrize("kind", ["boto3", "aiobotocore"])
@pytest.mark.parametrize("how", ["gather", "task group"])
def test_many_tasks(how: str, kind: str) -> None:
    """Thirty tasks with mocks inside mocks, in turns."""

    async def body() -> None:
        async with putting(kind) as put_one:
            tasks = [work(number, 2, put_one, Random(number)) for number in range(30)]
            if how == "gather":
                await asyncio.gather(*tasks)
                return
            async with asyncio.TaskGroup() as group:
                for task in tasks:
                    group.create_task(task)

    asyncio.run(body())


def test_a_task_group_that_fails() -> None:
    """The tasks that are cancelled end their mocks, and the one outside goes on."""

    async def waits(started: asyncio.Event) -> None:
        async with mock_eventbridge(region="eu-west-1"):
            put("inside")
            started.set()
            await asyncio.Event().wait()

    async def fails(started: asyncio.Event) -> None:
        await started.wait()
        with mock_eventbridge():
            _ = 1 / 0

    async def body() -> list[str]:
        with mock_eventbridge(region="eu-west-2") as outer:
            started = asyncio.Event()
            with pytest.raises(ExceptionGroup) as raised:
                async with asyncio.TaskGroup() as group:
                    group.create_task(waits(started))
                    group.create_task(fails(started))
            assert [type(each) for each in raised.value.exceptions] == [ZeroDivisionError]
            assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-2"
            put("outside")
            return sources(outer)

    assert asyncio.run(body()) == ["outside"]


def test_a_task_that_is_cancelled_while_it_enters_and_exits() -> None:
    """Wherever the cancellation hits it, no mock stays."""

    async def loops() -> None:
        while True:
            async with mock_eventbridge(region="eu-west-1"):
                await asyncio.sleep(0)
                put("x")
            await asyncio.sleep(0)

    async def body() -> None:
        for turns in range(12):
            task = asyncio.create_task(loops())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(body())


def test_exit_stacks_of_tasks_that_end_crosswise() -> None:
    """A stack that one task fills and another one empties."""

    async def body() -> list[list[str]]:
        stacks = [AsyncExitStack() for _ in range(4)]
        ebs = await asyncio.gather(*(stack.enter_async_context(mock_eventbridge()) for stack in stacks))
        for _ in stacks:
            assert current_eventbridge() is ebs[-1]  # the innermost of the process: this task has entered none
            put("last")
        await asyncio.gather(*(stack.aclose() for stack in stacks[::2]))
        assert current_eventbridge() is ebs[3]
        await asyncio.gather(*(stack.aclose() for stack in stacks[1::2]))
        return [sources(eb) for eb in ebs]

    assert asyncio.run(body()) == [[], [], [], ["last"] * 4]


def test_an_async_fixture_that_the_loop_closes() -> None:
    """A generator that nobody finishes ends its mock when the loop shuts down."""

    @mock_eventbridge
    async def fixture() -> AsyncIterator[EventBridge]:
        yield current_eventbridge()

    async def body() -> int:
        generator = fixture()
        eb = await anext(generator)
        put("a")
        kept.append(generator)
        return len(eb.events)

    kept: list[Any] = []
    assert asyncio.run(body()) == 1


# threads


def test_many_threads_with_mocks_of_their_own() -> None:
    """Each enters and leaves mocks all the time, and each mock has the events of its thread."""
    start = threading.Barrier(8)
    failed: list[BaseException] = []

    def body(number: int) -> None:
        try:
            start.wait(60)
            for turn in range(40):
                with mock_eventbridge(region=REGIONS[turn % 3]) as eb:
                    put(f"{number}.{turn}")
                    if turn % 5 == 0:
                        with mock_eventbridge() as inner:
                            put("inner")
                            assert (sources(inner), inner.region) == (["inner"], REGIONS[turn % 3])
                    assert sources(eb) == [f"{number}.{turn}"]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@pytest.mark.parametrize("copied", [False, True])
def test_a_pool_that_lives_longer_than_its_mocks(copied: bool) -> None:
    """Each mock has the events of the time in which it is active, whoever's context the worker has."""
    with ThreadPoolExecutor(4) as pool:
        for turn in range(10):
            with mock_eventbridge() as eb:
                runs = [copy_context().run if copied else (lambda function, *args: function(*args)) for _ in range(12)]
                list(pool.map(lambda run, turn=turn: run(put, str(turn)), runs))
            assert sources(eb) == [str(turn)] * 12


def test_first_mocks_of_many_threads_while_others_make_sessions() -> None:
    """Nothing fails, in a process in which no mock was active before."""
    done = run_python("""
        import sys, threading
        import boto3, botocore.session
        sys.setswitchinterval(1e-6)
        failed, stop = [], threading.Event()

        def make_sessions():
            try:
                while not stop.is_set():
                    botocore.session.Session()
            except BaseException as error:
                failed.append(error)

        makers = [threading.Thread(target=make_sessions) for _ in range(4)]
        for thread in makers: thread.start()
        from eventbridge_local import mock_eventbridge

        def use():
            try:
                with mock_eventbridge(region="us-east-1") as eb:
                    boto3.Session().client("events").list_rules()
                    assert len(eb.calls) == 1
            except BaseException as error:
                failed.append(error)

        users = [threading.Thread(target=use) for _ in range(4)]
        for thread in users: thread.start()
        for thread in users: thread.join()
        stop.set()
        for thread in makers: thread.join()
        assert failed == [], failed
        print("done")
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


# unittest


class TestEnterContext(unittest.TestCase):
    """``enterContext`` of a test, and ``enterClassContext`` for all tests of a class."""

    of_class: ClassVar[EventBridge]

    @classmethod
    def setUpClass(cls) -> None:
        cls.of_class = cls.enterClassContext(mock_eventbridge(region="eu-west-1"))
        put("class")

    def setUp(self) -> None:
        self.eb = self.enterContext(mock_eventbridge())
        put("set-up")

    def test_first(self) -> None:
        """The mock of the test is inside that of the class."""
        put("test")
        self.assertEqual((sources(self.eb), self.eb.region), (["set-up", "test"], "eu-west-1"))
        self.assertEqual(sources(self.of_class), ["class"])

    test_second = test_first


class TestAsyncContext(unittest.IsolatedAsyncioTestCase):
    """Mocks entered in ``setUp``, in ``asyncSetUp`` and in the test, which run in one context."""

    def setUp(self) -> None:
        self.outer = self.enterContext(mock_eventbridge(region="eu-west-1"))

    async def asyncSetUp(self) -> None:
        self.inner = await self.enterAsyncContext(mock_eventbridge())
        put("set-up")

    async def test_first(self) -> None:
        """The innermost answers, in tasks and threads of the test too."""
        await asyncio.gather(asyncio.to_thread(put, "thread"), asyncio.create_task(put_sync("task")))
        async with mock_eventbridge() as own:
            put("own")
        self.assertEqual(sorted(sources(self.inner)), ["set-up", "task", "thread"])
        self.assertEqual((sources(own), sources(self.outer), self.inner.region), (["own"], [], "eu-west-1"))

    test_second = test_first

    async def asyncTearDown(self) -> None:
        self.assertIs(current_eventbridge(), self.inner)

    def tearDown(self) -> None:
        self.assertIs(current_eventbridge(), self.inner)  # clean-ups come after it


def test_unittest_on_its_own() -> None:
    """The same classes under unittest's runner, with a mock of the whole module."""

    class WithModule(unittest.TestCase):
        def test_it(self) -> None:
            put("x")
            self.assertEqual(sources(current_eventbridge()), ["x"])

    suite = unittest.TestSuite()
    for case in (TestEnterContext, TestAsyncContext, WithModule):
        suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
    eb = unittest.enterModuleContext(mock_eventbridge())
    try:
        result = unittest.TestResult()
        suite.run(result)
    finally:
        unittest.doModuleCleanups()
    assert (result.errors, result.failures, result.testsRun) == ([], [], 5)
    assert sources(eb) == ["x"]


# frameworks


FRAMEWORKS = {
    "anyio": (
        "anyio",
        """
        pytestmark = pytest.mark.anyio

        @pytest.fixture
        def anyio_backend():
            return "asyncio"

        @pytest.fixture
        async def eb():
            async with mock_eventbridge(region="eu-west-1") as handle:
                put("fixture")
                yield handle

        async def test_fixture(eb):
            import anyio
            async with anyio.create_task_group() as group:
                group.start_soon(anyio.to_thread.run_sync, put, "thread")
                group.start_soon(put_async)
            assert current_eventbridge() is eb
            assert sorted(entry.source for entry in eb.events) == ["aio", "fixture", "thread"]

        async def test_portal(eb):
            from anyio.from_thread import start_blocking_portal
            def use():
                with start_blocking_portal() as portal:
                    portal.call(put_async)
            import anyio
            await anyio.to_thread.run_sync(use)
            assert [entry.source for entry in eb.events] == ["fixture", "aio"]

        async def test_fixture_of_the_plugin(eventbridge):
            await put_async()
            assert len(eventbridge.events) == 1

        @mock_eventbridge
        async def test_decorated():
            put("x")
            assert len(current_eventbridge().events) == 1

        async def test_nothing_stays():
            with pytest.raises(ValueError, match="no mock_eventbridge is active"):
                current_eventbridge()
        """,
    ),
    "pytest_asyncio": (
        "pytest_asyncio",
        """
        import pytest_asyncio
        pytestmark = pytest.mark.asyncio

        @pytest_asyncio.fixture
        async def eb():
            async with mock_eventbridge(region="eu-west-1") as handle:
                put("fixture")
                yield handle

        @pytest_asyncio.fixture(scope="module", loop_scope="module")
        async def of_module():
            async with mock_eventbridge(account="111122223333") as handle:
                yield handle

        async def test_fixture(eb):
            await asyncio.gather(asyncio.to_thread(put, "thread"), put_async())
            assert current_eventbridge() is eb
            assert sorted(entry.source for entry in eb.events) == ["aio", "fixture", "thread"]

        async def test_two_scopes(of_module, eb):
            await put_async()
            assert [entry.source for entry in eb.events] == ["fixture", "aio"]
            assert len(of_module.events) == 0

        async def test_the_wider_one(of_module):
            await put_async()
            assert len(of_module.events) == 1
        """,
    ),
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_async_fixtures(framework: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the plugins that run asynchronous tests."""
    module, code = FRAMEWORKS[framework]
    pytest.importorskip(module)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    plugin = {"anyio": "anyio.pytest_plugin", "pytest_asyncio": "pytest_asyncio.plugin"}[framework]
    monkeypatch.setenv("PYTEST_PLUGINS", f"eventbridge_local.pytest_plugin,{plugin}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    head = """
        import asyncio
        import boto3, pytest
        from aiobotocore.session import get_session
        from eventbridge_local import current_eventbridge, mock_eventbridge

        def put(source):
            client = boto3.Session().client("events", region_name="us-east-1")
            client.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}"}])

        async def put_async():
            async with get_session().create_client("events") as client:
                await client.put_events(Entries=[{"Source": "aio", "DetailType": "t", "Detail": "{}"}])
    """
    pytester.makepyfile(head + code)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=code.count("async def test_"))
