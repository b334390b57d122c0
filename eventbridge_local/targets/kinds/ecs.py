"""ECS tasks: RunTask with the settings of EcsParameters; the event itself goes nowhere.

Only what Input or InputTransformer makes is sent, as overrides; members it does not know are ignored (captured). All
refusals here are captured or measured, September 2026.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.core.arn import parse_arn
from eventbridge_local.errors import validation_error
from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, RulePlace, api_call
from eventbridge_local.targets.kinds.shaping import fitted, lower_first, transformed_object
from eventbridge_local.transforms import resolve_dynamic

_RENAMED = {"TaskDefinitionArn": "taskDefinition", "TaskCount": "count"}
_MOST_TASKS, _MOST_SUBNETS, _MOST_GROUPS = 10, 16, 5


def _run_task(handover: Handover) -> AwsRequest:
    given = resolve_dynamic(handover.params["EcsParameters"], handover.event.envelope)
    renamed = {_RENAMED.get(name, name): value for name, value in given.items()}
    params = lower_first(renamed) | {"cluster": handover.target.arn, "startedBy": f"events-rule/{handover.rule.name}"}
    overrides = transformed_object(handover)
    if overrides:
        params["overrides"] = overrides
    return api_call(handover, "ecs", "RunTask", fitted("ecs", "RunTask", params))


def _check(target: Mapping[str, Any], at: RulePlace) -> None:
    given = target["EcsParameters"]
    refusal = next((text for text in (rule(target, given) for rule in _RULES) if text), None)
    if refusal:
        raise validation_error(refusal)


def _task_definition(target: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    text = given["TaskDefinitionArn"]
    if text.startswith("$."):
        return None
    definition, cluster = parse_arn(text), parse_arn(target["Arn"])
    if definition is None or cluster is None or not definition.resource.startswith("task-definition/"):
        return f"Parameter(s) TaskDefinitionArn not valid for target: {target['Id']}."
    if definition.region != cluster.region:
        return f"Region of {target['Arn']} does not match region of {text}"
    return None


def _task_count(target: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    if given.get("TaskCount", 1) > _MOST_TASKS:
        return f"Parameter(s) TaskCount not valid for target: {target['Id']}."
    return None


def _launch_type(target: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    launch_type, network = given.get("LaunchType"), _network(given)
    if launch_type == "FARGATE" and network is None:
        return f"Parameter NetworkConfiguration must be specified for target {target['Id']} when launch type is FARGATE"
    if launch_type == "EC2":
        for name in ("PlatformVersion", "AssignPublicIp"):
            if name in given or name in (network or {}):
                return f"Parameter {name} for target {target['Id']} is not supported when launch type is EC2"
    return None


def _network_sizes(target: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    network = _network(given)
    if network is None:
        return None
    if not 1 <= len(network["Subnets"]) <= _MOST_SUBNETS:
        return f"Parameter Subnets is not valid. Reason: size must be in between 1 and {_MOST_SUBNETS}."
    if len(network.get("SecurityGroups", ())) > _MOST_GROUPS:
        return f"Parameter SecurityGroups is not valid. Reason: size must be in between 0 and {_MOST_GROUPS}."
    return None


def _network(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    network: Mapping[str, Any] | None = given.get("NetworkConfiguration", {}).get("awsvpcConfiguration")
    return network


_RULES = (_task_definition, _task_count, _launch_type, _network_sizes)

TASK = Kind(
    name="ECS task",
    service="ecs",
    resource=r"cluster/[^:/]+",
    client="ecs",
    request=_run_task,
    parameters=Parameters(
        "EcsParameters",
        required=True,
        defaults={"TaskCount": 1, "EnableECSManagedTags": False, "EnableExecuteCommand": False},
    ),
    inputs=frozenset({"Input", "InputTransformer"}),
    input_refusal=(
        "InputPath is not a valid form of input for target {id}. "
        "The only valid forms of input are Input and InputTransformer."
    ),
    checks=(_check,),
)
