"""``Contracts``: contracts by the source and detail-type of an event, and the checks of events against them.

Events of PutEvents are checked when they are put (``check_put``), all others when the mock ends
(``delivered_against``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os.path import isdir
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventbridge_local.advice import did_you_mean
from eventbridge_local.contracts.bounds import STEPS, Steps
from eventbridge_local.contracts.documents import SchemaDocument, dialect_of, find_files, format_checker, read_document
from eventbridge_local.contracts.references import SchemaSet, home_of, resolve_references
from eventbridge_local.contracts.subjects import Subject, looks_like_schema, subject_for, subjects_of
from eventbridge_local.contracts.violations import Violation, is_real, path_text, problem_text, violation_error
from eventbridge_local.delivery.journal_records import Delivery, Entry
from eventbridge_local.errors import ContractViolation, UsageError
from eventbridge_local.json_text import decoded
from eventbridge_local.model.event import Event
from eventbridge_local.visible import visible

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


Key = tuple[str, str] | str
Paths = str | Path | Iterable[str | Path]

_NAMELESS = (
    "this schema does not say which event it is for; name the file source@DetailType.json, put it in a folder named "
    "like the source, give its source and detail-type a const, or name the event in code: "
    "Contracts({(source, detail_type): path})"
)


class Contracts:
    """Contracts on events, by source and detail-type.

    Args:
        schemas: ``{("shop.orders", "OrderPlaced"): schema}``; ``"shop.orders@OrderPlaced"`` is the same key. A schema
            is a dict, or the path of a file. Schemas may refer to each other by ``$id``.
        whole_envelope: True when the schemas describe the whole event, False when they describe ``detail``. By default
            a schema with a property ``detail-type``, or with both ``detail`` and ``source``, describes the whole event.
        require: make an event without a contract a violation too. Events of AWS's own services, whose source begins
            with ``aws.``, need no contract.

    Raises:
        UsageError: a schema is not valid, or a reference cannot be resolved; the text names the place.
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
            schema_set = resolve_references(document for _, document in given)
            self._add(
                Contract(subject_for(document, schema_set, key, whole_envelope), document, schema_set)
                for key, document in given
            )

    @classmethod
    def load(cls, paths: Paths, *, whole_envelope: bool | None = None, require: bool = False) -> Contracts:
        """Read contracts from files and folders.

        Args:
            paths: a file or folder, or several. Of a folder every ``*.json``, ``*.yaml`` and ``*.yml`` is read, also
                in folders below. Files that are not schemas are ignored.
            whole_envelope, require: as for ``Contracts``.

        Raises:
            UsageError: a file cannot be read, is not a valid schema or does not say which event it is for,
                two contracts for one event differ, a reference cannot be resolved, or there is no contract at all.
        """
        given = [Path(path) for path in ([paths] if isinstance(paths, str | Path) else paths)]
        by_uri: dict[str, SchemaDocument] = {}
        for document in (document for path in given for document in _documents_at(path)):
            known = by_uri.get(document.uri)
            if known is None or known.folder is None:
                by_uri[document.uri] = document
        schema_set = resolve_references(by_uri.values())
        found = [
            Contract(subject, document, schema_set)
            for document in by_uri.values()
            for subject in _subjects_or_refuse(document, schema_set, whole_envelope)
        ]
        if not found:
            raise UsageError(f"there is no contract in {', '.join(map(str, given)) or 'an empty list of paths'}")
        loaded = cls(require=require)
        loaded._add(found)
        return loaded

    @classmethod
    def coerce(cls, value: Contracts | Mapping[Key, Any] | str | Path | Sequence[Any]) -> Contracts:
        """Return what an option or an ini key says, as ``Contracts``.

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
        """Return the contracts of both; those for the same event must be the same."""
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
        return visible(f"<Contracts {', '.join(contract.name for contract in self) or 'none'}>")

    def for_event(self, source: str, detail_type: str) -> Contract | None:
        """Return the contract for events of a source and detail-type, or None.

        A detail-type that is known only from the name of a file is compared by letters and digits, without case:
        the schema registry calls ``EC2 Instance State-change Notification`` ``EC2InstanceStateChangeNotification``.

        Args:
            source: such as ``shop.orders``.
            detail_type: such as ``OrderPlaced``.
        """
        found = self._exact.get((source, detail_type))
        return found or self._loose.get((source, _bare(detail_type)))

    def unknown(self, envelope: Mapping[str, Any]) -> bool:
        """Return whether there is no contract for an event."""
        return self.for_event(*_names_of(envelope)) is None

    def check(self, envelope: Mapping[str, Any], *, text: str | None = None) -> tuple[Violation, ...]:
        """Return the violations of an event: what its contract does not allow.

        Args:
            envelope: the whole event, with the keys of an event as targets receive it (``detail-type``, ``source``,
                ``detail``), in plain JSON values.
            text: the same event as JSON text. When it is given, it is checked, and ``envelope`` only says which
                contract; it is parsed only if there is a contract.

        Returns:
            the violations, by path; nothing when it has no contract.
        """
        contract = self.for_event(*_names_of(envelope))
        if contract is not None:
            instance = envelope if text is None else decoded(text)
            try:
                return tuple(contract.violations(instance))
            except RecursionError:
                from eventbridge_local.deep import in_stages, with_room  # nearly no event is so deep

                return with_room(lambda: tuple(contract.violations(instance, in_stages)))
        return (self._missing(envelope),) if self._must_be_there(envelope) else ()

    def _must_be_there(self, envelope: Mapping[str, Any]) -> bool:
        return self.require and not _names_of(envelope)[0].startswith("aws.")

    def _missing(self, envelope: Mapping[str, Any]) -> Violation:
        source, detail_type = _names_of(envelope)
        name = f"{source}@{detail_type}"
        problem = f"there is no contract for {name}{did_you_mean(name, [contract.name for contract in self])}"
        return Violation(source, detail_type, "event", problem)

    def _add(self, contracts: Iterable[Contract]) -> None:
        for contract in contracts:
            other = self._exact.setdefault((contract.source, contract.detail_type), contract)
            if not contract.is_same_as(other):
                raise UsageError(
                    f"two contracts for {contract.name} differ: {other.label} and {contract.label}; keep one of them"
                )
            if other is contract and not contract.exact:
                # Two files whose names differ only in case or signs are for their own spelling only.
                key = (contract.source, _bare(contract.detail_type))
                self._loose[key] = None if key in self._loose else contract


def _names_of(envelope: Mapping[str, Any]) -> tuple[str, str]:
    return str(envelope.get("source", "")), str(envelope.get("detail-type", ""))


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()


def _key_of(key: Key) -> tuple[str, str]:
    parts = tuple(key.split("@", 1)) if isinstance(key, str) else key
    if not isinstance(parts, tuple) or len(parts) != 2 or not all(isinstance(part, str) and part for part in parts):
        raise UsageError(
            f"{key!r} does not name an event; write the key as (source, detail_type) or 'source@DetailType'"
        )
    return parts


def _document_of(schema: Any, key: Key, number: int) -> SchemaDocument:
    if isinstance(schema, str | Path):
        return read_document(Path(schema))
    if not isinstance(schema, Mapping):
        raise UsageError(f"the schema for {key!r} is a dict or the path of a file, not {schema!r}")
    return SchemaDocument(dict(schema), f"urn:contract:{number}", key="@".join(_key_of(key)))


def _documents_at(path: Path) -> Iterator[SchemaDocument]:
    if not isdir(path):
        document = read_document(path)
        if not looks_like_schema(document):
            raise UsageError(
                f"{path}: this is not a schema; its top level has no keyword of JSON Schema (such as properties) "
                "or openapi"
            )
        yield document
        return
    for file in find_files(path):
        document = read_document(file, path)
        if looks_like_schema(document):
            yield document


def _subjects_or_refuse(document: SchemaDocument, schema_set: SchemaSet, whole_envelope: bool | None) -> list[Subject]:
    found = subjects_of(document, schema_set, whole_envelope)
    if not found and document not in [schema_set.documents.get(uri) for uri in schema_set.referred]:
        raise UsageError(f"{document.label}: {_NAMELESS}")
    return found


@dataclass(frozen=True, eq=False)
class Contract:
    """A schema for the events of one source and detail-type. ``Contracts`` makes it.

    Its validator is made when the first event is checked, and kept.
    """

    _subject: Subject = field(repr=False)
    _document: SchemaDocument = field(repr=False)
    _schema_set: SchemaSet = field(repr=False)

    @property
    def source(self) -> str:
        """The source of its events."""
        return self._subject.source

    @property
    def detail_type(self) -> str:
        """The detail-type of its events."""
        return self._subject.detail_type

    @property
    def name(self) -> str:
        """Its name as the schema registry has it: ``source@DetailType``."""
        return f"{self.source}@{self.detail_type}"

    @property
    def file(self) -> Path | None:
        """Its file; None for one given in code."""
        return self._document.file

    @property
    def label(self) -> str:
        """Its file, or a text that says it was given in code."""
        return self._document.label

    @property
    def dialect(self) -> str:
        """The dialect it is written in, such as ``draft 7`` or ``OpenAPI 3.0``."""
        return dialect_of(self._document).name

    @property
    def whole_envelope(self) -> bool:
        """Whether it describes the whole event, and not only ``detail``."""
        return self._subject.whole_envelope

    @property
    def exact(self) -> bool:
        """Whether its detail-type is spelled as in events, and not only as in the name of a file."""
        return self._subject.exact

    def is_same_as(self, other: Contract) -> bool:
        """Return whether two contracts have the same schema for the same part of the event."""
        mine, theirs = self._subject, other._subject
        same_part = (mine.pointer, mine.whole_envelope) == (theirs.pointer, theirs.whole_envelope)
        return same_part and self._document.tree == other._document.tree

    def violations(
        self, envelope: Mapping[str, Any], in_stages: Callable[[Callable[[], list[Any]]], list[Any]] | None = None
    ) -> Iterator[Violation]:
        """Yield the violations of an event by path, an object before its members.

        Args:
            envelope: the whole event in plain JSON values: dicts, lists, strings, numbers, booleans and None.
            in_stages: ``deep.in_stages``, for an event of very many levels.
        """
        from jsonschema.exceptions import best_match

        start = [] if self.whole_envelope else ["detail"]
        instance = dict(envelope) if self.whole_envelope else envelope.get("detail")
        token = STEPS.set(Steps(instance, in_stages))
        try:
            errors: list[Any] = [best_match([e]) for e in filter(is_real, self._validator.iter_errors(instance))]
        finally:
            STEPS.reset(token)
        # jsonschema checks properties in no fixed order, and a failing test should read the same every time.
        for error in sorted(errors, key=lambda error: [*error.absolute_path]):
            yield Violation(
                source=envelope.get("source", ""),
                detail_type=envelope.get("detail-type", ""),
                path=path_text([*start, *error.absolute_path]) or "event",
                problem=problem_text(error),
                contract=self.name,
                file=self.file,
                schema_path="/".join(["#" + self._subject.pointer, *map(str, error.absolute_schema_path)]),
            )

    @cached_property
    def _validator(self) -> Validator:
        reference = {"$ref": f"{home_of(self._document)}#{self._subject.pointer}"}
        validator = dialect_of(self._document).validator
        return validator(reference, registry=self._schema_set.registry, format_checker=format_checker())


def violations_of(contracts: Contracts, event: Event) -> Sequence[Violation]:
    """Return the violations of an event. Its text is written only when there is a contract."""
    contract = contracts.for_event(event.source, event.detail_type)
    return contracts.check(event.matched_on, text=None if contract is None else event.text)


def check_put(contracts: Contracts, events: Sequence[tuple[str, Event]]) -> None:
    """Check the events of one PutEvents request, each with its bus.

    Raises:
        ContractViolation: an event breaks its contract; all violations of the request are named.
    """
    broken = [(bus, each) for bus, event in events for each in violations_of(contracts, event)]
    if broken:
        buses = sorted({bus for bus, _ in broken})
        where = f"put on bus {buses[0]!r}" if len(buses) == 1 else f"put on buses {', '.join(map(repr, buses))}"
        raise violation_error([violation for _, violation in broken], where)


def delivered_against(
    contracts: Contracts, entries: Sequence[Entry], deliveries: Sequence[Delivery]
) -> Iterator[ContractViolation]:
    """Yield an error for each rule that delivered events which break their contract and came not through PutEvents.

    Events of PutEvents were checked when they were put. Those of files, replays and schedules, and those that a bus in
    another Region sent, are checked here.
    """
    put = {entry.event_id for entry in entries}
    broken: dict[str, list[Violation]] = {}
    for delivery in deliveries:
        if delivery.event.id not in put and delivery.rule.managed_by is None:
            broken.setdefault(delivery.rule.name, []).extend(violations_of(contracts, delivery.event))
    for rule, violations in broken.items():
        if violations:
            yield violation_error(list(dict.fromkeys(violations)), f"delivered by rule {rule!r}")
