"""One stack while it is read: parameters, conditions, mappings, and what its resources are called.

Nothing is worked out before it is asked for, so a template of hundreds of resources costs what its rules refer to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eventbridge_local.iac.identity import Identity, dns_of, identity_of, made_up_uuid
from eventbridge_local.iac.intrinsics import dynamic, evaluate, text_of, truth
from eventbridge_local.iac.unknown import NO_VALUE, Unknown, first_unknown
from eventbridge_local.model.arn import partition_of

_LISTS = ("CommaDelimitedList", "List<")
_FROM_SSM = "AWS::SSM::Parameter::Value<"


@dataclass(slots=True)
class Exports:
    """What stacks give each other, and what the user gave: shared by all stacks of one source.

    Args:
        given: ``resources`` of ``load``: values by export name, logical id, ``LogicalId.Attribute`` or reference.
        used: the given names that something asked for.
        stacks: the stacks of the source that have outputs with an export name.
    """

    given: Mapping[str, Any]
    used: set[str] = field(default_factory=set)
    stacks: dict[str, tuple[Stack, Any]] = field(default_factory=dict)

    def take(self, *names: str) -> Any:
        """The value given under the first of ``names`` that has one, else None."""
        for name in names:
            if name in self.given:
                self.used.add(name)
                return self.given[name]
        return None


@dataclass(slots=True)
class Stack:
    """A template with what is needed to evaluate it; a ``Scope`` for the intrinsics.

    Args:
        name: name of the stack.
        template: the template, with loops expanded and SAM transformed.
        parameters: values given for its parameters.
        parameters_used: names among them that were asked for.
        children: nested stacks by logical id.
        inner: text in front of logical ids in remedies for what stands in a nested stack.
    """

    name: str
    template: dict[str, Any]
    account: str
    region: str
    parameters: Mapping[str, Any]
    exports: Exports
    parameters_used: set[str] = field(default_factory=set)
    children: dict[str, Stack] = field(default_factory=dict)
    inner: str = ""
    _identities: dict[str, Identity | None] = field(default_factory=dict)
    _conditions: dict[str, bool | Unknown | None] = field(default_factory=dict)

    # a Scope

    def ref(self, name: str) -> Any:
        if name in self.resources:
            return self.identity(name).ref
        if name in self.section("Parameters"):
            return self._parameter(name)
        if name.startswith("AWS::"):
            return self._pseudo(name)
        given = self.exports.take(name)
        return given if given is not None else self._nowhere(name)

    def get_att(self, name: str, attribute: str) -> Any:
        given = self.exports.take(f"{self.inner}{name}.{attribute}", f"{name}.{attribute}")
        if given is not None:
            return given
        if f"{name}.{attribute}" in self.resources:  # SAM's way to name the version and alias of a function
            return self.identity(f"{name}.{attribute}").ref
        if name not in self.resources:
            return self._nowhere(name)
        identity = self.identity(name)
        if attribute in identity.attributes:
            return identity.attributes[attribute]
        child = self.children.get(name)
        if child is not None and attribute.startswith("Outputs."):
            return child.output(attribute.removeprefix("Outputs."))
        kind = self.resources[name].get("Type")
        return Unknown(
            f"{attribute} of {name} ({kind}) is only known once it is deployed",
            f"resources={{{f'{self.inner}{name}.{attribute}'!r}: '...'}}",
        )

    def condition(self, name: str) -> bool | Unknown:
        if name not in self._conditions:
            self._conditions[name] = None
            conditions = self.section("Conditions")
            if name not in conditions:
                self._conditions[name] = Unknown(f"there is no condition {name}", f"condition {name} in the template")
            else:
                self._conditions[name] = truth(self, conditions[name])
        value = self._conditions[name]
        return Unknown(f"condition {name} depends on itself", f"another condition {name}") if value is None else value

    def mapping(self, name: str) -> dict[str, Any] | None:
        found = self.section("Mappings").get(name)
        return found if isinstance(found, dict) else None

    def imported(self, name: str) -> Any:
        given = self.exports.take(name)
        if given is not None:
            return given
        if name in self.exports.stacks:
            stack, value = self.exports.stacks[name]
            return evaluate(stack, value)
        return Unknown(f"export {name} belongs to another stack", f"resources={{{name!r}: '...'}}")

    def given(self, text: str) -> str | None:
        value = self.exports.take(text)
        return None if value is None else str(value)

    # the template

    @property
    def resources(self) -> dict[str, Any]:
        return self.section("Resources")

    def section(self, name: str) -> dict[str, Any]:
        found = self.template.get(name)
        return found if isinstance(found, dict) else {}

    def output(self, name: str) -> Any:
        """The value of an output."""
        found = self.section("Outputs").get(name)
        if not isinstance(found, dict) or "Value" not in found:
            return Unknown(f"the nested stack {self.name} has no output {name}", f"output {name} in its template")
        return evaluate(self, found["Value"])

    def publish(self) -> None:
        """Offer the outputs that have an export name to the other stacks of the source."""
        for output in self.section("Outputs").values():
            export = output.get("Export") if isinstance(output, dict) else None
            name = evaluate(self, export.get("Name")) if isinstance(export, dict) else None
            if isinstance(name, str):
                self.exports.stacks[name] = (self, output.get("Value"))

    def property(self, logical_id: str, *names: str) -> Any:
        """The value of a property, or of what is inside it; None when it is absent."""
        properties = self.resources[logical_id].get("Properties")
        value = evaluate(self, properties.get(names[0])) if isinstance(properties, dict) else None
        for name in names[1:]:
            value = value.get(name) if isinstance(value, dict) else value if isinstance(value, Unknown) else None
        return None if value is NO_VALUE else value

    def is_made(self, logical_id: str) -> bool | Unknown:
        """Whether a resource's condition lets it be."""
        name = self.resources[logical_id].get("Condition")
        return self.condition(name) if isinstance(name, str) else True

    def identity(self, logical_id: str) -> Identity:
        """What a resource is called, worked out once."""
        if logical_id not in self._identities:
            self._identities[logical_id] = None
            self._identities[logical_id] = identity_of(self, logical_id)
        found = self._identities[logical_id]
        if found is None:
            circle = Unknown(f"{logical_id} is named after itself", f"resources={{{logical_id!r}: '...'}}")
            return Identity(circle, circle, circle, {})
        return found

    def _parameter(self, name: str) -> Any:
        declared = self.section("Parameters")[name]
        declared = declared if isinstance(declared, dict) else {}
        kind = str(declared.get("Type", "String"))
        if name in self.parameters:
            self.parameters_used.add(self.inner + name)
            value = self.parameters[name]
        elif kind.startswith(_FROM_SSM):
            default = declared.get("Default")
            return Unknown(f"parameter {name} is read from SSM ({default})", self._parameters_remedy(name))
        elif "Default" in declared:
            value = declared["Default"]
        else:
            return Unknown(f"parameter {name} has no default", self._parameters_remedy(name))
        if first_unknown(value):
            return first_unknown(value)
        if isinstance(value, list) or any(mark in kind for mark in _LISTS):
            parts = value if isinstance(value, list) else text_of(value).split(",")
            return [text_of(part).strip() for part in parts]
        return dynamic(self, text_of(value))

    def _parameters_remedy(self, name: str) -> str:
        return f"parameters={{{self.inner + name!r}: '...'}}"

    def _pseudo(self, name: str) -> Any:
        stack_id = f"stack/{self.name}/{made_up_uuid(self.name, self.account, self.region)}"
        values: dict[str, Any] = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": partition_of(self.region),
            "AWS::URLSuffix": dns_of(self.region),
            "AWS::StackName": self.name,
            "AWS::StackId": f"arn:{partition_of(self.region)}:cloudformation:{self.region}:{self.account}:{stack_id}",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        return values.get(name, self._nowhere(name))

    def _nowhere(self, name: str) -> Unknown:
        return Unknown(f"nothing in the template is called {name}", f"resources={{{name!r}: '...'}}")

    def leave_out(self, logical_id: str, why: Unknown) -> None:
        """Nothing may refer to this resource any more: it will not be there."""
        self._identities[logical_id] = Identity(why, why, why, {"Arn": why, "Name": why})
