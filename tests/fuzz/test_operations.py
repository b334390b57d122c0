"""All operations, with requests that botocore's model of the API describes, and with the same requests spoiled.

Whatever is sent, the answer is one that the model knows, and what was refused has changed nothing.
"""

from __future__ import annotations

import functools
import json
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.botocore_hooks.codec import service_model
from eventbridge_local.botocore_hooks.wire import respond
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Scope

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
OPERATIONS = service_model().operation_names
LIMITS = Limits(event_buses=4, rules_per_event_bus=4, targets_per_rule=3, archives=2, active_replays=2)

#: Refusals that the model does not list with each operation.
COMMON = {"AccessDeniedException", "SerializationException", "ThrottlingException", "ValidationException"}
#: What the model leaves out (captured, facts 1.3 and 1.6), by operation.
NOT_IN_THE_MODEL = {"InvalidEventPatternException", "LimitExceededException", "ResourceNotFoundException"}

#: Texts that mean something, by the end of the member's name in lower case.
TEXTS: dict[str, list[str]] = {
    "eventbusname": ["default", "orders", f"{ARN}event-bus/orders", "none"],
    "eventpattern": ['{"source": ["shop"]}', "{}", '{"source": [{"prefix": "s"}]}', '{"a": [{"anything-but": []}]}'],
    "scheduleexpression": ["rate(1 minute)", "rate(5 hours)", "cron(0 12 ? * MON *)", "cron(* * * * * *)"],
    "detail": ["{}", '{"n": 1.50, "a": [1, {"b": null}]}', "[", '"text"'],
    "source": ["shop", "aws.partner/example.com/orders", "aws.s3", ""],
    "policy": ['{"Version": "2012-10-17", "Statement": []}', "{", "{}"],
    "inputtemplate": ['{"s": <s>}', "<s>", '"<aws.events.event>"'],
    "input": ["{}", "[1]", "{"],
    "invocationendpoint": ["https://shop.example/*", "https://*.example/", "http://127.0.0.1:1/"],
    "principal": ["*", "111111111111"],
    "action": ["events:PutEvents"],
    "event": [
        '{"id": "1", "account": "1", "source": "shop", "time": "2026-03-06T09:00:00Z", "region": "r",'
        ' "resources": [], "detail-type": "t", "detail": {}}',
        "{}",
    ],
    "arn": [
        *(f"{ARN}event-bus/orders", f"{ARN}rule/one", f"{ARN}rule/orders/one", f"{ARN}archive/one"),
        *(f"{ARN}event-bus/default", f"{ARN}replay/one", f"{ARN}endpoint/one", "arn:aws:iam::123456789012:role/r"),
        f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:q.fifo",
        f"arn:aws:sqs:{REGION}:{ACCOUNT}:q",
        *("arn:aws:events:eu-west-1:123456789012:event-bus/orders", f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/c"),
        f"arn:aws:events:{REGION}:111111111111:event-bus/default",
    ],
    "name": ["one", "orders", "default", "aws.partner/example.com/orders", "two"],
    "rule": ["one", "two"],
    "id": ["1", "2"],
    "key": ["k", "l"],
    "account": ["111111111111", ACCOUNT],
}
JUNK: list[Any] = [
    *(
        None,
        True,
        0,
        -1,
        1.5,
        2**70,
        1e308,
        "",
        "x",
        "\0",
        "\ud800",
        "é" * 300,
        "<s>",
        "$.a[",
        "arn:::::",
        "arn:aws:events:::",
    ),
    *([], [[]], [None], {}, {"a": {}}, {"": []}, [{}], {"Key": "k"}),
]


def texts(name: str, shape: Shape) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(shape.enum)
    lower = name.lower()
    known = [text for end, several in TEXTS.items() if lower.endswith(end) for text in several]
    return st.sampled_from(known) if known else st.sampled_from(["", "text", "one", "1"])


def values(shape: Shape, name: str) -> st.SearchStrategy[Any]:
    """JSON values of a shape; ``name`` is that of the member that it is of."""
    if isinstance(shape, StructureShape):
        members = {each: values(inner, each) for each, inner in shape.members.items()}
        required = {each: members.pop(each) for each in shape.required_members}
        return st.fixed_dictionaries(required, optional=members)
    if isinstance(shape, ListShape):
        return st.lists(values(shape.member, name.removesuffix("s")), min_size=shape.metadata.get("min", 0), max_size=3)
    if isinstance(shape, MapShape):
        return st.dictionaries(texts("key", shape.key), values(shape.value, name), max_size=2)
    if shape.type_name == "string":
        return texts(name, shape)
    if shape.type_name == "boolean":
        return st.booleans()
    if shape.type_name == "timestamp":
        return st.sampled_from([0, 1_772_000_000, 1_772_787_600.5, 1_772_787_600, 253_402_300_799, -1])
    least = shape.metadata.get("min", 0)
    return st.integers(least, min(shape.metadata.get("max", 200), 200) if least <= 200 else least)


@functools.cache
def requests_of(operation: str) -> st.SearchStrategy[Any]:
    model = service_model().operation_model(operation)
    return values(model.input_shape, "") if model.input_shape is not None else st.just({})


def spots(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The ways to everything in a value."""
    found = [path] if path else []
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        found += spots(inner, (*path, key))
    return found


def spoil(data: st.DataObject, params: Any) -> Any:
    """Put something else into one place, leave it out, or send no object at all."""
    params = json.loads(json.dumps(params))
    places = spots(params)
    if not places:
        return data.draw(st.sampled_from(JUNK))
    *way, last = data.draw(st.sampled_from(places))
    node = params
    for part in way:
        node = node[part]
    if data.draw(st.booleans()) and isinstance(node, dict):
        del node[last]
    else:
        node[last] = data.draw(st.sampled_from(JUNK))
    return params


#: Calls that are taken, in this order, and that together make one of everything. ``CONNECTION`` stands for its ARN.
SCENE: list[tuple[str, dict[str, Any]]] = [
    ("CreateEventBus", {"Name": "orders"}),
    ("PutRule", {"Name": "one", "EventPattern": '{"source": ["shop"]}', "EventBusName": "orders"}),
    ("PutRule", {"Name": "one", "EventPattern": '{"source": ["shop"]}'}),
    ("PutTargets", {"Rule": "one", "Targets": [{"Id": "1", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}]}),
    ("PutPermission", {"StatementId": "1", "Principal": "*", "Action": "events:PutEvents"}),
    ("CreateArchive", {"ArchiveName": "one", "EventSourceArn": f"{ARN}event-bus/default"}),
    ("PutEvents", {"Entries": [{"Source": "shop", "DetailType": "t", "Detail": "{}"}]}),
    (
        "StartReplay",
        {
            "ReplayName": "one",
            "EventSourceArn": f"{ARN}archive/one",
            "Destination": {"Arn": f"{ARN}event-bus/default"},
            "EventStartTime": 1_772_000_000,
            "EventEndTime": 1_772_787_600,
        },
    ),
    (
        "CreateConnection",
        {
            "Name": "one",
            "AuthorizationType": "BASIC",
            "AuthParameters": {"BasicAuthParameters": {"Username": "u", "Password": "p"}},
        },
    ),
    (
        "CreateApiDestination",
        {
            "Name": "one",
            "ConnectionArn": "CONNECTION",
            "InvocationEndpoint": "https://shop.example/*",
            "HttpMethod": "POST",
        },
    ),
    (
        "CreateEndpoint",
        {
            "Name": "one",
            "EventBuses": [
                {"EventBusArn": f"arn:aws:events:{region}:{ACCOUNT}:event-bus/default"}
                for region in (REGION, "eu-west-1")
            ],
            "RoutingConfig": {
                "FailoverConfig": {
                    "Primary": {"HealthCheck": "arn:aws:route53:::healthcheck/a"},
                    "Secondary": {"Route": "eu-west-1"},
                }
            },
            "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/r",
        },
    ),
    ("CreatePartnerEventSource", {"Name": "aws.partner/example.com/orders", "Account": ACCOUNT}),
    (
        "CreateEventBus",
        {"Name": "aws.partner/example.com/orders", "EventSourceName": "aws.partner/example.com/orders"},
    ),
    ("TagResource", {"ResourceARN": f"{ARN}event-bus/orders", "Tags": [{"Key": "k", "Value": "v"}]}),
]
#: Members with which nearly every other operation is taken after these calls.
SENSIBLE: dict[str, Any] = {
    **dict.fromkeys(("Rule", "ArchiveName", "ReplayName"), "one"),
    "Name": "one",
    "TagKeys": ["k"],
    "Ids": ["2"],
    "ResourceARN": f"{ARN}event-bus/orders",
    "TargetArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f",
    "StatementId": "1",
    "EventPattern": '{"source": ["shop"]}',
    "Event": TEXTS["event"][0],
    "Account": ACCOUNT,
    "Description": "text",
}
#: Members of operations whose names are those of buses and partner sources.
PARTNER = {"Name": "aws.partner/example.com/orders", "EventSourceName": "aws.partner/example.com/orders"}
ENTRY = {"Source": PARTNER["Name"], "DetailType": "t", "Detail": "{}"}
OWN: dict[str, dict[str, Any]] = {
    **{name: PARTNER for name in OPERATIONS if "EventSource" in name and name != "CreatePartnerEventSource"},
    "CreatePartnerEventSource": {"Name": "aws.partner/example.com/two"},
    "ListPartnerEventSources": {"NamePrefix": "aws.partner/example.com/"},
    "DescribeEventBus": {"Name": "orders"},
    "UpdateEventBus": {"Name": "orders"},
    "DeleteEventBus": {"Name": "two"},
    "CreateEventBus": {"Name": "two"},
    "CreateArchive": {"ArchiveName": "two"},
    "CreateConnection": {"Name": "two"},
    "CreateApiDestination": {"Name": "two"},
    "CreateEndpoint": {"Name": "two"},
    "StartReplay": {"ReplayName": "two"},
    "PutPartnerEvents": {"Entries": [ENTRY]},
    "RemovePermission": {"StatementId": "1"},
    "DeleteRule": {"EventBusName": "orders"},
    "UpdateArchive": {"Description": "text"},
    "UpdateConnection": {"Description": "text"},
}


@functools.cache
def sensible(operation: str) -> dict[str, Any]:
    """A request that is taken, or nearly: what the scene sends, and what the operation requires."""
    shape = service_model().operation_model(operation).input_shape
    assert isinstance(shape, StructureShape)
    members = dict(next((params for name, params in SCENE if name == operation), {}))
    members.update(
        {name: SENSIBLE[name] for name in shape.required_members if name in SENSIBLE and name not in members}
    )
    return members | {name: value for name, value in OWN.get(operation, {}).items() if name in shape.members}


def request(data: st.DataObject, operation: str) -> Any:
    """A sensible request, mostly with some members of the model's; a request of the model alone; or a spoiled one."""
    way = data.draw(st.sampled_from(["sensible", "varied", "varied", "model", "spoiled"]), f"{operation} is")
    if way == "model":
        return data.draw(requests_of(operation))
    params = dict(sensible(operation))
    if way == "spoiled":
        return spoil(data, params | (data.draw(requests_of(operation)) if data.draw(st.booleans()) else {}))
    shape = service_model().operation_model(operation).input_shape
    if way == "varied" and isinstance(shape, StructureShape) and shape.members:
        for name in data.draw(st.lists(st.sampled_from(sorted(shape.members)), max_size=2)):
            params[name] = data.draw(values(shape.members[name], name), name)
    return params


@settings(max_examples=examples(40, 200))
@given(st.data())
def test_all_operations(data: st.DataObject) -> None:
    """Several calls after each other, so that some find what others made."""
    with mock_eventbridge(seed=1, limits=LIMITS, assert_all_deliveries_succeeded=False) as eb:
        connection = ""
        for operation, params in SCENE:
            answer = send(eb, operation, with_arn(params, connection))
            assert answer is not None, operation
            connection = answer.get("ConnectionArn", connection)
        for operation in data.draw(st.lists(st.sampled_from(OPERATIONS), min_size=2, max_size=12)):
            send(eb, operation, with_arn(request(data, operation), connection))
        assert eb.journal.text()


def test_each_operation_is_taken_once() -> None:
    """A random test of nothing but refusals would show little."""
    assert refused_when_sensible() == {"ActivateEventSource"}  # it is active


def refused_when_sensible() -> set[str]:
    refused = set()
    for operation in OPERATIONS:
        with mock_eventbridge(seed=1, limits=LIMITS) as eb:
            connection = ""
            for each, params in SCENE:
                connection = (send(eb, each, with_arn(params, connection)) or {}).get("ConnectionArn", connection)
            if send(eb, operation, with_arn(sensible(operation), connection)) is None:
                refused.add(operation)
    return refused


def with_arn(params: Any, connection: str) -> Any:
    """Put the ARN of the connection where it belongs."""
    return json.loads(json.dumps(params).replace("CONNECTION", connection or "CONNECTION"))


def send(eb: EventBridge, operation: str, params: Any) -> dict[str, Any] | None:
    """Send a request and check what comes back; return the answer, None for a refusal."""
    model = service_model().operation_model(operation)
    before = snapshot(eb)
    headers = {"X-Amz-Target": f"AWSEvents.{operation}"}
    answer = respond(eb.service, headers, json.dumps(params).encode(), ACCOUNT, REGION)
    content = json.loads(answer.body)
    if answer.status == 200:
        check_shape(model.output_shape, content, operation)
        return content
    assert content["__type"] in refusals_of(model) or is_failure_of_aws(answer.status, params), (operation, content)
    assert isinstance(content["message"], str)
    assert snapshot(eb) == before, (operation, params, content)
    return None


def refusals_of(model: OperationModel) -> set[str]:
    return {shape.name for shape in model.error_shapes} | COMMON | NOT_IN_THE_MODEL


def is_failure_of_aws(status: int, params: Any) -> bool:
    """Whether AWS was captured to fail itself: at a pattern that excludes nothing."""
    return status == 500 and "anything-but" in json.dumps(params)


def check_shape(shape: Shape | None, value: Any, at: str) -> None:
    """Fail where an answer has a member that the model does not have, or a value of another type."""
    if isinstance(shape, StructureShape):
        assert isinstance(value, dict) and set(value) <= set(shape.members), (at, value)
        for name, inner in value.items():
            check_shape(shape.members[name], inner, f"{at}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), (at, value)
        for inner in value:
            check_shape(shape.member, inner, at)
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), (at, value)
    elif shape is None:
        assert value == {}, (at, value)
    else:
        kinds: dict[str, Any] = {"string": str, "boolean": bool, "timestamp": (int, float), "integer": int, "long": int}
        assert isinstance(value, kinds[shape.type_name]), (at, value)
        assert value in (getattr(shape, "enum", None) or [value]), (at, value)


def snapshot(eb: EventBridge) -> list[Any]:
    """All records, of all accounts and Regions."""
    return [
        state_of(scope) for scope in eb.service.store.scopes if scope.buses.keys() != {"default"} or has_more(scope)
    ]


def has_more(scope: Scope) -> bool:
    """Whether a scope has more than a default bus without rules and policy, as one has that was only looked at."""
    bus = scope.buses["default"]
    return bool(bus.rules or bus.record.policy or any(kept for name, kept in vars(scope).items() if name not in _OWN))


_OWN = {"account", "region", "buses"}


def state_of(scope: Scope) -> dict[str, Any]:
    kept = {name: dict(value) for name, value in vars(scope).items() if name not in _OWN}
    kept["archives"] = {name: archive.record for name, archive in scope.archives.items()}
    kept["buses"] = {name: (bus.record, dict(bus.rules)) for name, bus in scope.buses.items()}
    return {"scope": (scope.account, scope.region), **kept}
