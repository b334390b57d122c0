"""Python handlers of functions: found from what the source says about their code, and imported on demand.

Many services have an ``app.py`` in every function's folder. Two such modules cannot both be ``sys.modules["app"]``, so
the first keeps the name; a later one takes the name while it is imported and is then kept here only.
A module that the test itself imported from the same file is used as it is, so that patching it works.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from eventbridge_local.errors import UsageError

_loaded: dict[tuple[str, str], ModuleType] = {}


@dataclass(frozen=True, slots=True)
class Handler:
    """Where a function's Python code is.

    Args:
        root: the folder (or .zip) that holds the code, which Lambda puts on the module path.
        module: dotted name of the module below it.
        function: name of the function in the module.
    """

    root: Path
    module: str
    function: str

    def load(self) -> Callable[..., Any]:
        """Import the module and return the function.

        Raises:
            UsageError: the folder, the module or the function does not exist. What the module itself raises while it
                is imported is not changed.
        """
        if not os.path.exists(self.root):
            raise UsageError(f"handler {self}: there is no {self.root}; build the code first, or connect a handler")
        module = self._module()
        try:
            found = getattr(module, self.function)
        except AttributeError:
            raise UsageError(f"handler {self}: module {self.module} has no {self.function}") from None
        if not callable(found):
            raise UsageError(f"handler {self}: {self.function} is not a function but {found!r}")
        return found  # type: ignore[no-any-return]

    def _module(self) -> ModuleType:
        root = os.path.realpath(self.root)
        known = _loaded.get((root, self.module)) or sys.modules.get(self.module)
        if known is not None and _is_below(known, root):
            return known
        none = UsageError(
            f"handler {self}: there is no module {self.module} in {self.root}; only the function's own code is imported"
        )
        package = self.module.partition(".")[0]
        # Nothing else has the name on the path: a template must not reach the standard library, or what is installed.
        if PathFinder.find_spec(package, [root]) is None:
            raise none
        with _first_on_path(root), _set_aside(package, root):
            try:
                module = importlib.import_module(self.module)
            except ModuleNotFoundError as missing:
                if missing.name and self.module.startswith(missing.name):
                    raise none from None
                raise
        if not _is_below(module, root) and not _file_of(module, os.path.abspath).startswith(root + os.sep):
            raise none
        return _loaded.setdefault((root, self.module), module)

    def __str__(self) -> str:
        return f"{self.module}.{self.function}"


def python_handler(handler: Any, root: Path | None, runtime: Any, *, outside: bool = True) -> Handler | None:
    """Return the handler that ``module.function`` or ``folder/module.function`` names; None when it is not Python.

    Args:
        handler: the property ``Handler`` of the function.
        root: where its code is; None when the source does not say.
        runtime: such as ``python3.13``; None counts as Python only if the module's file is there.
        outside: whether it may be outside of the root, as the Serverless Framework has it: ``../src/app.handler``.
    """
    if not isinstance(handler, str) or "." not in handler or root is None:
        return None
    module, _, function = handler.rpartition(".")
    if ".." in module.split("/"):
        folder, _, module = module.rpartition("/")
        inner = root / folder
        if not outside and not os.path.realpath(inner).startswith(os.path.join(os.path.realpath(root), "")):
            return None
        root = inner
    module = module.removeprefix("./").replace("/", ".")
    if isinstance(runtime, str):
        is_python = runtime.startswith("python")
    else:
        file = root.joinpath(*module.split("."))
        is_python = os.path.exists(f"{file}.py") or os.path.exists(file / "__init__.py")
    return Handler(root, module, function) if is_python else None


def _file_of(module: ModuleType, real: Callable[[str], str] = os.path.realpath) -> str:
    file = getattr(module, "__file__", None)
    return real(file) if isinstance(file, str) else ""


def _is_below(module: ModuleType, root: str) -> bool:
    return _file_of(module).startswith(root + os.sep)


@contextmanager
def _first_on_path(root: str) -> Iterator[None]:
    """Put the root first on the module path during the import, and last afterwards for imports inside functions."""
    sys.path.insert(0, root)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(root)
        if root not in sys.path:
            sys.path.append(root)


@contextmanager
def _set_aside(package: str, root: str) -> Iterator[None]:
    """Take modules from elsewhere out of ``sys.modules`` during the import, and put them back after it.

    These are modules with the name of the handler's own package, and all modules below the roots of other handlers,
    because two functions may each have a ``utils.py``.
    """
    others = tuple({other + os.sep for other, _ in _loaded if other != root})
    held = {}
    for name, module in list(sys.modules.items()):
        file = _file_of(module)
        elsewhere = name.partition(".")[0] == package or file.startswith(others)
        if elsewhere and not file.startswith(root + os.sep):
            held[name] = module
    for name in held:
        del sys.modules[name]
    others_kept = set(sys.modules)
    try:
        yield
    finally:
        packages = {name.partition(".")[0] for name in held}
        for name in sys.modules.keys() - others_kept:
            if name.partition(".")[0] in packages:
                del sys.modules[name]
        sys.modules.update(held)
