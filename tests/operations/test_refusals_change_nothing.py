"""A refused call leaves no trace: what can be observed before it and after it is the same."""

from __future__ import annotations

import functools
import itertools
import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from eventbridge_local import mock_eventbridge
from eventbridge_local.model.limits import Limits

ARN = "arn:aws:events:us-east-1:123456789012:"
THEIRS = "arn:aws:events:us-east-1:111111111111:"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:f"
PATTERN = json.dumps({"source": ["shop"]})
ENTRY = {"Source": "shop", "DetailType": "Sold", "Detail": "{}"}
LIMITS = Limits(event_buses=2, rules_per_event_bus=2, targets_per_rule=2, tags_per_resource=2, endpoints=1)

TWO_TAGS = [{"Key": "new", "Value": "1"}, {"Key": "newer", "Value": "2"}]
SAME_TAGS = [{"Key": "new", "Value": "1"}, {"Key": "new", "Value": "2"}]

PERMISSION = {"EventBusName": "shop", "Action": "events:PutEvents", "Principal": "*", "StatementId": "kept"}


def policy(**more: Any) -> str:
    """A policy of one statement."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": "*"} | more
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def endpoint(bus: str) -> dict[str, Any]:
    """The parameters of an endpoint in front of that bus of two Regions."""
    primary, secondary = {"HealthCheck": "arn:aws:route53:::healthcheck/a"}, {"Route": "eu-west-1"}
    buses = [f"arn:aws:events:{region}:123456789012:event-bus/{bus}" for region in ("us-east-1", "eu-west-1")]
    return {
        "Name": "new",
        "RoutingConfig": {"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        "EventBuses": [{"EventBusArn": arn} for arn in buses],
        "RoleArn": "arn:aws:iam::123456789012:role/r",
    }


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("create_event_bus", {"Name": "shop", "Description": "changed", "Tags": [{"Key": "new", "Value": "1"}]}),
    ("create_event_bus", {"Name": "third"}),
    ("create_event_bus", {"Name": "a b"}),
    ("create_event_bus", {"Name": "aws.third"}),
    ("create_event_bus", {"Name": "third", "Tags": SAME_TAGS}),
    ("create_event_bus", {"Name": "third", "Tags": [{"Key": "", "Value": "1"}]}),
    ("update_event_bus", {"Name": "none", "Description": "changed"}),
    ("update_event_bus", {"Name": "shop", "Description": "x" * 513}),
    ("update_event_bus", {"Name": "shop", "Description": "x", "LogConfig": {"Level": "LOUD"}}),
    ("delete_event_bus", {"Name": "default"}),
    ("delete_event_bus", {"Name": "shop"}),
    ("delete_event_bus", {}),
    ("put_rule", {"Name": "one"}),
    ("put_rule", {"Name": "one", "EventPattern": "{}"}),
    ("put_rule", {"Name": "one", "EventPattern": PATTERN, "State": "on"}),
    ("put_rule", {"Name": "one", "EventPattern": PATTERN, "ScheduleExpression": "rate(1 hours)"}),
    ("put_rule", {"Name": "theirs", "EventBusName": "shop", "ScheduleExpression": "rate(1 hour)"}),
    ("put_rule", {"Name": "one", "EventPattern": PATTERN, "EventBusName": "none"}),
    ("put_rule", {"Name": "one", "EventPattern": PATTERN, "Tags": SAME_TAGS}),
    ("put_rule", {"Name": "third", "EventPattern": PATTERN}),
    ("delete_rule", {"Name": "one"}),
    ("delete_rule", {"Name": "one", "Force": True}),
    ("delete_rule", {"Name": "one", "EventBusName": "none"}),
    ("enable_rule", {"Name": "none"}),
    ("disable_rule", {"Name": "one", "EventBusName": "shop"}),
    ("put_targets", {"Rule": "one", "Targets": [{"Id": "2", "Arn": FUNCTION}, {"Id": "3", "Arn": FUNCTION}]}),
    ("put_targets", {"Rule": "one", "Targets": [{"Id": "1", "Arn": FUNCTION + "2"}, {"Id": "2", "Arn": "f"}]}),
    ("put_targets", {"Rule": "one", "Targets": [{"Id": "1", "Arn": FUNCTION, "Input": "{"}]}),
    ("put_targets", {"Rule": "one", "Targets": [{"Id": "1", "Arn": FUNCTION, "Input": "1", "InputPath": "$"}]}),
    ("put_targets", {"Rule": "one", "Targets": [{"Id": "1", "Arn": FUNCTION + "2"}, {"Id": "a b", "Arn": FUNCTION}]}),
    ("put_targets", {"Rule": "none", "Targets": [{"Id": "1", "Arn": FUNCTION}]}),
    ("remove_targets", {"Rule": "one", "Ids": ["1", "a b"]}),
    ("remove_targets", {"Rule": "one", "EventBusName": "shop", "Ids": ["1"]}),
    ("tag_resource", {"ResourceARN": f"{ARN}event-bus/shop", "Tags": SAME_TAGS}),
    ("tag_resource", {"ResourceARN": f"{ARN}event-bus/shop", "Tags": TWO_TAGS}),
    ("tag_resource", {"ResourceARN": f"{ARN}rule/one", "Tags": TWO_TAGS}),
    ("tag_resource", {"ResourceARN": f"{ARN}rule/one", "Tags": [{"Key": "aws:x", "Value": "1"}]}),
    ("tag_resource", {"ResourceARN": f"{ARN}rule/none", "Tags": TWO_TAGS}),
    ("untag_resource", {"ResourceARN": f"{ARN}rule/one", "TagKeys": ["kept", ""]}),
    ("untag_resource", {"ResourceARN": f"{ARN}event-bus/none", "TagKeys": ["kept"]}),
    ("put_events", {"Entries": [ENTRY] * 11}),
    ("put_events", {"Entries": [ENTRY, {**ENTRY, "Detail": json.dumps({"a": "x" * 262_144})}]}),
    ("put_events", {"Entries": [ENTRY, {**ENTRY, "EventBusName": "a/b"}]}),
    ("put_events", {"Entries": [ENTRY, {**ENTRY, "EventBusName": f"{THEIRS}event-bus/default"}]}),
    ("put_events", {"Entries": [{**ENTRY, "EventBusName": "shop"}], "EndpointId": "abcde.veo"}),
    ("put_partner_events", {"Entries": [{**ENTRY, "Source": "aws.partner/example.com/a"}] * 21}),
    ("put_permission", {**PERMISSION, "Action": "events:PutRule"}),
    ("put_permission", {**PERMISSION, "EventBusName": "none"}),
    ("put_permission", {"EventBusName": "shop", "Policy": policy(Resource=f"{ARN}event-bus/default")}),
    ("put_permission", {"EventBusName": "shop", "Policy": policy(Sid="x" * 10_240)}),
    ("remove_permission", {"EventBusName": "shop", "StatementId": "none"}),
    ("remove_permission", {"EventBusName": "shop", "StatementId": "kept", "RemoveAllPermissions": True}),
    ("create_endpoint", endpoint("shop")),
    ("create_endpoint", {**endpoint("default"), "Name": "front"}),
    ("create_endpoint", {**endpoint("default"), "Name": "second"}),
    ("update_endpoint", {"Name": "front", "EventBuses": endpoint("shop")["EventBuses"]}),
    ("update_endpoint", {"Name": "none", "Description": "changed"}),
    ("create_event_bus", {"Name": "aws.partner/example.com/b", "EventSourceName": "aws.partner/example.com/b"}),
    ("create_event_bus", {"Name": "third", "EventSourceName": "aws.partner/example.com/a"}),
    ("create_event_bus", {"Name": "aws.partner/example.com/a", "EventSourceName": "aws.partner/example.com/a"}),
    ("create_partner_event_source", {"Name": "aws.partner/example.com/a", "Account": "123456789012"}),
    ("activate_event_source", {"Name": "aws.partner/example.com/a"}),
    ("deactivate_event_source", {"Name": "aws.partner/example.com/a"}),
    ("put_rule", {"Name": "third", "EventPattern": PATTERN, "EventBusName": f"{THEIRS}event-bus/default"}),
    ("tag_resource", {"ResourceARN": f"{THEIRS}rule/one", "Tags": TWO_TAGS}),
    ("list_rules", {"NextToken": "junk"}),
    ("describe_rule", {"Name": "none"}),
]


@functools.cache
def events_client(region: str = "us-east-1") -> Any:
    """A client that leaves all checks to the service."""
    return boto3.client(
        "events",
        region_name=region,
        aws_access_key_id="unused",
        aws_secret_access_key="unused",
        config=Config(parameter_validation=False),
    )


def furnish() -> None:
    """A bus, a rule on it and one on the default bus with a target, all with tags, all at their quotas but one."""
    client = events_client()
    tags = [{"Key": "kept", "Value": "1"}]
    client.create_event_bus(Name="shop", Description="first", Tags=tags)
    client.put_rule(Name="one", EventPattern=PATTERN, State="DISABLED", Description="first", Tags=tags)
    client.put_rule(Name="two", EventPattern=PATTERN)
    client.put_rule(Name="theirs", EventPattern=PATTERN, EventBusName="shop")
    client.put_targets(Rule="one", Targets=[{"Id": "1", "Arn": FUNCTION, "Input": '"first"'}])
    client.put_permission(**PERMISSION)
    client.create_endpoint(**endpoint("default") | {"Name": "front", "ReplicationConfig": {"State": "DISABLED"}})
    client.create_partner_event_source(Name="aws.partner/example.com/a", Account="123456789012")


def observed(client: Any) -> dict[str, Any]:
    """All that a caller can see of the state."""
    seen: dict[str, Any] = {
        "endpoints": client.list_endpoints()["Endpoints"],
        "sources": client.list_event_sources()["EventSources"],
    }
    for bus in client.list_event_buses()["EventBuses"]:
        name = bus["Name"]
        described = client.describe_event_bus(Name=name)
        del described["ResponseMetadata"]
        seen[name] = (described, client.list_tags_for_resource(ResourceARN=bus["Arn"])["Tags"])
        for rule in client.list_rules(EventBusName=name)["Rules"]:
            targets = client.list_targets_by_rule(Rule=rule["Name"], EventBusName=name)["Targets"]
            tags = client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
            seen[f"{name}/{rule['Name']}"] = (rule, targets, tags)
    return seen


@pytest.mark.parametrize(
    ("operation", "params"), [pytest.param(*call, id=f"{number}-{call[0]}") for number, call in enumerate(REFUSED)]
)
def test_a_refused_call_changes_nothing(operation: str, params: dict[str, Any]) -> None:
    """Buses, rules, targets, tags, times, events and deliveries are after a refusal what they were before."""
    with mock_eventbridge(now="2026-03-06T09:00:00Z", limits=LIMITS) as eb:
        furnish()
        eb.clock.advance(minutes=1)  # what takes time on AWS has been done
        before = observed(events_client())
        eb.clock.advance(minutes=1)
        with pytest.raises(ClientError):
            getattr(events_client(), operation)(**params)
        assert observed(events_client()) == before
        assert (len(eb.events), len(eb.deliveries)) == (0, 0)


def test_a_listing_shows_only_its_page_of_replays() -> None:
    """While the clock follows the real one a replay is over for who looks at it. A refused listing does not look."""
    with mock_eventbridge():
        client = events_client()
        client.create_archive(ArchiveName="a", EventSourceArn=f"{ARN}event-bus/default")
        for name in ("first", "second"):
            client.start_replay(
                ReplayName=name,
                EventSourceArn=f"{ARN}archive/a",
                EventStartTime="2026-03-06T09:00:00Z",
                EventEndTime="2026-03-06T10:00:00Z",
                Destination={"Arn": f"{ARN}event-bus/default"},
            )
        with pytest.raises(ClientError):
            client.list_replays(NextToken="junk")
        client.list_replays(NamePrefix="no")
        assert [replay["State"] for replay in client.list_replays(Limit=1)["Replays"]] == ["COMPLETED"]
        with pytest.raises(client.exceptions.IllegalStatusException):
            client.cancel_replay(ReplayName="first")
        assert client.cancel_replay(ReplayName="second")["State"] == "CANCELLING"


def test_naming_a_bus_elsewhere_makes_nothing_there() -> None:
    """A refusal about another Region's bus does not bring that Region's default bus into being early."""
    with mock_eventbridge(now="2026-03-06T09:00:00Z") as eb:
        with pytest.raises(ClientError):
            events_client().describe_rule(
                Name="r", EventBusName="arn:aws:events:eu-west-1:123456789012:event-bus/default"
            )
        eb.clock.advance(minutes=1)
        refused_there = events_client("eu-west-1").describe_event_bus()["CreationTime"]
    with mock_eventbridge(now="2026-03-06T09:00:00Z") as eb:
        eb.clock.advance(minutes=1)
        untouched_there = events_client("eu-west-1").describe_event_bus()["CreationTime"]
    assert refused_there == untouched_there


def test_an_accepted_call_is_seen() -> None:
    """What the other tests compare does notice a change."""
    with mock_eventbridge(limits=LIMITS):
        furnish()
        seen = [observed(events_client())]
        for operation, params in (
            ("update_event_bus", {"Name": "shop", "Description": "changed"}),
            ("enable_rule", {"Name": "one"}),
            ("remove_targets", {"Rule": "one", "Ids": ["1"]}),
            ("untag_resource", {"ResourceARN": f"{ARN}rule/one", "TagKeys": ["kept"]}),
            ("put_permission", {**PERMISSION, "Principal": "111111111111"}),
            ("update_endpoint", {"Name": "front", "Description": "changed"}),
            ("delete_partner_event_source", {"Name": "aws.partner/example.com/a", "Account": "123456789012"}),
        ):
            getattr(events_client(), operation)(**params)
            seen.append(observed(events_client()))
        assert all(one != next_one for one, next_one in itertools.pairwise(seen))
