"""Writes docs/performance.md from the figures that are committed in benchmarks/ratios.json.

Run ``python tools/make_performance.py`` after ``python benchmarks/run.py --write``; a test fails when the page is not
what this makes. Standard library only. The words of the rows are those of ``benchmarks/rows.py``.
"""

from __future__ import annotations

import importlib.util
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "performance.md"
WIDTH = 120


def _module_at(path: Path) -> Any:
    """Import a Python file that is in no package; its folder has names that others have too."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


rows = _module_at(ROOT / "benchmarks" / "rows.py")

INTRO = """\
# Performance

`make bench` measures all of this anew and prints it with the verdicts; `make bench-check` fails when a row is more than
20 % worse than here, or misses a goal that it meets here. A figure with an x is a ratio of two CPU times that one
process measured in turns, as the median of many short rounds. Absolute times are those of a shared machine with two
cores; `bench-check` scales them by the time of a fixed loop.
"""

AFTER = {
    "calls": """\
The last three rows count what a put with an input transformer passes in this package. `python benchmarks/path.py
--calls` prints all of it, and the same for an `assert_put` that fails and a schedule that fires. `tests/test_path.py`
keeps the paths short.

What could still be had: the `User-Agent` header, which botocore writes anew for each call, is over 40 % of the floor. A
mock could answer before it is written, but only in place of `_make_api_call` or of the client's methods. Then
`before-call` listeners of users, Stubber, and tracers that wrap `_make_api_call` would not see every call. So this is
not done.
""",
    "patterns": """\
### Against the engine of AWS

AWS publishes its engine for the JVM (Event Ruler). It was measured once, by hand and warm, with the same rules and 1 KB
events on the same machine; it is not part of `make bench`.

| what | eventbridge_local | Event Ruler |
|---|---|---|
| 10,000 rules that name values, one event | 62 us | 89 us |
| 10,000 rules with a quarter of anything-but, one event that 2,084 rules match | 0.38 ms | 5.0 ms |
""",
}


def page(run: Any) -> str:
    """Return the whole page."""
    return "\n".join(_lines(run))


def _lines(run: Any) -> Iterator[str]:
    yield INTRO
    environment = ", ".join(f"{name} {value}" for name, value in run.environment.items() if name != "day")
    met = sum(row.met(run.figures[key]) for key, row in rows.ROWS.items())
    yield _wrapped(f"Measured on {run.environment['day']} with {environment}: {met} of {len(rows.ROWS)} goals are met.")
    for section in rows.SECTIONS:
        yield f"## {section.title} (`benchmarks/{section.module}.py`)\n\n{_wrapped(section.about)}"
        yield "| what | measured | goal | verdict |\n|---|---|---|---|"
        yield from (_row(row, run.figures[row.key]) for row in section.rows)
        yield ""
        reasons = [row for row in section.rows if row.why and not row.met(run.figures[row.key])]
        if reasons:
            yield "Why goals are missed:\n"
            yield from (textwrap.fill(f"- {row.what}: {row.why}", WIDTH, subsequent_indent="  ") for row in reasons)
            yield ""
        if section.module in AFTER:
            yield AFTER[section.module]


def _wrapped(text: str) -> str:
    """Return a paragraph."""
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False) + "\n"


def _row(row: Any, figure: float) -> str:
    measured = f"{rows.shown(figure)} {row.unit}".rstrip()
    return f"| {row.what} | {measured} | {row.goal_text} | {row.verdict(figure)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(rows.committed()), encoding="utf-8")


if __name__ == "__main__":
    main()
