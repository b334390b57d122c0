"""The backend that replays recorded scenarios against this project; the runner beside it knows nothing of us."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3

from eventbridge_local import EventBridge, mock_eventbridge

REGION = "us-east-1"


@functools.cache
def events_client(region: str, account: str) -> Any:
    """A client; it outlives the mocks, as clients made at import time do, and is expensive to make."""
    return boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")


class Backend:
    """What the runner may ask of a mock. Deliveries are there before PutEvents returns, so nothing is waited for."""

    settle = 0.0
    timeout = 0.0

    def __init__(self, eb: EventBridge) -> None:
        self._eb = eb
        self.events = self.client_for("events", REGION, eb.account)

    def client_for(self, service: str, region: str, account: str) -> Any:
        if service != "events":
            raise NotImplementedError(f"there is no {service} here")
        return events_client(region, account)

    def received(self, arn: str) -> list[str]:
        received = self._eb.deliveries.where(arn=arn)
        return [each.payload for each in received if each.outcome in ("delivered", "recorded")]

    def advance(self, seconds: float) -> None:
        self._eb.clock.advance(seconds=seconds)

    def now(self) -> datetime:
        return self._eb.clock.now


@contextlib.contextmanager
def backend() -> Iterator[Backend]:
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        yield Backend(eb)
