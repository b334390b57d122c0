"""From a target's Input, InputPath or InputTransformer to the exact text the target receives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from eventbridge_local.transforms.json_text import JsonText, write
from eventbridge_local.transforms.jsonpath import MISSING, Path, parse_path
from eventbridge_local.transforms.template import (
    EVENT,
    EVENT_JSON,
    INGESTION_TIME,
    RULE_ARN,
    RULE_NAME,
    Template,
    compile_template,
)

NOTHING = "{}"

_EVENT_MEMBERS = {
    "id": "id",
    "account": "account",
    "detailType": "detail-type",
    "time": "time",
    "source": "source",
    "region": "region",
    "resources": "resources",
    "version": "version",
}


@dataclass(frozen=True, slots=True)
class InputContext:
    """What the reserved variables of a template speak of.

    Attributes:
        rule_arn: the ARN of the rule that matched.
        rule_name: its name.
        ingestion_time: when the bus received the event, an aware datetime.
    """

    rule_arn: str
    rule_name: str
    ingestion_time: datetime


class TargetInput(Protocol):
    """What a target receives instead of the event."""

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """The exact text delivered.

        Args:
            event_text: the event as the bus writes it, compact JSON.
            event: the same event, parsed.
            context: for the reserved variables.

        Raises:
            InvalidResult: a template made something that is not JSON.
        """


@dataclass(frozen=True, slots=True)
class WholeEvent:
    """No input option: the event itself."""

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """The event's text."""
        return event_text


@dataclass(frozen=True, slots=True)
class Constant:
    """``Input``: the same text for every event, white space and all (native capture)."""

    text: str

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """The text."""
        return self.text


@dataclass(frozen=True, slots=True)
class Selection:
    """``InputPath``: a part of the event; ``None`` for the empty path."""

    path: Path | None

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """The part as JSON text."""
        if self.path is None:
            return NOTHING
        return event_text if not self.path.steps else select_text(self.path, event)


@dataclass(frozen=True, slots=True)
class Transformed:
    """``InputTransformer``: a filled template."""

    template: Template

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """The rendered template."""
        return self.template.render(event, reserved_variables(event_text, event, context))


def compile_input(target: Mapping[str, Any]) -> TargetInput:
    """Prepare a target's input for delivery.

    Args:
        target: a target as boto3 sends it, already admitted by ``check_target_input``.

    Raises:
        InvalidPath: a path PutTargets would have refused.
    """
    if target.get("Input") is not None:
        return Constant(target["Input"])
    if target.get("InputPath") is not None:
        return Selection(parse_path(target["InputPath"]) if target["InputPath"] else None)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return WholeEvent()
    return Transformed(compile_template(transformer["InputTemplate"], transformer.get("InputPathsMap")))


def select_text(path: Path, event: Mapping[str, Any]) -> str:
    """What lies at a path as compact JSON text, ``{}`` for null and for nothing.

    Recorded for InputPath and for the PartitionKeyPath of a Kinesis stream; a string keeps its quotes.
    """
    value = path.select(event)
    return NOTHING if value is MISSING or value is None else write(value)


def reserved_variables(event_text: str, event: Mapping[str, Any], context: InputContext) -> dict[str, Any]:
    """The five reserved variables for one event, by name (User Guide eb-transform-target-input; native capture)."""
    return {
        RULE_ARN: context.rule_arn,
        RULE_NAME: context.rule_name,
        INGESTION_TIME: _milliseconds_text(context.ingestion_time),
        EVENT: _event_without_detail(event),
        EVENT_JSON: JsonText(event_text),
    }


def _event_without_detail(event: Mapping[str, Any]) -> dict[str, Any]:
    """The event as ``aws.events.event`` shows it: ``detailType``, and the time as milliseconds since 1970."""
    shown = {shown: event[name] for shown, name in _EVENT_MEMBERS.items() if name in event}
    if "time" in shown:
        shown["time"] = int(datetime.fromisoformat(shown["time"]).timestamp()) * 1000
    return shown


def _milliseconds_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
