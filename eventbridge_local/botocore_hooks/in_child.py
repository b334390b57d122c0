"""Runs in a child process before anything else there: stops calls as soon as botocore is imported.

See ``child_process``. It is run by its path and gets two globals: ``reason``, which the error says, and
``allow_hosts``. It imports the standard library alone until then.
"""

from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

#: Every client is made by a session; when this module has been executed, ``botocore.client`` has been too.
_WATCHED = "botocore.session"
reason: str = globals()["reason"]
allow_hosts: list[str] = globals()["allow_hosts"]


def _stop_calls(_: str = "") -> None:
    watch.stop()
    from eventbridge_local.botocore_hooks import hook, refused_calls

    hook.block(refused_calls.Block(lambda: reason, allow_hosts))


watch: Any = runpy.run_path(str(Path(__file__).with_name("import_watch.py")))["ImportWatch"]({_WATCHED}, _stop_calls)
if _WATCHED in sys.modules:
    _stop_calls()
else:
    watch.start()
