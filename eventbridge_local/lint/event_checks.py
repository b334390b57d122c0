"""Checks of a pattern against known events: the samples of AWS services, and the contracts that were given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import product
from typing import Any

from eventbridge_local.contracts import Contract, Contracts
from eventbridge_local.errors import UsageError
from eventbridge_local.lint.findings import Problem
from eventbridge_local.lint.pattern_checks import exact_value, is_exact
from eventbridge_local.patterns import Pattern
from eventbridge_local.patterns import conditions as c
from eventbridge_local.patterns.conditions import Field, SubRule
from eventbridge_local.patterns.values import value_wording
from eventbridge_local.samples import sample_event, sample_events

_MOST_KINDS = 20


def problems(pattern: Pattern, contracts: Contracts | None) -> Iterator[Problem]:
    """Yield what known events say against a pattern, each problem once for all branches."""
    found = (problem for rule in pattern.subrules for problem in _of_rule(rule, contracts))
    yield from dict.fromkeys(found)


def _of_rule(rule: SubRule, contracts: Contracts | None) -> Iterator[Problem]:
    sources, types = _texts(rule, "source"), _texts(rule, "detail-type")
    yield from _about_sources(sources)
    yield from _about_types(sources, types)
    kinds = list(product(sources, types))
    if not kinds or len(kinds) > _MOST_KINDS:
        return
    if all(kind in _known() for kind in kinds):
        details = [_sample_detail(*kind) for kind in kinds]
        yield from _against_all(rule, details, _about_sample)
    if contracts is not None:
        contracts_of_kinds = [contracts.for_event(*kind) for kind in kinds]
        present = [contract for contract in contracts_of_kinds if contract is not None]
        if len(present) == len(kinds):
            yield from _against_all(rule, present, _about_contract)


def _against_all(rule: SubRule, things: list[Any], check: Callable[[Field, Any], list[Problem]]) -> Iterator[Problem]:
    """Yield problems of fields in ``detail`` that appear with every kind of event the rule may match."""
    for field in rule:
        if field.path.startswith("detail."):
            first, *others = [check(field, each) for each in things]
            yield from (each for each in first if all(each.code in [one.code for one in other] for other in others))


def _texts(rule: SubRule, path: str) -> list[str]:
    """Return the values that a field may have when all are exact strings; else nothing."""
    for field in rule:
        if field.path == path:
            texts = [each.text for each in field.conditions if isinstance(each, c.Text)]
            return texts if len(texts) == len(field.conditions) else []
    return []


# source and detail-type


@cache
def _known() -> frozenset[tuple[str, str]]:
    return frozenset((sample.source, sample.detail_type) for sample in sample_events())


def _about_sources(sources: list[str]) -> Iterator[Problem]:
    known = {source for source, _ in _known()}
    for source in sources:
        near = _respelled(source, known)
        if near:
            yield Problem("case-trap", f"source {source!r}: the service writes {near!r}, and case counts")


def _about_types(sources: list[str], types: list[str]) -> Iterator[Problem]:
    known = {kind for source, kind in _known() if not sources or source in sources}
    for kind in types:
        near = _respelled(kind, known)
        if near:
            yield Problem("case-trap", f"detail-type {kind!r}: the service writes {near!r}, and every character counts")


def _respelled(name: str, known: set[str]) -> str | None:
    return None if name in known else next((each for each in sorted(known) if _plain(each) == _plain(name)), None)


def _plain(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum() or letter == ".")


# samples


@cache
def _sample_detail(source: str, detail_type: str) -> dict[str, Any]:
    detail: dict[str, Any] = sample_event(source, detail_type)["detail"]
    return detail


def _about_sample(field: Field, detail: Mapping[str, Any]) -> list[Problem]:
    path = field.path.partition(".")[2]
    leaves = dict(_leaves(detail, ""))
    if path in leaves:
        return [found for each in field.conditions if (found := _type_problem(field.path, each, leaves[path]))]
    if field.absent_ok:
        return []
    if any(each.startswith(f"{path}.") for each in leaves):
        what = "is an object there, and EventBridge looks at values only; name a field in it"
        return [Problem("not-a-value", f"{field.path} {what}")]
    near = next((each for each in leaves if _plain(each) == _plain(path)), None)
    return [Problem("case-trap", f"{field.path}: the service writes detail.{near}, and case counts")] if near else []


def _leaves(tree: Any, path: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the dotted path of every value, through lists, with its values."""
    found: dict[str, list[Any]] = {}
    waiting = [(path, tree)]
    for where, value in waiting:
        if isinstance(value, Mapping):
            waiting += [(f"{where}.{name}" if where else name, each) for name, each in value.items()]
        elif isinstance(value, list):
            waiting += [(where, each) for each in value]
        else:
            found.setdefault(where, []).append(value)
    return iter(found.items())


def _type_problem(path: str, condition: c.Condition, values: list[Any]) -> Problem | None:
    """Return the problem of a condition whose JSON type no known value of the field has."""
    expected, known = _type_of(condition), {_json_type(value) for value in values}
    if expected is None or "null" in known or expected in known or len(known) != 1:
        return None
    (there,) = known
    return Problem(
        "wrong-type",
        f"{path}: {condition.wording()} is a {expected}, and the service sends a {there} such as "
        f"{value_wording(values[0])}; EventBridge compares JSON types",
    )


def _type_of(condition: c.Condition) -> str | None:
    if isinstance(condition, c.Text | c.Prefix | c.Suffix | c.Wildcard | c.IgnoreCase):
        return "string"
    if isinstance(condition, c.Equal | c.Range | c.Spelling):
        return "number"
    return "boolean" if isinstance(condition, c.Word) and condition.word is not None else None


def _json_type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    return "string" if isinstance(value, str) else "number"


# contracts


def _about_contract(field: Field, contract: Contract) -> list[Problem]:
    """Return the values of a field that the contract does not allow."""
    found = []
    for condition in field.conditions:
        if is_exact(condition) and (why := _not_allowed(contract, field.path, exact_value(condition))):
            found.append(
                Problem("contract", f"{field.path}: {condition.wording()} against contract {contract.name}: {why}")
            )
    return found


def _not_allowed(contract: Contract, path: str, value: Any) -> str:
    """Return why the contract does not allow a value, alone or in a list; nothing when it does."""
    number = int(value) if isinstance(value, float) and value.is_integer() else value
    alone = _objection(contract, path, number)
    return alone if alone and _objection(contract, path, [number]) else ""


def _objection(contract: Contract, path: str, value: Any) -> str:
    names = path.split(".")
    event: Any = value
    for name in reversed(names):
        event = {name: event}
    event |= {"source": contract.source, "detail-type": contract.detail_type}
    parent, name = ".".join(names[:-1]), names[-1]
    for violation in contract.violations(event):
        if violation.path == path or violation.path.startswith(f"{path}["):
            return violation.problem
        if (
            violation.path == parent
            and violation.problem.startswith("Additional properties")
            and repr(name) in (violation.problem)
        ):
            return f"{parent} has no {name}"
    return ""


def read_contracts(paths: list[str]) -> Contracts | None:
    """Return the contracts of ``--contracts``; None without the option.

    Raises:
        UsageError: one cannot be read.
    """
    try:
        return Contracts.load(paths) if paths else None
    except OSError as problem:
        raise UsageError(f"--contracts: {problem}") from None
