"""Logs: sequences of records with ``where``, ``matching``, ``one``, ``first`` and ``last``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.journal_records import Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.patterns import InvalidPattern
from eventbridge_local.report.logs import AnyOf, CallLog, DeliveryLog, EventLog


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    """Three accepted events and a refused one; two of them delivered."""
    with mock_eventbridge(now="2026-03-06T09:00Z") as eb:
        eb.rule("audit", pattern={"source": ["shop"]}, to="arn:aws:sqs:us-east-1:123456789012:audit-queue")
        eb.put("shop", "Sold", {"id": "o-1", "lines": [{"sku": "a", "n": 1}], "total": 10})
        eb.put("shop", "Cancelled", {"id": "o-1"})
        eb.put("bank", "Paid", {"id": "p-1"})
        eb.put("shop", "Sold", "no json")
        yield eb


def test_a_log_is_a_sequence(eb: EventBridge) -> None:
    """Length, iteration, indexing, membership and reversal are those of a sequence."""
    log = eb.events
    assert isinstance(log, Sequence)
    assert len(log) == 4
    assert [entry.detail_type for entry in log] == ["Sold", "Cancelled", "Paid", "Sold"]
    assert log[0].detail_type == "Sold" and log[-1].error_code == "MalformedDetail"
    assert log[1] in log and log.index(log[2]) == 2
    assert list(reversed(log)) == list(log)[::-1]
    with pytest.raises(IndexError):
        log[4]


def test_a_slice_is_a_log_of_the_same_kind(eb: EventBridge) -> None:
    """A slice can be asked further questions."""
    part = eb.events[1:3]
    assert isinstance(part, EventLog)
    assert part.where(source="bank").one() == eb.events[2]
    assert len(eb.events[::2]) == 2 and len(eb.events[9:]) == 0
    assert isinstance(eb.deliveries[:1], DeliveryLog) and isinstance(eb.calls[:1], CallLog)


def test_an_empty_log_is_false_and_a_filled_one_true(eb: EventBridge) -> None:
    """``if eb.events`` asks whether there are any."""
    assert eb.events
    assert not eb.events.where(source="nobody")


def test_a_log_of_the_handle_is_live(eb: EventBridge) -> None:
    """It shows what is there now, also after a reset; what was selected from it stays."""
    logs = eb.events, eb.deliveries, eb.calls, eb.dead_letters
    taken = [part for log in logs for part in (log[:], list(log), log.where())]
    before = [len(log) for log in logs]
    passing = iter(eb.events)
    eb.put("shop", "Sold")
    assert [len(log) for log in logs] == [before[0] + 1, before[1] + 1, before[2] + 1, 0]
    assert [len(part) for part in taken] == [count for count in before for _ in range(3)]
    assert (len(list(passing)), eb.events.total, eb.events[1:].total) == (4, 5, 4)
    eb.reset()
    assert [len(log) for log in logs] == [0, 0, 0, 0]
    eb.put("shop", "Sold")
    assert logs[0].one().number == 1


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"source": "shop"}, [1, 2, 4]),
        ({"source": "shop", "detail_type": "Sold"}, [1, 4]),
        ({"detail": {"id": "o-1"}}, [1, 2]),
        ({"detail": {"lines": [{"sku": "a"}]}}, [1]),
        ({"detail": {"lines": []}}, []),
        ({"detail": "no json"}, [4]),
        ({"bus": "default", "accepted": False}, [4]),
        ({"error_code": "MalformedDetail"}, [4]),
        ({"error_code": None}, [1, 2, 3]),
        ({"account": "123456789012", "region": "us-east-1"}, [1, 2, 3, 4]),
        ({"region": "eu-west-1"}, []),
        ({"source": "Shop"}, []),
    ],
)
def test_where_on_events(eb: EventBridge, wanted: dict[str, object], numbers: list[int]) -> None:
    """Fields are equal, dicts are included, and all keywords must hold."""
    found = eb.events.where(**wanted)
    assert isinstance(found, EventLog)
    assert [entry.number for entry in found] == numbers


@pytest.mark.parametrize("target", ["target-1", "audit-queue", "arn:aws:sqs:us-east-1:123456789012:audit-queue"])
def test_where_finds_a_target_by_each_of_its_names(eb: EventBridge, target: str) -> None:
    """A target answers to its id, its ARN and its name."""
    assert len(eb.deliveries.where(rule="audit", target=target)) == 2
    assert len(eb.deliveries.where(target="audit")) == 0


def test_where_on_deliveries_and_calls(eb: EventBridge) -> None:
    """Deliveries are found by what was handed over, calls by what was asked."""
    sold = eb.deliveries.where(payload={"detail": {"total": 10}}).one()
    assert (sold.event.detail_type, sold.outcome) == ("Sold", "recorded")
    assert eb.deliveries.where(detail_type="Cancelled", bus="default", error=None).one() is eb.deliveries.last
    assert eb.calls.where(operation="PutRule", params={"Name": "audit"}).one().result
    assert len(eb.calls.where(operation="PutEvents", error_code=None)) == 4


@pytest.mark.parametrize(
    ("log", "fields"),
    [
        ("events", "source, detail_type, detail, bus, account, region, accepted, event_id, error_code"),
        ("deliveries", "rule, target, arn, bus, payload, outcome, error, source, detail_type, detail"),
        ("calls", "operation, params, account, region, error_code"),
    ],
)
def test_where_with_an_unknown_field(eb: EventBridge, log: str, fields: str) -> None:
    """An unknown field is refused with the choice there is, also by an empty log."""
    for asked in (getattr(eb, log), getattr(eb, log)[:0]):
        with pytest.raises(UsageError) as raised:
            asked.where(colour="red")
        assert str(raised.value) == f"where(colour=...): there is no such field; choose from {fields}"
        with pytest.raises(
            UsageError, match=r"^where\(regoin=\.\.\.\): there is no such field; did you mean 'region'\?$"
        ):
            eb.events.where(regoin="us-east-1")


def test_matching(eb: EventBridge) -> None:
    """An event pattern, as a dict or as text, filters accepted events, deliveries and calls."""
    assert [entry.number for entry in eb.events.matching({"source": ["shop"]})] == [1, 2]
    assert [entry.number for entry in eb.events.matching('{"detail":{"id":[{"prefix":"p-"}]}}')] == [3]
    assert eb.deliveries.matching({"detail-type": ["Sold"]}).one() is eb.deliveries.first
    assert eb.calls.matching({"Name": ["audit"]}).one().operation == "PutRule"


@pytest.mark.parametrize("pattern", ['{"source": "shop"}', "{", {"source": "shop"}])
def test_matching_refuses_an_invalid_pattern(eb: EventBridge, pattern: str | dict[str, str]) -> None:
    """A pattern that AWS refuses is refused rather than matching nothing."""
    with pytest.raises(InvalidPattern):
        eb.events.matching(pattern)


@pytest.mark.parametrize("pattern", ['{"source": "shop"}', {"source": "shop"}])
def test_matching_refuses_an_invalid_pattern_also_when_empty(pattern: str | dict[str, str]) -> None:
    """The refusal does not depend on there being something to match, nor on how the pattern is written."""
    with pytest.raises(InvalidPattern):
        EventLog([]).matching(pattern)


def test_accepted_and_refused(eb: EventBridge) -> None:
    """Every entry is in one of the two."""
    assert [entry.number for entry in eb.events.accepted] == [1, 2, 3]
    assert eb.events.refused.one().error_code == "MalformedDetail"


def test_one(eb: EventBridge) -> None:
    """``one`` returns the only record, or says how many there are and which."""
    assert eb.events.where(source="bank").one().detail == {"id": "p-1"}
    with pytest.raises(AssertionError) as raised:
        eb.events.where(source="nobody").one()
    assert str(raised.value) == "expected exactly one, found 0; print(eb.journal) shows what happened"
    with pytest.raises(AssertionError) as raised:
        eb.events.where(detail={"id": "o-1"}).one()
    first, *shown = str(raised.value).splitlines()
    assert (first, len(shown)) == ("expected exactly one, found 2", 2)


def test_one_shows_records_in_a_few_words(eb: EventBridge) -> None:
    """The records shown by ``one`` are short enough to read: a line of at most 120 characters each."""
    with pytest.raises(AssertionError) as raised:
        eb.events.one()
    assert max(map(len, str(raised.value).splitlines())) <= 120


def test_first_and_last(eb: EventBridge) -> None:
    """The two ends, or a failure that names the log."""
    assert (eb.events.first.number, eb.events.last.number) == (1, 4)
    assert isinstance(eb.events.first, Entry)
    for name in ("first", "last"):
        with pytest.raises(AssertionError, match=r"^the EventLog is empty; print"):
            getattr(EventLog([]), name)
        with pytest.raises(AssertionError, match=r"^the DeliveryLog is empty; print"):
            getattr(DeliveryLog([]), name)


def test_repr(eb: EventBridge) -> None:
    """The representation says what it is and how much."""
    assert [repr(eb.events), repr(eb.deliveries[:0]), repr(CallLog([]))] == [
        "<EventLog of 4>", "<DeliveryLog of 0>", "<CallLog of 0>"
    ]  # fmt: skip
    assert repr(eb.events[:1]).startswith("<EventLog of 1: #1 ")


def test_any_of() -> None:
    """It is equal to each of its values from either side, and shows the first."""
    thing = AnyOf(("a", "b"))
    assert thing == "a" and thing == "b" and thing != "c"
    assert repr(thing) == "'a'"
