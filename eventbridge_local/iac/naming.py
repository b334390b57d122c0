"""Names that CloudFormation would make up, made reproducible."""

from __future__ import annotations

import base64
import hashlib
import re


def suffix(*parts: str, length: int = 12) -> str:
    """Capital letters and digits that look random and depend on ``parts`` alone."""
    return base64.b32encode(hashlib.sha256("\0".join(parts).encode()).digest())[:length].decode()


def physical_name(stack: str, logical_id: str, *, longest: int = 64, ending: str = "") -> str:
    """``stack-LogicalId-SUFFIX``, as CloudFormation names what has no name of its own.

    Where that is longer than ``longest``, the stack is cut first, down to half of the room, then the logical id. How
    CloudFormation divides the room is not documented.

    Args:
        longest: the greatest length the service allows.
        ending: what the name must end with, such as ``.fifo``.
    """
    tail = "-" + suffix(stack, logical_id) + ending
    room = longest - len(tail) - 1
    stack_part = stack[: max(room - len(logical_id), room // 2)]
    return f"{stack_part}-{logical_id[: room - len(stack_part)]}{tail}"


def stack_name(text: str) -> str:
    """``text`` as a stack may be called: letters, digits and hyphens, a letter first."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")
