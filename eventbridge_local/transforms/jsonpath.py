"""Paths into an event: the small part of JSONPath that EventBridge understands, and the settings that are such paths.

``$``, ``.name`` with letters, digits, ``_``, ``-`` and ``/``, ``[n]`` and ``[*]``; nothing else. Native captures of
September 2026 show every other form refused: ``.*``, ``['name']``, ``..``, negative indexes, slices, no leading ``$``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from typing import Any, Final

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.frozen import frozen
from eventbridge_local.json_text import write

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
        return (
            f"{self.text!r} is not a path that EventBridge reads; "
            "a path is $, followed by any number of .name (letters, digits, _ - /), [n] and [*]"
        )


@frozen
class Path:
    """A path into a JSON document.

    Attributes:
        text: the path as it was given.
        steps: a name, an index, or ``EVERY`` for each step.
    """

    text: str
    steps: tuple[Step, ...]

    def select(self, document: Any) -> Any:
        """Return what lies at the path.

        Args:
            document: a parsed JSON document.

        Returns:
            The value, or ``MISSING``. Behind ``[*]`` it is the flat list of what the elements have there (recorded
            for ``$.detail.items[*].name``); elements without it are left out.
        """
        found = document
        for number, step in enumerate(self.steps, 1):
            if step is EVERY:
                return _of_each(found, self.steps[number:]) if isinstance(found, list) else MISSING
            found = _inside(found, step)
            if found is MISSING:
                break
        return found


def _of_each(elements: list[Any], steps: tuple[Step, ...]) -> list[Any]:
    """Return the flat list of what the elements have behind the remaining steps."""
    found = list(elements)
    for step in steps:
        if step is EVERY:
            found = [element for value in found if isinstance(value, list) for element in value]
        else:
            found = [inner for value in found if (inner := _inside(value, step)) is not MISSING]
    return found


def _inside(value: Any, step: Step) -> Any:
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


# -- settings of a target that are a path


def resolve_dynamic(value: Any, event: Mapping[str, Any]) -> Any:
    """Replace the paths among a target's parameters by what lies there in the event.

    The User Guide (eb-targets) lets every string of HttpParameters, EcsParameters, RedshiftDataParameters and
    SageMakerPipelineParameters be, as a whole, a JSON path. It is resolved against the original event, whatever the
    target's input option makes of that event.

    Args:
        value: a string, or lists and dicts of them; dict keys are never a path.
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
