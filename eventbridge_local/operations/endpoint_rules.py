"""The rules that replicate what is put through a global endpoint: one on each bus, managed by the service.

Each has the other bus as its target and takes what was put through the endpoint in its own Region. What it sends over
keeps the Region it comes from, so that the rule on the other side lets it lie (User Guide, "Event replication").
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from eventbridge_local.core.arn import Arn, parse_arn, partition_of
from eventbridge_local.errors import limit_exceeded, not_found
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.lookup import rule_arn
from eventbridge_local.patterns import compile_pattern
from eventbridge_local.state.endpoints import Endpoint
from eventbridge_local.state.records import Rule, Target
from eventbridge_local.state.world import Bus, World

MANAGED_BY = "events.amazonaws.com"


def bus_arn(text: str) -> Arn:
    """The ARN of one of an endpoint's buses."""
    arn = parse_arn(text)
    assert arn is not None  # the pattern of the shape lets nothing else through
    return arn


def bus_at(world: World, arn: Arn) -> Bus:
    """The bus of that ARN, in whatever Region it is."""
    name = arn.resource.removeprefix("event-bus/")
    bus = None
    if arn.partition == partition_of(arn.region):
        bus = world.place(arn.account, arn.region).buses.get(name)
    if bus is None:
        raise not_found(f"Event bus {name} does not exist.", hint=f"there is none in {arn.region}")
    return bus


def check_room(ctx: Context, endpoint: Endpoint) -> None:
    """Refuse when a bus has no room for the rule that replicates; managed rules count as rules."""
    for text in endpoint.buses if endpoint.replicates else ():
        rules = bus_at(ctx.world, bus_arn(text)).rules
        if rule_name(endpoint) not in rules and len(rules) >= ctx.limits.rules_per_event_bus:
            raise limit_exceeded()


def link(ctx: Context, endpoint: Endpoint) -> None:
    """Put the rules that replicate, each on its bus with the other bus as target."""
    if endpoint.replicates:
        for here, there in (endpoint.buses, endpoint.buses[::-1]):
            arn = bus_arn(here)
            bus = bus_at(ctx.world, arn)
            bus.put_rule(_replicating_rule(endpoint, bus, arn, there))


def unlink(world: World, endpoint: Endpoint) -> None:
    """Remove the rules that replicate, as far as they are there."""
    for text in endpoint.buses:
        arn = bus_arn(text)
        bus = world.known_bus(arn.account, arn.region, endpoint.bus_name)
        if bus is not None and rule_name(endpoint) in bus.rules:
            bus.remove_rule(rule_name(endpoint))


def rule_name(endpoint: Endpoint) -> str:
    """The name of its managed rules; its beginning is public (IAM policies for the role), the rest is our choice."""
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
