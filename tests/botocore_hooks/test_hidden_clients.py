"""Clients that neither botocore's list of handlers nor the garbage collector leads to: they are answered all the same.

Each case runs in a process of its own in which no socket may be connected, no name looked up and no command run.
"""

from __future__ import annotations

import textwrap

import pytest
from processes import run_python

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}

PUT = f"""
    ENTRY = {ENTRY!r}

    def put(client, **more):
        result = client.put_events(Entries=[ENTRY], **more)
        if hasattr(result, "__await__"):
            result = asyncio.run(result)
        assert result["FailedEntryCount"] == 0, result
"""

KEYS = 'region_name="eu-west-1", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="unused"'

#: How a client is made that has none of our handlers: what comes before the import, and what comes after it.
HIDDEN = {
    "frozen": (
        f"""
        import gc, boto3
        client = boto3.client("events", {KEYS})
        gc.collect(); gc.freeze()
        """,
        "",
    ),
    "frozen session": (
        """
        import gc, boto3
        session = boto3.Session()
        gc.collect(); gc.freeze()
        """,
        f'client = session.client("events", {KEYS})',
    ),
    "aiobotocore, frozen": (
        f"""
        import asyncio, gc
        from aiobotocore.session import get_session
        async def make():
            return await get_session().create_client("events", {KEYS}).__aenter__()
        client = asyncio.run(make())
        gc.collect(); gc.freeze()
        """,
        "",
    ),
    "no builtin handlers": (
        "import botocore.session",
        f"""
        session = botocore.session.Session(include_builtin_handlers=False)
        client = session.create_client("events", {KEYS})
        """,
    ),
    "aiobotocore, no builtin handlers": (
        "import asyncio",
        f"""
        from aiobotocore.session import AioSession
        async def make():
            session = AioSession(include_builtin_handlers=False)
            return await session.create_client("events", {KEYS}).__aenter__()
        client = asyncio.run(make())
        """,
    ),
    "handlers reloaded": (
        "import boto3, botocore.handlers",
        f"""
        import importlib
        importlib.reload(botocore.handlers)
        client = boto3.Session().client("events", {KEYS})
        """,
    ),
    "client module reloaded": (
        "import boto3, botocore.client",
        f"""
        import importlib
        importlib.reload(botocore.client)
        client = boto3.Session().client("events", {KEYS})
        """,
    ),
    "purged": (
        "import boto3, sys",
        f"""
        for name in [name for name in sys.modules if name.startswith(("boto3", "botocore"))]:
            del sys.modules[name]
        import boto3
        client = boto3.client("events", {KEYS})
        """,
    ),
    "purged twice, an old client": (
        "import sys",
        f"""
        clients = []
        for _ in range(2):
            for name in [name for name in sys.modules if name.startswith(("boto3", "botocore"))]:
                del sys.modules[name]
            import boto3
            clients.append(boto3.client("events", {KEYS}))
        client = clients[0]
        """,
    ),
    "aiobotocore, purged": (
        "import asyncio, sys, aiobotocore.session",
        f"""
        for name in [name for name in sys.modules if name.startswith(("aiobotocore", "botocore"))]:
            del sys.modules[name]
        from aiobotocore.session import get_session
        async def make():
            return await get_session().create_client("events", {KEYS}).__aenter__()
        client = asyncio.run(make())
        """,
    ),
}


def script(*parts: str) -> str:
    return "\n".join(textwrap.dedent(part) for part in parts)


@pytest.mark.parametrize("how", HIDDEN)
def test_a_client_made_before_the_mock(how: str) -> None:
    """It is answered, and goes past the mock afterwards."""
    before, after = HIDDEN[how]
    inside = """
        with mock_eventbridge() as eb:
            put(client)
            put(client)
            assert [event.source for event in eb.events] == ["shop", "shop"]
            assert {call.account for call in eb.calls} == {"123456789012"}
        print("reached")
    """
    imported = "from eventbridge_local import mock_eventbridge\nwith mock_eventbridge(): pass"
    done = run_python(script(before, PUT, imported, after, inside))
    assert (done.returncode, done.stdout.strip()) == (0, "reached"), done.stderr


@pytest.mark.parametrize("how", [how for how in HIDDEN if HIDDEN[how][1]])
def test_a_client_made_inside_the_mock(how: str) -> None:
    """It has the handlers from its first call on."""
    before, after = HIDDEN[how]
    enter = """
        from eventbridge_local import mock_eventbridge
        mock = mock_eventbridge()
        eb = mock.__enter__()
    """
    inside = """
        put(client)
        assert [event.source for event in eb.events] == ["shop"]
        try:
            put(client, EndpointId="abcde.xyz")
        except Exception as error:
            assert type(error).__name__ == "ResourceNotFoundException", error
        else:
            sys.exit("the endpoint was not looked at")
        mock.__exit__(None, None, None)
        print("reached")
    """
    done = run_python(script(before, PUT, enter, after, inside))
    assert (done.returncode, done.stdout.strip()) == (0, "reached"), done.stderr


def test_botocore_is_as_it_was_afterwards() -> None:
    """Nothing stays replaced in any botocore of the process, and no finder of modules."""
    done = run_python("""
        import importlib, sys
        import aiobotocore.client, aiobotocore.session, botocore.session, botocore.client, multiprocessing.spawn
        def functions():
            owners = [botocore.session.Session, botocore.client.BaseClient, aiobotocore.client.AioBaseClient,
                      aiobotocore.session.AioSession, multiprocessing.spawn]
            return [(name, value) for owner in owners for name, value in vars(owner).items() if callable(value)]
        before, finders = functions(), list(sys.meta_path)
        from eventbridge_local import mock_eventbridge
        with mock_eventbridge():
            assert functions() != before
        assert functions() == before
        with mock_eventbridge():
            importlib.reload(botocore.client)
        assert sys.meta_path == finders
        assert "eventbridge" not in repr(vars(botocore.client.BaseClient._make_request)), "nothing of ours"
        assert not vars(botocore.client.__loader__).get("exec_module")
        print("same")
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "same"), done.stderr
