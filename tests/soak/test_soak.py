"""Each load briefly; ``make soak`` runs them long."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import loads

HERE = Path(__file__).parent
SOAK = HERE.parents[1] / "tools" / "soak.py"


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, cwd=HERE, timeout=300)


def test_threads() -> None:
    figures = loads.threads(threads=4, calls=150)
    assert figures["events"] and figures["delivered"] and figures["dead-lettered"]


def test_puts() -> None:
    figures = loads.puts(1_500, keep=100)
    assert figures["records kept"] < 150


def test_retries() -> None:
    figures = loads.retries(200)
    assert (figures["delivered"], figures["dead-lettered"]) == (180, 20)
    assert figures["failed attempts"] > 200


def test_mocks() -> None:
    """In a process without pytest, whose plugin keeps the mocks of a test for its report."""
    ran = run(SOAK, "mocks", "--mocks", "100", "--seed", "1")
    assert ran.returncode == 0, ran.stderr
    assert "all held" in ran.stdout
    assert ", seed 1\n" in ran.stdout


#: A list that grows with each mock is enough.
LEAK = """
import loads
kept = []
put_one = loads.put_one
loads.put_one = lambda client: (put_one(client), kept.append([]))
loads.mocks(60)
"""


def test_what_stays_of_a_mock_is_found() -> None:
    ran = run("-c", LEAK)
    assert "AssertionError: [('list', " in ran.stderr


def test_a_load_that_fails_is_named() -> None:
    """And makes the exit code."""
    ran = run(SOAK, "retries", "--retries", "0")
    assert ran.returncode == 1
    assert "failed: retries" in ran.stdout
