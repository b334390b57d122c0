"""The page of facts: its numbers are those that the code cites, and its sources are there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PAGE = ROOT / "docs" / "facts.md"

#: The word before a source, and the kinds of evidence that a scenario named behind it may have.
EVIDENCE = {
    "Recorded": {"aws-recorded", "aws-asserted", "derived"},
    "Captured": {"aws-captured"},
    "Reported": {"reported"},
    "Documented": {"aws-docs"},
    "Engine": set[str](),
    "Judgement": set[str](),
}
_HEADING = re.compile(r'### <a id="f([^"]*)"></a>(\S+) (.+)')
_WORD = re.compile(r"(?:^|(?<=\. )|(?<=\.\n))(Recorded|Captured|Reported|Documented|Engine|Judgement):\s", re.MULTILINE)
_SCENARIO = re.compile(r"`(\w+::\w+)`")
_CITATION = re.compile(r"\bfacts? (\d+\.\d+(?:,\s+\d+\.\d+)*)")
_WITHOUT_NUMBER = re.compile(r"\bfacts: |pattern language, section", re.IGNORECASE)


class Fact(NamedTuple):
    """One fact of the page."""

    anchor: str
    number: str
    text: str

    @property
    def order(self) -> tuple[int, ...]:
        """The number as integers, so that 1.10 comes after 1.9."""
        return tuple(int(part) for part in self.number.split("."))

    def sources(self) -> Iterator[tuple[str, str]]:
        """Each word of evidence with the text that follows it."""
        parts = _WORD.split(self.text)
        yield from zip(parts[1::2], parts[2::2], strict=True)


def facts_of(page: str) -> list[Fact]:
    """The facts of a page, in its order."""
    found = []
    for block in re.split(r"^(?=### )", page, flags=re.MULTILINE)[1:]:
        heading = _HEADING.match(block)
        assert heading is not None, f"no heading of a fact: {block.splitlines()[0]}"
        text = re.split(r"^## ", block[heading.end() :], flags=re.MULTILINE)[0]
        found.append(Fact(heading[1], heading[2], text.strip()))
    return found


def scenarios() -> dict[str, str]:
    """The evidence of each scenario, by ``theme::name``."""
    found = {}
    for path in sorted((TESTS / "cases" / "scenarios").glob("*.json")):
        for scenario in json.loads(path.read_text("utf-8"))["scenarios"]:
            found[f"{path.stem}::{scenario['name']}"] = scenario["evidence"]
    return found


def files() -> Iterator[Path]:
    """The files that may cite facts."""
    folders = ("eventbridge_local", "tests", "tools", "benchmarks", "docs")
    for path in sorted(path for folder in folders for path in (ROOT / folder).rglob("*")):
        if path != Path(__file__) and path.suffix in {".py", ".json", ".md", ".yaml"}:
            yield path


def citations() -> dict[str, list[str]]:
    """The numbers that files of the repository cite, each with the files."""
    found: dict[str, list[str]] = {}
    for path in files():
        for numbers in _CITATION.findall(path.read_text("utf-8")):
            for number in re.split(r",\s+", numbers):
                found.setdefault(number, []).append(path.relative_to(ROOT).as_posix())
    return found


FACTS = facts_of(PAGE.read_text("utf-8"))


def test_numbers_ascend_and_anchors_follow_them() -> None:
    assert all(before.order < after.order for before, after in pairwise(FACTS))
    assert [fact.anchor for fact in FACTS] == [fact.number for fact in FACTS]


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.number)
def test_a_fact_says_where_it_comes_from(fact: Fact) -> None:
    evidence = scenarios()
    sources = list(fact.sources())
    assert sources, "no word of evidence"
    named = [(word, name) for word, text in sources for name in _SCENARIO.findall(text)]
    assert sorted(name for _, name in named) == sorted(_SCENARIO.findall(fact.text))
    assert [name for word, name in named if evidence.get(name) not in EVIDENCE[word]] == []


def test_cited_facts_are_on_the_page() -> None:
    cited = citations()
    assert cited
    numbers = {fact.number for fact in FACTS}
    assert {number: files for number, files in cited.items() if number not in numbers} == {}


def test_facts_are_cited_by_number() -> None:
    assert [path.name for path in files() if _WITHOUT_NUMBER.search(path.read_text("utf-8"))] == []
