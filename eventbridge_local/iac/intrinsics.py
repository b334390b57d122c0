"""The intrinsic functions of CloudFormation, evaluated on plain data.

A function gets its raw argument, evaluates what it needs, and gives a value, an ``Unknown`` or ``NO_VALUE``. Everything
that depends on the stack (parameters, resources, conditions, exports) is asked of a ``Scope``.
Source: CloudFormation Template Reference, "Intrinsic function reference".
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any, Protocol

from eventbridge_local.iac.unknown import NO_VALUE, Path, Unknown, first_unknown

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^}]*\}\}")


class Scope(Protocol):
    """What evaluation asks of a stack."""

    def ref(self, name: str) -> Any: ...
    def get_att(self, name: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool | Unknown: ...
    def mapping(self, name: str) -> dict[str, Any] | None: ...
    def imported(self, name: str) -> Any: ...
    def given(self, text: str) -> str | None: ...


def evaluate(scope: Scope, node: Any, path: Path = ()) -> Any:
    """``node`` with every function in it replaced by its value.

    Args:
        path: where ``node`` stands; an ``Unknown`` that is found remembers where it was needed.
    """
    if isinstance(node, dict):
        if len(node) == 1:
            (name, argument), *_ = node.items()
            function = FUNCTIONS.get(name)
            if function is not None:
                return _placed(function(scope, argument), path)
            if isinstance(name, str) and name.startswith("Fn::"):
                return _unsupported(name, path)
        made = {key: evaluate(scope, inner, (*path, key)) for key, inner in node.items()}
        return {key: inner for key, inner in made.items() if inner is not NO_VALUE}
    if isinstance(node, list):
        elements = [evaluate(scope, inner, (*path, number)) for number, inner in enumerate(node)]
        return [inner for inner in elements if inner is not NO_VALUE]
    if isinstance(node, str) and "{{resolve:" in node:
        return _placed(dynamic(scope, node), path)
    return _placed(node, path) if isinstance(node, Unknown) else node


def dynamic(scope: Scope, text: str) -> Any:
    """A text with dynamic references: those that were given are filled in; one that was not makes it unknown."""
    for reference in _DYNAMIC.findall(text):
        given = scope.given(reference)
        if given is None:
            return Unknown(f"{reference} is looked up by AWS during deployment", f"resources={{{reference!r}: '...'}}")
        text = text.replace(reference, given)
    return text


def text_of(value: Any) -> str:
    """A scalar as CloudFormation writes it into a text."""
    if value is NO_VALUE:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return (
        value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=str)
    )


def _placed(value: Any, path: Path) -> Any:
    """What a function gave, with unknown values told where in the template they stand."""
    if isinstance(value, Unknown):
        return Unknown(value.reason, value.remedy, path)
    if isinstance(value, dict):
        return {key: _placed(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, (*path, number)) for number, inner in enumerate(value)]
    return value


def _unsupported(name: str, path: Path) -> Unknown:
    return Unknown(f"{name} is worked out by AWS during deployment", "a template in which it is already expanded", path)


def _each(scope: Scope, argument: list[Any]) -> list[Any]:
    """The values of a function's arguments; one without a value keeps its place."""
    return [evaluate(scope, part) for part in argument]


def _malformed(function: str, takes: str) -> Unknown:
    return Unknown(f"{function} takes {takes}", f"a template in which {function} has that form")


def _ref(scope: Scope, name: Any) -> Any:
    return scope.ref(name) if isinstance(name, str) else _malformed("Ref", "a name")


def _get_att(scope: Scope, argument: Any) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2:
        return _malformed("Fn::GetAtt", "a logical id and an attribute")
    name, attribute = (evaluate(scope, part) for part in parts)
    return first_unknown(name, attribute) or scope.get_att(text_of(name), text_of(attribute))


def _sub(scope: Scope, argument: Any) -> Any:
    template, names = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(template, str) or not isinstance(names, dict):
        return _malformed("Fn::Sub", "a text, or a list of a text and a map")
    missing: list[Unknown] = []

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        value = _named(scope, name.strip(), names)
        unknown = first_unknown(value)
        if unknown:
            missing.append(unknown)
            return ""
        return text_of(value)

    text = _PLACEHOLDER.sub(fill, template)
    return missing[0] if missing else dynamic(scope, text)


def _named(scope: Scope, name: str, names: dict[str, Any]) -> Any:
    if name in names:
        return evaluate(scope, names[name])
    if "." in name:
        return scope.get_att(*name.split(".", 1))
    return scope.ref(name)


def _join(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Join", "a delimiter and a list")
    delimiter, parts = _each(scope, argument)
    unknown = first_unknown(parts)
    if unknown:
        return unknown
    if not isinstance(parts, list):
        return _malformed("Fn::Join", "a delimiter and a list")
    return dynamic(scope, str(delimiter).join(text_of(part) for part in parts))


def _select(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Select", "an index and a list")
    index, choices = _each(scope, argument)
    unknown = first_unknown(index) or (choices if isinstance(choices, Unknown) else None)
    if unknown:
        return unknown
    try:
        return choices[int(index)]
    except (IndexError, ValueError, TypeError, KeyError):
        return _malformed("Fn::Select", f"an index within its list; {text_of(index)} is not")


def _split(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Split", "a delimiter and a text")
    delimiter, text = _each(scope, argument)
    return first_unknown(delimiter, text) or text_of(text).split(str(delimiter))


def _if(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        return _malformed("Fn::If", "a condition and two values")
    met = truth(scope, {"Condition": argument[0]} if isinstance(argument[0], str) else argument[0])
    return met if isinstance(met, Unknown) else evaluate(scope, argument[1] if met else argument[2])


def truth(scope: Scope, node: Any) -> bool | Unknown:
    """Whether a condition is met."""
    value = evaluate(scope, node)
    if isinstance(value, bool):
        return value
    return first_unknown(value) or text_of(value).lower() == "true"


def _condition(scope: Scope, name: Any) -> Any:
    # Outside of Conditions, {"Condition": {...}} is data, such as the condition of a policy statement.
    return scope.condition(name) if isinstance(name, str) else {"Condition": evaluate(scope, name)}


def _equals(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Equals", "two values")
    one, other = _each(scope, argument)
    return first_unknown(one, other) or text_of(one) == text_of(other)


def _and(scope: Scope, argument: Any) -> Any:
    return _decided(scope, argument, decisive=False)


def _or(scope: Scope, argument: Any) -> Any:
    return _decided(scope, argument, decisive=True)


def _decided(scope: Scope, argument: Any, decisive: bool) -> Any:
    """One decisive operand settles the matter, whatever is not known of the others."""
    truths = [truth(scope, node) for node in argument] if isinstance(argument, list) else []
    if any(one is decisive for one in truths):
        return decisive
    return first_unknown(truths) or (not decisive)


def _not(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 1:
        return _malformed("Fn::Not", "a list of one condition")
    met = truth(scope, argument[0])
    return met if isinstance(met, Unknown) else not met


def _find_in_map(scope: Scope, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        return _malformed("Fn::FindInMap", "a map, two keys, and a default if need be")
    name, *keys = _each(scope, argument[:3])
    unknown = first_unknown(name, keys)
    if unknown:
        return unknown
    found: Any = scope.mapping(text_of(name))
    for key in keys:
        found = found.get(text_of(key)) if isinstance(found, dict) else None
    if found is not None:
        return evaluate(scope, found)
    options = argument[3] if len(argument) == 4 else None
    default = options.get("DefaultValue", NO_VALUE) if isinstance(options, dict) else NO_VALUE
    if default is not NO_VALUE:
        return evaluate(scope, default)
    wanted = ".".join(text_of(part) for part in (name, *keys))
    return Unknown(f"there is no {wanted} in Mappings", f"{wanted} in the template")


def _import_value(scope: Scope, argument: Any) -> Any:
    name = evaluate(scope, argument)
    return first_unknown(name) or scope.imported(text_of(name))


def _base64(scope: Scope, argument: Any) -> Any:
    text = evaluate(scope, argument)
    return first_unknown(text) or base64.b64encode(text_of(text).encode()).decode()


def _get_azs(scope: Scope, argument: Any) -> Any:
    region = evaluate(scope, argument) or scope.ref("AWS::Region")
    return region if isinstance(region, Unknown) else [f"{region}{letter}" for letter in "abc"]


def _to_json_string(scope: Scope, argument: Any) -> Any:
    value = evaluate(scope, argument)
    if value is NO_VALUE:
        return _malformed("Fn::ToJsonString", "a map or a list")
    return first_unknown(value) or json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _length(scope: Scope, argument: Any) -> Any:
    value = evaluate(scope, argument)
    if isinstance(value, Unknown):
        return value
    return len(value) if isinstance(value, list) else _malformed("Fn::Length", "a list")


FUNCTIONS: dict[str, Callable[[Scope, Any], Any]] = {
    "Ref": _ref,
    "Condition": _condition,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": _and,
    "Fn::Or": _or,
    "Fn::Not": _not,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import_value,
    "Fn::Base64": _base64,
    "Fn::GetAZs": _get_azs,
    "Fn::ToJsonString": _to_json_string,
    "Fn::Length": _length,
}
