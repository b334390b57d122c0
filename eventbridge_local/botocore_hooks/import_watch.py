"""Learns when certain modules are executed: imported late, imported again after a purge, or reloaded.

It imports only the standard library, because a child process runs it before it has its ``sys.path``.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Collection
from typing import Any


class ImportWatch:
    """Calls a function after each execution of a module, while it stands in ``sys.meta_path``.

    The modules are found and loaded by those who would do it without the watch, and nothing of it stays on them.

    Args:
        names: of the modules.
        after: called with the name of the module that was executed.
    """

    def __init__(self, names: Collection[str], after: Callable[[str], None]) -> None:
        self._names = frozenset(names)
        self._after = after

    def start(self) -> None:
        """Watch imports from now on; do it once."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Watch no longer."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """Return what the finders behind this one find, for the modules that are watched."""
        if name not in self._names:
            return None
        finders = list(sys.meta_path)
        if self in finders:  # only those behind: another watch may stand before this one, and it asks this one
            del finders[: finders.index(self) + 1]
        for finder in finders:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                self._call_after(name, spec.loader)
                return spec
        return None

    def _call_after(self, name: str, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: Any) -> None:
            execute(module)
            if module.__name__ == name:  # a loader may be one for several modules
                if vars(loader).get("exec_module") is exec_module:
                    del loader.exec_module
                self._after(name)

        with contextlib.suppress(AttributeError):  # a loader that takes no attributes is not watched
            loader.exec_module = exec_module
