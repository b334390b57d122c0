"""Which clients are reached: all of them, whenever and however they were made, without any network."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from aiobotocore.session import get_session
from botocore.config import Config
from botocore.exceptions import ClientError, EndpointConnectionError, NoRegionError

from eventbridge_local import mock_eventbridge
from eventbridge_local.operations.table import MODULES, TABLE

ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh interpreter that fails at the first socket.connect."""
    guard = """
        import sys
        def forbid(event, args):
            if event == "socket.connect":
                print("socket.connect", args[1], file=sys.stderr)
                sys.exit("a socket was connected")
        sys.addaudithook(forbid)
    """
    script = textwrap.dedent(guard) + textwrap.dedent(code)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize(
    "early",
    [
        "early = boto3.client('events', region_name='eu-west-1')",
        "early = boto3.session.Session(region_name='eu-west-1').client('events')",
        "early = botocore.session.get_session().create_client('events', region_name='eu-west-1')",
        "session = boto3.session.Session(); early = None",
        "boto3.setup_default_session(); early = None",
    ],
)
def test_clients_and_sessions_made_before_the_import(early: str) -> None:
    """A client or session that existed before the library was imported is answered in-process."""
    done = run_python(f"""
        import os
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # outside the mock botocore may look for credentials
        import boto3, botocore.session
        {early}
        del os.environ["AWS_EC2_METADATA_DISABLED"]
        from eventbridge_local import mock_eventbridge
        with mock_eventbridge() as eb:
            client = early or globals().get("session", boto3).client("events")
            result = client.put_events(Entries=[{ENTRY!r}])
            assert result["FailedEntryCount"] == 0, result
            assert eb.events.one().event_id == result["Entries"][0]["EventId"]
        print("reached")
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "reached"), done.stderr


def test_a_client_made_between_import_and_activation() -> None:
    """A client made after the import and before the first mock is answered in-process, by one handler of each kind."""
    done = run_python(f"""
        import os
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        import boto3
        from eventbridge_local import mock_eventbridge
        client = boto3.client("events", region_name="eu-west-1")
        with mock_eventbridge():
            assert client.put_events(Entries=[{ENTRY!r}])["FailedEntryCount"] == 0
        handlers = client.meta.events._emitter._handlers
        for event in ("before-call.eventbridge.PutEvents", "provide-client-params.eventbridge.PutEvents"):
            found = handlers.prefix_search(event)
            ours = [each for each in found if "eventbridge_local" in getattr(each, "__module__", "")]
            assert len(ours) == 1, ours
        print("reached")
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "reached"), done.stderr


def test_sessions_and_clients_that_another_thread_is_making() -> None:
    """The first activation finds them half made, and goes on."""
    done = run_python(f"""
        import os
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        import boto3, botocore.session
        whole = boto3.client("events", region_name="eu-west-1")
        half_made = botocore.session.Session.__new__(botocore.session.Session)
        half_client = type(whole).__new__(type(whole))
        from eventbridge_local import mock_eventbridge
        with mock_eventbridge():
            half_made.__init__()
            session = boto3.Session(botocore_session=half_made, region_name="eu-west-1")
            for client in (whole, session.client("events")):
                assert client.put_events(Entries=[{ENTRY!r}])["FailedEntryCount"] == 0
        print("reached")
    """)
    assert (done.returncode, done.stdout.strip()) == (0, "reached"), done.stderr


def test_no_credentials_no_region_no_configuration() -> None:
    """A bare client works inside the mock, and making it asks no metadata service for credentials."""
    with mock_eventbridge():
        assert boto3.client("events").put_events(Entries=[ENTRY])["FailedEntryCount"] == 0


def test_the_metadata_service_is_asked_again_outside() -> None:
    """Outside the mock botocore looks for credentials as ever."""
    with mock_eventbridge():
        pass
    fetcher = botocore.utils.InstanceMetadataFetcher(timeout=0.01, num_attempts=1)
    fetcher._assert_enabled()


def test_a_default_region_only_while_active(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Region that was supplied is gone afterwards."""
    with mock_eventbridge(region="ap-southeast-2"):
        assert boto3.client("events").meta.region_name == "ap-southeast-2"
    assert "AWS_DEFAULT_REGION" not in os.environ
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(NoRegionError):
        boto3.session.Session().client("events")


def test_the_environments_region_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A Region the user has set wins over the default, and is what it was afterwards."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    with mock_eventbridge() as eb:
        assert boto3.client("events").meta.region_name == eb.region == "eu-north-1"
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-north-1"


def test_the_configuration_files_region_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """A Region from the AWS configuration file wins over the default."""
    config = tmp_path / "config"
    config.write_text("[default]\nregion = ca-central-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with mock_eventbridge() as eb:
        assert eb.region == "ca-central-1"
        assert boto3.client("events").meta.region_name == "ca-central-1"


@pytest.mark.parametrize("name", ["config", "credentials"])
def test_the_region_of_a_file_in_the_home_folder_is_kept(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where no variable names a file, the usual ones are read, also by a process that has found none before."""
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with mock_eventbridge() as eb:
        assert eb.region == "us-east-1"
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / name).write_text("[default]\nregion = ca-central-1\n")
    with mock_eventbridge() as eb:
        assert eb.region == "ca-central-1"


def test_aiobotocore() -> None:
    """An aiobotocore client is answered by the same mock as a boto3 client."""

    async def publish() -> dict[str, Any]:
        async with get_session().create_client("events", region_name="eu-west-1") as client:
            return await client.put_events(Entries=[ENTRY])

    with mock_eventbridge() as eb:
        result = asyncio.run(publish())
        assert eb.events.one().event_id == result["Entries"][0]["EventId"]


def test_aiobotocore_raises_typed_errors() -> None:
    """An aiobotocore client raises its modelled exceptions."""

    async def describe() -> None:
        async with get_session().create_client("events", region_name="eu-west-1") as client:
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                await client.describe_rule(Name="none")

    with mock_eventbridge():
        asyncio.run(describe())


def test_aiobotocore_without_credentials_or_region() -> None:
    """Making an aiobotocore client with nothing configured opens no socket either."""

    async def publish() -> None:
        async with get_session().create_client("events") as client:
            await client.put_events(Entries=[ENTRY])

    with mock_eventbridge():
        asyncio.run(publish())


def test_outside_the_mock_botocore_goes_on(connected_sockets: list[Any]) -> None:
    """After the context a call goes to the network again: it fails at connecting."""
    with mock_eventbridge():
        pass
    with socket.socket() as bound:  # and does not listen, so that nobody else is given its port
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        client = boto3.client(
            "events",
            region_name="us-east-1",
            endpoint_url=f"http://127.0.0.1:{port}",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            config=Config(retries={"max_attempts": 0}),
        )
        before = len(connected_sockets)
        with pytest.raises(EndpointConnectionError):
            client.list_rules()
    assert ("127.0.0.1", port) in connected_sockets[before:]
    del connected_sockets[before:]


def test_an_operation_that_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that only a newer botocore knows names itself and goes nowhere."""
    monkeypatch.delitem(MODULES, "StartReplay")
    monkeypatch.delitem(TABLE, "StartReplay", raising=False)
    with mock_eventbridge(), pytest.raises(NotImplementedError, match="does not answer StartReplay yet"):
        boto3.client("events").start_replay(
            ReplayName="r",
            EventSourceArn="arn:aws:events:us-east-1:123456789012:archive/a",
            EventStartTime=0,
            EventEndTime=60,
            Destination={"Arn": "arn:aws:events:us-east-1:123456789012:event-bus/default"},
        )


def test_an_access_key_of_twelve_digits_is_the_account() -> None:
    """Two clients with two such keys see two accounts."""
    with mock_eventbridge() as eb:
        other = boto3.client("events", aws_access_key_id="210987654321", aws_secret_access_key="unused")
        other.create_event_bus(Name="theirs")
        mine = boto3.client("events", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="unused")
        assert [bus["Name"] for bus in mine.list_event_buses()["EventBuses"]] == ["default"]
        assert [call.account for call in eb.calls] == ["210987654321", "123456789012"]


def test_validation_can_be_switched_off() -> None:
    """With botocore's checks off the service's own speak, in AWS's words."""
    with mock_eventbridge():
        client = boto3.client("events", config=Config(parameter_validation=False))
        with pytest.raises(ClientError) as refused:
            client.put_rule(State="on")
    assert refused.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "2 validation errors detected: Value null at 'name' failed to satisfy constraint: "
        "Member must not be null; Value 'on' at 'state' failed to satisfy constraint: Member must satisfy enum "
        "value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
    }
