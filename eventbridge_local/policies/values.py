"""Values of conditions in policies, read from their texts: numbers, instants, addresses and binary data.

Each reader returns None for a text that has another form; a condition with such a value matches nothing.

Source: IAM User Guide, "IAM JSON policy elements: Condition operators"; W3C note "Date and Time Formats"; RFC 4632 and
RFC 4291 for addresses. That digits alone are seconds and no year is how IAM checks the policies it is given.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,6})?")
_EPOCH = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_INSTANT = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"([Tt](?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(?P<fraction>\.[0-9]+)?)?"
    r"([Zz]|(?P<sign>[+-])(?P<hours>[0-9]{2}):?(?P<minutes>[0-9]{2})?)?)?)?"
)
_PREFIX = re.compile(r"[0-9A-Fa-f.:]+(/[0-9]{1,3})?")
_START = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def number_of(text: str) -> Decimal | None:
    """Return the number that a text is, exactly: 9007199254740993 is not 9007199254740992."""
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def instant_of(text: str) -> Decimal | None:
    """Return an instant in seconds since 1970.

    Args:
        text: a date or a date and time of ISO 8601 in one of W3C's forms, such as ``2026-03`` and
            ``2026-03-06T09:00:00.5+01:00``, UTC where it has no time zone; or seconds since 1970.
    """
    if _EPOCH.fullmatch(text):
        return Decimal(text)
    found = _INSTANT.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part or 1) for part in found.group("year", "month", "day"))
    hour, minute, second = (int(part or 0) for part in found.group("hour", "minute", "second"))
    hours, minutes = (int(part or 0) for part in found.group("hours", "minutes"))
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    if hours > 23 or minutes > 59:
        return None
    ahead = (hours * 60 + minutes) * (-60 if found["sign"] == "-" else 60)
    return (local - _START) // _SECOND - ahead + Decimal(found["fraction"] or 0)


def network_of(text: str) -> Network | None:
    """Return the addresses that a text stands for: ``203.0.113.0/24``, ``2001:db8::/32``, or one address."""
    if _PREFIX.fullmatch(text) is None:
        return None
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def is_in_network(network: str, address: str) -> bool:
    """Return whether an address, or each of a range of addresses, is one of a network."""
    wide, narrow = network_of(network), network_of(address)
    if isinstance(wide, ipaddress.IPv4Network) and isinstance(narrow, ipaddress.IPv4Network):
        return narrow.subnet_of(wide)
    if isinstance(wide, ipaddress.IPv6Network) and isinstance(narrow, ipaddress.IPv6Network):
        return narrow.subnet_of(wide)
    return False


def bytes_of(text: str) -> bytes | None:
    """Return the data that a text in base64 stands for."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
