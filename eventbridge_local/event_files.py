"""Events as a file: JSON Lines, one envelope a line as AWS delivers it, gzip when the name ends in ``.gz``.

Strategy: nothing is ever held but one line. A line is taken apart by its members, because the detail must keep the
spelling it was captured in. What is no envelope is given out as a ``BadLine`` in its place, and reading goes on.
"""

from __future__ import annotations

import gzip
import os
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any, BinaryIO, NamedTuple, cast

from eventbridge_local.json_text import JsonError, Member, members
from eventbridge_local.model.event import Event
from eventbridge_local.patterns import parse_event

PathLike = str | os.PathLike[str]

#: No event comes near this; a file without line breaks must not fill the memory.
_LONGEST_LINE = 8 * 1024 * 1024
_NEEDED = ("detail-type", "source", "account", "time", "region", "detail")
_TEXTS = ("id", "detail-type", "source", "account", "time", "region", "replay-name")
#: Texts that are written without a look for what JSON must escape.
_PLAIN_TEXTS = ("id", "account", "region")
_PLAIN = re.compile(r"[\w.:-]*")


class BadLine(NamedTuple):
    """A line that is no event: its number, from 1, and why."""

    number: int
    reason: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.reason}"


class _NoEvent(ValueError):
    """Why a line is no event."""


def write_events(events: Iterable[Event], path: PathLike) -> int:
    """Write one envelope a line, and replace the file if there is one. Returns how many were written."""
    with _opened(path, "wb") as file:
        return sum(bool(file.write(event.text.encode("utf-8", "surrogatepass") + b"\n")) for event in events)


def read_events(path: PathLike) -> Iterator[Event | BadLine]:
    """The events of a file in its order, each with the id it was captured with; blank lines are skipped.

    An envelope needs ``detail-type``, ``source``, ``account``, ``time``, ``region`` and an object as ``detail``;
    members nobody knows are ignored.

    Raises:
        OSError: the file cannot be read, or is not gzip although its name says so.
    """
    with _opened(path, "rb") as file:
        yield from events_in(file)


def events_in(file: BinaryIO) -> Iterator[Event | BadLine]:
    """The events of a stream of uncompressed lines; see ``read_events``."""
    for number, line in _lines(file):
        if isinstance(line, _NoEvent):
            yield BadLine(number, str(line))
        elif line.strip():
            try:
                yield read_event(line)
            except _NoEvent as why:
                yield BadLine(number, str(why))


def read_event(line: bytes) -> Event:
    """The event of one line.

    Raises:
        ValueError: it is no envelope; the message says why.
    """
    text = _text_of(line).rstrip("\r\n")
    found = _members(text)
    values = _checked({name: member.value for name, member in found.items()})
    detail = found["detail"]
    detail_text = text[detail.start : detail.end]
    return Event(
        id=values.get("id", ""),
        detail_type=values["detail-type"],
        source=values["source"],
        account=values["account"],
        time=_instant(values["time"]),
        region=values["region"],
        resources=tuple(values.get("resources", ())),
        detail_text=detail_text,
        tree=_detail_tree(detail_text),
        replay_name=values.get("replay-name"),
    )


def _checked(values: dict[str | int, Any]) -> dict[str | int, Any]:
    """The members of an envelope, of which the needed ones are there and all known ones of their type."""
    for name in _NEEDED:
        if name not in values:
            raise _NoEvent(f"the envelope has no {name!r}")
    for name in _TEXTS:
        if not isinstance(values.get(name, ""), str):
            raise _NoEvent(f"{name!r} is not a string")
    for name in _PLAIN_TEXTS:
        if not _PLAIN.fullmatch(values.get(name, "")):
            raise _NoEvent(f"{name!r} is no such thing: {values[name][:40]!r}")
    resources = values.get("resources", [])
    if not isinstance(resources, list) or not all(isinstance(each, str) for each in resources):
        raise _NoEvent("'resources' is not a list of strings")
    return values


def _opened(path: PathLike, mode: str) -> BinaryIO:
    opener = gzip.open if os.fspath(path).endswith(".gz") else open
    return cast("BinaryIO", opener(path, mode))


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | _NoEvent]]:
    """Lines with their numbers; in place of one that cannot be read the reason."""
    for number in count(1):
        try:
            line = file.readline(_LONGEST_LINE)
            cut = _is_cut(line)
            while cut and _is_cut(file.readline(_LONGEST_LINE)):
                pass
        except (EOFError, zlib.error, gzip.BadGzipFile) as damage:
            if number == 1 and isinstance(damage, gzip.BadGzipFile):
                raise
            yield number, _NoEvent("the compressed data is damaged; nothing can be read from here on")
            return
        if not line:
            return
        yield number, _NoEvent(f"longer than {_LONGEST_LINE:,} bytes") if cut else line


def _is_cut(part: bytes) -> bool:
    return len(part) == _LONGEST_LINE and not part.endswith(b"\n")


def _text_of(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig", "surrogatepass")
    except UnicodeDecodeError as error:
        raise _NoEvent(f"not UTF-8 at byte {error.start + 1}") from None


def _members(text: str) -> dict[str | int, Member]:
    if text[:1] != "{" and text.strip(" \t\r\n")[:1] != "{":
        raise _NoEvent("not a JSON object")
    try:
        return members(text)
    except JsonError as broken:
        raise _NoEvent(f"not JSON at column {broken.position[1]}: {broken.brief}") from None


def _detail_tree(text: str) -> dict[str, Any]:
    try:
        return parse_event(text)
    except ValueError as error:
        raise _NoEvent(f"'detail': {error}" if text.startswith("{") else "'detail' is not an object") from None


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        if instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise _NoEvent(f"'time' is not of the form 2026-03-06T09:00:00Z: {text[:40]!r}")
