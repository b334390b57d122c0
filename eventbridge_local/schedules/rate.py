"""``rate(value unit)``: a fixed interval, counted from the moment the rule was created.

The forms were recorded: one blank, lower case, singular exactly for 1, leading zeros allowed, at most 2147483647.
That the first firing comes one whole interval after the creation is not documented and is our choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from eventbridge_local.schedules.errors import InvalidSchedule
from eventbridge_local.schedules.instants import in_utc

LARGEST_VALUE = 2**31 - 1

_FORM = re.compile(r"rate\(([0-9]+) (minute|hour|day)(s?)\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """A schedule that fires every so many seconds after the rule was created."""

    text: str
    seconds: int

    def next_after(self, instant: datetime, *, created: datetime | None = None) -> datetime | None:
        """The first firing strictly after an instant.

        Args:
            instant: an aware datetime.
            created: when the rule was created, the zero point of the series; left out, ``instant`` itself.

        Returns:
            An aware datetime in UTC, ``created`` plus a whole number of intervals (User Guide
            eb-create-rule-schedule; recorded events are not on minute boundaries). ``None`` after the year 9999.
        """
        instant = in_utc(instant, "instant")
        start = instant if created is None else in_utc(created, "created")
        try:
            interval = timedelta(seconds=self.seconds)
            passed = max((instant - start) // interval, 0)
            return start + (passed + 1) * interval
        except OverflowError:
            return None


def parse_rate(text: str) -> Rate:
    """Read ``rate(5 minutes)``.

    Args:
        text: the whole expression, beginning with ``rate``.

    Raises:
        InvalidSchedule: with a hint, for every form AWS was recorded to refuse.
    """
    form = _FORM.fullmatch(text)
    if form is None:
        raise InvalidSchedule(text, "write rate(VALUE UNIT): one blank, a whole number, minute(s), hour(s) or day(s)")
    digits, unit, plural = form.groups()
    value = int(digits) if len(digits.lstrip("0")) <= 10 else LARGEST_VALUE + 1
    if not 0 < value <= LARGEST_VALUE:
        raise InvalidSchedule(text, f"the value must be from 1 to {LARGEST_VALUE}")
    if (value == 1) == bool(plural):
        raise InvalidSchedule(text, f"{value} goes with {unit if value == 1 else unit + 's'}")
    return Rate(text, value * _SECONDS[unit])
