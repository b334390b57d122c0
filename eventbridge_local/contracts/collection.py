"""``Contracts``: a set of contracts, found by the source and detail-type of an event."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from eventbridge_local.contracts.contract import Contract
from eventbridge_local.contracts.documents import Document, find_files, read_document
from eventbridge_local.contracts.shelf import Shelf, fill_shelf
from eventbridge_local.contracts.subjects import Subject, looks_like_schema, subject_for, subjects_of
from eventbridge_local.contracts.violations import Violation
from eventbridge_local.errors import UsageError

Key = tuple[str, str] | str
Paths = str | Path | Iterable[str | Path]

_NAMELESS = (
    "does not say which event it is for; call it source@DetailType.json, put it in a folder called like the source, "
    "give its source and detail-type a const, or name the event in code: Contracts({(source, detail_type): path})"
)


class Contracts:
    """Contracts on events, by source and detail-type.

    Args:
        schemas: ``{("shop.orders", "OrderPlaced"): schema}``; ``"shop.orders@OrderPlaced"`` is the same key. A schema
            is a dict, or the path of a file. Schemas may refer to each other by ``$id``.
        whole_envelope: True when the schemas describe the whole event, False when they describe ``detail``. By default
            a schema with a property ``detail-type``, or with both ``detail`` and ``source``, describes the whole event.
        require: make an event that no contract speaks for a violation too. Events of AWS's own services, whose source
            begins with ``aws.``, need no contract.

    Raises:
        UsageError: a schema is not valid, or a reference leads nowhere; the text names the place.
    """

    def __init__(
        self,
        schemas: Mapping[Key, Mapping[str, Any] | str | Path] | None = None,
        *,
        whole_envelope: bool | None = None,
        require: bool = False,
    ) -> None:
        self.require = require
        self._exact: dict[tuple[str, str], Contract] = {}
        self._loose: dict[tuple[str, str], Contract | None] = {}
        if schemas:
            given = [(_key_of(key), _document_of(schema, key, n)) for n, (key, schema) in enumerate(schemas.items())]
            shelf = fill_shelf(document for _, document in given)
            self._add(
                Contract(subject_for(document, shelf, key, whole_envelope), document, shelf) for key, document in given
            )

    @classmethod
    def load(cls, paths: Paths, *, whole_envelope: bool | None = None, require: bool = False) -> Contracts:
        """Read contracts from files and folders.

        Args:
            paths: a file or folder, or several. Of a folder every ``*.json``, ``*.yaml`` and ``*.yml`` is read, also
                in folders below. Files that are no schemas are passed by.
            whole_envelope, require: as for ``Contracts``.

        Raises:
            UsageError: a file cannot be read, is no valid schema or does not say for which event it is, two contracts
                for one event differ, a reference leads nowhere, or there is no contract at all.
        """
        given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        by_uri: dict[str, Document] = {}
        for document in (document for path in given for document in _documents_at(path)):
            known = by_uri.get(document.uri)
            if known is None or known.folder is None:
                by_uri[document.uri] = document
        shelf = fill_shelf(by_uri.values())
        found = [
            Contract(subject, document, shelf)
            for document in by_uri.values()
            for subject in _subjects_or_refuse(document, shelf, whole_envelope)
        ]
        if not found:
            raise UsageError(f"no contract in {', '.join(map(str, given)) or 'an empty list of paths'}")
        loaded = cls(require=require)
        loaded._add(found)
        return loaded

    @classmethod
    def coerce(cls, value: Contracts | Mapping[Key, Any] | str | Path | Sequence[Any]) -> Contracts:
        """What an option or an ini key says, as ``Contracts``.

        Args:
            value: ``Contracts``, a mapping as for ``Contracts``, a path, or a sequence of these, which are merged.
        """
        if isinstance(value, Contracts):
            return value
        if isinstance(value, Mapping):
            return cls(value)
        if isinstance(value, str | Path):
            return cls.load(value)
        if not isinstance(value, Sequence):
            raise UsageError(f"contracts={value!r}: give a path, a mapping, Contracts, or a list of these")
        paths = [part for part in value if isinstance(part, str | Path)]
        merged = cls.load(paths) if paths else cls()
        for part in value:
            if not isinstance(part, str | Path):
                merged = merged | cls.coerce(part)
        return merged

    def __or__(self, other: Contracts) -> Contracts:
        """The contracts of both; those for the same event must be the same."""
        if not isinstance(other, Contracts):
            return NotImplemented
        both = Contracts(require=self.require or other.require)
        both._add([*self, *other])
        return both

    def __iter__(self) -> Iterator[Contract]:
        return iter(self._exact.values())

    def __len__(self) -> int:
        return len(self._exact)

    def __repr__(self) -> str:
        return f"<Contracts {', '.join(contract.name for contract in self) or 'none'}>"

    def for_event(self, source: str, detail_type: str) -> Contract | None:
        """The contract that speaks for events of a source and detail-type, or None.

        A detail-type that is known only from the name of a file is compared by letters and digits, without case:
        the schema registry calls ``EC2 Instance State-change Notification`` ``EC2InstanceStateChangeNotification``.

        Args:
            source: such as ``shop.orders``.
            detail_type: such as ``OrderPlaced``.
        """
        found = self._exact.get((source, detail_type))
        return found or self._loose.get((source, _bare(detail_type)))

    def unknown(self, envelope: Mapping[str, Any]) -> bool:
        """Whether no contract speaks for an event."""
        return self.for_event(*_names_of(envelope)) is None

    def check(self, envelope: Mapping[str, Any], *, text: str | None = None) -> tuple[Violation, ...]:
        """What an event does that its contract does not allow.

        Args:
            envelope: the whole event, with the keys of an event as targets receive it (``detail-type``, ``source``,
                ``detail``), in plain JSON values.
            text: the same event as JSON text. When it is given it is what is checked, and ``envelope`` only says
                which contract; it is parsed only if there is one.

        Returns:
            the violations by path; nothing when it keeps its contract or has none.
        """
        contract = self.for_event(*_names_of(envelope))
        if contract is not None:
            return tuple(contract.violations(envelope if text is None else json.loads(text)))
        return (self._missing(envelope),) if self._must_be_there(envelope) else ()

    def _must_be_there(self, envelope: Mapping[str, Any]) -> bool:
        return self.require and not _names_of(envelope)[0].startswith("aws.")

    def _missing(self, envelope: Mapping[str, Any]) -> Violation:
        source, detail_type = _names_of(envelope)
        near = get_close_matches(f"{source}@{detail_type}", [contract.name for contract in self], n=1)
        problem = f"no contract speaks for {source}@{detail_type}" + (f"; the nearest is for {near[0]}" if near else "")
        return Violation(source, detail_type, "event", problem)

    def _add(self, contracts: Iterable[Contract]) -> None:
        for contract in contracts:
            other = self._exact.setdefault((contract.source, contract.detail_type), contract)
            if not contract.says_the_same(other):
                raise UsageError(
                    f"two contracts for {contract.name} differ: {other.label} and {contract.label}; keep one of them"
                )
            if other is contract and not contract.exact:
                # Two files whose names differ only in case or signs speak for no other spelling than their own.
                key = (contract.source, _bare(contract.detail_type))
                self._loose[key] = None if key in self._loose else contract


def _names_of(envelope: Mapping[str, Any]) -> tuple[str, str]:
    return str(envelope.get("source", "")), str(envelope.get("detail-type", ""))


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _key_of(key: Key) -> tuple[str, str]:
    parts = tuple(key.split("@", 1)) if isinstance(key, str) else key
    if not isinstance(parts, tuple) or len(parts) != 2 or not all(isinstance(part, str) and part for part in parts):
        raise UsageError(f"{key!r} names no event; a key is (source, detail_type) or 'source@DetailType'")
    return parts


def _document_of(schema: Any, key: Key, number: int) -> Document:
    if isinstance(schema, str | Path):
        return read_document(Path(schema))
    if not isinstance(schema, Mapping):
        raise UsageError(f"the schema for {key!r} is a dict or the path of a file, not {schema!r}")
    return Document(dict(schema), f"urn:contract:{number}", key="@".join(_key_of(key)))


def _documents_at(path: Path) -> Iterator[Document]:
    if not path.is_dir():
        document = read_document(path)
        if not looks_like_schema(document):
            raise UsageError(f"{path}: is no schema; nothing in it is a word of JSON Schema or OpenAPI")
        yield document
        return
    for file in find_files(path):
        document = read_document(file, path)
        if looks_like_schema(document):
            yield document


def _subjects_or_refuse(document: Document, shelf: Shelf, whole_envelope: bool | None) -> list[Subject]:
    found = subjects_of(document, shelf, whole_envelope)
    if not found and document not in [shelf.documents.get(uri) for uri in shelf.referred]:
        raise UsageError(f"{document.label}: {_NAMELESS}")
    return found
