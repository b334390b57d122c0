"""The event as every target receives it, the X-Ray header that travels beside it, and the ids the service gives."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from json.encoder import encode_basestring as quote
from typing import Any

from eventbridge_local.json_text import compact, sendable


@dataclass(frozen=True, init=False)
class Event:
    """One accepted event.

    What users get (``detail``, ``envelope``) is parsed for them.

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
    #: The detail parsed for matching; it is shared, so nobody may change it.
    tree: Mapping[str, Any]
    replay_name: str | None = None
    trace_header: str | None = None
    #: The kinds of hop between buses it has made, ``"local"`` or ``"regional"``; AWS allows one of each (facts 7.6).
    hops: tuple[str, ...] = ()

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
        tree: Mapping[str, Any],
        replay_name: str | None = None,
        trace_header: str | None = None,
        hops: tuple[str, ...] = (),
    ) -> None:
        # What a frozen dataclass makes by itself takes three times as long, and every entry makes an event.
        self.__dict__.update(
            id=id,
            detail_type=detail_type,
            source=source,
            account=account,
            time=time,
            region=region,
            resources=resources,
            detail_text=detail_text,
            tree=tree,
            replay_name=replay_name,
            trace_header=trace_header,
            hops=hops,
        )

    @property
    def time_text(self) -> str:
        """Whole seconds with ``Z``, as in the envelope."""
        return self.time.isoformat(timespec="seconds")[:19] + "Z"

    @cached_property
    def text(self) -> str:
        """The envelope as JSON text without white space, keys in AWS's order.

        The detail keeps the producer's key order, number spelling and escapes; only the blanks between tokens go.
        That blanks go is recorded from AWS, the rest is our choice (facts 5.4).
        """
        replay = "" if self.replay_name is None else f'"replay-name":{quote(self.replay_name)},'
        resources = ",".join(map(quote, self.resources))
        return sendable(
            f'{{"version":"0","id":"{self.id}","detail-type":{quote(self.detail_type)},"source":{quote(self.source)},'
            f'"account":"{self.account}","time":"{self.time_text}","region":"{self.region}",{replay}'
            f'"resources":[{resources}],"detail":{compact(self.detail_text)}}}'
        )

    @cached_property
    def envelope(self) -> dict[str, Any]:
        """The whole event as a dict, as ``json.loads`` gives a Lambda function."""
        loaded: dict[str, Any] = json.loads(self.text)
        return loaded

    @property
    def detail(self) -> dict[str, Any]:
        """The detail as a dict, as the envelope has it. It is read anew each time, so that looking keeps nothing."""
        detail: dict[str, Any] = json.loads(sendable(self.detail_text))
        return detail

    @property
    def matched_on(self) -> dict[str, Any]:
        """The envelope for the pattern engine, with the exact numbers of ``tree``."""
        shown: dict[str, Any] = {
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.account,
            "time": self.time_text,
            "region": self.region,
            "resources": list(self.resources),
            "detail": self.tree,
        }
        if self.replay_name is not None:
            shown["replay-name"] = self.replay_name
        return shown

    def __repr__(self) -> str:
        return f"<Event {self.source} {self.detail_type!r} {self.id[:8]}>"


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


# the X-Ray header of a request or an entry


#: The HTTP header that carries it.
TRACE_HEADER = "X-Amzn-Trace-Id"

_ROOT = re.compile(r"(?:^|;)\s*Root=1-[0-9a-f]{8}-[0-9a-f]{24}(?:;|$)", re.IGNORECASE)


def valid_trace_header(header: str | None) -> str | None:
    """Return the header when X-Ray would read it, else None: an event with an invalid header goes on without it.

    Source: facts 5.5.
    """
    return header if header and _ROOT.search(header) else None


# ids in the forms AWS gives them


class Ids:
    """A source of ids. The same seed gives the same ids in the same order, whatever else the process does.

    Args:
        seed: any int or text; None takes it from the operating system.
    """

    __slots__ = ("_bits",)

    def __init__(self, seed: int | str | None = None) -> None:
        self._bits = random.Random(seed).getrandbits

    def uuid(self) -> str:
        """Return lower-case hex in UUID form; AWS does not set the version bits of uuid4 either (facts 1.10)."""
        text = f"{self._bits(128):032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
