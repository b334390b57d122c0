"""Pages of every listing of the API: complete, in order, with tokens that can be used again and for nothing else."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks.codec import service_model

ACCOUNT = "123456789012"
ARN = f"arn:aws:events:us-east-1:{ACCOUNT}:"
FUNCTION = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f"
PATTERN = json.dumps({"source": ["shop"]})
NAMES = [f"n-{number}" for number in range(5)]
PARTNER = "aws.partner/example.com/orders/"
NOW = datetime(2026, 3, 6, 9, tzinfo=UTC)


@functools.cache
def events_client(region: str = "us-east-1") -> Any:
    """A client that leaves all checks to the service."""
    config = Config(parameter_validation=False)
    return boto3.client(
        "events", region_name=region, aws_access_key_id="unused", aws_secret_access_key="unused", config=config
    )


class Listing(NamedTuple):
    """How five items come about, what is asked, and what is asked besides for other items."""

    make: Callable[[Any], None]
    params: dict[str, Any]
    others: dict[str, Any]


def each_name(operation: str, **params: Any) -> Callable[[Any], None]:
    """A maker that calls an operation for each name, put in the place of ``#``."""

    def make(client: Any) -> None:
        for name in NAMES:
            getattr(client, operation)(**json.loads(json.dumps(params).replace("#", name)))

    return make


def rules_with_targets(client: Any) -> None:
    for name in NAMES:
        client.put_rule(Name=name, EventPattern=PATTERN)
        client.put_targets(Rule=name, Targets=[{"Id": target, "Arn": FUNCTION} for target in NAMES])


def replays(client: Any) -> None:
    client.create_archive(ArchiveName="a", EventSourceArn=ARN + "event-bus/default")
    span = {"EventStartTime": NOW.replace(hour=1), "EventEndTime": NOW.replace(hour=2)}
    destination = {"Arn": ARN + "event-bus/default"}
    for name in NAMES:
        client.start_replay(ReplayName=name, EventSourceArn=ARN + "archive/a", Destination=destination, **span)


def connections(client: Any) -> None:
    auth = {"BasicAuthParameters": {"Username": "u", "Password": "p"}}
    for name in NAMES:
        client.create_connection(Name=name, AuthorizationType="BASIC", AuthParameters=auth)


def api_destinations(client: Any) -> None:
    connections(client)
    arn = client.describe_connection(Name=NAMES[0])["ConnectionArn"]
    for name in NAMES:
        client.create_api_destination(
            Name=name, ConnectionArn=arn, InvocationEndpoint="https://example.com", HttpMethod="POST"
        )


def endpoints(client: Any) -> None:
    for region in ("us-east-1", "eu-west-1"):
        events_client(region).create_event_bus(Name="b")
    primary, secondary = {"HealthCheck": "arn:aws:route53:::healthcheck/a"}, {"Route": "eu-west-1"}
    buses = [f"arn:aws:events:{region}:{ACCOUNT}:event-bus/b" for region in ("us-east-1", "eu-west-1")]
    each_name(
        "create_endpoint",
        Name="#",
        RoutingConfig={"FailoverConfig": {"Primary": primary, "Secondary": secondary}},
        ReplicationConfig={"State": "DISABLED"},
        EventBuses=[{"EventBusArn": bus} for bus in buses],
    )(client)


def offers(client: Any) -> None:
    for number in range(5):
        client.create_partner_event_source(Name=PARTNER + "1", Account=f"{number:012}")
    client.create_partner_event_source(Name=PARTNER + "2", Account=ACCOUNT)


LISTINGS: dict[str, Listing] = {
    "ListApiDestinations": Listing(api_destinations, {}, {"NamePrefix": "n"}),
    "ListArchives": Listing(
        each_name("create_archive", ArchiveName="#", EventSourceArn=ARN + "event-bus/default"), {}, {"NamePrefix": "n"}
    ),
    "ListConnections": Listing(connections, {}, {"NamePrefix": "n"}),
    "ListEndpoints": Listing(endpoints, {}, {"NamePrefix": "n"}),
    "ListEventBuses": Listing(each_name("create_event_bus", Name="#"), {"NamePrefix": "n"}, {"NamePrefix": "n-"}),
    "ListEventSources": Listing(
        each_name("create_partner_event_source", Name=PARTNER + "#", Account=ACCOUNT), {}, {"NamePrefix": "aws"}
    ),
    "ListPartnerEventSourceAccounts": Listing(
        offers, {"EventSourceName": PARTNER + "1"}, {"EventSourceName": PARTNER + "2"}
    ),
    "ListPartnerEventSources": Listing(
        each_name("create_partner_event_source", Name=PARTNER + "#", Account=ACCOUNT),
        {"NamePrefix": PARTNER},
        {"NamePrefix": PARTNER + "n"},
    ),
    "ListReplays": Listing(replays, {}, {"NamePrefix": "n"}),
    "ListRuleNamesByTarget": Listing(rules_with_targets, {"TargetArn": FUNCTION}, {"TargetArn": FUNCTION + "2"}),
    "ListRules": Listing(each_name("put_rule", Name="#", EventPattern=PATTERN), {}, {"NamePrefix": "n"}),
    "ListTargetsByRule": Listing(rules_with_targets, {"Rule": "n-0"}, {"Rule": "n-1"}),
}

PLAIN = "Parameter NextToken is not valid."
NO_BASE64 = (
    "1 validation error detected: Value 'junk!' at 'nextToken' failed to satisfy constraint: Member must satisfy "
    r"regular expression pattern: ^(?:[A-Za-z0-9+\/]{4})*"
    r"(?:[A-Za-z0-9+\/]{4}|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{2}={2})$"
)


class Words(NamedTuple):
    """What is said of a token of another listing, of base64 that is no token, and of junk."""

    of_another: str = PLAIN
    malformed: str = PLAIN
    junk: str = PLAIN


#: Captured for ListArchives, ListApiDestinations and ListRuleNamesByTarget; the others follow their family.
ARCHIVES = Words(f"{PLAIN} Reason: Token invalid.", *[f"{PLAIN} Reason: Malformed request."] * 2)
DESTINATIONS = Words(*[f"{PLAIN} Reason: The request is malformed."] * 2, NO_BASE64)
WORDS = {
    "ListArchives": ARCHIVES,
    "ListReplays": ARCHIVES,
    "ListApiDestinations": DESTINATIONS,
    "ListConnections": DESTINATIONS,
}


class Pager:
    """The listing of one operation, with five items."""

    def __init__(self, operation: str) -> None:
        shapes = service_model().operation_model(operation)
        listing = LISTINGS[operation]
        self.client = events_client()
        self.words = WORDS.get(operation, Words())
        self.params, self.others = listing.params, listing.others
        self._operation = xform_name(operation)
        self._limit = "MaxResults" if "MaxResults" in shapes.input_shape.members else "Limit"
        self._items = next(name for name, shape in shapes.output_shape.members.items() if shape.type_name == "list")
        listing.make(self.client)

    def page(self, limit: int | None = None, token: str | None = None, **more: Any) -> tuple[list[Any], str | None]:
        """The items of a page, and the token of the next."""
        given = {self._limit: limit, "NextToken": token}
        params = self.params | more | {name: value for name, value in given.items() if value is not None}
        answer = getattr(self.client, self._operation)(**params)
        return answer[self._items], answer.get("NextToken")

    def refusal(self, token: str, **more: Any) -> str:
        """What AWS says of a token."""
        with pytest.raises(ClientError) as refused:
            self.page(token=token, **more)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
        message: str = refused.value.response["Error"]["Message"]
        return message


@pytest.fixture(params=sorted(LISTINGS))
def pager(request: pytest.FixtureRequest) -> Iterator[Pager]:
    with mock_eventbridge(account=ACCOUNT, region="us-east-1", now=NOW, assert_all_deliveries_succeeded=False):
        yield Pager(request.param)


def test_every_listing_is_here() -> None:
    """What takes a NextToken is a listing, and this file tries it."""
    model = service_model()
    paged = {
        name
        for name in model.operation_names
        if "NextToken" in getattr(model.operation_model(name).input_shape, "members", ())
    }
    assert set(LISTINGS) == paged


def test_pages_make_up_the_whole(pager: Pager) -> None:
    """Every size of page gives the same items in the same order; only the last page has no token."""
    whole, token = pager.page()
    assert len(whole) == 5
    assert token is None
    for limit in (1, 2, 3, 5, 100):
        pages, token = [], None
        for number in itertools.count(1):
            items, token = pager.page(limit, token)
            pages.append(items)
            if token is None:
                break
            assert number < 5
        assert [item for items in pages for item in items] == whole
        assert all(len(items) == limit for items in pages[:-1])
        assert pages[-1]


def test_tokens_can_be_used_again_and_with_another_limit(pager: Pager) -> None:
    whole, _ = pager.page()
    _, token = pager.page(2)
    assert pager.page(2, token)[0] == pager.page(2, token)[0] == whole[2:4]
    assert pager.page(1, token)[0] == whole[2:3]
    assert pager.page(None, token) == (whole[2:], None)


def test_tokens_are_for_what_made_them(pager: Pager) -> None:
    """Another filter, another operation and junk are refused in AWS's words (captured)."""
    _, token = pager.page(2)
    assert token is not None
    assert pager.refusal(token, **pager.others) == pager.words.of_another
    for name in ("foreign-1", "foreign-2"):
        pager.client.put_rule(Name=name, EventPattern=PATTERN)
    other_operation = pager.client.list_rules(NamePrefix="foreign", Limit=1)["NextToken"]
    assert pager.refusal(other_operation) == pager.words.of_another
    for junk in ("x", "%%%", "é", "_-__"):
        assert pager.refusal(junk) == pager.words.junk.replace("junk!", junk)
    for broken in (token[:-4], "AAAA", "AAAA" + token):
        assert pager.refusal(broken) in (pager.words.malformed, pager.words.of_another)
    assert pager.refusal("junk!") == pager.words.junk
    assert "length less than or equal to 2048" in pager.refusal("x" * 2049)
