"""Assertions, whose failures name the nearest thing that almost fitted."""

from __future__ import annotations

from typing import Any

from eventbridge_local.delivery.journal import Delivery, Entry
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
        bus: Any = None,
        count: int | None = None,
        exact: bool = False,
    ) -> Entry:
        """Assert that an event was put and accepted; what is not given is free. Returns the newest such event.

        A value may be plain, a matcher with an ``==`` of its own, or a list with conditions of the pattern language.

        Args:
            source: the source, or a list of them.
            detail_type: the detail-type, or a list of them.
            detail: members the detail must include, at any depth; with ``exact`` it must have no others.
            pattern: an event pattern the event must match, as a dict or as JSON text.
            bus: name of the bus, or a list of them.
            count: how many such events there must be; None for at least one.
            exact: the detail must have no other members.

        Raises:
            AssertionError: names the nearest event and the fields that spoiled it.
            UsageError: ``count`` is no number, or ``exact`` has no detail to be about.
        """
        assertions.check_count(count)
        if exact and detail is None:
            raise UsageError("assert_put(exact=True) compares the detail; give detail={...} too")
        wanted = _wanted(source, detail_type, detail, pattern, bus)
        return assertions.assert_put(self.events, wanted, count=count, exact=exact)

    def assert_not_put(
        self,
        source: Any = None,
        detail_type: Any = None,
        detail: Any = None,
        *,
        pattern: EventPattern | None = None,
        bus: Any = None,
        exact: bool = False,
    ) -> None:
        """Assert that no such event was put and accepted; the arguments are those of ``assert_put``.

        Raises:
            AssertionError: names the events that were put all the same.
        """
        wanted = _wanted(source, detail_type, detail, pattern, bus)
        assertions.assert_not_put(self.events, wanted, exact=exact)

    def assert_delivered(
        self,
        *,
        rule: Any = None,
        target: Any = None,
        payload: Any = None,
        pattern: EventPattern | None = None,
        count: int | None = None,
        exact: bool = False,
    ) -> Delivery:
        """Assert that an event was handed over, or recorded for want of a handler. Returns the newest such delivery.

        Args:
            rule: name of the rule, or its logical id in a loaded template, or a list of names.
            target: id, ARN, name or logical id of the target, or a list of these.
            payload: the exact text, or members the parsed payload must include, at any depth.
            pattern: an event pattern the delivered event must match, as a dict or as JSON text.
            count: how many such deliveries there must be; None for at least one.
            exact: the payload must have no other members.

        Raises:
            AssertionError: names the nearest delivery, and why the rule did not match.
            UsageError: ``count`` is no number, or ``exact`` has no payload to be about.
        """
        assertions.check_count(count)
        if exact and payload is None:
            raise UsageError("assert_delivered(exact=True) compares the payload; give payload={...} too")
        wanted = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        return assertions.assert_delivered(self.deliveries, self.seen(), wanted, count=count, exact=exact)

    def assert_not_delivered(
        self,
        *,
        rule: Any = None,
        target: Any = None,
        payload: Any = None,
        pattern: EventPattern | None = None,
    ) -> None:
        """Assert that there was no such delivery; the arguments are those of ``assert_delivered``.

        Raises:
            AssertionError: names the deliveries that were made all the same.
        """
        wanted = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        assertions.assert_not_delivered(self.deliveries, wanted)


def _given(**wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _wanted(source: Any, detail_type: Any, detail: Any, pattern: Any, bus: Any) -> dict[str, Any]:
    return _given(**{"source": source, "detail-type": detail_type, "detail": detail, "pattern": pattern, "bus": bus})
