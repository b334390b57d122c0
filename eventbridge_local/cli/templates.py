"""Commands on a template, ``lint`` and ``serve``, and the template's options for all commands."""

from __future__ import annotations

import argparse
import os
import signal
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from eventbridge_local.cli.output import Terminal, count
from eventbridge_local.errors import UsageError
from eventbridge_local.handle import EventBridge
from eventbridge_local.iac import LoadReport, TemplateSource
from eventbridge_local.lint import CODES, SEVERITIES, Finding, Severity, check, is_silenced
from eventbridge_local.lint.event_checks import read_contracts
from eventbridge_local.mock import build_eventbridge
from eventbridge_local.options import Options
from eventbridge_local.server.serving import NOT_FOR_PRODUCTION, Server


def template_of(args: argparse.Namespace) -> TemplateSource:
    """Return the template that the arguments name.

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


def loaded(args: argparse.Namespace, terminal: Terminal, keep: int | None = None) -> tuple[EventBridge, LoadReport]:
    """Return an EventBridge with the rules of the template; print notes on what had to be assumed.

    Nothing is sent to other services, whatever endpoints are configured.
    """
    options = Options(account=args.account, region=args.region, forward="never", seed=0, keep_records=keep)
    eb = build_eventbridge(options)
    report = eb.load_source(template_of(args), assume_buses=True)
    for line in remarks(report):
        terminal.note(line)
    return eb, report


def remarks(report: LoadReport) -> list[str]:
    """Return notes on the template: what is assumed, not resolved, or not used."""
    lines = [f"bus {name!r} is not declared in {report.source}; assumed to exist" for name in report.assumed_buses]
    lines += [f"not resolved: {entry.path}: {entry.reason}; give {entry.options}" for entry in report.unresolved]
    if report.unused:
        lines.append(f"given, but the template does not use it: {', '.join(report.unused)}")
    return lines


def bus_for(report: LoadReport, chosen: str | None) -> str:
    """Return the bus that events are put on: the one that was named, or the only one that has rules with patterns.

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


# lint


_STYLES: dict[Severity, str] = {"error": "bad", "warning": "warn", "info": "dim"}


def lint(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print a line for each finding; 1 when one is at least as bad as ``--fail-on`` says, else 0."""
    silenced = is_silenced(args.ignore)
    options = Options(account=args.account, region=args.region)  # refuses an invalid account or Region
    plan = template_of(args).plan(options.account, args.region)
    found = check(plan, options.account, args.region, read_contracts(args.contracts))
    shown = [finding for finding in found if not silenced(finding)]
    if terminal.as_json:
        terminal.document({"findings": [_document(each) for each in shown], "silenced": len(found) - len(shown)})
    else:
        for each in shown:
            terminal.say(_line(each, terminal))
        terminal.say(_summary(shown, len(found) - len(shown)))
    return 1 if any(_fails(each.severity, args.fail_on) for each in shown) else 0


def _fails(severity: Severity, bar: str) -> bool:
    return bar != "never" and SEVERITIES.index(severity) <= [*SEVERITIES].index(bar)  # type: ignore[arg-type]


def _line(finding: Finding, terminal: Terminal) -> str:
    kind = terminal.paint(f"{finding.severity} {finding.code}", _STYLES[finding.severity])
    silence = terminal.paint(f"({finding.silence})", "dim")
    return f"{finding.place}: {kind} {finding.rule}: {finding.message} {silence}"


def _summary(found: list[Finding], silenced: int) -> str:
    numbers = [(severity, sum(each.severity == severity for each in found)) for severity in SEVERITIES]
    summary = ", ".join(
        count(number, severity) if severity != "info" else f"{number} info" for severity, number in numbers
    )
    return summary + (f", {silenced} silenced" if silenced else "")


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


# serve


def serve(args: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until Ctrl-C, printing what happens; 0 when it was stopped."""
    signal.signal(signal.SIGTERM, _interrupt)
    server = Server(
        host=args.host,
        port=args.port,
        allow_remote=args.allow_remote,
        allowed_hosts=args.allowed_host,
        template=None if args.template is None else template_of(args),
        say=None if args.quiet else _flushed(terminal),
        shape=_stamper(terminal),
        account=args.account,
        region=args.region,
        now=args.now,
    )
    try:
        server.run(lambda: _greet(server, terminal))
    except KeyboardInterrupt:
        server.print(_flushed(terminal), "stopped; its rules and events are gone")
    if not server.close():
        # A thread waits for whoever should read standard output, and Python would wait for it at exit.
        os._exit(0)
    return 0


def _greet(server: Server, terminal: Terminal) -> None:
    lines = [
        f"eventbridge-local answers on {server.url}",
        NOT_FOR_PRODUCTION,
        f"try: aws events list-event-buses --endpoint-url {server.url}; Ctrl-C stops it",
    ]
    if server.report is not None:
        lines.append(f"{count(len(server.report.rules), 'rule')} from {server.report.source}")
        for line in remarks(server.report):
            server.print(terminal.note, line)
    server.print(_flushed(terminal), "\n".join(lines))


def _flushed(terminal: Terminal) -> Callable[[str], None]:
    def say(text: str) -> None:
        terminal.say(text)
        terminal.out.flush()

    return say


def _stamper(terminal: Terminal) -> Callable[[str], str]:
    def stamped(text: str) -> str:
        stamp = terminal.paint(f"{datetime.now():%H:%M:%S}", "dim")
        first, *rest = text.splitlines()
        return "\n".join([f"{stamp} {first}", *(f"         {line}" for line in rest)])

    return stamped


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
