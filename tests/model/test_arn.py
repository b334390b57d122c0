"""ARNs: read and written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.model.arn import Arn, events_arn, parse_arn, partition_of, rule_resource, split_rule_resource

PART = st.text(st.characters(codec="ascii", exclude_characters=":"), min_size=1, max_size=10)
NAME = st.text("abcXYZ019._-", min_size=1, max_size=10)


@given(PART, PART, PART, PART, st.text(max_size=20))
def test_written_and_read(partition: str, service: str, region: str, account: str, resource: str) -> None:
    """An ARN that is written and read again is the same; the resource may hold colons and slashes."""
    arn = Arn(partition, service, region, account, resource)
    assert parse_arn(str(arn)) == arn


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("arn:aws:s3:::bucket/key", Arn("aws", "s3", "", "", "bucket/key")),
        ("arn:aws:lambda:us-east-1:1:function:f:live", Arn("aws", "lambda", "us-east-1", "1", "function:f:live")),
        ("arn:aws-cn:events:cn-north-1:1:rule/a/b", Arn("aws-cn", "events", "cn-north-1", "1", "rule/a/b")),
    ],
)
def test_read(text: str, parts: Arn) -> None:
    """Region and account may be empty; everything behind the account is the resource."""
    assert parse_arn(text) == parts


@pytest.mark.parametrize(
    "text",
    ["", "shop", "arn", "arn:aws:sqs", "arn:aws:sqs:us-east-1:1", "ARN:aws:sqs:::q", "arn::sqs:::q", "arn:aws::::q"],
)
def test_no_arn(text: str) -> None:
    """Too few parts, another prefix, or no partition or service."""
    assert parse_arn(text) is None


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-central-1", "aws"),
        ("mx-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_partition_of_a_region(region: str, partition: str) -> None:
    """A Region is in the partition that botocore's partitions file says."""
    assert partition_of(region) == partition
    assert events_arn(region, "1", "event-bus/b") == f"arn:{partition}:events:{region}:1:event-bus/b"


def test_rules_of_the_default_bus_do_not_name_it() -> None:
    """``rule/RULE`` on the default bus, ``rule/BUS/RULE`` on every other (recorded)."""
    assert rule_resource("default", "r") == "rule/r"
    assert rule_resource("shop", "r") == "rule/shop/r"
    assert rule_resource("aws.partner/a/b", "r") == "rule/aws.partner/a/b/r"


@given(st.lists(NAME, min_size=1, max_size=3).map("/".join), NAME)
def test_bus_and_rule_are_found_again(bus: str, rule: str) -> None:
    """The resource of a rule tells its bus and its name, partner buses with slashes included."""
    assert split_rule_resource(rule_resource(bus, rule)) == (bus, rule)
