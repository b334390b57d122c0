"""The supported part of JSONPath."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.errors import EventBridgeLocalError
from eventbridge_local.transforms import MISSING, InvalidPath, parse_path

DOCUMENT = {
    "detail": {
        "text": "hola",
        "nothing": None,
        "items": [{"name": "a", "tags": ["x", "y"]}, {"size": 3}, {"name": "b", "tags": []}],
        "a-b_c/d1": 1,
        "empty": [],
        "matrix": [[1, 2], [3]],
    }
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", DOCUMENT),
        ("$.detail.text", "hola"),
        ("$.detail.nothing", None),
        ("$.detail.a-b_c/d1", 1),
        ("$.detail.items[2].name", "b"),
        ("$.detail.matrix[0][1]", 2),
        ("$.detail.items[*].name", ["a", "b"]),
        ("$.detail.items[*].tags[*]", ["x", "y"]),
        ("$.detail.matrix[*][0]", [1, 3]),
        ("$.detail.empty[*].name", []),
        ("$.detail.items[*].nowhere", []),
        ("$.nowhere", MISSING),
        ("$.detail.text.more", MISSING),
        ("$.detail.items.name", MISSING),
        ("$.detail.items[3]", MISSING),
        ("$.detail[0]", MISSING),
        ("$.detail.nowhere[*]", MISSING),
        ("$.detail.text[*]", MISSING),
        ("$.detail.text[0]", MISSING),
    ],
)
def test_selects(path: str, expected: Any) -> None:
    """A path gives the value that lies there, and MISSING where there is nothing."""
    assert parse_path(path).select(DOCUMENT) == expected


REFUSED = [
    *("", "detail", ".detail", "$detail", "$.", "$.a.", "$..a", "$.*", "$.a.*", "$['a']", '$["a"]', "$.a[-1]"),
    *("$.a[0:2]", "$.a[]", "$.a[ 0 ]", "$.a[?(@.b)]", "$.a b", "$.a.b\n", "$.größe", "$.a[٣]", " $", "$.a[0"),
]


@pytest.mark.parametrize("path", REFUSED)
def test_refuses(path: str) -> None:
    """Everything outside the supported part is refused, and the error names the path."""
    with pytest.raises(InvalidPath) as refusal:
        parse_path(path)
    assert refusal.value.text == path
    assert repr(path) in str(refusal.value)


def test_invalid_path_is_a_value_error_of_this_library() -> None:
    """Callers can catch the refusal as either family."""
    assert issubclass(InvalidPath, EventBridgeLocalError)
    assert issubclass(InvalidPath, ValueError)


NAMES = st.text("abXY09_-/", min_size=1, max_size=5)
STEPS = st.lists(st.one_of(NAMES, st.integers(0, 3)), max_size=6)


@given(STEPS, st.none() | st.booleans() | st.integers() | st.text())
def test_finds_what_was_put_at_a_path(steps: list[str | int], value: Any) -> None:
    """A document built along a path holds its value exactly there."""
    document: Any = value
    for step in reversed(steps):
        document = {step: document} if isinstance(step, str) else [None] * step + [document]
    text = "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in steps)
    path = parse_path(text)
    assert path.steps == tuple(steps)
    assert path.select(document) == value
