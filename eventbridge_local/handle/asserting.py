"""Assertions, whose failures name the nearest thing that almost fitted."""

from __future__ import annotations

from typing import Any

from eventbridge_local.bus.journal import Delivery, Entry
from eventbridge_local.errors import UsageError
from eventbridge_local.handle.looking import Looking
from eventbridge_local.report import assertions
from eventbridge_local.typing import EventPattern

#: pytest shows the test's line and the message, and not ours.
__tracebackhide__ = True


class Asserting(Looking):
    """What the test expects."""

    def assert_put(
        self,
        source: Any = None,
        detail_type: Any = None,
        detail: Any = None,
        *,
        pattern: EventPattern | None = None,
        bus: str | None = None,
        count: int | None = None,
        exact: bool = False,
    ) -> Entry:
        """Assert that an event was put and accepted; what is not given is free. Returns the newest such event.

        Args:
            detail: members the detail must include, at any depth; with ``exact`` it must have no others.
            pattern: an event pattern the event must match.
            count: how many such events there must be; None for at least one.

        Raises:
            AssertionError: names the nearest event and the fields that spoiled it.
        """
        assertions.check_count(count)
        if exact and detail is None:
            raise UsageError("assert_put(exact=True) is about the detail; give detail={...} too")
        wanted = _wanted(source, detail_type, detail, pattern, bus)
        return assertions.assert_put(self.events, wanted, count=count, exact=exact)

    def assert_not_put(
        self,
        source: Any = None,
        detail_type: Any = None,
        detail: Any = None,
        *,
        pattern: EventPattern | None = None,
        bus: str | None = None,
        exact: bool = False,
    ) -> None:
        """Assert that no such event was put and accepted; the arguments are those of ``assert_put``."""
        wanted = _wanted(source, detail_type, detail, pattern, bus)
        assertions.assert_not_put(self.events, wanted, exact=exact)

    def assert_delivered(
        self,
        *,
        rule: str | None = None,
        target: str | None = None,
        payload: Any = None,
        pattern: EventPattern | None = None,
        count: int | None = None,
        exact: bool = False,
    ) -> Delivery:
        """Assert that an event was handed over, or recorded for want of a handler. Returns the newest such delivery.

        Args:
            rule: name of the rule.
            target: id, ARN or name of the target.
            payload: the exact text, or members the parsed payload must include.
            pattern: an event pattern the delivered event must match.
            count: how many such deliveries there must be; None for at least one.
            exact: the payload must have no other members.

        Raises:
            AssertionError: names the nearest delivery, and why the rule did not match.
        """
        assertions.check_count(count)
        if exact and payload is None:
            raise UsageError("assert_delivered(exact=True) is about the payload; give payload={...} too")
        wanted = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        return assertions.assert_delivered(self.deliveries, self.seen(), wanted, count=count, exact=exact)

    def assert_not_delivered(
        self,
        *,
        rule: str | None = None,
        target: str | None = None,
        payload: Any = None,
        pattern: EventPattern | None = None,
    ) -> None:
        """Assert that there was no such delivery; the arguments are those of ``assert_delivered``."""
        wanted = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        assertions.assert_not_delivered(self.deliveries, wanted)


def _given(**wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _wanted(source: Any, detail_type: Any, detail: Any, pattern: Any, bus: str | None) -> dict[str, Any]:
    return _given(**{"source": source, "detail-type": detail_type, "detail": detail, "pattern": pattern, "bus": bus})
