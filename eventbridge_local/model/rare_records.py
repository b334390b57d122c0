"""The records of the control plane that few tests have, imported when one of them is made.

They are those of connections, API destinations, global endpoints and partner event sources. They never change:
``_replace`` makes a new record.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from eventbridge_local.model.arn import parse_arn

# connections and API destinations


#: Which member of AuthParameters belongs to an authorization type.
AUTH_MEMBERS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


class Connection(NamedTuple):
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
    auth: Mapping[str, Any]
    secret_arn: str | None = None
    reason: str | None = None
    description: str | None = None
    kms_key: str | None = None
    private: Mapping[str, str] | None = None
    oauth_private: Mapping[str, str] | None = None

    def __repr__(self) -> str:
        return f"Connection(name={self.name!r}, arn={self.arn!r}, state={self.state!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Connection, tuple(self._replace(auth={}))  # what leaves the process has no secrets

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The parameters of its authorization type, empty when it was deauthorized."""
        found: Mapping[str, Any] = self.auth.get(AUTH_MEMBERS[self.authorization_type], {})
        return found


class ApiDestination(NamedTuple):
    """An API destination as DescribeApiDestination shows it.

    ``active`` follows the state of its connection. ``connection_arn`` is empty once the connection was deleted while
    the destination was active.
    """

    name: str
    arn: str
    created: datetime
    modified: datetime
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    description: str | None = None
    active: bool = True


def secret_document(connection: Connection) -> dict[str, Any]:
    """Return what the secret of a connection holds, keys spelled and ordered as AWS does (recorded, facts 10.3)."""
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


#: The lists of HTTP parameters in the order of a secret; what else there is stands before them as it was given.
_SECRET_LISTS = ("HeaderParameters", "QueryStringParameters", "BodyParameters")


def _snake(value: Any) -> Any:
    """Return HTTP parameters with snake_case keys, their lists in the order of AWS (captured)."""
    if isinstance(value, Mapping):
        names = sorted(value, key=lambda name: _SECRET_LISTS.index(name) if name in _SECRET_LISTS else -1)
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): _snake(value[name]) for name in names}
    return [_snake(item) for item in value] if isinstance(value, list) else value


# global endpoints: one name in front of two buses in two Regions


EndpointState = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING"]
Side = Literal["primary", "secondary"]


class Endpoint(NamedTuple):
    """A global endpoint; ``settings`` holds the members of CreateEndpoint as they were given.

    ``active`` is where its events go: the secondary Region while the test simulates an unhealthy primary.
    """

    name: str
    arn: str
    id: str
    url: str
    created: datetime
    modified: datetime
    state: EndpointState
    settings: Mapping[str, Any]
    active: Side = "primary"

    @property
    def buses(self) -> tuple[str, str]:
        """The ARNs of its buses, the one of the primary Region first."""
        first, second = (bus["EventBusArn"] for bus in self.settings["EventBuses"])
        return (second, first) if _region(first) == self.secondary_region else (first, second)

    @property
    def secondary_region(self) -> str:
        route: str = self.settings["RoutingConfig"]["FailoverConfig"]["Secondary"]["Route"]
        return route

    @property
    def bus_name(self) -> str:
        """The name both buses have."""
        arn = parse_arn(self.buses[0])
        return "" if arn is None else arn.resource.removeprefix("event-bus/")

    @property
    def active_region(self) -> str:
        """The Region that events go to at this moment."""
        return self.secondary_region if self.active == "secondary" else _region(self.buses[0])

    @property
    def replicates(self) -> bool:
        """Whether what arrives in one Region is copied to the other."""
        return bool(self.settings["ReplicationConfig"].get("State", "ENABLED") == "ENABLED")


def _region(bus_arn: str) -> str:
    arn = parse_arn(bus_arn)
    return "" if arn is None else arn.region


# partner event sources, as the partner's account and the customer's account see them


EventSourceState = Literal["PENDING", "ACTIVE", "DELETED"]

#: How long a source waits for its bus before it is deleted (API reference, CreatePartnerEventSource).
PENDING_FOR = timedelta(weeks=2)


class EventSource(NamedTuple):
    """A partner event source offered to one customer account; it is stored in the Scope of that account.

    ``partner`` is the account that made it; ``customer`` the one it is for. ``expires`` is None unless it is PENDING.
    """

    name: str
    arn: str
    partner: str
    customer: str
    created: datetime
    expires: datetime | None
    state: EventSourceState = "PENDING"

    @property
    def created_by(self) -> str:
        """The partner's name: the second part of ``aws.partner/PARTNER/...``."""
        return self.name.split("/")[1]
