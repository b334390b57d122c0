"""Terraform's resources of EventBridge in CloudFormation's spelling: tables.

A shape says what each argument of a block becomes. ``One`` is a block that appears at most once, which Terraform writes
as a list of one; ``Many`` is a list of blocks; ``MAP`` is a map that becomes a list of ``Key`` and ``Value``;
``SWITCH`` is a boolean that becomes ``ENABLED`` or ``DISABLED``.
Source: the pages of the resources in the documentation of the AWS provider, and the CloudFormation Template Reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from eventbridge_local.iac.steps import (
    ARCHIVE,
    BUS,
    CONNECTION,
    DESTINATION,
    ENDPOINT,
    POLICY,
    RULE,
    TARGET,
    WHOLE_POLICY,
)
from eventbridge_local.iac.values import Path, Unknown

MAP = "map"
SWITCH = "switch"
BlockShape = Mapping[str, Any]


class One(NamedTuple):
    """A block that appears at most once, and the member it becomes."""

    member: str
    shape: BlockShape


class Many(NamedTuple):
    """A list of blocks, and the member it becomes."""

    member: str
    shape: BlockShape


def _parameters(*blocks: tuple[str, str]) -> BlockShape:
    pair = {"key": "Key", "value": "Value", "is_value_secret": "IsValueSecret"}
    return {name: Many(member, pair) for name, member in blocks}


_HTTP = _parameters(
    ("body", "BodyParameters"), ("header", "HeaderParameters"), ("query_string", "QueryStringParameters")
)
_LETTERS = One("DeadLetterConfig", {"arn": "Arn"})
_PRIVATE = One("ResourceParameters", {"resource_configuration_arn": "ResourceConfigurationArn"})

_ECS: BlockShape = {
    "task_definition_arn": "TaskDefinitionArn",
    "task_count": "TaskCount",
    "launch_type": "LaunchType",
    "platform_version": "PlatformVersion",
    "group": "Group",
    "enable_ecs_managed_tags": "EnableECSManagedTags",
    "enable_execute_command": "EnableExecuteCommand",
    "propagate_tags": "PropagateTags",
    "tags": ("TagList", MAP),
    "network_configuration": One(
        "NetworkConfiguration",
        {
            "subnets": ("AwsVpcConfiguration", "Subnets"),
            "security_groups": ("AwsVpcConfiguration", "SecurityGroups"),
            "assign_public_ip": ("AwsVpcConfiguration", "AssignPublicIp", SWITCH),
        },
    ),
    "capacity_provider_strategy": Many(
        "CapacityProviderStrategy", {"capacity_provider": "CapacityProvider", "weight": "Weight", "base": "Base"}
    ),
    "ordered_placement_strategy": Many("PlacementStrategies", {"type": "Type", "field": "Field"}),
    "placement_constraint": Many("PlacementConstraints", {"type": "Type", "expression": "Expression"}),
}

_TARGET: BlockShape = {
    "target_id": "Id",
    "arn": "Arn",
    "role_arn": "RoleArn",
    "input": "Input",
    "input_path": "InputPath",
    "input_transformer": One("InputTransformer", {"input_paths": "InputPathsMap", "input_template": "InputTemplate"}),
    "dead_letter_config": _LETTERS,
    "retry_policy": One(
        "RetryPolicy",
        {
            "maximum_event_age_in_seconds": "MaximumEventAgeInSeconds",
            "maximum_retry_attempts": "MaximumRetryAttempts",
        },
    ),
    "sqs_target": One("SqsParameters", {"message_group_id": "MessageGroupId"}),
    "kinesis_target": One("KinesisParameters", {"partition_key_path": "PartitionKeyPath"}),
    "http_target": One(
        "HttpParameters",
        {
            "path_parameter_values": "PathParameterValues",
            "query_string_parameters": "QueryStringParameters",
            "header_parameters": "HeaderParameters",
        },
    ),
    "ecs_target": One("EcsParameters", _ECS),
    "batch_target": One(
        "BatchParameters",
        {
            "job_definition": "JobDefinition",
            "job_name": "JobName",
            "array_size": ("ArrayProperties", "Size"),
            "job_attempts": ("RetryStrategy", "Attempts"),
        },
    ),
    "redshift_target": One(
        "RedshiftDataParameters",
        {
            "database": "Database",
            "db_user": "DbUser",
            "secrets_manager_arn": "SecretManagerArn",
            "sql": "Sql",
            "statement_name": "StatementName",
            "with_event": "WithEvent",
        },
    ),
    "run_command_targets": Many("RunCommandTargets", {"key": "Key", "values": "Values"}),
    "sagemaker_pipeline_target": One(
        "SageMakerPipelineParameters",
        {"pipeline_parameter_list": Many("PipelineParameterList", {"name": "Name", "value": "Value"})},
    ),
    "appsync_target": One("AppSyncParameters", {"graphql_operation": "GraphQLOperation"}),
}

#: For each type: CloudFormation's type, and the shape of its arguments.
SHAPES: Mapping[str, tuple[str, BlockShape]] = {
    "aws_cloudwatch_event_bus": (
        BUS,
        {
            "description": "Description",
            "event_source_name": "EventSourceName",
            "kms_key_identifier": "KmsKeyIdentifier",
            "dead_letter_config": _LETTERS,
            "log_config": One("LogConfig", {"include_detail": "IncludeDetail", "level": "Level"}),
            "tags_all": ("Tags", MAP),
        },
    ),
    "aws_cloudwatch_event_rule": (
        RULE,
        {
            "event_bus_name": "EventBusName",
            "event_pattern": "EventPattern",
            "schedule_expression": "ScheduleExpression",
            "state": "State",
            "description": "Description",
            "role_arn": "RoleArn",
            "tags_all": ("Tags", MAP),
        },
    ),
    "aws_cloudwatch_event_target": (
        TARGET,
        {"rule": "Rule", "event_bus_name": "EventBusName", **_TARGET},
    ),
    "aws_cloudwatch_event_permission": (
        POLICY,
        {
            "event_bus_name": "EventBusName",
            "statement_id": "StatementId",
            "principal": "Principal",
            "action": "Action",
            "condition": One("Condition", {"key": "Key", "type": "Type", "value": "Value"}),
        },
    ),
    "aws_cloudwatch_event_bus_policy": (WHOLE_POLICY, {"event_bus_name": "EventBusName", "policy": "Policy"}),
    "aws_cloudwatch_event_archive": (
        ARCHIVE,
        {
            "event_source_arn": "SourceArn",
            "description": "Description",
            "event_pattern": "EventPattern",
            "retention_days": "RetentionDays",
            "kms_key_identifier": "KmsKeyIdentifier",
        },
    ),
    "aws_cloudwatch_event_connection": (
        CONNECTION,
        {
            "description": "Description",
            "authorization_type": "AuthorizationType",
            "kms_key_identifier": "KmsKeyIdentifier",
            "auth_parameters": One(
                "AuthParameters",
                {
                    "api_key": One("ApiKeyAuthParameters", {"key": "ApiKeyName", "value": "ApiKeyValue"}),
                    "basic": One("BasicAuthParameters", {"username": "Username", "password": "Password"}),
                    "oauth": One(
                        "OAuthParameters",
                        {
                            "authorization_endpoint": "AuthorizationEndpoint",
                            "http_method": "HttpMethod",
                            "client_parameters": One(
                                "ClientParameters", {"client_id": "ClientID", "client_secret": "ClientSecret"}
                            ),
                            "oauth_http_parameters": One("OAuthHttpParameters", _HTTP),
                        },
                    ),
                    "invocation_http_parameters": One("InvocationHttpParameters", _HTTP),
                },
            ),
            "invocation_connectivity_parameters": One(
                "InvocationConnectivityParameters", {"resource_parameters": _PRIVATE}
            ),
        },
    ),
    "aws_cloudwatch_event_api_destination": (
        DESTINATION,
        {
            "description": "Description",
            "invocation_endpoint": "InvocationEndpoint",
            "http_method": "HttpMethod",
            "invocation_rate_limit_per_second": "InvocationRateLimitPerSecond",
            "connection_arn": "ConnectionArn",
        },
    ),
    "aws_cloudwatch_event_endpoint": (
        ENDPOINT,
        {
            "description": "Description",
            "role_arn": "RoleArn",
            "event_bus": Many("EventBuses", {"event_bus_arn": "EventBusArn"}),
            "replication_config": One("ReplicationConfig", {"state": "State"}),
            "routing_config": One(
                "RoutingConfig",
                {
                    "failover_config": One(
                        "FailoverConfig",
                        {
                            "primary": One("Primary", {"health_check": "HealthCheck"}),
                            "secondary": One("Secondary", {"route": "Route"}),
                        },
                    )
                },
            ),
        },
    ),
}


def shaped(values: Mapping[str, Any], shape: BlockShape, path: Path = ()) -> dict[str, Any]:
    """Return the arguments of a block in CloudFormation's spelling; what is null or empty is left out.

    Args:
        values: the arguments.
        shape: what each becomes.
        path: of the block in the resource; an ``Unknown`` carries its path in the result.
    """
    made: dict[str, Any] = {}
    for name, form in shape.items():
        value = values.get(name)
        if value is None or value == "" or value == [] or value == {}:
            continue
        at = (*path, name)
        if isinstance(value, Unknown):
            value = Unknown(value.reason, value.remedy, value.path or at)
        if isinstance(form, One):
            block = value[0] if isinstance(value, list) else value
            made[form.member] = shaped(block, form.shape, (*at, 0)) if isinstance(block, dict) else value
        elif isinstance(form, Many):
            made[form.member] = (
                [shaped(block, form.shape, (*at, number)) for number, block in enumerate(value)]
                if isinstance(value, list)
                else value
            )
        else:
            _put(made, (form,) if isinstance(form, str) else form, value)
    return made


def _put(made: dict[str, Any], members: tuple[str, ...], value: Any) -> None:
    """Set a member, or a member of a member, to a value in the form that ``MAP`` or ``SWITCH`` may ask for."""
    *outer, last = members
    if last == MAP:
        last = outer.pop()
        value = [{"Key": key, "Value": text} for key, text in value.items()] if isinstance(value, dict) else value
    elif last == SWITCH:
        last = outer.pop()
        value = ("ENABLED" if value else "DISABLED") if isinstance(value, bool) else value
    for member in outer:
        made = made.setdefault(member, {})
    made[last] = value
