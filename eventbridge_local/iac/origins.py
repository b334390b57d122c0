"""Where a resource comes from that a loader made of something else, such as an event of a SAM function."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from eventbridge_local.iac.unknown import Path


class Origin(NamedTuple):
    """The place in the source's own terms.

    Args:
        path: of the declaration in the file.
        below: between that and the properties.
        names: the source's names for properties; a target's members are looked up without ``Targets[0]``.
        flat: whether the source writes the only target's members beside the rule's.
        at: the path whose position is the resource's, where that is not ``path``.
        alias: what the source calls the resource, where that is not its logical id.
    """

    path: Path
    below: Path = ()
    names: Mapping[str, str] = MappingProxyType({})
    flat: bool = False
    at: Path = ()
    alias: str = ""

    def full(self, path: Path) -> Path:
        """The path in the file of what stands at ``path`` within the properties."""
        if self.flat and path[:1] == ("Targets",):
            path = path[2:]
        head = tuple(self.names.get(part, part) if isinstance(part, str) else part for part in path[:1])
        return (*self.path, *self.below, *(part for part in head if part != ""), *path[1:])
