"""What docs/moving-from-moto.md says of moto's operations and of the scenarios holds."""

from __future__ import annotations

import json
from pathlib import Path

import botocore.session
from botocore import xform_name
from moto.events.responses import EventsHandler

from eventbridge_local.operations import service  # noqa: F401  # enters the operations in the table
from eventbridge_local.operations.table import MODULES

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "moving-from-moto.md").read_text("utf-8")
MODEL = botocore.session.Session().get_service_model("events")


def operations_of_moto() -> set[str]:
    """moto answers an operation when its handler has a method of that name."""
    return {name for name in MODEL.operation_names if hasattr(EventsHandler, xform_name(name))}


def test_every_operation_of_moto_is_here() -> None:
    assert len(operations_of_moto()) >= 45
    assert operations_of_moto() - MODULES.keys() == set()


def test_the_page_counts_the_scenarios_there_are() -> None:
    files = (ROOT / "tests" / "cases" / "scenarios").glob("*.json")
    evidence = [each["evidence"] for file in files for each in json.loads(file.read_text("utf-8"))["scenarios"]]
    first_hand = sum(kind in ("aws-recorded", "aws-asserted") for kind in evidence)
    assert f"runs {len(evidence)} scenarios" in PAGE
    assert f"| {first_hand} | {first_hand} |" in PAGE
    assert f"| {len(evidence) - first_hand} | {len(evidence) - first_hand} |" in PAGE
