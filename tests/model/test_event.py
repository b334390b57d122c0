"""The event's envelope as text and as a dict."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.model.event import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)
LAYOUTS = st.fixed_dictionaries(
    {"ensure_ascii": st.booleans(), "indent": st.sampled_from([None, 2, "\t", "\r\n"]), "sort_keys": st.just(False)}
)

#: The keys in the order AWS was recorded to write them; ``replay-name`` only in replayed events.
ENVELOPE = (
    "version", "id", "detail-type", "source", "account", "time", "region", "replay-name", "resources", "detail",
)  # fmt: skip


def event(detail: str = "{}", **changes: Any) -> Event:
    members: dict[str, Any] = {
        "id": "4d2fb565-7a1c-da78-0001-000000000001",
        "detail_type": "Sold",
        "source": "shop",
        "account": "123456789012",
        "time": datetime(2026, 3, 6, 9, 0, 5, 999_999, tzinfo=UTC),
        "region": "us-east-1",
        "resources": (),
        "detail_text": detail,
        "tree": json.loads(detail),
    }
    return Event(**{**members, **changes})


def test_the_text() -> None:
    """The envelope is compact, its keys in AWS's order, its time in whole seconds (recorded)."""
    assert event(' { "b" : 1 , "a" : [ 1, 2 ] } ', resources=("r1", "r2")).text == (
        '{"version":"0","id":"4d2fb565-7a1c-da78-0001-000000000001","detail-type":"Sold","source":"shop",'
        '"account":"123456789012","time":"2026-03-06T09:00:05Z","region":"us-east-1","resources":["r1","r2"],'
        '"detail":{"b":1,"a":[1,2]}}'
    )


def test_keys_and_their_order() -> None:
    """``replay-name`` stands behind the Region in replayed events and is absent from all others."""
    assert tuple(event(replay_name="again").envelope) == ENVELOPE
    assert tuple(event().envelope) == tuple(name for name in ENVELOPE if name != "replay-name")
    assert event(replay_name="again").matched_on["replay-name"] == "again"
    assert set(event().matched_on) == set(event().envelope)


@pytest.mark.parametrize(
    "detail",
    [
        '{"a":1.0,"b":1e3,"c":-0,"d":1E+02,"e":123456789012345678901234567890,"f":0.10}',
        '{"a":"\\u001f\\ud83d\\"\\\\","b":"é","\\\\u0061\\n":"  two  blanks  "}',
        '{"a":1,"a":2}',
        '{"a":"{ \\"b\\" : [ 1 , 2 ] }"}',
        '{"a":"\\\\","b":" "}',
        '{"":""}',
    ],
)
def test_the_detail_keeps_its_spelling(detail: str) -> None:
    """Numbers, repeated keys, needed escapes and blanks inside of texts are delivered as the producer wrote them."""
    assert event(detail).text.endswith(f'"detail":{detail}}}')


@given(OBJECTS, LAYOUTS)
def test_the_detail_is_what_was_put(detail: dict[str, Any], layout: dict[str, Any]) -> None:
    """However the producer lays its JSON out, what is delivered reads the same."""
    text = json.dumps(detail, **layout)
    made = event(text)
    assert json.loads(made.text)["detail"] == json.loads(text)
    assert made.detail == made.envelope["detail"] == json.loads(text)


@given(st.text(), st.text(), st.lists(st.text(), max_size=3))
def test_any_text_in_the_envelope(source: str, detail_type: str, resources: list[str]) -> None:
    """Quotes, control characters and all scripts in the envelope are read back unchanged."""
    envelope = json.loads(event(source=source, detail_type=detail_type, resources=tuple(resources)).text)
    assert (envelope["source"], envelope["detail-type"], envelope["resources"]) == (source, detail_type, resources)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (datetime(2026, 3, 6, tzinfo=UTC), "2026-03-06T00:00:00Z"),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "1969-12-31T23:59:59Z"),
        (datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "9999-12-31T23:59:59Z"),
        (datetime(702, 6, 15, 0, 53, 20, tzinfo=UTC), "0702-06-15T00:53:20Z"),
    ],
)
def test_times(when: datetime, text: str) -> None:
    """Fractions are cut, not rounded, and a year has four digits."""
    assert event(time=when).time_text == text


def test_who_reads_it_may_change_it() -> None:
    """Changing a dict made from one event's text does not change its text or what patterns see."""
    made = event('{"a":{"b":1}}')
    before = made.text
    made.detail["a"]["b"] = 2
    assert made.text == before
    assert made.matched_on["detail"] == {"a": {"b": 1}}


def test_repr() -> None:
    """Source, detail type and the beginning of the id."""
    assert repr(event()) == "<Event shop 'Sold' 4d2fb565>"
