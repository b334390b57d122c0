"""What resources will be called once they are deployed: physical names, ARNs, and what ``Ref`` and ``GetAtt`` give.

``RESOURCE_KINDS`` is the table of the types that rules, targets and patterns refer to. Names and ids that AWS makes up
at creation are made up here from the stack and the logical id, so that every run gives the same ones. Sources are
loaded where the mock is: ARNs that a source has for another account and Region of its own are moved there.

Sources: the pages of the types in the CloudFormation Template Reference, sections "Return values"; ARN formats from the
Service Authorization Reference.
"""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from eventbridge_local.iac.values import Environment
from eventbridge_local.model import arn as arns
from eventbridge_local.model.arn import Arn, domain_of, parse_arn, partition_of, queue_url

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})


class ResourceKind(NamedTuple):
    """How resources of one type are called.

    The formats may use ``{partition} {region} {account} {dns}``, ``{name}``, ``{queue_url}``, ``{id}``, ``{short}`` and
    ``{uuid}`` for ids that AWS makes up at creation, and, after the ARN, ``{arn}`` and ``{ref}`` (what ``Ref`` gives).

    Args:
        arn: format of the ARN.
        name: the property that holds the name; empty when there is none and AWS makes the name up.
        ref: format of what ``Ref`` gives.
        attributes: formats of what ``GetAtt`` gives, besides ``Arn``.
        longest: greatest length of a made-up name.
        lower: whether made-up names are in small letters.
        dead_letter: where among the properties the ARN of a dead-letter queue is.
    """

    arn: str
    name: str
    ref: str = "{name}"
    attributes: Mapping[str, str] = _NO_ATTRIBUTES
    longest: int = 64
    lower: bool = False
    dead_letter: tuple[str, ...] = ()


class FormatFields(dict[str, str]):
    """Values for formats, to be used with ``format_map``. Ids that AWS makes up are made when a format asks for one.

    Args:
        known: the other values.
        seed: what made-up ids depend on.
    """

    def __init__(self, known: Mapping[str, str], seed: tuple[str, ...]) -> None:
        super().__init__(known)
        self._seed = seed

    def __missing__(self, name: str) -> str:
        made = self[name] = _MADE_UP[name](self._seed)
        return made


def format_fields(kind: ResourceKind, name: str, seed: tuple[str, ...], environment: Environment) -> FormatFields:
    """Return the values for the formats of a kind, ``arn`` included.

    Args:
        kind: the kind of the resource.
        name: its physical name.
        seed: what made-up ids depend on, such as the stack and the logical id.
        environment: the account and Region it is in.
    """
    partition = partition_of(environment.region)
    known = {
        "partition": partition,
        "region": environment.region,
        "account": environment.account,
        "dns": domain_of(partition),
        "queue_url": queue_url(Arn(partition, "sqs", environment.region, environment.account, name)),
        "name": name,
    }
    fields = FormatFields(known, seed)
    fields["arn"] = kind.arn.format_map(fields)
    return fields


def function_arn(name: str, environment: Environment) -> str:
    """Return the ARN of a Lambda function of that name or ARN."""
    if parse_arn(name):
        return name
    return arns.function_arn(name, environment.account, environment.region)


# names that AWS makes up


def suffix(*parts: str, length: int = 12) -> str:
    """Return capital letters and digits that look random and depend on ``parts`` only."""
    return base64.b32encode(hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest())[
        :length
    ].decode()


def made_up_uuid(*parts: str) -> str:
    """Return an id in the form of a UUID that depends on ``parts`` only."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(parts)))


_MADE_UP: Mapping[str, Callable[[tuple[str, ...]], str]] = {
    "id": lambda seed: suffix(*seed, length=10).lower(),
    "short": lambda seed: suffix(*seed, length=6),
    "uuid": lambda seed: made_up_uuid(*seed),
}


def physical_name(stack: str, logical_id: str, *, longest: int = 64, ending: str = "") -> str:
    """Return ``stack-LogicalId-SUFFIX``, as CloudFormation names a resource without a name of its own.

    Where that is longer than ``longest``, the stack is cut first, down to half of the room, then the logical id. How
    CloudFormation divides the room is not documented.

    Args:
        longest: the greatest length the service allows.
        ending: what the name must end with, such as ``.fifo``.
    """
    tail = "-" + suffix(stack, logical_id) + ending
    room = longest - len(tail) - 1
    stack_part = stack[: max(room - len(logical_id), room // 2)]
    return f"{stack_part}-{logical_id[: room - len(stack_part)]}{tail}"


def stack_name(text: str) -> str:
    """Return ``text`` in the form of a stack's name: letters, digits and hyphens, a letter first."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")


# sources that were made for another account and Region


def environment_of(arns: Iterable[Any]) -> Environment | None:
    """Return the account and Region of most of ``arns``; None when there is no ARN among them."""
    parsed = [parse_arn(arn) for arn in arns if isinstance(arn, str)]
    scopes = Counter(Environment(arn.account, arn.region) for arn in parsed if arn is not None)
    return scopes.most_common(1)[0][0] if scopes else None


def moved(value: Any, made_for: Environment | None, to: Environment) -> Any:
    """Return ``value`` with every ARN of the environment it was made for rewritten to the environment ``to``.

    What a template says with pseudo parameters needs no rewriting; a Terraform state, and a stack of CDK with an
    explicit environment, have the ARNs of their own account and Region as text. ARNs of other accounts and Regions
    stay as they are; ARNs without a Region, such as a role's, move with the account.
    """
    if made_for is None or made_for == to:
        return value
    account, region = re.escape(made_for.account), re.escape(made_for.region)
    pattern = re.compile(rf"\barn:[\w-]+:([\w-]+):({region}|):{account}:")

    def rewrite(found: re.Match[str]) -> str:
        return str(Arn(partition_of(to.region), found[1], to.region if found[2] else "", to.account, ""))

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: walk(inner) for key, inner in node.items()}
        if isinstance(node, list):
            return [walk(inner) for inner in node]
        return pattern.sub(rewrite, node) if isinstance(node, str) and "arn:" in node else node

    return walk(value)


# the table


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


_FUNCTION = ResourceKind(
    _arn("lambda", "function:{name}"), "FunctionName", dead_letter=("DeadLetterConfig", "TargetArn")
)
_MACHINE = ResourceKind(_arn("states", "stateMachine:{name}"), "StateMachineName", "{arn}", {"Name": "{name}"}, 80)
_TABLE = ResourceKind(_arn("dynamodb", "table/{name}"), "TableName", longest=255)

RESOURCE_KINDS: Mapping[str, ResourceKind] = {
    "AWS::Events::EventBus": ResourceKind(_arn("events", "event-bus/{name}"), "Name", attributes={"Name": "{name}"}),
    "AWS::Events::Archive": ResourceKind(
        _arn("events", "archive/{name}"), "ArchiveName", attributes={"ArchiveName": "{name}"}, longest=48
    ),
    "AWS::Events::Connection": ResourceKind(_arn("events", "connection/{name}/{uuid}"), "Name"),
    "AWS::Events::ApiDestination": ResourceKind(
        _arn("events", "api-destination/{name}/{uuid}"),
        "Name",
        attributes={"ArnForPolicy": _arn("events", "api-destination/{name}")},
    ),
    "AWS::Events::Endpoint": ResourceKind(_arn("events", "endpoint/{name}"), "Name"),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Serverless::Function": _FUNCTION._replace(dead_letter=("DeadLetterQueue", "TargetArn")),
    "AWS::SQS::Queue": ResourceKind(
        _arn("sqs", "{name}"),
        "QueueName",
        "{queue_url}",
        {"QueueName": "{name}", "QueueUrl": "{ref}"},
        80,
        dead_letter=("RedrivePolicy", "deadLetterTargetArn"),
    ),
    "AWS::SNS::Topic": ResourceKind(
        _arn("sns", "{name}"), "TopicName", "{arn}", {"TopicName": "{name}", "TopicArn": "{arn}"}, 256
    ),
    "AWS::Logs::LogGroup": ResourceKind(_arn("logs", "log-group:{name}:*"), "LogGroupName", longest=512),
    "AWS::StepFunctions::StateMachine": _MACHINE,
    "AWS::Serverless::StateMachine": _MACHINE._replace(name="Name"),
    "AWS::StepFunctions::Activity": ResourceKind(
        _arn("states", "activity:{name}"), "Name", "{arn}", {"Name": "{name}"}, 80
    ),
    "AWS::Kinesis::Stream": ResourceKind(_arn("kinesis", "stream/{name}"), "Name", longest=128),
    "AWS::KinesisFirehose::DeliveryStream": ResourceKind(
        _arn("firehose", "deliverystream/{name}"), "DeliveryStreamName"
    ),
    "AWS::ECS::Cluster": ResourceKind(_arn("ecs", "cluster/{name}"), "ClusterName", longest=255),
    "AWS::ECS::TaskDefinition": ResourceKind(
        _arn("ecs", "task-definition/{name}:1"), "Family", "{arn}", {"TaskDefinitionArn": "{arn}"}, 255
    ),
    "AWS::Batch::JobQueue": ResourceKind(
        _arn("batch", "job-queue/{name}"), "JobQueueName", "{arn}", {"JobQueueArn": "{arn}"}, 128
    ),
    "AWS::Batch::JobDefinition": ResourceKind(
        _arn("batch", "job-definition/{name}:1"), "JobDefinitionName", "{arn}", {"JobDefinitionArn": "{arn}"}, 128
    ),
    "AWS::CodeBuild::Project": ResourceKind(_arn("codebuild", "project/{name}"), "Name", longest=255),
    "AWS::CodePipeline::Pipeline": ResourceKind(_arn("codepipeline", "{name}"), "Name", longest=100),
    "AWS::CodeCommit::Repository": ResourceKind(
        _arn("codecommit", "{name}"), "RepositoryName", "{id}", {"Name": "{name}"}, longest=100
    ),
    "AWS::ECR::Repository": ResourceKind(_arn("ecr", "repository/{name}"), "RepositoryName", longest=256, lower=True),
    "AWS::Glue::Workflow": ResourceKind(_arn("glue", "workflow/{name}"), "Name", longest=255),
    "AWS::Glue::Job": ResourceKind(_arn("glue", "job/{name}"), "Name", longest=255),
    "AWS::SageMaker::Pipeline": ResourceKind(
        _arn("sagemaker", "pipeline/{name}"), "PipelineName", longest=256, lower=True
    ),
    "AWS::Redshift::Cluster": ResourceKind(
        _arn("redshift", "cluster:{name}"), "ClusterIdentifier", longest=63, lower=True
    ),
    "AWS::RedshiftServerless::Workgroup": ResourceKind(_arn("redshift-serverless", "workgroup/{id}"), "WorkgroupName"),
    "AWS::SSM::Document": ResourceKind(_arn("ssm", "document/{name}"), "Name", longest=128),
    "AWS::IAM::Role": ResourceKind(
        "arn:{partition}:iam::{account}:role/{name}", "RoleName", attributes={"RoleId": "AROA{id}"}
    ),
    "AWS::IAM::User": ResourceKind("arn:{partition}:iam::{account}:user/{name}", "UserName"),
    "AWS::KMS::Key": ResourceKind(_arn("kms", "key/{name}"), "", attributes={"KeyId": "{name}"}),
    "AWS::KMS::Alias": ResourceKind(_arn("kms", "{name}"), "AliasName"),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::S3::Bucket": ResourceKind(
        "arn:{partition}:s3:::{name}",
        "BucketName",
        attributes={
            "DomainName": "{name}.s3.{dns}",
            "RegionalDomainName": "{name}.s3.{region}.{dns}",
        },
        longest=63,
        lower=True,
    ),
    "AWS::ApiGateway::RestApi": ResourceKind(
        "arn:{partition}:apigateway:{region}::/restapis/{id}", "Name", "{id}", {"RestApiId": "{id}"}
    ),
    "AWS::Serverless::Api": ResourceKind("arn:{partition}:apigateway:{region}::/restapis/{id}", "Name", "{id}"),
    "AWS::ApiGatewayV2::Api": ResourceKind(
        "arn:{partition}:apigateway:{region}::/apis/{id}",
        "Name",
        "{id}",
        {"ApiId": "{id}", "ApiEndpoint": "https://{id}.execute-api.{region}.{dns}"},
    ),
    "AWS::Serverless::HttpApi": ResourceKind("arn:{partition}:apigateway:{region}::/apis/{id}", "Name", "{id}"),
    "AWS::AppSync::GraphQLApi": ResourceKind(_arn("appsync", "apis/{id}"), "Name", "{arn}", {"ApiId": "{id}"}),
    "AWS::SecretsManager::Secret": ResourceKind(
        _arn("secretsmanager", "secret:{name}-{short}"), "Name", "{arn}", {"Id": "{arn}"}, 500
    ),
    "AWS::SSM::Parameter": ResourceKind(_arn("ssm", "parameter/{name}"), "Name", longest=1011),
    "AWS::CloudWatch::Alarm": ResourceKind(_arn("cloudwatch", "alarm:{name}"), "AlarmName", longest=255),
    "AWS::Route53::HealthCheck": ResourceKind(
        "arn:{partition}:route53:::healthcheck/{name}", "", attributes={"Id": "{name}"}
    ),
    "AWS::EC2::Instance": ResourceKind(_arn("ec2", "instance/i-{id}"), "", "i-{id}", {"InstanceId": "i-{id}"}),
}
