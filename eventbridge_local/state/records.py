"""The records of the control plane. They are frozen; a change makes a new one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from eventbridge_local.patterns import Pattern
from eventbridge_local.schedules import Schedule
from eventbridge_local.transforms import TargetInput

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
