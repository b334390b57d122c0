"""Nothing that steers a terminal reaches one: not from sources, details, names, ARNs, files or refusals."""

from __future__ import annotations

import json
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.cli.parser import main
from eventbridge_local.contracts import Contracts
from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.server.serving import Server
from eventbridge_local.visible import visible, visible_json

#: Title, clipboard, bell, C1, right-to-left override, isolate, line separator, return, backspace, DEL, half a pair.
HOSTILE = "x\x1b]0;owned\x07\x1b[31m\x9b2J\u202etxt\u2066\u2028\r\b\x7f\ud800y"
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> None:
    assert not STEERING.search(text), ascii(text)


def all_of(error: BaseException) -> Iterator[str]:
    """Yield everything that a traceback shows of an error."""
    yield str(error)
    yield from getattr(error, "__notes__", ())
    yield from traceback.format_exception_only(error)
    for inner in getattr(error, "exceptions", ()):
        yield from all_of(inner)


def test_escapes() -> None:
    assert visible("\x1b[31m\x9b\u202e\n\tä😀") == "\\x1b[31m\\x9b\\u202e\n\tä😀"
    assert visible("plain") == "plain"
    assert json.loads(visible_json(json.dumps(HOSTILE, ensure_ascii=False))) == HOSTILE
    clean(visible_json(json.dumps(HOSTILE, ensure_ascii=False)))


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("r", pattern={"source": ["shop", HOSTILE], "detail": {HOSTILE: [HOSTILE]}}, to=["f", "g"])
        eb.rule("s", pattern={"detail": {"n": [{"numeric": [">", 1]}], HOSTILE: [{"prefix": HOSTILE}]}}, to="f")
        eb.connect("f", lambda event: fail(event["source"]))
        eb.fail_target("g", error="NO_PERMISSIONS", reason=HOSTILE)
        eb.put(HOSTILE, HOSTILE, {HOSTILE: HOSTILE, "n": 1})
        eb.put("shop", HOSTILE, {HOSTILE: [HOSTILE, "other"]}, resources=[HOSTILE])
        eb.put("aws." + HOSTILE, HOSTILE)
        yield eb


def fail(text: str) -> None:
    raise ValueError(text)


def test_journal_and_reports(eb: EventBridge) -> None:
    event = eb.events[0]
    for text in (
        eb.journal.text(),
        str(eb.journal),
        eb.journal.end(),
        str(eb.explain(event)),
        str(eb.explain({"source": HOSTILE, "detail-type": HOSTILE, "detail": {HOSTILE: 1}})),
        str(eb.route(event)),
        str(eb.coverage()),
        repr(eb.events),
        repr(eb.deliveries[0]),
        repr(eb),
    ):
        clean(text)


@pytest.mark.parametrize(
    "use",
    [
        lambda eb: eb.assert_put(HOSTILE, "other"),
        lambda eb: eb.assert_put("shop", HOSTILE, {HOSTILE: HOSTILE + "z"}, exact=True),
        lambda eb: eb.assert_not_put(HOSTILE),
        lambda eb: eb.assert_put(pattern={"source": [{"prefix": HOSTILE + "q"}]}),
        lambda eb: eb.assert_delivered(rule=HOSTILE, payload={HOSTILE: HOSTILE}),
        lambda eb: eb.assert_delivered(target=HOSTILE, payload=HOSTILE),
        lambda eb: eb.assert_not_delivered(rule="r"),
        lambda eb: eb.events.where(source=HOSTILE + "z").one(),
        lambda eb: eb.events.one(),
        lambda eb: eb.rule(HOSTILE, pattern={"source": ["a"]}),
        lambda eb: eb.rule("r", pattern=HOSTILE),
        lambda eb: eb.rule("r", schedule=HOSTILE),
        lambda eb: eb.rule("r", pattern={"source": [{HOSTILE: 1}]}),
        lambda eb: eb.rule("r", pattern={"source": ["a"]}, bus=HOSTILE),
        lambda eb: eb.archive(HOSTILE),
        lambda eb: eb.put("shop", "Sold", bus=f"arn:aws:events:us-east-1:123456789012:event-bus/{HOSTILE}"),
        lambda eb: eb.put("shop", "Sold", **{HOSTILE: 1}),
        lambda eb: eb.load(f"/nowhere/{HOSTILE}.yml"),
        lambda eb: eb.replay_from(f"/nowhere/{HOSTILE}"),
        lambda eb: eb.replay_from("/nowhere", bus=HOSTILE),
        lambda eb: eb.archive_to("/nowhere/x", archive=HOSTILE),
        lambda eb: eb.explain(HOSTILE),
        lambda eb: eb.fail_target("f", error=HOSTILE),
        lambda eb: eb.fail_call(HOSTILE),
        lambda eb: eb.secret(HOSTILE),
        lambda eb: eb.fail_over(HOSTILE),
        lambda eb: mock_eventbridge(**{HOSTILE: 1}),
        lambda eb: mock_eventbridge(region=HOSTILE),
        lambda eb: mock_eventbridge(contracts=f"/nowhere/{HOSTILE}.json"),
    ],
)
def test_errors(eb: EventBridge, use: Callable[[EventBridge], Any]) -> None:
    with pytest.raises(Exception) as failed:
        use(eb)
    for text in all_of(failed.value):
        clean(text)
    clean(eb.journal.text())


def test_checks_at_the_end() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(strict=True) as eb:
        eb.rule("r", pattern={"source": ["shop"], "detail": {HOSTILE: [HOSTILE]}}, to=["f"])
        eb.connect("f", lambda event: fail("the handler's own text is not ours"))
        eb.put("shop", HOSTILE, {HOSTILE: HOSTILE})
        eb.put(HOSTILE, HOSTILE, {HOSTILE: "y"})
    for text in all_of(failed.value):
        clean(text)


def test_contracts() -> None:
    contracts = Contracts({(HOSTILE, HOSTILE): {"type": "object", "properties": {HOSTILE: {"const": HOSTILE}}}})
    with mock_eventbridge(contracts=contracts) as eb, pytest.raises(EventBridgeLocalError) as failed:
        eb.put(HOSTILE, HOSTILE, {HOSTILE: "other"})
    for text in all_of(failed.value):
        clean(text)
    clean(str(contracts.check({"source": HOSTILE, "detail-type": HOSTILE, "detail": {HOSTILE: 1}})[0]))


def test_files_of_events(eb: EventBridge, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(
        json.dumps({"id": HOSTILE, "detail-type": "a", "source": HOSTILE}) + f"\n{{{HOSTILE[:-2]}\n", "utf-8"
    )
    clean(str(eb.replay_from(file)))


# the command line and the server

PATTERN = json.dumps({"source": [HOSTILE], "detail": {HOSTILE: [HOSTILE]}})
EVENT = json.dumps({"source": HOSTILE, "detail-type": HOSTILE, "detail": {HOSTILE: 1}})
TEMPLATE = json.dumps(
    {
        "Resources": {
            HOSTILE: {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "EventPattern": {"source": [HOSTILE], "detail": {HOSTILE: [{"prefix": HOSTILE}]}},
                    "Targets": [{"Id": "t", "Arn": {"Ref": HOSTILE + "2"}}],
                },
            },
            "Macro": {"Type": HOSTILE, "Properties": {"Name": {HOSTILE: 1}}},
        }
    }
)


@pytest.mark.parametrize("options", [[], ["--json"]])
@pytest.mark.parametrize(
    "arguments",
    [
        ["match", PATTERN, EVENT],
        ["explain", PATTERN, EVENT],
        ["explain", json.dumps({"source": [{HOSTILE: 1}]}), EVENT],
        ["explain", "{" + HOSTILE, EVENT],
        ["match", f"@/nowhere/{HOSTILE}", EVENT],
        ["next", HOSTILE],
        ["next", "rate(1 minute)", "--after", HOSTILE],
        [HOSTILE],
        ["match", PATTERN, EVENT, f"--{HOSTILE}"],
        ["route", "TEMPLATE", EVENT],
        ["lint", "TEMPLATE"],
        ["replay", "TEMPLATE", "EVENTS"],
        ["lint", f"/nowhere/{HOSTILE}.yml"],
        ["route", "TEMPLATE", EVENT, "--parameter", f"{HOSTILE}={HOSTILE}"],
    ],
)
def test_commands(
    arguments: list[str], options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any
) -> None:
    (tmp_path / "template.json").write_text(TEMPLATE, "utf-8")
    (tmp_path / "events.jsonl").write_text(f"{EVENT}\n{{{HOSTILE[:-2]}\n", "utf-8")
    files = {"TEMPLATE": str(tmp_path / "template.json"), "EVENTS": str(tmp_path / "events.jsonl")}
    main([*(files.get(each, each) for each in arguments), *options])
    said = capsys.readouterr()
    assert said.out + said.err
    clean(said.out + said.err)


def test_colours_are_ours_alone(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from eventbridge_local.cli.output import Terminal

    terminal = Terminal.of_process()
    object.__setattr__(terminal, "colour", True)
    terminal.say(terminal.paint(f"bad {HOSTILE}", "bad") + HOSTILE)
    shown = capsys.readouterr().out
    assert shown.startswith("\x1b[31mbad x\\x1b]0;owned\\x07")
    assert re.findall("\x1b.{4}", shown) == ["\x1b[31m", "\x1b[0mx"]
    clean(shown.replace("\x1b[31m", "").replace("\x1b[0m", ""))


def test_the_log_of_a_server() -> None:
    said: list[str] = []
    server = Server(say=said.append)
    server.eb.rule("r", pattern={"source": ["shop"], "detail": {HOSTILE: [HOSTILE]}})
    server.eb.put("shop", HOSTILE, {HOSTILE: "other"})
    with pytest.raises(Exception):  # noqa: B017
        server.eb.rule(HOSTILE, pattern={"source": ["a"]})
    assert server._log is not None
    server._log.catch_up()
    server.close()
    assert said
    for text in said:
        clean(text)


# what would make lines of its own


#: Each of these ends a line for a terminal, a log or a reader; a tab moves what follows.
FORGED = "a\n>>b\t>>c\u2028>>d\r>>e\u0085>>f"


def lines_of_its_own(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith(">>")]


def test_a_name_with_a_line_break_makes_no_line() -> None:
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("r", pattern={"source": [FORGED, "shop"], "detail": {FORGED: [FORGED]}}, to=["f", "g", FORGED])
        eb.rule("s", pattern={"detail": {FORGED: [{"prefix": FORGED}], "q": [{"anything-but": FORGED}]}}, to="f")
        eb.connect("f", lambda event: fail(FORGED))
        eb.fail_target("g", error="NO_PERMISSIONS", reason=FORGED)
        eb.put(FORGED, FORGED, {FORGED: FORGED})
        eb.put("shop", FORGED, {FORGED: [FORGED, "other"]}, resources=[FORGED])
        eb.put("aws." + FORGED, FORGED)
        with pytest.raises(Exception, match="failed to satisfy constraint"):
            eb.rule(FORGED, pattern={"source": ["a"]})
        texts = [eb.journal.text(), eb.journal.end(), str(eb.explain(eb.events[1])), str(eb.route(eb.events[1]))]
        texts += [str(eb.coverage()), *map(repr, (eb.events, eb.deliveries, eb.events[0], eb.events[0].event))]
        uses: list[Callable[[], Any]] = [
            lambda: eb.assert_put(FORGED, "other"),
            lambda: eb.assert_put("shop", FORGED, {FORGED: FORGED + "z"}, exact=True),
            lambda: eb.assert_delivered(target=FORGED, payload=FORGED),
            lambda: eb.assert_not_put("shop"),
            lambda: eb.assert_not_delivered(rule="r"),
            lambda: eb.events.one(),
            lambda: eb.deliveries.one(),
        ]
        for use in uses:
            with pytest.raises(AssertionError) as failed:
                use()
            texts.append(str(failed.value))
    for text in texts:
        assert lines_of_its_own(text) == []
        assert "\t" not in text


def test_a_name_with_a_line_break_makes_no_line_in_checks() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(strict=True) as eb:
        eb.rule("r", pattern={"source": ["shop"], "detail": {FORGED: [FORGED]}}, to="g")
        eb.rule("s", pattern={"source": ["shop"]}, to="g")
        eb.fail_target("g", error="NO_PERMISSIONS", reason=FORGED)
        eb.put("shop", FORGED, {FORGED: "x"})
        eb.put(FORGED, FORGED, {FORGED: "y"})
    for error in failed.value.exceptions:
        for text in (str(error), *getattr(error, "__notes__", ())):
            assert lines_of_its_own(text) == []
