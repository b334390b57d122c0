"""The request that an API destination makes of an event. Pure: records and texts in, a request out.

Sources: User Guide, pages "API destinations" and "Connections"; the API model for who wins ("values from the
Connection taking precedence").
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from eventbridge_local.state.connections import ApiDestination, Connection
from eventbridge_local.targets.handover import HttpRequest
from eventbridge_local.targets.http.headers import FIXED, REMOVED_FOR_DESTINATIONS, Headers, allowed, wire
from eventbridge_local.targets.http.urls import request_url
from eventbridge_local.transforms import resolve_dynamic

Pairs = Iterator[tuple[str, str]]


def build(
    destination: ApiDestination,
    connection: Connection,
    token: str | None,
    parameters: Mapping[str, Any],
    payload: str,
    event: Mapping[str, Any],
) -> HttpRequest:
    """The request for one event.

    Args:
        token: the access token of an OAuth connection, None for the other types.
        parameters: HttpParameters of the target.
        payload: the text that the target's input made of the event.
        event: the original event, parsed; dynamic parameters are resolved on it.
    """
    own: Mapping[str, Any] = resolve_dynamic(parameters, event)
    added: Mapping[str, Any] = connection.auth.get("InvocationHttpParameters", {})
    query = own.get("QueryStringParameters", {}) | dict(pairs_of(added, "QueryStringParameters"))
    url = request_url(destination.endpoint, own.get("PathParameterValues", ()), query)
    body = with_members(payload, dict(pairs_of(added, "BodyParameters")))
    configured = [*own.get("HeaderParameters", {}).items(), *pairs_of(added, "HeaderParameters")]
    authorization = list(_authorization(connection, token))
    headers = [
        ("Host", urlsplit(url).netloc),
        ("Content-Type", "application/json; charset=utf-8"),
        ("Accept-Encoding", "gzip,deflate"),
        *allowed(configured, REMOVED_FOR_DESTINATIONS),
        *authorization,
        *FIXED.items(),
        ("Connection", "close"),
        ("Content-Length", str(len(wire(body)))),
    ]
    hidden = [name for name, _ in authorization] + secret_names(added, "HeaderParameters")
    return HttpRequest(destination.method, url, Headers(headers, hidden), body)


def _authorization(connection: Connection, token: str | None) -> Pairs:
    given = connection.credentials
    if connection.authorization_type == "BASIC":
        yield "Authorization", basic(given.get("Username", ""), given.get("Password", ""))
    elif connection.authorization_type == "API_KEY":
        yield given.get("ApiKeyName", ""), given.get("ApiKeyValue", "")
    elif token is not None:
        yield "Authorization", f"Bearer {token}"


def basic(username: str, password: str) -> str:
    """The value of an Authorization header of the Basic scheme."""
    return "Basic " + base64.b64encode(wire(f"{username}:{password}")).decode()


def pairs_of(parameters: Mapping[str, Any], member: str) -> Pairs:
    """Names and values of a list such as HeaderParameters; one without a key says nothing."""
    return ((one["Key"], one.get("Value", "")) for one in parameters.get(member, ()) if "Key" in one)


def secret_names(parameters: Mapping[str, Any], member: str) -> list[str]:
    """Names whose values the user marked as secret."""
    return [one["Key"] for one in parameters.get(member, ()) if one.get("IsValueSecret") and "Key" in one]


def with_members(payload: str, members: Mapping[str, str]) -> str:
    """The body with a connection's body parameters in it; only a JSON object can take them.

    The payload's own text stays as it is unless a member of the same name has to give way.
    """
    if not members:
        return payload
    try:
        parsed = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(parsed, dict):
        return payload
    if parsed.keys() & members.keys():
        return json.dumps({**parsed, **members}, ensure_ascii=False, separators=(",", ":"))
    text = payload.rstrip()[:-1].rstrip()
    more = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:]
    return f"{text}{',' if parsed else ''}{more}"
