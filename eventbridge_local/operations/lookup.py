"""Finding what a request names, or refusing in AWS's words (facts 1.6)."""

from __future__ import annotations

from eventbridge_local.core.arn import Arn, parse_arn
from eventbridge_local.errors import ServiceError, not_found
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.table import Params
from eventbridge_local.state.records import Rule
from eventbridge_local.state.world import Bus, Place


def bus_of(ctx: Context, params: Params, member: str = "EventBusName") -> Bus:
    """The bus a request names by name or ARN, the default bus when it names none."""
    return bus_named(ctx, params.get(member, "default"))


def bus_named(ctx: Context, name_or_arn: str) -> Bus:
    """The bus of a name or ARN in the caller's place."""
    arn = parse_arn(name_or_arn)
    name = name_or_arn if arn is None else arn.resource.removeprefix("event-bus/")
    here = arn is None or is_here(ctx, arn)
    bus = ctx.place.buses.get(name) if here else None
    if bus is None:
        raise not_found(f"Event bus {name} does not exist.", hint=_other_buses(ctx, name))
    return bus


def locate_bus(ctx: Context, name_or_arn: str) -> tuple[Place, str]:
    """Account and Region of a bus, and its name; whether it exists is not looked at."""
    arn = parse_arn(name_or_arn)
    if arn is None:
        return ctx.place, name_or_arn
    return ctx.world.place(arn.account, arn.region), arn.resource.removeprefix("event-bus/")


def is_here(ctx: Context, arn: Arn) -> bool:
    """Whether an ARN is of the caller's account and Region."""
    return (arn.account, arn.region) == (ctx.place.account, ctx.place.region)


def rule_of(bus: Bus, name: str) -> Rule:
    """The rule of that name on a bus."""
    rule = bus.rules.get(name)
    if rule is None:
        raise not_found(f"Rule {name} does not exist on EventBus {bus.name}.")
    return rule


def refuse_managed(rule: Rule | None, *, force: bool | None = None) -> None:
    """Refuse to touch a rule that a service manages; where the request knows ``Force`` it may override."""
    if rule is None or rule.managed_by is None or force:
        return
    way_out = "" if force is None else " Set 'force' parameter to true to override."
    raise ServiceError("ManagedRuleException", f"{rule.name} is a managed rule.{way_out}")


def _other_buses(ctx: Context, name: str) -> str | None:
    elsewhere = [place for place in ctx.world.places if name in place.buses and place is not ctx.place]
    if elsewhere:
        places = ", ".join(f"{place.region} of account {place.account}" for place in elsewhere)
        return f"the call went to {ctx.place.region} of account {ctx.place.account}; bus {name!r} is in {places}"
    return f"buses here: {', '.join(sorted(ctx.place.buses))}"
