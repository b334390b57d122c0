"""What PutTargets takes and refuses about a target, by data, and the way from an ARN to its kind."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.delivery.kinds import KINDS, RuleScope, check_target, kind_of, stored
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.arn import parse_arn

FOLDER = Path(__file__).parents[2] / "cases" / "targets"
CASES = json.loads((FOLDER / "admission.json").read_text("utf-8"))
REQUESTS = json.loads((FOLDER / "requests.json").read_text("utf-8"))
HERE = RuleScope("123456789012", "us-east-1", "default", "123456789012")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_admission(case: dict[str, Any]) -> None:
    """The target is taken, or refused in exactly these words."""
    refusal = None
    try:
        check_target(case["target"], HERE._replace(**case.get("at", {})))
    except ServiceError as refused:
        refusal = (refused.code, refused.message)
    wanted = case.get("refused")
    assert refusal == (None if wanted is None else (case.get("code", "ValidationException"), wanted))


def test_every_kind_is_taken_and_refused() -> None:
    """Each kind that users may put has a target that is taken, and each that needs a role one that is refused."""
    taken = {kind_of(case["target"]["Arn"]) for case in CASES + REQUESTS if "refused" not in case}
    refused = {kind_of(case["target"]["Arn"]) for case in CASES if "refused" in case}
    assert {kind.name for kind in KINDS if kind not in taken} == {"archive"}
    assert {kind.name for kind in KINDS if kind not in refused and kind.role == "required"} == set()


@pytest.mark.parametrize("case", REQUESTS, ids=lambda case: case["name"])
def test_an_arn_has_one_kind(case: dict[str, Any]) -> None:
    """No other kind recognises it, so the order of the table matters for nothing but FIFO queues and topics."""
    arn = parse_arn(case["target"]["Arn"])
    assert arn is not None
    names = [kind.name for kind in KINDS if kind.service == arn.service and kind.recognises(arn)]
    standard = {"SQS FIFO queue": ["SQS queue"], "SNS FIFO topic": ["SNS topic"]}
    assert names[1:] == standard.get(names[0], [])


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:events:us-east-1:::", "archive"),
        ("arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:f", "Lambda function"),
        ("arn:aws:events:us-east-1:123456789012:event-bus/aws.partner/shop.example/1", "event bus"),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/$default/*/a/*/b", "API Gateway API"),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/test/GET", "API Gateway API"),
        ("arn:aws:logs:us-east-1:123456789012:log-group:/aws/events/a.b-c_d#1:*", "CloudWatch Logs group"),
        ("arn:aws:events:us-east-1:123456789012:rule/r", None),
        ("arn:aws:execute-api:us-east-1:123456789012:abc123/test", None),
        ("arn:aws:lambda:us-east-1:123456789012:function:", None),
        ("queue", None),
        ("", None),
    ],
)
def test_kind_of(arn: str, name: str | None) -> None:
    """Unusual forms of ARN find their kind, and what is no target finds none."""
    kind = kind_of(arn)
    assert (kind and kind.name) == name


@given(st.text() | st.builds("arn:aws:{}:us-east-1:123456789012:{}".format, st.text(), st.text()))
def test_any_text_is_an_arn_or_refused(text: str) -> None:
    """Whatever stands in Arn, there is a verdict in AWS's manner."""
    try:
        check_target({"Id": "t", "Arn": text}, HERE)
    except ServiceError as refused:
        assert refused.code == "ValidationException"
    else:
        assert kind_of(text) is not None


def test_stored_leaves_other_targets_alone() -> None:
    """Only members that have defaults are completed, and what was given stays."""
    plain = {"Id": "t", "Arn": "arn:aws:lambda:us-east-1:123456789012:function:f"}
    assert stored(plain) is plain
    task = {"Id": "t", "Arn": "arn:aws:ecs:us-east-1:123456789012:cluster/c", "EcsParameters": {"TaskCount": 3}}
    assert stored(task)["EcsParameters"] == {
        "TaskCount": 3,
        "EnableECSManagedTags": False,
        "EnableExecuteCommand": False,
    }
    assert task["EcsParameters"] == {"TaskCount": 3}
    providers = [{"capacityProvider": "FARGATE", "weight": 1}, {"capacityProvider": "SPOT", "base": 2}]
    given = {**task, "EcsParameters": {"CapacityProviderStrategy": providers}}
    assert stored(given)["EcsParameters"]["CapacityProviderStrategy"] == [
        {"capacityProvider": "FARGATE", "weight": 1, "base": 0},
        {"capacityProvider": "SPOT", "weight": 0, "base": 2},
    ]
    assert providers[0] == {"capacityProvider": "FARGATE", "weight": 1}
