"""Findings: what there may be wrong with a rule, how bad it is, and how to silence it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")

#: Every code with its severity. An error cannot work, a warning is probably a mistake, an info is worth knowing.
CODES: dict[str, Severity] = {
    "refused": "error",
    "never-matches": "error",
    "envelope-field": "error",
    "contract": "error",
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
    "schedule-ended": "warning",
    "redundant-value": "info",
    "no-dlq": "info",
    "unresolved": "info",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What a check says of a rule: the code, and what is wrong and what to do."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at its place.

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
