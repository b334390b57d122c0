"""Replays: archived events put on their bus again, minute by minute, on the clock."""

from __future__ import annotations

from eventbridge_local.bus.engine import Engine
from eventbridge_local.core.clock import Clock
from eventbridge_local.core.ids import Ids


class Replayer:
    """Runs replays."""

    def __init__(self, engine: Engine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids
