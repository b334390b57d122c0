"""CloudFormation templates, with what is made of them by transforms, as stacks ready to be evaluated.

SAM, CDK and Serverless come through here too: each brings its source to the form of a template, and says with an
``Origin`` where in its own file a resource it made up comes from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, NamedTuple

from eventbridge_local.iac import foreach, sam
from eventbridge_local.iac.documents import BrokenFile, Document, read_document
from eventbridge_local.iac.intrinsics import evaluate
from eventbridge_local.iac.naming import suffix
from eventbridge_local.iac.origins import Origin
from eventbridge_local.iac.plan import Unresolved
from eventbridge_local.iac.stack import Exports, Stack
from eventbridge_local.iac.unknown import Path, Unknown, path_text

NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
#: Transforms that leave EventBridge's resources alone or are carried out here.
_HARMLESS_TRANSFORMS = frozenset(
    (
        sam.TRANSFORM,
        "AWS::LanguageExtensions",
        "AWS::CodeDeployBlueGreen",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
    )
)
_DEEPEST = 8


class Account(NamedTuple):
    """Where everything is loaded: the mock's account and Region, whatever the source was synthesized for."""

    account: str
    region: str


@dataclass(slots=True)
class Loaded:
    """A stack with its file.

    Args:
        inner: logical ids of the nested stacks around it, each with a dot behind it.
        origins: where resources come from that the file does not declare as such.
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


def load(
    document: Document,
    name: str,
    where: Account,
    parameters: Mapping[str, Any],
    exports: Exports,
    *,
    file: str = "",
    inner: str = "",
    origins: Mapping[str, Origin] | None = None,
) -> list[Loaded]:
    """A template and the templates nested in it, outermost first.

    Args:
        name: name of the stack.
        parameters: values for the template's parameters.
        exports: shared by all stacks of the source.
        file: what messages call the file.
    """
    stack = Stack(name, document.data, where.account, where.region, parameters, exports, inner=inner)
    loaded = Loaded(stack, document, file or document.name, inner, origins or {})
    _expand_loops(loaded)
    _check(loaded)
    _transform(loaded)
    children = list(_children(loaded, where))
    stack.publish()
    return [loaded, *children]


def _check(loaded: Loaded) -> None:
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


def _expand_loops(loaded: Loaded) -> None:
    template = loaded.stack.template
    if not foreach.has_loops(template):
        return

    def missing(path: Path, unknown: Unknown) -> None:
        loaded.miss(path, unknown, "what it would repeat is left out")

    collection = lambda node: evaluate(loaded.stack, node)  # noqa: E731
    loaded.stack.template = foreach.expand(template, collection, missing)
    loaded.origins = {**loaded.origins, **_loop_origins(template, loaded.stack.resources)}


def _loop_origins(template: dict[str, Any], resources: Mapping[str, Any]) -> dict[str, Origin]:
    """Repeated resources stand where their loop does; with several loops, the one whose fragment has such a key."""
    declared = template.get("Resources")
    declared = declared if isinstance(declared, dict) else {}
    loops = [key for key in declared if key.startswith(foreach.PREFIX)]
    origins = {}
    for logical_id in resources:
        loop = next((key for key in loops if foreach.may_make(declared[key], logical_id)), None) if loops else None
        if loop is not None and logical_id not in declared:
            origins[logical_id] = Origin(("Resources", logical_id), ("Properties",), at=("Resources", loop))
    return origins


def _transform(loaded: Loaded) -> None:
    transforms = loaded.stack.template.get("Transform") or []
    transforms = transforms if isinstance(transforms, list) else [transforms]
    for transform in transforms:
        name = transform.get("Name") if isinstance(transform, dict) else transform
        if not isinstance(name, str) or name not in _HARMLESS_TRANSFORMS:
            unknown = Unknown(
                f"macro {name} runs in your account", "the processed template (aws cloudformation get-template)"
            )
            loaded.miss(("Transform",), unknown, "what it would add or change is not seen")
    if sam.TRANSFORM in transforms:
        loaded.stack.template, made = sam.expand(loaded.stack.template)
        loaded.origins = {**loaded.origins, **made}


def _children(loaded: Loaded, where: Account) -> Iterator[Loaded]:
    stack = loaded.stack
    for logical_id, resource in stack.resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in NESTED or stack.is_made(logical_id) is False:
            continue
        path = _template_file(loaded, logical_id, NESTED[kind])
        if path is None or loaded.inner.count(".") >= _DEEPEST:
            continue
        given = stack.property(logical_id, "Parameters")
        document = read_document(path)
        found = load(
            document,
            f"{stack.name}-{logical_id}-{suffix(stack.name, logical_id)}",
            where,
            {**(given if isinstance(given, dict) else {}), **_addressed(stack.parameters, logical_id)},
            stack.exports,
            file=path.name,
            inner=f"{loaded.inner}{logical_id}.",
        )
        stack.children[logical_id] = found[0].stack
        yield from found


def _addressed(parameters: Mapping[str, Any], logical_id: str) -> dict[str, Any]:
    """Values given for the parameters of a nested stack, as ``Nested.Parameter``."""
    start = logical_id + "."
    return {name.removeprefix(start): value for name, value in parameters.items() if name.startswith(start)}


def _template_file(loaded: Loaded, logical_id: str, member: str) -> FilePath | None:
    """The file of a nested template: CDK says it in the metadata, others in the URL before packaging."""
    metadata = loaded.stack.resources[logical_id].get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    named = asset or loaded.stack.property(logical_id, member)
    if isinstance(named, str) and "://" not in named:
        path = loaded.document.path.parent / named
        if path.is_file():
            return path
    unknown = Unknown("the nested template is not beside this one", "its file to load as well")
    loaded.miss(("Resources", logical_id, "Properties", member), unknown, "its rules are left out")
    return None
