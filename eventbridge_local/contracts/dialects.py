"""Dialects: the language a document is written in, with the validator that speaks it.

OpenAPI 3.0 is JSON Schema draft 4 with ``nullable``; OpenAPI 3.1 is draft 2020-12. Other words of OpenAPI
(``example``, ``discriminator``, ``xml``, ``x-...``) constrain nothing and are passed by.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from eventbridge_local.contracts.documents import Document
from eventbridge_local.contracts.violations import path_text, problem_text
from eventbridge_local.errors import UsageError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Specification
    from referencing.jsonschema import Schema

SOURCE_KEY = "x-amazon-events-source"
DETAIL_TYPE_KEY = "x-amazon-events-detail-type"

_DEFAULT = "json-schema.org/draft/2020-12/schema"
_DRAFT4 = "json-schema.org/draft-04/schema"


class Dialect(NamedTuple):
    """A language of schemas: its name, its validator class, and how ``$id`` and ``$ref`` work in it."""

    name: str
    validator: type[Validator]
    specification: Specification[Schema]


@functools.cache
def _dialects() -> dict[str, Dialect]:
    """The dialects by the ``$schema`` that names them, without scheme and empty fragment."""
    import jsonschema
    from referencing import jsonschema as specified

    newest = Dialect("draft 2020-12", jsonschema.Draft202012Validator, specified.DRAFT202012)
    extend: Callable[..., type[Validator]] = jsonschema.validators.extend
    nullable = extend(jsonschema.Draft4Validator, {"type": _nullable_type})
    return {
        _DRAFT4: Dialect("draft 4", jsonschema.Draft4Validator, specified.DRAFT4),
        "json-schema.org/draft-06/schema": Dialect("draft 6", jsonschema.Draft6Validator, specified.DRAFT6),
        "json-schema.org/draft-07/schema": Dialect("draft 7", jsonschema.Draft7Validator, specified.DRAFT7),
        "json-schema.org/draft/2019-09/schema": Dialect(
            "draft 2019-09", jsonschema.Draft201909Validator, specified.DRAFT201909
        ),
        _DEFAULT: newest,
        "openapi 3.0": Dialect("OpenAPI 3.0", nullable, specified.DRAFT4),
        # The dialect OpenAPI 3.1 documents may name is draft 2020-12 with a vocabulary that constrains nothing.
        "spec.openapis.org/oas/3.1/dialect/base": newest._replace(name="OpenAPI 3.1"),
    }


def _nullable_type(validator: Any, types: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """``type`` in OpenAPI 3.0: ``nullable`` beside it allows null (3.0.3, Schema Object)."""
    if instance is None and schema.get("nullable") is True:
        return
    from jsonschema import Draft4Validator

    yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema) or ()


def dialect_of(document: Document) -> Dialect:
    """The dialect a document says it is written in.

    A JSON Schema without ``$schema`` is draft 2020-12, except that one with EventBridge's own marks
    (``x-amazon-events-source``) is draft 4, the only draft the schema registry knows.

    Raises:
        UsageError: it names a dialect that is not known.
    """
    tree = document.tree
    if "openapi" in tree or "swagger" in tree:
        return _openapi_dialect(document)
    if "$schema" not in tree:
        return _dialects()[_DRAFT4 if SOURCE_KEY in tree or DETAIL_TYPE_KEY in tree else _DEFAULT]
    return _named(document, "$schema")


def _openapi_dialect(document: Document) -> Dialect:
    version = str(document.tree.get("openapi", document.tree.get("swagger")))
    if version.startswith("3.0"):
        return _dialects()["openapi 3.0"]
    if not version.startswith("3."):
        raise UsageError(f"{document.label}: OpenAPI {version} is not known; OpenAPI 3.0 and 3.1 are")
    if "jsonSchemaDialect" in document.tree:
        return _named(document, "jsonSchemaDialect")
    return _dialects()["spec.openapis.org/oas/3.1/dialect/base"]


def _named(document: Document, key: str) -> Dialect:
    name = document.tree[key]
    found = _dialects().get(str(name).rstrip("#").partition("://")[2])
    if found is None:
        known = ", ".join(sorted({dialect.name for uri, dialect in _dialects().items() if "json-schema" in uri}))
        raise UsageError(f"{document.label}: {key} {name!r} is not known; known are {known}")
    return found


def canonical(document: Document) -> Mapping[str, Any]:
    """The document's tree with ``$schema`` spelled as jsonschema knows it, however the user spelled it."""
    if "$schema" not in document.tree or "openapi" in document.tree:
        return document.tree
    return {**document.tree, "$schema": dialect_of(document).validator.META_SCHEMA["$schema"]}


def schemas_in(document: Document) -> dict[str, Any]:
    """The schemas of a document by JSON pointer: itself, or the components of an OpenAPI document."""
    if "openapi" not in document.tree:
        return {"": document.tree}
    components = document.tree.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    if not isinstance(schemas, Mapping) or not schemas:
        return {}
    return {f"/components/schemas/{escape(name)}": schema for name, schema in schemas.items()}


def escape(name: str) -> str:
    """A key as a segment of a JSON pointer in a URI fragment."""
    from urllib.parse import quote

    return quote(name.replace("~", "~0").replace("/", "~1"), safe="")


def check_schemas(document: Document) -> None:
    """Check that the document's schemas are what their dialect allows.

    Raises:
        UsageError: with the file, the path within it and what is wrong there.
    """
    from jsonschema.exceptions import SchemaError

    dialect = dialect_of(document)
    for pointer, schema in schemas_in(document).items():
        try:
            dialect.validator.check_schema(schema)
        except SchemaError as wrong:
            path = [*pointer.split("/")[1:], *wrong.absolute_path]
            where = f" at {path_text(path)}" if path else ""
            raise UsageError(
                f"{document.label}: not a schema of {dialect.name}{where}: {problem_text(wrong)}"
            ) from None
