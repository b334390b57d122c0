"""Events put from a test, and to and from files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eventbridge_local.delivery.journal import Entry
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import (
    FROM_FILE,
    Names,
    PathLike,
    ReplayReport,
    archived_events,
    bus_called,
    replay_file,
    write_events,
)
from eventbridge_local.handle.base import Base
from eventbridge_local.model.event import Event

_ENVELOPE = {"time": "Time", "resources": "Resources", "trace_header": "TraceHeader"}


class Acting(Base):
    """Events in and out."""

    def put(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any] | str | None = None,
        *,
        bus: str = "default",
        **envelope: Any,
    ) -> Entry:
        """Put one event, as PutEvents with one entry would.

        Args:
            source: such as ``shop.orders``.
            detail_type: such as ``OrderPlaced``.
            detail: a dict, or JSON text as it is; none is an empty object.
            bus: name or ARN of the bus.
            **envelope: ``time`` (aware datetime), ``resources`` (list of ARNs), ``trace_header``.

        Returns:
            the entry: ``entry.event`` where it was accepted, ``entry.error_code`` where it was refused.

        Raises:
            ContractViolation: the event does not keep its contract. Nothing has been put then.
            ServiceError: AWS would refuse the whole request, in its words.
            UsageError: a part of the envelope that does not exist or makes no sense.
        """
        if "time" in envelope and not isinstance(envelope["time"], datetime):
            raise UsageError(f"put(time={envelope['time']!r}): give a datetime with a time zone")
        unknown = sorted(set(envelope) - set(_ENVELOPE))
        if unknown:
            raise UsageError(f"put({unknown[0]}=...): there is no such keyword; choose from {', '.join(_ENVELOPE)}")
        if isinstance(envelope.get("time"), datetime) and envelope["time"].tzinfo is None:
            raise UsageError(f"put(time={envelope['time']!r}): write datetime(..., tzinfo=UTC), with a time zone")
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}, ensure_ascii=False),
            "EventBusName": bus,
            **{_ENVELOPE[name]: value for name, value in envelope.items()},
        }
        answer: Any = self._perform("PutEvents", Entries=[entry])
        put: Entry = answer.records[0]
        return put

    def archive_to(self, path: PathLike, archive: str | None = None, *, bus: str | None = None) -> int:
        """Write events to a file, one envelope a line, gzip when the name ends in ``.gz``. Returns how many.

        Args:
            path: the file; one that is there is replaced.
            archive: name or ARN of the archive whose events to write; None for all events of PutEvents so far.
            bus: without an archive, only what was put on the bus of that name.

        Raises:
            UsageError: there is no such archive, or both are given.
        """
        if archive is None:
            entries = self._service.journal.of(Entry)
            return write_events((each.event for each in entries if each.event and bus in (None, each.bus)), path)
        if bus is not None:
            raise UsageError(
                f"archive_to(archive={archive!r}, bus={bus!r}): an archive has one bus; give one of the two"
            )
        return write_events(archived_events(self._place, archive), path)

    def replay_from(
        self,
        path: PathLike,
        *,
        bus: str = "default",
        rules: Names | None = None,
        replay_name: str | None = FROM_FILE,
    ) -> ReplayReport:
        """Put the events of a file on a bus, as a replay does: in the order of the file, with new ids.

        The file holds one envelope a line, as AWS delivers events; it is gzip when the name ends in ``.gz``. Time,
        account, region, source, resources and detail stay as they were captured. A line that is not an event is
        reported and left out. The journal keeps every event, of a file of millions too, unless ``keep_records`` says
        otherwise.

        Args:
            path: the file.
            bus: name or ARN of the bus.
            rules: names or ARNs of the rules that receive the events; None for all.
            replay_name: the ``replay-name`` of the events. Archives keep no replayed events; None puts them as they
                were captured, so that an archive can be filled from a file.

        Returns:
            how many there were, how many each rule matched, and the lines that are not events.

        Raises:
            UsageError: there is no such bus or rule.
            OSError: the file cannot be read.
        """
        scope, service = self._place, self._service
        found = bus_called(scope, bus)

        def put(event: Event, only: frozenset[str] | None) -> None:
            service.engine.accept([Arrival(scope, found.name, event, only)])

        return replay_file(path, found, rules, replay_name, new_id=service.ids.uuid, put=put)
