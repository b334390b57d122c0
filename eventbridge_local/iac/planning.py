"""From stacks to a plan: steps in order, names, and what was ignored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from eventbridge_local.iac.handlers import Handler, python_handler
from eventbridge_local.iac.identity import Identity
from eventbridge_local.iac.intrinsics import evaluate
from eventbridge_local.iac.kinds import KINDS
from eventbridge_local.iac.plan import Plan, Resource, Step, Unresolved
from eventbridge_local.iac.stack import Exports, Stack
from eventbridge_local.iac.steps import CONNECTION, ORDER, Builder, Declared
from eventbridge_local.iac.templates import NESTED, Loaded
from eventbridge_local.iac.unknown import Unknown, known, path_text

_NAMED = frozenset(KINDS) | {"AWS::Events::Rule", "AWS::Lambda::Alias", "AWS::Lambda::Version"}
_RULES = ("AWS::Events::Rule", "aws_cloudwatch_event_rule")
_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")


def plan_of(source: str, stacks: list[Loaded], parameters: Mapping[str, Any], exports: Exports) -> Plan:
    """The plan that carries out all of ``stacks``, buses first, whichever stack they are in."""
    builder = Builder(unresolved=[entry for loaded in stacks for entry in loaded.unresolved])
    for kind in ORDER:
        for loaded in stacks:
            for logical_id in _of_type(loaded.stack, kind):
                _declare(builder, loaded, logical_id)
    names = _names(stacks)
    builder.steps.sort(key=step_rank)
    used = set(exports.used).union(*(loaded.stack.parameters_used for loaded in stacks))
    return Plan(
        source=source,
        steps=tuple(builder.steps),
        unresolved=tuple(builder.unresolved),
        ignored=MappingProxyType(_ignored(stacks)),
        names=MappingProxyType(names),
        unused=tuple(sorted({*parameters, *exports.given} - used)),
    )


_RANKS = {
    "CreateEventBus": 0,
    "PutPermission": 1,
    "CreateConnection": 3,
    "CreateApiDestination": 4,
    "CreateArchive": 5,
    "CreateEndpoint": 6,
    "PutRule": 7,
    "PutTargets": 7,
}


def step_rank(step: Step) -> int:
    """A whole policy replaces what is there, so it comes before a single action and principal, which is added."""
    return _RANKS[step.operation] + (step.operation == "PutPermission" and "Policy" not in step.params)


class _OpaqueSecrets:
    """A stack for the credentials of a connection: a reference to a secret stands for the secret.

    Its colons become slashes, since AWS takes no colon in the values of credentials.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stack, name)

    def given(self, text: str) -> str:
        return self._stack.given(text) or text.replace(":", "/")


def _of_type(stack: Stack, kind: str) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        if isinstance(resource, dict) and resource.get("Type") == kind:
            yield logical_id


def _declare(builder: Builder, loaded: Loaded, logical_id: str) -> None:
    stack, resource = loaded.stack, loaded.stack.resources[logical_id]
    made = stack.is_made(logical_id)
    if made is False:
        return
    origin = loaded.origin(logical_id)
    line, column = loaded.document.position(origin.at or origin.path)
    if isinstance(made, Unknown):
        loaded.miss((*origin.path, "Condition"), made, "the resource is left out")
        builder.unresolved.append(loaded.unresolved[-1])
        stack.leave_out(logical_id, made)
        return
    scope: Any = _OpaqueSecrets(stack) if resource["Type"] == CONNECTION else stack
    properties = evaluate(scope, resource.get("Properties") or {})
    identity = stack.identity(logical_id)
    declared = Declared(
        resource["Type"],
        loaded.inner + logical_id,
        properties if isinstance(properties, dict) else {},
        identity.name,
        identity.arn,
        loaded.file,
        line,
        column,
        lambda path: loaded.inner + path_text(origin.full(path)),
    )
    if not builder.add(declared):
        reason = f"{logical_id} is left out itself"
        stack.leave_out(logical_id, Unknown(reason, _remedy_of(builder.unresolved, declared.place(()))))


def _remedy_of(unresolved: list[Unresolved], place: str) -> str:
    return next((entry.remedy for entry in reversed(unresolved) if entry.path.startswith(place)), "what it lacks")


def _ignored(stacks: list[Loaded]) -> dict[str, int]:
    """Types that have no part in routing; what targets may be counts here too, unless it is named somewhere."""
    types = Counter(
        str(resource.get("Type"))
        for loaded in stacks
        for resource in loaded.stack.resources.values()
        if isinstance(resource, dict)
    )
    return {kind: count for kind, count in sorted(types.items()) if kind not in _NAMED and kind not in _KNOWN_TYPES}


_KNOWN_TYPES = frozenset(ORDER) | frozenset(NESTED)


def _names(stacks: list[Loaded]) -> dict[str, Resource]:
    """Resources by logical id, with the stack's path in front of those in nested stacks, and by unique short names."""
    full: dict[str, Resource] = {}
    short: dict[str, list[Resource]] = {}
    for loaded in stacks:
        for logical_id, resource in loaded.stack.resources.items():
            if not isinstance(resource, dict) or resource.get("Type") not in _NAMED or "." in logical_id:
                continue
            if loaded.stack.is_made(logical_id) is not True:
                continue
            made = _resource(loaded, logical_id, loaded.stack.identity(logical_id))
            key = made.logical_id if made.logical_id not in full else f"{loaded.stack.name}.{made.logical_id}"
            full[key] = made
            for alias in _aliases(loaded, logical_id, resource):
                short.setdefault(alias, []).append(made)
    return with_aliases(full, short)


def with_aliases(full: dict[str, Resource], short: Mapping[str, list[Resource]]) -> dict[str, Resource]:
    """``full`` and the short names that mean one resource, or one that is no rule: what is connected is no rule."""
    names = dict(full)
    for alias, found in short.items():
        connectable = [resource for resource in found if resource.type not in _RULES] or found
        if alias not in full and len(connectable) == 1:
            names[alias] = connectable[0]
    return names


def _resource(loaded: Loaded, logical_id: str, identity: Identity) -> Resource:
    stack = loaded.stack
    kind = stack.resources[logical_id]["Type"]
    handler = _handler(loaded, logical_id) if kind in _FUNCTIONS else None
    where = KINDS[kind].dead_letter if kind in KINDS else ()
    letters = known(stack.property(logical_id, *where)) if where else None
    return Resource(
        loaded.inner + logical_id,
        kind,
        known(identity.arn),
        known(identity.name),
        handler,
        letters if isinstance(letters, str) else None,
    )


def _aliases(loaded: Loaded, logical_id: str, resource: Mapping[str, Any]) -> Iterator[str]:
    """The bare logical id inside a nested stack, construct ids of CDK, and the names a loader gave."""
    if loaded.inner:
        yield logical_id
    metadata = resource.get("Metadata")
    path = metadata.get("aws:cdk:path") if isinstance(metadata, dict) else None
    if isinstance(path, str):
        construct = path.removesuffix("/Resource")
        yield construct
        yield construct.rpartition("/")[2]
    alias = loaded.origin(logical_id).alias
    if alias:
        yield alias


def _handler(loaded: Loaded, logical_id: str) -> Handler | None:
    stack = loaded.stack
    found = {name: known(stack.property(logical_id, name)) for name in ("Handler", "Runtime", "CodeUri")}
    return python_handler(found["Handler"], _code(loaded, logical_id, found["CodeUri"]), found["Runtime"])


def _code(loaded: Loaded, logical_id: str, uri: Any) -> FilePath | None:
    """The folder of a function's code: an asset of CDK, or what stands in the template before packaging."""
    folder = loaded.document.path.parent
    resource = loaded.stack.resources[logical_id]
    properties = resource.get("Properties") or {}
    if "InlineCode" in properties:
        return None
    metadata = resource.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    code = properties.get("Code")
    named = asset or uri or (code if isinstance(code, str) else None)
    if named is None and resource["Type"] == "AWS::Serverless::Function":
        named = "."
    return folder / named if isinstance(named, str) and "://" not in named else None
