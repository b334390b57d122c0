"""YAML as CloudFormation and the Serverless Framework read it, with positions.

PyYAML composes the graph of nodes, which keeps the marks; the values are made here, because CloudFormation leaves out
parts of YAML 1.1 (dates stay text), because its short tags (``!Sub``) become the long form (``Fn::Sub``), and because
base-8 and base-60 numbers would spoil account ids and times.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.unknown import Path

Complaint = Callable[[int, int, str], Exception]

#: The intrinsic functions that have a short tag.
FUNCTIONS = frozenset(
    (
        *("And", "Base64", "Cidr", "Equals", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length"),
        *("Not", "Or", "Select", "Split", "Sub", "ToJsonString", "Transform"),
    )
)
_PLAIN = {"Ref": "Ref", "Condition": "Condition"}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)?(\.[0-9]*)?([eE][-+]?[0-9]+)?\Z")
_TRUE = frozenset(("true", "yes", "on"))
_CORE = "tag:yaml.org,2002:"
_MERGE = _CORE + "merge"


def read(text: str, complain: Complaint) -> tuple[Any, Callable[[Path], tuple[int, int] | None]]:
    """The value of the only document in ``text``, and a function from a path in it to a line and column.

    Args:
        complain: makes the error for a problem at a line and column, both from 1.

    Raises:
        UsageError: PyYAML is not installed.
    """
    yaml = _library()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        raise complain(mark.line + 1, mark.column + 1, broken.problem or broken.context or "no YAML") from None
    except yaml.reader.ReaderError as broken:
        before = text[: broken.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise complain(line, column, f"a character that YAML does not allow: {broken.reason}") from None
    except RecursionError:
        raise complain(1, 1, "nested too deep to be read") from None
    if root is None:
        raise complain(1, 1, "the file is empty")
    return _Maker(yaml, complain).value(root), lambda path: _locate(yaml, root, path)


def _library() -> Any:
    try:
        import yaml
    except ImportError:
        raise UsageError("reading YAML needs PyYAML: pip install eventbridge-local[iac]") from None
    return yaml


class _Maker:
    """Makes values of nodes. A node used by several aliases is made once and shared."""

    def __init__(self, yaml: Any, complain: Complaint) -> None:
        self._scalar, self._sequence = yaml.ScalarNode, yaml.SequenceNode
        self._complain = complain
        self._made: dict[int, Any] = {}

    def value(self, node: Any) -> Any:
        if isinstance(node, self._scalar) and node.tag.startswith(_CORE):
            return self._plain(node)
        known = self._made.get(id(node), self)
        if known is not self:
            if known is None:
                raise self._error(node, "an alias inside the thing it stands for")
            return known
        self._made[id(node)] = None
        self._made[id(node)] = made = self._tagged(node) if node.tag[:1] == "!" else self._bare(node)
        return made

    def _bare(self, node: Any) -> Any:
        if isinstance(node, self._scalar):
            return self._plain(node)
        if isinstance(node, self._sequence):
            return [self.value(item) for item in node.value]
        return self._mapping(node)

    def _mapping(self, node: Any) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if key_node.tag == _MERGE:
                self._merge(value_node, merged)
                continue
            if not isinstance(key_node, self._scalar):
                raise self._error(key_node, "a key must be plain text")
            key = key_node.value
            if key in made:
                raise self._error(key_node, f"{key!r} is there twice")
            made[key] = self.value(value_node)
        return {**merged, **made} if merged else made

    def _merge(self, node: Any, into: dict[str, Any]) -> None:
        value = self.value(node)
        for mapping in value if isinstance(value, list) else [value]:
            if not isinstance(mapping, dict):
                raise self._error(node, "<< takes a mapping")
            for key, inner in mapping.items():
                into.setdefault(key, inner)

    def _tagged(self, node: Any) -> Any:
        name = node.tag[1:]
        if name not in FUNCTIONS and name not in _PLAIN:
            raise self._error(node, f"unknown tag {node.tag}")
        content = node.value if isinstance(node, self._scalar) else self._bare(node)
        if name == "GetAtt" and isinstance(content, str):
            content = content.split(".", 1)
        return {_PLAIN.get(name) or f"Fn::{name}": content}

    def _plain(self, node: Any) -> Any:
        text = node.value
        if node.tag == _CORE + "str" or node.style:
            return text
        kind = node.tag[len(_CORE) :]
        if kind == "null":
            return None
        if kind == "bool":
            return text.lower() in _TRUE
        if kind == "int" and _INTEGER.match(text):
            return int(text)
        if kind in ("int", "float") and _FLOAT.match(text):
            return float(text)
        return text

    def _error(self, node: Any, problem: str) -> Exception:
        return self._complain(node.start_mark.line + 1, node.start_mark.column + 1, problem)


def _locate(yaml: Any, node: Any, path: Path) -> tuple[int, int] | None:
    """The position of the key, or of the element, that ``path`` ends in."""
    mark = None
    for part in path:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == part), None)
            if pair is None:
                return None
            mark, node = pair[0].start_mark, pair[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            mark = node.start_mark
        else:
            return None
    return (mark.line + 1, mark.column + 1) if mark else None
