"""Targets of rules: put, remove, and list from either side."""

from __future__ import annotations

from eventbridge_local.delivery.archives import rule_was_forced
from eventbridge_local.delivery.kinds import RuleScope, check_target, stored
from eventbridge_local.errors import limit_exceeded, wrong_arn
from eventbridge_local.model.arn import parse_arn, partition_of
from eventbridge_local.model.records import Target
from eventbridge_local.operations.lookup import bus_of, check_decryption, paged, refuse_managed, rule_of, scope_of
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones
from eventbridge_local.transforms import compile_input

_INPUTS = ("Input", "InputPath", "InputTransformer")


@operation("PutTargets")
def put_targets(ctx: Context, params: Params) -> Answer:
    """Add targets to a rule; an id that is there is replaced whole. Source: recorded (facts 4.1)."""
    at = _rule_scope(ctx, params.get("EventBusName", "default"))
    for target in params["Targets"]:
        check_target(target, at)
    bus = bus_of(ctx, params)
    rule = rule_of(ctx, bus, params["Rule"])
    refuse_managed(rule)
    targets = {target.id: target for target in rule.targets}
    targets.update((target["Id"], _target(target)) for target in params["Targets"])
    if len(targets) > ctx.limits.targets_per_rule:
        raise limit_exceeded()
    bus.put_targets(rule, tuple(targets.values()))
    return {"FailedEntryCount": 0, "FailedEntries": []}


def _rule_scope(ctx: Context, bus: str) -> RuleScope:
    """Return where the rules of a bus are, from its name or ARN alone; their Region is the caller's."""
    caller, arn = ctx.scope.account, parse_arn(bus)
    if arn is None:
        return RuleScope(caller, ctx.scope.region, bus, caller)
    return RuleScope(arn.account, ctx.scope.region, arn.resource.removeprefix("event-bus/"), caller)


def _target(params: Params) -> Target:
    transformed = any(member in params for member in _INPUTS)
    return Target(params["Id"], params["Arn"], stored(params), compile_input(params) if transformed else None)


@operation("RemoveTargets")
def remove_targets(ctx: Context, params: Params) -> Answer:
    """Take targets from a rule; an id that is not there is no error."""
    bus = bus_of(ctx, params)
    rule = rule_of(ctx, bus, params["Rule"])
    refuse_managed(rule, force=params.get("Force", False))
    gone = set(params["Ids"])
    bus.put_targets(rule, tuple(target for target in rule.targets if target.id not in gone))
    rule_was_forced(scope_of(ctx, rule.arn), rule)
    return {"FailedEntryCount": 0, "FailedEntries": []}


@operation("ListTargetsByRule")
def list_targets_by_rule(ctx: Context, params: Params) -> Answer:
    """List the targets of a rule by id, each exactly as it was put (recorded, facts 4.1)."""
    bus = bus_of(ctx, params)
    check_decryption(ctx, bus)
    rule = rule_of(ctx, bus, params["Rule"])
    shown, token = paged(
        ctx, params, sorted(rule.targets, key=lambda target: target.id), lambda target: target.id, rule.arn
    )
    return without_nones(Targets=[target.params for target in shown], NextToken=token)


@operation("ListRuleNamesByTarget")
def list_rule_names_by_target(ctx: Context, params: Params) -> Answer:
    """List the names of this bus's rules that have a target of exactly that ARN (captured, facts 1.6)."""
    arn = params["TargetArn"]
    parsed = parse_arn(arn)
    if parsed is None or parsed.partition != partition_of(ctx.scope.region) or not parsed.resource:
        raise wrong_arn(arn)
    bus = bus_of(ctx, params)
    names = sorted(rule.name for rule in bus.rules.values() if any(target.arn == arn for target in rule.targets))
    shown, token = paged(ctx, params, names, str, bus.record.arn, arn)
    return without_nones(RuleNames=list(shown), NextToken=token)
