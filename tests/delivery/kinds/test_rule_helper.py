"""``eb.rule(to=...)`` with ARNs of targets that need a role."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.errors import ServiceError

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:flow"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:orders"


def targets_of(rule: str) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = boto3.client("events", "us-east-1").list_targets_by_rule(Rule=rule)["Targets"]
    return shown


def test_a_target_that_needs_a_role_gets_one() -> None:
    """The helper is for tests of routing; only a target that AWS would refuse without a role is given one."""
    with mock_eventbridge(region="us-east-1") as eb:
        eb.rule("r", pattern={"source": ["shop"]}, to=[MACHINE, QUEUE])
        machine, queue = targets_of("r")
        assert machine["RoleArn"] == "arn:aws:iam::123456789012:role/events"
        assert queue == {"Id": "target-2", "Arn": QUEUE}
        eb.put("shop", "Sold")
        assert [delivery.target.arn for delivery in eb.deliveries] == [MACHINE, QUEUE]


def test_an_arn_that_is_no_target_is_refused() -> None:
    """What else AWS asks for stays asked for."""
    with mock_eventbridge() as eb, pytest.raises(ServiceError, match="is not a supported service"):
        eb.rule("r", pattern={"source": ["shop"]}, to="arn:aws:iam::123456789012:role/r")
