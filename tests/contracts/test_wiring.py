"""Contracts in a mock: where events meet them, and what is left when one is broken."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session

from eventbridge_local import Contracts, ContractViolation, EventBridge, make_event, mock_eventbridge
from eventbridge_local.errors import UsageError

NUMBER = {"properties": {"total": {"type": "number"}}}
PLACED = {"shop.orders@OrderPlaced": NUMBER}
ORDER = ("shop.orders", "OrderPlaced")
KEYS = {"aws_access_key_id": "unused", "aws_secret_access_key": "unused", "region_name": "us-east-1"}


def entry(**detail: Any) -> dict[str, str]:
    return {"Source": ORDER[0], "DetailType": ORDER[1], "Detail": json.dumps(detail)}


def test_every_form_of_the_option(tmp_path: Path) -> None:
    """A path, a text, a list, a mapping, and Contracts themselves."""
    file = tmp_path / "shop.orders@OrderPlaced.json"
    file.write_text(json.dumps(NUMBER), encoding="utf-8")
    for given in (file, str(tmp_path), [tmp_path], PLACED, Contracts(PLACED)):
        with mock_eventbridge(contracts=given) as eb, pytest.raises(ContractViolation):
            eb.put(*ORDER, {"total": "120"})


def test_a_mistake_in_the_option_shows_at_once(tmp_path: Path) -> None:
    """Not at the first event."""
    with pytest.raises(UsageError, match=r"cannot be read|a contract is a file"):
        mock_eventbridge(contracts=tmp_path / "none.json")


def test_the_refused_thing_changes_nothing() -> None:
    """No entry, no event, no delivery, of none of the entries; only the call is known."""
    with mock_eventbridge(contracts=PLACED) as eb:
        spy = eb.connect("audit", lambda event: None)
        eb.rule("Audit", pattern={"source": ["shop.orders"]}, to="audit")
        before = len(eb.journal.records)
        with pytest.raises(ContractViolation) as raised:
            boto3.client("events", **KEYS).put_events(Entries=[entry(total=1), entry(total="2"), entry(total="3")])
        assert [violation.path for violation in raised.value.violations] == ["detail.total", "detail.total"]
        assert (len(eb.events), len(eb.deliveries), len(spy)) == (0, 0, 0)
        assert len(eb.journal.records) == before + 1
        assert eb.calls.where(error_code="ContractViolation").one().operation == "PutEvents"
        assert eb.put(*ORDER, {"total": 1}).number == 1


def test_through_an_asynchronous_client() -> None:
    """aiobotocore lets it through as it is."""

    async def produce() -> None:
        async with get_session().create_client("events", **KEYS) as client:
            await client.put_events(Entries=[entry(total="120")])

    with mock_eventbridge(contracts=PLACED), pytest.raises(ContractViolation, match=r"detail\.total"):
        asyncio.run(produce())


def test_what_is_not_looked_at() -> None:
    """Events without a contract, and entries that AWS refuses anyway."""
    with mock_eventbridge(contracts=PLACED) as eb:
        assert eb.put("shop.orders", "OrderShipped", {"total": "120"}).accepted
        assert eb.put(*ORDER, "no json").error_code == "MalformedDetail"


def test_contracts_can_be_required() -> None:
    """An event without a contract is a violation then."""
    with mock_eventbridge(contracts=Contracts(PLACED, require=True)) as eb:
        with pytest.raises(ContractViolation, match=r"there is no contract for shop\.orders@OrderPlacd"):
            eb.put("shop.orders", "OrderPlacd")
        with mock_eventbridge() as inner:
            inner.put("shop.orders", "OrderPlacd")


def test_numbers_are_what_was_written() -> None:
    """The contract sees the event as targets receive it."""
    integers = {"shop.orders@OrderPlaced": {"properties": {"total": {"type": "integer", "maximum": 2**53}}}}
    with mock_eventbridge(contracts=integers) as eb:
        eb.put(*ORDER, '{"total": 9007199254740992}')
        with pytest.raises(ContractViolation):
            eb.put(*ORDER, '{"total": 9007199254740993}')
    with mock_eventbridge(contracts=PLACED) as eb:
        eb.put(*ORDER, '{"total": 1e400}')


def test_a_handler_that_breaks_a_contract() -> None:
    """Its producer does not notice, as with anything a handler raises; the test does when the mock ends."""
    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge(contracts=PLACED) as eb:
        eb.rule("Sold", pattern={"source": ["shop"]}, to=lambda event: eb.put(*ORDER, {"total": "120"}))
        assert eb.put("shop", "Sold").accepted
    (violation,) = raised.value.exceptions
    assert isinstance(violation, ContractViolation)


def replay(eb: EventBridge, folder: Path, **detail: Any) -> None:
    """Events that were captured elsewhere, twice the same."""
    eb.rule("Invoices", pattern={"source": ["shop.orders"]}, to="invoices")
    file = folder / "captured.jsonl"
    file.write_text(f"{json.dumps(make_event(*ORDER, detail))}\n" * 2, encoding="utf-8")
    eb.replay_from(file)


def test_captured_events_are_looked_at_when_delivered(tmp_path: Path) -> None:
    """Nobody puts them here, so that the failure comes when the mock ends, once for each rule."""
    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge(contracts=PLACED) as eb:
        replay(eb, tmp_path, total="120")
        assert len(eb.deliveries) == 2
    (violation,) = raised.value.exceptions
    assert isinstance(violation, ContractViolation)
    assert [each.path for each in violation.violations] == ["detail.total"]
    assert "delivered by rule 'Invoices'" in str(violation)


def test_captured_events_that_keep_their_contract(tmp_path: Path) -> None:
    with mock_eventbridge(contracts=PLACED) as eb:
        replay(eb, tmp_path, total=120)


def test_rules_that_a_service_manages_deliver_to_nobody(tmp_path: Path) -> None:
    """What only an archive keeps breaks no contract: contracts hold for what rules of users deliver."""
    file = tmp_path / "captured.jsonl"
    file.write_text(json.dumps(make_event(*ORDER, {"total": "120"})) + "\n", encoding="utf-8")
    with mock_eventbridge(contracts=PLACED) as eb:
        client = boto3.client("events", **KEYS)
        client.create_archive(ArchiveName="all", EventSourceArn=client.describe_event_bus()["Arn"])
        eb.replay_from(file, replay_name=None)
        assert client.describe_archive(ArchiveName="all")["EventCount"] == 1


def test_scheduled_events_need_no_contract() -> None:
    """They are AWS's own; but a contract for them holds."""
    with mock_eventbridge(contracts=Contracts(PLACED, require=True)) as eb:
        eb.rule("Hourly", schedule="rate(1 hour)", to="report")
        eb.clock.advance(hours=1)
    own = {"aws.events@Scheduled Event": {"required": ["why"]}}
    with pytest.raises(ExceptionGroup) as raised, mock_eventbridge(contracts=own) as eb:
        eb.rule("Hourly", schedule="rate(1 hour)", to="report")
        eb.clock.advance(hours=1)
    assert "'why' is a required property" in str(raised.value.exceptions[0])


def test_a_mock_without_contracts_does_not_bring_jsonschema() -> None:
    """The option costs nothing where it is not used."""
    import subprocess
    import sys

    code = (
        "import sys; from eventbridge_local import mock_eventbridge\n"
        "with mock_eventbridge() as eb: eb.put('shop', 'Sold')\n"
        "print('jsonschema' in sys.modules, 'eventbridge_local.contracts' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
