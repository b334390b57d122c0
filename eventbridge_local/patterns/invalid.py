"""The refusal of a pattern."""

from __future__ import annotations

from eventbridge_local.errors import EventBridgeLocalError


class InvalidPattern(EventBridgeLocalError, ValueError):
    """A pattern the engine refuses.

    Args:
        reason: the engine's whole message, with the ``at [Source: ...]`` line where it has one. AWS puts
            ``Event pattern is not valid. Reason: `` in front.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
