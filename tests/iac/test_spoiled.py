"""A law for all sources: whatever is wrong inside, the loader answers with a plan or a UsageError, never with a bug."""

from __future__ import annotations

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lengths import examples

from eventbridge_local.errors import UsageError
from eventbridge_local.iac import read, report_of
from eventbridge_local.iac.documents import read_document
from eventbridge_local.policies.access import Sending, refusals

CASES = Path(__file__).parents[1] / "cases"
SOURCES = [
    read_document(path).data
    for folder in ("templates", "permissions")
    for path in sorted((CASES / folder).rglob("*"))
    if path.suffix in (".yaml", ".yml", ".json")
    and path.name not in ("expected.json", "expected.yaml", "manifest.json")
]
NO_VALUE = {"Ref": "AWS::NoValue"}
SPOILERS: list[Any] = [
    *(None, 5, 1.5, True, "", "x", "${a}", "${self:a.b}", "{{resolve:ssm:/x}}", [], {}, [1], {"a": 1}, [[[]]]),
    *({"Ref": "x"}, {"Ref": 5}, NO_VALUE, {"Fn::GetAtt": "x"}, {"Fn::GetAtt": [NO_VALUE, {"a": NO_VALUE}]}),
    *({"Fn::Sub": 5}, {"Fn::If": ["a", 1, 2]}, {"Fn::Join": ["", [{}]]}, {"Fn::Join": [NO_VALUE, []]}),
    *({"Fn::Select": ["x", {}]}, {"Fn::Split": [5, 5]}, {"Fn::FindInMap": [[], {}, []]}, {"Fn::Equals": [1, NO_VALUE]}),
    *({"Fn::Not": [[1]]}, {"Fn::And": 5}, {"Fn::ImportValue": [1]}, {"Fn::Length": NO_VALUE}, {"Fn::Base64": [1]}),
    *({"Fn::ToJsonString": NO_VALUE}, {"Fn::ForEach::a": ["b", ["c"], {"${b}": 1}]}, {"Condition": {"Ref": "x"}}),
    *({"references": ["var.x"]}, {"references": ["module.x.y"]}, {"references": [5]}, "arn:aws:events:x:1:event-bus/x"),
]


def spots(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from spots(inner, (*path, key))


@settings(max_examples=examples(150, 500))
@given(st.data())
def test_spoiled_sources(data: st.DataObject) -> None:
    source = copy.deepcopy(data.draw(st.sampled_from(SOURCES)))
    for spoiler in data.draw(st.lists(st.sampled_from(SPOILERS), min_size=1, max_size=3)):
        *way, last = data.draw(st.sampled_from(list(spots(source))))
        node = source
        for part in way:
            node = node[part]
        node[last] = copy.deepcopy(spoiler)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "source.json"
        path.write_text(json.dumps(source), "utf-8")
        try:
            plan = read(path, account="123456789012", region="us-east-1")
        except UsageError:
            return
    assert str(report_of(plan))
    json.dumps([step.params for step in plan.steps])  # nothing unknown is left in the parameters
    permissions = plan.permissions()
    for rule in report_of(plan).rules:
        for target in rule.targets:
            list(refusals(Sending.of(rule.arn or "", target.params), permissions))
