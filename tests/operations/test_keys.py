"""Keys of KMS that nobody may use: what may be read of a bus that has one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from eventbridge_local import mock_eventbridge

NOW = {"now": "2026-03-06T12:00:00Z"}
TARGET = {"Id": "t", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}


def client(service: str) -> Any:
    keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "unused"}
    return boto3.client(service, region_name="us-east-1", **keys)


@pytest.mark.parametrize("operation", ["list_rules", "list_targets_by_rule"])
def test_rules_of_a_bus_whose_key_is_disabled(operation: str) -> None:
    """Rules and targets cannot be listed; ListRuleNamesByTarget needs no decryption (captured, in AWS's words)."""
    with mock_aws(), mock_eventbridge():
        events, kms = client("events"), client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        events.create_event_bus(Name="orders", KmsKeyIdentifier=key)
        events.put_rule(Name="r", EventBusName="orders", EventPattern='{"source":["shop"]}')
        events.put_targets(Rule="r", EventBusName="orders", Targets=[TARGET])
        params = {"EventBusName": "orders", **({"Rule": "r"} if operation == "list_targets_by_rule" else {})}
        getattr(events, operation)(**params)
        kms.disable_key(KeyId=key)
        with pytest.raises(ClientError) as refused:
            getattr(events, operation)(**params)
        assert refused.value.response["Error"] == {
            "Code": "NotAuthorizedException",
            "Message": "Cannot perform Kms:Decrypt on KMS key configured on event bus.",
        }
        found = events.list_rule_names_by_target(TargetArn=TARGET["Arn"], EventBusName="orders")
        assert found["RuleNames"] == ["r"]
        kms.enable_key(KeyId=key)
        getattr(events, operation)(**params)


@pytest.mark.parametrize("key", ["11111111-2222-4333-8444-555555555555", "alias/mine"])
def test_a_key_that_was_not_made_is_outside_of_the_test(key: str) -> None:
    """moto does not have it, and nothing is refused."""
    with mock_aws(), mock_eventbridge():
        events = client("events")
        events.create_event_bus(Name="orders", KmsKeyIdentifier=key)
        assert events.list_rules(EventBusName="orders")["Rules"] == []


def test_a_service_elsewhere_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configured endpoint on another machine keeps nobody from listing rules."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "https://kms.example")
    with mock_eventbridge():
        events = client("events")
        events.create_event_bus(Name="orders", KmsKeyIdentifier="alias/mine")
        assert events.list_rules(EventBusName="orders")["Rules"] == []


def test_an_event_for_a_bus_whose_key_is_disabled() -> None:
    """It is refused by itself, and the key cannot be taken away (captured, in AWS's words)."""
    with mock_aws(), mock_eventbridge():
        events, kms = client("events"), client("kms")
        key = kms.create_key()["KeyMetadata"]
        events.create_event_bus(Name="orders", KmsKeyIdentifier=key["KeyId"])
        entry = {"EventBusName": "orders", "Source": "shop", "DetailType": "placed", "Detail": "{}"}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
        kms.disable_key(KeyId=key["KeyId"])
        answer = events.put_events(Entries=[entry, {**entry, "EventBusName": "default"}])
        assert answer["FailedEntryCount"] == 1
        assert answer["Entries"][0] == {
            "ErrorCode": "KMSEncryptionException",
            "ErrorMessage": f"{key['Arn']} is disabled.",
        }
        with pytest.raises(ClientError) as refused:
            events.update_event_bus(Name="orders", KmsKeyIdentifier="")
        assert refused.value.response["Error"] == {
            "Code": "ValidationException",
            "Message": f"Parameter kmsKeyIdentifier is not valid. Reason: {key['Arn']} is disabled.",
        }
        kms.enable_key(KeyId=key["KeyId"])
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
        assert "KmsKeyIdentifier" not in events.update_event_bus(Name="orders", KmsKeyIdentifier="")


def test_an_archive_takes_no_disabled_key() -> None:
    """Neither a new one nor one that is there; nothing changes (captured, the words are judgement)."""
    with mock_aws(), mock_eventbridge():
        events, kms = client("events"), client("kms")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        bus = events.describe_event_bus()["Arn"]
        events.create_archive(ArchiveName="a", EventSourceArn=bus, KmsKeyIdentifier=key)
        kms.disable_key(KeyId=key)
        for call, name in (("create_archive", "b"), ("update_archive", "a")):
            params = {"EventSourceArn": bus} if call == "create_archive" else {"Description": "d"}
            with pytest.raises(ClientError, match=f"{key} is disabled"):
                getattr(events, call)(ArchiveName=name, KmsKeyIdentifier=key, **params)
        assert "Description" not in events.describe_archive(ArchiveName="a")
        assert len(events.list_archives()["Archives"]) == 1


def test_an_alias_of_the_same_key_is_no_change_of_an_archive() -> None:
    """The archive stays ENABLED (captured); an alias of another key is a change."""
    with mock_aws(), mock_eventbridge():
        events, kms = client("events"), client("kms")
        first, second = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
        kms.create_alias(AliasName="alias/first", TargetKeyId=first)
        kms.create_alias(AliasName="alias/second", TargetKeyId=second)
        bus = events.describe_event_bus()["Arn"]
        events.create_archive(ArchiveName="a", EventSourceArn=bus, KmsKeyIdentifier=first)
        assert events.update_archive(ArchiveName="a", KmsKeyIdentifier="alias/first")["State"] == "ENABLED"
        assert events.describe_archive(ArchiveName="a")["KmsKeyIdentifier"] == "alias/first"
        assert events.update_archive(ArchiveName="a", KmsKeyIdentifier="alias/second")["State"] == "UPDATING"


@pytest.mark.parametrize("stepped", [False, True])
def test_a_replay_of_an_archive_whose_key_is_disabled(stepped: bool) -> None:
    """It starts, and fails without an event (captured); with the key enabled another one is complete."""
    with mock_aws(), mock_eventbridge(**NOW if stepped else {}) as eb:
        events, kms = client("events"), client("kms")
        key = kms.create_key()["KeyMetadata"]
        bus = events.create_event_bus(Name="orders")["EventBusArn"]
        archive = {"ArchiveName": "kept", "EventSourceArn": bus, "KmsKeyIdentifier": key["Arn"]}
        interval = {
            "EventSourceArn": events.create_archive(**archive)["ArchiveArn"],
            "EventStartTime": eb.clock.now - timedelta(hours=1),
            "EventEndTime": eb.clock.now + timedelta(hours=1),
            "Destination": {"Arn": bus},
        }
        eb.put("shop.orders", "OrderPlaced", bus="orders")
        states = []
        for name, turn in (("locked", kms.disable_key), ("open", kms.enable_key)):
            turn(KeyId=key["KeyId"])
            assert events.start_replay(ReplayName=name, **interval)["State"] == "STARTING"
            if stepped:
                eb.clock.advance(minutes=1)
            shown = events.describe_replay(ReplayName=name)
            states.append((shown["State"], shown.get("StateReason"), "EventLastReplayedTime" in shown))
        assert states == [("FAILED", "Internal Failure.", False), ("COMPLETED", None, True)]


def test_the_disabled_key_of_an_archive_cannot_be_taken_away() -> None:
    """The refusal is captured, its words are not. Nothing is changed."""
    with mock_aws(), mock_eventbridge():
        events, kms = client("events"), client("kms")
        key = kms.create_key()["KeyMetadata"]
        bus = events.create_event_bus(Name="orders")["EventBusArn"]
        events.create_archive(ArchiveName="kept", EventSourceArn=bus, KmsKeyIdentifier=key["Arn"])
        before = events.describe_archive(ArchiveName="kept")
        kms.disable_key(KeyId=key["KeyId"])
        with pytest.raises(ClientError, match=r"ValidationException.*is disabled"):
            events.update_archive(ArchiveName="kept", KmsKeyIdentifier="")
        after = events.describe_archive(ArchiveName="kept")
        assert {**after, "ResponseMetadata": None} == {**before, "ResponseMetadata": None}
