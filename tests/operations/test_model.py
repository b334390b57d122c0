"""The API as botocore's model has it: every operation is there, and what it answers has the form the model says."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.model import ListShape, MapShape, Shape, StructureShape

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks.codec import service_model
from eventbridge_local.botocore_hooks.shapes import PATTERNS_FOR_PYTHON
from eventbridge_local.operations.table import MODULES, TABLE, operation_called

OPERATIONS = service_model().operation_names

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
ACCOUNT = "123456789012"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:"
BUS, ROLE = ARN + "event-bus/b", f"arn:aws:iam::{ACCOUNT}:role/r"
PATTERN = json.dumps({"source": ["shop"]})
SOURCE = "aws.partner/example.com/orders"
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
TARGET = {"Id": "1", "Arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"}
HEALTH_CHECK = {"HealthCheck": "arn:aws:route53:::healthcheck/a"}
BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}

Call = tuple[str, dict[str, Any]]

MAKE_BUS: Call = ("CreateEventBus", {"Name": "b"})
MAKE_RULE: Call = ("PutRule", {"Name": "r", "EventPattern": PATTERN})
PUT_TARGET: Call = ("PutTargets", {"Rule": "r", "Targets": [TARGET]})
ARCHIVE: Call = ("CreateArchive", {"ArchiveName": "a", "EventSourceArn": ARN + "event-bus/default"})
REPLAY: Call = (
    "StartReplay",
    {
        "ReplayName": "p",
        "EventSourceArn": ARN + "archive/a",
        "EventStartTime": NOW.replace(hour=1),
        "EventEndTime": NOW.replace(hour=2),
        "Destination": {"Arn": ARN + "event-bus/default"},
    },
)
CONNECT: Call = ("CreateConnection", {"Name": "c", "AuthorizationType": "BASIC", "AuthParameters": BASIC})
DESTINATION: Call = (
    "CreateApiDestination",
    {
        "Name": "d",
        "ConnectionArn": {"$of": ("DescribeConnection", {"Name": "c"}, "ConnectionArn")},
        "InvocationEndpoint": "https://example.com",
        "HttpMethod": "POST",
    },
)
ENDPOINT: Call = (
    "CreateEndpoint",
    {
        "Name": "e",
        "RoutingConfig": {"FailoverConfig": {"Primary": HEALTH_CHECK, "Secondary": {"Route": "eu-west-1"}}},
        "EventBuses": [{"EventBusArn": BUS}, {"EventBusArn": BUS.replace("us-east-1", "eu-west-1")}],
        "RoleArn": ROLE,
    },
)
BOTH_BUSES: list[Call] = [MAKE_BUS, ("CreateEventBus@eu-west-1", {"Name": "b"})]
OFFER: Call = ("CreatePartnerEventSource", {"Name": SOURCE, "Account": ACCOUNT})
PARTNER_BUS: Call = ("CreateEventBus", {"Name": SOURCE, "EventSourceName": SOURCE})
PERMIT: Call = ("PutPermission", {"Action": "events:PutEvents", "Principal": "*", "StatementId": "s"})
TAG: Call = ("TagResource", {"ResourceARN": ARN + "event-bus/default", "Tags": [{"Key": "k", "Value": "v"}]})

#: For every operation what has to be there first, and the least it can be called with.
CALLS: dict[str, tuple[list[Call], dict[str, Any]]] = {
    "ActivateEventSource": ([OFFER, PARTNER_BUS, ("DeactivateEventSource", {"Name": SOURCE})], {"Name": SOURCE}),
    "CancelReplay": ([ARCHIVE, REPLAY], {"ReplayName": "p"}),
    "CreateApiDestination": ([CONNECT], DESTINATION[1]),
    "CreateArchive": ([], ARCHIVE[1]),
    "CreateConnection": ([], CONNECT[1]),
    "CreateEndpoint": (BOTH_BUSES, ENDPOINT[1]),
    "CreateEventBus": ([], MAKE_BUS[1]),
    "CreatePartnerEventSource": ([], OFFER[1]),
    "DeactivateEventSource": ([OFFER, PARTNER_BUS], {"Name": SOURCE}),
    "DeauthorizeConnection": ([CONNECT], {"Name": "c"}),
    "DeleteApiDestination": ([CONNECT, DESTINATION], {"Name": "d"}),
    "DeleteArchive": ([ARCHIVE], {"ArchiveName": "a"}),
    "DeleteConnection": ([CONNECT], {"Name": "c"}),
    "DeleteEndpoint": ([*BOTH_BUSES, ENDPOINT], {"Name": "e"}),
    "DeleteEventBus": ([MAKE_BUS], {"Name": "b"}),
    "DeletePartnerEventSource": ([OFFER], OFFER[1]),
    "DeleteRule": ([MAKE_RULE], {"Name": "r"}),
    "DescribeApiDestination": ([CONNECT, DESTINATION], {"Name": "d"}),
    "DescribeArchive": ([ARCHIVE], {"ArchiveName": "a"}),
    "DescribeConnection": ([CONNECT], {"Name": "c"}),
    "DescribeEndpoint": ([*BOTH_BUSES, ENDPOINT], {"Name": "e"}),
    "DescribeEventBus": ([PERMIT], {}),
    "DescribeEventSource": ([OFFER], {"Name": SOURCE}),
    "DescribePartnerEventSource": ([OFFER], {"Name": SOURCE}),
    "DescribeReplay": ([ARCHIVE, REPLAY], {"ReplayName": "p"}),
    "DescribeRule": ([MAKE_RULE], {"Name": "r"}),
    "DisableRule": ([MAKE_RULE], {"Name": "r"}),
    "EnableRule": ([MAKE_RULE], {"Name": "r"}),
    "ListApiDestinations": ([CONNECT, DESTINATION], {}),
    "ListArchives": ([ARCHIVE], {}),
    "ListConnections": ([CONNECT], {}),
    "ListEndpoints": ([*BOTH_BUSES, ENDPOINT], {}),
    "ListEventBuses": ([PERMIT], {}),
    "ListEventSources": ([OFFER], {}),
    "ListPartnerEventSourceAccounts": ([OFFER], {"EventSourceName": SOURCE}),
    "ListPartnerEventSources": ([OFFER], {"NamePrefix": "aws.partner/example.com/"}),
    "ListReplays": ([ARCHIVE, REPLAY], {}),
    "ListRuleNamesByTarget": ([MAKE_RULE, PUT_TARGET], {"TargetArn": TARGET["Arn"]}),
    "ListRules": ([MAKE_RULE], {}),
    "ListTagsForResource": ([TAG], {"ResourceARN": ARN + "event-bus/default"}),
    "ListTargetsByRule": ([MAKE_RULE, PUT_TARGET], {"Rule": "r"}),
    "PutEvents": ([], {"Entries": [ENTRY, {}]}),
    "PutPartnerEvents": ([OFFER], {"Entries": [{**ENTRY, "Source": SOURCE}, {}]}),
    "PutPermission": ([], PERMIT[1]),
    "PutRule": ([], MAKE_RULE[1]),
    "PutTargets": ([MAKE_RULE], PUT_TARGET[1]),
    "RemovePermission": ([PERMIT], {"StatementId": "s"}),
    "RemoveTargets": ([MAKE_RULE, PUT_TARGET], {"Rule": "r", "Ids": ["1"]}),
    "StartReplay": ([ARCHIVE], REPLAY[1]),
    "TagResource": ([], TAG[1]),
    "TestEventPattern": (
        [],
        {
            "EventPattern": PATTERN,
            "Event": json.dumps(
                dict.fromkeys(("id", "account", "source", "region", "detail-type"), "x")
                | {"time": "2026-03-06T09:00:00Z", "resources": []}
            ),
        },
    ),
    "UntagResource": ([], {"ResourceARN": ARN + "event-bus/default", "TagKeys": ["k"]}),
    "UpdateApiDestination": ([CONNECT, DESTINATION], {"Name": "d"}),
    "UpdateArchive": ([ARCHIVE], {"ArchiveName": "a", "RetentionDays": 1}),
    "UpdateConnection": ([CONNECT], {"Name": "c", "Description": "d"}),
    "UpdateEndpoint": ([*BOTH_BUSES, ENDPOINT], {"Name": "e"}),
    "UpdateEventBus": ([], {}),
}


# the table


def test_every_operation_of_the_model_is_in_the_table() -> None:
    """No operation is missing, and none is invented."""
    assert set(MODULES) == set(OPERATIONS)
    assert all(map(operation_called, MODULES))
    assert set(TABLE) == set(OPERATIONS)
    assert len(OPERATIONS) >= 57


def test_every_operation_is_called_below() -> None:
    assert set(CALLS) == set(OPERATIONS)


# the answers


@functools.cache
def events_client(region: str) -> Any:
    return boto3.client("events", region_name=region, aws_access_key_id="unused", aws_secret_access_key="unused")


def call(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Call an operation, written ``Name`` or ``Name@Region``."""
    name, _, region = operation.partition("@")
    asked = {key: _looked_up(value) for key, value in params.items()}
    answer: dict[str, Any] = getattr(events_client(region or "us-east-1"), xform_name(name))(**asked)
    return answer


def _looked_up(value: Any) -> Any:
    if isinstance(value, dict) and "$of" in value:
        operation, params, member = value["$of"]
        return call(operation, params)[member]
    return value


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_answer_to_a_call_has_the_form_of_the_model(operation: str) -> None:
    """Types, members, enums, patterns and lengths, with all members that are there and none that is not."""
    before, params = CALLS[operation]
    shape = service_model().operation_model(operation).output_shape
    with mock_eventbridge(account=ACCOUNT, now=NOW, assert_all_deliveries_succeeded=False):
        for earlier, given in before:
            call(earlier, given)
        answer = call(operation, params)
    metadata = answer.pop("ResponseMetadata")
    assert metadata["HTTPStatusCode"] == 200
    if shape is None:
        assert answer == {}
    else:
        assert list(faults(shape, answer, operation)) == []
        assert answer or not shape.members


PYTHON_TYPES = {
    "structure": dict,
    "map": dict,
    "list": list,
    "string": str,
    "integer": int,
    "long": int,
    "boolean": bool,
    "timestamp": datetime,
}


def faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What is wrong with a value as an answer of a shape, in words."""
    wanted = PYTHON_TYPES[shape.type_name]
    if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
        yield f"{path}: {value!r} is no {shape.type_name}"
    elif isinstance(shape, StructureShape):
        yield from (f"{path}.{name}: there is no such member" for name in value if name not in shape.members)
        yield from (f"{path}.{name}: missing" for name in shape.required_members if name not in value)
        for name in value.keys() & shape.members.keys():
            yield from faults(shape.members[name], value[name], f"{path}.{name}")
    elif isinstance(shape, ListShape):
        yield from out_of_bounds(shape, len(value), path)
        for number, item in enumerate(value):
            yield from faults(shape.member, item, f"{path}[{number}]")
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield from faults(shape.key, key, f"{path}.{key}")
            yield from faults(shape.value, item, f"{path}.{key}")
    else:
        yield from wrong_scalar(shape, value, path)


#: Shapes of which AWS itself was recorded to answer what their pattern does not take: ``secret:events!connection/...``.
BEYOND_THEIR_PATTERN = {"SecretsManagerSecretArn"}


def wrong_scalar(shape: Shape, value: Any, path: str) -> Iterator[str]:
    limits = shape.metadata
    if isinstance(value, str):
        pattern = None if shape.name in BEYOND_THEIR_PATTERN else limits.get("pattern")
        if pattern is not None and re.fullmatch(PATTERNS_FOR_PYTHON.get(pattern, pattern), value) is None:
            yield f"{path}: {value!r} does not match {pattern}"
        if "enum" in limits and value not in limits["enum"]:
            yield f"{path}: {value!r} is none of {limits['enum']}"
        yield from out_of_bounds(shape, len(value), path)
    elif isinstance(value, datetime):
        if value.tzinfo is None:
            yield f"{path}: a time without a zone"
    elif not isinstance(value, bool):
        yield from out_of_bounds(shape, value, path)


def out_of_bounds(shape: Shape, size: int, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min", size), shape.metadata.get("max", size)
    if not least <= size <= most:
        yield f"{path}: {size} is not from {least} to {most}"


@pytest.mark.parametrize(
    ("operation", "answer"),
    [
        ("PutRule", {"RuleArn": 1}),
        ("PutRule", {"RuleArn": ""}),
        ("PutRule", {"RuleArn": "x", "Name": "r"}),
        ("DescribeRule", {"State": "enabled"}),
        ("DescribeRule", {"Name": "a b"}),
        ("DescribeEventBus", {"CreationTime": "2026-03-06"}),
        ("DescribeEventBus", {"CreationTime": datetime(2026, 3, 6)}),
        ("ListTagsForResource", {"Tags": [{"Key": "k"}]}),
        ("ListTagsForResource", {"Tags": {"k": "v"}}),
        ("DescribeArchive", {"EventCount": True}),
        ("DescribeArchive", {"RetentionDays": -1}),
        ("DescribeEndpoint", {"EventBuses": []}),
    ],
)
def test_what_the_form_does_not_allow(operation: str, answer: dict[str, Any]) -> None:
    """The check of the answers can fail."""
    assert len(list(faults(service_model().operation_model(operation).output_shape, answer, operation))) == 1
