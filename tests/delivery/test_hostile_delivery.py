"""What no test of one feature would think of: resets, interrupts, threads and answers of a strange kind meanwhile."""

from __future__ import annotations

import json
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.journal_records import Attempt, Call, Delivery, Routing
from eventbridge_local.errors import UsageError
from eventbridge_local.model.clock import Clock

ACCOUNT = "123456789012"
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
SHOP = {"source": ["shop"]}
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:orders"
DLQ = f"arn:aws:sqs:us-east-1:{ACCOUNT}:dead"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/events"
TOKENS = "https://login.example"


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now=NOW, region="us-east-1", seed=1, assert_all_deliveries_succeeded=False) as made:
        yield made


@pytest.fixture
def events(eb: EventBridge) -> Any:
    return boto3.client("events", region_name="us-east-1")


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads that take turns as often as Python can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Do the work in several threads; what one of them raises comes out."""
    raised: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]


def wire(events: Any, arn: str = QUEUE, **target: Any) -> None:
    events.put_rule(Name="rule", EventPattern=json.dumps(SHOP))
    role = {"RoleArn": ROLE} if "api-destination" in arn else {}
    events.put_targets(Rule="rule", Targets=[{"Id": "1", "Arn": arn, **role, **target}])


def destination(events: Any, rate: int = 300, **connection: Any) -> str:
    """An API destination nobody serves, with an API key unless the connection is given."""
    key = {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "x", "ApiKeyValue": "y"}},
    }
    made = events.create_connection(Name="connection", **(connection or key))
    answer = events.create_api_destination(
        Name="hook",
        ConnectionArn=made["ConnectionArn"],
        InvocationEndpoint="https://crm.example/",
        HttpMethod="POST",
        InvocationRateLimitPerSecond=rate,
    )
    return str(answer["ApiDestinationArn"])


def outcomes(eb: EventBridge) -> list[str]:
    return [made.outcome for made in eb.deliveries]


# a reset meanwhile


def test_a_reset_by_a_handler_leaves_nothing_of_the_event(eb: EventBridge) -> None:
    """The other targets and rules of the event come to nothing, and so does what waits behind it."""
    eb.connect("handler", lambda event: eb.reset())
    eb.rule("one", pattern=SHOP, to=["handler", "second"])
    eb.rule("two", pattern=SHOP, to="third")
    put = eb.put("shop", "Sold", {"n": 1})
    assert put.detail == {"n": 1}
    assert eb.journal.records == ()
    eb.rule("three", pattern=SHOP, to="fourth")
    eb.put("shop", "Sold")
    assert [made.rule.name for made in eb.deliveries] == ["three"]


def test_a_reset_by_a_handler_during_a_replay_ends_it(eb: EventBridge, events: Any) -> None:
    archive = eb.archive("archive")
    for _ in range(3):
        eb.put("shop", "Sold")
        eb.clock.advance(minutes=1)
    seen: list[Any] = []
    eb.rule("rule", pattern=SHOP, to=["handler", "second"])
    eb.connect("handler", lambda event: (seen.append(event), eb.reset()))
    events.start_replay(ReplayName="replay", **archive.as_replay_request())
    eb.clock.advance(minutes=5)
    assert len(seen) == 1
    assert eb.journal.records == ()
    assert eb.clock.advance(days=1).total == 0


def test_a_reset_by_a_handler_whose_call_fails_arms_nothing(eb: EventBridge, events: Any) -> None:
    """The attempt that fails after the reset is not tried again."""
    hook = destination(events)
    wire(events, hook)
    eb.connect(hook, lambda request: (eb.reset(), 503)[1])
    eb.put("shop", "Sold")
    assert eb.clock.advance(days=2).total == 0
    assert eb.journal.records == ()


# what a handler raises, and where


@pytest.mark.parametrize("raised", [AssertionError("no"), pytest.fail.Exception("no"), KeyboardInterrupt()])
def test_a_handler_of_a_dead_letter_queue_that_raises(eb: EventBridge, events: Any, raised: BaseException) -> None:
    """An assertion there is heard of as one in any other handler is."""
    wire(events, DeadLetterConfig={"Arn": DLQ})
    eb.fail_target(QUEUE, error="NO_RESOURCE")

    def fail(letter: Any) -> None:
        raise raised

    eb.connect(DLQ, fail)
    if isinstance(raised, Exception):
        eb.put("shop", "Sold")
    else:
        with pytest.raises(type(raised)):
            eb.put("shop", "Sold")
    made = eb.deliveries.one()
    assert (made.outcome, made.raised) == ("dead-lettered", raised)


@pytest.mark.parametrize("answer", [[1], (200, {}, {"access_token": "t", "expires_in": float("nan")}), KeyError("x")])
def test_a_strange_answer_to_a_token_request_is_a_failed_attempt(eb: EventBridge, events: Any, answer: Any) -> None:
    """It is not raised to the producer, and the other targets get the event."""
    answers: list[Any] = [(200, {}, {"access_token": "t", "expires_in": 61})]

    def tokens(request: Any) -> Any:
        if isinstance(answers[0], BaseException):
            raise answers[0]
        return answers[0]

    eb.connect(TOKENS, tokens)
    oauth = {
        "AuthorizationEndpoint": f"{TOKENS}/token",
        "HttpMethod": "POST",
        "ClientParameters": {"ClientID": "a", "ClientSecret": "b"},
    }
    arn = destination(events, AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters={"OAuthParameters": oauth})
    eb.rule("rule", pattern=SHOP, to=[arn, "second"])
    eb.clock.advance(minutes=2)
    answers[0] = answer
    eb.put("shop", "Sold")
    assert outcomes(eb) == ["pending", "recorded"]
    answers[0] = (200, {}, {"access_token": "t"})
    eb.clock.advance(hours=1)
    assert outcomes(eb) == ["recorded", "recorded"]


def test_an_interrupted_token_request_is_written_down(eb: EventBridge, events: Any) -> None:
    """Ctrl-C and a test framework's failures come out, and the delivery has its end."""
    arn = destination(events)
    wire(events, arn)
    eb.connect(arn, lambda request: pytest.fail("stop"))
    with pytest.raises(pytest.fail.Exception):
        eb.put("shop", "Sold")
    assert isinstance(eb.deliveries.one().raised, pytest.fail.Exception)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": 60}, 60),
        ({"Retry-After": None}, 1),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}, 1),
        ({"Retry-After": "9" * 5_000}, 1),
    ],
)
def test_headers_of_a_callable_may_be_of_any_type(
    eb: EventBridge, events: Any, headers: dict[str, Any], seconds: int
) -> None:
    """A number is as good as its text, and what is no time asks for none."""
    arn = destination(events)
    wire(events, arn)
    hook = eb.connect(arn, lambda request: (503, headers))
    eb.put("shop", "Sold")
    assert outcomes(eb) == ["pending"]
    eb.clock.advance(seconds=seconds - 0.5 if seconds > 1 else 0.5)
    assert len(hook) == 1
    eb.clock.advance(seconds=0.5)
    assert len(hook) == 2


# what cannot be sent


@pytest.mark.parametrize("detail", ['{"text":"\\ud800"}', '{"text":"\ud800"}'])
@pytest.mark.parametrize("given", [{}, {"InputPath": "$.detail"}])
def test_half_a_surrogate_pair_reaches_a_queue_behind_moto(events: Any, detail: str, given: dict[str, str]) -> None:
    """JSON can spell it as an escape, so that is what is sent."""
    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        url = sqs.create_queue(QueueName="orders")["QueueUrl"]
        wire(events, **given)
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": detail}])
        body = json.loads(sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"])
    assert body.get("detail", body) == {"text": "\ud800"}


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({"AWS_ENDPOINT_URL": "localhost:4566"}, "Invalid endpoint"),
        ({"AWS_ENDPOINT_URL": "http://[::1"}, "Invalid IPv6 URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"}, "Port out of range"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_PROFILE": "nobody"}, "profile (nobody) could not be found"),
    ],
)
def test_a_broken_configuration_is_told_by_the_delivery(
    eb: EventBridge, events: Any, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], error: str
) -> None:
    """Whoever puts the event gets his answer, and the journal says why no queue got it."""
    wire(events)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert eb.put("shop", "Sold").accepted
    made = eb.deliveries.one()
    assert (made.outcome, made.error) == ("dropped", "SDK_CLIENT_ERROR")
    assert error in str(made.reason)


def test_an_error_inside_of_moto_is_a_failed_delivery(
    eb: EventBridge, events: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in that breaks is not the producer's trouble."""

    def break_down(*args: Any, **kwargs: Any) -> None:
        raise KeyError("moto")

    with mock_aws():
        sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
        sqs.create_queue(QueueName="orders")
        monkeypatch.setattr("moto.sqs.models.SQSBackend.send_message", break_down)
        wire(events)
        eb.put("shop", "Sold")
    made = eb.deliveries.one()
    assert (made.outcome, made.error, made.reason) == ("dropped", "UNKNOWN", "KeyError: 'moto'")


@pytest.mark.parametrize("levels", [900, 999, 1_000])
def test_the_deepest_details_are_delivered(eb: EventBridge, levels: int) -> None:
    """AWS allows 1,000 levels, which is more than Python's own parser can take."""
    eb.rule("rule", pattern=SHOP, to=["first", "second"])
    spy = eb.connect("first", lambda event: None)
    detail = '{"a": ' * levels + "1" + "}" * levels
    eb.put("shop", "Sold", detail)
    assert outcomes(eb) == ["delivered", "recorded"]
    assert eb.deliveries[0].payload.endswith(detail.replace(" ", "") + "}")
    assert len(spy) == 1


# threads


def test_an_entry_belongs_to_whoever_put_it(eb: EventBridge, eager_threads: None) -> None:
    """``eb.put`` gives the entry of its own event, whoever else puts one meanwhile."""
    wrong: list[Any] = []

    def work(thread: int) -> None:
        for number in range(100):
            detail = {"thread": thread, "number": number}
            if eb.put("shop", "Sold", detail).detail != detail:
                wrong.append(detail)

    in_threads(4, work)
    assert not wrong


def test_an_entry_is_given_however_little_the_journal_keeps() -> None:
    """A fan-out beyond what is kept pushes the entry out of the journal, not out of the producer's hand."""
    with mock_eventbridge(keep_records=100) as eb:
        for number in range(30):
            eb.rule(f"rule-{number}", pattern=SHOP, to=[f"function-{target}" for target in range(5)])
        assert eb.put("shop", "Sold", {"n": 1}).detail == {"n": 1}
        assert not eb.put("aws.ec2", "Sold").accepted


def test_looking_while_others_put(eb: EventBridge, eager_threads: None) -> None:
    eb.rule("rule", pattern=SHOP, to="function")

    def work(thread: int) -> None:
        for _ in range(100):
            if thread:
                eb.put("shop", "Sold")
            else:
                list(eb.deliveries), list(eb.events), eb.journal.text()

    in_threads(3, work)
    assert len(eb.deliveries) == 200


def test_two_threads_advance(eager_threads: None) -> None:
    """Every timer runs once and none before its time."""
    for _ in range(10):
        clock, ran = Clock(NOW), Counter[int]()
        early: list[int] = []

        def run(number: int, due: datetime, clock: Clock = clock, ran: Any = ran, early: Any = early) -> None:
            ran[number] += 1
            if clock.now < due:
                early.append(number)

        for number in range(300):
            due = NOW + timedelta(seconds=number % 50)
            clock.at(due, lambda number=number, due=due, run=run: run(number, due))
        in_threads(4, lambda thread, clock=clock: [clock.advance(seconds=2) for _ in range(10)] and None)
        clock.advance(minutes=5)
        assert set(ran.values()) == {1}
        assert len(ran) == 300
        assert not early


# time


def test_two_schedules_of_a_minute_over_a_year(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long an advance is, schedules are no runaway: each fires at most once a minute."""
    monkeypatch.setattr("eventbridge_local.model.clock._RUNAWAY", 100)
    with mock_eventbridge(now=NOW, keep_records=1_000) as eb:
        eb.rule("rule", schedule="rate(1 minute)", to="function")
        spy = eb.connect("function", lambda event: None)
        assert eb.clock.advance(days=1)["fired"] == 1_440
        assert len(spy) == 1_000, "a spy forgets as the journal does"


def test_a_jump_of_the_real_clock_fires_every_instant_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """As under freezegun or time-machine: the clock is not taken over, and nothing of the hour is skipped."""
    now = [NOW]
    monkeypatch.setattr("time.time", lambda: now[0].timestamp())
    with mock_eventbridge() as eb:
        eb.rule("rule", schedule="rate(1 minute)", to="function")
        now[0] += timedelta(hours=1)
        assert eb.clock.run_due()["fired"] == 60
        assert [made.event.time for made in eb.deliveries] == [NOW + timedelta(minutes=n) for n in range(1, 61)]


def test_the_end_of_the_calendar(eb: EventBridge, events: Any) -> None:
    """Nothing overflows as long as the clock may run, and it says where it ends."""
    eb.rule("schedule", schedule="rate(365 days)", to="function")
    eb.clock.advance_to(datetime(9998, 12, 31, 23, 59, tzinfo=UTC))
    eb.fail_target(QUEUE)
    wire(events)
    archive = eb.archive("archive", days=1_000)
    eb.put("shop", "Sold", time=datetime(9999, 12, 31, tzinfo=UTC))
    assert outcomes(eb)[-1] == "pending"
    assert len(archive) == 1
    assert archive.as_replay_request()["EventEndTime"].year == 9999
    for move in (lambda: eb.clock.advance(days=36_500), lambda: eb.clock.advance(days=1)):
        with pytest.raises(UsageError, match="the clock ends with the year 9998"):
            move()
    with pytest.raises(UsageError, match="the clock ends with the year 9998"):
        Clock(datetime(9999, 1, 1, tzinfo=UTC))


# the rate limit of an API destination, and the retry policy


def test_retries_keep_the_rate_limit(eb: EventBridge, events: Any) -> None:
    """Within a second there is never more than one call, whether it is a first attempt or another."""
    arn = destination(events, rate=1)
    wire(events, arn)
    calls: list[datetime] = []

    def answer(request: Any) -> int:
        calls.append(eb.clock.now)
        return 503 if len(calls) <= 10 else 200

    eb.connect(arn, answer)
    for _ in range(5):
        eb.put("shop", "Sold")
    eb.clock.advance(hours=1)
    assert len(calls) == 15
    assert min(later - earlier for earlier, later in pairwise(calls)) >= timedelta(seconds=1)
    assert outcomes(eb) == ["delivered"] * 5


def test_who_waits_too_long_for_his_turn_is_given_up(eb: EventBridge, events: Any) -> None:
    """An excess is queued within the retry window and no longer (User Guide)."""
    arn = destination(events, rate=1)
    wire(events, arn, RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": DLQ})
    eb.connect(arn, lambda request: None)
    for _ in range(100):
        eb.put("shop", "Sold")
    eb.clock.advance(seconds=59)
    assert Counter(outcomes(eb)) == {"delivered": 60, "pending": 40}
    eb.clock.advance(seconds=1)
    assert Counter(outcomes(eb)) == {"delivered": 61, "dead-lettered": 39}
    letter = eb.dead_letters[0]
    assert letter.at == NOW + timedelta(seconds=60)
    assert letter.attributes["EXHAUSTED_RETRY_CONDITION"] == "MaximumEventAgeInSeconds"
    assert eb.clock.advance(hours=24).total == 0


def test_an_attempt_is_written_down_once(eb: EventBridge, events: Any) -> None:
    """An event that grows too old between two attempts ends without another one."""
    arn = destination(events)
    wire(events, arn, RetryPolicy={"MaximumEventAgeInSeconds": 60}, DeadLetterConfig={"Arn": DLQ})
    eb.connect(arn, lambda request: (503, {"Retry-After": "120"}))
    eb.put("shop", "Sold")
    eb.clock.advance(minutes=5)
    assert [record.attempt for record in eb.journal.records if isinstance(record, Attempt)] == [1]
    assert eb.dead_letters.one().attributes["RETRY_ATTEMPTS"] == "0"
    assert eb.dead_letters.one().at == NOW + timedelta(seconds=60)


# files


@pytest.mark.parametrize("damage", ["checksum", "garbage behind"])
def test_compressed_files_with_a_bad_end(eb: EventBridge, tmp_path: Path, damage: str) -> None:
    """Everything that can be read is replayed, and the rest is told with its number."""
    path = tmp_path / "events.jsonl.gz"
    for _ in range(3):
        eb.put("shop", "Sold")
    eb.archive_to(path)
    content = bytearray(path.read_bytes())
    if damage == "checksum":
        content[-6] ^= 1
    else:
        content += b"garbage"
    path.write_bytes(content)
    report = eb.replay_from(path)
    assert (report.count, [bad.number for bad in report.bad_lines]) == (3, [4])


def test_a_reset_forgets_calls_under_way(eb: EventBridge, events: Any) -> None:
    """The call from which the reset came is of the time before it."""
    eb.rule("rule", pattern=SHOP, to=lambda event: eb.reset())
    events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}] * 3)
    assert not [record for record in eb.journal.records if isinstance(record, Call | Routing | Delivery)]
