"""The policies of the queues, topics, functions and log groups that moto has in this process.

They are read when a mock ends, through the calls that users make themselves, and only of targets that rules have. moto
answers within the process, so nothing is sent anywhere. What moto cannot tell is left out, and so not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from eventbridge_local.delivery.forward import moto_client
from eventbridge_local.model.arn import Arn, parse_arn
from eventbridge_local.moto_insides import moto_is_active, was_asked
from eventbridge_local.policies.access import Permissions, resource_of, statements_in
from eventbridge_local.policies.conditions import UNREAD


def permissions_in_moto(arns: Iterable[str]) -> Permissions:
    """Return the policies of those of the resources that moto has; of none where moto is not active."""
    found: dict[str, list[Any]] = {}
    stacks: dict[tuple[str, str], str] = {}
    for text in arns if moto_is_active() else ():
        arn = parse_arn(text)
        read = None if arn is None else _READERS.get(arn.service)
        if arn is None or read is None or not was_asked(arn.service):
            continue
        statements = _read(read, arn)
        if statements is None:
            continue
        scope = arn.account, arn.region
        if scope not in stacks:
            stacks[scope] = _stacks(*scope)
        doubts = [UNREAD for name, service in _NOT_MADE if service == arn.service and name in stacks[scope]]
        found.setdefault(resource_of(text), []).extend([*statements, *doubts])
    return Permissions(found)


#: What stacks of moto may declare and moto does not make (5.2), and the service whose policies it changes.
_NOT_MADE = (
    ("AWS::SQS::QueuePolicy", "sqs"),
    ("AWS::SQS::QueueInlinePolicy", "sqs"),
    ("AWS::SNS::TopicPolicy", "sns"),
    ("AWS::SNS::TopicInlinePolicy", "sns"),
    ("setQueueAttributes", "sqs"),
    ("setTopicAttributes", "sns"),
    ("addPermission", "lambda"),
    ("putResourcePolicy", "logs"),
)


def _stacks(account: str, region: str) -> str:
    """Return the templates of all stacks in moto; nothing where CloudFormation was never called."""
    if not was_asked("cloudformation"):
        return ""
    try:
        client = moto_client("cloudformation", account, region)
        names = [stack["StackName"] for stack in client.describe_stacks()["Stacks"]]
        return "".join(str(client.get_template(StackName=name)["TemplateBody"]) for name in names)
    except Exception:
        return ""


def _read(read: Callable[[Any, Arn], list[Any] | None], arn: Arn) -> list[Any] | None:
    try:
        return read(moto_client(arn.service, arn.account, arn.region), arn)
    except Exception:
        return None  # moto does not have it, or not this part of the service


def _queue(client: Any, arn: Arn) -> list[Any]:
    url = client.get_queue_url(QueueName=arn.resource, QueueOwnerAWSAccountId=arn.account)["QueueUrl"]
    return _in_attributes(client.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]))


def _topic(client: Any, arn: Arn) -> list[Any]:
    return _in_attributes(client.get_topic_attributes(TopicArn=str(arn)))


def _in_attributes(answer: Mapping[str, Any]) -> list[Any]:
    policy = answer.get("Attributes", {}).get("Policy")
    return statements_in(policy) if policy else []


def _function(client: Any, arn: Arn) -> list[Any]:
    _, name, *qualifier = arn.resource.split(":")
    named = {"FunctionName": name, **({"Qualifier": qualifier[0]} if qualifier else {})}
    client.get_function(**named)
    found = []
    for each in (named, {"FunctionName": name}) if qualifier else (named,):
        try:
            found += statements_in(client.get_policy(**each)["Policy"])
        except client.exceptions.ResourceNotFoundException:
            continue  # it has no policy
    return found


def _log_group(client: Any, arn: Arn) -> list[Any] | None:
    name = arn.resource.removeprefix("log-group:").removesuffix(":*")
    groups = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    if not any(group["logGroupName"] == name for group in groups):
        return None
    policies = client.describe_resource_policies()["resourcePolicies"]
    return [statement for policy in policies for statement in statements_in(policy["policyDocument"])]


_READERS: Mapping[str, Callable[[Any, Arn], list[Any] | None]] = {
    "sqs": _queue,
    "sns": _topic,
    "lambda": _function,
    "logs": _log_group,
}
