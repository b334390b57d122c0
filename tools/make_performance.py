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
20 % worse than here, or misses a goal that it meets here, in each of four attempts. A figure with an x is a ratio of
two CPU times that one process measured in turns, as the median of many short rounds. Absolute times are those of a
shared machine with two cores; `bench-check` scales them by the time of a fixed loop.
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

AWS publishes its engine for the JVM, Event Ruler. It was measured beside this one by hand, with the same rules and
events; it is not part of `make bench`.

| what | eventbridge_local | Event Ruler |
|---|---|---|
| 10,000 rules that name values, one event | 62 us | 89 us |
| 10,000 rules with a quarter of anything-but, one event that 2,084 rules match | 0.38 ms | 5.0 ms |
""",
}

#: Why goals are missed, by the key of the row. A reason is printed only while its goal is missed.
REASONS = {
    "put_1x1": "it takes 1.24 times the instructions of the floor (callgrind: 1,080,000 against 874,000), in 44 calls "
    "of Python functions of this package. In CPU time it is more, because botocore has used up the caches between two "
    "calls of them. A half of it belongs to the call (the hook, the context, the answer, the journal), the other half "
    "to the entry; see ten entries.",
    "put_1x2000": "as with one rule; looking the event up in the index of 2,000 rules is what it takes more.",
    "put_10x1": "it takes 1.76 times the instructions of the floor (callgrind: 2,880,000 against 1,636,000), in 19 "
    "calls of Python functions for each entry. In CPU time it is more, as with one entry, and because the collector "
    "of reference cycles looks at what the journal keeps (a twentieth). Of the instructions beyond the floor, reading "
    "the details takes 22 %, matching 20 %, decoding the body 16 %, the ids 6 %, checking the body 4 %; the rest "
    "makes events, records and the answer. To take the parameters of the caller instead of the body would save the 16 "
    "%; but then a `before-call` listener that changes the body would change nothing. To read details without looking "
    "for repeated names would not be exact.",
    "moto_1x1": "limited by the floor, see below.",
    "moto_10x1": "limited by the floor, see below.",
    "moto_1x100": "limited by the floor, see below.",
    "moto_10x100": "limited by the floor, see below.",
    "callable": "a put, the text of the event for the handler, `json.loads` of it, the record of the call, and the "
    "bounds on what a handler may cause.",
    "transformer": "a put, the envelope as text and as values, and the template.",
    "put_rule": "it takes 1.22 times the instructions of the floor (callgrind: 975,000 against 800,000). Compiling the "
    "pattern is a quarter of what is beyond the floor, the record of the rule and its place on the bus a fifth; the "
    "rest is decoding, checking, the record of the call and the answer.",
    "small_test": "the floor of the call, which both sides pay, is two fifths of such a test, what the put costs "
    "beyond it a fifth, entering and leaving the mock three tenths, the assertion a tenth. Had the put reached its "
    "goal, 12 x would still leave next to nothing of the time for the mock.",
    "path_files": "each layer from the hook to the journal has a file for each theme.",
    "import_mock": "all of it is modules of this package that a put needs.",
    "record": "the text of the detail takes 740 bytes, the event with its id 230, the record of it 170, instants, "
    "numbers and what lists the records 200.",
    "replay_from": "by instructions, reading an event costs 1.24 x, its detail parsed as in the unit, and matching it "
    "0.89 x; its record, those of its deliveries, and dropping the oldest ones cost 0.77 x.",
    "load_json": "by the profile, two fifths are evaluating the resources and making the plan, two fifths carrying it "
    "out, and a fifth is reading the text with its positions.",
    "replay_cli": "reading an event costs 1.1 x, loading the template 0.2 x, the rest is matching.",
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
        yield from _reasons(section, run)
        if section.module == "calls":
            yield _wrapped(_limit(run))
        if section.module in AFTER:
            yield AFTER[section.module]


def _reasons(section: Any, run: Any) -> Iterator[str]:
    """Yield why goals of a section are missed."""
    missed = [row for row in section.rows if row.key in REASONS and not row.met(run.figures[row.key])]
    if missed:
        yield "Why goals are missed:\n"
        lines = (f"- {row.what}: {REASONS[row.key]}" for row in missed)
        yield from (textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False) for line in lines)
        yield ""


def _limit(run: Any) -> str:
    """Return how much faster than moto a call would be that cost no more than the floor."""
    floors = {"moto_1x1": "put_1x1", "moto_10x1": "put_10x1", "moto_1x100": "put_1x1", "moto_10x100": "put_10x1"}
    most = [rows.shown(run.figures[moto] * run.figures[floor]) for moto, floor in floors.items()]
    return (
        "How much faster than moto a call can be is limited by the floor too: calls that cost nothing beyond it would "
        f"be {', '.join(most[:3])} and {most[3]} times faster in the four rows about moto."
    )


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
