"""Terraform and OpenTofu: the JSON of a plan or of a state (``terraform show -json``)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from eventbridge_local.iac.documents import Document
from eventbridge_local.iac.handlers import Handler, python_handler
from eventbridge_local.iac.names import environment_of, moved
from eventbridge_local.iac.plan import Plan, Resource, names_with_aliases
from eventbridge_local.iac.steps import ORDER, TARGET, DeclaredResource, PlanBuilder, step_rank
from eventbridge_local.iac.terraform.instances import (
    ALIAS_TYPE,
    KINDS_BY_TYPE,
    RULE_TYPE,
    Instance,
    InstanceValues,
    instances_of,
)
from eventbridge_local.iac.terraform.permissions import permissions_of
from eventbridge_local.iac.terraform.shapes import SHAPES, shaped
from eventbridge_local.iac.values import Environment, GivenValues, Unknown, known, path_text

_NAMED = frozenset(KINDS_BY_TYPE) | {RULE_TYPE, ALIAS_TYPE}
_OF_THE_RULE = ("Rule", "EventBusName")


def is_terraform(data: Mapping[str, Any]) -> bool:
    """Return whether this is the JSON of a plan or of a state."""
    return "format_version" in data and ("planned_values" in data or "values" in data or "terraform_version" in data)


def plan_of(
    source: str, document: Document, environment: Environment, given: GivenValues, parameters: Mapping[str, Any]
) -> Plan:
    """Return the plan of a Terraform plan or state.

    Args:
        source: the path that was read.
        document: the output of ``terraform show -json``.
        environment: the account and Region everything is loaded in.
        given: what the user gave as ``resources``.
        parameters: what the user gave as parameters; all are unused, because the variables have their values already.
    """
    found = list(instances_of(document.data))
    made_for = environment_of(instance.values.get("arn") for instance in found if instance.type in SHAPES)
    data = moved(document.data, made_for, environment)
    instances = {instance.address: instance for instance in instances_of(data)}
    configuration = (data.get("configuration") or {}).get("root_module") or {}
    values = InstanceValues(instances, configuration, environment, given)
    managed = [instance for instance in instances.values() if not instance.is_data]
    builder = PlanBuilder()
    for kind in ORDER:
        for instance in managed:
            if instance.type in SHAPES and SHAPES[instance.type][0] == kind:
                _declare(builder, values, instance, document)
    builder.steps.sort(key=step_rank)
    names = _names(values, managed, document.path.parent)
    ignored = Counter(one.type for one in managed if one.type not in SHAPES and one.type not in _NAMED)
    return Plan(
        source=source,
        steps=tuple(builder.steps),
        unresolved=tuple(builder.unresolved),
        ignored=MappingProxyType(dict(sorted(ignored.items()))),
        names=MappingProxyType(names),
        unused=tuple(sorted({*parameters, *given.given} - given.used)),
        permissions=cache(lambda: permissions_of(values)),
    )


def _declare(builder: PlanBuilder, values: InstanceValues, instance: Instance, document: Document) -> None:
    kind, shape = SHAPES[instance.type]
    arguments = values.of(instance)
    properties = shaped(arguments, shape)
    if kind == TARGET:
        properties = _target(properties, instance)
    elif instance.type == RULE_TYPE and "State" not in properties and arguments.get("is_enabled") is False:
        properties["State"] = "DISABLED"
    line, column = document.position(instance.path)
    declared = DeclaredResource(
        kind,
        instance.address,
        properties,
        values.name(instance) if instance.type in _NAMED else None,
        values.attribute(instance, "arn") if instance.type in _NAMED else None,
        document.name,
        line,
        column,
        lambda path: f"{instance.address}.{path_text(path)}" if path else instance.address,
    )
    if not builder.add(declared):
        remedy = builder.unresolved[-1].remedy if builder.unresolved else "what it lacks"
        values.left_out[instance.address] = Unknown(f"{instance.address} is left out itself", remedy)


def _target(properties: dict[str, Any], instance: Instance) -> dict[str, Any]:
    """Return the rule's name and bus, and the target apart from them; Terraform makes up an id where there is none."""
    members = {name: value for name, value in properties.items() if name not in _OF_THE_RULE}
    commands = members.pop("RunCommandTargets", None)
    if commands is not None:
        members["RunCommandParameters"] = {"RunCommandTargets": commands}
    if not members.get("Id") or isinstance(members["Id"], Unknown):
        members["Id"] = f"terraform-{instance.name}"
    age = members.get("RetryPolicy")
    if (
        isinstance(age, dict) and age.get("MaximumEventAgeInSeconds") == 0
    ):  # how Terraform writes an age that is not set
        members["RetryPolicy"] = {name: value for name, value in age.items() if name != "MaximumEventAgeInSeconds"}
    rule = {name: properties[name] for name in _OF_THE_RULE if name in properties}
    return {**rule, "Target": members}


def _names(values: InstanceValues, managed: list[Instance], folder: FilePath) -> dict[str, Resource]:
    full: dict[str, Resource] = {}
    short: dict[str, list[Resource]] = {}
    for instance in managed:
        if instance.type not in _NAMED:
            continue
        made = Resource(
            instance.address,
            instance.type,
            known(values.attribute(instance, "arn")),
            known(values.name(instance)),
            _handler(values, instance, folder),
            _dead_letters(instance),
        )
        full[instance.address] = made
        for alias in {f"{instance.type}.{instance.name}{instance.index}", f"{instance.name}{instance.index}"}:
            short.setdefault(alias, []).append(made)
    return names_with_aliases(full, short)


def _dead_letters(instance: Instance) -> str | None:
    block = instance.values.get("dead_letter_config")
    found = block[0].get("target_arn") if isinstance(block, list) and block and isinstance(block[0], dict) else None
    return found if isinstance(found, str) else None


def _handler(values: InstanceValues, instance: Instance, folder: FilePath) -> Handler | None:
    if instance.type != "aws_lambda_function":
        return None
    code = next(_code(values, instance, folder), None)
    return python_handler(instance.values.get("handler"), code, instance.values.get("runtime"), outside=False)


def _code(values: InstanceValues, instance: Instance, folder: FilePath) -> Iterator[FilePath]:
    """Yield the folder that ``archive_file`` packs into the function's file, then the file itself."""
    file = instance.values.get("filename")
    if not isinstance(file, str):
        return
    for other in values.instances.values():
        if other.type == "archive_file" and other.values.get("output_path") == file:
            if isinstance(other.values.get("source_dir"), str):
                yield folder / other.values["source_dir"]
            elif isinstance(other.values.get("source_file"), str):
                yield (folder / other.values["source_file"]).parent
    yield folder / file
