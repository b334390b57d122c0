"""Calls of several threads at once: the control plane never shows, or leaves, half of a change.

Threads are switched as often as Python can, so that what can happen does.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.operations import connections

THREADS = 4
BASIC = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
PARTNER = "aws.partner/example.com/orders"


@functools.cache
def events_client(account: str = "123456789012", region: str = "us-east-1") -> Any:
    return boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with mock_eventbridge() as mock:
        yield mock
    sys.setswitchinterval(before)


def at_once(*jobs: Callable[[], Any]) -> list[Any]:
    """Run jobs in threads of their own that start together; what they return, or the first error."""
    start = Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> Any:
        start.wait()
        return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return [future.result() for future in [pool.submit(run, job) for job in jobs]]


def test_the_first_calls_of_an_account_meet_in_one_place(eb: EventBridge) -> None:
    """Nothing is lost when several threads are the first to name an account and Region."""
    for number in range(80):
        client = events_client(region=f"xx-test-{number % 20}", account=f"{number:012}")
        at_once(*(functools.partial(client.create_event_bus, Name=f"b{thread}") for thread in range(THREADS)))
        assert len(client.list_event_buses()["EventBuses"]) == THREADS + 1


def test_one_of_many_makes_it(eb: EventBridge) -> None:
    """A name is taken once, whether the operation delivers or not."""
    client = events_client()

    def attempt(operation: Callable[..., Any], **params: Any) -> bool:
        try:
            operation(**params)
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "ResourceAlreadyExistsException"
            return False
        return True

    for number in range(20):
        for operation, params in (
            (client.create_event_bus, {"Name": f"b{number}"}),
            (
                client.create_connection,
                {"Name": f"c{number}", "AuthorizationType": "BASIC", "AuthParameters": BASIC},
            ),
        ):
            made = at_once(*[functools.partial(attempt, operation, **params)] * THREADS)
            assert made.count(True) == 1


def test_listings_while_things_come_and_go(eb: EventBridge) -> None:
    """Listings, and events for a partner's customers, are answered while other threads make and delete."""
    client = events_client()

    def come_and_go(thread: int) -> None:
        for number in range(30):
            name = f"{thread}-{number}"
            client.create_connection(Name=name, AuthorizationType="BASIC", AuthParameters=BASIC)
            client.create_partner_event_source(Name=f"{PARTNER}/{name}", Account="111111111111")
            client.delete_connection(Name=name)

    def look() -> None:
        entry = {"Source": f"{PARTNER}/none", "DetailType": "Sold", "Detail": "{}"}
        for _ in range(60):
            client.list_connections()
            client.list_partner_event_sources(NamePrefix=PARTNER)
            client.put_partner_events(Entries=[entry])

    at_once(*(functools.partial(come_and_go, thread) for thread in range(THREADS)), look, look)
    assert client.list_connections()["Connections"] == []
    assert len(client.list_partner_event_sources(NamePrefix=PARTNER)["PartnerEventSources"]) == 100


def test_an_update_does_not_bring_back_what_was_deleted_meanwhile(
    eb: EventBridge, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DeleteConnection of another thread waits for the update that is under way."""
    client = events_client()
    client.create_connection(Name="c", AuthorizationType="BASIC", AuthParameters=BASIC)
    deleting = Thread(target=client.delete_connection, kwargs={"Name": "c"})
    replace = connections._replace_secret

    def delete_meanwhile(*args: Any) -> None:
        deleting.start()
        deleting.join(timeout=0.1)  # it has to wait; on a slow machine this sees less, and is never red
        replace(*args)

    monkeypatch.setattr(connections, "_replace_secret", delete_meanwhile)
    client.update_connection(
        Name="c", AuthorizationType="BASIC", AuthParameters={"BasicAuthParameters": {"Username": "v"}}
    )
    deleting.join()
    assert client.list_connections()["Connections"] == []


def test_control_plane_calls_from_everywhere(eb: EventBridge) -> None:
    """Rules and targets of one bus, put and removed by several threads, end as each of them left its own."""
    client = events_client()

    def job(thread: int) -> None:
        for number in itertools.islice(itertools.cycle(range(3)), 30):
            name = f"{thread}-{number}"
            client.put_rule(Name=name, EventPattern='{"source":["shop"]}', Tags=[{"Key": "k", "Value": name}])
            client.put_targets(Rule=name, Targets=[{"Id": "1", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}])
            assert client.list_targets_by_rule(Rule=name)["Targets"]
            client.remove_targets(Rule=name, Ids=["1"])
            client.delete_rule(Name=name)
        client.put_rule(Name=f"{thread}", EventPattern='{"source":["shop"]}')

    at_once(*(functools.partial(job, thread) for thread in range(THREADS)))
    assert [rule["Name"] for rule in client.list_rules()["Rules"]] == ["0", "1", "2", "3"]
