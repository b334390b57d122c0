"""Patterns as AWS's pages advise them, against the samples: those that must match, and near ones that must not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.patterns import matches
from eventbridge_local.samples import sample_event, sample_events

CASES = json.loads((Path(__file__).parent / "patterns.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['source']} {case['detail-type']}: {case['about']}")
def test_pattern(case: dict[str, Any]) -> None:
    event = sample_event(case["source"], case["detail-type"], **case.get("fields", {}))
    assert bool(matches(case["pattern"], event)) is case["matches"]


@pytest.mark.parametrize("sample", sample_events(), ids=lambda sample: f"{sample.source} {sample.detail_type}")
def test_by_source_and_detail_type(sample: Any) -> None:
    """The pattern every rule on an AWS event begins with."""
    event = sample_event(sample.source, sample.detail_type)
    assert matches({"source": [sample.source], "detail-type": [sample.detail_type]}, event)
    assert not matches({"source": [sample.source], "detail-type": [{"anything-but": sample.detail_type}]}, event)
