"""Templates beyond the recorded cases: the laws of both modes and the edges of the result."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.transforms import InvalidPath, InvalidResult, compile_template, is_object_template

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


def render(template: str, **values: Any) -> str:
    """The result of a template whose variables are the given members of the event."""
    return compile_template(template, {name: f"$.{name}" for name in ["v", *values]}).render(values, {})


@given(JSON_VALUES)
def test_a_bare_placeholder_in_an_object_keeps_any_value(value: Any) -> None:
    """Whatever is selected comes out of an object template unchanged."""
    assert json.loads(render('{"value": <v>}', v=value)) == {"value": value}


@given(st.text())
def test_text_inside_a_string_of_an_object_is_escaped(value: str) -> None:
    """Any text can stand inside a quoted string of an object template."""
    assert json.loads(render('{"value": "before <v> after"}', v=value)) == {"value": f"before {value} after"}


@given(JSON_VALUES)
def test_a_result_is_always_json_or_refused_with_its_text(value: Any) -> None:
    """A text template delivers JSON verbatim or raises with exactly the text it built."""
    template = compile_template('"<v>"', {"v": "$.v"})
    raw = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    built = f'"{raw if isinstance(value, str) else raw.replace(chr(34), "")}"'
    try:
        assert template.render({"v": value}, {}) == built
    except InvalidResult as invalid:
        assert invalid.text == built
        assert not is_json_lines(built)


def is_json_lines(text: str) -> bool:
    """Whether a text is JSON values with line breaks between them, found by trying all splits."""
    lines = text.split("\n")
    starts = {0}
    for end in range(1, len(lines) + 1):
        if any(is_json("\n".join(lines[start:end])) for start in starts if start < end):
            starts.add(end)
    return len(lines) in starts


def is_json(text: str) -> bool:
    """Whether a text is one JSON value."""
    try:
        json.loads(text, parse_int=str)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("template", "values", "delivered"),
    [
        ('{"value": [<v>]}', {}, '{"value":[""]}'),
        ('{"value": "a <v> b"}', {}, '{"value":"a  b"}'),
        ('{"value": "a <v> b"}', {"v": None}, '{"value":"a null b"}'),
        ('{"value": "a <v> b"}', {"v": True}, '{"value":"a true b"}'),
        ('{"value": "a <v> b"}', {"v": [1, 2]}, '{"value":"a [1,2] b"}'),
        ('{"value": "\\\\<v>\\"", "w": <v>}', {"v": "x"}, '{"value":"\\\\x\\"","w":"x"}'),
        (' \n{"value": <v>}', {"v": 1}, '{"value":1}'),
        ('{"value": 1.00, "text": "two  blanks"}', {}, '{"value":1.00,"text":"two  blanks"}'),
        ('{"a<b": "1 < 2", "c": "<b >"}', {}, '{"a<b":"1 < 2","c":"<b >"}'),
        ('{"value": <v>}', {"v": "größer"}, '{"value":"größer"}'),
        ("[ 1, <v> ]", {"v": 2}, "[ 1, 2 ]"),
        ("<v>", {"v": True}, "true"),
        ('"<v>"\n\n "<v>"', {"v": "x"}, '"x"\n\n "x"'),
    ],
)
def test_renders(template: str, values: dict[str, Any], delivered: str) -> None:
    """The finer points of both modes."""
    assert render(template, **values) == delivered


@pytest.mark.parametrize(
    ("template", "values", "text"),
    [
        ("<v>", {}, ""),
        ('"<v>" "<v>"', {"v": "x"}, '"x" "x"'),
        ('{"a": <v>}\n{"a": <v>}', {"v": 1}, '{"a": 1}\n{"a": 1}'),
        ("<v>", {"v": "NaN"}, "NaN"),
        ('"a <v> b"', {"v": {"k": 'say "x"'}}, '"a {k:say \\x\\} b"'),
        ('{"a": "<v>"}', {"v": ["x"]}, '{"a": "["x"]"}'),
        ("<v>", {"v": "[" * 100_000}, "[" * 100_000),
    ],
)
def test_refuses_a_result_that_is_not_json(template: str, values: dict[str, Any], text: str) -> None:
    """What was built is carried as it is, white space and all."""
    with pytest.raises(InvalidResult) as invalid:
        render(template, **values)
    assert invalid.value.text == text


@pytest.mark.parametrize(
    ("template", "is_object"),
    [("{}", True), (" \t\r\n{", True), ('"{"', False), ("[{}]", False), ("<v>", False), ("", False)],
)
def test_the_first_character_decides_the_mode(template: str, is_object: bool) -> None:
    """Only a brace as the first character that is not blank makes an object template."""
    assert is_object_template(template) is is_object
    assert compile_template(template, None).is_object is is_object


def test_a_bad_path_is_refused_when_the_template_is_compiled() -> None:
    """A path outside the supported part does not wait for the first event."""
    with pytest.raises(InvalidPath):
        compile_template("<v>", {"v": "$.a.*"})


def test_a_reserved_variable_without_a_value_is_missing() -> None:
    """A caller that has no value for a reserved variable gets what a missing path gives."""
    assert compile_template('{"rule": <aws.events.rule-name>}', None).render({}, {}) == '{"rule":""}'
