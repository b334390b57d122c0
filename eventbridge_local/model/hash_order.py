"""The order in which a Java HashSet or HashMap yields its elements, which AWS's answers show in three places.

Captured in September 2026: the wrong action names of a bus policy (``"events:RemovePermission",
"events:PutPermission"`` for the list Put, Remove), the statements that PutPermission's short form has made
(``principal``, ``condition``, ``first``, ``second``), and the unknown parts of a trace header (``Bar`` before ``Foo``).
"""

from __future__ import annotations

from collections.abc import Iterable

_SMALLEST_TABLE = 16
_LOAD = 0.75


def in_hash_order(names: Iterable[str]) -> list[str]:
    """Return different names in the order of a Java HashSet that they were added to one by one.

    A table has 16 buckets and doubles when more than three quarters of that number are in it. The elements of one
    bucket come in the order in which they were added.
    """
    different = list(dict.fromkeys(names))
    buckets = _SMALLEST_TABLE
    while len(different) > buckets * _LOAD:
        buckets *= 2
    return sorted(different, key=lambda name: _spread(name) % buckets)


def _spread(text: str) -> int:
    """Return ``String.hashCode`` of a text over its UTF-16 units, with the upper half folded into the lower one."""
    units = text.encode("utf-16-be", "surrogatepass")
    code = 0
    for high, low in zip(units[::2], units[1::2], strict=True):
        code = (31 * code + (high << 8 | low)) & 0xFFFFFFFF
    return code ^ code >> 16
