"""No accepted event vanishes: event x matching rule x target has one delivery, and each delivery one end."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from lengths import examples

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.journal_records import Attempt, DeadLetter, Delivery, Entry, Routing
from eventbridge_local.delivery.pending import CODES
from eventbridge_local.errors import ServiceError

ACCOUNT = "123456789012"
NAMES = ("a", "b", "c")
BUSES = ("default", "orders", "billing")
SOURCES = ("shop", "bank")
#: Calls a second of each API destination.
RATES = {"hook-a": 1, "hook-b": 3, "hook-c": 300}
START = datetime(2026, 3, 6, 9, tzinfo=UTC)
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
#: What a random step may run into.
REFUSALS = (
    "IllegalStatusException",
    "LimitExceededException",
    "ResourceNotFoundException",
    "ValidationException",
)
DLQ = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"

names = st.sampled_from(NAMES)
buses = st.sampled_from(BUSES)
sources = st.sampled_from(SOURCES)
hooks = st.sampled_from(sorted(RATES))


ANSWERS = st.sampled_from(
    [200, 204, 400, 401, 429, 500, (503, {"Retry-After": "7200"}), (503, {"Retry-After": "-1"}), "nonsense"]
)


def arn_of(kind: str, name: str) -> str:
    return {
        "function": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
        "queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
        "bus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{BUSES[NAMES.index(name[-1])]}",
    }[kind]


class Conservation(RuleBasedStateMachine):
    """Random rules, targets, archives, replays, failures, clock moves, and handlers that put events in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.mock = mock_eventbridge(now="2026-03-06T09:00Z", seed=3, assert_all_deliveries_succeeded=False)
        self.eb: EventBridge = self.mock.__enter__()
        for bus in BUSES[1:]:
            self.call("CreateEventBus", Name=bus)
        key = {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "value"}}
        connection = self.call("CreateConnection", Name="crm", AuthorizationType="API_KEY", AuthParameters=key)
        self.hooks = {
            name: self.call(
                "CreateApiDestination",
                Name=name,
                ConnectionArn=connection["ConnectionArn"],
                InvocationEndpoint=f"https://{name}.example/",
                HttpMethod="POST",
                InvocationRateLimitPerSecond=rate,
            )["ApiDestinationArn"]
            for name, rate in RATES.items()
        }
        self.replays = 0
        self.begin_wired()

    def begin_wired(self) -> None:
        """Rules with targets of every kind, so that a step chosen at random has something to act on."""
        for bus in BUSES:
            for name, source, hook in zip(NAMES, (*SOURCES, SOURCES[0]), RATES, strict=True):
                self.put_rule(name, bus, source, "ENABLED")
                self.put_target(name, bus, name, "function", True, 2, None)
                self.put_target(name, bus, f"queue-{name}", "queue", True, 1, '{"s":<s>}')
                self.put_hook(name, bus, hook, True, 60)
            self.archive(NAMES[BUSES.index(bus)], bus, None)
        self.put_target("a", "orders", "c", "bus", True, 0, None)

    def teardown(self) -> None:
        for bus in BUSES:
            for known in self.call("ListRules", EventBusName=bus)["Rules"]:
                if "ManagedBy" not in known:
                    self.call("DisableRule", Name=known["Name"], EventBusName=bus)
        self.eb.clock.advance(days=2)
        assert not self.pending(), "after a day nothing may wait"
        ended = {"COMPLETED", "CANCELLED", "FAILED"}
        assert {replay["State"] for replay in self.call("ListReplays")["Replays"]} <= ended
        self.sums_hold()
        self.mock.__exit__(None, None, None)

    def call(self, operation: str, **params: Any) -> Any:
        return perform(self.eb.service, operation, params, ACCOUNT, "us-east-1")

    def pending(self) -> list[Delivery]:
        return [each for each in self.eb.deliveries if each.outcome == "pending"]

    @rule(name=names, bus=buses, source=sources, state=st.sampled_from(["ENABLED", "ENABLED", "DISABLED"]))
    def put_rule(self, name: str, bus: str, source: str, state: str) -> None:
        self.call("PutRule", Name=name, EventBusName=bus, EventPattern=f'{{"source": ["{source}"]}}', State=state)

    @rule(name=names, minutes=st.integers(20, 600))
    def put_schedule(self, name: str, minutes: int) -> None:
        self.call("PutRule", Name=name, ScheduleExpression=f"rate({minutes} minutes)")

    @rule(
        name=names,
        bus=buses,
        to=names,
        kind=st.sampled_from(["function", "function", "queue", "bus"]),
        dead=st.booleans(),
        attempts=st.integers(0, 3),
        template=st.sampled_from([None, '{"s":<s>}', "<s>", '"<s>'[:3] + '"']),
    )
    def put_target(
        self, name: str, bus: str, to: str, kind: str, dead: bool, attempts: int, template: str | None
    ) -> None:
        given: dict[str, Any] = {"Id": to, "Arn": arn_of(kind, to)}
        if dead:
            given["DeadLetterConfig"] = {"Arn": DLQ}
        if kind == "bus":
            given["RoleArn"] = ROLE
        else:
            given["RetryPolicy"] = {"MaximumRetryAttempts": attempts}
            if template:
                given["InputTransformer"] = {"InputPathsMap": {"s": "$.detail.n"}, "InputTemplate": template}
        self.try_to("PutTargets", Rule=name, EventBusName=bus, Targets=[given])

    @rule(name=names, bus=buses, hook=hooks, dead=st.booleans(), age=st.sampled_from([60, 3_600]))
    def put_hook(self, name: str, bus: str, hook: str, dead: bool, age: int) -> None:
        given: dict[str, Any] = {"Id": hook, "Arn": self.hooks[hook], "RoleArn": ROLE}
        given["RetryPolicy"] = {"MaximumEventAgeInSeconds": age}
        if dead:
            given["DeadLetterConfig"] = {"Arn": DLQ}
        self.try_to("PutTargets", Rule=name, EventBusName=bus, Targets=[given])

    @rule(hook=hooks, answer=ANSWERS, puts=st.booleans(), bus=buses, source=sources)
    def answer(self, hook: str, answer: Any, puts: bool, bus: str, source: str) -> None:
        left = [3]

        def handler(request: Any) -> Any:
            if puts and left[0]:
                left[0] -= 1
                self.eb.put(source, "again", {"n": left[0]}, bus=bus)
            return answer

        self.eb.connect(self.hooks[hook], handler)

    @rule(fails=st.booleans())
    def connect_dead_letters(self, fails: bool) -> None:
        def handler(letter: Any) -> None:
            if fails:
                raise ValueError("dead letter")

        self.eb.connect(DLQ, handler)

    @rule(name=names, bus=buses, source=st.one_of(st.none(), sources))
    def archive(self, name: str, bus: str, source: str | None) -> None:
        self.eb.archive(name, bus=bus, pattern=None if source is None else {"source": [source]})

    @rule(name=names)
    def delete_archive(self, name: str) -> None:
        self.try_to("DeleteArchive", ArchiveName=name)

    @rule(name=names)
    def replay(self, name: str) -> None:
        archive = self.eb.service.store.scope(ACCOUNT, "us-east-1").archives.get(name)
        if archive is None:
            return
        self.replays += 1
        self.try_to(
            "StartReplay",
            ReplayName=f"replay-{self.replays}",
            EventSourceArn=archive.record.arn,
            EventStartTime=START,
            EventEndTime=START + timedelta(days=365),
            Destination={"Arn": archive.record.bus_arn},
        )

    @rule()
    def cancel_replay(self) -> None:
        self.try_to("CancelReplay", ReplayName=f"replay-{self.replays}")

    def try_to(self, operation: str, **params: Any) -> None:
        try:
            self.call(operation, **params)
        except ServiceError as refused:
            assert refused.code in REFUSALS, refused

    @rule(name=names, bus=buses)
    def delete_rule(self, name: str, bus: str) -> None:
        self.try_to("RemoveTargets", Rule=name, EventBusName=bus, Ids=[*NAMES, *RATES])
        self.try_to("DeleteRule", Name=name, EventBusName=bus)

    @rule(name=names, puts=st.booleans(), fails=st.booleans(), bus=buses, source=sources)
    def connect(self, name: str, puts: bool, fails: bool, bus: str, source: str) -> None:
        left = [3]

        def handler(event: Any) -> None:
            if puts and left[0]:
                left[0] -= 1
                self.eb.put(source, "again", {"n": left[0]}, bus=bus)
            if fails:
                raise ValueError("handler")

        self.eb.connect(arn_of("function", name), handler)

    @rule(
        name=st.sampled_from([*NAMES, "dead"]),
        error=st.sampled_from(sorted(CODES)),
        times=st.one_of(st.none(), st.integers(1, 4)),
    )
    def fail_target(self, name: str, error: str, times: int | None) -> None:
        self.eb.fail_target(name, error=error, times=times)

    @rule(
        bus=buses,
        source=sources,
        number=st.one_of(st.none(), st.integers(), st.text(max_size=3)),
        times=st.sampled_from([1, 2, 4, 70]),
    )
    def put(self, bus: str, source: str, number: object, times: int) -> None:
        entry = {"Source": source, "DetailType": "t", "Detail": json.dumps({"n": number}), "EventBusName": bus}
        for _ in range(times):
            self.call("PutEvents", Entries=[entry])

    @rule(seconds=st.sampled_from([0, 1, 59, 3_600, 20_000]))
    def advance(self, seconds: int) -> None:
        self.eb.clock.advance(seconds=seconds)

    @invariant()
    def sums_hold(self) -> None:
        """What the routings promise is what the deliveries are."""
        records = self.eb.journal.records
        promised: Counter[tuple[str, str]] = Counter()
        routed: set[str] = set()
        for record in records:
            if isinstance(record, Routing):
                routed.add(record.event.id)
                by_name = {known.name: known for known in record.rules}
                for name in record.matched:
                    matched = by_name[name]
                    promised[record.event.id, matched.arn] += len(matched.targets)
        made = Counter((each.event.id, each.rule.arn) for each in self.eb.service.journal.deliveries)
        assert made == Counter({key: count for key, count in promised.items() if count})
        assert {record.event.id for record in records if isinstance(record, Entry) and record.event} <= routed

    @invariant()
    def archives_keep_what_they_matched(self) -> None:
        """Each event that the rule of an archive matched is in it once, and no replayed one."""
        scope = self.eb.service.store.scope(ACCOUNT, "us-east-1")
        for name, archive in scope.archives.items():
            # The target of the rule tells an archive from an earlier one of the same name.
            target = scope.buses[archive.record.bus].rules[f"Events-Archive-{name}"].targets[0]
            archived = [each.event for each in self.eb.service.journal.deliveries if each.target == target]
            assert Counter(event.id for event in archive.events()) == Counter(event.id for event in archived)
            assert not any(event.replay_name for event in archived)

    @invariant()
    def each_delivery_ends_once(self) -> None:
        """No number has two ends, nothing follows an end, and every dead letter belongs to one."""
        ends: Counter[int] = Counter()
        for record in self.eb.journal.records:
            if isinstance(record, Delivery):
                assert not ends[record.number], "a record follows the end"
                ends[record.number] += record.outcome != "pending"
            elif isinstance(record, Attempt | DeadLetter):
                assert not ends[record.number]
        letters = {letter.number for letter in self.eb.dead_letters}
        assert letters == {each.number for each in self.eb.deliveries if each.outcome == "dead-lettered"}


TestConservation = Conservation.TestCase
TestConservation.settings = settings(max_examples=examples(50, 80), stateful_step_count=40)
