"""The event as every target receives it, the X-Ray header that travels beside it, and the ids the service gives."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import FrozenInstanceError
from datetime import datetime
from json.encoder import encode_basestring as quote
from operator import attrgetter
from typing import Any, NoReturn

from eventbridge_local.json_text import compact, decoded, sendable
from eventbridge_local.patterns import parse_event
from eventbridge_local.visible import on_one_line, visible

_FIELD_NAMES = (
    "id",
    "detail_type",
    "source",
    "account",
    "time",
    "region",
    "resources",
    "detail_text",
    "replay_name",
    "trace_header",
    "hops",
)


class _EventFields:
    """The fields of an event while it is made."""

    __slots__ = (*_FIELD_NAMES, "_tree", "_written")


class Event(_EventFields):
    """One accepted event. It never changes.

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
        hops: the kinds of hop between buses it has made, ``"local"`` or ``"regional"``; AWS allows one of each (facts
            7.6).
    """

    # While it is on its way, what is made of it is kept for the next target: the parsed detail (``_tree``), the text,
    # and the envelope that is read from it where somebody asks (``_written``). Then ``forget_tree`` and
    # ``forget_written`` let go of it: a journal holds many events, and the text of the detail is enough to make it
    # again. ``new_event`` makes an event in a third of the time.
    __slots__ = ()
    __match_args__: Any = _FIELD_NAMES
    id: str
    detail_type: str
    source: str
    account: str
    time: datetime
    region: str
    resources: tuple[str, ...]
    detail_text: str
    replay_name: str | None
    trace_header: str | None
    hops: tuple[str, ...]
    _tree: Mapping[str, Any] | None
    _written: tuple[str, dict[str, Any] | None] | None

    def __new__(cls, *args: Any, **fields: Any) -> Event:
        return new_event(*args, **fields)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise FrozenInstanceError(f"{name} of an event cannot be changed")

    def __delattr__(self, name: str) -> NoReturn:
        raise FrozenInstanceError(f"{name} of an event cannot be deleted")

    def __eq__(self, other: object) -> Any:
        return _values(self) == _values(other) if isinstance(other, Event) else NotImplemented

    def __hash__(self) -> int:
        return hash(_values(self))

    def __reduce__(self) -> tuple[Any, ...]:
        *fields, replay_name, trace_header, hops = _values(self)
        return Event, (*fields, None, replay_name, trace_header, hops)

    @property
    def tree(self) -> Mapping[str, Any]:
        """The detail parsed for matching; while the event is on its way it is shared, so nobody may change it."""
        tree = self._tree
        return parse_event(self.detail_text) if tree is None else tree

    @property
    def time_text(self) -> str:
        """Whole seconds with ``Z``, as in the envelope."""
        return self.time.isoformat(timespec="seconds")[:19] + "Z"

    @property
    def text(self) -> str:
        """The envelope as JSON text without white space, keys in AWS's order.

        The detail keeps the producer's key order and number spelling; the blanks between tokens go, and characters
        stand for their escapes. That is recorded from AWS; the spelling of numbers is our choice (facts 5.4).
        """
        if self._written is not None:
            return self._written[0]
        replay = "" if self.replay_name is None else f'"replay-name":{quote(self.replay_name)},'
        resources = ",".join(map(quote, self.resources))
        text = sendable(
            f'{{"version":"0","id":"{self.id}","detail-type":{quote(self.detail_type)},"source":{quote(self.source)},'
            f'"account":"{self.account}","time":"{self.time_text}","region":"{self.region}",{replay}'
            f'"resources":[{resources}],"detail":{compact(self.detail_text)}}}'
        )
        if self._tree is not None:
            _set_written(self, (text, None))
        return text

    @property
    def envelope(self) -> dict[str, Any]:
        """The whole event as a dict, as ``json.loads`` gives a Lambda function."""
        return self.read()[1]

    def read(self) -> tuple[str, dict[str, Any]]:
        """Return the text and the envelope that is read from it."""
        if self._written is not None and self._written[1] is not None:
            return self._written  # type: ignore[return-value]
        text = self.text
        try:
            written = text, json.loads(text)
        except RecursionError:
            written = text, decoded(text)
        if self._tree is not None:
            _set_written(self, written)
        return written

    @property
    def detail(self) -> dict[str, Any]:
        """The detail as a dict, as the envelope has it. It is read anew each time, so that looking keeps nothing."""
        text = self.detail_text
        text = text if text.isascii() else sendable(text)
        try:
            detail: dict[str, Any] = json.loads(text)
        except RecursionError:  # nearly no event is so deep, and every look at a detail comes here
            detail = decoded(text)
        return detail

    @property
    def matched_on(self) -> dict[str, Any]:
        """The envelope for the pattern engine, with the exact numbers of ``tree``."""
        return self.fields(_FIELDS)

    def fields(self, names: Iterable[str]) -> dict[str, Any]:
        """Return those fields of the envelope that the event has of some names, for the pattern engine."""
        # Rules mostly look at two of them, and the detail is nearly always one.
        found: dict[str, Any] = {}
        for name in names:
            if name == "detail" and self._tree is not None:
                found[name] = self._tree
            elif name == "source":
                found[name] = self.source
            elif name in _FIELDS:
                value = _FIELDS[name](self)
                if value is not None:  # as the name of no replay is
                    found[name] = value
        return found

    def __repr__(self) -> str:
        return visible(on_one_line(f"<Event {self.source} {self.detail_type!r} {self.id[:8]}>"))


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


def new_event(
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
) -> Event:
    """Return an event; the arguments are its attributes, and ``tree`` the parsed detail where it is known."""
    # Frozen only when it is complete: to go round ``__setattr__`` for each field takes five times as long, and each
    # entry that is put makes an event.
    made: Any = _EventFields()
    made.id = id
    made.detail_type = detail_type
    made.source = source
    made.account = account
    made.time = time
    made.region = region
    made.resources = resources
    made.detail_text = detail_text
    made.replay_name = replay_name
    made.trace_header = trace_header
    made.hops = hops
    made._tree = tree
    made._written = None
    made.__class__ = Event
    return made  # type: ignore[no-any-return]


_values: Callable[[Event], tuple[Any, ...]] = attrgetter(*_FIELD_NAMES)

#: Let go of what was made of an event: ``forget_tree(event, None)``, ``forget_written(event, None)``. They are the
#: setters of the slots themselves, because an event is frozen and this is done for each.
forget_tree: Callable[[Event, Any], None] = _EventFields.__dict__["_tree"].__set__
forget_written: Callable[[Event, Any], None] = _EventFields.__dict__["_written"].__set__
_set_written = forget_written


def changed(event: Event, **changes: Any) -> Event:
    """Return a copy of an event with other fields, which shares the parsed detail."""
    fields = {name: getattr(event, name) for name in _FIELD_NAMES}
    return new_event(**{**fields, "tree": event.tree, **changes})


#: The ``replay-name`` of events that come from a file.
FROM_FILE = "replay-from-file"


def replayed(event: Event, new_id: str, replay_name: str | None) -> Event:
    """Return the event as a replay sends it: with a new id and the name of the replay, else unchanged (facts 9.6)."""
    # Not ``changed``, which takes twice as long; a replay makes one of these for each event.
    return new_event(
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
        text = self._bits(128).to_bytes(16, "big").hex()  # in two thirds of the time of a format
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
