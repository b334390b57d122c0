"""The one error of schedule expressions."""

from __future__ import annotations

from eventbridge_local.errors import EventBridgeLocalError


class InvalidSchedule(EventBridgeLocalError, ValueError):
    """A schedule expression that AWS refuses with ``Parameter ScheduleExpression is not valid.``

    Args:
        text: the expression as it was given.
        hint: what is wrong with it, in our words.
    """

    def __init__(self, text: str, hint: str) -> None:
        super().__init__(text, hint)
        self.text = text
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.text!r} is not a schedule expression: {self.hint}"
