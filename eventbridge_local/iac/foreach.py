"""``Fn::ForEach``: a fragment of a template, repeated before anything is evaluated.

Source: CloudFormation Template Reference, "Fn::ForEach". ``${Name}`` stands for an element as it is, ``&{Name}`` for
its letters and digits; both are replaced in keys and in values of the fragment.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from eventbridge_local.iac.unknown import Path, Unknown, first_unknown

PREFIX = "Fn::ForEach::"
_PLACEHOLDER = re.compile(r"[$&]\{\w+\}")


def expand(node: Any, evaluate: Callable[[Any], Any], missing: Callable[[Path, Unknown], None], path: Path = ()) -> Any:
    """``node`` with every loop in it written out.

    Args:
        evaluate: gives the value of a collection, which may be a ``Ref`` to a list parameter.
        missing: told of each loop whose collection is not known; that loop gives nothing.
        path: where ``node`` stands.
    """
    if isinstance(node, list):
        return [expand(inner, evaluate, missing, (*path, number)) for number, inner in enumerate(node)]
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for key, inner in node.items():
        if isinstance(key, str) and key.startswith(PREFIX):
            made.update(_loop(inner, evaluate, missing, (*path, key)))
        else:
            made[key] = expand(inner, evaluate, missing, (*path, key))
    return made


def has_loops(node: Any) -> bool:
    """Whether there is a loop anywhere in ``node``."""
    if isinstance(node, dict):
        return any(str(key).startswith(PREFIX) or has_loops(inner) for key, inner in node.items())
    return isinstance(node, list) and any(has_loops(inner) for inner in node)


def may_make(argument: Any, name: str) -> bool:
    """Whether a loop with this argument may have made the key ``name``: one of its keys fits."""
    fragment = argument[2] if isinstance(argument, list) and len(argument) == 3 else None
    for key, inner in fragment.items() if isinstance(fragment, dict) else ():
        if key.startswith(PREFIX):
            if may_make(inner, name):
                return True
        elif re.fullmatch(".+".join(map(re.escape, _PLACEHOLDER.split(key))), name):
            return True
    return False


def _loop(
    argument: Any, evaluate: Callable[[Any], Any], missing: Callable[[Path, Unknown], None], path: Path
) -> dict[str, Any]:
    if not (isinstance(argument, list) and len(argument) == 3 and isinstance(argument[2], dict)):
        missing(path, Unknown("Fn::ForEach takes an identifier, a collection and a fragment", "a loop of that form"))
        return {}
    name, collection, fragment = argument
    elements = evaluate(collection)
    unknown = first_unknown(elements)
    if unknown or not isinstance(elements, list):
        missing(path, unknown or Unknown("the collection of Fn::ForEach is not a list", "a list"))
        return {}
    made: dict[str, Any] = {}
    for element in elements:
        made.update(expand(_filled(fragment, name, str(element)), evaluate, missing, path))
    return made


def _filled(node: Any, name: str, element: str) -> Any:
    if isinstance(node, str):
        bare = "".join(letter for letter in element if letter.isalnum())
        return node.replace(f"${{{name}}}", element).replace(f"&{{{name}}}", bare)
    if isinstance(node, dict):
        if node == {"Ref": name}:
            return element
        return {_filled(key, name, element): _filled(inner, name, element) for key, inner in node.items()}
    return [_filled(inner, name, element) for inner in node] if isinstance(node, list) else node
