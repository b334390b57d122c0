"""An event from whatever a test has in its hand: an entry, an event, an id, an envelope, an entry of PutEvents."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from eventbridge_local.delivery.journal import Entry, Journal, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import read_event
from eventbridge_local.model.event import Event
from eventbridge_local.report import text

_NO_ID = "00000000-0000-0000-0000-000000000000"
_WHAT = (
    "give an entry of eb.events, an event, an event id, an envelope such as make_event(...) returns, "
    "or an entry as PutEvents takes it"
)

#: Anything that stands for an event.
AnyEvent = Entry | Event | str | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Given:
    """An event and how it is called.

    Attributes:
        event: None when PutEvents refused it, or would.
        title: the event in a few words.
        bus: where it was put; None when it does not say.
        refused: the refusal in AWS's words.
    """

    event: Event | None
    title: str
    bus: str | None = None
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads events for one mock.

    Args:
        journal: where ids are looked up.
        try_out: what PutEvents would make of an entry, without putting it.
        account, region, now: for envelopes that do not say.
    """

    journal: Journal
    try_out: Callable[[Mapping[str, Any]], Entry]
    account: str
    region: str
    now: datetime

    def read(self, thing: AnyEvent) -> Given:
        """What a test has in its hand, as an event.

        Raises:
            UsageError: it is no event, or there is no event of that id.
        """
        if isinstance(thing, Entry):
            return self._entry(thing, f"event #{thing.number}")
        if isinstance(thing, Event):
            return self._event(thing)
        if isinstance(thing, str):
            return self._text(thing)
        if isinstance(thing, Mapping):
            return self._mapping(thing)
        raise UsageError(f"event={text.value(thing)}: {_WHAT}")

    def _entry(self, entry: Entry, name: str) -> Given:
        refused = None if entry.accepted else f"{entry.error_code}: {entry.error_message}"
        title = f"{name} {entry.source} {entry.detail_type!r}"
        return Given(entry.event, title, entry.bus, refused)

    def _event(self, event: Event) -> Given:
        entry = _last(entry for entry in self.journal.of(Entry) if entry.event_id == event.id)
        if entry is not None:
            return self._entry(entry, f"event #{entry.number}")
        routing = _last(routing for routing in self.journal.of(Routing) if routing.event.id == event.id)
        return Given(event, f"event {event.source} {event.detail_type!r}", routing.bus if routing else None)

    def _text(self, given: str) -> Given:
        if given.lstrip().startswith("{"):
            try:
                return self._mapping(json.loads(given))
            except ValueError as error:
                raise UsageError(f"event={text.value(given)} is not JSON: {error}") from None
        events = [entry.event for entry in self.journal.of(Entry) if entry.event] + [
            routing.event for routing in self.journal.of(Routing)
        ]
        found = _last(event for event in events if event.id == given)
        if found is None:
            raise UsageError(f"event={given!r}: no event of this mock has that id; {_WHAT}")
        return self._event(found)

    def _mapping(self, given: Mapping[str, Any]) -> Given:
        if "Source" in given or "DetailType" in given:
            return replace(self._entry(self.try_out(given), "event"), bus=given.get("EventBusName"))
        if not {"source", "detail-type"} <= set(given):
            raise UsageError(f"event={text.value(given)}: {_WHAT}")
        filled = {
            "id": _NO_ID,
            "account": self.account,
            "time": self.now.isoformat(),
            "region": self.region,
            "detail": {},
            **given,
        }
        try:
            event = read_event(json.dumps(filled).encode())
        except (TypeError, ValueError) as error:
            raise UsageError(f"event={text.value(given)}: {error}") from None
        known = _last(entry for entry in self.journal.of(Entry) if entry.event_id == event.id)
        if known is not None and known.envelope == event.envelope:
            return self._entry(known, f"event #{known.number}")
        # What a test changed in a copy is another event, even under the same id.
        return self._event(event if known is None else replace(event, id=_NO_ID))


def _last(found: Iterable[Any]) -> Any:
    """The newest of several, None of none."""
    last = None
    for last in found:  # noqa: B007
        pass
    return last
