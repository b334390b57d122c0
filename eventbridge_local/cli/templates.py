"""A template on the command line: its options, and a bench with its rules."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from eventbridge_local.bench import Bench, bench
from eventbridge_local.cli.output import Terminal
from eventbridge_local.errors import UsageError
from eventbridge_local.iac import LoadReport, TemplateSource
from eventbridge_local.options import Options


def template_of(args: argparse.Namespace) -> TemplateSource:
    """The template of the arguments.

    Raises:
        UsageError: a --parameter or --resource is not ``NAME=VALUE``.
    """
    parameters = _pairs("--parameter", args.parameter)
    return TemplateSource(args.template, parameters, args.stack, _pairs("--resource", args.resource))


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise UsageError(f"{option} {text!r}: write {option} NAME=VALUE")
        pairs[name] = value
    return pairs


def loaded(args: argparse.Namespace, terminal: Terminal, keep: int | None = None) -> tuple[Bench, LoadReport]:
    """A bench with the rules of the template; what had to be taken for granted is noted on standard error.

    Nothing is handed to other services, whatever endpoints are configured.
    """
    made = bench(Options(account=args.account, region=args.region, forward="never", seed=0, keep_records=keep))
    report = made.load(template_of(args))
    for line in remarks(report):
        terminal.note(line)
    return made, report


def remarks(report: LoadReport) -> list[str]:
    """What a reader of the result should know of the template."""
    lines = [f"bus {name!r} is not declared in {report.source}; it is taken to exist" for name in report.assumed_buses]
    lines += [f"not resolved: {entry.path}: {entry.reason}; give {entry.options}" for entry in report.unresolved]
    if report.unused:
        lines.append(f"given but not asked for: {', '.join(report.unused)}")
    return lines


def bus_for(report: LoadReport, chosen: str | None) -> str:
    """The bus that events are put on: the one that was named, else the only one that has rules with patterns.

    Raises:
        UsageError: there are several, or the chosen one has none.
    """
    there = sorted({rule.bus for rule in report.rules if rule.pattern is not None})
    if chosen is None and len(there) > 1:
        raise UsageError(f"{report.source} has rules on several buses; choose one with --bus: {', '.join(there)}")
    if chosen is not None and there and chosen not in there:
        raise UsageError(
            f"--bus {chosen!r}: {report.source} has no rules with patterns there; choose from {', '.join(there)}"
        )
    return chosen or (there[0] if there else "default")
