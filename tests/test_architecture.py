"""The import graph points down, as docs/architecture.md has it."""

from __future__ import annotations

import ast
from pathlib import Path

import eventbridge_local

PACKAGE = Path(eventbridge_local.__file__).parent

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
    """Absolute names of what a file imports, those for type checkers left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in typing_only:
            continue
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
