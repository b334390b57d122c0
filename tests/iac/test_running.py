"""Running a plan: what AWS would refuse is refused with its place, and ids made at creation find their way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from eventbridge_local import mock_eventbridge
from eventbridge_local.iac import LoadReport, PlanRefused, TemplateSource, Unresolved, load, read, run

PLACE = {"account": "123456789012", "region": "us-east-1"}
TEMPLATES = Path(__file__).parents[1] / "cases" / "templates"


def loaded(eb: Any, source: Path, **arguments: Any) -> LoadReport:
    return run(read(source, **PLACE, **arguments), lambda operation, params: eb._perform(operation, **params))


@pytest.fixture
def template(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a template whose resources are the given lines."""

    def write(resources: str) -> Path:
        path = tmp_path / "template.yaml"
        path.write_text("Resources:\n" + resources, "utf-8")
        return path

    return write


@pytest.mark.parametrize(
    ("resources", "text"),
    [
        (
            "  Good: {Type: AWS::Events::EventBus, Properties: {Name: b}}\n"
            "  FraudCheckRule:\n    Type: AWS::Events::Rule\n    Properties:\n"
            "      EventPattern: {detail: {total: [{numbers: ['>', 1]}]}}\n",
            "template.yaml:3 FraudCheckRule: AWS would refuse this at deployment: InvalidEventPatternException: ",
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {ScheduleExpression: cron(99 99 * * ? *)}}\n",
            "template.yaml:2 R: AWS would refuse this at deployment: ValidationException: "
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {Name: no}}\n",
            "template.yaml:2 R: AWS would refuse this at deployment: ValidationException: "
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            "  R:\n    Type: AWS::Events::Rule\n    Properties:\n      ScheduleExpression: rate(1 hour)\n"
            "      Targets: [{Id: a, Arn: no-arn}]\n",
            "template.yaml:2 R: AWS would refuse this at deployment: ValidationException: "
            "Parameter no-arn is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            "  R: {Type: AWS::Events::Rule, Properties: {EventPattern: {a: [b]}, Name: 'not allowed'}}\n",
            "template.yaml:2 R: AWS would refuse this at deployment: ValidationException: 1 validation error detected",
        ),
        (
            "  B: {Type: AWS::Events::EventBus, Properties: {Name: default}}\n",
            "template.yaml:2 B: AWS would refuse this at deployment: ",
        ),
    ],
)
def test_refusals_name_their_place(template: Callable[[str], Path], resources: str, text: str) -> None:
    with mock_eventbridge(**PLACE) as eb, pytest.raises(PlanRefused) as raised:
        loaded(eb, template(resources))
    assert str(raised.value).startswith(text)


def test_a_missing_bus_is_explained(template: Callable[[str], Path]) -> None:
    path = template("  R: {Type: AWS::Events::Rule, Properties: {EventPattern: {a: [b]}, EventBusName: other}}\n")
    with mock_eventbridge(**PLACE) as eb, pytest.raises(PlanRefused) as raised:
        loaded(eb, path)
    assert raised.value.code == "ResourceNotFoundException"
    assert any("load the stack that declares it before this one" in note for note in raised.value.__notes__)


def test_a_refused_target_is_a_refusal() -> None:
    """PutTargets answers with failed entries where other operations raise."""
    failed = {"FailedEntryCount": 1, "FailedEntries": [{"ErrorCode": "Code", "ErrorMessage": "words"}]}
    plan = read(TEMPLATES / "scalars", **PLACE)
    with pytest.raises(PlanRefused, match=r"template\.yaml:7 Types: .*: Code: words"):
        run(plan, lambda operation, params: failed if operation == "PutTargets" else {})


def test_ids_made_at_creation_replace_those_foreseen() -> None:
    with mock_eventbridge(**PLACE) as eb:
        report = loaded(eb, TEMPLATES / "api_destinations", parameters={"Token": "t"})
        there = {one["Name"]: one for one in eb._perform("ListApiDestinations")["ApiDestinations"]}
        connections = {one["Name"]: one["ConnectionArn"] for one in eb._perform("ListConnections")["Connections"]}
        targets = eb._perform("ListTargetsByRule", Rule="publish")["Targets"]
    assert there["crm"]["ConnectionArn"] == connections["crm"]
    assert {target["Arn"] for target in targets} == {one["ApiDestinationArn"] for one in there.values()}
    assert [target.arn for target in report.rule("Publish").targets] == [
        there["crm"]["ApiDestinationArn"],
        there["ledger"]["ApiDestinationArn"],
    ]
    assert report.names["Crm"].arn == there["crm"]["ApiDestinationArn"]


def test_an_arn_is_not_taken_for_the_beginning_of_another(template: Callable[[str], Path]) -> None:
    path = template(
        "  B: {Type: AWS::Events::EventBus, Properties: {Name: orders}}\n"
        "  A: {Type: AWS::Events::Archive, Properties: {ArchiveName: a, SourceArn: !GetAtt B.Arn}}\n"
        "  C: {Type: AWS::Events::Archive, Properties: {ArchiveName: c, SourceArn: !Sub '${B.Arn}-eu'}}\n"
    )
    asked: dict[str, str] = {}

    def perform(operation: str, params: dict[str, Any]) -> dict[str, str]:
        if operation == "CreateArchive":
            asked[params["ArchiveName"]] = params["EventSourceArn"]
        return {"EventBusArn": "arn:else"}

    run(read(path, **PLACE), perform)
    assert asked == {"a": "arn:else", "c": "arn:aws:events:us-east-1:123456789012:event-bus/orders-eu"}


def test_what_is_not_known_leaves_out_no_more_than_it_must() -> None:
    """The rule and two of its targets work, though a queue and a stream of other stacks are not known."""
    with mock_eventbridge(**PLACE) as eb:
        eb._perform("CreateEventBus", Name="team-bus")
        report = loaded(
            eb,
            TEMPLATES / "cross_stack",
            parameters={"BusName": "default", "Role": "arn:aws:iam::123456789012:role/r"},
            resources={"team-EventBusName": "team-bus"},
        )
        targets = eb._perform("ListTargetsByRule", Rule="from-core", EventBusName="team-bus")["Targets"]
    assert {rule.logical_id for rule in report.rules} == {"FromCore", "FromSsm"}
    assert [target["Id"] for target in targets] == ["notify", "notify-with-role"]


def test_loading_twice_is_refused_like_deploying_twice() -> None:
    with mock_eventbridge(**PLACE) as eb:
        loaded(eb, TEMPLATES / "loops")
        with pytest.raises(PlanRefused, match=r"template\.yaml:8 Bus: .*ResourceAlreadyExistsException"):
            loaded(eb, TEMPLATES / "loops")


def test_one_way_for_every_caller(template: Callable[[str], Path]) -> None:
    """A source with its arguments is read where it is needed; its names are known to the service afterwards."""
    source = TemplateSource(
        template(
            "  Audit:\n    Type: AWS::Events::Rule\n    Properties:\n      EventPattern: {source: [shop]}\n"
            "      Targets: [{Id: q, Arn: !GetAtt Queue.Arn}]\n  Queue: {Type: AWS::SQS::Queue}\n"
        ),
        stack="shop",
    )
    with mock_eventbridge(region="eu-west-1") as eb:
        plan = source.plan(eb.account, eb.region)
        report = load(eb.service, lambda name, params: eb._perform(name, **params), plan)
        queue = report.names["Queue"].arn
        assert queue is not None and queue.startswith("arn:aws:sqs:eu-west-1:123456789012:shop-Queue-")
        assert eb.service.names["Queue"] == queue
        assert eb.service.rule_names == {"Audit": report.rules[0].name}
        assert report.assumed_buses == ()


def test_buses_that_are_taken_to_exist(template: Callable[[str], Path]) -> None:
    """They are created on demand only, before the steps that use them, and the report names them."""
    plan = read(
        template(
            "  On: {Type: AWS::Events::Rule, Properties: {EventBusName: elsewhere, EventPattern: {a: [b]}}}\n"
            "  Made: {Type: AWS::Events::EventBus, Properties: {Name: here}}\n"
            "  Here: {Type: AWS::Events::Rule, Properties: {EventBusName: !Ref Made, EventPattern: {a: [b]}}}\n"
            "  Arn:\n    Type: AWS::Events::Rule\n    Properties:\n      EventPattern: {a: [b]}\n"
            "      EventBusName: arn:aws:events:us-east-1:123456789012:event-bus/default\n"
            "  Default: {Type: AWS::Events::Rule, Properties: {EventPattern: {a: [b]}}}\n"
        ),
        **PLACE,
    )
    assert plan.undeclared_buses == ("elsewhere",)
    with mock_eventbridge() as eb, pytest.raises(PlanRefused, match="Event bus elsewhere does not exist"):
        load(eb.service, lambda name, params: eb._perform(name, **params), plan)
    with mock_eventbridge() as eb:
        report = load(eb.service, lambda name, params: eb._perform(name, **params), plan, assume_buses=True)
        assert report.assumed_buses == ("elsewhere",)
        assert {rule.bus for rule in report.rules} == {"elsewhere", "here", "default"}


def test_how_to_give_a_value_on_the_command_line() -> None:
    """The remedy in Python's words becomes the options of the command line, quoted for a shell."""
    entry = Unresolved("p", "why", "parameters={'Queue Arn': '...'} or resources={'Bus.Arn': '...'}")
    assert entry.options == "--parameter 'Queue Arn'=VALUE or --resource Bus.Arn=VALUE"
