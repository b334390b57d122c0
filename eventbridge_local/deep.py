"""Work on values that nest deeper than Python's stack has room for.

AWS takes details of 1,000 levels (``event_nesting_levels`` in ``model/limits.py``), and Python's decoder, encoder and
comparison recurse: in a test, which is some hundred calls deep already, they end at about 900 levels. What ends so is
done once more, in a thread that has room. Nearly no test has such an event, so nothing is prepared for it.

Python 3.12 also bounds the recursion of C functions: its first releases allow 1,500 steps in a thread, whatever the
stack and ``sys.setrecursionlimit``. JSON and ``==`` of dicts and lists take one step for a level. A generator that C
code calls takes two or more, so functions of ours that go down a value do not nest generators. jsonschema does;
``in_stages`` lets it go on in another thread, which has steps of its own.
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
#: Calls of ``in_stages`` inside of each other in one thread, and the stack of a further one. In the last thread there
#: must be steps left for the repr of a whole value.
_STAGE = 12
_STACK_OF_STAGE = 16 * 1024 * 1024
_depth = threading.local()
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
    with _lock:  # the size of stacks and the limit belong to the process
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(max(limit, _LEVELS))
        try:
            outcome, failure = _in_thread(_STACK, lambda: function(*args, **kwargs))
        finally:
            sys.setrecursionlimit(limit)
    if failure is None:
        return outcome[0]
    if isinstance(failure, RecursionError):
        raise _too_deep() from None
    raise failure from failure.__cause__  # and not from the RecursionError that the caller handles


def in_stages(function: Callable[[], T]) -> T:
    """Call a function that comes here again for inner levels, every so often in a further thread.

    Only for work that has the room already: ``with_room`` holds the lock for it.
    """
    depth = getattr(_depth, "calls", 0)
    if depth == _STAGE:
        outcome, failure = _in_thread(_STACK_OF_STAGE, function)
        if failure is not None:
            raise failure
        return outcome[0]
    _depth.calls = depth + 1
    try:
        return function()
    finally:
        _depth.calls = depth


def _in_thread(stack: int, function: Callable[[], T]) -> tuple[list[T], BaseException | None]:
    """Return what a function returns in a thread with a stack of so many bytes, in a list, or what it raises."""
    outcome: list[T] = []
    failure: list[BaseException] = []
    context = contextvars.copy_context()

    def work() -> None:
        context.run(_ROOM.set, True)
        try:
            outcome.append(context.run(function))
        except BaseException as raised:
            failure.append(raised)

    size = threading.stack_size(stack)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    return outcome, failure[0] if failure else None


def _too_deep() -> UsageError:
    return UsageError("nested too deeply: an event has at most 1,000 levels")
