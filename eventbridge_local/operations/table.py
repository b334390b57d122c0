"""The table of operations, by the names the API gives them, and what every operation is given.

An operation is a function ``(ctx, params) -> answer``. ``params`` are the request's members as boto3 spells them, with
every constraint of the input shape already checked; the answer is the response without its metadata. It checks
everything before it changes anything, and refuses with a ``ServiceError``.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from eventbridge_local.delivery.engine import Engine
from eventbridge_local.delivery.faults import EntryFaults
from eventbridge_local.delivery.forward import Services
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.schedules import Scheduler
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.store import Scope, Store

if TYPE_CHECKING:
    from eventbridge_local.delivery.http.invocations import Invocations

Params = dict[str, Any]
Answer = dict[str, Any]


class NewAnswer(dict[str, Any]):
    """An answer that is made for this call, of which nobody holds a part: whoever gets it may keep and change it."""

    __slots__ = ()


#: Raises when one of the events, each with its bus, does not keep its contract.
EventCheck = Callable[[Sequence[tuple[str, Event]]], None]


class Context(NamedTuple):
    """One call: the parts of the mock that an operation may use, and where the call goes.

    Attributes:
        store: all records.
        limits: the quotas of this mock.
        ids: where new ids come from.
        journal: where calls and entries are written down.
        engine: takes events that are put.
        scheduler: keeps the timers of rules with a schedule.
        services: the other AWS services that moto or a loopback endpoint serves to this process.
        invocations: returns what calls HTTP targets and the authorization endpoints of their connections.
        entry_faults: the entries of PutEvents that are made to fail.
        check_events: looks at events before they are put; None lets all pass.
        alone: held while records change; operations that deliver take it themselves, and not while they deliver.
        scope: the caller's account and Region.
        now: the instant of the call. What happens later asks the clock of the store.
        operation: the name of what is called.
        trace: the X-Ray header of the request.
        size: the bytes of the request's body; None for a call without one.
    """

    store: Store
    limits: Limits
    ids: Ids
    journal: Journal
    engine: Engine
    scheduler: Scheduler
    services: Services
    invocations: Callable[[], Invocations]
    entry_faults: EntryFaults
    check_events: EventCheck | None
    alone: AbstractContextManager[Any]
    scope: Scope
    now: datetime
    operation: str = ""
    trace: str | None = None
    size: int | None = None


Operation = Callable[[Context, Params], Answer]

#: The operations by the module of this folder that has them. A module is imported when one of its operations is first
#: called: most tests call few of them, and to import all costs more than such a test itself.
FAMILIES: dict[str, tuple[str, ...]] = {
    "api_destinations": (
        "CreateApiDestination",
        "DescribeApiDestination",
        "ListApiDestinations",
        "UpdateApiDestination",
        "DeleteApiDestination",
    ),
    "archives": (
        "CreateArchive",
        "DescribeArchive",
        "ListArchives",
        "UpdateArchive",
        "DeleteArchive",
    ),
    "connections": (
        "CreateConnection",
        "DescribeConnection",
        "ListConnections",
        "UpdateConnection",
        "DeauthorizeConnection",
        "DeleteConnection",
    ),
    "endpoints": (
        "CreateEndpoint",
        "UpdateEndpoint",
        "DeleteEndpoint",
        "DescribeEndpoint",
        "ListEndpoints",
    ),
    "event_buses": (
        "CreateEventBus",
        "DescribeEventBus",
        "ListEventBuses",
        "UpdateEventBus",
        "DeleteEventBus",
    ),
    "events": (
        "PutEvents",
        "PutPartnerEvents",
    ),
    "partner_sources": (
        "CreatePartnerEventSource",
        "DeletePartnerEventSource",
        "DescribePartnerEventSource",
        "ListPartnerEventSources",
        "ListPartnerEventSourceAccounts",
        "DescribeEventSource",
        "ListEventSources",
        "ActivateEventSource",
        "DeactivateEventSource",
    ),
    "permissions": (
        "PutPermission",
        "RemovePermission",
    ),
    "replays": (
        "StartReplay",
        "DescribeReplay",
        "ListReplays",
        "CancelReplay",
    ),
    "rules": (
        "PutRule",
        "DescribeRule",
        "ListRules",
        "EnableRule",
        "DisableRule",
        "DeleteRule",
        "TestEventPattern",
    ),
    "tags": (
        "TagResource",
        "UntagResource",
        "ListTagsForResource",
    ),
    "targets": (
        "PutTargets",
        "RemoveTargets",
        "ListTargetsByRule",
        "ListRuleNamesByTarget",
    ),
}
#: The module of each operation.
MODULES = {name: module for module, names in FAMILIES.items() for name in names}

#: The operations of the modules that are imported.
TABLE: dict[str, Operation] = {}

#: Operations that hand events to targets before they return. All others run one at a time, whatever the threads.
DELIVERING: set[str] = set()


def operation(name: str, *, delivers: bool = False) -> Callable[[Operation], Operation]:
    """Enter a function in the table. One that is not in ``FAMILIES``, or twice, is our mistake and fails at import."""

    def enter(function: Operation) -> Operation:
        if name in TABLE:
            raise RuntimeError(f"two functions for operation {name}")
        if function.__module__ != f"{__package__}.{MODULES.get(name)}":
            raise RuntimeError(f"FAMILIES does not have operation {name} in {function.__module__}")
        TABLE[name] = function
        if delivers:
            DELIVERING.add(name)
        return function

    return enter


def operation_called(name: str) -> Operation | None:
    """Return the function of an operation, None if there is no such operation."""
    if name not in TABLE and name in MODULES:
        importlib.import_module(f"{__package__}.{MODULES[name]}")
    return TABLE.get(name)


def given(params: Params, *names: str) -> Params:
    """Those of the named members that were given, for answers in which absent members stay absent (facts 1.2)."""
    return {name: params[name] for name in names if name in params}


def without_nones(**members: Any) -> Answer:
    """An answer's members less those without a value; AWS never sends null (recorded, facts 1.2)."""
    return {name: value for name, value in members.items() if value is not None}
