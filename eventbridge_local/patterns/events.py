"""Events as trees that keep what matching needs: the spelling of odd numbers, and every one of repeated keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn

from eventbridge_local.json_reader import DEEPEST, LONGEST_NUMBER, JsonError, read_tree
from eventbridge_local.json_text import check_depth
from eventbridge_local.patterns.values import SpelledNumber, read_float, read_integer

_WHITE = re.compile(r"[ \t\r\n]*")
_FRACTION = re.compile(r"[.eE]")


class RepeatedKeys(dict[str, Any]):
    """A JSON object that names a key more than once: a dict of the last values, with all of them in ``pairs``."""

    __slots__ = ("pairs",)

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs


def parse_event(text: str, deepest: int = DEEPEST) -> dict[str, Any]:
    """Read an event, strictly.

    Args:
        text: the JSON text of one object, nothing behind it.
        deepest: the levels that it may have. An envelope has one more than its detail, which may have 1,000.
    Returns:
        A tree as ``json.loads`` gives, except that a number no double stands for is a ``SpelledNumber`` and an object
        with repeated keys is a ``RepeatedKeys``.
    Raises:
        ValueError: the text is not strict JSON, not an object, or nested deeper.
    """
    # In most details nothing can be too long or too deep.
    if type(text) is str and text[:1] == "{" and len(text) <= LONGEST_NUMBER:
        try:
            tree, end = _SCAN_SHORT(text, 0)
            if end == len(text):
                return tree  # type: ignore[no-any-return]
        except (ValueError, StopIteration, RecursionError):
            pass
    tree, end = _read(text, deepest)
    if end != len(text):
        rest = text[end:].strip(" \t\r\n")
        if rest:
            raise ValueError(f"more text after the event: {rest[:20]!r}")
    return tree


def read_event(text: str) -> dict[str, Any]:
    """Read an event as the engine does: whatever follows the closing brace is never looked at.

    Raises:
        ValueError: as for ``parse_event``.
    """
    return _read(text)[0]


def event_tree(event: Any) -> dict[str, Any]:
    """Return the tree of whatever an event is given as.

    Args:
        event: JSON text, a mapping, or an object whose ``envelope`` is a mapping.
    Raises:
        ValueError: text that is not a JSON object.
        TypeError: anything else.
    """
    if type(event) is dict:
        return event
    if isinstance(event, str):
        return read_event(event)
    tree = getattr(event, "envelope", event)
    if isinstance(tree, dict):
        return tree
    if isinstance(tree, Mapping):
        return dict(tree)
    raise TypeError(f"an event is JSON text, a dict or an Event, not {type(event).__name__}")


def pairs_of(tree: Mapping[str, Any]) -> Any:
    """Return all (name, value) pairs of an object of an event, repeated names included."""
    return tree.pairs if type(tree) is RepeatedKeys else tree.items()


def _read(text: str, deepest: int = DEEPEST) -> tuple[dict[str, Any], int]:
    if not isinstance(text, str):
        raise TypeError(f"the text of an event is a str, not {type(text).__name__}")
    start = 0
    if text[:1] != "{":
        start = _WHITE.match(text).end()  # type: ignore[union-attr]
        if text[start : start + 1] != "{":
            raise ValueError("an event is a JSON object")
    try:
        tree, end = (_SCAN_SHORT if len(text) <= LONGEST_NUMBER else _SCAN)(text, start)
    except RecursionError:
        tree, end = _read_slowly(text, deepest)
    except StopIteration as nothing:
        tree, end = _read_slowly(text, deepest, JSONDecodeError("Expecting value", text, nothing.value))
    except ValueError as error:
        tree, end = _read_slowly(text, deepest, error)
    else:
        if end > DEEPEST:  # a shorter text cannot be too deep
            check_depth(text, end, deepest)
    return tree, end


def _read_slowly(text: str, deepest: int, cause: Exception | None = None) -> tuple[dict[str, Any], int]:
    """Read what Python's decoder gave up on: deep nesting, and the escapes only the engine takes."""
    if cause is not None and "\\u" not in text:
        raise cause
    try:
        reader_tree, end = read_tree(text, _make_object, _make_number, deepest)
    except JsonError as error:
        raise ValueError(str(error)) from None
    return reader_tree, end


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    return tree if len(tree) == len(pairs) else RepeatedKeys(pairs)


def _make_number(text: str) -> float:
    return read_float(text) if _FRACTION.search(text) else read_integer(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _scanner(parse_int: Callable[[str], int]) -> Callable[[str, int], tuple[Any, int]]:
    """Return what reads the value that begins at an index; where none begins it raises StopIteration."""
    decoder: Any = JSONDecoder(
        object_pairs_hook=_make_object,
        parse_float=read_float,
        parse_int=parse_int,
        parse_constant=_refuse_constant,
    )
    return decoder.scan_once  # type: ignore[no-any-return]


_SCAN = _scanner(read_integer)
#: For texts in which no number can be too long. The scanner reads integers itself then.
_SCAN_SHORT = _scanner(int)

__all__ = ["RepeatedKeys", "SpelledNumber", "event_tree", "pairs_of", "parse_event", "read_event"]
