"""How the states of connections follow each other.

Strategy: what AWS takes time for (fetching a token, setting up private connectivity, deauthorizing, deleting) is a
record in a passing state, and a change that puts the next record in its place: at once while the clock follows the real
one, on a timer when the test steps it. So the answer of a call shows the passing state, as recorded, and a test that
does not care never sees it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from eventbridge_local.core.arn import partition_of
from eventbridge_local.operations.context import Context
from eventbridge_local.operations.table import Params
from eventbridge_local.state.connections import USABLE, Connection
from eventbridge_local.targets.handover import AttemptFailed

#: How long AWS takes is not recorded; long enough for a test to look, short enough to step over.
_TAKES = timedelta(seconds=1)

_CONFIGURATION = "ResourceConfigurationArn"


def whole_second(ctx: Context) -> datetime:
    """The instant as connections show it: whole seconds (recorded)."""
    return ctx.now.replace(microsecond=0)


def state_on_the_way(connection: Connection, private: Literal["CREATING", "UPDATING"]) -> str:
    """The state a call leaves a connection in when its credentials or its network path are new."""
    if connection.authorization_type == "OAUTH_CLIENT_CREDENTIALS":
        return "AUTHORIZING"
    return "AUTHORIZED" if connection.private is None else private


def go_on(ctx: Context, connection: Connection) -> None:
    """From a passing state to the one it leads to (User Guide, "Connection states")."""
    if connection.state == "AUTHORIZING":
        later(ctx, connection, _Authorization(ctx))
    elif connection.state not in USABLE:
        later(ctx, connection, lambda current: replace(current, state="ACTIVE"))


@dataclass(frozen=True, slots=True)
class _Authorization:
    """Fetches a token, which decides whether a connection is authorized."""

    ctx: Context

    def __call__(self, connection: Connection) -> Connection:
        try:
            self.ctx.plane.invocations.authorize(connection)
        except AttemptFailed as failed:
            return replace(connection, state="DEAUTHORIZED", reason=failed.reason[:512])
        state = "AUTHORIZED" if connection.private is None else "ACTIVE"
        return replace(connection, state=state, authorized=whole_second(self.ctx))


def later(ctx: Context, connection: Connection, change: Callable[[Connection], Connection | None]) -> None:
    """Let ``change`` make the next record (None removes it), unless the connection has moved on meanwhile."""
    connections = ctx.place.connections

    def complete() -> None:
        current = connections.get(connection.name)
        if current is None or (current.arn, current.state) != (connection.arn, connection.state):
            return
        if current.auth is not connection.auth:
            return
        changed = change(current)
        with ctx.alone:
            if connections.get(connection.name) is not current:
                return  # whoever was asked for a token has changed the connection
            if changed is not None:
                connections[connection.name] = changed
            else:
                connections.pop(connection.name, None)

    clock = ctx.world.clock
    if clock.stepped:
        clock.at(clock.now + _TAKES, complete, "changed")
    else:
        complete()


def private_path(ctx: Context, params: Params | None) -> Mapping[str, str] | None:
    """The resource parameters as DescribeConnection shows them: with the association AWS makes."""
    configuration = None if params is None else params["ResourceParameters"][_CONFIGURATION]
    if not configuration:  # an empty text takes the path away
        return None
    place = ctx.place
    prefix = f"arn:{partition_of(place.region)}:vpc-lattice:{place.region}:{place.account}"
    number = ctx.ids.uuid().replace("-", "")[:17]
    association = f"{prefix}:servicenetworkresourceassociation/snra-{number}"
    return {_CONFIGURATION: configuration, "ResourceAssociationArn": association}


def updated_private_path(
    ctx: Context, before: Mapping[str, str] | None, params: Params | None
) -> Mapping[str, str] | None:
    """The path after an update: as before when the request says nothing, or the same."""
    if params is None:
        return before
    if before is not None and params["ResourceParameters"][_CONFIGURATION] == before[_CONFIGURATION]:
        return before
    return private_path(ctx, params)
