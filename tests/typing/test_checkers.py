"""mypy and pyright find every mistake of ``mistakes.py``, and none in ``api.py``, which is written as users write."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent.parent
MISTAKES = (FOLDER / "mistakes.py").read_text("utf-8")
#: Where the mistakes are, with what mypy calls each.
EXPECTED = {
    number: found[1]
    for number, line in enumerate(MISTAKES.splitlines(), 1)
    if (found := re.search(r"# type: ignore\[([\w-]+)\]$", line))
}
PYRIGHT = shutil.which("pyright", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """The mistakes with no comment that tells a checker to keep silent."""
    path = tmp_path / "bare_mistakes.py"
    path.write_text(re.sub(r"  # type: ignore.*", "", MISTAKES), encoding="utf-8")
    return path


def test_there_are_mistakes() -> None:
    """The expression above finds them."""
    assert len(EXPECTED) > 35


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_finds_every_mistake(bare: Path) -> None:
    """Each on its line, with the code that the comment names."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", "--hide-error-context", str(bare)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment())
    found = re.findall(r"bare_mistakes\.py:(\d+): error: .*\[([\w-]+)\]$", ran.stdout, re.MULTILINE)
    assert {int(line): code for line, code in found} == EXPECTED, ran.stdout + ran.stderr


def test_pyright_finds_every_mistake(bare: Path) -> None:
    """Each on its line, and nothing elsewhere."""
    assert {each["range"]["start"]["line"] + 1 for each in _pyright(bare)} == set(EXPECTED)


def test_pyright_finds_nothing_in_what_users_write() -> None:
    assert _pyright(FOLDER / "api.py") == []


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """The code of the page about typing."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs" / "typing.md").read_text("utf-8"), re.M | re.S)
    path = tmp_path / "page_on_typing.py"
    path.write_text("\n".join(blocks), encoding="utf-8")
    return path


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_mypy_finds_nothing_on_the_page(page: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "mypy", str(page)], cwd=ROOT, capture_output=True, text=True, env=_environment()
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_pyright_finds_nothing_on_the_page(page: Path) -> None:
    assert _pyright(page) == []


def _pyright(path: Path) -> list[dict[str, Any]]:
    """Return the errors that pyright finds in a file."""
    if PYRIGHT is None:
        pytest.skip("pyright is not installed; the one of PyPI needs node")
    command = [PYRIGHT, "--outputjson", "--pythonpath", sys.executable, str(path)]
    ran = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, env=_environment())
    return [each for each in json.loads(ran.stdout)["generalDiagnostics"] if each["severity"] == "error"]


def _environment() -> dict[str, str]:
    """Return the environment in which a checker finds this library, wherever the file lies that it checks."""
    return {**os.environ, "MYPYPATH": str(ROOT)}
