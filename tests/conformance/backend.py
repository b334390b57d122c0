"""The backend that replays recorded scenarios against this project; the runner beside it knows nothing of us."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import boto3
from moto import mock_aws
from targets import Message, Targets, client

from eventbridge_local import EventBridge, mock_eventbridge

REGION = "us-east-1"


@functools.cache
def events_client(region: str, account: str) -> Any:
    """A client; it outlives the mocks, as clients made at import time do, and is expensive to make."""
    return boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")


class Backend:
    """What the runner may ask of a mock. Deliveries are there before PutEvents returns, so nothing is waited for.

    Targets are real ones of moto, which is entered when a scenario first needs it.
    """

    settle = 0.0
    timeout = 0.0

    def __init__(self, eb: EventBridge, stack: contextlib.ExitStack) -> None:
        self._eb = eb
        self._stack = stack
        self._targets: Targets | None = None
        self.events = self.client_for("events", REGION, eb.account)

    def client_for(self, service: str, region: str, account: str) -> Any:
        if service == "events":
            return events_client(region, account)
        self._begin_moto()
        return client(service, region, account)

    def _begin_moto(self) -> Targets:
        if self._targets is None:
            self._stack.enter_context(mock_aws())
            self._targets = Targets(self._eb)
        return self._targets

    def make_target(self, kind: str, name: str, region: str, account: str) -> str:
        return self._begin_moto().make(kind, name, region, account)

    def destroy_target(self, arn: str) -> None:
        self._begin_moto().destroy(arn)

    def received(self, arn: str) -> list[Message]:
        targets = self._begin_moto()
        if targets.knows(arn):
            return targets.received(arn)
        received = self._eb.deliveries.where(arn=arn)
        return [each.payload for each in received if each.outcome in ("delivered", "recorded")]

    def advance(self, seconds: float) -> None:
        self._eb.clock.advance(seconds=seconds)

    def now(self) -> datetime:
        return self._eb.clock.now


@contextlib.contextmanager
def backend() -> Iterator[Backend]:
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb, contextlib.ExitStack() as stack:
        yield Backend(eb, stack)
