"""Every constraint of every input shape of the API, each broken once in a request that is otherwise right.

The cases are made from botocore's model: a request with the members that are required, and those on the way to the
value that breaks the constraint. What AWS says of it names that value's path and no other.

Then every wrong JSON type in the same places. botocore's own checks never let one out, so these come over the wire.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.botocore_hooks.codec import service_model
from eventbridge_local.botocore_hooks.shapes import PATTERNS_FOR_PYTHON, UNCHECKED_PATTERNS
from eventbridge_local.botocore_hooks.wire import respond

ARN = "arn:aws:events:us-east-1:123456789012:"

#: For each pattern of the model the first of these that it takes is a right value.
RIGHT = [
    "x",
    "us-east-1",
    "123456789012",
    "https://example.com",
    "abcde.veo",
    "events:PutEvents",
    ARN + "event-bus/b",
    ARN + "archive/a",
    ARN + "connection/c/1-1",
    "arn:aws:iam::123456789012:role/r",
    "arn:aws:route53:::healthcheck/a",
    "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/rcfg-0123456789abcdefg",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:s",
    "aws.partner/example.com/a",
]
#: For each pattern one of these, as often as the length needs, is a wrong value.
WRONG = ["é", "\n", " ", ":", "\x00"]

#: Sets that AWS was recorded to print in another order than the model's.
RECORDED_ORDER = {
    "ApiDestinationHttpMethod": "HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS",
    "ArchiveState": "CREATE_FAILED, ENABLED, UPDATING, UPDATE_FAILED, CREATING, DISABLED",
    "LaunchType": "FARGATE, EXTERNAL, EC2",
}

Build = Callable[[Any], Any]


class Violation(NamedTuple):
    """A request that breaks one constraint, where, and what AWS says of it."""

    operation: str
    request: dict[str, Any]
    path: str
    constraint: str


def takes(shape: Shape, text: str) -> bool:
    """Whether the pattern of a shape takes a text."""
    pattern = shape.metadata.get("pattern")
    return pattern is None or re.fullmatch(PATTERNS_FOR_PYTHON.get(pattern, pattern), text) is not None


def right(shape: Shape) -> Any:
    """A value that keeps every constraint of a shape; of a structure only what is required."""
    limits = shape.metadata
    if isinstance(shape, StructureShape):
        return {name: right(shape.members[name]) for name in shape.required_members}
    if isinstance(shape, ListShape):
        return [right(shape.member)] * max(limits.get("min", 0), 1)
    if isinstance(shape, MapShape):
        return {right(shape.key): right(shape.value)}
    if shape.type_name == "string":
        return limits["enum"][0] if "enum" in limits else right_text(shape)
    return {
        "boolean": True,
        "timestamp": datetime(2026, 3, 6, tzinfo=UTC),
        "integer": limits.get("min", 1),
        "long": limits.get("min", 1),
    }[shape.type_name]


def right_text(shape: Shape) -> str:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 1 << 20)
    return next(text for text in RIGHT if least <= len(text) <= most and takes(shape, text))


def wrong_text(shape: Shape) -> str:
    length = max(shape.metadata.get("min", 0), 1)
    return next(text * length for text in WRONG if not takes(shape, text * length))


def wrong_scalars(shape: Shape) -> Iterator[tuple[Any, str]]:
    """Values that break the constraints of a scalar, each with the text of the constraint."""
    limits, number = shape.metadata, shape.type_name in ("integer", "long")
    if shape.type_name not in ("string", "integer", "long"):
        return
    noun = "value" if number else "length"
    if "max" in limits:
        over = limits["max"] + 1
        yield over if number else "x" * over, f"Member must have {noun} less than or equal to {limits['max']}"
    if limits.get("min", 0 if not number else None):
        under = limits["min"] - 1
        yield under if number else "x" * under, f"Member must have {noun} greater than or equal to {limits['min']}"
    if number and limits.get("min") == 0:
        yield -1, "Member must have value greater than or equal to 0"
    if "pattern" in limits and shape.name not in UNCHECKED_PATTERNS:
        yield wrong_text(shape), f"Member must satisfy regular expression pattern: {limits['pattern']}"
    if "enum" in limits:
        members = RECORDED_ORDER.get(shape.name, ", ".join(limits["enum"]))
        yield "NONE_OF_THEM", f"Member must satisfy enum value set: [{members}]"


def texts_of(shape: Shape) -> str:
    """All constraints of what a list or map holds, as AWS prints them together (captured for map keys)."""
    limits, texts = shape.metadata, []
    if "max" in limits:
        texts.append(f"Member must have length less than or equal to {limits['max']}")
        texts.append(f"Member must have length greater than or equal to {limits.get('min', 0)}")
    if "pattern" in limits and shape.name not in UNCHECKED_PATTERNS:
        texts.append(f"Member must satisfy regular expression pattern: {limits['pattern']}")
    return f"[{', '.join(texts)}]"


def wrong(shape: Shape, path: str, build: Build) -> Iterator[tuple[dict[str, Any], str, str]]:
    """Requests that break one constraint of a shape or below it: request, path, constraint."""
    if isinstance(shape, StructureShape):
        yield from wrong_structures(shape, path, build)
    elif isinstance(shape, ListShape):
        yield from wrong_lists(shape, path, build)
    elif isinstance(shape, MapShape):
        yield from wrong_maps(shape, path, build)
    else:
        for value, constraint in wrong_scalars(shape):
            yield build(value), path, constraint


def wrong_structures(shape: StructureShape, path: str, build: Build) -> Iterator[tuple[dict[str, Any], str, str]]:
    for name, member in shape.members.items():
        below = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
        others = {other: value for other, value in right(shape).items() if other != name}
        if name in shape.required_members:
            yield build(others), below, "Member must not be null"
        yield from wrong(member, below, lambda value, others=others, name=name: build({**others, name: value}))


def wrong_lists(shape: ListShape, path: str, build: Build) -> Iterator[tuple[dict[str, Any], str, str]]:
    limits, item = shape.metadata, right(shape.member)
    if "max" in limits:
        yield (
            build([item] * (limits["max"] + 1)),
            path,
            f"Member must have length less than or equal to {limits['max']}",
        )
    if limits.get("min"):
        yield (
            build([item] * (limits["min"] - 1)),
            path,
            f"Member must have length greater than or equal to {limits['min']}",
        )
    rest = [item] * (max(limits.get("min", 0), 1) - 1)
    if isinstance(shape.member, StructureShape):
        yield from wrong(shape.member, f"{path}.1.member", lambda value: build([value, *rest]))
    else:
        for value, _ in wrong_scalars(shape.member):
            yield build([value, *rest]), path, f"Member must satisfy constraint: {texts_of(shape.member)}"


def wrong_maps(shape: MapShape, path: str, build: Build) -> Iterator[tuple[dict[str, Any], str, str]]:
    most = shape.metadata.get("max")
    if most is not None:
        many = {f"k{number}": right(shape.value) for number in range(most + 1)}
        yield build(many), path, f"Member must have length less than or equal to {most}"
    for key, _ in wrong_scalars(shape.key):
        yield build({key: right(shape.value)}), path, f"Map keys must satisfy constraint: {texts_of(shape.key)}"
    for value, _ in wrong_scalars(shape.value):
        yield build({right(shape.key): value}), path, f"Map value must satisfy constraint: {texts_of(shape.value)}"


#: What never reaches the service: botocore makes a host name of it first.
NEVER_SENT = [("PutEvents", "endpointId", "Member must have length greater than or equal to 1")]
#: What the service takes although the model does not: an empty text takes the queue of a bus away.
TAKEN = [
    (operation, "deadLetterConfig.arn", "Member must have length greater than or equal to 1")
    for operation in ("CreateEventBus", "UpdateEventBus")
]


def violations() -> Iterator[Violation]:
    model = service_model()
    for operation in model.operation_names:
        for request, path, constraint in wrong(model.operation_model(operation).input_shape, "", lambda value: value):
            if (operation, path, constraint) not in NEVER_SENT + TAKEN:
                yield Violation(operation, request, path, constraint)


VIOLATIONS = list(violations())


@functools.cache
def events_client() -> Any:
    """A client that leaves all checks to the service."""
    return boto3.client(
        "events",
        region_name="us-east-1",
        aws_access_key_id="unused",
        aws_secret_access_key="unused",
        config=Config(parameter_validation=False),
    )


@pytest.fixture(scope="module", autouse=True)
def mock() -> Iterator[EventBridge]:
    with mock_eventbridge() as eb:
        yield eb


def test_nothing_is_left_out() -> None:
    """Every operation is here that has an input to break, and as many constraints as the API had in 2026."""
    assert len(VIOLATIONS) >= 569
    free = set(service_model().operation_names) - {violation.operation for violation in VIOLATIONS}
    assert free == set()


@pytest.mark.parametrize(
    "violation", VIOLATIONS, ids=lambda each: f"{each.operation}-{each.path}-{each.constraint[12:40].strip()}"
)
def test_violation(violation: Violation) -> None:
    """AWS's sentence, with the path of the value and of no other."""
    with pytest.raises(ClientError) as refused:
        getattr(events_client(), xform_name(violation.operation))(**violation.request)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationException"
    assert f" at '{violation.path}' failed to satisfy constraint: {violation.constraint}" in error["Message"]
    assert set(re.findall(" at '([^']*)' failed to satisfy constraint: ", error["Message"])) == {violation.path}
    assert ("Value null at" in error["Message"]) is (violation.constraint == "Member must not be null")


@pytest.mark.parametrize("operation", service_model().operation_names)
def test_the_request_without_the_violation(operation: str) -> None:
    """What the violations are put into breaks no constraint itself."""
    request = right(service_model().operation_model(operation).input_shape)
    try:
        getattr(events_client(), xform_name(operation))(**request)
    except ClientError as refused:
        assert "failed to satisfy constraint" not in str(refused)


# wrong types

#: A value of each JSON type. Whole numbers and fractions are two, because the API has no fractions but in timestamps.
JSON_VALUES: dict[str, Any] = {
    "boolean": True,
    "integer": 1,
    "fraction": 1.5,
    "string": "x",
    "list": [],
    "list of lists": [[]],
    "list of objects": [{}],
    "object": {},
    "object of lists": {"k": []},
}
#: The JSON values that a shape takes.
TYPES = {
    "structure": ("object", "object of lists"),
    "map": ("object", "object of lists"),
    "list": ("list", "list of lists", "list of objects"),
    "string": ("string",),
    "integer": ("integer",),
    "long": ("integer",),
    "boolean": ("boolean",),
    "timestamp": ("integer", "fraction"),
}
#: Numbers that are no instants, for timestamps.
NO_INSTANTS = {"infinite": float("inf"), "no number": float("nan"), "too far": 1e300, "true": True, "false": False}


def wrong_types(shape: Shape, company: str, build: Build) -> Iterator[tuple[str, Any]]:
    """Requests in which one value has a JSON type that its shape does not take, at a shape or below it.

    Args:
        company: what is beside the value, see ``members``.
    """
    for name, value in {**JSON_VALUES, **(NO_INSTANTS if shape.type_name == "timestamp" else {})}.items():
        if name not in TYPES[shape.type_name]:
            yield name, build(value)
    for below, wrap in members(shape, company):
        yield from wrong_types(below, company, lambda value, wrap=wrap: build(wrap(value)))


def members(shape: Shape, company: str) -> Iterator[tuple[Shape, Build]]:
    """What is directly below a shape, each with a function that puts a value there.

    Alone; or beside values that are right, so that nothing else refuses the request; or as often as a list may not be
    long, in a map under a key that may not be long, because the refusal of these shows what is in them.
    """
    alone, many = company == "alone", company == "many"
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            others = {} if alone else {other: value for other, value in right(shape).items() if other != name}
            yield member, lambda value, name=name, others=others: {**others, name: value}
    elif isinstance(shape, ListShape):
        before = [] if alone else [right(shape.member)] * (200 if many else 1)
        yield shape.member, lambda value: [*before, value]
    elif isinstance(shape, MapShape):
        others = {} if alone else {right(shape.key): right(shape.value)}
        yield shape.value, lambda value: {**others, "k" * (600 if many else 2): value}


@pytest.mark.parametrize("company", ["alone", "beside", "many"])
@pytest.mark.parametrize("operation", service_model().operation_names)
def test_wrong_json_types(operation: str, company: str, mock: EventBridge) -> None:
    """Each is a SerializationException that names the type, never an error of ours; and the journal can show it."""
    count = 0
    for name, request in wrong_types(
        service_model().operation_model(operation).input_shape, company, lambda value: value
    ):
        mock.reset()
        body = json.dumps(request, default=lambda instant: instant.timestamp()).encode()
        answer = respond(mock.service, {"X-Amz-Target": f"AWSEvents.{operation}"}, body, "123456789012", "us-east-1")
        said = json.loads(answer.body)
        assert (answer.status, said.get("__type")) == (400, "SerializationException"), (name, request, said)
        assert re.fullmatch(
            r"Unexpected value at '.+': an? \w+ was expected\.|Unexpected value .+: a timestamp was expected\."
            r"|The body of the request is not a JSON object\.",
            said["message"],
        )
        assert mock.journal.text()
        count += 1
    assert count >= len(JSON_VALUES) - 2
