"""Payloads that other services read as parameters: taken apart, and cut down to what the operation's model knows.

EventBridge maps the members it knows and ignores the others (captured for the overrides of ECS tasks); a member of
the wrong type makes the request impossible.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from eventbridge_local.targets.handover import AttemptFailed, Handover


def transformed_object(handover: Handover) -> dict[str, Any]:
    """The object that a target's input made, empty when the target takes the event as it is.

    Raises:
        AttemptFailed: the input made something that is no object.
    """
    return {} if handover.transformed is None else object_of(handover.transformed)


def object_of(text: str) -> dict[str, Any]:
    """A text that must be one JSON object. Raises AttemptFailed when it is not."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise AttemptFailed("INVALID_PARAMETER", "The input of this target must be a JSON object.")
    return value


def fitted(client: str, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of an operation without the members its model does not know, at any depth, and without nulls.

    Args:
        client, operation: as boto3 and the API spell them, such as ``ecs`` and ``RunTask``.

    Raises:
        AttemptFailed: what is left has a wrong type, or too little is left.
    """
    shape = _input_shape(client, operation)
    kept: dict[str, Any] = _known(shape, params)
    report = ParamValidator().validate(kept, shape)
    if report.has_errors():
        raise AttemptFailed("INVALID_PARAMETER", f"Invalid parameters for {operation}: {report.generate_report()}")
    return kept


@lru_cache(maxsize=64)
def _input_shape(client: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(client).operation_model(operation).input_shape


def _known(shape: Any, value: Any) -> Any:
    if shape.type_name == "structure" and isinstance(value, Mapping):
        members = shape.members
        return {
            name: _known(members[name], inner) for name, inner in value.items() if name in members and inner is not None
        }
    if shape.type_name == "list" and isinstance(value, list | tuple):
        return [_known(shape.member, inner) for inner in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _known(shape.value, inner) for key, inner in value.items()}
    return value


def lower_first(value: Any) -> Any:
    """``{"TaskCount": [{"Name": 1}]}`` as ``{"taskCount": [{"name": 1}]}``: from AWS's one spelling to its other."""
    if isinstance(value, Mapping):
        return {name[:1].lower() + name[1:]: lower_first(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [lower_first(inner) for inner in value]
    return value


def bytes_of(text: str) -> bytes:
    """A payload on the wire. Half a surrogate pair cannot be sent; AWS's runtime writes ``?`` for it."""
    return text.encode("utf-8", "replace")
