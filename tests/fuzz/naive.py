"""A control plane that is as simple as can be: lists, searched from one end to the other, and no code of the library.

It knows what each call answers, as far as ``Naive`` compares it, and with which code it is refused; not the words.
"""

from __future__ import annotations

import json
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
ARN = f"arn:aws:events:{REGION}:{ACCOUNT}:"
#: What ``test_control_plane`` gives the real one too.
MOST = {"event_buses": 4, "rules_per_event_bus": 4, "targets_per_rule": 2, "tags_per_resource": 3, "archives": 3}
MOST_DESTINATIONS = 2

Answer = dict[str, Any]


class Refused(Exception):
    """A refusal, with its code."""


NOT_FOUND = "ResourceNotFoundException"
THERE = "ResourceAlreadyExistsException"
LIMIT = "LimitExceededException"
INVALID = "ValidationException"
MANAGED = "ManagedRuleException"


def require(condition: object, code: str) -> None:
    if not condition:
        raise Refused(code)


class Naive:
    """The state: one list for each kind of thing, oldest first."""

    def __init__(self) -> None:
        self.buses: list[dict[str, Any]] = [{"name": "default", "description": None, "statements": []}]
        self.rules: list[dict[str, Any]] = []
        self.tags: list[tuple[str, str, str]] = []
        self.archives: list[dict[str, Any]] = []
        self.connections: list[str] = []
        self.destinations: list[dict[str, Any]] = []

    def call(self, operation: str, params: Answer) -> Answer:
        """Return what is compared of the answer.

        Raises:
            Refused: the call is refused.
        """
        return getattr(self, operation)(**params)

    # finding

    def bus(self, name: str) -> dict[str, Any]:
        name = name.removeprefix(f"{ARN}event-bus/")
        found = [bus for bus in self.buses if bus["name"] == name]
        require(found, NOT_FOUND)
        return found[0]

    def rules_of(self, bus: str) -> list[dict[str, Any]]:
        return sorted((rule for rule in self.rules if rule["bus"] == bus), key=lambda rule: rule["name"])

    def rule(self, bus: str, name: str) -> dict[str, Any] | None:
        return next((rule for rule in self.rules_of(bus) if rule["name"] == name), None)

    def known_rule(self, bus: str, name: str) -> dict[str, Any]:
        found = self.rule(self.bus(bus)["name"], name)
        require(found, NOT_FOUND)
        assert found is not None
        return found

    def own_rule(self, bus: str, name: str, force: bool = False) -> dict[str, Any]:
        found = self.known_rule(bus, name)
        require(not found["managed"] or force, MANAGED)
        return found

    # buses

    def CreateEventBus(self, Name: str, Description: str = "", Tags: Any = ()) -> Answer:
        require("/" not in Name and not Name.startswith("aws."), INVALID)
        pairs = check_tags(Tags)
        require(all(bus["name"] != Name for bus in self.buses), THERE)
        require(len(self.buses) < MOST["event_buses"], LIMIT)
        require(len(pairs) <= MOST["tags_per_resource"], LIMIT)
        self.buses.append({"name": Name, "description": Description or None, "statements": []})
        arn = f"{ARN}event-bus/{Name}"
        self.tags += [(arn, key, value) for key, value in pairs]
        return {"EventBusArn": arn}

    def UpdateEventBus(self, Name: str, Description: str) -> Answer:
        self.bus(Name)["description"] = Description or None
        return {"Name": Name.removeprefix(f"{ARN}event-bus/")}

    def DeleteEventBus(self, Name: str) -> Answer:
        require(Name != "default", INVALID)
        require(not self.rules_of(Name), INVALID)
        self.buses = [bus for bus in self.buses if bus["name"] != Name]
        self.tags = [tag for tag in self.tags if tag[0] != f"{ARN}event-bus/{Name}"]
        return {}

    def DescribeEventBus(self, Name: str) -> Answer:
        bus = self.bus(Name)
        principals = dict(bus["statements"])
        return {"Name": bus["name"], "Description": bus["description"], "(principals)": principals}

    def ListEventBuses(self, NamePrefix: str = "") -> Answer:
        return {"EventBuses": sorted(bus["name"] for bus in self.buses if bus["name"].startswith(NamePrefix))}

    def PutPermission(self, EventBusName: str, StatementId: str, Principal: str, Action: str) -> Answer:
        require(Action == "events:PutEvents", INVALID)
        bus = self.bus(EventBusName)
        bus["statements"] = [each for each in bus["statements"] if each[0] != StatementId]
        bus["statements"].append((StatementId, Principal))
        return {}

    def RemovePermission(
        self, EventBusName: str, StatementId: str | None = None, RemoveAllPermissions: bool = False
    ) -> Answer:
        require(RemoveAllPermissions != (StatementId is not None), INVALID)
        bus = self.bus(EventBusName)
        kept = [each for each in bus["statements"] if each[0] != StatementId and not RemoveAllPermissions]
        require(RemoveAllPermissions or len(kept) < len(bus["statements"]), NOT_FOUND)
        bus["statements"] = kept
        return {}

    # rules

    def PutRule(
        self,
        Name: str,
        EventBusName: str = "default",
        EventPattern: str | None = None,
        ScheduleExpression: str | None = None,
        State: str = "ENABLED",
        Tags: Any = (),
    ) -> Answer:
        require(ScheduleExpression is None or EventBusName.rpartition("event-bus/")[2] == "default", INVALID)
        require(EventPattern or ScheduleExpression, INVALID)
        if EventPattern:
            require(EventPattern.endswith("]}"), "InvalidEventPatternException")
        require(ScheduleExpression in (None, "rate(1 hour)"), INVALID)
        pairs = check_tags(Tags)
        bus = self.bus(EventBusName)["name"]
        before = self.rule(bus, Name)
        require(before is None or not before["managed"], MANAGED)
        sources = json.loads(EventPattern)["source"] if EventPattern else []
        values = {"state": State, "pattern": EventPattern, "sources": sources, "schedule": ScheduleExpression}
        arn = f"{ARN}rule/{Name}" if bus == "default" else f"{ARN}rule/{bus}/{Name}"
        if before is None:
            require(len(self.rules_of(bus)) < MOST["rules_per_event_bus"], LIMIT)
            require(len(pairs) <= MOST["tags_per_resource"], LIMIT)
            self.tags += [(arn, key, value) for key, value in pairs]
            before = {"bus": bus, "name": Name, "arn": arn, "targets": [], "managed": False}
            self.rules.append(before)
        before |= values
        return {"RuleArn": arn}

    def DescribeRule(self, Name: str, EventBusName: str = "default") -> Answer:
        return shown_rule(self.known_rule(EventBusName, Name))

    def ListRules(self, EventBusName: str = "default", NamePrefix: str = "") -> Answer:
        bus = self.bus(EventBusName)["name"]
        return {"Rules": [shown_rule(rule) for rule in self.rules_of(bus) if rule["name"].startswith(NamePrefix)]}

    def EnableRule(self, Name: str, EventBusName: str = "default") -> Answer:
        self.own_rule(EventBusName, Name)["state"] = "ENABLED"
        return {}

    def DisableRule(self, Name: str, EventBusName: str = "default") -> Answer:
        self.own_rule(EventBusName, Name)["state"] = "DISABLED"
        return {}

    def DeleteRule(self, Name: str, EventBusName: str = "default") -> Answer:
        rule = self.rule(self.bus(EventBusName)["name"], Name)
        if rule is not None:
            require(not rule["managed"], MANAGED)
            require(not rule["targets"], INVALID)
            self.rules.remove(rule)
            self.tags = [tag for tag in self.tags if tag[0] != rule["arn"]]
        return {}

    # targets

    def PutTargets(self, Rule: str, Targets: Any, EventBusName: str = "default") -> Answer:
        for target in Targets:
            require(target["Arn"].startswith("arn:"), INVALID)
            require(not ("Input" in target and "InputPath" in target), INVALID)
        rule = self.own_rule(EventBusName, Rule)
        targets = list(rule["targets"])
        for target in Targets:
            places = [place for place, each in enumerate(targets) if each["Id"] == target["Id"]]
            if places:
                targets[places[0]] = target
            else:
                targets.append(target)
        require(len(targets) <= MOST["targets_per_rule"], LIMIT)
        rule["targets"] = targets
        return {"FailedEntryCount": 0}

    def RemoveTargets(self, Rule: str, Ids: list[str], EventBusName: str = "default") -> Answer:
        rule = self.own_rule(EventBusName, Rule)
        rule["targets"] = [target for target in rule["targets"] if target["Id"] not in Ids]
        return {"FailedEntryCount": 0}

    def ListTargetsByRule(self, Rule: str, EventBusName: str = "default") -> Answer:
        rule = self.known_rule(EventBusName, Rule)
        if rule["managed"]:
            return {"(targets)": 1}
        return {"Targets": sorted(rule["targets"], key=lambda target: target["Id"])}

    def ListRuleNamesByTarget(self, TargetArn: str, EventBusName: str = "default") -> Answer:
        require(TargetArn.startswith("arn:"), INVALID)
        rules = self.rules_of(self.bus(EventBusName)["name"])
        return {"RuleNames": [rule["name"] for rule in rules if TargetArn in [each["Arn"] for each in rule["targets"]]]}

    # tags

    def tagged(self, arn: str, change: bool) -> str:
        require(arn.startswith((f"{ARN}event-bus/", f"{ARN}rule/")), INVALID)
        kind, _, rest = arn.removeprefix(ARN).partition("/")
        if kind == "event-bus":
            self.bus(rest)
        else:
            bus, _, name = rest.rpartition("/")
            rule = self.known_rule(bus or "default", name)
            require(not (change and rule["managed"]), MANAGED)
        return arn

    def TagResource(self, ResourceARN: str, Tags: Any) -> Answer:
        pairs = check_tags(Tags)
        arn = self.tagged(ResourceARN, change=True)
        here = {key: value for owner, key, value in self.tags if owner == arn} | dict(pairs)
        require(len(here) <= MOST["tags_per_resource"], LIMIT)
        self.tags = [tag for tag in self.tags if tag[0] != arn] + [(arn, *pair) for pair in here.items()]
        return {}

    def UntagResource(self, ResourceARN: str, TagKeys: list[str]) -> Answer:
        arn = self.tagged(ResourceARN, change=True)
        self.tags = [tag for tag in self.tags if not (tag[0] == arn and tag[1] in TagKeys)]
        return {}

    def ListTagsForResource(self, ResourceARN: str) -> Answer:
        arn = self.tagged(ResourceARN, change=False)
        return {"Tags": [{"Key": key, "Value": value} for owner, key, value in self.tags if owner == arn]}

    # archives

    def archive(self, name: str) -> dict[str, Any]:
        found = [archive for archive in self.archives if archive["name"] == name]
        require(found, NOT_FOUND)
        return found[0]

    def CreateArchive(self, ArchiveName: str, EventSourceArn: str, EventPattern: str = "") -> Answer:
        require(not EventPattern or EventPattern.endswith("]}"), "InvalidEventPatternException")
        bus = self.bus(EventSourceArn)["name"]
        require(all(archive["name"] != ArchiveName for archive in self.archives), THERE)
        rule = f"Events-Archive-{ArchiveName}"
        require(self.rule(bus, rule) is None, THERE)
        require(len(self.archives) < MOST["archives"], LIMIT)
        require(len(self.rules_of(bus)) < MOST["rules_per_event_bus"], LIMIT)
        sources = json.loads(EventPattern)["source"] if EventPattern else None
        self.archives.append({"name": ArchiveName, "bus": bus, "pattern": EventPattern or None, "events": 0})
        arn = f"{ARN}rule/{rule}" if bus == "default" else f"{ARN}rule/{bus}/{rule}"
        self.rules.append(
            {"bus": bus, "name": rule, "arn": arn, "targets": [], "managed": True, "state": "ENABLED"}
            | {"pattern": None, "sources": sources, "schedule": None, "archive": ArchiveName}
        )
        return {"ArchiveArn": f"{ARN}archive/{ArchiveName}"}

    def UpdateArchive(self, ArchiveName: str, EventPattern: str) -> Answer:
        require(not EventPattern or EventPattern.endswith("]}"), "InvalidEventPatternException")
        archive = self.archive(ArchiveName)
        archive["pattern"] = EventPattern or None
        rule = next(rule for rule in self.rules if rule.get("archive") == ArchiveName)
        rule["sources"] = json.loads(EventPattern)["source"] if EventPattern else None
        return {"ArchiveArn": f"{ARN}archive/{ArchiveName}"}

    def DescribeArchive(self, ArchiveName: str) -> Answer:
        archive = self.archive(ArchiveName)
        return {
            "ArchiveName": ArchiveName,
            "EventSourceArn": f"{ARN}event-bus/{archive['bus']}",
            "EventPattern": archive["pattern"],
            "EventCount": archive["events"],
        }

    def ListArchives(self, NamePrefix: str = "") -> Answer:
        names = sorted(archive["name"] for archive in self.archives)
        return {"Archives": [name for name in names if name.startswith(NamePrefix)]}

    def DeleteArchive(self, ArchiveName: str) -> Answer:
        self.archives.remove(self.archive(ArchiveName))
        self.rules = [rule for rule in self.rules if rule.get("archive") != ArchiveName]
        return {}

    # connections and API destinations, which name a connection by its place among all that ever were

    def CreateConnection(self, Name: str) -> Answer:
        require(Name not in self.connections, THERE)
        self.connections.append(Name)
        return {}

    def DeleteConnection(self, Name: str) -> Answer:
        require(Name in self.connections, NOT_FOUND)
        self.connections.remove(Name)
        return {}

    def ListConnections(self) -> Answer:
        return {"Connections": sorted(self.connections)}

    def CreateApiDestination(self, Name: str, connection: str, InvocationEndpoint: str) -> Answer:
        require(InvocationEndpoint.startswith("https://"), INVALID)
        require(connection in self.connections, NOT_FOUND)
        require(all(each["name"] != Name for each in self.destinations), THERE)
        require(len(self.destinations) < MOST_DESTINATIONS, LIMIT)
        self.destinations.append({"name": Name, "endpoint": InvocationEndpoint})
        return {}

    def DeleteApiDestination(self, Name: str) -> Answer:
        require(any(each["name"] == Name for each in self.destinations), NOT_FOUND)
        self.destinations = [each for each in self.destinations if each["name"] != Name]
        return {}

    def ListApiDestinations(self) -> Answer:
        rows = sorted(self.destinations, key=lambda each: each["name"])
        return {"ApiDestinations": [(each["name"], each["endpoint"]) for each in rows]}

    # events

    def put(self, source: str, bus: str) -> list[tuple[str, str]]:
        """Put an event; return which target got it, as the ARN of the rule and the id of the target, sorted."""
        got: list[tuple[str, str]] = []
        for rule in self.rules:
            matches = rule["sources"] is None or source in rule["sources"]
            if rule["bus"] != bus or rule["state"] != "ENABLED" or not matches:
                continue
            if rule["managed"]:
                self.archive(rule["archive"])["events"] += 1
            got += [(rule["arn"], target["Id"]) for target in rule["targets"]]
        return sorted(got)


def check_tags(tags: Any) -> list[tuple[str, str]]:
    pairs = [(tag["Key"], tag["Value"]) for tag in tags]
    require(len({key for key, _ in pairs}) == len(pairs), INVALID)
    require(not any(key.lower().startswith("aws:") for key, _ in pairs), INVALID)
    return pairs


def shown_rule(rule: dict[str, Any]) -> Answer:
    """What is compared of a rule; the pattern of a managed rule is not."""
    own = {} if rule["managed"] else {"EventPattern": rule["pattern"], "ScheduleExpression": rule["schedule"]}
    return {"Name": rule["name"], "Arn": rule["arn"], "State": rule["state"], "EventBusName": rule["bus"], **own}
