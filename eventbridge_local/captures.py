"""What ``eb.archive``, ``eb.archive_to`` and ``eb.replay_from`` do: archives for tests, and events kept in files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from eventbridge_local.delivery.engine import Arrival
from eventbridge_local.delivery.journal import Entry
from eventbridge_local.delivery.replays import replayed
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import BadLine, PathLike, read_events, write_events
from eventbridge_local.model.archives import Archive
from eventbridge_local.model.arn import parse_arn, rule_resource
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Bus, Scope
from eventbridge_local.operations.service import Service

#: The ``replay-name`` of events that come from a file.
FROM_FILE = "replay-from-file"
_MOST_BAD_LINES = 1_000
_SECOND = timedelta(seconds=1)

Names = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What ``eb.replay_from`` did.

    Attributes:
        count: how many events were put on the bus.
        matched: how many of them each rule matched, by the rule's name; 0 for a rule that matched none.
        unmatched: how many no rule matched.
        bad_count: how many lines are no events.
        bad_lines: the first thousand of them, each with ``number`` and ``reason``.
    """

    count: int
    matched: Mapping[str, int]
    unmatched: int
    bad_count: int = 0
    bad_lines: tuple[BadLine, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        rules = [f"  {name}: {count}" for name, count in self.matched.items()]
        bad = [f"  {line}" for line in self.bad_lines[:10]]
        return "\n".join(
            [
                f"{self.count} events replayed, {self.unmatched} of them matched by no rule",
                *rules,
                *([f"{self.bad_count} lines are no events"] if self.bad_count else ()),
                *bad,
                *([f"  and {self.bad_count - len(bad)} more"] if self.bad_count > len(bad) else ()),
            ]
        )


class ArchiveView:
    """An archive from the test's side."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    @property
    def name(self) -> str:
        """Its name."""
        return self._archive.record.name

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self._archive.record.arn

    @property
    def events(self) -> tuple[Event, ...]:
        """What it keeps at this moment, oldest arrival first."""
        return tuple(self._archive.events())

    def __len__(self) -> int:
        return self._archive.measure()[0]

    def as_replay_request(
        self, *, start: datetime | None = None, end: datetime | None = None, rules: Names = ()
    ) -> dict[str, Any]:
        """The parameters of ``client.start_replay`` less the name: ``start_replay(ReplayName="x", **request)``.

        Args:
            start: events from this time on, aware; by default from the oldest on.
            end: events before this time, aware; by default up to the newest.
            rules: names or ARNs of the rules that may see the events, all by default.

        Raises:
            UsageError: the archive keeps nothing, so that there is no interval to take.
        """
        times = [event.time for event in self._archive.events()]
        if not times and (start is None or end is None):
            raise UsageError(f"archive {self.name!r} keeps no event; give start= and end=, or put events first")
        record = self._archive.record
        chosen = [_rule_arn(record.bus_arn, rule) for rule in _several(rules)]
        return {
            "EventSourceArn": record.arn,
            "EventStartTime": start or min(times).replace(microsecond=0),
            "EventEndTime": end or max(times).replace(microsecond=0) + _SECOND,
            "Destination": {"Arn": record.bus_arn, **({"FilterArns": chosen} if chosen else {})},
        }

    def __repr__(self) -> str:
        return f"<Archive {self.name!r} of {len(self)} events>"


def archive_of(scope: Scope, name: str) -> Archive | None:
    """The archive of that name or ARN."""
    return scope.archives.get(name.rpartition("archive/")[2])


def archive_to(service: Service, scope: Scope, path: PathLike, archive: str | None, bus: str | None) -> int:
    """Write events to a file; see ``EventBridge.archive_to``."""
    if archive is None:
        return write_events(_accepted(service, bus), path)
    if bus is not None:
        raise UsageError(f"archive_to(archive={archive!r}, bus={bus!r}): an archive is of one bus; give one of the two")
    found = archive_of(scope, archive)
    if found is None:
        raise UsageError(f"there is no archive {archive!r}; archives here: {_listed(scope.archives)}")
    return write_events(found.events(), path)


def _accepted(service: Service, bus: str | None) -> Iterator[Event]:
    for entry in service.journal.of(Entry):
        if entry.event is not None and bus in (None, entry.bus):
            yield entry.event


def replay_from(
    service: Service, scope: Scope, path: PathLike, bus: str, rules: Names | None, replay_name: str | None
) -> ReplayReport:
    """Put the events of a file on a bus, one by one; see ``EventBridge.replay_from``."""
    there = _bus_of(scope, bus)
    chosen = _chosen(there, rules)
    only = None if rules is None else frozenset(rule.arn for rule in chosen)
    matched = {rule.name: 0 for rule in chosen}
    count = unmatched = bad_count = 0
    bad_lines: list[BadLine] = []
    for found in read_events(path):
        if isinstance(found, BadLine):
            bad_count += 1
            if len(bad_lines) < _MOST_BAD_LINES:
                bad_lines.append(found)
            continue
        event = replayed(found, service.ids.uuid(), found.replay_name if replay_name is None else replay_name)
        hits = [rule.name for rule in there.match(event)[1] if rule.name in matched]
        for name in hits:
            matched[name] += 1
        count += 1
        unmatched += not hits
        service.plane.engine.accept([Arrival(scope, there.name, event, only)])
    return ReplayReport(count, matched, unmatched, bad_count, tuple(bad_lines))


def _bus_of(scope: Scope, name: str) -> Bus:
    arn = parse_arn(name)
    bus = scope.buses.get(name if arn is None else arn.resource.removeprefix("event-bus/"))
    if bus is None or (arn is not None and bus.record.arn != name):
        raise UsageError(
            f"there is no event bus {name!r} in {scope.region} of account {scope.account}; "
            f"buses here: {_listed(scope.buses)}"
        )
    return bus


def _chosen(bus: Bus, rules: Names | None) -> list[Rule]:
    """The rules that may see the events: those named, or all but those that services manage."""
    if rules is None:
        return [rule for rule in bus.rules.values() if rule.managed_by is None]
    found = {rule.name: rule for rule in bus.rules.values()}
    found.update((rule.arn, rule) for rule in bus.rules.values())
    wanted = _several(rules)
    missing = [name for name in wanted if name not in found]
    if missing:
        raise UsageError(f"there is no rule {missing[0]!r} on bus {bus.name!r}; rules there: {_listed(bus.rules)}")
    return [found[name] for name in wanted]


def _rule_arn(bus_arn: str, rule: str) -> str:
    if parse_arn(rule) is not None:
        return rule
    start, _, bus = bus_arn.partition("event-bus/")
    return f"{start}{rule_resource(bus, rule)}"


def _several(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
