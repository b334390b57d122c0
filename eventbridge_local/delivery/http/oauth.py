"""Access tokens of OAuth connections: the request for one, the answer, and how long it serves.

AWS sends what the connection says: client id and secret and the connection's own OAuth parameters. It adds no
``grant_type``; AWS's tutorials tell users to configure it as a body parameter. Whether id and secret travel in the body
or in a header is not published; here they are members of the body, or of the query string for GET.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from eventbridge_local.delivery.http.requests import (
    FIXED,
    REMOVED_FOR_DESTINATIONS,
    Headers,
    allowed,
    pairs_of,
    request_url,
    secret_names,
    secret_values,
    wire,
)
from eventbridge_local.delivery.http.sender import HttpResponse
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.rare_records import Connection

_FORM = "application/x-www-form-urlencoded; charset=utf-8"
#: A token is renewed when it has less than this to live (facts 7.9).
_MARGIN = timedelta(seconds=60)
_SECONDS_OF_A_CENTURY = 3_155_760_000

#: Sends a token request; None when nothing answers for that endpoint here.
Ask = Callable[[Connection, HttpRequest], HttpResponse | None]


class OAuthToken(NamedTuple):
    """An access token; ``lifetime`` in seconds, None when the server did not say."""

    value: str
    lifetime: float | None


@dataclass(frozen=True, slots=True)
class _Kept:
    value: str = field(repr=False)
    auth: Mapping[str, Any] = field(repr=False)
    until: datetime | None


def token_request(connection: Connection) -> HttpRequest:
    """Return the request for an access token, as the connection's OAuthParameters describe it."""
    given = connection.credentials
    client = given.get("ClientParameters", {})
    added = given.get("OAuthHttpParameters", {})
    members = {"client_id": client.get("ClientID", ""), "client_secret": client.get("ClientSecret", "")}
    members |= dict(pairs_of(added, "BodyParameters"))
    query = dict(pairs_of(added, "QueryStringParameters"))
    method = given.get("HttpMethod", "POST").upper()
    if method == "GET":
        query, members = members | query, {}
    headers = Headers(
        [("Content-Type", _FORM), *allowed(pairs_of(added, "HeaderParameters"), REMOVED_FOR_DESTINATIONS)],
    )
    url = request_url(given.get("AuthorizationEndpoint", ""), (), query)
    as_json = headers["Content-Type"].lower().startswith("application/json")
    body = "" if method == "GET" else json.dumps(members) if as_json else urlencode(members, errors="replace")
    fixed = {"Host": urlsplit(url).netloc, **FIXED, "Connection": "close", "Content-Length": str(len(wire(body)))}
    hidden, texts = secret_names(added, "HeaderParameters"), [client.get("ClientSecret", ""), *secret_values(added)]
    return HttpRequest(method, url, Headers([*headers.items(), *fixed.items()], hidden, texts), body)


def read_token(response: HttpResponse) -> OAuthToken:
    """Return the token in a server's answer.

    Raises:
        AttemptFailed: another status than 2xx, or an answer without a token. It is retried: the server may recover.
    """
    if not 200 <= response.status < 300:
        raise _refused(f"the authorization endpoint answered with status code {response.status}.")
    try:
        answer = json.loads(response.body)
        value, lifetime = answer["access_token"], answer.get("expires_in")
        return OAuthToken(str(value), None if lifetime is None else _seconds(lifetime))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise _refused("the authorization endpoint answered without an access_token.") from None


def _seconds(lifetime: Any) -> float:
    """Return a lifetime within what a calendar can hold. Raises ValueError for one that is not a number."""
    seconds = float(lifetime)
    if math.isnan(seconds):
        raise ValueError("not a number")
    return max(0.0, min(seconds, _SECONDS_OF_A_CENTURY))


def _refused(reason: str) -> AttemptFailed:
    return AttemptFailed("SDK_CLIENT_ERROR", f"Failed to authorize the connection: {reason}", retry=True)


class OAuthTokens:
    """The tokens of one mock, by connection, each kept as long as it serves on the mock's clock.

    Args:
        ask: fetches; where it returns None nothing serves the endpoint here, and the token is made up.
    """

    def __init__(self, clock: Clock, ask: Ask) -> None:
        self._clock = clock
        self._ask = ask
        self._kept: dict[str, _Kept] = {}

    def value(self, connection: Connection) -> str:
        """Return the token to send now. It is fetched when there is none, or when it is about to expire.

        Raises:
            AttemptFailed: the authorization endpoint gives none.
        """
        kept = self._kept.get(connection.arn)
        if kept is None or kept.auth is not connection.auth or self._is_old(kept):
            kept = self._kept[connection.arn] = self._fetch(connection)
        return kept.value

    def forget(self, connection: Connection) -> None:
        """Fetch anew next time: the endpoint refused the token, or the connection is to be authorized again."""
        self._kept.pop(connection.arn, None)

    def _is_old(self, kept: _Kept) -> bool:
        return kept.until is not None and self._clock.now >= kept.until

    def _fetch(self, connection: Connection) -> _Kept:
        response = self._ask(connection, token_request(connection))
        if response is None:
            return _Kept(f"token-of-{connection.name}", connection.auth, None)
        token = read_token(response)
        lifetime = None if token.lifetime is None else timedelta(seconds=token.lifetime) - _MARGIN
        return _Kept(token.value, connection.auth, None if lifetime is None else self._clock.now + lifetime)
