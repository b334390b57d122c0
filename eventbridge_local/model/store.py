"""All accounts and Regions of one mock.

Nothing here decides anything: operations check a request first and then change records through these few verbs,
which keep the rule index of a bus in step with its rules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from threading import Lock

from eventbridge_local.model.arn import events_arn
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.limits import Limits
from eventbridge_local.model.records import (
    ApiDestination,
    Archive,
    Connection,
    Endpoint,
    EventBus,
    EventSource,
    Replay,
    Rule,
    Target,
)
from eventbridge_local.patterns import RuleSet


class Bus:
    """A bus with its rules and the index that finds the rules an event satisfies."""

    __slots__ = ("_index", "_lock", "_snapshot", "record", "rules")

    def __init__(self, record: EventBus) -> None:
        self.record = record
        self.rules: dict[str, Rule] = {}
        self._index = RuleSet()
        self._lock = Lock()
        self._snapshot: tuple[Rule, ...] | None = None

    @property
    def name(self) -> str:
        return self.record.name

    def put_rule(self, rule: Rule) -> None:
        """Add a rule or replace the one of its name; only enabled rules with a pattern can match."""
        with self._lock:
            before = self.rules.get(rule.name)
            self.rules[rule.name] = rule
            self._snapshot = None
            if before is None or (before.pattern, before.enabled) != (rule.pattern, rule.enabled):
                self._reindex(rule)

    def _reindex(self, rule: Rule) -> None:
        if rule.enabled and rule.pattern is not None:
            self._index.add(rule.name, rule.pattern)
        elif rule.name in self._index:
            self._index.remove(rule.name)

    def remove_rule(self, name: str) -> None:
        with self._lock:
            del self.rules[name]
            self._snapshot = None
            if name in self._index:
                self._index.remove(name)

    def put_targets(self, rule: Rule, targets: tuple[Target, ...]) -> None:
        self.put_rule(replace(rule, targets=targets))

    def match(self, event: Event) -> tuple[tuple[Rule, ...], list[Rule]]:
        """All rules as they are at this moment, and those of them that ``event`` matches.

        Other threads may change rules at any time; nobody changes them during this.
        """
        with self._lock:
            if self._snapshot is None:
                self._snapshot = tuple(self.rules.values())
            # A bus without enabled patterns need not even build what the matcher looks at.
            matched = self._index.match(event.matched_on) if len(self._index) else []
            return self._snapshot, [self.rules[name] for name in matched]


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
        #: What partners offer to this account, by name; the partner's own list is found through the world.
        self.event_sources: dict[str, EventSource] = {}
        self.tags: dict[str, dict[str, str]] = {}
        arn = self.arn("event-bus/default")
        self.buses["default"] = Bus(EventBus("default", arn, created, created))

    def arn(self, resource: str) -> str:
        """The ARN of one of this place's resources."""
        return events_arn(self.region, self.account, resource)


class Store:
    """The state of one mock: its places, its clock, its ids and its limits.

    ``organization`` is the id of the AWS organization that all accounts belong to, None when they belong to none.
    """

    def __init__(self, clock: Clock, ids: Ids, limits: Limits, organization: str | None = None) -> None:
        self.clock = clock
        self.ids = ids
        self.limits = limits
        self.organization = organization
        #: Every default bus is as old as the mock: who names an account first, even in vain, leaves no trace on it.
        self._began = clock.now
        self._scopes: dict[tuple[str, str], Scope] = {}
        #: Whether the mock was reset since: what is still under way here comes to nothing.
        self.ended = False

    def scope(self, account: str, region: str) -> Scope:
        """The place of an account and Region, made at first sight with its default bus."""
        known = self._scopes.get((account, region))
        if known is not None:
            return known
        # One step, so that two threads that come first both get the same place.
        return self._scopes.setdefault((account, region), Scope(account, region, self._began))

    def at(self, due: datetime, callback: Callable[[], None], kind: str) -> None:
        """``clock.at``, as long as this world lasts."""
        if not self.ended:
            self.clock.at(due, callback, kind)

    def known_scope(self, account: str, region: str) -> Scope | None:
        """The place of an account and Region if somebody has been there; looking makes nothing."""
        return self._scopes.get((account, region))

    def known_bus(self, account: str, region: str, name: str) -> Bus | None:
        """A bus of a place where somebody has been."""
        scope = self.known_scope(account, region)
        return None if scope is None else scope.buses.get(name)

    @property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(self._scopes.values())
