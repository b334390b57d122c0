"""The table of operators: a row is all that compiling, refusing, matching, looking up and explaining need."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from eventbridge_local.patterns import InvalidPattern, RuleSet, compile, conditions, explain, matches, operators, refuse
from eventbridge_local.patterns.conditions import Condition, Key
from eventbridge_local.patterns.operators import OPERATORS, Exclusion, Operator, table_of

OPERANDS: dict[str, list[Any]] = {
    "exactly": ["a"],
    "prefix": ["a", {"equals-ignore-case": "a"}],
    "suffix": ["a", {"equals-ignore-case": "a"}],
    "equals-ignore-case": ["a"],
    "wildcard": ["a*b"],
    "exists": [True, False],
    "cidr": ["10.0.0.0/8"],
    "numeric": [["=", 1], [">", 1, "<", 2]],
    "anything-but": ["a", [1, 2]],
}


@dataclass(frozen=True, slots=True)
class Inside(Condition):
    """A string that holds ``text``; an operator AWS does not have."""

    text: str

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and self.text in value

    def wording(self) -> str:
        return f"inside {self.text!r}"

    def key(self) -> Key:
        return "inner", self.text


@pytest.fixture
def one_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table with one row more."""
    text = "inside match pattern must be a string"
    row = Operator("inside", operators._string(text, Inside), (Inside,), Exclusion(Inside, text))
    for module in (operators, compile, refuse):
        monkeypatch.setattr(module, "OPERATORS", table_of((*OPERATORS.values(), row)))


@pytest.mark.usefixtures("one_more")
def test_a_row_is_a_whole_operator() -> None:
    """A new row compiles, is refused with its words and place, matches, is looked up, explained, and excludes."""
    pattern = {"a": [{"inside": "ell"}]}
    assert matches(pattern, {"a": "hello"})
    assert not matches(pattern, {"a": "help"})
    assert matches({"a": [{"anything-but": {"inside": ["ell", "z"]}}]}, {"a": "help"})
    assert str(explain(pattern, {"a": "help"})) == "a  differs wanted inside 'ell', got 'help'"
    rules = RuleSet()
    for number in range(20):
        rules.add(str(number), {"a": [{"inside": f"<{number}>"}], "b": [1]})
    assert rules.match({"a": "x<7>y", "b": 1}) == ["7"]
    with pytest.raises(InvalidPattern) as refused:
        compile.compile_pattern('{"a": [{"inside": 5}]}')
    place = 'at [Source: (String)"{"a": [{"inside": 5}]}"; line: 1, column: 20]'
    assert refused.value.reason == f"inside match pattern must be a string\n {place}"


def test_a_row_names_the_conditions_it_makes() -> None:
    """Every class of conditions is a plain value or made by one row, and a row makes what it says."""
    classes = {each for each in vars(conditions).values() if isinstance(each, type) and issubclass(each, Condition)}
    assert len(classes) > 15
    plain = {each for each in classes if each.is_value}
    assert classes - {Condition} == plain | {each for row in OPERATORS.values() for each in row.makes}
    assert OPERANDS.keys() == OPERATORS.keys()
    for name, operands in OPERANDS.items():
        patterns = [compile.compile_pattern(json.dumps({"a": [{name: operand}]})) for operand in operands]
        assert {type(each.subrules[0][0].conditions[0]) for each in patterns} == set(OPERATORS[name].makes)


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ('{"a":[{"numeric":[">",1e400,"<",1e401]}]}', "Cannot compare number : 1e400", "line: 1, column: 39"),
        ("5\r", "Filter is not an object", "line: 1, column: 2"),
        ("5\n", "Filter is not an object", "line: 2, column: 1"),
    ],
)
def test_refusals_the_corpus_does_not_have(text: str, reason: str, position: str) -> None:
    """Of two numbers the lower bound is judged first; a number at the top takes one blank with it, but no CR."""
    with pytest.raises(InvalidPattern) as refused:
        compile.compile_pattern(text)
    assert refused.value.reason.startswith(f"{reason}\n at ")
    assert refused.value.reason.endswith(f"{position}]")


@pytest.mark.parametrize(
    ("matcher", "wording"),
    [
        ({"anything-but": {"prefix": ["a", "b"]}}, "anything but prefix 'a', 'b'"),
        ({"anything-but": ["a", "b"]}, "anything but 'a', 'b'"),
        ({"anything-but": {"wildcard": []}}, "anything"),
        ({"numeric": [">=", 0, "<", 5.5]}, "numeric >= 0 and < 5.5"),
        ({"suffix": {"equals-ignore-case": "X"}}, "suffix equals-ignore-case 'X'"),
        ({"wildcard": "a\\*b*"}, "wildcard 'a\\\\*b*'"),
        ({"cidr": "10.0.0.0/8"}, "cidr '10.0.0.0/8'"),
        ({"exists": True}, "exists: true"),
    ],
)
def test_wording(matcher: dict[str, Any], wording: str) -> None:
    """A condition reads like the pattern that makes it."""
    assert explain({"a": [matcher]}, {}).fields[0].wanted == wording


@pytest.mark.parametrize("name", ["prefix", "suffix"])
def test_letters_whose_cases_differ_in_length_are_looked_up(name: str) -> None:
    """In a rule set, too, the operand ß accepts SS, which lower-casing the text would not find."""
    rules = RuleSet()
    rules.add("other", {"b": [1]})  # one alone is not looked for in an index
    rules.add("sharp", {"a": [{name: {"equals-ignore-case": "ß"}}]})
    assert rules.match({"a": "SS"}) == ["sharp"]
    assert rules.match({"a": "ss"}) == []
