"""How clients are made inside a mock: those of ``events`` ask nobody for credentials, others find theirs as ever."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import AioSession
from botocore.config import Config
from botocore.session import Session

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks.clients import LateCredentials

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
ROLE = "arn:aws:iam::123456789012:role/r"
ASKING = ("socket.connect", "socket.getaddrinfo", "subprocess.Popen")

_asked: list[str] = []
sys.addaudithook(lambda event, args: _asked.append(event) if event in ASKING else None)


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """The events of asking somebody: connections, lookups and commands."""
    _asked.clear()
    yield _asked
    _asked.clear()


CONTAINER = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/c"}
#: Where credentials may come from by asking: variables of the environment, and lines of a profile.
SOURCES: dict[str, tuple[dict[str, str], str]] = {
    "metadata of the machine": ({}, ""),
    "container": ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/c"}, ""),
    "container, relative": (CONTAINER, ""),
    "command": ({}, "credential_process=no-such-command"),
    "web identity": ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/token", "AWS_ROLE_ARN": ROLE}, ""),
    "role, container": (CONTAINER, f"role_arn={ROLE} credential_source=EcsContainer"),
    "role, machine": ({}, f"role_arn={ROLE} credential_source=Ec2InstanceMetadata"),
    "role, command": ({}, f"role_arn={ROLE} source_profile=p [profile&p] credential_process=no-such-command"),
    "role, keys": ({}, f"role_arn={ROLE} source_profile=p [profile&p] aws_access_key_id=a aws_secret_access_key=b"),
    "role, second factor": (
        {},
        f"role_arn={ROLE} source_profile=default mfa_serial=arn:aws:iam::123456789012:mfa/m "
        "aws_access_key_id=a aws_secret_access_key=b",
    ),
    "single sign-on": (
        {},
        "sso_session=s sso_account_id=123456789012 sso_role_name=r "
        "[sso-session&s] sso_region=us-east-1 sso_start_url=https://example.com/start",
    ),
    "single sign-on, old": (
        {},
        "sso_region=us-east-1 sso_start_url=https://example.com/start sso_account_id=123456789012 sso_role_name=r",
    ),
    "login": ({}, "login_session=arn:aws:iam::123456789012:user/u"),
}


@pytest.fixture
def source(request: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Set the environment and the profile of a source."""
    variables, profile = SOURCES[request.param]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    use_profile(monkeypatch, tmp_path, profile.replace(" ", "\n").replace("&", " "))


def use_profile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    config = tmp_path / "config"
    config.write_text(f"[default]\n{text}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))


def put_sync(**options: Any) -> Any:
    made = Session().create_client("events", **options)
    assert made.put_events(Entries=[ENTRY])["FailedEntryCount"] == 0
    return made


def put_async(**options: Any) -> Any:
    async def body() -> Any:
        async with AioSession().create_client("events", **options) as made:
            assert (await made.put_events(Entries=[ENTRY]))["FailedEntryCount"] == 0
            return made

    return asyncio.run(body())


KINDS = {"botocore": put_sync, "aiobotocore": put_async}
both_kinds = pytest.mark.parametrize("put", KINDS.values(), ids=KINDS)


@both_kinds
@pytest.mark.parametrize("source", SOURCES, indirect=True)
def test_a_client_of_events_asks_nobody(source: None, put: Callable[..., Any], asked: list[str]) -> None:
    """Wherever its credentials would come from."""
    with mock_eventbridge() as eb:
        put()
        assert len(eb.events) == 1
    assert asked == []


@both_kinds
def test_a_client_asks_nobody_for_the_mode_of_its_defaults(put: Callable[..., Any], asked: list[str]) -> None:
    """The mode "auto" asks the machine for its Region."""
    with mock_eventbridge():
        put(config=Config(defaults_mode="auto"))
    assert asked == []


def test_a_client_of_another_service_finds_its_credentials_as_ever(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a session whose ``events`` client was made first, too."""
    use_profile(monkeypatch, tmp_path, command_for("AKIAOTHER"))
    session = Session()
    with mock_eventbridge():
        events = session.create_client("events")
        queue = session.create_client("sqs")
        assert queue._get_credentials().access_key == "AKIAOTHER"
        assert isinstance(events._get_credentials(), LateCredentials)
        assert session.get_credentials().access_key == "AKIAOTHER"


def test_a_client_of_another_service_asks_the_machine(
    monkeypatch: pytest.MonkeyPatch, asked: list[str], connected_sockets: list[Any]
) -> None:
    """As outside the mock."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/c")
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.SLEEP_TIME", 0)
    monkeypatch.setattr("botocore.utils.ContainerMetadataFetcher.RETRY_ATTEMPTS", 1)
    with mock_eventbridge(), pytest.raises(Exception, match="container metadata"):
        Session().create_client("sqs")
    assert "socket.connect" in asked
    connected_sockets.clear()


def command_for(key: str) -> str:
    """A profile whose command prints credentials."""
    printed = json.dumps({"Version": 1, "AccessKeyId": key, "SecretAccessKey": "s"}).replace('"', '\\"')
    return f"region = us-east-1\ncredential_process = {sys.executable} -c \"print('{printed}')\"\n"


def test_a_client_made_inside_signs_with_its_credentials_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: list[str]
) -> None:
    """It looks for them when it signs for the first time."""
    signed: list[str] = []

    def send(session: Any, request: Any) -> Any:
        signed.append(request.headers["Authorization"].decode())
        raise InterruptedError("sent")

    monkeypatch.setattr("botocore.httpsession.URLLib3Session.send", send)
    use_profile(monkeypatch, tmp_path, command_for("AKIALATER"))
    with mock_eventbridge():
        client = put_sync(config=Config(retries={"total_max_attempts": 1}))
        assert client._get_credentials().access_key != "AKIALATER"
        assert asked == []
    with pytest.raises(InterruptedError):
        client.put_events(Entries=[ENTRY])
    assert "Credential=AKIALATER/" in signed[0]
    with mock_eventbridge():
        client.put_events(Entries=[ENTRY])


def test_an_async_client_made_inside_signs_with_its_credentials_outside(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The same for aiobotocore."""
    signed: list[str] = []

    async def send(session: Any, request: Any) -> Any:
        signed.append(request.headers["Authorization"].decode())
        raise InterruptedError("sent")

    monkeypatch.setattr("aiobotocore.httpsession.AIOHTTPSession.send", send)
    use_profile(monkeypatch, tmp_path, command_for("AKIALATER"))

    async def body() -> None:
        with mock_eventbridge():
            creator = AioSession().create_client("events", config=Config(retries={"total_max_attempts": 1}))
            client = await creator.__aenter__()
            await client.put_events(Entries=[ENTRY])
        with pytest.raises(InterruptedError):
            await client.put_events(Entries=[ENTRY])
        await client.__aexit__(None, None, None)

    asyncio.run(body())
    assert "Credential=AKIALATER/" in signed[0]


@both_kinds
@pytest.mark.parametrize("where", ["environment", "config file", "credentials file", "session"])
def test_keys_that_are_written_down_count(
    where: str, put: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A key of twelve digits is the account, wherever a variable or a file says it."""
    key = "210987654321"
    keys = f"aws_access_key_id = {key}\naws_secret_access_key = unused\n"
    options: dict[str, Any] = {}
    if where == "environment":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "unused")
    elif where == "config file":
        use_profile(monkeypatch, tmp_path, keys)
    elif where == "credentials file":
        (tmp_path / "credentials").write_text(f"[default]\n{keys}")
        monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    else:
        options = {"aws_access_key_id": key, "aws_secret_access_key": "unused"}
    with mock_eventbridge() as eb:
        put(**options)
        assert [call.account for call in eb.calls] == [key]


def test_the_keys_of_a_session_count() -> None:
    """Those that boto3 was given."""
    with mock_eventbridge() as eb:
        boto3.Session("210987654321", "unused").client("events").list_rules()
        assert [call.account for call in eb.calls] == ["210987654321"]


def test_a_url_is_signed_inside_without_asking(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, asked: list[str]
) -> None:
    """What signs inside a mock signs with any key."""
    use_profile(monkeypatch, tmp_path, command_for("AKIALATER"))
    with mock_eventbridge():
        url = Session().create_client("events").generate_presigned_url("list_rules")
    assert "X-Amz-Credential=eventbridge-local%2F" in url
    assert asked == []
