"""Pages of a listing, with tokens that need no memory.

A token is the key of the first item still to come, together with a digest of the operation, the place and the filters
it belongs to: they may be long, and a token may not. It can be used again, with another limit too, and stays right when
items come and go (facts 1.5).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from eventbridge_local.errors import validation_error

T = TypeVar("T")


def page(
    items: Sequence[T],
    key: Callable[[T], Any],
    *,
    limit: int,
    token: str | None,
    scope: Sequence[str | None],
) -> tuple[Sequence[T], str | None]:
    """One page of ``items``, which must be sorted by ``key``.

    Args:
        limit: the most items a page may hold.
        token: the token of the page before, or None.
        scope: operation, place and filters; a token serves only the scope that made it.

    Returns:
        the items of the page and the token of the next one, None on the last.

    Raises:
        ServiceError: ValidationException in AWS's words for a token that is junk or was made for another scope.
    """
    start = 0 if token is None else bisect_left(items, _read(token, scope), key=key)
    end = start + limit
    rest = items[end : end + 1]
    return items[start:end], (_write(scope, key(rest[0])) if rest else None)


def _digest(scope: Sequence[str | None]) -> str:
    return hashlib.sha256(json.dumps(scope).encode()).hexdigest()[:24]


def _write(scope: Sequence[str | None], key: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(scope), key]).encode()).decode()


def _read(token: str, scope: Sequence[str | None]) -> Any:
    try:
        made_for, key = json.loads(base64.b64decode(token.encode(), altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise validation_error("Parameter NextToken is not valid. Reason: Malformed request.") from None
    if made_for != _digest(scope) or not isinstance(key, str):
        raise validation_error("Parameter NextToken is not valid. Reason: Token invalid.")
    return key
