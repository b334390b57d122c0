"""Intrinsic functions, names and identities, a case a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventbridge_local.iac.cloudformation.intrinsics import evaluate
from eventbridge_local.iac.cloudformation.stack import Stack
from eventbridge_local.iac.names import RESOURCE_KINDS, physical_name, stack_name
from eventbridge_local.iac.run import read
from eventbridge_local.iac.serverless import Variables
from eventbridge_local.iac.values import Environment, GivenValues, Unknown

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Text": {"Type": "String", "Default": "text"},
        "Number": {"Type": "Number", "Default": 5},
        "List": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Numbers": {"Type": "List<Number>", "Default": "1,2"},
        "Open": {"Type": "String"},
    },
    "Mappings": {"Map": {"us-east-1": {"Key": "value", "List": [1, 2]}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Text"}, "text"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Open": {"Fn::Equals": [{"Ref": "Open"}, "x"]},
        "Ring": {"Condition": "Ring"},
    },
    "Resources": {
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "q-${Text}"}}},
        "Nameless": {"Type": "AWS::SQS::Queue"},
        "Ring": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::GetAtt": ["Ring", "QueueName"]}}},
        "Thing": {"Type": "Some::Other::Thing"},
    },
}
OPEN = object()


def stack(**given: Any) -> Stack:
    values = GivenValues({"export": "imported", **given})
    return Stack("stack", TEMPLATE, Environment("123456789012", "us-east-1"), {}, values)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Text"}, "text"),
        ({"Ref": "Number"}, "5"),
        ({"Ref": "List"}, ["a", "b"]),
        ({"Ref": "Numbers"}, ["1", "2"]),
        ({"Ref": "Open"}, OPEN),
        ({"Ref": "Nowhere"}, OPEN),
        ({"Ref": "AWS::Region"}, "us-east-1"),
        ({"Ref": "AWS::Nonsense"}, OPEN),
        ({"Ref": "Queue"}, "https://sqs.us-east-1.amazonaws.com/123456789012/q-text"),
        ({"Ref": "Ring"}, OPEN),
        ({"Ref": "Thing"}, OPEN),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:us-east-1:123456789012:q-text"),
        ({"Fn::GetAtt": "Queue.QueueName"}, "q-text"),
        ({"Fn::GetAtt": ["Queue", "Other"]}, OPEN),
        ({"Fn::GetAtt": ["Thing", "Arn"]}, OPEN),
        ({"Fn::Sub": "${Text}-${!Text}-${Queue.QueueName}-${AWS::AccountId}"}, "text-${Text}-q-text-123456789012"),
        ({"Fn::Sub": ["${a}${Text}", {"a": {"Ref": "Number"}}]}, "5text"),
        ({"Fn::Sub": ["${Text}", {"Text": "mine"}]}, "mine"),
        ({"Fn::Sub": "${Open}"}, OPEN),
        ({"Fn::Sub": "$Text {Text} $${Text}"}, "$Text {Text} $text"),
        ({"Fn::Join": ["-", ["a", 1, True, {"Ref": "Text"}]]}, "a-1-true-text"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Open"}]]}, OPEN),
        ({"Fn::Join": ["-", ["a", {"Ref": "AWS::NoValue"}]]}, "a"),
        ({"Fn::Select": [1, {"Ref": "List"}]}, "b"),
        ({"Fn::Select": ["0", ["x", {"Ref": "Open"}]]}, "x"),
        ({"Fn::Select": [2, ["x"]]}, OPEN),
        ({"Fn::Split": ["|", "a|b"]}, ["a", "b"]),
        ({"Fn::If": ["Yes", "a", {"Ref": "Open"}]}, "a"),
        ({"Fn::If": ["No", "a", {"b": {"Ref": "AWS::NoValue"}}]}, {}),
        ({"Fn::If": ["Open", "a", "a"]}, OPEN),
        ({"Fn::If": ["Ring", "a", "b"]}, OPEN),
        ({"Fn::And": [{"Condition": "No"}, {"Condition": "Open"}]}, False),
        ({"Fn::And": [{"Condition": "Yes"}, {"Condition": "Open"}]}, OPEN),
        ({"Fn::Or": [{"Condition": "Open"}, {"Condition": "Yes"}]}, True),
        ({"Fn::Or": [{"Condition": "Open"}, {"Condition": "No"}]}, OPEN),
        ({"Fn::Or": [{"Condition": "No"}, {"Fn::Equals": [5, "5"]}]}, True),
        ({"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Key"]}, "value"),
        ({"Fn::FindInMap": ["Map", "us-east-1", "List"]}, [1, 2]),
        ({"Fn::FindInMap": ["Map", "mars", "Key"]}, OPEN),
        ({"Fn::FindInMap": ["Map", "mars", "Key", {"DefaultValue": {"Ref": "Text"}}]}, "text"),
        ({"Fn::ImportValue": "export"}, "imported"),
        ({"Fn::ImportValue": {"Fn::Sub": "ex${x}"}}, OPEN),
        ({"Fn::ImportValue": {"Fn::Join": ["", ["ex", "port"]]}}, "imported"),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"Fn::GetAZs": ""}, ["us-east-1a", "us-east-1b", "us-east-1c"]),
        ({"Fn::ToJsonString": {"a": [{"Ref": "Text"}, 1]}}, '{"a":["text",1]}'),
        ({"Fn::Length": {"Ref": "List"}}, 2),
        ({"Fn::Cidr": ["10.0.0.0/16", 2]}, OPEN),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, OPEN),
        ("{{resolve:ssm:/a}}", OPEN),
        ("x-{{resolve:ssm:/given}}", "x-value"),
        ({"Condition": ["data", {"Ref": "Text"}]}, {"Condition": ["data", "text"]}),
        ({"a": {"Ref": "Text"}, "Ref": "kept"}, {"a": "text", "Ref": "kept"}),
        ([1, 1.5, None, True, "x"], [1, 1.5, None, True, "x"]),
    ],
)
def test_functions(node: Any, expected: Any) -> None:
    value = evaluate(stack(**{"{{resolve:ssm:/given}}": "value"}), node)
    if expected is OPEN:
        assert isinstance(value, Unknown)
        assert value.reason and value.remedy
    else:
        assert value == expected
        assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("given", "node", "expected"),
    [
        ({"Nameless": "arn:aws:sqs:mars:1:given"}, {"Fn::GetAtt": ["Nameless", "Arn"]}, "arn:aws:sqs:mars:1:given"),
        ({"Nameless": "given"}, {"Fn::GetAtt": ["Nameless", "Arn"]}, "arn:aws:sqs:us-east-1:123456789012:given"),
        ({"Nameless.QueueUrl": "url"}, {"Fn::GetAtt": ["Nameless", "QueueUrl"]}, "url"),
        ({"Thing": "id"}, {"Ref": "Thing"}, "id"),
        ({"Thing.Arn": "arn"}, {"Fn::Sub": "${Thing.Arn}"}, "arn"),
        ({"Elsewhere": "x"}, {"Ref": "Elsewhere"}, "x"),
    ],
)  # fmt: skip
def test_what_is_given_wins(given: dict[str, str], node: Any, expected: str) -> None:
    made = stack(**given)
    assert evaluate(made, node) == expected
    assert set(given) <= made.given.used


def test_unknown_values_know_where_they_stand() -> None:
    value = evaluate(stack(), {"a": [1, {"Fn::If": ["Yes", {"b": [{"Ref": "Open"}]}, 0]}]}, ("top",))
    assert value["a"][1]["b"][0].path == ("top", "a", 1, "b", 0)


IDS = st.text("abcXYZ019", min_size=1, max_size=200)


@given(IDS, IDS, st.integers(40, 255), st.sampled_from(["", ".fifo"]))
def test_made_up_names_fit_and_stay(stack_id: str, logical_id: str, longest: int, ending: str) -> None:
    name = physical_name(stack_id, logical_id, longest=longest, ending=ending)
    assert len(name) <= longest
    assert name.endswith(ending)
    assert name == physical_name(stack_id, logical_id, longest=longest, ending=ending)
    assert name != physical_name(stack_id, logical_id + "x", longest=longest, ending=ending)
    if len(stack_id) + len(logical_id) + 20 < longest:
        assert name.startswith(f"{stack_id}-{logical_id}-")


@given(st.text(max_size=30))
def test_stack_names_are_allowed(text: str) -> None:
    name = stack_name(text)
    assert name[0].isalpha() and name.isascii()
    assert all(letter.isalnum() or letter == "-" for letter in name)


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_every_kind_has_a_whole_arn(kind: str) -> None:
    template = {"Resources": {"It": {"Type": kind, "Properties": {RESOURCE_KINDS[kind].name or "x": "my-name"}}}}
    made = Stack("stack", template, Environment("123456789012", "eu-west-1"), {}, GivenValues({})).identity("It")
    assert made.arn.startswith("arn:aws:")
    assert len(made.arn.split(":", 5)[5]) > 0
    assert "{" not in "".join([made.name, made.arn, made.ref, *filter(None, made.attributes.values())])
    assert "Arn" in made.attributes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${self:custom.a}", 1),
        ("x${self:custom.a}y", "x1y"),
        ("${self:custom.nested.${self:custom.key}}", "deep"),
        ("${self:custom.list.1}", "two"),
        ("${self:custom.missing, 'fallback'}", "fallback"),
        ("${self:custom.missing, opt:missing, 'a, b'}", "a, b"),
        ("${self:custom.missing, 5}", 5),
        ("${self:custom.missing, true}", True),
        ("${self:custom.missing, null}", None),
        ("${self:custom.missing, self:custom.a}", 1),
        ("${self:custom.missing}", OPEN),
        ("${self:custom.ring}", OPEN),
        ("${self:custom.all}", {"a": 1}),
        ("${opt:stage, 'dev'}", "dev"),
        ("${opt:colour}", "red"),
        ("${param:colour}", "red"),
        ("${param:domain}", "example.com"),
        ("${env:EVENTBRIDGE_LOCAL_TEST}", "from-environment"),
        ("${env:GIVEN}", "given"),
        ("${env:EVENTBRIDGE_LOCAL_TEST_NOT_SET}", OPEN),
        ("${sls:stage}", "dev"),
        ("${aws:accountId}.${aws:region}", "123456789012.eu-west-1"),
        ("${AWS::Region} ${Queue.Arn} ${Name}", "${AWS::Region} ${Queue.Arn} ${Name}"),
        ("${AWS::Region}-${sls:stage}", "${AWS::Region}-dev"),
        ("${ssm:/path}", OPEN),
        ("${ssm:/given}", "from-ssm"),
        ("${cf:stack.Output}", OPEN),
        ("${cf(eu-west-1):stack.Output}", OPEN),
        ("a-${ssm:/path}", OPEN),
        ("${file(nowhere.yml):a, 'none'}", "none"),
        ("${file(code.js):a}", OPEN),
        ("${strToBool(false)}", False),
        ("${strToBool('1')}", True),
    ],
)
def test_variables_of_serverless(text: str, expected: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EVENTBRIDGE_LOCAL_TEST", "from-environment")
    monkeypatch.delenv("EVENTBRIDGE_LOCAL_TEST_NOT_SET", raising=False)
    data = {
        "params": {"default": {"domain": "example.com"}},
        "custom": {
            "a": 1,
            "key": "k",
            "nested": {"k": "deep"},
            "list": ["one", "two"],
            "all": {"a": "${self:custom.a}"},
            "ring": "${self:custom.ring}",
        },
    }
    variables = Variables(
        data,
        tmp_path,
        {"colour": "red", "env:GIVEN": "given"},
        GivenValues({"ssm:/given": "from-ssm"}),
        Environment("123456789012", "eu-west-1"),
    )
    value = variables.resolved(text)
    if expected is OPEN:
        assert isinstance(value, Unknown)
    else:
        assert value == expected


@pytest.mark.parametrize(
    ("transform", "open_places"),
    [
        ("AWS::LanguageExtensions", []),
        ("MyCompany::Macro", ["Transform"]),
        (["AWS::Serverless-2016-10-31", {"Name": "AWS::Include", "Parameters": {}}], ["Transform"]),
    ],
)
def test_macros_are_not_seen_through(tmp_path: Path, transform: Any, open_places: list[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"Transform": transform, "Resources": {}}), "utf-8")
    plan = read(path, account="123456789012", region="us-east-1")
    assert [entry.path for entry in plan.unresolved] == open_places


@pytest.mark.parametrize(
    ("node", "remedy"),
    [
        ({"Ref": "Queu"}, "resources={'Queu': '...'}; did you mean 'Queue'?"),
        ({"Fn::GetAtt": ["Quue", "Arn"]}, "resources={'Quue': '...'}; did you mean 'Queue'?"),
        ({"Ref": "Nmber"}, "resources={'Nmber': '...'}; did you mean 'Number'?"),
        ({"Ref": "Elsewhere"}, "resources={'Elsewhere': '...'}"),
    ],
)
def test_a_misspelled_name(node: Any, remedy: str) -> None:
    """The remedy names the resource or parameter that was probably meant."""
    value = evaluate(stack(), node)
    assert isinstance(value, Unknown)
    assert value.remedy == remedy
