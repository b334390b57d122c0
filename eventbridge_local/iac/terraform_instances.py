"""The instances of resources in the JSON of a Terraform plan or state.

Source: Terraform documentation, "JSON Output Format", values representation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from eventbridge_local.iac.unknown import Path

#: One step of an address or reference: a name, and its index text.
STEP = re.compile(r"([^.\[\]]+)((?:\[[^\]]*\])?)")


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance of a resource.

    Args:
        address: such as ``module.events["a"].aws_sqs_queue.dead``.
        module: names of the modules around it, each with its index text (``["a"]`` or nothing).
        index: index text of its own.
        values: what is known.
        open: what is not: a tree of True below the arguments.
        path: in the document.
    """

    address: str
    module: tuple[tuple[str, str], ...]
    type: str
    name: str
    index: str
    values: Mapping[str, Any]
    open: Any
    path: Path
    is_data: bool = False


def instances_of(data: Mapping[str, Any]) -> Iterator[Instance]:
    """Every instance of a plan or state, data sources too."""
    opened = {
        change.get("address"): (change.get("change") or {}).get("after_unknown")
        for change in data.get("resource_changes") or ()
    }
    for top in (("planned_values",), ("values",), ("prior_state", "values")):
        found: Any = data
        for name in top:
            found = (found or {}).get(name)
        root = (found or {}).get("root_module")
        if isinstance(root, dict):
            for instance in _of_module(root, (), (*top, "root_module"), opened):
                if top[0] != "prior_state" or instance.is_data:
                    yield instance


def _of_module(
    module: Mapping[str, Any], names: tuple[tuple[str, str], ...], path: Path, opened: Mapping[Any, Any]
) -> Iterator[Instance]:
    for number, resource in enumerate(module.get("resources") or ()):
        address = resource["address"]
        yield Instance(
            address,
            names,
            resource.get("type", ""),
            resource.get("name", ""),
            _index_text(resource),
            resource.get("values") or {},
            opened.get(address),
            (*path, "resources", number),
            resource.get("mode") == "data",
        )
    for number, child in enumerate(module.get("child_modules") or ()):
        name, index = STEP.findall(child["address"][len(_prefix(names)) :])[1]
        yield from _of_module(child, (*names, (name, index)), (*path, "child_modules", number), opened)


def _prefix(names: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"module.{name}{index}." for name, index in names)


def _index_text(resource: Mapping[str, Any]) -> str:
    index = resource.get("index")
    if index is None:
        return ""
    return f"[{index}]" if isinstance(index, int) else f'["{index}"]'
