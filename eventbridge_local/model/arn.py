"""Amazon Resource Names: reading and writing them, and the names people use for what an ARN points to."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
)


class Arn(NamedTuple):
    """The six parts of an ARN; ``resource`` keeps everything behind the account."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return f"arn:{self.partition}:{self.service}:{self.region}:{self.account}:{self.resource}"


@lru_cache(maxsize=8192)
def parse_arn(text: str) -> Arn | None:
    """Return the parts of ``text``, None unless its form is ``arn:partition:service:region:account:resource``."""
    parts = text.split(":", 5)
    if len(parts) != 6 or parts[0] != "arn" or not parts[1] or not parts[2]:
        return None
    return Arn(*parts[1:])


def partition_of(region: str) -> str:
    """Return the partition a Region belongs to: ``aws``, ``aws-cn``, ``aws-us-gov``..."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


def is_role_arn(text: str) -> bool:
    """Return whether a text is the ARN of an IAM role, such as ``arn:aws:iam::123456789012:role/events``."""
    arn = parse_arn(text)
    return arn is not None and arn.service == "iam" and re.fullmatch("role/.+", arn.resource) is not None


def events_arn(region: str, account: str, resource: str) -> str:
    """Return the ARN of a resource of EventBridge, such as ``event-bus/orders``."""
    return f"arn:{partition_of(region)}:events:{region}:{account}:{resource}"


def rule_resource(bus: str, rule: str) -> str:
    """Return the last part of a rule's ARN; the default bus is not named in it (recorded, facts 1.7)."""
    return f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"


def split_rule_resource(resource: str) -> tuple[str, str]:
    """Return bus and rule of ``rule/RULE`` or ``rule/BUS/RULE``. A partner bus has slashes of its own, a rule never."""
    bus, slash, rule = resource.removeprefix("rule/").rpartition("/")
    return (bus if slash else "default", rule)


# keys of KMS


# Texts, because few tests name a key, and a mock imports this module.
_KEY_ID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32}"
_KEY_RESOURCE = rf"key/({_KEY_ID})|alias/(?!aws/)[a-zA-Z0-9_/-]+"


def key_arn(identifier: str, account: str, region: str) -> str | None:
    """Return the ARN of a customer managed key that an id, an alias or an ARN names; None for any other text.

    A key of AWS (``alias/aws/...``) is none of a customer's (captured, facts 2.8). Whether the key exists is not asked.
    """
    partition = partition_of(region)
    arn = parse_arn(identifier)
    if arn is None:
        resource = f"key/{identifier}" if re.fullmatch(_KEY_ID, identifier) else identifier
        arn = Arn(partition, "kms", region, account, resource)
    whole = arn.partition == partition and arn.service == "kms" and arn.region and arn.account
    return str(arn) if whole and re.fullmatch(_KEY_RESOURCE, arn.resource) else None


# the hosts of services


_DOMAINS = {"aws-cn": "amazonaws.com.cn"}


def domain_of(partition: str) -> str:
    """Return the domain that the hosts of a partition's services end in, CloudFormation's ``AWS::URLSuffix``."""
    return _DOMAINS.get(partition, "amazonaws.com")


def queue_url(arn: Arn) -> str:
    """Return the URL of the SQS queue of that ARN, as SendMessage takes it."""
    return f"https://sqs.{arn.region}.{domain_of(arn.partition)}/{arn.account}/{arn.resource}"


# names people use instead of an ARN


@lru_cache(maxsize=8192)
def names_of(arn: str) -> tuple[str, ...]:
    """Return all names of what ``arn`` points to: the ARN itself, and the bare name of the resource.

    A function is found without its alias, a log group with and without the ``:*`` that IAM writes behind it.
    """
    parsed = parse_arn(arn)
    if parsed is None:
        return (arn,)
    resource = parsed.resource.removesuffix(":*")
    kind, separator, rest = resource.partition(":")
    if kind == "function" and separator:
        name = rest.partition(":")[0]
        return (arn, arn.rpartition(":")[0] if ":" in rest else arn, rest, name)
    if separator:
        return (arn, arn.removesuffix(":*"), resource, rest)
    if resource.startswith(("api-destination/", "connection/")):
        return (arn, resource, resource.partition("/")[2], resource.split("/")[1])  # an id stands behind the name
    return (arn, resource, resource.partition("/")[2] or resource, resource.rpartition("/")[2])


def function_arn(name: str, account: str, region: str) -> str:
    """Return the ARN of a Lambda function of that name."""
    return f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{name}"
