"""Ids: their shape and their seeds."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.model.event import Ids

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@given(st.one_of(st.none(), st.integers(), st.text()))
def test_shape(seed: int | str | None) -> None:
    """Every seed gives ids in UUID form, in lower case and with their leading zeros."""
    ids = Ids(seed)
    assert all(UUID.fullmatch(ids.uuid()) for _ in range(20))


@pytest.mark.parametrize("seed", [0, 7, "tests/test_shop.py::test_order"])
def test_a_seed_gives_the_same_ids(seed: int | str) -> None:
    """Two sources of one seed give the same ids in the same order."""
    one, other = Ids(seed), Ids(seed)
    assert [one.uuid() for _ in range(50)] == [other.uuid() for _ in range(50)]


def test_other_seeds_and_no_seed_give_other_ids() -> None:
    """Ids differ within a source, between seeds, and between sources without a seed."""
    sources = [Ids(1), Ids(2), Ids("1"), Ids(), Ids()]
    made = [source.uuid() for source in sources for _ in range(50)]
    assert len(set(made)) == len(made)


def test_the_process_wide_generator_is_left_alone() -> None:
    """Neither does a source use Python's shared generator nor does seeding that one change the ids."""
    random.seed(1)
    before = random.getstate()
    ids = Ids(3)
    first = ids.uuid()
    assert random.getstate() == before
    random.seed(2)
    assert Ids(3).uuid() == first


#: Prints an id of a forked process, and then the next one of the process itself.
_FORKED = """
import os
from eventbridge_local.model.event import Ids
ids = Ids()
if os.fork() == 0:
    print(ids.uuid(), flush=True)
    os._exit(0)
os.wait()
print(ids.uuid())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_gives_ids_of_its_own() -> None:
    """All mocks without a seed share a generator, which is seeded anew in a child."""
    done = subprocess.run([sys.executable, "-c", _FORKED], capture_output=True, text=True, check=True)
    child, parent = done.stdout.split()
    assert child != parent
