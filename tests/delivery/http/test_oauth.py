"""Access tokens: the request for one, and how long it is kept on the mock's clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from eventbridge_local.delivery.http.invocations import HttpResponse
from eventbridge_local.delivery.http.oauth import OAuthTokens, read_token, token_request
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.rare_records import Connection

AT = datetime(2026, 3, 6, 9, tzinfo=UTC)


def connection(method: str = "POST", **parameters: Any) -> Connection:
    given = {
        "ClientParameters": {"ClientID": "my id", "ClientSecret": "hunter2"},
        "AuthorizationEndpoint": "https://auth.example/token?v=1",
        "HttpMethod": method,
        **({"OAuthHttpParameters": parameters} if parameters else {}),
    }
    kind = "OAUTH_CLIENT_CREDENTIALS"
    auth = {"OAuthParameters": given}
    return Connection("crm", "arn:crm", AT, AT, AT, state="AUTHORIZED", authorization_type=kind, auth=auth)


def one(key: str, value: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Key": key, "Value": value, **more}]


def test_the_body_is_a_form() -> None:
    """Id and secret are members of it, together with the connection's own body parameters."""
    made = token_request(connection(BodyParameters=one("grant_type", "client_credentials")))
    assert (made.method, made.url) == ("POST", "https://auth.example/token?v=1")
    assert made.body == "client_id=my+id&client_secret=hunter2&grant_type=client_credentials"
    assert made.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=utf-8"
    assert (made.headers["Host"], made.headers["Content-Length"]) == ("auth.example", str(len(made.body)))


def test_nothing_is_added() -> None:
    """No grant_type that the user did not configure: AWS sends none either, and the server may mind."""
    assert token_request(connection()).body == "client_id=my+id&client_secret=hunter2"


def test_get_has_a_query_string() -> None:
    """There is no body to carry the members."""
    made = token_request(connection("GET", QueryStringParameters=one("scope", "a b"), BodyParameters=one("g", "1")))
    assert made.url == "https://auth.example/token?v=1&client_id=my%20id&client_secret=hunter2&g=1&scope=a%20b"
    assert made.body == ""


def test_json_when_the_user_says_so() -> None:
    """A Content-Type of the connection decides how the body is written."""
    made = token_request(connection("PUT", HeaderParameters=one("content-type", "application/json")))
    assert (made.method, made.body) == ("PUT", '{"client_id": "my id", "client_secret": "hunter2"}')


def test_headers() -> None:
    """The connection's own are sent, AWS's cannot be replaced, secret ones do not print."""
    secret = [*one("X-Tenant", "hunter2", IsValueSecret=True), *one("User-Agent", "mine"), *one("Pragma", "x")]
    made = token_request(connection(HeaderParameters=secret))
    assert (made.headers["x-tenant"], made.headers["User-Agent"]) == ("hunter2", "Amazon/EventBridge/ApiDestinations")
    assert ("Pragma" in made.headers, "hunter2" in repr(made.headers)) == (False, False)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (401, '{"access_token":"t"}', "status code 401"),
        (302, "", "status code 302"),
        (200, "", "without an access_token"),
        (200, "[]", "without an access_token"),
        (200, "1", "without an access_token"),
        (200, '{"token":"t"}', "without an access_token"),
        (200, '{"access_token":"t","expires_in":"soon"}', "without an access_token"),
    ],
)
def test_answers_without_a_token(status: int, body: str, reason: str) -> None:
    """They are failures that are retried."""
    with pytest.raises(AttemptFailed, match="Failed to authorize the connection") as failed:
        read_token(HttpResponse(status, body=body))
    assert (reason in failed.value.reason, failed.value.retry) == (True, True)


class Endpoint:
    """Counts the tokens it gives; ``None`` in ``answers`` is nobody there."""

    def __init__(self, answer: Callable[[int], HttpResponse | None]) -> None:
        self.asked = 0
        self._answer = answer

    def __call__(self, connection: Connection, request: HttpRequest) -> HttpResponse | None:
        self.asked += 1
        return self._answer(self.asked)


def lasting(expires: str) -> Endpoint:
    return Endpoint(lambda number: HttpResponse(body=f'{{"access_token":"t{number}"{expires}}}'))


@pytest.mark.parametrize(
    ("expires", "seconds", "value"),
    [
        (',"expires_in":3600', 3539, "t1"),
        (',"expires_in":3600', 3540, "t2"),
        (',"expires_in":"3600"', 3539, "t1"),
        (',"expires_in":60', 0, "t2"),
        (',"expires_in":0', 0, "t2"),
        ("", 10_000_000, "t1"),
        (',"expires_in":null', 10_000_000, "t1"),
        (',"expires_in":1e300', 10_000_000, "t1"),
    ],
)
def test_a_token_is_kept_until_a_minute_before_its_end(expires: str, seconds: int, value: str) -> None:
    """On the mock's clock; one without an end is kept."""
    clock = Clock(AT)
    crm, tokens = connection(), OAuthTokens(clock, lasting(expires))
    assert tokens.value(crm) == "t1"
    clock.advance(seconds=seconds)
    assert tokens.value(crm) == value


def test_a_token_belongs_to_its_parameters() -> None:
    """Others, or a token that was refused, need a new one; another description does not."""
    tokens = OAuthTokens(Clock(AT), lasting(""))
    crm = connection()
    assert [tokens.value(crm), tokens.value(crm)] == ["t1", "t1"]
    assert tokens.value(connection("PUT")) == "t2"
    tokens.forget(crm)
    assert tokens.value(crm) == "t3"


def test_a_failure_is_not_kept() -> None:
    """The next attempt asks again."""
    endpoint = Endpoint(lambda number: HttpResponse(500) if number == 1 else HttpResponse(body='{"access_token":"t"}'))
    tokens = OAuthTokens(Clock(AT), endpoint)
    with pytest.raises(AttemptFailed):
        tokens.value(connection())
    assert tokens.value(connection()) == "t"


def test_a_token_is_made_up_where_nobody_is() -> None:
    """An authorization endpoint outside of this machine is not asked."""
    endpoint = Endpoint(lambda number: None)
    assert OAuthTokens(Clock(AT), endpoint).value(connection()) == "token-of-crm"
    assert endpoint.asked == 1
