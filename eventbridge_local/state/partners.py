"""Partner event sources, as the partner's account and the customer's account see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

EventSourceState = Literal["PENDING", "ACTIVE", "DELETED"]

#: How long a source waits for its bus before it is deleted (API reference, CreatePartnerEventSource).
PENDING_FOR = timedelta(weeks=2)


@dataclass(frozen=True, slots=True)
class EventSource:
    """A partner event source offered to one customer account; it lives in that account's place.

    ``partner`` is the account that made it; ``customer`` the one it is for. ``expires`` is None unless it is PENDING.
    """

    name: str
    arn: str
    partner: str
    customer: str
    created: datetime
    expires: datetime | None
    state: EventSourceState = "PENDING"

    @property
    def created_by(self) -> str:
        """The partner's name: the second part of ``aws.partner/PARTNER/...``."""
        return self.name.split("/")[1]
