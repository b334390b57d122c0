"""The tool behind ``make fuzz``: every long test is in an area, and what fails is named with its seed."""

from __future__ import annotations

from pathlib import Path

import pytest
from modules import module_at

ROOT = Path(__file__).parents[2]
fuzz = module_at(ROOT / "tools" / "fuzz.py")

BREAKS = """
from hypothesis import given, settings, strategies as st

@settings(max_examples=200, database=None)
@given(st.integers(0, 1_000))
def test_numbers(number):
    assert number < {most}
"""


def test_every_long_test_is_in_an_area() -> None:
    known = {ROOT / each for area in fuzz.AREAS.values() for each in area}
    long = {each for each in (ROOT / "tests").rglob("test_*.py") if "\nfrom lengths import" in each.read_text("utf-8")}
    assert known == long


@pytest.mark.parametrize(("most", "failed"), [(2_000, False), (900, True)])
def test_a_round_that_fails_is_the_last(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], most: int, failed: bool
) -> None:
    test = tmp_path / "test_numbers.py"
    test.write_text(BREAKS.format(most=most), "utf-8")
    found = fuzz.by_rounds([str(test)], seed=7, seconds=0)
    assert found.rounds == 1
    assert found.failed == ((7,) if failed else ())
    assert (found.examples == 200) is not failed
    assert ("number=900" in capsys.readouterr().out) is failed


def test_what_became_of_the_areas(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    found = {"one": fuzz.Found(3, 1_500, ()), "two": fuzz.Found(1, 20, (9,))}
    monkeypatch.setattr(fuzz, "AREAS", {name: [name] for name in found})
    monkeypatch.setattr(fuzz, "by_rounds", lambda tests, seed, seconds: found[tests[0]])
    monkeypatch.setattr("sys.argv", ["fuzz.py", "one", "two", "--seed", "9"])
    assert fuzz.main() == 1
    out = capsys.readouterr().out
    assert ", seed 9\n" in out
    assert "3 rounds        1,500 examples" in out
    assert "FAILED with seed 9" in out
    assert out.endswith("failed: two\n")
