"""Connections and API destinations, and the text of the secret that a connection keeps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eventbridge_local.state.world import Place

#: States in which a connection's credentials may be used: public and private APIs (User Guide, connection states).
USABLE = ("AUTHORIZED", "ACTIVE")

#: Which member of AuthParameters belongs to an authorization type.
AUTH_MEMBERS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as DescribeConnection shows it, with what is secret about it.

    ``auth`` is AuthParameters as the request had them, secrets included, and therefore no part of the repr; it is
    empty once the connection was deauthorized. ``private`` and ``oauth_private`` are the resource parameters of a
    private API and of a private authorization endpoint.
    """

    name: str
    arn: str
    created: datetime
    modified: datetime
    authorized: datetime
    state: str
    authorization_type: str
    auth: Mapping[str, Any] = field(repr=False)
    secret_arn: str | None = None
    reason: str | None = None
    description: str | None = None
    kms_key: str | None = None
    private: Mapping[str, str] | None = None
    oauth_private: Mapping[str, str] | None = None

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The parameters of its authorization type, empty when it was deauthorized."""
        found: Mapping[str, Any] = self.auth.get(AUTH_MEMBERS[self.authorization_type], {})
        return found


@dataclass(frozen=True, slots=True)
class ApiDestination:
    """An API destination as DescribeApiDestination shows it; its state is that of its connection."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    description: str | None = None


def connection_of(place: Place, arn: str) -> Connection | None:
    """The connection of that ARN. One that was deleted and made anew has another ARN, so it is not found."""
    name = arn.rpartition(":")[2].removeprefix("connection/").partition("/")[0]
    found = place.connections.get(name)
    return found if found is not None and found.arn == arn else None


def is_active(place: Place, destination: ApiDestination) -> bool:
    """Whether a destination may be invoked: its connection exists and is authorized."""
    connection = connection_of(place, destination.connection_arn)
    return connection is not None and connection.state in USABLE


def secret_document(connection: Connection) -> dict[str, Any]:
    """What the secret of a connection holds, keys spelled and ordered as AWS does (recorded)."""
    document = {}
    for name, *path in _SECRET_MEMBERS[connection.authorization_type]:
        value: Any = connection.credentials
        for step in path:
            value = value.get(step) if value else None
        if value is not None:
            document[name] = _snake(value)
    if "InvocationHttpParameters" in connection.auth:
        document["invocation_http_parameters"] = _snake(connection.auth["InvocationHttpParameters"])
    return document


#: Key in the secret, and where its value stands in the parameters of the authorization type.
_SECRET_MEMBERS = {
    "BASIC": (("username", "Username"), ("password", "Password")),
    "API_KEY": (("api_key_name", "ApiKeyName"), ("api_key_value", "ApiKeyValue")),
    "OAUTH_CLIENT_CREDENTIALS": (
        ("client_id", "ClientParameters", "ClientID"),
        ("client_secret", "ClientParameters", "ClientSecret"),
        ("authorization_endpoint", "AuthorizationEndpoint"),
        ("http_method", "HttpMethod"),
        ("oauth_http_parameters", "OAuthHttpParameters"),
    ),
}


def _snake(value: Any) -> Any:
    """HTTP parameters with snake_case keys."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): _snake(inner) for name, inner in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value
