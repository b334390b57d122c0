"""The managed rule of an archive: by it events get into the archive, and without it the archive stands disabled."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from eventbridge_local.model.arn import partition_of, rule_resource
from eventbridge_local.model.event import Event
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.model.store import Scope
from eventbridge_local.patterns import Pattern

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.archives import Archive, ArchiveRecord

MANAGED_BY = "prod.vhs.events.aws.internal"
_PREFIX = "Events-Archive-"
_NOT_REPLAYED = '{"replay-name":[{"exists":false}]'
_CUT_OFF = "Managed rule for the archive was forcefully deleted."
_TEMPLATE = (
    '{{"archive-arn": "{}:{}","event": <aws.events.event.json>,'
    '"ingestion-time": <aws.events.event.ingestion-time>}}'
)  # fmt: skip


def keep(scope: Scope, rule: Rule, event: Event) -> None:
    """Keep an event that the managed rule of an archive matched, unless the archive was deleted since."""
    archive = archive_of(scope, rule)
    if archive is not None:
        archive.add(event)


def archive_of(scope: Scope, rule: Rule | None) -> Archive | None:
    """Return the archive whose managed rule this is, None for any other rule."""
    if rule is None or rule.managed_by != MANAGED_BY:
        return None
    return scope.archives.get(rule.name.removeprefix(_PREFIX))


def rule_name(archive: str) -> str:
    """Return the name of the managed rule of an archive (recorded, facts 9.1)."""
    return f"{_PREFIX}{archive}"


def managed_pattern(pattern: str | None) -> str:
    """Return an archive's pattern with the condition that keeps replayed events out (recorded, facts 9.1).

    The members follow as they were written. An archive's own condition on ``replay-name`` gives way: the service
    promises that replayed events are never archived again.
    """
    if pattern is None:
        return _NOT_REPLAYED + "}"
    start = pattern.index("{")
    try:
        tree, end = json.JSONDecoder().raw_decode(pattern, start)
    except (ValueError, RecursionError):  # valid for the engine all the same: escapes of its own
        return f"{_NOT_REPLAYED},{pattern[start + 1 :]}"
    if "replay-name" in tree:
        tree = {key: value for key, value in tree.items() if key != "replay-name"}
        members = json.dumps(tree, separators=(",", ":"))[1:]
        return _NOT_REPLAYED + (f",{members}" if tree else "}")
    return f"{_NOT_REPLAYED},{pattern[start + 1 : end]}"


def managed_rule(scope: Scope, record: ArchiveRecord, pattern: Pattern, uuid: str) -> Rule:
    """Return the rule that an archive makes on its bus, with its one target (recorded, facts 9.1).

    Args:
        pattern: the compiled ``managed_pattern`` of the archive.
        uuid: what stands behind the archive's ARN in the target's template.
    """
    name = rule_name(record.name)
    transformer = {"InputPathsMap": {}, "InputTemplate": _TEMPLATE.format(record.arn, uuid)}
    arn = f"arn:{partition_of(scope.region)}:events:{scope.region}:::"
    return Rule(
        name=name,
        arn=scope.arn(rule_resource(record.bus, name)),
        bus=record.bus,
        state="ENABLED",
        created_by=scope.account,
        pattern=pattern,
        managed_by=MANAGED_BY,
        # The transformer is shown and never run: what is kept is the event itself.
        targets=(Target(name, arn, {"Id": name, "Arn": arn, "InputTransformer": transformer}),),
    )


def rule_was_forced(scope: Scope, rule: Rule) -> None:
    """Look at a rule after a request with ``Force``: an archive whose rule lost its target or is gone is disabled."""
    archive = archive_of(scope, rule)
    bus = scope.buses.get(rule.bus)
    left = bus.rules.get(rule.name) if bus is not None else None
    if archive is not None and (left is None or not left.targets):
        archive.record = replace(archive.record, state="DISABLED", state_reason=_CUT_OFF)
