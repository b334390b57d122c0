"""Child processes of a process in which a mock is active.

A process that is forked has a copy of the mock, which answers it. It counts what it does in memory that both share, so
that the mock can tell of it.

Processes that multiprocessing starts anew ("spawn" and "forkserver") know no mock: their calls are stopped there.

The child unpickles what its parent prepares for it. One more member of that runs ``in_child.py``, by its path, because
the child has no ``sys.path`` yet. A mock that the child enters itself answers there as anywhere.
"""

from __future__ import annotations

import os
import runpy
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from eventbridge_local.botocore_hooks import active, refused_calls

_is_watching = False
_SCRIPT = str(Path(__file__).with_name("in_child.py"))


def watch_forks() -> None:
    """Let mocks tell of the processes that are forked while they are active, from the first call of this on."""
    global _is_watching
    if not _is_watching and hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_prepare_fork, after_in_child=_begin_child)
    _is_watching = True


def _services() -> list[Any]:
    services = {id(mock.service): mock.service for mock in active.active_mocks() if mock.service is not None}
    return list(services.values())


def _prepare_fork() -> None:
    for service in _services():
        if service.journal.forks is None:
            service.journal.watch_forks()
        service.journal.forks.prepare()


def _begin_child() -> None:
    for service in _services():
        forks = service.journal.forks
        if forks is not None:
            forks.begin_child()
            service.call = _counted(service.call, forks)


def _counted(call: Callable[..., Any], forks: Any) -> Callable[..., Any]:
    """Return the function that carries out calls, with a count of them."""

    def counted(name: str, params: Any, *args: Any, **kwargs: Any) -> Any:
        answer = call(name, params, *args, **kwargs)
        forks.count_call(len(params["Entries"]) if name == "PutEvents" else 0)
        return answer

    return counted


class _Instruction:
    """Runs a script where it is unpickled."""

    def __init__(self, reason: str, allow_hosts: Collection[str]) -> None:
        self._values = {"reason": reason, "allow_hosts": list(allow_hosts)}

    def __reduce__(self) -> Any:
        return runpy.run_path, (_SCRIPT, self._values)


def get_preparation_data(original: Callable[..., Any], name: str) -> Any:
    """Return what a child begins with, in the place of the function of ``multiprocessing.spawn``."""
    data = original(name)
    instruction = _instruction()
    if instruction is not None:
        data["eventbridge_local"] = instruction
    return data


def _instruction() -> _Instruction | None:
    mock = active.innermost()
    if mock is not None:
        allowed = active.allowed_hosts(mock)
        return _Instruction(
            f"this process was started anew by process {os.getpid()} while a mock_eventbridge was active there, and a "
            "mock answers only the process that enters it. Enter mock_eventbridge in this process, use threads, or let "
            "both call `eventbridge-local serve` by AWS_ENDPOINT_URL_EVENTBRIDGE",
            allowed,
        )
    if refused_calls.blocks:
        block = refused_calls.blocks[-1]
        return _Instruction(block.explain(), block.allow_hosts)
    return None
