"""Findings that somebody does not want: ``--ignore CODE[:RULE]``, and comments in the template.

The comment is ``# eventbridge-local: ignore CODE, CODE``, on the line that declares the rule or on the one above.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path

from eventbridge_local.advice import suggest
from eventbridge_local.errors import UsageError
from eventbridge_local.lint.finding import CODES, Finding

_COMMENT = re.compile(r"(?:#|//)\s*eventbridge-local:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)")


def is_silenced(options: Iterable[str]) -> Callable[[Finding], bool]:
    """A function that tells whether a finding is not wanted.

    Args:
        options: the values of ``--ignore``.

    Raises:
        UsageError: there is no such code.
    """
    ignored = [_parsed(option) for option in options]
    lines_of = lru_cache(_lines)  # for one run: files change

    def silenced(finding: Finding) -> bool:
        by_option = any(code == finding.code and rule in ("", finding.rule) for code, rule in ignored)
        return by_option or finding.code in _commented(lines_of(finding.file), finding.line)

    return silenced


def _parsed(option: str) -> tuple[str, str]:
    code, _, rule = option.partition(":")
    if code not in CODES:
        raise UsageError(f"--ignore {option!r}: there is no code {code!r}{suggest(code, CODES)}")
    return code, rule


def _commented(lines: tuple[str, ...], line: int | None) -> set[str]:
    if line is None:
        return set()
    near = lines[max(0, line - 2) : line]
    if len(near) == 2 and not near[0].lstrip().startswith(("#", "//")):
        near = near[1:]  # a comment behind something else belongs to that
    return {code.strip() for text in near for found in _COMMENT.finditer(text) for code in found[1].split(",")}


def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()
