"""Prepares a run of the README's code against an installed wheel.

    python tools/try_readme.py --write FOLDER          its Python as a test file in FOLDER
    python tools/try_readme.py --requirements WHEEL    what it says to install, with WHEEL in place of the clone

pytest must be there, because the tests of the pages read the blocks.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def requirements(text: str, wheel: str) -> list[str]:
    """Return what the `pip install` line of the README's section "Install" names, with the wheel instead of ``.``."""
    section = text.partition("\n## Install\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ pip install (.*)$", section, re.MULTILINE)
    names = [name for command in commands for name in shlex.split(command, comments=True)]
    return [f"{wheel}{name[1:]}" if name.startswith(".") else name for name in names]


def write_blocks(folder: Path) -> None:
    """Write the README's Python into ``test_copied.py``."""
    path = ROOT / "tests" / "test_readme.py"
    spec = importlib.util.spec_from_file_location("test_readme", path)
    assert spec is not None and spec.loader is not None
    pages = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pages)
    folder.mkdir(parents=True, exist_ok=True)
    pages.copy_page("README.md", folder)


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    if what == "--write":
        write_blocks(Path(argument))
    else:
        print(*requirements((ROOT / "README.md").read_text(encoding="utf-8"), argument), sep="\n")
