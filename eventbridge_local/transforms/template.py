"""Input templates: text with ``<name>`` placeholders.

Strategy: the first character that is not blank decides the mode of a template once and for all; compiling cuts it
into literal pieces and slots, and each slot knows whether it stands inside a quoted string. Rendering fills the
slots by a table of mode and place, then reads the result as JSON.

Object template (begins with ``{``), from LocalStack's recordings and native captures of September 2026:
  a bare ``<x>`` becomes JSON of its own type, and ``""`` when the path is missing;
  inside a quoted string, text is JSON-escaped in place and everything else is inserted as JSON;
  the result must be one JSON value and is delivered without white space.
Text template (everything else):
  text goes in raw, objects and lists lose every ``"``, a missing value leaves nothing;
  the result must be JSON, or several values on lines of their own, and is delivered as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.json_text import JsonError, check_lines, check_value, compact, write
from eventbridge_local.transforms.jsonpath import MISSING, Path, parse_path

RULE_ARN = "aws.events.rule-arn"
RULE_NAME = "aws.events.rule-name"
INGESTION_TIME = "aws.events.event.ingestion-time"
EVENT = "aws.events.event"
EVENT_JSON = "aws.events.event.json"

RESERVED = frozenset({RULE_ARN, RULE_NAME, INGESTION_TIME, EVENT, EVENT_JSON})
OBJECT_ONLY = frozenset({EVENT, EVENT_JSON})

PLACEHOLDER = re.compile(r"<(?P<name>[A-Za-z0-9_.-]+)>")
_CHARACTER = re.compile(r'\\.|"', re.DOTALL)


class InvalidResult(EventBridgeLocalError, ValueError):
    """A filled template is not JSON; AWS delivers nothing and dead-letters the text with INVALID_JSON.

    Args:
        text: the text as it was built. It can be empty, and an empty body fits in no queue.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return f"the input template made {self.text!r}, which is not JSON"


@dataclass(frozen=True, slots=True)
class Slot:
    """A placeholder.

    Attributes:
        name: the name between the angle brackets.
        path: where its value is in the event; ``None`` for a reserved variable.
        quoted: whether it stands inside a quoted string.
    """

    name: str
    path: Path | None
    quoted: bool

    def value(self, event: Mapping[str, Any], variables: Mapping[str, Any]) -> Any:
        """Return its value for one event, or ``MISSING``."""
        if self.path is None:
            return variables.get(self.name, MISSING)
        return self.path.select(event)


@dataclass(frozen=True, slots=True)
class InputTemplate:
    """A compiled template.

    Attributes:
        is_object: whether it is an object template.
        pieces: literal text and slots in turn.
    """

    is_object: bool
    pieces: tuple[str | Slot, ...]

    def render(self, event: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
        """Return the text to deliver for one event.

        Args:
            event: the parsed envelope.
            variables: the reserved variables by name, such as ``aws.events.rule-name``. ``WrittenJson`` values are
                inserted as they are.

        Raises:
            InvalidResult: the text built is not JSON.
        """
        text = self._filled(event, variables)
        try:
            if not self.is_object:
                check_lines(text)
                return text
            check_value(text)
            return compact(text)
        except JsonError:
            raise InvalidResult(text) from None

    def _filled(self, event: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
        return "".join(
            piece if isinstance(piece, str) else _WRITERS[self.is_object, piece.quoted](piece.value(event, variables))
            for piece in self.pieces
        )


def _typed(value: Any) -> str:
    return '""' if value is MISSING else write(value)


def _escaped(value: Any) -> str:
    if value is MISSING:
        return ""
    return write(value)[1:-1] if type(value) is str else write(value)


def _raw(value: Any) -> str:
    if value is MISSING:
        return ""
    return value if type(value) is str else write(value).replace('"', "")


_WRITERS: Mapping[tuple[bool, bool], Callable[[Any], str]] = {
    (True, False): _typed,
    (True, True): _escaped,
    (False, False): _raw,
    (False, True): _raw,
}


def is_object_template(template: str) -> bool:
    """Whether the first character that is not blank is ``{``."""
    return template.lstrip(" \t\r\n").startswith("{")


def compile_template(template: str, paths: Mapping[str, str] | None) -> InputTemplate:
    """Prepare a template for rendering.

    Args:
        template: ``InputTemplate``.
        paths: ``InputPathsMap``, name to path; ``None`` like an empty map.

    Returns:
        The template. A placeholder that is neither in the map nor reserved stays literally (native captures; with a
        map PutTargets refuses it before).

    Raises:
        InvalidPath: a path of the map is outside the supported part of JSONPath.
    """
    parsed = {name: parse_path(path) for name, path in (paths or {}).items()}
    return InputTemplate(is_object_template(template), tuple(_pieces(template, parsed)))


def _pieces(template: str, paths: Mapping[str, Path]) -> Iterator[str | Slot]:
    end, quoted = 0, False
    for form in PLACEHOLDER.finditer(template):
        name = form["name"]
        if name not in paths and name not in RESERVED:
            continue
        literal = template[end : form.start()]
        quoted ^= _changes_quoting(literal)
        yield literal
        yield Slot(name, paths.get(name), quoted)
        end = form.end()
    yield template[end:]


def _changes_quoting(literal: str) -> bool:
    """Whether an odd number of quotation marks, escaped ones aside, stands in a piece of JSON text."""
    return [form[0] for form in _CHARACTER.finditer(literal)].count('"') % 2 == 1
