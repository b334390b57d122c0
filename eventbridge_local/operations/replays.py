"""Replays: start, describe, list, cancel. How they run is in ``delivery/replays.py``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from eventbridge_local.delivery.replays import Replayer
from eventbridge_local.errors import (
    ServiceError,
    already_exists,
    limit_exceeded,
    not_found,
    validation_error,
    wrong_arn,
)
from eventbridge_local.model.archives import Archive, Replay
from eventbridge_local.model.arn import parse_arn, split_rule_resource
from eventbridge_local.model.clock import aware
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import (
    MALFORMED_TOKEN,
    TOKEN_OF_ANOTHER,
    bus_named,
    is_disabled_key,
    is_here,
    paged,
    rule_of,
)
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones

_FILTERS = ("NamePrefix", "EventSourceArn", "State")
_CANCELLABLE = ("STARTING", "RUNNING")


@operation("StartReplay", delivers=True)
def start_replay(ctx: Context, params: Params) -> Answer:
    """Start to put an archive's events of an interval on its bus again. Source: recorded, but for the order of some
    checks."""
    start, end = _checked_interval(params)
    with ctx.alone:
        replay, archive = _made(ctx, params, start, end)
    key = archive.record.kms_key
    locked = key is not None and is_disabled_key(ctx, key)
    _replayer(ctx).start(ctx.scope, replay.name, archive, locked)
    return {"ReplayArn": replay.arn, "State": replay.state, "ReplayStartTime": replay.started}


def _replayer(ctx: Context) -> Replayer:
    """Return what runs replays; all it knows is in the records."""
    return Replayer(ctx.engine, ctx.store)


def _made(ctx: Context, params: Params, start: datetime, end: datetime) -> tuple[Replay, Archive]:
    """Return the replay of a request, entered in the records, and the archive it is of."""
    name, destination = params["ReplayName"], params["Destination"]
    bus = bus_named(ctx, destination["Arn"])
    archive = _archive_of(ctx, params["EventSourceArn"])
    if archive.record.bus_arn != bus.record.arn:
        raise validation_error(
            "Parameter Destination.Arn is not valid. Reason: Cross event bus replay is not permitted.",
            hint=f"archive {archive.record.name!r} belongs to {archive.record.bus_arn}",
        )
    for arn in destination.get("FilterArns", ()):
        _check_filter(ctx, bus, arn)
    _replayer(ctx).forget_old(ctx.scope)
    replays = ctx.scope.replays
    if name in replays:
        raise already_exists(f"Replay {name} already exists.")
    if sum(replay.active for replay in replays.values()) >= ctx.limits.active_replays:
        raise limit_exceeded()
    replay = replays[name] = Replay(
        name=name,
        arn=ctx.scope.arn(f"replay/{name}"),
        archive_arn=archive.record.arn,
        # An empty list of filters is none (captured).
        destination={name: value for name, value in destination.items() if value},
        start=start,
        end=end,
        started=ctx.now,
        description=params.get("Description") or None,
    )
    return replay, archive


@operation("DescribeReplay")
def describe_replay(ctx: Context, params: Params) -> Answer:
    """Describe a replay. Times it has not reached yet are absent (recorded, facts 9.5)."""
    _check_there(ctx, params["ReplayName"])
    replay = _replayer(ctx).look(ctx.scope, params["ReplayName"])
    return without_nones(
        ReplayArn=replay.arn, Description=replay.description, Destination=replay.destination, **_row(replay)
    )


@operation("ListReplays")
def list_replays(ctx: Context, params: Params) -> Answer:
    """List replays by name, a page at a time; an item has no ReplayArn, Description and Destination (facts 9.5)."""
    if sum(member in params for member in _FILTERS) > 1:
        raise validation_error(
            "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix."
        )
    prefix, source, state = map(params.get, _FILTERS)
    _replayer(ctx).forget_old(ctx.scope)
    names = [
        name
        for name, replay in sorted(ctx.scope.replays.items())
        if name.startswith(prefix or "")
        and source in (None, replay.archive_arn)
        # To look at a replay may change its state, so only those on the page are looked at.
        and state in (None, (replay.upcoming or (replay,))[0].state)
    ]
    shown, token = paged(
        ctx, params, names, str, prefix, source, state, malformed=MALFORMED_TOKEN, of_another=TOKEN_OF_ANOTHER
    )
    rows = [_row(_replayer(ctx).look(ctx.scope, name)) for name in shown]
    return without_nones(Replays=rows, NextToken=token)


@operation("CancelReplay")
def cancel_replay(ctx: Context, params: Params) -> Answer:
    """Cancel a replay that is not over; what it has replayed stays replayed."""
    name = params["ReplayName"]
    _check_there(ctx, name)
    if ctx.scope.replays[name].state not in _CANCELLABLE:
        raise ServiceError("IllegalStatusException", f"Replay {name} is not in a valid state for this operation.")
    replay = _replayer(ctx).cancel(ctx.scope, name)
    return {"ReplayArn": replay.arn, "State": replay.state}


def _checked_interval(params: Params) -> tuple[datetime, datetime]:
    """Start and end of a request in whole seconds, after all that can be said about it without looking anything up."""
    if not _is_of(params["EventSourceArn"], "archive/"):
        raise validation_error("Parameter EventSourceArn is not valid. Reason: Must contain an archive ARN.")
    if not _is_of(params["Destination"]["Arn"], "event-bus/"):
        raise validation_error("Parameter Destination.Arn is not valid. Reason: Must contain an event bus ARN.")
    start, end = _whole_second(params["EventStartTime"]), _whole_second(params["EventEndTime"])
    if start >= end:
        raise validation_error(
            "Parameter EventEndTime is not valid. Reason: EventStartTime must be before EventEndTime."
        )
    return start, end


def _is_of(text: str, kind: str) -> bool:
    arn = parse_arn(text)
    return arn is not None and arn.service == "events" and arn.resource.startswith(kind)


def _whole_second(instant: datetime) -> datetime:
    return aware(instant, "EventStartTime or EventEndTime").replace(microsecond=0)


def _archive_of(ctx: Context, text: str) -> Archive:
    arn = parse_arn(text)
    assert arn is not None
    name = arn.resource.removeprefix("archive/")
    archive = ctx.scope.archives.get(name) if is_here(ctx, arn) else None
    if archive is None:
        raise validation_error(f"Parameter EventSourceArn is not valid. Reason: Archive {name} does not exist.")
    return archive


def _check_filter(ctx: Context, bus: Bus, text: str) -> None:
    """Refuse a filter that is not a rule of the bus; only the words for a missing rule are known."""
    arn = parse_arn(text)
    if arn is None or not arn.resource.startswith("rule/"):
        raise wrong_arn(text)
    of_bus, name = split_rule_resource(arn.resource)
    if of_bus != bus.name or not is_here(ctx, arn):
        raise not_found(f"Rule {name} does not exist on EventBus {bus.name}.")
    rule_of(ctx, bus, name)


def _check_there(ctx: Context, name: str) -> None:
    _replayer(ctx).forget_old(ctx.scope)
    if name not in ctx.scope.replays:
        raise not_found(f"Replay {name} does not exist.")


def _row(replay: Replay) -> dict[str, Any]:
    return without_nones(
        ReplayName=replay.name,
        EventSourceArn=replay.archive_arn,
        State=replay.state,
        StateReason=replay.state_reason,
        EventStartTime=replay.start,
        EventEndTime=replay.end,
        EventLastReplayedTime=replay.last_replayed,
        ReplayStartTime=replay.started,
        ReplayEndTime=replay.ended,
    )
