"""What a wheel has other than the repository: less text that only a person who changes the code reads.

Installed files keep their lines, so that tracebacks and the repository agree. Comments, and the docstrings of functions
and classes that no user is handed, become blank lines; ``help()`` and type checkers see what they saw. The sample
events, a file for each service in the repository, become one file. The source distribution and an editable install have
all as it is.
"""

from __future__ import annotations

import ast
import io
import json
import shutil
import tempfile
import tokenize
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

_PACKAGE = "eventbridge_local"
_SAMPLES = "samples/data"
#: Folders and files whose functions and classes are not on the reference page.
_INSIDE = (
    "botocore_hooks",
    "cli",
    "delivery/http",
    "delivery/kinds",
    "iac/cdk",
    "iac/cloudformation",
    "iac/handlers",
    "iac/names",
    "iac/permissions",
    "iac/sam",
    "iac/serverless",
    "iac/steps",
    "iac/terraform",
    "lint",
    "model/store",
    "model/records",
    "operations",
    "policies",
    "report/hints",
    "report/journal_text",
    "transforms",
)


class WheelHook(BuildHookInterface):
    """Put the shortened files in the places of those of the repository."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        self._folder = tempfile.mkdtemp(prefix="eventbridge-local-wheel-")
        for name, text in shortened(Path(self.root, _PACKAGE)).items():
            written = Path(self._folder, name)
            written.parent.mkdir(parents=True, exist_ok=True)
            written.write_text(text, encoding="utf-8", newline="\n")
            build_data["force_include"][str(written)] = f"{_PACKAGE}/{name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        if version != "editable":
            shutil.rmtree(self._folder, ignore_errors=True)


def shortened(package: Path) -> dict[str, str]:
    """Return the texts of the files that a wheel has in place of the repository's, by their paths below the package."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        found[name] = shorten(path.read_text(encoding="utf-8"), is_inside=name.startswith(_INSIDE))
    documents = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((package / _SAMPLES).glob("*.json"))]
    found[f"{_SAMPLES}/all.json"] = json.dumps(documents, separators=(",", ":"))
    return found


def shorten(source: str, is_inside: bool = False) -> str:
    """Return Python source without comments and private docstrings, each statement on the line that it had.

    Args:
        source: the text of a file.
        is_inside: whether all of its functions and classes are private, not only those whose names begin with ``_``.

    Raises:
        ValueError: the source would mean something else.
    """
    lines = source.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip() + "\n"
    for docstring in _private_docstrings(ast.parse(source), is_inside):
        for row in range(docstring.lineno, docstring.end_lineno + 1):
            lines[row - 1] = "\n"
    short = "".join(lines)
    if _meaning(short, is_inside) != _meaning(source, is_inside):
        raise ValueError("a shortened file would mean something else")
    return short


def _private_docstrings(tree: ast.Module, is_inside: bool) -> list[Any]:
    """Return the docstrings that nobody outside is shown, where the body is more than its docstring."""
    return [
        node.body[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and (is_inside or (node.name.startswith("_") and not node.name.startswith("__")))
        and ast.get_docstring(node, clean=False) is not None
        and len(node.body) > 1
    ]


def _meaning(source: str, is_inside: bool) -> str:
    """Return the syntax tree with the lines of statements, without private docstrings."""
    tree = ast.parse(source)
    private = {id(docstring) for docstring in _private_docstrings(tree, is_inside)}
    for node in ast.walk(tree):
        if private and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            node.body = [each for each in node.body if id(each) not in private]
    return ast.dump(tree, include_attributes=True)
