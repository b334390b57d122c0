"""Work on values that nest deeper than Python's stack has room for.

AWS takes details of 1,000 levels (``event_nesting_levels`` in ``model/limits.py``), and Python's decoder, encoder and
comparison recurse: in a test, which is some hundred calls deep already, they end at about 900 levels. What ends so is
done once more, in a thread that has room. Nearly no test has such an event, so nothing is prepared for it.
"""

from __future__ import annotations

import contextvars
import sys
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from eventbridge_local.errors import UsageError

T = TypeVar("T")

_LEVELS = 20_000
#: Bytes of stack, of which only what is used takes memory.
_STACK = 256 * 1024 * 1024
_lock = threading.Lock()
#: Whether this is work that has the room already.
_ROOM: contextvars.ContextVar[bool] = contextvars.ContextVar("eventbridge_local_room", default=False)


def with_room(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function that has ended in a RecursionError, with room for about twenty times as many levels.

    Raises:
        UsageError: that is not enough, as for a value that contains itself.
        BaseException: what the function raises.
    """
    __tracebackhide__ = True
    if _ROOM.get():
        raise _too_deep()
    outcome: list[T] = []
    failure: list[BaseException] = []
    context = contextvars.copy_context()

    def work() -> None:
        context.run(_ROOM.set, True)
        try:
            outcome.append(context.run(function, *args, **kwargs))
        except BaseException as raised:
            failure.append(raised)

    with _lock:  # the size of stacks and the limit belong to the process
        size, limit = threading.stack_size(_STACK), sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _LEVELS))
        try:
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    if not failure:
        return outcome[0]
    if isinstance(failure[0], RecursionError):
        raise _too_deep() from None
    raise failure[0] from failure[0].__cause__  # and not from the RecursionError that the caller handles


def _too_deep() -> UsageError:
    return UsageError("nested too deeply: an event has at most 1,000 levels")
