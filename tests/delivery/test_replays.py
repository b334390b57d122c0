"""Replays: which events come, in which order, how they look, and the states on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from eventbridge_local import EventBridge, mock_eventbridge

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
NINE = datetime(2026, 3, 5, 9, tzinfo=UTC)
EVERYTHING = {"source": [{"prefix": ""}]}


def client() -> Any:
    return boto3.client("events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused")


def put(eb: EventBridge, *times: datetime) -> None:
    for number, time in enumerate(times):
        eb.put("shop", "Sold", {"number": number}, time=time)


def start(archive: Any, name: str = "r", **interval: Any) -> None:
    client().start_replay(ReplayName=name, **archive.as_replay_request(**interval))


def described(name: str = "r") -> dict[str, Any]:
    answer: dict[str, Any] = client().describe_replay(ReplayName=name)
    return answer


def numbers(eb: EventBridge, rule: str = "all") -> list[int]:
    """The numbers of the replayed events that reached a rule, in order."""
    made = eb.deliveries.where(rule=rule)
    return [each.event.detail["number"] for each in made if each.event.replay_name is not None]


def minutes(*numbers: float) -> list[datetime]:
    return [NINE + timedelta(minutes=number) for number in numbers]


# a clock that nobody has touched


def test_at_once_while_the_clock_follows_real_time() -> None:
    """The events are delivered before StartReplay returns; it says STARTING, and whoever looks next COMPLETED."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0, 1))
        eb.rule("all", pattern=EVERYTHING, to="queue")
        answer = client().start_replay(ReplayName="r", **archive.as_replay_request())
        assert answer["State"] == "STARTING"
        assert numbers(eb) == [0, 1]
        found = described()
        assert found["State"] == "COMPLETED"
        assert found["EventLastReplayedTime"] == NINE + timedelta(minutes=1)
        assert found["ReplayStartTime"] <= found["ReplayEndTime"]


def test_cancelled_before_anybody_looked() -> None:
    """On AWS a replay is not over when the call after StartReplay comes (recorded); it ends when it is looked at."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))
        start(archive)
        assert client().cancel_replay(ReplayName="r")["State"] == "CANCELLING"
        shown = described()
        assert shown["State"] == "CANCELLING"
        assert not {"ReplayEndTime", "EventLastReplayedTime"} & shown.keys()
        ended = described()
        assert ended["State"] == "CANCELLED"
        assert ("ReplayEndTime" in ended, "EventLastReplayedTime" in ended) == (True, False)
        with pytest.raises(ClientError, match="Replay r is not in a valid state for this operation"):
            client().cancel_replay(ReplayName="r")


def test_not_looked_at_is_active() -> None:
    """AWS refuses the eleventh replay in a row, for it takes minutes to replay."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))
        for number in range(10):
            start(archive, f"r{number}")
        with pytest.raises(ClientError, match="LimitExceededException"):
            start(archive, "r10")
        described("r3")
        start(archive, "r10")
        assert {each["State"] for each in client().list_replays()["Replays"]} == {"COMPLETED"}


def test_a_handler_cancels_and_looks() -> None:
    """What a handler sees during a replay is a replay that runs; cancelling it spares the minutes to come."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0, 1, 2))
        states: list[str] = []

        def handler(event: Any) -> None:
            states.append(described()["State"])
            if len(states) == 2:
                states.append(client().cancel_replay(ReplayName="r")["State"])

        eb.rule("all", pattern=EVERYTHING, to=handler)
        start(archive)
        assert states == ["RUNNING", "RUNNING", "CANCELLING"]
        assert described()["State"] == "CANCELLED"
        assert described()["EventLastReplayedTime"] == minutes(1)[0]


# a clock that the test steps


def test_every_state_can_be_seen() -> None:
    """One step a second: it runs, then a minute of events a second, then it is over. Idle minutes take no time."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *minutes(0, 0.5, 600))
        start(archive)
        seen = []
        for _ in range(6):
            found = described()
            seen.append((found["State"], found.get("EventLastReplayedTime"), numbers(eb), found.get("ReplayEndTime")))
            assert eb.clock.advance(seconds=1)["replayed"] == (found["State"] != "COMPLETED")
        first, second = minutes(0, 600)
        over = ("COMPLETED", second, [0, 1, 2], NOW + timedelta(seconds=4))
        assert seen == [
            ("STARTING", None, [], None),
            ("RUNNING", None, [], None),
            ("RUNNING", first, [0, 1], None),
            ("RUNNING", second, [0, 1, 2], None),
            over,
            over,
        ]


def test_cancelled_in_the_middle() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *minutes(0, 1, 2))
        start(archive)
        eb.clock.advance(seconds=3)
        client().cancel_replay(ReplayName="r")
        assert described()["State"] == "CANCELLING"
        assert described()["EventLastReplayedTime"] == minutes(1)[0]
        eb.clock.advance(seconds=1)
        assert (described()["State"], described()["ReplayEndTime"]) == ("CANCELLED", NOW + timedelta(seconds=4))
        assert eb.clock.advance(days=1).total == 0
        assert numbers(eb) == [0, 1]


@pytest.mark.parametrize("seconds", [0, 1, 2])
def test_the_archive_is_deleted_under_it(seconds: int) -> None:
    """Documented by others for STARTING; while it runs is our judgement. A new archive of that name is another one."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0, 1, 2))
        start(archive)
        eb.clock.advance(seconds=seconds)
        client().delete_archive(ArchiveName="a")
        eb.archive("a")
        eb.clock.advance(minutes=1)
        assert (described()["State"], described()["StateReason"]) == ("FAILED", "Archive resource not found.")


def test_several_at_once_take_turns() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *minutes(0, 1))
        start(archive, "r1")
        start(archive, "r2")
        eb.clock.advance(minutes=1)
        replayed = [each.event.replay_name for each in eb.deliveries if each.event.replay_name]
        assert replayed == ["r1", "r2", "r1", "r2"]


def test_records_stay_90_days() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))
        start(archive)
        eb.clock.advance(seconds=3)
        eb.clock.advance(days=89, hours=23)
        assert described()["State"] == "COMPLETED"
        eb.clock.advance(hours=1)
        assert client().list_replays()["Replays"] == []
        with pytest.raises(ClientError, match="Replay r does not exist"):
            described()
        start(archive)


def test_a_reset_ends_it() -> None:
    with mock_eventbridge(now=NOW) as eb:
        put(eb, *minutes(0))
        eb.archive("a")
        put(eb, *minutes(0))
        start(eb.archive("a"))
        eb.reset()
        assert eb.clock.advance(minutes=1).total == 0


# which events, and how they look


def test_the_interval_is_half_open_in_whole_seconds() -> None:
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *(NINE + timedelta(seconds=second) for second in (-0.001, 0, 0.5, 59.999, 60)))
        start(archive, start=NINE + timedelta(milliseconds=900), end=NINE + timedelta(seconds=60, milliseconds=900))
        assert numbers(eb) == [1, 2, 3]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 400), max_size=12), st.integers(0, 400), st.integers(1, 400))
def test_what_comes_against_a_plain_reckoning(seconds: list[int], first: int, length: int) -> None:
    """Exactly the events of the interval, by their time; those of one instant as they came."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *(NINE + timedelta(seconds=second) for second in seconds))
        start(archive, start=NINE + timedelta(seconds=first), end=NINE + timedelta(seconds=first + length))
        eb.clock.advance(minutes=1)
        wanted = [(second, number) for number, second in enumerate(seconds) if first <= second < first + length]
        assert numbers(eb) == [number for _, number in sorted(wanted)]
        # The last minute that touches the interval and holds an event, although that event may lie outside of it.
        touched = [second // 60 for second in seconds if first // 60 <= second // 60 <= (first + length - 1) // 60]
        last = NINE + timedelta(minutes=max(touched)) if touched else None
        assert described().get("EventLastReplayedTime") == last


@pytest.mark.parametrize(
    ("held", "interval", "last"),
    [
        ([26], (25, 26), 0),
        ([26, 86], (27, 85), 60),
        ([26], (60, 120), None),
        ([59], (60, 61), None),
        ([60], (0, 60), None),
        ([60], (0, 61), 60),
        ([], (0, 600), None),
    ],
)
def test_the_last_minute_that_was_gone_through(held: list[int], interval: tuple[int, int], last: int | None) -> None:
    """Captured from AWS: it touches the interval and holds events, whether they are replayed or not."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        put(eb, *(NINE + timedelta(seconds=second) for second in held))
        start(archive, start=NINE + timedelta(seconds=interval[0]), end=NINE + timedelta(seconds=interval[1]))
        eb.clock.advance(minutes=1)
        wanted = None if last is None else NINE + timedelta(seconds=last)
        assert (described()["State"], described().get("EventLastReplayedTime")) == ("COMPLETED", wanted)


def test_minutes_count_that_no_rule_takes() -> None:
    """A disabled rule as the only filter gives the newest minute; a window in the future gives none (captured)."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        arn = client().put_rule(Name="off", EventPattern='{"source":["shop"]}', State="DISABLED")["RuleArn"]
        put(eb, *minutes(0, 1, 2))
        request = archive.as_replay_request(start=NINE, end=NINE + timedelta(minutes=10))
        request["Destination"] = {**request["Destination"], "FilterArns": [arn]}
        client().start_replay(ReplayName="r", **request)
        start(archive, "future", start=NOW + timedelta(days=1), end=NOW + timedelta(days=2))
        eb.clock.advance(minutes=1)
        assert described()["EventLastReplayedTime"] == NINE + timedelta(minutes=2)
        assert numbers(eb, "off") == []
        assert (described("future")["State"], "EventLastReplayedTime" in described("future")) == ("COMPLETED", False)


def test_how_a_replayed_event_looks() -> None:
    """A new id, the original time and everything else, the replay's name between region and resources."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        eb.rule("all", pattern=EVERYTHING, to=["one", "two"])
        first = eb.put(
            "shop",
            "Sold",
            '{"b":1.50,"a":[]}',
            time=NINE + timedelta(seconds=7),
            resources=["arn:x"],
            trace_header="Root=1-5759e988-bd862e3fe1be46a994272793",
        ).event
        start(archive, "catch-up")
        texts = {each.payload for each in eb.deliveries if each.event.replay_name}
        (text,) = texts
        again = eb.deliveries.last.event
        assert again.id != first.id
        assert text == first.text.replace(first.id, again.id).replace(
            '"resources"', '"replay-name":"catch-up","resources"'
        )
        assert (first.trace_header, again.trace_header) == ("Root=1-5759e988-bd862e3fe1be46a994272793", None)


def test_one_new_id_for_all_rules_and_another_in_the_next_replay() -> None:
    """However many rules take a replayed event, it is one event (captured)."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        for rule in ("one", "two"):
            eb.rule(rule, pattern=EVERYTHING, to=rule)
        put(eb, NINE)
        for name in ("first", "second"):
            start(archive, name, start=NINE, end=NINE + timedelta(minutes=1))
            eb.clock.advance(minutes=1)
        ids = {
            name: {each.event.id for each in eb.deliveries if each.event.replay_name == name}
            for name in ("first", "second")
        }
        assert [len(found) for found in ids.values()] == [1, 1]
        assert ids["first"] != ids["second"]


@pytest.mark.parametrize("ended", ["COMPLETED", "CANCELLED"])
def test_what_is_over_cannot_be_cancelled_and_outlives_its_archive(ended: str) -> None:
    """IllegalStatusException, and the list has it after the archive was deleted, by name (captured)."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        for name in ("b", "a"):
            start(archive, name, start=NINE, end=NINE + timedelta(minutes=1))
            if ended == "CANCELLED":
                client().cancel_replay(ReplayName=name)
        eb.clock.advance(minutes=1)
        for name in ("a", "b"):
            with pytest.raises(ClientError) as refused:
                client().cancel_replay(ReplayName=name)
            assert refused.value.response["Error"] == {
                "Code": "IllegalStatusException",
                "Message": f"Replay {name} is not in a valid state for this operation.",
            }
        client().delete_archive(ArchiveName="a")
        found = client().list_replays()["Replays"]
        assert [(each["ReplayName"], each["State"], "ReplayEndTime" in each) for each in found] == [
            ("a", ended, True),
            ("b", ended, True),
        ]


def test_an_event_of_the_past_is_kept_from_its_arrival() -> None:
    """Two days old, it stays in an archive of one day, is counted and replayed (captured)."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a", days=1)
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, NOW - timedelta(days=2))
        assert client().describe_archive(ArchiveName="a")["EventCount"] == 1
        start(archive, start=NOW - timedelta(days=3), end=NOW)
        eb.clock.advance(minutes=1)
        assert numbers(eb) == [0]


def test_only_to_the_rules_of_the_filter() -> None:
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))
        for rule in ("all", "other", "third"):
            eb.rule(rule, pattern=EVERYTHING, to=f"{rule}-queue")
        eb.rule("picky", pattern={"source": ["bank"]}, to="picky-queue")
        start(archive, rules=["all", "third", "picky"])
        assert [each.rule.name for each in eb.deliveries] == ["all", "third"]


def test_replayed_events_are_never_archived_again() -> None:
    with mock_eventbridge() as eb:
        archive, another = eb.archive("a"), eb.archive("b")
        put(eb, *minutes(0, 1))
        for number in range(3):
            start(archive, f"r{number}")
        assert (len(archive), len(another)) == (2, 2)


def test_what_a_replay_causes_is_an_event_like_any_other() -> None:
    """An event that a handler puts during a replay has no replay's name: it cascades, and is archived."""
    with mock_eventbridge() as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))

        def handler(event: Any) -> None:
            if "replay-name" in event:
                eb.put("follow-up", "Done", {"number": 7})

        eb.rule("all", pattern={"source": ["shop"]}, to=handler)
        eb.rule("cascade", pattern={"source": ["follow-up"]}, to="queue")
        start(archive)
        assert eb.deliveries.where(rule="cascade").one().event.replay_name is None
        assert [event.source for event in archive.events] == ["shop", "follow-up"]


def test_a_replay_takes_what_the_archive_holds_when_it_runs() -> None:
    """So a handler that puts events of the interval does not keep a replay going for ever."""
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a")
        put(eb, *minutes(0))
        eb.rule("echo", pattern=EVERYTHING, to=lambda event: eb.put("echo", "E", {"number": 1}, time=minutes(5)[0])
                if "replay-name" in event else None)  # fmt: skip
        start(archive, end=minutes(60)[0])
        eb.clock.advance(minutes=1)
        assert described()["State"] == "COMPLETED"
        assert len(eb.deliveries.where(rule="echo")) == 2


def test_expired_events_do_not_come() -> None:
    with mock_eventbridge(now=NOW) as eb:
        archive = eb.archive("a", days=1)
        eb.rule("all", pattern=EVERYTHING, to="queue")
        put(eb, *minutes(0))
        eb.clock.advance(hours=23)
        put(eb, *minutes(1, 2))
        eb.clock.advance(hours=1)
        start(archive, start=NINE, end=NOW)
        eb.clock.advance(minutes=1)
        assert numbers(eb) == [0, 1]
