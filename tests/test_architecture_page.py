"""The page docs/architecture.md is true: its levels are those that are tested, and its files are there.

``CHANGES`` are twenty changes that somebody may want to make. Each must be found in the table by its row, and the file
that the row names must hold what the change is about.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import eventbridge_local

TESTS = Path(__file__).parent
ROOT = TESTS.parent
PACKAGE = Path(eventbridge_local.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


def module_at(path: Path) -> ModuleType:
    """A Python file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows(heading: str) -> list[list[str]]:
    """The cells of the table below a heading, without the row of column names."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def paths_in(text: str) -> list[str]:
    """What stands in backticks and is a path: it has a slash at the end, or a name of a file."""
    return [name for name in re.findall(r"`([\w./-]+)`", text) if name.endswith(("/", ".py", ".md"))]


WHERE = {row[0]: row[1] for row in rows("Where a change goes")}


class Change(NamedTuple):
    """A change that somebody wants to make.

    Attributes:
        wish: what they want, in their own words.
        row: the row of the table where they look.
        file: the file where the change is made.
        holds: a text of that file that the change is about.
    """

    wish: str
    row: str
    file: str
    holds: str


CHANGES = [
    Change(
        "AWS words the refusal of an unknown rule differently now",
        'what "does not exist" says, and how names and ARNs are found',
        "operations/lookup.py",
        "does not exist on EventBus",
    ),
    Change(
        "botocore's model has a new kind of constraint",
        "a constraint AWS checks for every request",
        "botocore_hooks/shapes.py",
        "failed to satisfy constraint",
    ),
    Change("a bad page token has another text", "pages and page tokens", "model/pages.py", "Malformed request"),
    Change("AWS raises the number of rules of a bus", "a quota", "model/limits.py", "rules_per_event_bus"),
    Change("a detail may be a list", "the entries of PutEvents", "operations/events.py", "MalformedDetail"),
    Change(
        "policies get another condition operator",
        "a condition or an operator in the policy of a bus",
        "policies/conditions.py",
        "StringEquals",
    ),
    Change(
        "patterns get an operator",
        "an operator of the pattern language",
        "patterns/operators.py",
        '"equals-ignore-case"',
    ),
    Change("AWS allows more wildcards", "the limit of wildcards", "patterns/complexity.py", "score"),
    Change(
        "AWS updates its JSON parser and words a mistake differently",
        "the position or the words of a JSON mistake",
        "json_reader.py",
        "Unexpected character",
    ),
    Change(
        "the hint on a number that is compared with text reads badly",
        "why an event does not match a pattern, and the hint about it",
        "patterns/explain.py",
        "compares JSON types",
    ),
    Change(
        "templates get another reserved variable",
        "what a template of an InputTransformer makes",
        "transforms/template.py",
        "aws.events.rule-name",
    ),
    Change(
        "EventBridge gets another kind of target",
        "a kind of target: what PutTargets asks of it, the request it gets",
        "delivery/kinds/table.py",
        "KINDS",
    ),
    Change(
        "an event may make two hops within a Region",
        "which rules match, and why a delivery fails before it leaves",
        "delivery/route.py",
        "THIRD_ACCOUNT_HOP_DETECTED",
    ),
    Change(
        "the dead letter gets another attribute",
        "waits between retries, and the dead letter",
        "delivery/retries.py",
        "EXHAUSTED_RETRY_CONDITION",
    ),
    Change(
        "API destinations send another header",
        "the HTTP request of an API destination",
        "delivery/http/requests.py",
        "User-Agent",
    ),
    Change(
        "the text of a failing assert_put should show more events",
        "the text of a failing assertion",
        "report/assertions.py",
        "closest of",
    ),
    Change(
        "strict mode gets a third check", "a check at the end of a mock", "report/checks.py", "assert_all_rules_matched"
    ),
    Change("mock_eventbridge gets another option", "an option of the mock", "options.py", "assert_all_events_matched"),
    Change("SAM gets another event source", "what a transform or a framework adds", "iac/sam.py", "AWS::Serverless"),
    Change("lint should find something new", "a finding of `lint`", "lint/findings.py", "no-dlq"),
]


def test_there_are_twenty_changes() -> None:
    assert len({change.file for change in CHANGES}) == 20


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.wish)
def test_a_change_is_found(change: Change) -> None:
    assert change.file in paths_in(WHERE[change.row])
    assert change.holds in (PACKAGE / change.file).read_text("utf-8")


@pytest.mark.parametrize("to_change", WHERE)
def test_the_files_of_a_row_are_there(to_change: str) -> None:
    named = paths_in(WHERE[to_change])
    assert named
    assert [path for path in named if not (PACKAGE / path).exists() and not (ROOT / path).exists()] == []


def test_all_other_files_of_the_page_are_there() -> None:
    missing = [path for path in paths_in(PAGE) if not (PACKAGE / path).exists() and not (ROOT / path).exists()]
    assert missing == []


def test_the_levels_are_those_that_are_tested() -> None:
    on_page = {part: int(level) for level, parts, *_ in rows("Layout") for part in re.findall(r"`(\w+)`", parts)}
    assert on_page == module_at(TESTS / "test_architecture.py").LEVELS
