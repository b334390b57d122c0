"""Constraints of input shapes: every kind of violation, where it is and how AWS writes it."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.botocore_hooks.codec import service_model
from eventbridge_local.botocore_hooks.shapes import InputCheck, _compile, _fine_structure
from eventbridge_local.errors import ServiceError

ARN = "arn:aws:sqs:us-east-1:123456789012:q"
NAME_PATTERN = r"Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
NULL = "Member must not be null"
KEY_CONSTRAINTS = (
    "Map keys must satisfy constraint: [Member must have length less than or equal to 256, Member must have length "
    r"greater than or equal to 1, Member must satisfy regular expression pattern: [A-Za-z0-9\_\-]+]"
)


def most(limit: int, noun: str = "length") -> str:
    return f"Member must have {noun} less than or equal to {limit}"


def least(limit: int, noun: str = "length") -> str:
    return f"Member must have {noun} greater than or equal to {limit}"


def target(**more: Any) -> dict[str, Any]:
    """The params of a PutTargets call with one target."""
    return {"Rule": "r", "Targets": [{"Id": "1", "Arn": ARN, **more}]}


def refusal(operation: str, params: dict[str, Any]) -> ServiceError | None:
    """What the check of an operation says."""
    return InputCheck(service_model().operation_model(operation))(params)


T = "targets.1.member."
BUS_PATTERN = (
    r"Member must satisfy regular expression pattern: (arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus"
    r"\/)?[/\.\-_A-Za-z0-9]+"
)

ONE_VIOLATION: list[tuple[str, dict[str, Any], str, str, str]] = [
    # required
    ("PutRule", {}, "null", "name", NULL),
    ("PutRule", {"Name": None}, "null", "name", NULL),
    ("PutEvents", {}, "null", "entries", NULL),
    ("PutTargets", {"Rule": "r", "Targets": [{"Id": "1"}]}, "null", T + "arn", NULL),
    ("PutRule", {"Name": "r", "Tags": [{"Key": "a"}]}, "null", "tags.1.member.value", NULL),
    ("PutTargets", target(EcsParameters={}), "null", T + "ecsParameters.taskDefinitionArn", NULL),
    ("PutTargets", target(InputTransformer={}), "null", T + "inputTransformer.inputTemplate", NULL),
    # min
    ("PutEvents", {"Entries": []}, "'[]'", "entries", least(1)),
    ("ListRules", {"Limit": 0}, "'0'", "limit", least(1, "value")),
    ("ListRules", {"Limit": -5}, "'-5'", "limit", least(1, "value")),
    ("ListRules", {"NextToken": ""}, "''", "nextToken", least(1)),
    (
        "PutTargets",
        target(RetryPolicy={"MaximumEventAgeInSeconds": 59}),
        "'59'",
        T + "retryPolicy.maximumEventAgeInSeconds",
        least(60, "value"),
    ),
    ("TagResource", {"ResourceARN": "a", "Tags": [{"Key": "", "Value": ""}]}, "''", "tags.1.member.key", least(1)),
    # max
    ("ListRules", {"Limit": 101}, "'101'", "limit", most(100, "value")),
    ("ListRules", {"NextToken": "x" * 2049}, f"'{'x' * 2049}'", "nextToken", most(2048)),
    ("PutRule", {"Name": "x" * 65}, f"'{'x' * 65}'", "name", most(64)),
    ("PutRule", {"Name": "r", "Description": "é" * 513}, f"'{'é' * 513}'", "description", most(512)),
    ("PutRule", {"Name": "r", "Description": "😀" * 257}, f"'{'😀' * 257}'", "description", most(512)),
    (
        "PutTargets",
        target(RetryPolicy={"MaximumRetryAttempts": 186}),
        "'186'",
        T + "retryPolicy.maximumRetryAttempts",
        most(185, "value"),
    ),
    ("RemoveTargets", {"Rule": "r", "Ids": ["a"] * 101}, f"'[{', '.join('a' * 101)}]'", "ids", most(100)),
    # pattern: a full match, also of anchored ones
    ("PutRule", {"Name": "a b"}, "'a b'", "name", NAME_PATTERN),
    ("PutRule", {"Name": "a\n"}, "'a\n'", "name", NAME_PATTERN),
    ("PutRule", {"Name": "é"}, "'é'", "name", NAME_PATTERN),
    ("PutTargets", {"Rule": "r", "Targets": [{"Id": "a/b", "Arn": ARN}]}, "'a/b'", T + "id", NAME_PATTERN),
    ("DescribeRule", {"Name": "r", "EventBusName": "a b"}, "'a b'", "eventBusName", BUS_PATTERN),
    (
        "UpdateEventBus",
        {"KmsKeyIdentifier": "a\n"},
        "'a\n'",
        "kmsKeyIdentifier",
        r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-/:]*$",
    ),
    # enum
    (
        "PutRule",
        {"Name": "r", "State": "enabled"},
        "'enabled'",
        "state",
        "Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]",
    ),
    (
        "CreateEventBus",
        {"Name": "b", "LogConfig": {"Level": "LOUD"}},
        "'LOUD'",
        "logConfig.level",
        "Member must satisfy enum value set: [OFF, ERROR, INFO, TRACE]",
    ),
    (
        "CreateApiDestination",
        {"Name": "a", "ConnectionArn": "arn:aws:events:us-east-1:123456789012:connection/c/1-1", "HttpMethod": "TRACE"}
        | {"InvocationEndpoint": "https://example.com"},
        "'TRACE'",
        "httpMethod",
        "Member must satisfy enum value set: [HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS]",
    ),
    # in lists and maps: reported for the whole list or map
    (
        "RemoveTargets",
        {"Rule": "r", "Ids": ["a", "b c"]},
        "'[a, b c]'",
        "ids",
        f"Member must satisfy constraint: [{most(64)}, {least(1)}, {NAME_PATTERN}]",
    ),
    (
        "PutTargets",
        target(InputTransformer={"InputTemplate": "1", "InputPathsMap": {"bad.key": "$.detail.text"}}),
        "'{bad.key=$.detail.text}'",
        T + "inputTransformer.inputPathsMap",
        KEY_CONSTRAINTS,
    ),
    (
        "PutTargets",
        target(InputTransformer={"InputTemplate": "1", "InputPathsMap": {"k": "x" * 257}}),
        f"'{{k={'x' * 257}}}'",
        T + "inputTransformer.inputPathsMap",
        f"Map value must satisfy constraint: [{most(256)}, {least(0)}]",
    ),
    (
        "PutTargets",
        target(InputTransformer={"InputTemplate": "1", "InputPathsMap": dict.fromkeys(map(str, range(101)), "$")}),
        "'{" + ", ".join(f"{number}=$" for number in range(101)) + "}'",
        T + "inputTransformer.inputPathsMap",
        most(100),
    ),
    # deep
    (
        "PutTargets",
        target(EcsParameters={"TaskDefinitionArn": "a", "CapacityProviderStrategy": [{"capacityProvider": "c"}] * 2})
        | {"Targets": [target()["Targets"][0], target(EcsParameters={"TaskDefinitionArn": ""})["Targets"][0]]},
        "''",
        "targets.2.member.ecsParameters.taskDefinitionArn",
        least(1),
    ),
]


@pytest.mark.parametrize(
    ("operation", "params", "value", "path", "constraint"),
    [pytest.param(*each, id=f"{number}-{each[0]}-{each[3]}") for number, each in enumerate(ONE_VIOLATION)],
)
def test_one_violation(operation: str, params: dict[str, Any], value: str, path: str, constraint: str) -> None:
    """A single violation names the value, its place and the constraint, word for word."""
    refused = refusal(operation, params)
    assert refused is not None
    assert refused.code == "ValidationException"
    assert refused.message == (
        f"1 validation error detected: Value {value} at '{path}' failed to satisfy constraint: {constraint}"
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("ListRules", {}),
        ("ListRules", {"Limit": 1}),
        ("ListRules", {"Limit": 100, "NextToken": "x" * 2048, "NamePrefix": None}),
        ("PutRule", {"Name": "x" * 64, "Description": "😀" * 256, "EventPattern": "", "ScheduleExpression": ""}),
        ("PutRule", {"Name": "r", "Tags": [{"Key": "k" * 128, "Value": ""}], "EventBusName": "aws.partner/a/b"}),
        ("PutEvents", {"Entries": [{}] * 10}),
        ("PutEvents", {"Entries": [{"Time": datetime(2026, 3, 6, tzinfo=UTC), "Resources": ["x" * 2048, ""]}]}),
        ("PutTargets", target(RetryPolicy={"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 86_400})),
        ("PutTargets", target(RunCommandParameters={"RunCommandTargets": [{"Key": "tag:é ü", "Values": ["v"]}]})),
        ("PutTargets", target(HttpParameters={"HeaderParameters": {"x-a": " b "}, "PathParameterValues": ["*"]})),
    ],
)
def test_no_violation(operation: str, params: dict[str, Any]) -> None:
    """Values at their limits and absent optional members are let through."""
    assert refusal(operation, params) is None


def test_several_at_once() -> None:
    """All violations come in one message, missing members of a structure first, then in the model's order."""
    refused = refusal(
        "PutTargets", {"EventBusName": "a b", "Targets": [{"Id": "x y" * 30}, {"Id": "1", "Arn": "", "RoleArn": ""}]}
    )
    assert refused is not None
    long_id = "x y" * 30
    parts = [
        f"Value null at 'rule' failed to satisfy constraint: {NULL}",
        f"Value 'a b' at 'eventBusName' failed to satisfy constraint: {BUS_PATTERN}",
        f"Value null at 'targets.1.member.arn' failed to satisfy constraint: {NULL}",
        f"Value '{long_id}' at 'targets.1.member.id' failed to satisfy constraint: {NAME_PATTERN}",
        f"Value '{long_id}' at 'targets.1.member.id' failed to satisfy constraint: {most(64)}",
        f"Value '' at 'targets.2.member.arn' failed to satisfy constraint: {least(1)}",
        f"Value '' at 'targets.2.member.roleArn' failed to satisfy constraint: {least(1)}",
    ]
    assert refused.message == "7 validation errors detected: " + "; ".join(parts)


@pytest.mark.parametrize(
    ("operation", "params", "pattern_first"),
    [
        ("PutRule", {"Name": "a b" * 30}, True),
        (
            "CreateArchive",
            {"ArchiveName": "a b" * 30, "EventSourceArn": "arn:aws:events:us-east-1:123456789012:event-bus/b"},
            False,
        ),
        ("PutPermission", {"Principal": "a b" * 30}, False),
        ("CreateArchive", {"ArchiveName": "a", "EventSourceArn": ""}, False),
        ("ListArchives", {"NamePrefix": ""}, False),
        ("ListReplays", {"NamePrefix": ""}, False),
        ("ListRules", {"NamePrefix": ""}, True),
    ],
)
def test_pattern_or_length_first(operation: str, params: dict[str, Any], pattern_first: bool) -> None:
    """For most members the pattern comes before the length; AWS was captured to do the reverse for archives."""
    refused = refusal(operation, params)
    assert refused is not None
    assert refused.message.startswith("2 validation errors detected: ")
    assert (refused.message.index("pattern") < refused.message.index("length")) is pattern_first


def test_java_text() -> None:
    """A list of structures is printed as Java prints it, absent members as null (recorded)."""
    entry = {"Source": "s", "DetailType": "t", "Detail": '{"a":1}', "Resources": ["r1", "r2"], "EventBusName": "b"}
    refused = refusal("PutEvents", {"Entries": [entry] * 11})
    assert refused is not None
    shown = (
        'PutEventsRequestEntry(time=null, source=s, resources=[r1, r2], detailType=t, detail={"a":1}, eventBusName=b, '
        "traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)"
    )
    assert refused.message == (
        f"1 validation error detected: Value '[{', '.join([shown] * 11)}]' at 'entries' failed to satisfy constraint: "
        + most(10)
    )


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("PutRule", {"Name": 1}),
        ("PutRule", {"Name": ["r"]}),
        ("ListRules", {"Limit": "5"}),
        ("ListRules", {"Limit": True}),
        ("ListRules", {"Limit": 1.5}),
        ("DeleteRule", {"Name": "r", "Force": "yes"}),
        ("PutEvents", {"Entries": {}}),
        ("PutEvents", {"Entries": [None]}),
        ("PutEvents", {"Entries": ["entry"]}),
        ("PutEvents", {"Entries": [{"Time": "now"}]}),
        ("PutEvents", {"Entries": [{"Time": True}]}),
        ("PutEvents", {"Entries": [{"Resources": [1]}]}),
        ("RemoveTargets", {"Rule": "r", "Ids": ["a", None]}),
        ("PutTargets", target(InputTransformer={"InputTemplate": "1", "InputPathsMap": {"a": 1}})),
        ("PutTargets", target(InputTransformer={"InputTemplate": "1", "InputPathsMap": []})),
    ],
)
def test_wrong_types(operation: str, params: dict[str, Any]) -> None:
    """A value of a wrong JSON type is a refusal of its own, never an error of ours."""
    refused = refusal(operation, params)
    assert refused is not None
    assert refused.code == "SerializationException"


def test_every_operation_compiles() -> None:
    """The constraints of all operations of the API can be compiled, and so all their patterns."""
    for name in service_model().operation_names:
        InputCheck(service_model().operation_model(name))


SHAPES = [
    shape
    for shape in map(service_model().shape_for, service_model().shape_names)
    if shape.type_name == "structure" and shape.members
]
VALUES = (
    st.none() | st.booleans() | st.integers(-1, 400) | st.text("a.-_ é", max_size=6) | st.just("x" * 300) | st.just([])
)


@given(st.data())
def test_what_is_fine_at_a_glance_breaks_nothing(data: st.DataObject) -> None:
    """The quick look at a structure never passes what the thorough one reports."""
    shape = data.draw(st.sampled_from(SHAPES))
    kinds = {name: member.type_name for name, member in shape.members.items()}
    value = data.draw(st.dictionaries(st.sampled_from([*kinds, "Unknown"]), VALUES, max_size=4))
    for name in value:
        if kinds.get(name) == "list":
            members = [*getattr(shape.members[name].member, "members", ["Unknown"])]
            value[name] = data.draw(st.lists(st.dictionaries(st.sampled_from(members), VALUES, max_size=3), max_size=3))
    check = _compile(shape).check
    assert check is not None
    if _fine_structure(shape, {}).test(value):
        found: list[str] = []
        check(value, "", found)
        assert found == []


def test_a_value_that_nearly_fits_is_refused() -> None:
    """Checking a header against the API model's pattern takes no time that doubles with every word of it.

    If it did, a hundred words would take longer than anybody waits, so no clock is needed to see it. A process of its
    own, since nothing stops a search that has begun.
    """
    code = f"""
        from {service_model.__module__} import service_model
        from {InputCheck.__module__} import InputCheck
        header = {{"HeaderParameters": [{{"Key": "x-a", "Value": "word " * 100 + "\u00e9"}}]}}
        request = {{"Name": "c", "AuthParameters": {{"InvocationHttpParameters": header}}}}
        print(InputCheck(service_model().operation_model("CreateConnection"))(request).message)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True, timeout=300
    )
    assert "authParameters.invocationHttpParameters.headerParameters.1.member.value" in done.stdout
