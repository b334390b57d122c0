"""The path of a call stays short: the functions, files and changes of folder that ``benchmarks/path.py`` counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from modules import module_at

ROOT = Path(__file__).parent.parent

#: The most functions, files and changes of folder that a call may pass. Lower them when a path gets shorter.
MOST = {
    "put_events": (65, 22, 18),
    "assert_put that fails": (70, 11, 17),
    "schedule that fires": (55, 15, 15),
}

path = module_at(ROOT / "benchmarks" / "path.py")


def test_every_call_has_a_bound() -> None:
    assert MOST.keys() == path.CALLS.keys()


@pytest.mark.parametrize("call", MOST)
def test_a_call_takes_a_short_path(call: str) -> None:
    walk = path.CALLS[call]()
    counted = (len(walk.functions), len(walk.files), walk.changes)
    assert all(count <= most for count, most in zip(counted, MOST[call], strict=True)), counted


def test_the_path_is_seen() -> None:
    """A put goes from the hook over its operation and the plan to the journal, and is counted as it is defined."""
    walk = path.walk_put_events()
    files = ["botocore_hooks/hook.py", "operations/events.py", "delivery/route.py", "transforms/template.py"]
    assert [file for file in walk.files if file in files] == files
    walk.steps = [path.Step(*step) for step in [("a/x.py", "f"), ("a/b/y.py", "g"), ("z.py", "f"), ("a/x.py", "f")]]
    assert (len(walk.functions), len(walk.files), walk.changes) == (3, 3, 2)
