"""The imports point down and never in a circle, and docs/architecture.md says so truly.

Every import counts: those inside functions, which are made late, and those for type checkers alone.

``CHANGES`` are twenty changes that somebody may want to make. Each must be found in the page's table by its row, and
the file that the row names must hold what the change is about.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import eventbridge_local

ROOT = Path(__file__).parent.parent
PACKAGE = Path(eventbridge_local.__file__).parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")

#: The parts of the package, from the bottom up: a part may import what stands below its own line, and itself.
#: ``model`` stands above the pattern language, transforms and schedules because records hold them compiled.
LEVELS = [
    {"visible"},
    {"errors", "typing", "defaults", "frozen"},
    {"deep", "json_reader", "advice", "batching", "moto_insides", "notebook"},
    {"json_text", "yaml_reader"},
    {"patterns", "transforms", "schedules"},
    {"model"},
    {"policies", "samples", "event_files"},
    {"delivery"},
    {"operations"},
    {"botocore_hooks", "report", "contracts", "iac"},
    {"options", "moto_stacks"},
    {"handle", "moto_producers"},
    {"mock"},
    {"__init__", "pytest_plugin"},
    {"lint", "server"},
    {"cli"},
    {"__main__"},
]

#: Files under 60 lines, and why each is a file of its own. An ``__init__.py`` may be short: it says what a folder has.
SHORT = {
    "__main__.py": "python -m eventbridge_local needs a file of this name",
    "advice.py": "did-you-mean, which parts of every level above use",
    "botocore_hooks/in_child.py": "a child process runs it by its path",
    "botocore_hooks/services.py": "one table: the services that a mock answers",
    "defaults.py": "the pytest plugin imports it in every run, so it must bring nothing with it",
    "model/hash_order.py": "one fact about Java, which trace headers and bus policies use",
    "model/limits.py": "one table: the quotas, which users import by this name",
    "notebook.py": "the two functions through which everything for a notebook goes",
    "visible.py": "the one function through which text for a terminal goes",
}

#: Files over 700 lines, and why each is one file.
LONG = {"handle.py": "one class, whose docstrings are the reference"}

#: Third-party packages, and the parts that may import them.
OUTSIDE = {
    "aiobotocore": {"botocore_hooks"},
    "botocore": {"botocore_hooks", "handle", "mock", "delivery"},
    "croniter": {"schedules"},
    "dateutil": {"model", "botocore_hooks", "options"},
    "jsonschema": {"contracts"},
    "jsonschema_specifications": {"contracts"},
    "pytest": {"mock", "pytest_plugin"},
    "referencing": {"contracts"},
    "yaml": {"yaml_reader"},
}


def part_of(path: str) -> str:
    """Return the part that a file belongs to: its folder in the package, or itself without the suffix."""
    return path.split("/")[0].removesuffix(".py")


@cache
def files() -> dict[str, str]:
    """Return the paths of all files of the package below it, by the names of their modules."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        inside = path.relative_to(PACKAGE)
        module = ".".join(("eventbridge_local", *inside.with_suffix("").parts)).removesuffix(".__init__")
        found[module] = inside.as_posix()
    return found


def imported_names(source: str) -> Iterator[str]:
    """Yield the absolute names that a source imports: of a module, or of something in a module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def imports() -> dict[str, set[str]]:
    """Return for each file what it imports: files of the package, and names of other top-level packages."""
    found = {}
    for path in files().values():
        names = set(imported_names((PACKAGE / path).read_text(encoding="utf-8")))
        found[path] = {target for name in names if (target := _target_of(name)) != path}
    return found


def _target_of(name: str) -> str:
    if name.split(".")[0] != "eventbridge_local":
        return name.split(".")[0]
    return files().get(name) or files()[name.rpartition(".")[0]]


def cycle_in(graph: dict[str, set[str]]) -> list[str]:
    """Return a circle of a graph as the way round it, the first again at the end; empty when there is none."""
    done: set[str] = set()

    def search(node: str, way: list[str]) -> list[str]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node not in done:
            for following in sorted(graph.get(node, ())):
                if found := search(following, [*way, node]):
                    return found
            done.add(node)
        return []

    return next(filter(None, (search(node, []) for node in sorted(graph))), [])


def test_every_part_has_a_level() -> None:
    """A new folder or file must be placed before it can be used."""
    assert {part_of(path) for path in files().values()} == set().union(*LEVELS)


def test_imports_point_down() -> None:
    """No part imports one above it or beside it."""
    level = {part: number for number, parts in enumerate(LEVELS) for part in parts}
    wrong = [
        f"{file} imports {other}"
        for file, others in imports().items()
        for other in others
        if other.endswith(".py") and part_of(file) != part_of(other) and level[part_of(other)] >= level[part_of(file)]
    ]
    assert sorted(wrong) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Not in a folder either, and not for type checkers alone: every file can be read after those that it uses."""
    assert cycle_in(imports()) == []


def test_third_party_imports_keep_to_their_parts() -> None:
    """Each library is imported only in the parts that exist to deal with it."""
    wrong = [
        f"{file} imports {other}"
        for file, others in imports().items()
        for other in others - sys.stdlib_module_names
        if not other.endswith(".py") and part_of(file) not in OUTSIDE.get(other, ())
    ]
    assert sorted(wrong) == []


def test_a_file_is_read_in_one_sitting() -> None:
    """A short file has a reason to stand alone, and a long one to be whole."""
    lines = {path: len((PACKAGE / path).read_text("utf-8").splitlines()) for path in files().values()}
    assert {path for path, count in lines.items() if count < 60 and not path.endswith("__init__.py")} == SHORT.keys()
    assert {path for path, count in lines.items() if count > 700} == LONG.keys()


# what the checks see


def test_the_imports_are_seen() -> None:
    """Of all kinds: plain ones, those in functions, and those for type checkers."""
    assert "delivery/engine.py" in imports()["operations/service.py"]
    assert "botocore" in imports()["botocore_hooks/hook.py"]
    assert "botocore_hooks/async_attempts.py" in imports()["botocore_hooks/hook.py"], "inside a function"
    assert "iac/__init__.py" in imports()["handle.py"], "under TYPE_CHECKING"


@pytest.mark.parametrize(
    ("graph", "way"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b", "c"}, "b": {"d"}, "c": {"d"}, "d": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"b"}}, ["b", "c", "b"]),
        ({"a": {"a"}}, ["a", "a"]),
    ],
)
def test_a_circle_is_found(graph: dict[str, set[str]], way: list[str]) -> None:
    """A circle is found wherever it stands; two ways to one file are none."""
    assert cycle_in(graph) == way


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
    Change("a bad page token has another text", "words on page tokens", "operations/lookup.py", "Malformed request"),
    Change("a page token depends on one more thing", "pages and page tokens", "model/pages.py", "_digest"),
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
        "how far an event may go from bus to bus",
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
        "the HTTP request of an API destination, and its headers",
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
    assert on_page == {part: level for level, parts in enumerate(LEVELS) for part in parts}


# the tests themselves

#: What measures real time, waits for it, or gives it to hypothesis as a limit.
REAL_TIME = re.compile(r"\b(?:perf_counter|process_time|thread_time)(?:_ns)?\b|\btime\.sleep\(|\bdeadline=(?!None)")


def test_tests_measure_no_time() -> None:
    """A slow machine makes no test fail. The runner of the scenarios, which serves other mocks too, may wait."""
    tests = Path(__file__).parent
    files = sorted({*tests.rglob("*.py")} - {Path(__file__), tests / "conformance" / "conformance.py"})
    words = {str(path.relative_to(tests)): REAL_TIME.findall(path.read_text("utf-8")) for path in files}
    assert {file: found for file, found in words.items() if found} == {}
