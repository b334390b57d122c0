"""Scripts in a fresh interpreter in which nothing may be connected to, looked up or started."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

#: Events of ``sys.audit`` that leave the process.
FORBIDDEN = (
    "socket.connect",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "socket.gethostbyaddr",
    "socket.sendto",
    "subprocess.Popen",
    "os.system",
)

_GUARD = f"""
import sys
def forbid(event, args, forbidden=frozenset({FORBIDDEN!r})):
    if event in forbidden:
        print(event, args, file=sys.stderr, flush=True)
        import os, traceback
        traceback.print_stack()
        os._exit(99)
sys.addaudithook(forbid)
"""


def run_python(
    code: str, folder: Path | None = None, environment: dict[str, str] | None = None, guarded: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a script in a fresh interpreter; it ends with status 99 where anything leaves the process."""
    script = (_GUARD if guarded else "") + textwrap.dedent(code)
    command = [sys.executable, "-c", script]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder, env=environment)
