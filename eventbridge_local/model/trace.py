"""The X-Ray header of an entry or a request: taken apart, and written anew for targets and dead letters.

Source: captured in September 2026 (facts of the capture, ``trace.json``), where every header below was put as the
``TraceHeader`` of an entry and read from the target's queue and from the dead-letter queue, which got the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from eventbridge_local.model.hash_order import in_hash_order

_ROOT = re.compile(r"1-[0-9a-f]{8}-[0-9a-f]{24}")
_PARENT = re.compile(r"[0-9a-fA-F]{16}")
_DECISIONS = ("0", "1", "?")


def normalized(header: str, now: datetime, new_id: Callable[[], str]) -> str | None:
    """Return a header as AWS passes it on; None when an event goes on without one.

    Blanks around the parts go, and so do parts that AWS cannot use: a Parent that is not 16 hex digits, a Sampled other
    than 0, 1 and ?, a part without ``=``. The rest comes as Root, Parent, Sampled, then the parts that X-Ray does not
    know. The last Root and the last Sampled count, and the last Parent that is valid.

    Args:
        now: the instant of the request, from which a new Root is made.
        new_id: gives a UUID for a new Root.
    """
    parts = [part.strip() for part in header.split(";")]
    given = [(name, value) for name, equals, value in (part.partition("=") for part in parts) if equals]
    # A dict keeps the last value of a name.
    values = dict(given)
    root = values.pop("Root", None)
    decision = values.pop("Sampled", None)
    values.pop("Parent", None)
    parent = next((value for name, value in reversed(given) if name == "Parent" and _PARENT.fullmatch(value)), None)
    if decision not in _DECISIONS:
        decision = None
    valid = root is not None and _ROOT.fullmatch(root.lower()) is not None
    if not valid and not _gets_a_root(root, parent, decision):
        return None
    if decision == "1" and parent is not None and parent != parent.lower():
        return None  # captured, and unexplained: with Sampled=0 the same Parent is passed on as it is
    root = root.lower() if valid and root is not None else _new_root(now, new_id())
    known = {"Root": root, "Parent": parent, "Sampled": decision}
    written = [f"{name}={value}" for name, value in known.items() if value is not None]
    return ";".join([*written, *(f"{name}={values[name]}" for name in in_hash_order(values))])


def _gets_a_root(root: str | None, parent: str | None, decision: str | None) -> bool:
    """Return whether a header without a valid Root is given one.

    Captured: with ``Sampled=0``, whatever else it has. Not with ``Root=bad;Sampled=1``, ``Root=bad;Parent=...`` or a
    Parent alone. A bad Root beside both a valid Parent and another decision was not captured; it is replaced.
    """
    return decision == "0" or (root is not None and parent is not None and decision is not None)


def _new_root(now: datetime, uuid: str) -> str:
    return f"1-{int(now.timestamp()):08x}-{uuid.replace('-', '')[:24]}"
