"""Variables of the Serverless Framework: ``${self:custom.bus}``, ``${opt:stage, 'dev'}``, ``${file(bus.yml):name}``.

They are replaced innermost first, in the whole file, before anything else is looked at. ``${AWS::Region}`` and
``${Name}`` are no variables but belong to ``Fn::Sub``. Source: Serverless Framework documentation, "Variables".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.iac.documents import read_document
from eventbridge_local.iac.intrinsics import text_of
from eventbridge_local.iac.stack import Exports
from eventbridge_local.iac.unknown import Unknown, first_unknown

_INNERMOST = re.compile(r"\$\{([^${}]*)\}")
_SOURCE = re.compile(r"(?P<type>[A-Za-z]\w*)(?:\((?P<argument>[^)]*)\))?(?::(?P<address>(?!:).*))?\Z", re.DOTALL)
_FALLBACK = re.compile(r""",\s*(?=(?:[^'"]*['"][^'"]*['"])*[^'"]*\Z)""")
_LITERALS: Mapping[str, Any] = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?\Z")

_ABSENT = object()
_NO_VARIABLE = object()


@dataclass(slots=True)
class Variables:
    """Resolves the variables of one service.

    Args:
        data: the file as it was read.
        folder: where ``${file(...)}`` starts from.
        parameters: values of ``${opt:...}`` and ``${param:...}`` by bare name, of others as ``env:NAME``.
        used: names among the parameters that were asked for.
    """

    data: dict[str, Any]
    folder: Path
    parameters: Mapping[str, Any]
    exports: Exports
    account: str
    region: str
    used: set[str] = field(default_factory=set)
    _busy: list[str] = field(default_factory=list)

    @property
    def stage(self) -> str:
        """``${sls:stage}``: the option, else what the provider says, else ``dev``."""
        given = self._parameter("stage")
        if given is not _ABSENT:
            return str(given)
        provider = self.data.get("provider")
        said = self.resolved(provider.get("stage")) if isinstance(provider, dict) else None
        return said if isinstance(said, str) else "dev"

    def resolved(self, node: Any) -> Any:
        """``node`` with every variable in it replaced; what is not known becomes an ``Unknown``."""
        if isinstance(node, dict):
            return {key: self.resolved(value) for key, value in node.items()}
        if isinstance(node, list):
            return [self.resolved(value) for value in node]
        return self._text(node) if isinstance(node, str) and "${" in node else node

    def _text(self, text: str) -> Any:
        """Variables are put in from the inside out; what belongs to ``Fn::Sub`` is stepped over."""
        start = 0
        while True:
            match = _INNERMOST.search(text, start)
            if match is None:
                return text
            value = self._variable(match[1].strip())
            if value is _NO_VARIABLE:
                start = match.end()
                continue
            if match[0] == text or isinstance(value, Unknown):
                return value
            unknown = first_unknown(value)
            if unknown:
                return unknown
            text = text[: match.start()] + ("" if value is None else text_of(value)) + text[match.end() :]
            start = 0

    def _variable(self, expression: str) -> Any:
        first, *fallbacks = _FALLBACK.split(expression)
        value = self._source(first.strip())
        if value is _NO_VARIABLE:
            return value
        for fallback in fallbacks:
            if value is not _ABSENT and value is not None:
                break
            value = self._fallback(fallback.strip())
        if value is _ABSENT:
            return Unknown(f"${{{first}}} has no value", _remedy(first))
        return value

    def _fallback(self, text: str) -> Any:
        if text[:1] in ("'", '"') and text[-1:] == text[:1]:
            return text[1:-1]
        if text in _LITERALS:
            return _LITERALS[text]
        if _NUMBER.match(text):
            return float(text) if "." in text else int(text)
        value = self._source(text)
        return text if value is _NO_VARIABLE else value

    def _source(self, text: str) -> Any:
        match = _SOURCE.match(text)
        lookup = _SOURCES.get(match["type"]) if match else None
        if match is None or lookup is None or (match["address"] is None and match["argument"] is None):
            return _NO_VARIABLE
        if text in self._busy:
            return Unknown(f"${{{text}}} depends on itself", "another value for it")
        self._busy.append(text)
        try:
            return lookup(self, match["argument"] or "", (match["address"] or "").strip())
        finally:
            self._busy.pop()

    def _parameter(self, *names: str) -> Any:
        for name in names:
            if name in self.parameters:
                self.used.add(name)
                return self.parameters[name]
        return _ABSENT


def _self(variables: Variables, _: str, address: str) -> Any:
    found = _at(variables, variables.data, address)
    if found is _ABSENT and address == "provider.stage":
        return variables.stage
    if found is _ABSENT and address == "provider.region":
        return variables.region
    return found


def _at(variables: Variables, node: Any, address: str) -> Any:
    """The value at ``a.b.0.c``; what is met on the way may be a variable itself."""
    for part in address.split(".") if address else ():
        if isinstance(node, str):
            node = variables.resolved(node)
        if isinstance(node, Unknown):
            return node
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            return _ABSENT
    return variables.resolved(node)


def _option(variables: Variables, _: str, address: str) -> Any:
    if address == "region" and not {"region", "opt:region"} & variables.parameters.keys():
        return variables.region
    return variables._parameter(f"opt:{address}", address)


def _param(variables: Variables, _: str, address: str) -> Any:
    """What was given, else the file's ``params`` for the stage, else its ``params.default``."""
    given = variables._parameter(f"param:{address}", address)
    if given is not _ABSENT:
        return given
    for stage in (variables.stage, "default"):
        found = _at(variables, variables.data, f"params.{stage}.{address}")
        if found is not _ABSENT:
            return found
    return _ABSENT


def _environment(variables: Variables, _: str, address: str) -> Any:
    given = variables._parameter(f"env:{address}")
    return os.environ.get(address, _ABSENT) if given is _ABSENT else given


def _serverless(variables: Variables, _: str, address: str) -> Any:
    return {"stage": variables.stage, "instanceId": "local"}.get(address, _ABSENT)


def _aws(variables: Variables, _: str, address: str) -> Any:
    return {"accountId": variables.account, "region": variables.region}.get(address, _ABSENT)


def _file(variables: Variables, argument: str, address: str) -> Any:
    path = variables.folder / argument.strip()
    if path.suffix not in (".yml", ".yaml", ".json"):
        return _deployed(variables, f"file({argument})", address)
    if not path.is_file():
        return _ABSENT
    return _at(variables, read_document(path).data, address)


def _deployed(variables: Variables, kind: str, address: str) -> Any:
    """A source that only a deployment can ask."""
    name = f"{kind}:{address}" if address else kind
    given = variables.exports.take(name)
    return Unknown(f"${{{name}}} is looked up during deployment", _remedy(name)) if given is None else given


def _boolean(variables: Variables, argument: str, _: str) -> Any:
    word = argument.strip().strip("'\"").lower()
    if word in ("true", "1"):
        return True
    if word in ("false", "0", "null", ""):
        return False
    raise UsageError(f"strToBool({argument}) is neither true nor false")


def _remedy(name: str) -> str:
    kind, colon, rest = name.partition(":")
    if kind in ("opt", "param"):
        return f"parameters={{{rest!r}: '...'}}"
    if kind == "env":
        return f"parameters={{{name!r}: '...'}} or the variable {rest}"
    return f"a value for {rest} in the file" if kind == "self" and colon else f"resources={{{name!r}: '...'}}"


_SOURCES: Mapping[str, Callable[[Variables, str, str], Any]] = {
    "self": _self,
    "opt": _option,
    "param": _param,
    "env": _environment,
    "sls": _serverless,
    "aws": _aws,
    "file": _file,
    "strToBool": _boolean,
    "cf": lambda variables, argument, address: _deployed(variables, f"cf({argument})" if argument else "cf", address),
    "ssm": lambda variables, argument, address: _deployed(variables, "ssm", address),
    "s3": lambda variables, argument, address: _deployed(variables, "s3", address),
    "git": lambda variables, argument, address: _deployed(variables, "git", address),
    "output": lambda variables, argument, address: _deployed(variables, "output", address),
    "vault": lambda variables, argument, address: _deployed(variables, "vault", address),
}
