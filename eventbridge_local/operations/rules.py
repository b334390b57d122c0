"""Rules, and TestEventPattern, which tries a rule's pattern without one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from eventbridge_local.delivery.archives import rule_was_forced
from eventbridge_local.errors import ServiceError, limit_exceeded, validation_error, wrong_arn
from eventbridge_local.model.arn import is_role_arn
from eventbridge_local.model.records import Rule, RuleState
from eventbridge_local.operations.lookup import (
    bus_of,
    check_decryption,
    paged,
    refuse_managed,
    rule_arn,
    rule_of,
    scope_of,
)
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones
from eventbridge_local.operations.tags import check_tag_count, check_tags
from eventbridge_local.patterns import InvalidPattern, Pattern, check_complexity, compile_pattern, matches, parse_event

if TYPE_CHECKING:
    from eventbridge_local.schedules import Schedule

ALL_CLOUDTRAIL = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
REQUIRED_OF_A_TEST_EVENT = ("id", "account", "source", "time", "region", "detail-type")


@operation("PutRule")
def put_rule(ctx: Context, params: Params) -> Answer:
    """Make a rule, or replace all of one but its targets and tags. Source: facts 3.1."""
    pattern, schedule = _checked_trigger(params)
    if "RoleArn" in params and not is_role_arn(params["RoleArn"]):
        raise wrong_arn(params["RoleArn"])  # the words of PutTargets
    tags = check_tags(params["Tags"]) if "Tags" in params else {}
    bus = bus_of(ctx, params)
    before = bus.rules.get(params["Name"])
    refuse_managed(before)
    if before is None:
        if len(bus.rules) >= ctx.limits.rules_per_event_bus:
            raise limit_exceeded()
        if tags:
            check_tag_count(tags, ctx.limits)
    get = params.get
    rule = Rule(  # by position: with names it takes three times as long
        params["Name"],
        rule_arn(bus, params["Name"]),
        bus.record.name,
        get("State", "ENABLED"),
        before.created_by if before else ctx.scope.account,
        pattern,
        get("EventPattern") == "",
        schedule,
        get("ScheduleExpression"),
        get("Description"),
        get("RoleArn"),
        None,  # managed_by
        before.targets if before else (),
    )
    bus.put_rule(rule)
    scope = ctx.scope if ctx.scope.buses.get(rule.bus) is bus else scope_of(ctx, rule.arn)
    ctx.scheduler.follow(scope, rule)
    if before is None and tags:
        scope.tags[rule.arn] = tags
    return {"RuleArn": rule.arn}


def _checked_trigger(params: Params) -> tuple[Pattern | None, Schedule | None]:
    """Return what makes the rule run, compiled."""
    pattern_text, schedule_text = params.get("EventPattern"), params.get("ScheduleExpression")
    if schedule_text is not None and _names_custom_bus(params):
        raise validation_error("ScheduleExpression is supported only on the default event bus.")
    if not schedule_text and not pattern_text:
        raise validation_error("Parameter(s) EventPattern or ScheduleExpression must be specified.")
    if schedule_text and params.get("State") == ALL_CLOUDTRAIL:
        raise validation_error(f"{ALL_CLOUDTRAIL} rule state is not supported with scheduled rule expressions.")
    pattern = compiled(pattern_text) if pattern_text else None
    return pattern, (_scheduled(schedule_text) if schedule_text else None)


def _names_custom_bus(params: Params) -> bool:
    return str(params.get("EventBusName", "default")).rpartition("event-bus/")[2] != "default"


@lru_cache(maxsize=1024)  # tests put the same rules again and again
def compiled(text: str) -> Pattern:
    """Return a pattern as PutRule, CreateArchive and TestEventPattern take it: valid, and not too complex."""
    try:
        pattern = compile_pattern(text)
        check_complexity(pattern)
    except InvalidPattern as invalid:
        raise ServiceError(
            "InvalidEventPatternException", f"Event pattern is not valid. Reason: {invalid.reason}"
        ) from None
    if "anything-but" in text and _excludes_nothing(pattern):
        raise ServiceError(  # captured, without any words
            "InternalFailure",
            "",
            status=500,
            hint="an empty list inside anything-but makes AWS fail; leave the operator out, or name what it excludes",
        )
    return pattern


def _excludes_nothing(pattern: Pattern) -> bool:
    """Return whether a pattern has an operator inside ``anything-but`` whose list is empty."""
    conditions = (each for branch in pattern.branches for listed in branch.values() for each in listed)
    return any(getattr(each, "excluded", None) == () for each in conditions)


def _scheduled(text: str) -> Schedule:
    # Late, because most rules have a pattern.
    from eventbridge_local.schedules import InvalidSchedule, parse_schedule

    try:
        return parse_schedule(text)
    except InvalidSchedule as invalid:
        raise validation_error("Parameter ScheduleExpression is not valid.", hint=invalid.hint) from None


@operation("DescribeRule")
def describe_rule(ctx: Context, params: Params) -> Answer:
    """Describe a rule; ``CreatedBy`` is shown here and not in lists (recorded, facts 3.2)."""
    rule = rule_of(ctx, bus_of(ctx, params), params["Name"])
    return {**_row(rule), "CreatedBy": rule.created_by}


@operation("ListRules")
def list_rules(ctx: Context, params: Params) -> Answer:
    """List the rules of a bus by name, a page at a time."""
    bus, prefix = bus_of(ctx, params), params.get("NamePrefix")
    check_decryption(ctx, bus)
    names = sorted(name for name in bus.rules if name.startswith(prefix or ""))
    shown, token = paged(ctx, params, names, str, bus.record.arn, prefix)
    return without_nones(Rules=[_row(bus.rules[name]) for name in shown], NextToken=token)


@operation("EnableRule")
def enable_rule(ctx: Context, params: Params) -> Answer:
    """Let a rule match again."""
    return _set_state(ctx, params, "ENABLED")


@operation("DisableRule")
def disable_rule(ctx: Context, params: Params) -> Answer:
    """Keep a rule from matching; it keeps its targets."""
    return _set_state(ctx, params, "DISABLED")


def _set_state(ctx: Context, params: Params, state: RuleState) -> Answer:
    bus = bus_of(ctx, params)
    rule = rule_of(ctx, bus, params["Name"])
    refuse_managed(rule)
    changed = rule._replace(state=state)
    bus.put_rule(changed)
    ctx.scheduler.follow(scope_of(ctx, rule.arn), changed)
    return {}


@operation("DeleteRule")
def delete_rule(ctx: Context, params: Params) -> Answer:
    """Delete a rule that has no targets. One that is not there counts as deleted; a missing bus does not."""
    bus = bus_of(ctx, params)
    rule = bus.rules.get(params["Name"])
    if rule is None:
        return {}
    refuse_managed(rule, force=params.get("Force", False))
    if rule.targets:
        ids = ", ".join(target.id for target in rule.targets)
        raise validation_error(
            "Rule can't be deleted since it has targets.", hint=f"call RemoveTargets first, with Ids {ids}"
        )
    bus.remove_rule(rule.name)
    rule_was_forced(scope_of(ctx, rule.arn), rule)
    ctx.scheduler.forget(scope_of(ctx, rule.arn), rule)
    scope_of(ctx, rule.arn).tags.pop(rule.arn, None)
    return {}


@operation("TestEventPattern")
def test_event_pattern(_: Context, params: Params) -> Answer:
    """Return whether a pattern matches an event given as text. Source: facts 3.3, the fields it must have."""
    pattern = compiled(params["EventPattern"])
    refusal: Callable[[str], ServiceError] = lambda hint: validation_error("Parameter Event is not valid.", hint=hint)  # noqa: E731
    try:
        event = parse_event(params["Event"])
    except ValueError as broken:
        raise refusal(f"the event must be the text of a JSON object: {broken}") from None
    missing = [name for name in REQUIRED_OF_A_TEST_EVENT if name not in event]
    if missing:
        raise refusal(f"missing: {', '.join(missing)}")
    if not _is_time(event["time"]):
        raise validation_error("Parameter Event is not valid. Reason: Invalid time.")
    return {"Result": bool(matches(pattern.text, event))}


def _is_time(value: Any) -> bool:
    """Return whether a member ``time`` is an instant in ISO 8601. Which other forms AWS takes is not known."""
    try:
        datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return False
    return "T" in value


def _row(rule: Rule) -> Answer:
    return without_nones(
        Name=rule.name,
        Arn=rule.arn,
        EventPattern="" if rule.empty_pattern else rule.pattern and rule.pattern.text,
        State=rule.state,
        Description=rule.description,
        ScheduleExpression=rule.schedule_text,
        RoleArn=rule.role_arn,
        ManagedBy=rule.managed_by,
        EventBusName=rule.bus,
    )
