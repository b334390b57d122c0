"""The small part of JSONPath that EventBridge understands.

``$``, ``.name`` with letters, digits, ``_``, ``-`` and ``/``, ``[n]`` and ``[*]``; nothing else. Native captures of
September 2026 show every other form refused: ``.*``, ``['name']``, ``..``, negative indexes, slices, no leading ``$``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from eventbridge_local.errors import EventBridgeLocalError

_PATH = re.compile(r"\$(?:\.[A-Za-z0-9_/-]+|\[[0-9]+\]|\[\*\])*")
_STEP = re.compile(r"\.(?P<name>[A-Za-z0-9_/-]+)|\[(?P<index>[0-9]+)\]|\[\*\]")


class Missing(Enum):
    """The type of ``MISSING``, which is what a path selects where there is nothing. JSON's null is not missing."""

    MISSING = "missing"


class Every(Enum):
    """The type of ``EVERY``, the step ``[*]``."""

    EVERY = "[*]"


MISSING: Final = Missing.MISSING
EVERY: Final = Every.EVERY

Step = str | int | Every


class InvalidPath(EventBridgeLocalError, ValueError):
    """A path outside the supported part of JSONPath.

    Args:
        text: the path as it was given.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"{self.text!r} is not a path: write $, .name (letters, digits, _ - /), [n] or [*]"


@dataclass(frozen=True, slots=True)
class Path:
    """A path into a JSON document.

    Attributes:
        text: the path as it was given.
        steps: a name, an index, or ``EVERY`` for each step.
    """

    text: str
    steps: tuple[Step, ...]

    def select(self, document: Any) -> Any:
        """What lies at the path.

        Args:
            document: a parsed JSON document.

        Returns:
            The value, or ``MISSING``. Behind ``[*]`` it is the flat list of what the elements have there (recorded
            for ``$.detail.items[*].name``); elements without it are left out.
        """
        found, several = [document], False
        for step in self.steps:
            if step is EVERY:
                lists = [value for value in found if isinstance(value, list)]
                if not lists and not several:
                    return MISSING
                found, several = [element for value in lists for element in value], True
            else:
                found = [inner for value in found if (inner := _inside(value, step)) is not MISSING]
        if several:
            return found
        return found[0] if found else MISSING


def _inside(value: Any, step: str | int | Every) -> Any:
    if isinstance(step, str):
        return value.get(step, MISSING) if isinstance(value, dict) else MISSING
    if isinstance(step, int) and isinstance(value, list) and step < len(value):
        return value[step]
    return MISSING


def parse_path(text: str) -> Path:
    """Read a path such as ``$.detail.items[*].name``.

    Raises:
        InvalidPath: the text uses anything outside the supported part.
    """
    if _PATH.fullmatch(text) is None:
        raise InvalidPath(text)
    return Path(text, tuple(_step(form) for form in _STEP.finditer(text)))


def _step(form: re.Match[str]) -> Step:
    if form["name"] is not None:
        return form["name"]
    return EVERY if form["index"] is None else int(form["index"])
