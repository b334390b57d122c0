"""Instants as schedules want them: aware and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

from eventbridge_local.errors import UsageError


def in_utc(instant: datetime, name: str) -> datetime:
    """The same instant in UTC.

    Args:
        instant: an aware datetime of any zone.
        name: what the caller names the argument, for the error text.

    Raises:
        UsageError: the datetime is naive; EventBridge rules run in UTC and a guess could be hours off.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise UsageError(f"{name}={instant!r} has no time zone; pass an aware datetime, such as one with tzinfo=UTC")
    return instant.astimezone(UTC)
