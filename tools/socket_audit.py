"""Runs the tests and lists whom they ask outside their processes: connections, datagrams, lookups of names.

    python tools/socket_audit.py [arguments of pytest]

Every Python process that the run starts is watched, also the children of tests, by ``sys.audit``
(``tests/support/socket_audit.py``). What stays on this machine is counted by the folder of its test: these tests start
servers. Whatever goes beyond it is printed with its stack, and the exit status is 1.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
WATCH = str(ROOT / "tests" / "support" / "socket_audit.py")
FILE = "EVENTBRIDGE_SOCKET_AUDIT"
#: The test that shows that the watch sees what leaves.
ON_PURPOSE = "::test_the_watch_sees_what_leaves"

#: What each Python process runs when it starts.
_SITE = f"""
import importlib.util, json, os, sys

spec = importlib.util.spec_from_file_location("eventbridge_socket_audit", {WATCH!r})
module = sys.modules["eventbridge_socket_audit"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

def tell(contact):
    test = os.environ.get("PYTEST_CURRENT_TEST", "") or " ".join(sys.argv)
    line = json.dumps([test, contact.leaves, str(contact)]) + "\\n"
    file = os.open(os.environ[{FILE!r}], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, line.encode())
    os.close(file)

module.watch(tell)
"""


def main(arguments: list[str]) -> int:
    """Run pytest and print what was asked; return 1 where a test failed or something went beyond this machine."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "sitecustomize.py").write_text(_SITE, "utf-8")
        told = Path(folder, "contacts")
        paths = [folder, str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), FILE: str(told)}
        status = subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment).returncode
        lines = told.read_text("utf-8").splitlines() if told.exists() else []
    contacts = [json.loads(line) for line in lines]
    return _report(contacts) or min(status, 1)


def _report(contacts: list[Any]) -> int:
    here = Counter(test.partition("::")[0] for test, leaves, _ in contacts if not leaves)
    print(f"\n{sum(here.values())} contacts on this machine, by file of the test or command of its process:")
    print(*(f"{count:7} {test}" for test, count in sorted(here.items())), sep="\n")
    beyond = [(test, text) for test, leaves, text in contacts if leaves and ON_PURPOSE not in test]
    print(f"\n{len(beyond)} contacts beyond this machine")
    for test, text in beyond:
        print(f"\n{test}\n{text}")
    return 1 if beyond else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
