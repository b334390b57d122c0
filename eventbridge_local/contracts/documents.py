"""Documents: schema files and dicts as trees of plain JSON values, each with the URI its references start from."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from eventbridge_local.errors import UsageError

#: Only these are escaped: references are written by hand, and ``shop.orders@OrderPlaced.json`` must find its file.
_KEPT = "/:@ !$&'()*+,;=~"


@dataclass(frozen=True, eq=False)
class Document:
    """A schema document.

    Args:
        tree: what it says, in plain JSON values.
        uri: where its relative references start, unless it has an ``$id``.
        file: the file it came from, as the user wrote the path; None when it was given in code.
        folder: the folder that was asked for when the file was found by looking through one.
        key: the event it was given for in code.
    """

    tree: Mapping[str, Any]
    uri: str
    file: Path | None = None
    folder: Path | None = None
    key: str = ""

    @property
    def label(self) -> str:
        """How errors call it."""
        return f"the schema given for {self.key!r}" if self.file is None else str(self.file)


def find_files(folder: Path) -> Iterator[Path]:
    """All JSON and YAML files below a folder, in order; names that begin with a dot are passed by."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _READERS and path.is_file() and not hidden:
            yield path


def read_document(path: Path, folder: Path | None = None) -> Document:
    """The document in a file.

    Raises:
        UsageError: the file is missing, is not JSON or YAML, or does not hold an object.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UsageError(f"{path}: a contract is a file that ends in {', '.join(_READERS)}, or a folder of such files")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as wrong:
        raise UsageError(f"{path}: cannot be read: {wrong.strerror}") from wrong
    except UnicodeDecodeError as wrong:
        raise UsageError(f"{path}: is not UTF-8: {wrong.reason} at byte {wrong.start}") from wrong
    tree = reader(path, text)
    if not isinstance(tree, dict):
        raise UsageError(f"{path}: a schema document is an object, not {type(tree).__name__}")
    return Document(tree, uri_of(path), path, folder)


def uri_of(path: Path) -> str:
    """The URI of a file, readable as far as possible."""
    return "file:///" + quote(Path(os.path.abspath(path)).as_posix().lstrip("/"), safe=_KEPT)


def path_of(uri: str) -> Path | None:
    """The file a URI names, or None if it names something else. Percent escapes may be used or not."""
    from urllib.request import url2pathname

    parts = urlsplit(uri)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _read_json(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as wrong:
        raise UsageError(f"{path}:{wrong.lineno}:{wrong.colno}: not JSON: {wrong.msg}") from wrong


def _read_yaml(path: Path, text: str) -> Any:
    try:
        import yaml
    except ImportError:
        raise UsageError(f"{path}: YAML needs PyYAML: pip install eventbridge-local[iac]") from None

    class Loader(yaml.SafeLoader):
        """YAML as JSON Schema and OpenAPI mean it: dates are strings, and only true and false are booleans."""

    Loader.yaml_implicit_resolvers = {
        first: [(tag, form) for tag, form in resolvers if _means_the_same_in_json(tag, first)]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        tree = yaml.load(text, Loader)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        place = f":{mark.line + 1}:{mark.column + 1}" if mark else ""
        raise UsageError(f"{path}{place}: not YAML: {wrong.problem or wrong.context}") from wrong
    except yaml.YAMLError as wrong:
        raise UsageError(f"{path}: not YAML: {wrong}") from wrong
    try:
        # A round trip makes it JSON: keys become strings, and what JSON cannot say or would never end is refused.
        return json.loads(json.dumps(tree, allow_nan=False))
    except (TypeError, ValueError) as wrong:
        # Python words the most usual case differently from version to version.
        said = "a number that is not finite" if "JSON compliant" in str(wrong) else str(wrong)
        raise UsageError(f"{path}: holds what JSON cannot say: {said}") from wrong


def _means_the_same_in_json(tag: str, first: str) -> bool:
    """Whether YAML may take a plain word that begins with ``first`` for a value of this type."""
    kind = tag.rpartition(":")[2]
    return kind != "timestamp" and (kind != "bool" or first in "tTfF")


_READERS: dict[str, Callable[[Path, str], Any]] = {".json": _read_json, ".yaml": _read_yaml, ".yml": _read_yaml}
