"""Calls with a mistake that a type checker must find, each on a line of its own; nothing ever runs them.

The comment says what mypy calls the error, and pyright must find one on the same line. mypy fails where it finds none,
because an ignore that is no longer needed is an error; ``test_checkers.py`` holds both checkers to every line.
"""

from __future__ import annotations

from datetime import timedelta

from eventbridge_local import EventBridge, make_event, mark_eventbridge, mock_eventbridge
from eventbridge_local.server import serve


def options() -> None:
    mock_eventbridge(acount="111122223333")  # type: ignore[call-overload]
    mock_eventbridge(account=111122223333)  # type: ignore[call-overload]
    mock_eventbridge(region=("eu-west-1",))  # type: ignore[call-overload]
    mock_eventbridge(now=1.5)  # type: ignore[call-overload]
    mock_eventbridge(seed=1.5)  # type: ignore[call-overload]
    mock_eventbridge(limits={"rules": 1})  # type: ignore[call-overload]
    mock_eventbridge(forward="nver")  # type: ignore[call-overload]
    mock_eventbridge(forward=["sqs", 1])  # type: ignore[list-item]
    mock_eventbridge(allow_hosts="localstack")  # type: ignore[call-overload]
    mock_eventbridge(keep_records="all")  # type: ignore[call-overload]
    mock_eventbridge(max_caused_events="many")  # type: ignore[call-overload]
    mock_eventbridge(contracts=1)  # type: ignore[call-overload]
    mock_eventbridge(template=1)  # type: ignore[call-overload]
    mock_eventbridge(strict="yes")  # type: ignore[call-overload]
    mock_eventbridge(assert_all_events_matched="no")  # type: ignore[call-overload]
    mock_eventbridge(assert_all_rules_match=True)  # type: ignore[call-overload]


def marks() -> None:
    mark_eventbridge(acount="111122223333")  # type: ignore[call-arg]
    mark_eventbridge(strict="yes")  # type: ignore[arg-type]
    mark_eventbridge("111122223333")  # type: ignore[call-arg]


def servers() -> None:
    serve(acount="111122223333")  # type: ignore[call-arg]
    serve(region=1)  # type: ignore[arg-type]
    serve(strict=True)  # type: ignore[call-arg]
    serve(port="4010")  # type: ignore[arg-type]


def failures(eb: EventBridge) -> None:
    eb.fail_target("invoices", error="THROTLING")  # type: ignore[arg-type]
    eb.fail_target("invoices", eror="THROTTLING")  # type: ignore[call-arg]
    eb.fail_target("invoices", times="2")  # type: ignore[arg-type]
    eb.fail_put(code=1)  # type: ignore[arg-type]
    eb.fail_put(entry=[1])  # type: ignore[call-arg]
    eb.fail_put(entries=1)  # type: ignore[arg-type]
    eb.fail_call("PutEvent")  # type: ignore[arg-type]
    eb.fail_call("put_events")  # type: ignore[arg-type]
    eb.fail_call("PutEvents", error="timeout")  # type: ignore[arg-type]
    eb.fail_call("PutEvents", code=503)  # type: ignore[arg-type]
    eb.fail_call("PutEvents", latency="1s")  # type: ignore[arg-type]


def time(eb: EventBridge) -> None:
    eb.clock.advance(minute=5)  # type: ignore[call-arg]
    eb.clock.advance(months=1)  # type: ignore[call-arg]
    eb.clock.advance(minutes="5")  # type: ignore[arg-type]
    eb.clock.advance(5)  # type: ignore[arg-type]
    eb.clock.advance(duration=timedelta(minutes=5))  # type: ignore[call-arg]


def events(eb: EventBridge) -> None:
    eb.put("shop", "Sold", {}, buss="orders")  # type: ignore[call-arg]
    eb.put("shop", "Sold", {}, time="2026-03-06")  # type: ignore[arg-type]
    make_event("shop", "Sold", colour="red")  # type: ignore[call-arg]
