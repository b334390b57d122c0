"""Journeys over accounts and Regions: a central bus, global endpoints, partners; two teams in one test."""

from __future__ import annotations

import asyncio
import functools
import json
from importlib.util import find_spec
from typing import Any

import boto3
import pytest
from aiobotocore.session import get_session
from botocore.exceptions import ClientError, MissingDependencyException

from eventbridge_local import EventBridge, mock_eventbridge
from eventbridge_local.errors import UsageError

SHOP, CENTRAL, STRANGER = "111111111111", "222222222222", "333333333333"
ORGANIZATION = "o-a1b2c3d4e5"
AUDIT = f"arn:aws:events:us-east-1:{CENTRAL}:event-bus/audit"
ROLE = f"arn:aws:iam::{SHOP}:role/replicate"
PATTERN = json.dumps({"source": [{"prefix": ""}]})


@functools.cache
def events(account: str = SHOP, region: str = "us-east-1") -> Any:
    return boto3.client("events", region_name=region, aws_access_key_id=account, aws_secret_access_key="unused")


def sold(**more: Any) -> dict[str, Any]:
    return {"Source": "shop.orders", "DetailType": "Sold", "Detail": '{"id":"o-1"}'} | more


def keep_all(eb: EventBridge, account: str, region: str, bus: str) -> list[dict[str, Any]]:
    """A list that gets every event of a bus."""
    kept: list[dict[str, Any]] = []
    name = f"keep-{account}-{region}"
    arn = f"arn:aws:lambda:{region}:{account}:function:{name}"
    client = events(account, region)
    client.put_rule(Name=name, EventBusName=bus, EventPattern=PATTERN)
    client.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    eb.connect(arn, kept.append)
    return kept


# accounts and Regions


@pytest.mark.parametrize("key", ["1111111111110", "11111111111", "11111111111x", "111111111111 ", "\uff11" * 12])
def test_a_key_of_not_exactly_twelve_digits_is_no_account(key: str) -> None:
    """Real access key ids are longer, and none of them selects an account: the call is of the mock's own."""
    with mock_eventbridge(account=CENTRAL):
        assert events(key).describe_event_bus()["Arn"] == f"arn:aws:events:us-east-1:{CENTRAL}:event-bus/default"


def test_two_keys_are_two_accounts() -> None:
    """An access key of twelve digits is an account; what one makes the other does not see."""
    with mock_eventbridge():
        events(SHOP).create_event_bus(Name="orders")
        events(SHOP, "eu-west-1").put_rule(Name="r", EventPattern=PATTERN)
        for client in (events(CENTRAL), events(SHOP, "eu-west-1")):
            with pytest.raises(client.exceptions.ResourceNotFoundException):
                client.describe_event_bus(Name="orders")
        assert events(SHOP).list_rules()["Rules"] == []
        assert events(CENTRAL).describe_event_bus()["Arn"] == f"arn:aws:events:us-east-1:{CENTRAL}:event-bus/default"


@pytest.mark.parametrize(
    ("region", "partition"), [("us-east-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_arns_of_partitions(region: str, partition: str) -> None:
    """Every ARN the mock makes is of the partition of its Region, those it makes for handlers too."""
    with mock_eventbridge(account=SHOP, region=region) as eb:
        rule = eb.rule("r", pattern={"source": ["shop.orders"]}, bus="orders", to="invoices")
        eb.put("shop.orders", "Sold", bus="orders")
        assert rule == f"arn:{partition}:events:{region}:{SHOP}:rule/orders/r"
        assert [each.arn for each in eb.deliveries] == [f"arn:{partition}:lambda:{region}:{SHOP}:function:invoices"]
        client = events(SHOP, region)
        client.put_permission(Action="events:PutEvents", Principal=CENTRAL, StatementId="s")
        (statement,) = json.loads(client.describe_event_bus()["Policy"])["Statement"]
        assert statement["Principal"] == {"AWS": f"arn:{partition}:iam::{CENTRAL}:root"}
        assert statement["Resource"] == f"arn:{partition}:events:{region}:{SHOP}:event-bus/default"


# a central bus


@pytest.fixture
def central() -> Any:
    """A mock whose accounts are of one organization, with a central bus that nobody may use yet."""
    with mock_eventbridge(account=SHOP, organization=ORGANIZATION) as eb:
        events(CENTRAL).create_event_bus(Name="audit")
        yield eb


def grant_organization(id: str = ORGANIZATION) -> None:
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": id}
    events(CENTRAL).put_permission(
        EventBusName="audit", Action="events:PutEvents", Principal="*", StatementId="org", Condition=condition
    )


def test_the_central_bus_takes_events_once_it_is_opened(central: EventBridge) -> None:
    """Without permission the request is refused and nothing is put; with it the event keeps its producer's account."""
    kept = keep_all(central, CENTRAL, "us-east-1", "audit")
    with pytest.raises(ClientError) as refused:
        events().put_events(Entries=[sold(), sold(EventBusName=AUDIT)])
    assert refused.value.response["Error"] == {
        "Code": "AccessDeniedException",
        "Message": f"User: arn:aws:iam::{SHOP}:root is not authorized to perform: events:PutEvents on resource: "
        f"{AUDIT} because no resource-based policy allows the events:PutEvents action",
    }
    assert central.hints_for(refused.value) == [
        f"eventbridge_local: bus {AUDIT} has no policy; its account gives permission with PutPermission"
    ]
    assert list(central.events) == kept == []

    grant_organization()
    answer = events().put_events(Entries=[sold(), sold(EventBusName=AUDIT)])
    assert [(event["id"], event["account"]) for event in kept] == [(answer["Entries"][1]["EventId"], SHOP)]


def test_an_organization_nobody_belongs_to(central: EventBridge) -> None:
    """The policy's organization is compared with the option."""
    grant_organization("o-somebodyelse")
    with pytest.raises(ClientError, match="AccessDenied"):
        events().put_events(Entries=[sold(EventBusName=AUDIT)])


def test_without_the_option_the_hint_names_it() -> None:
    with mock_eventbridge(account=SHOP) as eb:
        events(CENTRAL).create_event_bus(Name="audit")
        grant_organization()
        with pytest.raises(ClientError) as refused:
            events().put_events(Entries=[sold(EventBusName=AUDIT)])
        assert "mock_eventbridge(organization=...)" in eb.hints_for(refused.value)[0]


@pytest.mark.parametrize("organization", ["", "a1b2c3d4e5", "o-short", 5])
def test_an_organization_that_is_none(organization: Any) -> None:
    with pytest.raises(UsageError, match="organization="):
        mock_eventbridge(organization=organization)


def test_an_account_keeps_its_rules_on_a_bus_of_another(central: EventBridge) -> None:
    """A rule that somebody may put on the central bus sends what arrives there to his own bus."""
    actions = ["events:PutEvents", "events:PutRule", "events:PutTargets"]
    statement = {"Sid": "s", "Effect": "Allow", "Principal": {"AWS": STRANGER}, "Action": actions, "Resource": "*"}
    events(CENTRAL).put_permission(
        EventBusName="audit", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    stranger = events(STRANGER)
    rule = stranger.put_rule(Name="copy", EventBusName=AUDIT, EventPattern=PATTERN)["RuleArn"]
    target = {"Id": "1", "Arn": f"arn:aws:events:us-east-1:{STRANGER}:event-bus/default", "RoleArn": ROLE}
    stranger.put_targets(Rule="copy", EventBusName=AUDIT, Targets=[target])
    assert rule == f"arn:aws:events:us-east-1:{CENTRAL}:rule/audit/copy"
    assert events(CENTRAL).describe_rule(Name="copy", EventBusName="audit")["CreatedBy"] == STRANGER
    stranger.put_events(Entries=[sold(EventBusName=AUDIT)])
    central.assert_delivered(rule="copy", count=1)


# global endpoints


def make_endpoint(client: Any, **more: Any) -> str:
    """A global endpoint in front of the bus ``orders`` of two Regions; returns its EndpointId."""
    regions = ("us-east-1", "eu-west-1")
    for region in regions:
        events(SHOP, region).create_event_bus(Name="orders")
    primary = {"HealthCheck": "arn:aws:route53:::healthcheck/0a1b"}
    config = {"FailoverConfig": {"Primary": primary, "Secondary": {"Route": regions[1]}}}
    buses = [{"EventBusArn": f"arn:aws:events:{region}:{SHOP}:event-bus/orders"} for region in regions]
    client.create_endpoint(Name="front", RoutingConfig=config, EventBuses=buses, **({"RoleArn": ROLE} | more))
    id: str = client.describe_endpoint(Name="front")["EndpointId"]
    return id


OFF = {"ReplicationConfig": {"State": "DISABLED"}}


def test_events_go_to_the_primary_region_until_it_fails() -> None:
    """The caller's parameters stay as they are, and awscrt is not needed."""
    with mock_eventbridge(account=SHOP) as eb:
        id = make_endpoint(events(), **OFF)
        here, there = (keep_all(eb, SHOP, region, "orders") for region in ("us-east-1", "eu-west-1"))
        request = {"Entries": [sold(EventBusName="orders", Resources=["arn:x"])], "EndpointId": id}
        before = json.dumps(request)
        events().put_events(**request)
        eb.fail_over("front")
        events(SHOP, "ap-south-1").put_events(**request)
        eb.fail_over(id, to="primary")
        events().put_events(**request)
        assert json.dumps(request) == before
    endpoint = f"arn:aws:events:us-east-1:{SHOP}:endpoint/front"
    shown = [(event["region"], event["resources"]) for event in (*here, *there)]
    assert shown == [("us-east-1", ["arn:x", endpoint])] * 2 + [("eu-west-1", ["arn:x", endpoint])]


def test_replication_copies_to_both_regions() -> None:
    """Each side gets every event once; the copy has an id of its own, and the Region it comes from."""
    with mock_eventbridge(account=SHOP) as eb:
        id = make_endpoint(events())
        here, there = (keep_all(eb, SHOP, region, "orders") for region in ("us-east-1", "eu-west-1"))
        first = events().put_events(Entries=[sold(EventBusName="orders")], EndpointId=id)
        eb.fail_over("front")
        second = events().put_events(Entries=[sold(EventBusName="orders")], EndpointId=id)
        events().put_events(Entries=[sold(EventBusName="orders")])  # not through the endpoint: not replicated
    ids = [answer["Entries"][0]["EventId"] for answer in (first, second)]
    endpoint = f"arn:aws:events:us-east-1:{SHOP}:endpoint/front"
    assert [(event["region"], event["resources"]) for event in here] == [
        ("us-east-1", [endpoint]),
        ("eu-west-1", [endpoint]),
        ("us-east-1", []),
    ]
    assert [(event["region"], event["resources"]) for event in there] == [
        ("us-east-1", [endpoint]),
        ("eu-west-1", [endpoint]),
    ]
    assert [here[0]["id"], there[1]["id"]] == ids
    assert len({event["id"] for event in (*here, *there)}) == 5


def test_endpoint_states_follow_a_clock_that_nobody_moves_at_once() -> None:
    """The answer says CREATING, the next look ACTIVE; a deleted endpoint is gone."""
    with mock_eventbridge(account=SHOP):
        make_endpoint(events())
        assert events().describe_endpoint(Name="front")["State"] == "ACTIVE"
        assert events().update_endpoint(Name="front", Description="d")["State"] == "UPDATING"
        assert events().describe_endpoint(Name="front")["State"] == "ACTIVE"
        events().delete_endpoint(Name="front")
        assert events().list_endpoints()["Endpoints"] == []


def test_endpoint_ids_with_aiobotocore() -> None:
    async def publish(id: str) -> Any:
        keys = {"aws_access_key_id": SHOP, "aws_secret_access_key": "unused"}
        async with get_session().create_client("events", region_name="us-east-1", **keys) as client:
            return await client.put_events(Entries=[sold(EventBusName="orders")], EndpointId=id)

    with mock_eventbridge(account=SHOP) as eb:
        id = make_endpoint(events(), **OFF)
        eb.fail_over("front")
        answer = asyncio.run(publish(id))
        assert answer["FailedEntryCount"] == 0
        assert eb.events[-1].event.region == "eu-west-1"


@pytest.mark.skipif(find_spec("awscrt") is not None, reason="with awscrt the call would go out")
def test_endpoint_ids_outside_of_a_mock_are_botocores_own() -> None:
    """While no mock is active botocore asks for awscrt, as without this library."""
    with mock_eventbridge(account=SHOP):
        events()
    with pytest.raises(MissingDependencyException):
        events().put_events(Entries=[sold()], EndpointId="abcde.veo")


@pytest.mark.parametrize("wrong", ["", 5])
def test_endpoint_ids_that_are_none_are_left_to_botocore(wrong: Any) -> None:
    with mock_eventbridge(account=SHOP) as eb:
        with pytest.raises(Exception, match=r"EndpointId|awscrt|CRT"):
            events().put_events(Entries=[sold()], EndpointId=wrong)
        assert list(eb.calls) == []


def test_fail_over_of_what_is_not_there() -> None:
    with mock_eventbridge(account=SHOP) as eb:
        with pytest.raises(UsageError, match="there are: none"):
            eb.fail_over("front")
        make_endpoint(events())
        with pytest.raises(UsageError, match="endpoint/front"):
            eb.fail_over("back")
        with pytest.raises(UsageError, match="'primary' or 'secondary'"):
            eb.fail_over("front", to="eu-west-1")  # type: ignore[arg-type]


# partners


def test_a_partners_events_reach_its_customers() -> None:
    """Every customer with an active bus gets the event, as its own account's; the others get nothing."""
    source = "aws.partner/example.com/orders/1"
    partner = events(STRANGER)
    with mock_eventbridge(account=SHOP) as eb:
        for customer in (SHOP, CENTRAL):
            partner.create_partner_event_source(Name=source, Account=customer)
            events(customer).create_event_bus(Name=source, EventSourceName=source)
        shop, central = (keep_all(eb, customer, "us-east-1", source) for customer in (SHOP, CENTRAL))
        entry = sold(Source=source, Resources=["arn:x"])
        first = partner.put_partner_events(Entries=[entry])
        events(CENTRAL).deactivate_event_source(Name=source)
        second = partner.put_partner_events(Entries=[entry])
        events(SHOP).deactivate_event_source(Name=source)
        partner.put_partner_events(Entries=[entry])
    ids = [answer["Entries"][0]["EventId"] for answer in (first, second)]
    assert [event["id"] for event in shop] == ids
    assert [event["id"] for event in central] == ids[:1]
    assert {key: shop[0][key] for key in ("account", "region", "source", "resources", "detail")} == {
        "account": SHOP,
        "region": "us-east-1",
        "source": source,
        "resources": ["arn:x"],
        "detail": {"id": "o-1"},
    }
    assert central[0]["account"] == CENTRAL
