"""The import graph points down, and docs/architecture.md says so truly.

``CHANGES`` are twenty changes that somebody may want to make. Each must be found in the page's table by its row, and
the file that the row names must hold what the change is about.
"""

from __future__ import annotations

import ast
import graphlib
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import eventbridge_local

ROOT = Path(__file__).parent.parent
PACKAGE = Path(eventbridge_local.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")

#: The level of each part; a part may import what stands on a lower level, and itself.
LEVELS = {
    "errors": 0,
    "defaults": 0,
    "typing": 0,
    "batching": 1,
    "json_text": 0,
    "json_reader": 0,
    "advice": 1,
    "patterns": 2,
    "transforms": 2,
    "schedules": 2,
    "model": 3,
    "samples": 4,
    "event_files": 4,
    "policies": 4,
    "delivery": 5,
    "operations": 6,
    "botocore_hooks": 7,
    "report": 7,
    "contracts": 7,
    "iac": 7,
    "options": 8,
    "handle": 8,
    "mock": 8,
    "__init__": 9,
    "pytest_plugin": 9,
    "lint": 10,
    "server": 10,
    "cli": 11,
    "__main__": 12,
}

#: Edges within a level.
BESIDE = {
    ("json_text", "json_reader"),
    ("handle", "options"),
    ("mock", "options"),
    ("mock", "handle"),
}

#: Third-party packages, and the parts that may import them.
OUTSIDE = {
    "botocore": {"botocore_hooks", "handle", "mock", "delivery"},
    "dateutil": {"model", "botocore_hooks", "options"},
    "croniter": {"schedules"},
    "jsonschema": {"contracts"},
    "jsonschema_specifications": {"contracts"},
    "referencing": {"contracts"},
    "pytest": {"pytest_plugin"},
    "yaml": {"contracts", "iac"},
}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Absolute names of what a file imports, inside of functions and for type checkers too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def edges() -> set[tuple[str, str, str]]:
    """``(importing part, imported part, file)`` over the whole package."""
    found = set()
    for path in PACKAGE.rglob("*.py"):
        for name in imports_of(path):
            parts = name.split(".")
            if parts[0] == "eventbridge_local" and len(parts) > 1 and parts[1] in LEVELS:
                found.add((part_of(path), parts[1], str(path.relative_to(PACKAGE))))
    return found


def test_every_part_has_a_level() -> None:
    """A new folder or module must be placed before it can be used."""
    assert {part_of(path) for path in PACKAGE.rglob("*.py")} == set(LEVELS)


def test_imports_point_down() -> None:
    """No part imports one above it or, with the named exceptions, beside it."""
    wrong = [
        f"{file}: {here} imports {there}"
        for here, there, file in edges()
        if here != there and LEVELS[there] >= LEVELS[here] and (here, there) not in BESIDE
    ]
    assert not wrong, "\n".join(sorted(wrong))


def test_the_graph_is_seen() -> None:
    """The computation sees the edges it judges."""
    assert ("operations", "delivery") in {(here, there) for here, there, _ in edges()}


def test_third_party_imports_keep_to_their_rooms() -> None:
    """Each library is imported only in the parts that exist to deal with it."""
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        for name in imports_of(path):
            top = name.split(".")[0]
            if top in OUTSIDE and part_of(path) not in OUTSIDE[top]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {top}")
    assert not wrong, "\n".join(sorted(wrong))


def files() -> dict[str, Path]:
    """The modules of the package, by their names."""
    return {
        ".".join((PACKAGE.name, *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in PACKAGE.rglob("*.py")
    }


def imported_files(path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules that a file imports, also inside of functions and for type checkers only."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names & modules.keys())
            if not names <= modules.keys():
                found.add(node.module)
    return found & modules.keys()


def test_there_is_no_cycle_of_files() -> None:
    """No file imports itself over others, imports under TYPE_CHECKING and inside of functions included."""
    modules = files()
    graph = {name: imported_files(path, modules) - {name} for name, path in modules.items()}
    assert graph["eventbridge_local.delivery.engine"]
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as cycle:
        pytest.fail(" imports ".join(reversed(cycle.args[1])))


# the page


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


def test_the_levels_of_the_page_are_those_above() -> None:
    on_page = {part: int(level) for level, parts, *_ in rows("Layout") for part in re.findall(r"`(\w+)`", parts)}
    assert on_page == LEVELS
