"""No accepted event vanishes: event x matching rule x target has one delivery, and each delivery one end."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.bus.journal import Attempt, DeadLetter, Delivery, Entry, Routing
from eventbridge_local.edge.front import perform
from eventbridge_local.targets.handover import CODES

ACCOUNT = "123456789012"
NAMES = ("a", "b", "c")
BUSES = ("default", "orders", "billing")
SOURCES = ("shop", "bank")
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
DLQ = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"

names = st.sampled_from(NAMES)
buses = st.sampled_from(BUSES)
sources = st.sampled_from(SOURCES)


def arn_of(kind: str, name: str) -> str:
    return {
        "function": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
        "queue": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}",
        "bus": f"arn:aws:events:us-east-1:{ACCOUNT}:event-bus/{BUSES[NAMES.index(name)]}",
    }[kind]


class Conservation(RuleBasedStateMachine):
    """Random rules, targets, failures, clock moves and handlers that put events in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.mock = mock_eventbridge(now="2026-03-06T09:00Z", seed=3, assert_all_deliveries_succeeded=False)
        self.eb: EventBridge = self.mock.__enter__()
        for bus in BUSES[1:]:
            self.call("CreateEventBus", Name=bus)

    def teardown(self) -> None:
        for bus in BUSES:
            for known in self.call("ListRules", EventBusName=bus)["Rules"]:
                self.call("DisableRule", Name=known["Name"], EventBusName=bus)
        self.eb.clock.advance(days=2)
        assert not self.pending(), "after a day nothing may wait"
        self.sums_hold()
        self.mock.__exit__(None, None, None)

    def call(self, operation: str, **params: Any) -> Any:
        return perform(self.eb._service, operation, params, ACCOUNT, "us-east-1")

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
        try:
            self.call("PutTargets", Rule=name, EventBusName=bus, Targets=[given])
        except Exception as refused:
            assert getattr(refused, "code", None) in ("ResourceNotFoundException", "ValidationException"), refused

    @rule(name=names, bus=buses)
    def delete_rule(self, name: str, bus: str) -> None:
        try:
            self.call("RemoveTargets", Rule=name, EventBusName=bus, Ids=list(NAMES))
            self.call("DeleteRule", Name=name, EventBusName=bus)
        except Exception as refused:
            assert getattr(refused, "code", None) == "ResourceNotFoundException", refused

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

    @rule(bus=buses, source=sources, number=st.one_of(st.none(), st.integers(), st.text(max_size=3)))
    def put(self, bus: str, source: str, number: object) -> None:
        self.eb.put(source, "t", {"n": number}, bus=bus)

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
        made = Counter((each.event.id, each.rule.arn) for each in self.eb.deliveries)
        assert made == Counter({key: count for key, count in promised.items() if count})
        assert {record.event.id for record in records if isinstance(record, Entry) and record.event} <= routed

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
TestConservation.settings = settings(
    max_examples=300 if os.environ.get("EVENTBRIDGE_LOCAL_FUZZ") else 25, stateful_step_count=30, deadline=None
)
