"""The handle: what ``with mock_eventbridge() as eb:`` gives. It arranges, puts, asks and asserts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from eventbridge_local.bus.journal import Call, DeadLetter, Delivery, Entry, Journal, Record, Routing
from eventbridge_local.core.arn import parse_arn
from eventbridge_local.core.clock import Clock
from eventbridge_local.edge.front import perform
from eventbridge_local.errors import UsageError
from eventbridge_local.operations.service import Service
from eventbridge_local.report import assertions, text
from eventbridge_local.report.query import CallLog, DeadLetterLog, DeliveryLog, EventLog
from eventbridge_local.state.records import Rule
from eventbridge_local.targets.handlers import TargetSpy
from eventbridge_local.targets.names import function_arn
from eventbridge_local.typing import EventPattern, Handler

_ENVELOPE = {"time": "Time", "resources": "Resources", "trace_header": "TraceHeader"}


class JournalView:
    """The journal for people: ``print(eb.journal)`` tells the whole story."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that happened, as frozen records, oldest first."""
        return tuple(self._journal.records)

    def text(self) -> str:
        """Each event, the rules it met and why one did not match, each delivery and its outcome."""
        return text.journal(self._journal)

    __str__ = text

    def __repr__(self) -> str:
        return f"<Journal of {len(self._journal.records)} records>"


class EventBridge:
    """The mock from the test's side. For annotations; ``mock_eventbridge()`` makes it."""

    def __init__(self, service: Service, account: str, region: str) -> None:
        self._service = service
        self.account = account
        self.region = region

    # look

    @property
    def events(self) -> EventLog:
        """Every entry of PutEvents so far, accepted or refused, in order."""
        return EventLog(self._service.journal.of(Entry))

    @property
    def deliveries(self) -> DeliveryLog:
        """Every hand-over to a target so far, with payload and outcome, in order."""
        made = self._service.journal.deliveries
        return DeliveryLog(delivery for delivery in made if delivery.outcome != "archived")

    @property
    def dead_letters(self) -> DeadLetterLog:
        """Every message for a dead-letter queue so far, with its attributes, in order."""
        return DeadLetterLog(self._service.journal.of(DeadLetter))

    @property
    def calls(self) -> CallLog:
        """Every API call so far, answered or refused, in order."""
        return CallLog(self._service.journal.of(Call))

    @property
    def journal(self) -> JournalView:
        """Everything that happened, for reading."""
        return JournalView(self._service.journal)

    @property
    def clock(self) -> Clock:
        """The time of this mock: ``now``, ``advance(minutes=5)``, ``advance_to(when)``, ``freeze()``."""
        return self._service.clock

    # arrange

    def connect(self, target: str, handler: Handler) -> TargetSpy:
        """Let ``handler`` stand in for a target, from now on and instead of one connected before.

        Args:
            target: its ARN, or the bare name of the function, queue, topic, stream...
            handler: a Lambda handler ``(event, context)``, or a callable of ``(event)``.

        Returns:
            a spy: ``spy.calls`` holds what the handler was called with.
        """
        if not isinstance(target, str) or not target:
            raise UsageError(f"target={target!r}: give the ARN or the name of what the handler stands in for")
        return self._service.handlers.connect(target, handler)

    def fail_target(
        self,
        target: str,
        *,
        times: int | None = None,
        error: str = "SDK_CLIENT_ERROR",
        reason: str | None = None,
        rate: float = 1.0,
    ) -> None:
        """Make attempts to reach a target fail; retries and dead letters follow as on AWS.

        Args:
            target: its ARN, the bare name of the function, queue, topic..., or the target's id; a dead-letter queue too.
            times: how many attempts fail; None for all.
            error: an error code of EventBridge, such as THROTTLING (tried again) or NO_RESOURCE (not tried again).
            reason: the ERROR_MESSAGE of the dead letter.
            rate: the share of attempts that fail, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such error code, or a number makes no sense.
        """
        self._service.faults.add(target, times=times, error=error, reason=reason, rate=rate)

    def rule(
        self,
        name: str,
        *,
        pattern: EventPattern | None = None,
        schedule: str | None = None,
        bus: str = "default",
        to: str | Handler | Iterable[str | Handler] = (),
    ) -> str:
        """Put a rule with its targets, and the bus when there is none of that name. Returns the rule's ARN.

        Args:
            pattern: the event pattern, as a dict or as JSON text.
            schedule: a schedule expression, such as ``rate(5 minutes)``.
            to: targets: an ARN, the name of a Lambda function, or a callable, which is connected under its own name;
                or several of these.

        Raises:
            ServiceError: what AWS would refuse, in its words.
        """
        trigger = {"EventPattern": _json(pattern), "ScheduleExpression": schedule}
        targets = [
            {"Id": f"target-{number}", "Arn": self._target(target)} for number, target in enumerate(_several(to), 1)
        ]
        if bus not in self._service.world.place(self.account, self.region).buses and parse_arn(bus) is None:
            self._perform("CreateEventBus", Name=bus)
        given = {key: value for key, value in trigger.items() if value is not None}
        arn: str = self._perform("PutRule", Name=name, EventBusName=bus, **given)["RuleArn"]
        if targets:
            self._perform("PutTargets", Rule=name, EventBusName=bus, Targets=targets)
        return arn

    def _target(self, target: str | Handler) -> str:
        if isinstance(target, str):
            return target if target.startswith("arn:") else function_arn(target, self.account, self.region)
        if isinstance(target, TargetSpy):
            return self._target(target.target)
        name = getattr(target, "__name__", type(target).__name__).strip("<>")
        arn = function_arn(name, self.account, self.region)
        number = 1
        while (spy := self._service.handlers.find(arn)) is not None and spy.handler is not target:
            number += 1  # another callable of the same name, such as a second lambda
            arn = function_arn(f"{name}-{number}", self.account, self.region)
        if spy is None:
            self.connect(arn, target)
        return arn

    # act

    def put(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any] | str | None = None,
        *,
        bus: str = "default",
        **envelope: Any,
    ) -> Entry:
        """Put one event, as PutEvents with one entry would. Returns the entry with its outcome.

        Args:
            detail: a dict, or JSON text as it is; none is an empty object.
            envelope: ``time`` (datetime), ``resources`` (list of ARNs), ``trace_header``.
        """
        unknown = sorted(set(envelope) - set(_ENVELOPE))
        if unknown:
            raise UsageError(f"put({unknown[0]}=...): there is no such part; choose from {', '.join(_ENVELOPE)}")
        if isinstance(envelope.get("time"), datetime) and envelope["time"].tzinfo is None:
            raise UsageError(f"put(time={envelope['time']!r}): write datetime(..., tzinfo=UTC), with a time zone")
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}, ensure_ascii=False),
            "EventBusName": bus,
            **{_ENVELOPE[name]: value for name, value in envelope.items()},
        }
        number = self._service.journal.entries + 1
        self._perform("PutEvents", Entries=[entry])
        return self._service.journal.entry(number)

    def reset(self) -> None:
        """Forget buses, rules, connected handlers and the journal; clock and options stay."""
        self._service.reset()

    # assert

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
    ) -> Delivery:
        """Assert that an event was handed over, or recorded for want of a handler. Returns the newest such delivery.

        Args:
            rule: name of the rule.
            target: id, ARN or name of the target.
            payload: the exact text, or members the parsed payload must include.
            pattern: an event pattern the delivered event must match.
            count: how many such deliveries there must be; None for at least one.

        Raises:
            AssertionError: names the nearest delivery, and why the rule did not match.
        """
        assertions.check_count(count)
        wanted = _given(rule=rule, target=target, payload=payload, pattern=pattern)
        routings = self._service.journal.of(Routing)
        return assertions.assert_delivered(self.deliveries, routings, self._rules(), wanted, count=count)

    def assert_not_delivered(
        self,
        *,
        rule: str | None = None,
        target: str | None = None,
        payload: Any = None,
        pattern: EventPattern | None = None,
    ) -> None:
        """Assert that there was no such delivery; the arguments are those of ``assert_delivered``."""
        wanted = _given(rule=rule, target=target, payload=payload, pattern=pattern)
        assertions.assert_not_delivered(self.deliveries, wanted)

    def hints_for(self, error: BaseException) -> list[str]:
        """What we know about a ``ClientError`` of this mock; AWS's own message stays as it is."""
        response = getattr(error, "response", None)
        if not isinstance(error, ClientError) or not isinstance(response, dict):
            return []
        asked = (error.operation_name, response.get("Error", {}).get("Code"))
        for call in reversed(self._service.journal.of(Call)):
            if (call.operation, call.error_code) == asked:
                return [f"eventbridge_local: {call.hint}"] if call.hint else []
        return []

    def _rules(self) -> list[Rule]:
        places = self._service.world.places
        return [rule for place in places for bus in place.buses.values() for rule in bus.rules.values()]

    def _perform(self, operation: str, **params: Any) -> dict[str, Any]:
        return perform(self._service, operation, params, self.account, self.region)

    def __repr__(self) -> str:
        return f"<EventBridge of {self.account} in {self.region}, {len(self.events)} entries>"


def _given(**wanted: Any) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if value is not None}


def _wanted(source: Any, detail_type: Any, detail: Any, pattern: Any, bus: str | None) -> dict[str, Any]:
    return _given(**{"source": source, "detail-type": detail_type, "detail": detail, "pattern": pattern, "bus": bus})


def _json(pattern: EventPattern | None) -> str | None:
    return pattern if pattern is None or isinstance(pattern, str) else json.dumps(pattern, ensure_ascii=False)


def _several(to: str | Callable[..., Any] | Iterable[Any]) -> list[Any]:
    return [to] if isinstance(to, str) or callable(to) else list(to)
