"""What happened, as frozen records in order. Append-only; ``report`` finds the words for it.

Conservation: every accepted event has one ``Routing`` for each bus it reached, and every target of every rule named
in it has exactly one ``Delivery`` with one outcome.

The records are named tuples: as frozen as frozen dataclasses, and made five times faster; each event makes several.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeVar

from eventbridge_local.core.event import Event
from eventbridge_local.state.records import Rule, Target

Outcome = Literal["delivered", "recorded", "dead-lettered", "dropped", "pending"]

R = TypeVar("R")


class Call(NamedTuple):
    """One API call: what was asked and what was answered. ``hint`` is our advice on a refusal."""

    operation: str
    params: Mapping[str, Any]
    account: str
    region: str
    at: datetime
    result: Mapping[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    hint: str | None = None


class Entry(NamedTuple):
    """One entry of PutEvents: accepted, then ``event`` is set, or refused with a code and a message."""

    number: int
    bus: str
    account: str
    region: str
    entry: Mapping[str, Any]
    at: datetime
    event: Event | None = None
    error_code: str | None = None
    error_message: str | None = None

    @property
    def accepted(self) -> bool:
        return self.event is not None

    @property
    def event_id(self) -> str | None:
        """The id PutEvents returned, None for a refused entry."""
        return None if self.event is None else self.event.id

    @property
    def source(self) -> str | None:
        return self.entry.get("Source")

    @property
    def detail_type(self) -> str | None:
        return self.entry.get("DetailType")

    @property
    def detail(self) -> Any:
        """The detail as a dict; of a refused entry the text that was given."""
        return self.entry.get("Detail") if self.event is None else self.event.detail

    @property
    def envelope(self) -> dict[str, Any]:
        """The event as its targets see it; of a refused entry what there would be."""
        if self.event is not None:
            return self.event.envelope
        shown = {"detail-type": self.detail_type, "source": self.source, "detail": self.detail}
        return {key: value for key, value in shown.items() if value is not None}


class Routing(NamedTuple):
    """An event on a bus: the rules as they were at that moment, and the names of those that matched.

    ``trouble`` says why nothing could match at all: the bus does not exist, or rules feed each other in a ring.
    """

    event: Event
    bus: str
    account: str
    region: str
    rules: tuple[Rule, ...]
    matched: tuple[str, ...]
    trouble: str | None = None


class Delivery(NamedTuple):
    """What one target of one rule got, and how it ended.

    ``transformed`` is the text a target's input made of the event, None when the event itself is sent. ``error`` is a
    code such as INVALID_JSON, and ``reason`` its text.
    """

    number: int
    event: Event
    rule: Rule
    target: Target
    transformed: str | None
    outcome: Outcome
    attempts: int = 1
    error: str | None = None
    reason: str | None = None
    raised: BaseException | None = None

    @property
    def payload(self) -> str:
        """The exact text that was sent, or would have been. It is written when it is first asked for."""
        return self.event.text if self.transformed is None else self.transformed

    @property
    def json(self) -> Any:
        """The payload parsed, or the text itself where it is no JSON (several lines of a text template)."""
        try:
            return json.loads(self.payload)
        except ValueError:
            return self.payload

    @property
    def arn(self) -> str:
        return self.target.arn


class Journal:
    """The records of one mock, oldest first."""

    def __init__(self) -> None:
        self.records: list[Call | Entry | Routing | Delivery] = []
        self._entries = 0
        self._deliveries = 0

    def add(self, record: Call | Entry | Routing | Delivery) -> None:
        self.records.append(record)

    def next_entry(self) -> int:
        """The number of the next entry, as people read it: the first is 1."""
        self._entries += 1
        return self._entries

    def next_delivery(self) -> int:
        """The number of the next delivery, from 1."""
        self._deliveries += 1
        return self._deliveries

    def of(self, kind: type[R]) -> list[R]:
        """All records of one kind."""
        return [record for record in self.records if type(record) is kind]

    def clear(self) -> None:
        self.__init__()  # type: ignore[misc]
