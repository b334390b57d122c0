"""The table of all benchmarks, and whether they got worse.

    python benchmarks/run.py                    measure and print; about four minutes
    python benchmarks/run.py calls growth       only these sections
    python benchmarks/run.py --write            measure and write ratios.json, of which tools/make_performance.py
                                                makes docs/performance.md
    python benchmarks/run.py --check            measure; fail when a row got worse than in ratios.json

Each section is measured in a process of its own, because what the collector of reference cycles and the caches do
depends on all that a process holds. A section with a row that seems worse is measured again, up to four times in all;
the row counts as worse only when it is worse each time. So a moment in which the machine is busy turns nothing red.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import date
from importlib.metadata import version

from rows import ROWS, SECTIONS, TRIES, Run, Section, committed, shown, worse_each_time, write

os.environ.setdefault("AWS_EC2_METADATA_DISABLED", "true")


def measured(sections: Sequence[Section]) -> Run:
    """Measure some sections and print their rows as they come."""
    runs = [run_of(section) for section in sections]
    loop_ms = round(statistics.median(run.loop_ms for run in runs), 3)
    figures = {key: float(f"{run.scaled(key, loop_ms):.4g}") for run in runs for key in run.figures}
    names = ("boto3", "botocore", "moto", "pytest", "PyYAML")
    environment = {"Python": platform.python_version(), **{name: version(name) for name in names}}
    return Run(figures, loop_ms, {**environment, "day": date.today().isoformat()})


def run_of(section: Section) -> Run:
    """Measure a section in a process of its own and print its rows."""
    start = time.perf_counter()
    command = [sys.executable, __file__, section.module, "--figures"]
    figures, loop_ms = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    assert set(figures) == {row.key for row in section.rows}, section.module
    print(f"\n{section.title} ({time.perf_counter() - start:.0f} s)")
    for row in section.rows:
        print(table_line(row.key, figures[row.key]), flush=True)
    return Run(figures, loop_ms, {})


def figures_of(section: Section) -> tuple[dict[str, float], float]:
    """Return the figures of a section, and the milliseconds of the fixed loop meanwhile."""
    from measuring import loop_ms  # with boto3, which the process that only starts others does without

    before = loop_ms()
    figures = importlib.import_module(section.module).measure()
    return figures, (before + loop_ms()) / 2


def table_line(key: str, figure: float) -> str:
    """Return one row of the table: what, figure, goal, verdict."""
    row = ROWS[key]
    what = row.what.replace("`", "")
    return f"  {what:<88}{shown(figure):>8} {row.unit:<6} {row.goal_text:<20} {row.verdict(figure)}"


def worse(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the rows that are worse than they are committed, each with how."""
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
    found = {key: how for section in sections for key, how in worse_each_time(attempts_at(section)).items()}
    for key, how in found.items():
        print(f"WORSE {key}: {how}")
    print(f"\n{len(found)} rows got worse" if found else "\nno row got worse")
    return 1 if found else 0


def attempts_at(section: Section) -> Iterator[dict[str, str]]:
    """Measure a section again and again, and yield its rows that are worse, each with how."""
    for attempt in range(1, TRIES + 1):
        if attempt > 1:
            print("\nonce more, because rows seem worse")
        yield dict(worse(run_of(section)))


def main() -> int:
    """Do what the arguments ask for; return the exit code."""
    parser = argparse.ArgumentParser(description="Measure this package against its goals.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=", ".join(each.module for each in SECTIONS))
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--write", action="store_true", help="write ratios.json")
    how.add_argument("--check", action="store_true", help="fail when a row got worse than in ratios.json")
    how.add_argument("--figures", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    sections = [each for each in SECTIONS if not arguments.sections or each.module in arguments.sections]
    if arguments.figures:
        print(json.dumps(figures_of(*sections)))
        return 0
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
