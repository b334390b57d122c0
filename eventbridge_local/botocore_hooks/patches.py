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


class _Replacement:
    """A method of one class, and what may stand in its place."""

    def __init__(self, patch: Patch, owner: Any) -> None:
        self._patch = patch
        self._owner = owner
        self._original: Any = None
        self._patched: Any = None
        self.is_made = False

    def make(self) -> None:
        """Replace the method, once; somebody else may have replaced it since the last time."""
        name = self._patch.name
        if self.is_made or self._owner is None:
            return
        found = vars(self._owner).get(name)
        if found is None:
            return
        if found is not self._original:
            self._original = found
            self._patched = _patched(found, self._patch.instead)
        setattr(self._owner, name, self._patched)
        self.is_made = True

    def undo(self) -> None:
        """Put the original back, unless somebody has wrapped ours, which then only passes on."""
        if self.is_made and vars(self._owner).get(self._patch.name) is self._patched:
            setattr(self._owner, self._patch.name, self._original)
        self.is_made = False


class Patches:
    """The replaced methods of a process.

    Args:
        known: everything that may be replaced, in the order of ``keep``.
        after: called with the name of a module of theirs that was executed, before its methods are replaced.
        watched: names of more modules that ``after`` wants to know of.
    """

    def __init__(self, known: Iterable[Patch], after: Callable[[str], None], watched: Collection[str] = ()) -> None:
        self._known = tuple(known)
        self._after = after
        self._watch = ImportWatch({*watched, *(each.module for each in self._known)}, self._on_import)
        self._lock = RLock()
        self._count = 0
        #: For each patch the class that its module has now, or the module of its function; and its replacement.
        self._owners: list[Any] = [None] * len(self._known)
        self._replacements: list[_Replacement] = [_Replacement(each, None) for each in self._known]
        #: Classes of the same names that no module has any more, each with the place of its patch.
        self._former: list[tuple[int, weakref.ref[type]]] = []
        #: Their replacements, while these are made: afterwards they would keep alive what was purged.
        self._of_former: dict[tuple[int, int], _Replacement] = {}

    def keep(self, count: int) -> None:
        """Replace the first ``count`` of what is known and put back the others; threads may come here in any order."""
        with self._lock:
            before, self._count = self._count, count
            for replacement in self._replacements[count:before]:
                replacement.undo()
            if count:
                if not before:
                    self._watch.start()
                self._look_for_classes()
                for replacement in self._replacements[before:count]:
                    replacement.make()
            elif before:
                self._watch.stop()
            if self._former:
                self._keep_former()

    def _keep_former(self) -> None:
        for key in [key for key in self._of_former if key[0] >= self._count]:
            self._of_former.pop(key).undo()
        for place, ref in self._former:
            owner = ref()
            if owner is not None and place < self._count and (place, id(owner)) not in self._of_former:
                replacement = self._of_former[place, id(owner)] = _Replacement(self._known[place], owner)
                replacement.make()

    def _on_import(self, module: str) -> None:
        self._after(module)
        with self._lock:
            for patch, replacement in zip(self._known, self._replacements, strict=True):
                if patch.module == module and not patch.owner and replacement.is_made:
                    replacement.is_made = False  # the module was executed again and has its own function again
                    replacement.make()
            if self._count:
                self.keep(self._count)

    def _look_for_classes(self) -> None:
        """Look through all classes where a module has another than the last time."""
        modules = sys.modules
        owners = [
            getattr(modules.get(each.module), each.owner, None) if each.owner else modules.get(each.module)
            for each in self._known
        ]
        if not any(map(operator.is_not, owners, self._owners)):
            return
        for place, (owner, replacement) in enumerate(zip(self._owners, self._replacements, strict=True)):
            if owner is not owners[place]:
                if replacement.is_made:
                    self._of_former[place, id(owner)] = replacement
                self._replacements[place] = _Replacement(self._known[place], owners[place])
                if place < self._count:
                    self._replacements[place].make()
        self._owners = owners
        found = _classes_by_name({(each.module, each.owner) for each in self._known if each.owner})
        self._former = [
            (place, weakref.ref(cls))
            for place, patch in enumerate(self._known)
            for cls in found.get((patch.module, patch.owner), ())
            if cls is not owners[place]
        ]


def _patched(original: Any, instead: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def method(*args: Any, **kwargs: Any) -> Any:
        return instead(original, *args, **kwargs)

    return method


def _classes_by_name(names: Collection[tuple[str, str]]) -> dict[tuple[str, str], list[type]]:
    """Return all classes alive that have these names, each a module and a class in it.

    They are subclasses of ``object``, or of a class of a package that the names mention.
    """
    packages = tuple({module.partition(".")[0] + "." for module, _ in names})
    found: dict[tuple[str, str], list[type]] = {}
    waiting = [each for each in object.__subclasses__() if _module_of(each).startswith(packages)]
    seen = set()
    while waiting:
        cls = waiting.pop()
        if cls not in seen:
            seen.add(cls)
            key = (_module_of(cls), cls.__name__)
            if key in names:
                found.setdefault(key, []).append(cls)
            waiting += type.__subclasses__(cls)
    return found


def _module_of(cls: type) -> str:
    module = cls.__dict__.get("__module__")
    return module if isinstance(module, str) else ""
