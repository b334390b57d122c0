"""Prepares a run of the README's code against an installed wheel.

python tools/try_readme.py --write FOLDER          its Python as a test file in FOLDER
python tools/try_readme.py --requirements WHEEL    what it says to install, with WHEEL in place of the clone
"""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from page_code import copy_page  # noqa: E402 - only there once the line above has run


def requirements(text: str, wheel: str) -> list[str]:
    """Return what the `pip install` line of the README's section "Install" names, with the wheel instead of ``.``."""
    section = text.partition("\n## Install\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^\$ pip install (.*)$", section, re.MULTILINE)
    names = [name for command in commands for name in shlex.split(command, comments=True)]
    return [f"{wheel}{name[1:]}" if name.startswith(".") else name for name in names]


def write_blocks(folder: Path) -> None:
    """Write the README's Python into ``test_copied.py``."""
    folder.mkdir(parents=True, exist_ok=True)
    copy_page("README.md", folder)


if __name__ == "__main__":
    what, argument = sys.argv[1:]
    if what == "--write":
        write_blocks(Path(argument))
    else:
        print(*requirements((ROOT / "README.md").read_text(encoding="utf-8"), argument), sep="\n")
