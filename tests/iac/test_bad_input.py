"""Files that are broken, missing or something else: each error says where and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from eventbridge_local.errors import UsageError
from eventbridge_local.iac import BrokenFile, Plan, read

PLACE = {"account": "123456789012", "region": "us-east-1"}
RULE = "Resources:\n  R:\n    Type: AWS::Events::Rule\n    Properties:\n"


def load(path: Path) -> Plan:
    return read(path, **PLACE)


@pytest.mark.parametrize(
    ("name", "text", "place", "problem"),
    [
        ("a.yaml", "Resources:\n  R: [1, 2\n  S: 3\n", "3:4", "did not find expected"),
        ("a.yaml", "Resources:\n\tR: 1\n", "2:1", "cannot start any token"),
        ("a.yaml", RULE + "      Name: !Unknown x\n", "5:13", "unknown tag !Unknown"),
        ("a.yaml", "Resources:\n  A: {}\n  B: {}\n  A: {}\n", "4:3", "'A' is defined twice"),
        ("a.yaml", "Resources:\n  A: &a\n    B: *a\n", "2:6", "an alias is inside the value it refers to"),
        ("a.yaml", "Resources:\n  ? [1]\n  : 2\n", "2:5", "a key must be a string"),
        ("a.yaml", "Resources:\n  A:\n    <<: 5\n", "3:9", "<< needs a mapping"),
        ("a.yaml", "", "1:1", "the file is empty"),
        ("a.yaml", "# only a comment\n", "1:1", "the file is empty"),
        ("a.yaml", "- 1\n", "1:1", "a template is a mapping; this file holds a list"),
        ("a.yaml", "Resources:\n  A: \x01\n", "2:6", "a character that YAML does not allow"),
        ("a.yaml", "Resources: {A: 5}\n", "1:13", "resource A is not a mapping"),
        ("a.yaml", "Other:\n  - 1\nResources: 7\n", "3:1", "its top level has Other, Resources"),
        ("a.json", '{\n  "Resources": {,}\n}', "2:17", "Expecting property name"),
        ("a.json", "", "1:1", "the file is empty"),
        ("a.json", "[" * 200_000, "1:1", "nested too deep to be read"),
        ("a.json", "null", "1:1", "this file holds nothing"),
        ("a.json", '{"hello": 1}', "1:1", "terraform show -json"),
        ("template", '{"Resources": }', "1:15", "Expecting value"),
    ],
)
def test_broken_text(tmp_path: Path, name: str, text: str, place: str, problem: str) -> None:
    path = tmp_path / name
    path.write_text(text, "utf-8")
    with pytest.raises(BrokenFile) as raised:
        load(path)
    assert str(raised.value).startswith(f"{path}:{place}: ")
    assert problem in str(raised.value)
    assert f"{raised.value.line}:{raised.value.column}" == place


def test_text_in_another_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"Resources:\n  Name: \xe4\n")
    with pytest.raises(BrokenFile, match=r"a\.yaml:2:9: not UTF-8"):
        load(path)


def test_byte_order_mark(tmp_path: Path) -> None:
    """Editors on Windows write one."""
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"Resources": {}}')
    assert load(path).steps == ()


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({}, r"has none of manifest\.json, serverless\.yml"),
        ({"main.tf": ""}, "terraform show -json plan.out > plan.json"),
        ({"manifest.json": '{"artifacts": {}}'}, "lists no stack; run `cdk synth` again"),
    ],
)
def test_folders(tmp_path: Path, files: dict[str, str], problem: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=problem):
        load(tmp_path)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read .*nowhere\.yaml: No such file"):
        load(tmp_path / "nowhere.yaml")


def test_binary_plan(tmp_path: Path) -> None:
    (tmp_path / "plan.out").write_bytes(b"PK\x03\x04rest")
    with pytest.raises(UsageError, match=r"terraform show -json plan\.out"):
        load(tmp_path / "plan.out")


def test_raw_state(tmp_path: Path) -> None:
    (tmp_path / "terraform.tfstate").write_text('{"version": 4, "terraform_version": "1.9.0", "serial": 1}', "utf-8")
    with pytest.raises(UsageError, match="raw Terraform state; give the output of `terraform show -json`"):
        load(tmp_path / "terraform.tfstate")


def test_yaml_without_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "a.yaml").write_text("Resources: {}", "utf-8")
    with pytest.raises(UsageError, match="pip install PyYAML"):
        load(tmp_path / "a.yaml")


def test_json_needs_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    (tmp_path / "a.json").write_text('{"Resources": {"B": {"Type": "AWS::Events::EventBus"}}}', "utf-8")
    assert [step.operation for step in load(tmp_path / "a.json").steps] == ["CreateEventBus"]


@pytest.mark.parametrize(
    "properties",
    [
        "      Targets: 5\n",
        "      Targets: {Id: a}\n",
        "      Targets: [5, text, null]\n",
        "      EventPattern: []\n",
        "      EventPattern: null\n",
        "      EventPattern: {a: !Select [9, [1]]}\n",
        "      EventPattern: !Sub [1, 2, 3]\n",
        "      Name: !GetAtt [a, b, c]\n",
        "      Name: !Join 5\n",
        "      Name: !Join [a, b, c]\n",
        "      Name: !Split [a]\n",
        "      Name: !FindInMap [a]\n",
        "      Name: !FindInMap [a, b, c]\n",
        "      Name: !If [a, b]\n",
        "      Name: !If [Nowhere, b, c]\n",
        "      Name: !Ref {a: 1}\n",
        "      Name: !Ref R\n",
        "      Name: !Length x\n",
        "      Name: {'Fn::Nothing': 1}\n",
        "      Name: [a, {b: c}]\n",
        "      EventBusName: !GetAtt R.Arn\n",
        "      Tags: 5\n",
    ],
)
def test_strange_values_do_not_stop_the_loader(tmp_path: Path, properties: str) -> None:
    """AWS decides on values; what the loader itself cannot evaluate is listed."""
    path = tmp_path / "a.yaml"
    path.write_text(RULE + properties, "utf-8")
    plan = load(path)
    assert plan.steps or plan.unresolved
