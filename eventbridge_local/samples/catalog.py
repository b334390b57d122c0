"""Sample events of AWS services, as the services send them, changed by keywords.

The samples come with the package, one JSON file for each service in ``data``, read when the first sample is asked for.
In a wheel all of them are one file, a list. The file of a service holds ``page``, the address of the documentation that
gives the shapes, and ``samples``. Each sample has its ``source`` and ``detail-type``; ``evidence``, ``recorded`` where
AWS was recorded to send it, else ``documented`` (the default); ``fields``, from keyword to default value; ``optional``,
the fields that may be None, which leaves out their members; the templates of ``resources`` and ``detail``; possibly a
``page`` of its own; and possibly ``variants``, for what else changes with the value of a field: other defaults
(``fields``), members that the detail does not have then (``without``), and members that replace those of the detail
(``detail``), such as the reason of a failure.

A template holds placeholders, ``${name}``. A string that is one placeholder and nothing else takes the value as it is,
so numbers stay numbers; in a longer string the value is written as text. ``${time}`` is the time of the event, and may
be moved and written in another form: ``${time-90s:clock}``. What a user gives is never read as a template.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib import resources
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from eventbridge_local.advice import did_you_mean, nearest_name
from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import partition_of
from eventbridge_local.samples.envelope import KEYWORDS, Header, iso_time, read_detail, read_header

_ALWAYS = (*KEYWORDS, "detail")
_KINDS = {str: "a string", bool: "True or False", int: "a number", float: "a number", list: "a list", dict: "a dict"}


def sample_event(source: str, detail_type: str, **fields: Any) -> dict[str, Any]:
    """Return an event as the AWS service sends it, as ``json.loads`` gives it to a Lambda function.

    >>> sample_event("aws.s3", "Object Created", bucket="photos")["resources"]
    ['arn:aws:s3:::photos']

    Args:
        source: such as ``aws.s3``.
        detail_type: such as ``Object Created``.
        **fields: the sample's own fields, which ``sample_events`` lists (names and ids; the ARNs follow; None for a
            ``version_id`` leaves it out, as in buckets without versioning); the
            keywords of ``make_event``, which change the detail too (``account`` changes every ARN, and the times in
            the detail keep their distance to ``time``); and ``detail``, a dict whose members replace those of the
            sample's detail, object by object.

    Returns:
        A new dict each time.

    Raises:
        UsageError: there is no such sample or field, or a value has another type than the field.

    The shapes are from recordings of AWS or from its documentation, as ``sample_events`` says; the values are made up.
    """
    template = find(source, detail_type)
    own = _own_fields(template, fields)
    header = read_header({name: fields[name] for name in KEYWORDS if name in fields})
    template = template.chosen(own)
    values = _values(template, own, header)
    resources = fill(template.resources, values)
    filled = merge(fill(template.detail, values), read_detail(fields.get("detail")))
    return header.around(template.source, template.detail_type, resources, read_detail(filled))


def sample_events() -> tuple[Sample, ...]:
    """Return all samples, sorted by source and detail type, each with its fields and its documentation page."""
    return tuple(template.sample for template in templates().values())


def _own_fields(template: SampleTemplate, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the sample among ``given``; check all names and types."""
    for name, value in given.items():
        if name in _ALWAYS:
            continue
        if name not in template.fields:
            raise UsageError(
                f"sample_event({template.source!r}, {template.detail_type!r}) has no field {name!r}"
                f"{did_you_mean(name, (*template.fields, *_ALWAYS)) or '.'} Its fields: "
                f"{', '.join(sorted(template.fields)) or 'none'}. Every sample takes {', '.join(_ALWAYS)}."
            )
        if value is None and name in template.optional:
            continue
        _check(name, value, template.fields[name])
    return {name: given[name] for name in template.fields if name in given}


def _check(name: str, value: Any, default: Any) -> None:
    """Check that a value has the type of the default; a field that is null by default takes text."""
    wanted: type | tuple[type, ...] = str if default is None else type(default)
    if wanted in (int, float):
        wanted = (int, float)
    if default is None and value is None:
        return
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        kind = _KINDS[str if default is None else type(default)]
        raise UsageError(f"{name}={value!r}: it must be {kind}, such as {default!r}. detail={{...}} takes anything.")
    if isinstance(value, str) and value.startswith("arn:") and not str(default).startswith("arn:"):
        raise UsageError(f"{name}={value!r}: give the name or id, such as {default!r}; the ARN is made from it")


def _values(template: SampleTemplate, own: Mapping[str, Any], header: Header) -> dict[str, Any]:
    """Return the value of each placeholder. A default may itself hold placeholders for the fields before it."""
    values: dict[str, Any] = {
        "account": header.account,
        "region": header.region,
        "partition": partition_of(header.region),
        "time": header.time,
    }
    for name, default in template.fields.items():
        values[name] = own[name] if name in own else fill(default, values)
    return values


Evidence = Literal["recorded", "documented"]


class Sample(NamedTuple):
    """One sample event: how to ask for it and where its fields appear.

    Attributes:
        source: such as ``aws.s3``.
        detail_type: such as ``Object Created``.
        fields: from each keyword that ``sample_event`` takes for it to the places that it changes, such as
            ``{"bucket": ("resources[0]", "detail.bucket.name")}``.
        page: the address of the documentation of the event.
        evidence: where the shape is from: ``recorded``, an event that AWS was recorded to send, or ``documented``, that
            page alone.
    """

    source: str
    detail_type: str
    fields: Mapping[str, tuple[str, ...]]
    page: str
    evidence: Evidence = "documented"


@dataclass(frozen=True, slots=True)
class SampleTemplate:
    """A sample as its file holds it; shared, so it must not be changed."""

    source: str
    detail_type: str
    page: str
    fields: Mapping[str, Any]
    resources: list[str]
    detail: dict[str, Any]
    variants: Mapping[str, Mapping[str, dict[str, Any]]]
    evidence: Evidence
    optional: frozenset[str]

    def chosen(self, own: Mapping[str, Any]) -> SampleTemplate:
        """Return the template with the variants that the field values in ``own`` select, less what is left out."""
        fields, detail = dict(self.fields), self.detail
        for field, variants in self.variants.items():
            variant = variants.get(str(own.get(field, self.fields[field])), {})
            fields.update(variant.get("fields", {}))
            without = variant.get("without", ())
            detail = {key: value for key, value in detail.items() if key not in without}
            detail = merge(detail, variant.get("detail", {}))
        left_out = {f"${{{name}}}" for name in self.optional if name in own and own[name] is None}
        if left_out:
            detail = _less(detail, left_out)
        return replace(self, fields=fields, detail=detail)

    @property
    def sample(self) -> Sample:
        """What ``sample_events`` shows of it."""
        found: dict[str, list[str]] = {name: [] for name in self.fields}
        for name, path in placeholders({"resources": self.resources, "detail": self.detail}):
            if name in found and path not in found[name]:
                found[name].append(path)
        fields = MappingProxyType({name: tuple(paths) for name, paths in found.items()})
        return Sample(self.source, self.detail_type, fields, self.page, self.evidence)


@functools.cache
def templates() -> Mapping[tuple[str, str], SampleTemplate]:
    """Return every sample by source and detail type, sorted."""
    found: dict[tuple[str, str], SampleTemplate] = {}
    for file in resources.files("eventbridge_local.samples").joinpath("data").iterdir():
        if not file.name.endswith(".json"):
            continue
        read = json.loads(file.read_text(encoding="utf-8"))
        for document in read if isinstance(read, list) else [read]:
            for each in document["samples"]:
                found[each["source"], each["detail-type"]] = _template(each, document["page"])
    return MappingProxyType(dict(sorted(found.items())))


def _template(sample: dict[str, Any], page: str) -> SampleTemplate:
    return SampleTemplate(
        source=sample["source"],
        detail_type=sample["detail-type"],
        page=sample.get("page", page),
        fields=sample["fields"],
        resources=sample["resources"],
        detail=sample["detail"],
        variants=sample.get("variants", {}),
        evidence=sample.get("evidence", "documented"),
        optional=frozenset(sample.get("optional", ())),
    )


def find(source: str, detail_type: str) -> SampleTemplate:
    """Return the template of one sample.

    Raises:
        UsageError: there is none; the text names similar ones.
    """
    template = templates().get((source, detail_type))
    if template is not None:
        return template
    types = [known for known_source, known in templates() if known_source == source]
    if types:
        raise UsageError(
            f"{source} has no sample {detail_type!r}{did_you_mean(detail_type, types) or '.'} "
            f"It has {', '.join(map(repr, types))}."
        )
    raise UsageError(f"there are no samples of source {source!r}{_near_source(str(source), str(detail_type))}")


def _near_source(source: str, detail_type: str) -> str:
    """Return the sources that send this detail type, or else a similar name, with or without ``aws.``."""
    elsewhere = sorted(known for known, known_type in templates() if known_type == detail_type)
    if elsewhere:
        return f"; {detail_type!r} comes from {', '.join(map(repr, elsewhere))}."
    services = {known.removeprefix("aws.") for known, _ in templates()}
    # Names of services are short, so half of the letters in common says nothing: orders is not rds.
    near = nearest_name(source.removeprefix("aws."), services, likeness=0.75)
    if near:
        return f"; did you mean {f'aws.{near}'!r}?"
    return ". sample_events() lists all there are; make_event(...) builds any other."


_PLACEHOLDER = re.compile(r"\$\{([a-z][a-z0-9_]*)(?:([+-]\d+)([smhd]))?(?::([a-z]+))?\}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _clock(when: datetime, comma: str = "") -> str:
    hour = f"{(when.hour - 1) % 12 + 1}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"
    return f"{_MONTHS[when.month - 1]} {when.day}, {when.year}{comma} {hour}"


#: The forms in which AWS services write a time in their details.
TIME_FORMS: Mapping[str, Callable[[datetime], str | int]] = {
    "iso": iso_time,
    "millis": lambda when: f"{iso_time(when)[:-1]}.000Z",
    "offset": lambda when: f"{iso_time(when)[:-1]}.000+0000",
    "epoch": lambda when: int(when.timestamp()),
    "epochms": lambda when: int(when.timestamp()) * 1000,
    "clock": _clock,
    "commaclock": lambda when: _clock(when, ","),
    "http": lambda when: f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when:%Y %H:%M:%S} GMT",
    "java": lambda when: f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when:%d %H:%M:%S} UTC {when.year}",
}


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Return ``template`` with its placeholders replaced; ``values["time"]`` is a datetime in UTC."""
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return _value(whole, values)
    return _PLACEHOLDER.sub(lambda found: str(_value(found, values)), template)


def placeholders(template: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the name and the path of each placeholder; a path is ``detail.bucket.name`` or ``resources[0]``."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from placeholders(value, f"{path}.{key}" if path else key)
    elif isinstance(template, list):
        for index, value in enumerate(template):
            yield from placeholders(value, f"{path}[{index}]")
    elif isinstance(template, str):
        for found in _PLACEHOLDER.finditer(template):
            yield found[1], path


def _less(template: Mapping[str, Any], placeholders: Set[str]) -> dict[str, Any]:
    """Return a template without the members that are one of these placeholders."""
    kept = {key: value for key, value in template.items() if not (isinstance(value, str) and value in placeholders)}
    return {key: _less(value, placeholders) if isinstance(value, dict) else value for key, value in kept.items()}


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``under`` with the members of ``over`` in it, object by object; arrays are replaced, not joined."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _value(found: re.Match[str], values: Mapping[str, Any]) -> Any:
    name, amount, unit, form = found.groups()
    value = values[name]
    if not isinstance(value, datetime):
        return value
    moved = value + timedelta(**{_UNITS[unit]: int(amount)}) if amount else value
    return TIME_FORMS[form or "iso"](moved)
