"""PutEvents and PutPartnerEvents: a request of entries, each accepted or refused by itself.

The whole request is refused only for its size, and for a bus whose policy does not let the caller in; everything else
is a result in the place of the entry, with HTTP 200 (facts 5.1). All entries are judged before the first is routed, so
what a handler puts in turn waits behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from eventbridge_local.batching import entry_size
from eventbridge_local.delivery.journal import Entry, accepted_entry
from eventbridge_local.delivery.route import Arrival, Content, permission_to_put
from eventbridge_local.errors import ServiceError, validation_error
from eventbridge_local.model.clock import aware
from eventbridge_local.model.event import Event, changed
from eventbridge_local.model.records import Endpoint
from eventbridge_local.model.store import Scope
from eventbridge_local.operations.lookup import access_denied, locate_bus
from eventbridge_local.operations.table import Answer, Context, Params, operation
from eventbridge_local.patterns import parse_event

_REQUIRED = ("Source", "DetailType", "Detail")
#: Every digit becomes a zero, so that one search finds any 19 digits in a row; no shorter integer passes 64 bits.
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_NINETEEN_DIGITS = b"0" * 19
_SIGNED_64_BIT = 2**63


#: An entry, the scope and name of its bus, and its event or the refusal of it.
_Judged = tuple[Mapping[str, Any], Scope, str, Event | None, ServiceError | None]


@operation("PutEvents", delivers=True)
def put_events(ctx: Context, params: Params) -> Answer:
    """Put events on their buses. Source: facts 5.1, 5.2, 5.3."""
    entries = params["Entries"]
    if sum(map(entry_size, entries)) > ctx.limits.put_events_request_size:
        raise _too_large(ctx)
    endpoint, home, through = _behind_endpoint(ctx, params) if "EndpointId" in params else (None, ctx.scope, ())
    now = ctx.now
    judged: list[_Judged] = []
    for entry in entries:
        scope, bus = home, entry.get("EventBusName", "default")
        if endpoint is not None:
            bus = endpoint.bus_name
        elif ":" in bus:
            scope, bus = locate_bus(ctx, bus)
        event, refused = _event_of(ctx, entry, home, now, through)
        if scope is not home or ((known := scope.buses.get(bus)) is not None and known.record.policy is not None):
            _check_permission(ctx, scope, bus, entry, event)
        judged.append((entry, scope, bus, event, refused))
    if ctx.check_events is not None:
        ctx.check_events([(bus, event) for _, _, bus, event, _ in judged if event is not None])
    if ctx.entry_faults.arranged:  # arranged by the test
        for position, failure in ctx.entry_faults.strike(len(judged)).items():
            judged[position] = (*judged[position][:3], None, failure)
    answer = _answer(ctx, judged, now)
    arrivals = []
    for _, scope, bus, event, _ in judged:
        if event is not None:
            arrivals.append(Arrival(scope, bus, event))
    ctx.engine.accept(arrivals)
    return answer


class PutAnswer(dict[str, Any]):
    """The answer of PutEvents, with what the journal has on its entries beside it."""

    __slots__ = ("records",)
    records: tuple[Entry, ...]


def _answer(ctx: Context, judged: Sequence[_Judged], now: datetime) -> PutAnswer:
    """Write the entries down and answer for them."""
    account, region = ctx.scope.account, ctx.scope.region
    records: list[Entry] = []
    results: list[Answer] = []
    failed = 0
    for entry, _, bus, event, refused in judged:
        number = ctx.journal.next_entry()
        if event is not None:
            record = accepted_entry(number, bus, account, region, entry, now, event)
            results.append({"EventId": event.id})
        else:
            assert refused is not None
            record = Entry(number, bus, account, region, entry, now, None, refused.code, refused.message)
            results.append({"ErrorCode": refused.code, "ErrorMessage": refused.message})
            failed += 1
        ctx.journal.add(record)
        records.append(record)
    answer = PutAnswer(FailedEntryCount=failed, Entries=results)
    answer.records = tuple(records)
    return answer


def _too_large(ctx: Context) -> ServiceError:
    return validation_error(
        "Total size of the entries in the request is over the limit.",
        hint=f"the limit is {ctx.limits.put_events_request_size:,} bytes for one request (262,144 in the API "
        "reference, 1,048,576 on AWS since January 2026 in most Regions; Limits(put_events_request_size=...) sets it); "
        "eventbridge_local.batch_entries splits a list of entries into requests that are small enough",
    )


def _behind_endpoint(ctx: Context, params: Params) -> tuple[Endpoint, Scope, tuple[str, ...]]:
    """Return the endpoint of a request, where it sends events, and what it adds to their resources.

    Source: User Guide, Global endpoints.
    """
    # Late, because few tests have a global endpoint.
    from eventbridge_local.operations.endpoints import check_bus, endpoint_of_id

    endpoint = endpoint_of_id(ctx, params["EndpointId"])
    for entry in params["Entries"]:
        check_bus(endpoint, entry.get("EventBusName", "default"))
    return endpoint, ctx.store.scope(ctx.scope.account, endpoint.active_region), (endpoint.arn,)


def _check_permission(ctx: Context, scope: Scope, bus: str, entry: Mapping[str, Any], event: Event | None) -> None:
    """Refuse the whole request when the policy of a bus does not let the caller put an event on it."""
    arn = scope.arn(f"event-bus/{bus}")
    content = event or Content(entry.get("Source", ""), entry.get("DetailType", ""), {})
    effect = permission_to_put(ctx.store, ctx.scope.account, arn, content)
    if effect != "Allow":
        # Late, because few tests have a bus with a policy.
        from eventbridge_local.policies.statements import PUT_EVENTS

        raise access_denied(ctx, PUT_EVENTS, arn, scope.buses.get(bus), denied=effect == "Deny")


@operation("PutPartnerEvents", delivers=True)
def put_partner_events(ctx: Context, params: Params) -> Answer:
    """Put a partner's events on the buses of its customers. Source: API reference; its answers are not recorded.

    An event reaches every account whose source is ACTIVE and carries that account; while a source waits, the event is
    accepted and gone.
    """
    entries, now = params["Entries"], ctx.now
    if sum(map(entry_size, entries)) > ctx.limits.put_events_request_size:
        raise _too_large(ctx)
    # Late, because only partners call this operation.
    from eventbridge_local.operations.partner_sources import sources_made_by

    offered = sources_made_by(ctx)
    arrivals: list[Arrival] = []
    judged: list[_Judged] = []
    for entry in entries:
        source = entry.get("Source", "")
        mine = {each.customer: each.state for each in offered if each.name == source}
        event, refused = _event_of(ctx, entry, ctx.scope, now, may_use=mine)
        if event is not None:
            copies = [changed(event, account=customer) for customer, state in mine.items() if state == "ACTIVE"]
            arrivals += [Arrival(ctx.store.scope(copy.account, ctx.scope.region), source, copy) for copy in copies]
            event = copies[0] if copies else event
        judged.append((entry, ctx.scope, source, event, refused))
    answer = _answer(ctx, judged, now)
    ctx.engine.accept(arrivals)
    return answer


def _event_of(
    ctx: Context,
    entry: Mapping[str, Any],
    home: Scope,
    now: datetime,
    through: tuple[str, ...] = (),
    may_use: Mapping[str, Any] | None = None,
) -> tuple[Event | None, ServiceError | None]:
    """Return the event of an entry as it comes from ``home``, or the refusal of it.

    Args:
        through: what the event's way adds to its resources.
        may_use: for partners, what their source is offered to; None for everybody else.
    """
    for member in _REQUIRED:
        if not entry.get(member):
            return None, ServiceError(
                "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
            )
    source: str = entry["Source"]
    if not may_use and (may_use is not None or source.startswith("aws.")):
        return None, ServiceError("NotAuthorizedForSourceException", "Not authorized for the source.")
    # That of the entry comes before that of the request, also where it is not valid (facts 5.5).
    trace = entry.get("TraceHeader") or ctx.trace
    try:
        tree = detail_tree(entry["Detail"], ctx.store.limits.event_nesting_levels)
    except ServiceError as malformed:
        return None, malformed
    shared, detail_type = ctx.journal.shared, entry["DetailType"]
    event = Event(
        id=ctx.ids.uuid(),
        detail_type=shared(detail_type, detail_type),
        source=shared(source, source),
        account=home.account,
        time=aware(entry["Time"], "Time") if "Time" in entry else now,
        region=home.region,
        resources=(*entry.get("Resources", ()), *through),
        detail_text=entry["Detail"],
        tree=tree,
        trace_header=_trace_header(ctx, trace, now) if trace else None,
    )
    return event, None


def _trace_header(ctx: Context, header: str, now: datetime) -> str | None:
    # Late, because few events are traced.
    from eventbridge_local.model.trace import normalized

    return normalized(header, now, ctx.ids.uuid)


def detail_tree(text: str, levels: int) -> dict[str, Any]:
    """Return the parsed detail, which must be the text of a JSON object within the documented limits."""
    try:
        tree = parse_event(text)
        digits = text.encode("utf-8", "surrogatepass").translate(_DIGITS_AS_ZEROS)
        if _NINETEEN_DIGITS in digits or (len(text) > levels and text.count("{") + text.count("[") > levels):
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
