"""The public surface as users write it, for type checkers. mypy reads it in strict mode; nothing ever runs it.

Plain dicts go in and out. An ignore that is no longer needed is an error, so what must be refused is checked too.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, assert_type

import boto3
import pytest

import eventbridge_local.errors
from eventbridge_local import (
    Contracts,
    ContractViolation,
    EventBridge,
    Limits,
    RuleSet,
    batch_entries,
    current_eventbridge,
    entry_size,
    explain,
    infer_schema,
    make_event,
    mark_eventbridge,
    matches,
    mock_eventbridge,
    next_fire_times,
    put_all,
    sample_event,
    sample_events,
)
from eventbridge_local.batching import EntryTooLarge, PutFailed, PutOutcome, exponential_backoff
from eventbridge_local.contracts import Contract, Violation, violation_error
from eventbridge_local.handle import JournalView
from eventbridge_local.mock import Mock
from eventbridge_local.patterns import Explanation, InvalidPattern, Match, Mismatch
from eventbridge_local.typing import EventPattern, Handler

PATTERN = {"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 1000]}]}}


# handlers: both signatures, and whatever can be called


def with_context(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"id": event["id"], "context": context}


def without_context(event: dict[str, Any]) -> None:
    print(event["detail"])


class Service:
    def handle(self, event: dict[str, Any], context: Any) -> None:
        print(event, context)

    def __call__(self, event: dict[str, Any]) -> None:
        print(event)


HANDLERS: list[Handler] = [
    with_context,
    without_context,
    Service().handle,
    Service(),
    lambda event: None,
    lambda event, context: {"status": 200},
    functools.partial(with_context, context=None),
    [].append,
]


# doors


def doors() -> None:
    with mock_eventbridge() as eb:
        assert_type(eb, EventBridge)
    with mock_eventbridge(
        account="111122223333",
        region="eu-west-1",
        now=datetime(2026, 3, 6, tzinfo=UTC),
        seed="a test",
        limits=Limits(rules_per_event_bus=1_000),
        organization="o-a1b2c3d4e5",
        forward=["sqs"],
        allow_hosts=["localstack"],
        keep_records=1_000,
        contracts="schemas",
        template=Path("template.yaml"),
        strict=True,
        assert_all_events_matched=False,
        assert_all_rules_matched=None,
        assert_targets_permitted=None,
        assert_all_connected_used=None,
        assert_all_entries_accepted=None,
        assert_all_deliveries_succeeded=False,
    ):
        assert_type(current_eventbridge(), EventBridge)
    assert_type(mock_eventbridge(now="2026-03-06T09:00Z"), Mock)


async def async_door() -> None:
    async with mock_eventbridge() as eb:
        assert_type(eb, EventBridge)


@mock_eventbridge
def bare(name: str) -> int:
    return len(name)


@mock_eventbridge(account="111122223333")
def with_brackets(name: str, *, times: int = 1) -> int:
    return len(name) * times


@mock_eventbridge()
async def coroutine(name: str) -> int:
    return len(name)


@pytest.fixture
@mock_eventbridge()
def bus() -> Iterator[EventBridge]:
    yield current_eventbridge()


@mock_eventbridge()
async def async_generator() -> AsyncIterator[str]:
    yield "a"


@mock_eventbridge()
class Decorated:
    def test_something(self) -> str:
        return "ok"


async def decorators_keep_signatures() -> None:
    assert_type(bare("a"), int)
    assert_type(with_brackets("a", times=2), int)
    assert_type(await coroutine("a"), int)
    assert_type(Decorated().test_something(), str)
    assert_type([each async for each in async_generator()], list[str])
    bare(1)  # type: ignore[arg-type]
    with_brackets("a", count=1)  # type: ignore[call-arg]
    mock_eventbridge("us-east-1")  # type: ignore[call-overload]


@mark_eventbridge(strict=True, forward=["sqs"])
@pytest.mark.eventbridge(strict=True)
def test_with_the_fixture(eventbridge: EventBridge) -> None:
    assert_type(eventbridge.account, str)
    assert_type(eventbridge.region, str)
    eventbridge.reset()


# the handle


def arrange(eb: EventBridge) -> None:
    for handler in HANDLERS:
        eb.connect("invoices", handler)
    spy = eb.connect("invoices", with_context)
    assert_type(spy.events, list[Any])
    call = spy.calls.one()
    print(call.event["detail"], call.context.aws_request_id, call.result, call.raised, spy.calls.last, len(spy.calls))
    for call in spy:
        print(call.context.get_remaining_time_in_millis() + 1)
    spy.forget()

    assert_type(eb.rule("orders", pattern=PATTERN, bus="orders", to=with_context), str)
    eb.rule("daily", schedule="cron(0 10 ? * MON-FRI *)", to="report")
    eb.rule("many", pattern='{"source": ["shop"]}', to=["report", without_context, lambda event: None])
    text: EventPattern = "{}"
    eb.rule("text", pattern=text)
    eb.rule("nothing", pattern=1)  # type: ignore[arg-type]

    report = eb.load("template.yaml", parameters={"Stage": "test"}, stack="shop", resources={"Name": "arn:aws:sqs:::q"})
    eb.load(Path("cdk.out"), strict=True, connect_handlers=True)
    assert_type(report.rule("FraudCheckRule").targets[0].dead_letter_arn, str | None)
    print(report.unresolved, report.ignored["AWS::S3::Bucket"], [rule.pattern for rule in report.rules])

    archive = eb.archive("march", pattern=PATTERN, bus="orders", days=7)
    assert_type(archive.as_replay_request(start=datetime.now(UTC), rules=["orders"]), dict[str, Any])
    print(archive.name, archive.arn, archive.events[0].detail["id"], len(archive))
    assert_type(eb.secret("crm"), dict[str, Any])
    eb.fail_over("endpoint")
    eb.fail_over("endpoint", "primary")
    eb.fail_over("endpoint", "third")  # type: ignore[arg-type]


def fail(eb: EventBridge) -> None:
    eb.fail_target("webhook", times=2, error="THROTTLING", reason="too many", rate=0.5)
    eb.fail_put(entries=[1], code="InternalFailure", message="no", times=None, rate=0.5)
    eb.fail_put(entries=range(3))
    eb.fail_call("PutEvents", code="Throttled", message="no", status=500, latency=1.5, times=2, rate=1)
    eb.fail_call("PutEvents", error="read_timeout")
    eb.fail_nothing()


def act(eb: EventBridge, folder: Path) -> None:
    entry = eb.put("shop", "Sold", {"total": 1}, bus="orders", time=datetime.now(UTC), resources=["arn:aws:s3:::b"])
    assert_type(entry.event_id, str | None)
    assert_type(entry.envelope, dict[str, Any])
    print(entry.detail["total"], entry.error_code, entry.accepted)
    eb.put("shop", "Sold", '{"total": 1}')
    assert_type(eb.archive_to(folder / "events.jsonl.gz", "march"), int)
    eb.archive_to("events.jsonl", bus="orders")
    report = eb.replay_from(folder / "events.jsonl", bus="orders", rules=["orders"], replay_name=None)
    print(report.count + report.unmatched, report.matched["orders"], [line.reason for line in report.bad_lines])


def look(eb: EventBridge) -> None:
    assert_type(eb.events[0].source, str | None)
    assert_type(eb.events.where(bus="orders").accepted.last.number, int)
    assert_type(eb.events[1:].refused.first.error_code, str | None)
    assert_type(eb.events.matching(PATTERN).one().detail_type, str | None)
    assert_type([event.at for event in eb.events], list[datetime])
    assert_type(eb.deliveries.where(outcome="delivered").matching('{"source": ["shop"]}').one().attempts, int)
    delivery = eb.deliveries.last
    print(delivery.json["detail"], delivery.payload.upper(), delivery.rule.name, delivery.target.id, delivery.raised)
    assert_type(eb.dead_letters.where(queue="dlq").last.attributes["ERROR_CODE"], str)
    assert_type(eb.calls.where(operation="PutEvents").one().params["Entries"], Any)
    assert_type(eb.journal, JournalView)
    print(eb.journal, eb.journal.text(), len(eb.journal.records))

    assert_type(eb.clock.now, datetime)
    done = eb.clock.advance(days=5, hours=1.5)
    assert_type(done["fired"] + done.total, int)
    eb.clock.advance_to(datetime(2026, 3, 6, tzinfo=UTC))
    eb.clock.freeze()


def ask(eb: EventBridge) -> None:
    why = eb.explain(eb.events[0], rule="orders")
    print(bool(why), [stop.bus for stop in why.stops], [rule.why for rule in why.rules], why.matched, why.refused)
    eb.explain("an-event-id")
    eb.explain({"Source": "shop", "DetailType": "Sold", "Detail": "{}"})
    table = eb.route(make_event("shop", "Sold"), bus="orders")
    print([row.rule for row in table.matched], table[0].targets[0].payload, len(table))
    coverage = eb.coverage()
    print([rule.rule for rule in coverage.unmatched], [(rule.bus, field) for rule, field in coverage.undecided])


def check(eb: EventBridge) -> None:
    assert_type(eb.assert_put("shop", "Sold", {"total": 1}, bus="orders", count=1, exact=True).number, int)
    eb.assert_put([{"prefix": "shop."}], ["Sold", "Paid"], {"total": [{"numeric": [">", 1]}]}, bus=["a", "b"])
    eb.assert_put(pattern=PATTERN)
    eb.assert_not_put("shop", pattern='{"source": ["shop"]}')
    assert_type(eb.assert_delivered(rule="orders", target="invoices", payload={"id": 1}, count=1).attempts, int)
    eb.assert_delivered(rule=["orders", "daily"], payload="text", exact=True)
    eb.assert_not_delivered(rule="orders", pattern=PATTERN)


# without a mock


def patterns() -> None:
    event = make_event(
        "shop.orders",
        "OrderPlaced",
        {"total": "120"},
        id="1",
        account="111122223333",
        time="2026-03-06T09:00:00Z",
        region="eu-west-1",
        resources=["arn:aws:s3:::b"],
        replay_name="march",
    )
    assert_type(event, dict[str, Any])
    make_event("shop", "Sold", colour="red")  # type: ignore[call-arg]
    assert_type(matches(PATTERN, event), Match)
    why = explain(PATTERN, event)
    assert_type(why, Explanation)
    assert_type(why.mismatches, tuple[Mismatch, ...])
    print(why.mismatches[0].path, [field.ok for field in why.fields])

    rules = RuleSet()
    rules.add("big", PATTERN)
    assert_type(rules.match(event), list[str])
    rules.remove("big")

    assert_type(sample_event("aws.s3", "Object Created", bucket="photos", detail={"version": "0"}), dict[str, Any])
    print({sample.detail_type: sample.fields["bucket"] for sample in sample_events()})
    assert_type(sample_events()[0].evidence, Literal["recorded", "documented"])
    assert_type(next_fire_times("rate(5 minutes)", after=datetime.now(UTC), count=2), list[datetime])


def contracts() -> None:
    given = Contracts({("shop", "Sold"): {"type": "object"}, "shop@Paid": Path("paid.json")}, require=True)
    both = given | Contracts.load(["schemas", Path("more")], whole_envelope=True)
    violations = both.check({"source": "shop", "detail-type": "Sold", "detail": {}})
    assert_type(violations, tuple[Violation, ...])
    assert_type(both.for_event("shop", "Sold"), Contract | None)
    assert_type(infer_schema([make_event("shop", "Sold")], draft="draft4", whole_envelope=True), dict[str, Any])
    infer_schema([], draft="draft5")  # type: ignore[arg-type]
    with pytest.raises(ContractViolation):
        raise violation_error(violations, "here")


# in production


def production() -> None:
    client: Any = boto3.client("events")
    entries = [{"Source": "shop", "DetailType": "Sold", "Detail": "{}", "Resources": ["arn:aws:s3:::b"]}]
    try:
        outcomes = put_all(client, entries, max_entries=5, max_bytes=1_048_576, attempts=2, backoff=lambda attempt: 0.1)
    except PutFailed as failed:
        outcomes = failed.outcomes
    assert_type(outcomes, list[PutOutcome])
    put_all(client, ({"Source": str(n)} for n in range(3)), backoff=exponential_backoff(), sleep=lambda seconds: None)
    try:
        for batch in batch_entries(entries, max_entries=5):
            client.put_events(Entries=batch)
    except EntryTooLarge as error:
        assert_type(error.index + error.size + error.limit, int)
    assert_type(entry_size(entries[0]), int)


def mistakes() -> None:
    try:
        explain("no pattern", {})
    except (InvalidPattern, eventbridge_local.errors.EventBridgeLocalError) as error:
        print(error)
    except eventbridge_local.errors.ServiceError as refused:
        print(refused.code, refused.message, refused.status, refused.hint)
