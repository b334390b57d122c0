"""Short input that stands for very much: answered in a time that grows with its length, or refused with a message.

Each of these took minutes, or all memory. No clock is looked at: a test that goes on and on is one that fails.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.contracts import Contracts
from eventbridge_local.contracts.bounds import is_slow
from eventbridge_local.errors import EventBridgeLocalError, UsageError
from eventbridge_local.policies.conditions import arn_like, like

RULE = "Type: AWS::Events::Rule\n    Properties: {EventPattern: {source: [shop]}}"


def template(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def load(file: Path, **arguments: Any) -> Any:
    with mock_eventbridge() as eb:
        return eb.load(file, **arguments)


def refused(file: Path, match: str, **arguments: Any) -> None:
    with pytest.raises(UsageError, match=match):
        load(file, **arguments)


# wildcards of policies


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("a", "a", True),
        ("a", "ab", False),
        ("a*", "a", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*ba", "aba", False),
        ("*a*", "bab", True),
        ("a*b*c", "a-b-b-c", True),
        ("a*b*c", "a-c-b", False),
        ("?", "", False),
        ("?", "\n", True),
        ("*?", "", False),
        ("*?", "a", True),
        ("?*?", "a", False),
        ("a?c*", "abcd", True),
        ("**a**", "xax", True),
        ("a.c", "abc", False),
        ("*[x]*", "-[x]-", True),
        ("*a?", "aaa", True),
        ("*ab*ab", "ab", False),
        ("a\\*", "a\\b", True),
    ],
)
def test_wildcards(pattern: str, text: str, fits: bool) -> None:
    assert like(pattern, text) is fits


def test_many_wildcards_in_a_policy() -> None:
    assert not like("*a*a*a*a*a*a*a*a*b", "a" * 20_000)
    assert not like("*a?" * 60 + "b", "a" * 20_000)
    assert not arn_like("arn:*a*a*a*a*a*a*a*a*b:*:*:*:*a*a*a*a*a*a*a*a*b", f"arn:{'a' * 500}:s:r:1:{'a' * 500}")


def test_an_event_on_a_bus_whose_policy_has_many_wildcards() -> None:
    condition = {"StringLike": {"events:source": "*a*a*a*a*a*a*a*a*b"}}
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    statement = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": arn,
        "Condition": condition,
    }
    with mock_eventbridge() as eb:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        eb._perform("PutPermission", EventBusName="default", Policy=policy)
        assert eb.put("a" * 200, "Sold").accepted


# aliases of YAML


def aliases(levels: int, *, used: str = "") -> str:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels))]
    return "\n".join(["Metadata:", *(f"  {line}" for line in lines), "Resources:", f"  Rule:\n    {RULE}", used, ""])


@pytest.mark.parametrize("name", ["template.yaml", "serverless.yml"])
def test_aliases_of_aliases(tmp_path: Path, name: str) -> None:
    content = aliases(12)
    if name == "serverless.yml":
        content = "service: shop\nprovider: {name: aws}\n" + content
    refused(
        template(tmp_path, name, content), r"template.yaml:\d+:\d+: aliases make|serverless.yml:\d+:\d+: aliases make"
    )


def test_aliases_that_are_few_are_taken(tmp_path: Path) -> None:
    assert len(load(template(tmp_path, "template.yaml", aliases(4))).rules) == 1


def test_aliases_of_merged_mappings(tmp_path: Path) -> None:
    lines = [
        "a0: &a0 {x: 1}",
        *(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: 1}}" for n in range(1, 14)),
    ]
    content = "\n".join(["Metadata:", *(f"  {line}" for line in lines), "Resources:", f"  Rule:\n    {RULE}", ""])
    refused(template(tmp_path, "template.yaml", content), "aliases make")


def test_aliases_in_a_contract(tmp_path: Path) -> None:
    lines = ["a0: &a0 {type: string}"]
    lines += [f"a{n}: &a{n} {{anyOf: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 12)]
    file = template(
        tmp_path, "shop@Sold.yaml", "\n".join(["type: object", "definitions:", *(f"  {x}" for x in lines), ""])
    )
    with pytest.raises(UsageError, match=r"shop@Sold.yaml:\d+:\d+: aliases make"):
        Contracts.load(file)


# variables of the Serverless Framework


def serverless(folder: Path, custom: dict[str, Any]) -> Path:
    functions = {"f": {"handler": "a.b", "events": [{"eventBridge": {"pattern": {"source": ["${self:custom.a0}"]}}}]}}
    content = {"service": "shop", "provider": {"name": "aws"}, "custom": custom, "functions": functions}
    return template(folder, "serverless.yml", content)


def chained(value: Callable[[str], Any], last: Any, levels: int = 40) -> dict[str, Any]:
    return {f"a{n}": value(f"${{self:custom.a{n + 1}}}") for n in range(levels)} | {f"a{levels}": last}


@pytest.mark.parametrize(
    "value",
    [
        lambda next_one: next_one + next_one,
        lambda next_one: [next_one, next_one],
        lambda next_one: {"x": next_one, "y": next_one},
        lambda next_one: f"{next_one[:-1]}, {next_one[2:-1]}}}-{next_one}",
    ],
)
def test_variables_that_use_the_next_one_twice(tmp_path: Path, value: Callable[[str], Any]) -> None:
    refused(serverless(tmp_path, chained(value, "x")), "source (grows|makes)")


def test_variables_that_use_the_next_one_once(tmp_path: Path) -> None:
    assert len(load(serverless(tmp_path, chained(lambda next_one: next_one, "x"))).rules) == 1


def test_fallbacks_with_very_many_blanks_and_quotes(tmp_path: Path) -> None:
    for fallback in (f"{' ' * 20_000}'", ",'" * 20_000, "," * 20_000 + "'x'"):
        load(serverless(tmp_path, {"a0": f"${{opt:none,{fallback}}}"}))


def test_a_file_that_includes_itself(tmp_path: Path) -> None:
    content = {f"a{n}": f"${{file(more.yml):a{n + 1}}}${{file(more.yml):a{n + 1}}}" for n in range(30)} | {"a30": "x"}
    template(tmp_path, "more.yml", content)
    refused(serverless(tmp_path, {"a0": "${file(more.yml):a0}"}), "source (grows|makes)")


# functions of CloudFormation


def nested(levels: int, value: Callable[[Any], Any], last: Any = "x") -> Any:
    for _ in range(levels):
        last = value(last)
    return last


def rules(**more: Any) -> dict[str, Any]:
    rule = {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": {"source": ["shop"]}}}
    return {"Resources": {"Rule": rule, **more.pop("Resources", {})}, **more}


def named(name: Any) -> dict[str, Any]:
    return {"Type": "AWS::Events::Rule", "Properties": {"Name": name, "EventPattern": {"source": ["shop"]}}}


def test_names_that_use_the_next_name_twice(tmp_path: Path) -> None:
    made = {f"R{n}": named({"Fn::Sub": f"${{R{n + 1}}}${{R{n + 1}}}"}) for n in range(40)} | {"R40": named("x")}
    refused(template(tmp_path, "template.json", rules(Resources=made)), "source (grows|makes)")


def test_joins_that_use_the_next_name_twice(tmp_path: Path) -> None:
    made = {f"R{n}": named({"Fn::Join": ["", [{"Ref": f"R{n + 1}"}] * 2]}) for n in range(40)} | {"R40": named("x")}
    refused(template(tmp_path, "template.json", rules(Resources=made)), "source (grows|makes)")


def test_outputs_that_import_the_next_twice(tmp_path: Path) -> None:
    outputs = {
        f"O{n}": {"Value": {"Fn::Join": ["", [{"Fn::ImportValue": f"E{n + 1}"}] * 2]}, "Export": {"Name": f"E{n}"}}
        for n in range(40)
    }
    outputs["O40"] = {"Value": "x", "Export": {"Name": "E40"}}
    more = {"Named": named({"Fn::ImportValue": "E0"})}
    refused(template(tmp_path, "template.json", rules(Outputs=outputs, Resources=more)), "source (grows|makes)")


def test_conditions_that_use_the_next_twice(tmp_path: Path) -> None:
    conditions: dict[str, Any] = {f"C{n}": {"Fn::And": [{"Condition": f"C{n + 1}"}] * 2} for n in range(40)}
    conditions["C40"] = {"Fn::Equals": ["a", "a"]}
    more = {"Named": {**named("x"), "Condition": "C0"}}
    assert len(load(template(tmp_path, "template.json", rules(Conditions=conditions, Resources=more))).rules) == 2


def test_loops_in_loops(tmp_path: Path) -> None:
    letters = [f"e{n}" for n in range(200)]
    inner = {"R${A}${B}": named("${A}-${B}")}
    loop = {"Fn::ForEach::Outer": ["A", letters, {"Fn::ForEach::Inner": ["B", letters, inner]}]}
    refused(
        template(tmp_path, "template.json", rules(Resources=loop, Transform="AWS::LanguageExtensions")), "grows beyond"
    )


def test_loops_within_what_a_template_may_have(tmp_path: Path) -> None:
    letters = [f"e{n}" for n in range(17)]
    inner = {"R${A}${B}": named("${A}-${B}")}
    loop = {"Fn::ForEach::Outer": ["A", letters, {"Fn::ForEach::Inner": ["B", letters, inner]}]}
    content = rules(Resources=loop, Transform="AWS::LanguageExtensions")
    assert len(load(template(tmp_path, "template.json", content)).rules) == 290


def test_keys_of_loops_with_many_placeholders(tmp_path: Path) -> None:
    loop = {"Fn::ForEach::L": ["A", ["a" * 30, "b"], {"${A}" * 12 + "Z": named({"Ref": "AWS::NoValue"})}]}
    load(template(tmp_path, "template.json", rules(Resources=loop, Transform="AWS::LanguageExtensions")))


def test_a_template_that_is_nested_in_itself(tmp_path: Path) -> None:
    again = {f"N{n}": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": "t.json"}} for n in range(9)}
    refused(template(tmp_path, "t.json", rules(Resources=again)), "grows beyond")


# Terraform


def test_names_of_terraform_that_refer_to_each_other(tmp_path: Path) -> None:
    """Each rule has a bus and a name that are those of the next; and the last is that of the first."""
    kind, count = "aws_cloudwatch_event_rule", 40
    resources, changes, declared = [], [], []
    for n in range(count):
        address, following = f"{kind}.r{n}", f"{kind}.r{(n + 1) % count}"
        reference = {"references": [f"{following}.name", following]}
        resources.append({"address": address, "mode": "managed", "type": kind, "name": f"r{n}", "values": {}})
        unknown = {"name": True, "event_bus_name": True}
        changes.append({"address": address, "change": {"after_unknown": unknown}})
        expressions = {"name": reference, "event_bus_name": reference}
        declared.append({"address": address, "type": kind, "name": f"r{n}", "expressions": expressions})
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9",
        "planned_values": {"root_module": {"resources": resources}},
        "resource_changes": changes,
        "configuration": {"root_module": {"resources": declared}},
    }
    report = load(template(tmp_path, "plan.json", plan))
    assert not report.rules


# input transformers


def test_a_template_that_repeats_a_large_event() -> None:
    target = {
        "Id": "1",
        "Arn": "arn:aws:sqs:us-east-1:123456789012:q",
        "InputTransformer": {
            "InputPathsMap": {"x": "$.detail"},
            "InputTemplate": "{" + ",".join(f'"{n}":<x>' for n in range(700)) + "}",
        },
    }
    with mock_eventbridge(assert_all_deliveries_succeeded=False) as eb:
        eb.rule("r", pattern={"source": ["shop"]})
        eb._perform("PutTargets", Rule="r", Targets=[target])
        eb.put("shop", "Sold", {"x": "y" * 200_000})
        (delivery,) = eb.deliveries
        assert (delivery.outcome, delivery.error) == ("dropped", "INVALID_PARAMETER")
        assert delivery.reason == "Input for target is too large."


# contracts


@pytest.mark.parametrize("draft", ["", "http://json-schema.org/draft-04/schema#"])
def test_schemas_that_refer_to_the_next_one_twice(draft: str) -> None:
    schemas: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(60)}
    schemas["d60"] = {"type": "object"}
    named = {"$schema": draft} if draft else {}
    contracts = Contracts(
        {("shop", "Sold"): {**named, "allOf": [{"$ref": "#/definitions/d0"}], "definitions": schemas}}
    )
    with pytest.raises(UsageError, match="refer to each other several times"):
        contracts.check({"source": "shop", "detail-type": "Sold", "detail": {"a": 1}})


def test_schemas_that_refer_to_themselves_take_large_events() -> None:
    node = {"type": "object", "additionalProperties": {"anyOf": [{"type": "integer"}, {"$ref": "#/definitions/node"}]}}
    contracts = Contracts({("shop", "Sold"): {"$ref": "#/definitions/node", "definitions": {"node": node}}})
    detail = {f"k{n}": {f"k{m}": m for m in range(100)} for n in range(300)}
    assert contracts.check({"source": "shop", "detail-type": "Sold", "detail": detail}) == ()


@pytest.mark.parametrize(
    ("pattern", "slow"),
    [
        ("^(a+)+$", True),
        ("([a-z]*)*", True),
        (r"^(\w+\s?)*$", True),
        ("((a+))+", True),
        ("(?:(?:x|a+))*b", True),
        ("(a+){2,}", True),
        ("x(y(z*)*)", True),
        (r"^([a-z]+\.)*[a-z]+$", False),
        (r"^[a-z]+(-[a-z]+)*$", False),
        ("^a+b+$", False),
        ("(ab?)+", False),
        ("(a{1,3})+", False),
        ("(", False),
    ],
)
def test_regular_expressions(pattern: str, slow: bool) -> None:
    assert is_slow(pattern) is slow
    schemas = [{"properties": {"x": {"pattern": pattern}}}, {"patternProperties": {pattern: {}}}]
    for schema in schemas if slow else ():
        with pytest.raises(UsageError, match="repeats what repeats already"):
            Contracts({("shop", "Sold"): schema})


_LETTERS = "a" * 60

ALTERNATIVES = [
    ("^(a|a)*$", _LETTERS + "b", False),
    ("^(a|ab)*c$", "ab" * 50_000, False),
    ("^(a|aa)+$", _LETTERS + "b", False),
    ("^(a|aa)+$", _LETTERS, True),
    ("^(.*,)*x$", "a," * 30, False),
    ("^(a?a?)*$", _LETTERS + "b", False),
    (r"^(\w|\d)*$", "1" * 60 + "!", False),
    (".*.*.*.*.*=", "a" * 100_000, False),
    ("^a*a*a*a*a*a*b$", "a" * 100_000, False),
    ("^([ab]|[bc])*d$", "b" * 60, False),
    ("^(a{0,30}){30}b$", _LETTERS, False),
    ("(?:a|ab|b){30}c", "ab" * 30, False),
    ("a?" * 30 + "a" * 30 + "b", _LETTERS, False),
    ("^(?=(a|b|ab)*c)ab", "ab" * 30, False),
    ("^(?!(a|b|ab)*c)ab", "ab" * 30, True),
    ("(?i)^(a|b|ab)+$", "aB" * 50_000, True),
    (r"\bshop\b.*\bgone\b", "shop " * 20_000, False),
]


@pytest.mark.parametrize("draft", ["2020-12", "draft-07", "draft-04"])
@pytest.mark.parametrize(("pattern", "text", "fits"), ALTERNATIVES)
def test_regular_expressions_with_alternatives(pattern: str, text: str, fits: bool, draft: str) -> None:
    named = {"$schema": f"http://json-schema.org/{draft}/schema#"} if draft != "2020-12" else {}
    contracts = Contracts(
        {
            ("shop", "Text"): {**named, "properties": {"x": {"pattern": pattern}}},
            ("shop", "Name"): {**named, "patternProperties": {pattern: {"type": "string"}}},
            ("shop", "Other"): {**named, "patternProperties": {pattern: {}}, "additionalProperties": False},
        }
    )
    assert len(broken(contracts, "Text", {"x": text})) == (not fits)
    assert len(broken(contracts, "Name", {text: 1})) == fits
    assert len(broken(contracts, "Other", {text: 1})) == (not fits)


def broken(contracts: Contracts, detail_type: str, detail: Any) -> list[str]:
    return list(map(str, contracts.check({"source": "shop", "detail-type": detail_type, "detail": detail})))


def test_the_message_names_the_patterns_of_names() -> None:
    contracts = Contracts(
        {("shop", "Sold"): {"patternProperties": {"^b": {}, "^a": {}}, "additionalProperties": False}}
    )
    (problem,) = broken(contracts, "Sold", {"a1": 1, "b1": 1, "c1": 1})
    assert "'c1' does not match any of the regexes: '^a', '^b'" in problem


@pytest.mark.parametrize(
    "pattern", ["(?=(a|b|ab)*c)x", r"(x|xx)\1*(a|aa)*b", "(a{1,500}){1,500}b", "(?m)^(a|ab)*c$", "(?<!x)(a|ab)*c"]
)
def test_alternatives_that_have_no_graph_are_refused(pattern: str) -> None:
    with pytest.raises(UsageError, match=r"repeats what (repeats already|can be read in several ways)"):
        Contracts({("shop", "Sold"): {"properties": {"x": {"pattern": pattern}}}})


def test_a_text_that_is_too_long_for_a_pattern() -> None:
    contracts = Contracts({("shop", "Sold"): {"properties": {"x": {"pattern": "(?=.*x)(?<!y).*.*b"}}}})
    assert broken(contracts, "Sold", {"x": "xb"}) == []
    with pytest.raises(UsageError, match="takes too many steps for a text of 100,000 characters"):
        broken(contracts, "Sold", {"x": "a" * 100_000})


@pytest.mark.parametrize("draft", ["draft-04", "draft-06", "draft-07", "draft/2019-09", "draft/2020-12"])
def test_contracts_of_several_dialects_are_bounded_too(draft: str) -> None:
    """A document that names its dialect makes jsonschema change to its own classes."""
    schemas: dict[str, Any] = {f"d{n}": {"allOf": [{"$ref": f"#/definitions/d{n + 1}"}] * 2} for n in range(60)}
    schemas["d60"] = {"type": "object"}
    first = {"$schema": f"http://json-schema.org/{draft}/schema", "allOf": [{"$ref": "#/definitions/d0"}]}
    pattern = {"$schema": f"http://json-schema.org/{draft}/schema", "properties": {"x": {"pattern": "^(a|a)*$"}}}
    other = {"$schema": f"http://json-schema.org/draft-0{'4' if draft != 'draft-04' else '7'}/schema#"}
    contracts = Contracts(
        {("shop", "Sold"): {**first, "definitions": schemas}, ("shop", "Text"): pattern, ("shop", "Other"): other}
    )
    with pytest.raises(UsageError, match="refer to each other several times"):
        contracts.check({"source": "shop", "detail-type": "Sold", "detail": {"a": 1}})
    assert len(broken(contracts, "Text", {"x": _LETTERS + "b"})) == 1


# texts with very many openings, deep values, long numbers


@pytest.mark.parametrize(
    "text", ["${" * 100_000, "${a" * 100_000 + "}", "{{resolve:" * 30_000, "{{resolve:a}" * 30_000]
)
def test_placeholders_that_do_not_end(tmp_path: Path, text: str) -> None:
    content = rules(Resources={"Named": named({"Fn::Sub": text})})
    with pytest.raises(EventBridgeLocalError, match=r"template\.json"):
        load(template(tmp_path, "template.json", content), strict=True)


def test_policy_variables_that_do_not_end() -> None:
    condition = {"StringEquals": {"events:source": "${" * 2_000}}
    arn = "arn:aws:events:us-east-1:123456789012:event-bus/default"
    statement = {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": arn}
    with mock_eventbridge() as eb:
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Condition": condition}]})
        eb._perform("PutPermission", EventBusName="default", Policy=policy)
        assert eb.put("a", "Sold").accepted


@pytest.mark.parametrize("levels", [50, 200, 900])
def test_functions_in_functions(tmp_path: Path, levels: int) -> None:
    deep = nested(levels, lambda value: {"Fn::Join": ["", [value]]})
    file = template(tmp_path, "template.json", written({"Resources": {"Rule": named(deep)}}))
    try:
        assert len(load(file).rules) == 1
        assert levels < 900
    except UsageError as refusal:
        assert re.search("nest too deep|nested too deep", str(refusal))
        assert levels > 50


@pytest.mark.parametrize("levels", [300, 900, 100_000])
def test_values_in_values_of_yaml(tmp_path: Path, levels: int) -> None:
    content = f"Metadata: {'[' * levels}{']' * levels}\nResources:\n  Rule:\n    {RULE}\n"
    file = template(tmp_path, "template.yaml", content)
    try:
        assert len(load(file).rules) == 1
    except UsageError as refusal:
        assert re.search("nest too deep|nested too deep|maximum nesting depth", str(refusal))
        assert levels > 300


def written(tree: Any) -> str:
    """Return JSON text of what nests deeper than ``json.dumps`` goes."""
    with room_for_levels():
        return json.dumps(tree)


@contextmanager
def room_for_levels() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(10_000)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("number", ["9" * 5_000, "-" + "9" * 5_000])
def test_numbers_of_very_many_digits(tmp_path: Path, number: str) -> None:
    for name in ("template.yaml", "template.json", "serverless.yml"):
        content = f"Metadata: {number}\nResources: {{}}\n"
        if name.endswith("json"):
            content = f'{{"Metadata": {number}, "Resources": {{}}}}'
        with pytest.raises(UsageError, match=r"Exceeds the limit"):
            load(template(tmp_path, name, content))
    with pytest.raises(UsageError, match=r"shop@Sold.yaml.*Exceeds the limit"):
        Contracts.load(template(tmp_path, "shop@Sold.yaml", f"type: object\nmaximum: {number}\n"))
