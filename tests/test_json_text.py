"""JSON as text: written, checked and taken apart, and the words and places of what is no JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local import json_text
from eventbridge_local.json_text import (
    JsonError,
    WrittenJson,
    check_lines,
    check_value,
    compact,
    locator,
    members,
    sendable,
    with_whole_pairs,
    write,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
VALUES = JSON.map(json.dumps)
TEXTS = (
    st.text('{}[]",:\\u01eE+-.tfn x\n\r\t\x00\ud83d😀', max_size=12)
    | VALUES
    | st.tuples(VALUES, st.sampled_from([" ", "\n", " \n", "\r", ""]), VALUES).map("".join)
)
DEEP = "[" * 990 + "]" * 990
ODD_ESCAPE = '{"a": "\\u006\u0661"}'  # U+0661 has the low byte 0x61, so the parser of AWS reads it as an "a"


def mistake(text: str, check: Any = check_value) -> JsonError:
    with pytest.raises(JsonError) as broken:
        check(text)
    return broken.value


@given(st.text(st.sampled_from("a\ud83d\ude00\U0001f600é"), max_size=6))
def test_halves_next_to_each_other_are_a_character(text: str) -> None:
    """As the reader of any JSON makes them one, however they were written."""
    assert with_whole_pairs(text) == json.loads(json.dumps(text))


@given(JSON, st.booleans())
def test_compacting(value: Any, ascii_only: bool) -> None:
    """What comes of it is what a compact writer writes that has letters beyond ASCII as they are."""
    tight = sendable(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
    assert compact(json.dumps(value, ensure_ascii=ascii_only, separators=(" ,\t", "\r:\n "))) == tight
    assert compact(json.dumps(value, ensure_ascii=ascii_only)) == tight
    assert compact(tight) == tight


@pytest.mark.parametrize(
    ("text", "compacted"),
    [
        ('{"a": "\\u03bb\\u96ea"}', '{"a":"λ雪"}'),
        ('{"a": 1e3, "\\u00E9": "\\uD83D\\ude00"}', '{"a":1e3,"é":"😀"}'),
        ('["\\u0041\\/\\u0022\\u005c\\u0020", 1.0]', '["A/\\"\\\\ ",1.0]'),
        ('["\\u000a\\n\\u001F", 1.0]', '["\\u000a\\n\\u001F",1.0]'),
        ('["\\\\u00e9 \\\\\\u00e9", 1.0]', '["\\\\u00e9 \\\\é",1.0]'),
        ('["\\\\ud83d\\ude00 \\\\\\ud83d\\ude00", 1e1]', '["\\\\ud83d\\ude00 \\\\😀",1e1]'),
        ('["\\ud83d", "\\uDE00 \\ud83d"]', '["\\ud83d","\\uDE00 \\ud83d"]'),
    ],
)
def test_characters_for_escapes(text: str, compacted: str) -> None:
    """Captured for letters beyond ASCII. What JSON needs as an escape stays one, and so does half a surrogate pair."""
    assert compact(text) == compact(compacted) == compacted
    assert json.loads(compacted) == json.loads(text)


@pytest.mark.parametrize("text", [ODD_ESCAPE, f' {DEEP}\n"', '{"a":1e400,"a":-0}'])
def test_compacting_what_python_does_not_read(text: str) -> None:
    """Texts only the parser of AWS reads keep everything but their blanks, too."""
    assert compact(text) == text.replace(" ", "").replace("\n", "")


def test_writing() -> None:
    """Values are written compactly with their letters; what is written already stays, half pairs become escapes."""
    assert write({"a": [1, "é", WrittenJson("x")]}) == '{"a":[1,"é","x"]}'
    assert write(WrittenJson('{ "b" : 1 }')) == '{ "b" : 1 }'
    assert sendable('"\ud83d"') == '"\\ud83d"'


@pytest.mark.parametrize(
    "text", ["1", ' {"a": [1.50, "x"]}\n', '"\\ud83d"', DEEP, ODD_ESCAPE, "9" * 999, "-0", "\r[]\t", "true"]
)
def test_values_that_aws_reads(text: str) -> None:
    """One JSON value with blanks around it is accepted, also where Python's decoder gives up."""
    check_value(text)
    check_lines(text)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "no value", (1, 1)),
        ("NaN", "Non-standard token", (1, 4)),
        ('{"a": oops}', "Unrecognized token 'oops'", (1, 11)),
        ('{"a": 1,}', "double-quote to start field name", (1, 9)),
        ('{"a": 1}}', "Unexpected close marker '}'", (1, 9)),
        ('"a" "b"', "more text after the value", (1, 5)),
        ('"a" \x01', "Illegal character", (1, 6)),
        ('{"a": "x', "Unexpected end-of-input", (1, 9)),
        ('{"😀": "\\x"}', "Unrecognized character escape", (1, 10)),
        ('{\r"a":\r\n"b"\n:}', "comma to separate Object entries", (4, 1)),
        ("9" * 1001, "Number value length", (1, 1)),
        ("[" * 1001 + "]" * 1001, "Document nesting depth", (1, 1)),
    ],
)
def test_mistakes_have_the_words_and_places_of_aws(text: str, message: str, position: tuple[int, int]) -> None:
    """A mistake is worded as the parser of AWS words it; units of UTF-16 and all line breaks are counted."""
    error = mistake(text)
    assert message in error.message
    assert error.position == position


def test_a_brief_reason_does_not_quote_the_text() -> None:
    """AWS's parser quotes the whole text for brackets that do not fit, and settings that nobody here can change."""
    assert mistake("NaN").brief == "Non-standard token 'NaN'"
    assert mistake('{"a": 1').brief == "Unexpected end-of-input: expected close marker for Object"
    assert mistake('{"a": [1}').brief == "Unexpected close marker '}': expected ']'"
    assert mistake("nope").brief == mistake("nope").message


def test_several_values() -> None:
    """Values on lines of their own are taken together, values on one line are not."""
    check_lines('"a"\n{"b":\n1}  \n 3')
    assert mistake('"a"\n"b" "c"', check_lines).position == (2, 5)
    assert mistake("1 2", check_lines).position == (1, 3)
    assert mistake('"a"\n"b"').position == (2, 1)


@given(TEXTS, st.data())
def test_the_fast_and_the_slow_reader_agree(text: str, data: st.DataObject) -> None:
    """Whatever Python's decoder makes of a text, it is accepted where the slow reader, which is exact, accepts it."""
    at = data.draw(st.integers(0, len(text)))
    text = text[:at] + data.draw(st.sampled_from([*'{}[]",:x0-\\\n', ""])) + text[at + data.draw(st.integers(0, 1)) :]
    for check, several in ((check_value, False), (check_lines, True)):
        assert _accepts(lambda each, check=check: check(each), text) == _accepts(
            lambda each, several=several: json_text._check_slowly(each, several), text
        )


def _accepts(check: Any, text: str) -> bool:
    try:
        check(text)
    except JsonError:
        return False
    return True


@given(st.dictionaries(st.text(), JSON, max_size=4) | st.lists(JSON, max_size=4), st.sampled_from([None, 1]))
def test_members(value: Any, indent: int | None) -> None:
    """Each member has its value, and stands in the text where it is said to stand."""
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    found = members(text)
    assert {name: each.value for name, each in found.items()} == (
        value if type(value) is dict else dict(enumerate(value))
    )
    for name, each in found.items():
        assert json.loads(text[each.start : each.end]) == each.value
        if type(name) is str:
            assert json.loads(text[each.name_at : text.rindex(":", 0, each.start)]) == name


def test_members_of_repeated_names_and_of_values() -> None:
    """Of a repeated name the last counts; a value without members has none."""
    assert members('{"a": 1, "a": 2.50}')["a"].value == 2.5
    assert members(" 5 ") == {}


@pytest.mark.parametrize(
    ("text", "position"),
    [('{"a" 1}', (1, 6)), ('{"a": 1} x', (1, 11)), ('{"a": NaN}', (1, 10)), ("[1", (1, 3)), ("", (1, 1))],
)
def test_members_of_what_is_no_json(text: str, position: tuple[int, int]) -> None:
    """What is no JSON has no members, and the place of the mistake is told."""
    assert mistake(text, members).position == position


def test_positions_of_members() -> None:
    """The position of a member is that of its name, in UTF-16 units as editors and the parser of AWS count."""
    locate = locator('{\r\n "😀": {"b": [1,\r {"c": 2}]}, "d": 1}')
    assert locate(("😀",)) == (2, 2)
    assert locate(("😀", "b")) == (2, 9)
    assert locate(("😀", "b", 1)) == (3, 2)
    assert locate(("😀", "b", 1, "c")) == (3, 3)
    assert locate(("d",)) == (3, 14)
    assert locate(("😀", "x", "y")) is None
    assert locate(()) is None


def test_positions_are_asked_for_in_any_order() -> None:
    """Lines are counted on from the place that was asked for before, also backwards."""
    locate = locator('{\n "a": 1,\n "b": [\n  {"c": 2}]}')
    asked = ["a", "b", "a", "b"]
    assert [locate((name,)) for name in asked] == [(2, 2), (3, 2), (2, 2), (3, 2)]
    assert locate(("b", 0, "c")) == (4, 4)
