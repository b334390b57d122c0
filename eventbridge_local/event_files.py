"""Events in files, archives as a test sees them, and the events of a file put on a bus.

A file holds JSON Lines: one envelope in each line as AWS delivers it, gzip when the name ends in ``.gz``. Only one line
is held at a time. A line is taken apart by its members, because the detail must keep the spelling it was captured in. A
line that is not an envelope is returned as a ``BadLine`` in its place, and reading goes on.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from secrets import token_hex
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from eventbridge_local.advice import suggest
from eventbridge_local.errors import UnusableFile, UsageError
from eventbridge_local.json_text import JsonError, Member, members, with_whole_pairs
from eventbridge_local.model.arn import parse_arn, rule_resource
from eventbridge_local.model.event import Event, new_event
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Bus, Scope
from eventbridge_local.patterns import parse_event
from eventbridge_local.visible import visible, visible_lines

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.archives import Archive

PathLike = str | os.PathLike[str]
Names = str | Iterable[str]

_MOST_BAD_LINES = 1_000
#: No event is as long as this; a file without line breaks must not fill the memory.
_LONGEST_LINE = 8 * 1024 * 1024
_NEEDED = ("detail-type", "source", "account", "time", "region", "detail")
_TEXTS = ("id", "detail-type", "source", "account", "time", "region", "replay-name")
#: Texts that are written without a search for characters that JSON must escape.
_PLAIN_TEXTS = ("id", "account", "region")
_PLAIN = re.compile(r"[\w.:-]*")
_SECOND = timedelta(seconds=1)
#: An envelope up to the value of its detail, as AWS and ``write_events`` write it. What is not of this form (members in
#: another order, escapes, further members) is taken apart member by member, which takes several times as long.
_TEXT = r'"[^"\\\x00-\x1f]*"'
_CONTENT = r'"([^"\\\x00-\x1f]*)"'
_NAME = r'"([0-9A-Za-z_.:-]*)"'
_USUAL = re.compile(
    rf'{{"version": ?"0", ?"id": ?{_NAME}, ?"detail-type": ?{_CONTENT}, ?"source": ?{_CONTENT}, ?"account": ?{_NAME}, ?'
    rf'"time": ?{_CONTENT}, ?"region": ?{_NAME}, ?(?:"replay-name": ?{_CONTENT}, ?)?'
    rf'"resources": ?\[((?:{_TEXT}(?:, ?{_TEXT})*)?)\], ?"detail": ?(?={{)'
)
_CONTENTS = re.compile(_CONTENT)


class BadLine(NamedTuple):
    """A line that is not an event: its number, from 1, and the reason."""

    number: int
    reason: str

    def __str__(self) -> str:
        return visible(f"line {self.number}: {self.reason}")


class Resending(NamedTuple):
    """How a replay changes the events that it sends.

    Attributes:
        new_id: returns the id of the next event.
        replay_name: their ``replay-name``; None keeps the one that each was captured with.
    """

    new_id: Callable[[], str]
    replay_name: str | None


# archives


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
        """The events in it now, in the order of their arrival."""
        return tuple(self._archive.events())

    def __len__(self) -> int:
        return self._archive.measure()[0]

    def as_replay_request(
        self, *, start: datetime | None = None, end: datetime | None = None, rules: Names = ()
    ) -> dict[str, Any]:
        """Return the parameters of ``client.start_replay`` without the name.

        Use them as ``start_replay(ReplayName="x", **request)``.

        Args:
            start: events from this time on, aware; by default from the oldest event on.
            end: events before this time, aware; by default up to the newest event.
            rules: names or ARNs of the rules that receive the events, all by default.

        Raises:
            UsageError: the archive has no event, so there is no time to take.
        """
        times = [event.time for event in self._archive.events()]
        if not times and (start is None or end is None):
            raise UsageError(f"archive {self.name!r} has no event; give start= and end=, or put events first")
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


def archived_events(scope: Scope, name: str) -> list[Event]:
    """Return the events of the archive of that name or ARN.

    Raises:
        UsageError: there is no such archive.
    """
    found = scope.archives.get(name.rpartition("archive/")[2])
    if found is None:
        raise UsageError(f"there is no archive {name!r}{suggest(name, sorted(scope.archives))}")
    return found.events()


def _rule_arn(bus_arn: str, rule: str) -> str:
    if parse_arn(rule) is not None:
        return rule
    start, _, bus = bus_arn.partition("event-bus/")
    return f"{start}{rule_resource(bus, rule)}"


# events of a file on a bus


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What ``eb.replay_from`` did.

    Attributes:
        count: how many events were put on the bus.
        matched: how many of them each rule matched, by the name of the rule; 0 for a rule that matched none.
        unmatched: how many no rule matched.
        bad_count: how many lines are not events.
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
        lines = "1 line is not an event" if self.bad_count == 1 else f"{self.bad_count} lines are not events"
        shown = [
            f"{self.count} events replayed, {self.unmatched} of them matched by no rule",
            *rules,
            *([lines] if self.bad_count else ()),
            *bad,
            *([f"  and {self.bad_count - len(bad)} more"] if self.bad_count > len(bad) else ()),
        ]
        return visible_lines(shown)


def replay_file(
    path: PathLike,
    bus: Bus,
    rules: Names | None,
    replay_name: str | None,
    *,
    new_id: Callable[[], str],
    put_all: Callable[[Iterator[Event], frozenset[str] | None, Callable[[Iterable[Rule]], None]], None],
) -> ReplayReport:
    """Put the events of a file on a bus, one after the other, and count the rules that match them.

    Args:
        path: the file.
        bus: the bus, for its rules.
        rules: names or ARNs of the rules that receive the events; None for all.
        replay_name: the ``replay-name`` of the events; None keeps the one that each was captured with.
        new_id: returns the id of the next event.
        put_all: puts each of these events on the bus, for the rules with these ARNs (None means all), and tells the
            function which rules matched it before it asks for the next event.

    Raises:
        UsageError: there is no such rule.
        UnusableFile: the file cannot be read.
    """
    chosen = _chosen_rules(bus, rules)
    only = None if rules is None else frozenset(rule.arn for rule in chosen)
    matched = {rule.name: 0 for rule in chosen}
    count = unmatched = bad_count = 0
    bad_lines: list[BadLine] = []

    def events() -> Iterator[Event]:
        nonlocal bad_count
        for found in read_events(path, Resending(new_id, replay_name)):
            if isinstance(found, Event):
                yield found
                continue
            bad_count += 1
            if len(bad_lines) < _MOST_BAD_LINES:
                bad_lines.append(found)

    def count_event(its_rules: Iterable[Rule]) -> None:
        nonlocal count, unmatched
        count += 1
        hit = False
        for rule in its_rules:
            if rule.name in matched:
                matched[rule.name] += 1
                hit = True
        if not hit:
            unmatched += 1

    put_all(events(), only, count_event)
    return ReplayReport(count, matched, unmatched, bad_count, tuple(bad_lines))


def bus_called(scope: Scope, name: str) -> Bus:
    """Return the bus of that name or ARN.

    Raises:
        UsageError: there is no such bus in this account and Region.
    """
    arn = parse_arn(name)
    bus = scope.buses.get(name if arn is None else arn.resource.removeprefix("event-bus/"))
    if bus is None or (arn is not None and bus.record.arn != name):
        raise UsageError(
            f"there is no event bus {name!r} in {scope.region} of account {scope.account}"
            f"{suggest(name, sorted(scope.buses))}"
        )
    return bus


def _chosen_rules(bus: Bus, rules: Names | None) -> list[Rule]:
    """Return the rules that receive the events: those named, or all but managed rules."""
    if rules is None:
        return [rule for rule in bus.rules.values() if rule.managed_by is None]
    found = {rule.name: rule for rule in bus.rules.values()}
    found.update((rule.arn, rule) for rule in bus.rules.values())
    names = _several(rules)
    missing = [name for name in names if name not in found]
    if missing:
        raise UsageError(f"there is no rule {missing[0]!r} on bus {bus.name!r}{suggest(missing[0], sorted(bus.rules))}")
    return [found[name] for name in names]


def _several(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


# writing and reading


class _NotAnEvent(ValueError):
    """Why a line is not an event."""


def write_events(events: Iterable[Event], path: PathLike) -> int:
    """Write one envelope in each line, in place of what the file held; return how many were written.

    The file is replaced when everything is written, so whatever ends the process before leaves what was there.

    Raises:
        UnusableFile: it cannot be written.
    """
    lines = (event.text.encode("utf-8", "surrogatepass") + b"\n" for event in events)
    with _usable(path, "written"):
        name = os.path.realpath(path)
        if os.path.exists(name) and not os.path.isfile(name):  # such as a pipe
            return _write_lines(lines, name)
        fresh = os.path.join(os.path.dirname(name), f".{token_hex(8)}{_GZIP if name.endswith(_GZIP) else '.tmp'}")
        try:
            written = _write_lines(lines, fresh)
            with suppress(OSError):
                shutil.copymode(name, fresh)
            os.replace(fresh, name)
        finally:
            with suppress(OSError):
                os.remove(fresh)
    return written


def _write_lines(lines: Iterable[bytes], name: str) -> int:
    with _opened(name, "wb") as file:
        return sum(bool(file.write(line)) for line in lines)


def read_events(path: PathLike, resending: Resending | None = None) -> Iterator[Event | BadLine]:
    """Yield the events of a file in its order, each as it was captured; blank lines are skipped.

    An envelope needs ``detail-type``, ``source``, ``account``, ``time``, ``region`` and an object as ``detail``; other
    members than those of an envelope are ignored.

    Args:
        path: the file.
        resending: changes the events as a replay does; to change each that was read takes twice as long.

    Raises:
        UnusableFile: the file cannot be read, or is not gzip although its name says so.
    """
    with _usable(path, "read"), _opened(os.fspath(path), "rb") as file:
        yield from events_in(file, resending)


def events_in(file: BinaryIO, resending: Resending | None = None) -> Iterator[Event | BadLine]:
    """Yield the events of a stream of uncompressed lines; see ``read_events``."""
    whole = 0  # lines that were read to their end
    try:
        for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), b""), 1):
            cut = len(line) == _LONGEST_LINE and _is_cut(line)
            while cut and _is_cut(file.readline(_LONGEST_LINE)):
                pass
            whole = number
            if cut:
                yield BadLine(number, f"longer than {_LONGEST_LINE:,} bytes")
            elif not line.isspace():
                try:
                    yield read_event(line, resending)
                except _NotAnEvent as why:
                    yield BadLine(number, str(why))
    except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
        if whole == 0 and isinstance(damage, gzip.BadGzipFile):
            raise
        yield BadLine(whole + 1, "the compressed data is damaged; nothing can be read from here on")


def read_event(line: bytes, resending: Resending | None = None) -> Event:
    """Return the event of one line.

    Raises:
        ValueError: the line is not an envelope; the message says why.
    """
    text = _text_of(line).rstrip("\r\n")
    return _usual_event(text, resending) or _event_of(text, resending)


def _usual_event(text: str, resending: Resending | None = None) -> Event | None:
    """Return the event of an envelope in AWS's own form; None for any other text, also for one that is not an event."""
    head = _USUAL.match(text)
    if head is None or text[-1] != "}":
        return None
    detail_text = text[head.end() : -1].strip(" \t\r\n")
    event_id, detail_type, source, account, time_text, region, replay_name, several = head.groups()
    try:
        tree, time = parse_event(detail_text), _time(time_text)
    except ValueError:
        return None
    resources = tuple(_CONTENTS.findall(several)) if several else ()
    if resending is not None:
        event_id = resending.new_id()
        replay_name = replay_name if resending.replay_name is None else resending.replay_name
    return new_event(event_id, detail_type, source, account, time, region, resources, detail_text, tree, replay_name)


def _event_of(text: str, resending: Resending | None = None) -> Event:
    """Return the event of any envelope.

    Raises:
        ValueError: the text is not an envelope; the message says why.
    """
    found = _members(text)
    values = _checked({str(name): member.value for name, member in found.items()})
    detail = found["detail"]
    detail_text = text[detail.start : detail.end]
    time, tree = _time(values["time"]), _detail_tree(detail_text)
    event_id, replay_name = values.get("id", ""), values.get("replay-name")
    if resending is not None:
        event_id = resending.new_id()
        replay_name = replay_name if resending.replay_name is None else resending.replay_name
    return new_event(
        event_id,
        values["detail-type"],
        values["source"],
        values["account"],
        time,
        values["region"],
        tuple(values.get("resources", ())),
        detail_text,
        tree,
        replay_name,
    )


def _members(text: str) -> dict[str | int, Member]:
    if text[:1] != "{" and text.strip(" \t\r\n")[:1] != "{":
        raise _NotAnEvent("not a JSON object")
    try:
        return members(text)
    except JsonError as broken:
        raise _NotAnEvent(f"not JSON at column {broken.position[1]}: {broken.brief}") from None


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    """Return the members of an envelope after a check that those needed exist and all have their type."""
    for name in _NEEDED:
        if name not in values:
            raise _NotAnEvent(f"the envelope has no {name!r}")
    for name in _TEXTS:
        if not isinstance(values.get(name, ""), str):
            raise _NotAnEvent(f"{name!r} is not a string")
    for name in _PLAIN_TEXTS:
        if not _PLAIN.fullmatch(values.get(name, "")):
            raise _NotAnEvent(f"{name!r} has characters that it never has: {values[name][:40]!r}")
    resources = values.get("resources", [])
    if not isinstance(resources, list) or not all(isinstance(each, str) for each in resources):
        raise _NotAnEvent("'resources' is not a list of strings")
    return values


_GZIP = ".gz"


def _opened(name: str, mode: str) -> BinaryIO:
    return cast("BinaryIO", (gzip.open if name.endswith(_GZIP) else open)(name, mode))


@contextmanager
def _usable(path: PathLike, done: str) -> Iterator[None]:
    """Say of a file that it cannot be read or written, in words for a user."""
    try:
        yield
    except (OSError, TypeError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        reason = getattr(problem, "strerror", None) or problem
        raise UnusableFile(f"{str(path)!r} cannot be {done}: {reason}; give the path of a file") from problem


def _is_cut(part: bytes) -> bool:
    return len(part) == _LONGEST_LINE and not part.endswith(b"\n")


def _text_of(line: bytes) -> str:
    try:
        # Not "utf-8-sig", which takes four times as long.
        text = line.removeprefix(BOM_UTF8).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise _NotAnEvent(f"not UTF-8 at byte {error.start + 1}") from None
    return text if text.isascii() else with_whole_pairs(text)


def _detail_tree(text: str) -> dict[str, Any]:
    try:
        return parse_event(text)
    except ValueError as error:
        raise _NotAnEvent(f"'detail': {error}" if text.startswith("{") else "'detail' is not an object") from None


@lru_cache(maxsize=1024)  # a capture has many events of the same second
def _time(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _NotAnEvent(f"'time' is not of the form 2026-03-06T09:00:00Z: {text[:40]!r}")
