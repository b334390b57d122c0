"""The intrinsic functions of CloudFormation, evaluated on plain data.

A function gets its argument as it is written, evaluates what it needs, and returns a value, an ``Unknown`` or
``NO_VALUE``. Parameters, resources, conditions and exports are asked of the stack (``StackValues``).
Source: CloudFormation Template Reference, "Intrinsic function reference".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any, Protocol

from eventbridge_local.iac.values import NO_VALUE, Path, Unknown, checked_length, compact_json, first_unknown, text_of
from eventbridge_local.policies.conditions import like

_PLACEHOLDER = re.compile(r"\$\{([^{}]*)\}")
_DYNAMIC = re.compile(r"\{\{resolve:[^{}]*\}\}")


class StackValues(Protocol):
    """What the functions ask of a stack."""

    def ref(self, name: str) -> Any: ...
    def get_att(self, name: str, attribute: str) -> Any: ...
    def condition(self, name: str) -> bool | Unknown: ...
    def mapping(self, name: str) -> dict[str, Any] | None: ...
    def imported(self, name: str) -> Any: ...
    def reference_value(self, text: str) -> str | None: ...
    def spend(self, units: int) -> None: ...


def evaluate(stack: StackValues, node: Any, path: Path = ()) -> Any:
    """Return ``node`` with every function in it replaced by its value.

    Args:
        stack: answers what depends on the stack.
        node: plain data of a template.
        path: where ``node`` is; an ``Unknown`` in the result carries the path where it was needed.
    """
    if isinstance(node, dict):
        if len(node) == 1:
            (name, argument), *_ = node.items()
            function = FUNCTIONS.get(name)
            if function is not None:
                stack.spend(5)
                value = function(stack, argument)
                if type(value) is str:
                    stack.spend(len(value) // 100)
                    return value
                return _placed(value, path)
            if isinstance(name, str) and name.startswith("Fn::"):
                return _unsupported(name, path)
        made = {}
        for key, inner in node.items():
            if type(inner) is not str or "{{resolve:" in inner:  # else it is its own value, as most are
                inner = evaluate(stack, inner, (*path, key))
            if inner is not NO_VALUE:
                made[key] = inner
        return made
    if isinstance(node, list):
        elements = [evaluate(stack, inner, (*path, number)) for number, inner in enumerate(node)]
        return [inner for inner in elements if inner is not NO_VALUE]
    if isinstance(node, str) and "{{resolve:" in node:
        return _placed(dynamic(stack, node), path)
    return _placed(node, path) if isinstance(node, Unknown) else node


def dynamic(stack: StackValues, text: str) -> Any:
    """Return a text with its dynamic references replaced by what was given; one that was not given makes it unknown."""
    for reference in _DYNAMIC.findall(text):
        given = stack.reference_value(reference)
        if given is None:
            return Unknown(f"{reference} is looked up by AWS during deployment", f"resources={{{reference!r}: '...'}}")
        text = text.replace(reference, given)
    return text


def _placed(value: Any, path: Path) -> Any:
    """Return what a function returned, with the place of unknown values set to ``path``."""
    if isinstance(value, Unknown):
        return Unknown(value.reason, value.remedy, path)
    if isinstance(value, dict):
        return {key: _placed(inner, (*path, key)) for key, inner in value.items()}
    if isinstance(value, list):
        return [_placed(inner, (*path, number)) for number, inner in enumerate(value)]
    return value


def _unsupported(name: str, path: Path) -> Unknown:
    return Unknown(f"{name} is computed by AWS during deployment", "a template in which it is expanded", path)


def _each(stack: StackValues, argument: list[Any]) -> list[Any]:
    """Return the values of a function's arguments; one without a value keeps its place."""
    return [evaluate(stack, part) for part in argument]


def _malformed(function: str, takes: str) -> Unknown:
    return Unknown(f"{function} takes {takes}", f"a template in which {function} has that form")


def _ref(stack: StackValues, name: Any) -> Any:
    return stack.ref(name) if isinstance(name, str) else _malformed("Ref", "a name")


def _get_att(stack: StackValues, argument: Any) -> Any:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2:
        return _malformed("Fn::GetAtt", "a logical id and an attribute")
    name, attribute = (evaluate(stack, part) for part in parts)
    return first_unknown(name, attribute) or stack.get_att(text_of(name), text_of(attribute))


def _sub(stack: StackValues, argument: Any) -> Any:
    template, names = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(template, str) or not isinstance(names, dict):
        return _malformed("Fn::Sub", "a string, or a list of a string and a map")
    missing: list[Unknown] = []

    length = 0
    known: dict[str, str] = {}

    def fill(match: re.Match[str]) -> str:
        nonlocal length
        name = match[1]
        if name.startswith("!"):
            return "${" + name[1:] + "}"
        name = name.strip()
        if name not in known:
            value = _named(stack, name, names)
            unknown = first_unknown(value)
            if unknown:
                missing.append(unknown)
            known[name] = "" if unknown else text_of(value)
        length += len(known[name])
        checked_length(length)
        return known[name]

    text = _PLACEHOLDER.sub(fill, template)
    return missing[0] if missing else dynamic(stack, text)


def _named(stack: StackValues, name: str, names: dict[str, Any]) -> Any:
    if name in names:
        return evaluate(stack, names[name])
    if "." in name:
        return stack.get_att(*name.split(".", 1))
    return stack.ref(name)


def _join(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Join", "a delimiter and a list")
    delimiter, parts = _each(stack, argument)
    unknown = first_unknown(parts)
    if unknown:
        return unknown
    if not isinstance(parts, list):
        return _malformed("Fn::Join", "a delimiter and a list")
    texts = [text_of(part) for part in parts]
    checked_length(sum(map(len, texts)) + len(str(delimiter)) * len(texts))
    return dynamic(stack, str(delimiter).join(texts))


def _select(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Select", "an index and a list")
    index, choices = _each(stack, argument)
    unknown = first_unknown(index) or (choices if isinstance(choices, Unknown) else None)
    if unknown:
        return unknown
    try:
        return choices[int(index)]
    except (IndexError, ValueError, TypeError, KeyError):
        return _malformed("Fn::Select", f"an index within its list; {text_of(index)} is not")


def _split(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Split", "a delimiter and a text")
    delimiter, text = _each(stack, argument)
    unknown = first_unknown(delimiter, text)
    if unknown is None and not text_of(delimiter):
        return _malformed("Fn::Split", "a delimiter that is not empty and a text")
    return unknown or text_of(text).split(text_of(delimiter))


def _if(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        return _malformed("Fn::If", "a condition and two values")
    met = truth(stack, {"Condition": argument[0]} if isinstance(argument[0], str) else argument[0])
    return met if isinstance(met, Unknown) else evaluate(stack, argument[1] if met else argument[2])


def truth(stack: StackValues, node: Any) -> bool | Unknown:
    """Return whether a condition is true."""
    value = evaluate(stack, node)
    if isinstance(value, bool):
        return value
    return first_unknown(value) or text_of(value).lower() == "true"


def _condition(stack: StackValues, name: Any) -> Any:
    # Outside of Conditions, {"Condition": {...}} is data, such as the condition of a policy statement.
    return stack.condition(name) if isinstance(name, str) else {"Condition": evaluate(stack, name)}


def _equals(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 2:
        return _malformed("Fn::Equals", "two values")
    one, other = _each(stack, argument)
    return first_unknown(one, other) or text_of(one) == text_of(other)


def _and(stack: StackValues, argument: Any) -> Any:
    return _decided(stack, argument, decisive=False)


def _or(stack: StackValues, argument: Any) -> Any:
    return _decided(stack, argument, decisive=True)


def _decided(stack: StackValues, argument: Any, decisive: bool) -> Any:
    """Return the result of And and Or: one operand may decide it, even when others are not known."""
    truths = [truth(stack, node) for node in argument] if isinstance(argument, list) else []
    if any(one is decisive for one in truths):
        return decisive
    return first_unknown(truths) or (not decisive)


def _not(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) != 1:
        return _malformed("Fn::Not", "a list of one condition")
    met = truth(stack, argument[0])
    return met if isinstance(met, Unknown) else not met


def _find_in_map(stack: StackValues, argument: Any) -> Any:
    if not isinstance(argument, list) or len(argument) not in (3, 4):
        return _malformed("Fn::FindInMap", "a map, two keys, and optionally a default")
    name, *keys = _each(stack, argument[:3])
    unknown = first_unknown(name, keys)
    if unknown:
        return unknown
    found: Any = stack.mapping(text_of(name))
    for key in keys:
        found = found.get(text_of(key)) if isinstance(found, dict) else None
    if found is not None:
        return evaluate(stack, found)
    options = argument[3] if len(argument) == 4 else None
    default = options.get("DefaultValue", NO_VALUE) if isinstance(options, dict) else NO_VALUE
    if default is not NO_VALUE:
        return evaluate(stack, default)
    wanted = ".".join(text_of(part) for part in (name, *keys))
    return Unknown(f"there is no {wanted} in Mappings", f"{wanted} in the template")


def _import_value(stack: StackValues, argument: Any) -> Any:
    name = evaluate(stack, argument)
    return first_unknown(name) or stack.imported(text_of(name))


def _base64(stack: StackValues, argument: Any) -> Any:
    text = evaluate(stack, argument)
    return first_unknown(text) or base64.b64encode(text_of(text).encode("utf-8", "surrogatepass")).decode()


def _get_azs(stack: StackValues, argument: Any) -> Any:
    region = evaluate(stack, argument) or stack.ref("AWS::Region")
    return region if isinstance(region, Unknown) else [f"{region}{letter}" for letter in "abc"]


def _to_json_string(stack: StackValues, argument: Any) -> Any:
    value = evaluate(stack, argument)
    if value is NO_VALUE:
        return _malformed("Fn::ToJsonString", "a map or a list")
    return first_unknown(value) or compact_json(value)


def _length(stack: StackValues, argument: Any) -> Any:
    value = evaluate(stack, argument)
    if isinstance(value, Unknown):
        return value
    return len(value) if isinstance(value, list) else _malformed("Fn::Length", "a list")


FUNCTIONS: dict[str, Callable[[StackValues, Any], Any]] = {
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


# Fn::ForEach
#
# Source: CloudFormation Template Reference, "Fn::ForEach". A fragment of a template is repeated before anything is
# evaluated. ``${Name}`` means an element as it is, ``&{Name}`` its letters and digits; both are replaced in keys and in
# values of the fragment.

LOOP_PREFIX = "Fn::ForEach::"
_CONTAINERS = frozenset((dict, list))
_LOOP_PLACEHOLDER = re.compile(r"[$&]\{\w+\}")


def expand_loops(node: Any, stack: StackValues, missing: Callable[[Path, Unknown], None], path: Path = ()) -> Any:
    """Return ``node`` with every ``Fn::ForEach`` in it replaced by its repetitions.

    Args:
        node: plain data of a template.
        stack: answers what a collection refers to, such as a list parameter.
        missing: is called for each loop whose collection is not known; that loop is left out.
        path: where ``node`` is.
    """
    if isinstance(node, list):
        return [expand_loops(inner, stack, missing, (*path, number)) for number, inner in enumerate(node)]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, inner in node.items():
        if isinstance(key, str) and key.startswith(LOOP_PREFIX):
            made.update(_loop(inner, stack, missing, (*path, key)))
        else:
            made[key] = expand_loops(inner, stack, missing, (*path, key))
    return made


def has_loops(node: Any) -> bool:
    """Return whether there is a ``Fn::ForEach`` anywhere in ``node``."""
    # Loops and no generators, because a template has tens of thousands of values.
    waiting: list[Any] = [node]
    for inner in waiting:  # it grows meanwhile
        if isinstance(inner, dict):
            for key, value in inner.items():
                if LOOP_PREFIX in str(key):
                    return True
                if type(value) in _CONTAINERS:
                    waiting.append(value)
        else:
            for value in inner:
                if type(value) in _CONTAINERS:
                    waiting.append(value)
    return False


def may_make(argument: Any, name: str) -> bool:
    """Return whether a loop with this argument may have made the key ``name``: one of its keys has that form."""
    fragment = argument[2] if isinstance(argument, list) and len(argument) == 3 else None
    for key, inner in fragment.items() if isinstance(fragment, dict) else ():
        if key.startswith(LOOP_PREFIX):
            if may_make(inner, name):
                return True
        elif like(_LOOP_PLACEHOLDER.sub("?*", key), name):
            return True
    return False


def _loop(argument: Any, stack: StackValues, missing: Callable[[Path, Unknown], None], path: Path) -> dict[str, Any]:
    if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[2], dict)):
        missing(path, Unknown("Fn::ForEach takes an identifier, a collection and a fragment", "a loop of that form"))
        return {}
    name, collection, fragment = argument
    elements = evaluate(stack, collection)
    unknown = first_unknown(elements)
    if unknown or not isinstance(elements, list):
        missing(path, unknown or Unknown("the collection of Fn::ForEach is not a list", "a list"))
        return {}
    made: dict[str, Any] = {}
    for element in elements:
        stack.spend(50)
        made.update(expand_loops(_with_element(fragment, name, str(element)), stack, missing, path))
    return made


def _with_element(node: Any, name: str, element: str) -> Any:
    if isinstance(node, str):
        if "{" not in node:
            return node
        bare = "".join(letter for letter in element if letter.isalnum())
        return node.replace(f"${{{name}}}", element).replace(f"&{{{name}}}", bare)
    if isinstance(node, dict):
        if node == {"Ref": name}:
            return element
        return {_with_element(key, name, element): _with_element(inner, name, element) for key, inner in node.items()}
    return [_with_element(inner, name, element) for inner in node] if isinstance(node, list) else node
