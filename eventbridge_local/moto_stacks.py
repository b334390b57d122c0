"""Resources of EventBridge in stacks of moto's CloudFormation: made, described, updated and deleted by operations.

They are made by the operations that boto3 calls too, in the form that templates are read in (``iac.steps``), so there
is one validator. They stay with the mock that they were made in, and are forgotten with it.

Source: CloudFormation Template Reference, for properties and return values.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from eventbridge_local.botocore_hooks.active import ActiveMock, innermost
from eventbridge_local.botocore_hooks.codec import perform, service_model
from eventbridge_local.errors import ServiceError
from eventbridge_local.iac.names import RESOURCE_KINDS, physical_name
from eventbridge_local.iac.plan import Step, bus_of
from eventbridge_local.iac.steps import (
    ARCHIVE,
    BUS,
    CONNECTION,
    DESTINATION,
    ENDPOINT,
    POLICY,
    RULE,
    DeclaredResource,
    PlanBuilder,
)

#: For each type its property for the name, and what ``GetAtt`` gives.
TYPES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    BUS: ("Name", ("Arn", "Name", "Policy")),
    POLICY: ("", ("EventBusName",)),
    CONNECTION: ("Name", ("Arn", "SecretArn", "ArnForPolicy")),
    DESTINATION: ("Name", ("Arn", "ArnForPolicy")),
    ARCHIVE: ("ArchiveName", ("Arn", "ArchiveName")),
    ENDPOINT: ("Name", ("Arn", "EndpointId", "EndpointUrl", "State", "StateReason")),
    RULE: ("Name", ("Arn",)),
}


def make(
    mock: ActiveMock,
    resource_type: str,
    logical_id: str,
    name: str,
    properties: Mapping[str, Any],
    account: str,
    region: str,
) -> StackedResource:
    """Make a resource of a stack in a mock; see ``moto_insides.Receiver``."""
    kind = RESOURCE_KINDS.get(resource_type)
    if kind is not None and len(name) > kind.longest and TYPES[resource_type][0] not in properties:
        stack = name.rpartition("-")[0].removesuffix(f"-{logical_id}")
        name = physical_name(stack, logical_id, longest=kind.longest)
    return StackedResource(mock, resource_type, logical_id, name, properties, account, region).create()


class StackedResource:
    """A resource of EventBridge that a stack of moto has made.

    Args:
        mock: the mock that it is in.
        resource_type: such as ``AWS::Events::Rule``.
        logical_id: what the template calls it.
        name: its physical name.
        properties: as the template declares them, evaluated.
        account: where the stack is, twelve digits.
        region: its Region.

    Attributes:
        ref: what ``Ref`` gives.
    """

    def __init__(
        self,
        mock: ActiveMock,
        resource_type: str,
        logical_id: str,
        name: str,
        properties: Mapping[str, Any],
        account: str,
        region: str,
    ) -> None:
        self._mock = mock
        self._type = resource_type
        self._logical_id = logical_id
        self._name = name
        self._properties = properties
        self._where = (account, region)
        self._bus = bus_of(properties)
        self.ref = _ref(resource_type, name, self._bus, properties)

    def create(self) -> StackedResource:
        """Carry out the operations that make it."""
        for step in self._steps():
            self._run(step.operation, step.params)
        return self

    def attribute(self, name: str) -> Any:
        """Return what ``GetAtt`` gives, None for an attribute that it does not have."""
        if name not in TYPES[self._type][1]:
            return None
        if self._type == POLICY:
            return self._bus
        described = self._perform(*self._describe())
        arn: str = described[_ARN_MEMBERS.get(self._type, "Arn")]
        if name == "ArnForPolicy":
            return arn.rpartition("/")[0]
        return arn if name == "Arn" else described.get(name)

    def update(self, name: str, properties: Mapping[str, Any]) -> StackedResource:
        """Change it to a new declaration; one of another name or bus replaces it.

        Args:
            name: the name that is declared, "" where none is and it keeps its own.
        """
        if self._mock.ended:
            mock = innermost() or self._mock
            return make(mock, self._type, self._logical_id, name or self._name, properties, *self._where)
        changed = StackedResource(
            self._mock, self._type, self._logical_id, name or self._name, properties, *self._where
        )
        if changed.ref != self.ref:
            changed.create()
            self.delete()
            return changed
        _UPDATES.get(self._type, StackedResource._update)(changed)
        return changed

    def delete(self) -> None:
        """Delete it, unless it is gone already, or the mock that it was in has ended."""
        if self._mock.ended:
            return
        try:
            if self._type == RULE:
                self._remove_targets(())
            self._perform(*self._deletion())
        except ServiceError as refused:
            if refused.code != "ResourceNotFoundException":
                raise

    # how

    def _steps(self) -> list[Step]:
        """Return the operations that make it."""
        builder = PlanBuilder()
        if self._type == POLICY:
            builder.statements[self._bus] = self._statements()
        builder.add(
            DeclaredResource(
                self._type, self._logical_id, self._properties, self._name, None, "", None, None, lambda path: ""
            )
        )
        return builder.steps

    def _statements(self) -> list[Any]:
        """Return the statements of the policy of its bus, without its own."""
        text = self._perform("DescribeEventBus", {"Name": self._bus}).get("Policy")
        statements = json.loads(text)["Statement"] if text else []
        return [each for each in statements if each.get("Sid") != self._properties.get("StatementId")]

    def _describe(self) -> tuple[str, dict[str, Any]]:
        member = "ArchiveName" if self._type == ARCHIVE else "Name"
        return f"Describe{_NOUNS[self._type]}", {member: self._name, **self._on_bus()}

    def _deletion(self) -> tuple[str, dict[str, Any]]:
        if self._type == POLICY:
            return "RemovePermission", {"EventBusName": self._bus, "StatementId": self._properties.get("StatementId")}
        operation, params = self._describe()
        return operation.replace("Describe", "Delete"), params

    def _on_bus(self) -> dict[str, Any]:
        return {"EventBusName": self._properties["EventBusName"]} if "EventBusName" in self._properties else {}

    def _update(self) -> None:
        """Call the operation that updates what another one creates, with the members that it takes."""
        for step in self._steps():
            name = step.operation.replace("Create", "Update")
            shape = service_model().operation_model(name).input_shape
            takes = () if shape is None else shape.members
            self._run(name, {member: value for member, value in step.params.items() if member in takes})

    def _update_rule(self) -> None:
        """Put the rule again, with the targets that are declared now."""
        steps = self._steps()
        self._remove_targets([each["Id"] for step in steps for each in step.params.get("Targets", ()) if "Id" in each])
        for step in steps:
            self._run(step.operation, step.params)

    def _remove_targets(self, stay: Any) -> None:
        rule = {"Rule": self._name, **self._on_bus()}
        there = [each["Id"] for each in self._perform("ListTargetsByRule", rule)["Targets"]]
        gone = [each for each in there if each not in stay]
        if gone:
            self._perform("RemoveTargets", {**rule, "Ids": gone})

    def _run(self, operation: str, params: dict[str, Any]) -> None:
        """Carry out an operation; a target that is refused is refused with its own words."""
        for failed in self._perform(operation, params).get("FailedEntries") or ():
            raise ServiceError(failed.get("ErrorCode", ""), failed.get("ErrorMessage", ""))

    def _perform(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return perform(self._mock.service, operation, params, *self._where) or {}


def _ref(resource_type: str, name: str, bus: str, properties: Mapping[str, Any]) -> str:
    """Return what ``Ref`` gives."""
    if resource_type == POLICY:
        return f"{bus}|{properties.get('StatementId')}"
    return f"{bus}|{name}" if resource_type == RULE and bus != "default" else name


#: What operations call the types.
_NOUNS = {
    BUS: "EventBus",
    CONNECTION: "Connection",
    DESTINATION: "ApiDestination",
    ARCHIVE: "Archive",
    ENDPOINT: "Endpoint",
    RULE: "Rule",
}
#: Where the ARN is in what is described, if not in ``Arn``.
_ARN_MEMBERS = {CONNECTION: "ConnectionArn", DESTINATION: "ApiDestinationArn", ARCHIVE: "ArchiveArn"}
#: How a type is updated, where no operation of its own does it.
_UPDATES: Mapping[str, Callable[[StackedResource], object]] = {
    RULE: StackedResource._update_rule,
    POLICY: StackedResource.create,
}
