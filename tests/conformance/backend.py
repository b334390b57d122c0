"""The backend that replays recorded scenarios against this project; the runner beside it knows nothing of us."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

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
    timeout = 10.0  # seconds of the clock, which a "wait" step of our runner moves; others may count real ones
    abilities = frozenset({"active-replays", "xray"})  # a replay is STARTING until somebody looks at it

    def __init__(self, eb: EventBridge, stack: contextlib.ExitStack) -> None:
        self._eb = eb
        self._stack = stack
        self._targets: Targets | None = None
        self._endpoints: dict[str, Any] = {}
        self.events = self.client_for("events", REGION, eb.account)

    def client_for(self, service: str, region: str, account: str) -> Any:
        if service == "events":
            return events_client(region, account)
        self.begin_moto()
        return client(service, region, account)

    def begin_moto(self) -> Targets:
        if self._targets is None:
            self._stack.enter_context(mock_aws())
            self._targets = Targets(self._eb)
        return self._targets

    def make_target(self, kind: str, name: str, region: str, account: str) -> str:
        return self.begin_moto().make(kind, name, region, account)

    def destroy_target(self, arn: str) -> None:
        self.begin_moto().destroy(arn)

    def received(self, arn: str) -> list[Message]:
        targets = self.begin_moto()
        if targets.knows(arn):
            return targets.received(arn)
        received = self._eb.deliveries.where(arn=arn)
        return [each.payload for each in received if each.outcome in ("delivered", "recorded")]

    def make_endpoint(self, respond: dict[str, Any]) -> str:
        """A URL with a callable behind it; nothing is sent over a socket."""
        answer = (respond.get("status", 200), {"Content-Type": "application/json"}, respond.get("json", {}))
        url = f"https://endpoint-{len(self._endpoints)}.example"
        self._endpoints[url] = self._eb.connect(url, lambda request: answer)
        return url

    def received_http(self, url: str) -> list[dict[str, Any]]:
        return [_http_request(request) for request in self._endpoints[url].events]

    def advance(self, seconds: float) -> None:
        self._eb.clock.advance(seconds=seconds)

    def now(self) -> datetime:
        return self._eb.clock.now


def _http_request(request: Any) -> dict[str, Any]:
    """A request as the runner looks at it."""
    url = urlsplit(request.url)
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    told = {name: getattr(request, name) for name in ("method", "headers", "body")}
    return {**told, "path": url.path, "query": query}


@contextlib.contextmanager
def backend(needs: Iterable[str] = ()) -> Iterator[Backend]:
    """A fresh mock. Its clock stands, so that what takes time on AWS is seen on its way, as it was recorded."""
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb, contextlib.ExitStack() as stack:
        eb.clock.freeze()
        opened = Backend(eb, stack)
        if "secretsmanager" in needs:
            opened.begin_moto()  # before the first connection, whose secret it is to keep
        yield opened
