"""What a target receives: Input, InputPath and InputTransformer, as AWS applies them.

Check a target with ``check_target_input`` when it is put, prepare it once with ``compile_input``, and ask the result
for the ``payload`` of each event.

A part is imported when one of its names is first used: the targets of most tests get the event as it is. So write
``transforms.parse_path`` in what every mock imports.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventbridge_local.transforms.jsonpath import MISSING, InvalidPath, Path, parse_path, resolve_dynamic
    from eventbridge_local.transforms.target_input import (
        InputContext,
        TargetInput,
        check_target_input,
        compile_input,
        reserved_variables,
        select_text,
    )
    from eventbridge_local.transforms.template import (
        InputTemplate,
        InvalidResult,
        TooLarge,
        compile_template,
        is_object_template,
    )

__all__ = [
    "MISSING",
    "InputContext",
    "InputTemplate",
    "InvalidPath",
    "InvalidResult",
    "Path",
    "TargetInput",
    "TooLarge",
    "check_target_input",
    "compile_input",
    "compile_template",
    "is_object_template",
    "parse_path",
    "reserved_variables",
    "resolve_dynamic",
    "select_text",
]

_PARTS = {
    "jsonpath": ("MISSING", "InvalidPath", "Path", "parse_path", "resolve_dynamic"),
    "target_input": (
        "InputContext",
        "TargetInput",
        "check_target_input",
        "compile_input",
        "reserved_variables",
        "select_text",
    ),
    "template": ("InputTemplate", "InvalidResult", "TooLarge", "compile_template", "is_object_template"),
}


def __getattr__(name: str) -> Any:
    for part, names in _PARTS.items():
        if name in names:
            found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{part}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
