"""What a test run sets for every mock of the process, and who is told of each of them.

The pytest plugin fills this in from ini keys, so that a ``with`` block, a decorator and the fixture have one default;
``options`` and ``mock`` read it. It imports nothing, because the plugin imports it at the start of every pytest run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from eventbridge_local.handle import EventBridge

#: ``opened``: a mock begins; ``forgets``: its journal is about to be cleared; ``closed``: it has ended.
Moment = Literal["opened", "forgets", "closed"]
Listener = Callable[[Moment, "EventBridge"], None]

#: Options for doors that do not name them.
defaults: dict[str, Any] = {}

#: Who wants to know about every mock.
listeners: list[Listener] = []


def tell(moment: Moment, handle: EventBridge) -> None:
    """Tell all listeners."""
    for listener in tuple(listeners):
        listener(moment, handle)
