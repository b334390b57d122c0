"""Global endpoints: create, describe, list, update, delete; where PutEvents goes.

The rules that replicate stand in ``endpoint_rules``.

Source: facts 11.1. No answer of these operations was recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from eventbridge_local.errors import UsageError, already_exists, limit_exceeded, not_found, validation_error
from eventbridge_local.model.arn import Arn, domain_of, parse_arn, partition_of
from eventbridge_local.model.rare_records import Endpoint, EndpointState, Side
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Bus, Scope, Store
from eventbridge_local.operations.lookup import paged, rule_arn
from eventbridge_local.operations.table import Answer, Context, Params, given, operation, without_nones
from eventbridge_local.patterns import compile_pattern

SETTINGS = ("Description", "RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn")
#: What CreateEndpoint and UpdateEndpoint answer of them.
_ECHOED = ("RoutingConfig", "ReplicationConfig", "EventBuses", "RoleArn")
#: How long CREATING, UPDATING and DELETING last on a clock that the test moves; AWS takes minutes.
CHANGE_TAKES = timedelta(minutes=1)


@operation("CreateEndpoint")
def create_endpoint(ctx: Context, params: Params) -> Answer:
    """Make an endpoint; it answers CREATING."""
    name, settings = params["Name"], _settings({"ReplicationConfig": {}, **params})
    id = f"{ctx.ids.uuid()[:8]}.veo"
    url = f"https://{id}.endpoint.events.{domain_of(partition_of(ctx.scope.region))}"
    arn = ctx.scope.arn(f"endpoint/{name}")
    now = ctx.now
    endpoint = Endpoint(name, arn, id, url, now, now, "CREATING", settings)
    _check(ctx, endpoint)
    if name in ctx.scope.endpoints:
        raise already_exists(f"Endpoint '{name}' already exists.")
    if len(ctx.scope.endpoints) >= ctx.limits.endpoints:
        raise limit_exceeded()
    check_room(ctx, endpoint)
    _enter(ctx, endpoint)
    return {"Name": name, "Arn": arn, "State": "CREATING", **given(settings, *_ECHOED)}


@operation("UpdateEndpoint")
def update_endpoint(ctx: Context, params: Params) -> Answer:
    """Change the settings that are given and keep the others; it answers UPDATING."""
    before = _endpoint_named(ctx, params["Name"])
    settings = _settings({**before.settings, **params})
    endpoint = before._replace(settings=settings, state="UPDATING", modified=ctx.now)
    _check(ctx, endpoint)
    check_room(ctx, endpoint)
    unlink(ctx.store, before)
    _enter(ctx, endpoint)
    return {
        "Name": endpoint.name,
        "Arn": endpoint.arn,
        "EndpointId": endpoint.id,
        "EndpointUrl": endpoint.url,
        "State": "UPDATING",
        **given(settings, *_ECHOED),
    }


@operation("DeleteEndpoint")
def delete_endpoint(ctx: Context, params: Params) -> Answer:
    """Delete an endpoint with its managed rules."""
    endpoint = _endpoint_named(ctx, params["Name"])
    unlink(ctx.store, endpoint)
    deleting = ctx.scope.endpoints[endpoint.name] = endpoint._replace(state="DELETING", modified=ctx.now)
    _in_time(ctx, deleting, lambda: ctx.scope.endpoints.pop(endpoint.name))
    return {}


@operation("DescribeEndpoint")
def describe_endpoint(ctx: Context, params: Params) -> Answer:
    """Describe an endpoint."""
    return _row(_endpoint_named(ctx, params["Name"], params.get("HomeRegion"), deleting=True))


@operation("ListEndpoints")
def list_endpoints(ctx: Context, params: Params) -> Answer:
    """List the endpoints of this Region by name; this listing calls its limit ``MaxResults``."""
    prefix, region = params.get("NamePrefix"), params.get("HomeRegion")
    endpoints = _endpoints(ctx, region)
    shown, token = paged(
        ctx, params, sorted(name for name in endpoints if name.startswith(prefix or "")), str, prefix, region
    )
    return without_nones(Endpoints=[_row(endpoints[name]) for name in shown], NextToken=token)


# what PutEvents and the handle need


def endpoint_of_id(ctx: Context, id: str) -> Endpoint:
    """Return the caller's endpoint of an ``EndpointId``, in whatever Region it is.

    Raises:
        ServiceError: there is none; a real client could not even resolve its host name then.
    """
    for scope in ctx.store.scopes:
        if scope.account == ctx.scope.account:
            for endpoint in list(scope.endpoints.values()):  # other threads may add some meanwhile
                if endpoint.id == id and endpoint.state != "DELETING":
                    return endpoint
    raise not_found(f"Endpoint '{id}' does not exist.")


def check_bus(endpoint: Endpoint, name_or_arn: str) -> None:
    """Refuse an entry for another bus than the endpoint's, which it may name in either Region (API reference)."""
    if name_or_arn not in (endpoint.bus_name, *endpoint.buses):
        raise validation_error(
            "Parameter EventBusName is not valid. Reason: The event bus does not belong to the endpoint.",
            hint=f"endpoint {endpoint.name!r} has bus {endpoint.bus_name!r}, and the entry is for {name_or_arn!r}",
        )


def fail_over(store: Store, account: str, endpoint: str, to: Side) -> Endpoint:
    """Let an endpoint send its events to another Region from now on, as a health check would.

    Args:
        endpoint: its name, id or ARN.

    Raises:
        UsageError: the account has no such endpoint, or several of that name in several Regions.
    """
    scopes = [scope for scope in store.scopes if scope.account == account]
    found = [
        (scope, each)
        for scope in scopes
        for each in scope.endpoints.values()
        if endpoint in (each.name, each.id, each.arn)
    ]
    if len(found) != 1:
        there = ", ".join(each.arn for scope in scopes for each in scope.endpoints.values()) or "none"
        raise UsageError(f"endpoint={endpoint!r}: {len(found)} endpoints have this name; there are: {there}")
    scope, record = found[0]
    scope.endpoints[record.name] = moved = record._replace(active=to)
    return moved


# checks


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an endpoint: none is empty, and replication is on unless a request says otherwise."""
    settings = {name: params[name] for name in SETTINGS if params.get(name)}
    return {**settings, "ReplicationConfig": {"State": "ENABLED", **params["ReplicationConfig"]}}


def _check(ctx: Context, endpoint: Endpoint) -> None:
    """Check the rules across members, then whether the buses exist; the texts are ours in AWS's grammar."""
    first, second = (bus_arn(bus["EventBusArn"]) for bus in endpoint.settings["EventBuses"])
    if first.resource != second.resource:
        raise _bad("EventBuses", "The names of the event buses must be identical in each Region.")
    if first.region == second.region:
        raise _bad("EventBuses", "The event buses must be in two Regions.")
    if {first.account, second.account} != {ctx.scope.account}:
        raise _bad("EventBuses", "The event buses must be in the account of the endpoint.")
    if endpoint.secondary_region not in (first.region, second.region):
        raise _bad("RoutingConfig", "The secondary Region must be the Region of one of the event buses.")
    if endpoint.replicates and not endpoint.settings.get("RoleArn"):
        raise validation_error(
            "Parameter(s) RoleArn must be specified.",
            hint="replication needs a role; it is on unless the State in ReplicationConfig is DISABLED",
        )
    for arn in (first, second):
        bus_at(ctx.store, arn)


def _bad(member: str, reason: str) -> Exception:
    return validation_error(f"Parameter {member} is not valid. Reason: {reason}")


def _endpoints(ctx: Context, region: str | None) -> Mapping[str, Endpoint]:
    """Return the endpoints of the caller's Region, or of the one a request calls their home."""
    home = ctx.scope if region is None else ctx.store.known_scope(ctx.scope.account, region)
    return {} if home is None else home.endpoints


def _endpoint_named(ctx: Context, name: str, region: str | None = None, *, deleting: bool = False) -> Endpoint:
    endpoint = _endpoints(ctx, region).get(name)
    if endpoint is None or (endpoint.state == "DELETING" and not deleting):
        raise not_found(f"Endpoint '{name}' does not exist.")
    return endpoint


# changes


def _enter(ctx: Context, endpoint: Endpoint) -> None:
    """Store an endpoint that is becoming ACTIVE, with its rules."""
    ctx.scope.endpoints[endpoint.name] = endpoint
    link(ctx, endpoint)
    _in_time(ctx, endpoint, lambda: _set_state(ctx.scope, endpoint.name, "ACTIVE"))


def _in_time(ctx: Context, endpoint: Endpoint, change: Callable[[], Any]) -> None:
    """Carry out the end of a change: at once, or later when the test moves the clock. A newer change replaces it."""
    scope = ctx.scope

    def finish() -> None:
        with ctx.alone:
            there = scope.endpoints.get(endpoint.name)
            if there is not None and (there.state, there.modified) == (endpoint.state, endpoint.modified):
                change()

    ctx.store.clock.later(CHANGE_TAKES, finish)


def _set_state(scope: Scope, name: str, state: EndpointState) -> None:
    scope.endpoints[name] = scope.endpoints[name]._replace(state=state)


def _row(endpoint: Endpoint) -> Answer:
    return {
        "Name": endpoint.name,
        "Arn": endpoint.arn,
        "EndpointId": endpoint.id,
        "EndpointUrl": endpoint.url,
        "State": endpoint.state,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
        **endpoint.settings,
    }


# The rules that replicate what is put through a global endpoint: one on each bus, managed by the service.
#
# Each has the other bus as its target and matches what was put through the endpoint in its own Region. The copy keeps
# the Region it comes from, so that the rule on the other side does not match it (User Guide, "Event replication").


MANAGED_BY = "events.amazonaws.com"


def bus_arn(text: str) -> Arn:
    """Return the ARN of one of an endpoint's buses."""
    arn = parse_arn(text)
    assert arn is not None  # the pattern of the shape lets nothing else through
    return arn


def bus_at(store: Store, arn: Arn) -> Bus:
    """Return the bus of that ARN, in whatever Region it is."""
    name = arn.resource.removeprefix("event-bus/")
    bus = None
    if arn.partition == partition_of(arn.region):
        bus = store.scope(arn.account, arn.region).buses.get(name)
    if bus is None:
        raise not_found(f"Event bus {name} does not exist.", hint=f"there is none in {arn.region}")
    return bus


def check_room(ctx: Context, endpoint: Endpoint) -> None:
    """Refuse when a bus has no room for the rule that replicates; managed rules count as rules."""
    for text in endpoint.buses if endpoint.replicates else ():
        rules = bus_at(ctx.store, bus_arn(text)).rules
        if rule_name(endpoint) not in rules and len(rules) >= ctx.limits.rules_per_event_bus:
            raise limit_exceeded()


def link(ctx: Context, endpoint: Endpoint) -> None:
    """Put the rules that replicate, each on its bus with the other bus as target."""
    if endpoint.replicates:
        for here, there in (endpoint.buses, endpoint.buses[::-1]):
            arn = bus_arn(here)
            bus = bus_at(ctx.store, arn)
            bus.put_rule(_replicating_rule(endpoint, bus, arn, there))


def unlink(store: Store, endpoint: Endpoint) -> None:
    """Remove the rules that replicate, as far as they are there."""
    for text in endpoint.buses:
        arn = bus_arn(text)
        bus = store.known_bus(arn.account, arn.region, endpoint.bus_name)
        if bus is not None and rule_name(endpoint) in bus.rules:
            bus.remove_rule(rule_name(endpoint))


def rule_name(endpoint: Endpoint) -> str:
    """Return the name of its managed rules; the beginning is public (IAM policies for the role), the rest is ours."""
    return f"GlobalEndpointManagedRule-{endpoint.id.partition('.')[0]}"


def _replicating_rule(endpoint: Endpoint, bus: Bus, here: Arn, there: str) -> Rule:
    pattern = {"resources": [endpoint.arn], "region": [here.region]}
    target: Mapping[str, str] = {"Id": endpoint.name, "Arn": there, "RoleArn": endpoint.settings["RoleArn"]}
    return Rule(
        name=rule_name(endpoint),
        arn=rule_arn(bus, rule_name(endpoint)),
        bus=bus.name,
        state="ENABLED",
        created_by=here.account,
        pattern=compile_pattern(json.dumps(pattern, separators=(",", ":"))),
        managed_by=MANAGED_BY,
        targets=(Target(target["Id"], there, target),),
    )
