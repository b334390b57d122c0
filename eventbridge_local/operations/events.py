"""PutEvents: a request of entries, each accepted or refused by itself.

The whole request is refused only for its size; everything else is a result in the place of the entry, with HTTP 200
(recorded). All entries are judged before the first is routed, so what a handler puts in turn waits behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eventbridge_local.batching import entry_size
from eventbridge_local.bus.engine import Arrival
from eventbridge_local.bus.journal import Entry
from eventbridge_local.core.event import Event
from eventbridge_local.errors import ServiceError, validation_error
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.lookup import locate_bus
from eventbridge_local.operations.table import Answer, Params, operation
from eventbridge_local.patterns import parse_event
from eventbridge_local.state.world import Place

_REQUIRED = ("Source", "DetailType", "Detail")
#: Every digit becomes a zero, so that one search finds any 19 digits in a row; no shorter integer passes 64 bits.
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_NINETEEN_DIGITS = b"0" * 19
_SIGNED_64_BIT = 2**63


@operation("PutEvents", delivers=True)
def put_events(ctx: Context, params: Params) -> Answer:
    """Put events on their buses. Source: recorded, User Guide "Calculating PutEvents event entry size"."""
    entries = params["Entries"]
    if sum(map(entry_size, entries)) > ctx.limits.put_events_request_size:
        raise validation_error(
            "Total size of the entries in the request is over the limit.",
            hint=f"the limit is {ctx.limits.put_events_request_size:,} bytes for one request; "
            "eventbridge_local.batch_entries splits a list of entries so that each request keeps it",
        )
    now = ctx.now
    arrivals = []
    results = []
    for entry in entries:
        place, bus = locate_bus(ctx, entry.get("EventBusName", "default"))
        try:
            event = _event(ctx, entry, now)
        except ServiceError as refused:
            _note(ctx, entry, bus, now, refused=refused)
            results.append({"ErrorCode": refused.code, "ErrorMessage": refused.message})
        else:
            _note(ctx, entry, bus, now, event)
            results.append({"EventId": event.id})
            arrivals.append(Arrival(place, bus, event))
    ctx.engine.accept(arrivals)
    return {"FailedEntryCount": len(results) - len(arrivals), "Entries": results}


def _event(ctx: Context, entry: Mapping[str, Any], now: datetime) -> Event:
    """The event of an entry, or the refusal of it."""
    for member in _REQUIRED:
        if not entry.get(member):
            raise ServiceError(
                "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
            )
    if entry["Source"].startswith("aws."):
        raise ServiceError("NotAuthorizedForSourceException", "Not authorized for the source.")
    place: Place = ctx.place
    return Event(
        id=ctx.ids.uuid(),
        detail_type=entry["DetailType"],
        source=entry["Source"],
        account=place.account,
        time=entry.get("Time", now),
        region=place.region,
        resources=tuple(entry.get("Resources", ())),
        detail_text=entry["Detail"],
        tree=detail_tree(entry["Detail"], ctx.limits.event_nesting_levels),
    )


def detail_tree(text: str, levels: int) -> dict[str, Any]:
    """The parsed detail, which must be the text of a JSON object within the documented limits."""
    try:
        tree = parse_event(text)
        digits = text.encode("utf-8", "surrogatepass").translate(_DIGITS_AS_ZEROS)
        if _NINETEEN_DIGITS in digits or text.count("{") + text.count("[") > levels:
            _check_limits(tree, levels)
    except ValueError:
        raise ServiceError("MalformedDetail", "Detail is malformed.") from None
    return tree


def _check_limits(tree: Any, levels: int) -> None:
    """Raise ValueError for integers beyond 64 bits and for nesting beyond the limit (API reference)."""
    waiting = [(tree, 1)]
    while waiting:
        value, level = waiting.pop()
        if isinstance(value, dict | list):
            if level > levels:
                raise ValueError("nested too deeply")
            waiting.extend((inner, level + 1) for inner in (value.values() if isinstance(value, dict) else value))
        elif isinstance(value, int) and not -_SIGNED_64_BIT <= value < _SIGNED_64_BIT:
            raise ValueError("integer beyond 64 bits")


def _note(
    ctx: Context,
    entry: Mapping[str, Any],
    bus: str,
    now: datetime,
    event: Event | None = None,
    refused: ServiceError | None = None,
) -> None:
    number, place = ctx.journal.next_entry(), ctx.place
    code, message = (refused.code, refused.message) if refused else (None, None)
    ctx.journal.add(Entry(number, bus, place.account, place.region, entry, now, event, code, message))
