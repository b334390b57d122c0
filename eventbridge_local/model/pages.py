"""Pages of a listing, with tokens that need no memory.

A token is the key of the first item still to come, together with a digest of the operation, account, Region and
filters of its listing: these may be long, and a token may not. A token can be used again, also with another limit, and
stays right when items are added or removed (facts 1.5).
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
    listing: Sequence[str | None],
    malformed: str,
    of_another: str,
) -> tuple[Sequence[T], str | None]:
    """Return one page of ``items``, which must be sorted by ``key``.

    Args:
        limit: the most items a page may hold.
        token: the token of the page before, or None.
        listing: operation, account, Region and filters; a token serves only the listing that made it.
        malformed: AWS's words for a token that cannot be read.
        of_another: its words for a token that was made for another listing.

    Returns:
        the items of the page and the token of the next one, None on the last.

    Raises:
        ServiceError: ValidationException for a token that is junk or was made for another listing.
    """
    start = 0 if token is None else bisect_left(items, _read(token, listing, malformed, of_another), key=key)
    end = start + limit
    rest = items[end : end + 1]
    return items[start:end], (_write(listing, key(rest[0])) if rest else None)


def _digest(listing: Sequence[str | None]) -> str:
    return hashlib.sha256(json.dumps(listing).encode()).hexdigest()[:24]


def _write(listing: Sequence[str | None], key: Any) -> str:
    return base64.b64encode(json.dumps([_digest(listing), key]).encode()).decode()


def _read(token: str, listing: Sequence[str | None], malformed: str, of_another: str) -> Any:
    try:
        made_for, key = json.loads(base64.b64decode(token.encode(), validate=True))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise validation_error(malformed) from None
    if made_for != _digest(listing) or not isinstance(key, str):
        raise validation_error(of_another)
    return key
