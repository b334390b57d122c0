"""Arranged failures: botocore's own retries meet them, nobody sleeps, nothing is sent, and nothing of it stays."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import botocore.endpoint
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
)
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
NOW = "2026-03-06T09:00:00Z"
#: Retry modes and how many attempts botocore makes in them.
MODES = {"legacy": 5, "standard": 3, "adaptive": 3}
ERRORS = {
    "connect_timeout": ConnectTimeoutError,
    "read_timeout": ReadTimeoutError,
    "connection_closed": ConnectionClosedError,
    "connection_refused": EndpointConnectionError,
}

Caller = Callable[..., Any]


@pytest.fixture(autouse=True)
def nobody_sleeps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Whoever sleeps or waits for a while, whichever way botocore and aiobotocore do it, fails the test.

    Not the threads that were there before, such as those of xdist: they go on as they like.
    """
    slept: list[Any] = []
    wait, sleep = threading.Condition.wait, time.sleep
    others = set(threading.enumerate()) - {threading.current_thread()}

    async def asleep(seconds: float, *_: Any) -> None:
        slept.append(("asyncio", seconds))

    def sleeping(seconds: float) -> None:
        if threading.current_thread() in others:
            sleep(seconds)
        else:
            slept.append(("time", seconds))

    def waiting(condition: threading.Condition, timeout: float | None = None) -> Any:
        if threading.current_thread() in others:
            return wait(condition, timeout)
        slept.extend([] if timeout is None else [("wait", timeout)])
        return wait(condition, None if timeout is None else 0)

    monkeypatch.setattr(time, "sleep", sleeping)
    monkeypatch.setattr(asyncio, "sleep", asleep)
    monkeypatch.setattr(threading.Condition, "wait", waiting)
    yield slept
    assert slept == []


def call(method: str = "put_events", *, config: dict[str, Any] | None = None, **params: Any) -> Any:
    """A call of a boto3 client without credentials."""
    return getattr(boto3.client("events", config=Config(**(config or {}))), method)(**params)


def call_async(method: str = "put_events", *, config: dict[str, Any] | None = None, **params: Any) -> Any:
    """The same with aiobotocore."""

    async def run() -> Any:
        async with get_session().create_client("events", config=AioConfig(**(config or {}))) as client:
            return await getattr(client, method)(**params)

    return asyncio.run(run())


@pytest.fixture(params=[call, call_async], ids=["boto3", "aiobotocore"])
def caller(request: pytest.FixtureRequest) -> Caller:
    """Both kinds of clients."""
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now=NOW) as eb:
        yield eb


# Whole calls


@pytest.mark.parametrize("mode", MODES)
def test_every_retry_mode_retries(eb: EventBridge, caller: Caller, mode: str) -> None:
    """Two attempts fail, the third is answered by the service, and the metadata tell of two retries."""
    eb.fail_call("PutEvents", times=2)
    answer = caller(config={"retries": {"mode": mode}}, Entries=[ENTRY])
    assert answer["FailedEntryCount"] == 0
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert answer["ResponseMetadata"].get("MaxAttemptsReached", False) == (MODES[mode] == 3)
    assert [each.error_code for each in eb.calls] == ["ThrottlingException", "ThrottlingException", None]
    assert eb.events.one().event_id == answer["Entries"][0]["EventId"]


@pytest.mark.parametrize("mode", MODES)
def test_every_retry_mode_gives_up(eb: EventBridge, caller: Caller, mode: str) -> None:
    """After the mode's number of attempts the error is raised, as botocore words it, and nothing was put."""
    eb.fail_call("PutEvents", times=None)
    with pytest.raises(ClientError, match=r"reached max retries: \d\): The request was denied") as refused:
        caller(config={"retries": {"mode": mode}}, Entries=[ENTRY])
    assert type(refused.value).__name__ == "ThrottlingException"
    metadata = refused.value.response["ResponseMetadata"]
    assert (metadata["MaxAttemptsReached"], metadata["RetryAttempts"]) == (True, MODES[mode] - 1)  # type: ignore[typeddict-item]
    assert len(eb.calls) == MODES[mode]
    assert not eb.events


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("error", ERRORS)
def test_connection_errors(eb: EventBridge, caller: Caller, mode: str, error: str) -> None:
    """A lost connection is retried; when it stays lost, botocore's own exception is raised and names the endpoint."""
    config = {"retries": {"mode": mode}}
    eb.fail_call("PutEvents", error=error)
    assert caller(config=config, Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] == 1
    eb.fail_call("PutEvents", error=error, times=None)
    with pytest.raises(ERRORS[error], match=r"https://events\.us-east-1\.amazonaws\.com/"):
        caller(config=config, Entries=[ENTRY])
    assert len(eb.calls.where(operation="PutEvents", error_code=ERRORS[error].__name__)) == 1 + MODES[mode]


@pytest.mark.parametrize(
    ("arranged", "status", "code", "attempts"),
    [
        ({}, 400, "ThrottlingException", 5),
        ({"status": 429}, 429, "ThrottlingException", 5),
        ({"status": 500}, 500, "InternalFailure", 5),
        ({"status": 503}, 503, "InternalFailure", 5),
        ({"code": "InternalException"}, 500, "InternalException", 5),
        ({"code": "ServiceUnavailable"}, 503, "ServiceUnavailable", 5),
        ({"code": "ServiceUnavailable", "status": 502}, 502, "ServiceUnavailable", 5),
        ({"code": "AccessDeniedException"}, 400, "AccessDeniedException", 1),
        ({"code": "ExpiredTokenException", "status": 403}, 403, "ExpiredTokenException", 1),
        ({"code": "ValidationException", "latency": 1}, 400, "ValidationException", 1),
    ],
)
def test_codes_and_statuses(eb: EventBridge, arranged: dict[str, Any], status: int, code: str, attempts: int) -> None:
    """The error and the status are what was arranged, and botocore retries what it holds for worth it."""
    eb.fail_call("ListRules", times=None, message="no", **arranged)
    with pytest.raises(ClientError) as refused:
        call("list_rules")
    assert refused.value.response["Error"] == {"Code": code, "Message": "no"}
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert len(eb.calls) == attempts


def test_the_service_still_refuses(eb: EventBridge, caller: Caller) -> None:
    """After a failed attempt AWS's own refusals come through, typed and in its words."""
    eb.fail_call("DescribeRule")
    with pytest.raises(ClientError, match="Rule none does not exist on EventBus default") as refused:
        caller("describe_rule", Name="none")
    assert type(refused.value).__name__ == "ResourceNotFoundException"
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 1


def test_only_the_named_operation_and_only_as_often(eb: EventBridge) -> None:
    """Other operations are not touched, and what is used up is gone; several failures strike in their order."""
    eb.fail_call("PutEvents")
    eb.fail_call("PutEvents", code="InternalException")
    assert call("list_rules")["ResponseMetadata"]["RetryAttempts"] == 0
    assert [call(Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] for _ in range(2)] == [2, 0]
    codes = [each.error_code for each in eb.calls.where(operation="PutEvents")]
    assert codes == ["ThrottlingException", "InternalException", None, None]


def test_without_retries(eb: EventBridge) -> None:
    """A client that does not retry gets the failure at once."""
    eb.fail_call("PutEvents")
    client = boto3.client("events", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="ThrottlingException"):
        client.put_events(Entries=[ENTRY])
    assert client.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0


def test_what_the_caller_sent_arrives(eb: EventBridge) -> None:
    """The long way carries the account of the key, the Region of the client and the endpoint of the request."""
    eb.fail_call("PutEvents", times=2)
    client = boto3.client(
        "events", region_name="eu-west-1", aws_access_key_id="210987654321", aws_secret_access_key="unused"
    )
    client.put_events(Entries=[ENTRY])
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        eb.fail_call("PutEvents")
        client.put_events(Entries=[ENTRY], EndpointId="abcde.veo")
    assert {(each.account, each.region) for each in eb.calls} == {("210987654321", "eu-west-1")}
    assert [each.params.get("EndpointId") for each in eb.calls] == [None] * 3 + ["abcde.veo"] * 2


def test_the_journal_hides_secrets_of_failed_attempts(eb: EventBridge) -> None:
    """A failed attempt is written down like every call: without the secrets."""
    eb.fail_call("CreateConnection")
    parameters = {"BasicAuthParameters": {"Username": "u", "Password": "hush"}}
    call("create_connection", Name="c", AuthorizationType="BASIC", AuthParameters=parameters)
    assert len(eb.calls) == 2
    assert "hush" not in repr(eb.calls[0].params)


def test_the_hint_says_who_did_it(eb: EventBridge) -> None:
    """A failure that was arranged explains itself to whoever meets it."""
    eb.fail_call("PutEvents", code="AccessDeniedException")
    with pytest.raises(ClientError) as refused:
        call(Entries=[ENTRY])
    assert eb.hints_for(refused.value) == ["eventbridge_local: arranged with eb.fail_call; eb.fail_nothing() ends it"]


# Latency


def test_a_slow_call(eb: EventBridge, caller: Caller) -> None:
    """An attempt that only takes long succeeds, and a clock the test has taken over moves on by it."""
    eb.fail_call("PutEvents", latency=2.5)
    assert caller(Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] == 0
    assert eb.clock.now.isoformat() == "2026-03-06T09:00:02.500000+00:00"
    assert eb.events.one().at == eb.clock.now


def test_a_clock_that_follows_the_real_one_is_left_alone() -> None:
    """Latency does not take the clock over."""
    with mock_eventbridge() as eb:
        eb.fail_call("PutEvents", latency=3)
        call(Entries=[ENTRY])
        assert not eb.clock.stepped


def test_slower_than_the_client_waits(eb: EventBridge, caller: Caller) -> None:
    """Latency over the client's read timeout is a read timeout, which is retried."""
    eb.fail_call("PutEvents", latency=5, times=2)
    answer = caller(config={"read_timeout": 4}, Entries=[ENTRY])
    assert answer["ResponseMetadata"]["RetryAttempts"] == 2
    assert [each.error_code for each in eb.calls] == ["ReadTimeoutError", "ReadTimeoutError", None]
    assert eb.clock.now.isoformat() == "2026-03-06T09:00:10+00:00"


def test_waits_between_attempts_move_no_clock(eb: EventBridge) -> None:
    """They are random; a clock that stands would show another time in every run."""
    eb.fail_call("PutEvents", times=4)
    call(Entries=[ENTRY])
    assert eb.events.one().at == eb.clock.now
    assert eb.clock.now.isoformat() == "2026-03-06T09:00:00+00:00"


# Rates


def failures(seed: int, arrange: Callable[[EventBridge], None]) -> str:
    """Which of a hundred calls failed, as a row of x and -."""
    with mock_eventbridge(now=NOW, seed=seed) as eb:
        client = boto3.client("events", config=Config(retries={"total_max_attempts": 1}))
        arrange(eb)
        row = ""
        for _ in range(100):
            try:
                row += "x" if client.put_events(Entries=[ENTRY])["FailedEntryCount"] else "-"
            except ClientError:
                row += "x"
        return row


@pytest.mark.parametrize(
    "arrange",
    [
        lambda eb: eb.fail_call("PutEvents", times=None, rate=0.3),
        lambda eb: eb.fail_put(times=None, rate=0.3),
    ],
    ids=["calls", "entries"],
)
def test_rates_are_reproducible(arrange: Callable[[EventBridge], None]) -> None:
    """The same seed fails the same calls, another seed others, in about the share that was asked for."""
    rows = [failures(seed, arrange) for seed in (1, 1, 2)]
    assert rows[0] == rows[1] != rows[2]
    assert all(15 < row.count("x") < 45 for row in rows)


def test_times_count_failures(eb: EventBridge) -> None:
    """With a rate, ``times`` counts attempts that fail, not those that might have."""
    eb.fail_put(times=3, rate=0.5)
    answers = [call(Entries=[ENTRY])["FailedEntryCount"] for _ in range(40)]
    assert sum(answers) == 3


# Entries


def test_entries_by_position(eb: EventBridge) -> None:
    """Positions count from 0; the others are accepted; the message is that of the API reference, or one's own."""
    eb.fail_put(entries=[0, 2], code="InternalFailure")
    eb.fail_put(entries=[1], message="busy")
    answer = call(Entries=[ENTRY] * 4)
    assert answer["FailedEntryCount"] == 3
    assert answer["Entries"][3].keys() == {"EventId"}
    internal = {
        "ErrorCode": "InternalFailure",
        "ErrorMessage": "The request processing has failed because of an unknown error, exception or failure.",
    }
    busy = {"ErrorCode": "ThrottlingException", "ErrorMessage": "busy"}
    assert answer["Entries"][:3] == [internal, busy, internal]
    assert len(eb.events.refused) == 3
    assert call(Entries=[ENTRY] * 4)["FailedEntryCount"] == 0


def test_all_entries_of_some_requests(eb: EventBridge) -> None:
    """Without positions every entry is refused, in as many requests as asked for; puts of the handle count."""
    spy = eb.connect("work", lambda event: None)
    eb.rule("all", pattern={"source": ["shop"]}, to="work")
    eb.fail_put(times=2)
    assert call(Entries=[ENTRY] * 10)["FailedEntryCount"] == 10
    assert not eb.put("shop", "Sold").accepted
    assert eb.put("shop", "Sold").accepted
    assert len(spy.calls) == 1


def test_a_request_without_the_position_passes(eb: EventBridge) -> None:
    """The failure waits for a request that it can strike."""
    eb.fail_put(entries=[1])
    assert [call(Entries=[ENTRY] * size)["FailedEntryCount"] for size in (1, 2, 2)] == [0, 1, 0]


def test_failures_of_entries_strike_in_their_order(eb: EventBridge) -> None:
    """Two failures of the same entry are a sequence."""
    eb.fail_put(code="ThrottlingException")
    eb.fail_put(code="InternalFailure")
    codes = [call(Entries=[ENTRY])["Entries"][0].get("ErrorCode") for _ in range(3)]
    assert codes == ["ThrottlingException", "InternalFailure", None]


# Bad arguments


@pytest.mark.parametrize(
    ("method", "arguments", "said"),
    [
        ("fail_put", {"code": "Throttling"}, "did you mean 'ThrottlingException'?"),
        ("fail_put", {"code": "E42"}, "choose from AccessDeniedException, InternalFailure"),
        ("fail_put", {"entries": 1}, r"give the positions in a request, from 0 to 9, such as \[1\]"),
        ("fail_put", {"entries": []}, "give the positions"),
        ("fail_put", {"entries": [-1]}, "give the positions"),
        ("fail_put", {"entries": [10]}, "give the positions"),
        ("fail_put", {"entries": [True]}, "give the positions"),
        ("fail_put", {"entries": "1"}, "give the positions"),
        ("fail_put", {"times": 0}, "a whole number of at least 1, or None"),
        ("fail_put", {"rate": 0}, "a share of the entries"),
        ("fail_put", {"rate": 1.1}, "a share of the entries"),
        ("fail_call", {"operation": "put_events"}, "did you mean 'PutEvents'?"),
        ("fail_call", {"operation": "GetObject"}, "there is no such operation"),
        ("fail_call", {"code": "throttlingexception"}, "did you mean 'ThrottlingException'?"),
        ("fail_call", {"error": "timeout"}, "there is no such connection error"),
        ("fail_call", {"error": "read_timout"}, "did you mean 'read_timeout'?"),
        ("fail_call", {"error": "read_timeout", "code": "InternalFailure"}, "gives no answer"),
        ("fail_call", {"error": "read_timeout", "status": 500}, "gives no answer"),
        ("fail_call", {"status": 200}, "400 to 599"),
        ("fail_call", {"status": "500"}, "400 to 599"),
        ("fail_call", {"latency": -1}, "give seconds, 0 or more"),
        ("fail_call", {"latency": float("nan")}, "give seconds, 0 or more"),
        ("fail_call", {"times": 1.5}, "a whole number of at least 1, or None"),
        ("fail_call", {"rate": -1}, "a share of the attempts"),
    ],
)
def test_nonsense_is_refused(eb: EventBridge, method: str, arguments: dict[str, Any], said: str) -> None:
    """What makes no sense is said at once, with the argument and a way out, and arranges nothing."""
    given = {"operation": "PutEvents", **arguments} if method == "fail_call" else arguments
    with pytest.raises(UsageError, match=said) as wrong:
        getattr(eb, method)(**given)
    assert str(wrong.value).startswith(f"{method}(")
    assert call(Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] == 0
    assert eb.events.one().accepted


# Nothing leaves, nothing stays


@pytest.mark.parametrize("order", ["ours inside", "ours outside"])
def test_moto_does_not_see_the_call(monkeypatch: pytest.MonkeyPatch, order: str) -> None:
    """With moto active, none of the attempts reaches it."""
    seen: list[str] = []
    process = BotocoreStubber.process_request
    monkeypatch.setattr(
        BotocoreStubber, "process_request", lambda stub, request: seen.append(request.url) or process(stub, request)
    )
    mocks = [mock_aws(), mock_eventbridge()]
    first, second = mocks if order == "ours inside" else reversed(mocks)
    with first as one, second as other:
        eb = one if isinstance(one, EventBridge) else other
        assert isinstance(eb, EventBridge)
        eb.fail_call("PutEvents", times=2)
        assert call(Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] == 2
        assert seen == []
        boto3.client("sqs", region_name="us-east-1").list_queues()
        assert len(seen) == 1


@pytest.mark.parametrize(
    "early",
    [
        "client = boto3.client('events', region_name='eu-west-1')",
        "session = boto3.session.Session(); client = None",
        "client = botocore.session.get_session().create_client('events', region_name='eu-west-1')",
    ],
)
def test_clients_and_sessions_made_before_the_import(early: str) -> None:
    """They retry in the process too, without credentials, without a socket and without a sleep."""
    script = f"""
        import os, sys, time
        def forbid(event, args):
            if event in ("socket.connect", "time.sleep"):
                sys.exit(f"{{event}} {{args}}")
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # outside the mock botocore may look for credentials
        import boto3, botocore.session
        {early}
        from eventbridge_local import mock_eventbridge
        sys.addaudithook(forbid)
        with mock_eventbridge() as eb:
            eb.fail_call("PutEvents", times=2)
            answer = (client or session.client("events")).put_events(Entries=[{ENTRY!r}])
            print(answer["ResponseMetadata"]["RetryAttempts"], len(eb.calls))
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "2 3"), done.stderr


def test_clients_of_every_age() -> None:
    """A client that is older than the mock retries like one made inside."""
    keys = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    early = boto3.client("events", region_name="us-east-1", **keys)
    with mock_eventbridge() as eb:
        for client in (early, boto3.client("events"), boto3.Session().client("events", region_name="eu-west-1")):
            eb.fail_call("PutEvents", times=2)
            assert client.put_events(Entries=[ENTRY])["ResponseMetadata"]["RetryAttempts"] == 2


def test_other_handlers_of_the_client_are_asked(eb: EventBridge) -> None:
    """The events around an attempt are emitted on the client, those that sign and send are not."""
    client = boto3.client("events")
    emitted: list[str] = []
    client.meta.events.register("*.eventbridge", lambda event_name, **_: emitted.append(event_name.split(".")[0]))
    eb.fail_call("PutEvents", error="read_timeout", times=5)
    with pytest.raises(ReadTimeoutError):
        client.put_events(Entries=[ENTRY])
    assert emitted[-11:] == [*["response-received", "needs-retry"] * 5, "after-call-error"]
    assert not {"request-created", "choose-signer", "before-send"} & set(emitted)


def test_nothing_stays() -> None:
    """Failures end with the mock, with ``reset`` and with ``fail_nothing``, and botocore is as it was."""
    endpoint = dict(vars(botocore.endpoint))
    methods = dict(vars(botocore.endpoint.Endpoint))
    client = boto3.client("events", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        for forget in (eb.reset, eb.fail_nothing):
            eb.fail_call("PutEvents", times=None)
            eb.fail_put(times=None)
            eb.fail_target("work", error="NO_RESOURCE")
            forget()
            eb.connect("work", lambda event: None)
            eb.rule("all", pattern={"source": ["shop"]}, to="work")
            answer = client.put_events(Entries=[ENTRY])
            assert (answer["FailedEntryCount"], answer["ResponseMetadata"]["RetryAttempts"]) == (0, 0)
            assert eb.deliveries.last.outcome == "delivered"
        eb.fail_call("PutEvents", times=None)
        eb.fail_put(times=None)
    with mock_eventbridge():
        answer = client.put_events(Entries=[ENTRY])
        assert (answer["FailedEntryCount"], answer["ResponseMetadata"]["RetryAttempts"]) == (0, 0)
    assert dict(vars(botocore.endpoint)) == endpoint
    assert dict(vars(botocore.endpoint.Endpoint)) == methods
