"""The formats that are checked, with nothing but the standard library and what jsonschema brings itself.

A fixed list: which formats jsonschema knows depends on what else is installed, and a test must not. ``date-time`` is
ours, because jsonschema checks it only with a further package, and every schema EventBridge exports uses it.
"""

from __future__ import annotations

import functools
import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jsonschema import FormatChecker

#: Formats jsonschema checks without further packages, and which it checks alike in all its versions.
_THEIRS = ("date", "email", "ipv4", "ipv6", "regex")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


def is_uuid(text: str) -> bool:
    """Whether a text is a UUID in the usual spelling."""
    return _UUID.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """Whether a text is a day of the calendar such as ``2026-03-06``."""
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_date_time(text: str) -> bool:
    """Whether a text is an instant as RFC 3339 section 5.6 writes it; the offset must be there."""
    found = _DATE_TIME.fullmatch(text)
    return found is not None and is_date(found[1])


@functools.cache
def format_checker() -> FormatChecker:
    """The checker all contracts share. Formats it does not know are not checked."""
    from jsonschema import FormatChecker

    checker = FormatChecker(_THEIRS)
    for name, fits in (("date-time", is_date_time), ("uuid", is_uuid)):
        checker.checks(name)(lambda value, fits=fits: not isinstance(value, str) or fits(value))
    return checker
