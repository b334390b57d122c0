"""The shelf: documents that stand together and may refer to each other.

A reference is followed by ``$id`` or by path, to documents on the shelf, to files beside them, and to the metaschemas
of JSON Schema. All of them are followed once when the shelf is filled, so that a broken one is found before the first
event. The network is never asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urldefrag, urljoin, urlsplit

from eventbridge_local.contracts.dialects import canonical, check_schemas, dialect_of, schemas_in
from eventbridge_local.contracts.documents import Document, path_of, read_document
from eventbridge_local.errors import UsageError

if TYPE_CHECKING:
    from referencing import Registry, Resource

_REFERENCES = ("$ref", "$dynamicRef")


class Shelf(NamedTuple):
    """Documents by URI, with the registry jsonschema resolves references in."""

    documents: Mapping[str, Document]
    registry: Registry[Any]
    #: The URIs that documents refer each other to, without fragments.
    referred: frozenset[str]


class _Reference(NamedTuple):
    document: Document
    base: str
    text: str

    @property
    def target(self) -> str:
        return urldefrag(urljoin(self.base, self.text)).url


def fill_shelf(documents: Iterable[Document]) -> Shelf:
    """Put documents on a shelf, with the files they refer to.

    Raises:
        UsageError: a schema is not valid, two documents share an ``$id``, or a reference leads nowhere.
    """
    placed: dict[str, Document] = {}
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
    return Shelf(placed, registry, referred)


def _place(placed: dict[str, Document], uri: str, document: Document) -> None:
    placed[uri] = document
    own = home_of(document)
    other = placed.setdefault(own, document)
    if other is not document and other.tree != document.tree:
        raise UsageError(f"{other.label} and {document.label} differ, yet both have the $id {own!r}")


def home_of(document: Document) -> str:
    """The URI that references within a document start from: its ``$id``, else that of its file."""
    return urljoin(document.uri, _resource(document, document.tree).id() or "")


def _resource(document: Document, contents: Any) -> Resource[Any]:
    return dialect_of(document).specification.create_resource(contents)


def _registry_of(placed: Mapping[str, Document]) -> Registry[Any]:
    from jsonschema_specifications import REGISTRY  # type: ignore[import-untyped]

    resources = [(uri, _resource(document, canonical(document))) for uri, document in placed.items()]
    filled: Registry[Any] = REGISTRY.with_resources(resources).crawl()
    return filled


def _references_of(document: Document) -> Iterator[_Reference]:
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
    references: Iterable[_Reference], registry: Registry[Any], placed: Mapping[str, Document]
) -> Iterator[tuple[str, Document]]:
    """Files that references name and that nobody has read yet, or that are known under another spelling."""
    by_file = {path_of(uri): document for uri, document in placed.items() if document.file}
    for target in {reference.target for reference in references}:
        path = path_of(target)
        if path is not None and target not in registry and path.is_file():
            yield target, by_file.get(path) or read_document(path)


def _follow(reference: _Reference, registry: Registry[Any]) -> None:
    from referencing.exceptions import Unresolvable

    if reference.text.startswith("#") or reference.target in registry:
        try:
            registry.resolver(reference.base).lookup(reference.text)
        except (Unresolvable, ValueError):
            raise UsageError(f"{reference.document.label}: $ref {reference.text!r} leads to nothing there") from None
        return
    scheme = urlsplit(reference.target).scheme
    reason = _NOWHERE.get(scheme, "no schema here has the $id {!r}").format(
        path_of(reference.target) or reference.target
    )
    raise UsageError(f"{reference.document.label}: $ref {reference.text!r} leads nowhere: {reason}")


_REMOTE = "{} is on the network, which is never asked; put a copy beside it, with that address as its $id"
_NOWHERE = {"http": _REMOTE, "https": _REMOTE, "file": "there is no file {}"}
