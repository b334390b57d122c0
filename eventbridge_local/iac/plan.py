"""What a loader hands over: API operations in the order they must run, and what it knows besides."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from eventbridge_local.iac.handlers import Handler


@dataclass(frozen=True, slots=True)
class Step:
    """One ordinary API operation.

    Args:
        operation: its name, such as ``PutRule``.
        params: its parameters as boto3 spells them.
        logical_id: what the source calls the resource; for Terraform its address.
        file: name of the file that declares it, relative to the source.
        line: line of the declaration, from 1; None where lines say nothing (JSON on one line).
        column: column of the declaration, from 1.
        arn: the ARN that later steps use for what this step makes. It may differ from the one AWS or the mock
            answers with, because some ARNs end in an id made at creation; ``run`` replaces it then.
    """

    operation: str
    params: dict[str, Any]
    logical_id: str
    file: str
    line: int | None = None
    column: int | None = None
    arn: str | None = None

    @property
    def place(self) -> str:
        """``file:line logical_id``, for messages."""
        return f"{self.file}:{self.line} {self.logical_id}" if self.line else f"{self.file} {self.logical_id}"


_ARGUMENT = re.compile(r"(parameter|resource)s=\{'([^']*)': '\.\.\.'\}")


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A value that cannot be known without a deployment.

    Args:
        path: where it stands, such as ``Resources.FraudRule.Properties.Targets[0].Arn``.
        reason: why it is not known, and what was left out for it.
        remedy: how to give it, as arguments of ``load``.
        file: name of the file.
    """

    path: str
    reason: str
    remedy: str
    file: str = ""

    @property
    def options(self) -> str:
        """How to give it, as options of the command line."""
        return _ARGUMENT.sub(lambda found: f"--{found[1]} {shlex.quote(found[2])}=VALUE", self.remedy)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}; give {self.remedy}"


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of the source that an event may meet.

    Args:
        logical_id: what the source calls it.
        type: the type in the source's words, such as ``AWS::Lambda::Function`` or ``aws_sqs_queue``.
        arn: the ARN that targets carry; None when it is not known.
        physical_name: its name once deployed; None when it is not known.
        handler: where a function's Python code is; None for other resources and other languages.
        dead_letter_arn: where the resource itself sends what it cannot handle.
    """

    logical_id: str
    type: str
    arn: str | None
    physical_name: str | None
    handler: Handler | None = None
    dead_letter_arn: str | None = None


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a source says about EventBridge.

    Args:
        source: the path that was read.
        steps: in the order in which they must run.
        unresolved: what could not be known, in the order of the source.
        ignored: how many resources of each type have no part in EventBridge.
        names: resources by logical id, and by shorter names where those are unique (construct ids of CDK, names of
            functions in serverless.yml, resource names of Terraform, ids inside nested stacks).
        unused: parameters and resources that were given and that nothing asked for.
    """

    source: str
    steps: tuple[Step, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=_nothing)
    names: Mapping[str, Resource] = field(default_factory=_nothing)
    unused: tuple[str, ...] = ()
