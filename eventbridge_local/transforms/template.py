"""Input templates: text with ``<name>`` placeholders.

Strategy: the first character that is not blank decides the mode of a template once and for all; compiling cuts it
into literal pieces and slots, and a table of the mode and of whether a slot stands inside a quoted string says how the
slot is written. Rendering fills the slots, then reads the result as JSON.

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
from typing import Any

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.frozen import frozen
from eventbridge_local.json_text import JsonError, check_lines, check_value, compact, write
from eventbridge_local.transforms.jsonpath import MISSING, Path, parse_path
from eventbridge_local.visible import visible

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
        return visible(f"the input template made {self.text!r}, which is not JSON")


@frozen
class Slot:
    """A placeholder.

    Attributes:
        name: the name between the angle brackets.
        path: where its value is in the event; ``None`` for a reserved variable.
        write: returns the text of its value, which may be ``MISSING``.
    """

    name: str
    path: Path | None
    write: Callable[[Any], str]


class TooLarge(Exception):
    """A template makes more of an event than any target takes."""


#: The most characters of what is made of an event. No target takes more: a record of Kinesis has 10 MiB at most
#: (PutRecord, API reference), and a template may repeat an event of 1 MiB 2,700 times. What AWS does is not recorded.
_LARGEST = 10 * 1024 * 1024


@frozen
class InputTemplate:
    """A compiled template.

    Attributes:
        is_object: whether it is an object template.
        pieces: literal text and slots in turn.
        has_variables: whether a slot is a reserved variable.
    """

    is_object: bool
    pieces: tuple[str | Slot, ...]
    has_variables: bool

    def render(self, event: Mapping[str, Any], variables: Mapping[str, Any]) -> str:
        """Return the text to deliver for one event.

        Args:
            event: the parsed envelope.
            variables: the reserved variables by name, such as ``aws.events.rule-name``. ``WrittenJson`` values are
                inserted as they are. Looked at only if ``has_variables``.

        Raises:
            InvalidResult: the text built is not JSON.
            TooLarge: no target takes as much.
        """
        parts: list[str] = []
        length = 0
        for piece in self.pieces:
            if isinstance(piece, str):
                part = piece
            else:
                path = piece.path
                value = variables.get(piece.name, MISSING) if path is None else path.select(event)
                part = piece.write(value)
            length += len(part)
            if length > _LARGEST:
                raise TooLarge(length)
            parts.append(part)
        text = "".join(parts)
        try:
            if not self.is_object:
                check_lines(text)
                return text
            check_value(text)
            return compact(text)
        except JsonError:
            raise InvalidResult(text) from None


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


#: How a value is written, by whether the template is an object template and whether the slot is in a quoted string.
_WRITERS: Mapping[tuple[bool, bool], Callable[[Any], str]] = {
    (True, False): _typed,
    (True, True): _escaped,
    (False, False): _raw,
    (False, True): _raw,
}


def is_object_template(template: str) -> bool:
    """Return whether the first character that is not blank is ``{``."""
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
    is_object = is_object_template(template)
    pieces = tuple(_pieces(template, parsed, is_object))
    has_variables = any(isinstance(piece, Slot) and piece.path is None for piece in pieces)
    return InputTemplate(is_object, pieces, has_variables)


def _pieces(template: str, paths: Mapping[str, Path], is_object: bool) -> Iterator[str | Slot]:
    end, quoted = 0, False
    for form in PLACEHOLDER.finditer(template):
        name = form["name"]
        if name not in paths and name not in RESERVED:
            continue
        literal = template[end : form.start()]
        quoted ^= _changes_quoting(literal)
        yield literal
        yield Slot(name, paths.get(name), _WRITERS[is_object, quoted])
        end = form.end()
    yield template[end:]


def _changes_quoting(literal: str) -> bool:
    """Return whether a piece of JSON text has an odd number of quotation marks, escaped ones aside."""
    return [form[0] for form in _CHARACTER.finditer(literal)].count('"') % 2 == 1
