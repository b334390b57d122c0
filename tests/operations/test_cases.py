"""Operations by data: every file of tests/cases/operations holds cases, and a case is a list of calls in a fresh mock.

A call is ``[operation, params, expect]``, or ``[operation, params, expect, where]`` when it comes from another place
than the mock's: ``{"account": ..., "region": ...}``, each if it differs. ``expect`` is the answer less its metadata,
``{"error": {"Code": ..., "Message": ...}}``, or null when the answer does not matter here. The mock's clock stands at
``NOW``, and ``["$advance", {"days": 1}, null]`` moves it; a case may set ``limits``. In params and answers:

- ``{"$any": "why"}`` fits every value;
- ``{"$concat": ["text", ["x", 5]]}`` is the text ``textxxxxx``;
- ``{"$numbered": ITEM, "$count": 3}`` is the list of ITEM with ``#`` replaced by 1, 2, 3;
- ``{"$kept": "name"}`` is, in an answer, any value, kept under that name, and in later params or answers that value.

Every call that is refused must leave the state as it was.
"""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.model.archives import Archive
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Bus, Scope

NOW = "2026-03-06T09:00:00Z"
CASES = [
    pytest.param(case, id=f"{path.stem}-{case['name']}")
    for path in sorted((Path(__file__).parents[1] / "cases" / "operations").glob("*.json"))
    for case in json.loads(path.read_text("utf-8"))
]


@functools.cache
def events_client(region: str = "us-east-1", account: str = "unused") -> Any:
    """A client that leaves all checks to the service."""
    return boto3.client(
        "events",
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="unused",
        config=Config(parameter_validation=False),
    )


def written_out(value: Any, kept: dict[str, Any]) -> Any:
    """A value of a case with its abbreviations replaced."""
    if isinstance(value, list):
        return [written_out(item, kept) for item in value]
    if not isinstance(value, dict):
        return value
    if "$concat" in value:
        return "".join(part if isinstance(part, str) else part[0] * part[1] for part in value["$concat"])
    if "$numbered" in value:
        text = json.dumps(value["$numbered"])
        return [json.loads(text.replace("#", str(number))) for number in range(1, value["$count"] + 1)]
    if "$kept" in value:
        return kept.get(value["$kept"], value)
    return {key: written_out(item, kept) for key, item in value.items()}


def plain(value: Any) -> Any:
    """An answer as a case writes it: times as text in UTC."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value


def fitted(wanted: Any, value: Any, kept: dict[str, Any]) -> Any:
    """``wanted`` with the values filled in that may be anything."""
    if isinstance(wanted, dict):
        if "$kept" in wanted:
            return kept.setdefault(wanted["$kept"], value)
        if "$any" in wanted:
            return value
        given = value if isinstance(value, dict) else {}
        return {key: fitted(item, given.get(key), kept) for key, item in wanted.items()}
    if isinstance(wanted, list) and isinstance(value, list) and len(wanted) == len(value):
        return [fitted(item, other, kept) for item, other in zip(wanted, value, strict=True)]
    return wanted


def state_of(eb: EventBridge) -> dict[str, Any]:
    """All records of all places that are not as new, and what waits for its time.

    Records are frozen and a change makes new ones, so it is enough to copy the tables that hold them.
    """
    service = eb.service
    state: dict[str, Any] = {}
    for scope in service.store.scopes:
        new = Scope(scope.account, scope.region, scope.buses["default"].record.created)
        if (there := tables_of(scope)) != tables_of(new):
            state[f"{scope.account} {scope.region}"] = there
    service.clock._set_due()
    state["timers"] = sorted(due for due, _, timer in service.clock._timers if not timer.cancelled)
    return state


def tables_of(scope: Scope) -> dict[str, dict[str, Any]]:
    tables = {name: table for name, table in vars(scope).items() if isinstance(table, dict)}
    return {name: {key: opened(each) for key, each in table.items()} for name, table in tables.items()}


def opened(thing: Any) -> Any:
    """The parts of what changes within itself; anything else as it is."""
    if isinstance(thing, Bus):
        return thing.record, dict(thing.rules)
    if isinstance(thing, Archive):
        return thing.record, thing.events()
    return dict(thing) if isinstance(thing, dict) else thing


@pytest.mark.parametrize("case", CASES)
def test_case(case: dict[str, Any]) -> None:
    """Every call of the case is answered, or refused, as it says; a refused one changes nothing."""
    kept: dict[str, Any] = {}
    with mock_eventbridge(now=NOW, limits=Limits(**case.get("limits", {}))) as eb:
        for number, (operation, params, wanted, *where) in enumerate(case["calls"], 1):
            if operation == "$advance":
                eb.clock.advance(**params)
                continue
            client = events_client(**where[0]) if where else events_client()
            before = state_of(eb)
            try:
                answer = plain(getattr(client, operation)(**written_out(params, kept)))
                del answer["ResponseMetadata"]
            except ClientError as refused:
                answer = {"error": refused.response["Error"]}
                assert state_of(eb) == before, f"call {number} of {case['name']} was refused and left a trace"
            if wanted is not None:
                wanted = fitted(written_out(wanted, kept), answer, kept)
                assert answer == wanted, f"call {number} of {case['name']} ({case['source']})"
            else:
                assert "error" not in answer, f"call {number} of {case['name']} ({case['source']})"
