"""``make_event``: the envelope of AWS around any detail."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.errors import UsageError
from eventbridge_local.samples import make_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
OBJECTS = st.dictionaries(st.text(), JSON, max_size=4)
NAMES = st.text(min_size=1, max_size=20)
INSTANTS = st.datetimes(
    min_value=datetime(1, 1, 3),
    max_value=datetime(9999, 12, 29),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(-timedelta(hours=11, minutes=30))]),
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "id": NAMES,
        "account": st.from_regex(r"[0-9]{12}", fullmatch=True),
        "time": INSTANTS | INSTANTS.map(datetime.isoformat),
        "region": st.sampled_from(["eu-central-1", "cn-north-1"]),
        "resources": st.lists(NAMES, max_size=3) | st.lists(NAMES, max_size=3).map(tuple),
        "replay_name": NAMES,
        "version": st.just("0"),
    },
)

KEYS = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
REPLAYED = [*KEYS[:7], "replay-name", *KEYS[7:]]


def test_the_whole_envelope() -> None:
    """Every keyword has its place; the keys stand in AWS's order."""
    event = make_event(
        "shop.orders",
        "OrderPlaced",
        {"total": 120},
        id="6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        account="444455556666",
        time="2026-03-06T09:00:05Z",
        region="eu-central-1",
        resources=["arn:aws:sqs:eu-central-1:444455556666:orders"],
        replay_name="again",
        version="1",
    )
    assert json.dumps(event) == json.dumps(
        {
            "version": "1",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "OrderPlaced",
            "source": "shop.orders",
            "account": "444455556666",
            "time": "2026-03-06T09:00:05Z",
            "region": "eu-central-1",
            "replay-name": "again",
            "resources": ["arn:aws:sqs:eu-central-1:444455556666:orders"],
            "detail": {"total": 120},
        }
    )


def test_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """One account, one Region, now in whole seconds, an empty detail, a fresh id in the form of AWS's."""
    monkeypatch.setattr(time, "time", lambda: datetime(2026, 3, 6, 9, 0, 5, 999_999, tzinfo=UTC).timestamp())
    one, other = make_event("shop", "Opened"), make_event("shop", "Opened")
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", one.pop("id"))
    assert one != other
    assert one == {
        "version": "0",
        "detail-type": "Opened",
        "source": "shop",
        "account": "123456789012",
        "time": "2026-03-06T09:00:05Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {},
    }


def test_none_is_the_default() -> None:
    """None counts as not given, for all keywords alike."""
    event = make_event(
        "shop", "Opened", None, id=None, account=None, time=None, region=None, resources=None, replay_name=None
    )
    assert list(event) == KEYS
    assert event["account"] == "123456789012"


@pytest.mark.parametrize(
    ("given_time", "shown"),
    [
        (datetime(2026, 3, 6, 9, 0, 5, tzinfo=UTC), "2026-03-06T09:00:05Z"),
        (datetime(2026, 3, 6, 11, tzinfo=timezone(timedelta(hours=2))), "2026-03-06T09:00:00Z"),
        ("2026-03-06T09:00:05Z", "2026-03-06T09:00:05Z"),
        ("2026-03-06T09:00:05.999Z", "2026-03-06T09:00:05Z"),
        ("2026-03-06T11:00:00+02:00", "2026-03-06T09:00:00Z"),
    ],
)
def test_time(given_time: datetime | str, shown: str) -> None:
    """Any aware time is shown in UTC and in whole seconds, cut off as AWS does (recorded)."""
    assert make_event("shop", "Opened", time=given_time)["time"] == shown


@given(NAMES, NAMES, OBJECTS, ENVELOPES)
def test_it_is_what_json_loads_gives(source: str, detail_type: str, detail: dict[str, Any], envelope: Any) -> None:
    """The event goes through JSON and stays the same, with AWS's keys in AWS's order; the detail is not changed."""
    event = make_event(source, detail_type, detail, **envelope)
    assert json.loads(json.dumps(event)) == event
    assert list(event) == (REPLAYED if "replay_name" in envelope else KEYS)
    assert event["detail"] == detail
    assert (event["source"], event["detail-type"]) == (source, detail_type)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["time"])


@given(OBJECTS)
def test_a_detail_as_text(detail: dict[str, Any]) -> None:
    """JSON text and the same as a dict make the same detail."""
    assert make_event("shop", "Opened", json.dumps(detail))["detail"] == detail


def test_nothing_is_shared() -> None:
    """Changes to the arguments do not reach the event, nor the other way round."""
    detail, resources = {"lines": [{"sku": "a"}]}, ["arn:aws:s3:::b"]
    event = make_event("shop", "Opened", detail, resources=resources)
    detail["lines"][0]["sku"] = "b"
    resources.append("x")
    event["detail"]["lines"].append("more")
    assert event["detail"]["lines"][0] == {"sku": "a"}
    assert event["resources"] == ["arn:aws:s3:::b"]
    assert len(detail["lines"]) == 1


def test_tuples_become_lists() -> None:
    """As ``json.dumps`` in a producer would make them."""
    assert make_event("shop", "Opened", {"sizes": (1, 2)})["detail"] == {"sizes": [1, 2]}


@pytest.mark.parametrize(
    ("arguments", "keywords", "words"),
    [
        (("", "Opened"), {}, ["source=''"]),
        (("shop", ""), {}, ["detail_type=''"]),
        ((7, "Opened"), {}, ["source=7"]),
        (("shop", "Opened", [1]), {}, ["detail=[1]"]),
        (("shop", "Opened", "[1]"), {}, ["detail='[1]'", "object"]),
        (("shop", "Opened", "{"), {}, ["detail='{'", "not JSON"]),
        (("shop", "Opened", '{"a":NaN}'), {}, ["NaN"]),
        (("shop", "Opened", {"a": float("inf")}), {}, ["not JSON"]),
        (("shop", "Opened", {"a": datetime(2026, 3, 6)}), {}, ["datetime", "not JSON"]),
        (("shop", "Opened"), {"acount": "1"}, ["'acount'", "did you mean 'account'?", "replay_name"]),
        (("shop", "Opened"), {"wobble": "1"}, ["'wobble'. It takes id, account"]),
        (("shop", "Opened"), {"account": "42"}, ["account='42'", "twelve digits"]),
        (("shop", "Opened"), {"account": "1234567890123"}, ["twelve digits"]),
        (("shop", "Opened"), {"account": 123456789012}, ["account=123456789012", "twelve digits"]),
        (("shop", "Opened"), {"time": "yesterday"}, ["time='yesterday'", "ISO 8601"]),
        (("shop", "Opened"), {"time": "2026-03-06T09:00:00"}, ["time=", "no time zone"]),
        (("shop", "Opened"), {"time": datetime(2026, 3, 6)}, ["time=", "no time zone"]),
        (("shop", "Opened"), {"time": 1772787605}, ["time=1772787605", "datetime"]),
        (("shop", "Opened"), {"time": "0001-01-01T00:00:00+02:00"}, ["out of range"]),
        (("shop", "Opened"), {"resources": "arn:aws:s3:::b"}, ["resources='arn:aws:s3:::b'", "list"]),
        (("shop", "Opened"), {"resources": [1]}, ["resources=[1]"]),
        (("shop", "Opened"), {"id": ""}, ["id=''"]),
        (("shop", "Opened"), {"region": 3}, ["region=3"]),
    ],
)
def test_mistakes(arguments: Any, keywords: dict[str, Any], words: list[str]) -> None:
    """A wrong argument is named with its value and the way out."""
    with pytest.raises(UsageError) as caught:
        make_event(*arguments, **keywords)
    assert all(word in str(caught.value) for word in words), caught.value
