"""Events in files: what is written is read again to the letter, and a bad line costs only itself."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventbridge_local import EventBridge, event_files, mock_eventbridge
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import BadLine, read_event, read_events, write_events
from eventbridge_local.model.event import Event
from eventbridge_local.patterns import parse_event

ENVELOPE: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "OrderPlaced",
    "source": "shop.orders",
    "account": "210987654321",
    "time": "2026-03-05T09:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:s3:::bucket"],
    "detail": {"id": "o-1"},
}


def line(**changes: Any) -> str:
    return json.dumps({**ENVELOPE, **changes})


def without(name: str) -> str:
    return json.dumps({key: value for key, value in ENVELOPE.items() if key != name})


def event(detail: str = "{}", **members: Any) -> Event:
    given: dict[str, Any] = {
        "id": "1-2",
        "detail_type": "T",
        "source": "s",
        "account": "123456789012",
        "time": datetime(2026, 3, 5, 9, tzinfo=UTC),
        "region": "us-east-1",
        "resources": (),
        **members,
    }
    return Event(detail_text=detail, tree=parse_event(detail), **given)


def read_or_reason(read: Callable[[], Event]) -> Event | str:
    """The event that is read, or the reason why there is none."""
    try:
        return read()
    except ValueError as why:
        return str(why)


PIECES = [
    "",
    " ",
    "\t",
    ",",
    "}",
    "{",
    "]",
    '"',
    "\\",
    "\r",
    "é",
    "5",
    '"a"',
    ',"x":1',
    ',"detail":{}',
    '"replay-name":"r",',
]
USUAL = [
    event('{"n":1.50,"a":{"b":[]}}').text,
    event("{}", replay_name="march", resources=("arn:a", "b")).text,
    line(),
    line(detail={"text": "}", "n": [1, 2]}),
]


@given(st.sampled_from(USUAL), st.sampled_from(PIECES), st.integers(-6, 300), st.integers(0, 2))
@example(USUAL[0], "", 0, 0)
@example(USUAL[1], "\t", 190, 0)
@example(USUAL[0], "\t", USUAL[0].index("{", 1), 0)
@settings(max_examples=400)
def test_an_envelope_of_the_usual_form_is_read_as_any_other(text: str, piece: str, at: int, cut: int) -> None:
    """There is a short way for the form that AWS writes; what it reads, and what it leaves alone, is the same."""
    at %= len(text) + 1  # of a negative number, the place counted from the end
    changed = text[:at] + piece + text[at + cut :]
    usual = read_or_reason(lambda: event_files.read_event(changed.encode()))
    assert usual == read_or_reason(lambda: event_files._event_of(changed.rstrip("\r\n")))


def test_halves_of_a_surrogate_pair_that_are_bytes_of_their_own(tmp_path: Path) -> None:
    """Some writers spell such a character so (CESU-8). Rules and targets see the same text, as they do in any JSON."""
    raw = line(detail={"a": "\ud83d\ude00"}).replace("\\ud83d\\ude00", "\ud83d\ude00").encode("utf-8", "surrogatepass")
    found = read_event(raw)
    assert found.tree == {"a": "\U0001f600"}
    assert write_events([found], tmp_path / "c.jsonl") == 1
    (again,) = read_events(tmp_path / "c.jsonl")
    assert isinstance(again, Event) and (again.text, again.tree) == (found.text, found.tree)


def test_the_usual_forms_take_the_short_way() -> None:
    assert all(event_files._usual_event(text) for text in USUAL)


@pytest.mark.parametrize("name", ["c.jsonl", "c.jsonl.gz"])
def test_written_and_read(tmp_path: Path, name: str) -> None:
    """Each line is the event as its targets see it; odd numbers, repeated keys and escapes survive the way back."""
    details = [
        '{"n":1.50,"big":123456789012345678901234567890}',
        '{"a":1,"a":2}',
        '{"u":"\\u0000\\n ü \U0001f600"}',
        "{}",
    ]
    events = [event(detail, source="q\"'\\", replay_name=name) for detail, name in zip(details, "abcd", strict=True)]
    path = tmp_path / name
    assert write_events(events, path) == 4
    content = gzip.decompress(path.read_bytes()) if name.endswith(".gz") else path.read_bytes()
    assert content.decode().splitlines() == [each.text for each in events]
    again = list(read_events(path))
    assert again == events
    assert [each.text for each in again if isinstance(each, Event)] == [each.text for each in events]


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
trees = st.recursive(st.none() | st.booleans() | st.integers() | texts, lambda inner: st.lists(inner, max_size=3)
                     | st.dictionaries(texts, inner, max_size=3), max_leaves=6)  # fmt: skip


@settings(max_examples=60)
@given(st.dictionaries(texts, trees, max_size=4), texts, st.lists(texts, max_size=2), st.booleans(), st.randoms())
def test_any_event_comes_back(detail: Any, source: str, resources: list[str], spaced: bool, random: Any) -> None:
    """Whatever the members hold, in whichever order they stand, with blanks or without."""
    envelope = {**ENVELOPE, "source": source, "resources": resources, "detail": detail, "extra": detail}
    names = list(envelope)
    random.shuffle(names)
    written = json.dumps({name: envelope[name] for name in names}, indent=1 if spaced else None)
    found = read_event(written.encode())
    assert json.loads(found.text) == {name: value for name, value in envelope.items() if name != "extra"}


BAD = [
    ("nonsense", "not a JSON object"),
    ("[1]", "not a JSON object"),
    ("{}", "the envelope has no 'detail-type'"),
    (line() + line(), f"not JSON at column {len(line()) + 1}: more text after the value"),
    (line()[:-1], f"not JSON at column {len(line())}: Unexpected end-of-input: expected close marker for Object"),
    (line()[:-8], "not JSON at column "),
    ('{"detail": nope}', "not JSON at column 16: Unrecognized token 'nope'"),
    ('{"detail": ' + "[" * 200_000, "not JSON at column 1: Document nesting depth"),
    (without("source"), "the envelope has no 'source'"),
    (without("detail-type"), "the envelope has no 'detail-type'"),
    (without("time"), "the envelope has no 'time'"),
    (without("account"), "the envelope has no 'account'"),
    (without("region"), "the envelope has no 'region'"),
    (without("detail"), "the envelope has no 'detail'"),
    (line(source=1), "'source' is not a string"),
    (line(id=1), "'id' is not a string"),
    (line(account='1"2'), "'account' has characters that it never has: '1\"2'"),
    (line(resources="arn:x"), "'resources' is not a list of strings"),
    (line(resources=[1]), "'resources' is not a list of strings"),
    (line(detail="{}"), "'detail' is not an object"),
    (line().replace('{"id": "o-1"}', '{"x": NaN}'), "not JSON at column 258: Non-standard token 'NaN'"),
    (line(time="yesterday"), "'time' is not of the form 2026-03-06T09:00:00Z: 'yesterday'"),
    (line(time="2026-03-05T09:00:00"), "'time' is not of the form"),
    (line(time="0001-01-01T00:00:00+14:00"), "'time' is not of the form"),
    (b"\xff\xfe", "not UTF-8 at byte 1"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD)
def test_a_bad_line_is_told_with_its_number_and_stops_nothing(tmp_path: Path, bad: str | bytes, reason: str) -> None:
    path = tmp_path / "c.jsonl"
    encoded = bad if isinstance(bad, bytes) else bad.encode()
    path.write_bytes(b"\n".join([line().encode(), b"", b"  ", encoded, line(id="last").encode()]))
    first, wrong, last = read_events(path)
    assert isinstance(first, Event)
    assert isinstance(last, Event) and last.id == "last"
    assert isinstance(wrong, BadLine)
    assert wrong.number == 4
    assert wrong.reason.startswith(reason)


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + line().encode() + b"\r\n" + line().encode() + b"\r\n")
    assert all(isinstance(each, Event) for each in read_events(path))


def test_a_line_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is skipped without being held."""
    monkeypatch.setattr(event_files, "_LONGEST_LINE", 1000)
    path = tmp_path / "c.jsonl"
    path.write_text(f"{line()}\n{'x' * 5000}\n{line()}\n{'x' * 1000}")
    kinds = [type(each).__name__ for each in read_events(path)]
    assert kinds == ["Event", "BadLine", "Event", "BadLine"]
    assert list(read_events(path))[1] == BadLine(2, "longer than 1,000 bytes")


def test_damaged_compressed_data(tmp_path: Path) -> None:
    path = tmp_path / "c.jsonl.gz"
    whole = gzip.compress("\n".join(line(id=str(number)) for number in range(2000)).encode())
    path.write_bytes(whole[: len(whole) // 2])
    found = list(read_events(path))
    assert isinstance(found[0], Event)
    assert isinstance(found[-1], BadLine) and "damaged" in found[-1].reason
    path.write_text("no gzip at all")
    with pytest.raises(OSError, match="gzip"):
        list(read_events(path))


def test_a_large_file_is_never_held(tmp_path: Path) -> None:
    """Reading 20 MB takes less than 1 MB; what is true of this file is true of one of a gigabyte."""
    path = tmp_path / "c.jsonl"
    path.write_text((line(detail={"note": "x" * 2000}) + "\n") * 9000)
    tracemalloc.start()
    try:
        assert sum(isinstance(each, Event) for each in read_events(path)) == 9000
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


# the methods of the handle


def capture(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "capture.jsonl"
    path.write_text("\n".join(lines))
    return path


def test_events_of_a_file_look_as_captured(tmp_path: Path, eventbridge: EventBridge) -> None:
    """But for the id, and the name of a replay."""
    spy = eventbridge.connect("f", lambda event: None)
    eventbridge.rule("all", pattern={"source": [{"prefix": ""}]}, to="f")
    eventbridge.replay_from(capture(tmp_path, line()))
    eventbridge.replay_from(capture(tmp_path, line()), replay_name="yesterday")
    eventbridge.replay_from(capture(tmp_path, line(), line(**{"replay-name": "old"})), replay_name=None)
    got = [call.event for call in spy.calls]
    assert [each.get("replay-name") for each in got] == ["replay-from-file", "yesterday", None, "old"]
    assert len({each.pop("id") for each in got} | {ENVELOPE["id"]}) == 5
    for each in got:
        each.pop("replay-name", None)
        assert each == {name: value for name, value in ENVELOPE.items() if name != "id"}


def test_each_event_of_a_file_is_over_before_the_next_one(tmp_path: Path, eventbridge: EventBridge) -> None:
    """What a handler causes comes before the next line, and sees a handler that was connected meanwhile."""

    def handler(event: dict[str, Any]) -> None:
        eventbridge.connect("g", lambda echo: None)
        eventbridge.put("echo", "Echo", {"of": event["detail"]["number"]})

    eventbridge.rule("orders", pattern={"source": ["shop.orders"]}, to="f")
    eventbridge.rule("echoes", pattern={"source": ["echo"]}, to="g")
    eventbridge.rule("other", pattern={"source": ["shop.other"]}, to="g")
    eventbridge.connect("f", handler)
    lines = [line(source=source, detail={"number": n}) for n, source in enumerate(["shop.other", "shop.orders"] * 2)]
    report = eventbridge.replay_from(capture(tmp_path, *lines))
    assert report.matched == {"orders": 2, "echoes": 0, "other": 2}
    assert [(each.rule.name, each.outcome) for each in eventbridge.deliveries] == [
        ("other", "recorded"),
        ("orders", "delivered"),
        ("echoes", "delivered"),
        ("other", "delivered"),
        ("orders", "delivered"),
        ("echoes", "delivered"),
    ]


def test_a_handler_may_replay_a_file(tmp_path: Path, eventbridge: EventBridge) -> None:
    """Its events wait until the handler returns; what would become of them then is reported."""
    path, reports = capture(tmp_path, line(), line(source="bank")), []
    eventbridge.rule("start", pattern={"source": ["start"]}, to="f")
    eventbridge.rule("orders", pattern={"source": ["shop.orders"]}, to="q")
    eventbridge.connect("f", lambda event: reports.append(eventbridge.replay_from(path, rules=["orders"])))
    eventbridge.put("start", "Start", {})
    [report] = reports
    assert (report.count, report.matched, report.unmatched) == (2, {"orders": 1}, 1)
    assert [each.rule.name for each in eventbridge.deliveries] == ["start", "orders"]


def test_the_report(tmp_path: Path, eventbridge: EventBridge) -> None:
    eventbridge.archive("keeps-no-replay")
    eventbridge.rule("orders", pattern={"source": ["shop.orders"]}, to="f")
    eventbridge.rule("large", pattern={"detail": {"total": [{"numeric": [">", 100]}]}}, to="g")
    path = capture(tmp_path, line(), line(detail={"total": 500}), "oops", line(source="bank"))
    report = eventbridge.replay_from(path)
    assert (report.count, report.unmatched, report.bad_count) == (3, 1, 1)
    assert report.matched == {"orders": 2, "large": 1}
    assert report.bad_lines == (BadLine(3, "not a JSON object"),)
    assert str(report).splitlines() == [
        "3 events replayed, 1 of them matched by no rule",
        "  orders: 2",
        "  large: 1",
        "1 line is not an event",
        "  line 3: not a JSON object",
    ]


def test_only_some_rules(tmp_path: Path, eventbridge: EventBridge) -> None:
    arns = [eventbridge.rule(name, bus="b", pattern={"account": [{"prefix": ""}]}, to=name) for name in "xyz"]
    report = eventbridge.replay_from(capture(tmp_path, line()), bus="b", rules=["x", arns[2]])
    assert report.matched == {"x": 1, "z": 1}
    assert [each.rule.name for each in eventbridge.deliveries] == ["x", "z"]
    assert eventbridge.replay_from(capture(tmp_path, line()), bus="b", rules="y").matched == {"y": 1}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"bus": "nobus"}, "there is no event bus 'nobus' .*; choose from default"),
        ({"bus": "arn:aws:events:eu-west-1:123456789012:event-bus/default"}, "there is no event bus"),
        ({"rules": "r"}, "there is no rule 'r' on bus 'default'; there are none"),
    ],
)
def test_refusals(tmp_path: Path, eventbridge: EventBridge, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        eventbridge.replay_from(capture(tmp_path, line()), **arguments)


def test_what_to_write(tmp_path: Path, eventbridge: EventBridge) -> None:
    path = tmp_path / "c.jsonl"
    archive = eventbridge.archive("b", pattern={"source": ["b"]})
    eventbridge.rule("r", bus="other", pattern={"source": ["a"]})
    puts = [("a", "default"), ("b", "default"), ("a", "other")]
    ids = [eventbridge.put(source, "T", bus=bus).event_id for source, bus in puts]
    eventbridge.put("aws.refused", "T")

    def written(**arguments: Any) -> list[str | None]:
        count = eventbridge.archive_to(path, **arguments)
        found = [json.loads(each)["id"] for each in path.read_text().splitlines()]
        assert len(found) == count
        return found

    assert written() == ids
    assert written(bus="other") == ids[2:]
    assert written(archive="b") == written(archive=archive.arn) == [ids[1]]
    with pytest.raises(UsageError, match="there is no archive 'c'; choose from b"):
        eventbridge.archive_to(path, "c")
    with pytest.raises(UsageError, match="give one of the two"):
        eventbridge.archive_to(path, "b", bus="default")


def test_the_memory_of_a_long_replay_is_bounded_with_the_journal(tmp_path: Path) -> None:
    with mock_eventbridge(keep_records=100) as eb:
        eb.rule("all", pattern={"source": [{"prefix": ""}]}, to="q")
        eb.replay_from(capture(tmp_path, line()))  # what is made once is made now
        path = capture(tmp_path, *[line(detail={"note": "x" * 1000})] * 3000)
        tracemalloc.start()
        try:
            assert eb.replay_from(path).matched == {"all": 3000}
            assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
        finally:
            tracemalloc.stop()
