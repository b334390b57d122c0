"""The data files: what they promise, and that they are in the package."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import Any

import pytest

from eventbridge_local.errors import UsageError
from eventbridge_local.model.arn import parse_arn
from eventbridge_local.samples import Sample, sample_event, sample_events
from eventbridge_local.samples.catalog import TIME_FORMS, SampleTemplate, placeholders, templates
from eventbridge_local.samples.envelope import KEYWORDS

TEMPLATES = list(templates().values())
KEYS = ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"]
FIXED: dict[str, Any] = {"id": "1", "time": "2026-03-06T09:00:05Z"}
GIVEN = {"account", "region", "partition", "time"}

#: What AWS names otherwise: Health by the id of the resource, and a Spot interruption by
#: ``arn:aws:ec2:AVAILABILITY-ZONE:instance/ID``, which its page says is no ARN of EC2.
NO_ARN = {("aws.health", "AWS Health Event"), ("aws.ec2", "EC2 Spot Instance Interruption Warning")}


def name_of(template: SampleTemplate | Sample) -> str:
    return f"{template.source} {template.detail_type}"


def another(value: Any) -> Any:
    """A value of the same kind that no sample has."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 7
        case list():
            return ["another"]
        case dict():
            return {"another": "7"}
        case _:
            return "another"


def test_how_many() -> None:
    """25 services and 40 detail types were promised."""
    assert len({sample.source for sample in sample_events()}) >= 40
    assert len({sample.detail_type for sample in sample_events()}) >= 75


def test_the_list_is_sorted_and_complete() -> None:
    """Each pair once, by source and detail type."""
    pairs = [(sample.source, sample.detail_type) for sample in sample_events()]
    assert pairs == sorted(set(pairs))
    files = resources.files("eventbridge_local.samples").joinpath("data").iterdir()
    documents = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    assert len(pairs) == sum(len(document["samples"]) for document in documents)


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_an_envelope_as_of_aws(template: SampleTemplate) -> None:
    """AWS's keys in AWS's order, ARNs for resources, and nothing left of the template."""
    event = sample_event(template.source, template.detail_type)
    assert list(event) == KEYS
    assert (event["source"], event["detail-type"]) == (template.source, template.detail_type)
    if (template.source, template.detail_type) not in NO_ARN:
        assert all(parse_arn(arn) for arn in event["resources"])
    assert json.loads(json.dumps(event)) == event
    assert "${" not in json.dumps(event)


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_the_shape_has_a_source(template: SampleTemplate) -> None:
    """Each sample names the documentation page that its shape is from."""
    assert re.fullmatch(r"https://docs\.aws\.amazon\.com/[\w./-]+\.html", template.page)


def test_each_sample_says_where_its_shape_is_from() -> None:
    """These are as AWS was recorded to send them; the others follow the pages."""
    assert {sample.evidence for sample in sample_events()} == {"recorded", "documented"}
    assert [name_of(sample) for sample in sample_events() if sample.evidence == "recorded"] == [
        "aws.events Scheduled Event",
        "aws.s3 Object Created",
        "aws.s3 Object Deleted",
        "aws.states Step Functions Execution Status Change",
        "lambda Lambda Function Invocation Result - Failure",
        "lambda Lambda Function Invocation Result - Success",
    ]


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_what_may_be_left_out(template: SampleTemplate) -> None:
    """A field that is optional takes None, and then no member has its place; no other field does so."""
    for field in template.optional:
        paths = template.sample.fields[field]
        event = sample_event(template.source, template.detail_type, **{field: None})
        assert paths
        for path in paths:
            above, _, member = path.rpartition(".")
            assert member not in at(event, above)
    for field, default in template.fields.items():
        if field not in template.optional and default is not None:
            with pytest.raises(UsageError):
                sample_event(template.source, template.detail_type, **{field: None})


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_every_field_changes_something(template: SampleTemplate) -> None:
    """Each declared field changes the event, in every place that ``sample_events`` lists for it and nowhere else."""
    plain = sample_event(template.source, template.detail_type, **FIXED)
    for field, paths in template.sample.fields.items():
        changed = sample_event(
            template.source, template.detail_type, **FIXED, **{field: another(template.fields[field])}
        )
        assert changed != plain, field
        assert paths, field
        assert all(at(changed, path) != at(plain, path) for path in paths), field


def at(event: Any, path: str) -> Any:
    """What stands at a path such as ``detail.objects[0].name``."""
    for step in re.findall(r"\[\d+\]|[^.\[]+", path):
        event = event[int(step[1:-1])] if step.startswith("[") else event[step]
    return event


def test_the_reader_of_paths() -> None:
    """The paths that users are shown can be followed."""
    assert at({"detail": {"a-b": [{"c": 1}, 2]}}, "detail.a-b[0].c") == 1
    fields = {(s.source, s.detail_type): s.fields for s in sample_events()}["aws.s3", "Object Created"]
    assert fields["bucket"] == ("resources[0]", "detail.bucket.name")


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_placeholders_and_fields_agree(template: SampleTemplate) -> None:
    """Every place is filled by a field or by the envelope, and no field hides a keyword."""
    variants = [variant for values in template.variants.values() for variant in values.values()]
    used = {name for name, _ in placeholders([template.resources, template.detail, template.fields, variants])}
    assert used <= {*template.fields, *GIVEN}
    assert not set(template.fields) & {*KEYWORDS, *GIVEN, "detail", "source", "detail_type"}


@pytest.mark.parametrize(
    ("template", "field", "value"),
    [
        pytest.param(template, field, value, id=f"{name_of(template)} {field}={value}")
        for template in TEMPLATES
        for field, values in template.variants.items()
        for value in values
    ],
)
def test_every_variant_can_be_made(template: SampleTemplate, field: str, value: str) -> None:
    """A variant belongs to a field, changes fields that exist, removes what is there, and leaves no place open."""
    variant = template.variants[field][value]
    assert set(variant) <= {"fields", "without", "detail"}
    assert field in template.fields
    assert set(variant.get("fields", {})) < set(template.fields)
    assert set(variant.get("without", ())) <= set(template.detail)
    event = sample_event(template.source, template.detail_type, **{field: value})
    assert "${" not in json.dumps(event)
    if value != template.fields[field]:
        assert event["detail"].keys() != template.detail.keys() or variant.get("fields") or variant.get("detail")


def test_forms_of_time_are_known() -> None:
    """No data file asks for a spelling that is not there."""
    files = resources.files("eventbridge_local.samples").joinpath("data").iterdir()
    asked = {form for file in files for form in re.findall(r"\$\{time[^}:]*:([a-z]+)\}", file.read_text("utf-8"))}
    assert asked <= set(TIME_FORMS)
    assert set(TIME_FORMS) - asked == {"iso"}, "a form that no sample uses"
