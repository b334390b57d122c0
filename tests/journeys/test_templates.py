"""The rules that are deployed are the rules under test (stories 3, 5, 7 and 11)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UnresolvedReference
from eventbridge_local.iac import PlanRefused

TEMPLATE = """
Parameters:
  Stage: {Type: String}
Resources:
  Orders:
    Type: AWS::Events::EventBus
    Properties: {Name: !Sub "orders-${Stage}"}
  DeadLetters:
    Type: AWS::SQS::Queue
  InvoiceFunction:
    Type: AWS::Lambda::Function
    Properties: {Handler: invoices.handle, Runtime: python3.12, Code: code}
  DailyReport:
    Type: AWS::Lambda::Function
  FraudCheckRule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Orders
      EventPattern:
        source: [shop.orders]
        detail-type: [OrderPlaced]
        detail: {total: [{numeric: [">", 1000]}]}
      Targets:
        - Id: invoice
          Arn: !GetAtt InvoiceFunction.Arn
          DeadLetterConfig: {Arn: !GetAtt DeadLetters.Arn}
  ReportRule:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(0 10 ? * MON-FRI *)
      Targets:
        - Id: report
          Arn: !GetAtt DailyReport.Arn
          DeadLetterConfig: {Arn: !GetAtt DeadLetters.Arn}
"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(TEMPLATE)
    return path


@pytest.fixture
def loaded(template: Path) -> Any:
    with mock_eventbridge(template={template: {"Stage": "test"}}, now="2026-03-06T09:00Z") as eb:
        yield eb


def test_big_orders_reach_fraud_check(loaded: EventBridge) -> None:
    """Story 3: the deployed pattern catches it."""
    loaded.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
    loaded.put("shop.orders", "OrderPlaced", {"total": 5}, bus="orders-test")
    loaded.assert_delivered(rule="FraudCheckRule", count=1)


def test_invoice_is_written(loaded: EventBridge) -> None:
    """Story 5: a handler stands in for the function by its logical id."""
    spy = loaded.connect("InvoiceFunction", lambda event: None)
    loaded.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
    assert spy.calls.one().event["detail-type"] == "OrderPlaced"


def test_report_runs_on_weekdays_only(loaded: EventBridge) -> None:
    """Story 7: the deployed schedule ticks."""
    spy = loaded.connect("DailyReport", lambda event: None)
    loaded.clock.advance(days=5)
    assert [call.event["time"][:10] for call in spy.calls] == ["2026-03-06", "2026-03-09", "2026-03-10"]


def test_every_rule_has_a_dead_letter_queue(template: Path) -> None:
    """Story 11: the report is for assertions of one's own."""
    with mock_eventbridge() as eb:
        report = eb.load(template, parameters={"Stage": "test"}, stack="shop")
        assert not report.unresolved
        assert all(target.dead_letter_arn for rule in report.rules for target in rule.targets)
        assert report.rule("FraudCheckRule").bus == "orders-test"


def test_a_handler_may_be_connected_before(template: Path) -> None:
    """The order of connecting and loading makes no difference."""
    with mock_eventbridge() as eb:
        spy = eb.connect("InvoiceFunction", lambda event: None)
        eb.load(template, parameters={"Stage": "test"})
        eb.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
        assert len(spy.calls) == 1


def test_what_is_connected_by_its_arn_outdoes_a_loaded_name(template: Path) -> None:
    """The ARN is nearer to the target than the name that a template gives it, whatever was connected first."""
    with mock_eventbridge() as other:
        arn = other.load(template, parameters={"Stage": "test"}).names["InvoiceFunction"].arn
    for names in ([arn, "InvoiceFunction"], ["InvoiceFunction", arn]):
        with mock_eventbridge() as eb:
            spies = {name: eb.connect(name, lambda event: None) for name in names}
            eb.load(template, parameters={"Stage": "test"})
            eb.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
            assert {name: len(spy.calls) for name, spy in spies.items()} == {arn: 1, "InvoiceFunction": 0}


def test_logical_ids_name_failures_too(loaded: EventBridge) -> None:
    """``fail_target`` and the assertions know them."""
    loaded.fail_target("InvoiceFunction", error="THROTTLING", times=1)
    loaded.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
    loaded.clock.advance(minutes=1)
    assert loaded.assert_delivered(rule="FraudCheckRule", target="InvoiceFunction").attempts == 2


def test_handlers_are_imported_on_request(tmp_path: Path, template: Path) -> None:
    """The code beside the template is what runs."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "invoices.py").write_text("seen = []\ndef handle(event, context):\n    seen.append(event)\n")
    with mock_eventbridge() as eb:
        eb.load(template, parameters={"Stage": "test"}, connect_handlers=True)
        eb.put("shop.orders", "OrderPlaced", {"total": 5000}, bus="orders-test")
        assert eb.deliveries.one().outcome == "delivered"


def test_what_is_not_known_is_listed(template: Path) -> None:
    """Without the parameter the bus has no name: nothing is guessed, and ``strict`` refuses."""
    with mock_eventbridge() as eb:
        report = eb.load(template)
        assert "Stage" in str(report.unresolved[0])
    with mock_eventbridge() as eb:
        with pytest.raises(UnresolvedReference, match="Stage"):
            eb.load(template, strict=True)
        assert [call.operation for call in eb.calls] == []


def test_what_aws_would_refuse_is_refused_by_name_and_line(template: Path) -> None:
    """The deployment would fail; the test says where."""
    template.write_text(TEMPLATE.replace("numeric", "numerics"))
    with mock_eventbridge() as eb, pytest.raises(PlanRefused, match=r"template.yaml:\d+ FraudCheckRule.*Unrecognized"):
        eb.load(template, parameters={"Stage": "test"})
