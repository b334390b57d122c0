"""The request each kind of target makes of an event, by data.

A case of tests/cases/targets/requests.json holds a target as PutTargets gets it and the request that ``EVENT`` becomes,
or the error code with which the attempt fails. In a request ``@event`` is the envelope's text, ``$bytes`` a text as
bytes, ``$time`` an instant; ids are counted from 1.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import example, given
from hypothesis import strategies as st

from eventbridge_local.delivery.kinds import (
    KINDS,
    RuleScope,
    TargetKind,
    check_target,
    destination_of,
    graphql_request,
    kind_of,
)
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, PendingDelivery
from eventbridge_local.model.event import Event, changed
from eventbridge_local.model.records import Rule, Target
from eventbridge_local.transforms import InputContext, compile_input

CASES = json.loads((Path(__file__).parents[2] / "cases" / "targets" / "requests.json").read_text("utf-8"))

ACCOUNT, REGION = "123456789012", "us-east-1"
HERE = RuleScope(ACCOUNT, REGION, "default", ACCOUNT)
NOON = datetime(2026, 3, 6, 12, tzinfo=UTC)
RULE = Rule("orders", f"arn:aws:events:{REGION}:{ACCOUNT}:rule/orders", "default", "ENABLED", ACCOUNT)
DETAIL = {
    "customer": "mia",
    "total": 12.5,
    "paid": True,
    "note": None,
    "place": {"city": "Bern"},
    "lines": ["a", "b"],
    "sql": "select 1",
}
EVENT = Event(
    id="11111111-2222-3333-4444-555555555555",
    detail_type="Sold",
    source="shop",
    account="999999999999",
    time=datetime(2026, 3, 6, 9, 0, 0, 123456, tzinfo=UTC),
    region="eu-west-1",
    resources=(),
    detail_text=json.dumps(DETAIL),
    tree=DETAIL,
)


class Numbered(PendingDelivery):
    """A delivery with ids that are easy to read."""

    __slots__ = ()

    def new_id(self) -> str:
        return "00000000-0000-0000-0000-000000000001"


def pending(params: dict[str, Any], event: Event = EVENT, transformed: str | None = None) -> PendingDelivery:
    target = Target(params["Id"], params["Arn"], params)
    return Numbered(1, event, RULE, target, ACCOUNT, REGION, NOON, NOON, transformed)


def handed_over(case: dict[str, Any]) -> PendingDelivery:
    """What a delivery would hand to the kind: the event and what the target's input makes of it."""
    event, params = changed(EVENT, **case.get("event", {})), case["target"]
    if not {"Input", "InputPath", "InputTransformer"} & params.keys():
        return pending(params, event)
    context = InputContext(RULE.arn, RULE.name, NOON)
    return pending(params, event, compile_input(params).payload(event.text, event.envelope, context))


def kind_at(arn: str) -> TargetKind:
    kind = kind_of(arn)
    assert kind is not None
    return kind


def request_of(params: dict[str, Any], handing: PendingDelivery) -> AwsRequest:
    make = kind_at(params["Arn"]).request
    assert make is not None
    return make(handing)


def written_out(value: Any) -> Any:
    if isinstance(value, list):
        return [written_out(inner) for inner in value]
    if not isinstance(value, dict):
        return EVENT.text if value == "@event" else value
    if "$bytes" in value:
        return written_out(value["$bytes"]).encode()
    if "$time" in value:
        return datetime.fromisoformat(value["$time"]).replace(microsecond=EVENT.time.microsecond)
    return {key: written_out(inner) for key, inner in value.items()}


@functools.cache
def input_shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


def mistakes(request: AwsRequest) -> str:
    """What botocore would say of the request before sending it, empty when nothing."""
    report = ParamValidator().validate(dict(request.params), input_shape(request.service, request.operation))
    return str(report.generate_report())


@pytest.mark.parametrize("case", [case for case in CASES if "request" in case], ids=lambda case: case["name"])
def test_request(case: dict[str, Any]) -> None:
    """The target, which PutTargets takes, makes exactly this request, and botocore's model of the service takes it."""
    wanted = case["request"]
    check_target(case["target"], HERE)
    request = request_of(case["target"], handed_over(case))
    assert request == AwsRequest(
        wanted["service"],
        wanted["operation"],
        written_out(wanted["params"]),
        wanted.get("account", ACCOUNT),
        wanted.get("region", REGION),
    )
    assert not mistakes(request)


@pytest.mark.parametrize("case", [case for case in CASES if "fails" in case], ids=lambda case: case["name"])
def test_no_request(case: dict[str, Any]) -> None:
    """The event makes no valid request of this target, and trying again would not help."""
    check_target(case["target"], HERE)
    if kind_at(case["target"]["Arn"]).unsupported:
        return  # whatever the event; tests/delivery/test_route.py has its end
    with pytest.raises(AttemptFailed) as failed:
        request_of(case["target"], handed_over(case))
    assert (failed.value.code, failed.value.retry) == (case["fails"], False)


@pytest.mark.parametrize("length", [254, 255])
def test_a_partition_key_has_a_longest_length(length: int) -> None:
    """Its quotes count: 256 characters are sent, and one more makes no valid request."""
    target = next(case["target"] for case in CASES if case["name"] == "kinesis_key_string")
    tree = {"customer": "m" * length}
    made = pending(target, changed(EVENT, detail_text=json.dumps(tree), tree=tree))
    if length == 254:
        assert len(request_of(target, made).params["PartitionKey"]) == 256
        return
    with pytest.raises(AttemptFailed, match="at most 256 characters"):
        request_of(target, made)


def test_every_kind_has_a_case() -> None:
    """A kind that makes requests is tried at least once, through the client it names."""
    made = {(kind_at(case["target"]["Arn"]).name, case["request"]["service"]) for case in CASES if "request" in case}
    assert made == {(kind.name, kind.client) for kind in KINDS if kind.client and kind.request}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_says_who_takes_the_event(kind: TargetKind) -> None:
    """Either it makes requests of an AWS service, or somebody else knows what to do."""
    assert (kind.way == "api") == (kind.client is not None)
    assert kind.way != "api" or (kind.request is None) == bool(kind.unsupported)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
#: Members that some kind looks for in what a target's input made.
MEMBERS = st.sampled_from(
    [
        "timestamp",
        "message",
        "containerOverrides",
        "ContainerOverrides",
        "DependsOn",
        "Parameters",
        "buildType",
        "sourceVersion",
        "sourceRevisions",
        "variables",
        "DocumentName",
        "operationalData",
        "title",
    ]
)
INPUTS = st.none() | st.text() | st.builds(json.dumps, JSON | st.dictionaries(MEMBERS, JSON, max_size=4))
EVENTS = st.builds(
    lambda detail, trace: changed(EVENT, detail_text=json.dumps(detail), tree=detail, trace_header=trace),
    st.dictionaries(st.sampled_from(sorted(DETAIL)), JSON, max_size=4),
    st.none() | st.text(min_size=1),
)


@given(st.sampled_from(CASES), EVENTS, INPUTS)
@example(CASES[0], EVENT, '"\ud800"')
def test_a_valid_request_or_a_failed_attempt(case: dict[str, Any], event: Event, transformed: str | None) -> None:
    """Whatever the event holds and the input makes of it: no other exception, and nothing botocore would refuse."""
    if kind_at(case["target"]["Arn"]).unsupported:
        return
    try:
        request = request_of(case["target"], pending(case["target"], event, transformed))
    except AttemptFailed:
        return
    assert not mistakes(request)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
@pytest.mark.parametrize(
    "event", [EVENT, changed(EVENT, detail_text="{}", tree={}, trace_header="Root=1")], ids=["", "{}"]
)
def test_what_is_not_written_beforehand_is_always_valid(case: dict[str, Any], event: Event) -> None:
    """A request that is written only when somebody receives it cannot turn out to be invalid then."""
    params = case["target"]
    made = compile_input(params) if {"Input", "InputPath", "InputTransformer"} & params.keys() else None
    target = Target(params["Id"], params["Arn"], params, made)
    destination = destination_of(target)
    if not destination.takes_all:
        return
    transformed = None if made is None else "any text"
    assert destination.write is not None
    request = destination.write(Numbered(1, event, RULE, target, ACCOUNT, REGION, NOON, NOON, transformed))
    assert isinstance(request, AwsRequest) and not mistakes(request)


def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    """Such a character has no bytes; the record keeps everything around it."""
    params = {"Id": "t", "Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"}
    assert request_of(params, pending(params, transformed='"a\ud800b"')).params["Payload"] == b'"a?b"'


APPSYNC = {
    "Id": "t",
    "Arn": f"arn:aws:appsync:{REGION}:{ACCOUNT}:endpoints/graphql-api/abc",
    "AppSyncParameters": {"GraphQLOperation": "mutation M { m }"},
}


def test_graphql_request() -> None:
    """AppSync gets the operation with the payload as its variables, at the API's own host."""
    request = graphql_request(pending(APPSYNC, transformed='{"who": "mia"}'))
    assert (request.method, request.url) == ("POST", "https://abc.appsync-api.us-east-1.amazonaws.com/graphql")
    assert request.headers == {"Content-Type": "application/json"}
    assert json.loads(request.body) == {"query": "mutation M { m }", "variables": {"who": "mia"}}
    assert json.loads(graphql_request(pending(APPSYNC)).body)["variables"] == EVENT.envelope


@pytest.mark.parametrize("text", ["[]", '"text"', "", "{"])
def test_graphql_variables_are_an_object(text: str) -> None:
    """Anything else makes no request."""
    with pytest.raises(AttemptFailed) as failed:
        graphql_request(pending(APPSYNC, transformed=text))
    assert failed.value.code == "INVALID_PARAMETER"
