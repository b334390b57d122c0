"""The control plane and a naive one (``naive.py``) get the same calls and give the same answers, call by call."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from lengths import examples
from naive import ACCOUNT, ARN, MOST, MOST_DESTINATIONS, REGION, Naive, Refused

from eventbridge_local import mock_eventbridge
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.errors import ServiceError
from eventbridge_local.model.limits import Limits

KEY = {"ApiKeyAuthParameters": {"ApiKeyName": "key", "ApiKeyValue": "value"}}
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"

buses = st.sampled_from([*["default", "orders"] * 3, "billing", "a", "b"])
bus_refs = buses.flatmap(lambda name: st.sampled_from([name, name, f"{ARN}event-bus/{name}"]))
new_buses = st.sampled_from(["default", "orders", "billing", "a", "b", "a/b", "aws.x"])
names = st.sampled_from([*["one", "two"] * 3, "three", "four", "five", "Events-Archive-one"])
about_rules = st.sampled_from(["EnableRule", "DisableRule", "DeleteRule", "DescribeRule"])
prefixes = st.sampled_from(["", "t", "o", "Events-", "none"])
sources = st.sampled_from(["shop", "bank", "post"])
patterns = st.one_of(
    st.lists(sources, min_size=1, max_size=2, unique=True).map(lambda each: json.dumps({"source": each})),
    st.sampled_from(["", '{"source": "shop"}', '{"source": [}']),
)
tags = st.lists(
    st.builds(lambda key, value: {"Key": key, "Value": value}, st.sampled_from(["k", "l", "m", "n", "aws:k"]), sources),
    max_size=3,
)
ids = st.sampled_from(["1", "2", "3", "4"])
target_arns = st.sampled_from([FUNCTION + "f", FUNCTION + "g", f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"])
targets = st.lists(
    st.builds(
        lambda id, arn, more: {"Id": id, "Arn": arn, **more},
        ids,
        target_arns,
        st.sampled_from([{}, {}, {"Input": "{}"}, {"InputPath": "$.detail"}, {"Input": "{}", "InputPath": "$"}]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda target: target["Id"],
)
arns = st.one_of(
    bus_refs.map(lambda bus: bus if bus.startswith("arn:") else f"{ARN}event-bus/{bus}"),
    st.builds(lambda bus, name: f"{ARN}rule/{name}" if bus == "default" else f"{ARN}rule/{bus}/{name}", buses, names),
    st.just(f"{ARN}archive/one"),
)
archives = st.sampled_from(["one", "two", "three", "four"])
hooks = st.sampled_from(["hook", "other", "third"])
endpoints = st.sampled_from(["https://shop.example/", "https://bank.example/", "http://shop.example/"])


class ControlPlane(RuleBasedStateMachine):
    """Random calls; what both know is compared after each."""

    def __init__(self) -> None:
        super().__init__()
        limits = Limits(**MOST, api_destinations=MOST_DESTINATIONS)
        self.mock = mock_eventbridge(seed=1, limits=limits)
        self.eb = self.mock.__enter__()
        self.naive = Naive()
        self.connection_arns: dict[str, str] = {}
        # So that a call chosen at random has something to act on.
        self.same("CreateEventBus", Name="orders")
        for bus in ("default", "orders"):
            for name in ("one", "two"):
                self.same("PutRule", Name=name, EventBusName=bus, EventPattern='{"source": ["shop"]}')
                self.same("PutTargets", Rule=name, EventBusName=bus, Targets=[{"Id": "1", "Arn": FUNCTION + "f"}])

    def teardown(self) -> None:
        self.mock.__exit__(None, None, None)

    def real(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return perform(self.eb.service, operation, params, ACCOUNT, REGION)

    def same(self, operation: str, more: dict[str, Any] | None = None, **params: Any) -> dict[str, Any] | None:
        """Make a call of both; return the real answer, None for a refusal.

        Args:
            more: members that only the real one gets.
            **params: members for both; None for one that is absent.
        """
        given = {name: value for name, value in params.items() if value is not None}
        try:
            expected: Any = self.naive.call(operation, given)
        except Refused as refused:
            expected = str(refused)
        given.pop("connection", None)
        try:
            answer = self.real(operation, {**given, **(more or {})})
        except ServiceError as refusal:
            assert refusal.code == expected, (operation, given, refusal.message)
            return None
        assert compared(operation, answer, expected) == expected, (operation, given)
        return answer

    @rule(name=new_buses, tags=tags, description=st.sampled_from([None, "", "text"]))
    def create_bus(self, name: str, tags: Any, description: str | None) -> None:
        self.same("CreateEventBus", Name=name, Tags=tags, Description=description)

    @rule(name=buses, description=st.sampled_from(["", "text", "other"]))
    def update_bus(self, name: str, description: str) -> None:
        self.same("UpdateEventBus", Name=name, Description=description)

    @rule(name=buses)
    def delete_bus(self, name: str) -> None:
        self.same("DeleteEventBus", Name=name)

    @rule(bus=buses, sid=ids, principal=st.sampled_from(["*", "111111111111"]))
    def put_permission(self, bus: str, sid: str, principal: str) -> None:
        action = "events:PutEvents"
        self.same("PutPermission", EventBusName=bus, StatementId=sid, Principal=principal, Action=action)

    @rule(bus=buses, sid=st.one_of(st.none(), ids), everything=st.booleans())
    def remove_permission(self, bus: str, sid: str | None, everything: bool) -> None:
        self.same("RemovePermission", EventBusName=bus, StatementId=sid, RemoveAllPermissions=everything)

    @rule(
        name=names,
        bus=bus_refs,
        pattern=st.one_of(st.none(), patterns, patterns),
        schedule=st.sampled_from([None, None, "rate(1 hour)", "rate(1 hours)"]),
        state=st.sampled_from([None, "ENABLED", "DISABLED"]),
        tags=st.one_of(st.none(), tags),
    )
    def put_rule(
        self, name: str, bus: str, pattern: str | None, schedule: str | None, state: str | None, tags: Any
    ) -> None:
        self.same(
            "PutRule",
            Name=name,
            EventBusName=bus,
            EventPattern=pattern,
            ScheduleExpression=schedule,
            State=state,
            Tags=tags,
        )

    @rule(operation=about_rules, name=names, bus=bus_refs)
    def about_rule(self, operation: str, name: str, bus: str) -> None:
        self.same(operation, Name=name, EventBusName=bus)

    @rule(name=names, bus=bus_refs, several=targets)
    def put_targets(self, name: str, bus: str, several: Any) -> None:
        self.same("PutTargets", Rule=name, EventBusName=bus, Targets=several)

    @rule(name=names, bus=bus_refs, ids=st.lists(ids, min_size=1, max_size=4))
    def remove_targets(self, name: str, bus: str, ids: list[str]) -> None:
        self.same("RemoveTargets", Rule=name, EventBusName=bus, Ids=ids)

    @rule(arn=target_arns, bus=bus_refs)
    def rules_by_target(self, arn: str, bus: str) -> None:
        self.same("ListRuleNamesByTarget", TargetArn=arn, EventBusName=bus)

    @rule(arn=arns, tags=tags)
    def tag(self, arn: str, tags: Any) -> None:
        self.same("TagResource", ResourceARN=arn, Tags=tags)

    @rule(arn=arns, keys=st.lists(st.sampled_from("klmn"), min_size=1, max_size=3))
    def untag(self, arn: str, keys: list[str]) -> None:
        self.same("UntagResource", ResourceARN=arn, TagKeys=keys)

    @rule(name=archives, bus=buses, pattern=st.one_of(st.none(), patterns))
    def create_archive(self, name: str, bus: str, pattern: str | None) -> None:
        self.same("CreateArchive", ArchiveName=name, EventSourceArn=f"{ARN}event-bus/{bus}", EventPattern=pattern)

    @rule(name=archives, pattern=patterns)
    def update_archive(self, name: str, pattern: str) -> None:
        self.same("UpdateArchive", ArchiveName=name, EventPattern=pattern)

    @rule(name=archives)
    def delete_archive(self, name: str) -> None:
        self.same("DeleteArchive", ArchiveName=name)

    @rule(name=hooks)
    def create_connection(self, name: str) -> None:
        more = {"AuthorizationType": "API_KEY", "AuthParameters": KEY}
        answer = self.same("CreateConnection", more, Name=name)
        if answer is not None:
            self.connection_arns[name] = answer["ConnectionArn"]

    @rule(name=hooks)
    def delete_connection(self, name: str) -> None:
        self.same("DeleteConnection", Name=name)

    @rule(name=hooks, connection=hooks, endpoint=endpoints)
    def create_destination(self, name: str, connection: str, endpoint: str) -> None:
        """On a connection that is there, was there, or never was."""
        arn = self.connection_arns.get(connection, f"{ARN}connection/{connection}/0d4d7a2e-8d34-4c2c-9b6e-0a5f5b5f6f00")
        self.same(
            "CreateApiDestination",
            {"ConnectionArn": arn, "HttpMethod": "POST"},
            Name=name,
            connection=connection,
            InvocationEndpoint=endpoint,
        )

    @rule(name=hooks)
    def delete_destination(self, name: str) -> None:
        self.same("DeleteApiDestination", Name=name)

    @rule(source=sources, bus=buses)
    def put(self, source: str, bus: str) -> None:
        before = len(self.eb.deliveries)
        answer = self.real(
            "PutEvents", {"Entries": [{"Source": source, "DetailType": "t", "Detail": "{}", "EventBusName": bus}]}
        )
        assert answer["FailedEntryCount"] == 0
        got = sorted((each.rule.arn, each.target.id) for each in self.eb.deliveries[before:])
        assert got == self.naive.put(source, bus)

    @rule(prefix=prefixes)
    def list_with_prefix(self, prefix: str) -> None:
        self.same("ListEventBuses", NamePrefix=prefix or None)
        self.same("ListArchives", NamePrefix=prefix or None)
        self.same("ListRules", NamePrefix=prefix or None)

    @invariant()
    def all_is_the_same(self) -> None:
        """Every listing and every description."""
        self.same("ListEventBuses")
        for bus in self.naive.buses:
            self.same("DescribeEventBus", Name=bus["name"])
            self.same("ListRules", EventBusName=bus["name"])
            self.same("ListTagsForResource", ResourceARN=f"{ARN}event-bus/{bus['name']}")
        for each in self.naive.rules:
            self.same("ListTargetsByRule", Rule=each["name"], EventBusName=each["bus"])
            self.same("ListTagsForResource", ResourceARN=each["arn"])
        for archive in self.naive.archives:
            self.same("DescribeArchive", ArchiveName=archive["name"])
        for operation in ("ListArchives", "ListConnections", "ListApiDestinations"):
            self.same(operation)


#: What is taken of each row of a listing.
ROWS: dict[str, Any] = {
    "EventBuses": lambda row: row["Name"],
    "Archives": lambda row: row["ArchiveName"],
    "Connections": lambda row: row["Name"],
    "ApiDestinations": lambda row: (row["Name"], row["InvocationEndpoint"]),
}


def compared(operation: str, answer: dict[str, Any], expected: Any) -> Any:
    """Return of an answer what the naive one answers."""
    if isinstance(expected, str):
        return answer  # it should have been refused
    seen: dict[str, Any] = {}
    for name, value in expected.items():
        if name == "(principals)":
            statements = json.loads(answer.get("Policy", '{"Statement": []}'))["Statement"]
            roots = {each["Sid"]: each["Principal"] for each in statements}
            seen[name] = {sid: who if who == "*" else who["AWS"].split(":")[4] for sid, who in roots.items()}
        elif name == "(targets)":
            seen[name] = len(answer["Targets"])
        elif name == "Rules":
            wanted = {row["Name"]: row for row in value}
            seen[name] = [{key: row.get(key) for key in wanted.get(row["Name"], row)} for row in answer[name]]
        else:
            seen[name] = [ROWS[name](row) for row in answer[name]] if name in ROWS else answer.get(name)
    return seen


TestControlPlane = ControlPlane.TestCase
TestControlPlane.settings = settings(max_examples=examples(15, 40), stateful_step_count=50)
