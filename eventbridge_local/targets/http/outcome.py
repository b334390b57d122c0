"""What an endpoint's answer means for a delivery: done, again later, or never.

Sources: User Guide, page "API destinations" (statuses that are retried, Retry-After); two dead letters that people
published for the texts of an endpoint that cannot be reached and of one that does not answer in time. What EventBridge
says of a status nobody published; those codes and texts are our judgement.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from eventbridge_local.errors import UsageError
from eventbridge_local.targets.handover import AttemptFailed
from eventbridge_local.targets.http.headers import Headers

_UNABLE = "Unable to invoke ApiDestination endpoint:"

#: Statuses after which an API destination is called again; all from 500 on are too.
RETRIED_BY_DESTINATIONS = frozenset((401, 407, 409, 429))
#: The same for API Gateway.
RETRIED_BY_GATEWAYS = frozenset((429,))


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What an endpoint answered. ``headers`` are found in any case; ``body`` is text."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=Headers)
    body: str = ""


def unreachable() -> AttemptFailed:
    """Nobody listens, or the connection broke (captured text and code)."""
    return AttemptFailed("SDK_CLIENT_ERROR", f"{_UNABLE} API destination endpoint cannot be reached.", retry=True)


def timed_out() -> AttemptFailed:
    """No answer within the five seconds. AWS was seen to give this text the code UNKNOWN."""
    reason = f"{_UNABLE} Timeout calling endpoint for API Destination: socket closed."
    return AttemptFailed("UNKNOWN", reason, retry=True)


def unsendable(why: str) -> AttemptFailed:
    """The request is none that HTTP has, and will not become one (our judgement)."""
    return AttemptFailed("SDK_CLIENT_ERROR", f"{_UNABLE} the request cannot be sent: {why}", retry=False)


def response_of(result: Any) -> HttpResponse:
    """What a connected callable returned, as a response.

    Args:
        result: None (200), a status, ``(status, headers)``, ``(status, headers, body)``, or a response; a body may be
            text or anything that JSON can carry.

    Raises:
        UsageError: it is nothing of these.
    """
    if isinstance(result, HttpResponse):
        return result
    if result is None:
        return HttpResponse()
    if isinstance(result, int) and not isinstance(result, bool):
        return HttpResponse(result)
    if isinstance(result, tuple) and 2 <= len(result) <= 3 and isinstance(result[0], int):
        status, headers, body = (*result, "")[:3]
        text = body if isinstance(body, str) else json.dumps(body)
        return HttpResponse(status, Headers((name, str(value)) for name, value in (headers or {}).items()), text)
    raise UsageError(
        f"the callable behind an HTTP endpoint returned {result!r}; return None for 200, a status such as 503, "
        "(status, headers), (status, headers, body), or an HttpResponse"
    )


def outcome_of(result: Any, now: datetime, retried: frozenset[int] = RETRIED_BY_DESTINATIONS) -> HttpResponse:
    """The response when it means success (2xx).

    Args:
        result: what ``response_of`` takes.
        now: the instant from which the seconds of a Retry-After count.
        retried: the statuses below 500 after which EventBridge tries again.

    Raises:
        AttemptFailed: any other status, with whether it is retried and the earliest instant of the next attempt.
        UsageError: a callable returned something else.
    """
    response = response_of(result)
    if 200 <= response.status < 300:
        return response
    reason = f"{_UNABLE} the endpoint answered with status code {response.status}."
    code = "THROTTLING" if response.status == 429 else "ERROR_FROM_TARGET"
    if response.status not in retried and response.status < 500:
        raise AttemptFailed("SDK_CLIENT_ERROR", reason, retry=False)
    seconds, not_before = _retry_after(response.headers, now)
    raise AttemptFailed(code, reason, retry=seconds is None or seconds >= 0, not_before=not_before)


def _retry_after(headers: Mapping[str, str], now: datetime) -> tuple[float | None, datetime | None]:
    """Seconds and instant that a Retry-After asks for; a text that is neither number nor date is as good as none."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = int(text)
    except ValueError:
        return None, _http_date(text)
    # Beyond a day no retry policy looks; a bound keeps the calendar from overflowing.
    return seconds, now + timedelta(seconds=min(seconds, 10 * 86_400)) if seconds >= 0 else None


def _http_date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
        return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
