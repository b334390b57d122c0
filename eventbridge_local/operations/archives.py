"""Archives: create, describe, list, update, delete; each with the rule the service manages for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from eventbridge_local.delivery.archives import archive_of, managed_pattern, managed_rule, rule_name
from eventbridge_local.errors import already_exists, limit_exceeded, not_found, validation_error
from eventbridge_local.model.archives import Archive, ArchiveRecord, Rekeying
from eventbridge_local.model.arn import key_arn, parse_arn, partition_of
from eventbridge_local.model.store import Bus
from eventbridge_local.operations.lookup import (
    MALFORMED_TOKEN,
    TOKEN_OF_ANOTHER,
    bus_named,
    is_disabled_key,
    key_of,
    paged,
)
from eventbridge_local.operations.rules import compiled
from eventbridge_local.operations.table import Answer, Context, Params, operation, without_nones
from eventbridge_local.patterns import Pattern

#: What a longer retention becomes: the largest number of 32 bits (captured).
_MOST_DAYS = 2**31 - 1
#: AWS takes between a second and half a minute (captured).
_REKEYING_TAKES = timedelta(seconds=1)
_KEY_NOT_ACCESSIBLE = (
    "events.amazonaws.com is not authorized to access the key because the resource does not exist in this Region, "
    "no resource-based policies allow access, or a resource-based policy explicitly denies access. "
    "Please ensure that events.amazonaws.com has permissions to access required KMS APIs."
)
_NO_KEY = (
    "The provided KMS key does not exist. "
    "Please ensure that the key identifier is correct and your key exists in the same region as the event source."
)
_FILTERS = ("NamePrefix", "EventSourceArn", "State")
_CHANGES = ("EventPattern", "RetentionDays", "Description", "KmsKeyIdentifier")


@operation("CreateArchive")
def create_archive(ctx: Context, params: Params) -> Answer:
    """Make an archive of a bus; it keeps events from now on. Source: facts 9.1, 9.2."""
    name = params["ArchiveName"]
    pattern = _checked_pattern(params.get("EventPattern"))
    key = _checked_key(ctx, params)
    _check_source(ctx, params["EventSourceArn"])
    bus = _source_bus(ctx, params["EventSourceArn"])
    if name in ctx.scope.archives:
        raise already_exists(f"Archive {name} already exists.")
    _check_rule_name(bus, name)
    if len(ctx.scope.archives) >= ctx.limits.archives or len(bus.rules) >= ctx.limits.rules_per_event_bus:
        raise limit_exceeded()
    record = ArchiveRecord(
        name=name,
        arn=ctx.scope.arn(f"archive/{name}"),
        bus=bus.name,
        bus_arn=bus.record.arn,
        created=ctx.now,
        pattern=params.get("EventPattern") or None,
        description=params.get("Description") or None,
        retention_days=min(params.get("RetentionDays", 0), _MOST_DAYS),
        kms_key=key,
    )
    ctx.scope.archives[name] = Archive(record, ctx.store.clock)
    bus.put_rule(managed_rule(ctx.scope, record, pattern, ctx.ids.uuid()))
    return _answer(record)


@operation("DescribeArchive")
def describe_archive(ctx: Context, params: Params) -> Answer:
    """Describe an archive with what it holds now; on AWS the figures follow within minutes."""
    archive = _archive_named(ctx, params["ArchiveName"])
    record = archive.record
    return without_nones(
        ArchiveArn=record.arn,
        Description=record.description,
        EventPattern=record.pattern,
        KmsKeyIdentifier=record.kms_key,
        **_row(archive),
    )


@operation("ListArchives")
def list_archives(ctx: Context, params: Params) -> Answer:
    """List archives by name, a page at a time; a list entry has neither ArchiveArn nor Description (facts 9.2)."""
    if sum(member in params for member in _FILTERS) > 1:
        raise validation_error(
            "At most one filter is allowed for ListArchives. Use either : State, EventSourceArn, or NamePrefix."
        )
    prefix, source, state = map(params.get, _FILTERS)
    bus_arn = None if source is None else _source_bus(ctx, source).record.arn
    found = [
        archive
        for name, archive in sorted(ctx.scope.archives.items())
        if name.startswith(prefix or "")
        and bus_arn in (None, archive.record.bus_arn)
        and state in (None, archive.record.state)
    ]
    shown, token = paged(
        ctx,
        params,
        found,
        lambda archive: archive.record.name,
        prefix,
        source,
        state,
        malformed=MALFORMED_TOKEN,
        of_another=TOKEN_OF_ANOTHER,
    )
    return without_nones(Archives=[_row(archive) for archive in shown], NextToken=token)


@operation("UpdateArchive")
def update_archive(ctx: Context, params: Params) -> Answer:
    """Change what is given and keep the rest; a managed rule that was removed by force is made again.

    An empty pattern or description clears it, and 0 days keep events for ever (seen on AWS by others). While the key
    changes the archive is UPDATING.
    """
    if not any(member in params for member in _CHANGES):
        raise validation_error("At least one of EventPattern, RetentionDays or Description must be provided.")
    given = params.get("EventPattern")
    pattern = None if given is None else _checked_pattern(given)
    key = _checked_key(ctx, params)
    archive = _archive_named(ctx, params["ArchiveName"])
    before = archive.record
    if key is None and "KmsKeyIdentifier" in params and before.kms_key is not None:
        _check_usable(ctx, before.kms_key)
    bus = ctx.scope.buses.get(before.bus)
    if bus is None:  # captured
        raise not_found(
            f"Archive {before.name} managed rule does not exist.", hint=f"bus {before.bus!r} was deleted, and its rules"
        )
    _check_rule_name(bus, before.name)
    if rule_name(before.name) not in bus.rules and len(bus.rules) >= ctx.limits.rules_per_event_bus:
        raise limit_exceeded()
    record = replace(
        before,
        pattern=before.pattern if given is None else given or None,
        description=params.get("Description", before.description) or None,
        retention_days=min(params.get("RetentionDays", before.retention_days), _MOST_DAYS),
        state="UPDATING" if before.rekeying else "ENABLED",
        state_reason=None,
    )
    if "KmsKeyIdentifier" in params and _is_same_key(ctx, key, before.kms_key):
        record = replace(record, kms_key=key)
    elif "KmsKeyIdentifier" in params:
        # The new key is shown while the archive is UPDATING; one that is taken away is shown until it is gone.
        record = replace(
            record, state="UPDATING", kms_key=key or before.kms_key, rekeying=Rekeying(before.kms_key, key)
        )
    pattern = pattern or _checked_pattern(record.pattern)
    archive.record = record
    _put_managed_rule(ctx, bus, record, pattern)
    if record.rekeying is not None and record.rekeying is not before.rekeying:
        _rekey_later(ctx, archive, record.rekeying)
    return _answer(record)


def _is_same_key(ctx: Context, new: str | None, old: str | None) -> bool:
    """Return whether two identifiers name one key, which is no change (captured of id, ARN, alias and its ARN).

    What an alias stands for is asked of a KMS that has it. If it has neither, an alias is taken for one of the key.
    """
    if not new or not old:
        return new == old
    first, second = (key_arn(each, ctx.scope.account, ctx.scope.region) for each in (new, old))
    if first == second:
        return True
    if ":alias/" not in f"{first} {second}":
        return False
    return key_of(ctx, new) == key_of(ctx, old)


def _rekey_later(ctx: Context, archive: Archive, rekeying: Rekeying) -> None:
    """Let a change of the key end, unless another one has begun meanwhile (captured, facts 9.8)."""

    def complete() -> None:
        with ctx.alone:
            if archive.record.rekeying is not rekeying:
                return
            done = replace(archive.record, state="ENABLED", kms_key=rekeying.after, rekeying=None)
            if rekeying.before is not None and is_disabled_key(ctx, rekeying.before):
                done = replace(done, state="UPDATE_FAILED", kms_key=rekeying.before, state_reason=_KEY_NOT_ACCESSIBLE)
            archive.record = done

    ctx.store.clock.later(_REKEYING_TAKES, complete)


def _checked_key(ctx: Context, params: Params) -> str | None:
    """Return the key of a request as it was given, which is how it is answered. Raises for a text that is no key.

    Captured: the code; the words are those for a key that does not exist, and for a disabled key those of
    UpdateEventBus.
    """
    key: str | None = params.get("KmsKeyIdentifier") or None
    if key is None:
        return None
    arn = key_arn(key, ctx.scope.account, ctx.scope.region)
    if arn is None:
        raise validation_error(_NO_KEY)
    _check_usable(ctx, key)
    return key


def _check_usable(ctx: Context, key: str) -> None:
    """Refuse a disabled key, the given one or one that is to be taken away (captured, but for the words)."""
    if is_disabled_key(ctx, key):
        arn = key_arn(key, ctx.scope.account, ctx.scope.region)
        raise validation_error(f"Parameter kmsKeyIdentifier is not valid. Reason: {arn} is disabled.")


@operation("DeleteArchive")
def delete_archive(ctx: Context, params: Params) -> Answer:
    """Delete an archive with its events and its rule; a replay of it that is under way fails."""
    archive = _archive_named(ctx, params["ArchiveName"])
    bus = ctx.scope.buses.get(archive.record.bus)
    name = rule_name(archive.record.name)
    if bus is not None and archive_of(ctx.scope, bus.rules.get(name)) is archive:
        bus.remove_rule(name)
    archive.close()
    del ctx.scope.archives[archive.record.name]
    return {}


def _checked_pattern(text: str | None) -> Pattern:
    """Return the pattern of the managed rule of an archive with that pattern, which is refused as a rule's would be."""
    if text:
        compiled(text)
    return compiled(managed_pattern(text or None))


def _source_bus(ctx: Context, text: str) -> Bus:
    """Return the bus of an EventSourceArn; its form has been checked to be that of an ARN of this service."""
    arn = parse_arn(text)
    if arn is None or not arn.account or not arn.resource.startswith("event-bus/"):
        raise validation_error("Parameter EventSourceArn is not valid. Reason: Must contain an event bus ARN.")
    return bus_named(ctx, text)


def _check_source(ctx: Context, text: str) -> None:
    """Refuse an archive of a bus elsewhere (captured one by one; the order is judgement)."""
    arn = parse_arn(text)
    if arn is None or not arn.account or not arn.resource.startswith("event-bus/"):
        return  # refused when the bus is looked for
    here = {"partition": partition_of(ctx.scope.region), "region": ctx.scope.region, "account": ctx.scope.account}
    for part, value in here.items():
        if getattr(arn, part) != value:
            raise validation_error(
                f"Parameter EventSourceArn is not valid. Reason: Creating cross-{part} archive is not permitted."
            )


def _check_rule_name(bus: Bus, name: str) -> None:
    """Refuse when a user's own rule has the name that the managed rule needs (captured of CreateArchive)."""
    there = bus.rules.get(rule_name(name))
    if there is not None and there.managed_by is None:
        raise already_exists(
            f"A rule with the pattern '{there.name}' already exists. "
            "Please choose a different archive name or delete your rule, then, try again."
        )


def _archive_named(ctx: Context, name: str) -> Archive:
    archive = ctx.scope.archives.get(name)
    if archive is None:
        raise not_found(f"Archive {name} does not exist.")
    return archive


def _put_managed_rule(ctx: Context, bus: Bus, record: ArchiveRecord, pattern: Pattern) -> None:
    """Make the rule again, or give it the new pattern; a target that is still there stays as it is."""
    there = bus.rules.get(rule_name(record.name))
    if there is not None and there.targets:
        bus.put_rule(there._replace(pattern=pattern))
    else:
        bus.put_rule(managed_rule(ctx.scope, record, pattern, ctx.ids.uuid()))


def _answer(record: ArchiveRecord) -> Answer:
    return {"ArchiveArn": record.arn, "State": record.state, "CreationTime": record.created}


def _row(archive: Archive) -> Answer:
    record = archive.record
    count, size = archive.measure()
    return without_nones(
        ArchiveName=record.name,
        EventSourceArn=record.bus_arn,
        State=record.state,
        StateReason=record.state_reason,
        RetentionDays=record.retention_days,
        SizeBytes=size,
        EventCount=count,
        CreationTime=record.created,
    )
