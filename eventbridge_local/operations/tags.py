"""Tags on buses and rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eventbridge_local.errors import ServiceError, limit_exceeded, not_found, validation_error, wrong_arn
from eventbridge_local.model.arn import Arn, parse_arn, split_rule_resource
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import bus_named, bus_of_another, is_of_another, rule_of, scope_of
from eventbridge_local.operations.table import Answer, Context, Params, operation


@operation("TagResource")
def tag_resource(ctx: Context, params: Params) -> Answer:
    """Add tags; a key that is there gets the new value."""
    pairs = check_tags(params["Tags"])
    arn = _taggable(ctx, params["ResourceARN"], change=True)
    tags = scope_of(ctx, arn).tags
    together = {**tags.get(arn, {}), **pairs}
    check_tag_count(together, ctx.limits)
    tags[arn] = together
    return {}


@operation("UntagResource")
def untag_resource(ctx: Context, params: Params) -> Answer:
    """Remove tags by key; a key that is not there is no error (recorded, facts 2.7)."""
    arn = _taggable(ctx, params["ResourceARN"], change=True)
    gone = set(params["TagKeys"])
    tags = scope_of(ctx, arn).tags
    tags[arn] = {key: value for key, value in tags.get(arn, {}).items() if key not in gone}
    return {}


@operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, params: Params) -> Answer:
    """List the tags of a bus or rule, in the order they were given."""
    arn = _taggable(ctx, params["ResourceARN"], change=False)
    return {"Tags": [{"Key": key, "Value": value} for key, value in scope_of(ctx, arn).tags.get(arn, {}).items()]}


def check_tags(tags: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return a request's tags as a dict. Their number is a quota and is checked last; the texts are not recorded."""
    pairs = [(tag["Key"], tag["Value"]) for tag in tags]
    given = dict(pairs)
    if len(given) < len(pairs):
        raise validation_error("Invalid parameter: Duplicated keys are not allowed.")
    if any(key.lower().startswith("aws:") for key in given):
        raise validation_error("aws: prefixed tag key names are not allowed for external use.")
    return given


def check_tag_count(tags: Mapping[str, str], limits: Limits) -> None:
    """Refuse more tags than one resource may have."""
    if len(tags) > limits.tags_per_resource:
        raise limit_exceeded()


def _taggable(ctx: Context, text: str, *, change: bool) -> str:
    """Return the ARN of an existing bus or rule; which of the two it must be is told by the ARN (facts 2.7)."""
    arn = parse_arn(text)
    if arn is None or arn.service != "events":
        raise wrong_arn(text)
    if arn.resource.startswith("event-bus/"):
        return _bus_here_or_there(ctx, arn).record.arn
    if not arn.resource.startswith("rule/"):
        raise wrong_arn(text)
    bus_name, name = split_rule_resource(arn.resource)
    if arn.region != ctx.scope.region:
        raise not_found(f"Rule {name} does not exist on EventBus {bus_name}.")
    rule = rule_of(ctx, _bus_here_or_there(ctx, arn._replace(resource=f"event-bus/{bus_name}"), name), name)
    if change and rule.managed_by is not None:
        raise ServiceError("ManagedRuleException", f"Tag related operations on the managed rule {name} is not allowed.")
    return rule.arn


def _bus_here_or_there(ctx: Context, arn: Arn, rule: str | None = None) -> Bus:
    """Return the bus of an ARN: the caller's own, or another account's whose policy allows the call."""
    if is_of_another(ctx, arn):
        return bus_of_another(ctx, arn, rule)
    return bus_named(ctx, str(arn))
