"""Partner event sources, as the partner's account and the customer's account see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class EventSource:
    """A partner event source offered to one customer account."""

    name: str
    arn: str
    created: datetime
