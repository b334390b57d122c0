"""What PutTargets refuses about a target's input, in AWS's words.

The words come from LocalStack's recordings and native captures of September 2026. Nobody recorded which of two
mistakes is named first; the order of ``_CHECKS`` is our choice. Shapes, lengths and map keys are checked elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from eventbridge_local.errors import validation_error
from eventbridge_local.transforms.json_text import BrokenJson, check_lines, check_one, where
from eventbridge_local.transforms.jsonpath import InvalidPath, parse_path
from eventbridge_local.transforms.template import OBJECT_ONLY, PLACEHOLDER, RESERVED, is_object_template

_WAYS = ("Input", "InputPath", "InputTransformer")
_JSON_STRING_OR_PLACEHOLDER = re.compile(
    r'"(?P<inner>(?:[^"\\]|\\.)*)"|' + f"(?P<bare>{PLACEHOLDER.pattern})", re.DOTALL
)
_COLON = re.compile(r"[ \t\r\n]*:")

Target = Mapping[str, Any]


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
        check_one(text)
    except BrokenJson as broken:
        raise validation_error(
            f"JSON syntax error in input for target {target['Id']}: {where(broken)}",
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
        (check_one if is_object_template(template) else check_lines)(filled)
    except BrokenJson as broken:
        raise validation_error(
            f"Invalid InputTemplate for target {target['Id']} : {where(broken)}.",
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
