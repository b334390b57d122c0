"""Replays what AWS was recorded to answer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from backend import backend
from conformance import Scenario, Skipped, load, run

CASES = Path(__file__).parents[1] / "cases" / "scenarios"

#: Scenarios that need what is not built yet, by theme. One that begins to pass must leave the list.
NOT_YET = {
    f"{theme}.json::{name}"
    for theme, names in json.loads(Path(__file__).with_name("not_yet.json").read_text()).items()
    for name in names
}


@pytest.mark.parametrize("scenario", load(CASES), ids=str)
def test_as_recorded(scenario: Scenario) -> None:
    """Every step answers what AWS was recorded to answer."""
    with backend(scenario.needs) as opened:
        try:
            failures = run(scenario, opened)
        except Skipped as why:
            pytest.skip(str(why))
    if str(scenario) in NOT_YET:
        assert failures, "this passes now: take it out of not_yet.json"
        pytest.xfail(f"not yet expected to pass: {failures[0]}")
    assert not failures, "\n".join(map(str, failures))
