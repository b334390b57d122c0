"""Schema documents: files and dicts as plain JSON values, with the dialect they are written in.

OpenAPI 3.0 is JSON Schema draft 4 with ``nullable``; OpenAPI 3.1 is draft 2020-12. Other keywords of OpenAPI
(``example``, ``discriminator``, ``xml``, ``x-...``) constrain nothing and are ignored.

The formats that are checked are a fixed list, because which formats jsonschema knows depends on what else is installed,
and the result of a test must not. ``date-time`` is checked here, because jsonschema checks it only with a further
package, and every schema that EventBridge exports uses it.
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from os.path import isfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import quote, urlsplit

from eventbridge_local.contracts.bounds import bounded, is_slow, slow_patterns
from eventbridge_local.contracts.violations import path_text, problem_text
from eventbridge_local.errors import UsageError
from eventbridge_local.yaml_reader import compose, yaml_library

if TYPE_CHECKING:
    from jsonschema import FormatChecker
    from jsonschema.protocols import Validator
    from referencing import Specification
    from referencing.jsonschema import Schema


#: Only these are escaped: references are written by hand, and ``shop.orders@OrderPlaced.json`` must find its file.
_KEPT = "/:@ !$&'()*+,;=~"


@dataclass(frozen=True, eq=False)
class SchemaDocument:
    """A schema document.

    Args:
        tree: what it says, in plain JSON values.
        uri: where its relative references start, unless it has an ``$id``.
        file: the file it came from, as the user wrote the path; None when it was given in code.
        folder: the folder that was asked for when the file was found by looking through one.
        key: the event it was given for in code.
    """

    tree: Mapping[str, Any]
    uri: str
    file: Path | None = None
    folder: Path | None = None
    key: str = ""

    @property
    def label(self) -> str:
        """Its name in error messages."""
        return f"the schema given for {self.key!r}" if self.file is None else str(self.file)


def find_files(folder: Path) -> Iterator[Path]:
    """Yield all JSON and YAML files below a folder, in order; names that begin with a dot are skipped."""
    try:
        paths = sorted(folder.rglob("*"))
    except OSError as wrong:
        raise UsageError(f"{folder}: cannot be searched: {wrong.strerror or wrong}; give a smaller folder") from wrong
    for path in paths:
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _READERS and isfile(path) and not hidden:
            yield path


def read_document(path: Path, folder: Path | None = None) -> SchemaDocument:
    """Return the document in a file.

    Raises:
        UsageError: the file is missing, is not JSON or YAML, or does not hold an object.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: a contract is a file that ends in {', '.join(_READERS)}, or a folder of such files")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise UsageError(f"{path}: not UTF-8: {wrong.reason} at byte {wrong.start}") from wrong
    except (OSError, ValueError) as wrong:
        raise UsageError(f"{path}: cannot be read: {getattr(wrong, 'strerror', None) or wrong}") from wrong
    tree = reader(path, text)
    if not isinstance(tree, dict):
        raise UsageError(f"{path}: a schema document is an object, not {type(tree).__name__}")
    return SchemaDocument(tree, uri_of(path), path, folder)


def uri_of(path: Path) -> str:
    """Return the URI of a file, readable as far as possible."""
    return "file:///" + quote(Path(os.path.abspath(path)).as_posix().lstrip("/"), safe=_KEPT)


def path_of(uri: str) -> Path | None:
    """Return the file that a URI names, or None when it names something else. Percent escapes may be used or not."""
    from urllib.request import url2pathname

    parts = urlsplit(uri)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _read_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as wrong:
        raise UsageError(f"{path}:{wrong.lineno}:{wrong.colno}: not JSON: {wrong.msg}") from wrong
    except (ValueError, RecursionError) as wrong:  # such as a number of 5,000 digits
        raise UsageError(f"{path}: cannot be read: {str(wrong) or 'nested too deep'}") from wrong


def _read_yaml(path: Path, text: str) -> Any:
    yaml = yaml_library(f"{path}: YAML")

    def refuse(line: int, column: int, problem: str) -> NoReturn:
        raise UsageError(f"{path}:{line}:{column}: {problem}")

    # YAML as JSON Schema and OpenAPI mean it: dates are strings, and only true and false are booleans.
    resolvers = {
        first: [(tag, form) for tag, form in resolvers if _means_the_same_in_json(tag, first)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    loader_class = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": resolvers})
    try:
        loader: Any = loader_class(text)
        root = compose(yaml, loader, text, refuse)
        tree = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{path}{place}: not YAML: {wrong.problem or wrong.context}") from wrong
    except yaml.YAMLError as wrong:
        raise UsageError(f"{path}: not YAML: {wrong}") from wrong
    except RecursionError as wrong:
        raise UsageError(f"{path}: nested too deep to be read") from wrong
    except ValueError as wrong:  # such as a number of 5,000 digits
        raise UsageError(f"{path}: cannot be read: {wrong}") from wrong
    try:
        # A round trip makes it JSON: keys become strings; values that JSON does not have, and cycles, are refused.
        return json.loads(json.dumps(tree, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as wrong:
        # Python words the most usual case differently in different versions.
        reason = "a number that is not finite" if "JSON compliant" in str(wrong) else str(wrong)
        raise UsageError(f"{path}: has a value that JSON does not have: {reason}") from wrong


def _means_the_same_in_json(tag: str, first: str) -> bool:
    """Return whether YAML may read a plain word that begins with ``first`` as a value of this type."""
    kind = tag.rpartition(":")[2]
    return kind != "timestamp" and (kind != "bool" or first in "tTfF")


_READERS: dict[str, Callable[[Path, str], Any]] = {".json": _read_json, ".yaml": _read_yaml, ".yml": _read_yaml}


SOURCE_KEY = "x-amazon-events-source"
DETAIL_TYPE_KEY = "x-amazon-events-detail-type"

_DEFAULT = "json-schema.org/draft/2020-12/schema"
_DRAFT4 = "json-schema.org/draft-04/schema"


class Dialect(NamedTuple):
    """A dialect of JSON Schema: its name, its validator class, and how ``$id`` and ``$ref`` work in it."""

    name: str
    validator: type[Validator]
    specification: Specification[Schema]


@functools.cache
def _dialects() -> dict[str, Dialect]:
    """Return the dialects by the ``$schema`` that names them, without scheme and empty fragment."""
    import jsonschema
    from referencing import jsonschema as specified

    newest = Dialect("draft 2020-12", jsonschema.Draft202012Validator, specified.DRAFT202012)
    newest = newest._replace(validator=bounded(newest.validator))
    nullable = bounded(jsonschema.Draft4Validator, type=_nullable_type)
    return {
        _DRAFT4: Dialect("draft 4", bounded(jsonschema.Draft4Validator), specified.DRAFT4),
        "json-schema.org/draft-06/schema": Dialect("draft 6", bounded(jsonschema.Draft6Validator), specified.DRAFT6),
        "json-schema.org/draft-07/schema": Dialect("draft 7", bounded(jsonschema.Draft7Validator), specified.DRAFT7),
        "json-schema.org/draft/2019-09/schema": Dialect(
            "draft 2019-09", bounded(jsonschema.Draft201909Validator), specified.DRAFT201909
        ),
        _DEFAULT: newest,
        "openapi 3.0": Dialect("OpenAPI 3.0", nullable, specified.DRAFT4),
        # The dialect OpenAPI 3.1 documents may name is draft 2020-12 with a vocabulary that constrains nothing.
        "spec.openapis.org/oas/3.1/dialect/base": newest._replace(name="OpenAPI 3.1"),
    }


def _nullable_type(validator: Any, types: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """Check ``type`` as OpenAPI 3.0 means it: ``nullable`` beside it allows null (3.0.3, Schema Object)."""
    if instance is None and schema.get("nullable") is True:
        return
    from jsonschema import Draft4Validator

    yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema) or ()


def dialect_of(document: SchemaDocument) -> Dialect:
    """Return the dialect that a document is written in.

    A JSON Schema without ``$schema`` is draft 2020-12, except that one with EventBridge's own marks
    (``x-amazon-events-source``) is draft 4, the only draft the schema registry knows.

    Raises:
        UsageError: it names a dialect that is not supported.
    """
    tree = document.tree
    if "openapi" in tree or "swagger" in tree:
        return _openapi_dialect(document)
    if "$schema" not in tree:
        return _dialects()[_DRAFT4 if SOURCE_KEY in tree or DETAIL_TYPE_KEY in tree else _DEFAULT]
    return _named(document, "$schema")


def _openapi_dialect(document: SchemaDocument) -> Dialect:
    version = str(document.tree.get("openapi", document.tree.get("swagger")))
    if version.startswith("3.0"):
        return _dialects()["openapi 3.0"]
    if not version.startswith("3."):
        raise UsageError(f"{document.label}: OpenAPI {version} is not supported; convert it to OpenAPI 3.0 or 3.1")
    if "jsonSchemaDialect" in document.tree:
        return _named(document, "jsonSchemaDialect")
    return _dialects()["spec.openapis.org/oas/3.1/dialect/base"]


def _named(document: SchemaDocument, key: str) -> Dialect:
    name = document.tree[key]
    found = _dialects().get(str(name).rstrip("#").partition("://")[2])
    if found is None:
        known = ", ".join(sorted({dialect.name for uri, dialect in _dialects().items() if "json-schema" in uri}))
        raise UsageError(f"{document.label}: {key} {name!r} is not supported; use one of {known}")
    return found


def canonical(document: SchemaDocument, *, named: bool) -> Mapping[str, Any]:
    """Return the tree with ``$schema`` spelled as jsonschema knows it, however the user spelled it; or without it."""
    if "$schema" not in document.tree or "openapi" in document.tree:
        return document.tree
    if not named:
        return {name: value for name, value in document.tree.items() if name != "$schema"}
    return {**document.tree, "$schema": dialect_of(document).validator.META_SCHEMA["$schema"]}


def schemas_in(document: SchemaDocument) -> dict[str, Any]:
    """Return the schemas of a document by JSON pointer: itself, or the components of an OpenAPI document."""
    if "openapi" not in document.tree:
        return {"": document.tree}
    components = document.tree.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    if not isinstance(schemas, Mapping) or not schemas:
        return {}
    return {f"/components/schemas/{escape(name)}": schema for name, schema in schemas.items()}


def escape(name: str) -> str:
    """Return a key as a segment of a JSON pointer in a URI fragment."""
    from urllib.parse import quote

    return quote(name.replace("~", "~0").replace("/", "~1"), safe="")


def check_schemas(document: SchemaDocument) -> None:
    """Check the schemas of a document against the metaschema of their dialect.

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
                f"{document.label}: not a valid schema of {dialect.name}{where}: {problem_text(wrong)}"
            ) from None
        for pattern in slow_patterns(schema):
            twice = "repeats what repeats already" if is_slow(pattern) else "repeats what can be read in several ways"
            raise UsageError(
                f"{document.label}: the pattern {pattern!r} {twice}, which may take for ever on a "
                "text that does not match; write one repeat, such as a+ for (a+)+"
            )


#: Formats jsonschema checks without further packages, and which it checks alike in all its versions.
_THEIRS = ("date", "email", "ipv4", "ipv6", "regex")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in the usual spelling."""
    return _UUID.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Return whether a text is a day of the calendar such as ``2026-03-06``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Return whether a text is a time with an offset as RFC 3339, section 5.6, writes it."""
    found = _DATE_TIME.fullmatch(text)
    return found is not None and is_date(found[1])


@functools.cache
def format_checker() -> FormatChecker:
    """Return the checker that all contracts share. Other formats are not checked."""
    from jsonschema import FormatChecker

    checker = FormatChecker(_THEIRS)
    for name, fits in (("date-time", is_date_time), ("uuid", is_uuid)):
        checker.checks(name)(lambda value, fits=fits: not isinstance(value, str) or fits(value))
    return checker
