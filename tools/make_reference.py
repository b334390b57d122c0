"""Writes docs/reference.md from the signatures and docstrings of the public names.

Run ``python tools/make_reference.py``; a test fails when the page is not what this makes, and another one when a public
name has no docstring or does not say what each of its arguments is. Standard library only.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from docstrings import Argument, Doc, arguments_of, default_text, doc_of, folded, signature_of, type_text

import eventbridge_local
from eventbridge_local import EventBridge, errors, pytest_plugin
from eventbridge_local.model.limits import Limits
from eventbridge_local.options import Options

PAGE = Path(__file__).parent.parent / "docs" / "reference.md"

INTRO = """\
# Reference

Every public name, with its arguments. `python tools/make_reference.py` makes this page from the code, and a test
fails if the page and the code differ.

Names that are not here may change at any time.
"""

#: The menu in the order of the page.
MENU = {
    "Start a mock": ["mock_eventbridge", "mark_eventbridge", "current_eventbridge"],
    "Pure functions": [
        "matches",
        "explain",
        "RuleSet",
        "make_event",
        "sample_event",
        "sample_events",
        "next_fire_times",
    ],
    "Contracts": ["Contracts", "infer_schema", "ContractViolation"],
    "For production": ["put_all", "batch_entries", "entry_size"],
    "Limits": ["Limits"],
}

#: The methods of the handle by what a test does with them, in the order of the page.
HANDLE = {
    "Arrange": ["connect", "load", "rule", "archive", "secret", "fail_over"],
    "Make things fail": ["fail_target", "fail_put", "fail_call", "fail_nothing"],
    "Act": ["put", "archive_to", "replay_from"],
    "Look": ["events", "deliveries", "dead_letters", "calls", "journal", "clock"],
    "Ask": ["explain", "route", "coverage"],
    "Assert": ["assert_put", "assert_not_put", "assert_delivered", "assert_not_delivered"],
    "Start again": ["reset"],
}

#: Members of the handle that only the library calls.
OWN_USE = frozenset(("seen", "hints_for", "load_source"))

#: What calls return, by what the heading says.
GIVEN = {
    "Logs": ["report.logs.EventLog", "report.logs.DeliveryLog", "report.logs.DeadLetterLog", "report.logs.CallLog"],
    "Records of the logs": [
        "delivery.journal_records.Entry",
        "delivery.journal_records.Delivery",
        "delivery.journal_records.DeadLetter",
        "delivery.journal_records.Call",
    ],
    "Parts of records": [
        "model.event.Event",
        "model.records.Rule",
        "model.records.Target",
        "delivery.pending.AwsRequest",
        "delivery.pending.HttpRequest",
    ],
    "Spies": [
        "delivery.handlers.TargetSpy",
        "delivery.handlers.Calls",
        "delivery.handlers.SpyCall",
        "delivery.handlers.LambdaContext",
    ],
    "Time": ["model.clock.Clock", "model.clock.Advance"],
    "The journal": ["handle.JournalView"],
    "Explanations of patterns": [
        "patterns.explain.Explanation",
        "patterns.explain.Mismatch",
        "patterns.explain.FieldReport",
    ],
    "Explanations of events": [
        "report.explain.EventExplanation",
        "report.explain.Stop",
        "report.explain.RuleStep",
        "report.explain.TargetStep",
        "report.explain.RoutingTable",
    ],
    "Coverage": ["report.coverage.Coverage", "report.coverage.RuleCoverage"],
    "Templates": ["iac.plan.LoadReport", "iac.plan.LoadedRule", "iac.plan.LoadedTarget"],
    "Archives and files": ["event_files.ArchiveView", "event_files.ReplayReport"],
    "Findings of contracts": ["contracts.collection.Contract", "contracts.violations.Violation"],
    "Samples": ["samples.catalog.Sample"],
    "Outcomes of put_all": ["batching.PutOutcome"],
}

#: Members of those classes that only the library calls.
NOT_FOR_USERS = {
    "TargetSpy": {"call", "take"},
    "Clock": {"at", "at_next", "disarm", "later", "run_due"},
    "JournalView": {"end"},
    "Event": {"tree", "matched_on", "fields", "hops"},
    "Rule": {"pattern", "schedule", "created_at", "create_time"},
    "Coverage": {"as_data", "from_data"},
    "Contract": {"is_same_as", "exact", "violations"},
    "Contracts": {"unknown", "coerce"},
}

#: Errors that do not live in ``errors``.
MORE_ERRORS = (
    "patterns.InvalidPattern",
    "schedules.InvalidSchedule",
    "iac.run.PlanRefused",
    "batching.PutFailed",
    "batching.EntryTooLarge",
)

#: Functions whose keywords are the keys of a TypedDict.
KEYWORDS = {
    "make_event": "samples.envelope.Envelope",
    "put": "handle.PutEnvelope",
}

PLUGIN = """\
The fixture `eventbridge` returns the handle. The marker `@pytest.mark.eventbridge(**options)` takes the options above,
on a function, class or module. If several markers give the same keyword, the one nearest to the test wins. The marker
alone activates the mock too.
"""

REFUSALS = """\
If the service refuses a call, boto3 raises botocore's `ClientError`. The handle is not a client: its methods `rule`,
`archive` and so on raise `ServiceError`.
"""

MEMBERS = ("| member | type | |", "|---|---|---|")


# Markdown


def prose(text: str) -> str:
    """A docstring's text as Markdown; a doctest becomes a block."""
    parts = []
    for paragraph in text.replace("``", "`").split("\n\n"):
        parts.append(f"```pycon\n{paragraph}\n```" if paragraph.startswith(">>>") else paragraph)
    return "\n\n".join(parts)


def cell(text: str) -> str:
    """A text inside a table. A pipe ends a cell, and behind a backslash some renderers show both."""
    assert "|" not in text, f"write `a` or `b` in a table: {text}"
    return " ".join(text.replace("``", "`").split())


def code(text: str) -> str:
    """Code inside a table, each alternative of a type by itself; nothing stays nothing."""
    alternatives = (cell(each.replace(" | ", " or ")) for each in alternatives_of(text))
    return " or ".join(f"`{each}`" for each in alternatives) if text else ""


def alternatives_of(kind: str) -> list[str]:
    """The members of a union as it is written; what stands in brackets stays together."""
    parts, depth = [""], 0
    for each in kind.split(" | "):
        parts[-1] += each
        depth += each.count("[") - each.count("]")
        parts += [""] if depth == 0 else []
        parts[-1] += "" if depth == 0 else " | "
    return parts[:-1]


def callable_section(level: str, name: str, function: Callable[..., Any], doc: Doc | None = None) -> Iterator[str]:
    """A function or method: signature, text, arguments, result, errors."""
    doc = doc or doc_of(function)
    yield f"{level} {name}\n"
    yield f"```python\n{folded(signature_of(name, function))}\n```\n"
    yield f"{prose(doc.text)}\n"
    arguments = [
        argument
        for argument in arguments_of(function)
        if doc.entries.get(argument.name.strip("*")) and argument.name not in doc.options
    ]
    if arguments:
        yield arguments_table("argument", ((each, doc.entries[each.name.strip("*")]) for each in arguments))
    if name in KEYWORDS:
        yield f"The keywords of `**{arguments[-1].name.strip('*')}`:\n"
        yield members_table(keywords_of(at(KEYWORDS[name])))
    if doc.returns:
        yield f"**Returns** {prose(doc.returns)}\n"
    if doc.raises:
        yield "\n".join(f"- **raises** `{error}`: {cell(text)}" for error, text in doc.raises.items()) + "\n"


def arguments_table(what: str, told: Iterable[tuple[Argument, str]]) -> str:
    """A table of arguments, each with its meaning."""
    head = (f"| {what} | type | default | |", "|---|---|---|---|")
    rows = [f"| {code(each.name)} | {code(each.type)} | {code(each.default)} | {cell(text)} |" for each, text in told]
    return "\n".join([*head, *rows, ""])


def keywords_of(typed: type) -> Iterator[Member]:
    """The keys of a TypedDict."""
    told = doc_of(typed).entries
    return (Member(name, type_text(kind), told.get(name, "")) for name, kind in typed.__annotations__.items())


class Member(NamedTuple):
    """A member of a class as users see it."""

    name: str
    type: str
    text: str


def members_of(cls: type) -> list[Member]:
    """Fields, properties and methods, in the order in which they are written."""
    doc = doc_of(cls)
    hidden = NOT_FOR_USERS.get(cls.__name__, set())
    told = doc.entries | doc.attributes
    found = [Member(name, type_text(kind), told.get(name, "")) for name, kind in _fields(cls).items()]
    found += [Member(name, "", text) for name, text in doc.attributes.items() if name not in _fields(cls)]
    for name, member in public_members(cls):
        read = getattr(member, "fget", None) or getattr(member, "func", None)  # of a property, and of a cached one
        if read is not None:
            found.append(Member(name, _returned(read), doc_of(member).text))
        elif inspect.isroutine(member) or isinstance(member, classmethod | staticmethod):
            function = getattr(cls, name)
            text = doc_of(function).first
            found.append(Member(signature_of(name, function), _returned(function), text))
    return [member for member in found if member.name.split("(")[0] not in hidden]


def _returned(function: Callable[..., Any]) -> str:
    return type_text(inspect.signature(function).return_annotation)


def _fields(cls: type) -> Mapping[str, Any]:
    """The fields of a dataclass, frozen class or named tuple; the arguments of other classes are no members."""
    if dataclasses.is_dataclass(cls):
        return {each.name: each.type for each in dataclasses.fields(cls) if not each.name.startswith("_")}
    return {name: cls.__annotations__[name] for name in getattr(cls, "__match_args__", ())}


def public_members(cls: type) -> Iterator[tuple[str, Any]]:
    """The members of a class that were written in this library, those of its bases first."""
    seen: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        if base.__module__.startswith("eventbridge_local"):
            seen.update(base.__dict__)
    slots = {name for base in cls.__mro__ for name in getattr(base, "__slots__", ())}
    for name, member in seen.items():
        if not name.startswith("_") and name not in slots and name not in getattr(cls, "_fields", ()):
            yield name, member


def members_table(members: Iterable[Member]) -> str:
    """A table of members."""
    rows = (f"| {code(each.name)} | {code(each.type)} | {cell(each.text)} |" for each in members)
    return "\n".join([*MEMBERS, *rows, ""])


# the parts of the page


def at(path: str) -> Any:
    """What stands at a dotted path below the package."""
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(f"eventbridge_local.{module}"), name)


def options() -> Iterator[str]:
    """Every option."""
    yield "## Options\n"
    yield "The same for `mock_eventbridge`, the marker and, where they exist, the ini keys.\n"
    told = doc_of(Options).entries
    defaults = inspect.signature(Options).parameters
    arguments = [
        Argument(name, type_text(kind), default_text(defaults[name].default)) for name, kind in _fields(Options).items()
    ]
    yield arguments_table("option", ((each, told[each.name]) for each in arguments))


def menu() -> Iterator[str]:
    """The names that ``eventbridge_local`` has."""
    yield "## from eventbridge_local import ...\n"
    for heading, names in MENU.items():
        yield f"### {heading}\n"
        for name in names:
            yield from class_or_function(name, getattr(eventbridge_local, name))


def class_or_function(name: str, thing: Any) -> Iterator[str]:
    """A name of the menu."""
    if not inspect.isclass(thing):
        yield from callable_section("####", name, thing)
    elif issubclass(thing, Exception | Limits):
        yield f"#### {name}\n\n{prose(doc_of(thing).text)}\n"
        if thing is Limits:
            yield limits_table(thing)
    else:
        yield from callable_section("####", name, thing.__init__, doc_of(thing))
        doc = doc_of(thing)
        doc.entries = {}
        hidden = NOT_FOR_USERS.get(name, set())
        for method, member in public_members(thing):
            if method not in hidden and (inspect.isroutine(member) or isinstance(member, classmethod)):
                yield from callable_section("#####", f"{name}.{method}", getattr(thing, method))


def limits_table(thing: Any) -> str:
    """The fields of a class of numbers."""
    told = doc_of(thing).entries
    arguments = [
        Argument(each.name, "int", f"{each.default:,}") for each in inspect.signature(thing).parameters.values()
    ]
    return arguments_table("limit", ((each, told.get(each.name, "")) for each in arguments))


def handle() -> Iterator[str]:
    """The handle."""
    doc = doc_of(EventBridge)
    yield "## EventBridge, the handle\n"
    yield f"{prose(doc.text)}\n"
    yield members_table(Member(name, "str", doc.entries[name]) for name in ("account", "region"))
    for heading, names in HANDLE.items():
        yield f"### {heading}\n"
        members = [(name, vars(EventBridge)[name]) for name in names]
        looks = [(name, member) for name, member in members if isinstance(member, property)]
        if looks:
            yield members_table(Member(name, _returned(member.fget), doc_of(member).text) for name, member in looks)
        for name, member in members:
            if not isinstance(member, property):
                yield from callable_section("####", name, member)


def given() -> Iterator[str]:
    """What the handle and the functions return."""
    yield "## What you get back\n"
    for heading, paths in GIVEN.items():
        yield f"### {heading}\n"
        for path in paths:
            cls = at(path)
            doc = doc_of(cls)
            yield f"#### {cls.__name__}\n"
            yield f"{prose(doc.text)}\n"
            if getattr(cls, "fields", None) and heading == "Logs":
                yield f"`where` takes {', '.join(f'`{name}`' for name in cls.fields)}.\n"
            members = members_of(cls)
            if members:
                yield members_table(members)


def error_table() -> Iterator[str]:
    """Every error."""
    yield "## Errors\n"
    here = [name for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, Exception)]
    rows = []
    for path in [*(f"errors.{name}" for name in here), *MORE_ERRORS]:
        error, where = at(path), f"`eventbridge_local.{path}`"
        bases = ", ".join(f"`{base.__name__}`" for base in error.__bases__)
        rows.append(f"| {where} | {bases} | {cell(doc_of(error).first)} |")
    yield "\n".join(["| error | is a | |", "|---|---|---|", *rows, ""])
    yield REFUSALS


class _Parser:
    """Takes down what the plugin asks pytest for."""

    def __init__(self) -> None:
        self.flags: list[str] = []
        self.keys: list[str] = []

    def getgroup(self, *_: str) -> _Parser:
        return self

    def addoption(self, name: str, *, help: str, metavar: str = "", **_: Any) -> None:
        choices = metavar.strip("{}").split(",") if metavar else []
        written = " or ".join(f"`{name}={choice}`" for choice in choices) if choices else code(name)
        self.flags.append(f"| {written} | {cell(help)} |")

    def addini(self, name: str, text: str, *, type: str, **_: Any) -> None:
        self.keys.append(f"| `{name}` | {type} | {cell(text)} |")


def plugin() -> Iterator[str]:
    """Fixture, marker, flags and ini keys."""
    parser = _Parser()
    pytest_plugin.pytest_addoption(parser)  # type: ignore[arg-type]
    yield "## pytest\n"
    yield PLUGIN
    yield "\n".join(["| flag | |", "|---|---|", *parser.flags, ""])
    yield "\n".join(["| ini key | type | |", "|---|---|---|", *parser.keys, ""])


def make() -> str:
    """The page."""
    return "\n".join([INTRO, *options(), *handle(), *menu(), *given(), *error_table(), *plugin()])


if __name__ == "__main__":
    PAGE.write_text(make(), encoding="utf-8")
