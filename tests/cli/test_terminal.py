"""Colours and the progress bar: on terminals only."""

from __future__ import annotations

import io
import itertools
import sys
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.cli import main, output
from eventbridge_local.cli.output import Progress

SHOP = Path(__file__).parent.parent / "cases" / "cli" / "templates" / "shop.yaml"
LINE = (
    '{"detail-type":"Placed","source":"shop","account":"1","time":"2026-03-06T09:00:00Z","region":"eu-west-1",'
    '"detail":{"total":5}}\n'
)


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_colour(variables: dict[str, str], coloured: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal unless NO_COLOR says otherwise."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Screen())
    assert main(["match", '{"a": [1]}', '{"a": 1}']) == 0
    assert sys.stdout.getvalue() == ("\x1b[32mmatch\x1b[0m\n" if coloured else "match\n")


def test_no_colour_in_a_file(run: Any) -> None:
    assert "\x1b" not in run("lint", str(SHOP)).out


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the time is a second later."""
    seconds = itertools.count(1)
    monkeypatch.setattr(output, "monotonic", lambda: float(next(seconds)))


def test_bar(quick: None) -> None:
    """The share of the file and the number of events, and nothing left in the end."""
    screen = Screen()
    with Progress(screen, 200) as bar:
        bar.at(100, 1500)
        bar.at(300, 2000)
    assert screen.getvalue().split("\r\x1b[K")[1:] == [
        "[###############...............]  50%  1,500 events",
        "[##############################] 100%  2,000 events",
        "",
    ]


def test_bar_without_an_end(quick: None) -> None:
    """Of standard input nobody knows how long it is."""
    screen = Screen()
    with Progress(screen, None) as bar:
        bar.at(0, 3)
    assert screen.getvalue() == "\r\x1b[K3 events\r\x1b[K"


def test_bar_is_not_drawn_for_each_event(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time does not pass, so it is drawn once."""
    monkeypatch.setattr(output, "monotonic", lambda: 5.0)
    screen = Screen()
    with Progress(screen, 100) as bar:
        for number in range(50):
            bar.at(number, number)
    assert screen.getvalue().count("events") == 1


@pytest.mark.parametrize("screen", [True, False])
def test_replay_draws_on_a_terminal_only(
    screen: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bar is on standard error; the result is the same."""
    file = tmp_path / "events.jsonl"
    file.write_text(LINE * 3)
    err = Screen() if screen else io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    assert main(["replay", str(SHOP), str(file)]) == 0
    assert capsys.readouterr().out.startswith("3 events, 0 of them matched by no rule\n")
    assert ("events" in err.getvalue()) is screen


def test_replay_of_gzip(run: Any, tmp_path: Path) -> None:
    """A file whose name ends in .gz is unpacked; one that only says so is an error of one line."""
    import gzip

    packed, wrong = tmp_path / "events.jsonl.gz", tmp_path / "wrong.jsonl.gz"
    packed.write_bytes(gzip.compress(LINE.encode() * 2))
    wrong.write_text(LINE)
    assert run("replay", str(SHOP), str(packed)).out.startswith("2 events, 0 of them")
    ran = run("replay", str(SHOP), str(wrong))
    assert ran.code == 2
    assert ran.err.startswith(f"eventbridge-local: cannot read {wrong}: ")
