"""A forked process has a copy of the mock: what it puts is not here, and the mock says so wherever one looks."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork"),
    # Python 3.12 warns of a fork where threads are, such as those of the test runner.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]

KEYS = {"region_name": "us-east-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
PUT = "a forked process (pid {}) put 2 events; it has a copy of this mock, so nothing of that is here"


def in_fork(function: Callable[[], Any]) -> int:
    """Call a function in a forked process; returns its id."""
    child = os.fork()
    if not child:
        try:
            function()
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    return child


def put() -> None:
    entry = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
    boto3.client("events", **KEYS).put_events(Entries=[entry, entry])


@pytest.fixture
def eb() -> Any:
    with mock_eventbridge() as handle:
        yield handle


def said(look: Callable[[], Any]) -> str:
    with pytest.raises((AssertionError, UsageError)) as raised:
        look()
    return str(raised.value)


#: Where a test looks for the event that the child put.
LOOKS: dict[str, Callable[[EventBridge], Any]] = {
    "assert_put": lambda eb: eb.assert_put("shop", "Sold"),
    "assert_put with count": lambda eb: eb.assert_put("shop", "Sold", count=2),
    "assert_not_put": lambda eb: eb.assert_not_put("shop", "Sold"),
    "assert_delivered": lambda eb: eb.assert_delivered(),
    "assert_not_delivered": lambda eb: eb.assert_not_delivered(),
    "one": lambda eb: eb.events.one(),
    "first": lambda eb: eb.events.first,
    "where": lambda eb: eb.events.where(source="shop").one(),
    "delivery": lambda eb: eb.deliveries.one(),
    "call": lambda eb: eb.calls.one(),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_where_a_test_looks(look: Callable[[EventBridge], Any], eb: EventBridge) -> None:
    """What cannot be decided fails, and says where the event is."""
    child = in_fork(put)
    assert PUT.format(child) in said(lambda: look(eb))


def test_what_is_shown(eb: EventBridge) -> None:
    """The logs, for an assertion of pytest's own, and the journal."""
    child = in_fork(put)
    for shown in (repr(eb.events), str(eb.journal), eb.journal.end()):
        assert PUT.format(child) in shown
    eb.reset()
    assert "forked" not in repr(eb.events) + str(eb.journal)


def test_an_error_that_ends_the_mock_is_told() -> None:
    """Whatever it is about; so are the checks at the end."""
    with pytest.raises(ZeroDivisionError) as raised, mock_eventbridge():
        child = in_fork(put)
        _ = 1 / 0
    assert PUT.format(child) in "".join(raised.value.__notes__)
    with pytest.raises(ExceptionGroup) as group, mock_eventbridge(strict=True) as eb:
        eb.rule("r", pattern={"source": ["shop"]})
        child = in_fork(put)
    assert PUT.format(child) in "".join(group.value.__notes__)


def test_several_children_and_calls(eb: EventBridge) -> None:
    """They are counted together; a child that only reads hides no event."""
    first = in_fork(lambda: boto3.client("events", **KEYS).list_rules())
    assert f"a forked process (pid {first}) made 1 call;" in repr(eb.calls)
    assert "forked" not in repr(eb.events)
    eb.assert_not_put("shop", "Sold")
    second = in_fork(put)
    in_fork(int)
    assert f"2 forked processes (pid {first}, {second}) put 2 events; they have" in repr(eb.events)


def test_a_pool_of_forked_processes(eb: EventBridge) -> None:
    """As with multiprocessing and its workers."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        pool.submit(put).result()
    assert "put 2 events" in repr(eb.events)


def test_the_child_itself(eb: EventBridge) -> None:
    """It sees what it puts, and nothing is said there."""

    def child() -> None:
        put()
        assert len(eb.events) == 2
        assert "forked" not in repr(eb.events)

    in_fork(child)


def test_a_mock_that_a_child_enters(eb: EventBridge) -> None:
    """What it answers is its own matter."""

    def child() -> None:
        with mock_eventbridge():
            put()

    in_fork(child)
    assert "forked" not in repr(eb.events)


def test_a_fork_that_puts_nothing(eb: EventBridge) -> None:
    """Nothing is said."""
    in_fork(int)
    eb.put("shop", "Sold")
    eb.assert_put("shop", "Sold", count=1)
    assert eb.events.one().source == "shop"
