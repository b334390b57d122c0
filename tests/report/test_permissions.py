"""``assert_targets_permitted`` beside moto: whether the policies of its queues, topics and functions let us in."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import CheckFailed
from eventbridge_local.options import Options

ACCOUNT, REGION = "123456789012", "us-east-1"
RULE = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/Orders"
ALLOW = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}


CONFIG: Any = {"lambda": {"use_docker": False}}


@pytest.fixture(autouse=True)
def moto(request: pytest.FixtureRequest) -> Iterator[None]:
    if "in_the_other_order" in request.node.name:
        yield
    else:
        with mock_aws(config=CONFIG):
            yield


def failures(target: dict[str, Any], *, forward: str = "auto", connect: str = "", **options: Any) -> list[str]:
    """What a mock says at its end about one rule with this target."""
    options = {"assert_targets_permitted": True, **options}
    try:
        with mock_eventbridge(region=REGION, forward=forward, **options) as eb:
            use(eb, target, connect)
    except ExceptionGroup as group:
        assert all(isinstance(each, CheckFailed) for each in group.exceptions)
        return [str(each) for each in group.exceptions]
    return []


def use(eb: EventBridge, target: dict[str, Any], connect: str = "") -> None:
    client = boto3.client("events", region_name=REGION)
    client.put_rule(Name="Orders", EventPattern='{"source": ["shop"]}')
    client.put_targets(Rule="Orders", Targets=[{"Id": "t", **target}])
    if connect:
        eb.connect(connect, lambda event: None)
    eb.put("shop", "Sold")


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def queue(name: str, *statements: dict[str, Any]) -> str:
    sqs = boto3.client("sqs", region_name=REGION)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    if statements:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(*statements)})
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def topic(*statements: dict[str, Any]) -> str:
    sns = boto3.client("sns", region_name=REGION)
    arn: str = sns.create_topic(Name="news")["TopicArn"]
    if statements:
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy(*statements))
    return arn


def group(*statements: dict[str, Any]) -> str:
    logs = boto3.client("logs", region_name=REGION)
    logs.create_log_group(logGroupName="/aws/events/orders")
    if statements:
        logs.put_resource_policy(policyName="p", policyDocument=policy(*statements))
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/events/orders"


def function(**permission: str) -> str:
    iam = boto3.client("iam", region_name=REGION)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("app.py", "def handler(event, context): pass")
    code = {"ZipFile": packed.getvalue()}
    awslambda = boto3.client("lambda", region_name=REGION)
    made = awslambda.create_function(
        FunctionName="fraud", Role=role, Runtime="python3.12", Handler="app.handler", Code=code, Publish=True
    )
    awslambda.create_alias(FunctionName="fraud", Name="live", FunctionVersion="1")
    if permission:
        awslambda.add_permission(FunctionName="fraud", StatementId="s", Action="lambda:InvokeFunction", **permission)
    return str(made["FunctionArn"]).removesuffix(":1")


def statement_in(text: str) -> dict[str, Any]:
    """The last JSON of a failure, which is what a user pastes."""
    return json.loads([line for line in text.splitlines() if line.startswith("{")][-1])  # type: ignore[no-any-return]


SEND = {**ALLOW, "Action": "sqs:SendMessage", "Resource": "*"}


@pytest.mark.parametrize("forward", ["auto", "never"])
def test_a_queue_without_a_policy(forward: str) -> None:
    """Named are the principal, the action, the resource and the statement, which permits it when it is pasted."""
    arn = queue("orders")
    [text] = failures({"Arn": arn}, forward=forward)
    assert "rule 'Orders' on bus 'default', target 't'" in text
    assert "events.amazonaws.com may not call sqs:SendMessage on " + arn in text
    assert text.endswith("To allow this: assert_targets_permitted=False")
    missing = statement_in(text)
    assert missing["Condition"] == {"ArnEquals": {"aws:SourceArn": RULE}}
    queue("orders", missing)
    assert failures({"Arn": arn}, forward=forward) == []


def test_a_dead_letter_queue_has_a_policy_of_its_own() -> None:
    target = {"Arn": queue("orders", SEND), "DeadLetterConfig": {"Arn": queue("lost")}}
    [text] = failures(target)
    assert ":lost, so the dead-letter queue gets nothing in production" in text
    queue("lost", statement_in(text))
    assert failures(target) == []


def test_a_topic_and_its_default_policy() -> None:
    """The policy that SNS makes by itself is for the account of the topic, and EventBridge has none."""
    arn = topic()
    [text] = failures({"Arn": arn})
    assert "may not call sns:Publish on " + arn in text
    topic(statement_in(text))
    assert failures({"Arn": arn}) == []


def test_a_log_group() -> None:
    arn = group()
    [text] = failures({"Arn": arn})
    assert "may not call logs:CreateLogStream and logs:PutLogEvents on " + arn in text
    missing = statement_in(text)
    boto3.client("logs", region_name=REGION).put_resource_policy(policyName="p", policyDocument=policy(missing))
    assert failures({"Arn": arn}) == []


def test_a_function() -> None:
    arn = function()
    [text] = failures({"Arn": arn}, forward="never")
    assert "may not call lambda:InvokeFunction on " + arn in text
    assert statement_in(text)["Resource"] == arn


def test_a_function_with_permission() -> None:
    arn = function(Principal="events.amazonaws.com", SourceArn=RULE)
    assert failures({"Arn": arn}, forward="never") == []
    [text] = failures({"Arn": f"{arn}:live"}, forward="never")
    assert f"lambda:InvokeFunction on {arn}:live" in text, "a permission on the function is none on its alias"
    boto3.client("lambda", region_name=REGION).add_permission(
        FunctionName="fraud",
        StatementId="a",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        Qualifier="live",
    )
    assert failures({"Arn": f"{arn}:live"}, forward="never") == []


def test_a_permission_for_another_rule() -> None:
    arn = function(Principal="events.amazonaws.com", SourceArn=f"{RULE}2")
    [text] = failures({"Arn": arn}, forward="never")
    assert (
        f'a statement allows it on a condition that is not met: {{"ArnLike": {{"AWS:SourceArn": "{RULE}2"}}}}' in text
    )


def test_a_deny_is_named() -> None:
    deny = {"Sid": "KeepOut", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    [text] = failures({"Arn": queue("orders", SEND, deny)})
    assert "a Deny in the policy of the queue forbids it (Sid 'KeepOut')" in text


def test_what_is_not_looked_at() -> None:
    """What moto does not have, what a connected function stands for, and a target with a role."""
    queue("orders")
    absent = f"arn:aws:sqs:{REGION}:{ACCOUNT}:absent"
    assert failures({"Arn": absent}, assert_all_deliveries_succeeded=False) == []
    assert failures({"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:absent"}) == []
    here = f"arn:aws:sqs:{REGION}:{ACCOUNT}:orders"
    assert failures({"Arn": here}, connect="orders") == []
    assert failures({"Arn": here, "RoleArn": f"arn:aws:iam::{ACCOUNT}:role/events"}) == []


def test_the_option_follows_strict() -> None:
    assert Options(strict=True).targets_must_be_permitted
    assert not Options().targets_must_be_permitted
    assert not Options(strict=True, assert_targets_permitted=False).targets_must_be_permitted
    arn = queue("orders")
    assert len(failures({"Arn": arn}, strict=True, assert_targets_permitted=None)) == 1
    assert failures({"Arn": arn}, strict=True, assert_targets_permitted=False) == []


def test_another_region_and_account() -> None:
    """The queue is looked for where its ARN says."""
    boto3.client("sqs", region_name="eu-west-1").create_queue(QueueName="far")
    [text] = failures({"Arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:far"})
    assert "eu-west-1" in text


@mock_aws
def put_to_a_queue_without_a_policy(eb: EventBridge) -> None:
    use(eb, {"Arn": queue("orders")})


@mock_aws
def put_to_a_queue_with_a_policy(eb: EventBridge) -> None:
    use(eb, {"Arn": queue("orders", SEND)})


def test_in_the_other_order() -> None:
    """moto forgets its queues when it stops, which with a decorated test is before the mock of a fixture ends."""
    stop = mock_aws().__class__.stop
    with pytest.raises(ExceptionGroup, match="1 check failed"), mock_eventbridge(assert_targets_permitted=True) as eb:
        put_to_a_queue_without_a_policy(eb)
    with mock_eventbridge(assert_targets_permitted=True) as eb:
        put_to_a_queue_with_a_policy(eb)
    with mock_eventbridge() as eb:
        put_to_a_queue_without_a_policy(eb)
        assert mock_aws().__class__.stop is stop, "nothing of moto is replaced without the check"
    assert mock_aws().__class__.stop is stop


def test_in_the_other_order_with_a_mock_that_fails() -> None:
    with pytest.raises(ZeroDivisionError) as raised, mock_eventbridge(strict=True) as eb:
        put_to_a_queue_without_a_policy(eb)
        raise ZeroDivisionError
    assert any("sqs:SendMessage" in note for note in raised.value.__notes__)


def test_moto_imports_nothing_for_the_check() -> None:
    """A service that moto was never asked for has nothing, and takes moto long to import."""
    code = (
        "import sys\nfrom moto import mock_aws\nfrom eventbridge_local import mock_eventbridge\n"
        "with mock_aws(), mock_eventbridge(assert_targets_permitted=True, forward='never') as eb:\n"
        "    eb.rule('r', pattern={'source': ['shop']}, to='fraud')\n"
        "    eb.rule('q', pattern={'source': ['shop']}, to='arn:aws:sqs:us-east-1:123456789012:q')\n"
        "print([name for name in sys.modules if name in ('moto.awslambda.models', 'moto.sqs.models')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


STACK: dict[str, Any] = {
    "Resources": {
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["shop"]},
                "Targets": [{"Id": "t", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}],
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
    }
}


@pytest.mark.filterwarnings("ignore:Tried to parse AWS..SQS..QueuePolicy")
def test_a_stack_of_moto() -> None:
    """moto makes no policies of queues and topics, so a stack that declares one may permit its own."""
    pytest.importorskip("moto.cloudformation.parsing", exc_type=ImportError)
    policy_of_stack = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": [{"Ref": "Queue"}], "PolicyDocument": {"Statement": [SEND]}},
    }
    client = boto3.client("cloudformation", region_name=REGION)
    for name, expected in (("bare", 1), ("whole", 0)):
        resources = STACK["Resources"] | ({} if expected else {"QueuePolicy": policy_of_stack})
        found: tuple[Any, ...] = ()
        try:
            with mock_eventbridge(region=REGION, assert_targets_permitted=True):
                client.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": resources}))
        except ExceptionGroup as group:
            found = group.exceptions
        assert len(found) == expected, found
