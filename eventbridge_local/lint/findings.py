"""Findings: what may be wrong with a rule, how bad it is, and how to silence it.

A finding is silenced by the option ``--ignore CODE[:RULE]``, or by a comment in the template,
``# eventbridge-local: ignore CODE, CODE``, on the line that declares the rule or on the line above it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

from eventbridge_local.advice import suggest
from eventbridge_local.errors import UsageError

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

#: Every code with its severity. An error cannot work, a warning is probably a mistake, an info is good to know.
CODES: dict[str, Severity] = {
    "refused": "error",
    "never-matches": "error",
    "envelope-field": "error",
    "contract": "error",
    "unsupported-target": "error",
    "case-trap": "warning",
    "wrong-type": "warning",
    "not-a-value": "warning",
    "useless-value": "warning",
    "matches-everything": "warning",
    "or-overrides": "warning",
    "or-unreachable": "warning",
    "or-overlap": "warning",
    "loop": "warning",
    "second-hop": "warning",
    "unknown-bus": "warning",
    "aws-source-on-custom-bus": "warning",
    "no-targets": "warning",
    "target-permission": "warning",
    "dlq-permission": "warning",
    "role-permission": "warning",
    "schedule-ended": "warning",
    "redundant-value": "info",
    "no-dlq": "info",
    "unresolved": "info",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check says about a rule: the code, and what is wrong and what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem with the rule that has it and the place of the rule.

    Args:
        code: a key of ``CODES``.
        message: what is wrong and what to do.
        rule: logical id of the rule, or of the resource that is left out.
        file: the file that declares it, as it can be opened.
        line: of the declaration, from 1; None when it is not known.
    """

    code: str
    message: str
    rule: str
    file: str
    line: int | None = None

    @property
    def severity(self) -> Severity:
        return CODES[self.code]

    @property
    def place(self) -> str:
        """``file:line``."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    @property
    def silence(self) -> str:
        """The option that silences it."""
        return f"--ignore {self.code}:{self.rule}"


_COMMENT = re.compile(r"(?:#|//)\s*eventbridge-local:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)")


def is_silenced(options: Iterable[str]) -> Callable[[Finding], bool]:
    """Return a function that says whether a finding is silenced.

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
        near = near[1:]  # a comment after something else on its line belongs to that
    return {code.strip() for text in near for found in _COMMENT.finditer(text) for code in found[1].split(",")}


def _lines(file: str) -> tuple[str, ...]:
    try:
        return tuple(Path(file).read_text(encoding="utf-8-sig").splitlines())
    except (OSError, UnicodeDecodeError):
        return ()
