"""Values as the API takes them: CloudFormation is free with types, the API is not, and a few members have other names.

Source: CloudFormation Template Reference for the names on that side, the API model of botocore for the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from eventbridge_local.iac.intrinsics import text_of

#: Members that hold JSON: an object becomes its text, a text stays as it is.
_JSON = frozenset(("EventPattern", "Policy", "Statement"))
_INTEGERS = frozenset(
    (
        "MaximumRetryAttempts",
        "MaximumEventAgeInSeconds",
        "RetentionDays",
        "InvocationRateLimitPerSecond",
        "TaskCount",
        "Size",
        "Attempts",
        "weight",
        "base",
    )
)
_BOOLEANS = frozenset(("IsValueSecret", "WithEvent", "EnableECSManagedTags", "EnableExecuteCommand"))
_WHOLE = re.compile(r"-?[0-9]+\Z")

#: For the members inside one member: CloudFormation's name to the API's.
_RENAMED: Mapping[str, Mapping[str, str]] = {
    "EcsParameters": {"PlacementStrategies": "PlacementStrategy", "TagList": "Tags"},
    "NetworkConfiguration": {"AwsVpcConfiguration": "awsvpcConfiguration"},
    "CapacityProviderStrategy": {"CapacityProvider": "capacityProvider", "Weight": "weight", "Base": "base"},
    "PlacementStrategy": {"Type": "type", "Field": "field"},
    "PlacementConstraints": {"Type": "type", "Expression": "expression"},
}


def api_value(member: str, value: Any) -> Any:
    """``value``, which is known throughout, as the API takes it for ``member``."""
    if member in _JSON:
        return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    if isinstance(value, dict):
        renamed = _RENAMED.get(member, {})
        inner = {renamed.get(name, name): part for name, part in value.items()}
        return {name: api_value(name, part) for name, part in inner.items() if part is not None}
    if isinstance(value, list):
        return [api_value(member, part) for part in value]
    if member in _INTEGERS:
        return int(value) if isinstance(value, str) and _WHOLE.match(value) else value
    if member in _BOOLEANS:
        return {"true": True, "false": False}.get(text_of(value).lower(), value)
    return text_of(value)
