"""Which mock answers a call: the one stack of active mocks.

Strategy: each context (``contextvars``: a thread, an asyncio task) has a stack of the mocks that were entered in it or
in the context it was copied from. The innermost of them that is still active answers. A context that has none, such as
that of a new thread, gets the innermost active mock of the process.

Enter and exit may run in different contexts, as in async fixtures. So a mock that ends is marked as ended, and is
skipped wherever it is still on a stack; ``ContextVar.reset`` would fail in another context.

A thread or task that called a mock may outlive it, such as the worker of a pool that no test shuts down. It does not
know that the mock has ended, so its calls must not reach AWS: ``hosts_of_ended_mock`` tells that it is one of those.
Who entered or ended the mock knows, and is none of them.

``AWS_DEFAULT_REGION`` belongs to the process. It mirrors the Region of the process's innermost mock, for code that
reads it and for subprocesses. After the last mock it is what it was before the first.
"""

from __future__ import annotations

import os
import sys
import weakref
from collections.abc import Collection, Iterator
from contextlib import suppress
from contextvars import ContextVar
from threading import Lock, Thread, current_thread, get_ident
from typing import Any

from eventbridge_local.operations.service import Service

REGION_VARIABLE = "AWS_DEFAULT_REGION"


class ActiveMock:
    """A mock that answers calls, from ``begin`` to ``end``.

    Args:
        service: carries out the calls.
        account: of callers whose access key names none, twelve digits.
        region: of clients that name none.
    """

    def __init__(self, service: Service, account: str, region: str) -> None:
        self.service = service
        self.account = account
        self.region = region
        self.ended = False
        #: What ``AWS_DEFAULT_REGION`` was while this mock was the innermost of the process; None where it was deleted.
        self.variable: str | None = region
        self.thread = get_ident()
        #: Returns the event loop that runs in the caller's thread, if any; None where asyncio is not imported.
        self.running_loop = getattr(sys.modules.get("asyncio.events"), "_get_running_loop", None)
        #: The threads and tasks that called, by their ids, and that entered.
        self.callers: dict[int, weakref.ref[Any]] = {}
        self.entered_by: list[weakref.ref[Any]] = []


_in_context: ContextVar[tuple[ActiveMock, ...]] = ContextVar("eventbridge_local_mocks", default=())
#: All active mocks in the order in which they began. It is replaced and never changed, so reading it needs no lock.
_in_process: tuple[ActiveMock, ...] = ()
_lock = Lock()
#: What ``AWS_DEFAULT_REGION`` was before the first of them.
_found: str | None = None
#: The threads and tasks that called a mock which has ended since, by their ids, and the hosts that it could call.
_left: dict[int, tuple[weakref.ref[Any], Collection[str]]] = {}


def begin(mock: ActiveMock) -> None:
    """Let ``mock`` answer in this context, and where a context has no mock of its own."""
    global _in_process, _found
    with _lock:
        if _in_process:
            _in_process[-1].variable = os.environ.get(REGION_VARIABLE)  # the test may have set it
        else:
            _found = os.environ.get(REGION_VARIABLE)
        _in_process = (*_in_process, mock)
        _set_variable(mock.variable)
    _in_context.set((*_active_in_context(), mock))
    for caller in _callers_here():
        mock.entered_by.append(weakref.ref(caller))
        _left.pop(id(caller), None)


def end(mock: ActiveMock) -> None:
    """Let ``mock`` answer nowhere any more. Mocks may end in any order."""
    global _in_process
    with _lock:
        was_innermost = _in_process[-1] is mock
        mock.ended = True
        _in_process = tuple([each for each in _in_process if each is not mock])
        if was_innermost:
            _set_variable(_in_process[-1].variable if _in_process else _found)
    _in_context.set(_active_in_context())
    if mock.callers:
        knows = [*_callers_here(), *(ref() for ref in mock.entered_by)]
        for key, ref in list(mock.callers.items()):
            if not any(ref() is each for each in knows):
                _left[key] = (ref, allowed_hosts(mock))


def innermost() -> ActiveMock | None:
    """Return the mock that answers the caller, None where no mock is active."""
    for mock in reversed(_in_context.get()):
        if not mock.ended:
            return mock
    mocks = _in_process
    return mocks[-1] if mocks else None


def active_mocks() -> Iterator[ActiveMock]:
    """Yield all active mocks in the order in which they would answer the caller; one may come twice."""
    yield from reversed(_active_in_context())
    yield from reversed(_in_process)


def is_any_active() -> bool:
    """Return whether a mock is active anywhere in the process."""
    return bool(_in_process)


def note_caller(mock: ActiveMock) -> None:
    """Remember that the caller's thread, and its task if there is one, called ``mock``."""
    for caller in _callers_here():
        mock.callers[id(caller)] = weakref.ref(caller)


def allowed_hosts(mock: ActiveMock) -> Collection[str]:
    """Return the hosts besides this machine that ``mock`` may call."""
    return () if mock.service is None else mock.service.services.allowed


def hosts_of_ended_mock() -> Collection[str] | None:
    """Return the hosts that a mock could call which the caller's thread or task called and that has ended since.

    Returns:
        None where there is no such mock.
    """
    for caller in _callers_here() if _left else ():
        ref, hosts = _left.get(id(caller), (None, ()))
        if ref is not None and ref() is caller:
            return hosts
    return None


def is_any_caller_left() -> bool:
    """Return whether a thread or task is alive that called a mock which has ended."""
    for key, (ref, _) in list(_left.items()):
        caller = ref()
        if caller is None or not (caller.is_alive() if isinstance(caller, Thread) else not caller.done()):
            _left.pop(key, None)
    return bool(_left)


def _callers_here() -> list[Any]:
    """Return the caller's thread, and its task of asyncio if it is in one."""
    asyncio = sys.modules.get("asyncio")
    loop = getattr(asyncio, "_get_running_loop", lambda: None)()
    task = asyncio.current_task(loop) if asyncio is not None and loop is not None else None
    return [current_thread()] if task is None else [current_thread(), task]


def region_of(mock: ActiveMock) -> str:
    """Return the Region of a client that names none and is made where ``mock`` answers.

    It is that of the mock, unless the test has set ``AWS_DEFAULT_REGION`` itself while this mock was the innermost.
    """
    with _lock:
        is_mirrored = bool(_in_process) and _in_process[-1] is mock
        return (os.environ.get(REGION_VARIABLE) if is_mirrored else mock.variable) or mock.region


def region_around() -> str | None:
    """Return what a new mock that names no Region finds in ``AWS_DEFAULT_REGION``.

    Inside another mock of this context it is that mock's Region. Elsewhere it is what was there before any mock, or
    what the test has set since; the Region of a mock in another task or thread does not count.
    """
    for mock in reversed(_in_context.get()):
        if not mock.ended:
            return region_of(mock)
    with _lock:
        value = os.environ.get(REGION_VARIABLE)
        return _found if _in_process and value == _in_process[-1].region else value


def _active_in_context() -> tuple[ActiveMock, ...]:
    entered = _in_context.get()
    return tuple([mock for mock in entered if not mock.ended]) if entered else ()


def _set_variable(value: str | None) -> None:
    if value is None:
        with suppress(KeyError):
            del os.environ[REGION_VARIABLE]
    else:
        os.environ[REGION_VARIABLE] = value
