"""Which of several mocks answers: nested, in threads, in asyncio tasks, entered and exited in any order."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.configprovider import EnvironmentProvider
from botocore.utils import IMDSFetcher
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local import EventBridge, current_eventbridge, mock_eventbridge
from eventbridge_local.botocore_hooks import active
from eventbridge_local.botocore_hooks.active import ActiveMock
from eventbridge_local.errors import UsageError

REGIONS = ("eu-west-1", "eu-west-2", "ap-southeast-2")


def client(**options: Any) -> Any:
    """A client of a session of its own: that of boto3's default session is not made for several threads."""
    return boto3.session.Session().client("events", **options)


def put(source: str, **options: Any) -> str:
    """Put an event with a new client, and return the client's Region."""
    made = client(**options)
    made.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}"}])
    region: str = made.meta.region_name
    return region


def sources(eb: EventBridge) -> list[str]:
    return [entry.source for entry in eb.events]


# asyncio


async def produce(region: str, source: str, together: asyncio.Barrier) -> tuple[list[str], list[str]]:
    """Put two events inside a mock of this task's own; returns what the mock saw, and the Regions of the clients."""
    async with mock_eventbridge(region=region) as eb:
        await together.wait()
        regions = [put(source)]
        async with get_session().create_client("events") as made:
            await together.wait()
            await made.put_events(Entries=[{"Source": source, "DetailType": "t", "Detail": "{}"}])
            regions.append(made.meta.region_name)
        assert current_eventbridge() is eb
        await together.wait()
        return sources(eb), regions


def test_mocks_that_are_gathered_see_their_own_events() -> None:
    """Three tasks, each with a mock, at the same time: each has its events, and clients of its Region."""

    async def body() -> list[Any]:
        together = asyncio.Barrier(3)
        return await asyncio.gather(*(produce(region, region, together) for region in REGIONS))

    assert asyncio.run(body()) == [([region] * 2, [region] * 2) for region in REGIONS]
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_the_region_of_a_mock_in_another_task_is_not_taken_over() -> None:
    """A mock that names no Region has the default, whatever Region the mock of another task has at that time."""

    async def named(together: asyncio.Barrier) -> None:
        with mock_eventbridge(region="eu-west-1"):
            await together.wait()
            await together.wait()

    async def unnamed(together: asyncio.Barrier) -> tuple[str, str]:
        await together.wait()
        with mock_eventbridge() as eb:
            region = put("a")
            await together.wait()
            return eb.region, region

    async def body() -> Any:
        together = asyncio.Barrier(2)
        return await asyncio.gather(unnamed(together), named(together))

    assert asyncio.run(body())[0] == ("us-east-1", "us-east-1")


@pytest.mark.parametrize("entered", ["with", "decorator"])
def test_one_object_in_several_tasks(entered: str) -> None:
    """Tasks that share one mock object have a mock each, and each exit ends its own, in whatever order they come."""
    mock = mock_eventbridge(region="eu-west-1")

    async def use(source: str, turns: int) -> list[str]:
        eb = current_eventbridge()
        for _ in range(turns):
            assert current_eventbridge() is eb
            put(source)
            await asyncio.sleep(0)
        return sources(eb)

    async def with_block(source: str, turns: int) -> list[str]:
        async with mock:
            return await use(source, turns)

    run = with_block if entered == "with" else mock(use)

    async def body() -> list[list[str]]:
        return await asyncio.gather(*(run(f"s{turns}", turns) for turns in (1, 3, 2)))

    assert asyncio.run(body()) == [["s1"], ["s3"] * 3, ["s2"] * 2]
    with pytest.raises(UsageError):
        current_eventbridge()


def test_a_task_begun_inside_a_mock_keeps_it() -> None:
    """A task meets the mock in which it was created, also while another mock begins elsewhere."""

    async def body() -> tuple[list[str], list[str]]:
        begun, ended = asyncio.Event(), asyncio.Event()

        async def child() -> None:
            await begun.wait()
            put("child")
            ended.set()

        with mock_eventbridge() as outer:
            task = asyncio.create_task(child())
            with mock_eventbridge() as inner:
                begun.set()
                await ended.wait()
                put("parent")
            await task
            return sources(outer), sources(inner)

    assert asyncio.run(body()) == (["child"], ["parent"])


def test_a_task_that_outlives_its_mock_meets_the_processs_innermost() -> None:
    """A mock that ended is passed over; without any other mock nothing answers."""

    async def body() -> list[str]:
        go = asyncio.Event()

        async def child() -> bool:
            await go.wait()
            put("late")
            return True

        with mock_eventbridge():
            task = asyncio.create_task(child())
            await asyncio.sleep(0)
        with mock_eventbridge() as other:
            go.set()
            assert await task
            return sources(other)

    assert asyncio.run(body()) == ["late"]


def test_a_thread_of_asyncio_has_the_mock_of_its_task() -> None:
    """``asyncio.to_thread`` copies the context, ``run_in_executor`` does not."""

    async def body() -> tuple[list[str], list[str]]:
        with mock_eventbridge() as outer:
            await asyncio.get_running_loop().run_in_executor(None, put, "warm-up")  # makes the pool's thread
            together = asyncio.Barrier(2)

            async def inside() -> list[str]:
                with mock_eventbridge() as eb:
                    await together.wait()
                    await asyncio.get_running_loop().run_in_executor(None, put, "pool")
                    await together.wait()
                    return sources(eb)

            async def beside() -> None:
                await together.wait()
                await asyncio.to_thread(put, "copied")
                await together.wait()

            task = asyncio.create_task(beside())
            seen = await inside()
            await task
            return sources(outer), seen

    assert asyncio.run(body()) == (["warm-up", "copied"], ["pool"])


# threads


def test_a_thread_starts_without_a_mock_of_its_own() -> None:
    """A new thread and the worker of a pool meet the innermost mock of the process, with its Region."""
    regions: list[str] = []
    with mock_eventbridge(region="eu-west-1") as outer, ThreadPoolExecutor(1) as pool:
        regions.append(pool.submit(put, "outer").result())
        with mock_eventbridge(region="eu-west-2") as inner:
            regions.append(pool.submit(put, "pool").result())
            thread = threading.Thread(target=lambda: regions.append(put("thread")))
            thread.start()
            thread.join()
        regions.append(pool.submit(put, "outer again").result())
    assert sources(outer) == ["outer", "outer again"]
    assert sources(inner) == ["pool", "thread"]
    assert regions == ["eu-west-1", "eu-west-2", "eu-west-2", "eu-west-1"]


@pytest.mark.parametrize("found", [None, "eu-north-1"])
@pytest.mark.parametrize("first_out", [0, 1])
def test_two_threads_that_end_in_any_order(monkeypatch: pytest.MonkeyPatch, found: str | None, first_out: int) -> None:
    """Each thread has its own mock and Region all the time, and ``AWS_DEFAULT_REGION`` is what it was afterwards."""
    if found is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", found)
    both_in, first_is_out = threading.Barrier(2), threading.Event()
    seen: dict[int, Any] = {}

    def body(number: int) -> None:
        region = REGIONS[number]
        with mock_eventbridge(region=region) as eb:
            both_in.wait(60)
            regions = [put(region)]
            if number != first_out:
                assert first_is_out.wait(60)
                regions.append(put(region))
                assert os.environ["AWS_DEFAULT_REGION"] == region
        first_is_out.set()
        seen[number] = (sources(eb), regions)

    threads = [threading.Thread(target=body, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = {number: 1 if number == first_out else 2 for number in range(2)}
    assert seen == {number: ([REGIONS[number]] * times[number],) * 2 for number in range(2)}
    assert os.environ.get("AWS_DEFAULT_REGION") == found


# any order of exits


@pytest.mark.parametrize("found", [None, "eu-north-1"])
def test_interleaved_exits(monkeypatch: pytest.MonkeyPatch, found: str | None) -> None:
    """A begins, B begins, A ends, B ends: B's Region inside B, and afterwards what was found."""
    if found is not None:
        monkeypatch.setenv("AWS_DEFAULT_REGION", found)
    a, b = mock_eventbridge(region="eu-west-1"), mock_eventbridge(region="eu-west-2")
    a.__enter__()
    inner = b.__enter__()
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-2"
    a.__exit__(None, None, None)
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-2"
    assert (current_eventbridge(), put("b"), sources(inner)) == (inner, "eu-west-2", ["b"])
    b.__exit__(None, None, None)
    assert os.environ.get("AWS_DEFAULT_REGION") == found
    with pytest.raises(UsageError):
        current_eventbridge()


def test_enter_and_exit_in_other_contexts_than_the_test() -> None:
    """As with an async fixture whose set-up, test and tear-down run in three contexts."""
    mock = mock_eventbridge(region="eu-west-1")
    eb = copy_context().run(mock.__enter__)
    assert current_eventbridge() is eb
    assert (put("test"), sources(eb)) == ("eu-west-1", ["test"])
    copy_context().run(mock.__exit__, None, None, None)
    with pytest.raises(UsageError):
        current_eventbridge()
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_a_context_in_which_a_mock_has_ended_elsewhere() -> None:
    """The context still knows the ended mock, and meets the next one that is active: its own, then the process's."""
    outer, inner, other = (mock_eventbridge(region=region) for region in REGIONS)
    context = copy_context()
    outer_eb = context.run(outer.__enter__)
    context.run(inner.__enter__)
    other_eb = copy_context().run(other.__enter__)
    inner.__exit__(None, None, None)
    assert context.run(current_eventbridge) is outer_eb
    assert context.run(put, "a") == REGIONS[0]
    outer.__exit__(None, None, None)
    assert context.run(current_eventbridge) is other_eb
    assert context.run(put, "b") == REGIONS[2]
    other.__exit__(None, None, None)
    assert (sources(outer_eb), sources(other_eb)) == (["a"], ["b"])
    with pytest.raises(UsageError):
        context.run(current_eventbridge)


def test_an_async_generator_fixture_closed_in_another_context() -> None:
    """The mock that a decorated async generator holds ends with it, wherever it is closed."""

    @mock_eventbridge(region="eu-west-1")
    async def fixture() -> Any:
        yield current_eventbridge()

    async def body() -> None:
        generator = fixture()
        eb = await asyncio.create_task(anext(generator))
        assert current_eventbridge() is eb
        assert await asyncio.create_task(anext(generator, None)) is None
        with pytest.raises(UsageError):
            current_eventbridge()

    asyncio.run(body())


def test_exceptions_end_only_their_own_mock() -> None:
    """An exception that leaves an inner mock, or one whose template is broken, leaves the outer one as it was."""
    with mock_eventbridge(region="eu-west-1") as outer:
        with pytest.raises(ZeroDivisionError), mock_eventbridge(region="eu-west-2"):
            _ = 1 / 0
        with pytest.raises(UsageError), mock_eventbridge(region="eu-west-2", template="there-is-no-such-file.yaml"):
            pass
        assert (current_eventbridge(), put("a"), sources(outer)) == (outer, "eu-west-1", ["a"])
        assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert "AWS_DEFAULT_REGION" not in os.environ


# every order, against a slow model


@dataclass
class Model:
    """What should be so: a list of contexts, each with the numbers of the mocks entered there; and what is active."""

    contexts: list[list[int]] = field(default_factory=lambda: [[]])
    active: list[int] = field(default_factory=list)

    def answers(self, context: int) -> int | None:
        mine = [number for number in self.contexts[context] if number in self.active]
        return (mine or self.active or [None])[-1]


Step = tuple[str, int, int]
STEPS = st.lists(st.tuples(st.sampled_from(["enter", "exit", "fork"]), st.integers(0, 9), st.integers(0, 9)))


@given(STEPS)
def test_every_order_of_enters_exits_and_contexts(steps: list[Step]) -> None:
    """After each step every context has the mock that the rule gives it, and the environment the innermost's Region."""
    model, contexts, mocks = Model(), [Context()], list[ActiveMock]()
    service: Any = None
    for what, one, other in [*steps, *[("exit", 0, 0)] * len(steps)]:
        here = one % len(contexts)
        if what == "enter":
            mock = ActiveMock(service, "123456789012", f"eu-west-{len(mocks)}")
            contexts[here].run(active.begin, mock)
            model.contexts[here].append(len(mocks))
            model.active.append(len(mocks))
            mocks.append(mock)
        elif what == "exit" and model.active:
            number = model.active.pop(other % len(model.active))
            contexts[here].run(active.end, mocks[number])
        elif what == "fork":
            contexts.append(contexts[here].run(copy_context))
            model.contexts.append(list(model.contexts[here]))
        for number, context in enumerate(contexts):
            expected = model.answers(number)
            answers = context.run(active.innermost)
            assert answers is (None if expected is None else mocks[expected])
            assert answers is None or context.run(active.region_of, answers) == answers.region
        region = mocks[model.active[-1]].region if model.active else None
        assert os.environ.get("AWS_DEFAULT_REGION") == region
    assert not active.is_any_active()


# the Region of a client


def test_a_client_that_names_a_region_keeps_it() -> None:
    """In the call, in the session or in the config; also the Region that another mock of the process has."""
    context = copy_context()
    first, second = (mock_eventbridge(region=region) for region in REGIONS[:2])
    context.run(first.__enter__)
    copy_context().run(second.__enter__)
    try:
        session = boto3.session.Session(region_name=REGIONS[1])
        keys = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
        assert context.run(put, "a", region_name=REGIONS[1]) == REGIONS[1]
        assert context.run(lambda: session.client("events").meta.region_name) == REGIONS[1]
        assert context.run(put, "a", config=Config(region_name=REGIONS[1])) == REGIONS[1]
        assert context.run(lambda: boto3.session.Session().region_name) == REGIONS[0]
        assert context.run(lambda: boto3.session.Session().client("sqs", **keys).meta.region_name) == REGIONS[0]
    finally:
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)


def test_a_region_that_the_test_sets_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside a mock for clients and for mocks inside it, and again when those have ended."""
    with mock_eventbridge(region="eu-west-1"):
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
        assert put("a") == "eu-north-1"
        with mock_eventbridge() as inner:
            assert (inner.region, put("b")) == ("eu-north-1", "eu-north-1")
        with mock_eventbridge(region="eu-west-2"):
            assert put("c") == "eu-west-2"
        assert put("d") == "eu-north-1"
        monkeypatch.delenv("AWS_DEFAULT_REGION")
        assert put("e") == "eu-west-1"
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_the_end_of_an_outer_mock_changes_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Region that the test set inside the innermost mock stays when a mock outside of it ends."""
    outer, inner = mock_eventbridge(region="eu-west-1"), mock_eventbridge(region="eu-west-2")
    outer.__enter__()
    inner.__enter__()
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    outer.__exit__(None, None, None)
    assert put("a") == os.environ["AWS_DEFAULT_REGION"] == "eu-north-1"
    inner.__exit__(None, None, None)
    assert "AWS_DEFAULT_REGION" not in os.environ


def test_a_mock_inside_another_has_its_region() -> None:
    """One that names no Region, in the same context."""
    with mock_eventbridge(region="eu-west-1"), mock_eventbridge() as inner:
        assert inner.region == "eu-west-1"


# what is patched


@pytest.fixture
def originals() -> Iterator[tuple[Any, Any]]:
    """The two methods of botocore that are replaced while a mock is active."""
    before = (vars(EnvironmentProvider)["provide"], vars(IMDSFetcher)["_assert_enabled"])
    yield before
    assert (vars(EnvironmentProvider)["provide"], vars(IMDSFetcher)["_assert_enabled"]) == before


def test_what_is_patched_is_undone_by_the_last_exit(originals: tuple[Any, Any]) -> None:
    """Not by the first one, whatever the order."""
    a, b = mock_eventbridge(), mock_eventbridge()
    a.__enter__()
    b.__enter__()
    assert vars(EnvironmentProvider)["provide"] is not originals[0]
    a.__exit__(None, None, None)
    assert vars(IMDSFetcher)["_assert_enabled"] is not originals[1]
    b.__exit__(None, None, None)
    assert vars(EnvironmentProvider)["provide"] is originals[0]
    assert vars(IMDSFetcher)["_assert_enabled"] is originals[1]


def test_what_somebody_else_patched_meanwhile_stays(originals: tuple[Any, Any]) -> None:
    """A method that was wrapped while a mock was active keeps its wrapper, and ours in it does nothing any more."""
    with mock_eventbridge(region="eu-west-1"):
        ours = vars(EnvironmentProvider)["provide"]
        wrapper = lambda self: ours(self)  # noqa: E731
        EnvironmentProvider.provide = wrapper  # type: ignore[method-assign]
    try:
        assert vars(EnvironmentProvider)["provide"] is wrapper
        assert EnvironmentProvider("AWS_DEFAULT_REGION", os.environ).provide() is None
    finally:
        EnvironmentProvider.provide = originals[0]  # type: ignore[method-assign]


def test_importing_the_package_patches_nothing() -> None:
    """All methods of botocore's classes are botocore's after the import; only the handlers have been appended."""
    code = """
        import botocore.configprovider, botocore.handlers, botocore.session, botocore.utils
        modules = (botocore.configprovider, botocore.handlers, botocore.session, botocore.utils)
        def functions():
            for module in modules:
                for name, value in vars(module).items():
                    yield module.__name__, name, value
                    if isinstance(value, type):
                        yield from ((name, each, vars(value)[each]) for each in vars(value))
        before = [(*names, id(value)) for *names, value in functions()]
        handlers = list(botocore.handlers.BUILTIN_HANDLERS)
        import eventbridge_local.mock
        from eventbridge_local.botocore_hooks import hook
        assert [(*names, id(value)) for *names, value in functions()] == before
        assert botocore.handlers.BUILTIN_HANDLERS[:len(handlers)] == handlers
        assert len(botocore.handlers.BUILTIN_HANDLERS) == len(handlers) + len(hook.HANDLERS)
    """
    script = "\n".join(line[8:] for line in code.splitlines())
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
