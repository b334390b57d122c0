"""Connections over time: their states on the clock, their secrets, and who is asked for a token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

NOW = "2026-03-06T09:00:00Z"
SECRET = "hunter2"
TOKEN_URL = "https://auth.example/token"
BASIC = {"BasicAuthParameters": {"Username": "user", "Password": SECRET}}
OAUTH = {
    "OAuthParameters": {
        "ClientParameters": {"ClientID": "id", "ClientSecret": SECRET},
        "AuthorizationEndpoint": TOKEN_URL,
        "HttpMethod": "POST",
    }
}
PRIVATE = {
    "ResourceParameters": {
        "ResourceConfigurationArn": "arn:aws:vpc-lattice:us-east-1:123456789012:resourceconfiguration/"
        "rcfg-0123456789abcdefg"
    }
}


@pytest.fixture
def eb() -> Iterator[EventBridge]:
    with mock_eventbridge(now=NOW, seed=1) as eb:
        yield eb


@pytest.fixture
def events(eb: EventBridge) -> Any:
    return client("events")


def client(service: str) -> Any:
    keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "unused"}
    return boto3.client(service, region_name="us-east-1", **keys)


def create(events: Any, auth: dict[str, Any] = BASIC, kind: str = "BASIC", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = events.create_connection(Name="crm", AuthorizationType=kind, AuthParameters=auth, **more)
    return made


def create_oauth(events: Any, **more: Any) -> dict[str, Any]:
    return create(events, OAUTH, "OAUTH_CLIENT_CREDENTIALS", **more)


def described(events: Any) -> dict[str, Any]:
    answer: dict[str, Any] = events.describe_connection(Name="crm")
    return answer


def state(events: Any) -> str:
    found: str = described(events)["ConnectionState"]
    return found


# states


def test_oauth_is_authorized_a_second_later(eb: EventBridge, events: Any) -> None:
    """AUTHORIZING can be seen while the test steps the clock, and its end counts as a change."""
    create_oauth(events)
    eb.clock.advance(milliseconds=999)
    assert state(events) == "AUTHORIZING"
    eb.clock.advance(milliseconds=1)
    found = described(events)
    assert (found["ConnectionState"], found["LastAuthorizedTime"]) == ("AUTHORIZED", eb.clock.now)


def test_nobody_waits_while_the_clock_is_real() -> None:
    """A test that does not care about states has them at their end with the next call."""
    with mock_eventbridge():
        events = client("events")
        assert create_oauth(events)["ConnectionState"] == "AUTHORIZING"
        assert state(events) == "AUTHORIZED"
        assert events.deauthorize_connection(Name="crm")["ConnectionState"] == "DEAUTHORIZING"
        assert state(events) == "DEAUTHORIZED"
        assert events.delete_connection(Name="crm")["ConnectionState"] == "DELETING"
        with pytest.raises(events.exceptions.ResourceNotFoundException):
            described(events)
        create(events)


@pytest.mark.parametrize(
    ("make", "passing", "end"),
    [(create, "CREATING", "ACTIVE"), (create_oauth, "AUTHORIZING", "ACTIVE")],
)
def test_private_apis_become_active(eb: EventBridge, events: Any, make: Any, passing: str, end: str) -> None:
    """A connection to a private API ends in ACTIVE, whatever its type (User Guide)."""
    assert make(events, InvocationConnectivityParameters=PRIVATE)["ConnectionState"] == passing
    eb.clock.advance(seconds=1)
    assert state(events) == end
    path = described(events)["InvocationConnectivityParameters"]
    events.update_connection(Name="crm", InvocationConnectivityParameters=PRIVATE)
    assert (state(events), described(events)["InvocationConnectivityParameters"]) == (end, path)
    gone = {"ResourceParameters": {"ResourceConfigurationArn": ""}}
    assert (
        events.update_connection(Name="crm", InvocationConnectivityParameters=gone)["ConnectionState"] == "AUTHORIZED"
    )
    assert "InvocationConnectivityParameters" not in described(events)
    assert (
        events.update_connection(Name="crm", InvocationConnectivityParameters=PRIVATE)["ConnectionState"] == "UPDATING"
    )


def test_a_deauthorized_connection_says_why(eb: EventBridge, events: Any) -> None:
    """It has neither parameters nor a secret, and can be used again after an update with all parameters."""
    create(events)
    events.deauthorize_connection(Name="crm")
    eb.clock.advance(seconds=1)
    found = described(events)
    assert found["ConnectionState"] == "DEAUTHORIZED"
    assert found["StateReason"].startswith("The authorization parameters were removed from this connection")
    assert (found["AuthParameters"], "SecretArn" in found) == ({}, False)
    assert eb.secret("crm") == {}
    assert events.list_connections()["Connections"][0]["StateReason"] == found["StateReason"]
    events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
    found = described(events)
    assert (found["ConnectionState"], "StateReason" in found, "SecretArn" in found) == ("AUTHORIZED", False, True)


def test_a_deauthorization_takes_the_secret_from_sight_at_its_end(eb: EventBridge, events: Any) -> None:
    """On its way SecretArn is still shown and no reason yet; DELETING afterwards keeps the reason (captured)."""
    create(events)
    arn = described(events)["SecretArn"]
    events.deauthorize_connection(Name="crm")
    found = described(events)
    assert (found["AuthParameters"], found["SecretArn"], "StateReason" in found) == ({}, arn, False)
    eb.clock.advance(seconds=1)
    reason = described(events)["StateReason"]
    events.delete_connection(Name="crm")
    found = described(events)
    assert (found["ConnectionState"], found["StateReason"], found["AuthParameters"]) == ("DELETING", reason, {})
    assert "SecretArn" not in found


def test_what_comes_later_wins(eb: EventBridge, events: Any) -> None:
    """An authorization that was overtaken by another call changes nothing any more."""
    create_oauth(events)
    events.update_connection(Name="crm", Description="keeps authorizing")
    events.deauthorize_connection(Name="crm")
    events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
    eb.clock.advance(minutes=1)
    assert state(events) == "AUTHORIZED"
    events.delete_connection(Name="crm")
    eb.clock.advance(seconds=1)
    create_oauth(events)
    assert state(events) == "AUTHORIZING"


def test_each_authorization_has_its_time(eb: EventBridge, events: Any) -> None:
    """New parameters begin a new one, and the end of the old one is not its end."""
    create_oauth(events)
    eb.clock.advance(milliseconds=500)
    events.update_connection(Name="crm", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=OAUTH)
    eb.clock.advance(milliseconds=999)
    assert state(events) == "AUTHORIZING"
    eb.clock.advance(milliseconds=1)
    assert state(events) == "AUTHORIZED"


def test_a_deleted_connection_is_not_authorized(eb: EventBridge, events: Any) -> None:
    """The authorization under way ends without effect, and the deletion takes its time."""
    create_oauth(events)
    eb.clock.advance(milliseconds=500)
    events.delete_connection(Name="crm")
    eb.clock.advance(milliseconds=999)
    assert state(events) == "DELETING"
    eb.clock.advance(milliseconds=1)
    assert events.list_connections()["Connections"] == []


def test_a_description_does_not_stop_an_authorization(eb: EventBridge, events: Any) -> None:
    """The timer goes on with the connection as it then is."""
    create_oauth(events)
    events.update_connection(Name="crm", Description="new")
    eb.clock.advance(seconds=1)
    assert (state(events), described(events)["Description"]) == ("AUTHORIZED", "new")


def test_times(eb: EventBridge, events: Any) -> None:
    """A description changes the modification time, parameters the authorization time too; times are whole seconds."""
    eb.clock.advance(milliseconds=1500)
    create(events)
    eb.clock.advance(hours=1)
    events.update_connection(Name="crm", Description="new")
    found = described(events)
    passed = [
        (found[name] - found["CreationTime"]).total_seconds() for name in ("LastModifiedTime", "LastAuthorizedTime")
    ]
    assert (passed, found["CreationTime"].microsecond) == ([3600, 0], 0)
    events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
    assert described(events)["LastAuthorizedTime"] == found["LastModifiedTime"]


NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def test_an_oauth_connection_that_was_never_authorized(eb: EventBridge, events: Any) -> None:
    """LastAuthorizedTime is the beginning of 1970 wherever it is shown (captured), until a token was fetched."""
    create_oauth(events)
    assert described(events)["LastAuthorizedTime"] == NEVER
    assert events.list_connections()["Connections"][0]["LastAuthorizedTime"] == NEVER
    change = {"OAuthParameters": {"HttpMethod": "GET"}}
    kind = "OAUTH_CLIENT_CREDENTIALS"
    updated = events.update_connection(Name="crm", AuthorizationType=kind, AuthParameters=change)
    assert updated["LastAuthorizedTime"] == NEVER
    assert events.delete_connection(Name="crm")["LastAuthorizedTime"] == NEVER


def test_answers_have_the_time_from_before_the_call(eb: EventBridge, events: Any) -> None:
    """LastModifiedTime in an answer is that of before; Describe has the new one at once (captured)."""
    created = create(events)["LastModifiedTime"]
    before = created
    calls: list[Any] = [
        lambda: events.deauthorize_connection(Name="crm"),
        lambda: events.deauthorize_connection(Name="crm"),
        lambda: events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC),
        lambda: events.delete_connection(Name="crm"),
    ]
    for call in calls:
        eb.clock.advance(minutes=1)
        answer = call()
        assert answer["LastModifiedTime"] == before
        before = described(events)["LastModifiedTime"]
        assert before == eb.clock.now
    assert answer["LastAuthorizedTime"] == created + timedelta(minutes=3)


def test_a_description_alone_answers_the_new_time(eb: EventBridge, events: Any) -> None:
    """As captured; the secret is not touched."""
    create(events)
    eb.clock.advance(minutes=1)
    answer = events.update_connection(Name="crm", Description="new")
    assert answer["LastModifiedTime"] == described(events)["LastModifiedTime"] == eb.clock.now


# tokens


def test_a_callable_gives_the_token(eb: EventBridge, events: Any) -> None:
    """Connected to the endpoint's URL it is asked when the connection is authorized."""
    asked = eb.connect(TOKEN_URL, lambda request: (200, {}, {"access_token": "t"}))
    create_oauth(events)
    assert len(asked) == 0
    eb.clock.advance(seconds=1)
    assert (state(events), asked.calls.one().event.method) == ("AUTHORIZED", "POST")


@pytest.mark.parametrize("answer", [403, (200, {}, "{}"), (200, {}, "no JSON"), 503])
def test_a_refused_token_deauthorizes(eb: EventBridge, events: Any, answer: Any) -> None:
    """The reason can be read; another try is an update with the parameters."""
    answers = [answer, (200, {}, {"access_token": "t"})]
    eb.connect(TOKEN_URL, lambda request: answers.pop(0))
    create_oauth(events)
    eb.clock.advance(seconds=1)
    found = described(events)
    assert found["ConnectionState"] == "DEAUTHORIZED"
    assert found["StateReason"].startswith("Failed to authorize the connection: the authorization endpoint answered")
    events.update_connection(Name="crm", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=OAUTH)
    eb.clock.advance(seconds=1)
    assert state(events) == "AUTHORIZED"


def test_a_callable_that_raises_deauthorizes(eb: EventBridge, events: Any) -> None:
    """Its error is named in the reason and kept on its spy."""
    spy = eb.connect("crm", lambda request: 1 / 0)
    create_oauth(events)
    eb.clock.advance(seconds=1)
    assert "ZeroDivisionError" in described(events)["StateReason"]
    assert isinstance(spy.calls.one().raised, ZeroDivisionError)


def test_a_callable_may_use_the_mock() -> None:
    """It is asked without a lock being held, and what it does to the connection counts."""
    with mock_eventbridge() as eb:
        events = client("events")

        def authorize(request: Any) -> Any:
            events.update_connection(Name="crm", Description="by the callable")
            return 200, {}, {"access_token": "t"}

        eb.connect(TOKEN_URL, authorize)
        create_oauth(events)
        assert described(events)["Description"] == "by the callable"


# secrets


def test_the_secret_is_kept_inside(eb: EventBridge, events: Any) -> None:
    """Without a Secrets Manager the handle tells it; partial updates merge into it."""
    headers = [{"Key": "h", "Value": "v"}]
    create(events, {**BASIC, "InvocationHttpParameters": {"HeaderParameters": headers}})
    kept = {"header_parameters": [{"key": "h", "value": "v", "is_value_secret": False}]}
    assert eb.secret("crm") == {"username": "user", "password": SECRET, "invocation_http_parameters": kept}
    new = {"BasicAuthParameters": {"Username": "other"}}
    events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=new)
    assert eb.secret("crm") == {"username": "other", "password": SECRET, "invocation_http_parameters": kept}
    with pytest.raises(UsageError, match="no such connection"):
        eb.secret("none")


def test_oauth_updates_merge(eb: EventBridge, events: Any) -> None:
    """Structures merge member by member; lists are replaced."""
    added = {"BodyParameters": [{"Key": "grant_type", "Value": "client_credentials"}]}
    create_oauth(events)
    kind = "OAUTH_CLIENT_CREDENTIALS"
    for change in (
        {"OAuthHttpParameters": added},
        {"ClientParameters": {"ClientSecret": "new"}},
        {"HttpMethod": "GET"},
    ):
        events.update_connection(Name="crm", AuthorizationType=kind, AuthParameters={"OAuthParameters": change})
    assert eb.secret("crm") == {
        "client_id": "id",
        "client_secret": "new",
        "authorization_endpoint": TOKEN_URL,
        "http_method": "GET",
        "oauth_http_parameters": {
            "body_parameters": [{"key": "grant_type", "value": "client_credentials", "is_value_secret": False}]
        },
    }


def test_the_secret_is_in_moto() -> None:
    """Made, versioned and deleted with the connection, in the caller's account and Region."""
    with mock_aws(), mock_eventbridge() as eb:
        events, secrets = client("events"), client("secretsmanager")
        create(events, KmsKeyIdentifier="alias/k")
        arn = described(events)["SecretArn"]
        first = secrets.get_secret_value(SecretId=arn)
        assert json.loads(first["SecretString"]) == eb.secret("crm")
        about = secrets.describe_secret(SecretId=arn)
        assert (about["OwningService"], about["KmsKeyId"]) == ("events", "alias/k")
        events.update_connection(Name="crm", Description="no new version")
        assert secrets.get_secret_value(SecretId=arn)["VersionId"] == first["VersionId"]
        new = {"BasicAuthParameters": {"Password": "new"}}
        events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=new)
        second = secrets.get_secret_value(SecretId=arn)
        assert (second["VersionId"] != first["VersionId"], json.loads(second["SecretString"])["password"]) == (
            True,
            "new",
        )
        events.deauthorize_connection(Name="crm")
        assert secrets.list_secrets()["SecretList"] == []
        events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
        renewed = described(events)["SecretArn"]
        assert renewed != arn
        events.delete_connection(Name="crm")
        with pytest.raises(ClientError):
            secrets.describe_secret(SecretId=renewed)


def test_moto_may_come_and_go() -> None:
    """A secret that was made inside is no trouble for a Secrets Manager that comes later."""
    with mock_eventbridge():
        events = client("events")
        create(events)
        with mock_aws():
            events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC)
            events.delete_connection(Name="crm")


def test_a_secret_manager_that_refuses_leaves_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has changed when the secret could not be made."""
    with mock_aws(), mock_eventbridge():
        events = client("events")
        with monkeypatch.context() as patch:
            patch.setattr("eventbridge_local.operations.connections._OWNER", {"Key": 1})
            with pytest.raises(Exception, match="Key"):
                create(events)
        assert events.list_connections()["Connections"] == []


def test_no_answer_and_no_repr_tells_a_secret(eb: EventBridge, events: Any) -> None:
    """Neither what the API answers nor how the records print holds a secret value."""
    added = {"HeaderParameters": [{"Key": "h", "Value": SECRET, "IsValueSecret": True}]}
    answers: list[Any] = [
        create(events, {**BASIC, "InvocationHttpParameters": added}),
        described(events),
        events.list_connections(),
        events.update_connection(Name="crm", AuthorizationType="BASIC", AuthParameters=BASIC),
        events.deauthorize_connection(Name="crm"),
        events.update_connection(Name="crm", AuthorizationType="OAUTH_CLIENT_CREDENTIALS", AuthParameters=OAUTH),
        described(events),
        events.delete_connection(Name="crm"),
    ]
    scope = eb.service.store.scope("123456789012", "us-east-1")
    assert SECRET not in repr(answers)
    assert SECRET not in repr(scope.connections)
    assert len(scope.connections) == 1
    with pytest.raises(ClientError):
        create(events)
    assert SECRET not in repr(eb.journal.records)
    assert repr(eb.journal.records).count("***") == 5
    assert eb.calls[-1].params["AuthParameters"] == BASIC
