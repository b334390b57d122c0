"""All checks over the plan of a template, in the order of the template."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from eventbridge_local.bench import bench
from eventbridge_local.contracts import Contracts
from eventbridge_local.errors import ServiceError, notes_of, one_line
from eventbridge_local.iac import LoadedRule, Plan, PlanRefused, create_undeclared_buses, report_of, run
from eventbridge_local.lint import known, patterns, wiring
from eventbridge_local.lint.finding import Finding, Problem
from eventbridge_local.lint.wiring import Subject
from eventbridge_local.options import Options
from eventbridge_local.patterns import InvalidPattern, compile_pattern


def check(plan: Plan, account: str, region: str, contracts: Contracts | None = None) -> list[Finding]:
    """Every finding, by file and line.

    Args:
        account, region: what the plan was read for.
        contracts: what events of the project look like.
    """
    root = Path(plan.source) if Path(plan.source).is_dir() else Path(plan.source).parent
    home = f"{account}/{region}"
    subjects = [_subject(rule) for rule in report_of(plan).rules]
    found = [
        *_refusals(plan, account, region),
        *(_at(subject.rule, problem) for subject, problem in _problems(plan, subjects, home, contracts)),
        *_unresolved(plan),
    ]
    placed = [replace(each, file=str(root / each.file)) for each in dict.fromkeys(found)]
    return sorted(placed, key=lambda each: (each.file, each.line or 0))


def _subject(rule: LoadedRule) -> Subject:
    if not isinstance(rule.pattern, str):
        return Subject(rule, None)
    try:
        return Subject(rule, compile_pattern(rule.pattern))
    except InvalidPattern:
        return Subject(rule, None)  # told as refused


def _problems(
    plan: Plan, subjects: list[Subject], home: str, contracts: Contracts | None
) -> Iterator[tuple[Subject, Problem]]:
    undeclared = plan.undeclared_buses
    for subject in subjects:
        if subject.pattern is not None:
            yield from _of(subject, patterns.problems(subject.pattern))
            yield from _of(subject, known.problems(subject.pattern, contracts))
        for problem in wiring.problems(subject, undeclared):
            if problem.code != "no-targets" or not _targets_left_out(plan, subject.rule):
                yield subject, problem
    yield from wiring.between_buses(subjects, home)
    yield from wiring.aws_sources(subjects, home)


def _of(subject: Subject, found: Iterable[Problem]) -> Iterator[tuple[Subject, Problem]]:
    return ((subject, problem) for problem in found)


def _at(rule: LoadedRule, problem: Problem) -> Finding:
    return Finding(problem.code, problem.message, rule.logical_id, rule.file, rule.line)


def _refusals(plan: Plan, account: str, region: str) -> list[Finding]:
    """What AWS would refuse at deployment: every step is tried, and of each resource the first refusal counts."""
    made = bench(Options(account=account, region=region, forward="never", seed=0))
    list(create_undeclared_buses(plan, made.perform))
    steps = iter(plan.steps)
    refused: dict[str, PlanRefused] = {}

    def perform(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        step = next(steps)  # they are run in order, each once
        if step.logical_id in refused:
            return {}
        try:
            answer = made.perform(operation, params)
        except ServiceError as error:
            refused[step.logical_id] = PlanRefused(step, error)
            return {}
        for failed in answer.pop("FailedEntries", None) or ():
            refused[step.logical_id] = PlanRefused(step, ServiceError(failed["ErrorCode"], failed["ErrorMessage"]))
        return answer

    run(plan, perform)
    return [_refusal(each) for each in refused.values()]


def _refusal(refused: PlanRefused) -> Finding:
    step = refused.step
    words = "; ".join([one_line(str(refused.error)), *notes_of(refused)])
    message = f"AWS would refuse this at deployment: {words}"
    return Finding("refused", message, step.logical_id, step.file, step.line)


def _unresolved(plan: Plan) -> Iterator[Finding]:
    for entry in plan.unresolved:
        message = f"{entry.path}: {entry.reason}; give {entry.options}"
        yield Finding("unresolved", message, _resource_of(entry.path), entry.file)


def _resource_of(path: str) -> str:
    """The resource in the path of a value: ``Stack.Logical`` of ``Stack.Resources.Logical.Properties.Name``."""
    parts = path.split(".")
    if "Resources" in parts[:-1]:
        at = parts.index("Resources")
        return ".".join([*parts[:at], parts[at + 1]])
    kind = next((at for at, part in enumerate(parts) if part.startswith("aws_")), 0)
    return ".".join(parts[: kind + 2])


def _targets_left_out(plan: Plan, rule: LoadedRule) -> bool:
    """Whether the rule may have targets in the source that are not known here."""
    for entry in plan.unresolved:
        name = _resource_of(entry.path)
        if entry.file == rule.file and (rule.logical_id.startswith(name) or "aws_cloudwatch_event_target" in name):
            return True
    return False
