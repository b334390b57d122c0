"""docs/command-line.md: every console block is run, and says what the page says.

A page is 88 columns wide. A longer line of a program goes on in the next line, indented by four; a command ends with a
backslash then, and an event of a ``.jsonl`` file, which is one line there, goes on like output.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from page_text import wrapped_text

from eventbridge_local.lint import CODES

PAGE = (Path(__file__).parent.parent.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
FILES = re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL)
BLOCKS = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = [
    command for block in BLOCKS for command in re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", block, re.M)
]


@pytest.fixture
def shell(tmp_path: Path) -> Path:
    """A folder with the files of the page and a command ``eventbridge-local``."""
    for name, content in FILES:
        text = re.sub(r"\n +", " ", content) if name.endswith(".jsonl") else content
        (tmp_path / name).write_text(text, encoding="utf-8")
    program = tmp_path / "bin" / "eventbridge-local"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m eventbridge_local "$@"\n')
    program.chmod(0o755)
    return tmp_path


def test_the_page_has_commands() -> None:
    """The expressions above find them."""
    assert len(FILES) == 3
    assert len(COMMANDS) >= 9


@pytest.mark.skipif(sys.platform == "win32", reason="the page is for a POSIX shell")
@pytest.mark.parametrize(("command", "output"), COMMANDS, ids=[command for command, _ in COMMANDS])
def test_command(command: str, output: str, shell: Path) -> None:
    """What is printed, standard error included, is what the page shows."""
    environment = {**os.environ, "PATH": f"{shell / 'bin'}:{os.environ['PATH']}", "PYTHONUTF8": "1"}
    ran = subprocess.run(
        ["sh", "-c", command], cwd=shell, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert wrapped_text(ran.stdout) == output


def test_all_codes_of_lint() -> None:
    """The table names each code with its severity."""
    table = dict(re.findall(r"^\| `([\w-]+)` \| (error|warning|info) \|", PAGE, re.MULTILINE))
    assert table == CODES


def test_all_commands() -> None:
    """The page has a place for each command."""
    for name in ("match", "explain", "route", "lint", "next", "replay", "serve"):
        assert re.search(rf"^\| `{name}\b", PAGE, re.MULTILINE)
        assert re.search(rf"^## .*\b{name}\b", PAGE, re.MULTILINE)
