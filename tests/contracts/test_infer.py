"""``infer_schema``: what it writes, and the law that every sample satisfies it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local.contracts import Contracts, infer_schema
from eventbridge_local.errors import UsageError

DRAFTS = ["2020-12", "draft4", "openapi3"]


def event(detail: Any, **more: Any) -> dict[str, Any]:
    return {"source": "shop.orders", "detail-type": "Order Placed", "detail": detail, **more}


def words(*values: Any, draft: Any = "2020-12") -> Any:
    """What is written about a value that was seen."""
    schema = infer_schema([event({"v": value}) for value in values], draft=draft)
    if draft == "openapi3":
        schema = schema["components"]["schemas"]["OrderPlaced"]
    return schema["properties"]["v"]


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([1, 2], {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        ([1.0], {"type": "number"}),
        ([True, False], {"type": "boolean"}),
        ([True, 1], {"type": ["boolean", "integer"]}),
        ([None], {}),
        ([None, 1], {"type": ["integer", "null"]}),
        ([None, "a", 1.5], {"type": ["string", "number", "null"]}),
        (["a", ""], {"type": "string"}),
        (["2026-03-06T09:00:00Z", "2026-03-06T09:00:00.5+01:00"], {"type": "string", "format": "date-time"}),
        (["2026-03-06T09:00:00Z", "2026-03-06"], {"type": "string"}),
        (["2026-03-06"], {"type": "string", "format": "date"}),
        (["2026-02-30"], {"type": "string"}),
        (["89d1a02d-5ec7-412e-82f5-13505f849b41", None], {"type": ["string", "null"], "format": "uuid"}),
        (["89d1a02d-5ec7-412e-82f5-13505f849b41", "o-1"], {"type": "string"}),
        ([[]], {"type": "array"}),
        ([[1], [], ["a"]], {"type": "array", "items": {"type": ["integer", "string"]}}),
        ([{}], {"type": "object"}),
        ([{"a": 1}, {}], {"type": "object", "properties": {"a": {"type": "integer"}}}),
        ([{"a": 1}, {"a": 2, "b": None}],
         {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}, "b": {}}}),
        ([[{"a": 1}], [{"a": 2}, {}]],
         {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "integer"}}}}),
        (["PAID", "NEW"] * 3, {"type": "string", "enum": ["NEW", "PAID"]}),
        (["PAID", "NEW", None] * 3, {"type": ["string", "null"], "enum": ["NEW", "PAID", None]}),
        (["PAID", "NEW", 1] * 3, {"type": ["string", "integer"]}),
        (["PAID", "NEW"] * 2, {"type": "string"}),
        (["PAID"] * 9, {"type": "string"}),
        (["alice", "bob"] * 9, {"type": "string"}),
        (["A-1", "B-2"] * 9, {"type": "string"}),
        (list("ABCDEFGHI") * 3, {"type": "string"}),
    ],
)  # fmt: skip
def test_what_is_written(values: list[Any], wanted: dict[str, Any]) -> None:
    assert words(*values) == wanted


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([None, 1], {"type": "integer", "nullable": True}),
        ([None, "a", 1], {"anyOf": [{"type": "string", "nullable": True}, {"type": "integer"}]}),
        ([[]], {"type": "array", "items": {}}),
        (["PAID", "NEW", None] * 3, {"type": "string", "enum": ["NEW", "PAID", None], "nullable": True}),
    ],
)
def test_what_openapi_says_otherwise(values: list[Any], wanted: dict[str, Any]) -> None:
    assert words(*values, draft="openapi3") == wanted


def test_detail_alone() -> None:
    """The schema says which event it is for."""
    assert infer_schema([event({"id": "o-1"})]) == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Order Placed",
        "x-amazon-events-source": "shop.orders",
        "x-amazon-events-detail-type": "Order Placed",
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }


def test_the_whole_envelope_in_draft_4() -> None:
    """Source and detail-type have one value each."""
    schema = infer_schema([event({"id": "o-1"}, time="2026-03-06T09:00:00Z")], draft="draft4", whole_envelope=True)
    assert schema["$schema"] == "http://json-schema.org/draft-04/schema#"
    assert schema["required"] == ["source", "detail-type", "detail", "time"]
    assert schema["properties"]["source"] == {"type": "string", "enum": ["shop.orders"]}
    assert schema["properties"]["time"] == {"type": "string", "format": "date-time"}


def test_the_document_of_the_registry() -> None:
    """``AWSEvent`` refers to a component called like the detail-type."""
    document = infer_schema([event({"id": "o-1"})], draft="openapi3", whole_envelope=True)
    schemas = document["components"]["schemas"]
    assert (document["openapi"], document["paths"], list(schemas)) == ("3.0.0", {}, ["AWSEvent", "OrderPlaced"])
    assert schemas["AWSEvent"]["x-amazon-events-detail-type"] == "Order Placed"
    assert schemas["AWSEvent"]["properties"]["detail"] == {"$ref": "#/components/schemas/OrderPlaced"}


@pytest.mark.parametrize("name", ["AWSEvent", "§"])
def test_a_name_that_cannot_be_a_component(name: str) -> None:
    document = infer_schema([event({}) | {"detail-type": name}], draft="openapi3", whole_envelope=True)
    assert list(document["components"]["schemas"]) == ["AWSEvent", "Detail"]


def test_things_with_an_envelope_are_events() -> None:
    """As the events of a mock are."""
    assert infer_schema([SimpleNamespace(envelope=event({"a": 1}))])["required"] == ["a"]


@pytest.mark.parametrize(
    ("events", "options", "text"),
    [
        ([], {}, "there is no event to infer a schema from"),
        (
            [event({}), event({}, source="x")],
            {},
            "these events are shop.orders@Order Placed, x@Order Placed; infer one",
        ),
        ([{"Source": "x"}], {}, "this is not an event with source, detail-type and detail: {'Source': 'x'}"),
        ([event({"a": {1}})], {}, "{1} is not a JSON value"),
        ([event({})], {"draft": "draft5"}, "draft='draft5' is not one of '2020-12', 'draft4', 'openapi3'"),
    ],
)
def test_mistakes_are_named(events: list[Any], options: Any, text: str) -> None:
    with pytest.raises(UsageError) as refused:
        infer_schema(events, **options)
    assert text in str(refused.value)


TEXTS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(["PAID", "NEW", "PAID_LATE"]),
    st.uuids().map(str),
    st.datetimes().map(lambda instant: instant.isoformat() + "Z"),
    st.dates().map(str),
)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(st.sampled_from(["a", "b", "$ref", "enum"]) | st.text(max_size=3), inner, max_size=4),
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(["id", "kind", "parts", "$ref", "type", ""])


@settings(max_examples=examples(150, 250))
@given(
    details=st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=8),
    repeat=st.integers(1, 3),
    draft=st.sampled_from(DRAFTS),
    whole_envelope=st.booleans(),
)
def test_every_sample_satisfies_the_schema(
    details: list[Any], repeat: int, draft: Any, whole_envelope: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The law; and the schema loads from a file of any name, for the events it was made of, and only whole if asked."""
    samples = [event(detail, id=str(n), resources=[]) for n, detail in enumerate(details * repeat)]
    file = tmp_path_factory.getbasetemp() / "inferred.json"
    file.write_text(json.dumps(infer_schema(samples, draft=draft, whole_envelope=whole_envelope)), encoding="utf-8")
    contracts = Contracts.load(Path(file))
    contract = contracts.for_event("shop.orders", "Order Placed")
    assert contract is not None
    assert contract.whole_envelope is whole_envelope
    for sample in samples:
        assert contracts.check(sample) == ()


@pytest.mark.parametrize("draft", DRAFTS)
def test_another_shape_does_not_satisfy_the_schema(draft: Any) -> None:
    """The schema is not so wide that it says nothing."""
    contracts = Contracts({"shop.orders@Order Placed": infer_schema([event({"id": "a", "n": 1})], draft=draft)})
    assert [str(found) for found in contracts.check(event({"n": "1"}))] == [
        "detail: 'id' is a required property",
        "detail.n: '1' is not of type 'integer'",
    ]
