"""Running the command line in this process, and sockets on this machine."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import pytest

from eventbridge_local.cli import main


class Ran(NamedTuple):
    """What a command left behind."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a command: ``run("match", pattern, event, stdin="...")``."""
    monkeypatch.setenv("COLUMNS", "200")

    def runs(*argv: str, stdin: str = "") -> Ran:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        capsys.readouterr()
        code = main(argv)
        return Ran(code, *capsys.readouterr())

    return runs


@pytest.fixture
def sockets(connected_sockets: list[Any]) -> Iterator[Sequence[Any]]:
    """Let a test connect sockets, to this machine."""
    before = len(connected_sockets)
    yield connected_sockets
    hosts = {address[0] for address in connected_sockets[before:]}
    del connected_sockets[before:]
    assert hosts <= {"127.0.0.1", "::1"}
