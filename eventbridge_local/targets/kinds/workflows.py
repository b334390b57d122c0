"""Targets that start a run of something: Step Functions, SageMaker pipelines, Glue workflows, Image Builder, Inspector.

The input reaches only Step Functions; the others are started and nothing more (User Guide eb-targets).
"""

from __future__ import annotations

from typing import Any

from eventbridge_local.targets.handover import AwsRequest, Handover
from eventbridge_local.targets.kinds.kind import Kind, Parameters, api_call, last_name
from eventbridge_local.targets.kinds.shaping import fitted
from eventbridge_local.transforms import resolve_dynamic


def _start_execution(handover: Handover) -> AwsRequest:
    params: dict[str, Any] = {
        "stateMachineArn": handover.target.arn,
        "name": f"{handover.event.id}_{handover.new_id()}",  # it begins with the event's id (asserted on AWS)
        "input": handover.payload,
    }
    if handover.event.trace_header is not None:
        params["traceHeader"] = handover.event.trace_header
    return api_call(handover, "stepfunctions", "StartExecution", params)


def _start_pipeline(handover: Handover) -> AwsRequest:
    given = resolve_dynamic(handover.params.get("SageMakerPipelineParameters", {}), handover.event.envelope)
    params = {
        "PipelineName": last_name(handover.arn),
        "PipelineParameters": given.get("PipelineParameterList", []),
        "ClientRequestToken": handover.new_id(),
    }
    return api_call(
        handover, "sagemaker", "StartPipelineExecution", fitted("sagemaker", "StartPipelineExecution", params)
    )


def _start_workflow(handover: Handover) -> AwsRequest:
    return api_call(handover, "glue", "StartWorkflowRun", {"Name": last_name(handover.arn)})


def _start_image_pipeline(handover: Handover) -> AwsRequest:
    params = {"imagePipelineArn": handover.target.arn, "clientToken": handover.new_id()}
    return api_call(handover, "imagebuilder", "StartImagePipelineExecution", params)


def _start_assessment(handover: Handover) -> AwsRequest:
    return api_call(handover, "inspector", "StartAssessmentRun", {"assessmentTemplateArn": handover.target.arn})


STATE_MACHINE = Kind(
    name="Step Functions state machine",
    service="states",
    resource=r"stateMachine:[^:]+(:[^:]+)?",
    client="stepfunctions",
    request=_start_execution,
)

SAGEMAKER_PIPELINE = Kind(
    name="SageMaker pipeline",
    service="sagemaker",
    resource=r"pipeline/[^:/]+",
    client="sagemaker",
    request=_start_pipeline,
    parameters=Parameters("SageMakerPipelineParameters"),
)

GLUE_WORKFLOW = Kind(
    name="Glue workflow", service="glue", resource=r"workflow/[^:/]+", client="glue", request=_start_workflow
)

IMAGE_PIPELINE = Kind(
    name="Image Builder pipeline",
    service="imagebuilder",
    resource=r"image-pipeline/[^:/]+",
    client="imagebuilder",
    request=_start_image_pipeline,
)

ASSESSMENT_TEMPLATE = Kind(
    name="Inspector assessment template",
    service="inspector",
    resource=r"target/[^:/]+/template/[^:/]+",
    client="inspector",
    request=_start_assessment,
)
