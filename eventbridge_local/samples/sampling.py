"""Real-life sample events of AWS services, changed by friendly keywords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.core.arn import partition_of
from eventbridge_local.errors import UsageError
from eventbridge_local.samples.catalog import Sample, Template, find, templates
from eventbridge_local.samples.envelope import KEYWORDS, Header, read_detail, read_header
from eventbridge_local.samples.filling import fill, merge
from eventbridge_local.samples.words import did_you_mean

_ALWAYS = (*KEYWORDS, "detail")
_KINDS = {str: "a string", bool: "True or False", int: "a number", float: "a number", list: "a list", dict: "a dict"}


def sample_event(source: str, detail_type: str, **fields: Any) -> dict[str, Any]:
    """An event as the AWS service sends it, as ``json.loads`` gives it to a Lambda function.

    >>> sample_event("aws.s3", "Object Created", bucket="photos")["resources"]
    ['arn:aws:s3:::photos']

    Args:
        source: such as ``aws.s3``.
        detail_type: such as ``Object Created``.
        **fields: the sample's own fields, which ``sample_events`` lists (names and ids; the ARNs follow); the
            keywords of ``make_event``, which reach the detail too (``account`` changes every ARN, and the times in
            the detail keep their distance to ``time``); and ``detail``, a dict that is laid over the sample's detail,
            object by object.

    Returns:
        A new dict each time.

    Raises:
        UsageError: no such sample, no such field, or a value of another kind than the field has.

    The shapes are from the documentation pages that ``sample_events`` names; the values are made up.
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
    """All samples there are, sorted by source and detail type, each with its fields and its documentation page."""
    return tuple(template.sample for template in templates().values())


def _own_fields(template: Template, given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the sample among ``given``, after all names and kinds were checked."""
    for name, value in given.items():
        if name in _ALWAYS:
            continue
        if name not in template.fields:
            raise UsageError(
                f"sample_event({template.source!r}, {template.detail_type!r}) has no field {name!r}"
                f"{did_you_mean(name, (*template.fields, *_ALWAYS))} Its fields: "
                f"{', '.join(sorted(template.fields)) or 'none'}. Every sample takes {', '.join(_ALWAYS)}."
            )
        _check(name, value, template.fields[name])
    return {name: given[name] for name in template.fields if name in given}


def _check(name: str, value: Any, default: Any) -> None:
    """A value must be of the kind of the default; a field that is null by default takes text."""
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


def _values(template: Template, own: Mapping[str, Any], header: Header) -> dict[str, Any]:
    """What the places are filled with. A default may itself have places, for what stands before it."""
    values: dict[str, Any] = {
        "account": header.account,
        "region": header.region,
        "partition": partition_of(header.region),
        "time": header.time,
    }
    for name, default in template.fields.items():
        values[name] = own[name] if name in own else fill(default, values)
    return values
