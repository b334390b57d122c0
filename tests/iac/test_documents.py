"""Positions: both readers, on the same text, give the same values and the same places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.iac import documents, read

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), max_size=6)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(WORDS.filter(lambda key: key != "<<"), inner, max_size=4)
    ),
    max_leaves=12,
)


def paths_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [deep for key, inner in pairs for deep in paths_of(inner, (*path, key))]


def complain(line: int, column: int, problem: str) -> Exception:
    return AssertionError(f"{line}:{column}: {problem}")


@given(VALUES)
def test_both_readers_agree(value: Any) -> None:
    text = json.dumps({"top": value}, indent=2, ensure_ascii=False)
    as_json, json_place = documents._read_json(text, complain)
    as_yaml, yaml_place = documents._read_yaml(text, complain)
    assert as_json == as_yaml == {"top": value}
    for path in paths_of(as_json):
        assert json_place(path) == yaml_place(path)


def test_one_line_has_no_positions() -> None:
    """A line number of 1 for everything would tell nobody anything."""
    assert documents._read_json('{"a": {"b": 1}}', complain)[1](("a", "b")) is None


@pytest.mark.parametrize("path", [("no",), ("a", "no"), ("a", "b", "c"), ("l", 5), ("l", 0, "x"), ()])
def test_places_that_are_not_there(path: tuple[str | int, ...]) -> None:
    text = '{\n"a": {"b": 1},\n"l": [0]\n}'
    assert documents._read_json(text, complain)[1](path) is None
    assert documents._read_yaml(text, complain)[1](path) is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref a", {"Ref": "a"}),
        ("!GetAtt a.b", {"Fn::GetAtt": ["a", "b"]}),
        ("!GetAtt a.Outputs.b", {"Fn::GetAtt": ["a", "Outputs.b"]}),
        ("!GetAtt [a, b]", {"Fn::GetAtt": ["a", "b"]}),
        ("!Condition c", {"Condition": "c"}),
        ("!Sub\n  - '${x}'\n  - x: !Ref y", {"Fn::Sub": ["${x}", {"x": {"Ref": "y"}}]}),
        ("!Base64\n  Fn::Sub: a", {"Fn::Base64": {"Fn::Sub": "a"}}),
        ("!ImportValue 5", {"Fn::ImportValue": "5"}),
        ("!If [a, !Ref b, !If [c, d, !Ref AWS::NoValue]]",
         {"Fn::If": ["a", {"Ref": "b"}, {"Fn::If": ["c", "d", {"Ref": "AWS::NoValue"}]}]}),
        ("{a: &x [1], b: *x}", {"a": [1], "b": [1]}),
        ("{<<: [{a: 1, b: 2}, {a: 3, c: 4}], b: 5}", {"a": 1, "b": 5, "c": 4}),
    ],
)  # fmt: skip
def test_tags_and_aliases(text: str, expected: Any) -> None:
    assert documents._read_yaml(text, complain)[0] == expected


def test_five_hundred_resources(tmp_path: Path) -> None:
    """Every one of them with its own line."""
    lines = ["Resources:"]
    for number in range(250):
        lines += [
            f"  Queue{number}: {{Type: AWS::SQS::Queue}}",
            f"  Rule{number}:",
            "    Type: AWS::Events::Rule",
            f"    Properties: {{EventPattern: {{source: [s{number}]}}, "
            f"Targets: [{{Id: q, Arn: !GetAtt Queue{number}.Arn}}]}}",
        ]
    path = tmp_path / "big.yaml"
    path.write_text("\n".join(lines), "utf-8")
    plan = read(path, account="123456789012", region="us-east-1")
    assert len(plan.steps) == 500
    assert [step.line for step in plan.steps[::2]] == [3 + 4 * number for number in range(250)]
