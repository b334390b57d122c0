"""Reading the journal: queries, the closest record, and every sentence meant for people.

A part is imported when it is first used, as ``report.assertions``: a test that passes and asks nothing needs none of
them, and together they take as long to import as all that delivers an event.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventbridge_local.report import assertions as assertions
    from eventbridge_local.report import checks as checks
    from eventbridge_local.report import coverage as coverage
    from eventbridge_local.report import explain as explain
    from eventbridge_local.report import hints as hints
    from eventbridge_local.report import journal_text as journal_text
    from eventbridge_local.report import logs as logs
    from eventbridge_local.report import permissions as permissions
    from eventbridge_local.report import stand_ins as stand_ins

_PARTS = ("assertions", "checks", "coverage", "explain", "hints", "journal_text", "logs", "permissions", "stand_ins")


def __getattr__(name: str) -> Any:
    if name not in _PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")  # which also makes it an attribute
