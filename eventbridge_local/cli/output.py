"""What commands print: text, coloured on a terminal, or one JSON document; errors of one line; a progress bar."""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from types import TracebackType
from typing import Any, TextIO

from eventbridge_local.errors import EventBridgeLocalError, notes_of, one_line
from eventbridge_local.visible import visible, visible_json

#: Marks of a colour on its way through the command line: noncharacters, so that no text of a user has them by chance.
_BEGIN, _END = "\ufdd0", "\ufdd1"
_COLOUR = re.compile(f"{_BEGIN}([0-9]{{1,2}}){_END}")
_CODES = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1"}


@dataclass(frozen=True, slots=True)
class Terminal:
    """Where a command prints.

    Args:
        out, err: standard output and standard error.
        colour: whether ``out`` gets colours.
        as_json: whether the command prints JSON instead of text.
    """

    out: TextIO
    err: TextIO
    colour: bool = False
    as_json: bool = False

    @classmethod
    def of_process(cls, *, as_json: bool = False) -> Terminal:
        """Return the terminal of this process. NO_COLOR (https://no-color.org) and TERM=dumb turn colours off."""
        for stream in (sys.stdout, sys.stderr):
            if not _takes_everything(stream) and hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="backslashreplace")
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(sys.stdout, sys.stderr, sys.stdout.isatty() and not plain, as_json)

    def paint(self, text: str, style: str) -> str:
        """Return ``text`` in a style: good, bad, warn, dim or bold."""
        return f"{_BEGIN}{_CODES[style]}{_END}{visible(text)}{_BEGIN}0{_END}" if self.colour else text

    def say(self, text: str = "") -> None:
        """Print a line, or several, on standard output."""
        print(self._coloured(text) if self.colour else visible(text), file=self.out)

    def _coloured(self, text: str) -> str:
        """Return the text with the colours that ``paint`` has marked in it, and nothing else that steers a terminal."""
        between = _COLOUR.split(text)  # texts and codes in turn
        return "".join(f"\x1b[{part}m" if number % 2 else visible(part) for number, part in enumerate(between))

    def note(self, text: str) -> None:
        """Print a line on standard error, beside the result."""
        print(visible(f"note: {text}"), file=self.err)

    def document(self, content: Any) -> None:
        """Print the one JSON document."""
        escaped = not _takes_everything(self.out)
        print(visible_json(json.dumps(content, indent=2, ensure_ascii=escaped, default=_plain)), file=self.out)

    def complain(self, error: EventBridgeLocalError) -> None:
        """Print an error as one line on standard error: what is wrong and what to do."""
        print(visible(f"eventbridge-local: {'; '.join([one_line(str(error)), *notes_of(error)])}"), file=self.err)


def _takes_everything(stream: TextIO) -> bool:
    """Return whether every character can be written; into a pipe or file on Windows, which has cp1252, it cannot."""
    encoding = getattr(stream, "encoding", None)
    return not encoding or codecs.lookup(encoding).name.startswith("utf")


def count(number: int, what: str) -> str:
    """Return ``1 rule`` or ``2 rules``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _plain(value: Any) -> Any:
    """Return what json cannot write by itself: numbers of an event with their spelling."""
    return dict(value) if isinstance(value, Mapping) else getattr(value, "text", str(value))


_WIDTH = 30
_EVERY = 0.1


class Progress:
    """Shows on a terminal how far a long run is, a few times a second. A context manager; it leaves an empty line.

    Args:
        err: where to draw. Nothing is drawn when it is not a terminal.
        total: how many bytes there are; None when that is not known.
    """

    def __init__(self, err: TextIO, total: int | None) -> None:
        self._err = err
        self._total = total
        #: Whether anything is drawn at all; who asks first saves the call of ``at``.
        self.shown = err.isatty()
        self._next = 0.0

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self.shown:
            self._draw("")

    def at(self, done: int, count: int) -> None:
        """Show that ``done`` bytes of the total are read, and how many events they held."""
        if not self.shown or monotonic() < self._next:
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
