"""The wildcard score: the engine's number on every recorded pattern, and never too low where it is cut short."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.patterns import InvalidPattern, check_complexity, compile_pattern, complexity

CASES = Path(__file__).parent.parent / "cases" / "patterns"
SCORES = {"a": 1, "*": 2, "*a": 2, "*a*": 3, "*a*b": 3, "*a*a*": 5, "a*aaa": 4, "*:*:*": 5, "*/lib/*": 4}


@cache
def recorded() -> list[dict[str, Any]]:
    """All recorded cases with a score."""
    texts = [gzip.decompress((CASES / "cases.jsonl.gz").read_bytes()).decode()]
    texts += [(CASES / name).read_text("utf-8") for name in ("edge_cases.jsonl", "engine_defects.jsonl")]
    cases = [json.loads(line) for text in texts for line in text.splitlines()]
    return [case for case in cases if case["valid"] and case.get("complexity") is not None]


def wildcards(*operands: str) -> str:
    """A pattern with these wildcards at one path."""
    return json.dumps({"f": [{"wildcard": operand} for operand in operands]})


@pytest.mark.parametrize("operand", SCORES)
def test_score_of_a_wildcard(operand: str) -> None:
    """The score of single wildcards is the documented one."""
    assert compile_pattern(wildcards(operand)).complexity == SCORES[operand]


def test_scores_are_the_engine_s() -> None:
    """Every recorded score is met, on whatever side of the limit."""
    scores = [(compile_pattern(case["pattern"]).complexity, case["complexity"], case["pattern"]) for case in recorded()]
    assert len(scores) > 2_000
    assert not [row for row in scores if row[0] != row[1]]


def test_the_check_refuses_what_scores_above_ten() -> None:
    """The check, which stops counting early, refuses exactly the patterns above the limit."""
    assert [case["pattern"] for case in recorded() if refused(case["pattern"]) != (case["complexity"] > 10)] == []


def test_without_time_nothing_passes_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the score cannot be worked out, what takes its place refuses all that the score would refuse."""
    monkeypatch.setattr(complexity, "_MOST_WORK", 0)
    assert all(refused(case["pattern"]) for case in recorded() if case["complexity"] > 10)
    assert not refused(wildcards("*a*b"))


def test_complex_patterns_are_refused_in_the_words_of_aws() -> None:
    """A pattern over the limit compiles, and the check refuses it."""
    pattern = compile_pattern(wildcards("*a" * 12 + "*"))
    with pytest.raises(InvalidPattern, match=r"^Rule is too complex - try using fewer wildcard characters"):
        check_complexity(pattern)
    check_complexity(compile_pattern(wildcards("*a*")))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"cidr": "10.0.0.0/24"}, {"cidr": "10.0.0.1/24"}, True),
        ({"cidr": "10.0.0.0/24"}, {"cidr": "10.0.0.0/25"}, False),
        ({"cidr": "10.0.0.1/32"}, "10.0.0.1", True),
        ("2001:db8::1", "2001:DB8:0::1", True),
        ({"cidr": "2001:db8::/32"}, {"cidr": "2001:db8::7/32"}, True),
        (1, {"numeric": ["=", 1]}, True),
        ({"numeric": [">", 1]}, {"numeric": [">", 1.0]}, True),
        ({"anything-but": ["a", "b"]}, {"anything-but": ["b", "a"]}, True),
        ({"anything-but": {"prefix": "a"}}, {"anything-but": {"prefix": ["a"]}}, True),
    ],
)
def test_the_same_test_in_two_spellings_counts_once(one: object, other: object, same: bool) -> None:
    """What follows two tests counts together where the tests are one, as captured of AWS (facts 12.13)."""
    lists = [[{"wildcard": str(number)} for number in numbers] for numbers in (range(6), range(6, 12))]
    branches = [{"a": [test], "z": each} for test, each in zip((one, other), lists, strict=True)]
    assert refused(json.dumps({"$or": branches})) is same


def refused(pattern: str) -> bool:
    """Whether the check refuses a pattern."""
    try:
        check_complexity(compile_pattern(pattern))
    except InvalidPattern:
        return True
    return False
