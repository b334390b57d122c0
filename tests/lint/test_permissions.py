"""What production forbids, in sources of all formats: ``lint`` and ``assert_targets_permitted`` say the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from eventbridge_local import mock_eventbridge
from eventbridge_local.errors import CheckFailed
from eventbridge_local.iac import TemplateSource
from eventbridge_local.lint import Finding, check

FOLDER = Path(__file__).parent.parent / "cases" / "permissions"
EXPECTED: dict[str, list[str]] = yaml.safe_load((FOLDER / "expected.yaml").read_text("utf-8"))
ACCOUNT, REGION = "123456789012", "us-east-1"


def findings(path: Path) -> list[Finding]:
    found = check(TemplateSource(path).plan(ACCOUNT, REGION), ACCOUNT, REGION)
    assert not [each for each in found if each.code == "refused"]
    return [each for each in found if each.code.endswith("-permission")]


def statement_in(message: str) -> dict[str, Any]:
    """The statement that a finding ends with."""
    return json.loads(message[message.rindex('{"Sid"' if '{"Sid"' in message else '{"Effect"') :])  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", EXPECTED)
def test_lint(name: str) -> None:
    """Exactly the findings of the case; each names EventBridge and ends with the statement that is missing."""
    found = findings(FOLDER / name)
    actions = [statement_in(each.message)["Action"] for each in found]
    first = [action if isinstance(action, str) else action[0] for action in actions]
    told = [f"{each.rule} {each.code} {action}" for each, action in zip(found, first, strict=True)]
    assert sorted(told) == sorted(EXPECTED[name])
    assert all("events.amazonaws.com" in each.message for each in found)


@pytest.mark.parametrize("forward", ["auto", "never"])
@pytest.mark.parametrize("name", EXPECTED)
def test_the_check(name: str, forward: str) -> None:
    """The same sources, loaded; connected functions change nothing."""
    expected, texts = EXPECTED[name], []
    try:
        with mock_eventbridge(template=FOLDER / name, forward=forward, assert_targets_permitted=True) as eb:
            eb.connect("Function", lambda event: None)
    except ExceptionGroup as group:
        assert all(isinstance(each, CheckFailed) for each in group.exceptions)
        texts = [str(each) for each in group.exceptions]
    shown = texts if len(expected) <= 10 else texts[:-1]
    assert len(shown) == min(10, len(expected))
    assert all(": events.amazonaws.com " in text and " gets nothing in production" in text for text in shown)


def test_every_source_has_a_case() -> None:
    files = {path.relative_to(FOLDER).as_posix() for path in FOLDER.iterdir()} - {"expected.yaml"}
    assert {name.partition("/")[0] for name in EXPECTED} == files
    assert sum(not expected for expected in EXPECTED.values()) >= 10


@pytest.mark.parametrize("given", [{"queue-url": "https://sqs.us-east-1.amazonaws.com/123456789012/orders"}, {}])
def test_a_policy_in_another_template(tmp_path: Path, given: dict[str, str]) -> None:
    """One template declares the queue, another its policy and the rule; with and without the value that is imported."""
    platform, shop = tmp_path / "platform.json", tmp_path / "shop.json"
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "orders"}}
    platform.write_text(json.dumps({"Resources": {"Queue": queue}}))
    arn = "arn:aws:sqs:us-east-1:123456789012:orders"
    rule = {"EventPattern": {"source": ["shop"]}, "Targets": [{"Id": "t", "Arn": arn}]}
    statement = {**TRUST, "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Queues": [{"Fn::ImportValue": "queue-url"}], "PolicyDocument": {"Statement": [statement]}}
    resources = {"Rule": {"Type": "AWS::Events::Rule", "Properties": rule}}
    shop.write_text(json.dumps({"Resources": resources}))
    with pytest.raises(ExceptionGroup, match="1 check failed"), mock_eventbridge(assert_targets_permitted=True) as eb:
        eb.load(platform)
        eb.load(shop)
    resources["Policy"] = {"Type": "AWS::SQS::QueuePolicy", "Properties": policy}
    shop.write_text(json.dumps({"Resources": resources}))
    with mock_eventbridge(assert_targets_permitted=True) as eb:
        eb.load(shop, resources=given)
        eb.load(platform)


QUEUE = {"Type": "AWS::SQS::Queue"}
TRUST = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}


def template(policies: dict[str, Any], role: list[Any]) -> dict[str, Any]:
    """A rule with a target of each service, one with a role, and the policies."""
    targets = [
        {
            "Id": "queue",
            "Arn": {"Fn::GetAtt": ["Queue", "Arn"]},
            "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Lost", "Arn"]}},
        },
        {"Id": "topic", "Arn": {"Ref": "Topic"}},
        {"Id": "logs", "Arn": {"Fn::GetAtt": ["Logs", "Arn"]}},
        {"Id": "machine", "Arn": {"Ref": "Machine"}, "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]}},
    ]
    rule = {"EventPattern": {"source": ["shop"]}, "Targets": targets}
    return {
        "Resources": {
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
            "Queue": QUEUE,
            "Lost": QUEUE,
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Logs": {"Type": "AWS::Logs::LogGroup"},
            "Machine": {"Type": "AWS::StepFunctions::StateMachine"},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {"Statement": [TRUST]},
                    "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": role}}],
                },
            },
            **policies,
        }
    }


def test_a_statement_is_pasted_into_the_template(tmp_path: Path) -> None:
    """It refers to the template's own resources, and with all of them nothing is left to say."""
    path = tmp_path / "shop.json"
    path.write_text(json.dumps(template({}, [])))
    queue, lost, topic, logs, machine = (statement_in(each.message) for each in findings(path))
    assert queue["Resource"] == {"Fn::GetAtt": ["Queue", "Arn"]}
    assert queue["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["Rule", "Arn"]}}}
    policies = {
        "QueuePolicy": {
            "Type": "AWS::SQS::QueuePolicy",
            "Properties": {
                "Queues": [{"Ref": "Queue"}, {"Ref": "Lost"}],
                "PolicyDocument": {"Statement": [queue, lost]},
            },
        },
        "TopicPolicy": {
            "Type": "AWS::SNS::TopicPolicy",
            "Properties": {"Topics": [{"Ref": "Topic"}], "PolicyDocument": {"Statement": [topic]}},
        },
        "LogsPolicy": {
            "Type": "AWS::Logs::ResourcePolicy",
            "Properties": {"PolicyName": "p", "PolicyDocument": {"Fn::ToJsonString": {"Statement": [logs]}}},
        },
    }
    path.write_text(json.dumps(template(policies, [machine])))
    assert findings(path) == []
