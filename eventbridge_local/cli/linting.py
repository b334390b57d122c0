"""The command ``lint``."""

from __future__ import annotations

import argparse
from typing import Any

from eventbridge_local.cli.output import Terminal, count
from eventbridge_local.cli.templates import template_of
from eventbridge_local.lint import CODES, SEVERITIES, Finding, Severity, check, is_silenced
from eventbridge_local.lint.known import read_contracts
from eventbridge_local.options import Options

_STYLES: dict[Severity, str] = {"error": "bad", "warning": "warn", "info": "dim"}


def lint(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print a line for each finding; 1 when one is at least as bad as ``--fail-on`` says, else 0."""
    silenced = is_silenced(args.ignore)
    options = Options(account=args.account, region=args.region)  # refuses what is no account or Region
    plan = template_of(args).plan(options.account, args.region)
    found = check(plan, options.account, args.region, read_contracts(args.contracts))
    wanted = [finding for finding in found if not silenced(finding)]
    if terminal.as_json:
        terminal.document({"findings": [_document(each) for each in wanted], "silenced": len(found) - len(wanted)})
    else:
        for each in wanted:
            terminal.say(_line(each, terminal))
        terminal.say(_summary(wanted, len(found) - len(wanted)))
    return 1 if any(_fails(each.severity, args.fail_on) for each in wanted) else 0


def _fails(severity: Severity, bar: str) -> bool:
    return bar != "never" and SEVERITIES.index(severity) <= [*SEVERITIES].index(bar)  # type: ignore[arg-type]


def _line(finding: Finding, terminal: Terminal) -> str:
    kind = terminal.paint(f"{finding.severity} {finding.code}", _STYLES[finding.severity])
    silence = terminal.paint(f"({finding.silence})", "dim")
    return f"{finding.place}: {kind} {finding.rule}: {finding.message} {silence}"


def _summary(found: list[Finding], silenced: int) -> str:
    numbers = [(severity, sum(each.severity == severity for each in found)) for severity in SEVERITIES]
    said = ", ".join(
        count(number, severity) if severity != "info" else f"{number} info" for severity, number in numbers
    )
    return said + (f", {silenced} silenced" if silenced else "")


def _document(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": CODES[finding.code],
        "rule": finding.rule,
        "file": finding.file,
        "line": finding.line,
        "message": finding.message,
        "silence": finding.silence,
    }
