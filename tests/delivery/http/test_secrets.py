"""Records of a mock that leave the process, as pytest-xdist and caches pickle them, have no secrets in them."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import boto3
import pytest

from eventbridge_local import mock_eventbridge

SECRETS = ("hunter-key", "hunter query&", 'hunter "body"', "hunter-header", "hunter-password")
MARKED = [{"Key": "q", "Value": SECRETS[1], "IsValueSecret": True}]
INVOCATION = {
    "QueryStringParameters": MARKED,
    "BodyParameters": [{"Key": "b", "Value": SECRETS[2], "IsValueSecret": True}],
    "HeaderParameters": [{"Key": "X-H", "Value": SECRETS[3], "IsValueSecret": True}],
}
KINDS: dict[str, dict[str, Any]] = {
    "API_KEY": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Key", "ApiKeyValue": SECRETS[0]}},
    "BASIC": {"BasicAuthParameters": {"Username": "u", "Password": SECRETS[4]}},
    "OAUTH_CLIENT_CREDENTIALS": {
        "OAuthParameters": {
            "ClientParameters": {"ClientID": "id", "ClientSecret": SECRETS[0]},
            "AuthorizationEndpoint": "https://auth.example/token",
            "HttpMethod": "POST",
            "OAuthHttpParameters": INVOCATION,
        }
    },
}


@pytest.mark.parametrize("kind", KINDS)
def test_pickled_records_have_no_secrets(kind: str) -> None:
    with mock_eventbridge() as eb:
        events = boto3.client("events", region_name="us-east-1")
        token = eb.connect("https://auth.example", lambda request: (200, {}, {"access_token": SECRETS[3]}))
        seen: list[Any] = []
        eb.connect("https://crm.example", seen.append)
        auth = {**KINDS[kind], "InvocationHttpParameters": INVOCATION}
        made = events.create_connection(Name="crm", AuthorizationType=kind, AuthParameters=auth)
        arn = events.create_api_destination(
            Name="hook",
            ConnectionArn=made["ConnectionArn"],
            InvocationEndpoint="https://crm.example/",
            HttpMethod="POST",
        )["ApiDestinationArn"]
        role = "arn:aws:iam::123456789012:role/r"
        eb.rule("r", pattern={"source": ["shop"]})
        events.put_targets(Rule="r", Targets=[{"Id": "t", "Arn": arn, "RoleArn": role}])
        eb.put("shop", "Sold", {"n": 1})
        (delivery,) = eb.deliveries
        request = delivery.sent
        assert request is seen[0]
        connection = eb._scope.connections["crm"]
        for each in (delivery, request, connection, *eb.calls, *(call.event for call in token.calls)):
            for text in (pickle.dumps(each).decode("latin-1"), repr(each)):
                assert "hunter" not in text
        for record in eb.journal.records:
            assert pickle.loads(pickle.dumps(record))[0] == record[0]
        again = pickle.loads(pickle.dumps(delivery))
        assert again.number == delivery.number
        assert again.sent.headers["Host"] == "crm.example"
        for copied in (copy.copy(request), copy.deepcopy(delivery).sent):
            assert copied.url == request.url, "copies inside the process stay as they are"
            assert "hunter" in copied.url
