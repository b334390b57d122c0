"""The code blocks of a page as files, for tests that run them and for the try of an installed wheel.

A block under ``<!-- file: name -->`` is a file of that name beside the test file. This package is not imported here,
because it is not installed yet where a wheel is tried.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def python_of(page: str) -> str:
    """The page's code blocks, each on the lines it has in the page, so that a failure points there."""
    lines: list[str] = []
    page = FILE.sub(lambda file: "\n" * file[0].count("\n"), page)
    for block in BLOCK.finditer(page):
        first = page.count("\n", 0, block.start(1))
        lines += [""] * (first - len(lines)) + block[1].splitlines()
    return "\n".join(lines) + "\n"


def copy_page(page: str, folder: Path) -> Path:
    """Write the page's files and its code into a folder; returns the file with the code."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for file in FILE.finditer(text):
        (folder / file[1]).parent.mkdir(parents=True, exist_ok=True)
        (folder / file[1]).write_text(file[2], encoding="utf-8")
    copied = folder / "test_copied.py"
    copied.write_text(python_of(text), encoding="utf-8")
    return copied
