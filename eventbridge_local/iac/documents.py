"""Files of YAML and JSON, with the line and column of everything in them.

Positions are looked up when they are asked for, which is once for each declared resource: reading stays as fast as the
parser, and values stay plain dicts, lists, texts and numbers.

YAML is read as CloudFormation and the Serverless Framework read it. PyYAML composes the graph of nodes, which keeps the
positions; the values are made here, because CloudFormation leaves out parts of YAML 1.1 (dates stay text), because its
short tags (``!Sub``) become the long form (``Fn::Sub``), and because base-8 and base-60 numbers would change account
ids and times.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.values import Path
from eventbridge_local.json_text import locator, members_if_valid
from eventbridge_local.yaml_reader import compose, yaml_library

Position = tuple[int, int]
#: Makes the error for a problem at a line and column.
_Complaint = Callable[[int, int, str], Exception]


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read.

    Args:
        path: where it is.
        data: its content.
        locate: returns the position of what is at a path in ``data``, or None.
    """

    path: FilePath
    data: dict[str, Any]
    locate: Callable[[Path], Position | None] = field(repr=False)

    @property
    def name(self) -> str:
        return self.path.name

    def position(self, path: Path) -> tuple[int | None, int | None]:
        """Return line and column of what is at ``path``, or of the nearest thing around it that has a position."""
        for length in range(len(path), 0, -1):
            found = self.locate(path[:length])
            if found is not None:
                return found
        return None, None


class Origin(NamedTuple):
    """Where a resource comes from that is made of something else in its document, such as an event of a SAM function.

    Args:
        path: of the declaration in the file.
        below: between that and the properties.
        names: the source's names for properties; a target's members are looked up without ``Targets[0]``.
        flat: whether the source writes the members of the only target beside those of the rule.
        at: the path whose position counts as that of the resource, where it is not ``path``.
        alias: what the source calls the resource, where that is not its logical id.
    """

    path: Path
    below: Path = ()
    names: Mapping[str, str] = MappingProxyType({})
    flat: bool = False
    at: Path = ()
    alias: str = ""

    def full(self, path: Path) -> Path:
        """Return the path in the file of what is at ``path`` within the properties."""
        if self.flat and path[:1] == ("Targets",):
            path = path[2:]
        head = tuple(self.names.get(part, part) if isinstance(part, str) else part for part in path[:1])
        return (*self.path, *self.below, *(part for part in head if part != ""), *path[1:])


class BrokenFile(UsageError):
    """A file that cannot be read as what it should be. The text begins with ``file:line:column``.

    Args:
        file: path of the file.
        line, column: from 1.
    """

    def __init__(self, file: str, line: int, column: int, problem: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {problem}")
        self.file = file
        self.line = line
        self.column = column


def read_document(path: FilePath) -> Document:
    """Return a file whose content is a mapping. It is read as JSON when its name ends so or its text begins with ``{``.

    Raises:
        BrokenFile: with file, line and column.
        UsageError: the file cannot be opened, or is YAML and PyYAML is not installed.
    """
    text = _text(path)

    def complain(line: int, column: int, problem: str) -> BrokenFile:
        return BrokenFile(str(path), line, column, problem)

    if path.suffix == ".json" or (path.suffix not in (".yaml", ".yml") and text.lstrip()[:1] == "{"):
        data, locate = _read_json(text, complain)
    else:
        data, locate = _read_yaml(text, complain)
    if not isinstance(data, dict):
        kind = "nothing" if data is None else f"a {type(data).__name__}"
        raise BrokenFile(str(path), 1, 1, f"a template is a mapping; this file holds {kind}")
    return Document(path, data, locate)


def _text(path: FilePath) -> str:
    try:
        raw = path.read_bytes()
    except (OSError, ValueError) as problem:
        raise UsageError(f"cannot read {path}: {getattr(problem, 'strerror', None) or problem}") from None
    if raw[:2] == b"PK":
        raise UsageError(
            f"{path} is a zip archive; for a Terraform plan give the output of `terraform show -json {path.name}`"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        before = raw[: problem.start]
        line, column = before.count(b"\n") + 1, problem.start - before.rfind(b"\n")
        raise BrokenFile(str(path), line, column, f"not UTF-8: {problem.reason}") from None


def _read_json(text: str, complain: _Complaint) -> tuple[Any, Callable[[Path], Position | None]]:
    # Positions in a text of one line say nothing; such files are written by tools.
    has_positions = "\n" in text.strip()
    if has_positions and text.lstrip()[:1] == "{":
        top = members_if_valid(text)
        if top is not None:
            return {name: member.value for name, member in top.items()}, locator(text, top)
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as broken:
        problem = broken.msg if text.strip() else "the file is empty"
        raise complain(broken.lineno, broken.colno, problem) from None
    except RecursionError:
        raise complain(1, 1, "nested too deep to be read") from None
    except ValueError as broken:
        raise complain(1, 1, str(broken)) from None
    return value, locator(text) if has_positions else lambda path: None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


#: The intrinsic functions that have a short tag. Source: CloudFormation Template Reference, "Intrinsic functions".
_SHORT_TAGS = frozenset(
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


def _read_yaml(text: str, complain: _Complaint) -> tuple[Any, Callable[[Path], tuple[int, int] | None]]:
    """Return the value of the only document in ``text``, and a function from a path in it to a line and column.

    Args:
        complain: makes the error for a problem at a line and column, both from 1.

    Raises:
        UsageError: PyYAML is not installed.
    """
    yaml = yaml_library("reading YAML")

    def refuse(line: int, column: int, problem: str) -> NoReturn:
        raise complain(line, column, problem)

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            root = compose(yaml, loader, text, refuse)
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        raise complain(mark.line + 1, mark.column + 1, broken.problem or broken.context or "this is not YAML") from None
    except yaml.reader.ReaderError as broken:
        before = text[: broken.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise complain(line, column, f"a character that YAML does not allow: {broken.reason}") from None
    except RecursionError:
        raise complain(1, 1, "nested too deep to be read") from None
    if root is None:
        raise complain(1, 1, "the file is empty")
    return _YamlValues(yaml, complain).value(root), lambda path: _locate_in_yaml(yaml, root, path)


class _YamlValues:
    """Makes values from nodes. A node used by several aliases is made once and shared."""

    def __init__(self, yaml: Any, complain: _Complaint) -> None:
        self._scalar, self._sequence = yaml.ScalarNode, yaml.SequenceNode
        self._complain = complain
        self._made: dict[int, Any] = {}

    def value(self, node: Any) -> Any:
        if isinstance(node, self._scalar) and node.tag.startswith(_CORE):
            return self._plain(node)
        known = self._made.get(id(node), self)
        if known is not self:
            if known is None:
                raise self._error(node, "an alias is inside the value it refers to")
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
                raise self._error(key_node, "a key must be a string")
            key = key_node.value
            if key in made:
                raise self._error(key_node, f"{key!r} is defined twice")
            made[key] = self.value(value_node)
        return {**merged, **made} if merged else made

    def _merge(self, node: Any, into: dict[str, Any]) -> None:
        value = self.value(node)
        for mapping in value if isinstance(value, list) else [value]:
            if not isinstance(mapping, dict):
                raise self._error(node, "<< needs a mapping")
            for key, inner in mapping.items():
                into.setdefault(key, inner)

    def _tagged(self, node: Any) -> Any:
        name = node.tag[1:]
        if name not in _SHORT_TAGS and name not in _PLAIN:
            raise self._error(node, f"unknown tag {node.tag}; CloudFormation has no such function")
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
            try:
                return int(text)
            except ValueError as wrong:  # a number of more digits than Python reads
                raise self._error(node, str(wrong).partition(";")[0]) from None
        if kind in ("int", "float") and _FLOAT.match(text):
            return float(text)
        return text

    def _error(self, node: Any, problem: str) -> Exception:
        return self._complain(node.start_mark.line + 1, node.start_mark.column + 1, problem)


def _locate_in_yaml(yaml: Any, node: Any, path: Path) -> tuple[int, int] | None:
    """Return the position of the key or element that ``path`` ends in."""
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
