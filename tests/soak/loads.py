"""Loads: much of the same, and whether anything is lost or stays. ``tools/soak.py`` runs them long.

Each load fails with an AssertionError, or returns its figures: what it counted, by names for people.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Any

import boto3
import botocore.handlers
from botocore.client import BaseClient
from botocore.endpoint import Endpoint
from botocore.exceptions import ClientError
from botocore.session import Session

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.journal_records import Delivery, Routing
from eventbridge_local.model.limits import Limits

Figures = dict[str, Any]

ACCOUNT = "123456789012"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
DEAD = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
BUSES = ("default", "orders", "billing")
SOURCES = ("shop", "bank", "post")
#: What two threads that change the same things may run into.
REFUSALS = (
    "ConcurrentModificationException",
    "IllegalStatusException",
    "LimitExceededException",
    "ResourceAlreadyExistsException",
    "ResourceNotFoundException",
    "ValidationException",
)
START = "2026-03-06T09:00Z"


def new_client() -> Any:
    """A client with keys that open nothing."""
    return boto3.session.Session().client(
        "events", region_name="us-east-1", aws_access_key_id="unused", aws_secret_access_key="unused"
    )


# what a process holds


def resident_mb() -> float:
    """The megabytes of memory that the process has now; the most that it had, where the system tells only that."""
    with suppress(OSError):
        pages = int(Path("/proc/self/statm").read_bytes().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    if sys.platform == "win32":
        return 0.0
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def open_files() -> int:
    """How many file descriptors are open; 0 where the system does not list them."""
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            return len(os.listdir(folder))
    return 0


def held(client: Any) -> Counter[str]:
    """What is there now: objects by type, threads, files, and what is attached to botocore and to a client."""
    gc.collect()
    counted: Counter[str] = Counter(type(each).__name__ for each in gc.get_objects())
    counted["(threads)"] = threading.active_count()
    counted["(files)"] = open_files()
    counted["(handlers of botocore)"] = len(botocore.handlers.BUILTIN_HANDLERS)
    handlers = client.meta.events._emitter._handlers
    counted["(handlers of a client)"] = len(handlers.prefix_search("before-call.events.PutEvents"))
    counted["(finders of modules)"] = len(sys.meta_path)
    counted["(environment)"] = len(os.environ)
    return counted


def patched() -> tuple[Any, ...]:
    """The functions of botocore that a mock replaces while it is active."""
    return (BaseClient._make_request, Endpoint.prepare_request, Session.create_client, Session.get_credentials)


# threads


def threads(threads: int, calls: int, seed: int = 0) -> Figures:
    """Mixed calls of several threads at once on one mock: every accepted event has an outcome, and only one.

    Args:
        threads: how many.
        calls: of each.
        seed: of what they choose.
    """
    accepted: list[list[str]] = [[] for _ in range(threads)]
    counted: Counter[str] = Counter()
    # Each thread may fail in its own way; the first failure is shown.
    failures: list[BaseException] = []
    options: Any = {"now": START, "seed": seed, "keep_records": None, "assert_all_deliveries_succeeded": False}
    with mock_eventbridge(**options, limits=Limits(rules_per_event_bus=1_000)) as eb:
        client = new_client()
        for bus in BUSES[1:]:
            client.create_event_bus(Name=bus)
        connect_receivers(eb)
        start = threading.Barrier(threads)

        def work(number: int) -> None:
            try:
                caller = Caller(client, eb, Random(f"{seed}/{number}"), accepted[number])
                start.wait()
                for _ in range(calls):
                    caller.call()
                counted.update(caller.counted)
            except BaseException as failure:
                failures.append(failure)

        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        with switching_often():
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
        if failures:
            raise failures[0]
        eb.fail_nothing()
        eb.clock.advance(days=2)
        figures = conserved(eb, [each for ids in accepted for each in ids])
    return {
        "threads": threads,
        "calls": threads * calls,
        "refused": counted["refused"],
        **figures,
        "memory (MB)": round(resident_mb()),
    }


@contextmanager
def switching_often() -> Iterator[None]:
    """Let Python switch threads a hundred times as often as usual, so that more of what can happen does."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(5e-5)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def connect_receivers(eb: EventBridge) -> None:
    """One function that takes everything, one that fails on some, one that puts another event."""

    def fails_on_some(event: Mapping[str, Any]) -> None:
        if event["detail"].get("n", 0) % 7 == 0:
            raise ValueError("seven")

    def puts(event: Mapping[str, Any]) -> None:
        if event["detail-type"] != "again":
            eb.put("post", "again", {"n": event["detail"].get("n", 1)}, bus="billing")

    eb.connect(FUNCTION + "takes", lambda event: None)
    eb.connect(FUNCTION + "fails", fails_on_some)
    eb.connect(FUNCTION + "puts", puts)


class Caller:
    """One thread: calls chosen at random, with what became of them."""

    def __init__(self, client: Any, eb: EventBridge, random: Random, accepted: list[str]) -> None:
        self.client = client
        self.eb = eb
        self.random = random
        self.accepted = accepted
        self.counted: Counter[str] = Counter()
        self.replays = 0
        kinds = [(self.put, 10), (self.rule, 3), (self.targets, 4), (self.remove, 1), (self.look, 2), (self.state, 1)]
        kinds += [(self.archive, 1), (self.replay, 1), (self.fault, 1), (self.tag, 1)]
        self.kinds = [kind for kind, weight in kinds for _ in range(weight)]

    def call(self) -> None:
        """One call, or several that belong together."""
        bus = self.random.choice(BUSES)
        try:
            self.random.choice(self.kinds)(bus, f"rule-{self.random.randrange(6)}")
        except ClientError as refused:
            assert refused.response["Error"]["Code"] in REFUSALS, refused
            self.counted["refused"] += 1

    def put(self, bus: str, name: str) -> None:
        entries = [
            {
                "Source": self.random.choice(SOURCES),
                "DetailType": "t",
                "Detail": self.random.choice([f'{{"n":{self.random.randrange(100)}}}', "{}", "[broken"]),
                "EventBusName": bus,
            }
            for _ in range(self.random.choice((1, 1, 1, 2, 10)))
        ]
        answer = self.client.put_events(Entries=entries)
        assert len(answer["Entries"]) == len(entries)
        self.accepted += [each["EventId"] for each in answer["Entries"] if "EventId" in each]

    def rule(self, bus: str, name: str) -> None:
        pattern = f'{{"source": ["{self.random.choice(SOURCES)}"]}}'
        self.client.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)

    def targets(self, bus: str, name: str) -> None:
        kind = self.random.choice(["takes", "fails", "puts", "queue", "bus"])
        target: dict[str, Any] = {"Id": kind, "Arn": FUNCTION + kind, "RetryPolicy": {"MaximumRetryAttempts": 2}}
        if kind == "queue":
            target["Arn"] = QUEUE
        if kind == "bus":
            other = BUSES[(BUSES.index(bus) + 1) % len(BUSES)]
            target = {"Id": kind, "Arn": f"{ARN}event-bus/{other}", "RoleArn": ROLE}
        if self.random.random() < 0.5:
            target["DeadLetterConfig"] = {"Arn": DEAD}
        self.client.put_targets(Rule=name, EventBusName=bus, Targets=[target])

    def remove(self, bus: str, name: str) -> None:
        self.client.remove_targets(Rule=name, EventBusName=bus, Ids=["takes", "fails", "puts", "queue", "bus"])
        self.client.delete_rule(Name=name, EventBusName=bus)

    def look(self, bus: str, name: str) -> None:
        rules = self.client.list_rules(EventBusName=bus)["Rules"]
        assert all(rule["EventBusName"] == bus for rule in rules)
        self.client.list_targets_by_rule(Rule=name, EventBusName=bus)
        self.client.describe_event_bus(Name=bus)

    def state(self, bus: str, name: str) -> None:
        change = self.random.choice([self.client.enable_rule, self.client.disable_rule])
        change(Name=name, EventBusName=bus)

    def archive(self, bus: str, name: str) -> None:
        self.client.create_archive(ArchiveName=name, EventSourceArn=f"{ARN}event-bus/{bus}")

    def replay(self, bus: str, name: str) -> None:
        self.replays += 1
        archive = self.client.describe_archive(ArchiveName=name)
        self.client.start_replay(
            ReplayName=f"{threading.get_ident()}-{self.replays}",
            EventSourceArn=archive["ArchiveArn"],
            EventStartTime="2026-03-06T08:00:00Z",
            EventEndTime="2026-03-06T09:00:00Z",
            Destination={"Arn": archive["EventSourceArn"]},
        )

    def fault(self, bus: str, name: str) -> None:
        self.eb.fail_target(self.random.choice(["takes", "queue", "orders"]), error="THROTTLING", times=3)

    def tag(self, bus: str, name: str) -> None:
        arn = self.client.describe_rule(Name=name, EventBusName=bus)["Arn"]
        self.client.tag_resource(ResourceARN=arn, Tags=[{"Key": "k", "Value": name}])
        self.client.untag_resource(ResourceARN=arn, TagKeys=["k"])


def conserved(eb: EventBridge, accepted: Sequence[str]) -> Figures:
    """Check that each accepted event was routed, and that each target it matched has one delivery with one end."""
    records = eb.journal.records
    entries = Counter(entry.event_id for entry in eb.events if entry.event_id)
    assert max(Counter(accepted).values(), default=1) == 1, "an id was given twice"
    assert not Counter(accepted) - entries, "an accepted event is not in the journal"
    routed: set[str] = set()
    promised: Counter[tuple[str, str]] = Counter()
    for record in records:
        if isinstance(record, Routing):
            routed.add(record.event.id)
            by_name = {rule.name: rule for rule in record.rules}
            for name in record.matched:
                promised[record.event.id, by_name[name].arn] += len(by_name[name].targets)
    assert set(entries) <= routed, "an accepted event was not routed"
    deliveries = eb.service.journal.deliveries
    made = Counter((each.event.id, each.rule.arn) for each in deliveries)
    assert made == +promised, "a target that matched has no delivery, or two"
    ends = Counter(each.number for each in records if isinstance(each, Delivery) and each.outcome != "pending")
    assert max(ends.values(), default=1) == 1, "a delivery has two ends"
    outcomes = Counter(each.outcome for each in deliveries)
    assert not outcomes["pending"], "a delivery has no end"
    letters = {letter.number for letter in eb.dead_letters}
    assert letters == {each.number for each in eb.deliveries if each.outcome == "dead-lettered"}
    return {"events": len(routed), "deliveries": len(deliveries), **dict(sorted(outcomes.items()))}


# puts


@contextmanager
def without_older_objects() -> Iterator[None]:
    """Keep the collector, and those who count objects, from looking at the objects that are there now."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def puts(puts: int, seed: int = 0, keep: Any = "auto") -> Figures:
    """Put events one after the other: once the journal has all the records that it keeps, nothing grows.

    Args:
        puts: how many, of one entry each, to three rules: recorded, handled, and one that no event matches.
        seed: of the mock.
        keep: how many records the journal keeps.
    """
    memory: list[float] = []
    objects: list[int] = []
    handled = 0

    def handle(event: Mapping[str, Any]) -> None:
        nonlocal handled
        handled += 1

    with without_older_objects(), mock_eventbridge(now=START, seed=seed, keep_records=keep) as eb:
        client = new_client()
        for number, (source, arn) in enumerate((("shop", QUEUE), ("shop", FUNCTION + "takes"), ("bank", QUEUE))):
            client.put_rule(Name=f"rule-{number}", EventPattern=f'{{"source": ["{source}"]}}')
            client.put_targets(Rule=f"rule-{number}", Targets=[{"Id": "1", "Arn": arn}])
        eb.connect(FUNCTION + "takes", handle)
        for number in range(puts):
            if number % max(1, puts // 10) == 0:
                gc.collect()
                memory.append(resident_mb())
                objects.append(len(gc.get_objects()))
            entry = {"Source": "shop", "DetailType": "t", "Detail": f'{{"n": {number}, "text": "{number:0100}"}}'}
            answer = client.put_events(Entries=[entry])
            assert answer["FailedEntryCount"] == 0
        gc.collect()
        memory.append(resident_mb())
        objects.append(len(gc.get_objects()))
        assert handled == puts
        kept = len(eb.journal.records)
    if kept < puts // 10:  # then the journal is full at the end of the first tenth
        first, last = objects[2], objects[-1]
        assert last <= first + max(100, first // 100), f"{last - first:,} more objects after {puts * 8 // 10:,} puts"
        assert max(memory[3:]) <= memory[2] * 1.05 + 2, f"memory grows: {memory}"
    return {
        "puts": puts,
        "records kept": kept,
        "memory after each tenth (MB)": [round(each) for each in memory],
        "objects after each tenth": objects,
    }


# enters and exits


def mocks(mocks: int, seed: int = 0) -> Figures:
    """Enter and leave a mock in every way: nothing of it stays.

    Args:
        mocks: how many times, after some that fill the caches.
        seed: of the order of the ways.
    """
    client = new_client()
    plain = patched()
    random = Random(seed)
    ways = [plain_mock, mock_of_decorator, mock_that_fails, nested_mocks, mock_with_new_client, started_mock]
    ways += [mock_with_reset, mock_with_schedule, mock_of_thread, mock_of_coroutine, mock_with_retries]
    # botocore keeps the endpoints of the last hundred clients.
    for way in ways * 10 + [mock_with_new_client] * 100:
        way(client)
    held(client)
    before, memory = held(client), resident_mb()
    times = Counter[str]()
    for _ in range(mocks):
        way = random.choice(ways)
        way(client)
        times[way.__name__] += 1
    grown = held(client) - before
    assert patched() == plain, "a function of botocore stays replaced"
    # Counting makes a few objects of its own, and a cache may hold one more; what stays of each mock is hundreds.
    most = max(10, mocks // 200)
    assert all(grown[name] == 0 for name in grown if name.startswith("(")), grown
    assert sum(grown.values()) <= most, grown.most_common(10)
    return {
        "mocks": mocks,
        "ways": len(times),
        "more objects": sum(grown.values()),
        "more threads, files, handlers": sum(count for name, count in grown.items() if name.startswith("(")),
        "memory before and after (MB)": [round(memory), round(resident_mb())],
    }


def put_one(client: Any) -> None:
    client.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": FUNCTION + "takes"}])
    client.put_events(Entries=[{"Source": "shop", "DetailType": "t", "Detail": "{}"}])


def plain_mock(client: Any) -> None:
    with mock_eventbridge() as eb:
        eb.connect(FUNCTION + "takes", lambda event: None)
        put_one(client)
        eb.assert_put("shop", "t")


def mock_of_decorator(client: Any) -> None:
    @mock_eventbridge(region="eu-west-1")
    def decorated() -> None:
        put_one(client)

    decorated()


def mock_that_fails(client: Any) -> None:
    with suppress(ZeroDivisionError), mock_eventbridge(strict=True):
        put_one(client)
        raise ZeroDivisionError


def nested_mocks(client: Any) -> None:
    with mock_eventbridge(account="111111111111"), mock_eventbridge(region="eu-west-1"):
        put_one(client)


def mock_with_new_client(client: Any) -> None:
    with mock_eventbridge():
        put_one(CLIENTS())


def mock_with_reset(client: Any) -> None:
    with mock_eventbridge() as eb:
        for _ in range(3):
            put_one(client)
            eb.reset()


def started_mock(client: Any) -> None:
    mock = mock_eventbridge()
    mock.start()
    put_one(client)
    mock.stop()


def mock_with_schedule(client: Any) -> None:
    with mock_eventbridge(now=START) as eb:
        client.put_rule(Name="s", ScheduleExpression="rate(1 minute)")
        client.put_targets(Rule="s", Targets=[{"Id": "1", "Arn": QUEUE}])
        eb.clock.advance(minutes=3)
        assert len(eb.deliveries) == 3


def mock_of_thread(client: Any) -> None:
    thread = threading.Thread(target=plain_mock, args=(client,))
    thread.start()
    thread.join()


def mock_of_coroutine(client: Any) -> None:
    async def work() -> None:
        async with mock_eventbridge():
            put_one(client)

    asyncio.run(work())


def mock_with_retries(client: Any) -> None:
    with mock_eventbridge(now=START, assert_all_deliveries_succeeded=False) as eb:
        eb.fail_target("takes", error="THROTTLING")
        put_one(client)
        assert eb.deliveries[0].outcome == "pending"


def _clients() -> Callable[[], Any]:
    session = boto3.session.Session()
    keys = {"region_name": "us-east-1", "aws_access_key_id": "unused", "aws_secret_access_key": "unused"}
    return lambda: session.client("events", **keys)


#: Returns a new client of one session: to make a session takes a hundred times as long.
CLIENTS = _clients()


# waiting retries


def retries(retries: int, seed: int = 0) -> Figures:
    """Let deliveries wait for a retry, all at once: each is attempted again and ends once, or is gone with its mock.

    Args:
        retries: how many wait.
        seed: of the mock.
    """
    memory = resident_mb()
    options: Any = {"now": START, "seed": seed, "keep_records": None, "assert_all_deliveries_succeeded": False}
    with mock_eventbridge(**options) as eb:
        client = new_client()
        for name, source in (("takes", "shop"), ("never", "bank")):
            client.put_rule(Name=name, EventPattern=f'{{"source": ["{source}"]}}')
            target = {"Id": "1", "Arn": FUNCTION + name, "DeadLetterConfig": {"Arn": DEAD}}
            client.put_targets(Rule=name, Targets=[target])
            eb.connect(FUNCTION + name, lambda event: None)
            eb.fail_target(name, error="THROTTLING")
        accepted = [eb.put("shop" if number % 10 else "bank", "t", {"n": number}).event_id for number in range(retries)]
        waiting = [each for each in eb.deliveries if each.outcome == "pending"]
        assert len(waiting) == retries
        waiting_mb = resident_mb() - memory
        eb.clock.advance(minutes=5)
        eb.fail_nothing()
        eb.fail_target("never", error="THROTTLING")
        eb.clock.advance(days=2)
        figures = conserved(eb, [each for each in accepted if each])
        never = len(range(0, retries, 10))
        assert (figures["delivered"], figures["dead-lettered"]) == (retries - never, never), figures
        attempts = sum(type(each).__name__ == "Attempt" for each in eb.journal.records)
    return {
        "waiting": retries,
        "memory of what waits (MB)": round(waiting_mb),
        "failed attempts": attempts,
        **figures,
    }
