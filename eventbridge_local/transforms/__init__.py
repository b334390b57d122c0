"""What a target receives: Input, InputPath and InputTransformer, as AWS applies them.

Check a target with ``check_target_input`` when it is put, prepare it once with ``compile_input``, and ask the result
for the ``payload`` of each event.
"""

from __future__ import annotations

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
