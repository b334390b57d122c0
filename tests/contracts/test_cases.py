"""Contracts by data: every file of tests/cases/contracts holds cases.

A case has ``files``, a mapping of names to contents (text, or JSON to be written as such), which are written to a
folder ``schemas`` and loaded from there (``load`` names other paths). Then either

- ``error`` is the text of the error, ``{folder}`` being the folder above, or
- ``events`` maps a name to an event and the messages expected of it; ``source`` and ``detail-type`` are
  ``shop.orders`` and ``OrderPlaced`` unless the event says otherwise. ``contracts`` are the names expected, if given.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local.contracts import Contracts
from eventbridge_local.errors import UsageError

CASES = [
    pytest.param(case, id=f"{path.stem}-{case['name']}")
    for path in sorted((Path(__file__).parents[1] / "cases" / "contracts").glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]
PLACED = {"source": "shop.orders", "detail-type": "OrderPlaced"}


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder loads and judges events, or is refused, as the case says."""
    for name, content in case["files"].items():
        path = tmp_path / "schemas" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    if "error" in case:
        with pytest.raises(UsageError) as refused:
            Contracts.load(case.get("load", "schemas"))
        assert str(refused.value) == case["error"].replace("{folder}", str(tmp_path))
        return
    contracts = Contracts.load(case.get("load", "schemas"), **case.get("options", {}))
    if "contracts" in case:
        assert [contract.name for contract in contracts] == case["contracts"]
    for name, (event, messages) in case["events"].items():
        assert [str(found) for found in contracts.check(PLACED | event)] == messages, name
