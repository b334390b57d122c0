"""The one thread that the library ever starts by itself, in a server alone: it lets what is due happen in real time."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta

from eventbridge_local.model.clock import Clock

EVERY = 0.5


class Ticker:
    """Runs the timers of a clock as real time goes on.

    A clock that follows the real one is left to it. One that begins at another instant is moved by the time that has
    passed since, so it stands still for up to half a second.

    Args:
        clock: whose timers run.
        after: called when something ran.
    """

    def __init__(self, clock: Clock, after: Callable[[], None]) -> None:
        self._clock = clock
        self._after = after
        self._begun: tuple[datetime, float] | None = (clock.now, time.monotonic()) if clock.stepped else None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="eventbridge-local clock", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def tick(self) -> None:
        """Run what is due."""
        if self._begun is None:
            done = self._clock.run_due()
        else:
            instant, at = self._begun
            target = instant + timedelta(seconds=time.monotonic() - at)
            done = self._clock.advance_to(max(target, self._clock.now))
        if done:
            self._after()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            try:
                self.tick()
            except Exception:  # a target's trouble must not stop the clock
                traceback.print_exc()
