"""The output of ``cdk synth``: a cloud assembly, a folder with ``manifest.json`` and a template for each stack.

All stacks of the folder are loaded, those of Stages too, and imports of one get the exports of another.
Source: the schema of the cloud assembly, package @aws-cdk/cloud-assembly-schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from os.path import isfile
from pathlib import Path
from typing import Any, NamedTuple

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.documents import read_document
from eventbridge_local.iac.values import Environment

MANIFEST = "manifest.json"


class StackFile(NamedTuple):
    """A stack of an assembly.

    Args:
        name: name of the stack.
        path: its template.
        parameters: those that the assembly sets.
        made_for: the account and Region of its environment; None for a stack without one.
    """

    name: str
    path: Path
    parameters: dict[str, Any]
    made_for: Environment | None


def stack_files(folder: Path) -> list[StackFile]:
    """Return the stacks of an assembly and of the assemblies inside it, those that others depend on first.

    Raises:
        UsageError: the assembly has no stack.
    """
    found = list(_stacks(folder))
    if not found:
        raise UsageError(f"{folder / MANIFEST} lists no stack; run `cdk synth` again")
    return found


def known_stack(template: Path) -> StackFile | None:
    """Return the stack that a single template belongs to, by the manifest beside it; None when there is no manifest."""
    if not isfile(template.parent / MANIFEST):
        return None
    return next((stack for stack in _stacks(template.parent) if stack.path.resolve() == template.resolve()), None)


def _stacks(folder: Path) -> Iterator[StackFile]:
    artifacts = read_document(folder / MANIFEST).data.get("artifacts")
    artifacts = artifacts if isinstance(artifacts, dict) else {}
    for name in _in_order(artifacts):
        artifact = artifacts[name]
        properties = artifact.get("properties") or {}
        if artifact.get("type") == "aws:cloudformation:stack" and "templateFile" in properties:
            yield StackFile(
                properties.get("stackName") or name,
                folder / properties["templateFile"],
                properties.get("parameters") or {},
                _environment(artifact.get("environment")),
            )
        elif artifact.get("type") == "cdk:cloud-assembly" and "directoryName" in properties:
            yield from _stacks(folder / properties["directoryName"])


def _environment(environment: Any) -> Environment | None:
    """Return the account and Region of ``aws://ACCOUNT/REGION``; without an environment there are placeholders."""
    account, _, region = str(environment).removeprefix("aws://").partition("/")
    return Environment(account, region) if account.isdigit() and region and region != "unknown-region" else None


def _in_order(artifacts: dict[str, Any]) -> list[str]:
    """Return the names, each after those it depends on; otherwise in the order of the manifest."""
    done: dict[str, None] = {}

    def visit(name: str, above: tuple[str, ...]) -> None:
        if name in done or name in above or name not in artifacts:
            return
        for needed in artifacts[name].get("dependencies") or ():
            visit(needed, (*above, name))
        done[name] = None

    for name in artifacts:
        visit(name, ())
    return list(done)
