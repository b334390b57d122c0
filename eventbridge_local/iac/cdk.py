"""What ``cdk synth`` writes: a cloud assembly, which is a folder with ``manifest.json`` and a template for each stack.

All stacks of the folder are loaded, those of Stages too, and exports of one resolve imports of another.
Source: the schema of the cloud assembly, package @aws-cdk/cloud-assembly-schema.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.documents import read_document
from eventbridge_local.iac.home import Home

MANIFEST = "manifest.json"


class StackFile(NamedTuple):
    """A stack of an assembly.

    Args:
        name: name of the stack.
        path: its template.
        parameters: those that the assembly sets.
        home: the account and Region it was synthesized for, if it was for certain ones.
    """

    name: str
    path: Path
    parameters: dict[str, Any]
    home: Home | None


def stack_files(folder: Path) -> list[StackFile]:
    """The stacks of an assembly and of the assemblies inside it, those that others depend on first."""
    found = list(_stacks(folder))
    if not found:
        raise UsageError(f"{folder / MANIFEST} lists no stack; run `cdk synth` again")
    return found


def known_stack(template: Path) -> StackFile | None:
    """The stack that a single template is of, by the manifest beside it."""
    if not (template.parent / MANIFEST).is_file():
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
                _home(artifact.get("environment")),
            )
        elif artifact.get("type") == "cdk:cloud-assembly" and "directoryName" in properties:
            yield from _stacks(folder / properties["directoryName"])


def _home(environment: Any) -> Home | None:
    """The account and Region of ``aws://ACCOUNT/REGION``; an app without an environment has placeholders there."""
    account, _, region = str(environment).removeprefix("aws://").partition("/")
    return (account, region) if account.isdigit() and region and region != "unknown-region" else None


def _in_order(artifacts: dict[str, Any]) -> list[str]:
    """Names with each behind those it depends on; the manifest's own order otherwise."""
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
