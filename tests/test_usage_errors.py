"""What a user writes wrongly ends in a UsageError that says what to write; what users of other mocks write works."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, make_event, mock_eventbridge
from eventbridge_local.errors import UsageError

EAST = timezone(timedelta(hours=14))
WEST = timezone(timedelta(hours=-12))
FIRST, LAST = datetime(1, 1, 1, tzinfo=EAST), datetime(9999, 12, 31, 23, tzinfo=WEST)
LONG = "x" * 5_000


# the clock


@pytest.fixture
def eb() -> Any:
    with mock_eventbridge(now="2026-01-01", assert_all_deliveries_succeeded=False) as handle:
        yield handle


@pytest.mark.parametrize(
    ("delta", "advice"),
    [
        (
            {"years": 10},
            r"advance\(years=...\): there is no such unit; write days=365; choose from seconds, minutes, hours",
        ),
        ({"month": 1}, "no such unit; choose from seconds"),
        ({"minutes": float("nan")}, "give a number"),
        ({"minutes": float("inf")}, "the clock ends with the year 9998"),
        ({"minutes": -float("inf")}, "give a positive duration"),
        ({"days": 1e300}, "the clock ends with the year 9998"),
        ({"weeks": 10**30}, "the clock ends with the year 9998"),
        ({"minutes": "5"}, "give a number"),
        ({"minutes": None}, "give a number"),
    ],
)
def test_advance_by_what_is_no_duration(eb: EventBridge, delta: Any, advice: str) -> None:
    with pytest.raises(UsageError, match=advice):
        eb.clock.advance(**delta)
    assert eb.clock.now == datetime(2026, 1, 1, tzinfo=UTC)


def test_advance_takes_a_timedelta(eb: EventBridge) -> None:
    eb.clock.advance(timedelta(minutes=5))
    assert eb.clock.now == datetime(2026, 1, 1, 0, 5, tzinfo=UTC)
    with pytest.raises(UsageError, match=r"advance\(5\): name the unit, as advance\(minutes=5\)"):
        eb.clock.advance(5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="not both"):
        eb.clock.advance(timedelta(minutes=5), minutes=5)


@pytest.mark.parametrize(
    "when", ["2026-02-01", date(2026, 2, 1), "2026-02-01T02:00+02:00", datetime(2026, 2, 1, tzinfo=UTC)]
)
def test_advance_to_takes_what_now_takes(eb: EventBridge, when: Any) -> None:
    eb.clock.advance_to(when)
    assert eb.clock.now == datetime(2026, 2, 1, tzinfo=UTC)
    with mock_eventbridge(now=when) as other:
        assert other.clock.now == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("when", ["soon", "2026-13-01", 5, None, FIRST, LAST, "0001-01-01T00:00+14:00", "9999-12-31"])
def test_no_instant(eb: EventBridge, when: Any) -> None:
    with pytest.raises(UsageError, match=r"when=.*(write ISO 8601|give an aware datetime|calendar|the year 9998)"):
        eb.clock.advance_to(when)
    if when is not None:
        with pytest.raises(UsageError, match="now="):
            mock_eventbridge(now=when).__enter__()


@pytest.mark.parametrize("time", [FIRST, LAST])
def test_instants_outside_of_the_calendar(eb: EventBridge, time: datetime) -> None:
    for work in (
        lambda: eb.put("shop", "Sold", time=time),
        lambda: make_event("shop", "Sold", time=time),
        lambda: make_event("shop", "Sold", time=time.isoformat()),
    ):
        with pytest.raises(UsageError, match="outside of the calendar"):
            work()


def test_many_firings_are_announced_before_they_begin(eb: EventBridge, capsys: pytest.CaptureFixture[str]) -> None:
    """Ten years of a schedule that fires each minute: the count is said first, and Ctrl-C ends it."""
    said: list[str] = []

    def interrupt(event: Any) -> None:
        said.append(capsys.readouterr().err)
        raise KeyboardInterrupt

    eb.rule("tick", schedule="rate(1 minute)", to="tick")
    eb.connect("tick", interrupt)
    eb.rule("office", schedule="cron(0/10 8-17 ? * MON-FRI *)")
    with pytest.raises(KeyboardInterrupt):
        eb.clock.advance(days=3_653)
    (line,) = said
    assert "schedules will fire about 5,416," in line
    assert "rule 'tick' (rate(1 minute)) 5,260,320 times" in line
    assert "Ctrl-C stops it" in line
    eb.connect("tick", lambda event: None)
    assert eb.clock.advance(minutes=10)["fired"] == 10, "it goes on where it was interrupted"


@pytest.mark.parametrize(
    "expression", ["rate(1 minute)", "cron(* * * * ? *)", "cron(0/5 8 ? * MON *)", "cron(0 0 29 2 ? *)"]
)
def test_the_count_of_firings(expression: str) -> None:
    from eventbridge_local.schedules import parse_schedule

    schedule, start = parse_schedule(expression), datetime(2026, 1, 1, tzinfo=UTC)
    first = schedule.next_after(start, created=start)
    assert first is not None
    until, fired, at = start + timedelta(days=60 if "*" in expression[5:8] or "rate" in expression else 3_653), 0, first
    while at is not None and at <= until:
        fired, at = fired + 1, schedule.next_after(at, created=start)  # type: ignore[assignment]
    assert abs(schedule.count(first, until) - fired) <= max(1_440, fired // 50)


def test_a_short_run_says_nothing(eb: EventBridge, capsys: pytest.CaptureFixture[str]) -> None:
    eb.rule("tick", schedule="rate(1 hour)")
    eb.clock.advance(days=40)
    assert capsys.readouterr().err == ""


def test_memory_of_very_many_firings_is_bounded(eb: EventBridge) -> None:
    with mock_eventbridge(now="2026-01-01", keep_records=1_000) as small:
        spy = small.connect("f", lambda event: None)
        small.rule("tick", schedule="rate(1 minute)", to="f")
        assert small.clock.advance(days=7)["fired"] == 10_080
        assert len(small.journal.records) == len(spy) == 1_000


# the handle and the mock


def test_a_handle_is_not_made_by_hand() -> None:
    for arguments in ((), (1, "2", "3")):
        with pytest.raises(UsageError, match="write `with mock_eventbridge"):
            EventBridge(*arguments)  # type: ignore[arg-type]


def test_start_and_stop() -> None:
    mock = mock_eventbridge()
    eb = mock.start()
    boto3.client("events", region_name="us-east-1").put_rule(Name="r", EventPattern='{"source":["a"]}')
    assert len(eb.calls) == 1
    mock.stop()
    again = mock.start()
    assert not again.calls
    mock.stop()


def test_stop_runs_the_checks() -> None:
    mock = mock_eventbridge(strict=True)
    mock.start().put("shop", "Sold")
    with pytest.raises(ExceptionGroup):
        mock.stop()


@pytest.mark.parametrize("end", [lambda mock: mock.stop(), lambda mock: mock.__exit__(None, None, None)])
def test_an_end_without_a_beginning(end: Callable[[Any], None]) -> None:
    mock = mock_eventbridge()
    for _ in range(2):
        with pytest.raises(UsageError, match=r"is not active: it was not entered.*mock\.start\(\)"):
            end(mock)
        mock.start()
        mock.stop()


# handlers behind decorators


def by(wrapper: Callable[..., Any], handler: Callable[..., Any]) -> Callable[..., Any]:
    return functools.wraps(handler)(wrapper)


def test_what_a_decorated_handler_takes_decides(eb: EventBridge) -> None:
    def powers(detail: Any, database: Any, clock: Any) -> Any:
        return detail

    def one(event: Any) -> Any:
        return event["detail"]

    def two(event: Any, context: Any) -> Any:
        assert context.function_name
        return event["detail"]

    handlers = {
        "outer-two": by(lambda event, context: powers(event["detail"], context.aws_request_id, None), powers),
        "outer-one": by(lambda event: powers(event["detail"], 1, 2), powers),
        "any-of-one": by(lambda *args, **kwargs: one(*args, **kwargs), one),
        "any-of-two": by(lambda *args, **kwargs: two(*args, **kwargs), two),
        "any-of-three": by(lambda *args: powers(args[0]["detail"], args[1], 3), powers),
    }
    eb.rule("r", pattern={"source": ["shop"]}, to=list(handlers))
    spies = {name: eb.connect(name, handler) for name, handler in handlers.items()}
    eb.put("shop", "Sold", {"n": 1})
    assert {name: spy.calls.one().result for name, spy in spies.items()} == {name: {"n": 1} for name in handlers}


def test_a_decorated_handler_that_takes_nothing_is_refused(eb: EventBridge) -> None:
    def handler(event: Any) -> None: ...

    with pytest.raises(UsageError, match="takes neither"):
        eb.connect("f", by(lambda: None, handler))


# values and files


@pytest.mark.parametrize("value", [{"a": {1}}, {"a": b"x"}, b"{}"])
def test_what_is_no_json(eb: EventBridge, value: Any) -> None:
    with pytest.raises(UsageError, match="this is no JSON"):
        eb.put("shop", "Sold", value)
    with pytest.raises(UsageError, match="this is no JSON"):
        eb.rule("r", pattern=value)


def test_a_value_inside_itself(eb: EventBridge) -> None:
    value: dict[str, Any] = {}
    value["a"] = value
    with pytest.raises(UsageError, match="this is no JSON: Circular"):
        eb.put("shop", "Sold", value)


@pytest.mark.parametrize("to", [None, 5])
def test_no_target(eb: EventBridge, to: Any) -> None:
    with pytest.raises(UsageError, match=r"to=.*: give an ARN"):
        eb.rule("r", pattern={"source": ["a"]}, to=to)


@pytest.mark.parametrize("name", [LONG, f"{LONG}.yml", f"{LONG}.jsonl.gz", "a\0b.json", 5.5])
@pytest.mark.parametrize(
    "use",
    [
        lambda eb, name: eb.load(name),
        lambda eb, name: eb.archive_to(name),
        lambda eb, name: eb.replay_from(name),
        lambda eb, name: mock_eventbridge(contracts=name).__enter__(),
        lambda eb, name: mock_eventbridge(template=[name]).__enter__(),
    ],
)
def test_names_that_no_file_has(eb: EventBridge, use: Callable[[EventBridge, Any], Any], name: Any) -> None:
    with pytest.raises(UsageError):
        use(eb, name)


def test_files_that_cannot_be_used_are_os_errors_too(eb: EventBridge, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be read: No such file"):
        eb.replay_from(tmp_path / "missing.jsonl")
    with pytest.raises(OSError, match="cannot be written"):
        eb.archive_to(tmp_path / "missing" / "events.jsonl")
    with pytest.raises(UsageError, match="cannot be written"):
        eb.archive_to(tmp_path)


@pytest.mark.parametrize(
    "resource",
    [
        {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"./{LONG}.yml"}},
        {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": LONG, "Handler": "app.handler"}},
        {"Type": "AWS::Serverless::Function", "Properties": {"CodeUri": ".", "Handler": f"{LONG}.handler"}},
    ],
)
def test_templates_with_very_long_names(eb: EventBridge, tmp_path: Path, resource: Any) -> None:
    import json

    file = tmp_path / "template.json"
    file.write_text(json.dumps({"Resources": {"Thing": resource}}), encoding="utf-8")
    eb.load(file)


def test_split_with_an_empty_delimiter(eb: EventBridge, tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Resources:\n  Rule:\n    Type: AWS::Events::Rule\n    Properties:\n"
        "      EventPattern: {source: !Split ['', 'a,b']}\n",
        encoding="utf-8",
    )
    with pytest.raises(Exception, match="Fn::Split takes a delimiter that is not empty"):
        eb.load(file, strict=True)


# files are replaced as a whole


def test_a_capture_is_replaced_when_it_is_complete(eb: EventBridge, tmp_path: Path) -> None:
    """What ends the writing leaves the file as it was, and nothing beside it."""
    file = tmp_path / "events.jsonl"
    eb.put("shop", "Sold")
    assert eb.archive_to(file) == 1
    before = file.read_bytes()

    class Broken:
        @property
        def text(self) -> str:
            raise KeyboardInterrupt

    from eventbridge_local.event_files import write_events

    with pytest.raises(KeyboardInterrupt):
        write_events([eb.events[0].event, Broken()], file)  # type: ignore[list-item]
    assert file.read_bytes() == before
    assert os.listdir(tmp_path) == ["events.jsonl"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a process that can be killed")
def test_a_killed_writer_loses_nothing(eb: EventBridge, tmp_path: Path) -> None:
    from eventbridge_local.event_files import write_events

    file = tmp_path / "events.jsonl.gz"
    eb.put("shop", "Sold")
    eb.archive_to(file)
    before = file.read_bytes()
    event = eb.events[0].event
    assert event is not None

    def events() -> Any:
        for _ in range(400):
            yield event
        os.kill(os.getpid(), signal.SIGKILL)

    child = os.fork()
    if child == 0:
        write_events(events(), file)
    os.waitpid(child, 0)
    assert file.read_bytes() == before
    assert eb.replay_from(file).count == 1


def test_a_file_that_another_program_holds_stays(
    eb: EventBridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows renames nothing over a file that is open."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"old\n")
    eb.put("shop", "Sold")

    def refused(*names: str) -> None:
        raise PermissionError(13, "Access is denied")

    monkeypatch.setattr(os, "replace", refused)
    with pytest.raises(OSError, match=r"events\.jsonl' cannot be written: Access is denied"):
        eb.archive_to(file)
    assert os.listdir(tmp_path) == ["events.jsonl"]
    assert file.read_bytes() == b"old\n"


@pytest.mark.skipif(sys.platform == "win32", reason="links and permissions of POSIX")
def test_a_link_and_the_permissions_of_a_capture_stay(eb: EventBridge, tmp_path: Path) -> None:
    file, link = tmp_path / "real.jsonl", tmp_path / "link.jsonl"
    file.write_bytes(b"")
    file.chmod(0o640)
    link.symlink_to(file)
    eb.put("shop", "Sold")
    eb.archive_to(link)
    assert link.is_symlink()
    assert file.stat().st_mode & 0o777 == 0o640
    assert len(file.read_bytes().splitlines()) == 1


# values of a wrong type


@pytest.mark.parametrize("value", [5, 1.5, float("nan"), b"x", [1], {"a": 1}, {1}, object(), print, None])
@pytest.mark.parametrize(
    "use",
    [
        lambda eb, value: eb.rule("r", pattern={"source": ["a"]}, bus=value),
        lambda eb, value: eb.archive(value),
        lambda eb, value: eb.archive("a", bus=value),
        lambda eb, value: eb.secret(value),
        lambda eb, value: eb.replay_from("x.jsonl", bus=value),
        lambda eb, value: eb.replay_from(value),
        lambda eb, value: eb.fail_call(value),
        lambda eb, value: eb.fail_put(code=value),
        lambda eb, value: eb.fail_target("q", error=value),
        lambda eb, value: eb.connect(value, print),
        lambda eb, value: eb.put("shop", "Sold", bus=value),
    ],
)
def test_a_value_that_is_no_text(eb: EventBridge, use: Callable[[EventBridge, Any], Any], value: Any) -> None:
    with pytest.raises(UsageError):
        use(eb, value)


@pytest.mark.parametrize("value", [b"x", {1}, object(), print, {"a": {1}}])
def test_a_pattern_that_is_no_json(eb: EventBridge, value: Any) -> None:
    for use in (eb.assert_put, eb.assert_not_put, eb.assert_delivered, eb.assert_not_delivered):
        with pytest.raises(UsageError, match="give an event pattern as a dict or as JSON text"):
            use(pattern=value)
    with pytest.raises(UsageError, match="give an event pattern as a dict or as JSON text"):
        eb.events.matching(value)


@pytest.mark.parametrize(
    "options",
    [
        *(
            {name: value}
            for name in ("forward", "allow_hosts", "template")
            for value in (5, True, 1.5, object(), print)
        ),
        *({name: None} for name in ("forward", "allow_hosts")),
        *({"seed": value} for value in ([], {}, object(), print, ("a", "b"))),
        {"allow_hosts": [5]},
        {"forward": b"auto"},
    ],
)
def test_an_option_of_a_wrong_type(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=f"{next(iter(options))}="), mock_eventbridge(**options):
        pass
