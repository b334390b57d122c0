"""A first schema from sample events.

Every sample satisfies the schema; beyond that it says what the samples have in common and leaves the rest open. It is
a first version to read and correct, so where samples prove little it says little: a value seen only as null may be
anything, further properties are allowed, and strings become an ``enum`` only when they look like codes and repeat.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from eventbridge_local.contracts.documents import DETAIL_TYPE_KEY, SOURCE_KEY, is_date, is_date_time, is_uuid
from eventbridge_local.contracts.subjects import component_name
from eventbridge_local.errors import UsageError

Draft = Literal["2020-12", "draft4", "openapi3"]

#: The first format that all strings of a place have is named.
_FORMATS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("date-time", is_date_time),
    ("date", is_date),
    ("uuid", is_uuid),
)

#: Strings become an enum when all are written like codes (``PLACED``, ``IN_TRANSIT``, ``EUR``), there are two to
#: eight of them, and each was seen three times or more. Names of people and places in test data hardly do that.
_CODE = re.compile(r"[A-Z]+(_[A-Z]+)*", re.ASCII)
_MOST_CODES = 8
_OFTEN = 3

_ENVELOPE_COMPONENT = "AWSEvent"


def infer_schema(
    events: Iterable[Mapping[str, Any] | Any], *, draft: Draft = "2020-12", whole_envelope: bool = False
) -> dict[str, Any]:
    """Write a first schema from sample events.

    Args:
        events: events of one source and detail-type: dicts with the keys ``source``, ``detail-type`` and ``detail``,
            or things with such a dict as their ``envelope``, as the events of this library have.
        draft: ``"2020-12"`` or ``"draft4"`` for JSON Schema, ``"openapi3"`` for an OpenAPI 3.0 document; EventBridge's
            schema registry takes the last two.
        whole_envelope: describe the whole event, as the schema registry does, and not only ``detail``.

    Returns:
        the schema, ready for ``json.dumps``. It names its event, so ``Contracts.load`` accepts any name of its file.

    Raises:
        UsageError: there is no event, one is not an event, or they have different sources or detail-types.
    """
    if draft not in _LAYOUTS:
        raise UsageError(f"draft={draft!r} is not one of {', '.join(map(repr, _LAYOUTS))}")
    envelopes = [_envelope_of(event) for event in events]
    try:
        return _inferred(envelopes, draft, whole_envelope)
    except RecursionError:
        from eventbridge_local.deep import with_room  # nearly no event is so deep

        return with_room(_inferred, envelopes, draft, whole_envelope)


def _inferred(envelopes: Sequence[Mapping[str, Any]], draft: Draft, whole_envelope: bool) -> dict[str, Any]:
    source, detail_type = _the_one_kind(envelopes)
    writer = _Writer(draft)
    detail = writer.schema([envelope["detail"] for envelope in envelopes])
    whole = writer.schema(envelopes) if whole_envelope else None
    return _LAYOUTS[draft](_Parts(source, detail_type, detail, whole))


def _envelope_of(event: Any) -> Mapping[str, Any]:
    envelope = event if isinstance(event, Mapping) else getattr(event, "envelope", None)
    if not isinstance(envelope, Mapping) or not {"source", "detail-type", "detail"} <= envelope.keys():
        raise UsageError(f"this is not an event with source, detail-type and detail: {event!r:.200}")
    return envelope


def _the_one_kind(envelopes: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    kinds = dict.fromkeys((envelope["source"], envelope["detail-type"]) for envelope in envelopes)
    if len(kinds) == 1:
        return next(iter(kinds))
    if not kinds:
        raise UsageError("there is no event to infer a schema from")
    named = ", ".join(f"{source}@{detail_type}" for source, detail_type in kinds)
    raise UsageError(f"a schema is for one source and detail-type; these events are {named}; infer one schema for each")


@dataclass(frozen=True)
class _Parts:
    source: str
    detail_type: str
    detail: dict[str, Any]
    whole: dict[str, Any] | None

    @property
    def marks(self) -> dict[str, Any]:
        return {SOURCE_KEY: self.source, DETAIL_TYPE_KEY: self.detail_type}

    def named(self, word: Callable[[str], dict[str, Any]] | None) -> dict[str, Any]:
        """Return the schema of the envelope; ``word`` writes in a draft that a property has one value."""
        whole = self.whole or {}
        properties = dict(whole.get("properties", {}))
        if word is not None:
            properties |= {"source": word(self.source), "detail-type": word(self.detail_type)}
        return {**whole, "properties": properties}


def _json_schema(uri: str, word: Callable[[str], dict[str, Any]]) -> Callable[[_Parts], dict[str, Any]]:
    def layout(parts: _Parts) -> dict[str, Any]:
        body = parts.detail if parts.whole is None else parts.named(word)
        return {"$schema": uri, "title": parts.detail_type, **parts.marks, **body}

    return layout


def _openapi(parts: _Parts) -> dict[str, Any]:
    """Return the document as the schema registry exports it: AWSEvent, with its detail as a component of its own."""
    name = component_name(parts.detail_type)
    name = "Detail" if name in ("", _ENVELOPE_COMPONENT) else name
    components: dict[str, Any] = {name: parts.detail}
    if parts.whole is None:
        components[name] = {**parts.marks, **parts.detail}
    else:
        whole = parts.named(None)
        whole["properties"]["detail"] = {"$ref": f"#/components/schemas/{name}"}
        components = {_ENVELOPE_COMPONENT: {**parts.marks, **whole}, **components}
    return {
        "openapi": "3.0.0",
        "info": {"version": "1.0.0", "title": parts.detail_type},
        "paths": {},
        "components": {"schemas": components},
    }


_LAYOUTS: dict[str, Callable[[_Parts], dict[str, Any]]] = {
    "2020-12": _json_schema("https://json-schema.org/draft/2020-12/schema", lambda value: {"const": value}),
    "draft4": _json_schema(
        "http://json-schema.org/draft-04/schema#", lambda value: {"type": "string", "enum": [value]}
    ),
    "openapi3": _openapi,
}


@dataclass(frozen=True)
class _Writer:
    """Writes schemas of values in one draft."""

    draft: str

    def schema(self, values: Sequence[Any]) -> dict[str, Any]:
        """Return the schema that all values of one place satisfy."""
        by_type: dict[str, list[Any]] = {}
        for value in values:
            by_type.setdefault(_type_of(value), []).append(value)
        has_null = by_type.pop("null", None) is not None
        if "number" in by_type:
            by_type["number"] += by_type.pop("integer", [])
        if not by_type:
            return {}
        written = {name: self._keywords(name, found) for name, found in by_type.items()}
        return self._openapi_union(written, has_null) if self.draft == "openapi3" else _union(written, has_null)

    def _keywords(self, name: str, values: list[Any]) -> dict[str, Any]:
        # A dict, because of generators inside of each other Python 3.12 has 750 at most.
        if name == "string":
            return dict(_string_keywords(values))
        if name == "array":
            members = [member for value in values for member in value]
            return {"items": self.schema(members)} if members or self.draft == "openapi3" else {}
        return self._object_keywords(values) if name == "object" else {}

    def _object_keywords(self, values: list[Mapping[str, Any]]) -> dict[str, Any]:
        by_key: dict[str, list[Any]] = {}
        for value in values:
            for key, inner in value.items():
                by_key.setdefault(key, []).append(inner)
        required = [key for key, found in by_key.items() if len(found) == len(values)]
        # Draft 4 forbids an empty list here.
        keywords: dict[str, Any] = {"required": required} if required else {}
        if by_key:
            keywords["properties"] = {key: self.schema(found) for key, found in by_key.items()}
        return keywords

    def _openapi_union(self, written: dict[str, dict[str, Any]], has_null: bool) -> dict[str, Any]:
        """Return one schema of several types; OpenAPI 3.0 has neither lists of types nor null as a type."""
        schemas = [{"type": name, **keywords} for name, keywords in written.items()]
        if has_null:
            schemas[0] = _with_null(schemas[0]) | {"nullable": True}
        return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _union(written: dict[str, dict[str, Any]], has_null: bool) -> dict[str, Any]:
    """Return one schema of several types: each keyword but ``enum`` constrains only values of its own type."""
    types = [*written, "null"] if has_null else [*written]
    schema = {"type": types[0] if len(types) == 1 else types}
    for keywords in written.values():
        schema.update(keywords)
    if len(written) > 1:
        schema.pop("enum", None)
    return _with_null(schema) if has_null else schema


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "enum": [*schema["enum"], None]} if "enum" in schema else schema


def _string_keywords(values: list[str]) -> Iterator[tuple[str, Any]]:
    for name, fits in _FORMATS:
        if all(map(fits, values)):
            yield "format", name
            return
    counts = Counter(values)
    often = all(count >= _OFTEN for count in counts.values())
    if 2 <= len(counts) <= _MOST_CODES and often and all(map(_CODE.fullmatch, counts)):
        yield "enum", sorted(counts)


def _type_of(value: Any) -> str:
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    raise UsageError(f"{value!r:.200} is not a JSON value; give events as targets receive them")


#: bool comes before int, because it is a subclass of int.
_TYPES: tuple[tuple[Any, str], ...] = (
    (type(None), "null"),
    (bool, "boolean"),
    (int, "integer"),
    (float, "number"),
    (str, "string"),
    (Mapping, "object"),
    (list, "array"),
)
