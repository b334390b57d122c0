"""What looking at a long log costs: nothing is parsed that cannot be what is asked for, and nothing is kept."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.json_text import write
from eventbridge_local.model.event import Event
from eventbridge_local.report.expectations import fits_to, holds, needed_in_json

COUNT = 200


@pytest.fixture(scope="module")
def many() -> Iterator[EventBridge]:
    with mock_eventbridge() as eb:
        eb.rule("all", pattern={"source": ["shop"]}, to="arn:aws:sqs:us-east-1:123456789012:all")
        for number in range(COUNT):
            eb.put("shop", "Sold", {"id": f"o-{number:03}", "total": number, "customer": {"country": "DE"}})
        yield eb


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the events whose detail was parsed, in order."""
    ids: list[str] = []
    read: Any = Event.detail.fget  # type: ignore[attr-defined]

    def detail(event: Event) -> Any:
        ids.append(event.id)
        return read(event)

    monkeypatch.setattr(Event, "detail", property(detail))
    return ids


LOOKS: dict[str, tuple[Callable[[EventBridge], Any], int]] = {
    "where, an id": (lambda eb: eb.events.where(detail={"id": "o-007"}).one(), 1),
    "where, another source": (lambda eb: eb.events.where(source="bank", detail={"total": 7}), 0),
    "assert_put, the newest": (lambda eb: eb.assert_put("shop", detail={"customer": {"country": "DE"}}), 1),
    "assert_put, counted": (lambda eb: eb.assert_put("shop", "Sold", {"id": "o-007"}, count=1), 1),
    "assert_not_put": (lambda eb: eb.assert_not_put(detail={"customer": {"country": "FR"}}), 0),
    "assert_delivered": (lambda eb: eb.assert_delivered(payload={"detail": {"id": "o-007"}}), 0),
    "len": (lambda eb: len(eb.events), 0),
}


@pytest.mark.parametrize("name", LOOKS)
def test_only_what_may_fit_is_parsed(name: str, many: EventBridge, parsed: list[str]) -> None:
    look, most = LOOKS[name]
    look(many)
    assert len(parsed) <= most


def test_the_number_of_records_is_not_counted(many: EventBridge, monkeypatch: pytest.MonkeyPatch) -> None:
    """``len`` and the two ends are there at once: no record is visited."""
    monkeypatch.setattr(type(many.service.journal.entries), "now", None)
    monkeypatch.setattr(type(many.service.journal.entries), "__iter__", None)
    assert (len(many.events), many.events.total) == (COUNT, COUNT)
    assert (many.events[-1].number, many.events.first.number) == (COUNT, 1)


def test_what_was_looked_at_is_not_kept(many: EventBridge) -> None:
    """An event that has been to its targets keeps nothing but its own text, whatever is asked of it."""
    for log in (many.events, many.deliveries):
        log.where(detail={"total": 7})
        log.matching({"detail": {"total": [7]}})
    many.deliveries.where(payload={"detail": {"total": 7}})
    for delivery in many.deliveries:
        assert delivery.event.envelope["detail"] == delivery.event.detail == delivery.event.tree
        assert held(delivery.event) < len(delivery.event.detail_text) + 200


def held(event: Event) -> int:
    """Return the characters and members of all that an event refers to."""
    waiting, size = gc.get_referents(event), 0
    while waiting:
        each = waiting.pop()
        if isinstance(each, str | dict | tuple | list):
            size += len(each)
        if isinstance(each, dict | tuple | list):
            waiting += gc.get_referents(each)
    return size


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text('aé"\\\n\ud800', max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text('ab"\\', max_size=2), inner, max_size=2),
    max_leaves=5,
)


@given(st.dictionaries(st.text('ab"\\', max_size=2), JSON, max_size=3), st.data())
def test_what_fits_holds_what_is_needed(thing: dict[str, Any], data: st.DataObject) -> None:
    """A text is never skipped if what is parsed of it fits."""
    expected = {name: thing[name] for name in data.draw(st.sets(st.sampled_from(sorted(thing))))} if thing else {}
    assert fits_to(expected)(thing)
    for text in (write(thing), json.dumps(thing)):  # letters as they are, and as escapes
        assert holds(text, needed_in_json(expected))
