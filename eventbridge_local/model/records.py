"""The records of the control plane that most tests have: event buses, rules and targets.

They never change: ``_replace`` makes a new record. Those of connections, API destinations, global endpoints and partner
event sources are in ``model/rare_records.py``; archives, which hold events, in ``model/archives.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from eventbridge_local.frozen import frozen
from eventbridge_local.patterns import Pattern

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.schedules import Schedule
    from eventbridge_local.transforms import TargetInput

RuleState = Literal["ENABLED", "DISABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"]


class EventBus(NamedTuple):
    """A bus as DescribeEventBus shows it; ``settings`` holds the optional members as they were given."""

    name: str
    arn: str
    created: datetime
    modified: datetime
    settings: Mapping[str, Any] = MappingProxyType({})
    #: The policy document that PutPermission made, None for a bus without one.
    policy: Mapping[str, Any] | None = None


@frozen
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

    # Found by identity, as dicts have no hash.
    __eq__ = object.__eq__
    __hash__ = object.__hash__


class Rule(NamedTuple):
    """A rule with its compiled pattern or schedule.

    Attributes:
        name: its name.
        arn: its ARN.
        bus: the name of its bus.
        state: ``ENABLED``, ``DISABLED``, or the third state of CloudTrail's read-only events.
        created_by: the account that made it.
        empty_pattern: whether an empty EventPattern was given, which is none, and is answered (captured).
        schedule_text: the schedule expression as it was given, None or empty for a rule without one.
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
    empty_pattern: bool = False
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

    # Sorted by name, because patterns and targets have no order.

    def __lt__(self, other: tuple[Any, ...]) -> bool:
        return self[:2] < other[:2]

    def __le__(self, other: tuple[Any, ...]) -> bool:
        return self[:2] <= other[:2]

    def __gt__(self, other: tuple[Any, ...]) -> bool:
        return self[:2] > other[:2]

    def __ge__(self, other: tuple[Any, ...]) -> bool:
        return self[:2] >= other[:2]


# connections; their records are in ``rare_records``


#: States in which a connection's credentials may be used: public and private APIs (User Guide, connection states).
USABLE = ("AUTHORIZED", "ACTIVE")

#: States in which a connection still is what it was for its API destinations, as its end is not reached (captured).
LEAVING = ("DEAUTHORIZING", "DELETING")
