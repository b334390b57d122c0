"""Global endpoints: one name in front of two buses in two Regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from eventbridge_local.core.arn import parse_arn

EndpointState = Literal["CREATING", "ACTIVE", "UPDATING", "DELETING"]
Side = Literal["primary", "secondary"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A global endpoint; ``settings`` holds the members of CreateEndpoint as they were given.

    ``active`` is where its events go: the secondary Region while the test plays an unhealthy primary.
    """

    name: str
    arn: str
    id: str
    url: str
    created: datetime
    modified: datetime
    state: EndpointState
    settings: Mapping[str, Any]
    active: Side = "primary"

    @property
    def buses(self) -> tuple[str, str]:
        """The ARNs of its buses, the one of the primary Region first."""
        first, second = (bus["EventBusArn"] for bus in self.settings["EventBuses"])
        return (second, first) if _region(first) == self.secondary_region else (first, second)

    @property
    def secondary_region(self) -> str:
        route: str = self.settings["RoutingConfig"]["FailoverConfig"]["Secondary"]["Route"]
        return route

    @property
    def bus_name(self) -> str:
        """The name both buses have."""
        arn = parse_arn(self.buses[0])
        return "" if arn is None else arn.resource.removeprefix("event-bus/")

    @property
    def active_region(self) -> str:
        """The Region that events go to at this moment."""
        return self.secondary_region if self.active == "secondary" else _region(self.buses[0])

    @property
    def replicates(self) -> bool:
        """Whether what arrives in one Region is copied to the other."""
        return bool(self.settings["ReplicationConfig"].get("State", "ENABLED") == "ENABLED")


def _region(bus_arn: str) -> str:
    arn = parse_arn(bus_arn)
    return "" if arn is None else arn.region
