"""Connections and API destinations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as DescribeConnection shows it, with what is secret about it."""

    name: str
    arn: str
    created: datetime


@dataclass(frozen=True, slots=True)
class ApiDestination:
    """An API destination as DescribeApiDestination shows it."""

    name: str
    arn: str
    created: datetime
