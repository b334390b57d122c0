"""CodeBuild projects and CodePipeline pipelines.

What the target's input makes is passed on member by member; the event itself is not (User Guides of eb-targets and
CodePipeline).
"""

from __future__ import annotations

from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, api_call, last_name
from eventbridge_local.targets.kinds.shaping import fitted, transformed_object


def _start_build(handover: Handover) -> AwsRequest:
    wanted = transformed_object(handover)
    operation = "StartBuildBatch" if wanted.get("buildType") == "BATCH" else "StartBuild"
    params = fitted("codebuild", operation, wanted | {"projectName": last_name(handover.arn)})
    return api_call(handover, "codebuild", operation, params)


def _start_pipeline(handover: Handover) -> AwsRequest:
    wanted = transformed_object(handover)
    taken = {name: wanted[name] for name in ("variables", "sourceRevisions") if name in wanted}
    params = fitted("codepipeline", "StartPipelineExecution", taken | {"name": last_name(handover.arn)})
    return api_call(handover, "codepipeline", "StartPipelineExecution", params)


BUILD_PROJECT = Kind(
    name="CodeBuild project",
    service="codebuild",
    resource=r"project/[^:/]+",
    client="codebuild",
    request=_start_build,
)

PIPELINE = Kind(
    name="CodePipeline pipeline",
    service="codepipeline",
    resource=r"[^:/]+",
    client="codepipeline",
    request=_start_pipeline,
)
