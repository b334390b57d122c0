"""Runs the pattern cases of tests/cases/patterns, in a few large chunks that list every case they lose."""

from __future__ import annotations

import gzip
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from plain_reading import has_lost_number, reads_as_match
from verdict import verdict

CASES = Path(__file__).parent.parent / "cases" / "patterns"
CHUNKS = 6
ODD_ESCAPE = re.compile(r"\\u.?.?.?[^0-9a-fA-F\\\"]")  # hex digits only the engine's reader knows
#: Named cases in which the engine crashes or errs: what the language says, and by which of its rules.
PLAIN_READINGS: dict[str, dict[str, Any]] = json.loads((CASES / "plain_readings.json").read_text("utf-8"))


@cache
def rows(name: str) -> list[dict[str, Any]]:
    """The cases of a file."""
    path = CASES / name
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def wanted_of(case: dict[str, Any]) -> dict[str, Any]:
    """The case with the language's verdict where the engine errs, or AWS was captured to differ from it."""
    if case["match"] and case.get("name") not in PLAIN_READINGS and has_lost_number(case["pattern"]):
        return case | {"match": reads_as_match(case["pattern"], case["event"])}
    return case | {"match": PLAIN_READINGS.get(case.get("name", ""), case)["match"]}


def defects() -> list[dict[str, Any]]:
    """The cases of known defects with the language's verdict, where it has one."""
    cases = [case | {"match": case["plain_reading"]} for case in rows("engine_defects.jsonl")]
    return [case for case in cases if case["match"] is not None]


def misread(cases: list[dict[str, Any]]) -> list[str]:
    """The cases on which the slow evaluator has another verdict than wanted."""
    return [
        f"{case['pattern']} on {case['event']}"
        for case in cases
        if reads_as_match(case["pattern"], case["event"]) != case["match"]
    ]


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
    lost = differences([wanted_of(case) for case in rows("cases.jsonl.gz")[chunk::CHUNKS]])
    assert not lost, "\n".join(lost)


def test_edge_cases() -> None:
    """Every named case has the engine's verdict, or the plain reading where the engine is known to be wrong."""
    lost = differences([wanted_of(case) for case in rows("edge_cases.jsonl")])
    assert not lost, "\n".join(lost)


def test_engine_defects_follow_the_plain_reading() -> None:
    """Where the engine has a defect and the language says what it should be, the language wins."""
    lost = differences(defects())
    assert not lost, "\n".join(lost)


@pytest.mark.parametrize("name", ["cases.jsonl.gz", "edge_cases.jsonl"])
def test_the_plain_reading_is_the_engine_s(name: str) -> None:
    """The slow evaluator, which shares no code with the library, has the engine's verdict on every recorded case."""
    cases = [case for case in rows(name) if case["match"] is not None and case.get("name") not in PLAIN_READINGS]
    read = [case for case in cases if not ODD_ESCAPE.search(case["pattern"])]
    assert not misread([case for case in read if not has_lost_number(case["pattern"])])


def test_numbers_that_match_nothing_on_aws() -> None:
    """These generated cases alone differ from the engine: a number of the pattern met its own spelling in the event."""
    lost = [case for case in rows("cases.jsonl.gz") if case["match"] and not wanted_of(case)["match"]]
    assert len(lost) == 9
    assert all("num:not-a-double" in case["tags"] for case in lost)


def test_plain_readings_are_derived() -> None:
    """What is wanted where the engine errs is what the slow evaluator makes of it, and the engine says otherwise."""
    cases = [case for case in rows("edge_cases.jsonl") if case["name"] in PLAIN_READINGS]
    assert len(cases) == len(PLAIN_READINGS)
    assert all(case["match"] is not PLAIN_READINGS[case["name"]]["match"] for case in cases)
    assert not misread([*map(wanted_of, cases), *defects()])
