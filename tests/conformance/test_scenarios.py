"""Replays what AWS was recorded to answer."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import conformance
import pytest
from backend import backend
from conformance import Scenario, Skipped, load, run

CASES = Path(__file__).parents[1] / "cases" / "scenarios"


@pytest.mark.parametrize("scenario", load(CASES), ids=str)
def test_as_recorded(scenario: Scenario) -> None:
    """Every step answers what AWS was recorded to answer."""
    with backend(scenario.needs) as opened:
        try:
            failures = run(scenario, opened)
        except Skipped as why:
            pytest.fail(f"every scenario can be replayed here: {why}")
    assert not failures, "\n".join(map(str, failures))


@pytest.mark.parametrize(("state", "failing"), [("COMPLETED", []), ("FAILED", ["wait describe_replay"])])
def test_a_wait_step_counts_time_of_the_clock(state: str, failing: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait step ends after so many seconds of the clock, so a slow machine has as many tries as a fast one."""
    scenario = next(each for each in load(CASES / "replays.json") if each.name == "list_replays_by_source")
    steps = [step | {"until": {"State": state}} if "wait" in step else step for step in scenario.steps]
    monkeypatch.setattr(conformance, "time", None)  # whoever sleeps or looks at real time fails
    with backend() as opened:
        before = opened.now()
        failures = run(dataclasses.replace(scenario, steps=steps[:4]), opened)
        waited = (opened.now() - before).total_seconds()
    assert [failure.what for failure in failures] == failing, failures
    assert (waited == opened.timeout) is bool(failing)
