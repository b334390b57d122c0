"""The handle: what ``with mock_eventbridge() as eb:`` gives, grouped by what a test does with it.

A test arranges, makes things fail, acts, looks, asks and asserts. Each method checks its own arguments and leaves the
work to the operations, which see the same requests as those of a client, and to ``report``, which owns the sentences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import ClientError

from eventbridge_local import defaults
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.handlers import TargetSpy
from eventbridge_local.delivery.journal import Call, DeadLetter, Delivery, Entry, Journal, Record, Routing
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.delivery.route import Arrival
from eventbridge_local.errors import ServiceError, UsageError
from eventbridge_local.event_files import (
    FROM_FILE,
    ArchiveView,
    Names,
    PathLike,
    ReplayReport,
    archived_events,
    bus_called,
    replay_file,
    write_events,
)
from eventbridge_local.model.arn import function_arn, parse_arn, partition_of
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import Event, Ids
from eventbridge_local.model.records import Rule, secret_document
from eventbridge_local.model.store import Scope
from eventbridge_local.operations.endpoints import fail_over
from eventbridge_local.operations.service import Service
from eventbridge_local.report import assertions, journal_text
from eventbridge_local.report.coverage import Coverage, coverage_of
from eventbridge_local.report.explain import AnyEvent, EventExplanation, EventReader, Explainer, RoutingTable
from eventbridge_local.report.hints import Seen
from eventbridge_local.report.logs import CallLog, DeadLetterLog, DeliveryLog, EventLog
from eventbridge_local.typing import EventPattern, Handler

if TYPE_CHECKING:
    from eventbridge_local.iac import LoadReport, TemplateSource

T = TypeVar("T")

#: What ``put`` calls the optional members of an entry, and what the API calls them.
_ENVELOPE = {"time": "Time", "resources": "Resources", "trace_header": "TraceHeader"}


class EventBridge:
    """The mock from the test's side. For annotations; ``mock_eventbridge()`` makes it.

    Args:
        service: carries out what the methods ask for.
        account: twelve digits; where ``rule``, ``put`` and the like act.
        region: the Region in which they do.
    """

    def __init__(self, service: Service, account: str, region: str) -> None:
        self.service = service
        self.account = account
        self.region = region

    def __repr__(self) -> str:
        return f"<EventBridge of {self.account} in {self.region}, {len(self.events)} entries>"

    # Arrange: handlers, templates, rules, archives.

    def connect(self, target: str, handler: Handler) -> TargetSpy:
        """Let ``handler`` stand in for a target, from now on and instead of one connected before.

        Args:
            target: its ARN, or the bare name of the function, queue, topic, stream...
            handler: a Lambda handler ``(event, context)``, or a callable of ``(event)``.

        Returns:
            a spy: ``spy.calls`` holds what the handler was called with.

        Raises:
            UsageError: the handler takes other arguments, or is a coroutine function; or there is no name.
        """
        if not isinstance(target, str) or not target:
            raise UsageError(f"target={target!r}: give the ARN or the name of the target that the handler replaces")
        return self.service.handlers.connect(self._arn(target), handler)

    def load(
        self,
        source: str | PathLike,
        *,
        parameters: Mapping[str, Any] | None = None,
        stack: str | None = None,
        resources: Mapping[str, str] | None = None,
        strict: bool = False,
        connect_handlers: bool = False,
    ) -> LoadReport:
        """Put the buses, rules, targets, archives, connections and destinations of a template on this EventBridge.

        Logical ids of the template serve as names from then on: ``eb.connect("InvoiceFunction", handler)``.

        Args:
            source: a CloudFormation or SAM template, a ``cdk.out`` folder, ``terraform show -json`` output, or a
                ``serverless.yml``.
            parameters: values of the template's parameters or variables.
            stack: the name of the stack; made from the file's name when it is not given.
            resources: what the source refers to and does not contain, such as imported values, by name.
            strict: refuse a source in which a value is not known, instead of leaving that part out.
            connect_handlers: import the Python handlers of the template's functions and connect them.

        Returns:
            the rules with their targets, and whatever was left out and how to give it.

        Raises:
            UsageError: the file is broken; the text names line and column.
            PlanRefused: AWS would refuse the template at deployment.
            UnresolvedReference: with ``strict``, a value is not known.
        """
        from eventbridge_local import iac  # with its parsers, which most tests do not need

        report = self.load_source(iac.TemplateSource(source, parameters, stack, resources), strict=strict)
        if connect_handlers:
            iac.connect_handlers(report, self.connect)
        return report

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
            name: the name of the rule.
            pattern: the event pattern, as a dict or as JSON text.
            schedule: a schedule expression, such as ``rate(5 minutes)``.
            bus: name or ARN of the bus.
            to: targets: an ARN, the name of a Lambda function, or a callable, which is connected under its own name;
                or several of these. A target that needs a role gets one.

        Raises:
            ServiceError: what AWS would refuse, in its words.
        """
        trigger = {"EventPattern": _json(pattern), "ScheduleExpression": schedule}
        targets = [{"Id": f"target-{number}", **self._put(target)} for number, target in enumerate(_several(to), 1)]
        if bus not in self._scope.buses and parse_arn(bus) is None:
            self._perform("CreateEventBus", Name=bus)
        given = {key: value for key, value in trigger.items() if value is not None}
        arn: str = self._perform("PutRule", Name=name, EventBusName=bus, **given)["RuleArn"]
        if targets:
            self._perform("PutTargets", Rule=name, EventBusName=bus, Targets=targets)
        return arn

    def archive(
        self, name: str, *, pattern: EventPattern | None = None, bus: str = "default", days: int = 0
    ) -> ArchiveView:
        """The archive of that name, which is made when there is none.

        Args:
            name: the name of the archive.
            pattern: for a new one: the event pattern of what it keeps, as a dict or as JSON text; None for everything.
            bus: for a new one: name or ARN of the bus.
            days: for a new one: for how many days it keeps an event; 0 is for ever.

        Raises:
            ServiceError: what AWS would refuse, in its words.
        """
        scope = self._scope
        if name not in scope.archives:
            source = bus if parse_arn(bus) is not None else scope.arn(f"event-bus/{bus}")
            given = {} if pattern is None else {"EventPattern": _json(pattern)}
            self._perform("CreateArchive", ArchiveName=name, EventSourceArn=source, RetentionDays=days, **given)
        return ArchiveView(scope.archives[name])

    def secret(self, connection: str) -> dict[str, Any]:
        """What the secret of a connection holds, as Secrets Manager would give it, parsed.

        Args:
            connection: the name of the connection.

        Raises:
            UsageError: there is no connection of that name in this account and Region.
        """
        found = self._scope.connections.get(connection)
        if found is None:
            raise UsageError(f"secret({connection!r}): there is no such connection in {self.account}/{self.region}")
        return secret_document(found)

    def fail_over(self, endpoint: str, to: Literal["primary", "secondary"] = "secondary") -> None:
        """Let a global endpoint send its events to the secondary Region from now on, or back to the primary one.

        Args:
            endpoint: its name, EndpointId or ARN.
            to: ``secondary`` or ``primary``.

        Raises:
            UsageError: there is no such endpoint in the mock's account, or several of that name; or ``to`` is another.
        """
        if to not in ("primary", "secondary"):
            raise UsageError(f"fail_over(to={to!r}): write 'primary' or 'secondary'")
        fail_over(self.service.store, self.account, endpoint, to)

    # Make things fail: targets, entries, calls.

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
            target: its ARN, the bare name of the function, queue, topic..., or the target's id; dead-letter queues too.
            times: how many attempts fail; None for all.
            error: an error code of EventBridge, such as THROTTLING (tried again) or NO_RESOURCE (not tried again).
            reason: the ERROR_MESSAGE of the dead letter.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such error code, or a number makes no sense.

        The codes are those of the User Guide's page on dead-letter queues.
        """
        self.service.faults.add(self._arn(target), times=times, error=error, reason=reason, rate=rate)

    def fail_put(
        self,
        *,
        entries: Iterable[int] | None = None,
        code: str = "ThrottlingException",
        message: str | None = None,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make PutEvents refuse entries, as AWS does under load: HTTP 200, an ErrorCode for each, no delivery.

        Args:
            entries: their positions in the request, from 0; None for all. A request without such a position passes.
            code: the ErrorCode: InternalFailure and ThrottlingException are worth resending, the others are not.
            message: the ErrorMessage; None for that of the API reference.
            times: in how many requests entries are refused; None for all.
            rate: the share of those entries that are refused, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: PutEvents has no such code for entries, or a number makes no sense.

        The codes are those of the API reference for PutEventsResultEntry.
        """
        self.service.entry_faults.add(entries, code=code, message=message, times=times, rate=rate)

    def fail_call(
        self,
        operation: str,
        *,
        code: str | None = None,
        message: str | None = None,
        status: int | None = None,
        error: str | None = None,
        latency: float = 0,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make attempts of a client's call fail, so that botocore's own retries have something to do.

        botocore makes the next attempt as the client's retry mode has it, without waiting. An attempt that fails
        changes nothing, and stands in ``eb.calls``. ``eb.put`` and the like are no calls of a client and do not fail.

        Args:
            operation: as the API spells it, such as ``PutEvents``.
            code: the error code; None for ThrottlingException, or InternalFailure with a status from 500.
            message: the error's message.
            status: the HTTP status; None for the one that goes with the code.
            error: instead of an answer ``connect_timeout``, ``read_timeout``, ``connection_closed`` or
                ``connection_refused``.
            latency: seconds that the attempt takes. Nobody sleeps: a clock that the test has taken over moves on, and
                an attempt longer than the client's ``read_timeout`` ends as one. Alone it makes attempts slow.
            times: how many attempts fail; None for all. botocore gives up after 5, or 3 in the newer modes.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such operation, code or error, they exclude each other, or a number makes no sense.
        """
        self.service.call_faults.add(
            operation,
            code=code,
            message=message,
            status=status,
            error=error,
            latency=latency,
            times=times,
            rate=rate,
        )

    def fail_nothing(self) -> None:
        """Forget what ``fail_target``, ``fail_put`` and ``fail_call`` arranged and what has not struck yet."""
        self.service.fail_nothing()

    # Act: events in and out.

    def put(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any] | str | None = None,
        *,
        bus: str = "default",
        **envelope: Any,
    ) -> Entry:
        """Put one event, as PutEvents with one entry would.

        Args:
            source: such as ``shop.orders``.
            detail_type: such as ``OrderPlaced``.
            detail: a dict, or JSON text as it is; none is an empty object.
            bus: name or ARN of the bus.
            **envelope: ``time`` (aware datetime), ``resources`` (list of ARNs), ``trace_header``.

        Returns:
            the entry: ``entry.event`` where it was accepted, ``entry.error_code`` where it was refused.

        Raises:
            ContractViolation: the event does not keep its contract. Nothing has been put then.
            ServiceError: AWS would refuse the whole request, in its words.
            UsageError: a part of the envelope that does not exist or makes no sense.
        """
        if "time" in envelope and not isinstance(envelope["time"], datetime):
            raise UsageError(f"put(time={envelope['time']!r}): give a datetime with a time zone")
        unknown = sorted(set(envelope) - set(_ENVELOPE))
        if unknown:
            raise UsageError(f"put({unknown[0]}=...): there is no such keyword; choose from {', '.join(_ENVELOPE)}")
        if isinstance(envelope.get("time"), datetime) and envelope["time"].tzinfo is None:
            raise UsageError(f"put(time={envelope['time']!r}): write datetime(..., tzinfo=UTC), with a time zone")
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail if isinstance(detail, str) else json.dumps(detail or {}, ensure_ascii=False),
            "EventBusName": bus,
            **{_ENVELOPE[name]: value for name, value in envelope.items()},
        }
        answer: Any = self._perform("PutEvents", Entries=[entry])
        put: Entry = answer.records[0]
        return put

    def archive_to(self, path: PathLike, archive: str | None = None, *, bus: str | None = None) -> int:
        """Write events to a file, one envelope a line, gzip when the name ends in ``.gz``. Returns how many.

        Args:
            path: the file; one that is there is replaced.
            archive: name or ARN of the archive whose events to write; None for all events of PutEvents so far.
            bus: without an archive, only what was put on the bus of that name.

        Raises:
            UsageError: there is no such archive, or both are given.
        """
        if archive is None:
            entries = self.service.journal.of(Entry)
            return write_events((each.event for each in entries if each.event and bus in (None, each.bus)), path)
        if bus is not None:
            raise UsageError(
                f"archive_to(archive={archive!r}, bus={bus!r}): an archive has one bus; give one of the two"
            )
        return write_events(archived_events(self._scope, archive), path)

    def replay_from(
        self,
        path: PathLike,
        *,
        bus: str = "default",
        rules: Names | None = None,
        replay_name: str | None = FROM_FILE,
    ) -> ReplayReport:
        """Put the events of a file on a bus, as a replay does: in the order of the file, with new ids.

        The file holds one envelope a line, as AWS delivers events; it is gzip when the name ends in ``.gz``. Time,
        account, region, source, resources and detail stay as they were captured. A line that is not an event is
        reported and left out. The journal keeps every event, of a file of millions too, unless ``keep_records`` says
        otherwise.

        Args:
            path: the file.
            bus: name or ARN of the bus.
            rules: names or ARNs of the rules that receive the events; None for all.
            replay_name: the ``replay-name`` of the events. Archives keep no replayed events; None puts them as they
                were captured, so that an archive can be filled from a file.

        Returns:
            how many there were, how many each rule matched, and the lines that are not events.

        Raises:
            UsageError: there is no such bus or rule.
            OSError: the file cannot be read.
        """
        scope, service = self._scope, self.service
        found = bus_called(scope, bus)

        def put(event: Event, only: frozenset[str] | None) -> None:
            service.engine.accept([Arrival(scope, found.name, event, only)])

        return replay_file(path, found, rules, replay_name, new_id=service.ids.uuid, put=put)

    # Look: logs, the journal, the clock.

    @property
    def events(self) -> EventLog:
        """Every entry of PutEvents so far, accepted or refused, in order."""
        return EventLog(self.service.journal.of(Entry))

    @property
    def deliveries(self) -> DeliveryLog:
        """Every hand-over to a target so far, with payload and outcome, in order."""
        made = self.service.journal.deliveries
        return DeliveryLog(delivery for delivery in made if delivery.outcome != "archived")

    @property
    def dead_letters(self) -> DeadLetterLog:
        """Every message for a dead-letter queue so far, with its attributes, in order."""
        return DeadLetterLog(self.service.journal.of(DeadLetter))

    @property
    def calls(self) -> CallLog:
        """Every API call so far, answered or refused, in order."""
        return CallLog(self.service.journal.of(Call))

    @property
    def journal(self) -> JournalView:
        """Everything that happened, for reading."""
        return JournalView(self.service.journal)

    @property
    def clock(self) -> Clock:
        """The time of this mock: ``now``, ``advance(minutes=5)``, ``advance_to(when)``, ``freeze()``."""
        return self.service.clock

    # Ask: why an event went where it went, and what no test exercises.

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
        return coverage_of(self.service.journal.of(Routing), self._rules())

    # Assert: a failure names the nearest thing that almost fitted. pytest shows the line of the test, not ours.

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
        __tracebackhide__ = True
        assertions.check_count(count)
        if exact and detail is None:
            raise UsageError("assert_put(exact=True) compares the detail; give detail={...} too")
        expected = _expected_entry(source, detail_type, detail, pattern, bus)
        return assertions.assert_put(self.events, expected, count=count, exact=exact)

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
        __tracebackhide__ = True
        expected = _expected_entry(source, detail_type, detail, pattern, bus)
        assertions.assert_not_put(self.events, expected, exact=exact)

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
        __tracebackhide__ = True
        assertions.check_count(count)
        if exact and payload is None:
            raise UsageError("assert_delivered(exact=True) compares the payload; give payload={...} too")
        expected = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        return assertions.assert_delivered(self.deliveries, self.seen(), expected, count=count, exact=exact)

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
        __tracebackhide__ = True
        expected = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        assertions.assert_not_delivered(self.deliveries, expected)

    # Start again.

    def reset(self) -> None:
        """Forget buses, rules, connected handlers, arranged failures and the journal; clock and options stay."""
        defaults.notify("reset", self)
        self.service.reset()

    # What other parts of the library ask a handle.

    def load_source(self, source: TemplateSource, *, strict: bool = False, assume_buses: bool = False) -> LoadReport:
        """Put what a template declares on this EventBridge; see ``load`` and ``iac.load`` for arguments and errors."""
        from eventbridge_local import iac

        plan = source.plan(self.account, self.region)

        def carry_out(name: str, params: dict[str, Any]) -> dict[str, Any]:
            return self._perform(name, **params)

        return iac.load(self.service, carry_out, plan, strict=strict, assume_buses=assume_buses)

    def hints_for(self, error: BaseException) -> list[str]:
        """What we know about a ``ClientError`` of this mock; AWS's own message stays as it is."""
        response = getattr(error, "response", None)
        if not isinstance(error, ClientError) or not isinstance(response, dict):
            return []
        asked = (error.operation_name, response.get("Error", {}).get("Code"))
        for call in reversed(self.service.journal.of(Call)):
            if (call.operation, call.error_code) == asked:
                hint = journal_text.hint_of(call)
                return [f"eventbridge_local: {hint}"] if hint else []
        return []

    def seen(self) -> Seen:
        """What the failures of this mock may tell of."""
        journal = self.service.journal
        return Seen(journal.of(Entry), journal.of(Routing), self._rules(), self.service.handlers.names)

    # What the methods above share.

    @property
    def _scope(self) -> Scope:
        return self.service.store.scope(self.account, self.region)

    def _arn(self, target: T) -> T | str:
        """Return the ARN of what a loaded template calls by a name of its own; anything else as it is."""
        return self.service.names.get(target, target) if isinstance(target, str) else target

    def _rule_name(self, rule: T) -> T | str:
        """Return the name of a rule that a loaded template calls by a logical id; anything else as it is."""
        return self.service.rule_names.get(rule, rule) if isinstance(rule, str) else rule

    def _rules(self) -> list[Rule]:
        scopes = self.service.store.scopes
        return [rule for scope in scopes for bus in scope.buses.values() for rule in bus.rules.values()]

    def _perform(self, operation: str, **params: Any) -> dict[str, Any]:
        """Carry out an operation here; a refusal has our hint as a note."""
        try:
            return perform(self.service, operation, params, self.account, self.region)
        except ServiceError as refused:
            hint = refused.hint or journal_text.hint_of(self.service.journal.of(Call)[-1])
            if hint:
                refused.add_note(f"eventbridge_local: {hint}")
            raise

    def _put(self, target: str | Handler) -> dict[str, str]:
        arn = self._target(target)
        kind = kind_of(arn)
        if kind is None or kind.role != "required":
            return {"Arn": arn}
        return {"Arn": arn, "RoleArn": f"arn:{partition_of(self.region)}:iam::{self.account}:role/events"}

    def _target(self, target: str | Handler) -> str:
        if isinstance(target, str):
            return target if target.startswith("arn:") else function_arn(target, self.account, self.region)
        if isinstance(target, TargetSpy):
            return self._target(target.target)
        name = getattr(target, "__name__", type(target).__name__).strip("<>")
        arn = function_arn(name, self.account, self.region)
        number = 1
        while (spy := self.service.handlers.find(arn)) is not None and spy.handler is not target:
            number += 1  # another callable of the same name, such as a second lambda
            arn = function_arn(f"{name}-{number}", self.account, self.region)
        if spy is None:
            self.connect(arn, target)
        return arn

    def _asking(self) -> Explainer:
        service = self.service
        home = service.store.scope(self.account, self.region)
        reader = EventReader(service.journal, self._tried_out, self.account, self.region, service.clock.now)
        return Explainer(service.store, service.journal, home, reader, service.faults, service.handlers)

    def _tried_out(self, entry: Mapping[str, Any]) -> Entry:
        """What PutEvents would make of an entry, asked of an empty service with the same limits and time."""
        service = self.service
        apart = Service(Clock(service.clock.now), Ids(0), service.limits)
        perform(apart, "PutEvents", {"Entries": [dict(entry)]}, self.account, self.region)
        return apart.journal.entry(1)


def _json(pattern: EventPattern | None) -> str | None:
    return pattern if pattern is None or isinstance(pattern, str) else json.dumps(pattern, ensure_ascii=False)


def _several(to: str | Callable[..., Any] | Iterable[Any]) -> list[Any]:
    return [to] if isinstance(to, str) or callable(to) else list(to)


def _given(**expected: Any) -> dict[str, Any]:
    return {name: value for name, value in expected.items() if value is not None}


def _expected_entry(source: Any, detail_type: Any, detail: Any, pattern: Any, bus: Any) -> dict[str, Any]:
    return _given(**{"source": source, "detail-type": detail_type, "detail": detail, "pattern": pattern, "bus": bus})


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
        return journal_text.journal(self.records)

    __str__ = text

    def end(self, after: Record | None = None) -> str:
        """The end of the story, newest last, as it stands under a failing test; of all, or of what came after a record.

        Without anything after that record it is empty.
        """
        records = journal_text.since(self.records, after)
        return journal_text.short(records) if records or after is None else ""

    def __repr__(self) -> str:
        return f"<Journal of {len(self._journal.records)} records>"
