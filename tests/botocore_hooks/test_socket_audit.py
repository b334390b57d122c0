"""No client of any kind, and no operation of the API, asks anybody outside the process while a mock is active.

Each case runs in a process of its own that ends at the first connection, datagram, lookup of a name or command
(``support/processes``). The environment is a hostile one: it names proxies, credentials that must be fetched, and no
Region. The tests of all other files are watched by ``tests/conftest.py``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from processes import run_python

#: What a machine may have set, so that a library that looks around asks somebody.
HOSTILE = {
    "HTTP_PROXY": "http://proxy.example.com:3128",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
    "ALL_PROXY": "http://proxy.example.com:3128",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/credentials",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/r",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "token",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
}

COMMON = """
    import asyncio, concurrent.futures, contextvars, multiprocessing, sys, threading
    import boto3, botocore.session
    from aiobotocore.session import AioSession, get_session
    from botocore.config import Config
    from botocore.exceptions import ClientError

    ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}

    def put(client):
        assert client.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0

    async def put_async(session=None, **options):
        async with (session or get_session()).create_client("events", **options) as client:
            assert (await client.put_events(Entries=[ENTRY]))["FailedEntryCount"] == 0
"""

#: A line of code for each way to make and use a client. Each puts one event.
CLIENTS = {
    "boto3.client": 'put(boto3.client("events"))',
    "boto3, with keys": 'put(boto3.client("events", "eu-west-1", None, True, None, None, "a", "b"))',
    "boto3, with a config": 'put(boto3.client("events", config=Config(retries={"mode": "adaptive"})))',
    "boto3, unsigned": 'put(boto3.client("events", config=Config(signature_version=botocore.UNSIGNED)))',
    "boto3, with an endpoint": 'put(boto3.client("events", endpoint_url="https://events.example.com"))',
    "boto3, with a proxy": 'put(boto3.client("events", config=Config(proxies={"https": "http://proxy.example.com"})))',
    "boto3.Session": 'put(boto3.Session().client("events"))',
    "boto3.Session of botocore's": 'put(boto3.Session(botocore_session=botocore.session.Session()).client("events"))',
    "boto3.setup_default_session": 'boto3.setup_default_session(); put(boto3.client("events"))',
    "made before the import": "put(early)",
    "botocore": 'put(botocore.session.get_session().create_client("events"))',
    "botocore, no handlers": 'put(botocore.session.Session(include_builtin_handlers=False).create_client("events"))',
    "botocore, its own region": 'put(botocore.session.Session().create_client("events", region_name="eu-west-1"))',
    "aiobotocore": "asyncio.run(put_async())",
    "aiobotocore, no handlers": "asyncio.run(put_async(AioSession(include_builtin_handlers=False)))",
    "a thread": 'threading.Thread(target=lambda: put(boto3.Session().client("events"))).start()',
    "a thread that has the client": 'threading.Thread(target=put, args=(boto3.client("events"),)).start()',
    "a pool": 'concurrent.futures.ThreadPoolExecutor(1).submit(put, boto3.client("events")).result()',
    "asyncio.to_thread": 'asyncio.run(asyncio.to_thread(put, boto3.client("events")))',
    "an empty context": 'contextvars.Context().run(put, boto3.client("events"))',
    "aiobotocore in a thread": "threading.Thread(target=lambda: asyncio.run(put_async())).start()",
}  # fmt: skip


def run(tmp_path: Path, code: str) -> None:
    home = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = run_python(code, folder=tmp_path, environment={**kept, **HOSTILE, **home})
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_every_kind_of_client(tmp_path: Path) -> None:
    """Each puts one event, and nothing leaves the process."""
    uses = "\n".join(f"""
        {code}
        while threading.active_count() > 1: threading.enumerate()[-1].join()
        assert len(eb.events) == 1, ({kind!r}, len(eb.events))
        eb.reset()""" for kind, code in CLIENTS.items() if kind != "a pool")  # fmt: skip
    code = (
        COMMON
        + """
    legacy = Config(defaults_mode="legacy")
    early = boto3.client("events", "eu-west-1", None, True, None, None, "a", "b", config=legacy)
    from eventbridge_local import mock_eventbridge
    with mock_eventbridge(region="eu-west-1") as eb:"""
        + uses
        + f"""
        {CLIENTS["a pool"]}
        assert len(eb.events) == 1
    print("done")
    """
    )
    run(tmp_path, code)


@pytest.mark.parametrize("kind", ["boto3", "aiobotocore"])
def test_every_operation(kind: str, tmp_path: Path) -> None:
    """All 57, called without parameters, so that the service answers or refuses."""
    calls = {
        "boto3": """
        client = boto3.client("events", config=config)
        for name in client.meta.service_model.operation_names:
            try:
                client._make_api_call(name, {})
            except ClientError:
                pass
        """,
        "aiobotocore": """
        async def call_all():
            async with get_session().create_client("events", config=config) as client:
                for name in client.meta.service_model.operation_names:
                    try:
                        await client._make_api_call(name, {})
                    except ClientError:
                        pass
        asyncio.run(call_all())
        """,
    }
    code = (
        COMMON
        + """
    from eventbridge_local import mock_eventbridge
    config = Config(parameter_validation=False)
    with mock_eventbridge() as eb:"""
        + calls[kind]
        + """
        assert len(eb.calls) == 57, len(eb.calls)
    print("done")
    """
    )
    run(tmp_path, code)


#: Targets of every way of delivery, none of which has a receiver here.
TARGETS = (
    "arn:aws:sqs:us-east-1:123456789012:q",
    "arn:aws:sns:us-east-1:123456789012:t",
    "arn:aws:lambda:us-east-1:123456789012:function:f",
    "arn:aws:kinesis:us-east-1:123456789012:stream/s",
    "arn:aws:firehose:us-east-1:123456789012:deliverystream/s",
    "arn:aws:states:us-east-1:123456789012:stateMachine:m",
    "arn:aws:logs:us-east-1:123456789012:log-group:/g",
    "arn:aws:events:us-east-1:123456789012:event-bus/other",
    "arn:aws:events:eu-west-1:210987654321:event-bus/default",
    "arn:aws:execute-api:us-east-1:123456789012:abc/prod/POST/x",
)


def test_every_way_of_delivery(tmp_path: Path) -> None:
    """Queues, topics, HTTP endpoints with OAuth and so on: without a receiver they are recorded."""
    code = (
        COMMON
        + f"""
    from eventbridge_local import mock_eventbridge
    with mock_eventbridge(region="us-east-1", assert_all_deliveries_succeeded=False) as eb:
        client = boto3.client("events")
        connection = client.create_connection(
            Name="c", AuthorizationType="OAUTH_CLIENT_CREDENTIALS",
            AuthParameters={{"OAuthParameters": {{
                "AuthorizationEndpoint": "https://auth.example.com/token", "HttpMethod": "POST",
                "ClientParameters": {{"ClientID": "i", "ClientSecret": "s"}}}}}})
        destination = client.create_api_destination(
            Name="d", ConnectionArn=connection["ConnectionArn"], HttpMethod="POST",
            InvocationEndpoint="https://hooks.example.com/x")
        role = "arn:aws:iam::123456789012:role/r"
        arns = [*{TARGETS!r}, destination["ApiDestinationArn"]]
        for number, arn in enumerate(arns):
            client.put_rule(Name=f"r{{number}}", EventPattern='{{"source": ["shop"]}}')
            more = {{"KinesisParameters": {{"PartitionKeyPath": "$.id"}}}} if ":kinesis:" in arn else {{}}
            dead = {{"DeadLetterConfig": {{"Arn": "arn:aws:sqs:us-east-1:123456789012:dead"}}}}
            if ":logs:" not in arn:
                more["RoleArn"] = role
            result = client.put_targets(Rule=f"r{{number}}", Targets=[{{"Id": "1", "Arn": arn, **more, **dead}}])
            assert result["FailedEntryCount"] == 0, result
        put(client)
        eb.clock.advance(hours=25)
        assert len({{each.target.arn for each in eb.deliveries}}) >= len(arns), eb.deliveries
    print("done")
    """
    )
    run(tmp_path, code)


def test_the_watch_sees_what_leaves(tmp_path: Path) -> None:
    """A connection, a datagram, a lookup and a command each end such a process."""
    ways = {
        "connect": "socket.socket().connect(('127.0.0.1', 9))",
        "sendto": "socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
        "getaddrinfo": "socket.getaddrinfo('example.com', 80)",
        "Popen": "subprocess.Popen([sys.executable, '-c', ''])",
    }
    for event, code in ways.items():
        done = run_python(f"import socket, subprocess, sys\n{code}", folder=tmp_path)
        assert done.returncode == 99, event
        assert event in done.stderr
