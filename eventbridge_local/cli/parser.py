"""The commands with their arguments and help.

Each command is a function ``(args, terminal) -> exit code``, imported when it is called, so that ``match`` starts fast.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from eventbridge_local.cli.output import Terminal
from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.visible import visible

YES, NO, UNUSABLE, INTERRUPTED = 0, 1, 2, 130

_JSON_TEXT = "JSON text, a file, @file, or - for standard input"
_TEMPLATE = (
    "a CloudFormation or SAM template, a cdk.out folder, a serverless.yml, or the output of `terraform show -json`"
)
_CODES = "Exit codes: 0 %s; 1 %s; 2 the input cannot be used."

Adds = Callable[[argparse.ArgumentParser], None]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit code.

    Args:
        argv: the arguments without the program's name; None for those of the process.
    """
    try:
        args = build_parser().parse_args(argv)
    except SystemExit as left:  # argparse has printed its message
        return left.code if isinstance(left.code, int) else UNUSABLE
    terminal = Terminal.of_process(as_json=getattr(args, "json", False))
    module, function = args.run.split(":")
    try:
        command = getattr(importlib.import_module(f"eventbridge_local.cli.{module}"), function)
        code: int = command(args, terminal)
        sys.stdout.flush()
    except EventBridgeLocalError as error:
        terminal.complain(error)
        return UNUSABLE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # such as `| head`; nothing is left to write to, not even at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNUSABLE
    return code


def build_parser() -> argparse.ArgumentParser:
    """Return the parser with all commands."""
    parser = _Parser(
        prog="eventbridge-local", description="An Amazon EventBridge on this machine. Nothing is sent to AWS."
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name, (run, summary, text, example, add) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=summary,
            description=f"{summary[:1].upper()}{summary[1:]}. {text}".strip(),
            epilog=f"example:\n  {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        add(command)
        command.set_defaults(run=run)
    return parser


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(UNUSABLE, visible(f"{self.prog}: {message}; see {self.prog} --help\n"))


class _Version(argparse.Action):
    """Prints the version; it is looked up only then."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        import eventbridge_local

        print(f"eventbridge-local {eventbridge_local.__version__}")
        parser.exit()


# arguments


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of text")


def _pattern_and_event(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pattern", metavar="PATTERN", help=f"an event pattern: {_JSON_TEXT}")
    parser.add_argument("event", metavar="EVENT", help=f"an event, or an entry of PutEvents: {_JSON_TEXT}")
    _json(parser)


def _template_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("options for reading the template")
    group.add_argument("--parameter", metavar="KEY=VALUE", action="append", default=[], help="a template parameter")
    group.add_argument("--stack", metavar="NAME", help="the name of the stack")
    group.add_argument(
        "--resource",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="an ARN or name that is known only after deployment: by logical id, LogicalId.Attribute or export",
    )
    group.add_argument("--account", metavar="ID", default="123456789012", help="default: 123456789012")
    group.add_argument("--region", metavar="REGION", default="us-east-1", help="default: us-east-1")


def _template(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("template", metavar="TEMPLATE", help=_TEMPLATE)


def _route(parser: argparse.ArgumentParser) -> None:
    _template(parser)
    parser.add_argument("events", metavar="EVENT", nargs="+", help=f"{_JSON_TEXT}; a .jsonl file has one on each line")
    parser.add_argument("--bus", metavar="NAME", help="the bus they are put on; needed when rules are on several")
    _template_options(parser)
    _json(parser)


def _replay(parser: argparse.ArgumentParser) -> None:
    _template(parser)
    parser.add_argument(
        "events", metavar="EVENTS", help="a file of events, one on each line, or a .gz of it; - for standard input"
    )
    parser.add_argument("--bus", metavar="NAME", help="the bus they are put on; needed when rules are on several")
    _template_options(parser)
    _json(parser)


def _lint(parser: argparse.ArgumentParser) -> None:
    _template(parser)
    parser.add_argument(
        "--ignore",
        metavar="CODE[:RULE]",
        action="append",
        default=[],
        help="ignore findings with that code, or only those of one rule",
    )
    parser.add_argument(
        "--fail-on",
        choices=["error", "warning", "info", "never"],
        default="warning",
        help="the lowest severity that makes the exit code 1; default: warning",
    )
    parser.add_argument(
        "--contracts",
        metavar="PATH",
        action="append",
        default=[],
        help="JSON Schema or OpenAPI files, or folders of them: patterns must ask for values these allow",
    )
    _template_options(parser)
    _json(parser)


def _next(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("expression", metavar="EXPRESSION", help="such as 'cron(0 10 ? * MON-FRI *)' or 'rate(1 hour)'")
    parser.add_argument("--count", metavar="N", type=_count, default=5, help="how many times; default: 5")
    parser.add_argument("--after", metavar="ISO", help="an instant, UTC unless it says otherwise; default: now")
    _json(parser)


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 to 10000")
    return int(text)


def _serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", metavar="PORT", type=int, default=0, help="default: 0, any free port")
    parser.add_argument("--host", metavar="HOST", default="127.0.0.1", help="default: 127.0.0.1")
    parser.add_argument(
        "--allow-remote", action="store_true", help="allow --host to be an address that other machines can reach"
    )
    parser.add_argument(
        "--allowed-host",
        metavar="NAME",
        action="append",
        default=[],
        help="answer requests for this host name too, such as that of a container; with --allow-remote only for such "
        "names instead of any",
    )
    parser.add_argument("--template", metavar="TEMPLATE", help=f"rules to begin with: {_TEMPLATE}")
    parser.add_argument("--now", metavar="ISO", help="the instant at which the clock begins; default: the real time")
    parser.add_argument("--quiet", action="store_true", help="do not print what happens")
    _template_options(parser)


_COMMANDS: dict[str, tuple[str, str, str, str, Adds]] = {
    "match": (
        "commands:match",
        "show whether an event matches a pattern",
        _CODES % ("it matches", "it does not"),
        """eventbridge-local match '{"source": ["shop"]}' event.json""",
        _pattern_and_event,
    ),
    "explain": (
        "commands:explain",
        "explain field by field why an event matches a pattern or not",
        _CODES % ("it matches", "it does not"),
        """eventbridge-local explain @pattern.json - < event.json""",
        _pattern_and_event,
    ),
    "route": (
        "routing:route",
        "show what each rule of a template makes of events",
        _CODES % ("a rule matches each event", "no rule matches one of them"),
        """eventbridge-local route template.yaml order.json refund.json --parameter Stage=dev""",
        _route,
    ),
    "lint": (
        "templates:lint",
        "find rules that cannot work, and common mistakes",
        _CODES % ("no findings", "there are findings (see --fail-on)"),
        """eventbridge-local lint template.yaml --ignore no-dlq""",
        _lint,
    ),
    "next": (
        "commands:upcoming",
        "list the next times a schedule fires, in UTC",
        _CODES % ("all that were asked for", "the schedule ends before"),
        """eventbridge-local next "cron(0 10 ? * MON-FRI *)" --count 3 --after 2026-03-06""",
        _next,
    ),
    "replay": (
        "routing:replay",
        "count which rules of a template match the events of a file",
        _CODES % ("a rule matches each event", "no rule matches some of them") + " Lines without events make it 2.",
        """eventbridge-local replay template.yaml captured.jsonl.gz --bus orders""",
        _replay,
    ),
    "serve": (
        "templates:serve",
        "answer the EventBridge API over HTTP on this machine",
        "For SDKs of other languages and the AWS CLI, in tests and development. It checks no signatures and keeps "
        "nothing: not for production. Exit codes: 0 it was stopped; 2 it cannot start.",
        "eventbridge-local serve --port 4010 --template template.yaml\n"
        "  aws events list-rules --endpoint-url http://127.0.0.1:4010",
        _serve,
    ),
}
