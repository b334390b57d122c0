"""Fills the places of a sample's template.

A place is ``${name}``, in a string anywhere in the template. A string that is nothing but one place takes the value
as it is, so numbers stay numbers; in a longer string the value is written out. ``${time}`` is the time of the event,
and may be moved and shown in another form: ``${time-90s:clock}``. What a user gave is never read as a template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

_PLACE = re.compile(r"\$\{([a-z][a-z0-9_]*)(?:([+-]\d+)([smhd]))?(?::([a-z]+))?\}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _clock(when: datetime, comma: str = "") -> str:
    hour = f"{(when.hour - 1) % 12 + 1}:{when:%M:%S} {'AM' if when.hour < 12 else 'PM'}"
    return f"{_MONTHS[when.month - 1]} {when.day}, {when.year}{comma} {hour}"


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds")[:19]


#: The spellings of an instant that AWS services use in their details.
TIME_FORMS: Mapping[str, Callable[[datetime], str | int]] = {
    "iso": lambda when: f"{_iso(when)}Z",
    "millis": lambda when: f"{_iso(when)}.000Z",
    "offset": lambda when: f"{_iso(when)}.000+0000",
    "epoch": lambda when: int(when.timestamp()),
    "epochms": lambda when: int(when.timestamp()) * 1000,
    "clock": _clock,
    "commaclock": lambda when: _clock(when, ","),
    "http": lambda when: f"{_DAYS[when.weekday()]}, {when.day:02} {_MONTHS[when.month - 1]} {when:%Y %H:%M:%S} GMT",
    "java": lambda when: f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when:%d %H:%M:%S} UTC {when.year}",
}


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """``template`` with its places filled from ``values``; ``values["time"]`` is a datetime in UTC."""
    if isinstance(template, dict):
        return {key: fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _PLACE.fullmatch(template)
    if whole:
        return _value(whole, values)
    return _PLACE.sub(lambda place: str(_value(place, values)), template)


def places(template: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """``(name, path)`` of each place, the path as in ``detail.bucket.name`` or ``resources[0]``."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from places(value, f"{path}.{key}" if path else key)
    elif isinstance(template, list):
        for index, value in enumerate(template):
            yield from places(value, f"{path}[{index}]")
    elif isinstance(template, str):
        for place in _PLACE.finditer(template):
            yield place[1], path


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """``under`` with the members of ``over`` laid on it, object by object; arrays are replaced, not joined."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _value(place: re.Match[str], values: Mapping[str, Any]) -> Any:
    name, amount, unit, form = place.groups()
    value = values[name]
    if not isinstance(value, datetime):
        return value
    moved = value + timedelta(**{_UNITS[unit]: int(amount)}) if amount else value
    return TIME_FORMS[form or "iso"](moved)
