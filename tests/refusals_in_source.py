"""What every operation can refuse, read from the source: a walk from each operation through all it calls.

Strategy: a small abstract interpreter. A value is the set of texts it can be, ``NOTHING`` for None, or ``UNKNOWN``.
Walking a function evaluates the arguments of every call in it and walks what is called with them, so that
``_connection(ctx, params, "delete")`` gives "Failed to delete the connection(s)..." for DeleteConnection alone. Names
that are mentioned without a call, such as the rules in a table, are walked too. Where a text has a value that is not
known, it has ``{}``. What cannot be seen this way, calls of methods, is made up for by ``unreached``.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

PACKAGE = "eventbridge_local"
ROOT = Path(__file__).parent.parent / PACKAGE

#: Where errors that AWS would raise come from.
RAISING = ("operations/*.py", "delivery/kinds/*.py", "transforms/target_input.py", "model/*.py", "policies/*.py")

Texts = frozenset[str]
UNKNOWN: Texts = frozenset()
NOTHING: Texts = frozenset({"\0None"})
FALSE: Texts = frozenset({"\0False"})


class Refusal(NamedTuple):
    code: str
    text: str


class Site(NamedTuple):
    """A place where an error is made."""

    module: str
    line: int


@dataclass
class Module:
    """A module's own functions and constants, and what it imports from the package."""

    name: str
    functions: dict[str, ast.FunctionDef] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)


def normalised(text: str) -> str:
    """A text with all its placeholders as ``{}``."""
    return re.sub(r"\{[^{}]*\}", "{}", text)


def read_module(name: str) -> Module | None:
    parts = name.split(".")[1:]
    path = next(
        (p for p in (ROOT.joinpath(*parts).with_suffix(".py"), ROOT.joinpath(*parts, "__init__.py")) if p.is_file()),
        None,
    )
    if path is None:
        return None
    module = Module(name)
    tree = ast.parse(path.read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            module.functions[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            module.constants |= {target.id: node.value for target in targets if isinstance(target, ast.Name)}
    for node in ast.walk(tree):  # some imports are in functions, to be made late
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
            module.imports |= {alias.asname or alias.name: (str(node.module), alias.name) for alias in node.names}
    return module


class Walker:
    """Walks the package; ``sites`` are the places where it has met an error being made."""

    def __init__(self) -> None:
        self.sites: set[Site] = set()
        self._modules: dict[str, Module | None] = {}
        self._walked: dict[tuple[str, str, frozenset[tuple[str, Texts]]], frozenset[Refusal]] = {}

    # names

    def module(self, name: str) -> Module | None:
        if name not in self._modules:
            self._modules[name] = read_module(name)
        return self._modules[name]

    def _find(self, name: str, module: Module) -> tuple[Module, str] | None:
        """Where a name of a module is defined."""
        while name not in module.functions and name not in module.constants:
            origin, name = module.imports.get(name, ("", name))
            found = self.module(origin) if origin else None
            if found is None:
                return None
            module = found
        return module, name

    def _named(self, expression: ast.expr, module: Module) -> tuple[Module, str] | None:
        """What an expression names: by its bare name, or as a member of an imported module."""
        if isinstance(expression, ast.Attribute) and isinstance(expression.value, ast.Name):
            origin, member = module.imports.get(expression.value.id, ("", ""))
            there = self.module(f"{origin}.{member}") if origin else None
            return self._find(expression.attr, there) if there else None
        return self._find(expression.id, module) if isinstance(expression, ast.Name) else None

    # values

    def texts(self, value: ast.expr | None, module: Module, env: Mapping[str, Texts]) -> Texts:
        """The texts an expression can be."""
        match value:
            case ast.Constant(value=None):
                return NOTHING
            case ast.Constant(value=False):
                return FALSE
            case ast.Constant(value=str(text)):
                return frozenset({text})
            case ast.JoinedStr(values=parts):
                return self._joined([self.texts(part, module, env) for part in parts])
            case ast.FormattedValue(value=inner):
                return self.texts(inner, module, env) or frozenset({f"{{{_called(inner)}}}"})
            case ast.Name(id=name) if name in env:
                return env[name]
            case ast.Name(id=name):
                found = self._find(name, module)
                constant = found[0].constants.get(found[1]) if found else None
                return self.texts(constant, found[0], {}) if found and constant else UNKNOWN
            case ast.IfExp(test=test, body=body, orelse=other):
                branches = self._branches(test, body, other, env)
                return frozenset().union(*(self.texts(branch, module, env) for branch in branches))
            case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=member), attr="format")):
                return self._members_called(member)
            case ast.Call(func=ast.Name(id=name)) if name in module.functions:
                function = module.functions[name]
                inner = self._environment(function, module, self._bound(module, function.name, value, module, env))
                return self._returned(function, module, inner)
        return UNKNOWN

    def _joined(self, parts: list[Texts]) -> Texts:
        return frozenset(map("".join, itertools.product(*(part or {"{}"} for part in parts))))

    def _branches(self, test: ast.expr, body: ast.expr, other: ast.expr, env: Mapping[str, Texts]) -> list[ast.expr]:
        """Which branch is taken, when that depends on an argument having been given."""
        match test:
            case ast.Compare(left=ast.Name(id=name), ops=[ast.Is()], comparators=[ast.Constant(value=None)]):
                return [body if env.get(name) == NOTHING else other]
        return [body, other]

    def _returned(self, function: ast.FunctionDef, module: Module, env: Mapping[str, Texts]) -> Texts:
        returns = [node.value for node in ast.walk(function) if isinstance(node, ast.Return)]
        return frozenset().union(*(self.texts(value, module, env) for value in returns)) - NOTHING

    def _members_called(self, member: str) -> Texts:
        """All texts given to a keyword of that name in the package, for a text that is a member of some record."""
        trees = [ast.parse(path.read_text("utf-8")) for path in sorted(ROOT.rglob("delivery/kinds/*.py"))]
        keywords = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.keyword)]
        empty = Module("")
        return frozenset().union(*(self.texts(each.value, empty, {}) for each in keywords if each.arg == member))

    def _bound(
        self, there: Module, name: str, call: ast.Call, module: Module, env: Mapping[str, Texts]
    ) -> dict[str, Texts]:
        """The parameters of a function of the module ``there`` as a call gives them."""
        spec = there.functions[name].args
        names = [arg.arg for arg in spec.args]
        defaults = dict(zip(names[::-1], spec.defaults[::-1], strict=False))
        defaults |= {arg.arg: value for arg, value in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if value}
        bound = {arg.arg: UNKNOWN for arg in (*spec.args, *spec.kwonlyargs)}
        bound |= {name: self.texts(value, there, {}) for name, value in defaults.items()}
        bound |= {name: self.texts(value, module, env) for name, value in zip(names, call.args, strict=False)}
        return bound | {each.arg: self.texts(each.value, module, env) for each in call.keywords if each.arg}

    def _environment(
        self, function: ast.FunctionDef, module: Module, bound: Mapping[str, Texts]
    ) -> Mapping[str, Texts]:
        """The parameters, and the local names whose every value is known."""
        env = dict(bound)
        local: dict[str, list[Texts]] = {}
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                local.setdefault(node.targets[0].id, []).append(self.texts(node.value, module, env))
        for name, values in local.items():
            env[name] = frozenset().union(*values) if all(values) else UNKNOWN
        return env

    # refusals

    def refusals(self, name: str, module: Module, bound: Mapping[str, Texts]) -> frozenset[Refusal]:
        """What a function can refuse, called with these arguments."""
        key = (module.name, name, frozenset(bound.items()))
        if key not in self._walked:
            self._walked[key] = frozenset()  # for functions that call themselves
            function = module.functions[name]
            env = self._environment(function, module, bound)
            self._walked[key] = frozenset(self._refusals_below(function, module, env))
        return self._walked[key]

    def _refusals_below(self, function: ast.AST, module: Module, env: Mapping[str, Texts]) -> Iterator[Refusal]:
        nodes = list(_what_runs(function, env))
        called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
        for node in nodes:
            if isinstance(node, ast.Call):
                yield from self._refusals_of_call(node, function, module, env)
            elif isinstance(node, ast.Name | ast.Attribute) and id(node) not in called:
                yield from self._refusals_of_mention(node, module, env)

    def _refusals_of_call(
        self, call: ast.Call, function: ast.AST, module: Module, env: Mapping[str, Texts]
    ) -> Iterator[Refusal]:
        if isinstance(call.func, ast.Name) and call.func.id == "ServiceError":
            self.sites.add(Site(module.name, call.lineno))
            code, message = (self.texts(argument, module, env) for argument in call.args[:2])
            yield from map(Refusal._make, itertools.product(code or {"{}"}, message or {"{}"}))
            return
        found = self._named(call.func, module)
        if found is None or found[1] not in found[0].functions:
            return
        there, name = found
        if there.name == f"{PACKAGE}.errors":
            self.sites.add(Site(module.name, call.lineno))
            takes_a_message = there.functions[name].args.args[0].arg == "message"
            if takes_a_message and call.args and not self.texts(call.args[0], module, env):
                for text in self._texts_of_tables(function, module):
                    yield from self.refusals(name, there, {"message": frozenset({text})})
                return
        yield from self.refusals(name, there, self._bound(there, name, call, module, env))

    def _refusals_of_mention(self, mentioned: ast.expr, module: Module, env: Mapping[str, Texts]) -> Iterator[Refusal]:
        found = self._named(mentioned, module)
        if found is None or found[1] in env:
            return
        there, name = found
        if name in there.functions:
            yield from self.refusals(name, there, {})
            return
        key = (there.name, name, frozenset({("\0constant", NOTHING)}))
        if key not in self._walked:
            self._walked[key] = frozenset()
            self._walked[key] = frozenset(self._refusals_below(there.constants[name], there, {}))
        yield from self._walked[key]

    def _texts_of_tables(self, function: ast.AST, module: Module) -> Iterator[str]:
        """What the functions in the tables that a function mentions return: a refusal may be picked from these."""
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in module.constants:
                for inner in ast.walk(module.constants[node.id]):
                    if isinstance(inner, ast.Name) and inner.id in module.functions:
                        yield from self._returned(module.functions[inner.id], module, {})


def _what_runs(node: ast.AST, env: Mapping[str, Texts]) -> Iterator[ast.AST]:
    """A node and all below it, less the body of an ``if`` whose condition begins with an argument that is False."""
    yield node
    for child in ast.iter_child_nodes(node):
        if isinstance(node, ast.If) and child in node.body:
            test = node.test.values[0] if isinstance(node.test, ast.BoolOp) else node.test
            if isinstance(test, ast.Name) and env.get(test.id) == FALSE:
                continue
        yield from _what_runs(child, env)


def _called(value: ast.expr) -> str:
    """A name for a value that stands in a text."""
    match value:
        case ast.Attribute(value=ast.Name(id=owner), attr="name"):
            return owner
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case ast.Subscript(slice=ast.Constant(value=str(key))):
            return key.lower()
    return "..."


def operations_in_source() -> Iterator[tuple[str, str, Module]]:
    """Operation, its function, its module."""
    for path in sorted(ROOT.glob("operations/*.py")):
        module = read_module(f"{PACKAGE}.operations.{path.stem}")
        assert module is not None
        for function in module.functions.values():
            for decorator in function.decorator_list:
                match decorator:
                    case ast.Call(func=ast.Name(id="operation"), args=[ast.Constant(value=str(operation)), *_]):
                        yield operation, function.name, module


def makes_an_error(node: ast.AST) -> bool:
    names = ("ServiceError", "validation_error", "not_found", "already_exists", "limit_exceeded", "wrong_arn")
    names += ("queue_of_another_region",)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def sites_in_source() -> set[Site]:
    """All places in the operations and below them where an error is made."""
    paths = {path for pattern in RAISING for path in ROOT.glob(pattern)}
    return {
        Site(".".join((PACKAGE, *path.relative_to(ROOT).with_suffix("").parts)), node.lineno)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if makes_an_error(node) and isinstance(node, ast.Call)
    }


def refusals_by_operation() -> tuple[dict[str, frozenset[Refusal]], set[Site]]:
    """What every operation can refuse, and the places where errors are made that no operation was seen to reach."""
    walker = Walker()
    found = {name: walker.refusals(function, module, {}) for name, function, module in operations_in_source()}
    return found, sites_in_source() - walker.sites
