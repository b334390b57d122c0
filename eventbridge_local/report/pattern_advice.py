"""What to do about a pattern that AWS refuses, for the mistakes people make; AWS's own words stay as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from eventbridge_local.patterns.operators import OPERATORS

_ENTRY_NAMES = {"Source": "source", "DetailType": "detail-type", "Detail": "detail", "Resources": "resources"}


def advice_on(pattern: str) -> str | None:
    """Advice on a pattern that was refused, None where we know none.

    Args:
        pattern: its JSON text.
    """
    try:
        tree = json.loads(pattern)
    except (ValueError, RecursionError):
        return "the pattern is not JSON; json.dumps writes it from a dict"
    return next(_mistakes(tree, ""), None) if isinstance(tree, Mapping) else "a pattern is a JSON object, {...}"


def advice_on_path(path: str) -> str:
    """Advice on a field that no event has: the name of an operator that was taken for one."""
    name = path.rpartition(".")[2]
    return f"{name} is an operator here if it stands in a list: [{{{name!r}: ...}}]" if name in OPERATORS else ""


def _mistakes(tree: Any, path: str) -> Iterator[str]:
    for name, value in tree.items():
        where = f"{path}.{name}" if path else str(name)
        if isinstance(value, list):
            members = [each for each in value if isinstance(each, Mapping)]
            if name == "$or":
                for branch in members:
                    yield from _mistakes(branch, path)
            elif unknown := [key for each in members for key in each if key not in OPERATORS]:
                yield f"{where}: {unknown[0]!r} is no operator; choose from {', '.join(sorted(OPERATORS))}"
        elif isinstance(value, Mapping):
            if len(value) == 1 and next(iter(value)) in OPERATORS:
                yield f"{where}: an operator stands in a list; write {json.dumps({name: [value]})}"
            yield from _mistakes(value, where)
        else:
            yield f"{where}: a value stands in a list; write {json.dumps({_spelled(path, name): [value]})}"


def _spelled(path: str, name: str) -> str:
    """An event spells its members otherwise than an entry of PutEvents."""
    return name if path else _ENTRY_NAMES.get(name, name)
