"""What the journal has dropped: it is counted, and no assertion passes that it could have decided."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError
from eventbridge_local.options import Options

QUEUE = "arn:aws:sqs:us-east-1:123456789012:queue"
OPTIONS: dict[str, Any] = {"keep_records": 100, "assert_all_deliveries_succeeded": False}
#: Each makes four records: of the call, the entry, its way and its delivery.
PUT = 60
LOST = r"3[0-9] older {} were dropped from the journal; mock_eventbridge\(keep_records=None\) keeps all"


def put_many(eb: EventBridge, count: int = PUT) -> None:
    for number in range(count):
        eb.put("shop", "Sold" if number else "First", {"n": number})


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(**OPTIONS) as eb:
        eb.rule("rule", pattern={"source": ["shop"]}, to=QUEUE)
        put_many(eb)
        yield eb


def test_what_is_kept_and_all(eb: EventBridge) -> None:
    """``len`` counts what is kept, ``total`` all; both end with the newest."""
    for log in (eb.events, eb.deliveries):
        assert (len(log), log.dropped, log.total) == (25, 35, PUT)
    assert eb.calls.total == PUT + 2 and eb.dead_letters.total == 0
    assert [entry.number for entry in eb.events] == list(range(36, PUT + 1))
    assert [made.number for made in eb.deliveries] == list(range(36, PUT + 1))
    eb.reset()
    assert (eb.events.total, eb.deliveries.dropped) == (0, 0)


DECIDED: dict[str, tuple[Callable[[EventBridge], Any], str]] = {
    "assert_not_put": (lambda eb: eb.assert_not_put("shop", "First"), "events"),
    "assert_not_delivered": (lambda eb: eb.assert_not_delivered(rule="other"), "deliveries"),
    "assert_put, count": (lambda eb: eb.assert_put("shop", count=25), "events"),
    "assert_put, none left": (lambda eb: eb.assert_put("shop", "First"), "events"),
    "assert_delivered, count": (lambda eb: eb.assert_delivered(rule="rule", count=25), "deliveries"),
    "assert_delivered, none left": (lambda eb: eb.assert_delivered(payload={"detail": {"n": 0}}), "deliveries"),
    "one": (lambda eb: eb.events.where(detail={"n": 59}).one(), "events"),
    "one of several selections": (lambda eb: eb.events.accepted[:].where(detail={"n": 59}).one(), "events"),
    "one, matching": (lambda eb: eb.deliveries.matching({"detail": {"n": [59]}}).one(), "deliveries"),
    "one, none left": (lambda eb: eb.calls.where(operation="PutRule").one(), "calls"),
    "first": (lambda eb: eb.events.where(detail_type="First").first, "events"),
}


@pytest.mark.parametrize("name", DECIDED)
def test_an_assertion_that_a_dropped_record_could_decide_fails(eb: EventBridge, name: str) -> None:
    ask, nouns = DECIDED[name]
    with pytest.raises(AssertionError, match=LOST.format(nouns)):
        ask(eb)


def test_what_no_dropped_record_could_decide_is_decided(eb: EventBridge) -> None:
    """One that is there is there, and one too many is one too many."""
    assert eb.assert_put(detail={"n": 59}).number == PUT
    assert eb.assert_delivered(rule="rule").number == PUT
    with pytest.raises(AssertionError, match=r"^expected no such event, but #60 Sold was put"):
        eb.assert_not_put(detail={"n": 59})


def test_what_cannot_be_complete_is_refused(eb: EventBridge, tmp_path: Any) -> None:
    """A file of all events, and the number of all that were selected."""
    with pytest.raises(UsageError, match=LOST.format("events")):
        eb.archive_to(tmp_path / "events.jsonl")
    with pytest.raises(UsageError, match=LOST.format("events")):
        eb.events.where(source="shop").total  # noqa: B018


# the checks at the end


def ended(act: Callable[[EventBridge], Any], **options: Any) -> list[str]:
    """Return what is raised when a mock ends."""
    try:
        with mock_eventbridge(**{"keep_records": 100, **options}) as eb:
            act(eb)
    except ExceptionGroup as failed:
        return [str(each) for each in failed.exceptions]
    return []


def failing_first(eb: EventBridge) -> None:
    eb.rule("rule", pattern={"source": ["shop"]}, to="function")
    eb.fail_target("function", error="NO_PERMISSIONS", times=2)
    put_many(eb)


def test_a_failure_is_reported_though_its_record_is_gone() -> None:
    [said] = ended(failing_first)
    assert said.startswith("2 deliveries failed; 2 older failed deliveries were dropped from the journal;")
    assert ended(failing_first, assert_all_deliveries_succeeded=False) == []


def test_success_is_known_though_its_record_is_gone() -> None:
    """A long test ends well: all that was dropped succeeded."""

    def act(eb: EventBridge) -> None:
        eb.rule("rule", pattern={"source": ["shop"]}, to=QUEUE)
        put_many(eb)

    assert ended(act) == []


def test_a_delivery_that_waited_is_known_by_its_end() -> None:
    """Its first record is dropped while it waits; what counts is how it ends."""

    def waiting(eb: EventBridge) -> None:
        eb.clock.freeze()
        eb.rule("rule", pattern={"detail-type": ["First"]}, to="function")
        eb.fail_target("function", error="THROTTLING", times=1)
        put_many(eb)
        assert (len(eb.deliveries), eb.deliveries.dropped, eb.deliveries.total) == (0, 1, 1)

    def ending_well(eb: EventBridge) -> None:
        waiting(eb)
        eb.clock.advance(hours=24)
        assert eb.deliveries.one().attempts == 2
        assert eb.deliveries.total == 1

    assert [said.partition(";")[0] for said in ended(waiting)] == ["1 delivery failed"]
    assert ended(ending_well) == []


def test_strict_says_what_nobody_can_say() -> None:
    """An event or a rule that may have matched among the dropped ones."""

    def act(eb: EventBridge) -> None:
        eb.rule("rule", pattern={"detail-type": ["Sold"]}, to=QUEUE)
        eb.rule("first", pattern={"detail-type": ["First"]}, to=QUEUE)
        put_many(eb)

    entries, events, rules = ended(act, strict=True)
    assert entries.startswith("assert_all_entries_accepted: nobody can say; 35 older events were dropped")
    assert events.startswith("assert_all_events_matched: nobody can say; 35 older events were dropped")
    assert rules.startswith("assert_all_rules_matched: nobody can say whether 'first' ever matched; 3")


def test_contracts_say_what_nobody_can_say() -> None:
    """Deliveries of events that came another way than by PutEvents are checked at the end."""

    def act(eb: EventBridge) -> None:
        eb.rule("rule", pattern={"source": ["shop"]}, to=QUEUE)
        put_many(eb)

    [said] = ended(act, contracts={"shop@Sold": {"required": ["n"]}})
    assert said.startswith("contracts: nobody can say; 35 older deliveries were dropped")


# the option


def test_the_default_keeps_much_and_none_keeps_all() -> None:
    assert (Options().most_records, Options(keep_records=None).most_records) == (100_000, None)
    with mock_eventbridge() as eb:
        assert eb.service.journal.most == 100_000
    with mock_eventbridge(keep_records=None) as eb:
        put_many(eb)
        assert len(eb.service.journal.records) == 3 * PUT
