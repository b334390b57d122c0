"""Patterns and events as arguments: JSON text, a file, ``@file``, or ``-`` for standard input.

A mistake is reported with file, line and column.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.json_reader import DEEPEST
from eventbridge_local.json_text import decoded
from eventbridge_local.patterns import InvalidPattern, Pattern, check_complexity, compile_pattern, parse_event

_INLINE = tuple('{["')
#: Where AWS's message says the position of the mistake.
_PLACE = re.compile(r"\n at \[Source: \(String\).*; line: (\d+), column: (\d+)\]\Z", re.DOTALL)
_LINES = (".jsonl", ".ndjson")
_MEMBERS = {"Source": "source", "DetailType": "detail-type", "Resources": "resources"}


@dataclass(frozen=True, slots=True)
class InputText:
    """A text and where it comes from."""

    name: str
    content: str
    first_line: int = 1

    def broken(self, line: int, column: int, problem: str) -> UsageError:
        """Return the error for a mistake at a line and column, both from 1."""
        return UsageError(f"{self.name}:{self.first_line - 1 + line}:{column}: {problem}")


def read_text(given: str, what: str) -> InputText:
    """Return the text of an argument.

    Args:
        given: the argument.
        what: its name in the help.

    Raises:
        UsageError: it is empty, or the file cannot be read.
    """
    if given == "-":
        return InputText("<stdin>", _decoded(sys.stdin.buffer.read(), "<stdin>"))
    if given.lstrip().startswith(_INLINE):
        return InputText(f"<{what}>", given)
    path = Path(given.removeprefix("@"))
    try:
        return InputText(str(path), _decoded(path.read_bytes(), str(path)))
    except (OSError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        reason = getattr(problem, "strerror", None) or problem
        if given.startswith("@"):
            raise UsageError(f"{what} {given!r}: {reason}; write the path of a file after the @") from None
        raise UsageError(
            f"{what} {given!r}: {reason}; give JSON text in quotes, the path of a file, or - for standard input"
        ) from None


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = content[: problem.start]
        line, column = before.count(b"\n") + 1, problem.start - before.rfind(b"\n")
        raise UsageError(f"{name}:{line}:{column}: not UTF-8; save the file as UTF-8") from None


def read_pattern(given: str) -> Pattern:
    """Return the compiled pattern of an argument.

    Raises:
        UsageError: it cannot be read, or AWS refuses it.
    """
    text = read_text(given, "PATTERN")
    try:
        pattern = compile_pattern(text.content)
        check_complexity(pattern)
    except InvalidPattern as invalid:
        from eventbridge_local.report.journal_text import advice_on

        found = _PLACE.search(invalid.reason)
        line, column = (int(found[1]), max(1, int(found[2]) - 1)) if found else (1, 1)
        advice = advice_on(text.content)
        problem = f"Event pattern is not valid. Reason: {_PLACE.sub('', invalid.reason)}"
        if _is_json(text.content) and advice:
            problem = f"{problem}; {advice}"
        raise text.broken(line, column, problem) from None
    return pattern


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def read_event(given: str) -> dict[str, Any]:
    """Return the event of an argument; an entry of PutEvents becomes the event that it makes.

    Raises:
        UsageError: it cannot be read.
    """
    text = read_text(given, "EVENT")
    return _as_event(_tree(text), text)


def read_events(given: str) -> Iterator[tuple[InputText, Mapping[str, Any]]]:
    """Yield the events or entries of an argument, each with its place: one, or one for each line of a .jsonl file.

    Raises:
        UsageError: one cannot be read.
    """
    text = read_text(given, "EVENT")
    if not text.name.endswith(_LINES):
        yield text, _tree(text)
        return
    for number, line in enumerate(text.content.split("\n"), 1):
        if line.strip():
            each = InputText(text.name, line, number)
            yield each, _tree(each)


_OBJECT = "an event is a JSON object"


def _tree(text: InputText) -> dict[str, Any]:
    try:
        decoded(text.content)
        return parse_event(text.content, DEEPEST + 1)
    except json.JSONDecodeError as broken:
        problem = broken.msg if text.content.strip() else f"there is no text here; {_OBJECT}"
        raise text.broken(broken.lineno, broken.colno, problem) from None
    except (ValueError, RecursionError) as broken:
        problem = str(broken) or "nested too deeply"
        raise text.broken(1, 1, problem if problem == _OBJECT else f"{problem}; {_OBJECT}") from None


def _as_event(tree: dict[str, Any], text: InputText) -> dict[str, Any]:
    if "Source" not in tree and "DetailType" not in tree:
        return tree
    event = {name: tree[given] for given, name in _MEMBERS.items() if given in tree}
    if "Detail" in tree:
        if not isinstance(tree["Detail"], str):
            raise text.broken(1, 1, "Detail of an entry is JSON text; write it as a string, or give the event itself")
        event["detail"] = _tree(InputText(f"{text.name} (Detail)", tree["Detail"]))
    return event
