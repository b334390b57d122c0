"""References between schema documents, by ``$id`` or by path.

A reference may lead to another document of the set, to a file beside it, or to a metaschema of JSON Schema. All of them
are resolved when the set is made, so that a broken one is found before the first event. The network is never used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os.path import isfile
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from eventbridge_local.contracts.documents import (
    SchemaDocument,
    canonical,
    check_schemas,
    dialect_of,
    path_of,
    read_document,
    schemas_in,
)
from eventbridge_local.errors import UsageError

if TYPE_CHECKING:
    from referencing import Registry, Resource

_REFERENCES = ("$ref", "$dynamicRef")


class SchemaSet(NamedTuple):
    """Documents by URI, with the registry in which jsonschema resolves references."""

    documents: Mapping[str, SchemaDocument]
    registry: Registry[Any]
    #: The URIs of documents that other documents refer to, without fragments.
    referred: frozenset[str]


class _Reference(NamedTuple):
    document: SchemaDocument
    base: str
    text: str

    @property
    def target(self) -> str:
        return urldefrag(urljoin(self.base, self.text)).url


def resolve_references(documents: Iterable[SchemaDocument]) -> SchemaSet:
    """Return the documents, with the files they refer to, as one set.

    Raises:
        UsageError: a schema is not valid, two documents share an ``$id``, or a reference cannot be resolved.
    """
    placed: dict[str, SchemaDocument] = {}
    new = {document.uri: document for document in documents}
    references: list[_Reference] = []
    registry = _registry_of(placed)
    while new:
        for uri, document in new.items():
            known = document in placed.values()
            _place(placed, uri, document)
            if not known:
                check_schemas(document)
                references += _references_of(document)
        registry = _registry_of(placed)
        new = dict(_files_beside(references, registry, placed))
    for reference in references:
        _follow(reference, registry)
    # A document that refers to itself is not needed by another.
    referred = frozenset(each.target for each in references if placed.get(each.target) is not each.document)
    return SchemaSet(placed, registry, referred)


def _place(placed: dict[str, SchemaDocument], uri: str, document: SchemaDocument) -> None:
    placed[uri] = document
    own = home_of(document)
    other = placed.setdefault(own, document)
    if other is not document and other.tree != document.tree:
        raise UsageError(
            f"{other.label} and {document.label} differ and have the same $id {own!r}; change one of the two"
        )


def home_of(document: SchemaDocument) -> str:
    """Return the URI that references within a document start from: its ``$id``, else that of its file."""
    return urljoin(document.uri, _resource(document, document.tree).id() or "")


def _resource(document: SchemaDocument, contents: Any) -> Resource[Any]:
    return dialect_of(document).specification.create_resource(contents)


def _registry_of(placed: Mapping[str, SchemaDocument]) -> Registry[Any]:
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    # A document that names its dialect makes jsonschema change to its own validator, whose steps are not counted. So
    # the name is left out where all have the same dialect.
    named = len({dialect_of(document).name for document in placed.values()}) > 1
    resources = [(uri, _resource(document, canonical(document, named=named))) for uri, document in placed.items()]
    filled: Registry[Any] = REGISTRY.with_resources(resources).crawl()
    return filled


def _references_of(document: SchemaDocument) -> Iterator[_Reference]:
    home = home_of(document)
    open_ends = [(_resource(document, schema), home) for schema in schemas_in(document).values()]
    while open_ends:
        resource, base = open_ends.pop()
        base = urljoin(base, resource.id() or "")
        contents = resource.contents
        if isinstance(contents, Mapping):
            for key in _REFERENCES:
                if isinstance(contents.get(key), str):
                    yield _Reference(document, base, contents[key])
        open_ends += [(inner, base) for inner in resource.subresources()]


def _files_beside(
    references: Iterable[_Reference], registry: Registry[Any], placed: Mapping[str, SchemaDocument]
) -> Iterator[tuple[str, SchemaDocument]]:
    """Yield files that references name and that were not read yet, or were read under another spelling."""
    by_file = {path_of(uri): document for uri, document in placed.items() if document.file}
    for target in {reference.target for reference in references}:
        path = path_of(target)
        if path is not None and target not in registry and isfile(path):
            yield target, by_file.get(path) or read_document(path)


def _follow(reference: _Reference, registry: Registry[Any]) -> None:
    from referencing.exceptions import Unresolvable

    if reference.text.startswith("#") or reference.target in registry:
        try:
            registry.resolver(reference.base).lookup(reference.text)
        except (Unresolvable, ValueError):
            raise UsageError(
                f"{reference.document.label}: $ref {reference.text!r} points to nothing in this document"
            ) from None
        return
    scheme = urlsplit(reference.target).scheme
    reason = _NOWHERE.get(scheme, "no schema here has the $id {!r}").format(
        path_of(reference.target) or reference.target
    )
    raise UsageError(f"{reference.document.label}: $ref {reference.text!r} cannot be resolved: {reason}")


_REMOTE = "{} is on the network, which is never used; put a copy beside this file, with that address as its $id"
_NOWHERE = {"http": _REMOTE, "https": _REMOTE, "file": "there is no file {}"}
