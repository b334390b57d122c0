"""Replays what AWS was recorded to answer."""

from __future__ import annotations

from pathlib import Path

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
