"""Why an event went where it went, and what no test exercises."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.journal import Entry, Routing
from eventbridge_local.handle.base import Base
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Ids
from eventbridge_local.operations.service import Service
from eventbridge_local.report.asking import Asking
from eventbridge_local.report.coverage import Coverage, coverage_of
from eventbridge_local.report.explain import EventExplanation, RoutingTable
from eventbridge_local.report.given import AnyEvent, Reader


class Explaining(Base):
    """Questions to the bus."""

    def explain(self, event: AnyEvent, *, rule: str | None = None) -> EventExplanation:
        """The way of an event: its bus, the rules there and why one did not match, the targets and what they got.

        Args:
            event: an entry of ``eb.events``, an event, an event id, an envelope such as ``make_event`` returns, or an
                entry as PutEvents takes it. What was put is told as it happened, anything else as it would.
            rule: name or ARN of the one rule to look at.

        Returns:
            what is true when the event reached a target; ``print`` tells the story.

        Raises:
            UsageError: it is no event, or there is no such rule.
        """
        return self._asking().explain(event, self._rule_name(rule))

    def route(self, event: AnyEvent, bus: str | None = None) -> RoutingTable:
        """What every rule would make of an event now. Nothing is delivered, written down or changed.

        Args:
            event: as for ``explain``.
            bus: name or ARN of the bus it would be put on; by default the one it was put on or names, else
                ``default``.

        Returns:
            a row for each rule: ``row.rule``, ``row.bus``, ``row.matched``, ``row.why``, and ``row.targets`` with what
            they would get. Rules of buses it would not reach come last. ``print`` shows a table.

        Raises:
            UsageError: it is no event.
        """
        return self._asking().route(event, bus)

    def coverage(self) -> Coverage:
        """Which rules the events so far matched, and which fields of their patterns never kept an event out."""
        return coverage_of(self._service.journal.of(Routing), self._rules())

    def _asking(self) -> Asking:
        service = self._service
        home = service.store.scope(self.account, self.region)
        reader = Reader(service.journal, self._tried_out, self.account, self.region, service.clock.now)
        return Asking(service.store, service.journal, home, reader, service.faults, service.handlers)

    def _tried_out(self, entry: Mapping[str, Any]) -> Entry:
        """What PutEvents would make of an entry, asked of an empty service with the same limits and time."""
        service = self._service
        apart = Service(Clock(service.clock.now), Ids(0), service.limits)
        perform(apart, "PutEvents", {"Entries": [dict(entry)]}, self.account, self.region)
        return apart.journal.entry(1)
