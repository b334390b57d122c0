"""Runs in a child process before anything else there: stops calls as soon as botocore is imported.

See ``child_process``. It is run by its path, with two more globals: ``reason``, which the error says, and
``allow_hosts``. It imports the standard library alone until then.
"""

from __future__ import annotations

import runpy
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

#: What ``runpy.run_path`` calls what it runs.
_RUN_BY_PATH = "<run_path>"
#: Every client is made by a session; when this module has been executed, ``botocore.client`` has been too.
_WATCHED = "botocore.session"


def stop_calls(reason: str, allow_hosts: Collection[str]) -> None:
    """Stop the calls of this process that no mock answers, from the import of botocore on."""

    def block(_: str) -> None:
        watch.stop()
        from eventbridge_local.botocore_hooks import hook, refused_calls

        hook.block(refused_calls.Block(lambda: reason, allow_hosts))

    watch: Any = runpy.run_path(str(Path(__file__).with_name("import_watch.py")))["ImportWatch"]({_WATCHED}, block)
    if _WATCHED in sys.modules:
        block(_WATCHED)
    else:
        watch.start()


if __name__ == _RUN_BY_PATH:
    stop_calls(globals()["reason"], globals()["allow_hosts"])
