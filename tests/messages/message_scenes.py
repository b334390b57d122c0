"""What the scenes share: a shop, and a decorator that makes a scene of a function."""

from __future__ import annotations

import contextlib
import functools
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import boto3

from eventbridge_local import EventBridge, mock_eventbridge

ORDER = ("shop.orders", "OrderPlaced")
QUEUE = "arn:aws:sqs:us-east-1:123456789012:kept"
DEAD = "arn:aws:sqs:us-east-1:123456789012:dead"
FRAUD = {"source": ["shop.orders"], "detail": {"total": [{"numeric": [">", 1000]}], "country": ["DE", "FR"]}}


def client() -> Any:
    """A boto3 client in the Region of the scenes."""
    return boto3.client("events", region_name="us-east-1")


def put_elsewhere(region: str = "us-east-1", account: str = "123456789012") -> None:
    """Put the order with a client of another Region or another account than that of the scenes."""
    events = boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")
    source, detail_type = ORDER
    events.put_events(Entries=[{"Source": source, "DetailType": detail_type, "Detail": "{}"}])


@contextlib.contextmanager
def shop(**options: Any) -> Iterator[EventBridge]:
    """A mock whose ids and times are the same in every run."""
    given = {"now": "2026-03-06T09:00Z", "seed": 1, "assert_all_deliveries_succeeded": False, **options}
    with mock_eventbridge(**given) as eb:
        yield eb


def scene(function: Callable[[EventBridge], Any]) -> Callable[[], str]:
    """A function of a mock that fails: its error, with all notes. One that returns: the text of what it returns."""

    @functools.wraps(function)
    def run() -> str:
        with shop() as eb:
            try:
                return str(function(eb))
            except Exception as error:
                return told(error)

    run.is_scene = True  # type: ignore[attr-defined]
    return run


def told(error: BaseException) -> str:
    """An error as Python prints it, without the way through the code."""
    if isinstance(error, BaseExceptionGroup):
        lines = [f"{type(error).__name__}: {error.message}"]
        for inner in error.exceptions:
            lines += [f"  | {line}" for line in told(inner).splitlines()] + ["  +---"]
        return "\n".join([*lines, *getattr(error, "__notes__", ())])
    return "".join(traceback.format_exception_only(error))


def failing(function: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
    """The text of the error a call ends with."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        return told(error)
    raise AssertionError("it did not fail")
