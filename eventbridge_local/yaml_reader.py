"""YAML as a graph of nodes, which contracts and templates are made from, and a bound on what aliases make of it.

An alias costs nothing while it is read. Whoever walks through the values pays for each of its uses, and twelve lines of
aliases of aliases stand for more values than there is memory. So the uses are counted before anybody walks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

from eventbridge_local.errors import UsageError

#: Values that a file may have when each alias is written out. A template of CloudFormation has 1 MB at most.
_MOST_VALUES = 200_000
#: More than so many times of what is written must come of aliases.
_MOST_GROWTH = 10


def yaml_library(what: str) -> Any:
    """Return PyYAML. Raises UsageError where it is not installed.

    Args:
        what: what needs it, as the beginning of the message.
    """
    try:
        import yaml
    except ImportError:
        raise UsageError(f"{what} needs PyYAML: pip install PyYAML") from None
    return yaml


def compose(yaml: Any, loader: Any, text: str, complain: Callable[[int, int, str], NoReturn]) -> Any:
    """Return the root of the only document that a loader of PyYAML reads, None for an empty text.

    Args:
        yaml: PyYAML.
        loader: has the text.
        text: the same.
        complain: raises the error for a problem at a line and column, both from 1.
    """
    # What PyYAML finds out about a scalar is remembered, because most of them repeat.
    loader.resolve = cache(loader.resolve)
    try:
        root = loader.get_single_node()
    finally:
        del loader.resolve  # it refers to the loader
    # An alias needs an anchor, which begins with this sign; to look at all nodes takes longer than to read them.
    if root is not None and "&" in text:
        _check_growth(yaml, root, complain)
    return root


def _check_growth(yaml: Any, root: Any, complain: Callable[[int, int, str], NoReturn]) -> None:
    """Refuse a document whose aliases make it grow beyond all measure."""
    sizes: dict[int, int] = {}
    waiting = [root]
    while waiting:
        node = waiting.pop()
        inner = _nodes_in(yaml, node)
        if id(node) not in sizes:
            sizes[id(node)] = 0  # until those inside are known; so it stays in an alias inside its own value
            waiting.append(node)
            waiting += [each for each in inner if id(each) not in sizes]
        elif not sizes[id(node)]:
            size = sizes[id(node)] = 1 + sum(sizes[id(each)] for each in inner)
            if size > _MOST_VALUES and size > _MOST_GROWTH * len(sizes):
                line, column = node.start_mark.line + 1, node.start_mark.column + 1
                complain(line, column, f"aliases make {size:,} values of this; use fewer aliases inside of aliases")


def _nodes_in(yaml: Any, node: Any) -> list[Any]:
    if isinstance(node, yaml.MappingNode):
        return [each for pair in node.value for each in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []
