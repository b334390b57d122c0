"""One contract: what events of one source and detail-type must look like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eventbridge_local.contracts.dialects import dialect_of
from eventbridge_local.contracts.documents import Document
from eventbridge_local.contracts.formats import format_checker
from eventbridge_local.contracts.shelf import Shelf, home_of
from eventbridge_local.contracts.subjects import Subject
from eventbridge_local.contracts.violations import Violation, is_real, path_text, problem_text

if TYPE_CHECKING:
    from jsonschema.protocols import Validator


@dataclass(frozen=True, eq=False)
class Contract:
    """A schema for the events of one source and detail-type. ``Contracts`` makes it.

    Its validator is made when the first event is checked, and kept.
    """

    _subject: Subject = field(repr=False)
    _document: Document = field(repr=False)
    _shelf: Shelf = field(repr=False)

    @property
    def source(self) -> str:
        """The source of the events it speaks for."""
        return self._subject.source

    @property
    def detail_type(self) -> str:
        """Their detail-type."""
        return self._subject.detail_type

    @property
    def name(self) -> str:
        """What the schema registry would call it: ``source@DetailType``."""
        return f"{self.source}@{self.detail_type}"

    @property
    def file(self) -> Path | None:
        """Its file; None for one given in code."""
        return self._document.file

    @property
    def label(self) -> str:
        """Its file, or words that say it has none."""
        return self._document.label

    @property
    def dialect(self) -> str:
        """The language it is written in, such as ``draft 7`` or ``OpenAPI 3.0``."""
        return dialect_of(self._document).name

    @property
    def whole_envelope(self) -> bool:
        """Whether it describes the whole event, and not only ``detail``."""
        return self._subject.whole_envelope

    @property
    def exact(self) -> bool:
        """Whether its detail-type is spelled as in events, and not only as in the name of a file."""
        return self._subject.exact

    def says_the_same(self, other: Contract) -> bool:
        """Whether two contracts are the same text for the same part of the event."""
        mine, theirs = self._subject, other._subject
        same_part = (mine.pointer, mine.whole_envelope) == (theirs.pointer, theirs.whole_envelope)
        return same_part and self._document.tree == other._document.tree

    def violations(self, envelope: Mapping[str, Any]) -> Iterator[Violation]:
        """What an event does that the contract does not allow, by path, what contains before what is contained.

        Args:
            envelope: the whole event in plain JSON values: dicts, lists, strings, numbers, booleans and None.
        """
        from jsonschema.exceptions import best_match

        start = [] if self.whole_envelope else ["detail"]
        instance = dict(envelope) if self.whole_envelope else envelope.get("detail")
        errors: list[Any] = [best_match([e]) for e in filter(is_real, self._validator.iter_errors(instance))]
        # jsonschema looks at further properties in no order, and a failing test should read the same every time.
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
        return validator(reference, registry=self._shelf.registry, format_checker=format_checker())
