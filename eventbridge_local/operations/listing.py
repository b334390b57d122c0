"""One page of a listing, from the members that every List operation has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from eventbridge_local.operations.context import Context
from eventbridge_local.operations.table import Params
from eventbridge_local.state.paging import page

T = TypeVar("T")


def paged(
    ctx: Context, params: Params, items: Sequence[T], key: Callable[[T], Any], *filters: str | None
) -> tuple[Sequence[T], str | None]:
    """The page of ``items`` that a request asks for, and the token of the next one.

    Args:
        items: sorted by ``key``.
        filters: what the request narrows the listing by. With the operation and the caller's place they are what a
            token is good for.

    Raises:
        ServiceError: ValidationException for a token that is junk or of another listing.
    """
    limit: int = params.get("Limit") or params.get("MaxResults") or ctx.limits.default_page_size
    return page(
        items,
        key,
        limit=limit,
        token=params.get("NextToken"),
        scope=(ctx.operation, ctx.place.account, ctx.place.region, *filters),
    )
