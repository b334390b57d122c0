"""The report of a load, as people read it."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventbridge_local.iac import LoadReport, read, report_of
from eventbridge_local.iac.names import physical_name

TEMPLATES = Path(__file__).parents[1] / "cases" / "templates"


def report(folder: str, **arguments: object) -> LoadReport:
    return report_of(read(TEMPLATES / folder, account="123456789012", region="us-east-1", **arguments))  # type: ignore[arg-type]


def test_printed() -> None:
    text = str(report("cross_stack", parameters={"BusName": "core", "Nobody": "x", "AuditQueueArn": ""}))
    assert text.splitlines()[1:] == [
        f"  {physical_name('template', 'FromSsm')} on core: " + '{"source":["platform"]}',
        "    -> arn:aws:lambda:us-east-1:123456789012:function:notify",
        "  not resolved: 3",
        "    Resources.FromCore.Properties.EventBusName: export team-EventBusName belongs to another stack, "
        "so the resource is left out; give resources={'team-EventBusName': '...'}",
        "    Resources.Secretive.Properties.EventPattern.source[0]: {{resolve:ssm:/shop/source}} is looked up by AWS "
        "during deployment, so the resource is left out; give resources={'{{resolve:ssm:/shop/source}}': '...'}",
        "    Resources.Secretive.Properties.EventPattern.detail.table[0]: StreamArn of Table (AWS::DynamoDB::Table) "
        "is only known once it is deployed, so the resource is left out; give resources={'Table.StreamArn': '...'}",
        "  given, but the template does not use it: Nobody",
        "  ignored: AWS::GameLift::Fleet (2)",
    ]


def test_schedules_states_and_dead_letters() -> None:
    text = str(report("sam"))
    assert "  nightly on default: cron(0 2 * * ? *)\n" in text
    assert "  transformed on default (disabled): " in text
    assert "queue, dead letters to" not in text
    assert ", dead letters to arn:aws:sqs:us-east-1:123456789012:template-TransformedLetters-" in text


def test_a_rule_without_targets_is_told() -> None:
    assert "    no targets" in str(report("scalars"))


@pytest.mark.parametrize(
    ("folder", "name", "logical_id"),
    [
        ("sam", "InvoiceFunctionPlaced", "InvoiceFunctionPlaced"),
        ("sam", "nightly", "NightlyFunctionNight"),
        ("sam", "arn:aws:events:us-east-1:123456789012:rule/nightly", "NightlyFunctionNight"),
        ("nested", "OnApp", "App.OnApp"),
        ("cdk/cdk.out", "OnOrder", "OnOrder11223344"),
        ("cdk/cdk.out", "App/Parts/Tick", "PartsNestedStackPartsNestedStackResource55AA.Tick3344"),
        ("terraform_modules/plan.json", "shipped", "aws_cloudwatch_event_rule.shipped"),
    ],
)
def test_rules_by_name(folder: str, name: str, logical_id: str) -> None:
    assert report(folder).rule(name).logical_id == logical_id


def test_no_such_rule() -> None:
    with pytest.raises(KeyError, match="there is no rule 'nope', or more than one; the rules are: Types, Merged, Copy"):
        report("scalars").rule("nope")


def test_targets_come_with_their_parameters() -> None:
    first = report("api_destinations").rule("publish").targets[0]
    assert (first.id, first.dead_letter_arn, first.params["RetryPolicy"]["MaximumRetryAttempts"]) == ("crm", None, 3)
