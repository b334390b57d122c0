"""The state of one mock: its scopes (account and Region), the event buses in them, and the clock they share.

Nothing here decides anything: operations check a request first and then change records through these few methods,
which keep the rule index of a bus in step with its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from eventbridge_local.model.arn import events_arn
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.records import LEAVING, USABLE, EventBus, Rule, Target
from eventbridge_local.patterns import RuleSet

if TYPE_CHECKING:  # only named in annotations, and imported when a test uses them
    from eventbridge_local.model.archives import Archive, Replay
    from eventbridge_local.model.rare_records import ApiDestination, Connection, Endpoint, EventSource


#: What a bus without rules has; most buses of a test never have one.
_NO_RULES = RuleSet()
_MOST_SELECTIONS = 1_000


class Bus:
    """A bus with its rules and the index that finds the rules an event satisfies."""

    __slots__ = ("_index", "_indexed", "_lock", "_selections", "_snapshot", "record", "rules")

    def __init__(self, record: EventBus) -> None:
        self.record = record
        self.rules: dict[str, Rule] = {}
        self._index = _NO_RULES
        self._indexed = False  # whether an event may match
        self._lock = Lock()
        self._snapshot: tuple[Rule, ...] | None = None
        #: The rules that events have matched, by their names.
        self._selections: dict[str | tuple[str, ...], tuple[Rule, ...]] = {}

    @property
    def name(self) -> str:
        return self.record.name

    def put_rule(self, rule: Rule) -> None:
        """Add a rule or replace the one of its name; only enabled rules with a pattern can match."""
        with self._lock:
            before = self.rules.get(rule.name)
            self.rules[rule.name] = rule
            self._snapshot = None
            pattern = rule.pattern if rule.enabled else None
            if before is not None and (before.pattern if before.enabled else None) is pattern:
                return
            if pattern is not None:
                if self._index is _NO_RULES:
                    self._index = RuleSet()
                self._index.add(rule.name, pattern)
                self._indexed = True
            elif rule.name in self._index:
                self._index.remove(rule.name)
                self._indexed = len(self._index) > 0

    def remove_rule(self, name: str) -> None:
        with self._lock:
            del self.rules[name]
            self._snapshot = None
            if name in self._index:
                self._index.remove(name)
                self._indexed = len(self._index) > 0

    def put_targets(self, rule: Rule, targets: tuple[Target, ...]) -> None:
        self.put_rule(rule._replace(targets=targets))

    def match(self, event: Event) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        """Return all rules as they are now, and those of them that ``event`` matches.

        Other threads may change rules at any time, but not during this call. Events that match the same rules get the
        same tuple, because a journal holds one for each event.
        """
        with self._lock:
            if self._snapshot is None:
                self._snapshot = tuple(self.rules.values())
                self._selections = {}
            names = self._index.match(event.fields(self._index.fields)) if self._indexed else ()
            if not names:
                return self._snapshot, ()
            key = names[0] if len(names) == 1 else tuple(names)
            matched = self._selections.get(key)
            if matched is None:
                if len(self._selections) > _MOST_SELECTIONS:
                    self._selections.clear()
                matched = self._selections[key] = tuple(map(self.rules.__getitem__, names))
            return self._snapshot, matched


class Scope:
    """One account in one Region: its buses and the tags of its resources, by ARN."""

    def __init__(self, account: str, region: str, created: datetime) -> None:
        self.account = account
        self.region = region
        self.buses: dict[str, Bus] = {}
        self.archives: dict[str, Archive] = {}
        self.replays: dict[str, Replay] = {}
        self.connections: dict[str, Connection] = {}
        self.api_destinations: dict[str, ApiDestination] = {}
        self.endpoints: dict[str, Endpoint] = {}
        #: What partners offer to this account, by name; the partner's own list is found through the store.
        self.event_sources: dict[str, EventSource] = {}
        self.tags: dict[str, dict[str, str]] = {}
        arn = self.arn("event-bus/default")
        self.buses["default"] = Bus(EventBus("default", arn, created, created))

    def arn(self, resource: str) -> str:
        """Return the ARN of a resource of this account and Region, such as ``event-bus/orders``."""
        return events_arn(self.region, self.account, resource)

    def connection(self, arn: str) -> Connection | None:
        """Return the connection of that ARN. One that was deleted and made again has another ARN."""
        name = arn.rpartition(":")[2].removeprefix("connection/").partition("/")[0]
        found = self.connections.get(name)
        return found if found is not None and found.arn == arn else None

    def put_connection(self, connection: Connection, now: datetime) -> None:
        """Enter a connection. Its API destinations follow its state, and are modified then (captured, facts 10.4)."""
        self.connections[connection.name] = connection
        if connection.state not in LEAVING:
            for destination in self._destinations_of(connection, active=connection.state not in USABLE):
                self.api_destinations[destination.name] = destination._replace(
                    active=not destination.active, modified=now.replace(microsecond=0)
                )

    def remove_connection(self, connection: Connection, now: datetime) -> None:
        """Remove a connection. Destinations that were active lose its ARN, others keep it (captured, facts 10.4)."""
        self.connections.pop(connection.name, None)
        for destination in self._destinations_of(connection, active=True):
            self.api_destinations[destination.name] = destination._replace(
                active=False, connection_arn="", modified=now.replace(microsecond=0)
            )

    def _destinations_of(self, connection: Connection, *, active: bool) -> list[ApiDestination]:
        return [
            each
            for each in self.api_destinations.values()
            if each.connection_arn == connection.arn and each.active is active
        ]


class Store:
    """The state of one mock: its scopes, its clock, its ids and its limits.

    ``organization`` is the id of the AWS organization that all accounts belong to, None when they belong to none.
    """

    def __init__(self, clock: Clock, ids: Ids, limits: Limits, organization: str | None = None) -> None:
        self.clock = clock
        self.ids = ids
        self.limits = limits
        self.organization = organization
        #: Every default bus is as old as the mock, so the first call that names an account leaves no trace on it.
        self._began = clock.now
        self._scopes: dict[tuple[str, str], Scope] = {}
        #: Whether the mock was reset: deliveries and timers that are still under way then do nothing.
        self.ended = False

    def scope(self, account: str, region: str) -> Scope:
        """Return the scope of an account and Region, made on first use with its default bus."""
        known = self._scopes.get((account, region))
        if known is not None:
            return known
        # setdefault, so that two threads that are the first to ask get the same scope.
        return self._scopes.setdefault((account, region), Scope(account, region, self._began))

    def at(self, due: datetime, callback: Callable[[], None], kind: str) -> None:
        """Run ``callback`` at ``due`` (see ``Clock.at``) unless the mock was reset."""
        if not self.ended:
            self.clock.at(due, callback, kind)

    def known_scope(self, account: str, region: str) -> Scope | None:
        """Return the scope of an account and Region, None when no call has used it; nothing is made."""
        return self._scopes.get((account, region))

    def known_bus(self, account: str, region: str, name: str) -> Bus | None:
        """Return a bus of a scope that was used, None when there is none; nothing is made."""
        scope = self.known_scope(account, region)
        return None if scope is None else scope.buses.get(name)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(self._scopes.values())
