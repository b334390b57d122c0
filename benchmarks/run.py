"""The table of all benchmarks, and whether they got worse.

    python benchmarks/run.py                    measure and print; about three minutes
    python benchmarks/run.py calls growth       only these sections
    python benchmarks/run.py --write            measure and write ratios.json, of which tools/make_performance.py
                                                makes docs/performance.md
    python benchmarks/run.py --check            measure; fail when a row got worse than in ratios.json

A row that seems worse is measured once more, and counts as worse only when it is worse both times.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import version

from rows import ROWS, SECTIONS, Run, Section, committed, shown, write

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


def measured(sections: Sequence[Section]) -> Run:
    """Measure some sections and print their rows as they come."""
    # Together with the measuring, because the modules import boto3.
    from measuring import loop_ms

    figures: dict[str, float] = {}
    before = loop_ms()
    for section in sections:
        start = time.perf_counter()
        found = importlib.import_module(section.module).measure()
        assert set(found) == {row.key for row in section.rows}, section.module
        print(f"\n{section.title} ({time.perf_counter() - start:.0f} s)")
        for row in section.rows:
            figures[row.key] = float(f"{found[row.key]:.4g}")
            print(table_line(row.key, figures[row.key]), flush=True)
    names = ("boto3", "botocore", "moto", "pytest", "PyYAML")
    environment = {"Python": platform.python_version(), **{name: version(name) for name in names}}
    return Run(figures, round((before + loop_ms()) / 2, 3), {**environment, "day": date.today().isoformat()})


def table_line(key: str, figure: float) -> str:
    """Return one row of the table: what, figure, goal, verdict."""
    row = ROWS[key]
    what = row.what.replace("`", "")
    return f"  {what:<88}{shown(figure):>8} {row.unit:<6} {row.goal_text:<20} {row.verdict(figure)}"


def worse(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the rows that got worse than they are committed, each with how."""
    before = committed()
    for key in run.figures:
        if key not in before.figures:
            yield key, "is not in ratios.json"
            continue
        now, then = run.scaled(key, before.loop_ms), before.figures[key]
        how = ROWS[key].got_worse(now, then)
        if how:
            yield key, f"{how}: {shown(then)} {ROWS[key].unit} committed, {shown(now)} now"


def check(sections: Sequence[Section]) -> int:
    """Measure, print what got worse, and return the exit code."""
    suspects = dict(worse(measured(sections)))
    if suspects:
        print(f"\nonce more, because these seem worse: {', '.join(suspects)}")
        again = [section for section in sections if any(row.key in suspects for row in section.rows)]
        suspects = {key: how for key, how in worse(measured(again)) if key in suspects}
    for key, how in suspects.items():
        print(f"WORSE {key}: {how}")
    print(f"\n{len(suspects)} rows got worse" if suspects else "\nno row got worse")
    return 1 if suspects else 0


def main() -> int:
    """Do what the arguments ask for; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure this package against its goals.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(each.module for each in SECTIONS))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="write ratios.json")
    how.add_argument("--check", action="store_true", help="fail when a row got worse than in ratios.json")
    arguments = parser.parse_args()
    sections = [each for each in SECTIONS if not arguments.sections or each.module in arguments.sections]
    if arguments.check:
        return check(sections)
    run = measured(sections)
    missed = sum(not ROWS[key].met(figure) for key, figure in run.figures.items())
    print(f"\n{len(run.figures)} rows, {missed} missed")
    if arguments.write:
        before = committed().figures if arguments.sections else {}
        write(run._replace(figures={**before, **run.figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
