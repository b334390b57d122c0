"""The bar of a long run: on a terminal only, on standard error, a few times a second at most."""

from __future__ import annotations

from time import monotonic
from types import TracebackType
from typing import TextIO

_WIDTH = 30
_EVERY = 0.1


class Progress:
    """Shows how far a run is; a context manager that leaves an empty line behind.

    Args:
        err: where to draw. Nothing is drawn when it is no terminal.
        total: how much there is in all, None when that is not known.
    """

    def __init__(self, err: TextIO, total: int | None) -> None:
        self._err = err
        self._total = total
        self._shown = err.isatty()
        self._next = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._shown:
            self._draw("")

    def at(self, done: int, count: int) -> None:
        """Say that ``done`` of the total is behind us, and how many events that were."""
        if not self._shown or monotonic() < self._next:
            return
        self._next = monotonic() + _EVERY
        self._draw(f"{_bar(done, self._total)}{count:,} events")

    def _draw(self, text: str) -> None:
        self._err.write(f"\r\x1b[K{text}")
        self._err.flush()


def _bar(done: int, total: int | None) -> str:
    if not total:
        return ""
    share = min(1.0, done / total)
    full = int(share * _WIDTH)
    return f"[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}  "
