"""The data plane of one mock: all that moves events, made once and shared by every call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.http.invocations import Invocations
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.replays import Replayer
from eventbridge_local.delivery.schedules import Scheduler
from eventbridge_local.model.event import Event

#: Raises when one of the events, each with its bus, does not keep its contract.
EventCheck = Callable[[Sequence[tuple[str, Event]]], None]


@dataclass(frozen=True, slots=True)
class Plane:
    """``services`` are the other AWS services that moto or a loopback endpoint serves to this process.

    ``invocations`` calls HTTP targets and the authorization endpoints of their connections. ``check_events`` looks at
    events before they are put; None lets all pass.
    """

    journal: Journal
    engine: Engine
    scheduler: Scheduler
    replayer: Replayer
    services: Services
    invocations: Invocations
    check_events: EventCheck | None = None
