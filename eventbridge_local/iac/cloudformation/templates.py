"""CloudFormation templates as stacks, and stacks as a plan.

SAM, CDK and the Serverless Framework come through here too: each brings its source to the form of a template, and says
with an ``Origin`` where in its own file a resource comes from that it made up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from os.path import isfile
from pathlib import Path as FilePath
from types import MappingProxyType
from typing import Any

from eventbridge_local.iac.cloudformation.intrinsics import (
    LOOP_PREFIX,
    evaluate,
    expand_loops,
    has_loops,
    may_make,
)
from eventbridge_local.iac.cloudformation.stack import Identity, Stack
from eventbridge_local.iac.documents import BrokenFile, Document, Origin, read_document
from eventbridge_local.iac.handlers import Handler, python_handler
from eventbridge_local.iac.names import RESOURCE_KINDS, suffix
from eventbridge_local.iac.plan import Plan, Resource, Unresolved, names_with_aliases
from eventbridge_local.iac.steps import CONNECTION, ORDER, DeclaredResource, PlanBuilder, step_rank
from eventbridge_local.iac.values import Environment, GivenValues, Path, Unknown, known, path_text

#: Returns a template with the additions of a transform, and where each added resource comes from.
Transform = Callable[[dict[str, Any]], tuple[dict[str, Any], dict[str, Origin]]]

_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
#: Transforms that do not change resources of EventBridge, or that are done by ``expand_loops``.
_HARMLESS_TRANSFORMS = frozenset(
    (
        "AWS::LanguageExtensions",
        "AWS::CodeDeployBlueGreen",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
    )
)
_DEEPEST = 8
_NAMED = frozenset(RESOURCE_KINDS) | {"AWS::Events::Rule", "AWS::Lambda::Alias", "AWS::Lambda::Version"}
_FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")


@dataclass(slots=True)
class LoadedStack:
    """A stack with its file.

    Args:
        file: the name of the file in messages.
        inner: logical ids of the nested stacks around it, each followed by a dot.
        origins: where resources come from that the file does not declare as such.
        unresolved: what could not be evaluated while the stack was read.
    """

    stack: Stack
    document: Document
    file: str
    inner: str = ""
    origins: Mapping[str, Origin] = field(default_factory=dict)
    unresolved: list[Unresolved] = field(default_factory=list)

    def origin(self, logical_id: str) -> Origin:
        return self.origins.get(logical_id) or Origin(("Resources", logical_id), ("Properties",))

    def miss(self, path: Path, unknown: Unknown, consequence: str) -> None:
        self.unresolved.append(
            Unresolved(path_text(path), f"{unknown.reason}, so {consequence}", unknown.remedy, self.file)
        )


def read_stacks(
    document: Document,
    name: str,
    environment: Environment,
    parameters: Mapping[str, Any],
    given: GivenValues,
    transforms: Mapping[str, Transform],
    *,
    file: str = "",
    inner: str = "",
    origins: Mapping[str, Origin] | None = None,
) -> list[LoadedStack]:
    """Return the stack of a template and those of the templates nested in it, outermost first.

    Args:
        document: the template.
        name: name of the stack.
        environment: the account and Region it is loaded in.
        parameters: values for the template's parameters.
        given: what the user gave as ``resources``; shared by all stacks of the source.
        transforms: the transforms that can be carried out, by name.
        file: the name of the file in messages.
        inner: logical ids of the nested stacks around it, each followed by a dot.
        origins: where resources come from that the document does not declare as such.

    Raises:
        BrokenFile: a resource is not in the form that CloudFormation takes.
    """
    stack = Stack(name, document.data, environment, parameters, given, inner=inner)
    loaded = LoadedStack(stack, document, file or document.name, inner, origins or {})
    _expand_loops(loaded)
    _check(loaded)
    _transform(loaded, transforms)
    children = list(_children(loaded, transforms))
    stack.publish()
    return [loaded, *children]


def _check(loaded: LoadedStack) -> None:
    """Refuse what CloudFormation would refuse before it looks at any property."""
    for logical_id, resource in loaded.stack.resources.items():
        problem = None
        if not isinstance(resource, dict):
            problem = f"resource {logical_id} is not a mapping"
        elif not isinstance(resource.get("Type"), str):
            problem = f"resource {logical_id} has no Type"
        elif not isinstance(resource.get("Properties") or {}, dict):
            problem = f"Properties of resource {logical_id} is not a mapping"
        if problem is not None:
            origin = loaded.origin(logical_id)
            line, column = loaded.document.position(origin.at or origin.path)
            raise BrokenFile(str(loaded.document.path), line or 1, column or 1, problem)


def _expand_loops(loaded: LoadedStack) -> None:
    template = loaded.stack.template
    if not has_loops(template):
        return

    def missing(path: Path, unknown: Unknown) -> None:
        loaded.miss(path, unknown, "what it would repeat is left out")

    loaded.stack.template = expand_loops(template, loaded.stack, missing)
    loaded.origins = {**loaded.origins, **_loop_origins(template, loaded.stack.resources)}


def _loop_origins(template: dict[str, Any], resources: Mapping[str, Any]) -> dict[str, Origin]:
    """Return the origin of repeated resources: their loop; of several loops, the one whose fragment has such a key."""
    declared = template.get("Resources")
    declared = declared if isinstance(declared, dict) else {}
    loops = [key for key in declared if key.startswith(LOOP_PREFIX)]
    origins = {}
    for logical_id in resources:
        loop = next((key for key in loops if may_make(declared[key], logical_id)), None) if loops else None
        if loop is not None and logical_id not in declared:
            origins[logical_id] = Origin(("Resources", logical_id), ("Properties",), at=("Resources", loop))
    return origins


def _transform(loaded: LoadedStack, transforms: Mapping[str, Transform]) -> None:
    declared = loaded.stack.template.get("Transform") or []
    declared = declared if isinstance(declared, list) else [declared]
    names = [each.get("Name") if isinstance(each, dict) else each for each in declared]
    for name in names:
        if not isinstance(name, str) or (name not in _HARMLESS_TRANSFORMS and name not in transforms):
            unknown = Unknown(
                f"macro {name} runs in your account", "the processed template (aws cloudformation get-template)"
            )
            loaded.miss(("Transform",), unknown, "what it would add or change is not seen")
    for name, transform in transforms.items():
        if name in declared:
            loaded.stack.template, origins = transform(loaded.stack.template)
            loaded.origins = {**loaded.origins, **origins}


def _children(loaded: LoadedStack, transforms: Mapping[str, Transform]) -> Iterator[LoadedStack]:
    stack = loaded.stack
    for logical_id, resource in stack.resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in _NESTED or stack.is_made(logical_id) is False:
            continue
        path = _template_file(loaded, logical_id, _NESTED[kind])
        if path is None or loaded.inner.count(".") >= _DEEPEST:
            continue
        parameters = stack.property(logical_id, "Parameters")
        stack.spend(3_000)
        document = read_document(path)
        found = read_stacks(
            document,
            f"{stack.name}-{logical_id}-{suffix(stack.name, logical_id)}",
            stack.environment,
            {**(parameters if isinstance(parameters, dict) else {}), **_addressed(stack.parameters, logical_id)},
            stack.given,
            transforms,
            file=path.name,
            inner=f"{loaded.inner}{logical_id}.",
        )
        stack.children[logical_id] = found[0].stack
        yield from found


def _addressed(parameters: Mapping[str, Any], logical_id: str) -> dict[str, Any]:
    """Return the values given for the parameters of a nested stack, as ``Nested.Parameter``."""
    start = logical_id + "."
    return {name.removeprefix(start): value for name, value in parameters.items() if name.startswith(start)}


def _template_file(loaded: LoadedStack, logical_id: str, member: str) -> FilePath | None:
    """Return the file of a nested template: CDK has it in the metadata, others in the URL before packaging."""
    metadata = loaded.stack.resources[logical_id].get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    named = asset or loaded.stack.property(logical_id, member)
    if isinstance(named, str) and "://" not in named:
        path = loaded.document.path.parent / named
        if isfile(path):
            return path
    unknown = Unknown("the nested template is not beside this one", "its file to load as well")
    loaded.miss(("Resources", logical_id, "Properties", member), unknown, "its rules are left out")
    return None


# from stacks to a plan


def plan_of(source: str, stacks: list[LoadedStack], parameters: Mapping[str, Any], given: GivenValues) -> Plan:
    """Return the plan that carries out all of ``stacks``, buses first, whichever stack they are in.

    Args:
        source: the path that was read.
        stacks: the stacks of the source.
        parameters: what the user gave as parameters.
        given: what the user gave as ``resources``.
    """
    builder = PlanBuilder(unresolved=[entry for loaded in stacks for entry in loaded.unresolved])
    for kind in ORDER:
        for loaded in stacks:
            for logical_id in _of_type(loaded.stack, kind):
                _declare(builder, loaded, logical_id)
    names = _names(stacks)
    builder.steps.sort(key=step_rank)
    used = set(given.used).union(*(loaded.stack.parameters_used for loaded in stacks))
    return Plan(
        source=source,
        steps=tuple(builder.steps),
        unresolved=tuple(builder.unresolved),
        ignored=MappingProxyType(_ignored(stacks)),
        names=MappingProxyType(names),
        unused=tuple(sorted({*parameters, *given.given} - used)),
    )


class _OpaqueSecrets:
    """Answers for a stack where credentials of a connection are evaluated: a reference to a secret is its own value.

    Its colons become slashes, because AWS accepts no colon in the values of credentials.
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stack, name)

    def reference_value(self, text: str) -> str:
        return self._stack.reference_value(text) or text.replace(":", "/")


def _of_type(stack: Stack, kind: str) -> Iterator[str]:
    for logical_id, resource in stack.resources.items():
        if isinstance(resource, dict) and resource.get("Type") == kind:
            yield logical_id


def _declare(builder: PlanBuilder, loaded: LoadedStack, logical_id: str) -> None:
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
    values: Any = _OpaqueSecrets(stack) if resource["Type"] == CONNECTION else stack
    properties = evaluate(values, resource.get("Properties") or {})
    identity = stack.identity(logical_id)
    declared = DeclaredResource(
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


def _ignored(stacks: list[LoadedStack]) -> dict[str, int]:
    """Return how many resources of each type are not used: not of EventBridge, and not named by rules or targets."""
    types = Counter(
        str(resource.get("Type"))
        for loaded in stacks
        for resource in loaded.stack.resources.values()
        if isinstance(resource, dict)
    )
    return {kind: count for kind, count in sorted(types.items()) if kind not in _NAMED and kind not in _KNOWN_TYPES}


_KNOWN_TYPES = frozenset(ORDER) | frozenset(_NESTED)


def _names(stacks: list[LoadedStack]) -> dict[str, Resource]:
    """Return resources by logical id, those of nested stacks with the path of the stack, and by unique short names."""
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
    return names_with_aliases(full, short)


def _resource(loaded: LoadedStack, logical_id: str, identity: Identity) -> Resource:
    stack = loaded.stack
    kind = stack.resources[logical_id]["Type"]
    handler = _handler(loaded, logical_id) if kind in _FUNCTIONS else None
    where = RESOURCE_KINDS[kind].dead_letter if kind in RESOURCE_KINDS else ()
    letters = known(stack.property(logical_id, *where)) if where else None
    return Resource(
        loaded.inner + logical_id,
        kind,
        known(identity.arn),
        known(identity.name),
        handler,
        letters if isinstance(letters, str) else None,
    )


def _aliases(loaded: LoadedStack, logical_id: str, resource: Mapping[str, Any]) -> Iterator[str]:
    """Yield other names of a resource: its logical id in a nested stack, construct ids of CDK, the origin's alias."""
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


def _handler(loaded: LoadedStack, logical_id: str) -> Handler | None:
    stack = loaded.stack
    found = {name: known(stack.property(logical_id, name)) for name in ("Handler", "Runtime", "CodeUri")}
    code = _code(loaded, logical_id, found["CodeUri"])
    is_serverless = bool(loaded.origin(logical_id).alias)
    return python_handler(found["Handler"], code, found["Runtime"], outside=is_serverless)


def _code(loaded: LoadedStack, logical_id: str, uri: Any) -> FilePath | None:
    """Return the folder of a function's code: an asset of CDK, or what the template says before packaging."""
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
