"""The samples that come with the package, one JSON file a service in ``data``, read when the first one is asked for.

A file holds ``page``, the address of the documentation that gives the shapes, and ``samples``. Each sample has its
``source`` and ``detail-type``; ``fields``, from keyword to default value; the templates of ``resources`` and
``detail`` (see ``filling``); perhaps a ``page`` of its own; and perhaps ``variants``, for what else changes with a
field: from field to value to other defaults (``fields``), to members that the detail does not have then (``without``),
and to members that are laid over it (``detail``), such as the reason of a failure.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import resources
from types import MappingProxyType
from typing import Any, NamedTuple

from eventbridge_local.errors import UsageError
from eventbridge_local.samples.filling import merge, places
from eventbridge_local.samples.words import did_you_mean, nearest


class Sample(NamedTuple):
    """What there is to know about one sample event.

    Attributes:
        source: such as ``aws.s3``.
        detail_type: such as ``Object Created``.
        fields: from each keyword that ``sample_event`` takes for it to the places that it changes, such as
            ``{"bucket": ("resources[0]", "detail.bucket.name")}``.
        page: the address of the documentation that gives the shape.
    """

    source: str
    detail_type: str
    fields: Mapping[str, tuple[str, ...]]
    page: str


@dataclass(frozen=True, slots=True)
class Template:
    """A sample as its file has it; shared, so nobody may change it."""

    source: str
    detail_type: str
    page: str
    fields: Mapping[str, Any]
    resources: list[str]
    detail: dict[str, Any]
    variants: Mapping[str, Mapping[str, dict[str, Any]]]

    def chosen(self, own: Mapping[str, Any]) -> Template:
        """The template as it is when the fields have the values in ``own``."""
        fields, detail = dict(self.fields), self.detail
        for field, variants in self.variants.items():
            variant = variants.get(str(own.get(field, self.fields[field])), {})
            fields.update(variant.get("fields", {}))
            without = variant.get("without", ())
            detail = {key: value for key, value in detail.items() if key not in without}
            detail = merge(detail, variant.get("detail", {}))
        return replace(self, fields=fields, detail=detail)

    @property
    def sample(self) -> Sample:
        """The same, for users to look at."""
        found: dict[str, list[str]] = {name: [] for name in self.fields}
        for name, path in places({"resources": self.resources, "detail": self.detail}):
            if name in found and path not in found[name]:
                found[name].append(path)
        fields = MappingProxyType({name: tuple(paths) for name, paths in found.items()})
        return Sample(self.source, self.detail_type, fields, self.page)


@functools.cache
def templates() -> Mapping[tuple[str, str], Template]:
    """Every sample by source and detail type, sorted."""
    found: dict[tuple[str, str], Template] = {}
    for file in resources.files("eventbridge_local.samples").joinpath("data").iterdir():
        if not file.name.endswith(".json"):
            continue
        document = json.loads(file.read_text(encoding="utf-8"))
        for each in document["samples"]:
            found[each["source"], each["detail-type"]] = Template(
                source=each["source"],
                detail_type=each["detail-type"],
                page=each.get("page", document["page"]),
                fields=each["fields"],
                resources=each["resources"],
                detail=each["detail"],
                variants=each.get("variants", {}),
            )
    return MappingProxyType(dict(sorted(found.items())))


def find(source: str, detail_type: str) -> Template:
    """The template of one sample.

    Raises:
        UsageError: there is none; the text names what is near.
    """
    template = templates().get((source, detail_type))
    if template is not None:
        return template
    types = [known for known_source, known in templates() if known_source == source]
    if types:
        raise UsageError(
            f"{source} has no sample {detail_type!r}{did_you_mean(str(detail_type), types)} "
            f"It has {', '.join(map(repr, types))}."
        )
    raise UsageError(f"no samples of source {source!r}{_near_source(str(source), str(detail_type))}")


def _near_source(source: str, detail_type: str) -> str:
    """The detail type may tell the source; failing that, a name that is alike, with or without ``aws.``."""
    elsewhere = sorted(known for known, known_type in templates() if known_type == detail_type)
    if elsewhere:
        return f"; {detail_type!r} comes from {', '.join(map(repr, elsewhere))}."
    services = {known.removeprefix("aws.") for known, _ in templates()}
    # Names of services are short, so half of their letters in common is nothing: orders is not rds.
    near = nearest(source.removeprefix("aws."), services, likeness=0.75)
    if near:
        return f"; did you mean {f'aws.{near}'!r}?"
    return ". sample_events() lists all there are; make_event(...) builds any other."
