"""Types to annotate with.

>>> from eventbridge_local.typing import Handler
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

#: A Lambda handler ``(event, context)``, or any callable of one argument, ``(event)``.
Handler = Callable[..., Any]

#: An event pattern: JSON text, or the same as a dict.
EventPattern = str | Mapping[str, Any]

__all__ = ["EventPattern", "Handler"]
