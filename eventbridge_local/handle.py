"""The handle: what ``with mock_eventbridge() as eb:`` gives. It arranges, puts, asks and asserts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from botocore.exceptions import ClientError

from eventbridge_local import captures, session
from eventbridge_local.bus.captures import PathLike
from eventbridge_local.bus.journal import Call, DeadLetter, Delivery, Entry, Journal, Record, Routing
from eventbridge_local.core.arn import parse_arn, partition_of
from eventbridge_local.core.clock import Clock
from eventbridge_local.core.ids import Ids
from eventbridge_local.edge.front import perform
from eventbridge_local.errors import ServiceError, UsageError
from eventbridge_local.operations.endpoints import fail_over
from eventbridge_local.operations.service import Service
from eventbridge_local.report import assertions, story
from eventbridge_local.report.asking import Asking
from eventbridge_local.report.coverage import Coverage, coverage_of
from eventbridge_local.report.explaining import EventExplanation, RoutingTable
from eventbridge_local.report.given import AnyEvent, Reader
from eventbridge_local.report.hints import Seen
from eventbridge_local.report.query import CallLog, DeadLetterLog, DeliveryLog, EventLog
from eventbridge_local.state.connections import secret_document
from eventbridge_local.state.records import Rule
from eventbridge_local.targets.handlers import TargetSpy
from eventbridge_local.targets.kinds import kind_of
from eventbridge_local.targets.names import function_arn
from eventbridge_local.typing import EventPattern, Handler

if TYPE_CHECKING:
    from eventbridge_local.loaders import LoadReport

T = TypeVar("T")

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
        return story.journal(self.records)

    __str__ = text

    def end(self, after: Record | None = None) -> str:
        """The end of the story, newest last, as it stands under a failing test; of all, or of what came after a record.

        Without anything after that record it is empty.
        """
        records = story.since(self.records, after)
        return story.short(records) if records or after is None else ""

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
        return self._service.handlers.connect(self._arn(target), handler)

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
            rate: the share of attempts that fail, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such error code, or a number makes no sense.
        """
        self._service.faults.add(self._arn(target), times=times, error=error, reason=reason, rate=rate)

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
            rate: the share of those entries that are refused, reproducible with the option ``seed``.

        Raises:
            UsageError: PutEvents has no such code for entries, or a number makes no sense.
        """
        self._service.entry_faults.add(entries, code=code, message=message, times=times, rate=rate)

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
            rate: the share of attempts that fail, reproducible with the option ``seed``.

        Raises:
            UsageError: there is no such operation, code or error, they exclude each other, or a number makes no sense.
        """
        self._service.call_faults.add(
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
        self._service.fail_nothing()

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
        from eventbridge_local import loading  # with its parsers, which most tests do without

        given = {"parameters": parameters, "stack": stack, "resources": resources}
        report = loading.load(
            self._service,
            lambda operation, params: self._perform(operation, **params),
            source,
            strict=strict,
            account=self.account,
            region=self.region,
            **given,
        )
        if connect_handlers:
            loading.connect_handlers(report, self.connect)
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
            pattern: the event pattern, as a dict or as JSON text.
            schedule: a schedule expression, such as ``rate(5 minutes)``.
            to: targets: an ARN, the name of a Lambda function, or a callable, which is connected under its own name;
                or several of these. A target that needs a role gets one.

        Raises:
            ServiceError: what AWS would refuse, in its words.
        """
        trigger = {"EventPattern": _json(pattern), "ScheduleExpression": schedule}
        targets = [{"Id": f"target-{number}", **self._put(target)} for number, target in enumerate(_several(to), 1)]
        if bus not in self._service.world.place(self.account, self.region).buses and parse_arn(bus) is None:
            self._perform("CreateEventBus", Name=bus)
        given = {key: value for key, value in trigger.items() if value is not None}
        arn: str = self._perform("PutRule", Name=name, EventBusName=bus, **given)["RuleArn"]
        if targets:
            self._perform("PutTargets", Rule=name, EventBusName=bus, Targets=targets)
        return arn

    def archive(
        self, name: str, *, pattern: EventPattern | None = None, bus: str = "default", days: int = 0
    ) -> captures.ArchiveView:
        """The archive of that name, which is made when there is none.

        Args:
            pattern, bus, days: for a new one: which events it keeps, of which bus (name or ARN), and for how many
                days; 0 is for ever.

        Raises:
            ServiceError: what AWS would refuse, in its words.
        """
        place = self._service.world.place(self.account, self.region)
        if name not in place.archives:
            source = bus if parse_arn(bus) is not None else place.arn(f"event-bus/{bus}")
            given = {} if pattern is None else {"EventPattern": _json(pattern)}
            self._perform("CreateArchive", ArchiveName=name, EventSourceArn=source, RetentionDays=days, **given)
        return captures.ArchiveView(place.archives[name])

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
        if "time" in envelope and not isinstance(envelope["time"], datetime):
            raise UsageError(f"put(time={envelope['time']!r}): give a datetime with a time zone")
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

    def archive_to(self, path: PathLike, archive: str | None = None, *, bus: str | None = None) -> int:
        """Write events to a file, one envelope a line, gzip when the name ends in ``.gz``. Returns how many.

        Args:
            path: the file; one that is there is replaced.
            archive: name or ARN of the archive whose events to write; None for all events of PutEvents so far.
            bus: without an archive, only what was put on the bus of that name.

        Raises:
            UsageError: there is no such archive, or both are given.
        """
        place = self._service.world.place(self.account, self.region)
        return captures.archive_to(self._service, place, path, archive, bus)

    def replay_from(
        self,
        path: PathLike,
        *,
        bus: str = "default",
        rules: str | Iterable[str] | None = None,
        replay_name: str | None = captures.FROM_FILE,
    ) -> captures.ReplayReport:
        """Put the events of a file on a bus, as a replay does: in the order of the file, with new ids.

        The file holds one envelope a line, as AWS delivers events; it is gzip when the name ends in ``.gz``. Time,
        account, region, source, resources and detail stay as they were captured. What is no event is reported and
        left out. Of a file of millions of events the journal keeps every one, unless ``keep_records`` says otherwise.

        Args:
            bus: name or ARN of the bus.
            rules: names or ARNs of the rules that may see the events; None for all.
            replay_name: what the events carry as ``replay-name``. Archives keep no replayed events; None puts them as
                they were captured, so that an archive can be filled from a file.

        Raises:
            UsageError: there is no such bus or rule.
            OSError: the file cannot be read.
        """
        place = self._service.world.place(self.account, self.region)
        return captures.replay_from(self._service, place, path, bus, rules, replay_name)

    def secret(self, connection: str) -> dict[str, Any]:
        """What the secret of a connection holds, as Secrets Manager would give it, parsed.

        Raises:
            UsageError: there is no connection of that name in this account and Region.
        """
        found = self._service.world.place(self.account, self.region).connections.get(connection)
        if found is None:
            raise UsageError(f"secret({connection!r}): there is no such connection in {self.account}/{self.region}")
        return secret_document(found)

    def fail_over(self, endpoint: str, to: Literal["primary", "secondary"] = "secondary") -> None:
        """Let a global endpoint send its events to the secondary Region from now on, or back to the primary one.

        Args:
            endpoint: its name, EndpointId or ARN.

        Raises:
            UsageError: there is no such endpoint in the mock's account, or several of that name.
        """
        if to not in ("primary", "secondary"):
            raise UsageError(f"fail_over(to={to!r}): write 'primary' or 'secondary'")
        fail_over(self._service.world, self.account, endpoint, to)

    def reset(self) -> None:
        """Forget buses, rules, connected handlers, arranged failures and the journal; clock and options stay."""
        session.tell("forgets", self)
        self._service.reset()

    # ask

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

    def hints_for(self, error: BaseException) -> list[str]:
        """What we know about a ``ClientError`` of this mock; AWS's own message stays as it is."""
        response = getattr(error, "response", None)
        if not isinstance(error, ClientError) or not isinstance(response, dict):
            return []
        asked = (error.operation_name, response.get("Error", {}).get("Code"))
        for call in reversed(self._service.journal.of(Call)):
            if (call.operation, call.error_code) == asked:
                hint = story.hint_of(call)
                return [f"eventbridge_local: {hint}"] if hint else []
        return []

    def _asking(self) -> Asking:
        service = self._service
        home = service.world.place(self.account, self.region)
        reader = Reader(service.journal, self._tried_out, self.account, self.region, service.clock.now)
        return Asking(service.world, service.journal, home, reader)

    def _tried_out(self, entry: Mapping[str, Any]) -> Entry:
        """What PutEvents would make of an entry, asked of an empty service with the same limits and time."""
        service = self._service
        apart = Service(Clock(service.clock.now), Ids(0), service.limits)
        perform(apart, "PutEvents", {"Entries": [dict(entry)]}, self.account, self.region)
        return apart.journal.entry(1)

    def seen(self) -> Seen:
        """What the failures of this mock may tell of."""
        journal = self._service.journal
        return Seen(journal.of(Entry), journal.of(Routing), self._rules(), self._service.handlers.names)

    def _arn(self, target: T) -> T | str:
        """The ARN of what a loaded template calls by a name of its own; anything else as it is."""
        return self._service.names.get(target, target) if isinstance(target, str) else target

    def _rule_name(self, rule: T) -> T | str:
        """The name of a rule that a loaded template calls by a logical id; anything else as it is."""
        return self._service.rule_names.get(rule, rule) if isinstance(rule, str) else rule

    def _rules(self) -> list[Rule]:
        places = self._service.world.places
        return [rule for place in places for bus in place.buses.values() for rule in bus.rules.values()]

    def _perform(self, operation: str, **params: Any) -> dict[str, Any]:
        try:
            return perform(self._service, operation, params, self.account, self.region)
        except ServiceError as refused:
            hint = refused.hint or story.hint_of(self._service.journal.of(Call)[-1])
            if hint:
                refused.add_note(f"eventbridge_local: {hint}")
            raise

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
