"""``eventbridge_block``: a test that forgot the fixture fails at its call, and nothing is sent."""

from __future__ import annotations

import pytest

#: How a test calls ``events``: the code of a function ``call``, which returns what the call returns.
CLIENTS = {
    "boto3": """
        def call():
            return boto3.client("events", **KEYS).put_events(Entries=[ENTRY])
    """,
    "boto3, no credentials": """
        def call():
            return boto3.client("events", region_name="us-east-1").put_events(Entries=[ENTRY])
    """,
    "boto3 session": """
        session = boto3.Session(**KEYS)
        def call():
            return session.client("events").list_rules()
    """,
    "made at import": """
        client = boto3.client("events", **KEYS)
        def call():
            return client.put_events(Entries=[ENTRY])
    """,
    "botocore": """
        import botocore.session
        def call():
            return botocore.session.get_session().create_client("events", **KEYS).list_event_buses()
    """,
    "no builtin handlers": """
        import botocore.session
        def call():
            session = botocore.session.Session(include_builtin_handlers=False)
            return session.create_client("events", **KEYS).list_event_buses()
    """,
    "aiobotocore": """
        import asyncio
        from aiobotocore.session import get_session
        async def put():
            async with get_session().create_client("events", region_name="us-east-1") as client:
                return await client.put_events(Entries=[ENTRY])
        def call():
            return asyncio.run(put())
    """,
    "paginator": """
        def call():
            return list(boto3.client("events", **KEYS).get_paginator("list_rules").paginate())
    """,
    "thread": """
        from concurrent.futures import ThreadPoolExecutor
        def call():
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(boto3.client("events", **KEYS).put_events, Entries=[ENTRY]).result()
    """,
    "botocore imported anew": """
        def call():
            for name in [name for name in sys.modules if name.startswith(("boto3", "botocore"))]:
                del sys.modules[name]
            import boto3
            return boto3.client("events", **KEYS).put_events(Entries=[ENTRY])
    """,
}

HEAD = """
import sys

import boto3, pytest

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
"""
MESSAGE = "*UsageError: events.* was stopped before anything was sent: this run blocks calls outside a mock*"


@pytest.fixture(autouse=True)
def no_plugins_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "eventbridge_local.pytest_plugin,xdist.plugin")


#: Fails a run at the first connection and the first lookup.
GUARD = """
import os, sys

def forbid(event, args):
    if event in ("socket.connect", "socket.getaddrinfo"):
        print(event, args, file=sys.stderr, flush=True)
        os._exit(99)

sys.addaudithook(forbid)
"""


def module_of(code: str) -> str:
    lines = code.splitlines()
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return HEAD + "\n".join(line[indent:] for line in lines)


def run(pytester: pytest.Pytester, code: str, *args: str) -> pytest.RunResult:
    """Run a module of tests in a process of its own that must connect to nothing."""
    pytester.makeconftest(GUARD)
    pytester.makepyfile(module_of(code))
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *args)


def test_a_call_outside_a_mock_fails(pytester: pytest.Pytester) -> None:
    """Of whatever client; the message names the fixture and the test, and inside the fixture the call is answered."""
    tests = """
        def test_forgotten():
            call()

        def test_with_fixture(eventbridge):
            assert call() is not None
    """
    pytester.makeconftest(GUARD)
    names = {kind: "test_" + kind.replace(",", "").replace(" ", "_") for kind in CLIENTS}
    pytester.makepyfile(**{names[kind]: module_of(code + tests) for kind, code in CLIENTS.items()})
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "--eventbridge-block", "-rA")
    text = result.stdout.str()
    wrong = [kind for kind, name in names.items() if f"no mock is active in {name}.py::test_forgotten." not in text]
    assert wrong == []
    result.assert_outcomes(passed=len(CLIENTS), failed=len(CLIENTS))
    result.stdout.fnmatch_lines([MESSAGE] * len(CLIENTS))
    assert "Ask for the fixture `eventbridge`" in text


def test_what_is_not_blocked(pytester: pytest.Pytester) -> None:
    """What moto, a Stubber or another handler answers, and other services."""
    code = """
        from botocore.stub import Stubber

        def client(**options):
            return boto3.Session(**KEYS).client("events", **options)

        def test_moto():
            from moto import mock_aws
            with mock_aws():
                assert client().list_event_buses()["EventBuses"][0]["Name"] == "default"
            with pytest.raises(ValueError, match="fixture `eventbridge`"):
                client().list_event_buses()

        def test_stubber():
            made = client()
            with Stubber(made) as stubber:
                stubber.add_response("put_events", {"FailedEntryCount": 7, "Entries": []})
                assert made.put_events(Entries=[ENTRY])["FailedEntryCount"] == 7

        def test_another_handler():
            class Answer:
                status_code = 200
            made = client()
            made.meta.events.register("before-call.*.*", lambda **_: (Answer, {"Rules": ["mine"]}))
            assert made.list_rules() == {"Rules": ["mine"]}

        def test_a_patched_call():
            from unittest.mock import patch
            with patch("botocore.client.BaseClient._make_api_call", return_value={"Rules": []}):
                assert client().list_rules() == {"Rules": []}

        def test_the_service_is_mocked_in_a_with_block():
            from eventbridge_local import mock_eventbridge
            with mock_eventbridge():
                assert client().list_rules()["Rules"] == []

        def test_another_service():
            made = boto3.client("sqs", **KEYS)
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("botocore.endpoint.Endpoint.make_request", lambda *_: 1 / 0)
                with pytest.raises(ZeroDivisionError):
                    made.list_queues()
    """
    run(pytester, code, "--eventbridge-block").assert_outcomes(passed=6)


def test_endpoints_of_this_machine_and_allowed_hosts(pytester: pytest.Pytester) -> None:
    """They are called; only these."""
    pytester.makeini("[pytest]\neventbridge_block = true\neventbridge_allow_hosts = localstack other")
    code = """
        urls = []

        @pytest.fixture(autouse=True)
        def endpoint(monkeypatch):
            def send(self, model, request):
                urls.append(request["url"])
                raise InterruptedError("sent")
            monkeypatch.setattr("botocore.endpoint.Endpoint.make_request", send)

        @pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "x.localhost", "localstack", "other"])
        def test_called(host):
            with pytest.raises(InterruptedError):
                boto3.client("events", endpoint_url=f"http://{host}:4566", **KEYS).list_rules()

        def test_called_by_a_variable(monkeypatch):
            monkeypatch.setenv("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://localhost:4566")
            with pytest.raises(InterruptedError):
                boto3.client("events", **KEYS).list_rules()

        @pytest.mark.parametrize("host", ["events.us-east-1.amazonaws.com", "localstack.example.com", "10.0.0.1"])
        def test_blocked(host):
            with pytest.raises(ValueError, match="before anything was sent"):
                boto3.client("events", endpoint_url=f"http://{host}:4566", **KEYS).list_rules()
            assert not any(host in url for url in urls)

        def test_option(eventbridge):
            assert eventbridge is not None
    """
    run(pytester, code).assert_outcomes(passed=11)


def test_a_run_that_does_not_ask_for_it(pytester: pytest.Pytester) -> None:
    """Nothing is blocked, and botocore is as it is."""
    code = """
        def test_it():
            from botocore.client import BaseClient
            assert not hasattr(BaseClient._make_request, "__wrapped__")
    """
    run(pytester, code).assert_outcomes(passed=1)


def test_it_ends_with_the_run(pytester: pytest.Pytester) -> None:
    """As a run inside another one shows; this process has botocore imported."""
    from botocore.client import BaseClient

    before = BaseClient._make_request  # type: ignore[attr-defined]
    pytester.makepyfile("""
        def test_it():
            from botocore.client import BaseClient
            assert hasattr(BaseClient._make_request, "__wrapped__")
    """)
    pytester.runpytest("--eventbridge-block").assert_outcomes(passed=1)
    assert BaseClient._make_request is before  # type: ignore[attr-defined]


def test_a_client_without_a_region_is_told_of_the_fixture(pytester: pytest.Pytester) -> None:
    """Outside a mock it has none, so botocore refuses to make it."""
    code = """
        def test_it():
            boto3.client("events")
    """
    result = run(pytester, code, "--eventbridge-block")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*NoRegionError*", "*Ask for the fixture `eventbridge`*"])


def test_fixtures_and_workers(pytester: pytest.Pytester) -> None:
    """Set-up and tear-down are blocked too, also in the processes of xdist."""
    code = """
        @pytest.fixture
        def publisher():
            boto3.client("events", **KEYS).list_rules()

        @pytest.fixture
        def late():
            yield
            boto3.client("events", **KEYS).list_rules()

        def test_setup(publisher):
            pass

        def test_teardown(late):
            pass
    """
    result = run(pytester, code, "--eventbridge-block", "-n1")
    result.assert_outcomes(passed=1, errors=2)
    result.stdout.fnmatch_lines([MESSAGE, MESSAGE])


def test_a_child_process_of_a_blocked_test(pytester: pytest.Pytester) -> None:
    """One that is started anew is blocked as well."""
    pytester.makepyfile(
        child="""
        import boto3

        def call():
            boto3.client("events", region_name="us-east-1").list_rules()
    """
    )
    code = """
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        import child

        def test_it():
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                with pytest.raises(ValueError, match="test_it"):
                    pool.submit(child.call).result()
    """
    pytester.makeini("[pytest]\npythonpath = .")
    run(pytester, code, "--eventbridge-block").assert_outcomes(passed=1)
