"""Carrying a plan out, and how a refusal reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from eventbridge_local.errors import EventBridgeLocalError, ServiceError
from eventbridge_local.iac.plan import Plan, Step
from eventbridge_local.iac.report import LoadReport, report_of

#: The member of each answer that holds the ARN of what was made.
_ARN_MEMBERS = {
    "CreateEventBus": "EventBusArn",
    "CreateConnection": "ConnectionArn",
    "CreateApiDestination": "ApiDestinationArn",
    "CreateArchive": "ArchiveArn",
    "CreateEndpoint": "Arn",
    "PutRule": "RuleArn",
}
_ABSENT = "create it in the test first, or load the stack that declares it before this one"


class PlanRefused(EventBridgeLocalError):
    """A step that AWS would refuse at deployment.

    Args:
        step: the step that was refused.
        error: the refusal, in the service's own words; or anything else that ``perform`` raised for this step.
        code: code of an error that is no ``ServiceError``.
        message: its text.
    """

    def __init__(
        self, step: Step, error: BaseException, *, code: str | None = None, message: str | None = None
    ) -> None:
        if isinstance(error, ServiceError):
            code, message = error.code, error.message
        words = f"{code}: {message}" if code else str(message or error)
        super().__init__(f"{step.place}: AWS would refuse this at deployment: {words}")
        self.step = step
        self.error = error
        self.code = code
        hint = getattr(error, "hint", None)
        if hint:
            self.add_note(f"eventbridge_local: {hint}")
        if code == "ResourceNotFoundException":
            self.add_note(f"eventbridge_local: {_ABSENT}")


def run(plan: Plan, perform: Callable[[str, dict[str, Any]], Mapping[str, Any] | None]) -> LoadReport:
    """Carry out a plan, step by step.

    ARNs that end in an id made at creation, and ARNs of a Terraform state, which belong to another account, are
    replaced by those that were answered, wherever later steps use them.

    Args:
        perform: runs one operation, ``(name, parameters)``, and returns its answer.

    Returns:
        The report, with the ARNs as they are now.

    Raises:
        PlanRefused: a step was refused, or a target of it. The steps before it stay done.
    """
    actual: dict[str, str] = {}
    done: list[Step] = []
    for step in plan.steps:
        step = replace(step, params=_replaced(step.params, actual))
        try:
            answer = perform(step.operation, step.params) or {}
        except ServiceError as refusal:
            raise PlanRefused(step, refusal) from refusal
        for failed in answer.get("FailedEntries") or ():
            raise PlanRefused(step, ServiceError(failed.get("ErrorCode", ""), failed.get("ErrorMessage", "")))
        arn = answer.get(_ARN_MEMBERS.get(step.operation, ""))
        if step.arn and arn and arn != step.arn:
            actual[step.arn] = arn
        done.append(replace(step, arn=arn or step.arn))
    names = {
        name: replace(resource, arn=actual.get(resource.arn, resource.arn)) if resource.arn else resource
        for name, resource in plan.names.items()
    }
    return report_of(replace(plan, steps=tuple(done), names=names))


def _replaced(value: Any, actual: Mapping[str, str]) -> Any:
    """``value`` with the ARNs in its texts replaced, each only where it is not the beginning of a longer name."""
    if not actual:
        return value
    if isinstance(value, dict):
        return {name: _replaced(inner, actual) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, actual) for inner in value]
    if isinstance(value, str) and "arn:" in value:
        for foreseen, answered in actual.items():
            value = re.sub(re.escape(foreseen) + r"(?![\w./-])", answered.replace("\\", r"\\"), value)
    return value
