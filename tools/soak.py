"""Runs the loads of ``tests/soak/loads.py`` long, each in a process of its own, and prints their figures.

python tools/soak.py                          all of them; about ten minutes
python tools/soak.py threads mocks            only these
python tools/soak.py puts --puts 100000       with another count
python tools/soak.py --seed 7                 with other choices
"""

from __future__ import annotations

import argparse
import os
import platform
import secrets
import subprocess
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "soak"))

import loads

#: What each load is given, and how much by default.
COUNTS = {
    "threads": {"threads": 16, "calls": 2_000},
    "puts": {"puts": 1_000_000},
    "mocks": {"mocks": 10_000},
    "retries": {"retries": 10_000},
}


def main() -> int:
    """Do what the arguments ask for; return how many loads failed."""
    parser = argparse.ArgumentParser(description="Put load on this package and check that nothing is lost or stays.")
    parser.add_argument("names", nargs="*", metavar="LOAD", help=f"of {', '.join(COUNTS)}; all by default")
    for name, default in {name: count for counts in COUNTS.values() for name, count in counts.items()}.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{default:,} by default")
    parser.add_argument("--seed", type=int, help="of all choices; a new one by default")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(COUNTS)
    if unknown:
        parser.error(f"there is no load {min(unknown)!r}")
    if arguments.here:
        return run(arguments.names[0], arguments)
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    print(f"Python {platform.python_version()} on {os.cpu_count()} processors, seed {seed}", flush=True)
    begin = time.perf_counter()
    failed = [name for name in arguments.names or COUNTS if in_a_process(name, seed)]
    print(f"\n{'failed: ' + ', '.join(failed) if failed else 'all held'} ({time.perf_counter() - begin:.0f} s)")
    return len(failed)


def in_a_process(name: str, seed: int) -> int:
    """Run a load in a process of its own, so that none finds the memory of another; return its exit code."""
    others = [argument for argument in sys.argv[1:] if argument not in COUNTS]
    return subprocess.run([sys.executable, __file__, name, *others, "--seed", str(seed), "--here"]).returncode


def run(name: str, arguments: argparse.Namespace) -> int:
    """Run a load in this process and print what it counted."""
    counts = {each: getattr(arguments, each) for each in COUNTS[name]}
    print(f"\n{name}: {', '.join(f'{count:,} {each}' for each, count in counts.items())}", flush=True)
    begin = time.perf_counter()
    try:
        figures = getattr(loads, name)(**counts, seed=arguments.seed)
    except Exception:
        traceback.print_exc()
        return 1
    figures["seconds"] = round(time.perf_counter() - begin, 1)
    for each, figure in figures.items():
        print(f"  {each:<34}{shown(figure)}", flush=True)
    return 0


def shown(figure: object) -> str:
    """Return a figure as text, with commas in its thousands."""
    if isinstance(figure, list):
        return " ".join(map(shown, figure))
    return f"{figure:,}" if isinstance(figure, int | float) else str(figure)


if __name__ == "__main__":
    sys.exit(main())
