"""Targets that run code: Lambda functions, ECS tasks, Batch jobs, CodeBuild and CodePipeline, and EC2 actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local import transforms
from eventbridge_local.delivery.kinds.base import (
    Parameters,
    RuleScope,
    TargetKind,
    api_call,
    bytes_of,
    fitted,
    last_name,
    lower_first,
    object_of,
    transformed_object,
)
from eventbridge_local.delivery.pending import AttemptFailed, AwsRequest, PendingDelivery
from eventbridge_local.errors import validation_error
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import parse_arn

# Lambda functions: invoked asynchronously with the event as payload (facts 6.7).


def _invoke(pending: PendingDelivery) -> AwsRequest:
    # The trace header goes to a function as an HTTP header, which no member of Invoke stands for.
    qualifier = pending.arn.resource.removeprefix("function:").partition(":")[2]
    arn = pending.target.arn.removesuffix(f":{qualifier}") if qualifier else pending.target.arn
    params = {"FunctionName": arn, "InvocationType": "Event", "Payload": bytes_of(pending.payload)}
    return api_call(pending, "lambda", "Invoke", {**params, "Qualifier": qualifier} if qualifier else params)


FUNCTION = TargetKind(
    name="Lambda function",
    service="lambda",
    resource=r"function:[^:]+(:[^:]+)?",
    client="lambda",
    request=_invoke,
    role="optional",
    other_accounts=True,
)


# ECS tasks: RunTask with the settings of EcsParameters; the event itself goes nowhere.
#
# Only what Input or InputTransformer makes is sent, as overrides; members it does not know are ignored (facts 6.9). All
# refusals here are captured or measured, September 2026.


_RENAMED = {"TaskDefinitionArn": "taskDefinition", "TaskCount": "count"}
_MOST_TASKS, _MOST_SUBNETS, _MOST_GROUPS = 10, 16, 5


def _run_task(pending: PendingDelivery) -> AwsRequest:
    given = transforms.resolve_dynamic(pending.params["EcsParameters"], pending.event.envelope)
    renamed = {_RENAMED.get(name, name): value for name, value in given.items()}
    params = lower_first(renamed) | {"cluster": pending.target.arn, "startedBy": f"events-rule/{pending.rule.name}"}
    params["overrides"] = transformed_object(pending)
    request = fitted("ecs", "RunTask", params)
    if not request["overrides"]:  # also of an Input that is no override (captured)
        del request["overrides"]
    return api_call(pending, "ecs", "RunTask", request)


def _check(target: Mapping[str, Any], at: RuleScope) -> None:
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

TASK = TargetKind(
    name="ECS task",
    service="ecs",
    resource=r"cluster/[^:/]+",
    client="ecs",
    request=_run_task,
    admission="input",
    parameters=Parameters(
        "EcsParameters",
        required=True,
        defaults={"TaskCount": 1, "EnableECSManagedTags": False, "EnableExecuteCommand": False},
        item_defaults={"CapacityProviderStrategy": {"weight": 0, "base": 0}},
    ),
    inputs=frozenset({"Input", "InputTransformer"}),
    input_refusal=(
        "InputPath is not a valid form of input for target {id}. "
        "The only valid forms of input are Input and InputTransformer."
    ),
    checks=(_check,),
)


# Batch job queues: SubmitJob with the settings of BatchParameters, and three members of the payload.
#
# ``ContainerOverrides``, ``DependsOn`` and ``Parameters`` are taken over, the first two in part (User Guide
# eb-targets).


_OVERRIDES = ("command", "environment", "memory", "vcpus")
_BOUNDS = (("ArrayProperties", "Size", 2, 10_000), ("RetryStrategy", "Attempts", 1, 10))


def _submit_job(pending: PendingDelivery) -> AwsRequest:
    params = lower_first(pending.params["BatchParameters"]) | {"jobQueue": pending.target.arn}
    return api_call(pending, "batch", "SubmitJob", fitted("batch", "SubmitJob", params | _taken_over(pending)))


def _taken_over(pending: PendingDelivery) -> dict[str, Any]:
    payload = _payload(pending)
    taken: dict[str, Any] = {}
    if "Parameters" in payload:
        taken["parameters"] = payload["Parameters"]
    if "ContainerOverrides" in payload:
        taken["containerOverrides"] = _only(payload["ContainerOverrides"], _OVERRIDES)
    if "DependsOn" in payload:
        jobs = payload["DependsOn"]
        taken["dependsOn"] = [_only(job, ("jobId",)) for job in jobs] if isinstance(jobs, list) else jobs
    return taken


def _payload(pending: PendingDelivery) -> Mapping[str, Any]:
    """Return the payload, empty when it is not an object and so has none of the members looked for."""
    if pending.transformed is None:
        return {}
    try:
        return object_of(pending.transformed)
    except AttemptFailed:
        return {}


def _only(value: Any, names: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {name: inner for name, inner in lower_first(value).items() if name in names}


def _bounds(target: Mapping[str, Any], at: RuleScope) -> None:
    """Measured, September 2026."""
    for member, part, least, most in _BOUNDS:
        number = target["BatchParameters"].get(member, {}).get(part)
        if number is not None and not least <= number <= most:
            raise validation_error(
                f"Parameter {member} is not valid. Reason: {part} must be in between {least} and {most}."
            )


JOB_QUEUE = TargetKind(
    name="Batch job queue",
    service="batch",
    resource=r"job-queue/[^:/]+",
    client="batch",
    request=_submit_job,
    admission="input",
    parameters=Parameters("BatchParameters", required=True),
    checks=(_bounds,),
)


# CodeBuild projects and CodePipeline pipelines.
#
# What the target's input makes is passed on member by member; the event itself is not (User Guides of eb-targets and
# CodePipeline).


def _start_build(pending: PendingDelivery) -> AwsRequest:
    wanted = transformed_object(pending)
    operation = "StartBuildBatch" if wanted.get("buildType") == "BATCH" else "StartBuild"
    params = fitted("codebuild", operation, wanted | {"projectName": last_name(pending.arn)})
    return api_call(pending, "codebuild", operation, params)


def _start_pipeline(pending: PendingDelivery) -> AwsRequest:
    wanted = transformed_object(pending)
    taken = {name: wanted[name] for name in ("variables", "sourceRevisions") if name in wanted}
    params = fitted("codepipeline", "StartPipelineExecution", taken | {"name": last_name(pending.arn)})
    return api_call(pending, "codepipeline", "StartPipelineExecution", params)


BUILD_PROJECT = TargetKind(
    name="CodeBuild project",
    service="codebuild",
    resource=r"project/[^:/]+",
    client="codebuild",
    request=_start_build,
    admission="input",
)

PIPELINE = TargetKind(
    name="CodePipeline pipeline",
    service="codepipeline",
    resource=r"[^:/]+",
    client="codepipeline",
    request=_start_pipeline,
    admission="input",
)


# The built-in EC2 actions ``arn:aws:events:...:target/...``: the input is the id of a volume or an instance.
#
# The console makes such targets, and templates written from it hold them (API reference PutTargets).


_OPERATIONS = {
    "create-snapshot": "CreateSnapshot",
    "reboot-instance": "RebootInstances",
    "stop-instance": "StopInstances",
    "terminate-instance": "TerminateInstances",
}


def _act(pending: PendingDelivery) -> AwsRequest:
    operation = _OPERATIONS[pending.arn.resource.removeprefix("target/")]
    name = _id(pending.payload)
    params: dict[str, Any] = {"VolumeId": name} if operation == "CreateSnapshot" else {"InstanceIds": [name]}
    return api_call(pending, "ec2", operation, params)


def _id(payload: str) -> str:
    try:
        value = decoded(payload)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, str):
        raise AttemptFailed("INVALID_PARAMETER", "The input of this target must be the id of a volume or an instance.")
    return value


EC2_ACTION = TargetKind(
    name="EC2 action",
    service="events",
    resource=f"target/({'|'.join(_OPERATIONS)})",
    client="ec2",
    request=_act,
    admission="every",
)
