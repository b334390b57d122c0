"""Subjects: which events a schema document is for, and whether for the whole envelope or for ``detail``.

Source and detail-type are each taken from the first place that names them: EventBridge's own marks
(``x-amazon-events-source``, ``x-amazon-events-detail-type``), the ``const`` or ``enum`` of the envelope's properties,
then the file: ``source@DetailType.json`` as the schema registry names it, or ``source/DetailType.json``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from eventbridge_local.contracts.documents import DETAIL_TYPE_KEY, SOURCE_KEY, SchemaDocument, escape, schemas_in
from eventbridge_local.contracts.references import SchemaSet, home_of
from eventbridge_local.errors import UsageError

if TYPE_CHECKING:
    from referencing._core import Resolver

_ENVELOPE = "/components/schemas/AWSEvent"

_SCHEMA_WORDS = frozenset(
    {"$schema", "$id", "$ref", "$defs", "definitions", "properties", "patternProperties", "required", "items"}
    | {"allOf", "anyOf", "oneOf", "enum", "const"}
)
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9._-]")
_TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})


class Subject(NamedTuple):
    """Which events one schema of a document is for.

    ``exact`` is false when the detail-type is known only from the name of a file, which cannot hold every character.
    """

    source: str
    detail_type: str
    pointer: str
    whole_envelope: bool
    exact: bool = True


class _SchemaFacts(NamedTuple):
    """What a schema itself says about its events."""

    sources: tuple[str, ...]
    detail_types: tuple[str, ...]
    whole_envelope: bool


def looks_like_schema(document: SchemaDocument) -> bool:
    """Return whether a document is a schema at all, and not a package file or a sample event in the same folder.

    A file with the name the registry gives to schemas is one, whatever it says.
    """
    tree = document.tree
    if document.file is not None and "@" in document.file.stem:
        return True
    return "openapi" in tree or "swagger" in tree or not _SCHEMA_WORDS.isdisjoint(tree) or _is_type(tree.get("type"))


def _is_type(word: Any) -> bool:
    return isinstance(word, str) and word in _TYPES


def subjects_of(document: SchemaDocument, schema_set: SchemaSet, whole_envelope: bool | None) -> list[Subject]:
    """Return what a document is for; nothing when other documents only refer to it.

    Args:
        whole_envelope: what the user says about it; None recognises it from the schema.
    """
    from_name = _event_in_file_name(document)
    if "openapi" in document.tree:
        candidates = _components(document, schema_set, from_name)
    else:
        candidates = [("", _found_at("", document, schema_set))]
    return [
        subject for pointer, found in candidates for subject in _subjects(pointer, found, from_name, whole_envelope)
    ]


def _subjects(
    pointer: str, found: _SchemaFacts, from_name: tuple[str, str] | None, whole_envelope: bool | None
) -> Iterator[Subject]:
    sources = found.sources or (from_name[:1] if from_name else ())
    detail_types = found.detail_types or (from_name[1:] if from_name else ())
    whole = found.whole_envelope if whole_envelope is None else whole_envelope
    for source, detail_type in product(sources, detail_types):
        yield Subject(source, detail_type, pointer, whole, exact=bool(found.detail_types))


def subject_for(
    document: SchemaDocument, schema_set: SchemaSet, key: tuple[str, str], whole_envelope: bool | None
) -> Subject:
    """Return the subject of a document when code says which event it is for."""
    pointer, found = "", None
    if "openapi" in document.tree:
        components = _components(document, schema_set, key)
        if len(components) != 1:
            raise UsageError(
                f"{document.label}: components.schemas has neither AWSEvent nor {component_name(key[1])!r}"
            )
        pointer, found = components[0]
    else:
        found = _found_at("", document, schema_set)
    return Subject(*key, pointer, found.whole_envelope if whole_envelope is None else whole_envelope)


def _components(
    document: SchemaDocument, schema_set: SchemaSet, from_name: tuple[str, str] | None
) -> list[tuple[str, _SchemaFacts]]:
    """Return the components that are contracts: those that name an event, else AWSEvent, else the one named like it."""
    found = [(pointer, _found_at(pointer, document, schema_set)) for pointer in schemas_in(document)]
    named = [(pointer, each) for pointer, each in found if each.sources and each.detail_types]
    if named:
        return named
    pointers = [_ENVELOPE]
    if from_name is not None:
        pointers += [f"/components/schemas/{escape(name)}" for name in (from_name[1], component_name(from_name[1]))]
    chosen = [(pointer, each) for name in pointers for pointer, each in found if pointer == name]
    return chosen[:1]


def component_name(detail_type: str) -> str:
    """Return a detail-type in the letters that OpenAPI allows: ``Order Placed`` is ``OrderPlaced``."""
    return _NOT_IN_NAMES.sub("", "".join(part[:1].upper() + part[1:] for part in detail_type.split()))


def _event_in_file_name(document: SchemaDocument) -> tuple[str, str] | None:
    if document.file is None:
        return None
    stem = document.file.stem.removesuffix(".schema")
    source, at, detail_type = stem.partition("@")
    if at and source and detail_type:
        return source, detail_type
    inner = document.file.relative_to(document.folder) if document.folder else Path(document.file.name)
    return (inner.parts[-2], stem) if len(inner.parts) > 1 else None


def _found_at(pointer: str, document: SchemaDocument, schema_set: SchemaSet) -> _SchemaFacts:
    resolved = schema_set.registry.resolver(home_of(document)).lookup(f"#{pointer}")
    marks: dict[str, Any] = {}
    properties: dict[str, list[Any]] = {}
    for schema, resolver in _layers(resolved.contents, resolved.resolver):
        marks = {**schema, **marks}
        for name in schema.get("required", ()):
            properties.setdefault(name, [])
        for name, inner in schema.get("properties", {}).items():
            properties.setdefault(name, []).extend(_values(inner, resolver))
    return _SchemaFacts(
        _texts([marks.get(SOURCE_KEY)]) or _texts(properties.get("source", [])),
        _texts([marks.get(DETAIL_TYPE_KEY)]) or _texts(properties.get("detail-type", [])),
        "detail-type" in properties or {"detail", "source"} <= properties.keys(),
    )


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for value in values if isinstance(value, str)))


def _values(schema: Any, resolver: Resolver[Any]) -> Iterator[Any]:
    for layer, _ in _layers(schema, resolver):
        if "const" in layer:
            yield layer["const"]
        yield from layer.get("enum", ())


def _layers(schema: Any, resolver: Resolver[Any]) -> Iterator[tuple[Mapping[str, Any], Resolver[Any]]]:
    """Yield a schema, what it refers to, and its ``allOf``: everything that always applies."""
    seen: set[int] = set()
    waiting = [(schema, resolver)]
    while waiting:
        schema, resolver = waiting.pop()
        if not isinstance(schema, Mapping) or id(schema) in seen:
            continue
        seen.add(id(schema))
        yield schema, resolver
        waiting += [(part, resolver) for part in schema.get("allOf", ())]
        if isinstance(schema.get("$ref"), str):
            resolved = resolver.lookup(schema["$ref"])
            waiting.append((resolved.contents, resolved.resolver))
