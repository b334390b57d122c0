"""Reads signatures and docstrings, for ``make_reference`` and for the test that every argument is told.

A docstring begins with what the thing is or does. Sections follow, each with a heading that ends in a colon: ``Args``,
``Attributes`` and ``Keys`` have entries ``name: text`` or ``one, two: text``, ``Raises`` has entries by error, and
``Returns`` is plain text. A docstring that says "the arguments are those of ``name``" has those of that method.
Standard library only.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, ForwardRef, NamedTuple

#: So many columns of code are seen on a page without a scroll bar.
PAGE_WIDTH = 88
_HEADING = re.compile(r"(Args|Attributes|Keys|Options|Returns|Raises):\s*(.*)")
_ENTRY = re.compile(r"(\*{0,2}\w+(?:, \w+)*): (.*)")
_SAME_AS = re.compile(r"arguments are those of ``(\w+)``")


@dataclass
class Doc:
    """A docstring in its parts."""

    text: str = ""
    entries: dict[str, str] = field(default_factory=dict)
    attributes: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    raises: dict[str, str] = field(default_factory=dict)
    returns: str = ""

    @property
    def first(self) -> str:
        """The first paragraph."""
        return self.text.split("\n\n")[0]

    @property
    def same_as(self) -> str | None:
        """The method whose arguments this one has."""
        found = _SAME_AS.search(self.text)
        return found[1] if found else None


def doc_of(thing: Any) -> Doc:
    """The docstring of a thing; an empty one where it has none, or only the one that dataclasses write."""
    written = inspect.cleandoc(thing.__doc__ or "")
    if inspect.isclass(thing) and dataclasses.is_dataclass(thing) and written.startswith(f"{thing.__name__}("):
        written = ""
    doc = Doc()
    name = ""
    for section, line in _sections(written):
        if section == "":
            doc.text += f"{line}\n"
        elif section == "Returns":
            doc.returns = f"{doc.returns} {line.strip()}".strip()
        else:
            into = {"Raises": doc.raises, "Attributes": doc.attributes, "Options": doc.options}.get(
                section, doc.entries
            )
            found = _ENTRY.fullmatch(line.strip()) if not line.startswith(" " * 5) else None
            if found:
                name = found[1]
                into[name] = found[2]
            elif name and line.strip():
                into[name] += f" {line.strip()}"
    doc.text = re.sub(r"\n{3,}", "\n\n", doc.text).strip()
    doc.entries, doc.attributes = _one_by_one(doc.entries), _one_by_one(doc.attributes)
    return doc


def _one_by_one(entries: dict[str, str]) -> dict[str, str]:
    return {each.strip("* "): text for names, text in entries.items() for each in names.split(",")}


def _sections(written: str) -> Iterator[tuple[str, str]]:
    """Each line with the section it stands in; a line that is not indented ends a section."""
    section = ""
    for line in written.splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            section = heading[1]
            if heading[2]:
                yield section, heading[2]
            continue
        if section and line.strip() and not line.startswith(" "):
            section = ""
            yield section, ""
        yield section, line


# signatures


class Argument(NamedTuple):
    """One argument as it is written in the signature."""

    name: str
    type: str
    default: str


_EMPTY = inspect.Parameter.empty


def arguments_of(function: Callable[..., Any]) -> list[Argument]:
    """The arguments but ``self``; each ``*`` and ``**`` stays before its name."""
    found = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is _EMPTY else default_text(parameter.default)
        found.append(Argument(stars + parameter.name, type_text(parameter.annotation), default))
    return found


def default_text(default: Any) -> str:
    """A default as the page shows it; that of the limits is a call, and each limit has its row elsewhere."""
    if type(default).__name__ == "Limits":
        return "Limits()"
    if callable(default):
        return default.__name__ if default.__name__ in ("sleep", "returns_nothing") else "exponential_backoff()"
    return json.dumps(default) if isinstance(default, str) else repr(default)


def signature_of(name: str, function: Callable[..., Any]) -> str:
    """The signature without types: ``put(source, detail_type, detail=None, *, bus='default', **envelope)``."""
    parts = []
    star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        stars = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(parameter.kind, "")
        default = "" if parameter.default is _EMPTY else f"={default_text(parameter.default)}"
        parts.append(f"{stars}{parameter.name}{default}")
    return f"{name}({', '.join(parts)})"


def folded(signature: str) -> str:
    """A signature with each argument on a line of its own if it is wider than the page."""
    if len(signature) <= PAGE_WIDTH:
        return signature
    name, arguments = signature[:-1].split("(", 1)
    return "\n".join([f"{name}(", *(f"    {argument}," for argument in arguments.split(", ")), ")"])


def type_text(annotation: Any) -> str:
    """A type as it is written; nothing where there is none."""
    if annotation is _EMPTY:
        return ""
    if isinstance(annotation, ForwardRef):  # of a named tuple
        return annotation.__forward_arg__
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
