"""The constraints of input shapes, checked as the service checks them.

botocore checks types, required members and minimums before a request leaves; the service checks the rest, and all of
it when a client has ``parameter_validation=False``. It reports every violation of a request in one error (facts 1.4).

Strategy: a shape is compiled once into the types that JSON may have there and a closure ``check(value, path, found)``
that appends violations, or None when nothing but the type is constrained. The types are looked at where the value is
taken out of its structure or list, so that most members cost no call. A request is first looked at by the members that
it has (``_fine_structure``): mostly all keep their constraints, and then nothing is left to report. Text is made only
for violations, and only when all types are known to be right: a violation of a list is found before the types of its
items are looked at.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from eventbridge_local.errors import ServiceError, validation_error


class Violation(NamedTuple):
    """A value that breaks a constraint.

    Attributes:
        value: the value, None for a required member that is absent.
        path: where it is, as AWS spells it, such as ``tags.1.member.key``.
        text: AWS's text of the constraint.
        shape: its shape.
    """

    value: Any
    path: str
    text: str
    shape: Shape

    def wording(self) -> str:
        """Return AWS's sentence. Of a sensitive member its services leave the value out."""
        if self.value is None:
            shown = " null"
        elif _is_sensitive(self.shape):
            shown = ""
        else:
            shown = f" '{java_text(self.value, self.shape)}'"
        return f"Value{shown} at '{self.path}' failed to satisfy constraint: {self.text}"


Check = Callable[[Any, str, list[Violation]], None]

#: Patterns of the model that Python's ``re`` cannot take as they are, and the same for Python. It has no \p classes
#: (\w stands for letters and digits of all scripts), and it would try nested repetitions in exponentially many ways.
PATTERNS_FOR_PYTHON = {
    r"^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$": r"^[\w\s.:/=+\-@]*$",
    r"^[ \t]*[\x20-\x7E]+([ \t]+[\x20-\x7E]+)*[ \t]*$": r"[\t\x20-\x7E]*[\x20-\x7E][\t\x20-\x7E]*",
    r"^[ \t]*[^\x00-\x1F:\x7F]+([ \t]+[^\x00-\x1F:\x7F]+)*[ \t]*$": (
        r"[^\x00-\x08\x0A-\x1F:\x7F]*[^\x00-\x1F:\x7F][^\x00-\x08\x0A-\x1F:\x7F]*"
    ),
}

#: Sets that AWS prints in another order than the model has (recorded, facts 1.4).
ENUM_ORDER = {
    "ApiDestinationHttpMethod": "HEAD, POST, PATCH, DELETE, PUT, GET, OPTIONS",
    "ArchiveState": "CREATE_FAILED, ENABLED, UPDATING, UPDATE_FAILED, CREATING, DISABLED",
    "LaunchType": "FARGATE, EXTERNAL, EC2",
}

_BASE64 = r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{4}|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{2}={2})$"

#: Where the service was captured to have another constraint than the model, by operation and member. ListConnections
#: is by analogy (judgement).
OTHER_LIMITS: dict[str, dict[str, Any]] = {
    "ListApiDestinations": {"NextToken": {"pattern": _BASE64}},
    "ListConnections": {"NextToken": {"pattern": _BASE64}},
    # An empty text takes the queue away, says the refusal of a queue without an ARN.
    "CreateEventBus": {"DeadLetterConfig": {"Arn": {"min": 0}}},
    "UpdateEventBus": {"DeadLetterConfig": {"Arn": {"min": 0}}},
}

#: Shapes whose pattern the service does not check: header values of a target may be empty or have a line break.
UNCHECKED_PATTERNS = frozenset({"HeaderValue"})

#: Mostly the pattern is reported before the length; for these shapes AWS was captured to do the reverse (facts 1.4).
#: The two that belong to replays are by analogy to archives.
LENGTH_BEFORE_PATTERN = frozenset({"ArchiveName", "EventBusArn", "Principal", "ArchiveArn", "ReplayName"})

#: Members that the service prints for a structure and the API model does not have (recorded, facts 1.4).
INTERNAL_MEMBERS = {"PutEventsRequestEntry": ("kmsKeyIdentifier", "internalMetadata")}

_PATTERN_TEXT = "Member must satisfy regular expression pattern: "

_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "boolean": (bool,),
    "timestamp": (int, float, datetime),
}


class InputCheck:
    """The compiled constraints of one operation's input."""

    def __init__(self, model: OperationModel) -> None:
        shape = model.input_shape
        self._params = _compile(shape, OTHER_LIMITS.get(model.name)) if shape is not None else None
        self._is_fine: Callable[[Mapping[str, Any]], bool] | None = None
        if isinstance(shape, StructureShape):
            self._is_fine = _fine_structure(shape, OTHER_LIMITS.get(model.name, {})).test

    def __call__(self, params: Mapping[str, Any]) -> ServiceError | None:
        """Return the refusal of params that break a constraint, None for all others.

        It is a ValidationException with all violations, or a SerializationException for a wrong JSON type.
        """
        if self._params is None:
            return None
        if self._is_fine is not None and type(params) is dict and self._is_fine(params):
            return None
        exact, kind, check = self._params
        found: list[Violation] = []
        try:
            if type(params) not in exact:
                _check_type(params, kind, "")
            if check is not None:
                check(params, "", found)
        except ServiceError as wrong_type:
            return wrong_type
        if not found:
            return None
        count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: "
        return validation_error(count + "; ".join(violation.wording() for violation in found))


class _Compiled(NamedTuple):
    """A shape. ``check`` is called only with values of its type, and only where there is one.

    Attributes:
        exact: the types that nearly all values have; of others ``_check_type`` decides.
        kind: the type of the shape, such as ``structure``.
        check: appends the violations of the constraints, None when there are none.
    """

    exact: frozenset[type]
    kind: str
    check: Check | None


def _compile(shape: Shape, other: Mapping[str, Any] | None = None) -> _Compiled:
    """Compile a shape; ``other`` has constraints that differ from its own, for a structure by member."""
    kind = shape.type_name
    compiler = _COMPILERS.get(kind, _no_check)
    return _Compiled(frozenset(_TYPES.get(kind, ())), kind, compiler(shape, other) if other else compiler(shape))


def _check_type(value: Any, kind: str, path: str) -> None:
    """Raise a SerializationException for a value whose JSON type a shape of that kind does not take."""
    no_bool = kind in ("integer", "long", "timestamp")
    if not isinstance(value, _TYPES.get(kind, (object,))) or (no_bool and isinstance(value, bool)):
        # The text is ours; AWS's depends on its JSON library and was not recorded.
        raise ServiceError("SerializationException", f"Unexpected value at '{path}': a {kind} was expected.")


def _structure(shape: StructureShape, other: Mapping[str, Any] = MappingProxyType({})) -> Check:
    required = tuple((name, _spelled(name), shape.members[name]) for name in shape.required_members)
    members = tuple(
        (name, _spelled(name), *_compile(member, other.get(name))) for name, member in shape.members.items()
    )

    def check(value: Any, path: str, found: list[Violation]) -> None:
        prefix = f"{path}." if path else ""
        for name, spelled, absent in required:
            if value.get(name) is None:
                found.append(Violation(None, prefix + spelled, "Member must not be null", absent))
        for name, spelled, exact, kind, member in members:
            item = value.get(name)
            if item is None:
                continue
            if type(item) not in exact:
                _check_type(item, kind, prefix + spelled)
            if member is not None:
                member(item, prefix + spelled, found)

    return check


class _Fine(NamedTuple):
    """A quick test of structures; see ``_fine_structure``.

    Attributes:
        test: whether a structure is clearly as it should be; False says nothing.
        free: the type of each scalar member that has no constraint.
        required: the names of the members that must be there.
    """

    test: Callable[[Mapping[str, Any]], bool]
    free: Mapping[str, type]
    required: frozenset[str]


def _fine_structure(shape: StructureShape, other: Mapping[str, Any]) -> _Fine:
    """Return a test of structures of scalars, and of lists of such structures, whose types are those they mostly have.

    It is one loop, with another one for the items of a list, because nearly every request passes it.
    """
    free: dict[str, type] = {}
    scalars: dict[str, tuple[frozenset[type], tuple[Constraint, ...]]] = {}
    lists: dict[str, tuple[_Fine, tuple[Constraint, ...]]] = {}
    for name, member in shape.members.items():
        rules, types = _constraints(member, other.get(name, {})), _TYPES.get(member.type_name, ())
        if isinstance(member, ListShape):
            if isinstance(member.member, StructureShape):
                lists[name] = _fine_structure(member.member, {}), rules
        elif not isinstance(member, StructureShape | MapShape):
            scalars[name] = frozenset(types), rules
            if len(types) == 1 and not rules:
                free[name] = types[0]
    required = frozenset(shape.required_members)

    def test(value: Mapping[str, Any]) -> bool:
        for name, member in value.items():
            kind = type(member)
            if free.get(name) is kind:
                continue
            if name in scalars:
                exact, rules = scalars[name]
                if kind not in exact:
                    return False
            elif name in lists and kind is list:
                (test_item, free_in_item, required_in_item), rules = lists[name]
                for item in member:
                    if type(item) is not dict:
                        return False
                    for each, inner in item.items():
                        if free_in_item.get(each) is not type(inner):
                            if not test_item(item):
                                return False
                            break
                    else:
                        if not required_in_item <= item.keys():
                            return False
            else:
                return False
            for _, measure, holds in rules:
                if not holds(measure(member)):
                    return False
        return required <= value.keys()

    return _Fine(test, free, required)


def _list(shape: ListShape) -> Check:
    own = _constraints(shape)
    exact, kind, member = _compile(shape.member)
    scalar = _of_items(shape.member) if shape.member.type_name == "string" else ()
    brackets = f"Member must satisfy constraint: [{', '.join(each.text for each in scalar)}]"

    def check(value: Any, path: str, found: list[Violation]) -> None:
        _report(own, value, path, found, shape)
        if scalar and not _all_hold(scalar, (item for item in value if isinstance(item, str))):
            found.append(Violation(value, path, brackets, shape))
        for index, item in enumerate(value, 1):
            if type(item) not in exact:
                _check_type(item, kind, f"{path}.{index}.member")
            if member is not None and not scalar:
                member(item, f"{path}.{index}.member", found)

    return check


def _map(shape: MapShape) -> Check:
    own = _constraints(shape)
    sides = (("Map keys", _of_items(shape.key)), ("Map value", _of_items(shape.value)))
    texts = tuple(
        f"{side} must satisfy constraint: [{', '.join(each.text for each in rules)}]" for side, rules in sides
    )
    exact, kind, _ = _compile(shape.value)

    def check(value: Any, path: str, found: list[Violation]) -> None:
        _report(own, value, path, found, shape)
        for item in value.values():
            if type(item) not in exact:
                _check_type(item, kind, f"{path}.member")
        for text, (_, rules), items in zip(texts, sides, (value.keys(), value.values()), strict=True):
            if not _all_hold(rules, items):
                found.append(Violation(value, path, text, shape))

    return check


def _scalar(shape: Shape, other: Mapping[str, Any] = MappingProxyType({})) -> Check | None:
    rules = _constraints(shape, other)
    if not rules:
        return None

    def check(value: Any, path: str, found: list[Violation]) -> None:
        _report(rules, value, path, found, shape)

    return check


def _no_check(_: Shape) -> None:
    return None


_COMPILERS: dict[str, Callable[..., Check | None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _scalar,
    "integer": _scalar,
    "long": _scalar,
}


class Constraint(NamedTuple):
    """One constraint on a value. All that it takes to test one is functions of C, as requests are full of them.

    Attributes:
        text: AWS's text.
        measure: what is tested of the value, such as its length.
        holds: whether the measure keeps the constraint.
    """

    text: str
    measure: Callable[[Any], Any]
    holds: Callable[[Any], object]


def _constraints(shape: Shape, other: Mapping[str, Any] = MappingProxyType({})) -> tuple[Constraint, ...]:
    """Return the constraints that a shape puts on one value, in the order in which AWS reports them."""
    if shape.type_name not in _MEASURES:
        return ()
    limits = {**shape.metadata, **other}
    rules: list[Constraint] = []
    noun, measure = _MEASURES[shape.type_name]
    if "enum" in limits:
        members = ENUM_ORDER.get(shape.name, ", ".join(limits["enum"]))
        is_member = frozenset(limits["enum"]).__contains__
        rules.append(Constraint(f"Member must satisfy enum value set: [{members}]", str, is_member))
    if "max" in limits:
        most = limits["max"]
        text = f"Member must have {noun} less than or equal to {most}"
        rules.append(Constraint(text, measure, partial(operator.ge, most)))
    if "min" in limits:
        least = limits["min"]
        text = f"Member must have {noun} greater than or equal to {least}"
        rules.append(Constraint(text, measure, partial(operator.le, least)))
    if "pattern" in limits and shape.name not in UNCHECKED_PATTERNS:
        rules.append(Constraint(_PATTERN_TEXT + limits["pattern"], str, compiled(limits["pattern"]).fullmatch))
    return tuple(rules)


def _of_items(shape: Shape) -> tuple[Constraint, ...]:
    """Return the constraints on what a list or map holds, which AWS prints all together.

    A length with a maximum then has a minimum too, 0 where the model names none (captured for keys and values of maps).
    """
    return _constraints(shape, {"min": 0} if "max" in shape.metadata and "min" not in shape.metadata else {})


def compiled(pattern: str) -> re.Pattern[str]:
    """Return a pattern of the model for Python. Its digits and word characters are those of ASCII, as in Java."""
    for_python = PATTERNS_FOR_PYTHON.get(pattern)
    return re.compile(pattern, re.ASCII) if for_python is None else re.compile(for_python)


def _report(rules: Iterable[Constraint], value: Any, path: str, found: list[Violation], shape: Shape) -> None:
    broken: list[str] = []
    for text, measure, holds in rules:
        if not holds(measure(value)):
            broken.append(text)
    if broken:
        broken.sort(key=_is_no_pattern, reverse=shape.name in LENGTH_BEFORE_PATTERN)
        found.extend(Violation(value, path, text, shape) for text in broken)


def _all_hold(rules: Iterable[Constraint], values: Iterable[Any]) -> bool:
    return all(holds(measure(value)) for value in values for _, measure, holds in rules)


def _is_no_pattern(text: str) -> bool:
    return not text.startswith(_PATTERN_TEXT)


def _utf16_length(text: str) -> int:
    """Return the number of characters as Java counts them: UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


#: What the minimum and the maximum of a shape are about: AWS's word for it, and how it is measured.
_MEASURES: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "integer": ("value", int),
    "long": ("value", int),
    "string": ("length", _utf16_length),
    "list": ("length", len),
    "map": ("length", len),
}


def _spelled(member: str) -> str:
    """Return a member as AWS spells it in paths: ``EventBusName`` is ``eventBusName``."""
    return member[:1].lower() + member[1:]


def _is_sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def java_text(value: Any, shape: Shape) -> str:
    """Return a value as Java prints it: absent members of a structure are ``null``, maps are ``{k=v}`` (facts 1.4)."""
    if value is None:
        return "null"
    if _is_sensitive(shape):
        return "***Sensitive Data Redacted***"
    if isinstance(shape, StructureShape):
        shown = [f"{_spelled(name)}={java_text(value.get(name), member)}" for name, member in shape.members.items()]
        shown += [f"{name}=null" for name in INTERNAL_MEMBERS.get(shape.name, ())]
        return f"{shape.name}({', '.join(shown)})"
    if isinstance(shape, ListShape):
        return f"[{', '.join(java_text(item, shape.member) for item in value)}]"
    if isinstance(shape, MapShape):
        return f"{{{', '.join(f'{key}={java_text(item, shape.value)}' for key, item in value.items())}}}"
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(value, bool) else str(value)
