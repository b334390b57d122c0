"""Runs the pattern cases of tests/cases/patterns, in a few large chunks that list every case they lose."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from verdict import verdict

CASES = Path(__file__).parent.parent / "cases" / "patterns"
CHUNKS = 6
PLAIN_READINGS: dict[str, bool] = json.loads((CASES / "plain_readings.json").read_text())


@cache
def rows(name: str) -> list[dict[str, Any]]:
    """The cases of a file."""
    path = CASES / name
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return [json.loads(line) for line in text.splitlines()]


def differences(cases: list[dict[str, Any]]) -> list[str]:
    """The cases on which the verdict is another."""
    lost = []
    for case in cases:
        wanted = {"valid": case["valid"], "error": case.get("error"), "match": case["match"]}
        if (got := verdict(case["pattern"], case["event"])) != wanted:
            lost.append(
                f"{case.get('name', '')} {case['pattern']} on {case['event']}\n  wanted {wanted}\n  got    {got}"
            )
    return lost


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_generated_cases(chunk: int) -> None:
    """Every generated case has the engine's verdict and the engine's whole message."""
    lost = differences(rows("cases.jsonl.gz")[chunk::CHUNKS])
    assert not lost, "\n".join(lost)


def test_edge_cases() -> None:
    """Every named case has the engine's verdict, or the plain reading where the engine is known to be wrong."""
    cases = [case | {"match": PLAIN_READINGS.get(case["name"], case["match"])} for case in rows("edge_cases.jsonl")]
    lost = differences(cases)
    assert not lost, "\n".join(lost)


def test_engine_defects_follow_the_plain_reading() -> None:
    """Where the engine has a defect and the language says what it should be, the language wins."""
    cases = [case | {"match": case["plain_reading"]} for case in rows("engine_defects.jsonl")]
    lost = differences([case for case in cases if case["match"] is not None])
    assert not lost, "\n".join(lost)
