"""The verdict of this library on a pattern and an event, in the form of the conformance cases."""

from __future__ import annotations

from typing import Any

from eventbridge_local.patterns import InvalidPattern, compile_pattern


def verdict(pattern: str, event: str) -> dict[str, Any]:
    """What the engine answers.

    Args:
        pattern: JSON text of an event pattern.
        event: JSON text of an event.
    Returns:
        ``valid``; ``error``, the whole message of an invalid pattern, else None; ``match``: true, false, or None where
        the pattern is invalid or the event is no JSON object.
    """
    try:
        compiled = compile_pattern(pattern)
    except InvalidPattern as error:
        return {"valid": False, "error": error.reason, "match": None}
    try:
        matched = compiled.matches(event)
    except ValueError:
        return {"valid": True, "error": None, "match": None}
    return {"valid": True, "error": None, "match": matched}
