"""What commands print: text with colour where that is wanted, or one JSON document; and errors of one line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from eventbridge_local.errors import EventBridgeLocalError, notes_of, one_line

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
        """The terminal of this process. NO_COLOR (https://no-color.org) and TERM=dumb turn colours off."""
        plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
        return cls(sys.stdout, sys.stderr, sys.stdout.isatty() and not plain, as_json)

    def paint(self, text: str, style: str) -> str:
        """``text`` in a style: good, bad, warn, dim or bold."""
        return f"\x1b[{_CODES[style]}m{text}\x1b[0m" if self.colour else text

    def say(self, text: str = "") -> None:
        """A line, or several, on standard output."""
        print(text, file=self.out)

    def note(self, text: str) -> None:
        """A line on standard error, beside the result."""
        print(f"note: {text}", file=self.err)

    def document(self, content: Any) -> None:
        """The one JSON document."""
        print(json.dumps(content, indent=2, ensure_ascii=False, default=_plain), file=self.out)

    def complain(self, error: EventBridgeLocalError) -> None:
        """An error as one line on standard error: what is wrong and what to do."""
        print(f"eventbridge-local: {'; '.join([one_line(str(error)), *notes_of(error)])}", file=self.err)


def count(number: int, what: str) -> str:
    """``1 rule``, ``2 rules``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _plain(value: Any) -> Any:
    """What json cannot write by itself: odd numbers of an event as they were spelled."""
    return dict(value) if isinstance(value, Mapping) else getattr(value, "text", str(value))
