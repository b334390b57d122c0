"""What an answer means: delivered, again, or never; and from when on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from eventbridge_local.delivery.http.invocations import HttpResponse, outcome_of
from eventbridge_local.delivery.http.sender import RETRIED_BY_GATEWAYS
from eventbridge_local.delivery.pending import AttemptFailed
from eventbridge_local.errors import UsageError

NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)
RETRIED = {401, 407, 409, 429, *range(500, 600)}


def failure(result: Any, **more: Any) -> AttemptFailed:
    with pytest.raises(AttemptFailed) as failed:
        outcome_of(result, NOW, **more)
    return failed.value


@pytest.mark.parametrize("status", [*range(100, 120), *range(300, 310), *range(400, 452), *range(500, 512)])
def test_which_statuses_are_retried(status: int) -> None:
    """401, 407, 409, 429 and all from 500 on; every other failure is final (User Guide)."""
    failed = failure(status)
    assert (failed.retry, str(status) in failed.reason) == (status in RETRIED, True)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (404, "SDK_CLIENT_ERROR"),
        (302, "SDK_CLIENT_ERROR"),
        (429, "THROTTLING"),
        (401, "ERROR_FROM_TARGET"),
        (503, "ERROR_FROM_TARGET"),
    ],
)
def test_codes(status: int, code: str) -> None:
    """What stands in the dead letter."""
    assert failure(status).code == code


@pytest.mark.parametrize("status", [401, 407, 409, 404])
def test_api_gateway_is_retried_less(status: int) -> None:
    """Only 429 and 5xx."""
    assert not failure(status, retried=RETRIED_BY_GATEWAYS).retry
    assert failure(429, retried=RETRIED_BY_GATEWAYS).retry
    assert failure(500, retried=RETRIED_BY_GATEWAYS).retry


@pytest.mark.parametrize(
    ("result", "response"),
    [
        (None, HttpResponse(200)),
        (204, HttpResponse(204)),
        ((201, {}), HttpResponse(201)),
        ((200, None, {"a": 1}), HttpResponse(200, body='{"a": 1}')),
        ((200, {}, "text"), HttpResponse(200, body="text")),
        (HttpResponse(299), HttpResponse(299)),
    ],
)
def test_what_a_callable_may_return(result: Any, response: HttpResponse) -> None:
    """None, a status, tuples and responses."""
    got = outcome_of(result, NOW)
    assert (got.status, got.body) == (response.status, response.body)


@pytest.mark.parametrize("result", ["200", True, 200.0, {"statusCode": 200}, (200,), ("200", {}), (200, {}, "", 1)])
def test_anything_else_is_a_mistake(result: Any) -> None:
    """A Lambda's answer is no HTTP answer; the error says what is."""
    with pytest.raises(UsageError, match="return None for 200"):
        outcome_of(result, NOW)


@pytest.mark.parametrize(
    ("header", "retry", "seconds"),
    [
        ("120", True, 120),
        ("0", True, 0),
        ("-1", False, None),
        ("Fri, 06 Mar 2026 09:01:00 GMT", True, 60),
        ("Fri, 06 Mar 2026 10:01:00 +0100", True, 60),
        ("Fri, 06 Mar 2026 08:00:00 -0000", True, -3600),
        ("soon", True, None),
        ("1.5", True, None),
        ("", True, None),
        ("99999999999999999999", True, 864_000),
        ("Fri, 99 Mar 2026 09:01:00 GMT", True, None),
    ],
)
def test_retry_after(header: str, retry: bool, seconds: int | None) -> None:
    """Seconds or a date; a negative number ends the retries; what is neither is not looked at."""
    failed = failure((503, {"retry-after": header}))
    wanted = None if seconds is None else NOW + timedelta(seconds=seconds)
    assert (failed.retry, failed.not_before) == (retry, wanted)


def test_retry_after_does_not_revive_a_final_failure() -> None:
    """A 404 is final whatever it says."""
    failed = failure((404, {"Retry-After": "5"}))
    assert (failed.retry, failed.not_before) == (False, None)
