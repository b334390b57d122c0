"""The table of operations, by the names the API gives them.

An operation is a function ``(ctx, params) -> answer``. ``params`` are the request's members as boto3 spells them, with
every constraint of the input shape already checked; the answer is the response without its metadata. It checks
everything before it changes anything, and refuses with a ``ServiceError``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from eventbridge_local.operations.context import Context

Params = dict[str, Any]
Answer = dict[str, Any]
Operation = Callable[[Context, Params], Answer]

TABLE: dict[str, Operation] = {}

#: Operations that hand events to targets before they return. All others run one at a time, whatever the threads.
DELIVERING: set[str] = set()


def operation(name: str, *, delivers: bool = False) -> Callable[[Operation], Operation]:
    """Enter a function in the table. A name that is taken is a mistake of ours and fails at import."""

    def enter(function: Operation) -> Operation:
        if name in TABLE:
            raise RuntimeError(f"two functions for operation {name}")
        TABLE[name] = function
        if delivers:
            DELIVERING.add(name)
        return function

    return enter


def given(params: Params, *names: str) -> Params:
    """Those of the named members that were given, for answers in which absent members stay absent (facts 1.2)."""
    return {name: params[name] for name in names if name in params}


def without_nones(**members: Any) -> Answer:
    """An answer's members less those without a value; AWS never sends null (recorded, facts 1.2)."""
    return {name: value for name, value in members.items() if value is not None}
