"""Dynamic parameters: settings of a target that are a path into the event.

The User Guide (eb-targets) lets every string of HttpParameters, EcsParameters, RedshiftDataParameters and
SageMakerPipelineParameters be, as a whole, a JSON path. It is resolved against the original event, whatever the
target's input option makes of that event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.transforms.json_text import write
from eventbridge_local.transforms.jsonpath import MISSING, InvalidPath, parse_path


def resolve_dynamic(value: Any, event: Mapping[str, Any]) -> Any:
    """A target's parameters with every dynamic string replaced.

    Args:
        value: a string, or lists and dicts of them; dict keys are never dynamic.
        event: the original event, parsed.

    Returns:
        The same structure. A string of the form ``$.detail.x`` becomes the text found there, other values their
        compact JSON text, null and nothing the empty string (the last two are our judgement). All other values,
        strings with an unsupported path among them, stay as they are.
    """
    if isinstance(value, str):
        return _resolved(value, event)
    if isinstance(value, Mapping):
        return {key: resolve_dynamic(inner, event) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [resolve_dynamic(inner, event) for inner in value]
    return value


def _resolved(text: str, event: Mapping[str, Any]) -> str:
    if not text.startswith("$."):
        return text
    try:
        found = parse_path(text).select(event)
    except InvalidPath:
        return text
    if found is MISSING or found is None:
        return ""
    return found if isinstance(found, str) else write(found)
