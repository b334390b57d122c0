"""From a target's Input, InputPath or InputTransformer to the exact text the target receives.

The first half makes the text, the second half is what PutTargets refuses, in AWS's words. These words come from
LocalStack's recordings and native captures of September 2026. Nobody recorded which of two mistakes AWS names first;
the order of ``_CHECKS`` is our choice. Shapes, lengths and map keys are checked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from eventbridge_local.errors import validation_error
from eventbridge_local.frozen import frozen
from eventbridge_local.json_text import JsonError, WrittenJson, check_lines, check_value, write
from eventbridge_local.transforms.jsonpath import MISSING, InvalidPath, Path, parse_path
from eventbridge_local.transforms.template import (
    EVENT,
    EVENT_JSON,
    INGESTION_TIME,
    OBJECT_ONLY,
    PLACEHOLDER,
    RESERVED,
    RULE_ARN,
    RULE_NAME,
    InputTemplate,
    compile_template,
    is_object_template,
)

Target = Mapping[str, Any]

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


@frozen
class InputContext:
    """Where the reserved variables of a template come from, the event aside.

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
        """Return the exact text delivered.

        Args:
            event_text: the event as the bus writes it, compact JSON.
            event: the same event, parsed.
            context: for the reserved variables.

        Raises:
            InvalidResult: a template made something that is not JSON.
        """


@frozen
class WholeEvent:
    """No input option: the event itself."""

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """Return the event's text."""
        return event_text


@frozen
class Constant:
    """``Input``: the same text for every event, white space and all (facts 6.1)."""

    text: str

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """Return the text."""
        return self.text


@frozen
class Selection:
    """``InputPath``: a part of the event; ``None`` for the empty path."""

    path: Path | None

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """Return the part as JSON text."""
        if self.path is None:
            return NOTHING
        return event_text if not self.path.steps else select_text(self.path, event)


@frozen
class Transformed:
    """``InputTransformer``: a filled template."""

    template: InputTemplate

    def payload(self, event_text: str, event: Mapping[str, Any], context: InputContext) -> str:
        """Return the rendered template."""
        variables = reserved_variables(event_text, event, context) if self.template.has_variables else {}
        return self.template.render(event, variables)


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
    """Return what lies at a path as compact JSON text, ``{}`` for null and for nothing.

    Recorded for InputPath and for the PartitionKeyPath of a Kinesis stream; a string keeps its quotes.
    """
    value = path.select(event)
    return NOTHING if value is MISSING or value is None else write(value)


def reserved_variables(event_text: str, event: Mapping[str, Any], context: InputContext) -> dict[str, Any]:
    """Return the five reserved variables for one event, by name.

    Source: User Guide eb-transform-target-input, and a native capture.
    """
    return {
        RULE_ARN: context.rule_arn,
        RULE_NAME: context.rule_name,
        INGESTION_TIME: _milliseconds_text(context.ingestion_time),
        EVENT: _event_without_detail(event),
        EVENT_JSON: WrittenJson(event_text),
    }


def _event_without_detail(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the event as ``aws.events.event`` shows it: ``detailType``, and the time as milliseconds since 1970."""
    shown = {shown: event[name] for shown, name in _EVENT_MEMBERS.items() if name in event}
    if "time" in shown:
        shown["time"] = int(datetime.fromisoformat(shown["time"]).timestamp()) * 1000
    return shown


def _milliseconds_text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# -- what PutTargets refuses

_WAYS = ("Input", "InputPath", "InputTransformer")
_JSON_STRING_OR_PLACEHOLDER = re.compile(
    r'"(?P<inner>(?:[^"\\]|\\.)*)"|' + f"(?P<bare>{PLACEHOLDER.pattern})", re.DOTALL
)
_COLON = re.compile(r"[ \t\r\n]*:")


def check_target_input(target: Target) -> None:
    """Refuse a target whose input PutTargets would refuse.

    Args:
        target: a target as boto3 sends it; ``Id``, ``Input``, ``InputPath`` and ``InputTransformer`` are looked at.

    Raises:
        ServiceError: a ValidationException in AWS's exact words.
    """
    for check in _CHECKS:
        check(target)


def _one_way(target: Target) -> None:
    if sum(target.get(way) is not None for way in _WAYS) > 1:
        raise validation_error(
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {target['Id']}."
        )


def _input(target: Target) -> None:
    text = target.get("Input")
    if not text:
        return  # "" is accepted (native capture)
    try:
        check_value(text)
    except JsonError as broken:
        raise validation_error(
            f"JSON syntax error in input for target {target['Id']}: {_place(broken)}",
            hint="Input must be JSON text; a plain string needs its own quotes, as in Input='\"text\"'.",
        ) from None


def _paths(target: Target) -> None:
    used = [path for path in [target.get("InputPath")] if path]  # "" is accepted here, not in a map
    used += _paths_map(target).values()
    try:
        for path in used:
            parse_path(path)
    except InvalidPath as invalid:
        raise validation_error(f"InputPath for target {target['Id']} is invalid.", hint=str(invalid)) from None


def _known_placeholders(target: Target) -> None:
    paths = _paths_map(target)
    if not paths:
        return  # recorded: without a map any placeholder is accepted
    for name in _placeholders(target):
        if name not in paths and name not in RESERVED:
            raise validation_error(f"InputTemplate for target {target['Id']} contains invalid placeholder {name}.")


def _event_in_objects_only(target: Target) -> None:
    if is_object_template(_template(target)):
        return
    for name in _placeholders(target):
        if name in OBJECT_ONLY:
            raise validation_error(
                f"InputTemplate for target {target['Id']} contains placeholder {name} valid only for JSON template."
            )


def _no_key_placeholders(target: Target) -> None:
    template = _template(target)
    for form in _JSON_STRING_OR_PLACEHOLDER.finditer(template):
        inside = form["bare"] or form["inner"]
        if inside and PLACEHOLDER.search(inside) and _COLON.match(template, form.end()):
            raise validation_error(f"InputTemplate placeholder present as a JSON object key for target {target['Id']}.")


def _template_is_json(target: Target) -> None:
    template = _template(target)
    if not template:
        return
    filled = PLACEHOLDER.sub("null", template)
    try:
        (check_value if is_object_template(template) else check_lines)(filled)
    except JsonError as broken:
        raise validation_error(
            f"Invalid InputTemplate for target {target['Id']} : {_place(broken)}.",
            hint="InputTemplate must be JSON; plain text needs its own quotes, one quoted string for each line.",
        ) from None


_CHECKS: tuple[Callable[[Target], None], ...] = (
    _one_way,
    _input,
    _paths,
    _known_placeholders,
    _event_in_objects_only,
    _no_key_placeholders,
    _template_is_json,
)


def _template(target: Target) -> str:
    transformer = target.get("InputTransformer") or {}
    template: str = transformer.get("InputTemplate") or ""
    return template


def _paths_map(target: Target) -> Mapping[str, str]:
    transformer = target.get("InputTransformer") or {}
    paths: Mapping[str, str] = transformer.get("InputPathsMap") or {}
    return paths


def _placeholders(target: Target) -> list[str]:
    return [form["name"] for form in PLACEHOLDER.finditer(_template(target))]


def _place(broken: JsonError) -> str:
    """Return the place of a mistake in the words of AWS's parser.

    Three places are known: column 1 for ``not-json`` and for ``hello null`` (native captures), column 4 for
    ``env:dev`` (quoted in a public thread). So a stray word stands for its beginning, but for its end when a colon
    follows. For all other mistakes the place is what the same parser reports for patterns (facts 4.4; judgement).
    """
    source, at = broken.source, broken.at or 0
    if broken.word_at is not None and not source.text.startswith(":", at):
        at = broken.word_at
    return source.place(at)
