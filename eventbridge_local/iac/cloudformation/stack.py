"""One stack while it is read: parameters, conditions, mappings, and what its resources will be called.

Nothing is evaluated before it is asked for, so a template of hundreds of resources costs what its rules refer to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from eventbridge_local.advice import did_you_mean
from eventbridge_local.iac.cloudformation.intrinsics import dynamic, evaluate, truth
from eventbridge_local.iac.names import (
    RESOURCE_KINDS,
    ResourceKind,
    format_fields,
    function_arn,
    made_up_uuid,
    physical_name,
    suffix,
)
from eventbridge_local.iac.values import NO_VALUE, Environment, GivenValues, Unknown, first_unknown, text_of
from eventbridge_local.model.arn import domain_of, events_arn, parse_arn, partition_of, rule_resource

_LISTS = ("CommaDelimitedList", "List<")
_FROM_SSM = "AWS::SSM::Parameter::Value<"


@dataclass(slots=True)
class Stack:
    """A template with what is needed to evaluate it. It answers the intrinsic functions (``StackValues``).

    Args:
        name: name of the stack.
        template: the template, with loops expanded and SAM transformed.
        environment: the account and Region it is loaded in.
        parameters: values given for its parameters.
        given: what the user gave as ``resources``, and the exports of all stacks.
        parameters_used: names among them that were asked for.
        children: nested stacks by logical id.
        inner: for a nested stack, the logical ids around it, each followed by a dot.
    """

    name: str
    template: dict[str, Any]
    environment: Environment
    parameters: Mapping[str, Any]
    given: GivenValues
    parameters_used: set[str] = field(default_factory=set)
    children: dict[str, Stack] = field(default_factory=dict)
    inner: str = ""
    _identities: dict[str, Identity | None] = field(default_factory=dict)
    _conditions: dict[str, bool | Unknown | None] = field(default_factory=dict)

    # what the intrinsic functions ask for

    def ref(self, name: str) -> Any:
        if name in self.resources:
            return self.identity(name).ref
        if name in self.section("Parameters"):
            return self._parameter(name)
        if name.startswith("AWS::"):
            return self._pseudo(name)
        given = self.given.take(name)
        return given if given is not None else self._nowhere(name)

    def get_att(self, name: str, attribute: str) -> Any:
        given = self.given.take(f"{self.inner}{name}.{attribute}", f"{name}.{attribute}")
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
        given = self.given.take(name)
        if given is not None:
            return given
        if name in self.given.exports:
            return self.given.exports[name]()
        return Unknown(f"export {name} belongs to another stack", f"resources={{{name!r}: '...'}}")

    def spend(self, units: int) -> None:
        self.given.budget.spend(units)

    def reference_value(self, text: str) -> str | None:
        value = self.given.take(text)
        return None if value is None else str(value)

    # the template

    @property
    def resources(self) -> dict[str, Any]:
        return self.section("Resources")

    def section(self, name: str) -> dict[str, Any]:
        found = self.template.get(name)
        return found if isinstance(found, dict) else {}

    def output(self, name: str) -> Any:
        """Return the value of an output."""
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
                self.given.exports[name] = partial(evaluate, self, output.get("Value"))

    def property(self, logical_id: str, *names: str) -> Any:
        """Return the value of a property, or of a member of it; None when it is absent."""
        properties = self.resources[logical_id].get("Properties")
        value = evaluate(self, properties.get(names[0])) if isinstance(properties, dict) else None
        for name in names[1:]:
            value = value.get(name) if isinstance(value, dict) else value if isinstance(value, Unknown) else None
        return None if value is NO_VALUE else value

    def is_made(self, logical_id: str) -> bool | Unknown:
        """Return whether the condition of a resource lets it be created."""
        name = self.resources[logical_id].get("Condition")
        return self.condition(name) if isinstance(name, str) else True

    def identity(self, logical_id: str) -> Identity:
        """Return what a resource is called. It is evaluated once."""
        if logical_id not in self._identities:
            self._identities[logical_id] = None
            self._identities[logical_id] = identity_of(self, logical_id)
        found = self._identities[logical_id]
        if found is None:
            circle = Unknown(f"the name of {logical_id} depends on itself", f"resources={{{logical_id!r}: '...'}}")
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
        partition = partition_of(self.environment.region)
        service = f"arn:{partition}:cloudformation:{self.environment.region}:{self.environment.account}"
        stack_id = f"stack/{self.name}/{made_up_uuid(self.name, self.environment.account, self.environment.region)}"
        values: dict[str, Any] = {
            "AWS::AccountId": self.environment.account,
            "AWS::Region": self.environment.region,
            "AWS::Partition": partition,
            "AWS::URLSuffix": domain_of(partition_of(self.environment.region)),
            "AWS::StackName": self.name,
            "AWS::StackId": f"{service}:{stack_id}",
            "AWS::NotificationARNs": [],
            "AWS::NoValue": NO_VALUE,
        }
        return values.get(name, self._nowhere(name))

    def _nowhere(self, name: str) -> Unknown:
        near = did_you_mean(name, (*self.resources, *self.section("Parameters")))
        return Unknown(f"nothing in the template is called {name}", f"resources={{{name!r}: '...'}}{near}")

    def leave_out(self, logical_id: str, why: Unknown) -> None:
        """Make every later reference to a resource unknown, because the resource is left out."""
        self._identities[logical_id] = Identity(why, why, why, {"Arn": why, "Name": why})


# what a resource is called


@dataclass(frozen=True, slots=True)
class Identity:
    """The name, the ARN, and what ``Ref`` and ``GetAtt`` give; each may be an ``Unknown``."""

    name: Any
    arn: Any
    ref: Any
    attributes: Mapping[str, Any]


def identity_of(stack: Stack, logical_id: str) -> Identity:
    """Return what a resource of a stack is called."""
    resource = stack.resources[logical_id]
    type_name = resource.get("Type", "")
    special = _SPECIAL.get(type_name)
    if special is not None:
        return special(stack, logical_id)
    given = stack.given.take(stack.inner + logical_id, logical_id)
    kind = RESOURCE_KINDS.get(type_name)
    if kind is None:
        return _not_in_table(logical_id, type_name, given, stack.inner)
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    if given is not None and parse_arn(str(given)):
        return Identity(
            identity.name,
            given,
            given if kind.ref == "{arn}" else identity.ref,
            {**identity.attributes, **{att: given for att, form in _attributes(kind).items() if form == "{arn}"}},
        )
    return identity


def _not_in_table(logical_id: str, type_name: str, given: Any, inner: str) -> Identity:
    """Return the identity of a resource whose type is not in the table: what was given for it, or unknown."""
    if given is not None:
        return Identity(given, given, given, {"Arn": given})
    unknown = Unknown(
        f"the name of {logical_id} ({type_name}) is only known once it is deployed",
        f"resources={{{inner + logical_id!r}: '...'}}",
    )
    return Identity(unknown, unknown, unknown, {})


def _name(stack: Stack, logical_id: str, kind: ResourceKind, given: Any) -> Any:
    if given is not None:
        parsed = parse_arn(str(given))
        return str(given) if parsed is None else parsed.resource.removesuffix(":*").replace(":", "/").rpartition("/")[2]
    name = stack.property(logical_id, kind.name) if kind.name else made_up_uuid(stack.name, logical_id)
    if name is not None:
        return name if isinstance(name, Unknown) else text_of(name)
    ending = ".fifo" if str(stack.property(logical_id, "FifoQueue")).lower() == "true" else ""
    ending = ending or (".fifo" if str(stack.property(logical_id, "FifoTopic")).lower() == "true" else "")
    made = physical_name(stack.name, logical_id, longest=kind.longest, ending=ending)
    return made.lower() if kind.lower else made


def _named(stack: Stack, kind: ResourceKind, name: Any, logical_id: str) -> Identity:
    if isinstance(name, Unknown):
        return Identity(name, name, name, dict.fromkeys(_attributes(kind), name))
    fields = format_fields(kind, name, (stack.name, logical_id), stack.environment)
    fields["arn"] = fields["arn"].replace("parameter//", "parameter/")  # the name of a parameter may begin with a slash
    fields["ref"] = kind.ref.format_map(fields)
    attributes = {attribute: form.format_map(fields) for attribute, form in _attributes(kind).items()}
    return Identity(name, fields["arn"], fields["ref"], attributes)


def _attributes(kind: ResourceKind) -> dict[str, str]:
    return {"Arn": "{arn}", **kind.attributes}


def _rule(stack: Stack, logical_id: str) -> Identity:
    """Return the identity of a rule: ``Ref`` gives its name, after ``bus|`` when the bus is not the default one."""
    name = stack.property(logical_id, "Name")
    name = physical_name(stack.name, logical_id) if name is None else name
    bus = stack.property(logical_id, "EventBusName") or "default"
    unknown = first_unknown(name, bus)
    if unknown:
        return Identity(name, unknown, unknown, {"Arn": unknown})
    bus_name = text_of(bus).rpartition("event-bus/")[2]
    arn = events_arn(stack.environment.region, stack.environment.account, rule_resource(bus_name, text_of(name)))
    ref = text_of(name) if bus_name == "default" else f"{bus_name}|{name}"
    return Identity(text_of(name), arn, ref, {"Arn": arn})


def _qualified(stack: Stack, logical_id: str) -> Identity:
    """Return the identity of a version or alias: the function's ARN with a qualifier. Versions count from 1."""
    function = stack.property(logical_id, "FunctionName")
    qualifier = stack.property(logical_id, "Name") or "1"
    unknown = first_unknown(function, qualifier)
    if unknown or function is None:
        missing = unknown or Unknown(f"{logical_id} has no FunctionName", f"resources={{{logical_id!r}: '...'}}")
        return Identity(missing, missing, missing, {})
    arn = f"{function_arn(text_of(function), stack.environment)}:{qualifier}"
    name = arn.split(":")[6]
    extra = {"Version": qualifier, "FunctionArn": arn, "AliasArn": arn}
    return Identity(name, arn, arn, extra)


def _role(stack: Stack, logical_id: str) -> Identity:
    """Return the identity of a role: its path is part of its ARN."""
    kind = RESOURCE_KINDS["AWS::IAM::Role"]
    given = stack.given.take(stack.inner + logical_id, logical_id)
    path = stack.property(logical_id, "Path")
    path = text_of(path).strip("/") if path is not None and not first_unknown(path) else ""
    path = path.replace("{", "{{").replace("}", "}}")
    kind = kind._replace(arn=kind.arn.replace("role/", f"role/{path}/" if path else "role/"))
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    if given is not None and parse_arn(str(given)):
        return Identity(identity.name, given, identity.ref, {**identity.attributes, "Arn": given})
    return identity


def _parameter_store(stack: Stack, logical_id: str) -> Identity:
    """Return the identity of an SSM parameter, which also gives its value."""
    kind = RESOURCE_KINDS["AWS::SSM::Parameter"]
    given = stack.given.take(stack.inner + logical_id, logical_id)
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    value = stack.property(logical_id, "Value")
    return Identity(
        identity.name, identity.arn, identity.ref, {**identity.attributes, "Value": value, "Type": "String"}
    )


def _nested(stack: Stack, logical_id: str) -> Identity:
    name = f"{stack.name}-{logical_id}-{suffix(stack.name, logical_id)}"
    arn = (
        f"arn:{partition_of(stack.environment.region)}:cloudformation:{stack.environment.region}:{stack.environment.account}"
        f":stack/{name}/{made_up_uuid(stack.name, logical_id)}"
    )
    return Identity(name, arn, arn, {})


_SPECIAL: dict[str, Callable[[Stack, str], Identity]] = {
    "AWS::Events::Rule": _rule,
    "AWS::Lambda::Version": _qualified,
    "AWS::Lambda::Alias": _qualified,
    "AWS::IAM::Role": _role,
    "AWS::SSM::Parameter": _parameter_store,
    "AWS::CloudFormation::Stack": _nested,
    "AWS::Serverless::Application": _nested,
}
