"""What a test run sets for every mock of the process: default options, and who is told when a mock begins and ends.

The pytest plugin fills this in from ini keys, so that a ``with`` block, a decorator and the fixture have one default;
``options`` and ``mock`` read it. It imports nothing, because the plugin imports it at the start of every pytest run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

#: A mock has begun; is about to forget its journal; has ended.
Moment = Literal["begin", "reset", "end"]
#: Called with the handle of the mock.
Listener = Callable[[Moment, Any], None]

#: Values of options for mocks that do not name them.
options: dict[str, Any] = {}

#: Who is told about every mock.
listeners: list[Listener] = []


def notify(moment: Moment, handle: Any) -> None:
    """Tell all listeners what a mock does."""
    for listener in tuple(listeners):
        listener(moment, handle)
