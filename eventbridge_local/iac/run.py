"""From the path of a source to rules on a bus.

``read`` makes a plan of a source, ``run`` carries it out, ``load`` does it for a mock and makes the names known there.

This is the one way in which templates are read: for ``eb.load``, the option ``template``, the server, the command line
and ``lint``. Here it is decided which format a path holds; no format knows another.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from os import PathLike
from os.path import isdir, isfile
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from eventbridge_local.errors import EventBridgeLocalError, ServiceError, UnresolvedReference, UsageError, add_note
from eventbridge_local.iac import cdk, sam, serverless
from eventbridge_local.iac.cloudformation import templates
from eventbridge_local.iac.cloudformation.permissions import permissions_of
from eventbridge_local.iac.documents import BrokenFile, Document, read_document
from eventbridge_local.iac.names import moved, stack_name
from eventbridge_local.iac.plan import LoadReport, Plan, Step, report_of
from eventbridge_local.iac.terraform import planning as terraform
from eventbridge_local.iac.values import Environment, GivenValues
from eventbridge_local.operations.service import Service

#: Carries out one operation, ``(name, parameters)``, and returns its answer.
Perform = Callable[[str, dict[str, Any]], Mapping[str, Any] | None]

_TRANSFORMS: Mapping[str, templates.Transform] = {sam.TRANSFORM: sam.expand}

#: The files that are looked for in a folder, in this order, when it is not a cloud assembly.
_IN_FOLDER = (
    "serverless.yml",
    "serverless.yaml",
    "template.yaml",
    "template.yml",
    "template.json",
)


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """A template and what it is read with; the arguments are those of ``read``."""

    path: str | PathLike[str]
    parameters: Mapping[str, Any] | None = None
    stack: str | None = None
    resources: Mapping[str, Any] | None = None

    def plan(self, account: str, region: str) -> Plan:
        """Return its plan for an account and Region.

        Raises:
            UsageError: it cannot be read; a broken file is named with line and column.
        """
        try:
            return read(
                self.path,
                parameters=self.parameters,
                stack=self.stack,
                resources=self.resources,
                account=account,
                region=region,
            )
        except RecursionError:
            raise UsageError(f"{self.path}: its values nest too deep to be evaluated") from None


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the collector of reference cycles: a source becomes very many values, and none of them is garbage yet.

    With it, half of the time for a template of 1 MB goes into looking at these values again and again.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@_collector_paused()
def load(
    service: Service, perform: Perform, plan: Plan, *, strict: bool = False, assume_buses: bool = False
) -> LoadReport:
    """Carry out a plan on a service, and let the service find its resources by their names in the source.

    Args:
        service: the service that ``perform`` reaches.
        perform: carries out one operation.
        plan: what to load.
        strict: refuse a plan in which a value is not known.
        assume_buses: create buses that the plan uses and does not declare. The report names them.

    Raises:
        UnresolvedReference: with ``strict``, where a value is not known. Nothing was changed then.
        PlanRefused: AWS would refuse a step. The steps before it stay done.
    """
    if strict and plan.unresolved:
        lines = "".join(f"\n  {each}" for each in plan.unresolved)
        count = len(plan.unresolved)
        known = "1 value is" if count == 1 else f"{count} values are"
        raise UnresolvedReference(f"{plan.source}: {known} not known without a deployment:{lines}")
    assumed = tuple(create_undeclared_buses(plan, perform)) if assume_buses else ()
    report = replace(run(plan, perform), assumed_buses=assumed)
    for name, resource in report.names.items():
        if resource.arn is not None:
            service.names[name] = resource.arn
            service.handlers.rename(name, resource.arn)
    for rule in report.rules:
        service.rule_names[rule.logical_id] = rule.name
    service.template_permissions.append(plan.permissions)
    return report


def create_undeclared_buses(plan: Plan, perform: Perform) -> Iterator[str]:
    """Create the buses that rules of a plan are on and that it does not declare; yield their names."""
    for name in plan.undeclared_buses:
        try:
            perform("CreateEventBus", {"Name": name})
        except ServiceError:
            continue  # the step that uses the bus is refused too, and its refusal names file and line
        yield name


def connect_handlers(report: LoadReport, connect: Callable[[str, Callable[..., Any]], object]) -> None:
    """Import the Python handler of every function of a template, and connect it to the function's ARN."""
    for resource in {resource.logical_id: resource for resource in report.names.values()}.values():
        if resource.handler is not None and resource.arn is not None:
            connect(resource.arn, resource.handler.load())


# reading


@_collector_paused()
def read(
    source: str | PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    stack: str | None = None,
    resources: Mapping[str, Any] | None = None,
    account: str,
    region: str,
) -> Plan:
    """Return the plan of a template, a cloud assembly, a Terraform plan or state, or a Serverless service.

    Args:
        source: a file, or a folder such as ``cdk.out``.
        parameters: values of template parameters; for Serverless of ``${opt:...}`` and ``${param:...}``. Those of a
            nested stack are called ``LogicalId.Parameter``.
        stack: name of the stack; None takes it from the file, or from the assembly or service.
        resources: values that are not in the source or are only known after deployment: ARNs or names by logical id
            (Terraform: address), by ``LogicalId.Attribute``, by the name of an export, or by a dynamic reference.
        account: 12 digits.
        region: such as ``eu-west-1``.

    Raises:
        UsageError: the path does not exist, or holds none of these; PyYAML is needed and not installed.
        BrokenFile: the text of a file is broken; names file, line and column.
    """
    if not isinstance(source, str | PathLike):
        raise UsageError(f"the source {source!r} is no path; give that of a template, of cdk.out or of a plan as JSON")
    for name, given in (("parameters", parameters), ("resources", resources)):
        if given is not None and not isinstance(given, Mapping):
            raise UsageError(f"{name}={given!r}: give a dict of names and values")
    path = Path(source)
    reading = _Reading(
        str(source),
        Environment(account, region),
        stack,
        MappingProxyType(dict(parameters or {})),
        GivenValues(MappingProxyType(dict(resources or {}))),
    )
    if not isdir(path):
        return _read_file(path, reading)
    if isfile(path / cdk.MANIFEST):
        return _read_assembly(path, reading)
    return _read_file(_template_in(path), reading)


class _Reading(NamedTuple):
    """The arguments of ``read``, as the formats take them."""

    source: str
    environment: Environment
    stack: str | None
    parameters: Mapping[str, Any]
    given: GivenValues

    def stacks(
        self, document: Document, name: str, parameters: Mapping[str, Any], **more: Any
    ) -> list[templates.LoadedStack]:
        return templates.read_stacks(document, name, self.environment, parameters, self.given, _TRANSFORMS, **more)

    def plan(self, stacks: list[templates.LoadedStack]) -> Plan:
        complete = not any(loaded.unresolved for loaded in stacks)
        plan = templates.plan_of(self.source, stacks, self.parameters, self.given)
        for loaded in stacks:
            # What finds positions holds the text or the graph of its nodes, and the plan is kept as long as a mock.
            loaded.document = replace(loaded.document, locate=lambda path: None)
        return replace(plan, permissions=cache(lambda: permissions_of(stacks, complete)))


def _read_file(path: Path, reading: _Reading) -> Plan:
    document = read_document(path)
    if terraform.is_terraform(document.data):
        with _form_of(path, "the output of `terraform show -json`"):
            return terraform.plan_of(reading.source, document, reading.environment, reading.given, reading.parameters)
    if serverless.is_serverless(document):
        return _read_service(document, reading)
    _check_is_template(document)
    return _read_template(document, reading)


def _read_service(document: Document, reading: _Reading) -> Plan:
    document, name, origins = serverless.template_of(document, reading.parameters, reading.given, reading.environment)
    return reading.plan(reading.stacks(document, reading.stack or name, reading.parameters, origins=origins))


def _read_template(document: Document, reading: _Reading) -> Plan:
    """Read one template; where it is part of a cloud assembly, the manifest gives its name and parameters."""
    path = document.path
    with _form_of(path.parent / cdk.MANIFEST, "a manifest of CDK"):
        known = cdk.known_stack(path)
    if known is None:
        name = reading.stack or stack_name(path.name.partition(".")[0])
        return reading.plan(reading.stacks(document, name, reading.parameters))
    document = replace(document, data=moved(document.data, known.made_for, reading.environment))
    values = {**known.parameters, **reading.parameters}
    return reading.plan(reading.stacks(document, reading.stack or known.name, values))


def _read_assembly(folder: Path, reading: _Reading) -> Plan:
    stacks: list[templates.LoadedStack] = []
    with _form_of(folder / cdk.MANIFEST, "a manifest of CDK"):
        files = cdk.stack_files(folder)
    for name, path, set_by_assembly, made_for in files:
        document = read_document(path)
        document = replace(document, data=moved(document.data, made_for, reading.environment))
        file = path.relative_to(folder).as_posix()
        stacks.extend(reading.stacks(document, name, {**set_by_assembly, **reading.parameters}, file=file))
    return reading.plan(stacks)


@contextmanager
def _form_of(path: Path, what: str) -> Iterator[None]:
    """Refuse a file as a whole when it is not in the form its tool writes: such files are not written by hand."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        raise UsageError(f"{path} is not in the form of {what}: {problem!r}") from problem


def _template_in(folder: Path) -> Path:
    found = next((folder / name for name in _IN_FOLDER if isfile(folder / name)), None)
    if found is not None:
        return found
    if any(folder.glob("*.tf")):
        raise UsageError(
            f"{folder} holds Terraform's own language; give the JSON of its plan: "
            "terraform plan -out plan.out && terraform show -json plan.out > plan.json"
        )
    raise UsageError(f"{folder} has none of {cdk.MANIFEST}, {', '.join(_IN_FOLDER)}; give the file itself")


def _check_is_template(document: Document) -> None:
    data = document.data
    if "terraform_version" in data and "serial" in data:
        raise UsageError(f"{document.path} is raw Terraform state; give the output of `terraform show -json` instead")
    resources = data.get("Resources")
    if not isinstance(resources, dict):
        line, column = document.position(("Resources",)) if resources is not None else (1, 1)
        found = ", ".join(map(str, list(data)[:5])) or "nothing"
        raise BrokenFile(
            str(document.path),
            line or 1,
            column or 1,
            "this is not a CloudFormation or SAM template (Resources), a serverless.yml (service, functions) or the "
            f"output of `terraform show -json`; its top level has {found}",
        )


# running


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
        error: the refusal as AWS words it; or anything else that ``perform`` raised for this step.
        code: code of an error that is no ``ServiceError``.
        message: its text.
    """

    def __init__(
        self, step: Step, error: BaseException, *, code: str | None = None, message: str | None = None
    ) -> None:
        if isinstance(error, ServiceError):
            code, message = error.code, error.message
        refusal = f"{code}: {message}" if code else str(message or error)
        super().__init__(f"{step.place}: AWS would refuse this at deployment: {refusal}")
        self.step = step
        self.error = error
        self.code = code
        hint = getattr(error, "hint", None)
        if hint:
            add_note(self, f"eventbridge_local: {hint}")
        if code == "ResourceNotFoundException":
            self.add_note(f"eventbridge_local: {_ABSENT}")


def run(plan: Plan, perform: Perform) -> LoadReport:
    """Carry out a plan, step by step.

    ARNs that end in an id made at creation, and ARNs of a Terraform state, which belong to another account, are
    replaced in later steps by those that were answered.

    Args:
        plan: what to carry out.
        perform: carries out one operation.

    Returns:
        The report, with the ARNs as they are now.

    Raises:
        PlanRefused: a step was refused, or a target of it. The steps before it stay done.
    """
    actual: dict[str, str] = {}
    done: list[Step] = []
    for step in plan.steps:
        if actual:
            step = replace(step, params=_replaced(step.params, actual))
        try:
            answer = perform(step.operation, step.params) or {}
        except ServiceError as refusal:
            raise PlanRefused(step, refusal) from refusal
        for failed in answer.get("FailedEntries") or ():
            raise PlanRefused(step, ServiceError(failed.get("ErrorCode", ""), failed.get("ErrorMessage", "")))
        arn = answer.get(_ARN_MEMBERS.get(step.operation, ""))
        if arn and arn != step.arn:
            if step.arn:
                actual[step.arn] = arn
            step = replace(step, arn=arn)
        done.append(step)
    names = {
        name: replace(resource, arn=actual[resource.arn]) if resource.arn in actual else resource
        for name, resource in plan.names.items()
    }
    return report_of(replace(plan, steps=tuple(done), names=names))


def _replaced(value: Any, actual: Mapping[str, str]) -> Any:
    """Return ``value`` with the ARNs in its texts replaced, each only where it is not the start of a longer name."""
    if isinstance(value, dict):
        return {name: _replaced(inner, actual) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, actual) for inner in value]
    if isinstance(value, str) and "arn:" in value:
        for foreseen, answered in actual.items():
            value = re.sub(re.escape(foreseen) + r"(?![\w./-])", answered.replace("\\", r"\\"), value)
    return value
