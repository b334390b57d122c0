"""Events that cause each other: work is bounded, whoever puts them, and what is unrelated is never cut."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.delivery.loops import MOST_OPEN
from eventbridge_local.errors import UsageError

SHOP = {"source": ["shop"]}
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
Starts = Callable[[Callable[[], Any]], threading.Thread]


def put(eb: EventBridge, times: int = 1, detail_type: str = "Sold") -> Callable[[Any], None]:
    """Return a handler that puts events, each of which matches again."""

    def handler(event: Any) -> None:
        for _ in range(times):
            eb.put("shop", detail_type)

    return handler


def findings(error: pytest.ExceptionInfo[ExceptionGroup[Exception]]) -> list[str]:
    return [str(each) for each in error.value.exceptions]


def test_a_handler_that_puts_two_events_is_cut() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:
        spy = eb.connect("audit", put(eb, 2))
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        assert len(spy) == 5_001  # the event itself, and what it caused
    (finding,) = findings(failed)
    assert "endless loop: orders -> orders (handlers: audit)" in finding
    assert "one put caused more than 5,000 events (the option max_caused_events)" in finding


def test_two_rules_whose_handlers_put_one_event_each_are_cut() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(max_caused_events=300) as eb:
        spies = [eb.connect(name, put(eb)) for name in ("audit", "mail")]
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.rule("refunds", pattern=SHOP, to="mail")
        eb.put("shop", "Sold")
        assert [len(spy) for spy in spies] == [301, 301]
    (finding,) = findings(failed)
    for name in ("orders", "refunds", "audit", "mail"):
        assert name in finding


def test_a_chain_is_cut_by_its_length_too() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:
        spy = eb.connect("audit", put(eb))
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        assert len(spy) == 100
    (finding,) = findings(failed)
    assert finding.startswith(
        "rules trigger each other in an endless loop: orders -> orders (handlers: audit); a handler"
    )


def test_what_is_no_loop_is_cut_and_not_called_one() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(max_caused_events=10) as eb:
        eb.connect("split", lambda event: [eb.put("line", "Sold") for _ in range(12)])
        eb.rule("orders", pattern=SHOP, to="split")
        eb.rule("lines", pattern={"source": ["line"]}, to="queue")
        eb.put("shop", "Sold")
        assert len(eb.deliveries) == 11
    (finding,) = findings(failed)
    assert finding.startswith(
        "one put caused more than 10 events (the option max_caused_events): orders (handlers: split); "
    )


def test_each_put_counts_anew() -> None:
    with mock_eventbridge(max_caused_events=3) as eb:
        spy = eb.connect("split", lambda event: [eb.put("line", "Sold") for _ in range(3)])
        eb.rule("orders", pattern=SHOP, to="split")
        for _ in range(20):
            eb.put("shop", "Sold")
        assert len(spy) == 20
        assert len(eb.events) == 80


def test_each_firing_and_each_retry_counts_anew() -> None:
    with mock_eventbridge(now=NOW, max_caused_events=2) as eb:
        eb.connect("tick", lambda event: [eb.put("line", "Sold") for _ in range(2)])
        eb.rule("ticks", schedule="rate(1 minute)", to="tick")
        eb.clock.advance(minutes=50)
        assert len(eb.events) == 100


@pytest.mark.parametrize("now", [None, NOW])
def test_each_event_of_a_replay_counts_anew(now: datetime | None) -> None:
    with mock_eventbridge(now=now, max_caused_events=2) as eb:
        archive = eb.archive("all", pattern=SHOP)
        for _ in range(30):
            eb.put("shop", "Sold")
        eb.connect("split", lambda event: [eb.put("line", "Sold") for _ in range(2)])
        eb.rule("orders", pattern=SHOP, to="split")
        start, end = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        bus = eb.service.store.scope(eb.account, eb.region).arn("event-bus/default")
        assert archive
        eb._perform(
            "StartReplay",
            ReplayName="again",
            EventSourceArn=bus.replace("event-bus/default", "archive/all"),
            EventStartTime=start,
            EventEndTime=end,
            Destination={"Arn": bus},
        )
        if now is not None:
            eb.clock.advance(minutes=5)
        assert len(eb.events.where(source="line")) == 60


def test_each_event_of_a_file_counts_anew(tmp_path: Path) -> None:
    with mock_eventbridge(max_caused_events=2) as eb:
        for _ in range(10):
            eb.put("shop", "Sold")
        eb.archive_to(tmp_path / "events.jsonl")
        eb.connect("split", lambda event: [eb.put("line", "Sold") for _ in range(2)])
        eb.rule("orders", pattern=SHOP, to="split")
        eb.replay_from(tmp_path / "events.jsonl")
        assert len(eb.events.where(source="line")) == 20


# threads


def start(work: Callable[[], Any]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def start_in_context(work: Callable[[], Any]) -> threading.Thread:
    context = contextvars.copy_context()
    return start(lambda: context.run(work))


def join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_loop_over_threads_is_cut(threads: int) -> None:
    """It goes on once, because calls that are open at the same time may have nothing to do with each other."""
    opened: list[int] = []
    most: list[int] = []

    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:

        def handler(event: Any) -> None:
            opened.append(1)
            most.append(len(opened))
            join([start(lambda: eb.put("shop", "Sold")) for _ in range(threads)])
            opened.pop()

        spy = eb.connect("audit", handler)
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        assert len(spy) <= 2 * MOST_OPEN
    assert max(most) == MOST_OPEN
    (finding,) = findings(failed)
    assert "endless loop: orders -> orders (handlers: audit); 100 calls of the handler" in finding


def test_threads_with_the_context_of_a_handler_count_as_its_events() -> None:
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge(max_caused_events=50) as eb:

        def handler(event: Any) -> None:
            join([start_in_context(lambda: eb.put("shop", "Sold")) for _ in range(2)])

        spy = eb.connect("audit", handler)
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        assert len(spy) == 51
    assert "max_caused_events" in findings(failed)[0]


def test_a_producer_beside_an_open_call_is_never_cut() -> None:
    """What another thread puts while a call is open is not caused by it, however much it is."""
    begun, done = threading.Event(), threading.Event()
    with mock_eventbridge(max_caused_events=10) as eb:

        def handler(event: Any) -> None:
            if event["detail-type"] == "First":
                begun.set()
                assert done.wait(300)

        spy = eb.connect("audit", handler)
        eb.rule("orders", pattern=SHOP, to="audit")
        first = start(lambda: eb.put("shop", "First"))
        assert begun.wait(300)
        for number in range(1_000):
            eb.put("shop", "Sold")
            assert len(spy) == number + 1, "each is delivered when its put returns"
        done.set()
        first.join()
        assert len(spy) == 1_001


def test_threads_that_are_all_inside_one_handler_lose_nothing() -> None:
    """Beyond what may be open at once, the calls wait until all have returned."""
    inside, go, lock = [0, 0], threading.Event(), threading.Lock()
    with mock_eventbridge() as eb:

        def handler(event: Any) -> None:
            with lock:
                inside[0] += 1
                inside[1] = max(inside)
            assert go.wait(300)
            with lock:
                inside[0] -= 1

        spy = eb.connect("audit", handler)
        eb.rule("orders", pattern=SHOP, to="audit")
        threads = [start(lambda: eb.put("shop", "Sold")) for _ in range(MOST_OPEN + 50)]
        go.set()
        join(threads)
        assert inside[1] <= MOST_OPEN
        assert len(eb.deliveries.where(outcome="delivered")) == len(spy) == MOST_OPEN + 50


class Waves:
    """A handler whose calls stay open until the wave of their event goes on; detail-types are names of waves."""

    def __init__(self, *waves: str) -> None:
        self._go = {wave: threading.Event() for wave in waves}
        self._inside = dict.fromkeys(waves, 0)
        self._changed = threading.Condition()

    def __call__(self, event: Any) -> None:
        wave = event["detail-type"]
        if wave in self._go:
            with self._changed:
                self._inside[wave] += 1
                self._changed.notify_all()
            assert self._go[wave].wait(300)

    def wait_for(self, wave: str, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._inside[wave] >= count, 300)

    def go_on(self, wave: str) -> None:
        self._go[wave].set()


@pytest.mark.parametrize("failing", [False, True], ids=["target", "dead letters"])
def test_unrelated_threads_that_fill_a_handler_again_and_again_lose_nothing(failing: bool) -> None:
    waves = Waves("A", "B", "C")
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        spy = eb.connect("audit", waves)
        eb.rule("orders", pattern=SHOP)
        target = {"Id": "1", "Arn": f"arn:aws:lambda:{eb.region}:{eb.account}:function:audit"}
        if failing:
            queue = f"arn:aws:sqs:{eb.region}:{eb.account}:audit"
            target = {"Id": "1", "Arn": f"arn:aws:sqs:{eb.region}:{eb.account}:q", "DeadLetterConfig": {"Arn": queue}}
            eb.fail_target("q", error="NO_PERMISSIONS")
        eb._perform("PutTargets", Rule="orders", Targets=[target])

        def put_from_threads(count: int, wave: str) -> list[threading.Thread]:
            threads = [start(lambda: eb.put("shop", wave)) for _ in range(count)]
            waves.wait_for(wave, MOST_OPEN)
            return threads

        threads = put_from_threads(MOST_OPEN, "A")
        eb.put("shop", "B")  # which waits, and the last thread of the first wave sees to it
        waves.go_on("A")
        waves.wait_for("B", 1)
        threads += put_from_threads(MOST_OPEN - 1, "B")
        eb.put("shop", "C")
        waves.go_on("B")
        waves.wait_for("C", 1)
        threads += put_from_threads(MOST_OPEN - 1, "C")
        for _ in range(500):
            eb.put("shop", "Sold")
        waves.go_on("C")
        join(threads)
        assert len(spy) == 3 * MOST_OPEN + 500
        ends = {each.outcome for each in eb.deliveries}
        assert ends == ({"dead-lettered"} if failing else {"delivered"})


def test_a_loop_over_the_threads_of_a_pool_is_cut() -> None:
    with (
        ThreadPoolExecutor(3 * MOST_OPEN) as pool,
        pytest.raises(ExceptionGroup) as failed,
        mock_eventbridge() as eb,
    ):
        spy = eb.connect("audit", lambda event: pool.submit(eb.put, "shop", "Sold").result(300) and None)
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        assert len(spy) <= 2 * MOST_OPEN
    assert "endless loop: orders -> orders (handlers: audit)" in findings(failed)[0]


def test_a_loop_over_threads_where_nobody_can_tell_who_waits_is_cut_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventbridge_local.delivery.loops._MOST_CROWDED", 5 * MOST_OPEN)
    threads: list[threading.Thread] = []
    with pytest.raises(ExceptionGroup) as failed, mock_eventbridge() as eb:

        def handler(event: Any) -> None:
            done = threading.Event()
            threads.append(start(lambda: (eb.put("shop", "Sold"), done.set())))
            assert done.wait(300)

        spy = eb.connect("audit", handler)
        eb.rule("orders", pattern=SHOP, to="audit")
        eb.put("shop", "Sold")
        join(threads)
        assert len(spy) <= 7 * MOST_OPEN
    assert "endless loop: orders -> orders (handlers: audit)" in findings(failed)[0]


def test_a_dead_letter_handler_over_threads_is_cut() -> None:
    with pytest.raises(ExceptionGroup), mock_eventbridge() as eb:
        queue = f"arn:aws:sqs:{eb.region}:{eb.account}:dead"
        target = {"Id": "1", "Arn": f"arn:aws:sqs:{eb.region}:{eb.account}:q", "DeadLetterConfig": {"Arn": queue}}
        eb.rule("orders", pattern=SHOP)
        eb._perform("PutTargets", Rule="orders", Targets=[target])
        eb.fail_target("q", error="NO_PERMISSIONS")
        spy = eb.connect("dead", lambda event: join([start(lambda: eb.put("shop", "Sold"))]))
        eb.put("shop", "Sold")
        assert len(spy) == MOST_OPEN


@pytest.mark.parametrize("given", [0, -1, 2.5, "5", None, True])
def test_the_option_is_a_whole_number(given: Any) -> None:
    with pytest.raises(UsageError, match=r"max_caused_events=.*: give a whole number from 1"):
        mock_eventbridge(max_caused_events=given)
