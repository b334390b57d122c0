"""The requests that API destinations and API Gateway make of an event. Pure: records and texts in, a request out.

Sources: User Guide, pages "API destinations" and "Connections"; the API model for who wins ("values from the
Connection taking precedence").
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit, urlunsplit

from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest, PendingDelivery
from eventbridge_local.json_text import decoded
from eventbridge_local.model.arn import Arn, domain_of
from eventbridge_local.model.rare_records import ApiDestination, Connection
from eventbridge_local.transforms import resolve_dynamic

Pairs = Iterator[tuple[str, str]]

#: What ends a header line or a text in HTTP (RFC 9110, 5.5). PutTargets accepts it, and events may bring it.
_LINE_ENDS = re.compile(r"[\r\n\0]")


def check_http_parameters(pending: PendingDelivery) -> None:
    """Refuse a delivery whose HttpParameters make a header that no HTTP request can have.

    Raises:
        AttemptFailed: INVALID_PARAMETER; what AWS does then is not recorded (judgement).
    """
    headers = pending.params.get("HttpParameters", {}).get("HeaderParameters")
    for name, value in resolve_dynamic(headers, pending.event.envelope).items() if headers else ():
        if _LINE_ENDS.search(value):
            raise AttemptFailed("INVALID_PARAMETER", f"The value of header {name} contains a line break or a NUL.")


def build(
    destination: ApiDestination,
    connection: Connection,
    token: str | None,
    parameters: Mapping[str, Any],
    payload: str,
    event: Mapping[str, Any],
) -> HttpRequest:
    """Return the request for one event.

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
    return HttpRequest(destination.method, url, Headers(headers, hidden, secret_values(added)), body)


def _authorization(connection: Connection, token: str | None) -> Pairs:
    given = connection.credentials
    if connection.authorization_type == "BASIC":
        yield "Authorization", basic(given.get("Username", ""), given.get("Password", ""))
    elif connection.authorization_type == "API_KEY":
        yield given.get("ApiKeyName", ""), given.get("ApiKeyValue", "")
    elif token is not None:
        yield "Authorization", f"Bearer {token}"


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header of the Basic scheme."""
    return "Basic " + base64.b64encode(wire(f"{username}:{password}")).decode()


def pairs_of(parameters: Mapping[str, Any], member: str) -> Pairs:
    """Return the names and values of a list such as HeaderParameters, less those without a key."""
    return ((one["Key"], one.get("Value", "")) for one in parameters.get(member, ()) if "Key" in one)


def secret_names(parameters: Mapping[str, Any], member: str) -> list[str]:
    """Return the names whose values the user marked as secret."""
    return [one["Key"] for one in parameters.get(member, ()) if one.get("IsValueSecret") and "Key" in one]


def secret_values(parameters: Mapping[str, Any]) -> list[str]:
    """Return the values that the user marked as secret and that stand in the URL or in the body."""
    pairs = (one for member in ("QueryStringParameters", "BodyParameters") for one in parameters.get(member, ()))
    return [str(one.get("Value", "")) for one in pairs if one.get("IsValueSecret")]


def with_members(payload: str, members: Mapping[str, str]) -> str:
    """Return the body with a connection's body parameters in it. Only a JSON object can take them.

    The payload's own text stays as it is unless a member of the same name has to give way.
    """
    if not members:
        return payload
    try:
        parsed = decoded(payload)
    except ValueError:
        return payload
    if not isinstance(parsed, dict):
        return payload
    if parsed.keys() & members.keys():
        return json.dumps({**parsed, **members}, ensure_ascii=False, separators=(",", ":"))
    text = payload.rstrip()[:-1].rstrip()
    more = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:]
    return f"{text}{',' if parsed else ''}{more}"


# The request that a rule sends to a stage of API Gateway.
#
# Sources: User Guide, page "API Gateway targets"; the headers and the slash at the end of the path are recorded.


def build_for_gateway(pending: PendingDelivery) -> HttpRequest:
    """Return the request for one event and a target ``arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/PATH``."""
    configured = pending.params.get("HttpParameters")
    own: Mapping[str, Any] = resolve_dynamic(configured, pending.event.envelope) if configured else {}
    method, endpoint = _endpoint(pending.arn)
    url = request_url(endpoint, own.get("PathParameterValues", ()), own.get("QueryStringParameters", {}))
    body = pending.payload
    headers = [
        ("Host", urlsplit(url).netloc),
        ("Content-Type", "application/json"),
        *allowed(own.get("HeaderParameters", {}).items(), REMOVED_FOR_GATEWAYS),
        ("X-Amz-Source-Arn", pending.rule.arn),
        ("X-Amz-Source-Account", pending.account),
        ("Content-Length", str(len(wire(body)))),
    ]
    if pending.event.trace_header:
        headers.append(("X-Amzn-Trace-Id", pending.event.trace_header))
    return HttpRequest(method, url, Headers(headers), body)


def _endpoint(arn: Arn) -> tuple[str, str]:
    """Return method and URL with its wildcards. For the method ``*`` EventBridge has to choose one; we say POST."""
    api, stage, method, path = (*arn.resource.split("/", 3), "", "", "")[:4]
    domain = domain_of(arn.partition)
    ending = "" if path.endswith("/") or not path else "/"
    url = f"https://{api}.execute-api.{arn.region}.{domain}/{stage}/{path}{ending}"
    return (method if method not in ("", "*") else "POST"), url


# Headers of the requests EventBridge sends: which it sets, which it removes, and who wins.


#: Headers an API destination always gets and nobody can override (facts 7.8).
FIXED = {"User-Agent": "Amazon/EventBridge/ApiDestinations", "Range": "bytes=0-1048575"}

_NOT_FOR_DESTINATIONS = """
    A-IM Accept-Charset Accept-Datetime Accept-Encoding Cache-Control Connection Content-Encoding Content-Length
    Content-MD5 Date Expect Forwarded From Host HTTP2-Settings If-Match If-Modified-Since If-None-Match If-Range
    If-Unmodified-Since Max-Forwards Origin Pragma Proxy-Authorization Range Referer TE Trailer Transfer-Encoding
    User-Agent Upgrade Via Warning
"""
_NOT_FOR_GATEWAYS = """
    Authorization Connection Content-Encoding Content-Length Host Max-Forwards TE Transfer-Encoding Trailer Upgrade Via
    WWW-Authenticate X-Forwarded-For
"""

#: Headers that EventBridge takes out of what users configure for an API destination (same page).
REMOVED_FOR_DESTINATIONS = frozenset(_NOT_FOR_DESTINATIONS.lower().split())
#: Headers that a rule may not set on API Gateway (facts 6.10), besides all that begin as below.
REMOVED_FOR_GATEWAYS = frozenset(_NOT_FOR_GATEWAYS.lower().split())
_REMOVED_PREFIXES = ("x-amz",)

_MASK = "***"


class Headers(Mapping[str, str]):
    """Headers as they are sent: the spelling is kept, a look-up minds no case, and the repr hides secrets.

    Args:
        items: names and values; a later one replaces an earlier one of the same name in any case.
        secret: names whose values the repr hides; ``Authorization`` is hidden always.
        texts: secrets that may be in the URL or in the body.
    """

    __slots__ = ("_items", "_secret", "_texts")

    def __init__(
        self, items: Iterable[tuple[str, str]] = (), secret: Iterable[str] = (), texts: Iterable[str] = ()
    ) -> None:
        self._items: dict[str, tuple[str, str]] = {}
        for name, value in items:
            self._items[name.lower()] = (name, value)
        self._secret = frozenset(("authorization", *(name.lower() for name in secret)))
        self._texts = tuple(filter(None, texts))

    def __getitem__(self, name: str) -> str:
        return self._items[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._items

    def masked(self, text: str) -> str:
        """Return the URL or the body of the request with its secrets hidden, in each form that they may have."""
        for secret in self._texts:
            in_json = {json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
            for form in (secret, quote(secret, safe=""), quote(secret), quote_plus(secret), *in_json):
                text = text.replace(form, _MASK)
        return text

    def _masked_items(self) -> dict[str, str]:
        return {name: _MASK if key in self._secret else value for key, (name, value) in self._items.items()}

    def __repr__(self) -> str:
        return repr(self._masked_items())

    def __reduce__(self) -> tuple[Any, ...]:
        return Headers, (tuple(self._masked_items().items()), tuple(self._secret))  # what leaves the process is masked

    def __copy__(self) -> Headers:
        return self

    def __deepcopy__(self, memo: Any) -> Headers:
        return self


def wire(text: str) -> bytes:
    """Return text as it is sent: UTF-8. Half a surrogate pair, which JSON can spell and UTF-8 cannot, becomes ``?``."""
    return text.encode("utf-8", "replace")


def allowed(items: Iterable[tuple[str, str]], removed: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the configured headers that an API destination or, with the other set, API Gateway gets."""
    gateway = removed is REMOVED_FOR_GATEWAYS
    for name, value in items:
        lower = name.lower()
        if lower not in removed and not (gateway and lower.startswith(_REMOVED_PREFIXES)):
            yield name, value


# URLs of requests: the wildcards of an endpoint's path, and its query string.


def fill_path(path: str, values: Iterable[str]) -> str:
    """Replace each ``*`` by the next value, percent-encoded; what has no value keeps its ``*``.

    >>> fill_path("/orders/*/items/*", ["7", "a b"])
    '/orders/7/items/a%20b'
    """
    first, *rest = path.split("*")
    left = iter(values)
    filled = first
    for part in rest:
        value = next(left, None)
        filled += ("*" if value is None else _quoted(value)) + part
    return filled


def with_query(url: str, query: Mapping[str, str]) -> str:
    """Return a URL with more parameters in its query string. One that the URL has already is replaced.

    >>> with_query("https://a.example/x?k=1&l=2", {"k": "3"})
    'https://a.example/x?l=2&k=3'
    """
    if not query:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in query]
    text = "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in [*kept, *query.items()])
    return urlunsplit(parts._replace(query=text))


def request_url(endpoint: str, path_values: Iterable[str], query: Mapping[str, str]) -> str:
    """Return the URL to call: the endpoint with its path filled and its query extended."""
    parts = urlsplit(with_scheme(endpoint))
    return with_query(urlunsplit(parts._replace(path=fill_path(parts.path or "/", path_values))), query)


def with_scheme(endpoint: str) -> str:
    """Return an endpoint as a URL. ``crm.example/events``, without a scheme, is accepted too and means HTTPS."""
    return endpoint if "://" in endpoint else f"https://{endpoint}"


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: ``https://crm.example``."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _quoted(text: str) -> str:
    return quote(text, safe="", errors="replace")
