"""An Amazon EventBridge that lives inside the test process.

This is the menu. Names are imported when they are first used: the pytest plugin imports this package at the start of
every run, and must not bring botocore with it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventbridge_local.batching import batch_entries, entry_size, put_all
    from eventbridge_local.contracts import Contracts, infer_schema
    from eventbridge_local.errors import ContractViolation
    from eventbridge_local.handle import EventBridge
    from eventbridge_local.mock import current_eventbridge, mark_eventbridge, mock_eventbridge
    from eventbridge_local.model.limits import Limits
    from eventbridge_local.patterns import RuleSet, explain, matches
    from eventbridge_local.samples import make_event, sample_event, sample_events
    from eventbridge_local.schedules import next_fire_times

__all__ = [
    "ContractViolation",
    "Contracts",
    "EventBridge",
    "Limits",
    "RuleSet",
    "batch_entries",
    "current_eventbridge",
    "entry_size",
    "explain",
    "infer_schema",
    "make_event",
    "mark_eventbridge",
    "matches",
    "mock_eventbridge",
    "next_fire_times",
    "put_all",
    "sample_event",
    "sample_events",
]

_HOMES = {
    "ContractViolation": "errors",
    "Contracts": "contracts",
    "EventBridge": "handle",
    "Limits": "model.limits",
    "RuleSet": "patterns",
    "batch_entries": "batching",
    "current_eventbridge": "mock",
    "entry_size": "batching",
    "explain": "patterns",
    "infer_schema": "contracts",
    "make_event": "samples",
    "mark_eventbridge": "mock",
    "matches": "patterns",
    "mock_eventbridge": "mock",
    "next_fire_times": "schedules",
    "put_all": "batching",
    "sample_event": "samples",
    "sample_events": "samples",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("importlib.metadata").version("eventbridge-local")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
