"""Global endpoints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A global endpoint as DescribeEndpoint shows it."""

    name: str
    arn: str
    created: datetime
