"""What a notebook shows: tables and texts as HTML, for the method ``_repr_html_`` that Jupyter looks for.

Everything that comes from a test or an event is escaped, and what would steer a terminal is spelled as everywhere else.
No styles and no scripts: a notebook gives tables its own look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from eventbridge_local.visible import visible

#: More rows than these make a notebook slow, and nobody reads them.
MOST_ROWS = 100
#: A longer cell is cut; the record has the whole value.
_LONGEST = 200


def as_table(caption: str, headings: Sequence[str], rows: Sequence[Iterable[Any]], first: int = 1) -> str:
    """Return a table with a number before each row. Of many rows the last ones are shown, which are the newest.

    Args:
        caption: what the table is.
        headings: what is over each column.
        rows: the cells of each row; None is shown as an empty cell.
        first: the number of the first row.
    """
    skipped = max(0, len(rows) - MOST_ROWS)
    head = "".join(f"<th>{_text(each)}</th>" for each in ("", *headings))
    body = "".join(
        f"<tr><th>{number}</th>{''.join(f'<td>{_cell(each)}</td>' for each in row)}</tr>"
        for number, row in enumerate(rows[skipped:], first + skipped)
    )
    left_out = f"<tr><td colspan='{len(headings) + 1}'>{skipped} before these</td></tr>" if skipped else ""
    return (
        f"<table><caption>{_text(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{left_out}{body}</tbody></table>"
    )


def as_text(text: str) -> str:
    """Return a text of several lines as it is printed."""
    return f"<pre>{_text(text)}</pre>"


def _cell(value: Any) -> str:
    """Return what a cell shows of a value."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else repr(value)
    return _text(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def _text(text: str) -> str:
    return escape(visible(text))
