"""Calls of served services that nobody answers, where somebody wants them stopped before anything is sent.

Outside a mock a call goes to AWS, as without this library. Two things stop it: a block, which a test run or a child
process sets, and a thread or task that called a mock which has ended and does not know it. A call that moto would
answer goes on, and so does one whose URL is of this machine or of an allowed host.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from botocore import xform_name

from eventbridge_local.botocore_hooks import active
from eventbridge_local.delivery.http.loopback import is_loopback
from eventbridge_local.errors import UsageError
from eventbridge_local.moto_insides import moto_is_active


class Block(NamedTuple):
    """Stops calls that no mock answers.

    Attributes:
        explain: returns why, and what to do; called when a call is stopped.
        allow_hosts: names of hosts besides this machine that may be called.
    """

    explain: Callable[[], str]
    allow_hosts: Collection[str] = ()


#: The last one is asked.
blocks: list[Block] = []

_LEFT = (
    "its thread or task called a mock_eventbridge that has ended. Let it end before the mock does: join the thread, "
    "shut the pool down, await the task. It is answered again while another mock or moto is active"
)


def are_possible() -> bool:
    """Return whether a call may have to be stopped."""
    return bool(blocks) or active.is_any_caller_left()


def are_stopped_here() -> bool:
    """Return whether a call of the caller that nobody answers is stopped, wherever it goes beyond this machine."""
    return bool(blocks) or active.hosts_of_ended_mock() is not None


def check(service: str, operation: str, url: str) -> None:
    """Let a call go on that no mock answers.

    Args:
        service: as boto3 spells it.
        operation: such as ``PutEvents``.
        url: where the call goes.

    Raises:
        UsageError: the call is stopped.
    """
    left = active.hosts_of_ended_mock()
    if left is None and not blocks:
        return
    allowed = blocks[-1].allow_hosts if left is None else left
    if moto_is_active() or is_loopback(url) or (urlsplit(url).hostname or "") in allowed:
        return
    reason = blocks[-1].explain() if left is None else _LEFT
    raise UsageError(f"{service}.{xform_name(operation)} was stopped before anything was sent: {reason}")
