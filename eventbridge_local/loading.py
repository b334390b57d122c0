"""A template put on the bus under test: the plan is read, carried out, and its names made known to the mock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from eventbridge_local.errors import UnresolvedReference
from eventbridge_local.iac import LoadReport, read, run
from eventbridge_local.operations.service import Service

#: Carries out an operation with its params.
Perform = Callable[[str, dict[str, Any]], Mapping[str, Any]]


def load(service: Service, perform: Perform, source: Any, *, strict: bool, **given: Any) -> LoadReport:
    """Load a template; see ``EventBridge.load``.

    Raises:
        UnresolvedReference: with ``strict``, where a value of the source is not known. Nothing was changed then.
    """
    plan = read(source, **given)
    if strict and plan.unresolved:
        lines = "".join(f"\n  {each}" for each in plan.unresolved)
        count = len(plan.unresolved)
        said = "1 value is" if count == 1 else f"{count} values are"
        raise UnresolvedReference(f"{source}: {said} not known without a deployment:{lines}")
    report = run(plan, perform)
    for name, resource in report.names.items():
        if resource.arn is not None:
            service.names[name] = resource.arn
            service.handlers.rename(name, resource.arn)
    for rule in report.rules:
        service.rule_names[rule.logical_id] = rule.name
    return report


def connect_handlers(report: LoadReport, connect: Callable[[str, Callable[..., Any]], object]) -> None:
    """Import the Python handler of every function of a template, and let it stand in for the function."""
    for resource in {resource.logical_id: resource for resource in report.names.values()}.values():
        if resource.handler is not None and resource.arn is not None:
            connect(resource.arn, resource.handler.load())
