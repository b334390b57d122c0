"""Entries that PutEvents refused or took for a bus that is not there. Texts: tests/messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge, put_all
from eventbridge_local.options import Options

REGION = "us-east-1"
GOOD = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
BAD = {**GOOD, "Detail": "no json"}
AWAY = {**GOOD, "EventBusName": "oders"}


def client(region: str = REGION) -> Any:
    return boto3.client("events", region, aws_access_key_id="testing", aws_secret_access_key="testing")


def reported(use: Callable[[EventBridge], Any], **options: Any) -> list[str]:
    """What a mock ends with."""
    try:
        with mock_eventbridge(**{"assert_all_entries_accepted": True, "region": REGION, **options}) as eb:
            use(eb)
    except ExceptionGroup as group:
        return list(map(str, group.exceptions))
    return []


def puts(*requests: list[dict[str, Any]]) -> Callable[[EventBridge], Any]:
    """Put requests, one after the other, and look at no answer."""
    return lambda eb: [client().put_events(Entries=request) for request in requests]


def arranged(eb: EventBridge) -> None:
    eb.fail_put(entries=[0], code="InternalFailure")
    client().put_events(Entries=[GOOD, GOOD])


def resent_after_throttling(eb: EventBridge) -> None:
    eb.fail_put(times=2)
    put_all(client(), [GOOD] * 3, sleep=lambda seconds: None)


def failed_call(eb: EventBridge) -> None:
    eb.fail_call("PutEvents", times=1)
    client().put_events(Entries=[GOOD])


def on_a_bus_that_was_made_later(eb: EventBridge) -> None:
    puts([AWAY])(eb)
    client().create_event_bus(Name="oders")
    puts([{**AWAY, "Detail": "{ }"}])(eb)


def on_a_deleted_bus(eb: EventBridge) -> None:
    client().create_event_bus(Name="oders")
    puts([AWAY])(eb)
    client().delete_event_bus(Name="oders")


def forgotten(eb: EventBridge) -> None:
    puts([BAD])(eb)
    eb.reset()


NOT_LOST = {
    "accepted": puts([GOOD]),
    "arranged": arranged,
    "arranged, and resent": resent_after_throttling,
    "an attempt of the whole call": failed_call,
    "a bus that was made later": on_a_bus_that_was_made_later,
    "a bus that is gone": on_a_deleted_bus,
    "what a reset forgot": forgotten,
}


@pytest.mark.parametrize("use", NOT_LOST.values(), ids=NOT_LOST)
def test_what_is_not_lost(use: Callable[[EventBridge], Any]) -> None:
    """Nothing, what the test arranged, and what was accepted later with the same content."""
    assert reported(use) == []


def in_another_region(eb: EventBridge) -> None:
    client("eu-west-1").put_events(Entries=[AWAY])


def after_an_arranged_failure(eb: EventBridge) -> None:
    puts([BAD])(eb)
    eb.fail_put()
    puts([GOOD])(eb)


LOST = {
    "refused": (puts([GOOD, BAD]), [("index 1 ", "MalformedDetail: Detail is malformed.")]),
    "the second request": (puts([GOOD, GOOD], [GOOD, GOOD, BAD]), [("entry #5 ", "index 2 ")]),
    "no permission": (puts([{**GOOD, "Source": "aws.shop"}]), [("NotAuthorizedForSourceException", "index 0 ")]),
    "a missing bus": (puts([GOOD, AWAY]), [("index 1 ", "there is no event bus 'oders' in us-east-1")]),
    "a missing bus of another Region": (in_another_region, [("there is no event bus 'oders' in eu-west-1", "#1")]),
    "sent twice": (puts([BAD], [BAD]), [("entry #2 ", "MalformedDetail")]),
    "two of one request": (puts([BAD, BAD], [BAD, BAD]), [("#3", "index 0 "), ("#4", "index 1 ")]),
    "beside one that is arranged": (after_an_arranged_failure, [("#1", "MalformedDetail")]),
    "by the handle": (lambda eb: eb.put("shop", "Sold", bus="oders"), [("index 0 ", "oders")]),
}


@pytest.mark.parametrize(("use", "texts"), LOST.values(), ids=LOST)
def test_what_is_lost(use: Callable[[EventBridge], Any], texts: list[tuple[str, str]]) -> None:
    """It is named by its index, with the code and the message, and how to allow it."""
    failures = reported(use)
    assert len(failures) == len(texts)
    for failure, each in zip(failures, texts, strict=True):
        assert all(text in failure for text in each), failure
        assert failure.endswith("To allow this: assert_all_entries_accepted=False")


def resent(first: list[dict[str, Any]], then: list[dict[str, Any]]) -> int:
    """How many entries are reported that a disabled key refuses at first and that are sent again later."""
    on_bus = {"EventBusName": "orders"}

    def use(eb: EventBridge) -> None:
        kms = boto3.client("kms", REGION, aws_access_key_id="testing", aws_secret_access_key="testing")
        key = kms.create_key()["KeyMetadata"]["KeyId"]
        client().create_event_bus(Name="orders", KmsKeyIdentifier=key)
        kms.disable_key(KeyId=key)
        answer = client().put_events(Entries=[{**entry, **on_bus} for entry in first])
        assert answer["FailedEntryCount"] == len(first)
        kms.enable_key(KeyId=key)
        client().put_events(Entries=[{**on_bus, **entry} for entry in then])

    with mock_aws():
        return len(reported(use))


TIMED = {**GOOD, "Detail": '{"b": 1, "a": 2}'}


@pytest.mark.parametrize(
    ("first", "then", "lost"),
    [
        ([GOOD], [GOOD], 0),
        ([TIMED], [{**TIMED, "Detail": '{"a":2,"b":1}', "Time": 1_700_000_000}], 0),
        ([GOOD, GOOD], [GOOD], 1),
        ([GOOD], [TIMED], 1),
        ([GOOD], [AWAY], 2),
    ],
)
def test_one_that_is_accepted_after_all(first: list[dict[str, Any]], then: list[dict[str, Any]], lost: int) -> None:
    """With the same content on the same bus. One that is accepted makes up for one of a request that was refused."""
    assert resent(first, then) == lost


def test_with_the_check_of_unmatched_events() -> None:
    """An event of a missing bus is told once, by the check that can say why."""
    [failure] = reported(puts([AWAY]), assert_all_events_matched=True)
    assert "assert_all_entries_accepted=False" in failure
    [failure] = reported(puts([AWAY]), assert_all_events_matched=True, assert_all_entries_accepted=False)
    assert "assert_all_events_matched=False" in failure


def test_very_many() -> None:
    """Ten are told, and how many more there are."""
    failures = reported(puts(*[[{**BAD, "Source": f"shop-{number}"}] for number in range(13)]))
    assert len(failures) == 11 and failures[-1].startswith("and 3 more entries were not accepted")


def test_a_journal_that_dropped_entries() -> None:
    """Nobody can say."""
    failures = reported(lambda eb: [eb.put("shop", "Sold") for _ in range(60)], keep_records=100)
    assert [failure.split(";")[0] for failure in failures] == ["assert_all_entries_accepted: nobody can say"]


def test_the_option() -> None:
    """None does as strict says."""
    strict = {"assert_all_entries_accepted": None, "strict": True}
    assert len(reported(puts([BAD]), **strict)) == 1
    assert reported(puts([BAD]), **{**strict, "assert_all_entries_accepted": False}) == []
    assert reported(puts([BAD]), assert_all_entries_accepted=None) == []
    assert Options(strict=True).entries_must_be_accepted and not Options().entries_must_be_accepted


# A misspelt bus in an assertion.


def failing(eb: EventBridge, **expected: Any) -> str:
    with pytest.raises(AssertionError) as failed:
        eb.assert_put(**expected)
    return str(failed.value)


def test_an_assertion_on_a_misspelt_bus() -> None:
    """The code and the test misspell the name of a bus alike, or only one of them does."""
    with mock_eventbridge(region=REGION) as eb:
        client().create_event_bus(Name="billing")
        meant = "there is no event bus 'biling'; did you mean 'billing'?"
        assert f"hint: {meant}" in failing(eb, bus="biling")
        with pytest.raises(AssertionError, match="where none can be: there is no event bus 'biling'; did you mean"):
            eb.assert_not_put("shop", bus="biling")
        eb.put("shop", "Sold", bus="biling")
        assert failing(eb, source="shop", bus="biling").startswith(
            f"event #1 was put on bus 'biling' and is lost: {meant}"
        )
        assert meant in failing(eb, source="shop", bus=["default", "biling"])
        eb.assert_put("shop")
        eb.assert_not_put("shop", bus="billing")
        assert "did you mean 'billing'?" in str(eb.explain(eb.events.last))
        assert "did you mean 'billing'?" in str(eb.journal)


def test_a_bus_that_nobody_made_is_no_mistake() -> None:
    """No bus is called nearly so; or it was there when the event came."""
    with mock_eventbridge(region=REGION) as eb:
        for bus in ("invoices", "orders-2", "orders-v1", "audit"):
            client().create_event_bus(Name=bus)
        eb.put("shop", "Sold", bus="audit")
        client().delete_event_bus(Name="audit")
        client().create_event_bus(Name="audits")
        for bus in ("shop", "orders-3", "orders-v12"):
            eb.put("shop", "Sold", bus=bus)
        for bus in ("audit", "shop", "orders-3", "orders-v12"):
            eb.assert_put("shop", bus=bus)
            eb.assert_not_put("bank", bus=bus)
