"""The records of the control plane. They are frozen; a change makes a new one."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from eventbridge_local.model.arn import parse_arn
from eventbridge_local.model.clock import Clock, Timer
from eventbridge_local.model.event import Event
from eventbridge_local.patterns import Pattern
from eventbridge_local.schedules import Schedule
from eventbridge_local.transforms import TargetInput

if TYPE_CHECKING:
    from eventbridge_local.model.store import Scope


RuleState = Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]


@dataclass(frozen=True, slots=True)
class EventBus:
    """A bus as DescribeEventBus shows it; ``settings`` holds the optional members as they were given."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    settings: Mapping[str, Any] = field(default_factory=dict)
    #: The policy document that PutPermission made, None for a bus without one.
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """A target as PutTargets got it.

    Attributes:
        id: its id in the rule.
        arn: its ARN.
        params: the whole member of the request.
        input: makes what the target receives out of an event; None when that is the event itself.
    """

    id: str
    arn: str
    params: Mapping[str, Any]
    input: TargetInput | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with its compiled pattern or schedule.

    Attributes:
        name: its name.
        arn: its ARN.
        bus: the name of its bus.
        state: ``ENABLED``, ``DISABLED``, or the third state of CloudTrail's read-only events.
        created_by: the account that made it.
        schedule_text: the schedule expression, None for a rule without one.
        description: as it was given.
        role_arn: as it was given.
        managed_by: the service that manages it, None for a rule of a user.
        targets: in the order they were put.
    """

    name: str
    arn: str
    bus: str
    state: RuleState
    created_by: str
    pattern: Pattern | None = None
    schedule: Schedule | None = None
    schedule_text: str | None = None
    description: str | None = None
    role_arn: str | None = None
    managed_by: str | None = None
    targets: tuple[Target, ...] = ()

    @property
    def enabled(self) -> bool:
        """Whether events may match it."""
        return self.state != "DISABLED"


# Connections and API destinations, and the text of the secret that a connection keeps.


#: States in which a connection's credentials may be used: public and private APIs (User Guide, connection states).
USABLE = ("AUTHORIZED", "ACTIVE")

#: Which member of AuthParameters belongs to an authorization type.
AUTH_MEMBERS = {
    "BASIC": "BasicAuthParameters",
    "API_KEY": "ApiKeyAuthParameters",
    "OAUTH_CLIENT_CREDENTIALS": "OAuthParameters",
}


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection as DescribeConnection shows it, with what is secret about it.

    ``auth`` is AuthParameters as the request had them, secrets included, and therefore no part of the repr; it is
    empty once the connection was deauthorized. ``private`` and ``oauth_private`` are the resource parameters of a
    private API and of a private authorization endpoint.
    """

    name: str
    arn: str
    created: datetime
    modified: datetime
    authorized: datetime
    state: str
    authorization_type: str
    auth: Mapping[str, Any] = field(repr=False)
    secret_arn: str | None = None
    reason: str | None = None
    description: str | None = None
    kms_key: str | None = None
    private: Mapping[str, str] | None = None
    oauth_private: Mapping[str, str] | None = None

    @property
    def credentials(self) -> Mapping[str, Any]:
        """The parameters of its authorization type, empty when it was deauthorized."""
        found: Mapping[str, Any] = self.auth.get(AUTH_MEMBERS[self.authorization_type], {})
        return found


@dataclass(frozen=True, slots=True)
class ApiDestination:
    """An API destination as DescribeApiDestination shows it; its state is that of its connection."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    connection_arn: str
    endpoint: str
    method: str
    rate: int
    description: str | None = None


def connection_of(scope: Scope, arn: str) -> Connection | None:
    """The connection of that ARN. One that was deleted and made anew has another ARN, so it is not found."""
    name = arn.rpartition(":")[2].removeprefix("connection/").partition("/")[0]
    found = scope.connections.get(name)
    return found if found is not None and found.arn == arn else None


def is_active(scope: Scope, destination: ApiDestination) -> bool:
    """Whether a destination may be invoked: its connection exists and is authorized."""
    connection = connection_of(scope, destination.connection_arn)
    return connection is not None and connection.state in USABLE


def secret_document(connection: Connection) -> dict[str, Any]:
    """What the secret of a connection holds, keys spelled and ordered as AWS does (recorded, facts 10.3)."""
    document = {}
    for name, *path in _SECRET_MEMBERS[connection.authorization_type]:
        value: Any = connection.credentials
        for step in path:
            value = value.get(step) if value else None
        if value is not None:
            document[name] = _snake(value)
    if "InvocationHttpParameters" in connection.auth:
        document["invocation_http_parameters"] = _snake(connection.auth["InvocationHttpParameters"])
    return document


#: Key in the secret, and where its value stands in the parameters of the authorization type.
_SECRET_MEMBERS = {
    "BASIC": (("username", "Username"), ("password", "Password")),
    "API_KEY": (("api_key_name", "ApiKeyName"), ("api_key_value", "ApiKeyValue")),
    "OAUTH_CLIENT_CREDENTIALS": (
        ("client_id", "ClientParameters", "ClientID"),
        ("client_secret", "ClientParameters", "ClientSecret"),
        ("authorization_endpoint", "AuthorizationEndpoint"),
        ("http_method", "HttpMethod"),
        ("oauth_http_parameters", "OAuthHttpParameters"),
    ),
}


def _snake(value: Any) -> Any:
    """HTTP parameters with snake_case keys."""
    if isinstance(value, Mapping):
        return {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(): _snake(inner) for name, inner in value.items()}
    return [_snake(item) for item in value] if isinstance(value, list) else value


# Global endpoints: one name in front of two buses in two Regions.


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


# Partner event sources, as the partner's account and the customer's account see them.


EventSourceState = Literal["PENDING", "ACTIVE", "DELETED"]

#: How long a source waits for its bus before it is deleted (API reference, CreatePartnerEventSource).
PENDING_FOR = timedelta(weeks=2)


@dataclass(frozen=True, slots=True)
class EventSource:
    """A partner event source offered to one customer account; it lives in that account's place.

    ``partner`` is the account that made it; ``customer`` the one it is for. ``expires`` is None unless it is PENDING.
    """

    name: str
    arn: str
    partner: str
    customer: str
    created: datetime
    expires: datetime | None
    state: EventSourceState = "PENDING"

    @property
    def created_by(self) -> str:
        """The partner's name: the second part of ``aws.partner/PARTNER/...``."""
        return self.name.split("/")[1]


# Archives with the events they keep, and replays.
#
# An archive keeps the event objects that the journal holds too, each with the instant it came in, oldest first. What
# costs time is done when somebody asks: the size of an event is measured then, and what is past its days is dropped
# then. One timer for each archive, for the next event to expire, makes an advance of the clock drop and count them.


ArchiveState = Literal["ENABLED", "DISABLED"]
ReplayState = Literal["STARTING", "RUNNING", "COMPLETED", "CANCELLING", "CANCELLED", "FAILED"]

#: States in which a replay counts against the quota.
ACTIVE_STATES = frozenset({"STARTING", "RUNNING", "CANCELLING"})


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """An archive as DescribeArchive shows it, less what it keeps. ``retention_days`` 0 is for ever."""

    name: str
    arn: str
    bus: str
    bus_arn: str
    created: datetime
    pattern: str | None = None
    description: str | None = None
    retention_days: int = 0
    kms_key: str | None = None
    state: ArchiveState = "ENABLED"
    state_reason: str | None = None


class Archive:
    """An archive and the events in it."""

    __slots__ = ("_clock", "_kept", "_lock", "_record", "_size", "_sizes", "_timer")

    def __init__(self, record: ArchiveRecord, clock: Clock) -> None:
        self._record = record
        self._clock = clock
        self._kept: deque[tuple[datetime, Event]] = deque()
        #: The sizes of the oldest events; those that came since the last look are not measured yet.
        self._sizes: deque[int] = deque()
        self._size = 0
        self._timer: Timer | None = None
        self._lock = Lock()

    @property
    def record(self) -> ArchiveRecord:
        return self._record

    @record.setter
    def record(self, record: ArchiveRecord) -> None:
        with self._lock:
            self._record = record
            self._arm()

    def keep(self, event: Event) -> None:
        """Keep an event from now on, for as many days as the archive keeps events."""
        with self._lock:
            self._kept.append((self._clock.now, event))
            if self._timer is None:
                self._arm()

    def events(self) -> list[Event]:
        """What the archive holds at this moment, in the order it came."""
        with self._lock:
            self._drop_expired()
            return [event for _, event in self._kept]

    def between(self, start: datetime, end: datetime) -> list[Event]:
        """The events with ``start <= time < end``, by their time; those of one instant in the order they came."""
        return sorted((event for event in self.events() if start <= event.time < end), key=lambda event: event.time)

    def measure(self) -> tuple[int, int]:
        """The number of events and the bytes of their envelopes."""
        with self._lock:
            self._drop_expired()
            for _, event in islice(self._kept, len(self._sizes), None):
                size = size_of(event)
                self._sizes.append(size)
                self._size += size
            return len(self._kept), self._size

    def close(self) -> None:
        """Disarm the timer of an archive that was deleted."""
        with self._lock:
            self._disarm()

    def _drop_expired(self) -> None:
        now, before = self._clock.now, len(self._kept)
        while self._kept and (due := self._due()) is not None and due <= now:
            self._kept.popleft()
            if self._sizes:
                self._size -= self._sizes.popleft()
        if len(self._kept) < before:
            self._arm()

    def _due(self) -> datetime | None:
        """When the oldest event expires, None for never."""
        if not self._kept or not self._record.retention_days:
            return None
        try:
            return self._kept[0][0] + timedelta(days=self._record.retention_days)
        except OverflowError:  # beyond the year 9999
            return None

    def _arm(self) -> None:
        self._disarm()
        due = self._due()
        if due is not None:
            self._timer = self._clock.at(due, self._ring, "expired")

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        with self._lock:
            self._timer = None
            self._drop_expired()


def size_of(event: Event) -> int:
    """The bytes of an event's envelope."""
    return len(event.text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay as DescribeReplay shows it; ``start`` and ``end`` are whole seconds, the end is not replayed.

    ``upcoming`` are the states it takes one by one, each when somebody looks, while the clock follows real time.
    """

    name: str
    arn: str
    archive_arn: str
    destination: Mapping[str, Any]
    start: datetime
    end: datetime
    started: datetime
    description: str | None = None
    state: ReplayState = "STARTING"
    state_reason: str | None = None
    last_replayed: datetime | None = None
    ended: datetime | None = None
    upcoming: tuple[Replay, ...] = ()

    @property
    def active(self) -> bool:
        return self.state in ACTIVE_STATES
