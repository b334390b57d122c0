"""What ``Ref`` and ``Fn::GetAtt`` give for resources that rules, targets and patterns refer to: one table.

Formats may use ``{partition} {region} {account} {dns}``, the ``{name}``, the ``{arn}``, ``{ref}`` for what ``Ref``
gives, and ``{id}``, letters that stand for an id AWS makes up at creation.
Source: the pages of the types in the CloudFormation Template Reference, sections "Return values"; ARN formats from the
Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

_NONE: Mapping[str, str] = MappingProxyType({})


class Kind(NamedTuple):
    """How resources of one type are called.

    Args:
        arn: format of the ARN.
        name: the property that holds the name; empty when there is none and the name is ``{id}``.
        ref: format of what ``Ref`` gives.
        attributes: formats of what ``GetAtt`` gives, besides ``Arn``.
        longest: greatest length of a made-up name.
        lower: whether made-up names are in small letters.
        dead_letter: where among the properties the ARN of a dead-letter queue stands.
    """

    arn: str
    name: str
    ref: str = "{name}"
    attributes: Mapping[str, str] = _NONE
    longest: int = 64
    lower: bool = False
    dead_letter: tuple[str, ...] = ()


def _arn(service: str, resource: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{resource}"


_FUNCTION = Kind(_arn("lambda", "function:{name}"), "FunctionName", dead_letter=("DeadLetterConfig", "TargetArn"))
_MACHINE = Kind(_arn("states", "stateMachine:{name}"), "StateMachineName", "{arn}", {"Name": "{name}"}, 80)
_TABLE = Kind(_arn("dynamodb", "table/{name}"), "TableName", longest=255)

KINDS: Mapping[str, Kind] = {
    "AWS::Events::EventBus": Kind(_arn("events", "event-bus/{name}"), "Name", attributes={"Name": "{name}"}),
    "AWS::Events::Archive": Kind(
        _arn("events", "archive/{name}"), "ArchiveName", attributes={"ArchiveName": "{name}"}, longest=48
    ),
    "AWS::Events::Connection": Kind(_arn("events", "connection/{name}/{uuid}"), "Name"),
    "AWS::Events::ApiDestination": Kind(
        _arn("events", "api-destination/{name}/{uuid}"),
        "Name",
        attributes={"ArnForPolicy": _arn("events", "api-destination/{name}")},
    ),
    "AWS::Events::Endpoint": Kind(_arn("events", "endpoint/{name}"), "Name"),
    "AWS::Lambda::Function": _FUNCTION,
    "AWS::Serverless::Function": _FUNCTION._replace(dead_letter=("DeadLetterQueue", "TargetArn")),
    "AWS::SQS::Queue": Kind(
        _arn("sqs", "{name}"),
        "QueueName",
        "https://sqs.{region}.{dns}/{account}/{name}",
        {"QueueName": "{name}", "QueueUrl": "{ref}"},
        80,
        dead_letter=("RedrivePolicy", "deadLetterTargetArn"),
    ),
    "AWS::SNS::Topic": Kind(
        _arn("sns", "{name}"), "TopicName", "{arn}", {"TopicName": "{name}", "TopicArn": "{arn}"}, 256
    ),
    "AWS::Logs::LogGroup": Kind(_arn("logs", "log-group:{name}:*"), "LogGroupName", longest=512),
    "AWS::StepFunctions::StateMachine": _MACHINE,
    "AWS::Serverless::StateMachine": _MACHINE._replace(name="Name"),
    "AWS::StepFunctions::Activity": Kind(_arn("states", "activity:{name}"), "Name", "{arn}", {"Name": "{name}"}, 80),
    "AWS::Kinesis::Stream": Kind(_arn("kinesis", "stream/{name}"), "Name", longest=128),
    "AWS::KinesisFirehose::DeliveryStream": Kind(_arn("firehose", "deliverystream/{name}"), "DeliveryStreamName"),
    "AWS::ECS::Cluster": Kind(_arn("ecs", "cluster/{name}"), "ClusterName", longest=255),
    "AWS::ECS::TaskDefinition": Kind(
        _arn("ecs", "task-definition/{name}:1"), "Family", "{arn}", {"TaskDefinitionArn": "{arn}"}, 255
    ),
    "AWS::Batch::JobQueue": Kind(
        _arn("batch", "job-queue/{name}"), "JobQueueName", "{arn}", {"JobQueueArn": "{arn}"}, 128
    ),
    "AWS::Batch::JobDefinition": Kind(
        _arn("batch", "job-definition/{name}:1"), "JobDefinitionName", "{arn}", {"JobDefinitionArn": "{arn}"}, 128
    ),
    "AWS::CodeBuild::Project": Kind(_arn("codebuild", "project/{name}"), "Name", longest=255),
    "AWS::CodePipeline::Pipeline": Kind(_arn("codepipeline", "{name}"), "Name", longest=100),
    "AWS::CodeCommit::Repository": Kind(
        _arn("codecommit", "{name}"), "RepositoryName", "{id}", {"Name": "{name}"}, longest=100
    ),
    "AWS::ECR::Repository": Kind(_arn("ecr", "repository/{name}"), "RepositoryName", longest=256, lower=True),
    "AWS::Glue::Workflow": Kind(_arn("glue", "workflow/{name}"), "Name", longest=255),
    "AWS::Glue::Job": Kind(_arn("glue", "job/{name}"), "Name", longest=255),
    "AWS::SageMaker::Pipeline": Kind(_arn("sagemaker", "pipeline/{name}"), "PipelineName", longest=256, lower=True),
    "AWS::Redshift::Cluster": Kind(_arn("redshift", "cluster:{name}"), "ClusterIdentifier", longest=63, lower=True),
    "AWS::RedshiftServerless::Workgroup": Kind(_arn("redshift-serverless", "workgroup/{id}"), "WorkgroupName"),
    "AWS::SSM::Document": Kind(_arn("ssm", "document/{name}"), "Name", longest=128),
    "AWS::IAM::Role": Kind("arn:{partition}:iam::{account}:role/{name}", "RoleName", attributes={"RoleId": "AROA{id}"}),
    "AWS::IAM::User": Kind("arn:{partition}:iam::{account}:user/{name}", "UserName"),
    "AWS::KMS::Key": Kind(_arn("kms", "key/{name}"), "", attributes={"KeyId": "{name}"}),
    "AWS::KMS::Alias": Kind(_arn("kms", "{name}"), "AliasName"),
    "AWS::DynamoDB::Table": _TABLE,
    "AWS::DynamoDB::GlobalTable": _TABLE,
    "AWS::Serverless::SimpleTable": _TABLE,
    "AWS::S3::Bucket": Kind(
        "arn:{partition}:s3:::{name}",
        "BucketName",
        attributes={
            "DomainName": "{name}.s3.{dns}",
            "RegionalDomainName": "{name}.s3.{region}.{dns}",
        },
        longest=63,
        lower=True,
    ),
    "AWS::ApiGateway::RestApi": Kind(
        "arn:{partition}:apigateway:{region}::/restapis/{id}", "Name", "{id}", {"RestApiId": "{id}"}
    ),
    "AWS::Serverless::Api": Kind("arn:{partition}:apigateway:{region}::/restapis/{id}", "Name", "{id}"),
    "AWS::ApiGatewayV2::Api": Kind(
        "arn:{partition}:apigateway:{region}::/apis/{id}",
        "Name",
        "{id}",
        {"ApiId": "{id}", "ApiEndpoint": "https://{id}.execute-api.{region}.{dns}"},
    ),
    "AWS::Serverless::HttpApi": Kind("arn:{partition}:apigateway:{region}::/apis/{id}", "Name", "{id}"),
    "AWS::AppSync::GraphQLApi": Kind(_arn("appsync", "apis/{id}"), "Name", "{arn}", {"ApiId": "{id}"}),
    "AWS::SecretsManager::Secret": Kind(
        _arn("secretsmanager", "secret:{name}-{short}"), "Name", "{arn}", {"Id": "{arn}"}, 500
    ),
    "AWS::SSM::Parameter": Kind(_arn("ssm", "parameter/{name}"), "Name", longest=1011),
    "AWS::CloudWatch::Alarm": Kind(_arn("cloudwatch", "alarm:{name}"), "AlarmName", longest=255),
    "AWS::Route53::HealthCheck": Kind("arn:{partition}:route53:::healthcheck/{name}", "", attributes={"Id": "{name}"}),
    "AWS::EC2::Instance": Kind(_arn("ec2", "instance/i-{id}"), "", "i-{id}", {"InstanceId": "i-{id}"}),
}
