"""The command ``serve``."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Callable
from datetime import datetime
from typing import Any

from eventbridge_local.cli.output import Terminal, count
from eventbridge_local.cli.templates import remarks, template_of
from eventbridge_local.server.serving import NOT_FOR_PRODUCTION, Server


def run(args: argparse.Namespace, terminal: Terminal) -> int:
    """Serve until Ctrl-C, printing what happens; 0 when it was stopped."""
    server = Server(
        host=args.host,
        port=args.port,
        allow_remote=args.allow_remote,
        template=None if args.template is None else template_of(args),
        say=None if args.quiet else _sayer(terminal),
        account=args.account,
        region=args.region,
        now=args.now,
    )
    _greet(server, terminal)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        server.run()
    except KeyboardInterrupt:
        terminal.say("stopped; everything it held is gone")
    return 0


def _greet(server: Server, terminal: Terminal) -> None:
    terminal.say(f"eventbridge-local answers on {server.url}")
    terminal.say(NOT_FOR_PRODUCTION)
    terminal.say(f"try: aws events list-event-buses --endpoint-url {server.url}; Ctrl-C stops it")
    if server.report is not None:
        terminal.say(f"{count(len(server.report.rules), 'rule')} from {server.report.source}")
        for line in remarks(server.report):
            terminal.note(line)
    terminal.out.flush()


def _sayer(terminal: Terminal) -> Callable[[str], None]:
    def say(text: str) -> None:
        stamp = terminal.paint(f"{datetime.now():%H:%M:%S}", "dim")
        first, *rest = text.splitlines()
        terminal.say("\n".join([f"{stamp} {first}", *(f"         {line}" for line in rest)]))
        terminal.out.flush()

    return say


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
