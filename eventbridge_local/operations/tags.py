"""Tags on buses and rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from eventbridge_local.core.arn import parse_arn, split_rule_resource
from eventbridge_local.core.limits import Limits
from eventbridge_local.errors import ServiceError, not_found, validation_error
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.lookup import bus_named, is_here, rule_of
from eventbridge_local.operations.table import Answer, Params, operation


@operation("TagResource")
def tag_resource(ctx: Context, params: Params) -> Answer:
    """Add tags; a key that is there gets the new value."""
    arn = _taggable(ctx, params["ResourceARN"], change=True)
    before = ctx.place.tags.get(arn, {})
    added = check_tags(params["Tags"], ctx.limits, before)
    ctx.place.tags[arn] = {**before, **added}
    return {}


@operation("UntagResource")
def untag_resource(ctx: Context, params: Params) -> Answer:
    """Remove tags by key; a key that is not there is no error (recorded)."""
    arn = _taggable(ctx, params["ResourceARN"], change=True)
    gone = set(params["TagKeys"])
    kept = {key: value for key, value in ctx.place.tags.get(arn, {}).items() if key not in gone}
    ctx.place.tags[arn] = kept
    return {}


@operation("ListTagsForResource")
def list_tags_for_resource(ctx: Context, params: Params) -> Answer:
    """The tags of a bus or rule, in the order they were given."""
    arn = _taggable(ctx, params["ResourceARN"], change=False)
    return {"Tags": [{"Key": key, "Value": value} for key, value in ctx.place.tags.get(arn, {}).items()]}


def check_tags(tags: Iterable[Mapping[str, str]], limits: Limits, before: Mapping[str, str] = {}) -> dict[str, str]:
    """The tags of a request as a dict, refused where AWS documents a limit; the texts are not recorded from AWS."""
    pairs = [(tag["Key"], tag["Value"]) for tag in tags]
    added = dict(pairs)
    if len(added) < len(pairs):
        raise validation_error("Invalid parameter: Duplicated keys are not allowed.")
    if any(key.lower().startswith("aws:") for key in added):
        raise validation_error("aws: prefixed tag key names are not allowed for external use.")
    if len({**before, **added}) > limits.tags_per_resource:
        raise ServiceError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
    return added


def _taggable(ctx: Context, text: str, *, change: bool) -> str:
    """The ARN of an existing bus or rule; which of the two it must be is told by the ARN (recorded)."""
    arn = parse_arn(text)
    if arn is None or arn.service != "events":
        raise validation_error(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")
    if arn.resource.startswith("event-bus/"):
        return bus_named(ctx, text).record.arn
    if not arn.resource.startswith("rule/"):
        raise validation_error(f"Parameter {text} is not valid. Reason: Provided Arn is not in correct format.")
    bus, name = split_rule_resource(arn.resource)
    if not is_here(ctx, arn):
        raise not_found(f"Rule {name} does not exist on EventBus {bus}.")
    rule = rule_of(bus_named(ctx, bus), name)
    if change and rule.managed_by is not None:
        raise ServiceError("ManagedRuleException", f"Tag related operations on the managed rule {name} is not allowed.")
    return rule.arn
