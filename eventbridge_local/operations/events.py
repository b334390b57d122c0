"""PutEvents and PutPartnerEvents: a request of entries, each accepted or refused by itself.

The whole request is refused only for its size, and for a bus whose policy does not let the caller in; everything else
is a result in the place of the entry, with HTTP 200 (facts 5.1). All entries are judged before the first is routed, so
what a handler puts in turn waits behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from eventbridge_local.batching import entry_size
from eventbridge_local.delivery.journal_records import KeptEntry
from eventbridge_local.delivery.route import Arrival, Content, PutArrival, RefusedEntry, permission_to_put
from eventbridge_local.errors import ServiceError, validation_error
from eventbridge_local.model.clock import aware
from eventbridge_local.model.event import Event, changed, new_event
from eventbridge_local.model.store import Bus, Scope
from eventbridge_local.operations.lookup import access_denied, is_disabled_key, locate_bus
from eventbridge_local.operations.table import Answer, Context, NewAnswer, Params, operation
from eventbridge_local.patterns import parse_event

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.rare_records import Endpoint

_REQUIRED = ("Source", "DetailType", "Detail")
#: Every digit becomes a zero, so that one search finds any 19 digits in a row; no shorter integer passes 64 bits.
_DIGITS_AS_ZEROS = bytes(ord("0") if chr(byte).isdigit() and byte < 128 else byte for byte in range(256))
_NINETEEN_DIGITS = b"0" * 19
_SIGNED_64_BIT = 2**63


@operation("PutEvents", delivers=True)
def put_events(ctx: Context, params: Params) -> Answer:
    """Put events on their buses. Source: facts 5.1, 5.2, 5.3."""
    entries, limit = params["Entries"], ctx.limits.put_events_request_size
    # A text takes no fewer bytes in the body of a request than by itself.
    if (ctx.size is None or ctx.size > limit) and sum(map(entry_size, entries)) > limit:
        raise _too_large(ctx)
    endpoint, home, through = _behind_endpoint(ctx, params) if "EndpointId" in params else (None, ctx.scope, ())
    judged: list[KeptEntry] = []
    for entry in entries:
        scope, bus = home, entry.get("EventBusName", "default")
        if endpoint is not None:
            bus = endpoint.bus_name
        elif ":" in bus:
            scope, bus = locate_bus(ctx, bus)
        event = _event_of(ctx, entry, home, through)
        known = scope.buses.get(bus)
        if scope is not home or (known is not None and known.record.policy is not None):
            _check_permission(ctx, scope, bus, entry, event)
        if known is not None and "KmsKeyIdentifier" in known.record.settings and type(event) is Event:
            event = _unencrypted(ctx, known) or event
        if type(event) is Event:
            judged.append(PutArrival(scope, bus, event, ctx.scope, entry, ctx.now))
        else:
            judged.append(RefusedEntry(bus, ctx.scope, entry, ctx.now, event, len(judged)))  # type: ignore[arg-type]
    if ctx.check_events is not None:
        ctx.check_events([(each.bus, each.event) for each in judged if type(each) is PutArrival])
    if ctx.entry_faults.arranged:  # arranged by the test
        for position, failure in ctx.entry_faults.strike(len(judged)).items():
            bus, entry = judged[position].bus, entries[position]
            judged[position] = RefusedEntry(bus, ctx.scope, entry, ctx.now, failure, position, arranged=True)
    answer = _answer(ctx, judged)
    accepted = [each for each in judged if type(each) is PutArrival] if answer["FailedEntryCount"] else judged
    ctx.engine.accept(accepted, ctx.now)  # type: ignore[arg-type]
    return answer


class PutAnswer(NewAnswer):
    """The answer of PutEvents, with what the journal keeps of its entries beside it."""

    __slots__ = ("kept",)
    kept: tuple[KeptEntry, ...]


def _answer(ctx: Context, entries: list[KeptEntry]) -> PutAnswer:
    """Write the entries of a request down and answer for them."""
    results: list[Answer] = []
    failed = 0
    for each in entries:
        if type(each) is PutArrival:
            results.append({"EventId": each.event.id})
        else:
            refusal = each.refusal  # type: ignore[union-attr]
            results.append({"ErrorCode": refusal.code, "ErrorMessage": refusal.message})
            failed += 1
    ctx.journal.add_entries(entries)
    answer = PutAnswer(FailedEntryCount=failed, Entries=results)
    answer.kept = tuple(entries)
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


def _unencrypted(ctx: Context, bus: Bus) -> ServiceError | None:
    """Return the refusal of an event for a bus whose key nobody may use, else None.

    Captured half a minute after the key was disabled; until then AWS used a data key that it had.
    """
    key = bus.record.settings["KmsKeyIdentifier"]
    if not is_disabled_key(ctx, key):
        return None
    return ServiceError("KMSEncryptionException", f"{key} is disabled.", hint=f"the key of bus {bus.name!r}")


def _check_permission(
    ctx: Context, scope: Scope, bus: str, entry: Mapping[str, Any], event: Event | ServiceError
) -> None:
    """Refuse the whole request when the policy of a bus does not let the caller put an event on it."""
    arn = scope.arn(f"event-bus/{bus}")
    content = event if isinstance(event, Event) else Content(entry.get("Source", ""), entry.get("DetailType", ""), {})
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
    entries = params["Entries"]
    if sum(map(entry_size, entries)) > ctx.limits.put_events_request_size:
        raise _too_large(ctx)
    # Late, because only partners call this operation.
    from eventbridge_local.operations.partner_sources import sources_made_by

    offered = sources_made_by(ctx)
    arrivals: list[Arrival] = []
    judged: list[KeptEntry] = []
    for entry in entries:
        source = entry.get("Source", "")
        mine = {each.customer: each.state for each in offered if each.name == source}
        event = _event_of(ctx, entry, ctx.scope, may_use=mine)
        if isinstance(event, Event):
            copies = [changed(event, account=customer) for customer, state in mine.items() if state == "ACTIVE"]
            arrivals += [Arrival(ctx.store.scope(copy.account, ctx.scope.region), source, copy) for copy in copies]
            event = copies[0] if copies else event
            judged.append(PutArrival(ctx.scope, source, event, ctx.scope, entry, ctx.now))
        else:
            judged.append(RefusedEntry(source, ctx.scope, entry, ctx.now, event, len(judged)))
    answer = _answer(ctx, judged)
    ctx.engine.accept(arrivals, ctx.now)
    return answer


def _event_of(
    ctx: Context,
    entry: Mapping[str, Any],
    home: Scope,
    through: tuple[str, ...] = (),
    may_use: Mapping[str, Any] | None = None,
) -> Event | ServiceError:
    """Return the event of an entry as it comes from ``home``, or the refusal of it.

    Args:
        through: what the event's way adds to its resources.
        may_use: for partners, what their source is offered to; None for everybody else.
    """
    source, detail_type, detail = entry.get("Source"), entry.get("DetailType"), entry.get("Detail")
    if not (source and detail_type and detail):
        member = next(name for name in _REQUIRED if not entry.get(name))
        return ServiceError(
            "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
        )
    if not may_use and (may_use is not None or source.startswith("aws.")):
        return ServiceError("NotAuthorizedForSourceException", "Not authorized for the source.")
    # That of the entry comes before that of the request, also where it is not valid (facts 5.5).
    trace = entry.get("TraceHeader") or ctx.trace
    try:
        tree = detail_tree(detail, ctx.store.limits.event_nesting_levels)
    except ServiceError as malformed:
        return malformed
    shared = ctx.journal.shared
    return new_event(
        ctx.ids.uuid(),
        shared(detail_type, detail_type),
        shared(source, source),
        home.account,
        aware(entry["Time"], "Time") if "Time" in entry else ctx.now,
        home.region,
        (*entry["Resources"], *through) if "Resources" in entry else through,
        detail,
        tree,
        trace_header=_trace_header(ctx, trace) if trace else None,
    )


def _trace_header(ctx: Context, header: str) -> str | None:
    # Late, because few events are traced.
    from eventbridge_local.model.trace import normalized

    return normalized(header, ctx.now, ctx.ids.uuid)


def detail_tree(text: str, levels: int) -> dict[str, Any]:
    """Return the parsed detail, which must be the text of a JSON object within the documented limits."""
    try:
        tree = parse_event(text)
        digits = (text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")).translate(
            _DIGITS_AS_ZEROS
        )
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
