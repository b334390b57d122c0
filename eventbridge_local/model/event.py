"""The event as every target receives it, the X-Ray header that travels beside it, and the ids the service gives."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from json.encoder import encode_basestring as quote
from operator import attrgetter
from typing import Any

from eventbridge_local.json_text import compact, sendable
from eventbridge_local.patterns import parse_event
from eventbridge_local.visible import visible


@dataclass(frozen=True, init=False, slots=True)
class Event:
    """One accepted event.

    While it is on its way, what is made of it (the parsed detail, the envelope) is kept for the next target. Then
    ``forget_made`` lets go of it: a journal holds many events, and the text of the detail is enough to make it again.

    Attributes:
        id: the id PutEvents returned.
        detail_type: its detail-type.
        source: its source.
        account: the account that put it.
        time: the instant it is about, aware and in UTC.
        region: the Region it was put in.
        resources: ARNs.
        detail_text: the detail as the producer wrote it.
        replay_name: the name of the replay that sent it again, None otherwise.
        trace_header: the X-Ray header of the entry; it travels beside the event and is never part of it.
    """

    id: str
    detail_type: str
    source: str
    account: str
    time: datetime
    region: str
    resources: tuple[str, ...]
    detail_text: str
    replay_name: str | None = None
    trace_header: str | None = None
    #: The kinds of hop between buses it has made, ``"local"`` or ``"regional"``; AWS allows one of each (facts 7.6).
    hops: tuple[str, ...] = ()
    #: The tree, the text and the envelope; None once it has been to its targets.
    _made: dict[str, Any] | None = field(init=False, compare=False, repr=False)

    def __init__(
        self,
        id: str,
        detail_type: str,
        source: str,
        account: str,
        time: datetime,
        region: str,
        resources: tuple[str, ...],
        detail_text: str,
        tree: Mapping[str, Any] | None = None,
        replay_name: str | None = None,
        trace_header: str | None = None,
        hops: tuple[str, ...] = (),
    ) -> None:
        put = object.__setattr__
        put(self, "id", id)
        put(self, "detail_type", detail_type)
        put(self, "source", source)
        put(self, "account", account)
        put(self, "time", time)
        put(self, "region", region)
        put(self, "resources", resources)
        put(self, "detail_text", detail_text)
        put(self, "replay_name", replay_name)
        put(self, "trace_header", trace_header)
        put(self, "hops", hops)
        put(self, "_made", None if tree is None else {"tree": tree})

    @property
    def tree(self) -> Mapping[str, Any]:
        """The detail parsed for matching; while the event is on its way it is shared, so nobody may change it."""
        made = self._made
        tree: Mapping[str, Any] = parse_event(self.detail_text) if made is None else made["tree"]
        return tree

    @property
    def time_text(self) -> str:
        """Whole seconds with ``Z``, as in the envelope."""
        return self.time.isoformat(timespec="seconds")[:19] + "Z"

    @property
    def text(self) -> str:
        """The envelope as JSON text without white space, keys in AWS's order.

        The detail keeps the producer's key order, number spelling and escapes; only the blanks between tokens go.
        That blanks go is recorded from AWS, the rest is our choice (facts 5.4).
        """
        made = self._made
        if made is not None and "text" in made:
            written: str = made["text"]
            return written
        replay = "" if self.replay_name is None else f'"replay-name":{quote(self.replay_name)},'
        resources = ",".join(map(quote, self.resources))
        text = sendable(
            f'{{"version":"0","id":"{self.id}","detail-type":{quote(self.detail_type)},"source":{quote(self.source)},'
            f'"account":"{self.account}","time":"{self.time_text}","region":"{self.region}",{replay}'
            f'"resources":[{resources}],"detail":{compact(self.detail_text)}}}'
        )
        if made is not None:
            made["text"] = text
        return text

    @property
    def envelope(self) -> dict[str, Any]:
        """The whole event as a dict, as ``json.loads`` gives a Lambda function."""
        return self.read()[1]

    def read(self) -> tuple[str, dict[str, Any]]:
        """Return the text and the envelope that is read from it."""
        text, made = self.text, self._made
        envelope: dict[str, Any] = made["envelope"] if made and "envelope" in made else json.loads(text)
        if made is not None:
            made["envelope"] = envelope
        return text, envelope

    @property
    def detail(self) -> dict[str, Any]:
        """The detail as a dict, as the envelope has it. It is read anew each time, so that looking keeps nothing."""
        text = self.detail_text
        detail: dict[str, Any] = json.loads(text if text.isascii() else sendable(text))
        return detail

    @property
    def matched_on(self) -> dict[str, Any]:
        """The envelope for the pattern engine, with the exact numbers of ``tree``."""
        return self.fields(_FIELDS)

    def fields(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those fields of the envelope that the event has of some names, for the pattern engine."""
        # Rules mostly look at two of them.
        found: dict[str, Any] = {}
        for name in names:
            if name in _FIELDS:
                value = _FIELDS[name](self)
                if value is not None:  # as the name of no replay is
                    found[name] = value
        return found

    def __repr__(self) -> str:
        return visible(f"<Event {self.source} {self.detail_type!r} {self.id[:8]}>")


#: The fields of an envelope in AWS's order, and where the values for the pattern engine are.
_FIELDS: Mapping[str, Callable[[Event], Any]] = {
    "version": lambda _: "0",
    "id": attrgetter("id"),
    "detail-type": attrgetter("detail_type"),
    "source": attrgetter("source"),
    "account": attrgetter("account"),
    "time": attrgetter("time_text"),
    "region": attrgetter("region"),
    "resources": lambda event: list(event.resources),
    "detail": attrgetter("tree"),
    "replay-name": attrgetter("replay_name"),
}


#: Lets go of what was made of an event: ``forget_made(event, None)``. It is the setter of the slot itself, because an
#: event is frozen and this is done for each.
forget_made: Callable[[Event, None], None] = Event.__dict__["_made"].__set__


def changed(event: Event, **changes: Any) -> Event:
    """Return a copy of an event with other fields, which shares the parsed detail."""
    return replace(event, **{"tree": event.tree, **changes})


#: The ``replay-name`` of events that come from a file.
FROM_FILE = "replay-from-file"


def replayed(event: Event, new_id: str, replay_name: str | None) -> Event:
    """Return the event as a replay sends it: with a new id and the name of the replay, else unchanged (facts 9.6)."""
    # Not dataclasses.replace, which takes twice as long; a replay makes one of these for each event.
    return Event(
        new_id,
        event.detail_type,
        event.source,
        event.account,
        event.time,
        event.region,
        event.resources,
        event.detail_text,
        event.tree,
        replay_name,
    )


#: The HTTP header that carries the X-Ray header of a request; ``trace.py`` reads it.
TRACE_HEADER = "X-Amzn-Trace-Id"


# ids in the forms AWS gives them


#: Gives the ids of all mocks without a seed: to make a generator for each takes longer than most tests use it.
_UNSEEDED = random.Random()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_UNSEEDED.seed)


class Ids:
    """A source of ids. The same seed gives the same ids in the same order, whatever else the process does.

    Args:
        seed: any int or text; None takes it from the operating system.
    """

    __slots__ = ("_bits",)

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits = (_UNSEEDED if seed is None else random.Random(seed)).getrandbits

    def uuid(self) -> str:
        """Return lower-case hex in UUID form; AWS does not set the version bits of uuid4 either (facts 1.10)."""
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
