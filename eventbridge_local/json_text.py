"""JSON as text: written compactly, checked, and taken apart without changing how anything in it is spelled.

Reading JSON and writing it again would change the spelling of numbers and lose repeated keys, and Python's decoder
takes NaN, which AWS refuses. So this module works on the text.

Valid text goes through Python's decoder, which is fast. Text that the decoder refuses is read a second time by
``json_reader``, which is slow and words the mistake as AWS does; it also reads what only AWS reads (texts nested up to
1,000 levels, unusual escapes). So ``json_reader`` has the last word.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from eventbridge_local.json_reader import DEEPEST, LINE_BREAK, LONGEST_NUMBER, JsonError, JsonReader, Source, read_value

__all__ = [
    "JsonError",
    "Member",
    "WrittenJson",
    "check_depth",
    "check_lines",
    "check_value",
    "compact",
    "decoded",
    "locator",
    "members",
    "members_if_valid",
    "sendable",
    "write",
]

#: What JSON allows between tokens.
_BLANKS = " \t\r\n"
_WHITE = re.compile(r"[ \t\r\n]*")
_NAME = re.compile(r'"((?:[^"\\\x00-\x1f]|\\.)*)"[ \t\r\n]*:[ \t\r\n]*')
_NEXT = re.compile(r"[ \t\r\n]*([,}\]])[ \t\r\n]*")
_tuple = tuple.__new__  # makes a named tuple in half the time; files of events have many members
#: Half of a surrogate pair standing alone.
HALF_PAIR = re.compile("[\ud800-\udfff]")
_TWO_HALVES = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_BLANK_OR_STRING = re.compile(r'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
#: An escape: that of a character by its number, or any other.
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_HALF_PAIR_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")
_BRACKET_OR_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


# -- writing


class WrittenJson(str):
    """JSON that is already written; ``write`` gives it back as it is."""

    __slots__ = ()


def write(value: Any) -> str:
    """Return a value as compact JSON text, with letters beyond ASCII as they are."""
    if isinstance(value, WrittenJson):
        return str(value)
    try:
        return sendable(_COMPACT[False](value))
    except RecursionError:
        return sendable(_with_room(_COMPACT[False], value))


def decoded(text: str) -> Any:
    """Return the value of JSON text as ``json.loads`` does, also of one that has more levels than that has room for.

    Raises:
        ValueError: the text is not JSON.
    """
    try:
        if text[:1] == "{":  # as nearly all: what ``json.loads`` does, with fewer calls
            value, end = _SCAN(text, 0)
            if end == len(text):
                return value
        return json.loads(text)
    except StopIteration:  # a value is missing, which that says
        return json.loads(text)
    except RecursionError:
        return _with_room(json.loads, text)


_SCAN: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder().scan_once  # type: ignore[attr-defined]


def _with_room(function: Callable[[Any], Any], value: Any) -> Any:
    from eventbridge_local.deep import with_room  # nearly no event is so deep

    return with_room(function, value)


def compact(text: str) -> str:
    """Return valid JSON text as AWS passes it on.

    The white space between tokens goes, and characters stand for their escapes, but for those that JSON asks for
    (captured). Nothing else is changed.
    """
    if "\\" not in text:  # so each quote begins or ends a string: every second part is outside of them
        parts = text.split('"')
        outside = '"'.join(parts[::2])
        for blank in _BLANKS:
            outside = outside.replace(blank, "")
        parts[::2] = outside.split('"')
        return '"'.join(parts)
    # Most producers use json.dumps. What comes back from it to the letter has no oddity that a second pass could
    # lose (repeated keys, number spellings), and that pass is ten times faster than looking at each token.
    ascii_only = text.isascii()
    try:
        tree = json.loads(text)
        if _LIKE_PYTHON[ascii_only](tree) == text:
            return sendable(_COMPACT[False](tree))
    except (ValueError, RecursionError):  # AWS reads more levels and more escapes than Python does
        pass
    return _BLANK_OR_STRING.sub(_kept, text)


#: Write a value as ``json.dumps`` does, and without white space, by whether the text is ASCII only. ``dumps``
#: makes an encoder anew for each call.
_LIKE_PYTHON = {ascii_only: json.JSONEncoder(ensure_ascii=ascii_only).encode for ascii_only in (True, False)}
_COMPACT = {
    ascii_only: json.JSONEncoder(ensure_ascii=ascii_only, separators=(",", ":")).encode for ascii_only in (True, False)
}


def sendable(text: str) -> str:
    """Return JSON text in which half a surrogate pair, which UTF-8 has no bytes for, is spelled as an escape."""
    return text if text.isascii() else HALF_PAIR.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def with_whole_pairs(text: str) -> str:
    """Return a text in which two halves of a surrogate pair are the character that they are in any JSON."""
    if text.isascii() or _TWO_HALVES.search(text) is None:
        return text
    return _TWO_HALVES.sub(lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"), text)


def _kept(found: re.Match[str]) -> str:
    kept: str = found[1] or ""
    if "\\" not in kept:
        return kept
    return _ESCAPE.sub(_character, _HALF_PAIR_ESCAPE.sub(_pair, kept))


def _pair(found: re.Match[str]) -> str:
    """Return the character that two escapes make, one for each half of a surrogate pair."""
    high, low = int(found[2], 16), int(found[3], 16)
    return found[1] + chr(0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF))


def _character(found: re.Match[str]) -> str:
    r"""Return what stands for an escape: its character, where JSON lets it stand (``\/`` is ``/``)."""
    if found[1] is None:
        return "/" if found[0] == r"\/" else found[0]
    char = chr(int(found[1], 16))
    if char in '"\\':
        return "\\" + char
    return found[0] if char < " " or HALF_PAIR.match(char) else char


# -- checking


def check_value(text: str) -> None:
    """Make sure that a text is one JSON value.

    Raises:
        JsonError: it is not; with AWS's words and the place it reports.
    """
    try:
        value = text.strip(_BLANKS)
        if _SKIP(value, 0)[1] == len(value):
            check_depth(value, len(value))
            return
    except (ValueError, RecursionError):
        pass
    _check_slowly(text, several=False)


def check_lines(text: str) -> None:
    """Make sure that a text is one JSON value, or several with a line break between them.

    Raises:
        JsonError: it is not; with AWS's words and the place it reports.
    """
    try:
        end = _value_end(text, _after_white(text, 0))
        while (start := _after_white(text, end)) < len(text) and "\n" in text[end:start]:
            end = _value_end(text, start)
        if start == len(text):
            check_depth(text, end)
            return
    except (ValueError, RecursionError):
        pass
    _check_slowly(text, several=True)


def check_depth(text: str, end: int, deepest: int = DEEPEST) -> None:
    """Refuse valid JSON text that nests deeper than AWS reads.

    Only newer Pythons decode such a text at all; the others raise a RecursionError before.

    Args:
        text: JSON text.
        end: the index behind its value.
        deepest: the levels that it may have.

    Raises:
        ValueError: it has more.
    """
    # Counting is much faster than measuring, and a text with fewer brackets than that cannot be too deep.
    if text.count("[", 0, end) + text.count("{", 0, end) > deepest and _depth(text, end) > deepest:
        raise ValueError(f"nested deeper than {deepest} levels")


def _depth(text: str, end: int) -> int:
    deepest = depth = 0
    for found in _BRACKET_OR_STRING.finditer(text, 0, end):
        mark = found[0]
        if mark in "[{":
            depth += 1
            deepest = max(deepest, depth)
        elif mark in "]}":
            depth -= 1
    return deepest


def _check_slowly(text: str, several: bool) -> None:
    """Read a text as AWS does, and fail where and as AWS does."""
    reader = JsonReader(text)
    source = reader.source
    while True:
        read_value(reader, _nothing, _nothing)
        if source.skip_white() == "":
            return
        before = source.text[: source.at]
        if not several or "\n" not in before[len(before.rstrip(" \t\r\n")) :]:
            # A stray bracket or word has words of its own; what begins a value is only too much.
            reader.next()
            source.fail("more text after the value", len(before))


def _nothing(_: Any) -> None:
    return None


def _number(text: str) -> str:
    if len(text) > LONGEST_NUMBER:
        raise ValueError("a number of too many characters")
    return text


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODE = json.JSONDecoder(parse_constant=_refuse_constant).raw_decode
# Where only the end of a value counts, numbers are not converted.
_SKIP = json.JSONDecoder(parse_float=_number, parse_int=_number, parse_constant=_refuse_constant).raw_decode


def _after_white(text: str, start: int) -> int:
    return _WHITE.match(text, start).end()  # type: ignore[union-attr]


def _value_end(text: str, start: int) -> int:
    return _SKIP(text, start)[1]


# -- taking apart


class Member(NamedTuple):
    """A member of an object, or an element of an array, and where it stands in the text.

    Args:
        value: as ``json.loads`` gives it.
        name_at: the index at which its name begins; for an element the same as ``start``.
        start: the index at which its value begins.
        end: the index behind its value.
    """

    value: Any
    name_at: int
    start: int
    end: int


def members(text: str) -> dict[str | int, Member]:
    """Take the object (or array) that a text holds apart.

    Args:
        text: one JSON value, nothing behind it.

    Returns:
        The members by name, or the elements by index; of a repeated name the last. Nothing for other values.

    Raises:
        JsonError: the text is not JSON; with AWS's words and the place it reports.
    """
    found = members_if_valid(text)
    if found is None:
        check_value(text)
        why = "nested too deep, or with escapes that are not JSON's"  # what only the slow reader reads
        raise JsonError(why, Source(text), 0, 0) from None
    return found


def members_if_valid(text: str) -> dict[str | int, Member] | None:
    """Return the same, or None when the text is not JSON, without looking for words and place."""
    try:
        found, end = _members_in(text)
    except RecursionError:
        if _depth(text, len(text)) > DEEPEST + 1:  # an envelope has one level more than its detail
            return None
        return _with_room(members_if_valid, text)  # type: ignore[no-any-return]
    except (ValueError, IndexError):
        return None
    return found if _after_white(text, end) == len(text) else None


def _members_in(text: str) -> tuple[dict[str | int, Member], int]:
    return _members_at(text, _after_white(text, 0))


def locator(
    text: str, top: dict[str | int, Member] | None = None
) -> Callable[[tuple[str | int, ...]], tuple[int, int] | None]:
    """Return a function that tells line and column (from 1) of what stands at a path in a valid JSON text.

    The position of a member is that of its name. An object is looked through when it is first asked for, and once.

    Args:
        text: one JSON value.
        top: its members, where they are known.
    """
    known: dict[tuple[str | int, ...], dict[str | int, Member]] = {} if top is None else {(): top}
    line_at = _line_finder(text)

    def children(path: tuple[str | int, ...]) -> dict[str | int, Member]:
        if path not in known:
            start: int | None = _after_white(text, 0)
            if path:
                parent = children(path[:-1]).get(path[-1])
                start = parent.start if parent else None
            known[path] = {} if start is None else _members_at(text, start)[0]
        return known[path]

    def locate(path: tuple[str | int, ...]) -> tuple[int, int] | None:
        found = children(path[:-1]).get(path[-1]) if path else None
        if found is None:
            return None
        line, start = line_at(found.name_at)
        before = text[start : found.name_at]
        return line, len(before.encode("utf-16-le", "surrogatepass")) // 2 + 1

    return locate


def _line_finder(text: str) -> Callable[[int], tuple[int, int]]:
    """Return a function from an index to the number of its line, from 1, and the index at which that line begins."""
    if "\r" in text:
        starts = [0, *(found.end() for found in LINE_BREAK.finditer(text))]

        def among(index: int) -> tuple[int, int]:
            line = bisect_right(starts, index)
            return line, starts[line - 1]

        return among
    line = 1
    counted = 0  # up to this index

    def count(index: int) -> tuple[int, int]:
        nonlocal line, counted
        if index < counted:  # which is rare: positions are asked for in the order of the text
            line, counted = 1, 0
        line += text.count("\n", counted, index)
        counted = index
        return line, text.rfind("\n", 0, index) + 1

    return count


def _members_at(text: str, start: int) -> tuple[dict[str | int, Member], int]:
    """Return the members of the object or array that begins at ``start``, and the index behind it.

    Raises:
        ValueError, IndexError: the text is not JSON.
    """
    opening = text[start]
    if opening not in "{[":
        return {}, _value_end(text, start)
    closing = "}" if opening == "{" else "]"
    found: dict[str | int, Member] = {}
    at = _after_white(text, start + 1)
    if text[at] == closing:
        return found, at + 1
    while True:
        name_at = at
        name: str | int = len(found)
        if opening == "{":
            name, at = _name_at(text, at)
        value, end = _DECODE(text, at)
        found[name] = _tuple(Member, (value, name_at, at, end))
        mark = _NEXT.match(text, end)
        if mark is None:
            raise ValueError
        if mark[1] == closing:
            return found, mark.end(1)
        if mark[1] != ",":
            raise ValueError
        at = mark.end()


def _name_at(text: str, at: int) -> tuple[str, int]:
    """Return the name that begins at an index, and where its value begins."""
    head = _NAME.match(text, at)
    if head is None:
        raise ValueError
    name = head[1]
    return json.loads(f'"{name}"') if "\\" in name else name, head.end()
