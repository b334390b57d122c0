"""Event buses: create, describe, list, update, delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.errors import (
    ServiceError,
    already_exists,
    limit_exceeded,
    queue_of_another_region,
    validation_error,
    wrong_arn,
)
from eventbridge_local.model.arn import Arn, key_arn, parse_arn, partition_of
from eventbridge_local.model.records import EventBus
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import bus_named, bus_of, is_disabled_key, is_of_another_region, paged
from eventbridge_local.operations.partner_sources import match, release, source_of, wrong_state
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones
from eventbridge_local.operations.tags import check_tag_count, check_tags
from eventbridge_local.policies.statements import policy_text

SETTINGS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")


@operation("CreateEventBus")
def create_event_bus(ctx: Context, params: Params) -> Answer:
    """Make a bus. Source: facts 2.1."""
    name = params["Name"]
    _check_name(params)
    settings = _settings(_checked(ctx, params))
    tags = check_tags(params.get("Tags", []))
    source = source_of(ctx, name) if "EventSourceName" in params else None
    if name in ctx.scope.buses:
        raise already_exists(f"Event bus {name} already exists.")
    if source is not None and source.state != "PENDING":
        raise wrong_state(source, "a bus can be made only for a PENDING source")
    if len(ctx.scope.buses) >= ctx.limits.event_buses:
        raise limit_exceeded()
    check_tag_count(tags, ctx.limits)
    arn, now = ctx.scope.arn(f"event-bus/{name}"), ctx.now
    ctx.scope.buses[name] = Bus(EventBus(name, arn, now, now, settings))
    if tags:
        ctx.scope.tags[arn] = tags
    if source is not None:
        match(ctx, source)
    return {"EventBusArn": arn, **settings}


_NO_QUEUE = (
    "Parameter DeadLetterConfig.Arn is not valid. Reason: Provide a valid SQS queue ARN, "
    "or an empty string to remove the dead-letter queue configuration."
)


def _checked(ctx: Context, params: Params) -> Params:
    """Return a request with its key as AWS answers it, an ARN, and without a dead-letter queue whose ARN is empty.

    Raises:
        ServiceError: the key is none of a customer's, or the queue is none that a bus may have. Captured; which words
            an SNS topic, a text that is no ARN and a FIFO queue get is by analogy.
    """
    checked = dict(params)
    key = params.get("KmsKeyIdentifier")
    if key:
        checked["KmsKeyIdentifier"] = key_arn(key, ctx.scope.account, ctx.scope.region)
        if checked["KmsKeyIdentifier"] is None:
            raise _wrong_key(ctx, key)
    if "DeadLetterConfig" in params:
        queue = params["DeadLetterConfig"].get("Arn")
        if queue is None:
            raise validation_error(_NO_QUEUE)
        if queue:
            _check_queue(ctx, queue)
        else:
            checked["DeadLetterConfig"] = {}
    return checked


def _wrong_key(ctx: Context, text: str) -> ServiceError:
    """Return the refusal of a text that names no key of a customer (captured of an alias of AWS and of plain text)."""
    if text.startswith("alias/"):
        return wrong_arn(str(Arn(partition_of(ctx.scope.region), "kms", ctx.scope.region, ctx.scope.account, text)))
    if text.startswith("arn:"):
        return wrong_arn(text)
    asked = f"(Service: Kms, Status Code: 400, Request ID: {ctx.ids.uuid()}) (SDK Attempt Count: 1)"
    return validation_error(f"Parameter Invalid keyId {text} {asked} is not valid.")


def _check_queue(ctx: Context, text: str) -> None:
    arn = parse_arn(text)
    whole = arn is not None and arn.service == "sqs" and arn.region and arn.account and ":" not in arn.resource
    if arn is None or not whole or not arn.resource or arn.partition != partition_of(ctx.scope.region):
        raise validation_error(_NO_QUEUE)
    if arn.resource.endswith(".fifo"):
        raise validation_error("SQS FIFO is not supported by Dead Letter Queues")
    if arn.region != ctx.scope.region:
        raise queue_of_another_region(text)


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the optional members; one that is empty is absent, and so removes what was there (API reference)."""
    return {name: params[name] for name in SETTINGS if params.get(name)}


def _check_name(params: Params) -> None:
    name, source = params["Name"], params.get("EventSourceName")
    if source is not None:
        if name != source:
            raise validation_error("Parameter Name is not valid. Reason: Name must be equal to EventSourceName.")
    elif name.startswith("aws."):
        raise validation_error("EventBus name starting with 'aws.' is not valid.")
    elif "/" in name:
        raise validation_error("Parameter Name is not valid. Reason: Custom event bus names must not contain '/'.")


@operation("DescribeEventBus")
def describe_event_bus(ctx: Context, params: Params) -> Answer:
    """Describe a bus, the default one when none is named."""
    arn = parse_arn(params.get("Name", "default"))
    if arn is not None and is_of_another_region(ctx, arn):
        raise validation_error("Cross-region api call is not allowed.")  # captured
    return _described(bus_of(ctx, params, "Name").record)


@operation("ListEventBuses")
def list_event_buses(ctx: Context, params: Params) -> Answer:
    """List buses by name, a page at a time."""
    prefix = params.get("NamePrefix")
    names = sorted(name for name in ctx.scope.buses if name.startswith(prefix or ""))
    shown, token = paged(ctx, params, names, str, prefix)
    rows = [_row(ctx.scope.buses[name].record) for name in shown]
    return {"EventBuses": rows, **({"NextToken": token} if token else {})}


@operation("UpdateEventBus")
def update_event_bus(ctx: Context, params: Params) -> Answer:
    """Change the settings that are given and keep the others; the default bus when none is named."""
    given = _checked(ctx, params)
    bus = bus_named(ctx, params.get("Name", "default"))
    before = bus.record.settings.get("KmsKeyIdentifier")
    if before and "KmsKeyIdentifier" in params and given["KmsKeyIdentifier"] != before and is_disabled_key(ctx, before):
        # Captured of a key that is taken away.
        raise validation_error(f"Parameter kmsKeyIdentifier is not valid. Reason: {before} is disabled.")
    settings = _settings({**bus.record.settings, **given})
    bus.record = bus.record._replace(settings=settings, modified=ctx.now)
    return {"Arn": bus.record.arn, "Name": bus.name, **settings}


@operation("DeleteEventBus")
def delete_event_bus(ctx: Context, params: Params) -> Answer:
    """Delete a bus; one that is not there counts as deleted (asserted against AWS)."""
    name = params["Name"]
    if name == "default":
        raise validation_error("Cannot delete event bus default.")
    bus = ctx.scope.buses.get(name)
    if bus is None:
        return {}
    if bus.rules:
        raise validation_error(
            "EventBus can't be deleted since it has rules.", hint=f"rules of {name!r}: {', '.join(sorted(bus.rules))}"
        )
    del ctx.scope.buses[name]
    ctx.scope.tags.pop(bus.record.arn, None)
    release(ctx, name)
    return {}


def _row(record: EventBus) -> Answer:
    return without_nones(
        Name=record.name,
        Arn=record.arn,
        CreationTime=record.created,
        LastModifiedTime=record.modified,
        Description=record.settings.get("Description"),
        Policy=record.policy and policy_text(record.policy),
    )


def _described(record: EventBus) -> Answer:
    return {**_row(record), **record.settings}
