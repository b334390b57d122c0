"""The journal as it grows: what is new since somebody last looked, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Lock

from eventbridge_local.delivery.journal import Call, Journal, Record
from eventbridge_local.report import journal_text

#: What stands behind the operation: the first of these that was given.
_NAMES = ("Name", "Rule", "ArchiveName", "ReplayName", "EventBusName", "ResourceARN", "NamePrefix")


class Log:
    """Prints a journal as it grows.

    Args:
        journal: what is followed. It may forget its oldest records; what is forgotten before it was seen is left out.
        say: takes a text of one or more lines.
    """

    def __init__(self, journal: Journal, say: Callable[[str], None]) -> None:
        self._journal = journal
        self._say = say
        self._lock = Lock()
        self._last: Record | None = self._newest()

    def catch_up(self) -> None:
        """Say what is new."""
        with self._lock:
            new = self._new()
            if new:
                self._last = new[-1]
                for text in _texts(new):
                    self._say(text)

    def _newest(self) -> Record | None:
        return self._journal.records[-1] if self._journal.records else None

    def _new(self) -> list[Record]:
        found: list[Record] = []
        for record in reversed(tuple(self._journal.records)):  # a copy: other threads add to it
            if record is self._last:
                break
            found.append(record)
        return found[::-1]


def _texts(records: list[Record]) -> Iterator[str]:
    """The story of the records; calls that were answered get a line of their own, PutEvents aside."""
    told = [record for record in records if not (isinstance(record, Call) and record.error_code is None)]
    if told:
        text = journal_text.journal(told)
        if text != journal_text.journal([]):
            yield text
    for record in records:
        if isinstance(record, Call) and record.error_code is None and record.operation != "PutEvents":
            yield f"{record.operation} {_name(record)}".rstrip()


def _name(call: Call) -> str:
    return next((repr(call.params[name]) for name in _NAMES if name in call.params), "")
