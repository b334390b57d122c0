"""The bus under test, put together."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from eventbridge_local.delivery.handlers import TargetSpy
from eventbridge_local.delivery.kinds import kind_of
from eventbridge_local.errors import UsageError
from eventbridge_local.event_files import ArchiveView, PathLike
from eventbridge_local.handle.base import Base
from eventbridge_local.model.arn import function_arn, parse_arn, partition_of
from eventbridge_local.model.records import secret_document
from eventbridge_local.operations.endpoints import fail_over
from eventbridge_local.typing import EventPattern, Handler

if TYPE_CHECKING:
    from eventbridge_local.iac import LoadReport


class Arranging(Base):
    """Handlers, templates, rules, archives."""

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
        return self._service.handlers.connect(self._arn(target), handler)

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

        plan = iac.TemplateSource(source, parameters, stack, resources).plan(self.account, self.region)
        report = iac.load(self._service, lambda name, params: self._perform(name, **params), plan, strict=strict)
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
        if bus not in self._place.buses and parse_arn(bus) is None:
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
        scope = self._place
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
        found = self._place.connections.get(connection)
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
        fail_over(self._service.store, self.account, endpoint, to)

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


def _json(pattern: EventPattern | None) -> str | None:
    return pattern if pattern is None or isinstance(pattern, str) else json.dumps(pattern, ensure_ascii=False)


def _several(to: str | Callable[..., Any] | Iterable[Any]) -> list[Any]:
    return [to] if isinstance(to, str) or callable(to) else list(to)
