"""Rules with a schedule: each armed on the clock for its next instant, and fired at it."""

from __future__ import annotations

from eventbridge_local.bus.engine import Engine
from eventbridge_local.core.clock import Clock
from eventbridge_local.core.ids import Ids
from eventbridge_local.state.records import Rule
from eventbridge_local.state.world import Place


class Scheduler:
    """Keeps one timer for each enabled rule with a schedule."""

    def __init__(self, engine: Engine, clock: Clock, ids: Ids) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    def follow(self, place: Place, rule: Rule) -> None:
        """Arm, re-arm or disarm a rule after it was put, enabled or disabled."""

    def forget(self, place: Place, rule: Rule) -> None:
        """Disarm a rule that was deleted."""
