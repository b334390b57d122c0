"""What an import brings with it: the plugin in every run of pytest, and a mock in a test that uses little of it.

Each case runs in a process of its own, because other tests have imported everything.
"""

from __future__ import annotations

import subprocess
import sys
from typing import get_type_hints

from eventbridge_local.options import NAMES, OptionKeywords, Options
from eventbridge_local.pytest_plugin import INI_KEYS


def modules_after(code: str, beside: str = "pass") -> set[str]:
    """Return the names of the modules that ``code`` imports in a new process, without those that ``beside`` imports."""
    script = f"import sys\n{beside}\nbefore = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_plugin_brings_the_standard_library_alone() -> None:
    """It is imported at the start of every run of an environment, also of those that never use it."""
    found = modules_after("import eventbridge_local.pytest_plugin", beside="import pytest")
    assert {name for name in found if name.split(".")[0] not in sys.stdlib_module_names} == {
        "eventbridge_local",
        "eventbridge_local.defaults",
        "eventbridge_local.pytest_plugin",
    }


def test_an_ini_key_sets_an_option() -> None:
    """The table in the plugin cannot import the options, so its names are compared with them here."""
    assert INI_KEYS.keys() <= set(NAMES)


def test_type_checkers_know_every_option() -> None:
    """The keywords of ``mock_eventbridge`` have the names and types of the fields of ``Options``."""
    assert get_type_hints(OptionKeywords) == get_type_hints(Options)
