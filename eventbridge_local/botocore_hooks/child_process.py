"""Processes that multiprocessing starts anew ("spawn" and "forkserver") know no mock: their calls are stopped there.

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

_SCRIPT = str(Path(__file__).with_name("in_child.py"))


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
        allowed = refused_calls.allowed_hosts(mock)
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
