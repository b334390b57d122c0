"""The table of benchmarks: verdicts, what counts as worse, and the page that is made of the committed figures.

Nothing is measured here; ``make bench`` and ``make bench-check`` do that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from modules import module_at

ROOT = Path(__file__).parent.parent

maker = module_at(ROOT / "tools" / "make_performance.py")
rows = maker.rows

LESS = rows.Row("a", "a time", "x", 2.0)
MORE = rows.Row("b", "times faster", "x", 10.0, at_least=True)
ROUGH = rows.Row("c", "hard to measure", "MB", 100.0, slack=5.0)


def test_rows_have_keys_of_their_own_and_a_module_that_measures_them() -> None:
    every = [row.key for section in rows.SECTIONS for row in section.rows]
    assert len(every) == len(set(every)) == len(rows.ROWS)
    for section in rows.SECTIONS:
        source = (ROOT / "benchmarks" / f"{section.module}.py").read_text("utf-8")
        assert [row.key for row in section.rows if f'"{row.key}"' not in source] == []


@pytest.mark.parametrize(
    ("row", "figure", "verdict"),
    [(LESS, 2.0, "met"), (LESS, 2.01, "missed"), (MORE, 10.0, "met"), (MORE, 9.9, "missed")],
)
def test_the_verdict(row: Any, figure: float, verdict: str) -> None:
    assert row.verdict(figure) == verdict


@pytest.mark.parametrize(
    ("row", "figure", "before", "worse"),
    [
        (LESS, 1.2, 1.0, False),
        (LESS, 1.21, 1.0, True),
        (LESS, 0.1, 1.0, False),
        (LESS, 2.1, 1.9, True),  # by a tenth, but the goal was met
        (LESS, 3.3, 3.0, False),
        (MORE, 16.0, 20.0, False),
        (MORE, 15.9, 20.0, True),
        (MORE, 9.9, 10.1, True),
        (MORE, 50.0, 20.0, False),
        (ROUGH, 6.0, 1.0, False),
        (ROUGH, 6.1, 1.0, True),
    ],
)
def test_what_counts_as_worse(row: Any, figure: float, before: float, worse: bool) -> None:
    assert bool(row.got_worse(figure, before)) is worse


def test_a_row_is_worse_when_it_is_so_each_time() -> None:
    """What seems worse once may be what else the machine did; what is not needed is not measured again."""

    def attempts(*found: str) -> Iterator[dict[str, str]]:
        for number, keys in enumerate(found, 1):
            yield dict.fromkeys(keys, f"attempt {number}")
        pytest.fail("nobody needs another attempt")

    assert rows.worse_each_time(attempts("")) == {}
    assert rows.worse_each_time(attempts("ab", "c")) == {}
    assert rows.worse_each_time(iter([{"a": "1", "b": "1"}, {"b": "2", "c": "2"}])) == {"b": "2"}


def test_absolute_times_are_scaled_by_the_loop() -> None:
    """On a machine of half the speed everything may take twice as long; ratios stay."""
    run = rows.Run({"len": 30.0, "put_1x1": 1.5, "record": 1.2}, loop_ms=10.0, environment={})
    assert {key: run.scaled(key, 5.0) for key in run.figures} == {"len": 15.0, "put_1x1": 1.5, "record": 1.2}


def test_the_page_is_made_of_the_committed_figures() -> None:
    """Run ``python tools/make_performance.py`` when this fails."""
    run = rows.committed()
    assert run.figures.keys() == rows.ROWS.keys()
    assert maker.PAGE.read_text(encoding="utf-8") == maker.page(run)
