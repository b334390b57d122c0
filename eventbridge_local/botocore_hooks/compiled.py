"""The one entrance to a service: read, check, carry out. The hook and the handle's shorthands share it."""

from __future__ import annotations

from functools import cache
from typing import Any

import botocore.session
from botocore.model import OperationModel, ServiceModel

from eventbridge_local.botocore_hooks.codec import RequestReader
from eventbridge_local.botocore_hooks.shapes import InputCheck
from eventbridge_local.operations.service import Service


class CompiledOperation:
    """What is compiled once for an operation."""

    __slots__ = ("check", "name", "read")

    def __init__(self, model: OperationModel) -> None:
        self.name: str = model.name
        self.read = RequestReader(model)
        self.check = InputCheck(model)


_compiled: dict[str, CompiledOperation] = {}


def compiled_operation(model: OperationModel) -> CompiledOperation:
    """The compiled entrance of an operation. All clients of a process share one botocore and so one API model."""
    found = _compiled.get(model.name)
    if found is None:
        found = _compiled[model.name] = CompiledOperation(model)
    return found


@cache
def service_model() -> ServiceModel:
    """botocore's model of the ``events`` API."""
    loader = botocore.session.Session().get_component("data_loader")
    return ServiceModel(loader.load_service_model("events", "service-2"), "events")


def perform(service: Service, operation: str, params: dict[str, Any], account: str, region: str) -> dict[str, Any]:
    """Carry out an operation given as Python params, with the same checks as a request of a client.

    Raises:
        ServiceError: what AWS would refuse.
    """
    model = service_model().operation_model(operation)
    return service.call(operation, params, account, region, compiled_operation(model).check)
