"""Methods of botocore, and functions, that are replaced while there is a reason, and how they are put back.

botocore may exist several times in a process: a test may take it out of ``sys.modules`` and import it again, or reload
a module. Clients of each of them may be in use, so a method is replaced in all of them. The classes are found by their
names among the subclasses of ``object``, where ``gc.freeze`` hides nothing. That is looked through only when a module
has another class than the last time. While anything is replaced, an ``ImportWatch`` tells when such a module comes.
"""

from __future__ import annotations

import functools
import operator
import sys
import weakref
from collections.abc import Callable, Collection, Iterable
from threading import RLock
from typing import Any, NamedTuple

from eventbridge_local.botocore_hooks.import_watch import ImportWatch


class Patch(NamedTuple):
    """A method that is replaced, or a function of a module.

    Attributes:
        module: the name of the module.
        owner: the name of the class in it; empty for a function.
        name: of the method or function.
        instead: what is called, with the original before its arguments.
    """

    module: str
    owner: str
    name: str
    instead: Callable[..., Any]


class Patches:
    """The replaced methods of a process.

    Args:
        known: everything that may be replaced.
        after: called with the name of a module of theirs that was executed, before its methods are replaced.
        watched: names of more modules that ``after`` wants to know of.
    """

    def __init__(self, known: Iterable[Patch], after: Callable[[str], None], watched: Collection[str] = ()) -> None:
        self._known = tuple(known)
        self._after = after
        self._watch = ImportWatch({*watched, *(each.module for each in self._known)}, self._on_import)
        self._lock = RLock()
        self._needed: Collection[Patch] = ()
        #: What is replaced: for each patch the owners, with the original and what stands in its place.
        self._replaced: dict[Patch, list[tuple[Any, Any, Any]]] = {}
        #: The classes that the modules had when all classes were last looked through, and what was found.
        self._current: tuple[Any, ...] = ()
        self._found: dict[tuple[str, str], list[weakref.ref[type]]] = {}

    def keep(self, needed: Collection[Patch]) -> None:
        """Replace what is needed, and put back everything else. Threads may come here in any order."""
        with self._lock:
            self._needed = needed
            for patch in [each for each in self._replaced if each not in needed]:
                self._restore(patch)
            if needed:
                self._replace_needed()
                self._watch.start()
            else:
                self._watch.stop()

    def _replace_needed(self) -> None:
        self._look_for_classes()
        for patch in self._needed:
            replaced = self._replaced.setdefault(patch, [])
            known = [owner for owner, *_ in replaced]
            for owner in self._owners(patch):
                original = vars(owner).get(patch.name)
                if original is not None and not any(owner is each for each in known):
                    patched = _patched(original, patch.instead)
                    setattr(owner, patch.name, patched)
                    replaced.append((owner, original, patched))

    def _restore(self, patch: Patch) -> None:
        for owner, original, patched in self._replaced.pop(patch):
            if vars(owner).get(patch.name) is patched:  # else somebody has wrapped ours, which then only passes on
                setattr(owner, patch.name, original)

    def _on_import(self, module: str) -> None:
        self._after(module)
        with self._lock:
            if self._needed:
                self._forget_replaced_function(module)
                self._replace_needed()

    def _forget_replaced_function(self, module: str) -> None:
        """Forget what was replaced in a module that has been executed again: it has its own functions again."""
        for patch, replaced in self._replaced.items():
            if patch.module == module and not patch.owner:
                replaced.clear()

    def _look_for_classes(self) -> None:
        """Look through all classes where a module has another than the last time."""
        named = [each for each in self._known if each.owner]
        current = tuple(getattr(sys.modules.get(each.module), each.owner, None) for each in named)
        if len(current) != len(self._current) or any(map(operator.is_not, current, self._current)):
            self._current = current
            self._found = _classes_by_name({(each.module, each.owner) for each in named})

    def _owners(self, patch: Patch) -> list[Any]:
        """Return all classes of a patch that are alive, or the module of its function."""
        if not patch.owner:
            module = sys.modules.get(patch.module)
            return [] if module is None else [module]
        return [owner for ref in self._found.get((patch.module, patch.owner), ()) if (owner := ref()) is not None]


def _patched(original: Any, instead: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return instead(original, *args, **kwargs)

    return method


def _classes_by_name(names: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[weakref.ref[type]]]:
    """Return all classes alive that have these names, each a module and a class in it.

    They are subclasses of ``object``, or of a class of a package that the names mention.
    """
    packages = tuple({module.partition(".")[0] + "." for module, _ in names})
    found: dict[tuple[str, str], list[weakref.ref[type]]] = {}
    waiting = [each for each in object.__subclasses__() if _module_of(each).startswith(packages)]
    seen = set()
    while waiting:
        cls = waiting.pop()
        if cls in seen:
            continue
        seen.add(cls)
        key = (_module_of(cls), cls.__name__)
        if key in names:
            found.setdefault(key, []).append(weakref.ref(cls))
        waiting += type.__subclasses__(cls)
    return found


def _module_of(cls: type) -> str:
    module = cls.__dict__.get("__module__")
    return module if isinstance(module, str) else ""
