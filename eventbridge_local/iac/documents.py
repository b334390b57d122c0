"""Files of YAML and JSON, with the line and column of everything in them.

Positions are looked up when they are asked for, which is once for each declared resource: reading stays as fast as the
parser, and values stay plain dicts, lists, texts and numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.iac import json_text
from eventbridge_local.iac.unknown import Path as Where

Position = tuple[int, int]


class BrokenFile(UsageError):
    """A file that cannot be read as what it should be. The text begins with ``file:line:column``.

    Args:
        file: path of the file.
        line, column: from 1.
    """

    def __init__(self, file: str, line: int, column: int, problem: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {problem}")
        self.file = file
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Args:
        path: where it is.
        data: its content.
        locate: gives the position of what stands at a path in ``data``, None when it cannot tell.
    """

    path: Path
    data: dict[str, Any]
    locate: Callable[[Where], Position | None] = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.name

    def position(self, path: Where) -> tuple[int | None, int | None]:
        """Line and column of the nearest thing on the way to ``path`` that has a position."""
        for length in range(len(path), 0, -1):
            found = self.locate(path[:length])
            if found is not None:
                return found
        return None, None


def read_document(path: Path) -> Document:
    """A file whose content is a mapping. JSON is read as such when it is so named or begins with a brace.

    Raises:
        BrokenFile: with file, line and column.
        UsageError: the file cannot be opened, or is YAML and PyYAML is not installed.
    """
    text = _text(path)
    if path.suffix == ".json" or (path.suffix not in (".yaml", ".yml") and text.lstrip()[:1] == "{"):
        data, locate = _json(text, path)
    else:
        from eventbridge_local.iac import yaml_text

        data, locate = yaml_text.read(text, lambda line, column, problem: BrokenFile(str(path), line, column, problem))
    if not isinstance(data, dict):
        kind = "nothing" if data is None else f"a {type(data).__name__}"
        raise BrokenFile(str(path), 1, 1, f"a template is a mapping; this file holds {kind}")
    return Document(path, data, locate)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise UsageError(f"cannot read {path}: {problem.strerror or problem}") from None
    if raw[:2] == b"PK":
        raise UsageError(
            f"{path} is a zip archive; for a Terraform plan give the output of `terraform show -json {path.name}`"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start]
        line, column = before.count(b"\n") + 1, problem.start - before.rfind(b"\n")
        raise BrokenFile(str(path), line, column, f"not UTF-8: {problem.reason}") from None


def _json(text: str, path: Path) -> tuple[Any, Callable[[Where], Position | None]]:
    try:
        return json_text.read(text)
    except json_text.BrokenJson as broken:
        raise BrokenFile(str(path), broken.line, broken.column, broken.problem) from None
