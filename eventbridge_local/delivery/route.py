"""From a rule to another event bus: what the event becomes on its way, and where AWS stops it.

Within a Region the event keeps its id and time; over Regions it gets new ones. Account and Region stay those of the
producer either way (recorded). An event makes one hop of each kind (captured).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from eventbridge_local.delivery.pending import AttemptFailed
from eventbridge_local.model.event import Event

_TOO_OFTEN = (
    "Event ingestion rejected for event {id} because an event can be sent to an event bus target only once. "
    "This event was previously delivered to an event bus target."
)
_CODES = {"local": "THIRD_ACCOUNT_HOP_DETECTED", "regional": "THIRD_REGION_HOP_DETECTED"}


def hop(event: Event, from_region: str, to_region: str, now: datetime, new_id: Callable[[], str]) -> Event:
    """The event as it arrives at a bus in ``to_region``.

    Raises:
        AttemptFailed: it has made a hop of this kind already.
    """
    kind = "local" if from_region == to_region else "regional"
    if kind in event.hops:
        raise AttemptFailed(_CODES[kind], _TOO_OFTEN.format(id=event.id))
    hops = (*event.hops, kind)
    if kind == "local":
        return replace(event, hops=hops)
    return replace(event, hops=hops, id=new_id(), time=now)
