"""Runs the random tests long: each area for its share of the minutes, again and again with other seeds.

    python tools/fuzz.py                             all areas; twenty minutes
    python tools/fuzz.py --minutes 5 http patterns   only these, in five minutes
    python tools/fuzz.py --seed 7                    with the seeds 7, 8, 9 and so on

What is found is printed by pytest with the call that fails. The same seed finds it again, and so does the next run,
because hypothesis keeps it in ``.hypothesis``. A round that has begun is ended, so a run may take a minute more.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import re
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
#: The tests of each area. Each has ``examples`` of ``tests/support/lengths.py``.
AREAS = {
    "control-plane": ["tests/fuzz/test_control_plane.py"],
    "operations": ["tests/fuzz/test_operations.py"],
    "templates": ["tests/fuzz/test_templates.py", "tests/iac/test_spoiled.py"],
    "captures": ["tests/fuzz/test_captures.py"],
    "http": ["tests/fuzz/test_http.py"],
    "patterns": ["tests/patterns/test_properties.py"],
    "delivery": ["tests/delivery/test_conservation.py", "tests/delivery/test_route.py"],
    "schedules": ["tests/schedules/test_against_reference.py"],
    "contracts": ["tests/contracts/test_infer.py"],
}
#: The area that needs a package which is not for every Python and system: coverage chooses the bytes.
ATHERIS = "atheris"


class Found(NamedTuple):
    """What became of an area.

    Attributes:
        rounds: how often its tests ran.
        examples: how many examples passed.
        failed: the seeds of the rounds that failed.
    """

    rounds: int
    examples: int
    failed: tuple[int, ...]


def main() -> int:
    """Do what the arguments ask for; return how many areas failed."""
    names = [*AREAS, ATHERIS]
    parser = argparse.ArgumentParser(description="Look for faults of this package with random input.")
    parser.add_argument("areas", nargs="*", metavar="AREA", help=f"of {', '.join(names)}; all by default")
    parser.add_argument("--minutes", type=float, default=20, help="for all areas together; 20 by default")
    parser.add_argument("--seed", type=int, help="of the first round; a new one by default")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.areas if name not in names]
    if unknown:
        parser.error(f"there is no area {unknown[0]!r}")
    areas = [name for name in arguments.areas or names if name != ATHERIS or is_installed(ATHERIS)]
    seed = secrets.randbelow(2**31) if arguments.seed is None else arguments.seed
    print(f"Python {platform.python_version()} on {os.cpu_count()} processors, seed {seed}", flush=True)
    failed = [name for name in areas if searched(name, seed, arguments.minutes * 60 / len(areas)).failed]
    print(f"\nfailed: {', '.join(failed)}" if failed else "\nnothing was found")
    return len(failed)


def is_installed(package: str) -> bool:
    """Return whether a package is there, and say so where it is not."""
    there = importlib.util.find_spec(package) is not None
    if not there:
        print(f"{package} is not installed: that area is left out")
    return there


def searched(area: str, seed: int, seconds: float) -> Found:
    """Search an area for some seconds and print what was done."""
    begin = time.monotonic()
    found = by_coverage(seed, seconds) if area == ATHERIS else by_rounds(AREAS[area], seed, seconds)
    verdict = f"FAILED with seed {', '.join(map(str, found.failed))}" if found.failed else "nothing found"
    taken = time.monotonic() - begin
    print(f"{area:<16}{found.rounds:>4} rounds {found.examples:>12,} examples {taken:>7.0f} s  {verdict}", flush=True)
    return found


def by_rounds(tests: list[str], seed: int, seconds: float) -> Found:
    """Run tests until the time is over, each round with the next seed. One that fails is printed and is the last."""
    end = time.monotonic() + seconds
    rounds = examples = 0
    while rounds == 0 or time.monotonic() < end:
        ran = pytest(tests, seed + rounds)
        rounds += 1
        examples += passing(ran.stdout)
        if ran.returncode:
            print(ran.stdout, ran.stderr, sep="\n")
            return Found(rounds, examples, (seed + rounds - 1,))
    return Found(rounds, examples, ())


def pytest(tests: list[str], seed: int) -> subprocess.CompletedProcess[str]:
    """Run tests long, with the statistics of hypothesis."""
    options = ["-q", "-p", "no:cacheprovider", "--show-capture=no", "--hypothesis-show-statistics"]
    command = [sys.executable, "-m", "pytest", *options, f"--hypothesis-seed={seed}", *tests]
    environment = os.environ | {"EVENTBRIDGE_LOCAL_FUZZ": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def passing(statistics: str) -> int:
    """Return how many examples passed, of what hypothesis prints about them."""
    return sum(int(count) for count in re.findall(r"(\d+) passing", statistics))


def by_coverage(seed: int, seconds: float) -> Found:
    """Feed the pattern engine bytes; what atheris finds it prints itself."""
    command = [sys.executable, "tests/fuzz/atheris_patterns.py", f"-max_total_time={max(1, round(seconds))}"]
    command += ["-timeout=20", f"-seed={seed % 2**31 or 1}"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    done = re.search(r"Done (\d+) runs", ran.stderr)
    if ran.returncode:
        print(ran.stdout, ran.stderr[-20_000:], sep="\n")
    return Found(1, int(done[1]) if done else 0, (seed,) if ran.returncode else ())


if __name__ == "__main__":
    sys.exit(main())
