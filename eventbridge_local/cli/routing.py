"""``route`` and ``replay``: the rules of a template and events, few in full or many in numbers."""

from __future__ import annotations

import argparse
import gzip
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from eventbridge_local.cli.commands import document_of
from eventbridge_local.cli.inputs import InputText, read_events
from eventbridge_local.cli.output import Progress, Terminal, count
from eventbridge_local.cli.templates import bus_for, loaded
from eventbridge_local.delivery.kinds import destination_of
from eventbridge_local.delivery.route import Arrival, plan
from eventbridge_local.errors import ServiceError, UsageError
from eventbridge_local.event_files import BadLine, Resending, events_in
from eventbridge_local.handle import EventBridge
from eventbridge_local.iac import LoadReport
from eventbridge_local.model.event import FROM_FILE
from eventbridge_local.model.records import Rule
from eventbridge_local.report.explain import RoutingTable, RuleStep, table
from eventbridge_local.report.hints import users_rules

_MOST_BAD_LINES = 10
_KEEP = 10_000


def route(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print what each rule makes of each event; 0 when each is matched by a rule, 1 when not."""
    eb, report = loaded(args, terminal)
    given = [pair for each in args.events for pair in read_events(each)]
    tables = [_routed(eb, report, text, event, args.bus) for text, event in given]
    if terminal.as_json:
        terminal.document({"events": [_table_document(each) for each in tables]})
    elif len(tables) == 1:
        terminal.say(str(tables[0]))
    else:
        terminal.say("\n".join(_matrix(tables)))
    return 0 if all(each.matched for each in tables) else 1


def _routed(
    eb: EventBridge, report: LoadReport, text: InputText, event: Mapping[str, Any], bus: str | None
) -> RoutingTable:
    if bus is None and not event.get("EventBusName"):
        bus = bus_for(report, None)
    try:
        return eb.route(dict(event), bus)
    except (UsageError, ServiceError) as error:
        raise text.broken(1, 1, str(error)) from None


def _matrix(tables: list[RoutingTable]) -> Iterator[str]:
    """Yield a table of rules and events, then the reason for each rule that does not match."""
    for number, each in enumerate(tables, 1):
        yield f"#{number} {each.title}" + (f"; {each.trouble}" if each.trouble else "")
    rows: dict[tuple[str, str], dict[int, RuleStep]] = {}
    for number, each in enumerate(tables, 1):
        for step in each:
            rows.setdefault((step.rule, step.bus), {})[number] = step
    numbers = range(1, len(tables) + 1)
    marks = [[*rule, *(_mark(steps.get(number)) for number in numbers)] for rule, steps in rows.items()]
    yield from (line.rstrip() for line in table(["rule", "bus", *(f"#{number}" for number in numbers)], marks))
    for (rule, _), steps in rows.items():
        yield from (f"{rule} #{number}: {step.why}" for number, step in steps.items() if not step.matched)


def _mark(step: RuleStep | None) -> str:
    return "-" if step is None else "yes" if step.matched else "no"


def _table_document(found: RoutingTable) -> dict[str, Any]:
    return {
        "title": found.title,
        "matched": bool(found.matched),
        "trouble": found.trouble,
        "rules": [_step_document(step) for step in found],
    }


def _step_document(step: RuleStep) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "bus": step.bus,
        "state": step.state,
        "matched": step.matched,
        "why": step.why,
        "explanation": None if step.explanation is None else document_of(step.explanation),
        "targets": [
            {
                "id": target.id,
                "arn": target.arn,
                "outcome": target.outcome,
                "error": target.error,
                "payload": target.payload,
            }
            for target in step.targets
        ],
    }


def replay(args: argparse.Namespace, terminal: Terminal) -> int:
    """Print how many events each rule matched; 0 when each was matched, 1 when not, 2 when lines are not events."""
    eb, report = loaded(args, terminal, _KEEP)
    bus = bus_for(report, args.bus)
    scope = eb.service.store.scope(eb.account, eb.region)
    new_id = eb.service.ids.uuid()  # one for all, because nobody sees it
    tally = _Tally()
    with _opened(args.events) as (file, done, total), Progress(terminal.err, total) as progress:
        for found in events_in(file, Resending(lambda: new_id, FROM_FILE)):
            if isinstance(found, BadLine):
                tally.bad(found)
            else:
                tally.add(_matched(eb, Arrival(scope, bus, found)))
            if progress.shown:
                progress.at(done(), tally.count)
    rules = {(rule.bus, rule.name): 0 for rule in report.rules if rule.pattern is not None} | tally.matched
    if terminal.as_json:
        terminal.document(_tally_document(tally, rules))
    else:
        terminal.say("\n".join(_tally_lines(tally, rules)))
    return 2 if tally.bad_count else 1 if tally.unmatched else 0


class _Tally:
    """The numbers of a replay."""

    def __init__(self) -> None:
        self.count = self.unmatched = self.bad_count = 0
        self.matched: Counter[tuple[str, str]] = Counter()
        self.bad_lines: list[BadLine] = []

    def add(self, rules: set[tuple[str, str]]) -> None:
        self.count += 1
        self.unmatched += not rules
        for rule in rules:
            self.matched[rule] += 1

    def bad(self, line: BadLine) -> None:
        self.bad_count += 1
        if len(self.bad_lines) < _MOST_BAD_LINES:
            self.bad_lines.append(line)


def _matched(eb: EventBridge, arrival: Arrival) -> set[tuple[str, str]]:
    """Return the rules that match an event, on its bus and on buses behind it, each as bus and name."""
    matched = plan(arrival).matched
    if not _goes_on(matched):
        # The way of nearly every event ends here, and nobody receives its deliveries: nothing need be carried out.
        return {(rule.bus, rule.name) for rule in matched if rule.managed_by is None}
    service = eb.service
    service.journal.clear()
    service.engine.accept([arrival])
    return {
        (routing.bus, rule.name)
        for routing in service.journal.routings
        for rule in users_rules(routing.rules)
        if rule.name in routing.matched
    }


def _goes_on(matched: Iterable[Rule]) -> bool:
    """Return whether a target of these rules is another bus."""
    for rule in matched:
        for target in rule.targets:
            if destination_of(target).way == "bus":
                return True
    return False


@contextmanager
def _opened(given: str) -> Iterator[tuple[BinaryIO, Callable[[], int], int | None]]:
    """Open events for reading; yield the stream, a function for the bytes read so far, and the size of the file."""
    if given == "-":
        yield sys.stdin.buffer, lambda: 0, None
        return
    path = given.removeprefix("@")
    try:
        with open(path, "rb") as raw:
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if path.endswith(".gz") else raw
            yield stream, raw.tell, os.fstat(raw.fileno()).st_size
    except (OSError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        raise UsageError(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}") from None


def _tally_lines(tally: _Tally, rules: Mapping[tuple[str, str], int]) -> Iterator[str]:
    yield f"{count(tally.count, 'event')}, {tally.unmatched} of them matched by no rule"
    cells = [(name, bus, f"{number:,}") for (bus, name), number in rules.items()]
    yield from table(("rule", "bus", "matched"), cells) if cells else ("there are no rules with patterns",)
    if tally.bad_count:
        yield f"{count(tally.bad_count, 'line')} without an event:"
        yield from (f"    {line}" for line in tally.bad_lines)
        if tally.bad_count > len(tally.bad_lines):
            yield f"    and {tally.bad_count - len(tally.bad_lines)} more"


def _tally_document(tally: _Tally, rules: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    return {
        "events": tally.count,
        "unmatched": tally.unmatched,
        "rules": [{"rule": name, "bus": bus, "matched": number} for (bus, name), number in rules.items()],
        "bad_lines": tally.bad_count,
        "first_bad_lines": [{"line": line.number, "reason": line.reason} for line in tally.bad_lines],
    }
