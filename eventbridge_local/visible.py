r"""The one way of text to a terminal: what would steer it is shown as an escape, such as ``\x1b``.

Names, sources, details and files come from anywhere. ESC and its relatives among the C1 controls move the cursor and
write into the clipboard, BEL rings, and bidirectional marks let text read as what it is not. Whatever has text for
people (journal, reports, errors, notes, the command line, the server) passes it through here at the very end; records
and AWS's own messages in a ``ClientError`` keep what was given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

#: C0 but line feed and tab, DEL, C1; marks of direction; what ends a line for some programs; halves of surrogate pairs,
#: which no terminal takes; noncharacters, which mark colours on their way through the command line. It is compiled
#: when the first text is shown, because a mock imports this module.
_STEERING = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff\ufdd0-\ufdef\ufeff]"
)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


#: Return a text with everything that steers a terminal spelled as an escape; line feeds and tabs stay. It passes no
#: function here as long as there is nothing to spell, because every failing assertion passes through it.
visible: Callable[[str], str] = partial(re.sub, _STEERING, _escape)


def visible_lines(lines: Iterable[str]) -> str:
    """Return lines as a text, in which line feeds and tabs are spelled too where they stand within a line.

    Names and sources may have them. A source with a line feed would else write lines of its own.
    """
    return visible("\n".join(map(on_one_line, lines)))


def on_one_line(text: str) -> str:
    """Return a text with its line feeds and tabs spelled as escapes."""
    return text.replace("\n", "\\n").replace("\t", "\\t")


def visible_json(text: str) -> str:
    """Return JSON text, as ``json.dumps`` writes it, with the same spelled as escapes of JSON."""
    return re.sub(_STEERING, lambda found: f"\\u{ord(found[0]):04x}", text)
