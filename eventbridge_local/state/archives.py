"""Archives with the events they keep, and replays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive as DescribeArchive shows it."""

    name: str
    arn: str
    created: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as DescribeReplay shows it."""

    name: str
    arn: str
