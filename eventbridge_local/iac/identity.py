"""What a resource of a stack is called once it is deployed: name, ARN, and what ``Ref`` and ``GetAtt`` give."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventbridge_local.iac.intrinsics import text_of
from eventbridge_local.iac.kinds import KINDS, Kind
from eventbridge_local.iac.naming import physical_name, suffix
from eventbridge_local.iac.unknown import Unknown, first_unknown
from eventbridge_local.model.arn import events_arn, parse_arn, partition_of, rule_resource

if TYPE_CHECKING:
    from eventbridge_local.iac.stack import Stack

RULE = "AWS::Events::Rule"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a resource is called once deployed; each part may be an ``Unknown``."""

    name: Any
    arn: Any
    ref: Any
    attributes: Mapping[str, Any]


def identity_of(stack: Stack, logical_id: str) -> Identity:
    """What the resource ``logical_id`` of ``stack`` is called."""
    resource = stack.resources[logical_id]
    type_name = resource.get("Type", "")
    special = _SPECIAL.get(type_name)
    if special is not None:
        return special(stack, logical_id)
    given = stack.exports.take(stack.inner + logical_id, logical_id)
    kind = KINDS.get(type_name)
    if kind is None:
        return _stranger(logical_id, type_name, given, stack.inner)
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    if given is not None and parse_arn(str(given)):
        return Identity(
            identity.name,
            given,
            given if kind.ref == "{arn}" else identity.ref,
            {**identity.attributes, **{att: given for att, form in _attributes(kind).items() if form == "{arn}"}},
        )
    return identity


def _stranger(logical_id: str, type_name: str, given: Any, inner: str) -> Identity:
    """A resource of a type outside the table: what was given for it, or nothing."""
    if given is not None:
        return Identity(given, given, given, {"Arn": given})
    unknown = Unknown(
        f"what AWS calls {logical_id} ({type_name}) is only known once it is deployed",
        f"resources={{{inner + logical_id!r}: '...'}}",
    )
    return Identity(unknown, unknown, unknown, {})


def _name(stack: Stack, logical_id: str, kind: Kind, given: Any) -> Any:
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


def _named(stack: Stack, kind: Kind, name: Any, logical_id: str) -> Identity:
    if isinstance(name, Unknown):
        return Identity(name, name, name, dict.fromkeys(_attributes(kind), name))
    words = {
        "partition": partition_of(stack.region),
        "region": stack.region,
        "account": stack.account,
        "dns": dns_of(stack.region),
        "name": name,
        "id": suffix(stack.name, logical_id, length=10).lower(),
        "short": suffix(stack.name, logical_id, length=6),
        "uuid": made_up_uuid(stack.name, logical_id),
    }
    arn = kind.arn.format(**words).replace("parameter//", "parameter/")
    ref = kind.ref.format(**words, arn=arn)
    formats = _attributes(kind)
    return Identity(name, arn, ref, {att: form.format(**words, arn=arn, ref=ref) for att, form in formats.items()})


def _attributes(kind: Kind) -> dict[str, str]:
    return {"Arn": "{arn}", **kind.attributes}


def _rule(stack: Stack, logical_id: str) -> Identity:
    """``Ref`` gives the name, with ``bus|`` in front of it where the bus is not the default one."""
    name = stack.property(logical_id, "Name")
    name = physical_name(stack.name, logical_id) if name is None else name
    bus = stack.property(logical_id, "EventBusName") or "default"
    unknown = first_unknown(name, bus)
    if unknown:
        return Identity(name, unknown, unknown, {"Arn": unknown})
    bus_name = text_of(bus).rpartition("event-bus/")[2]
    arn = events_arn(stack.region, stack.account, rule_resource(bus_name, text_of(name)))
    ref = text_of(name) if bus_name == "default" else f"{bus_name}|{name}"
    return Identity(text_of(name), arn, ref, {"Arn": arn})


def _qualified(stack: Stack, logical_id: str) -> Identity:
    """A version or alias of a function: the function's ARN with a qualifier. Versions count from 1."""
    function = stack.property(logical_id, "FunctionName")
    qualifier = stack.property(logical_id, "Name") or "1"
    unknown = first_unknown(function, qualifier)
    if unknown or function is None:
        lost = unknown or Unknown(f"{logical_id} names no function", f"resources={{{logical_id!r}: '...'}}")
        return Identity(lost, lost, lost, {})
    text = text_of(function)
    arn = (
        text
        if parse_arn(text)
        else KINDS["AWS::Lambda::Function"].arn.format(
            partition=partition_of(stack.region), region=stack.region, account=stack.account, name=text
        )
    )
    arn = f"{arn}:{qualifier}"
    name = arn.split(":")[6]
    extra = {"Version": qualifier, "FunctionArn": arn, "AliasArn": arn}
    return Identity(name, arn, arn, extra)


def _role(stack: Stack, logical_id: str) -> Identity:
    """A role's path is a part of its ARN."""
    kind = KINDS["AWS::IAM::Role"]
    given = stack.exports.take(stack.inner + logical_id, logical_id)
    path = stack.property(logical_id, "Path")
    path = text_of(path).strip("/") if path is not None and not first_unknown(path) else ""
    path = path.replace("{", "{{").replace("}", "}}")
    kind = kind._replace(arn=kind.arn.replace("role/", f"role/{path}/" if path else "role/"))
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    if given is not None and parse_arn(str(given)):
        return Identity(identity.name, given, identity.ref, {**identity.attributes, "Arn": given})
    return identity


def _parameter_store(stack: Stack, logical_id: str) -> Identity:
    """An SSM parameter also gives its value."""
    kind = KINDS["AWS::SSM::Parameter"]
    given = stack.exports.take(stack.inner + logical_id, logical_id)
    identity = _named(stack, kind, _name(stack, logical_id, kind, given), logical_id)
    value = stack.property(logical_id, "Value")
    return Identity(
        identity.name, identity.arn, identity.ref, {**identity.attributes, "Value": value, "Type": "String"}
    )


def _nested(stack: Stack, logical_id: str) -> Identity:
    name = f"{stack.name}-{logical_id}-{suffix(stack.name, logical_id)}"
    arn = (
        f"arn:{partition_of(stack.region)}:cloudformation:{stack.region}:{stack.account}"
        f":stack/{name}/{made_up_uuid(stack.name, logical_id)}"
    )
    return Identity(name, arn, arn, {})


_SPECIAL: dict[str, Callable[[Stack, str], Identity]] = {
    RULE: _rule,
    "AWS::Lambda::Version": _qualified,
    "AWS::Lambda::Alias": _qualified,
    "AWS::IAM::Role": _role,
    "AWS::SSM::Parameter": _parameter_store,
    "AWS::CloudFormation::Stack": _nested,
    "AWS::Serverless::Application": _nested,
}


def made_up_uuid(*parts: str) -> str:
    """An id in UUID form that depends on ``parts`` alone."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, "\0".join(parts)))


def dns_of(region: str) -> str:
    """What ``AWS::URLSuffix`` gives."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
