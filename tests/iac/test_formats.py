"""One small service in each of the five formats: the same rules, and the same routes."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import iac, mock_eventbridge
from eventbridge_local.iac import LoadReport, read, run

EXAMPLES = Path(__file__).parents[2] / "examples" / "formats"
SOURCES = {
    "cloudformation": "cloudformation/template.yaml",
    "sam": "sam/template.yaml",
    "cdk": "cdk/cdk.out",
    "terraform": "terraform/plan.json",
    "serverless": "serverless/serverless.yml",
}
PLACE = {"account": "123456789012", "region": "us-east-1"}
FORMATS = pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)


def rules_of(source: str) -> set[str]:
    """Rules and targets as texts that do not depend on the format: without target ids, and with defaults filled in."""
    rules = {}
    targets = []
    for step in read(EXAMPLES / source, **PLACE).steps:
        params: dict[str, Any] = {"EventBusName": "default", "State": "ENABLED", **step.params}
        if step.operation == "PutRule":
            params["EventPattern"] = json.loads(params.get("EventPattern") or "null")
            rules[params["Name"]] = params
        elif step.operation == "PutTargets":
            targets += [{**target, "Id": None, "Rule": params["Rule"]} for target in params["Targets"]]
    return {json.dumps(thing, sort_keys=True) for thing in (*rules.values(), *targets)}


@FORMATS
def test_all_formats_declare_the_same(source: str) -> None:
    expected = rules_of(SOURCES["cloudformation"])
    assert len(expected) == 6
    assert rules_of(source) == expected


@FORMATS
def test_nothing_is_left_open(source: str) -> None:
    plan = read(EXAMPLES / source, **PLACE)
    assert not plan.unresolved


EVENTS = [
    {"DetailType": "OrderPlaced", "Detail": '{"id": "o-1", "total": 120}'},
    {"DetailType": "OrderPlaced", "Detail": '{"id": "o-2", "total": 5000}'},
    {"DetailType": "OrderPlaced", "Detail": '{"id": "o-3", "total": "5000"}'},
    {"DetailType": "OrderCancelled", "Detail": '{"id": "o-4", "total": 5000}'},
]
ROUTES = [
    ("invoice", "invoice-dev", "o-1"),
    ("fraud-check", "fraud-dev", "o-2"),
    ("invoice", "invoice-dev", "o-2"),
    ("invoice", "invoice-dev", "o-3"),
]


@FORMATS
def test_all_formats_route_the_same(source: str) -> None:
    with mock_eventbridge(**PLACE, now="2026-03-06T09:00:00Z") as eb:
        run(read(EXAMPLES / source, **PLACE), lambda operation, params: eb._perform(operation, **params))
        entries = [{"Source": "shop.orders", "EventBusName": "orders", **event} for event in EVENTS]
        eb._perform("PutEvents", Entries=entries)
        eb.clock.advance(days=3, hours=2)  # Friday 09:00 to Monday 11:00
        deliveries = [(one.rule.name, one.target.arn.rpartition(":")[2], one.payload) for one in eb.deliveries]
    routes = sorted(
        (rule, target, json.loads(payload)["detail"]["id"] if rule == "invoice" else json.loads(payload)["order"])
        for rule, target, payload in deliveries
        if rule != "daily-report"
    )
    assert routes == sorted(ROUTES)
    assert [target for rule, target, _ in deliveries if rule == "daily-report"] == ["daily-report-dev"] * 2


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("cloudformation/template.yaml", "InvoiceFunction"),
        ("sam/template.yaml", "InvoiceFunction"),
        ("cdk/cdk.out", "InvoiceFunction"),
        ("cdk/cdk.out/Shop.template.json", "Shop/InvoiceFunction"),
        ("terraform/plan.json", "aws_lambda_function.invoice"),
        ("terraform/plan.json", "invoice"),
        ("serverless/serverless.yml", "invoice"),
    ],
)
def test_handlers_are_found_by_the_names_people_use(source: str, name: str) -> None:
    resource = read(EXAMPLES / source, **PLACE).names[name]
    assert resource.arn == "arn:aws:lambda:us-east-1:123456789012:function:invoice-dev"
    assert resource.handler is not None
    assert resource.handler.load()({"detail": {"id": "o-9"}}, None) == {"invoice": "invoice for o-9"}


@pytest.mark.parametrize(
    ("source", "parameters"),
    [(SOURCES[name], {"Stage": "test"}) for name in ("cloudformation", "sam", "cdk")]
    + [(SOURCES["serverless"], {"stage": "test"})],
)
def test_parameters_reach_names(source: str, parameters: dict[str, str]) -> None:
    plan = read(EXAMPLES / source, parameters=parameters, **PLACE)
    assert plan.names["FraudQueue"].physical_name == "fraud-test"
    assert not plan.unused


def test_parameters_of_no_use_are_told_and_harmless() -> None:
    """One test may load several formats with the same arguments."""
    assert read(EXAMPLES / SOURCES["terraform"], parameters={"Stage": "test"}, **PLACE).unused == ("Stage",)


@FORMATS
def test_every_rule_has_a_dead_letter_queue(source: str) -> None:
    with mock_eventbridge(**PLACE) as eb:
        report: LoadReport = run(
            read(EXAMPLES / source, **PLACE), lambda operation, params: eb._perform(operation, **params)
        )
    assert all(target.dead_letter_arn for rule in report.rules for target in rule.targets)
    assert report.rule("fraud-check").bus == "orders"


NAMES = ("cdk", "cloudformation", "sam", "serverless", "terraform")


@pytest.mark.parametrize("name", NAMES)
def test_no_format_knows_another(name: str) -> None:
    """What they share is below them, and only ``run`` knows them all."""
    package = Path(iac.__file__).parent
    files = [*package.glob(f"{name}.py"), *package.glob(f"{name}/*.py")]
    imported = {
        node.module.removeprefix("eventbridge_local.iac.").partition(".")[0]
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("eventbridge_local.iac.")
    }
    assert files and imported
    assert not imported & {*NAMES, "run"} - {name}
