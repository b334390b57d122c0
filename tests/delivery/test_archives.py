"""What an archive keeps: which events, how many bytes, for how long; and that keeping shows nowhere else."""

from __future__ import annotations

import json
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from eventbridge_local import EventBridge, matches, mock_eventbridge
from eventbridge_local.delivery.archives import managed_pattern
from eventbridge_local.delivery.journal_records import Delivery

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
SHOP = {"source": ["shop"]}
DEFAULT_BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"


def client() -> Any:
    return boto3.client("events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")


def figures(name: str) -> tuple[int, int]:
    described = client().describe_archive(ArchiveName=name)
    return described["EventCount"], described["SizeBytes"]


def test_it_keeps_what_its_pattern_matches_from_then_on() -> None:
    with mock_eventbridge(now=NOW) as eb:
        eb.put("shop", "Sold", {"id": 0})
        archive = eb.archive("shop", pattern=SHOP)
        eb.put("shop", "Sold", {"id": 1})
        eb.put("bank", "Paid")
        client().update_archive(ArchiveName="shop", EventPattern='{"source":["bank"]}')
        eb.put("bank", "Paid", {"id": 2})
        assert [event.detail for event in archive.events] == [{"id": 1}, {"id": 2}]


def test_only_events_of_its_bus() -> None:
    with mock_eventbridge(now=NOW) as eb:
        eb.rule("r", bus="orders", pattern=SHOP)
        archive = eb.archive("of-orders", bus="orders")
        eb.put("shop", "Sold")
        kept = eb.put("shop", "Sold", bus="orders")
        assert [event.id for event in archive.events] == [kept.event_id]


def test_count_and_size_are_right_at_once() -> None:
    """26 bytes, source, detail-type, detail without blanks and each resource (captured; in UTF-8: ours)."""
    with mock_eventbridge(now=NOW) as eb:
        eb.archive("all")
        assert figures("all") == (0, 0)
        for name in ("Bob", "Zoë", "\U0001f600"):
            eb.put("shop", "Sold", {"name": name})
        size = 3 * (26 + len("shop") + len("Sold") + len('{"name":""}')) + len("BobZoë\U0001f600".encode())
        assert figures("all") == (3, size)
        entry = {"Source": "shop", "DetailType": "Sold", "Detail": ' { "a" : 1 } ', "Resources": ["one", "arn:two"]}
        client().put_events(Entries=[entry])
        assert figures("all") == (
            4,
            size + 26 + len("shop") + len("Sold") + len('{"a":1}') + len("one") + len("arn:two"),
        )


def test_events_expire_by_their_arrival() -> None:
    """An event of last month put today is kept for the archive's days from today."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("two-days", days=2)
        eb.put("shop", "Sold", {"id": 1}, time=NOW - timedelta(days=30))
        eb.clock.advance(days=1)
        eb.put("shop", "Sold", {"id": 2})
        assert eb.clock.advance(hours=23, minutes=59)["expired"] == 0
        assert len(archive) == 2
        assert eb.clock.advance(minutes=1)["expired"] == 1
        assert [event.detail["id"] for event in archive.events] == [2]
        assert figures("two-days") == (1, 26 + len("shop") + len("Sold") + len('{"id":2}'))
        assert eb.clock.advance(days=30)["expired"] == 1
        assert figures("two-days") == (0, 0)


def test_no_days_is_for_ever() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive, later = eb.archive("for-ever"), eb.archive("nearly", days=2**31 - 1)
        eb.put("shop", "Sold")
        assert eb.clock.advance(days=36_500).total == 0
        assert (len(archive), len(later)) == (1, 1)


def test_new_days_count_for_what_is_kept() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a", days=10)
        eb.put("shop", "Sold")
        eb.clock.advance(days=5)
        client().update_archive(ArchiveName="a", RetentionDays=3)
        assert len(archive) == 0
        eb.put("shop", "Sold")
        client().update_archive(ArchiveName="a", RetentionDays=0)
        assert eb.clock.advance(days=100)["expired"] == 0
        assert len(archive) == 1


def test_a_deleted_archive_leaves_no_timer() -> None:
    with mock_eventbridge(now=NOW) as eb:
        eb.archive("a", days=1)
        eb.put("shop", "Sold")
        client().delete_archive(ArchiveName="a")
        assert eb.clock.advance(days=2).total == 0


def test_a_key_that_may_not_be_used_any_more_cannot_be_replaced() -> None:
    """UPDATE_FAILED with the old key and AWS's reason (captured for a denied key; here for one that moto disabled)."""
    with mock_aws(), mock_eventbridge(now=NOW) as eb:
        kms = boto3.client("kms", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")
        old = kms.create_key()["KeyMetadata"]["KeyId"]
        client().create_archive(ArchiveName="a", EventSourceArn=DEFAULT_BUS, KmsKeyIdentifier=old)
        kms.disable_key(KeyId=old)
        assert client().update_archive(ArchiveName="a", KmsKeyIdentifier="alias/new")["State"] == "UPDATING"
        eb.clock.advance(seconds=1)
        found = client().describe_archive(ArchiveName="a")
        assert (found["State"], found["KmsKeyIdentifier"]) == ("UPDATE_FAILED", old)
        assert found["StateReason"].startswith("events.amazonaws.com is not authorized to access the key because")
        assert len(client().list_archives(State="UPDATE_FAILED")["Archives"]) == 1
        kms.enable_key(KeyId=old)
        client().update_archive(ArchiveName="a", KmsKeyIdentifier="alias/new")
        eb.clock.advance(seconds=1)
        found = client().describe_archive(ArchiveName="a")
        assert (found["State"], found["KmsKeyIdentifier"], "StateReason" in found) == ("ENABLED", "alias/new", False)


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 40)), max_size=25), st.integers(0, 3))
def test_retention_against_a_plain_reckoning(steps: list[tuple[bool, int]], days: int) -> None:
    """Whatever is put and however time passes, the archive holds what is younger than its days, and its size."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a", days=days)
        kept: deque[tuple[datetime, str, int]] = deque()
        for look, hours in steps:
            text = eb.put("shop", "Sold", {"x": "y" * hours}).event.text
            kept.append((eb.clock.now, text, 26 + len("shopSold") + len('{"x":""}') + hours))
            eb.clock.advance(hours=hours)
            alive = [(text, size) for at, text, size in kept if not days or eb.clock.now < at + timedelta(days=days)]
            if look:
                assert figures("a") == (len(alive), sum(size for _, size in alive))
            assert [event.text for event in archive.events] == [text for text, _ in alive]


def test_it_keeps_nothing_while_disabled() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive, rule = eb.archive("a"), "Events-Archive-a"
        client().remove_targets(Rule=rule, Ids=[rule], Force=True)
        eb.put("shop", "Sold", {"id": 1})
        client().delete_rule(Name=rule, Force=True)
        eb.put("shop", "Sold", {"id": 2})
        client().update_archive(ArchiveName="a", Description="enabled again")
        eb.put("shop", "Sold", {"id": 3})
        assert [event.detail["id"] for event in archive.events] == [3]


def test_keeping_is_in_the_journal_and_no_delivery() -> None:
    with mock_eventbridge(now=NOW) as eb:
        eb.archive("a")
        eb.put("shop", "Sold")
        assert not eb.deliveries
        eb.assert_not_delivered()
        made = [record for record in eb.journal.records if isinstance(record, Delivery)]
        assert [(each.rule.name, each.outcome) for each in made] == [("Events-Archive-a", "archived")]
        assert "Events-Archive-a: matched" in str(eb.journal)


def test_an_archive_that_is_deleted_while_its_event_is_delivered() -> None:
    """The rule has matched already; a new archive of that name gets nothing of the old one."""
    with mock_eventbridge(now=NOW) as eb:

        def handler(event: Any) -> None:
            client().delete_archive(ArchiveName="a")

        eb.rule("first", pattern=SHOP, to=handler)
        eb.archive("a")
        eb.put("shop", "Sold")
        assert [each.rule.name for each in eb.deliveries] == ["first"]
        assert len(eb.archive("a")) == 0


def test_finding_and_making() -> None:
    """``eb.archive`` makes an archive once."""
    with mock_eventbridge(now=NOW) as eb:
        eb.archive("a", pattern=SHOP, days=3)
        assert eb.archive("a").arn == "arn:aws:events:us-east-1:123456789012:archive/a"
        described = client().describe_archive(ArchiveName="a")
        assert (described["RetentionDays"], described["EventPattern"]) == (3, json.dumps(SHOP))
        assert len(client().list_archives()["Archives"]) == 1


@pytest.mark.parametrize(
    "pattern",
    [None, '{"source":["shop"]}', ' { "source" : ["shop"] } trailing', '{"replay-name":["x"],"source":["shop"]}'],
)
def test_the_managed_pattern_leaves_replays_out(pattern: str | None) -> None:
    event = {"source": "shop", "detail": {}}
    assert matches(managed_pattern(pattern), event)
    assert not matches(managed_pattern(pattern), {**event, "replay-name": "x"})
    assert pattern is None or not matches(managed_pattern(pattern), {**event, "source": "bank"})


def test_two_regions_have_two_archives_of_a_name(eventbridge: EventBridge) -> None:
    away = boto3.client("events", region_name="eu-west-1", aws_access_key_id="unused", aws_secret_access_key="unused")
    archive = eventbridge.archive("a")
    away.create_archive(ArchiveName="a", EventSourceArn="arn:aws:events:eu-west-1:123456789012:event-bus/default")
    away.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
    assert (len(archive), away.describe_archive(ArchiveName="a")["EventCount"]) == (0, 1)
