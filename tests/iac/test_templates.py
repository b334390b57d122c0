"""Templates in the style of public samples, each with the plan that comes of it.

A folder of tests/cases/templates holds sources and ``expected.json``, a list of cases. ``source`` is read with
``arguments``; ``steps`` are ``[place, operation, parameters]``, ``unresolved`` ``[path, reason, remedy]``, and
``names`` the ARN of each name. The plan must also run: ``before`` lists buses, as ``name`` or ``region/name``, that it
finds there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.iac import Plan, read, run

TEMPLATES = Path(__file__).parents[1] / "cases" / "templates"
CASES = [
    pytest.param(path.parent, case, id=f"{path.parent.name}-{case['name']}")
    for path in sorted(TEMPLATES.glob("*/expected.json"))
    for case in json.loads(path.read_text("utf-8"))
]
PLACE = {"account": "123456789012", "region": "us-east-1"}


def plan_of(folder: Path, case: dict[str, Any]) -> Plan:
    return read(folder / case["source"], **{**PLACE, **case["arguments"]})


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_plan(folder: Path, case: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVENTBRIDGE_LOCAL_TEST_NOT_SET", raising=False)
    plan = plan_of(folder, case)
    assert [[step.place, step.operation, step.params] for step in plan.steps] == case["steps"]
    assert [[entry.path, entry.reason, entry.remedy] for entry in plan.unresolved] == case["unresolved"]
    assert dict(plan.ignored) == case["ignored"]
    assert list(plan.unused) == case["unused"]
    assert {name: resource.arn for name, resource in plan.names.items()} == case["names"]
    handlers = {name: str(made.handler) for name, made in plan.names.items() if made.handler}
    assert {name: text for name, text in handlers.items() if name == plan.names[name].logical_id} == case["handlers"]


@pytest.mark.parametrize(("folder", "case"), CASES)
def test_plan_runs(folder: Path, case: dict[str, Any]) -> None:
    """Each operation passes the same checks as a call of boto3."""
    account, region = ({**PLACE, **case["arguments"]}[name] for name in ("account", "region"))
    with mock_eventbridge(account=account, region=region) as eb:
        for bus in case["before"]:
            where, _, name = bus.rpartition("/")
            perform(eb.service, "CreateEventBus", {"Name": name}, account, where or region)
        report = run(plan_of(folder, case), lambda operation, params: eb._perform(operation, **params))
    assert sum(report.operations.values()) == len(case["steps"])
    assert len(report.rules) == sum(operation == "PutRule" for _, operation, _ in case["steps"])


def test_every_source_has_a_case() -> None:
    """A folder without expectations would never be read."""
    assert {path.name for path in TEMPLATES.iterdir()} == {
        path.parent.name for path in TEMPLATES.glob("*/expected.json")
    }
