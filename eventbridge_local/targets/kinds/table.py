"""All kinds of targets, and the way from an ARN to its kind."""

from __future__ import annotations

from functools import lru_cache

from eventbridge_local.core.arn import parse_arn
from eventbridge_local.targets.kinds import (
    batch,
    builds,
    buses,
    ecs,
    functions,
    instances,
    logs,
    queues,
    redshift,
    streams,
    systems_manager,
    topics,
    web,
    workflows,
)
from eventbridge_local.targets.kinds.kind import Kind

#: The first that recognises an ARN is its kind.
KINDS: tuple[Kind, ...] = (
    functions.FUNCTION,
    queues.FIFO_QUEUE,
    queues.QUEUE,
    topics.TOPIC,
    logs.LOG_GROUP,
    streams.KINESIS_STREAM,
    streams.FIREHOSE_STREAM,
    workflows.STATE_MACHINE,
    buses.EVENT_BUS,
    web.API_DESTINATION,
    web.API_GATEWAY,
    web.GRAPHQL_API,
    ecs.TASK,
    batch.JOB_QUEUE,
    builds.BUILD_PROJECT,
    builds.PIPELINE,
    workflows.SAGEMAKER_PIPELINE,
    workflows.GLUE_WORKFLOW,
    workflows.IMAGE_PIPELINE,
    workflows.ASSESSMENT_TEMPLATE,
    redshift.CLUSTER,
    redshift.WORKGROUP,
    systems_manager.COMMAND_DOCUMENT,
    systems_manager.AUTOMATION,
    systems_manager.OPS_ITEM,
    systems_manager.RESPONSE_PLAN,
    instances.EC2_ACTION,
    buses.ARCHIVE,
)

SERVICES = frozenset(kind.service for kind in KINDS)


@lru_cache(maxsize=8192)
def kind_of(arn: str) -> Kind | None:
    """The kind of target behind an ARN, None when EventBridge has no such target."""
    parsed = parse_arn(arn)
    if parsed is None:
        return None
    return next((kind for kind in KINDS if kind.service == parsed.service and kind.recognises(parsed)), None)
