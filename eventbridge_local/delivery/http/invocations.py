"""HTTP targets: API destinations and stages of API Gateway, from the event to the answer.

``Invocations`` is what the rest of delivery calls. The requests are built by pure functions in ``requests`` and
``oauth``; ``sender`` sends them to this machine only and says whether an answer is a failure.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Literal

from eventbridge_local.delivery.forward import NotLocal, Services
from eventbridge_local.delivery.handlers import Handlers, LambdaContext, TargetSpy
from eventbridge_local.delivery.http.oauth import OAuthTokens
from eventbridge_local.delivery.http.requests import Headers, build, build_for_gateway, origin_of
from eventbridge_local.delivery.http.sender import (
    RETRIED_BY_DESTINATIONS,
    RETRIED_BY_GATEWAYS,
    HttpResponse,
    Sender,
    outcome_of,
    response_of,
    unreachable,
)
from eventbridge_local.delivery.kinds.web import graphql_request
from eventbridge_local.delivery.pending import AttemptFailed, HttpRequest, PendingDelivery
from eventbridge_local.delivery.route import api_destination_of, usable_destination
from eventbridge_local.model.rare_records import Connection
from eventbridge_local.model.store import Store

__all__ = ["Headers", "HttpResponse", "Invocations", "Sender", "build", "build_for_gateway", "outcome_of"]

#: HTTP targets that need no connection, by the service of their ARN.
_WITHOUT_CONNECTION: Mapping[str, Callable[[PendingDelivery], HttpRequest]] = {
    "execute-api": build_for_gateway,
    "appsync": graphql_request,
}

#: Statuses after which a token is fetched anew (facts 7.9).
_TOKEN_REFUSED = (401, 407)


class Invocations:
    """Calls HTTP targets for one mock.

    Args:
        handlers: connected callables; one may stand in for a target's ARN, or for a URL or its origin.
        services: says which hosts may be called.
    """

    def __init__(self, store: Store, handlers: Handlers, services: Services, sender: Sender | None = None) -> None:
        self._store = store
        self._handlers = handlers
        self._sender = sender or Sender(services.reaches)
        self._tokens = OAuthTokens(store.clock, self._ask_for_token)
        self._pace = Pace()

    def turn(self, pending: PendingDelivery) -> datetime:
        """Return when an invocation may go, which is now unless its destination's rate limit makes it wait.

        Each call takes a turn. While the clock follows the real one nothing waits, because nothing would move it.
        """
        destination = api_destination_of(self._store, pending)
        if destination is None or not self._store.clock.stepped:
            return pending.at
        return self._pace.turn(destination.arn, destination.rate, pending.at)

    def exchange(
        self, request: HttpRequest, pending: PendingDelivery, spy: TargetSpy | None = None
    ) -> tuple[Literal["delivered", "recorded"], Any]:
        """Hand a request to whoever answers here, and judge the answer.

        Args:
            spy: the callable connected to the target's ARN, if any; it comes first.

        Returns:
            ``recorded`` when nothing serves the request's host here; and what a connected callable returned.

        Raises:
            AttemptFailed: what ``send`` and ``judge`` raise.
            BaseException: what a connected callable raises.
        """
        spy = spy or self._connected_to(request.url)
        if spy is not None:
            result = spy.take(request, LambdaContext(pending.target.arn, pending.new_id()))
            self.judge(pending, result)
            return "delivered", result
        response = self.send(request)
        if response is None:
            return "recorded", None
        self.judge(pending, response)
        return "delivered", None

    def request(self, pending: PendingDelivery) -> HttpRequest:
        """Return the request for one event.

        Raises:
            AttemptFailed: NO_RESOURCE where the destination or its connection is gone, SDK_CLIENT_ERROR where the
                connection is not authorized; and whatever keeps an access token from being fetched.
        """
        written_by = _WITHOUT_CONNECTION.get(pending.arn.service)
        if written_by is not None:
            return written_by(pending)
        destination, connection = usable_destination(self._store, pending)
        oauth = connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS"
        token = self._tokens.value(connection) if oauth else None
        parameters = pending.params.get("HttpParameters", {})
        event = pending.event.envelope if parameters else {}
        return build(destination, connection, token, parameters, pending.payload, event)

    def send(self, request: HttpRequest) -> HttpResponse | None:
        """Send a request to a host of this machine; None when its host is elsewhere, and nothing was sent.

        Raises:
            AttemptFailed: nothing listens there, or there is no answer in time.
        """
        try:
            return self._sender.send(request)
        except NotLocal:
            return None

    def judge(self, pending: PendingDelivery, result: Any) -> HttpResponse:
        """Return the response when it means that the event was delivered.

        Args:
            result: a response, or what a connected callable returned (see ``outcome.response_of``).

        Raises:
            AttemptFailed: any other status than 2xx. A refused token is forgotten; the next attempt fetches one.
        """
        response = response_of(result)
        if pending.arn.service in _WITHOUT_CONNECTION:
            return outcome_of(response, pending.at, RETRIED_BY_GATEWAYS)
        destination = api_destination_of(self._store, pending)
        if response.status in _TOKEN_REFUSED and destination is not None:
            connection = self._store.scope(pending.account, pending.region).connection(destination.connection_arn)
            if connection is not None:
                self._tokens.forget(connection)
        return outcome_of(response, pending.at, RETRIED_BY_DESTINATIONS)

    def authorize(self, connection: Connection) -> None:
        """Fetch a token for an OAuth connection, as AWS does before it calls the connection authorized.

        Raises:
            AttemptFailed: the authorization endpoint gives none.
        """
        try:
            self._tokens.value(connection)
        except AttemptFailed as failed:
            if failed.reason == unreachable().reason:
                raise AttemptFailed(failed.code, "Could not connect to the specified endpoint.") from None  # captured
            raise

    def _ask_for_token(self, connection: Connection, request: HttpRequest) -> HttpResponse | None:
        spy = self._connected_to(request.url) or self._handlers.find(connection.arn)
        if spy is None:
            return self.send(request)
        try:
            result = spy.take(request, LambdaContext(connection.arn, ""))
            return None if result is None else response_of(result)
        except Exception as raised:
            reason = f"Failed to authorize the connection: the callable behind its endpoint raised {raised!r}."
            raise AttemptFailed("SDK_CLIENT_ERROR", reason, retry=True) from raised

    def _connected_to(self, url: str) -> TargetSpy | None:
        return next((spy for name in _names_of_url(url) if (spy := self._handlers.find(name))), None)


def _names_of_url(url: str) -> Iterator[str]:
    """Yield the names under which a callable that answers for a URL may be connected."""
    yield url
    yield url.partition("?")[0]
    yield origin_of(url)


# The rate limit of API destinations: so many invocations a second, and the others wait their turn.


_SECOND = timedelta(seconds=1)


class Pace:
    """Gives every invocation its instant, first come first served.

    Within any second that begins at an invocation there are at most ``rate`` of them.
    """

    def __init__(self) -> None:
        self._turns: dict[str, deque[datetime]] = {}
        self._lock = Lock()  # events are put from several threads

    def turn(self, key: str, rate: int, now: datetime) -> datetime:
        """Reserve the earliest free instant and return it; ``now`` when there is no need to wait.

        Args:
            key: whose limit it is, such as the ARN of a destination.
            rate: invocations per second, from 1.
        """
        with self._lock:
            return _next(self._turns.setdefault(key, deque()), rate, now)


def _next(turns: deque[datetime], rate: int, now: datetime) -> datetime:
    """Return the first instant at which one more may join ``turns``, the latest invocations, and add it to them."""
    while len(turns) > rate:  # the limit was lowered
        turns.popleft()
    due = now
    if len(turns) == rate:
        due = max(now, turns.popleft() + _SECOND)
    if turns:
        due = max(due, turns[-1])
    turns.append(due)
    return due
