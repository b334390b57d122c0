"""API destinations as users meet them: boto3 in, a real server or a connected callable at the other end."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from eventbridge_local import EventBridge, mock_eventbridge

NOW = "2026-03-06T09:00:00Z"
ROLE = "arn:aws:iam::123456789012:role/events"
DLQ = "arn:aws:sqs:us-east-1:123456789012:dlq"
BASIC = {"BasicAuthParameters": {"Username": "user", "Password": "pass"}}


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now=NOW, seed=1, assert_all_deliveries_succeeded=False) as eb:
        yield eb


@pytest.fixture
def events(eb: EventBridge) -> Any:
    return boto3.client("events", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")


def connect(events: Any, kind: str = "BASIC", auth: dict[str, Any] = BASIC) -> str:
    made = events.create_connection(Name="crm", AuthorizationType=kind, AuthParameters=auth)
    arn: str = made["ConnectionArn"]
    return arn


def oauth(url: str, **parameters: Any) -> dict[str, Any]:
    return {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "id", "ClientSecret": "secret"},
            "AuthorizationEndpoint": url,
            "HttpMethod": "POST",
            **parameters,
        }
    }


def target(events: Any, connection: str, url: str, rate: int = 300, **more: Any) -> str:
    """A destination behind a rule for everything of ``shop``."""
    arn: str = events.create_api_destination(
        Name="hook",
        ConnectionArn=connection,
        InvocationEndpoint=url,
        HttpMethod="POST",
        InvocationRateLimitPerSecond=rate,
    )["ApiDestinationArn"]
    events.put_rule(Name="r", EventPattern='{"source":["shop"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": ROLE, **more}])
    return arn


def put(events: Any, count: int = 1, **detail: Any) -> None:
    for _ in range(count):
        entry = {"Source": "shop", "DetailType": "Sold", "Detail": json.dumps(detail)}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0


def outcomes(eb: EventBridge) -> list[str]:
    """How the deliveries stand, each once."""
    latest = {each.number: each.outcome for each in eb.deliveries}
    return list(latest.values())


def test_a_server_gets_the_event(eb: EventBridge, events: Any, server: Any) -> None:
    """With authorization, path and header out of the event."""
    parameters = {"PathParameterValues": ["$.detail.id"], "HeaderParameters": {"X-Kind": "$.detail-type"}}
    target(events, connect(events), f"{server.url}/orders/*", HttpParameters=parameters, InputPath="$.detail")
    put(events, id="o-1")
    (got,) = server.requests
    assert (got.method, got.path, got.body) == ("POST", "/orders/o-1", '{"id":"o-1"}')
    assert (got.headers["Authorization"], got.headers["X-Kind"]) == ("Basic dXNlcjpwYXNz", "Sold")
    assert got.headers["User-Agent"] == "Amazon/EventBridge/ApiDestinations"
    assert outcomes(eb) == ["delivered"]


def test_the_whole_oauth_flow(eb: EventBridge, events: Any, serve: Any) -> None:
    """Authorize, invoke, keep the token, renew it before it expires and after a 401."""
    auth, api = serve(), serve()
    auth.answers = [(200, {}, json.dumps({"access_token": f"t{n}", "expires_in": 600})) for n in range(1, 9)]
    grant = {"BodyParameters": [{"Key": "grant_type", "Value": "client_credentials"}]}
    crm = connect(events, "OAUTH_CLIENT_CREDENTIALS", oauth(f"{auth.url}/token", OAuthHttpParameters=grant))
    eb.clock.advance(seconds=1)
    assert events.describe_connection(Name="crm")["ConnectionState"] == "AUTHORIZED"
    assert auth.requests[0].body == "client_id=id&client_secret=secret&grant_type=client_credentials"
    target(events, crm, api.url)
    put(events)
    eb.clock.advance(seconds=539)
    put(events)
    eb.clock.advance(seconds=1)
    put(events)
    assert [got.headers["Authorization"] for got in api.requests] == ["Bearer t1", "Bearer t1", "Bearer t2"]
    api.answers = [(401, {}, ""), (200, {}, "")]
    put(events)
    eb.clock.advance(minutes=5)
    assert [got.headers["Authorization"] for got in api.requests[3:]] == ["Bearer t2", "Bearer t3"]
    assert outcomes(eb) == ["delivered"] * 4


def test_an_authorization_server_that_refuses(eb: EventBridge, events: Any, serve: Any) -> None:
    """The connection is deauthorized, the destination inactive, and events do not arrive."""
    auth, api = serve(), serve()
    auth.answers = [(403, {}, "")]
    crm = connect(events, "OAUTH_CLIENT_CREDENTIALS", oauth(auth.url))
    eb.clock.advance(seconds=1)
    target(events, crm, api.url)
    assert events.describe_api_destination(Name="hook")["ApiDestinationState"] == "INACTIVE"
    put(events)
    assert (api.requests, outcomes(eb)) == ([], ["dropped"])
    assert "hook is INACTIVE: connection crm is DEAUTHORIZED" in str(eb.deliveries[-1].reason)


def test_an_authorization_endpoint_that_cannot_be_reached(eb: EventBridge, events: Any, sockets: list[Any]) -> None:
    """The reason is in AWS's words, and the connection was never authorized (captured)."""
    with socket.socket() as closed_afterwards:
        closed_afterwards.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed_afterwards.getsockname()[1]}/"
    connect(events, "OAUTH_CLIENT_CREDENTIALS", oauth(url))
    eb.clock.advance(seconds=1)
    found = events.describe_connection(Name="crm")
    assert found["StateReason"] == "Could not connect to the specified endpoint."
    assert found["LastAuthorizedTime"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_an_event_waits_for_an_authorization(eb: EventBridge, events: Any, serve: Any) -> None:
    """While the connection is AUTHORIZING the delivery is tried again."""
    auth, api = serve(), serve()
    auth.answers = [(200, {}, '{"access_token":"t"}')]
    target(events, connect(events, "OAUTH_CLIENT_CREDENTIALS", oauth(auth.url)), api.url)
    put(events)
    assert (api.requests, outcomes(eb)) == ([], ["pending"])
    eb.clock.advance(minutes=5)
    assert (len(api.requests), outcomes(eb)) == (1, ["delivered"])


def test_a_server_may_ask_for_time(eb: EventBridge, events: Any, server: Any) -> None:
    """Retry-After holds the next attempt back, longer than the retry policy alone would."""
    server.answers = [(503, {"Retry-After": "3600"}, ""), (200, {}, "")]
    target(events, connect(events), server.url)
    put(events)
    eb.clock.advance(seconds=3599)
    assert (len(server.requests), outcomes(eb)) == (1, ["pending"])
    eb.clock.advance(hours=1)
    assert (len(server.requests), outcomes(eb)) == (2, ["delivered"])


@pytest.mark.parametrize("answer", [(404, {}, ""), (302, {}, ""), (503, {"Retry-After": "-1"}, "")])
def test_final_failures_are_dead_letters_at_once(eb: EventBridge, events: Any, server: Any, answer: Any) -> None:
    """One attempt, and the code that stands in the dead letter."""
    server.answers = [answer]
    target(events, connect(events), server.url, DeadLetterConfig={"Arn": DLQ})
    put(events)
    eb.clock.advance(days=2)
    assert (len(server.requests), outcomes(eb)) == (1, ["dead-lettered"])


def test_the_rate_limit(eb: EventBridge, events: Any, server: Any) -> None:
    """Two a second: of five events three wait, and none is lost or refused."""
    target(events, connect(events), server.url, rate=2)
    put(events, 5)
    sent = [len(server.requests)]
    for _ in range(3):
        eb.clock.advance(seconds=1)
        sent.append(len(server.requests))
    assert sent == [2, 4, 5, 5]
    assert outcomes(eb) == ["delivered"] * 5


def test_nobody_is_paced_while_the_clock_is_real() -> None:
    """A test that does not care about time has all its events delivered."""
    with mock_eventbridge() as eb:
        events = boto3.client("events", region_name="us-east-1")
        hook = eb.connect("hook", lambda request: None)
        target(events, connect(events), "https://crm.example/", rate=1)
        put(events, 5)
        assert len(hook) == 5


@pytest.mark.parametrize(
    "name", ["hook", "https://crm.example/api?v=1", "https://crm.example/api", "https://crm.example", "arn"]
)
def test_a_callable_gets_the_request(eb: EventBridge, events: Any, name: str) -> None:
    """By the destination's name, its ARN, the URL or the origin; what it returns decides."""
    arn = target(events, connect(events), "https://crm.example/api?v=1")
    answers: list[Any] = [503, (503, {"Retry-After": "60"}), None]
    hook = eb.connect(arn if name == "arn" else name, lambda request: answers.pop(0))
    put(events, id=1)
    eb.clock.advance(minutes=30)
    assert [call.event.url for call in hook.calls] == ["https://crm.example/api?v=1"] * 3
    assert json.loads(hook.calls.last.event.body)["detail"] == {"id": 1}
    assert outcomes(eb) == ["delivered"]


def test_an_endpoint_elsewhere_is_recorded(eb: EventBridge, events: Any, sockets: list[Any]) -> None:
    """Nothing leaves the machine, and the journal knows what would have been sent."""
    before = len(sockets)
    target(events, connect(events), "https://crm.example/api")
    put(events)
    assert (outcomes(eb), len(sockets)) == (["recorded"], before)


def test_gone_destinations_and_connections(eb: EventBridge, events: Any, server: Any) -> None:
    """A target whose destination was deleted, or made anew, or lost its connection, fails for good."""
    crm = connect(events)
    target(events, crm, server.url, DeadLetterConfig={"Arn": DLQ})
    events.delete_api_destination(Name="hook")
    put(events)
    events.create_api_destination(Name="hook", ConnectionArn=crm, InvocationEndpoint=server.url, HttpMethod="POST")
    put(events)
    arn = events.describe_api_destination(Name="hook")["ApiDestinationArn"]
    events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": ROLE}])
    events.delete_connection(Name="crm")
    eb.clock.advance(seconds=1)
    put(events)
    assert [each.error for each in eb.deliveries] == ["NO_RESOURCE"] * 3
    assert server.requests == []


def test_a_destination_whose_connection_is_about_to_lose_its_parameters(eb: EventBridge, events: Any) -> None:
    """It is shown ACTIVE until then (captured), and what is sent has no credentials any more (judgement)."""
    target(events, connect(events), "https://crm.example/hook")
    events.deauthorize_connection(Name="crm")
    assert events.describe_api_destination(Name="hook")["ApiDestinationState"] == "ACTIVE"
    put(events)
    assert "hook is ACTIVE without credentials: connection crm is DEAUTHORIZING" in str(eb.deliveries[-1].reason)
    eb.clock.advance(seconds=1)
    events.delete_connection(Name="crm")
    eb.clock.advance(seconds=1)
    put(events)
    assert re.search("Connection .* does not exist", str(eb.deliveries[-1].reason))


def test_an_endpoint_without_a_scheme_is_called_by_https(eb: EventBridge, events: Any) -> None:
    """Accepted by AWS (captured); that it means HTTPS is judgement."""
    got = eb.connect("https://crm.example", lambda request: 200)
    target(events, connect(events), "crm.example/orders/*", HttpParameters={"PathParameterValues": ["7"]})
    put(events)
    assert [request.url for request in got.events] == ["https://crm.example/orders/7"]
