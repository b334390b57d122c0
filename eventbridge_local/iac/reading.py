"""``read``: find out what a path holds, and hand it to the loader of that format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.iac import cdk, serverless, terraform
from eventbridge_local.iac.documents import BrokenFile, Document, read_document
from eventbridge_local.iac.home import moved
from eventbridge_local.iac.naming import stack_name
from eventbridge_local.iac.plan import Plan
from eventbridge_local.iac.planning import plan_of
from eventbridge_local.iac.stack import Exports
from eventbridge_local.iac.templates import Account, Loaded, load

#: What a folder is searched for, in this order, when it is no cloud assembly.
_IN_FOLDER = (
    "serverless.yml",
    "serverless.yaml",
    "template.yaml",
    "template.yml",
    "template.json",
)


def read(
    source: str | Path,
    *,
    parameters: Mapping[str, Any] | None = None,
    stack: str | None = None,
    resources: Mapping[str, Any] | None = None,
    account: str,
    region: str,
) -> Plan:
    """The plan of a template, a cloud assembly, a Terraform plan or state, or a Serverless service.

    Args:
        source: a file, or a folder such as ``cdk.out``.
        parameters: values of template parameters; for Serverless of ``${opt:...}`` and ``${param:...}``. Those of a
            nested stack are called ``LogicalId.Parameter``.
        stack: name of the stack; None takes it from the file, or from the assembly or service.
        resources: what stands outside of the source or is only known after deployment: ARNs or names by logical id
            (Terraform: address), by ``LogicalId.Attribute``, by the name of an export, or by a dynamic reference.
        account: 12 digits.
        region: such as ``eu-west-1``.

    Raises:
        UsageError: the path is not there, or holds none of these; PyYAML is needed and not installed.
        BrokenFile: the text of a file is broken; names file, line and column.
    """
    path = Path(source)
    where = Account(account, region)
    given: Mapping[str, Any] = MappingProxyType(dict(parameters or {}))
    exports = Exports(MappingProxyType(dict(resources or {})))
    if path.is_dir():
        if (path / cdk.MANIFEST).is_file():
            return _assembly(path, where, given, exports)
        path = _in_folder(path)
    document = read_document(path)
    if terraform.is_terraform(document.data):
        with _in_form(path, "the output of `terraform show -json`"):
            return terraform.plan_of(str(source), document, where, exports, given)
    if serverless.is_serverless(document):
        document, name, origins = serverless.template_of(document, given, exports, where)
        stacks = load(document, stack or name, where, given, exports, origins=origins)
        return plan_of(str(source), stacks, given, exports)
    _check(document)
    with _in_form(path.parent / cdk.MANIFEST, "a manifest of CDK"):
        known = cdk.known_stack(path)
    name = stack or (known.name if known else stack_name(path.name.partition(".")[0]))
    if known:
        document = replace(document, data=moved(document.data, known.home, where))
    stacks = load(document, name, where, {**(known.parameters if known else {}), **given}, exports)
    return plan_of(str(source), stacks, given, exports)


def _assembly(folder: Path, where: Account, parameters: Mapping[str, Any], exports: Exports) -> Plan:
    stacks: list[Loaded] = []
    with _in_form(folder / cdk.MANIFEST, "a manifest of CDK"):
        files = cdk.stack_files(folder)
    for name, path, set_by_assembly, home in files:
        given = {**set_by_assembly, **parameters}
        document = read_document(path)
        document = replace(document, data=moved(document.data, home, where))
        file = path.relative_to(folder).as_posix()
        stacks.extend(load(document, name, where, given, exports, file=file))
    return plan_of(str(folder), stacks, parameters, exports)


@contextmanager
def _in_form(path: Path, what: str) -> Iterator[None]:
    """Nobody writes these files by hand, so one that is not as its tool writes it is told as such as a whole."""
    try:
        yield
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as problem:
        if isinstance(problem, UsageError):
            raise
        raise UsageError(f"{path} is not in the form of {what}: {problem!r}") from problem


def _in_folder(folder: Path) -> Path:
    found = next((folder / name for name in _IN_FOLDER if (folder / name).is_file()), None)
    if found is not None:
        return found
    if any(folder.glob("*.tf")):
        raise UsageError(
            f"{folder} holds Terraform's own language; give the JSON of its plan: "
            "terraform plan -out plan.out && terraform show -json plan.out > plan.json"
        )
    raise UsageError(f"{folder} has none of {cdk.MANIFEST}, {', '.join(_IN_FOLDER)}; give the file itself")


def _check(document: Document) -> None:
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
            "this is no CloudFormation or SAM template (Resources), no serverless.yml (service, functions) and no "
            f"output of `terraform show -json`; its top level has {found}",
        )
