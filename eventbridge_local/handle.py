"""The handle: what ``with mock_eventbridge() as eb:`` gives, grouped by what a test does with it.

A test arranges, makes things fail, acts, looks, asks and asserts. Each method checks its own arguments and leaves the
work to the operations, which see the same requests as those of a client, and to ``report``, which owns the sentences.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypedDict, TypeVar, Unpack

from botocore.exceptions import ClientError
from botocore.utils import parse_to_aware_datetime

from eventbridge_local import defaults, report
from eventbridge_local.botocore_hooks.codec import perform
from eventbridge_local.delivery.handlers import TargetSpy, returns_nothing
from eventbridge_local.delivery.journal import Journal
from eventbridge_local.delivery.journal_records import Attempt, Call, DeadLetter, Delivery, Entry, Record, Routing
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.delivery.route import Arrival, plan
from eventbridge_local.errors import ServiceError, UsageError, add_note
from eventbridge_local.json_text import with_whole_pairs
from eventbridge_local.model.arn import function_arn, parse_arn, partition_of
from eventbridge_local.model.clock import Clock
from eventbridge_local.model.event import FROM_FILE, Event, Ids
from eventbridge_local.model.records import Rule
from eventbridge_local.model.store import Scope
from eventbridge_local.operations.service import Service
from eventbridge_local.typing import (
    CallCode,
    ConnectionFailure,
    EntryCode,
    EventPattern,
    Handler,
    Operation,
    TargetError,
)

if TYPE_CHECKING:
    from eventbridge_local.event_files import ArchiveView, Names, PathLike, ReplayReport
    from eventbridge_local.iac import LoadReport, TemplateSource
    from eventbridge_local.report.coverage import Coverage
    from eventbridge_local.report.explain import AnyEvent, EventExplanation, Explainer, RoutingTable
    from eventbridge_local.report.hints import Seen
    from eventbridge_local.report.logs import CallLog, DeadLetterLog, DeliveryLog, EventLog

T = TypeVar("T")


class PutEnvelope(TypedDict, total=False):
    """The keywords of ``put`` for the optional members of an entry.

    Keys:
        time: an aware datetime; now by default.
        resources: ARNs; none by default.
        trace_header: the X-Ray header.
    """

    time: datetime
    resources: Sequence[str]
    trace_header: str


#: What ``put`` calls the optional members of an entry, and what the API calls them.
_ENVELOPE = {"time": "Time", "resources": "Resources", "trace_header": "TraceHeader"}


class EventBridge:
    """One mock as a test uses it. ``mock_eventbridge()`` makes it; use the class in annotations.

    Args:
        service: the service of the mock, which carries out the calls.
        account: the account in which ``rule``, ``put`` and the other methods act; twelve digits.
        region: the Region in which they act.
    """

    def __init__(self, service: Service | None = None, account: str = "", region: str = "") -> None:
        if not isinstance(service, Service):
            raise UsageError(
                "EventBridge(...) is made by a mock: write `with mock_eventbridge() as eb:`, or use the pytest fixture "
                "eventbridge; current_eventbridge() returns that of the mock which is active"
            )
        self.service = service
        self.account = account
        self.region = region
        #: Whether the mock has ended; then what happened can be looked at, and nothing can happen any more.
        self.ended = False

    def __repr__(self) -> str:
        return f"<EventBridge of {self.account} in {self.region}, {', '.join(self._counts())}>"

    if not TYPE_CHECKING:  # for type checkers a misspelt member must stay an error

        def __getattr__(self, name: str) -> Any:
            """Raise AttributeError for a member that there is not, with the one that was probably meant."""
            from eventbridge_local.advice import did_you_mean

            known = [each for each in dir(type(self)) if not each.startswith("_")]
            meant = "" if name.startswith("_") else did_you_mean(name, known)
            raise AttributeError(f"EventBridge has no member {name!r}{meant}")

    def _counts(self) -> Iterator[str]:
        """Yield how many rules there are, and how much has happened."""
        counts = (len(self._rules()), len(self.events), len(self.deliveries), len(self.dead_letters))
        nouns = (("rule", "rules"), ("entry", "entries"), ("delivery", "deliveries"), ("dead letter", "dead letters"))
        yield from (_counted(count, *names) for count, names in zip(counts, nouns, strict=True))

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_table  # few tests run in a notebook

        rows = [
            (rule.bus, rule.name, rule.pattern.text if rule.pattern else rule.schedule_text, rule.state)
            for rule in sorted(self._rules())
        ]
        return as_table(repr(self).strip("<>"), ("bus", "rule", "pattern or schedule", "state"), rows)

    # Arrange: handlers, templates, rules, archives.

    def connect(self, target: str, handler: Handler = returns_nothing) -> TargetSpy:
        """Call ``handler`` for each delivery to a target from now on. It replaces a handler connected before.

        Args:
            target: the ARN of the target, or the name of the function, queue, topic, stream...
            handler: a Lambda handler ``(event, context)``, or a callable of ``(event)``. The default does nothing,
                for tests that are about its calls alone.

        Returns:
            a spy: ``spy.calls`` holds the arguments of each call of the handler.

        Raises:
            UsageError: the handler takes other arguments or is a coroutine function; or the target is not a name.
        """
        if not isinstance(target, str) or not target:
            raise UsageError(f"target={target!r}: give the ARN or the name of the target that the handler replaces")
        self._check_active("connect")
        if target in self.service.rule_names:
            raise UsageError(
                f"connect({target!r}): {target} is a rule of the template, and a handler stands for a target: give the "
                "logical id, the name or the ARN of what the rule sends its events to"
            )
        spy = self.service.handlers.connect(self._arn(target), handler)
        spy.why_silent = self._why_silent
        return spy

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

        After that, logical ids of the template work as names: ``eb.connect("InvoiceFunction", handler)``.

        Args:
            source: a CloudFormation or SAM template, a ``cdk.out`` folder, ``terraform show -json`` output, or a
                ``serverless.yml``.
            parameters: values of the template's parameters or variables.
            stack: the name of the stack; by default made from the name of the file.
            resources: values that the source refers to and does not contain, such as imported values, by name.
            strict: refuse a source in which a value is not known. By default, that part is left out.
            connect_handlers: import the Python handlers of the template's functions and connect them.

        Returns:
            the rules with their targets; and what was left out, with the option that adds it.

        Raises:
            UsageError: the file cannot be read; the message names line and column.
            PlanRefused: AWS would refuse the template at deployment.
            UnresolvedReference: with ``strict``, a value is not known.
        """
        from eventbridge_local import iac  # with its parsers, which most tests do not need

        loaded = self.load_source(iac.TemplateSource(source, parameters, stack, resources), strict=strict)
        if connect_handlers:
            iac.connect_handlers(loaded, self._connect_of_template)
        return loaded

    def rule(
        self,
        name: str,
        *,
        pattern: EventPattern | None = None,
        schedule: str | None = None,
        bus: str = "default",
        to: str | Handler | Iterable[str | Handler] = (),
    ) -> str:
        """Put a rule with its targets, and create the bus if it does not exist. Return the ARN of the rule.

        Args:
            name: the name of the rule.
            pattern: the event pattern, as a dict or as JSON text.
            schedule: a schedule expression, such as ``rate(5 minutes)``.
            bus: name or ARN of the bus.
            to: one target or several: an ARN, the name of a Lambda function, or a callable, which is connected under
                its own name. A target that needs a role gets one.

        Raises:
            ServiceError: AWS would refuse the call; the message is AWS's.
        """
        _check_texts("rule", bus=bus)
        trigger = {"EventPattern": _json(pattern), "ScheduleExpression": schedule}
        targets = [
            {"Id": f"target-{number}", **self._target_members(target)} for number, target in enumerate(_several(to), 1)
        ]
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
        """Return the archive of that name. Create it if it does not exist.

        Args:
            name: the name of the archive.
            pattern: for a new archive: the event pattern of what it keeps, as a dict or as JSON text; None keeps all.
            bus: for a new archive: name or ARN of the bus.
            days: for a new archive: for how many days it keeps an event; 0 keeps it for ever.

        Raises:
            ServiceError: AWS would refuse the call; the message is AWS's.
        """
        _check_texts("archive", name=name, bus=bus)
        scope = self._scope
        if name not in scope.archives:
            source = bus if parse_arn(bus) is not None else scope.arn(f"event-bus/{bus}")
            given = {} if pattern is None else {"EventPattern": _json(pattern)}
            self._perform("CreateArchive", ArchiveName=name, EventSourceArn=source, RetentionDays=days, **given)
        # Late, because few tests use archives or files of events.
        from eventbridge_local.event_files import ArchiveView

        return ArchiveView(scope.archives[name])

    def secret(self, connection: str) -> dict[str, Any]:
        """Return the content of the secret of a connection: the JSON that Secrets Manager would return, parsed.

        Args:
            connection: the name of the connection.

        Raises:
            UsageError: there is no connection of that name in this account and Region.
        """
        _check_texts("secret", connection=connection)
        found = self._scope.connections.get(connection)
        if found is None:
            raise UsageError(
                f"secret({connection!r}): there is no such connection in {self.region} of account {self.account}"
            )
        # Late, because few tests have connections.
        from eventbridge_local.model.rare_records import secret_document

        return secret_document(found)

    def fail_over(self, endpoint: str, to: Literal["primary", "secondary"] = "secondary") -> None:
        """Let a global endpoint send its events to its secondary Region from now on, or back to its primary Region.

        Args:
            endpoint: its name, EndpointId or ARN.
            to: ``secondary`` or ``primary``.

        Raises:
            UsageError: the account has no such endpoint, or several of that name; or ``to`` has another value.
        """
        if to not in ("primary", "secondary"):
            raise UsageError(f"fail_over(to={to!r}): write 'primary' or 'secondary'")
        # Late, because few tests have a global endpoint.
        from eventbridge_local.operations.endpoints import fail_over

        fail_over(self.service.store, self.account, endpoint, to)

    # Make things fail: targets, entries, calls.

    def fail_target(
        self,
        target: str,
        *,
        times: int | None = None,
        error: TargetError = "SDK_CLIENT_ERROR",
        reason: str | None = None,
        rate: float = 1.0,
    ) -> None:
        """Make attempts to reach a target fail. Retries and dead letters follow as on AWS.

        Args:
            target: the ARN of the target, the name of the function, queue, topic..., or the id of the target. A
                dead-letter queue can be made to fail too.
            times: how many attempts fail; None for all.
            error: an error code of EventBridge, such as THROTTLING (is retried) or NO_RESOURCE (is not retried).
            reason: the ERROR_MESSAGE of the dead letter.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such error code, or a number is out of range.

        The codes are those of the User Guide's page on dead-letter queues.
        """
        _check_texts("fail_target", error=error)
        self._check_active("fail_target")
        self.service.faults.add(self._arn(target), times=times, error=error, reason=reason, rate=rate)

    def fail_put(
        self,
        *,
        entries: Iterable[int] | None = None,
        code: EntryCode | str = "ThrottlingException",
        message: str | None = None,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make PutEvents refuse entries, as AWS does under load: HTTP 200, an ErrorCode for each, no delivery.

        Args:
            entries: their positions in the request, from 0; None for all. A shorter request is not affected.
            code: the ErrorCode. Code should resend an entry for InternalFailure and ThrottlingException only.
            message: the ErrorMessage; None takes that of the API reference.
            times: in how many requests entries are refused; None for all.
            rate: the share of those entries that are refused, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: PutEvents has no such code for entries, or a number is out of range.

        The codes are those of the API reference for PutEventsResultEntry.
        """
        _check_texts("fail_put", code=code)
        self._check_active("fail_put")
        self.service.entry_faults.add(entries, code=code, message=message, times=times, rate=rate)

    def fail_call(
        self,
        operation: Operation,
        *,
        code: CallCode | str | None = None,
        message: str | None = None,
        status: int | None = None,
        error: ConnectionFailure | None = None,
        latency: float = 0,
        times: int | None = 1,
        rate: float = 1.0,
    ) -> None:
        """Make attempts of a client's calls fail, to test what botocore's retries and your code make of it.

        botocore makes the next attempt as the retry mode of the client says, without waiting. A failed attempt changes
        nothing, and is in ``eb.calls``. ``eb.put`` and other methods of the handle do not fail: no client makes them.

        Args:
            operation: as the API spells it, such as ``PutEvents``.
            code: the error code; None for ThrottlingException, or InternalFailure with a status from 500.
            message: the message of the error.
            status: the HTTP status; None takes the one that belongs to the code.
            error: an error of the connection instead of an answer: ``connect_timeout``, ``read_timeout``,
                ``connection_closed`` or ``connection_refused``.
            latency: seconds that the attempt takes. Nothing sleeps: if the test moves the clock, the clock moves on. An
                attempt longer than the client's ``read_timeout`` ends with that error. Given alone, it only makes
                attempts slow.
            times: how many attempts fail; None for all. botocore makes at most 5 attempts, or 3 in the newer modes.
            rate: the share of attempts that fail, from 0 to 1, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such operation, code or error; two arguments exclude each other; or a number is out
                of range.
        """
        _check_texts("fail_call", operation=operation)
        self._check_active("fail_call")
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
        """Cancel what ``fail_target``, ``fail_put`` and ``fail_call`` have arranged and what has not happened yet."""
        self.service.fail_nothing()

    # Act: events in and out.

    def put(
        self,
        source: str,
        detail_type: str,
        detail: Mapping[str, Any] | str | None = None,
        *,
        bus: str = "default",
        **envelope: Unpack[PutEnvelope],
    ) -> Entry:
        """Put one event, as PutEvents with one entry would.

        Args:
            source: such as ``shop.orders``.
            detail_type: such as ``OrderPlaced``.
            detail: a dict, or JSON text, which is put as it is; None is an empty object.
            bus: name or ARN of the bus.
            **envelope: ``time`` (aware datetime), ``resources`` (list of ARNs), ``trace_header``.

        Returns:
            the entry: ``entry.event`` if it was accepted, ``entry.error_code`` if it was refused.

        Raises:
            ContractViolation: the event breaks its contract. Nothing has been put then.
            ServiceError: AWS would refuse the whole request; the message is AWS's.
            UsageError: ``envelope`` has an unknown keyword, or ``time`` has no time zone.
        """
        _check_envelope(envelope)
        if not isinstance(bus, str):
            raise UsageError(f"put(bus={bus!r}): give the name or the ARN of an event bus")
        text = detail if isinstance(detail, str) else _json_of(detail or {}, "put(detail=...)")
        entry = {
            "Source": _as_sent(source),
            "DetailType": _as_sent(detail_type),
            "Detail": _as_sent(text),
            "EventBusName": bus,
            **{_ENVELOPE[name]: value for name, value in envelope.items()},
        }
        answer: Any = self._perform("PutEvents", Entries=[entry])
        return self.service.journal.put_entry(answer.kept[0])

    def archive_to(self, path: PathLike, archive: str | None = None, *, bus: str | None = None) -> int:
        """Write events to a file, one envelope in each line. Return how many.

        The file is replaced when everything is written.

        Args:
            path: the file, which is replaced if it exists. It is written as gzip if its name ends in ``.gz``.
            archive: name or ARN of the archive whose events are written; None for all events of PutEvents so far.
            bus: without an archive: write only events that were put on the bus of that name.

        Raises:
            UsageError: there is no such archive, both are given, the journal has dropped events, or the file cannot be
                written.
        """
        # Late, because few tests use archives or files of events.
        from eventbridge_local.event_files import archived_events, write_events

        if archive is None:
            entries = self.service.journal.entries
            if lost := self.events.lost:
                raise UsageError(f"archive_to({str(path)!r}): {lost}")
            return write_events((each.event for each in entries if each.event and bus in (None, each.bus)), path)
        if bus is not None:
            raise UsageError(
                f"archive_to(archive={archive!r}, bus={bus!r}): an archive has one bus; give one of the two"
            )
        _check_texts("archive_to", archive=archive)
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
        reported and left out. Of a file of millions the journal keeps the newest events; see ``keep_records``.

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
            UnusableFile: the file cannot be read. It is an OSError too.
        """
        # Late, because few tests use archives or files of events.
        from eventbridge_local.event_files import bus_called, replay_file

        _check_texts("replay_from", bus=bus)
        self._check_active("replay_from")
        scope, service = self._scope, self.service
        found = bus_called(scope, bus)
        name = found.name

        def put_all(
            events: Iterable[Event], only: frozenset[str] | None, count: Callable[[Iterable[Rule]], None]
        ) -> None:
            service.engine.accept_in_turn(arrivals(events, only, count))

        def arrivals(
            events: Iterable[Event], only: frozenset[str] | None, count: Callable[[Iterable[Rule]], None]
        ) -> Iterator[Arrival]:
            for event in events:
                arrival = Arrival(scope, name, event, only)
                yield arrival
                # While a handler runs, the event waits in the queue; then what would become of it now is counted.
                count(arrival.matched if arrival.rules is not None else plan(arrival).matched)

        return replay_file(path, found, rules, replay_name, new_id=service.ids.uuid, put_all=put_all)

    # Look: logs, the journal, the clock.

    @property
    def events(self) -> EventLog:
        """Every entry of PutEvents so far, accepted or refused, in order. A live view, as the three that follow."""
        return report.logs.EventLog(self.service.journal.entries)

    @property
    def deliveries(self) -> DeliveryLog:
        """Every delivery to a target so far, with payload and outcome, in order."""
        return report.logs.DeliveryLog(self.service.journal.kept_deliveries)

    @property
    def dead_letters(self) -> DeadLetterLog:
        """Every message for a dead-letter queue so far, with its attributes, in order."""
        return report.logs.DeadLetterLog(self.service.journal.dead_letters)

    @property
    def calls(self) -> CallLog:
        """Every API call so far, answered or refused, in order."""
        return report.logs.CallLog(self.service.journal.calls)

    @property
    def journal(self) -> JournalView:
        """Everything that happened, in order; ``print`` shows it."""
        return JournalView(self.service.journal, (self.account, self.region))

    @property
    def clock(self) -> Clock:
        """The time of this mock: ``now``, ``advance(minutes=5)``, ``advance_to(when)``, ``freeze()``."""
        return self.service.clock

    # Ask: why an event went where it went, and what no test exercises.

    def explain(self, event: AnyEvent, *, rule: str | None = None) -> EventExplanation:
        """Explain where an event went: its bus, each rule there and why it did not match, each target and its payload.

        Args:
            event: an entry of ``eb.events``, an event, an event id, an envelope such as ``make_event`` returns, or an
                entry as PutEvents takes it. If the event was put, the explanation says what happened, else what would
                happen now.
            rule: name or ARN of a rule; explain this rule only.

        Returns:
            an explanation, which is true if the event reached a target; ``print`` shows it.

        Raises:
            UsageError: it is not an event, or there is no such rule.
        """
        try:
            return self._explainer().explain(event, self._rule_name(rule))
        except RecursionError:
            return _with_room(self._explainer().explain, event, self._rule_name(rule))

    def route(self, event: AnyEvent, bus: str | None = None) -> RoutingTable:
        """Return which rules would match an event now, and what their targets would get. Nothing is delivered.

        The journal stays as it is too.

        Args:
            event: as for ``explain``.
            bus: name or ARN of the bus on which the event would be put; by default the bus on which it was put or that
                it names, else ``default``.

        Returns:
            a row for each rule: ``row.rule``, ``row.bus``, ``row.matched``, ``row.why``, and ``row.targets`` with what
            they would get. Rules of buses that the event would not reach come last. ``print`` shows a table.

        Raises:
            UsageError: it is not an event.
        """
        try:
            return self._explainer().route(event, bus)
        except RecursionError:
            return _with_room(self._explainer().route, event, bus)

    def coverage(self) -> Coverage:
        """Return which rules the events so far matched, and which pattern fields never excluded an event.

        It counts the events that the journal keeps; see the option ``keep_records``.
        """
        return report.coverage.coverage_of(self.service.journal.routings, self._rules())

    # Assert: a failure names the event or delivery that almost matched. pytest shows the line of the test, not ours.

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
        """Assert that an event was put and accepted. Return the newest such event.

        Arguments that are not given match any event. A value may be plain, a matcher with an ``==`` of its own, or a
        list with conditions of the pattern language.

        Args:
            source: the source, or a list of them.
            detail_type: the detail-type, or a list of them.
            detail: members that the detail must have, at any depth; with ``exact`` it must have no others.
            pattern: an event pattern that the event must match, as a dict or as JSON text.
            bus: name of the bus, or a list of them.
            count: how many such events there must be; None for at least one.
            exact: the detail must have no other members.

        Raises:
            AssertionError: names the event that is nearest, and the fields that differ. Also if the event was put on
                ``bus``, which does not exist, while there is a bus of nearly that name: such an event is lost.
            UsageError: ``count`` is not a number, or ``exact`` is given without ``detail``.
        """
        __tracebackhide__ = True
        report.assertions.check_count(count)
        if exact and detail is None:
            raise UsageError("assert_put(exact=True) compares the detail; give detail={...} too")
        expected = _expected_entry(source, detail_type, detail, pattern, bus)
        options: Any = {"count": count, "exact": exact, "no_bus": "" if bus is None else self._about_bus(bus)}
        try:
            return report.assertions.assert_put(self.events, expected, **options)
        except RecursionError:
            return _with_room(report.assertions.assert_put, self.events, expected, **options)

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
            AssertionError: names the events that were put; or there is no ``bus``, but one of nearly that name.
        """
        __tracebackhide__ = True
        expected = _expected_entry(source, detail_type, detail, pattern, bus)
        options: Any = {"exact": exact, "no_bus": "" if bus is None else self._about_bus(bus)}
        try:
            report.assertions.assert_not_put(self.events, expected, **options)
        except RecursionError:
            _with_room(report.assertions.assert_not_put, self.events, expected, **options)

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
        """Assert that an event was delivered, or recorded for lack of a receiver. Return the newest such delivery.

        Args:
            rule: name of the rule, or its logical id in a loaded template, or a list of names.
            target: id, ARN, name or logical id of the target, or a list of these.
            payload: the exact text, or members that the parsed payload must have, at any depth.
            pattern: an event pattern that the delivered event must match, as a dict or as JSON text.
            count: how many such deliveries there must be; None for at least one.
            exact: the payload must have no other members.

        Raises:
            AssertionError: names the delivery that is nearest, and why the rule did not match.
            UsageError: ``count`` is not a number, or ``exact`` is given without ``payload``.
        """
        __tracebackhide__ = True
        report.assertions.check_count(count)
        if exact and payload is None:
            raise UsageError("assert_delivered(exact=True) compares the payload; give payload={...} too")
        expected = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        try:
            return report.assertions.assert_delivered(self.deliveries, self.seen(), expected, count=count, exact=exact)
        except RecursionError:
            return _with_room(
                report.assertions.assert_delivered, self.deliveries, self.seen(), expected, count=count, exact=exact
            )

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
            AssertionError: names the deliveries that were made.
        """
        __tracebackhide__ = True
        expected = _given(rule=self._rule_name(rule), target=self._arn(target), payload=payload, pattern=pattern)
        try:
            report.assertions.assert_not_delivered(self.deliveries, expected)
        except RecursionError:
            _with_room(report.assertions.assert_not_delivered, self.deliveries, expected)

    # Start again.

    def reset(self) -> None:
        """Remove buses, rules, connected handlers, arranged failures and the journal; keep clock and options."""
        defaults.notify("reset", self)
        self.service.reset()

    # For other parts of the library.

    def load_source(self, source: TemplateSource, *, strict: bool = False, assume_buses: bool = False) -> LoadReport:
        """Put what a template declares on this EventBridge; see ``load`` and ``iac.load`` for arguments and errors."""
        from eventbridge_local import iac

        plan = source.plan(self.account, self.region)

        def carry_out(name: str, params: dict[str, Any]) -> dict[str, Any]:
            return self._perform(name, **params)

        return iac.load(self.service, carry_out, plan, strict=strict, assume_buses=assume_buses)

    def hints_for(self, error: BaseException, failures: Iterable[Exception] = ()) -> list[str]:
        """Return our hints on an error that ended a test: on a refused call, or on names that were misspelt.

        AWS's own message stays as it is.

        Args:
            failures: the checks that failed too, which are not told twice.
        """
        if not isinstance(error, ClientError):
            told = "\n".join(map(str, [error, *failures] if isinstance(error, AssertionError) else failures))
            hints = report.stand_ins.misspelt(self.seen(), self.service, told) if isinstance(error, Exception) else ()
            return [f"eventbridge_local: {hint}" for hint in hints]
        response = getattr(error, "response", None)
        if not isinstance(response, dict):
            return []
        refusal = (error.operation_name, response.get("Error", {}).get("Code"))
        for call in reversed(self.service.journal.calls):
            if (call.operation, call.error_code) == refusal:
                hint = report.journal_text.hint_of(call)
                return [f"eventbridge_local: {hint}"] if hint else []
        return []

    def seen(self) -> Seen:
        """Return what a failing check or assertion of this mock looks at."""
        journal = self.service.journal
        lost = journal.entries.dropped, journal.routings.dropped
        names = self.service.handlers.names
        return report.hints.Seen(
            journal.entries, journal.routings, self._rules(), names, *lost, logical_ids=tuple(self.service.rule_names)
        )

    # What the methods above share.

    def _connect_of_template(self, arn: str, handler: Handler) -> None:
        """Connect a handler that a template names. Not every function of a template is a target."""
        self.connect(arn, handler).is_of_template = True

    def _why_silent(self, spy: TargetSpy) -> list[str]:
        """Return why a handler was never called."""
        return list(report.stand_ins.about_silence(spy, self.seen(), self.service))

    @property
    def _scope(self) -> Scope:
        return self.service.store.scope(self.account, self.region)

    def _arn(self, target: T) -> T | str:
        """Return the ARN of a logical id of a loaded template; anything else as it is."""
        return self.service.names.get(target, target) if isinstance(target, str) else target

    def _rule_name(self, rule: T) -> T | str:
        """Return the name of the rule of a logical id of a loaded template; anything else as it is."""
        return self.service.rule_names.get(rule, rule) if isinstance(rule, str) else rule

    def _about_bus(self, bus: object) -> str:
        """Return that a bus which an assertion names does not exist and is probably misspelt, else ""."""
        buses = {name for scope in self.service.store.scopes for name in scope.buses}
        if isinstance(bus, str) and bus in buses:  # as nearly always
            return ""
        return report.hints.about_bus(bus, buses, self.service.journal.routings)

    def _rules(self) -> list[Rule]:
        scopes = self.service.store.scopes
        return [rule for scope in scopes for bus in scope.buses.values() for rule in bus.rules.values()]

    def _check_active(self, what: str) -> None:
        """Raise UsageError if the mock has ended.

        Args:
            what: the method or the operation that needs it.
        """
        if self.ended:
            raise UsageError(
                f"{what}: the mock of this handle has ended, so nothing answers any more; its logs and its journal can "
                "still be read. A fixture of a wider scope needs a mock of its own: `with mock_eventbridge() as eb: "
                "yield eb`; current_eventbridge() is the mock that is active"
            )

    def _perform(self, operation: str, **params: Any) -> dict[str, Any]:
        """Carry out an operation in this account and Region; a refusal has our hint as a note."""
        if self.ended:
            self._check_active(operation)
        try:
            return perform(self.service, operation, params, self.account, self.region)
        except ServiceError as refused:
            hint = refused.hint or report.journal_text.hint_of(self.service.journal.calls[-1])
            if hint:
                add_note(refused, f"eventbridge_local: {hint}")
            raise

    def _target_members(self, target: str | Handler) -> dict[str, str]:
        """Return the members of a target for PutTargets, without its id. A target that needs a role gets one."""
        arn = self._target_arn(target)
        kind = kind_of(arn)
        if kind is None or kind.role != "required":
            return {"Arn": arn}
        return {"Arn": arn, "RoleArn": f"arn:{partition_of(self.region)}:iam::{self.account}:role/events"}

    def _target_arn(self, target: str | Handler) -> str:
        """Return the ARN of a target; connect a callable under its own name first."""
        if isinstance(target, str):
            return target if target.startswith("arn:") else function_arn(target, self.account, self.region)
        if isinstance(target, TargetSpy):
            return self._target_arn(target.target)
        name = getattr(target, "__name__", type(target).__name__).strip("<>")
        arn = function_arn(name, self.account, self.region)
        number = 1
        while (spy := self.service.handlers.find(arn)) is not None and spy.handler is not target:
            number += 1  # another callable of the same name, such as a second lambda
            arn = function_arn(f"{name}-{number}", self.account, self.region)
        if spy is None:
            self.connect(arn, target)
        return arn

    def _explainer(self) -> Explainer:
        service = self.service
        home = service.store.scope(self.account, self.region)
        reader = report.explain.EventReader(
            service.journal, self._tried_out, self.account, self.region, service.clock.now
        )
        return report.explain.Explainer(service.store, service.journal, home, reader, service.faults, service.handlers)

    def _tried_out(self, entry: Mapping[str, Any]) -> Entry:
        """Return what PutEvents would do with an entry: put it into an empty service with the same limits and time."""
        service = self.service
        bus = entry.get("EventBusName")
        arn = parse_arn(bus) if isinstance(bus, str) else None
        if arn is not None and arn.resource.startswith("event-bus/"):
            # Whether that bus lets the account in is asked where the bus is; the empty service knows no policy.
            entry = {**entry, "EventBusName": arn.resource.removeprefix("event-bus/")}
        if "Time" in entry:
            entry = {**entry, "Time": _instant(entry["Time"])}
        apart = Service(Clock(service.clock.now), Ids(0), service.limits)
        perform(apart, "PutEvents", {"Entries": [dict(entry)]}, self.account, self.region)
        return apart.journal.entry(1)


def _instant(time: Any) -> datetime:
    """Return the time of an entry in each form that boto3 takes: a datetime, ISO 8601 text, or seconds since 1970."""
    try:
        instant: datetime = parse_to_aware_datetime(time)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        raise UsageError(f"Time={time!r}: give a datetime, ISO 8601 text or seconds since 1970") from None
    return instant


def _check_texts(method: str, **given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, str):
            raise UsageError(f"{method}({name}={value!r}): give a text")


def _check_envelope(envelope: Mapping[str, Any]) -> None:
    """Raise UsageError for an unknown keyword of ``put``, and for a time without a time zone."""
    unknown = sorted(set(envelope) - set(_ENVELOPE))
    if unknown:
        raise UsageError(f"put({unknown[0]}=...): there is no such keyword; choose from {', '.join(_ENVELOPE)}")
    if "time" in envelope:
        time = envelope["time"]
        if not isinstance(time, datetime):
            raise UsageError(f"put(time={time!r}): give a datetime with a time zone")
        if time.tzinfo is None:
            raise UsageError(f"put(time={time!r}): write datetime(..., tzinfo=UTC), with a time zone")


def _json(pattern: EventPattern | None) -> str | None:
    if pattern is None:
        return None
    return with_whole_pairs(pattern if isinstance(pattern, str) else _json_of(pattern, "pattern=..."))


def _as_sent(text: Any) -> Any:
    """Return a text as the service would get it from a client, whose JSON joins the halves of surrogate pairs."""
    return with_whole_pairs(text) if isinstance(text, str) else text


def _json_of(value: Any, argument: str) -> str:
    """Return a value as JSON text.

    Raises:
        UsageError: JSON has no form for it.
    """
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return _with_room(json.dumps, value, ensure_ascii=False)
    except (TypeError, ValueError) as wrong:
        raise UsageError(
            f"{argument}: this is no JSON: {wrong}; give dicts, lists, texts, numbers or JSON text"
        ) from None


def _with_room(function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
    """Call a function again that ended in a RecursionError, with room for the levels that an event may have."""
    __tracebackhide__ = True
    from eventbridge_local import deep  # nearly no event is so deep

    return deep.with_room(function, *args, **kwargs)


def _several(to: str | Callable[..., Any] | Iterable[Any]) -> list[Any]:
    if isinstance(to, str) or callable(to):
        return [to]
    if not isinstance(to, Iterable):
        raise UsageError(f"to={to!r}: give an ARN, the name of a function, a callable, or a list of these")
    return list(to)


def _given(**expected: Any) -> dict[str, Any]:
    return {name: value for name, value in expected.items() if value is not None}


def _expected_entry(source: Any, detail_type: Any, detail: Any, pattern: Any, bus: Any) -> dict[str, Any]:
    return _given(**{"source": source, "detail-type": detail_type, "detail": detail, "pattern": pattern, "bus": bus})


#: Records of the journal, and what one and several are called.
_KINDS = (
    (Call, "call", "calls"),
    (Entry, "entry", "entries"),
    (Routing, "routing", "routings"),
    (Delivery, "delivery", "deliveries"),
    (Attempt, "attempt", "attempts"),
    (DeadLetter, "dead letter", "dead letters"),
)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


class JournalView:
    """The journal of a mock; ``print(eb.journal)`` shows everything that happened."""

    def __init__(self, journal: Journal, home: tuple[str, str]) -> None:
        self._journal = journal
        self._home = home

    @property
    def records(self) -> tuple[Record, ...]:
        """Everything that happened, as frozen records, oldest first."""
        return tuple(self._journal.records)

    def text(self, after: Record | None = None) -> str:
        """Return each event, the rules of its bus and why one did not match, each delivery and its outcome.

        Args:
            after: only what came after this record, which may be nothing; None for the whole journal.
        """
        records, forks = report.journal_text.since(self.records, after), self._of_forks()
        shown = report.journal_text.journal(records, self._home) if records or after is None else ""
        return "\n".join(filter(None, [shown, forks]))

    def __str__(self) -> str:
        return self.text()

    def end(self, after: Record | None = None) -> str:
        """Return the end of the journal as it is shown under a failing test, newest last.

        Args:
            after: only what came after this record, which may be nothing; None for the whole journal.
        """
        records = report.journal_text.since(self.records, after)
        forks = self._of_forks()
        shown = report.journal_text.short(records, self._home) if records or after is None or forks else ""
        return "\n".join(filter(None, [shown, forks]))

    def _of_forks(self) -> str:
        return self._journal.calls.elsewhere()

    def __repr__(self) -> str:
        records = self.records
        counts = [(sum(isinstance(each, kind) for each in records), one, many) for kind, one, many in _KINDS]
        shown = ", ".join(_counted(count, one, many) for count, one, many in counts if count)
        return f"<Journal of {_counted(len(records), 'record', 'records')}{shown and f': {shown}'}>"

    def _repr_html_(self) -> str:
        from eventbridge_local.notebook import as_text  # few tests run in a notebook

        return as_text(self.text())
