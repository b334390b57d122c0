"""How pages show text: code and the output of programs are 88 columns wide, as wide as the page shows without a bar."""

from __future__ import annotations

import re
import textwrap

WIDTH = 88
_FENCE = re.compile(r" *(`{3,})")


def wrapped(line: str) -> list[str]:
    """Return a line of output as pages show it: what is longer goes on in the next line, indented by four more."""
    indent = line[: len(line) - len(line.lstrip())] + " " * 4
    return textwrap.wrap(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]


def wrapped_text(text: str) -> str:
    """Return the output of a program as pages show it."""
    return "\n".join(part for line in text.split("\n") for part in wrapped(line))


def wide_lines(page: str) -> list[str]:
    """Return the lines of code blocks that are wider than the page, each with its number."""
    return [f"{number}: {line}" for number, line, is_code in _lines(page) if is_code and len(line) > WIDTH]


def cells_with_pipes(page: str) -> list[str]:
    """Return the rows of tables that have an escaped pipe: some renderers show the backslash."""
    return [
        f"{number}: {line}"
        for number, line, is_code in _lines(page)
        if not is_code and line.startswith("|") and "\\|" in line
    ]


def _lines(page: str) -> list[tuple[int, str, bool]]:
    """Return each line with its number and whether it is in a code block."""
    found, fence = [], ""
    for number, line in enumerate(page.split("\n"), 1):
        mark = _FENCE.match(line)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
            continue
        found.append((number, line, bool(fence)))
    return found
