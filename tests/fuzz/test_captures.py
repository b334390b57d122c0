"""Files of events whose bytes were changed: JSON Lines as they are and packed, and files of one event.

A line that is not an event costs itself only; what is read is written and read again as the same; and whoever reads
the file says what is wrong with it, in the library as on the command line.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local import infer_schema, mock_eventbridge
from eventbridge_local.cli import main
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import BadLine, read_event, read_events, write_events
from eventbridge_local.model.event import Event

ENVELOPE: dict[str, Any] = {
    "version": "0",
    "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
    "detail-type": "OrderPlaced",
    "source": "shop.orders",
    "account": "210987654321",
    "time": "2026-03-05T09:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:s3:::bucket"],
    "detail": {"id": "o-1", "n": [1.50, None, {"é": "\ud83d\ude00"}]},
}
ENTRY = {
    "Source": "shop.orders",
    "DetailType": "OrderPlaced",
    "Detail": '{"id": "o-1"}',
    "Time": "2026-03-05T09:00:00Z",
}
LINES = [
    json.dumps(ENVELOPE, ensure_ascii=False, separators=(",", ":")),
    json.dumps(ENVELOPE),
    json.dumps({**ENVELOPE, "replay-name": "march", "resources": []}, separators=(",", ":")),
    json.dumps(dict(reversed(ENVELOPE.items()))),
    json.dumps({**ENVELOPE, "detail": {}, "more": [1]}),
    '{"version":"0"' + json.dumps(ENVELOPE)[15:].replace('"o-1"', '"o-1","id":"again"'),
    json.dumps(ENTRY),
    json.dumps([ENVELOPE]),
    "",
]
BITS = [
    *(
        b"",
        b'"',
        b"\\",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\n",
        b"\r",
        b"\r\n",
        b"\0",
        b"\x1b",
        b"\xff",
        b"\xef\xbb\xbf",
    ),
    *(
        b"\\ud800",
        b"\\u0000",
        b"\xed\xa0\x80",
        b"\xe2\x80\xa8",
        b"null",
        b"NaN",
        b"1e999",
        b"-0",
        b"9" * 400,
        b"[" * 1_200,
    ),
    *(b'"detail":{},', b'"detail-type":1,', b'"time":"0001-01-01T00:00:00+14:00",', b'"time":"2026-02-30T00:00:00Z",'),
    *(b'"resources":[1],', b'"id":"\\u001b[31m",', b'"account":"\xc2\x9b",'),
]


@st.composite
def spoiled(draw: st.DrawFn, text: bytes) -> bytes:
    """A text with a few places changed."""
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        bit = draw(st.one_of(st.sampled_from(BITS), st.binary(max_size=3)))
        text = text[:at] + bit + text[at + draw(st.sampled_from([0, 0, 1, 2, 40])) :]
    return text


lines = st.sampled_from(LINES).flatmap(lambda line: spoiled(line.encode("utf-8", "surrogatepass")))


@contextlib.contextmanager
def file_of(content: bytes, name: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        yield path


def read_alone(line: bytes) -> Event | str:
    try:
        return read_event(line)
    except ValueError as why:
        return str(why)


@settings(max_examples=examples(150, 1_000))
@given(st.lists(lines, max_size=5), st.booleans())
def test_lines(several: list[bytes], packed: bool) -> None:
    """Each line of a file is read as it would be alone, and what was read survives the way into a file and back."""
    content = b"\n".join(several)
    with file_of(gzip.compress(content) if packed else content, "c.jsonl.gz" if packed else "c.jsonl") as path:
        found = list(read_events(path))
        parts = [(number, part) for number, part in enumerate(content.split(b"\n"), 1) if part and not part.isspace()]
        for (number, part), each in zip(parts, found, strict=True):
            alone = read_alone(part)
            if isinstance(each, BadLine):
                assert (each.number, each.reason) == (number, alone)
                assert str(each).isprintable()
            else:
                assert each == alone
        events = [each for each in found if isinstance(each, Event)]
        assert write_events(events, path) == len(events)
        again = [each for each in read_events(path) if isinstance(each, Event)]
        assert [(each.text, each.tree) for each in again] == [(each.text, each.tree) for each in events]


@settings(max_examples=examples(60, 400))
@given(st.data())
def test_packed_bytes(data: st.DataObject) -> None:
    """Damage of a packed file is told, after the events before it."""
    whole = gzip.compress("\n".join(LINES[:5] * 20).encode("utf-8", "surrogatepass"), mtime=0)
    content = data.draw(spoiled(whole))
    with file_of(content, "c.jsonl.gz") as path:
        try:
            found = list(read_events(path))
        except UsageError as why:
            assert path.name in str(why)
            return
    assert len([each for each in found if isinstance(each, Event)]) <= 100
    if content == whole:
        assert len(found) == 100


@settings(max_examples=examples(60, 300))
@given(st.lists(lines, max_size=4))
def test_replays(several: list[bytes]) -> None:
    """As many events are replayed as the file has, an archive keeps them, and a schema is made of them."""
    with file_of(b"\n".join(several), "c.jsonl") as path, mock_eventbridge(seed=1) as eb:
        found = list(read_events(path))
        good = [each for each in found if isinstance(each, Event)]
        eb.rule("all", pattern={"source": [{"prefix": ""}]}, to=lambda event: None)
        report = eb.replay_from(path)
        assert (report.count, report.bad_count) == (len(good), len(found) - len(good))
        assert report.matched["all"] == len(eb.deliveries) == len(good)
        assert str(report) and eb.journal.text()
        with contextlib.suppress(UsageError):
            assert infer_schema(good)["type"]


TEMPLATE = """
Resources:
  Placed:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [shop.orders], detail: {id: [{prefix: o}]}}
      Targets: [{Id: one, Arn: "arn:aws:sqs:us-east-1:123456789012:q"}]
"""
COMMANDS = [
    ["route", "TEMPLATE", "EVENTS"],
    ["route", "TEMPLATE", "EVENTS", "--json"],
    ["replay", "TEMPLATE", "EVENTS"],
    ["replay", "TEMPLATE", "EVENTS", "--json"],
    ["match", '{"source": ["shop.orders"]}', "EVENTS"],
    ["explain", '{"source": ["shop.orders"], "detail": {"id": ["o-2"]}}', "EVENTS"],
]


@settings(max_examples=examples(60, 300))
@given(
    st.lists(lines, min_size=1, max_size=3),
    st.sampled_from(COMMANDS),
    st.sampled_from(["e.json", "e.jsonl", "e.jsonl.gz"]),
)
def test_commands(several: list[bytes], command: list[str], name: str) -> None:
    """A command ends with one of its exit codes, and lets nothing through to the terminal that steers it."""
    content = b"\n".join(several)
    with file_of(gzip.compress(content) if name.endswith(".gz") else content, name) as path:
        template = path.with_name("template.yaml")
        template.write_text(TEMPLATE, "utf-8")
        code, out, err = run([{"TEMPLATE": str(template), "EVENTS": str(path)}.get(each, each) for each in command])
    assert code in (0, 1, 2), (code, out, err)
    assert "Traceback" not in err
    assert all(char.isprintable() or char == "\n" for char in out + err), (out, err)
    if "--json" in command and code != 2:
        json.loads(out)


def run(argv: list[str]) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(argv)
    return code, out.getvalue(), err.getvalue()


def test_the_lines_are_events() -> None:
    """Most of them, so that the tests above try more than refusals."""
    assert [isinstance(read_alone(line.encode("utf-8", "surrogatepass")), Event) for line in LINES[:6]] == [True] * 6
    with pytest.raises(ValueError, match="the envelope has no"):
        read_event(LINES[6].encode())
