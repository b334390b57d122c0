"""What a target receives: Input, InputPath and InputTransformer, as AWS applies them.

Check a target with ``check_target_input`` when it is put, prepare it once with ``compile_input``, and ask the result
for the ``payload`` of each event.
"""

from __future__ import annotations

from eventbridge_local.transforms.admission import check_target_input
from eventbridge_local.transforms.dynamic import resolve_dynamic
from eventbridge_local.transforms.jsonpath import MISSING, InvalidPath, Path, parse_path
from eventbridge_local.transforms.target_input import (
    InputContext,
    TargetInput,
    compile_input,
    reserved_variables,
    select_text,
)
from eventbridge_local.transforms.template import InvalidResult, Template, compile_template, is_object_template

__all__ = [
    "MISSING",
    "InputContext",
    "InvalidPath",
    "InvalidResult",
    "Path",
    "TargetInput",
    "Template",
    "check_target_input",
    "compile_input",
    "compile_template",
    "is_object_template",
    "parse_path",
    "reserved_variables",
    "resolve_dynamic",
    "select_text",
]
