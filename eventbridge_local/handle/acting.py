"""Events put from a test, and to and from files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from eventbridge_local import captures
from eventbridge_local.delivery.journal import Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import PathLike
from eventbridge_local.handle.base import Base

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
            raise UsageError(f"put({unknown[0]}=...): there is no such part; choose from {', '.join(_ENVELOPE)}")
        if isinstance(envelope.get("time"), datetime) and envelope["time"].tzinfo is None:
            raise UsageError(f"put(time={envelope['time']!r}): write datetime(..., tzinfo=UTC), with a time zone")
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}, ensure_ascii=False),
            "EventBusName": bus,
            **{_ENVELOPE[name]: value for name, value in envelope.items()},
        }
        with self._service.journal.awaiting(entry) as found:
            self._perform("PutEvents", Entries=[entry])
        return found[0]

    def archive_to(self, path: PathLike, archive: str | None = None, *, bus: str | None = None) -> int:
        """Write events to a file, one envelope a line, gzip when the name ends in ``.gz``. Returns how many.

        Args:
            path: the file; one that is there is replaced.
            archive: name or ARN of the archive whose events to write; None for all events of PutEvents so far.
            bus: without an archive, only what was put on the bus of that name.

        Raises:
            UsageError: there is no such archive, or both are given.
        """
        scope = self._place
        return captures.archive_to(self._service, scope, path, archive, bus)

    def replay_from(
        self,
        path: PathLike,
        *,
        bus: str = "default",
        rules: str | Iterable[str] | None = None,
        replay_name: str | None = captures.FROM_FILE,
    ) -> captures.ReplayReport:
        """Put the events of a file on a bus, as a replay does: in the order of the file, with new ids.

        The file holds one envelope a line, as AWS delivers events; it is gzip when the name ends in ``.gz``. Time,
        account, region, source, resources and detail stay as they were captured. What is no event is reported and
        left out. Of a file of millions of events the journal keeps every one, unless ``keep_records`` says otherwise.

        Args:
            path: the file.
            bus: name or ARN of the bus.
            rules: names or ARNs of the rules that may see the events; None for all.
            replay_name: what the events carry as ``replay-name``. Archives keep no replayed events; None puts them as
                they were captured, so that an archive can be filled from a file.

        Returns:
            how many there were, how many each rule matched, and the lines that are no events.

        Raises:
            UsageError: there is no such bus or rule.
            OSError: the file cannot be read.
        """
        scope = self._place
        return captures.replay_from(self._service, scope, path, bus, rules, replay_name)
